"""Shares and quantiles of weighted paths, from groups of paths whose probabilities are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from jitrisk.risk.design.base import ROUNDING
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import clopper_pearson, compute_inner_product
from jitrisk.risk.order_statistics import Quantile


class Group(NamedTuple):
    """Paths of one kind among weighted ones.

    Attributes
    ----------
    probability : that of a path of this kind.
    weights : share of every path in the group, 0 for those of others.
    effective : how many paths that are all alike would say as much on average.
    """

    probability: float
    weights: Array
    effective: float

    @classmethod
    def from_weights(cls, weights: Array, probability: float) -> Group:
        """Return the group of the paths that have weights."""
        shares = weights / weights.sum()
        return cls(probability, shares, 1.0 / compute_inner_product(shares, shares))

    def sum_squares(self, hits: Array) -> float:
        """Return the sum of squares by which the share of hits errs."""
        gaps = self.weights * (hits - compute_inner_product(self.weights, hits))
        return compute_inner_product(gaps, gaps)

    def estimate_share(self, found: float, squares: float) -> tuple[float, float]:
        """Return a share in the group, and how many paths that are all alike would show it as well."""
        # Sums of weights are 0 and 1 but for rounding.
        found = 0.0 if found < ROUNDING else 1.0 if found > 1 - ROUNDING else found
        return found, found * (1 - found) / squares if 0 < found < 1 else self.effective


def combine_intervals(parts: Sequence[tuple[float, float, float]], confidence: float) -> tuple[float, float]:
    """Return the interval of a share, from those in the groups, whose probabilities are known.

    Parameters
    ----------
    parts : for each group its probability, the share in it, and how many paths show that, inf where it is certain.
    confidence : probability that the interval covers the true share.
    """
    found = below = above = 0.0
    for probability, share, paths in parts:
        lower, upper = clopper_pearson(share, paths, confidence) if math.isfinite(paths) else (share, share)
        found += probability * share
        below += (probability * (share - lower)) ** 2
        above += (probability * (upper - share)) ** 2
    return max(found - math.sqrt(below), 0.0), min(found + math.sqrt(above), 1.0)


class WeightedDistribution:
    """The weighted distribution function of one sample: a step at every value, in each group of paths.

    Unseen calm paths are taken not to lie further beyond the worst calm path than that lies beyond the middle one: else
    no tail rarer than calm paths show could be bounded, whatever the hazards do.
    """

    def __init__(self, values: Array, weights: Array, groups: Sequence[Group]) -> None:
        order = np.argsort(values, kind="stable")
        self._groups, self._values = groups, values[order]
        # Values that are equal make one step.
        self._ends = np.flatnonzero(np.append(np.diff(self._values) > 0, True))
        self._below, self._squares = [], []
        for group in groups:
            self._below.append(self._sum_shares(group.weights[order]))
            self._squares.append(np.cumsum(group.weights[order] ** 2)[self._ends])
        self._every = self._sum_shares(weights[order])
        calm = self._below[0]
        middle, worst = (self._read_value(int(np.searchsorted(calm, share))) for share in (0.5, 1.0))
        self._out_of_reach = worst + (worst - middle)

    def _sum_shares(self, shares: Array) -> Array:
        """Return the sums of shares up to every step, at most 1."""
        below: Array = np.cumsum(shares)[self._ends]
        return np.where(below > 1 - ROUNDING, 1.0, below)

    def quantile(self, probability: float, confidence: float) -> Quantile:
        """Return the least value that the distribution reaches a probability at, and its interval.

        The interval holds the values at which the interval of the distribution function holds the probability.
        """
        at = int(np.searchsorted(self._every, probability * (1 - ROUNDING)))
        lower = self._find_first_step(lambda step: self._compute_interval(step, confidence)[1] >= probability)
        upper = self._find_first_step(lambda step: self._compute_interval(step, confidence)[0] >= probability)
        # With nothing below the least value, it bounds the quantile only where that would be a surprise.
        nothing = [(group.probability, 0.0, group.effective) for group in self._groups]
        known = upper < len(self._ends) and combine_intervals(nothing, confidence)[1] <= probability
        ends = (self._read_value(lower), self._read_value(upper)) if known else (math.nan, math.nan)
        return Quantile(self._read_value(at), *ends)

    def _find_first_step(self, holds: Callable[[int], bool]) -> int:
        """Return the first step at which a condition holds that holds at every later one."""
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(middle) else (middle + 1, high)
        return low

    def _read_value(self, step: int) -> float:
        return float(self._values[self._ends[min(step, len(self._ends) - 1)]])

    def _compute_interval(self, step: int, confidence: float) -> tuple[float, float]:
        """Return the interval of the distribution function at a step."""
        parts = []
        for k, group in enumerate(self._groups):
            below, squares, every = self._below[k][step], self._squares[k][step], self._squares[k][-1]
            share, paths = group.estimate_share(below, (1 - below) ** 2 * squares + below**2 * (every - squares))
            certain = k == 0 and share == 1 and self._read_value(step) >= self._out_of_reach and len(self._groups) > 1
            parts.append((group.probability, share, math.inf if certain else paths))
        return combine_intervals(parts, confidence)
