"""The tree: a model as plain values, each with its key path and its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jitrisk.model.faults import Finding, KeyPath

MOST_BYTES = 20_000_000
"""A model file may have this many bytes."""

MOST_NODES = 1_000_000
"""A model may have this many keys and values, those repeated by aliases included."""

DEEPEST = 40
"""A model may be nested this deep."""


@dataclass
class Tree:
    """A model as plain values.

    Attributes
    ----------
    data : mappings, lists, texts, numbers, booleans and None.
    lines : line of every key and list item by its key path, () for the whole; empty for a mapping from Python.
    findings : what was wrong with the text itself; their key paths are in `lines`.
    doubled : the keys that are given twice with different values.
    unclear : key paths whose value the text gives in a way that a model cannot have, such as with a tag.
    """

    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    doubled: set[KeyPath] = field(default_factory=set)
    unclear: set[KeyPath] = field(default_factory=set)

    def is_known(self, key_path: KeyPath) -> bool:
        """Return whether the value at a key path is as the text gives it, so that its faults are faults of the text."""
        # A tag on a whole model, section or member does not change the keys in it.
        return key_path not in self.unclear and not any(key_path[:n] in self.unclear for n in range(3, len(key_path)))

    def locate(self, key_path: KeyPath) -> tuple[KeyPath, int | None]:
        """Return the part of a key path that the text has, and its line."""
        node, known = self.data, 0
        for step in key_path:
            inside = step in node if isinstance(node, Mapping) else isinstance(node, list) and step in range(len(node))
            if not inside:
                break
            node, known = node[step], known + 1
        lines = (self.lines.get(key_path[:n]) for n in range(known, -1, -1))
        return key_path[:known], next((line for line in lines if line), None)


class TextError(Exception):
    """A text that cannot be read further, with the line of the fault."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.message, self.line = message, line
        super().__init__(message)


class LimitError(TextError):
    """A text that is nested deeper than a model may be, or has more keys and values."""


class TooManyFaultsError(Exception):
    """A text with so many faults that it is not read further.

    Attributes
    ----------
    tree : what was read, with its findings.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        super().__init__()
