r"""Text from outside, made safe for a terminal, a log or a page: every character visible, and none that moves others.

A model, a table, a result, an argument or a file name may hold characters that a terminal obeys (ESC), that reorder
their neighbors (bidirectional overrides, Unicode Standard Annex 9), that break a line, or that are invisible.
They are refused in names and written as escapes, such as ``\x1b`` and ``\u202e``, wherever text is shown.
"""

from __future__ import annotations

import json
import re
import unicodedata

# Characters that Python takes for printable and that have no ink: fillers, joiners and variation selectors of the
# property Default_Ignorable_Code_Point of Unicode, and the blank pattern of Braille.
_INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_INVISIBLE_CHARACTER = re.compile(f"[{_INVISIBLE}]")

_PLAIN = {"±": "+-", "×": "x", "…": "..."}
"""Replacements of our own characters where an encoding lacks them."""


def is_printable(text: str) -> bool:
    """Return whether every character of a text has ink or is a blank, and none acts on a terminal or its neighbors.

    Not printable are control characters (C0, DEL, C1), format characters (bidirectional marks, overrides and isolates,
    zero-width joiners and spaces), separators of lines and paragraphs, blanks other than U+0020, surrogates, private
    and unassigned code points, fillers and variation selectors.
    """
    return text.isprintable() and not (not text.isascii() and _INVISIBLE_CHARACTER.search(text))


def escape(text: str, lines: bool = False) -> str:
    r"""Return a text with every character that is not printable as an escape, such as ``\x1b``.

    Backslashes stay as they are, so that escaping twice is escaping once.

    Parameters
    ----------
    text : the text.
    lines : whether line feeds stay.
    """
    if lines:
        return "\n".join(map(escape, text.split("\n")))
    if is_printable(text):
        return text
    return "".join(one if is_printable(one) else one.encode("unicode_escape").decode() for one in text)


def escape_json(text: str) -> str:
    """Return a JSON document, on one line or indented, with what is not printable as escapes of JSON."""
    return "\n".join(
        line if is_printable(line) else "".join(one if is_printable(one) else json.dumps(one)[1:-1] for one in line)
        for line in text.split("\n")
    )


def find_unprintable(text: str) -> str:
    """Return the first character that a name may not have, such as ``U+202E RIGHT-TO-LEFT OVERRIDE``.

    The text is empty where every character is printable. This is the rule for every name: of a model, a currency,
    stages, inputs, customers, hazards and strategies, in a model file and in a result.
    """
    if is_printable(text):
        return ""
    first = next(one for one in text if not is_printable(one))
    return f"U+{ord(first):04X} {unicodedata.name(first, _name_character_kind(first))}".rstrip()


def _name_character_kind(character: str) -> str:
    kinds = {"Cc": "control character", "Cs": "half of a surrogate pair", "Co": "private use", "Cn": "unassigned"}
    return kinds.get(unicodedata.category(character), "")


def shorten(text: str, most: int) -> str:
    """Return a text with `most` characters at most, and `...` behind it where it was longer."""
    return text if len(text) <= most else f"{text[:most]}..."


def escape_for_encoding(text: str, encoding: str, lines: bool = False) -> str:
    """Return a text that a stream of an encoding can write, every character printable.

    Of our own characters, ± becomes +- and × becomes x where the encoding lacks them; any other becomes an escape, so
    that two names stay two.

    Parameters
    ----------
    text : the text.
    encoding : name of the encoding.
    lines : whether line feeds stay.
    """
    text = escape(text, lines)
    for character, plain in _PLAIN.items():
        if character in text and character.encode(encoding, "ignore") == b"":
            text = text.replace(character, plain)
    return text.encode(encoding, "backslashreplace").decode(encoding)
