"""Ticks at round numbers, and axes of time."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from jitrisk.report.figures.recording import AxisQuantity
from jitrisk.report.figures.style import GRID
from jitrisk.units import HOURS_PER_DAY

TIME = AxisQuantity("time", "days")
"""What the time axis of a trace or replay shows."""


def set_plain_ticks(axis: Axis, most: int = 7) -> None:
    """Set ticks at round numbers, written out in full."""
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def set_root_ticks(axis: Axis) -> None:
    """Set ticks of a root scale for percent."""
    top = axis.get_view_interval()[1]
    axis.set_major_locator(FixedLocator([tick for tick in (0, 1, 5, 10, 20, 40, 60, 80, 100) if tick <= top]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def set_log_ticks(axis: Axis) -> None:
    """Set ticks of a logarithmic axis at 1, 2, 5, 10, ..., written out in full."""
    low, high = sorted(axis.get_view_interval())
    subs = (1.0, 2.0, 5.0) if high / low < 2e4 else (1.0,)
    axis.set_major_locator(LogLocator(10, subs=subs, numticks=20))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def set_days_axis(panels: Sequence[Axes], data: xr.Dataset) -> float:
    """Set the time axis of panels below each other, days, with the warm-up in gray; return the days in one period.

    Parameters
    ----------
    panels : the axes, from the top; the label of the time axis is below the last.
    data : a trace or replay, or part of one.
    """
    days = float(data.attrs["period_hours"]) / HOURS_PER_DAY
    times = data["time"].values
    begin, end, warm = (float(t) * days for t in (times[0], times[-1] + 1, data.attrs.get("warm_up", 0)))
    for panel in panels:
        panel.set_xlim(begin, end)
        if warm > begin:
            panel.axvspan(begin, min(warm, end), facecolor=GRID, alpha=0.5, lw=0, zorder=-1)
    set_plain_ticks(panels[-1].xaxis, 9)
    panels[-1].set_xlabel(TIME.label + ("; gray: warm-up, not counted" if warm > begin else ""))
    return days
