"""Exceedance curves: which value is exceeded, or fallen short of, once in how many years."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.design import Design, EqualDesign, Point, read_design
from jitrisk.risk.inputs import Array, is_longer_than_a_year
from jitrisk.risk.intervals import CONFIDENCE, require_probability
from jitrisk.risk.variables import build_horizon_attrs, compute_horizon_factor, read_finite_rows, select_metric

_PER_DECADE = 16
_FEWEST_BEYOND = 5
_FIRST = 0.99
_ROUNDING = 1e-9  # 5 paths of 1,000 come out a little below 5 in floating point


def exceedance(
    metrics: xr.Dataset, metric: str = "cost", confidence: float = CONFIDENCE, years: Sequence[float] | None = None
) -> xr.Dataset:
    """Return the value that is exceeded, toward the bad tail, with each of some annual probabilities.

    A path is one horizon after the warm-up. Where that is about a year, its value is scaled to a year; where it is
    shorter, the curve shows what the horizon adds up to, not scaled. What a horizon exceeds with probability p is
    exceeded in a year with probability ``1 - (1 - p) ** (year / horizon)``, taking consecutive horizons as independent,
    and its return period is the reciprocal of that, in years. The curve stops where fewer than five paths lie beyond.

    Parameters
    ----------
    metrics : metrics of dimensions (strategy, path), such as :func:`~jitrisk.risk.metrics` returns.
    metric : the variable.
    confidence : probability that the interval at one point covers the true value, whatever the distribution.
    years : return periods of the points, longer than a year and rising; those that the paths do not reach are left out,
        but for the first. By default there are points enough for a curve.

    Returns
    -------
    xr.Dataset
        ``value``, ``value_lower`` and ``value_upper`` of dimensions (strategy, point), with the coordinates
        ``probability`` (annual exceedance probability, falling) and ``return_period``. Of weighted paths, points
        that a strategy does not reach are NaN.

    Raises
    ------
    ResultError
        When the horizon is longer than about a year, so that no single year is known, there is no such metric, a value
        is not finite, the confidence is not between 0 and 1, or the return periods are not longer than a year and
        rising.
    """
    array, confidence = select_metric(metrics, metric), require_probability("confidence", confidence)
    per_year = float(metrics.attrs.get("per_year", 1.0))
    _require_years(1 / per_year)
    rows, design, low = read_finite_rows(array), read_design(metrics), array.attrs["bad_tail"] == "lower"
    rarest = np.array([design.find_rarest_tail(row, _FEWEST_BEYOND, low) for row in rows])
    least = float(rarest.min())
    beyond = _select_points(design, least) if years is None else _select_points_at(years, per_year, least)
    table = np.array([design.quantiles(row, [Point(1 - p, low) for p in beyond], confidence) for row in rows])
    table *= compute_horizon_factor(array)
    if not isinstance(design, EqualDesign):
        table[beyond < rarest[:, np.newaxis] * (1 - _ROUNDING)] = np.nan
    annual = -np.expm1(per_year * np.log1p(-beyond))
    attrs = build_horizon_attrs(array)
    names = ("value", "value_lower", "value_upper")
    arrays = {name: (("strategy", "point"), table[..., k], attrs) for k, name in enumerate(names)}
    coords = {
        "strategy": array["strategy"].variable,
        "probability": ("point", annual, {"units": "1/year", "long_name": "annual exceedance probability"}),
        "return_period": ("point", 1 / annual, {"units": "year", "long_name": "return period"}),
    }
    known = {"metric": metric, "confidence": confidence, "paths": design.paths}
    return xr.Dataset(arrays, coords, {**metrics.attrs, **known})


def _require_years(horizon: float) -> None:
    if is_longer_than_a_year(horizon):
        raise ResultError(
            f"a path measures {horizon:.3g} years, so that what a single year adds up to is not known: "
            "measure the last year of every path, as jr.measure_last_year(result) does"
        )


def _select_points(design: Design, least: float) -> Array:
    """Return the probability beyond each point, from nearly all paths to few."""
    if not isinstance(design, EqualDesign):
        count = max(2, round(_PER_DECADE * np.log10(_FIRST / least)))
        return np.geomspace(_FIRST, least, count)
    paths = design.paths
    fewest, most = min(_FEWEST_BEYOND, paths / 2), _FIRST * paths
    points = max(2, round(_PER_DECADE * np.log10(most / fewest)))
    counts = np.floor(np.geomspace(most, fewest, points))
    falling: Array = np.unique(np.maximum(counts, min(1.0, paths / 2)))[::-1]
    return falling / paths


def _select_points_at(years: Sequence[float], per_year: float, least: float) -> Array:
    """Return the probability beyond the value of each return period, where enough paths lie there."""
    for period in years:
        if not 1 < period < np.inf:
            raise ResultError(f"a return period is {period!r}: allowed are those longer than 1 year, such as 10")
    if not years or any(later <= period for period, later in pairwise(years)):
        raise ResultError(f"the return periods are {list(years)}: allowed is a list that rises, such as [10, 100]")
    beyond: Array = -np.expm1(np.log1p(-1 / np.asarray(years, dtype=np.float64)) / per_year)
    return beyond[: max(1, np.count_nonzero(beyond >= least * (1 - _ROUNDING)))]
