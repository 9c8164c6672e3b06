"""Statistics over the paths of any Dataset of values per strategy and path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.risk.design import Design, Point, read_design
from jitrisk.risk.evidence import FEWEST, compute_run_evidence
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE, Spread, compute_reach, compute_skewed_interval, require_probability
from jitrisk.risk.order_statistics import Quantile
from jitrisk.risk.tails import compute_tail_risk
from jitrisk.risk.variables import complete_attrs, read_finite_rows
from jitrisk.vocabulary import STATISTICS

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ENDS = ("", "_lower", "_upper")
# What rests on means, and so on all that can happen; order statistics enclose a quantile whatever was not seen.
_RESTS_ON_MEANS = ("standard_error", "lower", "upper", "cvar_standard_error", "cvar_lower", "cvar_upper")


@dataclass(frozen=True)
class RequestedStatistics:
    """Which statistics to compute.

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
        The attribute ``bad_tail`` of a variable says which end of it is the bad one; outcomes have the attribute set.
    level : probability of the part of the paths that is not the tail.
    quantiles : probabilities of the quantiles, each the least value its distribution reaches it at.
    confidence : probability that an interval covers the true value.

    Returns
    -------
    xr.Dataset
        Each variable with the dimensions (strategy, statistic), see :data:`jitrisk.vocabulary.STATISTICS`, and
        beside it its ``_quantile`` with the dimensions (strategy, quantile), whose interval is ``_quantile_lower``
        to ``_quantile_upper``; a stage or customer is kept. What too few paths cannot show is NaN, and so are the
        errors of mean and conditional value at risk where a hazard is expected to have been seen fewer than five times;
        see :func:`jitrisk.risk.count_occurrences`.

    Raises
    ------
    ResultError
        When a probability is not between 0 and 1, or a variable has other dimensions or is not finite.
    """
    points = tuple(require_probability("a quantile", q) for q in quantiles)
    asked = RequestedStatistics(
        require_probability("level", level), points, require_probability("confidence", confidence)
    )
    arrays: dict[str, xr.DataArray] = {}
    design = read_design(values)
    evidence = compute_run_evidence(values, design)
    for name, array in values.items():
        arrays |= _describe_variable(str(name), complete_attrs(array, values), asked, design, evidence)
    used = dict.fromkeys(dim for array in values.values() for dim in array.dims if dim != "path")
    coords: dict[Any, Any] = {dim: values.coords[dim].variable for dim in used if dim in values.coords}
    coords |= {"statistic": list(STATISTICS), "quantile": list(points)}
    known = {"level": asked.level, "confidence": asked.confidence, "paths": values.sizes["path"]}
    return xr.Dataset(arrays, coords, {**values.attrs, **known})


def _describe_variable(
    name: str, array: xr.DataArray, asked: RequestedStatistics, design: Design, evidence: Array
) -> dict[str, xr.DataArray]:
    rows = read_finite_rows(array)
    shape, dims = rows.shape[:-1], array.transpose("strategy", ..., "path").dims[:-1]
    table = np.empty((*shape, len(STATISTICS)))
    ends = np.empty((*shape, len(asked.points), len(_ENDS)))
    for index in np.ndindex(shape):
        low, shown = array.attrs["bad_tail"] == "lower", float(evidence[index[0]])
        statistics, found = compute_statistics(rows[index], design, asked, low, shown)
        table[index] = [statistics[name] for name in STATISTICS]
        ends[index] = np.reshape(found, (-1, len(_ENDS)))
    described = {name: xr.DataArray(table, dims=(*dims, "statistic"), attrs=array.attrs)}
    for k, end in enumerate(_ENDS):
        described[f"{name}_quantile{end}"] = xr.DataArray(ends[..., k], dims=(*dims, "quantile"), attrs=array.attrs)
    return described


def compute_statistics(
    values: Array, design: Design, asked: RequestedStatistics, low: bool, evidence: float = math.inf
) -> tuple[dict[str, float], list[Quantile]]:
    """Return every statistic of one sample by name, and its quantiles.

    Parameters
    ----------
    values : the sample, in any order.
    design : how its paths were drawn.
    asked : which statistics.
    low : whether the lower tail is the bad one.
    evidence : how many occurrences of the rarest hazard the paths are expected to show; where they are too few, what
        rests on means is NaN, and where they are few, its intervals reach as far as Student's for so many values.
    """
    values = np.ascontiguousarray(values)
    points = [*(Point(q) for q in asked.points), Point(asked.level, low)]
    *found, var = design.quantiles(values, points, asked.confidence)
    tail = compute_tail_risk(values, asked.level, asked.confidence, low=low, design=design, var=var, evidence=evidence)
    statistics = _estimate_mean(design.spread(values), asked.confidence, evidence) | vars(tail)
    unknown = dict.fromkeys(_RESTS_ON_MEANS, math.nan) if evidence < FEWEST else {}
    return statistics | unknown, found


def _estimate_mean(spread: Spread, confidence: float, evidence: float) -> dict[str, float]:
    lower, upper = compute_skewed_interval(spread, compute_reach(spread.freedom, evidence, confidence))
    return {
        "mean": spread.mean,
        "standard_deviation": spread.deviation,
        "standard_deviation_standard_error": spread.deviation_error,
        "standard_error": spread.standard_error,
        "lower": lower,
        "upper": upper,
    }
