"""A YAML text as spans: where every key and value of a document begins and ends, by the marks of the parser."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from jitrisk.model.text.scalars import join_surrogate_pairs, list_surrogate_pairs
from jitrisk.model.text.yaml_text import LOADER

BREAKS = "\n\r\x85\u2028\u2029"
"""The characters that end a line of a YAML text."""

_PAIR = 11  # characters by which an escaped pair of surrogates is longer than its character


@dataclass
class Span:
    """One key or value.

    Attributes
    ----------
    start, end : its first character, and the one after its last; comments after it are left out.
    column : column of its first character, or in a block mapping of its keys.
    kind : ``mapping``, ``list``, ``scalar`` or ``alias``.
    is_flow : whether it is written between braces or brackets.
    text : the text of a scalar.
    anchor : its anchor, empty where it has none.
    members : the keys and values of a mapping; of a list each item as key and value.
    """

    start: int
    end: int
    column: int
    kind: str
    is_flow: bool = False
    text: str = ""
    anchor: str = ""
    members: list[tuple[Span, Span]] = field(default_factory=list)

    def find(self, key: str) -> Span | None:
        """Return the value of a key of a mapping, None where it has no such key."""
        return next((value for name, value in self.members if self.kind == "mapping" and name.text == key), None)

    def list_values(self) -> Iterator[Span]:
        """Yield the span and every value in it."""
        left = [self]
        while left:
            span = left.pop()
            yield span
            left += (value for _, value in span.members)


@dataclass(frozen=True)
class Document:
    """The one document of a text.

    Attributes
    ----------
    root : its value.
    end : the place of its end marker ``...``, or the end of the text.
    """

    root: Span
    end: int


def locate_spans(text: str) -> Document:
    """Return where the keys and values of a document stand in its text, which `read_yaml` must accept."""
    pairs = [place - _PAIR * i for i, place in enumerate(list_surrogate_pairs(text))]
    stack: list[tuple[Span, list[Span]]] = []
    done: list[Span] = []
    end = len(text)

    def place(mark: Any) -> int:
        return int(mark.index + _PAIR * bisect_right(pairs, mark.index - 1))

    for event in yaml.parse(join_surrogate_pairs(text), Loader=LOADER):
        if isinstance(event, yaml.NodeEvent):
            span = _build_span(event, place(event.start_mark), place(event.end_mark))
            if isinstance(event, yaml.CollectionStartEvent):
                stack.append((span, []))
            else:
                (stack[-1][1] if stack else done).append(span)
        elif isinstance(event, yaml.CollectionEndEvent):
            span, children = stack.pop()
            _close(span, children, place(event.end_mark))
            (stack[-1][1] if stack else done).append(span)
        elif isinstance(event, yaml.DocumentEndEvent) and event.explicit:
            end = place(event.start_mark)
    return Document(done[0], end)


def _build_span(event: yaml.NodeEvent, start: int, end: int) -> Span:
    column: int = event.start_mark.column if event.start_mark else 0
    kinds = {yaml.MappingStartEvent: "mapping", yaml.SequenceStartEvent: "list", yaml.ScalarEvent: "scalar"}
    kind = kinds.get(type(event), "alias")
    is_flow = bool(getattr(event, "flow_style", False))
    anchor = event.anchor or "" if kind != "alias" else ""
    return Span(start, end, column, kind, is_flow, getattr(event, "value", ""), anchor)


def _close(span: Span, children: list[Span], end: int) -> None:
    """Complete a mapping or list with what is in it, and its end."""
    keys, values = (children[::2], children[1::2]) if span.kind == "mapping" else (children, children)
    span.members = list(zip(keys, values, strict=True))
    if span.is_flow:
        span.end = end
        return
    # A block ends for the parser where the next begins, after comments: here it ends with its last value.
    span.end = max((child.end for child in children), default=span.end)
    if span.anchor and children:
        span.column = children[0].column


def find_line_start(text: str, place: int) -> int:
    """Return where the line of a place begins."""
    while place and text[place - 1] not in BREAKS:
        place -= 1
    return place


def find_line_end(text: str, place: int) -> int:
    """Return where the line of a place ends, before its break."""
    while place < len(text) and text[place] not in BREAKS:
        place += 1
    return place


def find_next_line(text: str, place: int) -> int:
    """Return where the line after that of a place begins; the end of the text where there is none."""
    end = find_line_end(text, place)
    return min(len(text), end + (2 if text[end : end + 2] == "\r\n" else 1))
