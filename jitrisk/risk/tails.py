"""Value at risk and conditional value at risk of one sample, atoms included, with errors and intervals.

The definitions are those of Rockafellar & Uryasev (2002), "Conditional value-at-risk for general loss
distributions", Journal of Banking & Finance 26: the value at risk is the least x with F(x) >= level, and the
conditional value at risk the mean of the worst 1 - level of the probability, for which the atom at the
value at risk is split. What is bad when low has its tail at the other end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from jitrisk.risk.design import Design, EqualDesign, Point
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE, compute_reach, compute_skewed_interval
from jitrisk.risk.order_statistics import Quantile


@dataclass(frozen=True)
class TailRisk:
    """Value at risk and conditional value at risk, each with its standard error and its interval.

    Errors and intervals are NaN where the tail holds too few paths to bound the value at risk from both sides.
    """

    var: float
    var_standard_error: float
    var_lower: float
    var_upper: float
    cvar: float
    cvar_standard_error: float
    cvar_lower: float
    cvar_upper: float


def compute_tail_risk(
    values: Array,
    level: float,
    confidence: float = CONFIDENCE,
    *,
    low: bool = False,
    design: Design | None = None,
    var: Quantile | None = None,
    evidence: float = math.inf,
) -> TailRisk:
    """Return the tail risk of a sample.

    The interval of the value at risk lies between order statistics, whatever the distribution, and its standard error
    comes from their spacing (Siddiqui 1960; Bloch & Gastwirth 1968). The conditional value at risk is a mean of one
    score per path, its influence function, whose spread is its standard error (Trindade, Uryasev, Shapiro & Zrazhevsky
    2007); its interval allows for the skewness of the scores, and for few paths in the tail as Student's does. It also
    allows for losses that jump near the level, such as those of a disaster in one horizon of twenty: the mean score is
    least at the true value at risk (Rockafellar & Uryasev 2002, theorem 10), and so safe as an upper bound at any
    value; the lower end is the least that the scores at either of two values give, the value at risk found and the
    milder end of its interval.

    Parameters
    ----------
    values : the sample, in any order.
    level : probability of the part that is not the tail.
    confidence : probability that an interval covers the true value.
    low : whether the lower tail is the bad one.
    design : how its paths were drawn; all alike by default.
    var : the value at risk, where it is known already.
    evidence : how many occurrences of the rarest hazard the paths are expected to show.
    """
    design = design or EqualDesign(values.size)
    at = var or design.quantiles(values, [Point(level, low)], confidence)[0]
    excess = design.excess(values, at.value, level, low)
    sign = -1.0 if low else 1.0
    cvar = at.value + sign * excess.mean
    if math.isnan(at.lower):
        unknown = math.nan
        return TailRisk(at.value, unknown, unknown, unknown, cvar, unknown, unknown, unknown)
    var_error = design.quantile_error(at, level, confidence)
    # The tail of 4 paths has the reach of 4 values, not of all.
    errors = compute_reach(design.count_tail_paths(values, at.value, level, low) - 1, evidence, confidence)
    mild, severe = compute_skewed_interval(excess, errors)
    milder = at.upper if low else at.lower
    if milder != at.value:
        end, _ = compute_skewed_interval(design.excess(values, milder, level, low), errors)
        mild = min(mild, sign * (milder - at.value) + end)
    lower, upper = sorted(at.value + sign * end for end in (mild, severe))
    return TailRisk(at.value, var_error, at.lower, at.upper, cvar, excess.standard_error, lower, upper)
