"""The convergence of an estimate with the number of paths, all strategies on one axis."""

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
from jitrisk.report.numbers import format_per_horizon
from jitrisk.report.quantities import DisplayUnit, format_metric_name, select_display_unit
from jitrisk.risk.variables import compute_horizon_factor
from jitrisk.units import format_count, format_percent

_STATISTICS = {"mean": "mean", "var": "VaR", "cvar": "CVaR"}


@apply_style
def convergence(
    metrics: xr.Dataset, metric: str = "cost", statistic: str = "mean", *, ax: Axes | None = None
) -> Figure:
    """Draw an estimate from disjoint sub-samples of doubling size, with intervals, and from all paths.

    Parameters
    ----------
    metrics : a result, or its metrics as :func:`jitrisk.risk.metrics` returns them.
    metric : the metric.
    statistic : ``"mean"``, ``"var"`` or ``"cvar"``.
    ax : axes to draw in; by default those of a new figure.

    Raises
    ------
    ResultError
        When there is no such metric or statistic, or a value is not finite.
    """
    metrics = read_metrics(metrics, metric)
    steps = risk.convergence(metrics, metric, statistic)
    figure, ax = create_canvas(ax)
    shown = _select_shown_unit(steps, metrics[metric], statistic)
    level = "" if statistic == "mean" else f" {format_percent(float(steps.attrs['level']))}"
    name = f"{_STATISTICS[statistic]}{level} of {format_metric_name(metric)}"
    plot = Plot(ax, AxisQuantity("paths in the sub-sample"), AxisQuantity(name, shown.unit))
    sizes = steps["size"].values
    ax.set_xscale("log")
    ax.set_xlim(sizes[0] / 1.3, sizes[-1] * 1.3)
    labels = [_draw_strategy(plot, steps.isel(strategy=k), shown, k) for k in range(steps.sizes["strategy"])]
    set_log_ticks(ax.xaxis)
    ax.margins(y=0.08)
    ax.autoscale_view(scalex=False)
    set_plain_ticks(ax.yaxis)
    ax.grid(color=GRID, lw=0.6)
    ax.set_xlabel(plot.x.label)
    ax.set_ylabel(plot.y.label)
    paths = format_count(int(steps.attrs["paths"]), "path")
    about = f"bars: 95 % intervals of disjoint sub-samples; lines: all {paths}"
    set_title(ax, f"How the {name} settles", about)
    label_right(ax, labels)
    return figure


def _select_shown_unit(steps: xr.Dataset, metric: xr.DataArray, statistic: str) -> DisplayUnit:
    """Return the unit of the estimates: of a mean per year, of a tail per year or horizon as single paths are."""
    attrs = steps["estimate"].attrs
    per_year = float(attrs.get("per_year", 1.0))
    factor = per_year if statistic == "mean" else compute_horizon_factor(metric)
    shown = select_display_unit(steps["estimate"].values * factor, attrs["units"]).multiply(factor)
    if per_year == 1.0:
        return shown
    over = "per year" if statistic == "mean" else format_per_horizon(steps.attrs)
    return DisplayUnit(shown.factor, f"{shown.unit} {over}".strip())


def _draw_strategy(plot: Plot, steps: xr.Dataset, shown: DisplayUnit, number: int) -> Label:
    """Draw the estimates of one strategy, and return the label of the level of all paths."""
    look, name = select_look(number), str(steps["strategy"].item())
    identity = SeriesIdentity(name, look.color, name)
    companion = identity._replace(is_companion=True)
    # Side by side, so that the bars of strategies that agree do not hide each other.
    sizes = steps["size"].values * 1.05 ** (number % 5 - 2)
    low, high = (shown.convert(steps[end]) for end in ("lower", "upper"))
    known = np.isfinite(low) & np.isfinite(high)
    plot.draw_intervals(companion, sizes[known], low[known], high[known], lw=1.4)
    names = [f"{size:,}" for size in steps["size"].values.tolist()]
    plot.draw_points(identity, sizes, shown.convert(steps["estimate"]), names, marker=look.marker, ms=5)
    whole = shown.convert(steps["all_estimate"]).item()
    plot.draw_level(companion, whole, ls=look.dashes, lw=1)
    return Label(wrap_text(name), float(sizes[-1]), whole, look.color, name)
