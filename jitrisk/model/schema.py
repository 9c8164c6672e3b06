"""The JSON Schema of the model file, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from jitrisk.model.measures import POSITIVE_UNITS
from jitrisk.model.network import Network
from jitrisk.model.reading import SECTIONS
from jitrisk.model.strategies import FIELDS


class _Generator(GenerateJsonSchema):
    """Leaves out what a file cannot say: null, and defaults that are objects of the program."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the model file, as a dictionary."""
    schema = Network.model_json_schema(by_alias=True, schema_generator=_Generator)
    kinds = schema.pop("$defs")
    network = kinds.pop("Network", schema)
    inputs = kinds["Stage"]["properties"]["inputs"]
    inputs["additionalProperties"] = {"anyOf": [POSITIVE_UNITS.json_schema(), inputs["additionalProperties"]]}
    for section, part in SECTIONS.items():
        kind = part.__name__
        kinds[f"{kind}Patch"] = _patch(kinds[kind])
    network["properties"]["strategies"] = _strategies(network["properties"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **network, "$defs": kinds}


def _patch(kind: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a patch of one member: any of its fields, none required."""
    return {key: value for key, value in kind.items() if key not in ("required", "allOf")}


def _strategies(properties: dict[str, Any]) -> dict[str, Any]:
    fields = {key: properties[key] for key in FIELDS}
    sections = {
        section: {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{part.__name__}Patch"}}
        for section, part in SECTIONS.items()
    }
    patch = {"type": "object", "properties": {**fields, **sections}, "additionalProperties": False}
    return {"type": "object", "additionalProperties": patch, "description": properties["strategies"]["description"]}
