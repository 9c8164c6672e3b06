"""The fan of a trace: quantiles of stock or backlog over the paths, period by period."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk.errors import ResultError
from jitrisk.report.figures.labels import wrap_text
from jitrisk.report.figures.recording import AxisQuantity, Plot, SeriesIdentity, mark_strategy
from jitrisk.report.figures.scales import TIME, set_days_axis, set_plain_ticks
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
def fan(
    trace: xr.Dataset,
    variable: str = "on_hand",
    stage_or_customer: str | None = None,
    *,
    ax: Axes | None = None,
) -> Figure:
    """Draw one variable over time: its median over the paths, and the bands in which most paths lie.

    One panel per strategy, all on the same scale.

    Parameters
    ----------
    trace : from :func:`jitrisk.trace`.
    variable : a variable of the trace, such as ``"on_hand"`` or ``"backlog"``.
    stage_or_customer : its name; by default that of the one that varies most.
    ax : axes in whose place to draw; by default those of a new figure.

    Raises
    ------
    ResultError
        When the Dataset is no trace, or has no such variable, stage or customer.
    """
    ranges = compute_trace_quantiles(trace, variable)
    dim = str(ranges.dims[-1])
    name = _select_stage_or_customer(ranges, dim, stage_or_customer)
    ranges = ranges.sel({dim: name})
    strategies = [str(one) for one in ranges["strategy"].values]
    check_count(len(strategies), _MOST)
    figure, below = create_panels(ax, [1.0] * len(strategies), (7.0, 1.1 + 1.45 * max(len(strategies), 2)))
    shown = select_display_unit(ranges.values, str(ranges.attrs.get("units", "")))
    days = set_days_axis(below, trace)
    quantity = AxisQuantity(format_metric_name(variable), shown.unit)
    for k, (panel, strategy) in enumerate(zip(below, strategies, strict=True)):
        plot = Plot(panel, TIME, quantity, strategy if len(strategies) > 1 else "")
        _draw_panel(plot, ranges.sel(strategy=strategy), shown, days, k)
    _set_limits(below, shown.convert(ranges.values))
    below[len(below) // 2].set_ylabel(quantity.label)
    heading = f"{name}: {quantity.name} over time"
    set_title(below[0], wrap_text(heading, 60), " ", heading)
    below[0].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, fontsize=8, borderaxespad=0.2, columnspacing=1)
    return figure


def _select_stage_or_customer(ranges: xr.DataArray, dim: str, name: str | None) -> str:
    known = [str(one) for one in ranges[dim].values]
    if name is not None and name not in known:
        raise ResultError(f"the trace has no {dim} {name!r}: allowed are {', '.join(known)}")
    return find_widest(ranges) if name is None else name


def _draw_panel(plot: Plot, ranges: xr.DataArray, shown: DisplayUnit, days: float, number: int) -> None:
    """Draw the quantiles of one strategy over time, and its name at the right."""
    values, color, strategy = shown.convert(ranges.values), select_look(number).color, str(ranges["strategy"].item())
    ends = (ranges["time"].values + 1) * days
    probabilities = ranges["quantile"].values
    pairs = len(probabilities) // 2
    for k in range(pairs):
        inside = probabilities[-1 - k] - probabilities[k]
        band = SeriesIdentity(f"{format_percent(inside)} %", mix_with_white(color, _TINTS[k]), strategy)
        plot.draw_band(band, ends, values[k], values[-1 - k])
    median = SeriesIdentity(f"median of {describe_sample(ranges.attrs)}", INK, strategy)
    plot.draw_curve(median, ends, values[pairs], lw=1.1)
    plot.ax.grid(axis="y", color=GRID, lw=0.6)
    beside: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "center"}
    label = plot.ax.annotate(
        wrap_text(strategy, 16), (1, 0.5), (6, 0), color=darken_color(color), weight="bold", **beside
    )
    mark_strategy(plot.ax, [label], strategy)


def _set_limits(below: list[Axes], values: npt.NDArray[np.float64]) -> None:
    low, top = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    for panel in below:
        panel.set_ylim(low, low + 1.06 * ((top - low) or 1.0))
        set_plain_ticks(panel.yaxis, 4)
