"""Strategies compared path by path: the same luck for all, so that only their difference is left."""

from __future__ import annotations

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.precision import CONFIDENCE, normal, probability, rank_interval, standard_error, student, wilson
from jitrisk.risk.result import Array
from jitrisk.risk.tails import tail_scores
from jitrisk.risk.variables import column, finite_rows, losses
from jitrisk.vocabulary import CONTRASTS

# By metric: the share of paths on which a strategy is better than the base, and that on which it is best of all.
_SHARES = {
    "cost": (
        ("cheaper", "share of paths on which the strategy costs less than the base; a tie counts for neither"),
        ("cheapest", "share of paths on which the strategy costs least of all; a tie is shared equally"),
    ),
    "profit": (
        ("richer", "share of paths on which the strategy earns more than the base; a tie counts for neither"),
        ("richest", "share of paths on which the strategy earns most of all; a tie is shared equally"),
    ),
}

_BETTER = {
    "share": "share of paths on which the strategy is better than the other",
    "lower": "lower end of its interval",
    "upper": "upper end of its interval",
    "tie": "share of paths on which they are equal, which counts for neither",
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
        ``cheaper`` and ``cheapest`` with the dimension strategy, and where there is a profit ``richer`` and
        ``richest``, their Wilson intervals beside them as ``_lower`` and ``_upper``.

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
    for name in _SHARES:
        if name in values:
            arrays |= _shares(name, losses(values[name]), at, confidence)
    coords = {"strategy": values["strategy"], "statistic": list(CONTRASTS)}
    known = {"base": base, "level": level, "confidence": confidence, "paths": values.sizes["path"]}
    return xr.Dataset(arrays, coords, {**values.attrs, **known})


def cheaper(values: xr.Dataset, metric: str = "cost", confidence: float = CONFIDENCE) -> xr.Dataset:
    """Return how often each strategy is better than each other one on the same path.

    Parameters
    ----------
    values : metrics of dimensions (strategy, path), such as :func:`~jitrisk.risk.metrics` returns.
    metric : the variable; less of it is better, and more where it is bad when low.
    confidence : probability that an interval covers the true probability.

    Returns
    -------
    xr.Dataset
        ``share`` of the paths on which the strategy is better than the other, with its Wilson interval ``lower`` to
        ``upper``, and ``tie``, the share on which they are equal, which counts for neither; of dimensions (strategy,
        other).

    Raises
    ------
    ResultError
        When there is no such metric, a value is not finite, or the confidence is not between 0 and 1.
    """
    array, confidence = column(values, metric), probability("confidence", confidence)
    worse = losses(array)
    paths = worse.shape[1]
    better = np.array([[np.count_nonzero(one < other) for other in worse] for one in worse])
    share, tie = better / paths, (paths - better - better.T) / paths
    ends = np.array([[wilson(float(p), paths, confidence) for p in row] for row in share])
    # A strategy is never better than itself: known, not estimated.
    ends[np.diag_indices(len(worse))] = 0.0
    columns = {"share": share, "lower": ends[..., 0], "upper": ends[..., 1], "tie": tie}
    arrays = {
        name: (("strategy", "other"), columns[name], {"units": "1", "long_name": sentence})
        for name, sentence in _BETTER.items()
    }
    coords = {"strategy": array["strategy"].values, "other": array["strategy"].values}
    return xr.Dataset(arrays, coords, {**values.attrs, "metric": metric, "confidence": confidence, "paths": paths})


def _differences(rows: Array, base: int, level: float, confidence: float, low: bool) -> Array:
    paths = rows.shape[1]
    sign = -1.0 if low else 1.0
    base_scores = tail_scores(sign * rows[base], level)
    tail_known = rank_interval(paths, level, confidence) is not None
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


def _shares(metric: str, worse: Array, base: int, confidence: float) -> dict[str, xr.DataArray]:
    least = worse == worse.min(axis=0)
    shares = ((worse < worse[base]).mean(axis=1), (least / least.sum(axis=0)).mean(axis=1))
    arrays = {}
    for (name, sentence), share in zip(_SHARES[metric], shares, strict=True):
        ends = np.array([wilson(float(p), worse.shape[1], confidence) for p in share])
        for suffix, shown in (("", share), ("_lower", ends[:, 0]), ("_upper", ends[:, 1])):
            attrs = {"units": "1", "long_name": sentence + (f", {suffix[1:]} end of its interval" * bool(suffix))}
            arrays[name + suffix] = xr.DataArray(shown, dims="strategy", attrs=attrs)
    return arrays
