r"""Surrogate pairs in JSON texts, such as ``\ud83d\ude00``: JSON writes so what lies beyond U+FFFF, YAML does not."""

from __future__ import annotations

import re

# A backslash with what it escapes: a pair of surrogates, in two groups, or anything else.
_ESCAPE = re.compile(r"\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|.)", re.IGNORECASE | re.DOTALL)


def join_surrogate_pairs(text: str) -> str:
    """Return a JSON document with every escaped pair of surrogates (RFC 8259, section 7) as its character.

    A text that does not begin as JSON does is left alone: outside double quotes, a backslash means nothing.
    """
    if not text.lstrip().startswith(("{", "[")) or "\\ud" not in text.lower():
        return text
    return _ESCAPE.sub(lambda match: _join_pair(match[1], match[2]) if match[1] else match[0], text)


def _join_pair(high: str, low: str) -> str:
    return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
