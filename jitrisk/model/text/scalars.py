r"""Characters and scalars: surrogate pairs of JSON joined, plain scalars read by the rules of YAML 1.2."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    ".inf": float("inf"),
    "-.inf": float("-inf"),
    ".nan": float("nan"),
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
# A backslash with what it escapes: a pair of surrogates, in two groups, or anything else.
_ESCAPE = re.compile(r"\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|.)", re.IGNORECASE | re.DOTALL)


def parse_scalar(text: str) -> Any:
    """Return what a plain scalar means in YAML 1.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    # A number that overflows remains a text, so that a message shows it as it was written.
    return float(text) if _FLOAT.fullmatch(text) and isfinite(float(text)) else text


def join_surrogate_pairs(text: str) -> str:
    """Return a JSON document with every escaped pair of surrogates (RFC 8259, section 7) as its character.

    A text that does not begin as JSON does is left alone: outside double quotes, a backslash means nothing.
    """
    if not _may_have_pairs(text):
        return text
    return _ESCAPE.sub(lambda match: _join_pair(match[1], match[2]) if match[1] else match[0], text)


def list_surrogate_pairs(text: str) -> list[int]:
    """Return where the escaped pairs of surrogates stand that `join_surrogate_pairs` joins."""
    return [match.start() for match in _ESCAPE.finditer(text) if match[1]] if _may_have_pairs(text) else []


def _may_have_pairs(text: str) -> bool:
    return text.lstrip().startswith(("{", "[")) and "\\ud" in text.lower()


def _join_pair(high: str, low: str) -> str:
    return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
