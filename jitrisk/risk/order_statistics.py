"""Quantiles with their intervals, from order statistics: exact, and without sorting large samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE, find_rank_interval, rank, split_chunks

# Below this a sort is as fast.
_LARGE = 1 << 17
_SAMPLE = 1 << 12
_BUCKETS = 1 << 12
_MANY = 1 << 12
_TRIMMED = 0.005
# Of narrower ranges the reciprocal is infinite.
_NARROW = 1e-300


class Ranks(NamedTuple):
    """1-based ranks of a quantile and of the ends of its interval, which are 0 where there is none."""

    value: int
    lower: int
    upper: int


class Quantile(NamedTuple):
    """A quantile and its distribution-free interval, NaN where the paths are too few for one."""

    value: float
    lower: float
    upper: float


class QuantileBand(NamedTuple):
    """A quantile and the ends of its distribution-free intervals, from a narrow one to a wide one.

    Attributes
    ----------
    value : the quantile.
    lower, upper : the ends of each interval, NaN where the paths are too few for one.
    """

    value: float
    lower: Array
    upper: Array


def find_quantile_ranks(paths: int, probability: float, confidence: float = CONFIDENCE, low: bool = False) -> Ranks:
    """Return where a quantile stands among the sorted values.

    Parameters
    ----------
    paths : how many values there are.
    probability : the quantile's probability.
    confidence : probability that the interval covers the quantile.
    low : whether the probability is counted from the largest value down, as toward a bad tail that is the lower one.
    """
    lower, upper = find_rank_interval(paths, probability, confidence) or (0, 0)
    found = Ranks(rank(paths, probability), lower, upper)
    if not low:
        return found
    return Ranks(paths + 1 - found.value, *(end and paths + 1 - end for end in (found.upper, found.lower)))


def quantiles(values: Array, ranks: Sequence[Ranks]) -> list[Quantile]:
    """Return quantiles and the ends of their intervals, all from one pass.

    Parameters
    ----------
    values : the sample, in any order.
    ranks : where each quantile stands, from :func:`find_quantile_ranks`.
    """
    flat = np.array(ranks, dtype=np.intp).reshape(-1, 3)
    found = np.where(flat > 0, select_order_statistics(values, np.maximum(flat, 1).ravel()).reshape(-1, 3), math.nan)
    return [Quantile(*row) for row in found.tolist()]


def select_order_statistics(values: Array, ranks: Sequence[int] | npt.NDArray[np.intp]) -> Array:
    """Return the values at 1-based ranks of a sample in any order.

    Of a large sample, each value is counted in one of many buckets, equally wide between two quantiles of a small part
    of it, and only the few buckets that hold a rank are sorted. A value's bucket never falls as the value grows,
    whatever rounding does, so the result is exact; the small part decides on the speed alone.

    Parameters
    ----------
    values : the sample.
    ranks : 1 for the least value, ``values.size`` for the largest.
    """
    wanted = np.asarray(ranks, dtype=np.intp)
    if values.size >= _LARGE:
        few = np.sort(values[:: values.size // _SAMPLE])
        skip = int(few.size * _TRIMMED)
        for left, right in ((few[skip], few[-1 - skip]), (values.min(), values.max())):
            if _NARROW < float(right) - float(left) < math.inf:
                return _select_from_buckets(values, wanted, left, right)
    ordered: Array = np.sort(values)
    return ordered[wanted - 1]


def _select_from_buckets(values: Array, wanted: npt.NDArray[np.intp], left: float, right: float) -> Array:
    codes, counts = _assign_buckets(values, left, right)
    buckets = np.searchsorted(counts.cumsum(), wanted)
    found = np.empty(wanted.size)
    mixed = np.zeros(counts.size, dtype=np.bool_)
    mixed[buckets] = True
    for bucket in np.unique(buckets[counts[buckets] > _MANY]):
        # What repeats, such as years without a stockout, needs no sorting.
        first = values[np.argmax(codes == bucket)]
        if np.count_nonzero(values == first) == counts[bucket]:
            found[buckets == bucket] = first
            mixed[bucket] = False
    picked = np.concatenate(
        [part[mixed[code]] for part, code in zip(split_chunks(values), split_chunks(codes), strict=True)]
    )
    picked.sort()
    inside = mixed[buckets]
    skipped = np.where(mixed, 0, counts).cumsum()[buckets]
    found[inside] = picked[(wanted - 1 - skipped)[inside]]
    return found


def _assign_buckets(values: Array, left: float, right: float) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.intp]]:
    """Return every value's bucket and how many each holds; the first holds all below `left`, the last all above."""
    scale = _BUCKETS / (right - left)
    codes, counts = np.empty(values.size, dtype=np.int16), np.zeros(_BUCKETS + 3, dtype=np.intp)
    for part, code in zip(split_chunks(values), split_chunks(codes), strict=True):
        # What overflows lies far beyond the buckets, and is put at their end.
        with np.errstate(over="ignore"):
            place = part - left
            place *= scale
        place += 1.0
        np.clip(place, 0.0, _BUCKETS + 2.0, out=place)
        whole = place.astype(np.intp)
        counts += np.bincount(whole, minlength=counts.size)
        code[:] = whole
    return codes, counts
