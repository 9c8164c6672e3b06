"""Strategies compared path by path: the same luck for all, so that only their difference is left."""

from __future__ import annotations

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.precision import CONFIDENCE, normal, rank_interval, standard_error, student, wilson
from jitrisk.risk.result import Array
from jitrisk.risk.statistics import finite_rows, probability
from jitrisk.risk.tails import tail_scores
from jitrisk.vocabulary import CONTRASTS

_SHARES = {
    "cheaper": "share of paths on which the strategy costs less than the base; a tie counts for neither",
    "cheapest": "share of paths on which the strategy costs least of all; a tie is shared equally",
}


def contrast(
    values: xr.Dataset, base: str | None = None, level: float = 0.95, confidence: float = CONFIDENCE
) -> xr.Dataset:
    """Return the differences of every strategy to a base on the same paths.

    Parameters
    ----------
    values : variables of dimensions (strategy, path), ``cost`` among them, such as
        :func:`~jitrisk.risk.metrics` returns.
    base : the strategy the others are compared with; the first by default.
    level : probability of the part of the paths that is not the tail.
    confidence : probability that an interval covers the true difference or share.

    Returns
    -------
    xr.Dataset
        Each variable with the dimensions (strategy, statistic), see :data:`jitrisk.vocabulary.CONTRASTS`, and
        ``cheaper`` and ``cheapest`` with the dimension strategy, their Wilson intervals beside them as
        ``_lower`` and ``_upper``.

    Raises
    ------
    ResultError
        When there is no such base, a probability is not between 0 and 1, or a value is not finite.
    """
    level, confidence = probability("level", level), probability("confidence", confidence)
    names = [str(name) for name in values["strategy"].values]
    base = names[0] if base is None else base
    if base not in names:
        raise ResultError(f"there is no strategy {base!r} to compare with; the result holds {', '.join(names)}")
    at = names.index(base)
    arrays = {}
    for name, array in values.items():
        table = _differences(finite_rows(array), at, level, confidence, low=array.attrs["bad_tail"] == "lower")
        arrays[str(name)] = xr.DataArray(table, dims=("strategy", "statistic"), attrs=array.attrs)
    arrays |= _shares(finite_rows(values["cost"]), at, confidence)
    coords = {"strategy": values["strategy"], "statistic": list(CONTRASTS)}
    known = {"base": base, "level": level, "confidence": confidence, "paths": values.sizes["path"]}
    return xr.Dataset(arrays, coords, {**values.attrs, **known})


def _differences(rows: Array, base: int, level: float, confidence: float, low: bool) -> Array:
    paths = rows.shape[1]
    sign = -1.0 if low else 1.0
    base_scores = tail_scores(sign * rows[base], level)
    tail_known = rank_interval(paths, level) is not None
    table = np.empty((len(rows), len(CONTRASTS)))
    for s, row in enumerate(rows):
        mean = _interval(row - rows[base], student(paths, confidence))
        scores = sign * (tail_scores(sign * row, level) - base_scores)
        table[s] = mean + _interval(scores, normal(confidence) if tail_known else np.nan)
    return table


def _interval(differences: Array, reach: float) -> tuple[float, ...]:
    mean = float(differences.mean())
    error = standard_error(differences) if reach == reach else np.nan
    return mean, error, mean - reach * error, mean + reach * error


def _shares(cost: Array, base: int, confidence: float) -> dict[str, xr.DataArray]:
    least = cost == cost.min(axis=0)
    shares = {
        "cheaper": (cost < cost[base]).mean(axis=1),
        "cheapest": (least / least.sum(axis=0)).mean(axis=1),
    }
    arrays = {}
    for name, share in shares.items():
        ends = np.array([wilson(float(p), cost.shape[1], confidence) for p in share])
        for suffix, column in (("", share), ("_lower", ends[:, 0]), ("_upper", ends[:, 1])):
            attrs = {"units": "1", "long_name": _SHARES[name] + (f", {suffix[1:]} end of its interval" * bool(suffix))}
            arrays[name + suffix] = xr.DataArray(column, dims="strategy", attrs=attrs)
    return arrays
