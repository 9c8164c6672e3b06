"""A pointer: what to write in place of a word of another tool."""

from __future__ import annotations

from typing import NamedTuple


class Pointer(NamedTuple):
    """What to write in place of a word of another tool.

    Attributes
    ----------
    words : the words, in lower case, joined by underscores.
    advice : the next step, as the end of a message.
    keys : the keys of the same mapping that the words mean; none where they belong elsewhere in the model.
    """

    words: tuple[str, ...]
    advice: str
    keys: tuple[str, ...] = ()
