"""The components of the mean cost, stacked, one bar per strategy."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk.errors import ResultError
from jitrisk.report.figures.labels import Label, label_right, wrap_text
from jitrisk.report.figures.recording import AxisQuantity, Plot, SeriesIdentity
from jitrisk.report.figures.scales import set_plain_ticks
from jitrisk.report.figures.style import (
    GRID,
    PAPER,
    apply_style,
    check_count,
    create_canvas,
    select_look,
    select_text_color,
    set_title,
)
from jitrisk.report.numbers import round_estimate
from jitrisk.report.quantities import DisplayUnit, format_metric_name, select_display_unit
from jitrisk.report.summary import read_estimate as estimate
from jitrisk.risk import costs, describe
from jitrisk.risk.pricing import COMPONENTS
from jitrisk.units import format_number

_WIDTH = 0.62
_IN_A_LINE = 4  # bars whose totals stand in one line with what follows the sign
_SIDE_BY_SIDE = 8  # bars whose names and totals fit between their neighbors'
_LEGIBLE = 0.055  # share of the axes' height from which a number fits into its segment


@apply_style
def cost_stack(outcomes: xr.Dataset, *, ax: Axes | None = None) -> Figure:
    """Draw the components of the mean cost per year, stacked, one bar per strategy.

    Components that are 0 in every strategy are left out; the total stands above each bar with half its 95 % interval.

    Parameters
    ----------
    outcomes : a result.
    ax : axes to draw in; by default those of a new figure.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a price or an outcome, or holds a number that is not finite; when
        nothing costs anything.
    """
    measures = describe(costs(outcomes))
    strategies = [str(name) for name in measures["strategy"].values]
    check_count(len(strategies))
    means = {
        name: np.array([estimate(measures, name, strategy).value for strategy in strategies])
        for name in COMPONENTS
        if measures[name].sel(statistic="mean").any()
    }
    if not means:
        raise ResultError("nothing costs anything in this result: set prices in the model, such as value or price")
    figure, ax = create_canvas(ax)
    total = np.sum(list(means.values()), axis=0)
    shown = select_display_unit(total, str(measures["total"].attrs["units"]))
    plot = Plot(ax, y=AxisQuantity("mean cost", f"{shown.unit} per year"))
    _draw_stack(plot, {name: shown.convert(values) for name, values in means.items()}, strategies)
    _set_axes(plot, strategies)
    _label_totals(ax, measures, strategies, shown)
    set_title(ax, "Mean cost per year by component", str(measures.attrs.get("name", "")))
    return figure


def _draw_stack(plot: Plot, means: dict[str, np.ndarray], strategies: list[str]) -> None:
    """Draw the bars on each other, shades between neighboring bars, and the name of each component at the right."""
    ax, count = plot.ax, len(strategies)
    foot, feet, labels = np.zeros(count), [], []
    for k, (name, heights) in enumerate(means.items()):
        look = select_look(k)
        identity = SeriesIdentity(format_metric_name(name), look.color)
        plot.draw_bars(
            identity, strategies, heights, foot, width=_WIDTH, edgecolor=PAPER, lw=0.8, hatch=look.hatch or None
        )
        _draw_shades(ax, foot, heights, look.color)
        labels.append(Label(identity.name, count - 1 + _WIDTH / 2, foot[-1] + heights[-1] / 2, look.color))
        feet.append(foot)
        foot = foot + heights
    top = float(foot.max())
    ax.set_ylim(0, 1.12 * top)
    ax.set_xlim(-0.6, count - 1 + _WIDTH / 2 + 0.04)
    if count <= _SIDE_BY_SIDE:
        for k, (low, heights) in enumerate(zip(feet, means.values(), strict=True)):
            _label_segments(ax, low, heights, top, select_look(k).color)
    label_right(ax, labels)


def _draw_shades(ax: Axes, foot: np.ndarray, heights: np.ndarray, color: str) -> None:
    """Connect equal components of neighboring bars by shaded areas."""
    for i in range(len(foot) - 1):
        between, low = [i + _WIDTH / 2, i + 1 - _WIDTH / 2], foot[i : i + 2]
        ax.fill_between(between, low, low + heights[i : i + 2], color=color, alpha=0.18, lw=0)


def _label_segments(ax: Axes, foot: np.ndarray, heights: np.ndarray, top: float, color: str) -> None:
    """Write each amount into its segment, where it has room."""
    patch = {"facecolor": color, "edgecolor": "none", "pad": 1.2}
    how: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "bbox": patch}
    for place, (low, height) in enumerate(zip(foot, heights, strict=True)):
        if height >= _LEGIBLE * 1.12 * top:
            ax.text(place, low + height / 2, format_number(height), color=select_text_color(color), **how)


def _set_axes(plot: Plot, strategies: list[str]) -> None:
    ax = plot.ax
    width = max(6, 44 // len(strategies))
    crowded = len(strategies) > _SIDE_BY_SIDE or max(map(len, strategies)) > 3 * width
    names = [wrap_text(name, 22, 1) if crowded else wrap_text(name, width, 3) for name in strategies]
    ax.set_xticks(range(len(strategies)), names, fontsize=_select_font_size(strategies), rotation=90 if crowded else 0)
    ax.tick_params(axis="x", length=0)
    ax.set_ylabel(plot.y.label)
    set_plain_ticks(ax.yaxis, 6)
    ax.grid(axis="y", color=GRID, lw=0.6)


def _label_totals(ax: Axes, measures: xr.Dataset, strategies: list[str], shown: DisplayUnit) -> None:
    crowded = len(strategies) > _SIDE_BY_SIDE
    how: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "va": "bottom", "weight": "bold"}
    for i, strategy in enumerate(strategies):
        total = estimate(measures, "total", strategy).multiply(shown.factor)
        words = format_number(total.value) if crowded else str(round_estimate(total))
        words = words if len(strategies) <= _IN_A_LINE else words.replace(" ±", "\n±")
        rotation = 90 if crowded else 0
        ax.annotate(words, (i, total.value), (0, 3), fontsize=_select_font_size(strategies), rotation=rotation, **how)


def _select_font_size(strategies: list[str]) -> float:
    """Return the size of print, points, that fits so many bars."""
    return 9.0 if len(strategies) < 6 else 7.5 if len(strategies) <= _SIDE_BY_SIDE else 6.5
