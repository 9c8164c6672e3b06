"""What the mappings of a model share: known keys, choices between keys, and messages about faults."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from itertools import islice
from typing import Any, ClassVar, Self

import yaml
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

from jitrisk.errors import MOST_FAULTS
from jitrisk.model.faults import (
    Finding,
    KeyPath,
    KnownNames,
    build_refusal,
    combine_findings,
    extract_findings,
    find_nearest,
    quote_names,
)
from jitrisk.model.fields.quantities import describe_found
from jitrisk.model.pointers.keys import find_key_pointer

# Of the unknown keys of a mapping, so many are compared with the known ones; each search takes time.
_MOST_SEARCHED = 20


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
    def list_keys(cls) -> dict[str, str]:
        """Return the keys in the file, each with the name of its attribute."""
        return {field.alias or name: name for name, field in cls.model_fields.items()}

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, source: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Validate with every fault of this mapping at once: its keys, its choices and its values."""
        if not isinstance(source, dict | Mapping):  # of these two questions the first is quick
            if isinstance(source, cls):
                return source
            names = quote_names(cls.list_keys())
            raise build_refusal(
                f"expected a mapping with the keys {names}, found {describe_found(source)}{cls._build_hint(source)}"
            )
        keys = cls.list_keys()
        given = {key: value for key, value in source.items() if key in keys and value is not None}
        findings = cls._check_keys(source) if len(given) < len(source) else []
        if cls.choices or cls.needed:
            findings += cls._check_choices(source)
        try:
            part = handler(given)
        except ValidationError as error:
            details = zip(error.errors(include_url=False), extract_findings(error), strict=True)
            there = {*source, *cls.guess_keys(source)}
            findings += [cls._reword(e, f) for e, f in details if e["type"] != "missing" or e["loc"][0] not in there]
        if findings:
            raise combine_findings(findings)
        return part

    @classmethod
    def _check_keys(cls, source: Mapping[str, Any]) -> list[Finding]:
        known = KnownNames("key", cls.list_keys())
        misplaced = (f for key, value in source.items() if (f := cls._check_key(key, value, known)))
        return list(islice(misplaced, MOST_FAULTS + 1))

    @classmethod
    def _check_key(cls, key: str, value: Any, known: KnownNames) -> Finding | None:
        if key not in known:
            return Finding((key,), known.explain_unknown(key, partial(cls._advise, key)))
        if value is not None:
            return None
        if cls.model_fields[cls.list_keys()[key]].is_required():
            return Finding((key,), f"expected a value, found nothing: {cls._describe_key(key)}")
        return Finding((key,), "expected a value, found nothing; leave the key out, or write `{}` for an empty mapping")

    @classmethod
    def _advise(cls, key: str) -> str:
        """Return what to write in place of an unknown key, or nothing."""
        pointer = find_key_pointer(cls.__name__, key)
        return pointer.advice if pointer else ""

    @classmethod
    def _build_hint(cls, source: Any) -> str:
        """Return the end of the message about a value that is no mapping."""
        return ""

    @classmethod
    def guess_keys(cls, source: Mapping[str, Any]) -> set[str]:
        """Return the known keys that are near to the unknown ones or that pointers give for them."""
        unknown = list(islice((key for key in source if key not in cls.list_keys()), _MOST_SEARCHED))
        pointers = {key: pointer for key in unknown if (pointer := find_key_pointer(cls.__name__, key))}
        close = {close for key in unknown if key not in pointers and (close := find_nearest(key, cls.list_keys()))}
        return close.union(*(pointer.keys for pointer in pointers.values()))

    @classmethod
    def _check_choices(cls, source: Mapping[str, Any]) -> list[Finding]:
        given = [(group, [key for key in group if key in source]) for group in cls.choices]
        findings = [
            Finding((), f"expected exactly one of {quote_names(group)}, found {quote_names(keys) or 'none of them'}")
            for group, keys in given
            if len(keys) > 1 or not (keys or cls._is_misspelled(group, source))
        ]
        if cls.needed and not any(key in source for key in cls.needed) and not cls._is_misspelled(cls.needed, source):
            findings.append(Finding((), f"expected at least one of {quote_names(cls.needed)}, found none of them"))
        return findings

    @classmethod
    def _is_misspelled(cls, group: tuple[str, ...], source: Mapping[str, Any]) -> bool:
        """Return whether an unknown key is in the place of one of a group: it has a fault already."""
        return bool(source) and (not source.keys() & cls.list_keys() or not cls.guess_keys(source).isdisjoint(group))

    @classmethod
    def _reword(cls, error: Any, finding: Finding) -> Finding:
        """Return a message of pydantic in the terms of a model file."""
        if error["type"] == "missing":
            return Finding((), f"missing key `{finding.key_path[0]}`: {cls._describe_key(str(finding.key_path[0]))}")
        if error["type"] in ("dict_type", "model_type"):
            return Finding(
                finding.key_path,
                f"expected a mapping{cls._format_example(finding.key_path)}, found {describe_found(error['input'])}",
            )
        return finding

    @classmethod
    def _format_example(cls, key_path: KeyPath) -> str:
        examples = cls.model_fields[cls.list_keys()[str(key_path[0])]].examples if len(key_path) == 1 else None
        return f" such as `{yaml.safe_dump(examples[0], default_flow_style=True).strip()}`" if examples else ""

    @classmethod
    def _describe_key(cls, key: str) -> str:
        return cls.model_fields[cls.list_keys()[key]].description or "it is required"

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Add the choices between keys to the JSON Schema, and reduce the docstring to its first paragraph."""
        json_schema = handler(schema)
        resolved = handler.resolve_ref_schema(json_schema)
        resolved["description"] = " ".join((cls.__doc__ or "").split("\n\n")[0].split())
        groups = [{"oneOf": [{"required": [key]} for key in group]} for group in cls.choices]
        if cls.needed:
            groups.append({"anyOf": [{"required": [key]} for key in cls.needed]})
        if groups:
            resolved["allOf"] = groups
        return json_schema
