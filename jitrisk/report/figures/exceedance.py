"""The exceedance curves of a metric, all strategies on one axis."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk import risk
from jitrisk.report.figures.inputs import read_metrics
from jitrisk.report.figures.labels import Label, label_right, wrap_text
from jitrisk.report.figures.recording import AxisQuantity, Plot, SeriesIdentity
from jitrisk.report.figures.scales import set_log_ticks, set_plain_ticks
from jitrisk.report.figures.style import GRID, apply_style, create_canvas, select_look, set_title
from jitrisk.report.numbers import describe_sample, format_within_horizon
from jitrisk.report.quantities import DisplayUnit, format_metric_name, select_display_unit


@apply_style
def exceedance(metrics: xr.Dataset, metric: str = "cost", *, ax: Axes | None = None) -> Figure:
    """Draw the value that a year exceeds once in a return period, with its 95 % interval.

    Parameters
    ----------
    metrics : a result, or its metrics as :func:`jitrisk.risk.metrics` returns them.
    metric : the metric.
    ax : axes to draw in; by default those of a new figure.

    Raises
    ------
    ResultError
        When there is no such metric, or a value is not finite.
    """
    curves = risk.exceedance(read_metrics(metrics, metric), metric)
    figure, ax = create_canvas(ax)
    attrs, years = curves["value"].attrs, curves["return_period"].values
    shown = select_display_unit(curves["value"].values, attrs["units"])
    name = format_metric_name(metric) + format_within_horizon(curves.attrs)
    plot = Plot(ax, AxisQuantity("return period", "years"), AxisQuantity(name, shown.unit))
    labels = [_draw_strategy(plot, curves.isel(strategy=k), shown, k) for k in range(curves.sizes["strategy"])]
    ax.set_xscale("log")
    ax.set_xlim(years[0], years[-1] if years[-1] > years[0] else 2 * years[0])
    set_log_ticks(ax.xaxis)
    _extend_to_zero(ax)
    ax.set_xlabel(plot.x.label)
    ax.set_ylabel(plot.y.label)
    ax.grid(color=GRID, lw=0.6)
    passed = "fallen short of" if attrs.get("bad_tail") == "lower" else "exceeded"
    small = f"bands: 95 % intervals; {describe_sample(curves.attrs)}"
    # Only the first letter: the name may hold a unit.
    set_title(ax, f"{name[0].upper()}{name[1:]} {passed} once in so many years", small)
    label_right(ax, labels)
    return figure


def _draw_strategy(plot: Plot, curve: xr.Dataset, shown: DisplayUnit, number: int) -> Label:
    """Draw the curve of one strategy with its band, and return the label of the curve."""
    name, look = str(curve["strategy"].item()), select_look(number)
    years, values = curve["return_period"].values, shown.convert(curve["value"])
    identity = SeriesIdentity(name, look.color, name)
    low, high = (shown.convert(curve[end]) for end in ("value_lower", "value_upper"))
    plot.draw_band(identity._replace(is_companion=True), years, low, high, alpha=0.18)
    # A single point is no line.
    marker = look.marker if years.size == 1 else None
    plot.draw_curve(identity, years, values, ls=look.dashes, marker=marker)
    last = int(np.flatnonzero(np.isfinite(values))[-1])
    return Label(wrap_text(name), float(years[last]), float(values[last]), look.color, name)


def _extend_to_zero(ax: Axes) -> None:
    """Let the y axis begin at zero where the data come near it."""
    low, high = ax.get_ylim()
    if 0 < low < 0.4 * high:
        ax.set_ylim(0, high)
    set_plain_ticks(ax.yaxis)
