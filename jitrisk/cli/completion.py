"""Shell completion of models, examples and strategies, as far as it is fast."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from jitrisk.errors import JitriskError
from jitrisk.vocabulary import RESULT_SUFFIXES


def complete_examples(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of the examples."""
    from jitrisk.model import list_examples

    return [CompletionItem(name) for name in list_examples() if name.startswith(incomplete)]


def complete_models(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return files, and the names of the examples."""
    # Files come first: the shells' scripts drop what comes before them.
    return [CompletionItem(incomplete, type="file"), *complete_examples(context, parameter, incomplete)]


def complete_strategies(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the strategies of the model on the command line; none for a result, which is slow to open."""
    from jitrisk.model import load

    # Click does not parse the words before an option that has no value yet.
    source = context.params.get("model") or next((word for word in context.args if not word.startswith("-")), "")
    if not source or source.endswith(RESULT_SUFFIXES):
        return []
    try:
        names = load(source).strategies
    except JitriskError:  # the verb reports the faults of the model
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
