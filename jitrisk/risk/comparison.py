"""Strategies compared path by path: on the same random draws, only their difference is left."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.design import Design, read_design
from jitrisk.risk.evidence import FEWEST, compute_run_evidence
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE, Spread, compute_reach, compute_skewed_interval, require_probability
from jitrisk.risk.tail_differences import Interval, Tail, compare_tails
from jitrisk.risk.variables import compute_losses, read_finite_rows, select_metric
from jitrisk.vocabulary import COMPARISON_STATISTICS

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

FEW_VALUES = "fewer than two paths"
FEW_OCCURRENCES = "a hazard was seen, or is expected to be seen, too seldom"

_ESTIMATES = ("mean", "var", "cvar")

_BETTER = {
    "share": "share of paths on which the strategy is better than the other",
    "lower": "lower end of its interval",
    "upper": "upper end of its interval",
    "tie": "share of paths on which they are equal, which counts for neither",
}


def compare(
    metrics: xr.Dataset, base: str | None = None, level: float = 0.95, confidence: float = CONFIDENCE
) -> xr.Dataset:
    """Return the differences of every strategy to a base on the same paths.

    Parameters
    ----------
    metrics : variables of dimensions (strategy, path), ``cost`` among them, such as
        :func:`~jitrisk.risk.metrics` returns.
    base : the strategy the others are compared with; the first by default.
    level : probability of the part of the paths that is not the tail.
    confidence : probability that an interval covers the true difference or share.

    Returns
    -------
    xr.Dataset
        Each variable with the dimensions (strategy, statistic), see
        :data:`jitrisk.vocabulary.COMPARISON_STATISTICS`, and ``cheaper`` and ``cheapest`` with the dimension strategy,
        and where there is a profit ``richer`` and
        ``richest``, their exact intervals beside them as ``_lower`` and ``_upper``. Differences of value at risk and
        conditional value at risk have no interval, NaN, below 5,000 paths; those of mean and conditional value at
        risk have none where a hazard is expected to have been seen fewer than five times. ``missing_interval`` of
        dimensions (strategy, metric, estimate) says why an interval is missing; it is empty where there is one.

    Raises
    ------
    ResultError
        When there is no such base, a probability is not between 0 and 1, or a value is not finite.
    """
    level, confidence = require_probability("level", level), require_probability("confidence", confidence)
    names = [str(name) for name in metrics["strategy"].values]
    base = names[0] if base is None else base
    if base not in names:
        raise ResultError(f"there is no strategy {base!r} to compare with; the result holds {', '.join(names)}")
    at, design = names.index(base), read_design(metrics)
    evidence = compute_run_evidence(metrics, design)
    # A difference is known as well as the one of the two that is known worse; that of the base to itself, exactly.
    pairs = [float(min(each, evidence[at])) for each in evidence]
    pairs[at] = np.inf
    found = {}
    for name, array in metrics.items():
        sign = -1.0 if array.attrs["bad_tail"] == "lower" else 1.0
        found[str(name)] = _compute_differences(read_finite_rows(array), at, design, (level, confidence), sign, pairs)
    arrays = {name: _label_intervals(intervals, metrics[name].attrs) for name, intervals in found.items()}
    arrays["missing_interval"] = _label_reasons(found)
    for name in _SHARES:
        if name in metrics:
            arrays |= _compute_shares(name, compute_losses(metrics[name]), at, design, confidence)
    coords: dict[str, Any] = {"strategy": metrics["strategy"].variable, "statistic": list(COMPARISON_STATISTICS)}
    coords |= {"metric": list(found), "estimate": list(_ESTIMATES)}
    known = {"base": base, "level": level, "confidence": confidence, "paths": metrics.sizes["path"]}
    return xr.Dataset(arrays, coords, {**metrics.attrs, **known})


def cheaper(metrics: xr.Dataset, metric: str = "cost", confidence: float = CONFIDENCE) -> xr.Dataset:
    """Return how often each strategy is better than each other one on the same path.

    Parameters
    ----------
    metrics : metrics of dimensions (strategy, path), such as :func:`~jitrisk.risk.metrics` returns.
    metric : the variable; less of it is better, and more where it is bad when low.
    confidence : probability that an interval covers the true probability.

    Returns
    -------
    xr.Dataset
        ``share`` of the paths on which the strategy is better than the other, with its exact interval ``lower`` to
        ``upper``, and ``tie``, the share on which they are equal, which counts for neither; of dimensions (strategy,
        other).

    Raises
    ------
    ResultError
        When there is no such metric, a value is not finite, or the confidence is not between 0 and 1.
    """
    array, confidence = select_metric(metrics, metric), require_probability("confidence", confidence)
    worse, design = compute_losses(array), read_design(metrics)
    better = np.array([[design.estimate_share(one < other, confidence) for other in worse] for one in worse])
    # A strategy is never better than itself: known, not estimated.
    better[np.diag_indices(len(worse))] = 0.0
    tie = [[design.estimate_share(one == other, confidence)[0] for other in worse] for one in worse]
    columns = {"share": better[..., 0], "lower": better[..., 1], "upper": better[..., 2], "tie": np.array(tie)}
    arrays = {
        name: (("strategy", "other"), columns[name], {"units": "1", "long_name": sentence})
        for name, sentence in _BETTER.items()
    }
    coords = {"strategy": array["strategy"].values, "other": array["strategy"].values}
    known = {"metric": metric, "confidence": confidence, "paths": design.paths}
    return xr.Dataset(arrays, coords, {**metrics.attrs, **known})


def _compute_differences(
    rows: Array, base: int, design: Design, levels: tuple[float, float], sign: float, evidence: Sequence[float]
) -> list[tuple[Interval, ...]]:
    """Return the differences of mean, value at risk and conditional value at risk of every strategy to the base."""
    level, confidence = levels
    own = Tail.from_losses(_compute_losses(rows[base], sign), level, design, confidence)
    found: list[tuple[Interval, ...]] = []
    for s, row in enumerate(rows):
        if s == base:
            found.append((Interval(0.0, 0.0, 0.0, 0.0),) * 3)
            continue
        mean = _compute_mean_difference(design.spread(row - rows[base]), evidence[s], confidence)
        other = Tail.from_losses(_compute_losses(row, sign), level, design, confidence)
        var, cvar = compare_tails(other, own, level, design, confidence, evidence[s])
        if evidence[s] < FEWEST:
            cvar = Interval(cvar.value, reason=FEW_OCCURRENCES)
        found.append((mean, *((var, cvar) if sign > 0 else (var.negate(), cvar.negate()))))
    return found


def _compute_losses(row: Array, sign: float) -> Array:
    return -row if sign < 0 else row


def _compute_mean_difference(spread: Spread, evidence: float, confidence: float) -> Interval:
    if evidence < FEWEST:
        return Interval(spread.mean, reason=FEW_OCCURRENCES)
    errors = compute_reach(spread.freedom, evidence, confidence)
    if math.isnan(errors):
        return Interval(spread.mean, reason=FEW_VALUES)
    return Interval(spread.mean, spread.standard_error, *compute_skewed_interval(spread, errors))


def _label_intervals(intervals: Sequence[tuple[Interval, ...]], attrs: Mapping[str, Any]) -> xr.DataArray:
    rows = [[end for one in row for end in (one.value, one.standard_error, one.lower, one.upper)] for row in intervals]
    return xr.DataArray(np.array(rows), dims=("strategy", "statistic"), attrs=attrs)


def _label_reasons(found: Mapping[str, Sequence[tuple[Interval, ...]]]) -> xr.DataArray:
    """Return why differences have no interval, [strategy, metric, estimate]; empty texts where they have one."""
    texts = np.array([[[one.reason for one in row] for row in rows] for rows in found.values()], dtype=np.str_)
    attrs = {"long_name": "why the difference has no interval, empty where it has one"}
    return xr.DataArray(texts.swapaxes(0, 1), dims=("strategy", "metric", "estimate"), attrs=attrs)


def _compute_shares(metric: str, worse: Array, base: int, design: Design, confidence: float) -> dict[str, xr.DataArray]:
    least = worse == worse.min(axis=0)
    best = least / least.sum(axis=0)
    hits = ((row < worse[base] for row in worse), best)
    arrays = {}
    for (name, sentence), rows in zip(_SHARES[metric], hits, strict=True):
        found = np.array([design.estimate_share(row, confidence) for row in rows])
        for k, end in enumerate(("", "_lower", "_upper")):
            attrs = {"units": "1", "long_name": f"{sentence}, {end[1:]} end of its interval" if end else sentence}
            arrays[name + end] = xr.DataArray(found[:, k], dims="strategy", attrs=attrs)
    return arrays
