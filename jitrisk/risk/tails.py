"""Value at risk and conditional value at risk of one sample, atoms included, with standard errors.

The definitions are those of Rockafellar & Uryasev (2002), "Conditional value-at-risk for general loss
distributions", Journal of Banking & Finance 26: the value at risk is the least x with F(x) >= level, and the
conditional value at risk the mean of the worst 1 - level of the probability, for which the atom at the
value at risk is split. Here losses are bad when high; callers turn the sign of what is bad when low.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jitrisk.risk.precision import rank, rank_interval, standard_error
from jitrisk.risk.result import Array


@dataclass(frozen=True)
class TailRisk:
    """Value at risk and conditional value at risk, each with its standard error.

    A standard error is NaN where the tail holds too few paths to bound the value at risk from both sides.
    """

    var: float
    var_standard_error: float
    cvar: float
    cvar_standard_error: float


def tail_risk(ordered: Array, level: float) -> TailRisk:
    """Return the tail risk of a sorted sample.

    The standard error of the value at risk comes from the spacing of the order statistics around it (Siddiqui
    1960; Bloch & Gastwirth 1968), with those that bound it whatever the distribution; that of the conditional
    value at risk from its influence function (Trindade, Uryasev, Shapiro & Zrazhevsky 2007).

    Parameters
    ----------
    ordered : the losses, ascending.
    level : probability of the part that is not the tail.
    """
    paths = ordered.size
    var = float(ordered[rank(paths, level) - 1])
    scores = tail_scores(ordered, level)
    bounds = rank_interval(paths, level)
    if bounds is None:
        return TailRisk(var, math.nan, float(scores.mean()), math.nan)
    lower, upper = bounds
    spacing = float(ordered[upper - 1] - ordered[lower - 1]) / (upper - lower)
    var_error = spacing * math.sqrt(paths * level * (1 - level))
    return TailRisk(var, var_error, float(scores.mean()), standard_error(scores))


def tail_scores(losses: Array, level: float) -> Array:
    """Return one score a path, whose mean is the conditional value at risk and whose spread its error.

    The score is ``v + max(loss - v, 0) / (1 - level)`` with v the value at risk: the function that Rockafellar &
    Uryasev minimize, so that the error made in v itself is of second order.

    Parameters
    ----------
    losses : the losses, in any order.
    level : probability of the part that is not the tail.
    """
    index = rank(losses.size, level) - 1
    var = np.partition(losses, index)[index]
    scores: Array = np.maximum(losses - var, 0.0)
    scores /= 1 - level
    scores += var
    return scores
