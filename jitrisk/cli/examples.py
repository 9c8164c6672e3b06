"""``jitrisk examples``: the models that come with the program."""

from __future__ import annotations

import textwrap

import click

from jitrisk.cli.group import define_verb
from jitrisk.cli.printing import echo, measure_width, print_json

_FEWEST = 20  # columns that a description takes beside its name


@define_verb("examples", "Example: jitrisk examples")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
def command(as_json: bool) -> None:
    """List the models that come with the program."""
    from jitrisk.model import describe, list_examples

    found = {name: describe(path) for name, path in list_examples().items()}
    if as_json:
        print_json({"schema": "jitrisk.examples", "schema_version": 1, "examples": found})
        return
    indent = " " * (max(map(len, found)) + 2)
    columns = measure_width()
    narrow = columns < len(indent) + _FEWEST
    for name, description in found.items():
        start = name.ljust(len(indent))
        if narrow:
            echo(name)
            start = indent = "  "
        echo(textwrap.fill(description, columns, initial_indent=start, subsequent_indent=indent))
    echo("Run one with 'jitrisk compare NAME'; start your own from one with 'jitrisk new FILE --from NAME'.", err=True)
