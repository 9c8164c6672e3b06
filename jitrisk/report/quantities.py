"""What a figure counts: values scaled to thousands and millions, with their unit in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.report.numbers import select_scale

_NAMES = {
    "cost": "total cost",
    "stockout": "time short",
    "lost": "demand lost",
    "expired": "units expired",
    "on_hand": "stock on hand",
    "wip": "work in process",
}


@dataclass(frozen=True)
class DisplayUnit:
    """Values of one kind as an axis shows them.

    Attributes
    ----------
    factor : what values are multiplied by before they are drawn.
    unit : the unit they then have, in words; empty for plain numbers.
    """

    factor: float
    unit: str

    def convert(self, values: npt.ArrayLike | xr.DataArray) -> npt.NDArray[np.float64]:
        """Return values in the unit of the axis."""
        return np.asarray(values, dtype=np.float64) * self.factor

    def multiply(self, factor: float) -> DisplayUnit:
        """Return what shows the values of a series that are to be multiplied by a factor first."""
        return DisplayUnit(self.factor * factor, self.unit)

    def label_axis(self, name: str) -> str:
        """Return the label of an axis: what it shows, and in which unit."""
        return format_axis_label(name, self.unit)


def select_display_unit(values: Iterable[float] | npt.NDArray[Any], units: str) -> DisplayUnit:
    """Return the scale and unit that suit some values.

    Parameters
    ----------
    values : what is drawn together.
    units : the attribute `units` of what is drawn.
    """
    if units in ("1", ""):
        return DisplayUnit(100.0, "%")
    chosen = select_scale(float(v) for v in np.ravel(np.asarray(values, dtype=np.float64)))
    return DisplayUnit(1 / chosen.factor, chosen.format_unit(format_units(units)))


def format_axis_label(name: str, unit: str) -> str:
    """Return what an axis shows, and in which unit; plain numbers have none."""
    return f"{name}, {unit}" if unit else name


def format_units(units: str) -> str:
    """Return units in words: ``EUR per year`` for ``EUR/year``."""
    first, *rest = units.split("/")
    spelled = {"unit": "units", "h": "hours", "d": "days", "period": "periods"}
    return " per ".join([spelled.get(first, first), *rest])


def format_metric_name(metric: str) -> str:
    """Return the name of a metric or variable in words."""
    return _NAMES.get(metric, metric.replace("_", " "))
