"""What every mapping of a model shares: known keys, choices between keys, and faults in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from jitrisk.model.faults import Finding, caught, refusal, together
from jitrisk.model.quantities import found
from jitrisk.model.wording import quoted, unknown


class Part(BaseModel):
    """A mapping of a model; immutable.

    Attributes
    ----------
    choices : groups of keys of which exactly one is to be given.
    needed : keys of which at least one is to be given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
    choices: ClassVar[tuple[tuple[str, ...], ...]] = ()
    needed: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @cache
    def known(cls) -> dict[str, str]:
        """Return the keys in the file, each with the name of its attribute."""
        return {field.alias or name: name for name, field in cls.model_fields.items()}

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, source: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Validate with every fault of this mapping at once: its keys, its choices and its values."""
        if isinstance(source, cls):
            return source
        if not isinstance(source, Mapping):
            raise refusal(f"expected a mapping with the keys {quoted(cls.known())}, found {found(source)}")
        findings = [f for key, value in source.items() if (f := cls._misplaced(key, value))] + cls._choices(source)
        given = {key: value for key, value in source.items() if key in cls.known() and value is not None}
        try:
            part = handler(given)
        except ValidationError as error:
            details = zip(error.errors(include_url=False), caught(error), strict=True)
            findings += [cls._reworded(e, f) for e, f in details if e["type"] != "missing" or e["loc"][0] not in source]
        if findings:
            raise together(findings)
        return part

    @classmethod
    def _misplaced(cls, key: str, value: Any) -> Finding | None:
        if key not in cls.known():
            return Finding((key,), unknown("key", key, cls.known()))
        message = "expected a value, found nothing; leave the key out, or write `{}` for an empty mapping"
        return Finding((key,), message) if value is None else None

    @classmethod
    def _choices(cls, source: Mapping[str, Any]) -> list[Finding]:
        given = [(group, [key for key in group if key in source]) for group in cls.choices]
        findings = [
            Finding((), f"expected exactly one of {quoted(group)}, found {quoted(keys) or 'none of them'}")
            for group, keys in given
            if len(keys) != 1
        ]
        if cls.needed and not any(key in source for key in cls.needed):
            findings.append(Finding((), f"expected at least one of {quoted(cls.needed)}, found none of them"))
        return findings

    @classmethod
    def _reworded(cls, error: Any, finding: Finding) -> Finding:
        """Return pydantic's own messages in the words of a model file."""
        if error["type"] == "missing":
            return Finding((), f"missing key `{finding.path[0]}`: {cls._sentence(str(finding.path[0]))}")
        if error["type"] in ("dict_type", "model_type"):
            return Finding(finding.path, f"expected a mapping, found {found(error['input'])}")
        return finding

    @classmethod
    def _sentence(cls, key: str) -> str:
        return cls.model_fields[cls.known()[key]].description or "it is required"

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Add the choices between keys to the JSON Schema."""
        json_schema = handler(schema)
        groups = [{"oneOf": [{"required": [key]} for key in group]} for group in cls.choices]
        if cls.needed:
            groups.append({"anyOf": [{"required": [key]} for key in cls.needed]})
        if groups:
            handler.resolve_ref_schema(json_schema)["allOf"] = groups
        return json_schema
