"""Paths that are all alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from jitrisk.risk.design.base import Point, RankedSample
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import Spread, clopper_pearson, excess_moments, find_rank_interval, moments, sparse_moments
from jitrisk.risk.order_statistics import (
    Quantile,
    QuantileBand,
    find_quantile_ranks,
    quantiles,
    select_order_statistics,
)


class EqualDesign:
    """Paths that are all alike: independent draws from one distribution."""

    period = 1

    def __init__(self, paths: int) -> None:
        self.paths = paths
        self.effective = float(paths)

    def mean(self, values: npt.NDArray[Any]) -> Array:
        """Return the means over the last axis, the paths."""
        found: Array = values.mean(axis=-1, dtype=np.float64)
        return found

    def spread(self, values: Array) -> Spread:
        """Return the mean of one value per path, with its error, and the spread of the values."""
        return moments(values).spread

    def excess(self, values: Array, threshold: float, level: float, low: bool) -> Spread:
        """Return the spread of the excess over a threshold."""
        return excess_moments(values, threshold, level, low).spread

    def count_tail_paths(self, values: Array, threshold: float, level: float, low: bool) -> float:
        """Return how many paths the tail beyond a level rests on."""
        return math.ceil(self.paths * (1 - level))

    def quantiles(self, values: Array, points: Sequence[Point], confidence: float) -> list[Quantile]:
        """Return quantiles with their intervals."""
        ranks = [find_quantile_ranks(self.paths, point.probability, confidence, point.low) for point in points]
        return quantiles(np.ascontiguousarray(values), ranks)

    def quantile_error(self, found: Quantile, probability: float, confidence: float) -> float:
        """Return the standard error of a quantile (Siddiqui 1960; Bloch & Gastwirth 1968)."""
        bounds = find_rank_interval(self.paths, probability, confidence)
        if bounds is None:
            return math.nan
        root = math.sqrt(self.paths * probability * (1 - probability))
        return (found.upper - found.lower) / (bounds[1] - bounds[0]) * root

    def quantile_band(self, values: Array, probability: float, reaches: Array) -> QuantileBand:
        """Return a quantile, and its intervals that reach so many standard errors of a normal estimate."""
        ranks = [find_quantile_ranks(self.paths, probability, 1 - 2 * float(ndtr(-reach))) for reach in reaches]
        found = quantiles(np.ascontiguousarray(values), ranks)
        return QuantileBand(found[0].value, *np.array([(each.lower, each.upper) for each in found]).T)

    def compute_share(self, inside: npt.NDArray[np.bool_]) -> float:
        """Return the share of the paths inside."""
        return float(np.count_nonzero(inside)) / self.paths

    def correlation(self, one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
        """Return the correlation between two shares of the same paths, 0 where one is a constant."""
        first, second, both = (np.count_nonzero(each) / self.paths for each in (one, other, one & other))
        variances = first * (1 - first) * second * (1 - second)
        return (both - first * second) / math.sqrt(variances) if variances > 0 else 0.0

    def spread_within(self, values: Array, inside: npt.NDArray[np.bool_]) -> Spread:
        """Return the spread of what is `values` on the paths inside, and 0 on all others."""
        return sparse_moments(values, self.paths).spread

    def estimate_share(self, hits: npt.NDArray[np.bool_] | Array, confidence: float) -> tuple[float, float, float]:
        """Return the share of the paths that hit, with its interval."""
        found = float(np.mean(hits))
        return found, *clopper_pearson(found, self.paths, confidence)

    def count_effective_paths(self, inside: npt.NDArray[np.bool_]) -> float:
        """Return how many paths there are among some."""
        return float(np.count_nonzero(inside))

    def rank_values(self, values: Array) -> RankedSample:
        """Return the values in rising order, and how many paths stand before each place."""
        ordered = np.sort(values, axis=-1)
        return RankedSample(ordered, np.broadcast_to(np.arange(self.paths + 1.0), (*values.shape[:-1], self.paths + 1)))

    def find_tail_steps(self, values: Array, beyond: Array) -> tuple[Array, Array]:
        """Return the values beyond which some shares of the paths lie, and those of the paths just before them."""
        ranks = np.clip(np.ceil(self.paths * (1 - beyond)), 1, self.paths).astype(np.intp)
        found, before = select_order_statistics(values, [*ranks, *np.maximum(ranks - 1, 1)]).reshape(2, -1)
        return found, before

    def find_rarest_tail(self, values: Array, fewest: float, low: bool) -> float:
        """Return the least probability of a tail that at least so many paths lie in."""
        return fewest / self.paths

    def select_paths(self, start: int, stop: int) -> EqualDesign:
        """Return the design of some consecutive paths."""
        return EqualDesign(stop - start)
