"""Exceedance curves and convergence of a metric, all strategies on one axis."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jitrisk import risk
from jitrisk.errors import ResultError
from jitrisk.report.figures.labels import Label, label_right, wrap_text
from jitrisk.report.figures.scales import set_log_ticks, set_plain_ticks
from jitrisk.report.figures.style import GRID, apply_style, check_count, create_canvas, select_look, set_title
from jitrisk.report.numbers import describe_sample, format_per_horizon, format_within_horizon
from jitrisk.report.quantities import DisplayUnit, format_metric_name, select_display_unit
from jitrisk.risk.variables import compute_horizon_factor
from jitrisk.units import format_count, format_percent

_STATISTICS = {"mean": "mean", "var": "VaR", "cvar": "CVaR"}


def read_metrics(values: xr.Dataset, metric: str) -> xr.Dataset:
    """Return the metrics of a result, or the Dataset itself where it holds them already.

    Raises
    ------
    ResultError
        When it has no such metric, or too many strategies for one figure.
    """
    found = risk.metrics(values) if "jitrisk_format" in values.attrs else values
    check_count(found.sizes.get("strategy", 0))
    if metric not in found.data_vars:
        raise ResultError(f"unknown metric {metric!r}: allowed are {', '.join(map(str, found.data_vars))}")
    return found


@apply_style
def exceedance(values: xr.Dataset, metric: str = "cost", *, ax: Axes | None = None) -> Figure:
    """Draw how bad a year comes how often: the value exceeded once in so many years, with its 95 % interval.

    Parameters
    ----------
    values : a result, or its metrics as :func:`jitrisk.risk.metrics` returns them.
    metric : the metric.
    ax : axes to draw in; by default those of a new figure.

    Raises
    ------
    ResultError
        When there is no such metric, or a value is not finite.
    """
    curves = risk.exceedance(read_metrics(values, metric), metric)
    figure, ax = create_canvas(ax)
    attrs = curves["value"].attrs
    shown = select_display_unit(curves["value"].values, attrs["units"])
    years = curves["return_period"].values
    labels = []
    for k, name in enumerate(map(str, curves["strategy"].values)):
        one, style = curves.isel(strategy=k), select_look(k)
        low, high = (shown.convert(one[end]) for end in ("value_lower", "value_upper"))
        ax.fill_between(years, low, high, color=style.color, alpha=0.18, lw=0)
        # A single point is no line.
        marker = style.marker if years.size == 1 else None
        ax.plot(years, shown.convert(one["value"]), color=style.color, ls=style.dashes, marker=marker, label=name)
        last = int(np.flatnonzero(np.isfinite(one["value"].values))[-1])
        labels.append(Label(wrap_text(name), float(years[last]), float(shown.convert(one["value"])[last]), style.color))
    ax.set_xscale("log")
    ax.set_xlim(years[0], years[-1] if years[-1] > years[0] else 2 * years[0])
    set_log_ticks(ax.xaxis)
    _extend_to_zero(ax)
    ax.set_xlabel("return period, years")
    over = format_within_horizon(curves.attrs)
    ax.set_ylabel(shown.label_axis(format_metric_name(metric) + over))
    ax.grid(color=GRID, lw=0.6)
    passed = "fallen short of" if attrs.get("bad_tail") == "lower" else "exceeded"
    small = f"bands: 95 % intervals; {describe_sample(curves.attrs)}"
    set_title(ax, f"{format_metric_name(metric).capitalize()}{over} {passed} once in so many years", small)
    label_right(ax, labels)
    return figure


@apply_style
def convergence(values: xr.Dataset, metric: str = "cost", statistic: str = "mean", *, ax: Axes | None = None) -> Figure:
    """Draw how an estimate settles: from disjoint sub-samples of doubling size, with intervals, and from all paths.

    Parameters
    ----------
    values : a result, or its metrics as :func:`jitrisk.risk.metrics` returns them.
    metric : the metric.
    statistic : ``"mean"``, ``"var"`` or ``"cvar"``.
    ax : axes to draw in; by default those of a new figure.

    Raises
    ------
    ResultError
        When there is no such metric or statistic, or a value is not finite.
    """
    values = read_metrics(values, metric)
    steps = risk.convergence(values, metric, statistic)
    figure, ax = create_canvas(ax)
    attrs = steps["estimate"].attrs
    yearly = float(attrs.get("per_year", 1.0)) if statistic == "mean" else compute_horizon_factor(values[metric])
    over = format_per_horizon(steps.attrs) if float(attrs.get("per_year", 1.0)) != 1.0 else ""
    shown = select_display_unit(steps["estimate"].values * yearly, attrs["units"]).multiply(yearly)
    sizes = steps["size"].values
    ax.set_xscale("log")
    ax.set_xlim(sizes[0] / 1.3, sizes[-1] * 1.3)
    labels = [_draw_convergence(ax, steps.isel(strategy=k), shown, k) for k in range(steps.sizes["strategy"])]
    set_log_ticks(ax.xaxis)
    ax.margins(y=0.08)
    ax.autoscale_view(scalex=False)
    set_plain_ticks(ax.yaxis)
    ax.grid(color=GRID, lw=0.6)
    ax.set_xlabel("paths in the sub-sample")
    level = "" if statistic == "mean" else f" {format_percent(float(steps.attrs['level']))}"
    name = f"{_STATISTICS[statistic]}{level} of {format_metric_name(metric)}"
    ax.set_ylabel(f"{shown.label_axis(name)} {'a year' if over and statistic == 'mean' else over}".rstrip())
    about = f"bars: 95 % intervals of disjoint sub-samples; lines: all {format_count(steps.attrs['paths'], 'path')}"
    set_title(ax, f"How the {name} settles", about)
    label_right(ax, labels)
    return figure


def _draw_convergence(ax: Axes, one: xr.Dataset, shown: DisplayUnit, number: int) -> Label:
    """Draw the estimates of one strategy, and return the label of its line."""
    style, name = select_look(number), str(one["strategy"].item())
    estimate = shown.convert(one["estimate"])
    # Side by side, so that the bars of strategies that agree do not hide each other.
    sizes = one["size"].values * 1.05 ** (number % 5 - 2)
    low, high = (shown.convert(one[end]) for end in ("lower", "upper"))
    known = np.isfinite(low) & np.isfinite(high)
    ax.vlines(sizes[known], low[known], high[known], color=style.color, lw=1.4)
    ax.plot(sizes, estimate, color=style.color, ls="", marker=style.marker, ms=5, label=name)
    whole = shown.convert(one["all_estimate"]).item()
    ax.axhline(whole, color=style.color, ls=style.dashes, lw=1)
    return Label(wrap_text(name), float(sizes[-1]), whole, style.color)


def _extend_to_zero(ax: Axes) -> None:
    """Let the y axis begin at zero where the data come near it."""
    low, high = ax.get_ylim()
    if 0 < low < 0.4 * high:
        ax.set_ylim(0, high)
    set_plain_ticks(ax.yaxis)
