"""How the paths of a result were drawn, and what an average over them is: the sampling design.

Paths are either all alike, or drawn from a mixture of components, each a stratum with a fixed share, and then they have
weights. Every statistic asks the design for means, quantiles and shares, and is otherwise written once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

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

    def effective_among(self, inside: npt.NDArray[np.bool_]) -> float:
        """Return how many effective paths there are among some."""

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

    def effective_among(self, inside: npt.NDArray[np.bool_]) -> float:
        """Return how many paths there are among some."""
        return float(np.count_nonzero(inside))

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
    the ratio by the delta method (Cochran 1977, Sampling Techniques, sections 5A.8 and 6.11). For shares and quantiles
    paths are calm or struck, with or without a rare hazard, of which the probabilities are known. Calm paths are all
    alike; of struck ones the effective number takes the place of their number (Korn & Graubard 1998, Survey Methodology
    24), and the two intervals are put together as Zou & Donner (2008, Statistics in Medicine 27) do.

    Parameters
    ----------
    weight : weight of every path.
    component : the stratum of every path, 0 for the natural one.
    shares : nominal share of every stratum.
    struck : probability that a natural path holds a rare hazard.

    Raises
    ------
    ResultError
        When a stratum has no path, so that no average is right.
    """

    def __init__(self, weight: Array, component: npt.NDArray[np.integer], shares: Array, struck: float) -> None:
        self.paths = len(weight)
        self._weight, self._shares, self._struck = weight, shares, struck
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
        # A path without a rare hazard has the largest weight there is.
        self._is_struck = weight < (1 - _ROUNDING) / shares[0]
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

    def _natural_moments(self, scores: Array) -> tuple[float, float]:
        """Return the central moments of the natural stratum, with at least as many rare hazards as are expected in it.

        Often no natural path holds a rare hazard, and then their spread is too small. How many should is known, and
        what such a path is like is seen in the other strata.
        """
        natural = self._component == 0
        second, third = _central_moments(scores[natural])
        calm = natural & ~self._is_struck
        if not calm.any() or not self._is_struck.any():
            return second, third
        # Among struck paths the weights undo how these were drawn; the score of a path is the same in any stratum.
        struck = np.where(self._is_struck, self._weights, 0.0)
        shares = np.where(calm, (1 - self._struck) / calm.sum(), self._struck * struck / struck.sum())
        return max(second, _central_moments(scores, shares)[0]), third

    def excess(self, values: Array, threshold: float, level: float, low: bool) -> Spread:
        """Return the spread of the excess over a threshold."""
        beyond = threshold - values if low else values - threshold
        return self.spread(np.maximum(beyond, 0.0) / (1 - level))

    def tail_size(self, values: Array, threshold: float, level: float, low: bool) -> float:
        """Return how many effective paths lie at or beyond a threshold."""
        return max(self.effective_among(values <= threshold if low else values >= threshold), 2.0)

    def effective_among(self, inside: npt.NDArray[np.bool_]) -> float:
        """Return how many effective paths there are among some."""
        weights = self._weights[inside]
        return float(weights.sum()) ** 2 / float(np.sum(weights**2)) if weights.size else 0.0

    def quantiles(self, values: Array, points: Sequence[Point], confidence: float) -> list[Quantile]:
        """Return quantiles with their intervals."""
        ladders = {
            low: _Ladder(-values if low else values, self._weights, self._groups)
            for low in {point.low for point in points}
        }
        found = [ladders[point.low].quantile(point.probability, confidence) for point in points]
        pairs = zip(points, found, strict=True)
        return [Quantile(-one.value, -one.upper, -one.lower) if point.low else one for point, one in pairs]

    def quantile_error(self, found: Quantile, probability: float, confidence: float) -> float:
        """Return the standard error of a quantile, from its interval."""
        return (found.upper - found.lower) / (2 * normal(confidence))

    def share(self, hits: npt.NDArray[np.bool_] | Array, confidence: float) -> tuple[float, float, float]:
        """Return the share of the paths that hit, with its interval."""
        hits = np.asarray(hits, dtype=np.float64)
        constant = hits.min() == hits.max()
        found = float(hits[0]) if constant else sum_of_products(self._weights, hits)
        parts = [
            (group.probability, *group.share(sum_of_products(group.weights, hits), group.squares_of(hits)))
            for group in self._groups
        ]
        below, above = _together(parts, confidence)
        return found, max(found - below, 0.0), min(found + above, 1.0)

    @cached_property
    def _groups(self) -> list[_Group]:
        """Calm and struck paths, those of them there are."""
        struck = self._is_struck
        pairs = ((~struck, 1 - self._struck), (struck, self._struck))
        found = [(inside, probability) for inside, probability in pairs if inside.any()]
        total = sum(probability for _, probability in found)
        return [_Group.of(np.where(inside, self._weights, 0.0), probability / total) for inside, probability in found]

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
        part = slice(start, stop)
        return WeightedDesign(self._weight[part], self._component[part], self._shares, self._struck)


