"""Objectives and constraints of every strategy of a run, and their differences path by path, each with its interval."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import xarray as xr

from jitrisk.risk.comparison import compare
from jitrisk.risk.design import Design, read_design
from jitrisk.risk.estimand import Estimand
from jitrisk.risk.evidence import FEWEST, compute_run_evidence
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE, Spread, compute_reach, compute_skewed_interval
from jitrisk.risk.objective import Objective
from jitrisk.risk.statistics import describe

_COLUMNS = ("{}", "{}_standard_error", "{}_lower", "{}_upper")
_MEAN_COLUMNS = ("mean", "standard_error", "lower", "upper")


class Estimates(NamedTuple):
    """An estimate per strategy: its value, its standard error and the ends of its interval, each ``[strategy]``."""

    value: Array
    standard_error: Array
    lower: Array
    upper: Array

    def scale(self, factor: float) -> Estimates:
        """Return the estimates times a factor."""
        ends = (self.lower, self.upper) if factor >= 0 else (self.upper, self.lower)
        lower, upper = (end * factor for end in ends)
        return Estimates(self.value * factor, self.standard_error * abs(factor), lower, upper)


def estimate_objective(metrics: xr.Dataset, objective: Objective, confidence: float = CONFIDENCE) -> Estimates:
    """Return the objective of every strategy.

    Parameters
    ----------
    metrics : metrics of dimensions (strategy, path).
    objective : the objective; one statistic alone has the interval that `describe` gives it, a sum that of its scores.
    confidence : probability that an interval covers the true value.
    """
    (weight, estimand), *others = objective.terms
    if not others:
        return estimate_statistic(metrics, estimand, confidence).scale(weight)
    design = read_design(metrics)
    scores = _compute_scores(metrics, objective, design)
    return _estimate_means(scores, design, compute_run_evidence(metrics, design), confidence)


def estimate_statistic(metrics: xr.Dataset, estimand: Estimand, confidence: float = CONFIDENCE) -> Estimates:
    """Return a statistic of every strategy; where the paths cannot show it, its interval is NaN."""
    found = describe(metrics[[estimand.metric]], estimand.level, (), confidence)[estimand.metric]
    return _select_columns(found, estimand)


def compare_objective(
    metrics: xr.Dataset, objective: Objective, base: str, confidence: float = CONFIDENCE
) -> Estimates:
    """Return the objective of a base less that of every strategy, on the same paths.

    Parameters
    ----------
    metrics : metrics of dimensions (strategy, path).
    objective : the objective.
    base : the strategy that is compared with the others.
    confidence : probability that an interval covers the true difference.
    """
    (weight, estimand), *others = objective.terms
    if not others:
        found = compare(metrics[[estimand.metric]], base, estimand.level, confidence)[estimand.metric]
        return _select_columns(found, estimand).scale(-weight)
    design = read_design(metrics)
    scores = _compute_scores(metrics, objective, design)
    at = metrics["strategy"].values.tolist().index(base)
    evidence = compute_run_evidence(metrics, design)
    pairs = np.minimum(evidence, evidence[at])
    pairs[at] = math.inf
    return _estimate_means(scores[at] - scores, design, pairs, confidence)


def _select_columns(found: xr.DataArray, estimand: Estimand) -> Estimates:
    names = _MEAN_COLUMNS
    if estimand.statistic != "mean":
        names = tuple(column.format(estimand.statistic) for column in _COLUMNS)  # type: ignore[assignment]
    rows = found.transpose("strategy", "statistic")
    return Estimates(*(np.asarray(rows.sel(statistic=name).values, dtype=np.float64) for name in names))


def _compute_scores(metrics: xr.Dataset, objective: Objective, design: Design) -> Array:
    arrays = {name: metrics[name].transpose("strategy", "path").values for name in objective.metrics}
    rows = [
        objective.compute_scores({name: array[s] for name, array in arrays.items()}, design)
        for s in range(metrics.sizes["strategy"])
    ]
    return np.stack(rows)


def _estimate_means(scores: Array, design: Design, evidence: Array, confidence: float) -> Estimates:
    spreads = [design.spread(np.ascontiguousarray(row)) for row in scores]
    ends = np.array(
        [compute_mean_interval(one, float(shown), confidence) for one, shown in zip(spreads, evidence, strict=True)]
    )
    values, errors = (np.array([getattr(one, name) for one in spreads]) for name in ("mean", "standard_error"))
    return Estimates(values, np.where(evidence < FEWEST, math.nan, errors), *ends.T)


def compute_mean_interval(spread: Spread, evidence: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the interval of a mean, NaN where a hazard is expected to have been seen too seldom.

    Parameters
    ----------
    spread : the mean, its error and its skewness.
    evidence : how many occurrences of the rarest hazard the paths are expected to show.
    confidence : probability that the interval covers the true mean.
    """
    if evidence < FEWEST:
        return math.nan, math.nan
    return compute_skewed_interval(spread, compute_reach(spread.freedom, evidence, confidence))
