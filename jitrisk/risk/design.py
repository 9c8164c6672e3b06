"""How the paths of a result were drawn, and what an average over them is: the sampling design.

Paths are either all alike, or drawn from a mixture of components, each a stratum with a fixed share, and then they have
weights. Every statistic asks the design for means, quantiles and shares, and is otherwise written once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import betainc

from jitrisk.errors import ResultError
from jitrisk.risk.precision import (
    Spread,
    clopper_pearson,
    excess_moments,
    moments,
    normal,
    rank_interval,
    sum_of_products,
)
from jitrisk.risk.result import Array
from jitrisk.risk.selection import Quantile, order_statistics, quantile_ranks, quantiles
from jitrisk.vocabulary import SAMPLING

# Against rounding of sums of weights, where 0.07 of them is a little above or below 0.07.
_ROUNDING = 1e-12


class Point(NamedTuple):
    """A quantile that is asked for.

    Attributes
    ----------
    probability : its probability.
    low : whether that is counted from the largest value down, as toward a bad tail that is the lower one.
    """

    probability: float
    low: bool = False


class Ranked(NamedTuple):
    """A sample in rising order.

    Attributes
    ----------
    values : its values, shape (..., paths): one sample or several.
    sums : what the paths before every place count for, from 0 to what all count for, shape (..., paths + 1).
    """

    values: Array
    sums: Array

    def below(self, edges: npt.ArrayLike, side: Literal["left", "right"] = "left") -> Array:
        """Return the share of the paths below some values; with ``side="right"`` those at them are counted, too."""
        found: Array = self.sums[np.searchsorted(self.values, edges, side)] / self.sums[-1]
        return found

    def quantile(self, probability: float) -> Array:
        """Return the least values up to which the paths count for a probability at least, shape (...)."""
        wanted = probability * self.sums[..., -1:] * (1 - _ROUNDING)
        places = np.count_nonzero(self.sums[..., 1:] < wanted, axis=-1)
        found: Array = np.take_along_axis(self.values, np.expand_dims(places, -1), axis=-1)[..., 0]
        return found


class Design(Protocol):
    """What statistics ask of the way in which paths were drawn.

    Attributes
    ----------
    paths : how many paths there are.
    effective : how many paths that are all alike would say as much on average.
    period : of how many consecutive paths a part has to be a multiple.
    """

    paths: int
    effective: float
    period: int

    def mean(self, values: npt.NDArray[Any]) -> Array:
        """Return the means over the last axis, the paths."""

    def spread(self, values: Array) -> Spread:
        """Return the mean of one value a path, with its error, and the spread of the values."""

    def excess(self, values: Array, threshold: float, level: float, low: bool) -> Spread:
        """Return the spread of ``max(value - threshold, 0) / (1 - level)``, turned around where `low`."""

    def tail_size(self, values: Array, threshold: float, level: float, low: bool) -> float:
        """Return how many paths the tail beyond a level rests on."""

    def quantiles(self, values: Array, points: Sequence[Point], confidence: float) -> list[Quantile]:
        """Return quantiles with their intervals, NaN where the paths are too few for one."""

    def quantile_error(self, found: Quantile, probability: float, confidence: float) -> float:
        """Return the standard error of a quantile, from its interval."""

    def share(self, hits: npt.NDArray[np.bool_] | Array, confidence: float) -> tuple[float, float, float]:
        """Return the share of the paths that hit, ties counted in part, with its interval."""

    def ranked(self, values: Array) -> Ranked:
        """Return the values in rising order, and what the paths before each place count for."""

    def steps(self, values: Array, beyond: Array) -> tuple[Array, Array]:
        """Return the values beyond which some shares of the paths lie, and those of the paths just before them."""

    def rarest(self, values: Array, fewest: float, low: bool) -> float:
        """Return the least probability of a tail that at least so many effective paths lie in."""

    def part(self, start: int, stop: int) -> Design:
        """Return the design of some consecutive paths."""


class EqualDesign:
    """Paths that are all alike: independent draws from one law."""

    period = 1

    def __init__(self, paths: int) -> None:
        self.paths = paths
        self.effective = float(paths)

    def mean(self, values: npt.NDArray[Any]) -> Array:
        """Return the means over the last axis, the paths."""
        found: Array = values.mean(axis=-1, dtype=np.float64)
        return found

    def spread(self, values: Array) -> Spread:
        """Return the mean of one value a path, with its error, and the spread of the values."""
        return moments(values).spread

    def excess(self, values: Array, threshold: float, level: float, low: bool) -> Spread:
        """Return the spread of the excess over a threshold."""
        return excess_moments(values, threshold, level, low).spread

    def tail_size(self, values: Array, threshold: float, level: float, low: bool) -> float:
        """Return how many paths the tail beyond a level rests on."""
        return math.ceil(self.paths * (1 - level))

    def quantiles(self, values: Array, points: Sequence[Point], confidence: float) -> list[Quantile]:
        """Return quantiles with their intervals."""
        ranks = [quantile_ranks(self.paths, point.probability, confidence, point.low) for point in points]
        return quantiles(np.ascontiguousarray(values), ranks)

    def quantile_error(self, found: Quantile, probability: float, confidence: float) -> float:
        """Return the standard error of a quantile (Siddiqui 1960; Bloch & Gastwirth 1968)."""
        bounds = rank_interval(self.paths, probability, confidence)
        if bounds is None:
            return math.nan
        root = math.sqrt(self.paths * probability * (1 - probability))
        return (found.upper - found.lower) / (bounds[1] - bounds[0]) * root

    def share(self, hits: npt.NDArray[np.bool_] | Array, confidence: float) -> tuple[float, float, float]:
        """Return the share of the paths that hit, with its interval."""
        found = float(np.mean(hits))
        return found, *clopper_pearson(found, self.paths, confidence)

    def ranked(self, values: Array) -> Ranked:
        """Return the values in rising order, and how many paths stand before each place."""
        ordered = np.sort(values, axis=-1)
        return Ranked(ordered, np.broadcast_to(np.arange(self.paths + 1.0), (*values.shape[:-1], self.paths + 1)))

    def steps(self, values: Array, beyond: Array) -> tuple[Array, Array]:
        """Return the values beyond which some shares of the paths lie, and those of the paths just before them."""
        ranks = np.clip(np.ceil(self.paths * (1 - beyond)), 1, self.paths).astype(np.intp)
        found, before = order_statistics(values, [*ranks, *np.maximum(ranks - 1, 1)]).reshape(2, -1)
        return found, before

    def rarest(self, values: Array, fewest: float, low: bool) -> float:
        """Return the least probability of a tail that at least so many paths lie in."""
        return fewest / self.paths

    def part(self, start: int, stop: int) -> EqualDesign:
        """Return the design of some consecutive paths."""
        return EqualDesign(stop - start)


class WeightedDesign:
    """Paths from a mixture: strata of fixed shares, and a weight a path.

    The mean is ``sum a_h mean_h(w x) / sum a_h mean_h(w)`` over the strata h of share ``a_h``, and its error that of
    the ratio by the delta method (Cochran 1977, Sampling Techniques, sections 5A.8 and 6.11). Intervals of shares and
    quantiles are those of a binomial law with the effective number of paths in place of their number (Korn & Graubard
    1998, Survey Methodology 24); the strata are left out there, which errs on the side of caution.

    Parameters
    ----------
    weight : weight of every path.
    component : the stratum of every path.
    shares : nominal share of every stratum.

    Raises
    ------
    ResultError
        When a stratum has no path, so that no average is right.
    """

    def __init__(self, weight: Array, component: npt.NDArray[np.integer], shares: Array) -> None:
        self.paths = len(weight)
        self._weight, self._shares = weight, shares
        self._component = np.asarray(component, dtype=np.intp)
        self._sizes = np.bincount(self._component, minlength=len(shares))
        if not self._sizes.all() or len(self._sizes) > len(shares):
            lacking = ", ".join(str(k) for k in np.flatnonzero(self._sizes == 0))
            raise ResultError(
                f"these paths were sampled with rare=True and lack those of component {lacking}, so that no statistic "
                f"of them is right: take a range of at least {2 * (len(shares) - 1)} consecutive paths"
            )
        scaled = weight * (shares / self._sizes)[self._component]
        self._total = float(scaled.sum())
        self._weights = scaled / self._total
        self.effective = 1.0 / float(np.sum(self._weights**2))
        self.period = 2 * (len(shares) - 1)

    def mean(self, values: npt.NDArray[Any]) -> Array:
        """Return the weighted means over the last axis, the paths."""
        found: Array = np.einsum("...i,i->...", values, self._weights)
        return found

    def spread(self, values: Array) -> Spread:
        """Return the weighted mean of one value a path, with its error, and the spread of the values."""
        least = float(values.min())
        if least == values.max():
            return Spread(least, 0.0, 0.0, 0.0, 0.0, self.paths - 1.0)
        mean = sum_of_products(self._weights, values)
        gaps = values - mean
        error, skewness, freedom = self._errors(gaps)
        squares = gaps * gaps
        variance = sum_of_products(self._weights, squares)
        deviation = math.sqrt(variance / (1 - 1 / self.effective)) if self.effective > 1 else math.nan
        deviation_error = self._errors(squares - variance)[0] / (2 * math.sqrt(variance)) if variance > 0 else 0.0
        return Spread(mean, deviation, deviation_error, error, skewness, freedom)

    def _errors(self, gaps: Array) -> tuple[float, float, float]:
        """Return error, skewness and degrees of freedom of a weighted mean, from what values differ from it."""
        scores, sizes = self._weight * gaps / self._total, self._sizes
        if (sizes < 2).any():
            return math.nan, 0.0, math.nan
        centers = np.bincount(self._component, scores) / sizes
        scores = scores - centers[self._component]
        squares = scores * scores
        parts = self._shares**2 * np.bincount(self._component, squares) / (sizes * (sizes - 1.0))
        third = float(np.sum(self._shares**3 * np.bincount(self._component, squares * scores) / sizes**3.0))
        variance = float(parts.sum())
        if variance == 0:
            return 0.0, 0.0, self.paths - 1.0
        # Welch (1947) and Satterthwaite (1946).
        freedom = variance**2 / float(np.sum(parts**2 / (sizes - 1.0)))
        return math.sqrt(variance), third / variance / math.sqrt(variance), freedom

    def excess(self, values: Array, threshold: float, level: float, low: bool) -> Spread:
        """Return the spread of the excess over a threshold."""
        beyond = threshold - values if low else values - threshold
        return self.spread(np.maximum(beyond, 0.0) / (1 - level))

    def tail_size(self, values: Array, threshold: float, level: float, low: bool) -> float:
        """Return how many effective paths lie at or beyond a threshold."""
        inside = self._weights[values <= threshold if low else values >= threshold]
        return max(float(inside.sum()) ** 2 / float(np.sum(inside**2)), 2.0) if inside.size else 2.0

    def quantiles(self, values: Array, points: Sequence[Point], confidence: float) -> list[Quantile]:
        """Return quantiles with their intervals."""
        ladders = {low: _Ladder(-values if low else values, self._weights) for low in {point.low for point in points}}
        found = [ladders[point.low].quantile(point.probability, confidence) for point in points]
        pairs = zip(points, found, strict=True)
        return [Quantile(-one.value, -one.upper, -one.lower) if point.low else one for point, one in pairs]

    def quantile_error(self, found: Quantile, probability: float, confidence: float) -> float:
        """Return the standard error of a quantile, from its interval."""
        return (found.upper - found.lower) / (2 * normal(confidence))

    def share(self, hits: npt.NDArray[np.bool_] | Array, confidence: float) -> tuple[float, float, float]:
        """Return the share of the paths that hit, with its interval."""
        hits = np.asarray(hits, dtype=np.float64)
        if hits.min() == hits.max():
            return float(hits[0]), *clopper_pearson(float(hits[0]), self.effective, confidence)
        found = sum_of_products(self._weights, hits)
        effective = found * (1 - found) / float(np.sum((self._weights * (hits - found)) ** 2))
        return found, *clopper_pearson(found, effective, confidence)

    def ranked(self, values: Array) -> Ranked:
        """Return the values in rising order, and the weights before each place."""
        order = np.argsort(values, axis=-1, kind="stable")
        sums = np.zeros((*values.shape[:-1], self.paths + 1))
        np.cumsum(self._weights[order], axis=-1, out=sums[..., 1:])
        return Ranked(np.take_along_axis(values, order, axis=-1), sums)

    def steps(self, values: Array, beyond: Array) -> tuple[Array, Array]:
        """Return the values beyond which some shares of the paths lie, and those of the paths just before them."""
        ranked = self.ranked(values)
        places = np.searchsorted(ranked.sums[1:], (1 - beyond) * ranked.sums[-1] * (1 - _ROUNDING))
        return ranked.values[places], ranked.values[np.maximum(places - 1, 0)]

    def rarest(self, values: Array, fewest: float, low: bool) -> float:
        """Return the least probability of a tail that at least so many effective paths lie in."""
        worst = self._weights[np.argsort(values if low else -values, kind="stable")]
        sums = np.cumsum(worst)
        enough = sums**2 / np.cumsum(worst**2) >= fewest * (1 - _ROUNDING)
        return float(sums[np.argmax(enough)]) if enough.any() else 1.0

    def part(self, start: int, stop: int) -> WeightedDesign:
        """Return the design of some consecutive paths."""
        return WeightedDesign(self._weight[start:stop], self._component[start:stop], self._shares)


class _Ladder:
    """The weighted distribution function of one sample: a step at every value."""

    def __init__(self, values: Array, weights: Array) -> None:
        order = np.argsort(values, kind="stable")
        self._values, weights = values[order], weights[order]
        # Values that are equal make one step.
        self._ends = np.flatnonzero(np.append(np.diff(self._values) > 0, True))
        self._below = np.minimum(np.cumsum(weights)[self._ends], 1.0)
        self._below[-1] = 1.0
        self._squares = np.cumsum(weights**2)[self._ends]

    def quantile(self, probability: float, confidence: float) -> Quantile:
        """Return the least value that the distribution reaches a probability at, and its interval.

        The interval holds the values at which a test does not refuse that the distribution function is the
        probability there; each end misses with at most half of what the confidence leaves.
        """
        at = int(np.searchsorted(self._below, probability * (1 - _ROUNDING)))
        miss = (1 - confidence) / 2
        steps = len(self._ends)
        lower = self._first(lambda k: self._too_low(k, probability) > miss)
        upper = self._first(lambda k: self._too_high(k, probability) <= miss)
        # With nothing below the least value, it bounds the quantile only where that would be a surprise.
        known = upper < steps and (1 - probability) ** self._effective(0) <= miss
        ends = (self._value(lower), self._value(upper)) if known else (math.nan, math.nan)
        return Quantile(self._value(at), *ends)

    def _first(self, holds: Callable[[int], bool]) -> int:
        """Return the first step at which a condition holds that holds at every later one."""
        low, high = 0, len(self._ends)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(middle) else (middle + 1, high)
        return low

    def _value(self, step: int) -> float:
        return float(self._values[self._ends[min(step, len(self._ends) - 1)]])

    def _effective(self, step: int) -> float:
        """Return how many paths that are all alike would know the distribution function at a step as well."""
        # Where it is 1 there is no error to be seen: that of the step before is taken.
        step = min(step, max(len(self._ends) - 2, 0))
        below, squares, every = self._below[step], self._squares[step], self._squares[-1]
        error = (1 - below) ** 2 * squares + below**2 * (every - squares)
        return float(below * (1 - below) / error) if error > 0 else 1.0 / float(every)

    def _too_low(self, step: int, probability: float) -> float:
        """Return with which probability no more would lie at or below a step, were it the quantile."""
        paths = self._effective(step)
        hits = paths * self._below[step]
        return float(betainc(paths - hits, hits + 1, 1 - probability)) if hits < paths else 1.0

    def _too_high(self, step: int, probability: float) -> float:
        """Return with which probability no fewer would lie at or below a step, were it the quantile."""
        paths = self._effective(step)
        hits = paths * self._below[step]
        return float(betainc(hits, paths - hits + 1, probability)) if hits > 0 else 1.0


def design_of(values: xr.Dataset) -> Design:
    """Return how the paths of a result, or of what was computed from one, were drawn.

    Raises
    ------
    ResultError
        When the paths were sampled with rare hazards and have lost their weights, or lack a component.
    """
    absent = [name for name in SAMPLING if name not in values.coords]
    if len(absent) == len(SAMPLING) and "rare" not in values.attrs:
        return EqualDesign(values.sizes.get("path", 0))
    if absent or "shares" not in values["component"].attrs:
        lost = " and ".join(absent) or "the shares of components"
        raise ResultError(
            f"these paths were sampled with rare=True and have lost {lost}, without which no average of "
            "them is right; use what jr.simulate or jr.open returned"
        )
    weight, component = (values[name].values for name in ("weight", "component"))
    return WeightedDesign(weight.astype(np.float64), component, np.atleast_1d(values["component"].attrs["shares"]))
