"""Plain values as YAML or JSON text that `read_yaml` reads back equal, and that other readers of YAML read alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import yaml

from jitrisk.model.text.scalars import parse_scalar

_WIDTH = 110  # a mapping that takes more characters is written over several lines
_INDENT = "  "
_RESOLVER = yaml.resolver.Resolver()
_STRING = "tag:yaml.org,2002:str"

# What needs no quotes in a block or in a flow mapping, before its meaning is looked at.
_PLAIN = re.compile(r"[^\W_](?:[\w ./%+*()-]{0,200}[\w%.)])?")


def write_flow(value: Any, as_json: bool = False) -> str:
    """Return a value on one line, with braces and brackets.

    Parameters
    ----------
    value : mappings, lists, texts, finite numbers, booleans and None.
    as_json : quote every text, as JSON does.
    """
    if isinstance(value, Mapping):
        pairs = (f"{_write_scalar(key, as_json)}: {write_flow(below, as_json)}" for key, below in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(write_flow(item, as_json) for item in value)}]"
    return _write_scalar(value, as_json)


def write_block(mapping: Mapping[str, Any], indent: str = "", levels: int = 2) -> Iterator[str]:
    """Yield the lines of a mapping that is not empty.

    Parameters
    ----------
    mapping : the mapping.
    indent : what every line begins with.
    levels : mappings nested less deep than this have a line for each key; deeper ones where they fit on no line.
    """
    for key, value in mapping.items():
        head = f"{indent}{_write_scalar(key, as_json=False)}:"
        line = f"{head} {write_flow(value)}"
        if isinstance(value, Mapping) and value and (levels > 1 or len(line) > _WIDTH):
            yield head
            yield from write_block(value, indent + _INDENT, levels - 1)
        else:
            yield line


def _write_scalar(value: Any, as_json: bool) -> str:
    if isinstance(value, str):
        return value if not as_json and _is_plain(value) else _quote(value, as_json)
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"expected a finite number, found {value}")
    return json.dumps(value)


def _is_plain(text: str) -> bool:
    """Return whether a text without quotes is this text, for the strict reader and in YAML 1.1."""
    if not _PLAIN.fullmatch(text) or not text.isprintable() or parse_scalar(text) != text:
        return False
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return tag == _STRING


def _quote(text: str, as_json: bool) -> str:
    """Return a text between double quotes."""
    if text.isprintable():
        return json.dumps(text, ensure_ascii=False)
    return '"' + "".join(_escape(char, as_json) for char in text) + '"'


def _escape(char: str, as_json: bool) -> str:
    if char.isprintable():
        return json.dumps(char, ensure_ascii=False)[1:-1]
    # JSON has pairs of surrogates above U+FFFF, YAML one long escape.
    return json.dumps(char)[1:-1] if as_json or ord(char) <= 0xFFFF else f"\\U{ord(char):08X}"
