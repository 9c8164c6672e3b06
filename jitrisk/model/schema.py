"""The JSON Schema of the model file, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from jitrisk.model.fields.measures import POSITIVE_UNITS
from jitrisk.model.network import Network
from jitrisk.model.patches import FIELDS
from jitrisk.model.reading import SECTIONS
from jitrisk.sampling.distributions import Distribution


class _Generator(GenerateJsonSchema):
    """Leaves out what a model file cannot have (null, objects of the program) and titles that repeat the key."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the schema with the default in the notation of a model file; an empty default is left out."""
        default = schema.get("default")
        value = default.mean() if isinstance(default, Distribution) else default
        inner = self.generate_inner(schema["schema"])
        return inner if value in (None, {}, ()) else {**inner, "default": value}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def build_model_schema() -> dict[str, Any]:
    """Return the JSON Schema of the model file, as a dictionary."""
    schema = Network.model_json_schema(by_alias=True, schema_generator=_Generator)
    kinds: dict[str, Any] = schema["$defs"]
    network = kinds.pop("Network")
    inputs = kinds["Stage"]["properties"]["inputs"]
    inputs["additionalProperties"] = {"anyOf": [POSITIVE_UNITS.wrap_schema(), inputs["additionalProperties"]]}
    strategies = _build_strategies(network["properties"])
    network["properties"]["strategies"] = strategies
    decisions = kinds["Decisions"]["properties"]
    decisions["investments"] = {**strategies, "description": decisions["investments"]["description"]}
    kinds |= {f"{part.__name__}Patch": _build_patch(kinds[part.__name__]) for part in SECTIONS.values()}
    definitions: dict[str, Any] = {}
    definitions |= {name: _hoist_definitions(kind, definitions) for name, kind in kinds.items()}
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **_hoist_definitions(network, definitions), "$defs": definitions}


def _hoist_definitions(node: Any, definitions: dict[str, Any]) -> Any:
    """Return a schema in which every wrapped definition is a reference to one in `definitions`."""
    if isinstance(node, list):
        return [_hoist_definitions(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _hoist_definitions(value, definitions) for key, value in node.items() if key != "definition"}
    if "definition" not in node:
        return plain
    definition = _hoist_definitions(node["definition"], definitions)
    definitions[definition["title"]] = definition
    return {"$ref": f"#/$defs/{definition['title']}", **plain}


def _build_patch(kind: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a patch of one member: any of its fields, none required and none with a default."""
    patch = {key: value for key, value in kind.items() if key not in ("required", "allOf")}
    return patch | {"properties": {key: _drop_default(field) for key, field in patch["properties"].items()}}


def _drop_default(field: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in field.items() if key != "default"}


def _build_strategies(properties: dict[str, Any]) -> dict[str, Any]:
    fields = {key: _drop_default(properties[key]) for key in FIELDS}
    sections = {
        section: {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{part.__name__}Patch"}}
        for section, part in SECTIONS.items()
    }
    patch = {"type": "object", "properties": {**fields, **sections}, "additionalProperties": False}
    return {"type": "object", "additionalProperties": patch, "description": properties["strategies"]["description"]}
