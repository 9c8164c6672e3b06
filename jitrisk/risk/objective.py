"""What a plan is judged by: a weighted sum of statistics of metrics that is minimized, and constraints on others."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from jitrisk.errors import ResultError
from jitrisk.risk.design import Design
from jitrisk.risk.estimand import FORM, Estimand, parse_estimand
from jitrisk.risk.inputs import Array, is_about_a_year
from jitrisk.units import HOURS_PER_YEAR
from jitrisk.vocabulary import METRICS

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TERM = re.compile(rf"\s*(?P<sign>[+-])?\s*(?:(?P<weight>{_NUMBER})\s*\*\s*)?(?P<name>\w+\.[\w.]+)\s*")
_CONSTRAINT = re.compile(
    rf"\s*(?P<name>{FORM.replace('?P<', '?P<_')})\s*(?P<relation><=|>=)\s*(?P<bound>-?{_NUMBER})\s*(?P<percent>%?)\s*"
)
_EXAMPLE = "write it like cost.mean or 0.7*cost.mean + 0.3*cost.cvar95"
_CONSTRAINT_EXAMPLE = "write it like 'fill_rate.mean >= 98%'"

MetricArrays = Mapping[str, Array]
"""Metrics by name, each ``[path]`` or ``[strategy, path]``."""


@dataclass(frozen=True)
class Objective:
    """A weighted sum of statistics that is minimized.

    Attributes
    ----------
    text : the sum as it was written.
    terms : every statistic with its weight.
    """

    text: str
    terms: tuple[tuple[float, Estimand], ...]

    @property
    def metrics(self) -> list[str]:
        """The metrics that it is computed from."""
        return list(dict.fromkeys(estimand.metric for _, estimand in self.terms))

    @property
    def maximized(self) -> str:
        """The one statistic that is maximized where the objective is its negative, empty otherwise."""
        (weight, estimand), *others = self.terms
        return estimand.name if weight == -1.0 and not others else ""

    def compute_scores(self, metrics: MetricArrays, design: Design) -> Array:
        """Return one number per path whose mean is the objective of a plan, from its metrics by name, ``[path]``."""
        (weight, first), *others = self.terms
        scores: Array = weight * first.compute_scores(metrics[first.metric], design)
        for weight, estimand in others:
            scores = scores + weight * estimand.compute_scores(metrics[estimand.metric], design)
        return scores

    def describe_unit(self, currency: str) -> str:
        """Return the unit of its value: that of all its terms, ``1`` where they differ."""
        units = {METRICS[estimand.metric].build_attrs(currency)["units"] for _, estimand in self.terms}
        return str(units.pop()) if len(units) == 1 else "1"

    def compute_year_factor(self, years: float) -> float:
        """Return what turns its value over so many measured years into one per year; 1 where there is no such value."""
        adds_up = all(METRICS[estimand.metric].total for _, estimand in self.terms)
        scales = all(estimand.statistic == "mean" for _, estimand in self.terms) or is_about_a_year(years)
        return 1.0 / years if adds_up and scales else 1.0


@dataclass(frozen=True)
class Constraint:
    """A bound on a statistic of a metric.

    Attributes
    ----------
    text : the constraint as it was written.
    estimand : the statistic.
    is_lower : whether the bound is the least value allowed; otherwise it is the largest.
    bound : the bound, in the unit of the metric; per year where the statistic is shown per year.
    """

    text: str
    estimand: Estimand
    is_lower: bool
    bound: float

    def compute_scores(self, metrics: MetricArrays, design: Design) -> Array:
        """Return one number per path whose mean is the statistic of a plan, from its metrics by name, ``[path]``."""
        return self.estimand.compute_scores(metrics[self.estimand.metric], design)

    def compute_year_factor(self, years: float) -> float:
        """Return what turns its statistic over so many measured years into what the bound is on."""
        return Objective("", ((1.0, self.estimand),)).compute_year_factor(years)

    def convert_bound(self, years: float) -> float:
        """Return the bound on what adds up over so many measured years."""
        return self.bound / self.compute_year_factor(years)


def parse_objective(text: str) -> Objective:
    """Return the objective that a text such as ``0.7*cost.mean + 0.3*cost.cvar95`` stands for.

    Raises
    ------
    ResultError
        When it is no sum of statistics, one is unknown, or a metric that is better when high is to be minimized.
    """
    if not isinstance(text, str):
        raise ResultError(f"the objective {text!r:.60} is no text: {_EXAMPLE}")
    terms: list[tuple[float, Estimand]] = []
    place = 0
    while place < len(text) or not terms:
        match = _TERM.match(text, place)
        if match is None or (terms and match["sign"] is None):
            raise ResultError(f"the objective {text!r} is no sum of statistics of metrics: {_EXAMPLE}")
        weight = float(match["weight"] or 1.0) * (-1.0 if match["sign"] == "-" else 1.0)
        terms.append((weight, parse_estimand(match["name"], _EXAMPLE)))
        place = match.end()
    _require_direction(text, terms)
    return Objective(text.strip(), tuple(terms))


def _require_direction(text: str, terms: Iterable[tuple[float, Estimand]]) -> None:
    """Raise ResultError where a weight has no effect, or asks for less of what is good or more of what is bad."""
    for weight, estimand in terms:
        if weight == 0 or not math.isfinite(weight):
            raise ResultError(f"the objective {text!r} has the weight {weight:g}: expected a number other than 0")
        if (weight > 0) == estimand.is_better_high:
            what = "better when high" if estimand.is_better_high else "better when low"
            sign = "-" if estimand.is_better_high else ""
            raise ResultError(
                f"the objective {text!r} is minimized, and {estimand.metric} is {what}: write {sign}{estimand.name}"
            )


def parse_constraint(text: str) -> Constraint:
    """Return the constraint that a text such as ``fill_rate.mean >= 98%`` stands for.

    Raises
    ------
    ResultError
        When it is no bound on a statistic of a metric.
    """
    if not isinstance(text, str):
        raise ResultError(f"the constraint {text!r:.60} is no text: {_CONSTRAINT_EXAMPLE}")
    match = _CONSTRAINT.fullmatch(text)
    if match is None:
        form = "METRIC.STATISTIC >= NUMBER or <= NUMBER"
        raise ResultError(f"the constraint {text!r} is no {form}: {_CONSTRAINT_EXAMPLE}")
    bound = float(match["bound"]) / (100.0 if match["percent"] else 1.0)
    estimand = parse_estimand(match["name"], _CONSTRAINT_EXAMPLE)
    is_lower = match["relation"] == ">="
    if METRICS[estimand.metric].unit == "1" and not 0 <= bound <= 1:
        raise ResultError(f"the constraint {text!r} has the bound {bound:g}: {estimand.metric} lies between 0 and 1")
    if is_lower != estimand.is_better_high:
        raise ResultError(
            f"the constraint {text!r} asks for a bad {estimand.metric}: write "
            f"{estimand.name} {'>=' if estimand.is_better_high else '<='} {match['bound']}{match['percent']}"
        )
    return Constraint(" ".join(text.split()), estimand, is_lower, bound)


def compute_measured_years(periods: int, period_hours: float) -> float:
    """Return how many years of 365 days are measured."""
    return periods * period_hours / HOURS_PER_YEAR


def require_metrics(found: Iterable[str], objective: Objective, constraints: Iterable[Constraint]) -> None:
    """Raise ResultError where an objective or a constraint is about a metric that the paths do not have."""
    known = list(found)
    wanted = [*objective.metrics, *(constraint.estimand.metric for constraint in constraints)]
    for name in wanted:
        if name not in known:
            raise ResultError(f"there is no {name} in this model: it has {', '.join(known)}")


def compute_violation(value: float, error: float, constraint: Constraint, bound: float, reach: float) -> float:
    """Return by how much an estimate may miss a bound, as a share of what the bound allows; 0 where it meets it.

    Parameters
    ----------
    value, error : the estimate and its standard error.
    constraint : the constraint.
    bound : its bound over the measured horizon.
    reach : how many standard errors the estimate is to be on the safe side.
    """
    shortfall = bound - value if constraint.is_lower else value - bound
    margin = reach * (0.0 if math.isnan(error) else error)
    # What a fill rate of 98 % allows is 2 %.
    scale = 1.0 - bound if METRICS[constraint.estimand.metric].unit == "1" and constraint.is_lower else abs(bound)
    return float(np.maximum(shortfall + margin, 0.0)) / (scale or 1.0)
