"""The layout of a network: columns by the distance from the customers, rows with few crossings.

A layered drawing after Sugiyama, Tagawa & Toda (1981), "Methods for visual understanding of hierarchical system
structures", IEEE Transactions on Systems, Man, and Cybernetics 11: columns by longest paths, rows by barycenters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from jitrisk.report.figures.labels import spread_in_order

Slot = tuple[str, int]  # a node, and the column; a node passes through the columns its links cross
Segment = tuple[Slot, Slot]

_SWEEPS = 12
_LANE = 0.16  # height of a link that passes through a column, inches


@dataclass(frozen=True)
class Layout:
    """Places of nodes and links.

    Attributes
    ----------
    columns : the column of every node, counted from the right.
    heights : the middle of every slot, upward.
    routes : the slots that each link passes, from its source to its target.
    """

    columns: Mapping[str, int]
    heights: Mapping[Slot, float]
    routes: Mapping[tuple[str, str], list[Slot]]

    @property
    def segments(self) -> list[Segment]:
        """The pieces between neighboring columns, each once: links of one source share pieces."""
        return list(dict.fromkeys(pair for route in self.routes.values() for pair in pairwise(route)))


def compute_layout(
    ends: Sequence[str], others: Sequence[str], links: Iterable[tuple[str, str]], sizes: Mapping[str, float]
) -> Layout:
    """Return the layout of an acyclic network.

    Parameters
    ----------
    ends : the nodes in the rightmost column.
    others : the other nodes.
    links : pairs of source and target.
    sizes : the height of every node with the gap to the next, inches.
    """
    links = list(dict.fromkeys(links))
    columns = _assign_columns(ends, others, links)
    routes = {
        (source, target): [(source, k) for k in range(columns[source], columns[target], -1)]
        + [(target, columns[target])]
        for source, target in links
    }
    slots = dict.fromkeys(slot for name in (*ends, *others) for slot in [(name, columns[name])])
    slots |= dict.fromkeys(slot for route in routes.values() for slot in route)
    levels = [[slot for slot in slots if slot[1] == k] for k in range(max(columns.values()) + 1)]
    segments = _list_segments(routes)
    beside = _find_neighbors(slots, segments)
    levels = _reduce_crossings(levels, beside, segments)
    slot_sizes = {slot: sizes[slot[0]] if columns[slot[0]] == slot[1] else _LANE for slot in slots}
    return Layout(columns, _compute_heights(levels, beside, slot_sizes), routes)


def _list_segments(routes: Mapping[tuple[str, str], list[Slot]]) -> list[Segment]:
    return list(dict.fromkeys(pair for route in routes.values() for pair in pairwise(route)))


def _assign_columns(ends: Sequence[str], others: Sequence[str], links: list[tuple[str, str]]) -> dict[str, int]:
    """Return the longest distance of every node to the right, at least 1 for nodes that are no ends."""
    targets: dict[str, list[str]] = {name: [] for name in (*ends, *others)}
    for source, target in links:
        targets[source].append(target)
    columns = dict.fromkeys(ends, 0)
    waiting = list(others)
    while waiting:
        ready = [name for name in waiting if all(target in columns for target in targets[name])]
        columns |= {name: 1 + max((columns[target] for target in targets[name]), default=0) for name in ready}
        waiting = [name for name in waiting if name not in columns]
    return columns


def _find_neighbors(slots: Iterable[Slot], segments: list[Segment]) -> dict[Slot, tuple[list[Slot], list[Slot]]]:
    """Return the slots linked to each slot on its left and on its right."""
    beside: dict[Slot, tuple[list[Slot], list[Slot]]] = {slot: ([], []) for slot in slots}
    for left, right in segments:
        beside[left][1].append(right)
        beside[right][0].append(left)
    return beside


def _reduce_crossings(
    levels: list[list[Slot]], beside: Mapping[Slot, tuple[list[Slot], list[Slot]]], segments: list[Segment]
) -> list[list[Slot]]:
    """Return the columns in the order with the fewest crossings that sweeps by barycenter find."""
    best, fewest = [list(level) for level in levels], _count_crossings(levels, segments)
    for sweep in range(_SWEEPS):
        leftward = sweep % 2 == 0  # from the customers to the left, then back
        for k in range(len(levels)) if leftward else reversed(range(len(levels))):
            row = {slot: i for level in levels for i, slot in enumerate(level)}
            side = 1 if leftward else 0
            levels[k] = _sort_by_barycenter(levels[k], row, beside, side)
        crossings = _count_crossings(levels, segments)
        if crossings < fewest:
            best, fewest = [list(level) for level in levels], crossings
    return best


def _sort_by_barycenter(
    level: list[Slot], row: Mapping[Slot, int], beside: Mapping[Slot, tuple[list[Slot], list[Slot]]], side: int
) -> list[Slot]:
    """Return a column in the order of the mean rows of its neighbors on one side."""
    mean = {slot: fmean(row[neighbor] for neighbor in beside[slot][side] or [slot]) for slot in level}
    return sorted(level, key=mean.__getitem__)


def _count_crossings(levels: list[list[Slot]], segments: list[Segment]) -> int:
    row = {slot: i for level in levels for i, slot in enumerate(level)}
    count = 0
    for k in range(1, len(levels)):
        ends = [(row[left], row[right]) for left, right in segments if left[1] == k]
        count += sum((a - c) * (b - d) < 0 for i, (a, b) in enumerate(ends) for c, d in ends[:i])
    return count


def _compute_heights(
    levels: list[list[Slot]], beside: Mapping[Slot, tuple[list[Slot], list[Slot]]], sizes: Mapping[Slot, float]
) -> dict[Slot, float]:
    """Return the middle of every slot: near the mean of its neighbors, in the order of its column."""
    heights: dict[Slot, float] = {}
    for level in levels:
        span = [sizes[slot] for slot in level]
        placed = spread_in_order([0.0] * len(level), span)
        heights |= dict(zip(level, placed, strict=True))
    for sweep in range(2 * _SWEEPS):
        for level in levels if sweep % 2 == 0 else reversed(levels):
            wanted = [fmean(heights[n] for n in (*beside[s][0], *beside[s][1]) or (s,)) for s in level]
            heights |= dict(zip(level, spread_in_order(wanted, [sizes[slot] for slot in level]), strict=True))
    return heights
