"""Write the generated tables of the documents: `make documents`, or `python docs/tables.py`.

The keys of the model file come from its JSON Schema, the distributions from the sampler, and the variables from
`jitrisk.vocabulary`. In a document a table stands between two comments, ``<!-- begin: NAME -->`` and ``<!-- end: NAME
-->``, where NAME is one of `TABLES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from jitrisk import vocabulary
from jitrisk.model import build_model_schema
from jitrisk.sampling.distributions import FAMILIES

DOCUMENTS = [Path(__file__).parent / name for name in ("model-file.md", "variables.md")]

Schema = dict[str, Any]
Rows = Iterator[tuple[str, ...]]

_SCHEMA = build_model_schema()
_PARTS: dict[str, Schema] = _SCHEMA["$defs"]
_KEYS = ("key", "value", "default", "meaning")

# Where the page of the model file has the keys of a mapping.
_SECTIONS = {
    "Stage": "[stage](#stages)",
    "Input": "[input](#inputs)",
    "Expedite": "[mapping](#expedited-starts)",
    "Overtime": "[mapping](#overtime)",
    "Standby": "[mapping](#standby-sources)",
    "PolicyChoice": "[policy](#policies)",
    "Customer": "[customer](#customers)",
    "Season": "[mapping](#seasons-and-trends)",
    "Forecast": "[mapping](#forecasts)",
    "Hazard": "[hazard](#hazards)",
    "Hit": "[hit](#hits)",
    "Decisions": "[mapping](#decisions)",
}
# The mappings whose keys have a table of their own; the page has the policies in one.
_TABLED = tuple(part for part in _SECTIONS if part != "PolicyChoice")
_PATCH = "[patch](#strategies)"
_DISTRIBUTION = "a [distribution](#distributions)"

# A longer list of words is described and not listed.
_MOST_WORDS = 4


def _render(head: tuple[str, ...], rows: Rows) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("|".join(["", *(f" {cell} " if cell else " " for cell in cells), ""]) for cells in lines)


def _code(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, int | float) else f"`{value}`"


def _with_article(noun: str) -> str:
    return f"{'an' if noun.lstrip('[')[0] in 'aeiou' else 'a'} {noun}"


def _describe(schema: Schema) -> str:
    """Return in words what a value may be, with its unit."""
    if "$ref" in schema:
        title = schema["$ref"].rsplit("/", 1)[1]
        return _with_article(_SECTIONS[title]) if title in _SECTIONS else _describe(_PARTS[title])
    if "description" in schema and "properties" not in schema and "additionalProperties" not in schema:
        words = re.sub(r"(?<= or )a distribution such as `.*`$", _DISTRIBUTION, schema["description"])
        return f"{words}{_describe_open_ends(schema)}"
    if "anyOf" in schema:
        return " or ".join(_describe(choice) for choice in schema["anyOf"])
    if "enum" in schema and len(schema["enum"]) > _MOST_WORDS:
        return "names"
    if "enum" in schema or "const" in schema:
        return " or ".join(map(_code, schema.get("enum", [schema.get("const")])))
    return _describe_type(schema)


def _describe_open_ends(schema: Schema) -> str:
    """Return in words the bounds of a number that are not allowed themselves."""
    number: Schema = next((choice for choice in schema.get("anyOf", ()) if choice.get("type") == "number"), {})
    above = f", above {number['exclusiveMinimum']:g}" if "exclusiveMinimum" in number else ""
    below = f", below {number['exclusiveMaximum']:g}" if "exclusiveMaximum" in number else ""
    return above + below


def _describe_type(schema: Schema) -> str:
    match schema["type"]:
        case "boolean":
            return "`true` or `false`"
        case "string":
            return f"a text of at most {schema['maxLength']} characters" if "maxLength" in schema else "names"
        case "integer":
            return f"a whole number from {schema['minimum']:,} to {schema['maximum']:,}"
        case "array":
            return f"a list of {_describe(schema['items'])}"
        case "object":
            values = schema["additionalProperties"]
            one = _with_article(_PATCH) if "properties" in values else _describe(values)
            return f"a mapping of names, each to {one}"
    raise ValueError(f"no words for {schema}")


def _default(key: str, part: Schema) -> str:
    field = part["properties"][key]
    for group in part.get("allOf", ()):
        keys = [required for choice in group.get("oneOf", ()) for required in choice["required"]]
        if key in keys:
            return f"one of {', '.join(map(_code, keys))}"
    if key in part.get("required", ()):
        return "required"
    return _code(field["default"]) if "default" in field else "none"


def _row(key: str, part: Schema) -> tuple[str, ...]:
    field = part["properties"][key]
    # The description of the field is its meaning; what it may be stands in the definition.
    value = {name: item for name, item in field.items() if name != "description"}
    return _code(key), _describe(value), _default(key, part), field["description"]


def _keys(part: Schema) -> Rows:
    return (_row(key, part) for key in part["properties"])


def _policies() -> Rows:
    """Return the fields of every kind of policy, and at the end those that all kinds share."""
    choices = _PARTS["PolicyChoice"]["properties"]
    kinds = {name: _PARTS[field["$ref"].rsplit("/", 1)[1]] for name, field in choices.items()}
    shared = set.intersection(*(set(kind["properties"]) for kind in kinds.values()))
    for name, kind in kinds.items():
        yield _code(name), "", "", "", choices[name]["description"]
        yield from (("", *_row(key, kind)) for key in kind["properties"] if key not in shared)
    last = next(reversed(kinds.values()))
    yield from (("any", *_row(key, last)) for key in sorted(shared))


def _distributions() -> Rows:
    for family in FAMILIES.values():
        kinds = family.parameters
        forms = [
            ", ".join(f"*{_code(name)}*" if kinds[name] == "quantity" else _code(name) for name in form)
            for form in family.forms
        ]
        sentence = (family.__doc__ or "").split("\n")[0].removesuffix(".").replace("``", "`")
        yield _code(family.name), "; or ".join(forms), sentence


def _vocabulary(name: str) -> str:
    rows = getattr(vocabulary, name)
    if all(isinstance(row, vocabulary.Variable) for row in rows.values()):
        lines = ((_code(key), ", ".join(row.dims), row.dtype, _unit(row), row.sentence) for key, row in rows.items())
        return _render(("name", "dims", "dtype", "unit", "meaning"), lines)
    return _render(("name", "meaning"), ((_code(key), getattr(row, "sentence", row)) for key, row in rows.items()))


def _unit(variable: vocabulary.Variable) -> str:
    added = ", adds up over time" if variable.total else ""
    return variable.build_attrs()["units"] + added


TABLES: dict[str, Callable[[], str]] = {
    "keys of the model": lambda: _render(_KEYS, _keys(_SCHEMA)),
    **{f"keys of {part}": lambda part=part: _render(_KEYS, _keys(_PARTS[part])) for part in _TABLED},
    "policies": lambda: _render(("policy", *_KEYS), _policies()),
    "distributions": lambda: _render(("distribution", "parameters", "meaning"), _distributions()),
    **{
        f"vocabulary {name}": partial(_vocabulary, name)
        for name, table in vars(vocabulary).items()
        if name.isupper() and isinstance(table, dict)
    },
}
"""Every generated table, by name."""

BEGIN = re.compile(r"^<!-- begin: (.*) -->$", re.MULTILINE)
_BETWEEN = re.compile(r"^<!-- begin: (?P<name>.*) -->\n.*?^<!-- end: (?P=name) -->$", re.MULTILINE | re.DOTALL)


def with_tables(text: str) -> str:
    """Return a document with every table between its comments as it is generated now."""

    def write(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- begin: {name} -->\n\n{TABLES[name]()}\n\n<!-- end: {name} -->"

    return _BETWEEN.sub(write, text)


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(with_tables(document.read_text(encoding="utf-8")), encoding="utf-8")
