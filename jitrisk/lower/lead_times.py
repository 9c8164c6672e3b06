"""Lead times in whole periods, and the delays of deliveries that keep their order."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from jitrisk.lower.atoms import compute_quantiles, list_normal_scores, list_steps
from jitrisk.model.policies.base import TOLERANCE
from jitrisk.sampling.distributions import Distribution
from jitrisk.sampling.elementary import LARGEST_COUNT, dot, exp, interpolate, log1p
from jitrisk.sampling.normal import cdf

_DRAWN_LEAST = 2.0**-33

# So many periods are distinguished one by one; after that, a range of periods is a thousandth of the time before it.
_SINGLE = 4096
_PARTS = 1024


def round_to_periods(lead_time: Any) -> Any:
    """Return lead times as whole periods, at least 1: the first period in which the units can be received."""
    return np.maximum(1.0, np.ceil(np.asarray(lead_time) * (1.0 - TOLERANCE)))


def find_longest_lead_time(lead_time: Distribution) -> float:
    """Return the longest lead time that is drawn, whole periods; probabilities below 2^-33 do not occur."""
    return float(min(round_to_periods(lead_time.quantile(_DRAWN_LEAST, upper=True)), LARGEST_COUNT))


def compute_survival(lead_time: Distribution, periods: np.ndarray) -> np.ndarray:
    """Return P(L > n), L the lead time in whole periods.

    Parameters
    ----------
    lead_time : its distribution, periods.
    periods : numbers n of periods, any shape; between whole numbers the tail of the unrounded lead time is continued.
    """
    at = np.asarray(periods, dtype=float) / (1.0 - TOLERANCE)
    values, tail = _compute_tail(lead_time)
    if tail is not None:
        beyond = tail[np.searchsorted(values, at, side="right")]
    else:
        scores = interpolate(at, values, list_normal_scores())
        beyond = np.where(at < values[0], 1.0, np.where(at > values[-1], 0.0, cdf(-scores)))
    return np.where(np.asarray(periods) < 1.0, 1.0, beyond)


@lru_cache(maxsize=32)
def _compute_tail(lead_time: Distribution) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the values of a discrete lead time with P(L >= value), or quantiles at the normal scores and None."""
    steps = list_steps(lead_time)
    if steps is None:
        return compute_quantiles(lead_time, list_normal_scores()), None
    values, below = steps
    return values, np.concatenate([[1.0], 1.0 - below, [0.0]])


def list_block_ranges(blocks: float) -> np.ndarray:
    """Return the ends of ranges of block numbers from 0 on, int64: single blocks first, then ever longer ranges.

    Parameters
    ----------
    blocks : how many blocks the ranges cover.
    """
    last = math.ceil(blocks)
    ends = list(range(min(last, _SINGLE) + 1))
    while ends[-1] < last:
        ends.append(min(ends[-1] + ends[-1] // _PARTS, last))
    return np.array(ends, dtype=np.int64)


@lru_cache(maxsize=4096)
def compute_mean_lead_time(lead_time: Distribution) -> float:
    """Return the mean lead time in whole periods, the sum of P(L > n) over n >= 0."""
    counts, beyond = _list_survival_ranges(lead_time)
    return dot(counts, beyond)


@lru_cache(maxsize=4096)
def compute_mean_delay(lead_time: Distribution) -> float:
    """Return the mean delay of a delivery that no later one overtakes, whole periods.

    Notes
    -----
    The delay is M = max over j >= 0 of (L_j - j), and P(M <= m) the product over i >= m of P(L <= i).
    """
    counts, beyond = _list_survival_ranges(lead_time)
    with np.errstate(divide="ignore"):
        logarithms = counts * log1p(-beyond)
    within = exp(np.append(np.cumsum(logarithms[::-1])[::-1], 0.0))
    middle = np.where(counts > 1.0, (within[:-1] + within[1:]) / 2, within[:-1])
    return dot(counts, 1.0 - middle)


def _list_survival_ranges(lead_time: Distribution) -> tuple[np.ndarray, np.ndarray]:
    """Return the lengths of ranges of periods and P(L > n) in their middle."""
    ends = list_block_ranges(find_longest_lead_time(lead_time))
    counts = np.diff(ends)
    return counts.astype(float), compute_survival(lead_time, ends[:-1] + (counts - 1) / 2)
