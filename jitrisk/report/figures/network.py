"""The network as a diagram: stages with stores, policies, hazards and lost time, links, and customers."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from jitrisk.errors import ResultError
from jitrisk.report.figures.boxes import Box, build_boxes
from jitrisk.report.figures.labels import wrap_text
from jitrisk.report.figures.layout import Layout, Segment, Slot, compute_layout
from jitrisk.report.figures.recording import Node, Plot, SeriesIdentity
from jitrisk.report.figures.style import (
    ALARM,
    COLORS,
    INK,
    MUTED,
    PAPER,
    apply_style,
    create_canvas,
    darken_color,
    mix_with_white,
    set_title,
)
from jitrisk.report.outline_records import select_strategy
from jitrisk.report.words import render_share
from jitrisk.units import format_number

_MOST = 60  # stages, and customers, that are legible in a diagram
_SMALL, _NAME = 6.5, 8.0  # points
_LINE, _NAME_LINE = 0.125, 0.155  # height of a line, inches
_WIDTH, _ACROSS, _DOWN, _PAD = 1.72, 0.72, 0.22, 0.07  # inches: a box, the gaps between boxes, the rim inside
_RIM = 0.03  # around all, for the lines of boxes at the edge, inches
_TITLE_CELL, _LEGEND_CELL = 0.09, 0.061  # width of a character of the heading, inches
_LEGEND_LINE = 0.14  # height of a line of it, inches
_LEGEND_CELLS = 120  # at most in a line of it: that many fit in small print below a title
_PORT = 0.15  # between links that enter a box, inches
_STORE = 0.07  # height of the bar that shows the store, inches
_STORE_COLOR, _LOST = COLORS[0], "#f0b48a"
_LOOP_COLOR, _RISE = (
    COLORS[2],
    0.42,
)  # of the line that closes a loop: how far its curve is drawn above its boxes, inches


@apply_style
def network(
    outline: xr.Dataset, outcomes: xr.Dataset | None = None, strategy: str | None = None, *, ax: Axes | None = None
) -> Figure:
    """Draw a network: stages with their stores and policies from left to right, customers at the right.

    Parameters
    ----------
    outline : from :func:`jitrisk.outline`.
    outcomes : a result of the same model; each box then says for how long the stage starved or was broken, or the
        customer was short, and is the darker the longer.
    strategy : the strategy drawn; by default the first.
    ax : axes to draw in; by default those of a new figure, large enough for the network.

    Raises
    ------
    ResultError
        When the strategy is unknown, the result is not one of this model, or the network is too large to be read.
    """
    name = _select_drawn_strategy(outline, strategy)
    drawn = build_boxes(outline, outcomes, name)
    one = outline.sel(strategy=name)
    links, control = _label_links(one), _read_control(one)
    plan = _compute_plan(outline, drawn, links, _RISE if control.loops else 0.0)
    heading = _render_heading(outline, name)
    legend = _render_legend(outcomes is not None, control, plan.width)
    figure, ax = create_canvas(ax, (plan.width + 0.2, plan.height + 0.7 + _LEGEND_LINE * legend.count("\n")))
    figure.draw_without_rendering()
    place = ax.get_window_extent()
    # In axes handed in, print shrinks with the drawing.
    shrunk = min(1.0, place.width / figure.dpi / plan.width, place.height / figure.dpi / plan.height)
    ax.set(xlim=(-_RIM, plan.width + _RIM), ylim=(-_RIM, plan.height + _RIM), aspect="equal", anchor="NW")
    ax.set_axis_off()
    _draw_links(ax, plan, links, control.pushed, shrunk)
    for first, last in control.loops.items():
        _draw_loop(ax, plan, first, last, shrunk)
    nodes = [_draw_box(ax, box, plan, key, shrunk) for key, box in drawn.items()]
    # From left to right and from the top down, which is the order of the keyboard.
    nodes.sort(key=lambda node: (node.place[0], -node.place[1], node.name))
    Plot(ax).record_nodes(SeriesIdentity("", INK, name), nodes)
    # A wider line would shrink the axes.
    set_title(ax, wrap_text(heading, min(60, int(plan.width / _TITLE_CELL))), legend, heading)
    return figure


class _Control(NamedTuple):
    """What moves material, as far as the links show it.

    Attributes
    ----------
    pushed : the stages that start whatever lies before them.
    loops : the last stage of every loop of cards, by the first one.
    """

    pushed: frozenset[str]
    loops: Mapping[str, str]


def _read_control(one: xr.Dataset) -> _Control:
    names, kinds, ends = (one[name].values.tolist() for name in ("stage", "policy_kind", "loop_end"))
    pushed = frozenset(name for name, kind in zip(names, kinds, strict=True) if kind == "push")
    return _Control(pushed, {name: end for name, end in zip(names, ends, strict=True) if end})


class _Plan(NamedTuple):
    """Places in inches.

    Attributes
    ----------
    layout : columns and rows.
    tall : height of every box.
    skirts : height of what stands below it.
    width, height : size of the drawing.
    foot : what is taken from the layout's heights.
    """

    layout: Layout
    tall: Mapping[str, float]
    skirts: Mapping[str, float]
    width: float
    height: float
    foot: float

    def find_left(self, slot: Slot) -> float:
        """Return the left end of a slot."""
        return self.width - _WIDTH - slot[1] * (_WIDTH + _ACROSS)

    def find_middle(self, slot: Slot) -> float:
        """Return the height at which links pass a slot: the middle of the box, if it is one."""
        skirt = self.skirts[slot[0]] if self.is_box(slot) else 0.0
        return self.layout.heights[slot] - self.foot + skirt / 2

    def is_box(self, slot: Slot) -> bool:
        """Return whether a slot holds the box of its node, rather than a link that passes."""
        return self.layout.columns[slot[0]] == slot[1]


def _select_drawn_strategy(outline: xr.Dataset, strategy: str | None) -> str:
    for dim in ("stage", "customer"):
        if outline.sizes.get(dim, 0) > _MOST:
            raise ResultError(
                f"{outline.sizes[dim]:,} {dim}s do not fit in a diagram that can be read: at most {_MOST} are drawn"
            )
    return select_strategy(outline, strategy)


def _label_links(one: xr.Dataset) -> dict[tuple[str, str], str]:
    """Return the label of every link: units per unit started, and the share where it is below 1."""
    words: dict[tuple[str, str], list[str]] = {}
    columns = (one[name].values.tolist() for name in ("source", "target", "quantity", "share"))
    for source, target, quantity, share in zip(*columns, strict=True):
        if not math.isnan(quantity):
            amount = "" if quantity == 1 else f"×{format_number(quantity)}"
            part = "" if share == 1 else render_share(share) if share else "fallback"
            words.setdefault((source, target), []).append(", ".join(filter(None, (amount, part))))
    found = {link: " + ".join(filter(None, each)) for link, each in words.items()}
    for customer, stage in zip(one["customer"].values.tolist(), one["customer_stage"].values.tolist(), strict=True):
        found[stage, customer] = ""
    return found


def _compute_plan(
    outline: xr.Dataset, drawn: Mapping[str, Box], links: Mapping[tuple[str, str], str], rise: float
) -> _Plan:
    """Return the places of all boxes, with room above them for the lines that close loops."""
    entering = {key: sum(target == key for _, target in links) for key in drawn}
    tall = {key: max(_compute_height(box), (entering[key] + 1) * _PORT) for key, box in drawn.items()}
    skirts = {key: len(box.hazards) * _LINE + (0.04 if box.hazards else 0.0) for key, box in drawn.items()}
    ends, others = (outline[dim].values.tolist() for dim in ("customer", "stage"))
    found = compute_layout(ends, others, list(links), {key: tall[key] + skirts[key] + _DOWN for key in drawn})
    reach = {slot: (tall[slot[0]] + skirts[slot[0]]) / 2 for slot in found.heights if found.columns[slot[0]] == slot[1]}
    foot = min(found.heights[slot] - half for slot, half in reach.items())
    top = max(found.heights[slot] + half for slot, half in reach.items())
    columns = max(found.columns.values()) + 1
    return _Plan(found, tall, skirts, columns * _WIDTH + (columns - 1) * _ACROSS, top - foot + rise, foot)


def _compute_height(box: Box) -> float:
    lines = len(box.lines) + len(box.lost)
    store = _STORE + 0.05 if box.cover is not None else 0.0
    return 2 * _PAD + (box.name.count("\n") + 1) * _NAME_LINE + lines * _LINE + store


def _draw_loop(ax: Axes, plan: _Plan, first: str, last: str, shrunk: float) -> None:
    """Draw the way of a card from the last store of a loop back to its first stage, above and behind the boxes."""
    slots = [(name, plan.layout.columns[name]) for name in (last, first)]
    (x_last, y_last), (x_first, y_first) = (
        (plan.find_left(slot) + _WIDTH / 2, plan.find_middle(slot) + plan.tall[slot[0]] / 2) for slot in slots
    )
    crest = max(y_last, y_first) + _RISE
    way = [(x_last, y_last), (x_last, crest), (x_first, crest), (x_first, y_first)]
    path = Path(way, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    style: dict[str, Any] = {"edgecolor": _LOOP_COLOR, "lw": 1.1 * shrunk, "linestyle": (0, (4, 2)), "zorder": 0.5}
    ax.add_patch(PathPatch(path, fill=False, **style))
    tip = [(x_first, y_first), (x_first - 0.04, y_first + 0.09), (x_first + 0.04, y_first + 0.09)]
    ax.add_patch(Polygon(tip, closed=True, facecolor=_LOOP_COLOR, edgecolor="none"))


def _draw_links(
    ax: Axes, plan: _Plan, links: Mapping[tuple[str, str], str], pushed: Container[str], shrunk: float
) -> None:
    segments = plan.layout.segments
    leaving, entering = _place_ports(plan, segments, 0), _place_ports(plan, segments, 1)
    for segment in segments:
        left, right = segment
        start, end = (plan.find_left(left) + _WIDTH, leaving[segment]), (plan.find_left(right), entering[segment])
        half = _ACROSS / 2
        way = [start, (start[0] + half, start[1]), (end[0] - half, end[1]), end]
        codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
        if not plan.is_box(left):
            way, codes = [(plan.find_left(left), start[1]), *way], [Path.MOVETO, Path.LINETO, *codes[1:]]
        ax.add_patch(PathPatch(Path(way, codes), fill=False, edgecolor=MUTED, lw=1.1 * shrunk, capstyle="butt"))
        if plan.is_box(right):
            tip = [(end[0], end[1]), (end[0] - 0.09, end[1] + 0.04), (end[0] - 0.09, end[1] - 0.04)]
            hollow: dict[str, Any] = {"facecolor": PAPER, "edgecolor": MUTED, "lw": 0.9 * shrunk, "zorder": 1.5}
            how = hollow if right[0] in pushed else {"facecolor": MUTED, "edgecolor": "none"}
            ax.add_patch(Polygon(tip, closed=True, **how))
        if plan.is_box(right) and links[left[0], right[0]]:
            patch = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.3}
            label: dict[str, Any] = {
                "ha": "right",
                "va": "center",
                "fontsize": _SMALL * shrunk,
                "color": INK,
                "bbox": patch,
            }
            ax.text(end[0] - 0.12, end[1], links[left[0], right[0]], **label)


def _place_ports(plan: _Plan, segments: list[Segment], side: int) -> dict[Segment, float]:
    """Return the height at which every segment leaves (side 0) or enters (1) its slot, spread over the box in order."""
    by_slot: dict[Slot, list[Segment]] = {}
    for segment in segments:
        by_slot.setdefault(segment[side], []).append(segment)
    heights = {}
    for slot, several in by_slot.items():
        several.sort(key=lambda segment: plan.find_middle(segment[1 - side]))
        apart = min(_PORT, plan.tall[slot[0]] / (len(several) + 1)) if plan.is_box(slot) else 0.0
        for i, segment in enumerate(several):
            heights[segment] = plan.find_middle(slot) + (i - (len(several) - 1) / 2) * apart
    return heights


def _draw_box(ax: Axes, box: Box, plan: _Plan, name: str, shrunk: float) -> Node:
    """Draw a stage or customer with its words, and return it as a node."""
    slot = (name, plan.layout.columns[name])
    left, height = plan.find_left(slot), plan.tall[name]
    bottom = plan.find_middle(slot) - height / 2
    customer = box.cover is None
    shape = FancyBboxPatch(
        (left, bottom),
        _WIDTH,
        height,
        boxstyle=f"round,pad=0,rounding_size={0.18 if customer else 0.03}",
        facecolor=mix_with_white(_LOST, box.dark),
        edgecolor=INK,
        lw=(1.4 if customer else 0.9) * shrunk,
    )
    shape.set_label(name)
    ax.add_patch(shape)
    y = bottom + height - _PAD
    y = _draw_lines(ax, box.name.splitlines(), (left, y), _NAME_LINE, {"fontsize": _NAME * shrunk, "weight": "bold"})
    y = _draw_lines(ax, box.lines, (left, y), _LINE, {"fontsize": _SMALL * shrunk})
    if box.lost:
        y = _draw_lines(ax, box.lost, (left, y), _LINE, {"fontsize": _SMALL * shrunk, "weight": "bold"})
    if box.cover is not None:
        inside = _WIDTH - 2 * _PAD
        corner = (left + _PAD, y - 0.03 - _STORE)
        ax.add_patch(Rectangle(corner, inside, _STORE, facecolor=PAPER, edgecolor=_STORE_COLOR, lw=0.6 * shrunk))
        ax.add_patch(Rectangle(corner, inside * box.cover, _STORE, facecolor=_STORE_COLOR, edgecolor="none"))
    _draw_lines(
        ax, box.hazards, (left, bottom - 0.03), _LINE, {"fontsize": _SMALL * shrunk, "color": darken_color(ALARM)}
    )
    return Node(name, " · ".join((*box.facts, *box.lost)), (left + _WIDTH / 2, bottom + height / 2), shape)


def _draw_lines(
    ax: Axes, lines: Sequence[str], corner: tuple[float, float], line: float, how: Mapping[str, Any]
) -> float:
    """Write lines below each other from a corner of a box, and return the height of the next line."""
    x, y = corner
    for text in lines:
        ax.text(x + _PAD, y - line / 2, text, ha="left", va="center", **how)
        y -= line
    return y


def _render_heading(outline: xr.Dataset, strategy: str) -> str:
    name = str(outline.attrs.get("name", "Network"))
    return name if outline.sizes["strategy"] == 1 else f"{name}, strategy {strategy}"


def _render_legend(has_outcomes: bool, control: _Control, width: float) -> str:
    """Return what the signs mean, in lines no wider than the drawing."""
    legend = "store: when full, in units and in time of mean demand (bar: beside the longest); ▲ hazards"
    legend += "; hollow arrow: pushed" if control.pushed else ""
    legend += "; dashed: cards come back" if control.loops else ""
    legend += "; the darker, the more time lost" if has_outcomes else ""
    return wrap_text(legend, min(_LEGEND_CELLS, int(width / _LEGEND_CELL)), lines=4)
