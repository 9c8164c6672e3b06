"""How far estimates can be trusted: normal and Student intervals, Wilson's for shares, ranks of quantiles."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri, stdtrit

from jitrisk.risk.result import Array

CONFIDENCE = 0.95


def standard_error(values: Array) -> float:
    """Return the standard error of the mean, NaN for fewer than two values."""
    return deviation(values) / math.sqrt(values.size)


def deviation(values: Array) -> float:
    """Return the standard deviation with n - 1 degrees of freedom, NaN for fewer than two values."""
    return float(np.std(values, ddof=1)) if values.size > 1 else math.nan


def student(paths: int, confidence: float = CONFIDENCE) -> float:
    """Return how many standard errors reach from a mean of so many paths to the ends of its interval."""
    return float(stdtrit(paths - 1, 0.5 + confidence / 2)) if paths > 1 else math.nan


def normal(confidence: float = CONFIDENCE) -> float:
    """Return how many standard errors reach to the ends of an interval of a normal estimate."""
    return float(ndtri(0.5 + confidence / 2))


def wilson(share: float, paths: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927, Journal of the American Statistical Association 22).

    Parameters
    ----------
    share : the share seen; need not be a whole number of paths, where ties are shared out.
    paths : how many paths it was seen on.
    confidence : probability that the interval covers the true share.
    """
    z2 = normal(confidence) ** 2
    center = (share + z2 / (2 * paths)) / (1 + z2 / paths)
    half = math.sqrt(z2 * (share * (1 - share) / paths + z2 / (4 * paths**2))) / (1 + z2 / paths)
    # At 0 and 1 the end of the interval is the share itself, which rounding would miss.
    return (0.0 if share == 0 else center - half), (1.0 if share == 1 else center + half)


def rank(paths: int, probability: float) -> int:
    """Return the 1-based rank of the least value whose empirical distribution reaches `probability`."""
    # 0.07 * 100 is a little above 7 in floating point, and the rank is 7.
    return max(1, math.ceil(paths * probability * (1 - 1e-12)))


def rank_interval(paths: int, probability: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Return the 1-based ranks between which a quantile lies, whatever the distribution.

    The number of paths below the quantile is binomial, here by its normal approximation (David & Nagaraja
    2003, Order Statistics, section 7.1). None where the paths are too few for both ends to exist.

    Parameters
    ----------
    paths : how many values there are.
    probability : the quantile's probability.
    confidence : probability that the interval covers the quantile.
    """
    half = normal(confidence) * math.sqrt(paths * probability * (1 - probability))
    lower, upper = math.floor(paths * probability - half), math.ceil(paths * probability + half)
    return (lower, upper) if lower >= 1 and upper <= paths else None
