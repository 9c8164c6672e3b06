"""Histograms of all strategies on shared bins."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.design import Point, read_design
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE
from jitrisk.risk.variables import build_horizon_attrs, compute_horizon_factor, read_finite_rows, select_metric

_LONG_TAIL = 0.995
_SHORT_TAIL = 0.9995
_LONGER = 0.25
_STEPS = 1000


def histogram(metrics: xr.Dataset, metric: str = "cost", bins: int = 40) -> xr.Dataset:
    """Return how the paths of every strategy fall into the same bins.

    The bins hold all paths, unless a long tail would squeeze the rest: then they end at the 99.5 % quantile toward the
    bad tail, or at the 0.05 % quantile at the other end, whichever strategy's is the furthest out. What lies outside
    is stated as ``below`` and ``above``. Values that are whole multiples of a step, such as days, get bins of whole
    steps around them.

    Parameters
    ----------
    metrics : metrics of dimensions (strategy, path), such as :func:`~jitrisk.risk.metrics` returns.
    metric : the variable.
    bins : how many bins at most.

    Returns
    -------
    xr.Dataset
        ``share`` of the paths in a bin and ``density``, share over the bin's width, of dimensions (strategy, bin);
        ``below``, ``above`` and ``zero`` (exactly 0), shares of dimension strategy; coordinates ``left`` and ``right``,
        the ends of the bins, of which only the last contains its right one. Where the
        metric adds up, per year if the horizon is about a year, else over the horizon.

    Raises
    ------
    ResultError
        When there is no such metric, no bin, or a value is not finite.
    """
    if bins < 1:
        raise ResultError(f"bins is {bins}: allowed is a whole number of at least 1")
    array, design = select_metric(metrics, metric), read_design(metrics)
    factor, attrs = compute_horizon_factor(array), build_horizon_attrs(array)
    rows = read_finite_rows(array) * factor
    ranked = [design.rank_values(row) for row in rows]
    shares = (_SHORT_TAIL, _LONG_TAIL)[:: -1 if array.attrs["bad_tail"] == "lower" else 1]
    points = Point(shares[0], low=True), Point(shares[1])
    ends = [[end.value for end in design.quantiles(row, points, CONFIDENCE)] for row in rows]
    edges = _compute_edges(np.array([one.values for one in ranked]), np.array(ends), bins)
    # A bin contains its left end; the last one both.
    below = np.array(
        [[*one.compute_share_below(edges[:-1]), one.compute_share_below(edges[-1], "right")] for one in ranked]
    )
    zero = np.array([one.compute_share_below(0.0, "right") - one.compute_share_below(0.0) for one in ranked])
    share, units = np.diff(below), attrs["units"]

    def build_share_attrs(where: str) -> dict[str, str]:
        return {"units": "1", "long_name": f"share of the paths {where}"}

    arrays = {
        "share": (("strategy", "bin"), share, build_share_attrs("in the bin")),
        "density": (("strategy", "bin"), share / np.diff(edges), {"units": f"1/({units})", "long_name": "density"}),
        "below": ("strategy", below[:, 0], build_share_attrs("below the bins")),
        "above": ("strategy", 1 - below[:, -1], build_share_attrs("above the bins")),
        "zero": ("strategy", zero, build_share_attrs("at exactly 0")),
    }
    coords = {
        "strategy": array["strategy"].variable,
        "left": ("bin", edges[:-1], {"units": units, "long_name": f"left end of the bin: {attrs['long_name']}"}),
        "right": ("bin", edges[1:], {"units": units, "long_name": f"right end of the bin: {attrs['long_name']}"}),
    }
    return xr.Dataset(arrays, coords, {**metrics.attrs, "metric": metric, "paths": design.paths})


def _compute_edges(ordered: Array, ends: Array, bins: int) -> Array:
    """Return the ends of the bins, ascending, which reach from the first to the last end of any strategy at least."""
    left, right = float(ends[:, 0].min()), float(ends[:, 1].max())
    least, most = float(ordered[:, 0].min()), float(ordered[:, -1].max())
    # Only what would make the axis much longer is cut off, and nothing of a variable that is nearly one value.
    length = (right - left) * (1 + _LONGER) if right > left else np.inf
    left, right = (least if right - least < length else left), (most if most - left < length else right)
    if left == right:
        half = 0.05 * abs(left) or 0.5
        return np.linspace(left - half, right + half, bins + 1)
    step = _find_step(ordered, left, right)
    if step:
        width = step * math.ceil(((right - left) / step + 1) / bins)
        count = math.ceil((right - left + step) / width - 1e-9)
        left, right, bins = left - step / 2, left - step / 2 + width * count, count
    return np.linspace(left, right, bins + 1)


def _find_step(ordered: Array, left: float, right: float) -> float:
    """Return the step of which all values are whole multiples, 0 where there is none of use."""
    # A few values show where there is none.
    for every in (ordered.shape[1] // _STEPS + 1, 1):
        distinct = np.unique(ordered[:, ::every])
        distinct = distinct[(left <= distinct) & (distinct <= right)]
        if distinct.size > _STEPS:
            return 0.0
    gaps = np.diff(distinct)
    step = float(gaps[gaps > 1e-9 * (right - left)].min(initial=right - left))
    steps = (distinct - left) / step
    return step if np.allclose(steps, np.round(steps), atol=1e-6) else 0.0
