"""Statistics over the paths of any Dataset of values per strategy and path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.risk.precision import CONFIDENCE, Moments, moments, probability, skewed_interval, student
from jitrisk.risk.result import Array
from jitrisk.risk.selection import Quantile, quantile_ranks, quantiles
from jitrisk.risk.tails import tail_risk
from jitrisk.risk.variables import finite_rows, understood
from jitrisk.vocabulary import STATISTICS

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ENDS = ("", "_lower", "_upper")


@dataclass(frozen=True)
class Asked:
    """Which statistics are asked for.

    Attributes
    ----------
    level : probability of the part of the paths that is not the tail.
    points : probabilities of the quantiles.
    confidence : probability that an interval covers the true value.
    """

    level: float = 0.95
    points: tuple[float, ...] = ()
    confidence: float = CONFIDENCE


def describe(
    values: xr.Dataset,
    level: float = 0.95,
    quantiles: Sequence[float] = QUANTILES,
    confidence: float = CONFIDENCE,
) -> xr.Dataset:
    """Return mean, spread, tail risk and quantiles of every variable, each with its error or interval.

    Parameters
    ----------
    values : variables of dimensions (strategy, path) and perhaps stage or customer: metrics, costs or outcomes.
        The attribute ``bad_tail`` of a variable says which end of it is the bad one; outcomes know theirs.
    level : probability of the part of the paths that is not the tail.
    quantiles : probabilities of the quantiles, each the least value its distribution reaches it at.
    confidence : probability that an interval covers the true value.

    Returns
    -------
    xr.Dataset
        Each variable with the dimensions (strategy, statistic), see :data:`jitrisk.vocabulary.STATISTICS`, and
        beside it its ``_quantile`` with the dimensions (strategy, quantile), whose interval is ``_quantile_lower``
        to ``_quantile_upper``; a stage or customer is kept. What too few paths cannot tell is NaN.

    Raises
    ------
    ResultError
        When a probability is not between 0 and 1, or a variable has other dimensions or is not finite.
    """
    points = tuple(probability("a quantile", q) for q in quantiles)
    asked = Asked(probability("level", level), points, probability("confidence", confidence))
    arrays: dict[str, xr.DataArray] = {}
    for name, array in values.items():
        arrays |= _described(str(name), understood(array, values), asked)
    coords: dict[Any, Any] = {dim: values.coords[dim] for dim in values.dims if dim in values.coords and dim != "path"}
    coords |= {"statistic": list(STATISTICS), "quantile": list(points)}
    known = {"level": asked.level, "confidence": asked.confidence, "paths": values.sizes["path"]}
    return xr.Dataset(arrays, coords, {**values.attrs, **known})


def _described(name: str, array: xr.DataArray, asked: Asked) -> dict[str, xr.DataArray]:
    rows = finite_rows(array)
    shape, dims = rows.shape[:-1], array.transpose("strategy", ..., "path").dims[:-1]
    table = np.empty((*shape, len(STATISTICS)))
    ends = np.empty((*shape, len(asked.points), len(_ENDS)))
    for index in np.ndindex(shape):
        statistics, found = row_statistics(rows[index], asked, low=array.attrs["bad_tail"] == "lower")
        table[index] = [statistics[name] for name in STATISTICS]
        ends[index] = np.reshape(found, (-1, len(_ENDS)))
    described = {name: xr.DataArray(table, dims=(*dims, "statistic"), attrs=array.attrs)}
    for k, end in enumerate(_ENDS):
        described[f"{name}_quantile{end}"] = xr.DataArray(ends[..., k], dims=(*dims, "quantile"), attrs=array.attrs)
    return described


def row_statistics(values: Array, asked: Asked, low: bool) -> tuple[dict[str, float], list[Quantile]]:
    """Return every statistic of one sample by name, and its quantiles.

    Parameters
    ----------
    values : the sample, in any order.
    asked : which statistics.
    low : whether the lower tail is the bad one.
    """
    values = np.ascontiguousarray(values)
    spread, paths = moments(values), values.size
    ranks = [quantile_ranks(paths, q, asked.confidence) for q in asked.points]
    ranks.append(quantile_ranks(paths, asked.level, asked.confidence, low))
    *found, var = quantiles(values, ranks)
    tail = tail_risk(values, asked.level, asked.confidence, low=low, var=var)
    return _mean(spread, asked.confidence) | vars(tail), found


def _mean(spread: Moments, confidence: float) -> dict[str, float]:
    reach = student(spread.size, confidence)
    lower, upper = skewed_interval(spread.mean, spread.standard_error, spread.skewness, spread.size, reach)
    return {
        "mean": spread.mean,
        "standard_deviation": spread.deviation,
        "standard_deviation_standard_error": spread.deviation_error,
        "standard_error": spread.standard_error,
        "lower": lower,
        "upper": upper,
    }
