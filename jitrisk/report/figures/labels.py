"""Direct labels: words at the end of the curve that they name, moved apart until none overlaps another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox
from rich.cells import cell_len

from jitrisk.report.figures.recording import get_figure, mark_strategy
from jitrisk.report.figures.style import darken_color

_LINE = 1.35  # height of a line of text, in font sizes
_POINTS = 72.0
_MOST = 26  # cells in a line
_ENTRIES = 16  # in a column of a legend
_CURVES = 8  # named beside them; among more there is no room left


class Label(NamedTuple):
    """Words for a place.

    Attributes
    ----------
    words : what is written.
    x, y : the place, in the data's units.
    color : color of the words, which are darkened until they are legible.
    strategy : the strategy that it names, empty where it names something else.
    """

    words: str
    x: float
    y: float
    color: str
    strategy: str = ""


class CurveLabel(NamedTuple):
    """Words for a curve, whose place is found from the curve.

    Attributes
    ----------
    words : what is written.
    color : color of the words, which are darkened until they are legible.
    strategy : the strategy that it names, empty where it names something else.
    """

    words: str
    color: str
    strategy: str = ""


def wrap_text(text: str, width: int = _MOST, lines: int = 2) -> str:
    """Return a text in lines of some width, cut with an ellipsis where they do not hold it.

    Parameters
    ----------
    text : the text.
    width : cells in a line; Chinese, Japanese and Korean characters take two.
    lines : lines at most.
    """
    rows: list[str] = []
    rest = text.strip()
    while rest and len(rows) < lines:
        head = _cut_to_width(rest, width)
        # At a blank, hyphen or underscore in the second half of the line, else in the middle of a word.
        cut = max(head.rfind(mark) for mark in " -_/,") + 1
        if len(head) < len(rest) and cut > len(head) // 2:
            head = head[:cut]
        rows.append(head.rstrip())
        rest = rest[len(head) :].lstrip()
    if rest:
        rows[-1] = _cut_to_width(rows[-1], width - 1) + "…"
    return "\n".join(rows)


def _cut_to_width(text: str, width: int) -> str:
    """Return the longest head of a text that fits in so many cells, one character at least."""
    taken = list(accumulate(cell_len(character) for character in text))
    return text[: max(1, bisect_right(taken, width))]


def spread_apart(wanted: Sequence[float], sizes: Sequence[float], low: float = -inf, high: float = inf) -> list[float]:
    """Return places near those wanted at which intervals of these sizes do not overlap, in the order of the wanted.

    Parameters
    ----------
    wanted : centers wanted.
    sizes : lengths of the intervals.
    low, high : the ends; where the intervals do not fit between them, they go past the upper one.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = spread_in_order([wanted[i] for i in order], [sizes[i] for i in order], low, high)
    return [placed[order.index(i)] for i in range(len(wanted))]


def spread_in_order(
    wanted: Sequence[float], sizes: Sequence[float], low: float = -inf, high: float = inf
) -> list[float]:
    """Return places as :func:`spread_apart` does, in the order given.

    Intervals that overlap are joined to blocks and centered on the mean of the places wanted for their members (pool
    adjacent violators; Barlow et al. 1972), which minimizes the sum of the squared moves.
    """
    blocks: list[tuple[list[int], float]] = []  # members, and where the block begins
    for i in range(len(wanted)):
        members, start = [i], _compute_block_start([i], wanted, sizes, low, high)
        while blocks and blocks[-1][1] + sum(sizes[j] for j in blocks[-1][0]) > start:
            members = blocks.pop()[0] + members
            start = _compute_block_start(members, wanted, sizes, low, high)
        blocks.append((members, start))
    placed = []
    for members, start in blocks:
        for i in members:
            placed.append(start + sizes[i] / 2)
            start += sizes[i]
    return placed


def _compute_block_start(
    members: list[int], wanted: Sequence[float], sizes: Sequence[float], low: float, high: float
) -> float:
    """Return where a block begins whose members miss the places wanted for them by the least squares."""
    offset, total = 0.0, 0.0
    for i in members:
        total += wanted[i] - offset - sizes[i] / 2
        offset += sizes[i]
    return max(low, min(total / len(members), high - offset))


def label_right(ax: Axes, labels: Sequence[Label], fontsize: float = 9.0) -> list[Annotation]:
    """Write labels right of the axes, each level with its place or as near to it as the others allow.

    A label that had to move is tied to its place by a thin line. Call it when the limits of the axes are set: places
    are taken in them.

    Parameters
    ----------
    ax : the axes.
    labels : the labels; a place out of the axes counts as on their edge.
    fontsize : points.
    """
    if not labels:
        return []
    figure = get_figure(ax)
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    per_point = figure.dpi / _POINTS
    heights = [float(ax.transData.transform((one.x, one.y))[1]) for one in labels]
    wanted = [min(max(height, box.y0), box.y1) for height in heights]
    sizes = [(one.words.count("\n") + 1) * fontsize * _LINE * per_point for one in labels]
    slack = fontsize * per_point
    if sum(sizes) > box.height + 2 * slack:
        return _draw_legend(ax, len(labels))
    centers = spread_apart(wanted, sizes, box.y0 - slack, box.y1 + slack)
    written = []
    for one, target, center in zip(labels, wanted, centers, strict=True):
        written.append(_draw_label(ax, one, target, (center - target) / per_point, fontsize))
        mark_strategy(ax, written[-1:], one.strategy)
    return written


