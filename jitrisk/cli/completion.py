"""What a shell offers when Tab is pressed, where it is cheap to know."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from jitrisk.errors import JitriskError
from jitrisk.vocabulary import RESULT_SUFFIXES


def complete_examples(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of the examples."""
    from jitrisk.model import list_examples

    return [CompletionItem(name) for name in list_examples() if name.startswith(incomplete)]


def complete_models(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer files, and the names of the examples, in whose place they may stand."""
    # First the files: the shells' scripts forget what stands before them.
    return [CompletionItem(incomplete, type="file"), *complete_examples(context, parameter, incomplete)]


def complete_strategies(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the strategies of the model that stands before; none for a result, which takes too long to open."""
    from jitrisk.model import load

    # An option that still lacks its value leaves the words before it unread.
    source = context.params.get("model") or next((word for word in context.args if not word.startswith("-")), "")
    if not source or source.endswith(RESULT_SUFFIXES):
        return []
    try:
        names = load(source).strategies
    except JitriskError:  # a model with faults: the verb will tell
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
