"""Exceedance curves: how bad a year comes how often."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.precision import CONFIDENCE, probability
from jitrisk.risk.result import Array
from jitrisk.risk.selection import Ranks, quantile_ranks, quantiles
from jitrisk.risk.variables import column, finite_rows, yearly

_PER_DECADE = 16
_FEWEST_BEYOND = 5
_FIRST = 0.99


def exceedance(
    values: xr.Dataset, metric: str = "cost", confidence: float = CONFIDENCE, years: Sequence[float] | None = None
) -> xr.Dataset:
    """Return the yearly value that is exceeded, toward the bad tail, with each of some annual probabilities.

    A path is one horizon after the warm-up, mostly near but not exactly a year. What a horizon exceeds with
    probability p is exceeded in a year with probability ``1 - (1 - p) ** (year / horizon)``, taking consecutive
    horizons as independent, and its return period is the reciprocal of that, in years. The curve stops where fewer
    than five paths lie beyond.

    Parameters
    ----------
    values : metrics of dimensions (strategy, path), such as :func:`~jitrisk.risk.metrics` returns.
    metric : the variable.
    confidence : probability that the interval at one point covers the true value, whatever the distribution.
    years : return periods of the points, longer than a year and rising; those that the paths do not reach are left out,
        but for the first. By default there are points enough for a curve.

    Returns
    -------
    xr.Dataset
        ``value``, ``value_lower`` and ``value_upper`` of dimensions (strategy, point), a year's worth where the metric
        adds up, with the coordinates ``probability`` (annual exceedance probability, falling) and ``return_period``.

    Raises
    ------
    ResultError
        When there is no such metric, a value is not finite, the confidence is not between 0 and 1, or the return
        periods are not longer than a year and rising.
    """
    array, confidence = column(values, metric), probability("confidence", confidence)
    rows = finite_rows(array)
    low, paths = array.attrs["bad_tail"] == "lower", array.sizes["path"]
    per_year = float(values.attrs.get("per_year", 1.0))
    beyond = _counts(paths) if years is None else _counts_at(paths, years, per_year)
    ranks = [quantile_ranks(paths, 1 - k / paths, confidence, low) for k in beyond]
    table = np.array([_curve(row, ranks) for row in rows]).reshape(-1, len(ranks), 3)
    table *= array.attrs["per_year"]
    annual = -np.expm1(per_year * np.log1p(-beyond / paths))
    attrs = yearly(array)
    names = ("value", "value_lower", "value_upper")
    arrays = {name: (("strategy", "point"), table[..., k], attrs) for k, name in enumerate(names)}
    coords = {
        "strategy": array["strategy"],
        "probability": ("point", annual, {"units": "1/year", "long_name": "annual exceedance probability"}),
        "return_period": ("point", 1 / annual, {"units": "year", "long_name": "return period"}),
    }
    known = {"metric": metric, "confidence": confidence, "paths": paths}
    return xr.Dataset(arrays, coords, {**values.attrs, **known})


def _counts(paths: int) -> Array:
    """Return how many paths lie beyond each point, from nearly all to few."""
    fewest, most = min(_FEWEST_BEYOND, paths / 2), _FIRST * paths
    points = max(2, round(_PER_DECADE * np.log10(most / fewest)))
    counts = np.floor(np.geomspace(most, fewest, points))
    falling: Array = np.unique(np.maximum(counts, min(1.0, paths / 2)))[::-1]
    return falling


def _counts_at(paths: int, years: Sequence[float], per_year: float) -> Array:
    """Return how many paths should lie beyond the value of each return period, where they are enough."""
    for period in years:
        if not 1 < period < np.inf:
            raise ResultError(f"a return period is {period!r}: allowed are those longer than 1 year, such as 10")
    if not years or any(later <= period for period, later in pairwise(years)):
        raise ResultError(f"the return periods are {list(years)}: allowed is a list that rises, such as [10, 100]")
    beyond: Array = -np.expm1(np.log1p(-1 / np.asarray(years, dtype=np.float64)) / per_year) * paths
    # 5 paths of 1,000 come out a little below 5 in floating point.
    return beyond[: max(1, np.count_nonzero(beyond >= _FEWEST_BEYOND * (1 - 1e-9)))]


def _curve(row: Array, ranks: list[Ranks]) -> Array:
    return np.array(quantiles(np.ascontiguousarray(row), ranks))
