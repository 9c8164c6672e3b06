"""Paths from a mixture: strata of fixed shares, and a weight per path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from jitrisk.errors import ResultError
from jitrisk.risk.design.base import ROUNDING, Point, RankedSample
from jitrisk.risk.design.groups import Group, WeightedDistribution, combine_intervals
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import Spread, compute_inner_product, normal
from jitrisk.risk.order_statistics import Quantile, QuantileBand


class WeightedDesign:
    """Paths from a mixture: strata of fixed shares, and a weight per path.

    The mean is ``sum a_h mean_h(w x) / sum a_h mean_h(w)`` over the strata h of share ``a_h``, and its error that of
    the ratio by the delta method (Cochran 1977, Sampling Techniques, sections 5A.8 and 6.11). For shares and quantiles
    paths are calm or hit, without or with a rare hazard, of which the probabilities are known. Calm paths are all
    alike; of hit ones the effective number takes the place of their number (Korn & Graubard 1998, Survey Methodology
    24), and the two intervals are put together as Zou & Donner (2008, Statistics in Medicine 27) do.

    Parameters
    ----------
    weight : weight of every path.
    component : the stratum of every path, 0 for the natural one.
    shares : nominal share of every stratum.
    rare_probability : probability that a natural path holds a rare hazard.

    Raises
    ------
    ResultError
        When a stratum has no path, so that no average is right.
    """

    def __init__(
        self, weight: Array, component: npt.NDArray[np.integer], shares: Array, rare_probability: float
    ) -> None:
        self.paths = len(weight)
        self._weight, self._shares, self._rare_probability = weight, shares, rare_probability
        self._component = np.asarray(component, dtype=np.intp)
        self._sizes = np.bincount(self._component, minlength=len(shares))
        if not self._sizes.all() or len(self._sizes) > len(shares):
            lacking = np.count_nonzero(self._sizes == 0)
            raise ResultError(
                f"these paths were sampled with rare=True (--rare) and lack {lacking} of {len(shares)} components, so "
                f"that no statistic of them is right: take at least {2 * (len(shares) - 1)} consecutive paths"
            )
        scaled = weight * (shares / self._sizes)[self._component]
        self._total = float(scaled.sum())
        self._weights = scaled / self._total
        self.effective = 1.0 / float(np.sum(self._weights**2))
        # A path without a rare hazard has the largest weight there is.
        self._is_hit = weight < (1 - ROUNDING) / shares[0]
        self.period = 2 * (len(shares) - 1)

    def mean(self, values: npt.NDArray[Any]) -> Array:
        """Return the weighted means over the last axis, the paths."""
        found: Array = np.einsum("...i,i->...", values, self._weights)
        return found

    def spread(self, values: Array) -> Spread:
        """Return the weighted mean of one value per path, with its error, and the spread of the values."""
        least = float(values.min())
        if least == values.max():
            return Spread(least, 0.0, 0.0, 0.0, 0.0, self.paths - 1.0, math.inf)
        mean = compute_inner_product(self._weights, values)
        gaps = values - mean
        error, skewness, freedom = self._compute_errors(gaps)
        squares = gaps * gaps
        variance = compute_inner_product(self._weights, squares)
        deviation = math.sqrt(variance / (1 - 1 / self.effective)) if self.effective > 1 else math.nan
        deviation_error = (
            self._compute_errors(squares - variance)[0] / (2 * math.sqrt(variance)) if variance > 0 else 0.0
        )
        return Spread(mean, deviation, deviation_error, error, skewness, freedom, self._count_error_paths(gaps))

    def _compute_errors(self, gaps: Array) -> tuple[float, float, float]:
        """Return error, skewness and degrees of freedom of a weighted mean, from what values differ from it."""
        scores, sizes = self._weight * gaps / self._total, self._sizes
        if (sizes < 2).any():
            return math.nan, 0.0, math.nan
        moments = [self._natural_moments(scores)]
        moments += [_central_moments(scores[self._component == k]) for k in range(1, len(sizes))]
        second, third = np.array(moments).T
        parts = self._shares**2 * second / (sizes - 1.0)
        variance = float(parts.sum())
        if variance == 0:
            return 0.0, 0.0, self.paths - 1.0
        skewness = float(np.sum(self._shares**3 * third / sizes**2.0)) / variance / math.sqrt(variance)
        # Welch (1947) and Satterthwaite (1946).
        freedom = variance**2 / float(np.sum(parts**2 / (sizes - 1.0)))
        return math.sqrt(variance), skewness, freedom

    def _compute_contributions(self, gaps: Array) -> Array:
        """Return what every path adds to the error of a weighted mean, from what values differ from it."""
        scores = self._weight * gaps
        means = np.bincount(self._component, scores) / self._sizes
        found: Array = (scores - means[self._component]) * (self._shares / self._sizes)[self._component]
        return found

    def _count_error_paths(self, gaps: Array) -> float:
        """Return how many paths the error of a weighted mean rests on."""
        squares = self._compute_contributions(gaps) ** 2
        # Divided first, because the power of a tiny number is 0.
        squares /= squares.max() or 1.0
        return float(squares.sum()) ** 2 / compute_inner_product(squares, squares) if squares.any() else math.inf

    def _natural_moments(self, scores: Array) -> tuple[float, float]:
        """Return the central moments of the natural stratum, with at least as many rare hazards as are expected in it.

        Often no natural path holds a rare hazard, and then their spread is too small. How many should is known, and
        what such a path is like is seen in the other strata.
        """
        natural = self._component == 0
        second, third = _central_moments(scores[natural])
        calm = natural & ~self._is_hit
        if not calm.any() or not self._is_hit.any():
            return second, third
        # Among hit paths the weights undo how these were drawn; the score of a path is the same in any stratum.
        hit = np.where(self._is_hit, self._weights, 0.0)
        shares = np.where(calm, (1 - self._rare_probability) / calm.sum(), self._rare_probability * hit / hit.sum())
        return max(second, _central_moments(scores, shares)[0]), third

    def excess(self, values: Array, threshold: float, level: float, low: bool) -> Spread:
        """Return the spread of the excess over a threshold."""
        beyond = threshold - values if low else values - threshold
        return self.spread(np.maximum(beyond, 0.0) / (1 - level))

    def count_tail_paths(self, values: Array, threshold: float, level: float, low: bool) -> float:
        """Return how many effective paths lie at or beyond a threshold."""
        return max(self.count_effective_paths(values <= threshold if low else values >= threshold), 2.0)

    def count_effective_paths(self, inside: npt.NDArray[np.bool_]) -> float:
        """Return how many effective paths there are among some."""
        weights = self._weights[inside]
        return float(weights.sum()) ** 2 / float(np.sum(weights**2)) if weights.size else 0.0

    def quantiles(self, values: Array, points: Sequence[Point], confidence: float) -> list[Quantile]:
        """Return quantiles with their intervals."""
        ladders = {
            low: WeightedDistribution(-values if low else values, self._weights, self._groups)
            for low in {point.low for point in points}
        }
        found = [ladders[point.low].quantile(point.probability, confidence) for point in points]
        pairs = zip(points, found, strict=True)
        return [Quantile(-one.value, -one.upper, -one.lower) if point.low else one for point, one in pairs]

    def quantile_error(self, found: Quantile, probability: float, confidence: float) -> float:
        """Return the standard error of a quantile, from its interval."""
        return (found.upper - found.lower) / (2 * normal(confidence))

    def quantile_band(self, values: Array, probability: float, reaches: Array) -> QuantileBand:
        """Return a quantile, and its intervals that reach so many standard errors of a normal estimate."""
        ladder = WeightedDistribution(values, self._weights, self._groups)
        found = [ladder.quantile(probability, 1 - 2 * float(ndtr(-reach))) for reach in reaches]
        return QuantileBand(found[0].value, *np.array([(each.lower, each.upper) for each in found]).T)

    def compute_share(self, inside: npt.NDArray[np.bool_]) -> float:
        """Return the share of the paths inside."""
        return float(self._weights[inside].sum())

    def correlation(self, one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
        """Return the correlation between the estimates of two shares of the same paths, 0 where one is a constant."""
        first, second = (
            self._compute_contributions(each.astype(np.float64) - self.compute_share(each)) for each in (one, other)
        )
        variances = compute_inner_product(first, first) * compute_inner_product(second, second)
        return compute_inner_product(first, second) / math.sqrt(variances) if variances > 0 else 0.0

    def spread_within(self, values: Array, inside: npt.NDArray[np.bool_]) -> Spread:
        """Return the spread of what is `values` on the paths inside, and 0 on all others."""
        every = np.zeros(self.paths)
        every[inside] = values
        return self.spread(every)

    def estimate_share(self, hits: npt.NDArray[np.bool_] | Array, confidence: float) -> tuple[float, float, float]:
        """Return the share of the paths that hit, with its interval."""
        hits = np.asarray(hits, dtype=np.float64)
        constant = hits.min() == hits.max()
        found = float(hits[0]) if constant else compute_inner_product(self._weights, hits)
        parts = [
            (
                group.probability,
                *group.estimate_share(compute_inner_product(group.weights, hits), group.sum_squares(hits)),
            )
            for group in self._groups
        ]
        lower, upper = combine_intervals(parts, confidence)
        return found, min(lower, found), max(upper, found)

    @cached_property
    def _groups(self) -> list[Group]:
        """Calm and hit paths, those of them there are."""
        hit = self._is_hit
        pairs = ((~hit, 1 - self._rare_probability), (hit, self._rare_probability))
        found = [(inside, probability) for inside, probability in pairs if inside.any()]
        total = sum(probability for _, probability in found)
        return [
            Group.from_weights(np.where(inside, self._weights, 0.0), probability / total)
            for inside, probability in found
        ]

    def rank_values(self, values: Array) -> RankedSample:
        """Return the values in rising order, and the weights before each place."""
        order = np.argsort(values, axis=-1, kind="stable")
        sums = np.zeros((*values.shape[:-1], self.paths + 1))
        np.cumsum(self._weights[order], axis=-1, out=sums[..., 1:])
        return RankedSample(np.take_along_axis(values, order, axis=-1), sums)

    def find_tail_steps(self, values: Array, beyond: Array) -> tuple[Array, Array]:
        """Return the values beyond which some shares of the paths lie, and those of the paths just before them."""
        ranked = self.rank_values(values)
        places = np.searchsorted(ranked.sums[1:], (1 - beyond) * ranked.sums[-1] * (1 - ROUNDING))
        return ranked.values[places], ranked.values[np.maximum(places - 1, 0)]

    def find_rarest_tail(self, values: Array, fewest: float, low: bool) -> float:
        """Return the least probability of a tail that at least so many effective paths lie in."""
        worst = self._weights[np.argsort(values if low else -values, kind="stable")]
        sums = np.cumsum(worst)
        enough = sums**2 / np.cumsum(worst**2) >= fewest * (1 - ROUNDING)
        return float(sums[np.argmax(enough)]) if enough.any() else 1.0

    def select_paths(self, start: int, stop: int) -> WeightedDesign:
        """Return the design of some consecutive paths."""
        part = slice(start, stop)
        return WeightedDesign(self._weight[part], self._component[part], self._shares, self._rare_probability)


def _central_moments(values: Array, shares: Array | None = None) -> tuple[float, float]:
    """Return the second and the third central moment of values, all alike or each with its share."""
    if shares is None:
        shares = np.full(values.size, 1 / values.size)
    gaps = values - compute_inner_product(shares, values)
    return compute_inner_product(shares, gaps**2), compute_inner_product(shares, gaps**3)
