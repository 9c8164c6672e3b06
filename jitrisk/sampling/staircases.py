"""Distribution functions of whole numbers with the same bits on every processor, from ratios of neighbors.

The probability of a number over that of the one before is a rational function in every family, so that a product of
ratios gives all probabilities, but for a factor, and their sum the factor. Where there are too many numbers to list,
their probabilities are a smooth density, summed by :mod:`jitrisk.sampling.panels`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeVar

import numpy as np

from jitrisk.sampling.elementary import Floats, log1p, polynomial
from jitrisk.sampling.panels import ORDER, Slopes, TaylorSeries, build_panels, powers

# What is left out on either side, relative to the largest probability, and the most numbers listed on a side.
_NEGLIGIBLE = 2.0**-120
_MOST_LISTED = 1 << 18
_FIRST_LISTED = 1 << 10
# A distribution is too wide to be listed whose probabilities have hardly fallen after so many numbers.
_FLAT = 1 << 12
_EVERY = np.arange(float(_FLAT))
# From here on a smooth density stands for probabilities; those of smaller numbers are listed.
_SMOOTH_FROM = 4096


Number = TypeVar("Number", float, Floats)


class CountDistribution(Protocol):
    """A family on whole numbers from 0 on, with its parameters.

    Attributes
    ----------
    mode : a number of the largest probability, or nearly so.
    last : the largest number, inf where there is none.
    place : d, where P(k) is proportional to powers of constants and, at y = k + 1/2, 1 / Gamma(y + 1/2) times
        Gamma(y - d + 1/2) where d is below y, times 1 / Gamma(d - y + 1/2) where it is above, times 1 where it is inf.
    """

    @property
    def mode(self) -> float:
        """Return a number of the largest probability, or nearly so."""

    @property
    def last(self) -> float:
        """Return the largest number, inf where there is none."""

    @property
    def place(self) -> float:
        """Return the argument at which the second gamma function of P(k) begins, inf where there is none."""

    def compute_ratios(self, k: Floats) -> Floats:
        """Return P(k + 1) / P(k) for whole numbers k, shape (n,)."""

    def compute_excess(self, y: Number) -> Number:
        """Return that ratio at halves y = k + 1/2, without what `place` says of terms -1 / (24 y), less 1."""


@dataclass(frozen=True)
class Poisson:
    """Poisson: P(k + 1) / P(k) = mean / (k + 1)."""

    mean: float
    last: float = math.inf

    @property
    def mode(self) -> float:
        """A number of the largest probability."""
        return float(math.floor(self.mean))

    def compute_ratios(self, k: Floats) -> Floats:
        """Return P(k + 1) / P(k)."""
        return self.mean / (k + 1.0)

    def compute_excess(self, y: Number) -> Number:
        """Return mean / y - 1."""
        return (self.mean - y) / y

    @property
    def place(self) -> float:
        """Infinity: P(k) has one gamma function."""
        return math.inf


@dataclass(frozen=True)
class NegativeBinomial:
    """Negative binomial: P(k + 1) / P(k) = (k + size) / (k + 1) * mean / (mean + size)."""

    mean: float
    size: float
    last: float = math.inf

    @property
    def mode(self) -> float:
        """A number of the largest probability."""
        return float(math.floor(max(0.0, (self.size - 1.0) * (self.mean / self.size))))

    def compute_ratios(self, k: Floats) -> Floats:
        """Return P(k + 1) / P(k)."""
        return (k + self.size) / (k + 1.0) * (self.mean / (self.mean + self.size))

    def compute_excess(self, y: Number) -> Number:
        """Return (y + size - 1) / y * mean / (mean + size) - 1."""
        return ((self.size - 1.0) * self.mean - y * self.size) / (y * (self.mean + self.size))

    @property
    def place(self) -> float:
        """The other gamma function is Gamma(k + size)."""
        return 1.0 - self.size


@dataclass(frozen=True)
class Binomial:
    """Binomial: P(k + 1) / P(k) = (n - k) / (k + 1) * p / (1 - p)."""

    last: float
    p: float

    @property
    def mode(self) -> float:
        """A number of the largest probability."""
        return float(min(math.floor((self.last + 1.0) * self.p), self.last))

    def compute_ratios(self, k: Floats) -> Floats:
        """Return P(k + 1) / P(k)."""
        return (self.last - k) / (k + 1.0) * (self.p / (1.0 - self.p))

    def compute_excess(self, y: Number) -> Number:
        """Return (n + 1 - y) / y * p / (1 - p) - 1."""
        return ((self.last + 1.0) * self.p - y) / (y * (1.0 - self.p))

    @property
    def place(self) -> float:
        """The other gamma function is 1 / Gamma(n + 1 - k)."""
        return self.last + 1.0


class ListedCdf:
    """Probabilities of consecutive numbers, all that count.

    Attributes
    ----------
    first : the first number.
    below, above : P(X <= k) and P(X > k) for every number but the last.
    """

    def __init__(self, first: float, masses: Floats) -> None:
        self.first = first
        up, down = np.cumsum(masses), np.cumsum(masses[::-1])[::-1]
        # The sums from both ends agree to the last bits; the halves nearer to their ends are the better ones.
        half = int(np.searchsorted(up, 0.5 * up[-1]))
        total = up[half] + (down[half + 1] if half + 1 < len(down) else 0.0)
        self.below, self.above = up[:-1] / total, down[1:] / total
        self._rising = -self.above

    def quantile(self, p: Floats, upper: bool) -> Floats:
        """Return the least k with P(X <= k) >= p (``upper``: P(X > k) <= p)."""
        if upper:
            return self.first + np.searchsorted(self._rising, -p, side="left").astype(np.float64)
        return self.first + np.searchsorted(self.below, p, side="left").astype(np.float64)

    def tail(self, k: Floats, upper: bool) -> Floats:
        """Return P(X <= k), ``upper``: P(X > k), of whole numbers."""
        place = (k - self.first).astype(np.int64)
        inside = np.clip(place, 0, max(len(self.below) - 1, 0))
        known = (self.above if upper else self.below)[inside] if len(self.below) else np.zeros(len(k))
        outside = np.where(place < 0, float(upper), float(not upper))
        return np.where((place >= 0) & (place < len(self.below)), known, outside)


class SmoothCdf:
    """Probabilities of very many numbers, in panels; those of small numbers are listed."""

    def __init__(self, distribution: CountDistribution) -> None:
        mode = max(distribution.mode + 0.5, 1.0)
        self._panels = build_panels(
            _build_slopes(distribution), _build_series(distribution), mode, float(_SMOOTH_FROM), steps=True
        )
        self._head = np.zeros(0)
        if self._panels.edges[0] == _SMOOTH_FROM:
            u = (0.5 - self._panels.half[:1]) / self._panels.half[:1]
            density = polynomial(u, list(self._panels.densities[:, 0]))
            ratios = distribution.compute_ratios(np.arange(_SMOOTH_FROM - 1.0, -1.0, -1.0))
            self._head = np.cumsum((density / np.cumprod(ratios))[::-1])
            self._panels = self._panels.add_head(float(self._head[-1]))

    def quantile(self, p: Floats, upper: bool) -> Floats:
        """Return the least k with P(X <= k) >= p (``upper``: P(X > k) <= p), nearly."""
        panels, head = self._panels, len(self._head)
        mass = p * panels.total
        if upper:
            far = mass <= panels.above[0]
            low = np.where(far, 0.0, (1.0 - p) * panels.total)
        else:
            far, low = mass > panels.below[0], mass
        found = np.empty_like(p)
        # The sum up to k reaches to k + 1 on the scale of halves.
        found[far] = np.ceil(panels.find_place(mass[far], upper) - 1.0)
        if head:
            found[~far] = np.searchsorted(self._head, low[~far], side="left")
        else:
            found[~far] = np.floor(panels.edges[0])
        return found

    def tail(self, k: Floats, upper: bool) -> Floats:
        """Return P(X <= k), ``upper``: P(X > k), of whole numbers."""
        panels, head = self._panels, len(self._head)
        at = np.clip(k + 1.0, panels.edges[0], panels.edges[-1])
        found = panels.tail(at, upper) / panels.total
        if head:
            low = k < head - 1
            below = self._head[np.clip(k[low], 0, head - 1).astype(np.int64)] / panels.total
            found[low] = 1.0 - below if upper else below
        return found


@lru_cache(maxsize=16)
def build_cdf(distribution: CountDistribution) -> ListedCdf | SmoothCdf:
    """Return the distribution function of a distribution of whole numbers.

    Parameters
    ----------
    distribution : a :class:`Poisson`, :class:`NegativeBinomial` or :class:`Binomial`.
    """
    count = _FIRST_LISTED
    while count <= _MOST_LISTED:
        up, down = _compute_weights(distribution, count, 1.0), _compute_weights(distribution, count, -1.0)
        if up is not None and down is not None:
            return ListedCdf(distribution.mode - len(down), np.concatenate([down[::-1], [1.0], up]))
        if count >= _FLAT and up is None and distribution.compute_ratios(distribution.mode + _EVERY).prod() > 0.7:
            break
        count *= 4
    return SmoothCdf(distribution)


def _compute_weights(distribution: CountDistribution, count: int, direction: float) -> Floats | None:
    """Return probabilities over that of the mode, on one side of it from there outward; None if more than `count`."""
    if direction > 0.0:
        k = distribution.mode + np.arange(min(count, distribution.last - distribution.mode))
        factors = distribution.compute_ratios(k)
    else:
        k = distribution.mode - 1.0 - np.arange(min(count, distribution.mode))
        factors = 1.0 / distribution.compute_ratios(k)
    with np.errstate(under="ignore"):
        weights = np.cumprod(factors)
    # Ratios fall outward, or rise to a limit below 1: what follows a number is a small multiple of it.
    kept = int(np.count_nonzero(weights > _NEGLIGIBLE * np.maximum(1.0 - factors, 0.0)))
    if kept == len(weights) and len(weights) == count:
        return None
    return np.asarray(weights[:kept])


def _build_slopes(distribution: CountDistribution) -> Slopes:
    def compute_slopes(y: float) -> tuple[float, float]:
        ratio = distribution.compute_excess(y)
        # A rational approximation of the logarithm: rough values do.
        return ratio * (6.0 + ratio) / (6.0 + 4.0 * ratio), 1.0 / (y - distribution.place) - 1.0 / y

    return compute_slopes


def _build_series(distribution: CountDistribution) -> TaylorSeries:
    """Return Taylor coefficients by log Gamma(z + 1/2) = z log z - z + log(2 pi) / 2 - 1 / (24 z) + O(z**-3)."""

    def compute_series(center: Floats, half: Floats) -> list[Floats]:
        place = distribution.place
        one, other = -half / center, -half / (center - place)
        # Differences of equal powers of the two, without loss where they are nearly the same.
        apart = -one if math.isinf(place) else -half * (place / (center * (center - place)))
        ones, others = powers(one, ORDER), powers(other, ORDER)
        difference, logs = apart, [half * log1p(distribution.compute_excess(center))]
        for n in range(2, ORDER + 1):
            logs.append(-half * difference / (n * (n - 1.0)))
            difference = other * difference + ones[n - 2] * apart
        return [each + (ones[n] / center - others[n] / (center - place)) / 24.0 for n, each in enumerate(logs)]

    return compute_series
