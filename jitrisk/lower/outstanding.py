"""What is outstanding at a store, demanded and not yet received, as a function of the transforms of its demand.

Time is counted back from one period of the review cycle. A *block* is the demand between two reviews, which is ordered
at once and has one lead time; block i was ordered `phase + i * review_period` periods ago. Customers whose demands have
the same draw period share an *interval*, the periods between two draws. Draws of all intervals coincide in some
periods; this is the worst case, and it is the case computed here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from jitrisk.lower.lead_times import compute_survival, find_longest_lead_time, list_block_ranges
from jitrisk.sampling.distributions import Distribution
from jitrisk.sampling.elementary import exp, expm1, log, log1p, log2

# Draws of different intervals may coincide this seldom, in blocks.
_LONGEST_PATTERN = 1 << 16

# Ranges of blocks are merged where there are more than these many, so many for each halving of a probability.
_MOST_RANGES = 512
_PER_OCTAVE = 5

_NEGLIGIBLE = 1e-12


class UncomputableError(ValueError):
    """A level that cannot be computed; its message has what was found and the next step."""


class Outstanding(Protocol):
    """A distribution given by those of one draw of each interval.

    Attributes
    ----------
    terms : evaluations that the transform takes for each frequency.
    """

    @property
    def terms(self) -> int:
        """Return the evaluations that the transform takes for each frequency."""

    def transform(self, logs: np.ndarray) -> np.ndarray:
        """Return the transform of what is outstanding, shape (frequencies,).

        Parameters
        ----------
        logs : logarithms of the transforms of one draw, shape (intervals, frequencies).
        """

    def moments(self, means: np.ndarray, variances: np.ndarray) -> tuple[float, float]:
        """Return mean and variance, given those of one draw of each interval, shape (intervals,)."""

    def find_largest(self, most: np.ndarray) -> float:
        """Return the most that can be outstanding, given the most of one draw of each interval, shape (intervals,)."""


@dataclass(frozen=True, eq=False)
class Window:
    """All demand of a number of periods: what is outstanding with a constant lead time.

    Attributes
    ----------
    draws : draws of each interval, shape (intervals,).
    """

    draws: np.ndarray

    @property
    def terms(self) -> int:
        """Return the evaluations that the transform takes for each frequency."""
        return 1

    def transform(self, logs: np.ndarray) -> np.ndarray:
        """Return the transform of what is outstanding, shape (frequencies,)."""
        return np.asarray(np.exp(_sum_logs(logs, self.draws)))

    def moments(self, means: np.ndarray, variances: np.ndarray) -> tuple[float, float]:
        """Return mean and variance, given those of one draw of each interval, shape (intervals,)."""
        return float(self.draws @ means), float(self.draws @ variances)

    def find_largest(self, most: np.ndarray) -> float:
        """Return the most that can be outstanding, given the most of one draw of each interval, shape (intervals,)."""
        return float(self.draws @ most)


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of demand by age.

    Attributes
    ----------
    unordered : draws of each interval since the last review, shape (intervals,).
    draws : draws of each interval in one block, for each pattern with any, shape (patterns, intervals).
    counts : blocks of each pattern in each range of ages, shape (patterns, ranges).
    late : probability that the lead time is longer than the age, shape (ranges,).
    """

    unordered: np.ndarray
    draws: np.ndarray
    counts: np.ndarray
    late: np.ndarray


def build_window(periods: float, intervals: Sequence[int]) -> Window:
    """Return all demand of a number of periods, the most draws that they can hold."""
    return Window(np.array([math.ceil(periods / interval) for interval in intervals], dtype=float))


