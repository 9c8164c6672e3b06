"""What every sampling design computes for the statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import Spread
from jitrisk.risk.order_statistics import Quantile, QuantileBand

ROUNDING = 1e-12
"""Against rounding of sums of weights, where 0.07 of them is a little above or below 0.07."""


class Point(NamedTuple):
    """A quantile to compute.

    Attributes
    ----------
    probability : its probability.
    low : whether that is counted from the largest value down, as toward a bad tail that is the lower one.
    """

    probability: float
    low: bool = False


class RankedSample(NamedTuple):
    """A sample in rising order.

    Attributes
    ----------
    values : its values, shape (..., paths): one sample or several.
    sums : what the paths before every place count for, from 0 to what all count for, shape (..., paths + 1).
    """

    values: Array
    sums: Array

    def compute_share_below(self, edges: npt.ArrayLike, side: Literal["left", "right"] = "left") -> Array:
        """Return the share of the paths below some values; with ``side="right"`` paths at a value count, too."""
        found: Array = self.sums[np.searchsorted(self.values, edges, side)] / self.sums[-1]
        return found

    def quantile(self, probability: float) -> Array:
        """Return the least values whose cumulative share of the paths reaches a probability, shape (...)."""
        wanted = probability * self.sums[..., -1:] * (1 - ROUNDING)
        places = np.count_nonzero(self.sums[..., 1:] < wanted, axis=-1)
        found: Array = np.take_along_axis(self.values, np.expand_dims(places, -1), axis=-1)[..., 0]
        return found


class Design(Protocol):
    """How paths were drawn, and what statistics need of it.

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
        """Return the mean of one value per path, with its error, and the spread of the values."""

    def excess(self, values: Array, threshold: float, level: float, low: bool) -> Spread:
        """Return the spread of ``max(value - threshold, 0) / (1 - level)``, with both signs reversed where `low`."""

    def count_tail_paths(self, values: Array, threshold: float, level: float, low: bool) -> float:
        """Return how many paths the tail beyond a level rests on."""

    def quantiles(self, values: Array, points: Sequence[Point], confidence: float) -> list[Quantile]:
        """Return quantiles with their intervals, NaN where the paths are too few for one."""

    def quantile_error(self, found: Quantile, probability: float, confidence: float) -> float:
        """Return the standard error of a quantile, from its interval."""

    def quantile_band(self, values: Array, probability: float, reaches: Array) -> QuantileBand:
        """Return a quantile, and its intervals that reach so many standard errors of a normal estimate."""

    def compute_share(self, inside: npt.NDArray[np.bool_]) -> float:
        """Return the share of the paths inside."""

    def correlation(self, one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
        """Return the correlation between the estimates of two shares of the same paths, 0 where one is a constant."""

    def spread_within(self, values: Array, inside: npt.NDArray[np.bool_]) -> Spread:
        """Return the spread of what is `values` on the paths inside, in their order, and 0 on all others."""

    def estimate_share(self, hits: npt.NDArray[np.bool_] | Array, confidence: float) -> tuple[float, float, float]:
        """Return the share of the paths that hit, ties counted in part, with its interval."""

    def count_effective_paths(self, inside: npt.NDArray[np.bool_]) -> float:
        """Return how many effective paths there are among some."""

    def rank_values(self, values: Array) -> RankedSample:
        """Return the values in rising order, and what the paths before each place count for."""

    def find_tail_steps(self, values: Array, beyond: Array) -> tuple[Array, Array]:
        """Return the values beyond which some shares of the paths lie, and those of the paths just before them."""

    def find_rarest_tail(self, values: Array, fewest: float, low: bool) -> float:
        """Return the least probability of a tail that at least so many effective paths lie in."""

    def select_paths(self, start: int, stop: int) -> Design:
        """Return the design of some consecutive paths."""
