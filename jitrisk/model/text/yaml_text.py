"""A YAML text as a tree: one strict document, with the line of every key.

The parser's events are read one by one, so that depth and size are checked before anything is built. Scalars follow
YAML 1.2, not 1.1: ``NO`` and ``1:30`` are texts, ``1e1`` is a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from jitrisk.errors import MOST_FAULTS
from jitrisk.model.faults import Finding, KeyPath, format_reason, format_text
from jitrisk.model.text.scalars import join_surrogate_pairs, parse_scalar
from jitrisk.model.text.tree import DEEPEST, MOST_NODES, LimitError, TextError, TooManyFaultsError, Tree

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The fastest parser of YAML that there is."""

_INDENTED_BY_TAB = re.compile(" *\\t")


@dataclass
class _Frame:
    """A mapping or list that is being read.

    Attributes
    ----------
    before : nodes counted before it.
    key : the key whose value comes next.
    keep : whether that value is kept; not where the key is a duplicate.
    lost : whether it is below a duplicate key, whose value is not kept.
    height : how deep it is nested below.
    is_key : whether it is in the place of a key.
    merging : whether the value of a merge key comes next.
    merged : the values of its merge keys.
    """

    node: Any
    key_path: KeyPath
    anchor: str | None
    before: int
    key: str | None = None
    keep: bool = True
    lost: bool = False
    height: int = 1
    is_key: bool = False
    merging: bool = False
    merged: list[Any] = field(default_factory=list)


def read_yaml(text: str, last: bool = False) -> Tree:
    """Read one YAML document.

    Parameters
    ----------
    text : the document.
    last : of the values of a duplicate key, keep the last rather than the first.

    Raises
    ------
    TextError
        if it is no YAML, too deep or too large.
    TooManyFaultsError
        if it has more than `MOST_FAULTS` faults.
    """
    text = join_surrogate_pairs(text)
    try:
        return _build_tree(text, last)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _check_limits(text[: mark.index] if mark else text)
        line = mark.line + 1 if mark else None
        if line and any(map(_INDENTED_BY_TAB.match, text.splitlines()[line - 1 : line])):
            raise TextError("a tab indents this line; indent with spaces", line) from None
        raise TextError(f"not valid YAML: {_describe_problem(error)}", line) from None
    except yaml.reader.ReaderError as error:
        code = error.character if isinstance(error.character, int) else ord(error.character)
        # The parsers count its position differently, in characters or in bytes.
        before = text.partition(chr(code))[0]
        _check_limits(before)
        message = f"not valid YAML: the character U+{code:04X} is not allowed"
        raise TextError(message, before.count("\n") + 1) from None


def _describe_problem(error: yaml.MarkedYAMLError) -> str:
    """Return the problem that a parser found, with the next step where it has none."""
    problem = format_reason(error.problem or error.context or "the text cannot be read")
    if "Unicode character escape" in problem:
        return f"{problem}; write the character itself, or one above U+FFFF as `\\U0001F600`"
    return problem


def _build_tree(text: str, last: bool) -> Tree:
    builder = _Builder(last)
    for event in yaml.parse(text, Loader=LOADER):
        builder.take(event)
    return builder.tree


def _check_limits(text: str) -> None:
    """Refuse a text that exceeds a limit before the place where the parser stopped.

    A parser reads ahead, and some have limits of their own: it can stop before it has sent the events of that text.
    """
    try:
        _build_tree(text, last=False)
    except LimitError as error:
        raise error from None
    except (TextError, TooManyFaultsError, yaml.YAMLError):
        return