def _central_moments(values: Array, shares: Array | None = None) -> tuple[float, float]:
    """Return the second and the third central moment of values, all alike or each with its share."""
    if shares is None:
        shares = np.full(values.size, 1 / values.size)
    gaps = values - sum_of_products(shares, values)
    return sum_of_products(shares, gaps**2), sum_of_products(shares, gaps**3)


class _Group(NamedTuple):
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
    def of(cls, weights: Array, probability: float) -> _Group:
        """Return the group of the paths that have weights."""
        shares = weights / weights.sum()
        return cls(probability, shares, 1.0 / sum_of_products(shares, shares))

    def squares_of(self, hits: Array) -> float:
        """Return the sum of squares by which the share of hits errs."""
        gaps = self.weights * (hits - sum_of_products(self.weights, hits))
        return sum_of_products(gaps, gaps)

    def share(self, found: float, squares: float) -> tuple[float, float]:
        """Return a share in the group, and how many paths that are all alike would show it as well."""
        inside = squares > 0 and 0 < found < 1
        return min(max(found, 0.0), 1.0), found * (1 - found) / squares if inside else self.effective


def _together(parts: Sequence[tuple[float, float, float]], confidence: float) -> tuple[float, float]:
    """Return how far the interval of a share reaches below and above it, from those in the groups.

    Parameters
    ----------
    parts : for each group its probability, the share in it, and how many paths show that, inf where it is certain.
    confidence : probability that the interval covers the true share.
    """
    below = above = 0.0
    for probability, share, paths in parts:
        lower, upper = clopper_pearson(share, paths, confidence) if math.isfinite(paths) else (share, share)
        below += (probability * (share - lower)) ** 2
        above += (probability * (upper - share)) ** 2
    return math.sqrt(below), math.sqrt(above)


class _Ladder:
    """The weighted distribution function of one sample: a step at every value, in each group of paths.

    Unseen calm paths are taken not to lie further beyond the worst calm path than that lies beyond the middle one: else
    no tail rarer than calm paths show could be bounded, whatever the hazards do.
    """

    def __init__(self, values: Array, weights: Array, groups: Sequence[_Group]) -> None:
        order = np.argsort(values, kind="stable")
        self._groups, self._values = groups, values[order]
        # Values that are equal make one step.
        self._ends = np.flatnonzero(np.append(np.diff(self._values) > 0, True))
        self._below, self._squares = [], []
        for group in groups:
            self._below.append(self._summed(group.weights[order]))
            self._squares.append(np.cumsum(group.weights[order] ** 2)[self._ends])
        self._every = self._summed(weights[order])
        calm = self._below[0]
        middle, worst = (self._value(int(np.searchsorted(calm, share))) for share in (0.5, 1.0))
        self._out_of_reach = worst + (worst - middle)

    def _summed(self, shares: Array) -> Array:
        """Return the sums of shares up to every step, at most 1."""
        below: Array = np.cumsum(shares)[self._ends]
        return np.where(below > 1 - _ROUNDING, 1.0, below)

    def quantile(self, probability: float, confidence: float) -> Quantile:
        """Return the least value that the distribution reaches a probability at, and its interval.

        The interval holds the values at which the interval of the distribution function holds the probability.
        """
        at = int(np.searchsorted(self._every, probability * (1 - _ROUNDING)))
        lower = self._first(lambda step: self._bounds(step, confidence)[1] >= probability)
        upper = self._first(lambda step: self._bounds(step, confidence)[0] >= probability)
        # With nothing below the least value, it bounds the quantile only where that would be a surprise.
        nothing = [(group.probability, 0.0, group.effective) for group in self._groups]
        known = upper < len(self._ends) and _together(nothing, confidence)[1] <= probability
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

    def _bounds(self, step: int, confidence: float) -> tuple[float, float]:
        """Return the interval of the distribution function at a step."""
        parts = []
        for k, group in enumerate(self._groups):
            below, squares, every = self._below[k][step], self._squares[k][step], self._squares[k][-1]
            share, paths = group.share(below, (1 - below) ** 2 * squares + below**2 * (every - squares))
            certain = k == 0 and share == 1 and self._value(step) >= self._out_of_reach and len(self._groups) > 1
            parts.append((group.probability, share, math.inf if certain else paths))
        below, above = _together(parts, confidence)
        return float(self._every[step]) - below, min(float(self._every[step]) + above, 1.0)


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
    drawn = values["component"].attrs if "component" in values.coords else {}
    if absent or not {"shares", "struck"} <= set(drawn):
        lost = " and ".join(absent) or "the shares of components"
        raise ResultError(
            f"these paths were sampled with rare=True and have lost {lost}, without which no average of "
            "them is right; use what jr.simulate or jr.open returned"
        )
    weight, component = (values[name].values for name in ("weight", "component"))
    return WeightedDesign(weight.astype(np.float64), component, np.atleast_1d(drawn["shares"]), float(drawn["struck"]))
