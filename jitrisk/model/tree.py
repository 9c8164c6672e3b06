"""Text to a tree of plain values that knows the line of every key: strict YAML, and the same limits for mappings.

The parser's events are walked one by one, so that depth and size are checked before anything is built. Scalars follow
YAML 1.2, whatever YAML 1.1 made of them: ``NO`` and ``1:30`` are texts, ``1e1`` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
import yaml

from jitrisk.model.faults import Finding, Path
from jitrisk.model.quantities import found

MOST_BYTES = 20_000_000
"""A model file may have this many bytes."""

MOST_NODES = 1_000_000
"""A model may have this many keys and values, those repeated by aliases included."""

DEEPEST = 40
"""A model may be nested this deep."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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


@dataclass
class Tree:
    """A model as plain values.

    Attributes
    ----------
    data : mappings, lists, texts, numbers, booleans and None.
    lines : line of every key and list item by its path, () for the whole; empty for a mapping from Python.
    findings : what was wrong with the text itself; their paths are in `lines`.
    """

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def place(self, path: Path) -> tuple[Path, int | None]:
        """Return the part of a path that stands in the text, and its line."""
        node, known = self.data, 0
        for step in path:
            inside = step in node if isinstance(node, Mapping) else isinstance(node, list) and step in range(len(node))
            if not inside:
                break
            node, known = node[step], known + 1
        lines = (self.lines.get(path[:n]) for n in range(known, -1, -1))
        return path[:known], next((line for line in lines if line), None)


class TextError(Exception):
    """A text that cannot be read on, with the line where it went wrong."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.message, self.line = message, line
        super().__init__(message)


@dataclass
class _Frame:
    """A mapping or list that is being read.

    Attributes
    ----------
    before : nodes counted before it.
    key : the key whose value comes next.
    keep : whether that value is kept; not where the key is a duplicate.
    lost : whether all of it is below a duplicate key.
    height : how deep it is nested below.
    """

    node: Any
    path: Path
    anchor: str | None
    before: int
    key: str | None = None
    keep: bool = True
    lost: bool = False
    height: int = 1


def read_yaml(text: str) -> Tree:
    """Read one YAML document.

    Raises
    ------
    TextError
        if it is no YAML, too deep, too large, or uses what a model has no use for.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TextError(f"not valid YAML: {error.problem or error.context}", mark.line + 1 if mark else None) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        raise TextError(f"not valid YAML: the character U+{code:04X} is not allowed", line) from None
    return builder.tree


class _Builder:
    """Builds the tree from the parser's events."""

    def __init__(self) -> None:
        self.tree = Tree()
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.NodeEvent):
            self._node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._stack.pop()
            self._name(frame.anchor, frame.node, self._nodes - frame.before, frame.height)
            self._deepen(frame.height, line)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise TextError("a second document begins here; a model is one document", line)

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        tag = getattr(event, "tag", None)
        if tag:
            raise TextError(f"the tag `{tag}` is not allowed; a model has no tags", line)
        frame = self._stack[-1] if self._stack else None
        if frame and isinstance(frame.node, dict) and frame.key is None:
            self._key(frame, event, line)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._count(1, line)
            value = _scalar(event.value) if event.implicit[0] else event.value
            self._name(event.anchor, value, 1, 0)
            self._add(value, line)
        else:
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, line)

    def _key(self, frame: _Frame, event: yaml.NodeEvent, line: int) -> None:
        """Take a key, which is a text whatever it looks like."""
        if not isinstance(event, yaml.ScalarEvent) or event.anchor:
            raise TextError("a key must be a plain text", line)
        key: str = event.value
        if key == "<<" and event.implicit[0]:
            raise TextError("merge keys `<<` are not supported; repeat the fields, or use an alias for the whole", line)
        self._count(1, line)
        frame.key, path = key, (*frame.path, key)
        frame.keep = key not in frame.node
        if frame.lost:
            return
        if frame.keep:
            self.tree.lines[path] = line
        else:
            message = f"duplicate key `{key}`; it stands on line {self.tree.lines[path]} and on line {line}"
            self.tree.findings.append(Finding(path, message, line))

    def _open(self, node: Any, anchor: str | None, line: int) -> None:
        self._deepen(1, line)
        before = self._nodes
        self._count(1, line)
        lost = bool(self._stack) and (self._stack[-1].lost or not self._stack[-1].keep)
        path = self._add(node, line)
        self._stack.append(_Frame(node, path, anchor, before, lost=lost))

    def _add(self, value: Any, line: int) -> Path:
        """Put a value where it belongs and return its path."""
        if not self._stack:
            self.tree.data, self.tree.lines[()] = value, line
            return ()
        frame = self._stack[-1]
        if isinstance(frame.node, list):
            frame.node.append(value)
            path = (*frame.path, len(frame.node) - 1)
            if not frame.lost:
                self.tree.lines[path] = line
            return path
        key, frame.key = frame.key or "", None
        if frame.keep:
            frame.node[key] = value
        return (*frame.path, key)

    def _alias(self, event: yaml.AliasEvent, line: int) -> None:
        if event.anchor not in self._anchors:
            raise TextError(f"the alias `*{event.anchor}` has no finished anchor before it", line)
        value, size, height = self._anchors[event.anchor]
        self._count(size, line)
        self._deepen(height, line)
        self._add(value, line)

    def _name(self, anchor: str | None, value: Any, size: int, height: int) -> None:
        if anchor:
            self._anchors[anchor] = value, size, height

    def _deepen(self, height: int, line: int) -> None:
        """Take note of something nested so deep below the mapping or list that is being read."""
        if len(self._stack) + height > DEEPEST:
            raise TextError(f"nested more than {DEEPEST} deep", line)
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, height + 1)

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise TextError(f"more than {MOST_NODES} keys and values, counting what aliases repeat", line)


def _scalar(text: str) -> Any:
    """Return what a plain scalar means in YAML 1.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    # What overflows stays a text, so that a message shows it as it was written.
    return float(text) if _FLOAT.fullmatch(text) and isfinite(float(text)) else text


def from_mapping(source: Mapping[Any, Any]) -> Tree:
    """Copy a mapping from Python into plain values.

    Raises
    ------
    TextError
        if it is too deep or too large.
    """
    tree = Tree()
    budget = iter(range(MOST_NODES))
    tree.data = _copy(source, (), budget, tree.findings)
    return tree


def _copy(source: Any, path: Path, budget: Iterator[int], findings: list[Finding]) -> Any:
    if next(budget, None) is None:
        raise TextError(f"more than {MOST_NODES} keys and values")
    if len(path) > DEEPEST:
        raise TextError(f"nested more than {DEEPEST} deep")
    if isinstance(source, np.generic | np.ndarray):
        source = source.tolist()
    if isinstance(source, Mapping):
        strange = [key for key in source if not isinstance(key, str)]
        findings += [Finding(path, f"a key must be a text, found {found(key)}") for key in strange]
        return {k: _copy(v, (*path, k), budget, findings) for k, v in source.items() if isinstance(k, str)}
    if isinstance(source, list | tuple):
        return [_copy(value, (*path, i), budget, findings) for i, value in enumerate(source)]
    if isinstance(source, int) and not isinstance(source, bool) and abs(source) >= 10**18:
        return float(min(max(source, -(10**30)), 10**30))
    return source
