"""How far estimates can be trusted: intervals of means, shares and quantiles, and the moments they rest on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, bdtrik, betaincinv, ndtri, stdtrit

from jitrisk.errors import ResultError
from jitrisk.risk.inputs import Array

CONFIDENCE = 0.95
_Scalar = TypeVar("_Scalar", bound=np.generic)
# Temporary arrays of this many values stay in a core's cache.
_CHUNK = 1 << 15


class Spread(NamedTuple):
    """The mean of a sample with its error, and how far its values spread.

    Attributes
    ----------
    mean : the mean.
    deviation, deviation_error : standard deviation of the values, and its standard error.
    standard_error : standard error of the mean.
    skewness : third standardized moment of the mean as an estimate: that of the values over the root of their number.
    freedom : degrees of freedom of the standard error.
    effective : how many values the standard error rests on, ``(sum of x ** 2) ** 2 / sum of x ** 4`` with x what each
        adds to the error of the mean; inf for a constant. If one value in a thousand differs from the others, that is
        one value in a thousand.
    """

    mean: float
    deviation: float
    deviation_error: float
    standard_error: float
    skewness: float
    freedom: float
    effective: float


@dataclass(frozen=True)
class Moments:
    """Mean and central moments of a sample.

    Attributes
    ----------
    size : how many values there are.
    mean : their mean.
    second, third, fourth : means of the second to fourth power of what they differ from it; the last may be NaN.
    """

    size: int
    mean: float
    second: float
    third: float
    fourth: float = math.nan

    @property
    def deviation(self) -> float:
        """Standard deviation with n - 1 degrees of freedom, NaN for fewer than two values."""
        return math.sqrt(self.second * self.size / (self.size - 1)) if self.size > 1 else math.nan

    @property
    def standard_error(self) -> float:
        """Standard error of the mean, NaN for fewer than two values."""
        return self.deviation / math.sqrt(self.size)

    @property
    def deviation_error(self) -> float:
        """Standard error of the standard deviation by the delta method (Cramér 1946, section 27.7)."""
        if self.size < 2 or self.second == 0:
            return math.nan if self.size < 2 else 0.0
        return math.sqrt(max(self.fourth / self.second - self.second, 0.0) / (4 * self.size))

    @property
    def skewness(self) -> float:
        """Third standardized moment, 0 for a constant."""
        # Divided twice, because the power of a tiny number is 0.
        return self.third / self.second / math.sqrt(self.second) if self.second > 0 else 0.0

    @property
    def effective(self) -> float:
        """How many values the second moment rests on, inf for a constant: the number of values over their kurtosis."""
        # Divided twice, because the power of a tiny number is 0.
        kurtosis = self.fourth / self.second / self.second if self.second > 0 else 0.0
        return math.inf if kurtosis == 0 else self.size / kurtosis

    @property
    def spread(self) -> Spread:
        """The mean with its error, and the spread of the values."""
        skewness = self.skewness / math.sqrt(self.size)
        error, freedom = self.standard_error, self.size - 1.0
        return Spread(self.mean, self.deviation, self.deviation_error, error, skewness, freedom, self.effective)


def moments(values: Array) -> Moments:
    """Return the moments of a sample; those of a constant are exact."""
    least = float(values.min())
    if least == values.max():
        return Moments(values.size, least, 0.0, 0.0, 0.0)
    mean, sums = float(values.mean()), np.zeros(3)
    for part in split_chunks(values):
        difference = part - mean
        square = difference * difference
        sums += (square.sum(), compute_inner_product(square, difference), compute_inner_product(square, square))
    second, third, fourth = (float(total) / values.size for total in sums)
    return Moments(values.size, mean, second, third, fourth)


def excess_moments(values: Array, threshold: float, level: float, low: bool) -> Moments:
    """Return the moments of ``max(value - threshold, 0) / (1 - level)``, with both signs reversed where `low`."""
    sums = np.zeros(3)
    for part in split_chunks(values):
        beyond = threshold - part[part < threshold] if low else part[part > threshold] - threshold
        square = beyond * beyond
        sums += (beyond.sum(), square.sum(), compute_inner_product(square, beyond))
    mean, second, third = (float(total) / values.size / (1 - level) ** (k + 1) for k, total in enumerate(sums))
    # Most of them are 0, so nothing is lost by subtracting.
    return Moments(values.size, mean, max(second - mean * mean, 0.0), third - mean * (3 * second - 2 * mean * mean))


def sparse_moments(values: Array, size: int) -> Moments:
    """Return the moments of a sample, from the few of its values that are not 0.

    Parameters
    ----------
    values : the values that may differ from 0, in any order.
    size : how many values there are with those that are 0.
    """
    squares = values * values
    sums = (
        values.sum(),
        squares.sum(),
        compute_inner_product(squares, values),
        compute_inner_product(squares, squares),
    )
    mean, second, third, fourth = (float(total) / size for total in sums)
    # Most of them are 0, so nothing is lost by subtracting.
    return Moments(
        size,
        mean,
        max(second - mean**2, 0.0),
        third - mean * (3 * second - 2 * mean**2),
        max(fourth - mean * (4 * third - mean * (6 * second - 3 * mean**2)), 0.0),
    )


def compute_inner_product(one: Array, other: Array) -> float:
    """Return the inner product, on this thread alone: the one of BLAS would start others."""
    return float(np.einsum("i,i->", one, other))


def standard_error(values: Array) -> float:
    """Return the standard error of the mean, NaN for fewer than two values."""
    return moments(values).standard_error


def require_probability(what: str, value: float) -> float:
    """Return a probability strictly between 0 and 1, or raise ResultError."""
    if not 0 < value < 1:
        raise ResultError(f"{what} is {value!r}, it must lie between 0 and 1, such as 0.95")
    return float(value)


def split_chunks(values: npt.NDArray[_Scalar]) -> Iterator[npt.NDArray[_Scalar]]:
    """Yield the values piece by piece, so that what is computed from a piece stays in the cache."""
    for start in range(0, values.size, _CHUNK):
        yield values[start : start + _CHUNK]


def student(freedom: float, confidence: float = CONFIDENCE) -> float:
    """Return how many standard errors of so many degrees of freedom reach to the ends of an interval of a mean."""
    return float(stdtrit(freedom, 0.5 + confidence / 2)) if freedom > 0 else math.nan


def compute_reach(freedom: float, evidence: float, confidence: float = CONFIDENCE) -> float:
    """Return how many standard errors reach to the ends of an interval, for few values or few occurrences of a hazard.

    Parameters
    ----------
    freedom : degrees of freedom of the standard error.
    evidence : how many occurrences of the rarest hazard are expected: a spread that rests on them is known no better
        than that of so many values.
    confidence : probability that the interval covers the true value.
    """
    return student(min(freedom, evidence - 1), confidence)


def normal(confidence: float = CONFIDENCE) -> float:
    """Return how many standard errors reach to the ends of an interval of a normal estimate."""
    return float(ndtri(0.5 + confidence / 2))


def compute_skewed_interval(spread: Spread, reach: float) -> tuple[float, float]:
    """Return the interval of a mean, longer on the side of the long tail.

    The studentized mean is transformed to remove its skewness (Hall 1992, Journal of the Royal Statistical Society B
    54). Without skewness the interval is the usual one, `reach` standard errors to both sides.

    Parameters
    ----------
    spread : the mean, its error and its skewness.
    reach : how many standard errors the usual interval reaches, see :func:`student`.
    """
    mean, error = spread.mean, spread.standard_error
    return mean - error * _invert_skew_correction(reach, spread.skewness), mean - error * _invert_skew_correction(
        -reach, spread.skewness
    )


def _invert_skew_correction(reach: float, skewness: float) -> float:
    """Return the inverse of Hall's transformation, which turns a skewed studentized mean into a normal variable."""
    if skewness == 0 or math.isnan(reach):
        return reach
    inside = skewness * (reach - skewness / 6)
    root = math.expm1(math.log1p(inside) / 3) if inside > -0.5 else math.cbrt(1 + inside) - 1
    return 3 * root / skewness


