"""``jitrisk schema``: the JSON Schema of the model file, for editors."""

from __future__ import annotations

from jitrisk.cli.group import define_verb
from jitrisk.cli.printing import print_json


@define_verb("schema", "Example: jitrisk schema > jitrisk.schema.json")
def command() -> None:
    """Print the JSON Schema of the model file, so that an editor completes and checks it."""
    from jitrisk.model import build_model_schema

    print_json(build_model_schema())