class _Builder:
    """Builds the tree from the parser's events."""

    def __init__(self, last: bool) -> None:
        self.tree = Tree()
        self._last = last
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._anchored: dict[int, Any] = {}
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.NodeEvent):
            self._take_node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._stack.pop()
            _merge(frame.node, frame.merged)
            if frame.is_key:
                self._skip_key(self._stack[-1])
            self._store_anchor(frame.anchor, frame.node, self._nodes - frame.before, frame.height)
            self._check_depth(frame.height, line)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise TextError("a second document begins here; a model is one document", line)

    def _take_node(self, event: yaml.NodeEvent, line: int) -> None:
        frame = self._stack[-1] if self._stack else None
        is_key = frame is not None and isinstance(frame.node, dict) and frame.key is None
        if tag := getattr(event, "tag", None):
            self._take_tag(tag, line, is_key)
        if frame and is_key:
            self._take_key(frame, event, line)
        elif isinstance(event, yaml.AliasEvent):
            self._take_alias(event, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._count_nodes(1, line)
            value = event.value if event.style else parse_scalar(event.value)
            self._store_anchor(event.anchor, value, 1, 0)
            self._add(value, line)
        else:
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, line)

    def _take_tag(self, tag: str, line: int, is_key: bool) -> None:
        """Report a tag; the node after it is read as if there were none."""
        key_path = self._find_next_key_path()
        tag = tag.replace("tag:yaml.org,2002:", "!!")
        self._report(key_path, f"the tag `{format_text(tag)}` is not allowed; a model has no tags", line)
        above = self._stack[-1] if self._stack else None
        if not is_key and not (above and (above.lost or not above.keep)):
            self.tree.unclear.add(key_path)

    def _find_next_key_path(self) -> KeyPath:
        """Return the key path of what comes next; that of the mapping where it is a key."""
        if not self._stack:
            return ()
        frame = self._stack[-1]
        if isinstance(frame.node, list):
            return (*frame.key_path, len(frame.node))
        return frame.key_path if frame.key is None else (*frame.key_path, frame.key)

    def _report(self, key_path: KeyPath, message: str, line: int) -> None:
        if not (self._stack and self._stack[-1].lost):
            self.tree.findings.append(Finding(key_path, message, line))
            if len(self.tree.findings) > MOST_FAULTS:
                raise TooManyFaultsError(self.tree)

    def _take_key(self, frame: _Frame, event: yaml.NodeEvent, line: int) -> None:
        """Take a key, which is always a text."""
        if not isinstance(event, yaml.ScalarEvent) or event.anchor:
            self._report(frame.key_path, "a key must be a plain text", line)
        if isinstance(event, yaml.AliasEvent):
            self._skip_key(frame)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, line, is_key=True)
        elif isinstance(event, yaml.ScalarEvent):
            self._count_nodes(1, line)
            self._store_anchor(event.anchor, event.value, 1, 0)
            frame.key, frame.merging = event.value, event.value == "<<" and not event.style
            if frame.merging:
                frame.keep = True
                message = "merge keys `<<` are not supported; repeat the fields, or use an alias for the whole"
                self._report(frame.key_path, message, line)
            else:
                self._take_plain_key(frame, event.value, line)

    def _take_plain_key(self, frame: _Frame, key: str, line: int) -> None:
        first = key not in frame.node
        frame.keep = first or (self._last and not frame.lost)
        key_path = (*frame.key_path, key)
        if frame.lost:
            return
        if not first:
            before = self.tree.lines.get(key_path)
            where = "twice on line" if before == line else f"on line {before} and on line"
            self._report(key_path, f"duplicate key `{format_text(key)}`; it stands {where} {line}", line)
        if frame.keep:
            self.tree.lines[key_path] = line

    def _skip_key(self, frame: _Frame) -> None:
        """Skip something that is no key: its value is not kept."""
        frame.key, frame.keep, frame.merging = "", False, False

    def _open(self, node: Any, anchor: str | None, line: int, is_key: bool = False) -> None:
        self._check_depth(1, line)
        before = self._nodes
        self._count_nodes(1, line)
        above = self._stack[-1] if self._stack else None
        if above and is_key:
            self._stack.append(_Frame(node, above.key_path, anchor, before, lost=True, is_key=True))
            return
        lost = above is not None and (above.lost or not (above.keep or above.merging))
        key_path = self._find_next_key_path()
        half = self._find_first_half(key_path) if above and isinstance(node, dict) and not anchor else None
        if above and half is not None:
            node, lost, above.key = half, False, None
        else:
            self._add(node, line)
        self._stack.append(_Frame(node, key_path, anchor, before, lost=lost))

    def _find_first_half(self, key_path: KeyPath) -> dict[str, Any] | None:
        """Return the section that the top of the model already has under a key.

        The two halves are read as one section, so that names of both are known in each. A section with an anchor is
        left alone: an alias could repeat it or contain it.
        """
        earlier = self.tree.data.get(key_path[0]) if len(key_path) == 1 and isinstance(self.tree.data, dict) else None
        return earlier if isinstance(earlier, dict) and id(earlier) not in self._anchored else None

    def _add(self, value: Any, line: int) -> None:
        """Add a value to the mapping or list that is being read."""
        key_path = self._find_next_key_path()
        if not self._stack:
            self.tree.data, self.tree.lines[()] = value, line
            return
        frame = self._stack[-1]
        if isinstance(frame.node, list):
            frame.node.append(value)
            if not frame.lost:
                self.tree.lines[key_path] = line
            return
        key, frame.key = frame.key or "", None
        if frame.merging:
            frame.merged.append(value)
        elif frame.keep:
            frame.node[key] = value
        elif not frame.lost and key_path in self.tree.lines:
            self.tree.doubled.add(key_path)

    def _take_alias(self, event: yaml.AliasEvent, line: int) -> None:
        if event.anchor not in self._anchors:
            raise TextError(f"the alias `*{format_text(str(event.anchor))}` has no finished anchor before it", line)
        value, size, height = self._anchors[event.anchor]
        self._count_nodes(size, line)
        self._check_depth(height, line)
        self._add(value, line)

    def _store_anchor(self, anchor: str | None, value: Any, size: int, height: int) -> None:
        if anchor:
            self._anchors[anchor] = value, size, height
            self._anchored[id(value)] = value

    def _check_depth(self, height: int, line: int) -> None:
        """Update the height of the mapping or list that is being read, and refuse what is nested too deep."""
        if len(self._stack) + height > DEEPEST:
            raise LimitError(f"nested more than {DEEPEST} deep", line)
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, height + 1)

    def _count_nodes(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise LimitError(f"more than {MOST_NODES:,} keys and values, counting what aliases repeat", line)


def _merge(node: Any, merged: list[Any]) -> None:
    """Add the keys of the merge keys to a mapping, so that they are not reported as missing."""
    for value in merged:
        for source in value if isinstance(value, list) else [value]:
            for key, field_value in source.items() if isinstance(source, dict) else ():
                node.setdefault(key, field_value)
