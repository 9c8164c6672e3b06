"""The fan of a trace: how far stock or backlog spreads over the paths, period by period."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk.errors import ResultError
from jitrisk.report.figures.labels import wrap_text
from jitrisk.report.figures.scales import set_days_axis, set_plain_ticks
from jitrisk.report.figures.style import (
    GRID,
    INK,
    apply_style,
    check_count,
    create_panels,
    darken_color,
    mix_with_white,
    select_look,
    set_title,
)
from jitrisk.report.numbers import describe_sample
from jitrisk.report.quantities import DisplayUnit, format_metric_name, select_display_unit
from jitrisk.risk.trace_quantiles import compute_trace_quantiles, find_widest
from jitrisk.units import format_percent

_MOST = 12
_TINTS = (0.2, 0.4, 0.65)


@apply_style
def fan(trace: xr.Dataset, variable: str = "on_hand", thing: str | None = None, *, ax: Axes | None = None) -> Figure:
    """Draw how one variable runs over time: the median path, and the bands in which most paths lie.

    One panel a strategy, all on the same scale.

    Parameters
    ----------
    trace : from :func:`jitrisk.trace`.
    variable : a variable of the trace, such as ``"on_hand"`` or ``"backlog"``.
    thing : the stage or customer; by default the one that varies most.
    ax : axes in whose place to draw; by default those of a new figure.

    Raises
    ------
    ResultError
        When the Dataset is no trace, or has no such variable, stage or customer.
    """
    ranges = compute_trace_quantiles(trace, variable)
    dim = str(ranges.dims[-1])
    name = _select_stage_or_customer(ranges, dim, thing)
    ranges = ranges.sel({dim: name})
    strategies = [str(one) for one in ranges["strategy"].values]
    check_count(len(strategies), _MOST)
    figure, below = create_panels(ax, [1.0] * len(strategies), (7.0, 1.1 + 1.45 * max(len(strategies), 2)))
    shown = select_display_unit(ranges.values, str(ranges.attrs.get("units", "")))
    days = set_days_axis(below, trace)
    for k, (panel, strategy) in enumerate(zip(below, strategies, strict=True)):
        _draw_panel(panel, ranges.sel(strategy=strategy), shown, days, k)
        beside: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "center"}
        panel.annotate(
            wrap_text(strategy, 16), (1, 0.5), (6, 0), color=darken_color(select_look(k).color), weight="bold", **beside
        )
    _set_limits(below, shown.convert(ranges.values))
    below[len(below) // 2].set_ylabel(shown.label_axis(format_metric_name(variable)))
    set_title(below[0], wrap_text(f"{name}: {format_metric_name(variable)} over time", 60), " ")
    below[0].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, fontsize=8, borderaxespad=0.2, columnspacing=1)
    return figure


def _select_stage_or_customer(ranges: xr.DataArray, dim: str, thing: str | None) -> str:
    known = [str(one) for one in ranges[dim].values]
    if thing is not None and thing not in known:
        raise ResultError(f"the trace has no {dim} {thing!r}: allowed are {', '.join(known)}")
    return find_widest(ranges) if thing is None else thing


def _draw_panel(ax: Axes, ranges: xr.DataArray, shown: DisplayUnit, days: float, number: int) -> None:
    values, color = shown.convert(ranges.values), select_look(number).color
    ends = (ranges["time"].values + 1) * days
    points = ranges["quantile"].values
    pairs = len(points) // 2
    for k in range(pairs):
        inside = points[-1 - k] - points[k]
        label = f"{format_percent(inside)} %"
        ax.fill_between(ends, values[k], values[-1 - k], color=mix_with_white(color, _TINTS[k]), lw=0, label=label)
    ax.plot(ends, values[pairs], color=INK, lw=1.1, label=f"median of {describe_sample(ranges.attrs)}")
    ax.grid(axis="y", color=GRID, lw=0.6)


def _set_limits(below: list[Axes], values: npt.NDArray[np.float64]) -> None:
    low, top = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    for panel in below:
        panel.set_ylim(low, low + 1.06 * ((top - low) or 1.0))
        set_plain_ticks(panel.yaxis, 4)
