"""Distributions as atoms, values with their probabilities, for averages over draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jitrisk.sampling.distributions import FAMILIES, Distribution
from jitrisk.sampling.elementary import dot
from jitrisk.sampling.normal import cdf

# A draw is a 32-bit word, so that probabilities below 2^-34 on either side do not occur: 6.45 standard deviations.
_FARTHEST_SCORE = 6.45
STRATA = 1 << 16
"""Values of a continuous distribution, where there is room for as many."""


@dataclass(frozen=True, eq=False)
class Atoms:
    """Values and their probabilities.

    Attributes
    ----------
    values : rising, at least 0, shape (n,).
    masses : probabilities, add up to 1, shape (n,).
    exact : whether the distribution has these values and no others.
    """

    values: np.ndarray
    masses: np.ndarray
    exact: bool

    @property
    def mean(self) -> float:
        """The mean."""
        return dot(self.values, self.masses)

    @property
    def variance(self) -> float:
        """The variance."""
        return dot((self.values - self.mean) ** 2, self.masses)

    @property
    def zero_probability(self) -> float:
        """The probability of the value 0."""
        return float(self.masses[self.values == 0.0].sum())


@lru_cache(maxsize=32)
def discretize(distribution: Distribution, strata: int = STRATA) -> Atoms:
    """Return a distribution as atoms, negative values clipped at 0.

    Parameters
    ----------
    distribution : of a demand, a lead time or a yield.
    strata : how many values there may be.

    Returns
    -------
    The values of a discrete distribution, or else the medians of strata whose ends are equidistant in the standard
    normal score of their probability, so that both tails are resolved equally.
    """
    steps = list_steps(distribution)
    exact = steps is not None and len(steps[0]) <= strata
    if steps is not None and exact:
        values, below = steps
        masses = np.diff(below, prepend=0.0, append=1.0)
    else:
        scores = np.linspace(-_FARTHEST_SCORE, _FARTHEST_SCORE, 2 * strata + 1)
        values = compute_quantiles(distribution, scores[1::2])
        masses = compute_probabilities(scores[::2])
    kept = masses > 0.0
    return Atoms(np.maximum(values[kept], 0.0), masses[kept], exact)


def list_steps(distribution: Distribution) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the values of a discrete distribution and P(X <= x) of all but the last, None where there are too many."""
    if distribution.family == "constant":
        return np.array([distribution.mean()]), np.empty(0)
    return FAMILIES[distribution.family].list_steps(dict(distribution.parameters))


def compute_quantiles(distribution: Distribution, scores: np.ndarray) -> np.ndarray:
    """Return the quantiles at the probabilities of standard normal scores, each from the nearer end."""
    low, high = scores[scores < 0.0], scores[scores >= 0.0]
    return np.concatenate([distribution.quantile(cdf(low)), distribution.quantile(cdf(-high), upper=True)])


def compute_probabilities(scores: np.ndarray) -> np.ndarray:
    """Return the standard normal probabilities between rising scores, scaled to add up to 1."""
    masses = np.where(scores[:-1] < 0.0, np.diff(cdf(scores)), -np.diff(cdf(-scores)))
    return np.asarray(masses / masses.sum())


def list_normal_scores() -> np.ndarray:
    """Return equidistant standard normal scores over all probabilities that are drawn."""
    return np.linspace(-_FARTHEST_SCORE, _FARTHEST_SCORE, (STRATA >> 3) + 1)


def compute_clipped_mean(distribution: Distribution, highest: float = math.inf) -> float:
    """Return the mean of what is drawn: values below 0 count as 0, and those above `highest` as that.

    Parameters
    ----------
    distribution : of a demand, or of a yield, whose highest value is 1.
    highest : the value above which is clipped.
    """
    if distribution.lowest >= 0.0 and distribution.highest <= highest:
        return distribution.mean()
    drawn = discretize(distribution)
    return dot(np.minimum(drawn.values, highest), drawn.masses)