def _draw_legend(ax: Axes, entries: int) -> list[Annotation]:
    """Draw a legend where there is no room for direct labels, and return the direct labels: none."""
    columns = -(-entries // _ENTRIES)
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.02), fontsize=7, ncols=columns, borderaxespad=0)
    return []


def _draw_label(ax: Axes, label: Label, height: float, up: float, fontsize: float) -> Annotation:
    """Write one label right of the axes, so many points above its place, whose height is given in pixels."""
    _, y = ax.transAxes.inverted().transform((0.0, height))
    moved = abs(up) > fontsize / 3
    tie = {"arrowstyle": "-", "color": label.color, "lw": 0.7, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}
    return ax.annotate(
        label.words,
        (1.0, float(y)),
        xytext=(16 if moved else 6, up),
        xycoords="axes fraction",
        textcoords="offset points",
        va="center",
        ha="left",
        fontsize=fontsize,
        color=darken_color(label.color),
        arrowprops=tie if moved else None,
        annotation_clip=False,
    )


def label_curves(
    ax: Axes, edges: npt.NDArray[np.float64], heights: npt.NDArray[np.float64], labels: Sequence[CurveLabel]
) -> list[Annotation]:
    """Write labels beside steps that share their axes, each where its curve is farthest above the others.

    Parameters
    ----------
    ax : the axes, their limits set.
    edges : ends of the steps, shape (n + 1,).
    heights : heights of the steps, one row per label, shape (labels, n).
    labels : the labels.
    """
    if len(labels) > _CURVES:
        return _draw_legend(ax, len(labels))
    get_figure(ax).draw_without_rendering()
    space = ax.get_window_extent()
    columns = ax.transData.transform(np.column_stack([edges, np.zeros_like(edges)]))[:, 0]
    rows = np.array([ax.transData.transform(np.column_stack([edges[:-1], row]))[:, 1] for row in heights])
    taken: list[Bbox] = []
    written = []
    for k, label in enumerate(labels):
        others = np.delete(rows, k, axis=0).max(axis=0, initial=space.y0)
        # Of places as good, the highest: those of equal curves lie on their peak, not at an end.
        at = int(np.argmax(rows[k] - others + 1e-3 * rows[k]))
        anchor = (float(columns[at] + columns[at + 1]) / 2, float(rows[k, at]))
        text = ax.annotate(
            label.words, anchor, xycoords="figure pixels", fontsize=9, color=darken_color(label.color), weight="bold"
        )
        size = text.get_window_extent()
        text.remove()
        place = _find_free_place(anchor, (size.width, size.height), space, taken, (columns, rows))
        taken.append(place)
        written.append(_draw_tied_label(ax, label, place, anchor))
    return written


def _find_free_place(
    anchor: tuple[float, float],
    size: tuple[float, float],
    space: Bbox,
    taken: Sequence[Bbox],
    curves: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
) -> Bbox:
    """Return the place near an anchor that covers no other label and the least of the curves, pixels."""
    best, least = Bbox.null(), inf
    width, height = size
    for across in (0.3 * height, -width / 2, -width - 0.3 * height, width / 2, -1.5 * width, width, 2 * width):
        for up in np.arange(0.3, 14) * height:
            x = min(max(anchor[0] + across, space.x0 + 2), max(space.x1 - width - 2, space.x0 + 2))
            box = Bbox.from_bounds(x, anchor[1] + up, width, height)
            hidden = _count_covered_curves(box.padded(2), *curves)
            clash = sum(box.padded(2).overlaps(other) for other in taken) + (box.y1 > space.y1 + height)
            worse = 1e6 * clash + 1e3 * hidden + abs(across + (width / 2)) / 4 + up
            if worse < least:
                best, least = box, worse
    return best


def _count_covered_curves(box: Bbox, columns: npt.NDArray[np.float64], rows: npt.NDArray[np.float64]) -> int:
    """Return how many curves pass behind a box."""
    beside = (columns[1:] >= box.x0) & (columns[:-1] <= box.x1)
    if not beside.any():
        return 0
    low, high = rows[:, beside].min(axis=1), rows[:, beside].max(axis=1)
    return int(((low <= box.y1) & (high >= box.y0)).sum())


def _draw_tied_label(ax: Axes, label: CurveLabel, place: Bbox, anchor: tuple[float, float]) -> Annotation:
    """Write a label in its place and tie it to its curve by a line, in proportions of the axes."""
    inverse = ax.transAxes.inverted()
    where, to = inverse.transform((place.x0, (place.y0 + place.y1) / 2)), inverse.transform(anchor)
    written = ax.annotate(
        label.words,
        (float(to[0]), float(to[1])),
        xytext=(float(where[0]), float(where[1])),
        xycoords="axes fraction",
        textcoords="axes fraction",
        ha="left",
        va="center",
        fontsize=9,
        weight="bold",
        color=darken_color(label.color),
        arrowprops={"arrowstyle": "-", "color": label.color, "lw": 0.8, "shrinkA": 0, "shrinkB": 1},
        annotation_clip=False,
    )
    mark_strategy(ax, [written], label.strategy)
    return written