def clopper_pearson(share: float, paths: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper & Pearson 1934, Biometrika 26).

    Each end misses with at most half of what the confidence leaves, whatever the share is.

    Parameters
    ----------
    share : the share seen; need not be a whole number of paths, where ties are shared out.
    paths : how many paths it was seen on, or how many that are all alike would say as much.
    confidence : probability that the interval covers the true share.
    """
    miss, hits = (1 - confidence) / 2, share * paths
    lower = float(betaincinv(hits, paths - hits + 1, miss)) if share > 0 else 0.0
    upper = float(betaincinv(hits + 1, paths - hits, 1 - miss)) if share < 1 else 1.0
    return lower, upper


def rank(paths: int, probability: float) -> int:
    """Return the 1-based rank of the least value whose empirical distribution reaches `probability`."""
    # 0.07 * 100 is a little above 7 in floating point, and the rank is 7.
    return max(1, math.ceil(paths * probability * (1 - 1e-12)))


@lru_cache(maxsize=1024)
def find_rank_interval(paths: int, probability: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Return the 1-based ranks between which a quantile lies, whatever the distribution.

    The number of paths below the quantile is binomial: each end misses with at most half of what the confidence
    leaves (David & Nagaraja 2003, Order Statistics, section 7.1). Where the quantile sits in an atom, the interval
    covers it more often. None where the paths are too few for both ends to exist.

    Parameters
    ----------
    paths : how many values there are.
    probability : the quantile's probability.
    confidence : probability that the interval covers the quantile.
    """
    miss = (1 - confidence) / 2
    lower, upper = (
        _find_lower_rank(paths, probability, miss),
        paths + 1 - _find_lower_rank(paths, 1 - probability, miss),
    )
    return (lower, upper) if lower >= 1 and upper <= paths else None


def _find_lower_rank(paths: int, probability: float, miss: float) -> int:
    """Return the largest rank whose value lies above the quantile with probability `miss` at most, 0 if none."""
    guess = bdtrik(miss, paths, probability)
    count = int(guess) if guess > 0 else 0
    while count >= 0 and bdtr(count, paths, probability) > miss:
        count -= 1
    while bdtr(count + 1, paths, probability) <= miss:
        count += 1
    return count + 1