def build_blocks(lead_time: Distribution, review_period: int, phase: int, intervals: Sequence[int]) -> Blocks:
    """Return the blocks of demand that may be outstanding.

    Parameters
    ----------
    lead_time : its distribution, periods.
    review_period : periods between reviews.
    phase : periods since the last review.
    intervals : periods between draws, rising.

    Raises
    ------
    UncomputableError
        Where draws of the intervals coincide too seldom.
    """
    length = math.lcm(review_period, *intervals) // review_period
    if length > _LONGEST_PATTERN:
        raise UncomputableError(
            f"with a random lead time, demands every {', '.join(map(str, intervals))} periods and a review every "
            f"{review_period}, what is outstanding has no pattern that repeats within {_LONGEST_PATTERN:,} reviews"
        )
    ends = list_block_ranges(max(0.0, (find_longest_lead_time(lead_time) - phase) / review_period) + 1.0)
    middle = (ends[:-1] + ends[1:] - 1) / 2
    starts = phase + review_period * np.arange(length + 1)
    per_block = np.stack([np.diff(-(-starts // interval)) for interval in intervals], axis=1)
    patterns, which = np.unique(per_block, axis=0, return_inverse=True)
    used = [k for k in range(len(patterns)) if patterns[k].any()]
    counts = np.stack([np.diff(_count_repeats(which.ravel() == k, ends)) for k in used])
    late = compute_survival(lead_time, phase + review_period * middle)
    kept = (counts.sum(axis=0) > 0) & (late > 0.0)
    unordered = np.array([-(-phase // interval) for interval in intervals], dtype=float)
    return Blocks(unordered, patterns[used].astype(float), counts[:, kept].astype(float), late[kept])


def _count_repeats(pattern: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return how often a pattern that repeats is true before each end."""
    before = np.concatenate([[0], np.cumsum(pattern)])
    return np.asarray(ends // len(pattern) * before[-1] + before[ends % len(pattern)])


class Crossing:
    """Deliveries overtake each other: each block is outstanding or not, independently of the others."""

    def __init__(self, of: Blocks) -> None:
        self.unordered, self.draws = of.unordered, of.draws
        self.groups = [_group_blocks(of.late, counts) for counts in of.counts]

    @property
    def terms(self) -> int:
        """Return the evaluations that the transform takes for each frequency."""
        return sum(len(late) for late, _ in self.groups)

    def transform(self, logs: np.ndarray) -> np.ndarray:
        """Return the transform of what is outstanding, shape (frequencies,)."""
        total = _sum_logs(logs, self.unordered)
        for draws, (late, counts) in zip(self.draws, self.groups, strict=True):
            block = _sum_logs(logs, draws)
            missing = 1.0 - np.exp(block)
            for chance, count in zip(late, counts, strict=True):
                total = total + count * (block if chance == 1.0 else _take_logarithm(1.0 - chance * missing))
        return np.asarray(np.exp(total))

    def moments(self, means: np.ndarray, variances: np.ndarray) -> tuple[float, float]:
        """Return mean and variance, given those of one draw of each interval, shape (intervals,)."""
        mean, variance = self.unordered @ means, self.unordered @ variances
        for draws, (late, counts) in zip(self.draws, self.groups, strict=True):
            mean += draws @ means * (counts @ late)
            variance += draws @ variances * (counts @ late) + (draws @ means) ** 2 * (counts @ (late * (1.0 - late)))
        return float(mean), float(variance)

    def find_largest(self, most: np.ndarray) -> float:
        """Return the most that can be outstanding, given the most of one draw of each interval, shape (intervals,)."""
        several = sum(draws @ most * counts.sum() for draws, (_, counts) in zip(self.draws, self.groups, strict=True))
        return float(self.unordered @ most + several)


def _group_blocks(late: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and counts, merged where there are many: those with similar probabilities become their mean.

    The mean of what is outstanding is kept, and its variance to a part in a thousand.
    """
    late, counts = late[counts > 0], counts[counts > 0]
    if len(late) <= _MOST_RANGES:
        return late, counts
    near = np.floor(_PER_OCTAVE * log2(np.maximum(1.0 - late, 2.0**-20)))
    key = np.floor(_PER_OCTAVE * log2(late)) - 1000.0 * near
    _, which = np.unique(key, return_inverse=True)
    number = np.bincount(which, counts)
    return np.minimum(np.bincount(which, counts * late) / number, 1.0), number


class InOrder:
    """No delivery overtakes another: the blocks outstanding are all from the newest to the oldest one that is late.

    A block without demand starts nothing, and so holds nothing up. With `late` the probability that a block's own lead
    time is longer than its age and p that it has demand, block i is the oldest one outstanding with the probability
    p late(i) times the product over j > i of 1 - p late(j).

    Parameters
    ----------
    of : the blocks.
    zero_probabilities : probability that one draw of each interval is 0, shape (intervals,).
    """

    def __init__(self, of: Blocks, zero_probabilities: np.ndarray) -> None:
        self.unordered, self.draws = of.unordered, of.draws
        # 0 to the power 0 is 1: an interval without draws has no demand.
        self.empty = np.prod(
            np.where(of.draws > 0.0, exp(of.draws * log(np.maximum(zero_probabilities, 1e-300))), 1.0), axis=1
        )
        with np.errstate(divide="ignore"):
            logarithms = log1p(-np.outer(1.0 - self.empty, np.ones_like(of.late)) * of.late)
        held = np.where(of.counts > 0, of.counts * np.where(of.counts > 0, logarithms, 0.0), 0.0).sum(axis=0)
        tail = np.append(np.cumsum(held[::-1])[::-1], 0.0)
        self.within, beyond = exp(tail), -expm1(tail)
        self.counts = of.counts
        if len(of.draws) == 1:
            self.before = np.concatenate([[0.0], np.cumsum(of.counts[0])])
            self._merge(beyond)
        else:
            self._trim(beyond)

    def _merge(self, beyond: np.ndarray) -> None:
        """Merge ranges between which the distribution of the delay changes little, beyond the first few."""
        likely = (self.within > _NEGLIGIBLE) & (beyond > _NEGLIGIBLE)
        edges = np.flatnonzero(likely | np.append(likely[1:], False) | np.insert(likely[:-1], 0, False))
        if len(edges) > _MOST_RANGES:
            key = np.floor(_PER_OCTAVE * log2(np.maximum(self.within[edges], 2.0**-24)))
            key -= 1000.0 * np.floor(_PER_OCTAVE * log2(np.maximum(beyond[edges], 2.0**-34)))
            edges = edges[np.flatnonzero(np.diff(key, prepend=np.nan, append=np.nan)[:-1] != 0.0)]
        edges = np.union1d(edges, [0, len(self.within) - 1])
        self.before, self.within = self.before[edges], self.within[edges]
        self.counts = np.diff(self.before)[np.newaxis]

    def _trim(self, beyond: np.ndarray) -> None:
        """Leave out what is older than anything outstanding, where blocks of several patterns are taken one by one."""
        last = int(np.count_nonzero(beyond > _NEGLIGIBLE))
        if (self.counts[:, :last].sum(axis=0) > 1.0).any():
            raise UncomputableError(
                "where deliveries arrive in order, lead times this long and demands with different draw periods are "
                "too many cases"
            )
        self.counts, self.within = self.counts[:, :last], np.append(self.within[:last], 1.0)

    @property
    def terms(self) -> int:
        """Return the evaluations that the transform takes for each frequency."""
        return max(1, int(self.counts.shape[1]))

    def transform(self, logs: np.ndarray) -> np.ndarray:
        """Return the transform of what is outstanding, shape (frequencies,)."""
        several = [_sum_logs(logs, draws) for draws in self.draws]
        outstanding = (
            self._transform_one_pattern(several[0]) if len(several) == 1 else self._transform_one_by_one(several)
        )
        return np.asarray(np.exp(_sum_logs(logs, self.unordered)) * outstanding)

    def _transform_one_pattern(self, block: np.ndarray) -> np.ndarray:
        """Return the transform where all blocks have one pattern: in each range their number is uniform."""
        one = np.exp(block)
        # Where the transform is 1, so are all its powers.
        trivial = np.abs(1.0 - one) < _NEGLIGIBLE
        missing = np.where(trivial, 1.0, 1.0 - one)
        older = np.zeros_like(one)
        masses, widths = np.diff(self.within), self.counts[0]
        for mass, width, before in zip(masses, widths, self.before, strict=False):
            if mass > 0.0 and width == 1.0:
                older = older + mass * np.exp(before * block)
            elif mass > 0.0:
                powers = (1.0 - np.exp(width * block)) / (missing * width)
                older = older + mass * np.exp(before * block) * np.where(trivial, 1.0, powers)
        started = max(1.0 - self.empty[0], _NEGLIGIBLE)
        return np.asarray(self.within[0] + (one - self.empty[0]) / started * older)

    def _transform_one_by_one(self, several: list[np.ndarray]) -> np.ndarray:
        outstanding, newer = np.full_like(several[0], self.within[0]), np.zeros_like(several[0])
        for mass, counts in zip(np.diff(self.within), self.counts.T, strict=True):
            k = int(counts.argmax())
            started = max(1.0 - self.empty[k], _NEGLIGIBLE)
            outstanding = outstanding + mass * (np.exp(several[k]) - self.empty[k]) / started * np.exp(newer)
            newer = newer + several[k]
        return outstanding

    def moments(self, means: np.ndarray, variances: np.ndarray) -> tuple[float, float]:
        """Return mean and variance, nearly, given those of one draw of each interval, shape (intervals,)."""
        mean = np.cumsum((self.draws @ means) @ self.counts) + self.unordered @ means
        variance = np.cumsum((self.draws @ variances) @ self.counts) + self.unordered @ variances
        masses = np.diff(self.within)
        average = masses @ mean + self.within[0] * (self.unordered @ means)
        square = masses @ (variance + mean**2)
        square += self.within[0] * (self.unordered @ variances + (self.unordered @ means) ** 2)
        return float(average), float(square - average**2)

    def find_largest(self, most: np.ndarray) -> float:
        """Return the most that can be outstanding, given the most of one draw of each interval, shape (intervals,)."""
        return float(self.unordered @ most + (self.draws @ most) @ self.counts.sum(axis=1))


def _sum_logs(logs: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Return the logarithm of the transform of several draws of each interval."""
    return np.asarray(np.einsum("if,i->f", logs, draws))


def _take_logarithm(transform: np.ndarray) -> np.ndarray:
    """Return the logarithm of a transform, finite where that is 0."""
    return np.asarray(np.log(np.where(np.abs(transform) < 1e-300, 1e-300, transform)))
