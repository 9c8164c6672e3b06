"""``jitrisk schema``: the JSON Schema of the model file, for editors."""

from __future__ import annotations

import json

import click

from jitrisk.cli.group import verb


@verb("schema", "Example: jitrisk schema > jitrisk.schema.json")
def command() -> None:
    """Print the JSON Schema of the model file, so that an editor completes and checks it."""
    from jitrisk.model import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
