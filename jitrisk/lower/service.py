"""The least base-stock level that covers the demand of the lead time with a given probability."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from jitrisk.lower.levels import lead_time_values

if TYPE_CHECKING:
    from jitrisk.model import Network, Stage
    from jitrisk.sampling.distributions import Distribution

_POINTS = 1 << 12
_LONGEST = 1 << 20
_NEGLIGIBLE = 1e-12


def covering_level(network: Network, stage: Stage, behind: dict[str, float], service: float) -> float:
    """Return the least level S with P(demand until the next review's order has arrived <= S) >= `service`.

    Parameters
    ----------
    network : the model.
    stage : the stage whose store is sized.
    behind : units of the stage's item behind one unit of each customer's demand.
    service : probability, in (0, 1).

    Notes
    -----
    With a base-stock policy reviewed in every period, stock less backlog at the end of a period is S less the demand of
    the last lead time (Zipkin 2000, section 6.2); with R periods between reviews, at worst of R - 1 more. The demands
    of the customers are convolved on a grid of one unit (or, where they are not whole, 1/4096 of one customer's range);
    a random lead time mixes the laws of its values. A window of L periods holds ceil(L / every) draws of a demand that
    falls every few periods.
    """
    lead_times, counts = np.unique(lead_time_values(stage.lead_time) + stage.policy.review - 1, return_counts=True)
    parts = [(network.customers[name], units) for name, units in behind.items()]
    if not parts:
        return 0.0
    most = [math.ceil(lead_times[-1] / customer.every) for customer, _ in parts]
    tops = [_top(customer.demand) * units for customer, units in parts]
    step = _step(network, behind, tops, most)
    length = 1 << math.ceil(math.log2(sum(n * (top / step + 2) for n, top in zip(most, tops, strict=True)) + 1))
    transforms = [np.fft.rfft(_mass(customer.demand, units, step, length)) for customer, units in parts]
    law = np.zeros(length)
    for lead_time, count in zip(lead_times, counts, strict=True):
        product = np.ones(length // 2 + 1, dtype=complex)
        for (customer, _), transform in zip(parts, transforms, strict=True):
            product *= transform ** math.ceil(lead_time / customer.every)
        law += np.fft.irfft(product, length) * (count / counts.sum())
    return float(np.searchsorted(np.cumsum(law), service * (1.0 - _NEGLIGIBLE)) * step)


def _top(demand: Distribution) -> float:
    highest = demand.highest
    return float(highest if math.isfinite(highest) else demand.quantile(_NEGLIGIBLE, upper=True))


def _step(network: Network, behind: dict[str, float], tops: list[float], most: list[int]) -> float:
    """Return the grid's step: one unit where all is whole and the grid stays short."""
    reach = sum(n * top for n, top in zip(most, tops, strict=True))
    whole = all(network.customers[name].demand.integer and units == int(units) for name, units in behind.items())
    if whole and reach < _LONGEST:
        return 1.0
    return max(max(tops) / _POINTS, reach / _LONGEST) or 1.0


def _mass(demand: Distribution, units: float, step: float, length: int) -> np.ndarray:
    """Return the probability of each grid point for one draw, rounded up to the grid."""
    points = np.arange(math.ceil(_top(demand) * units / step) + 1) * step
    below = _distribution_function(demand, points / units)
    mass = np.diff(below, prepend=0.0)
    return np.pad(mass / mass.sum(), (0, length - len(mass)))


def _distribution_function(demand: Distribution, values: np.ndarray) -> np.ndarray:
    """Return P(X <= value) by bisection of the quantile function, to 1e-15."""
    low, high = np.zeros_like(values), np.ones_like(values)
    for _ in range(50):
        middle = 0.5 * (low + high)
        inside = demand.quantile(middle) <= values * (1.0 + _NEGLIGIBLE)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.asarray(0.5 * (low + high))
