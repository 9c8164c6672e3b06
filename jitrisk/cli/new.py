"""``jitrisk new``: a commented model to start from."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from jitrisk.cli import completion
from jitrisk.cli.group import define_verb
from jitrisk.cli.printing import echo, print_written
from jitrisk.errors import format_suggestion
from jitrisk.files.atomic_files import check_folder, replace_atomically

FIRST = "bicycles"


@define_verb("new", "Example: jitrisk new my-plant --from brake-valves")
@click.argument("name")
@click.option(
    "--from",
    "example",
    default=FIRST,
    show_default=True,
    metavar="EXAMPLE",
    shell_complete=completion.complete_examples,
    help="Example to start from.",
)
def command(name: str, example: str) -> None:
    """Write NAME.yaml, a copy of an example with its comments, to be changed to your plant."""
    from jitrisk.model import list_examples

    known = list_examples()
    if example not in known:
        hint = format_suggestion(example, known)
        raise click.UsageError(f"no such example {example!r}: allowed are {', '.join(known)}{hint}")
    target = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    # Not target.stem: of "..yaml" it is "." up to Python 3.13 and all of it from 3.14 on.
    stem = target.name.rpartition(".")[0]
    if stem in known:
        raise click.UsageError(f"{stem!r} is the name of an example: choose another.")
    if not stem.strip("."):
        raise click.UsageError(f"{name!r} is no name for a model: choose one such as 'my-plant'.")
    copies = {target: known[example]}
    text = known[example].read_text(encoding="utf-8")
    copies |= {target.parent / data.name: data for data in known[example].parent.glob("*.csv") if data.name in text}
    _refuse_to_overwrite(target, copies)
    for copy, source in copies.items():
        with replace_atomically(copy) as fresh:
            fresh.write_bytes(source.read_bytes())
    print_written(*copies)
    word = shlex.quote(str(target))
    echo(f"Change it, then: jitrisk validate {word}; jitrisk compare {word}", err=True)


def _refuse_to_overwrite(target: Path, copies: dict[Path, Path]) -> None:
    check_folder(target)
    for copy, source in copies.items():
        if os.path.lexists(copy) and (copy == target or not copy.is_file() or copy.read_bytes() != source.read_bytes()):
            raise click.UsageError(f"{str(copy)!r} exists already: choose another name, or move it away.")
