"""The least base-stock level that covers what is outstanding with a given probability.

The distribution of what is outstanding is found by Fourier transforms on a grid that reaches little further than the
level: demands are not negative, so that what lies beyond the grid does not matter for the probability of what lies
within. Exponential tilting keeps it from wrapping around (Grübel and Hermesmeier 1999).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jitrisk.lower.atoms import STRATA, Atoms, discretize
from jitrisk.lower.lead_times import find_longest_lead_time, round_to_periods
from jitrisk.lower.outstanding import (
    Blocks,
    Crossing,
    InOrder,
    Outstanding,
    UncomputableError,
    build_blocks,
    build_window,
)
from jitrisk.model.fields.measures import LARGEST
from jitrisk.sampling import normal
from jitrisk.sampling.distributions import Distribution

if TYPE_CHECKING:
    from jitrisk.model import Stage

# The longest grid, and the most evaluations of transforms: for each point of it, half as many as there are terms or
# different customers.
_MOST_POINTS = 1 << 18
_MOST_EVALUATIONS = 1 << 22

# Values of all customers together, but for each customer at least so many.
_MOST_VALUES = 1 << 18
_LEAST_VALUES = 1 << 10
_COARSE = 1 << 11

# What is beyond the grid counts e^-18 of its probability, and rounding e^18 of a double's.
_TILT = 18.0

# Probabilities are compared, and levels found, as well as this.
_ROUNDING = 1e-9
_CLOSE = 5e-4
_DIGITS = 17

# A level is searched for on a grid up to 1.25 times as far, found within so many changes of that.
_MARGIN = 1.25
_MOST_CHANGES = 200

# Review periods in which the level is looked at more closely, of at most so many.
_CLOSEST = 3
_MOST_PHASES = 128

# Steps that values have in common are looked for among fractions up to this denominator.
_FINEST = 1000

_TOO_LARGE = f"the level is above {LARGEST:g} units"


CustomerDemands = tuple[tuple[int, Distribution, float], ...]
"""Of each customer: periods between draws, one draw, and units of the stage's item in one unit of it."""


class Loop(NamedTuple):
    """The properties of a stage on which its level depends.

    Attributes
    ----------
    lead_time : its distribution, periods.
    deliveries : `crossing` or `in_order`.
    review_period : periods between reviews.
    """

    lead_time: Distribution
    deliveries: str
    review_period: int


@dataclass(frozen=True, eq=False)
class Demands:
    """The demands that are served from a store, those with the same draw period together.

    Attributes
    ----------
    intervals : periods between two draws, rising, shape (intervals,).
    draws : for each interval, atoms of one draw, units of the stage's item in one of the customer's, and how many
        customers are equal.
    """

    intervals: tuple[int, ...]
    draws: tuple[tuple[tuple[Atoms, float, int], ...], ...]

    @property
    def means(self) -> np.ndarray:
        """The mean of one draw of each interval, units, shape (intervals,)."""
        return np.array([sum(n * u * one.mean for one, u, n in several) for several in self.draws])

    @property
    def variances(self) -> np.ndarray:
        """The variance of one draw of each interval, shape (intervals,)."""
        return np.array([sum(n * u * u * one.variance for one, u, n in several) for several in self.draws])

    @property
    def zero_probabilities(self) -> np.ndarray:
        """The probability that one draw of each interval is 0, shape (intervals,)."""
        return np.array([math.prod(one.zero_probability**n for one, _, n in several) for several in self.draws])

    @property
    def largest(self) -> np.ndarray:
        """The most that one draw of each interval can be, units, shape (intervals,)."""
        return np.array([sum(n * u * one.values[-1] for one, u, n in several) for several in self.draws])

    def compute_logs(self, step: float, points: int, tilt: float) -> np.ndarray:
        """Return the logarithms of the tilted transforms of one draw of each interval, (intervals, frequencies)."""
        rows = []
        for several in self.draws:
            row = np.zeros(points // 2 + 1, dtype=complex)
            for one, units, number in several:
                transform = np.fft.rfft(_tilt(one.values * (units / step), one.masses, points, tilt))
                row += number * np.log(np.where(np.abs(transform) < 1e-300, 1e-300, transform))
            rows.append(row)
        return np.array(rows)

    def find_step(self) -> float | None:
        """Return the largest step of which all demands are whole multiples, None where none is found."""
        parts = []
        for one, units, _ in (each for several in self.draws for each in several):
            common = _find_common_step(one.values) if one.exact else None
            if common is None:
                return None
            if common > 0.0:
                parts.append(common * units)
        return _find_common_step(np.array(parts)) if parts else None


def compute_service_level(stage: Stage, demands: CustomerDemands, service: float) -> float:
    """Return the least level S with P(what is outstanding <= S) >= `service` in every period of the review cycle.

    Parameters
    ----------
    stage : the stage whose store is sized; its lead time, review and rule of deliveries count.
    demands : those of the customers that reach it; a mean factor of a season is one of the units.
    service : probability, in (0, 1).

    Raises
    ------
    UncomputableError
        Where the level is too large, or the cases are too many.

    Notes
    -----
    With a base-stock policy, stock less backlog at the end of a period is S less what is outstanding (Zipkin 2000,
    section 6.2). With a constant lead time L and R periods between reviews, that is at worst the demand of L + R - 1
    periods. With a random one it is the sum over the reviews so far of what each ordered, if its lead time is longer
    than its age, where deliveries overtake; where they arrive in order, all that was ordered since the oldest order
    outstanding.
    """
    return _compute_level(build_loop(stage), demands, service) if demands else 0.0


def build_loop(stage: Stage) -> Loop:
    """Return the properties of a stage on which its level depends."""
    return Loop(stage.lead_time, stage.deliveries, stage.policy.review_period)


@lru_cache(maxsize=4096)
def _compute_level(loop: Loop, customer_demands: CustomerDemands, service: float) -> float:
    """Return the level; strategies share many stages, so that each is computed once."""
    demands = _group_demands(customer_demands)
    longest = find_longest_lead_time(loop.lead_time)
    if round_to_periods(loop.lead_time.quantile(2.0**-33)) == longest:
        return _find_quantile(build_window(longest + loop.review_period - 1, demands.intervals), demands, service)
    return max(_find_quantile(one, demands, service) for one in _find_worst_cases(loop, demands, service))


def _group_demands(customer_demands: CustomerDemands) -> Demands:
    several: dict[int, Counter[tuple[Distribution, float]]] = {}
    for every, demand, units in customer_demands:
        several.setdefault(every, Counter())[demand, units] += 1
    strata = min(STRATA, max(_LEAST_VALUES, _MOST_VALUES // sum(map(len, several.values()))))
    return Demands(
        tuple(sorted(several)),
        tuple(
            tuple((discretize(demand, strata), units, number) for (demand, units), number in several[every].items())
            for every in sorted(several)
        ),
    )


def _find_worst_cases(loop: Loop, demands: Demands, service: float) -> list[Outstanding]:
    """Return what is outstanding in the periods of the review cycle in which it is likely to be most."""
    phases = np.unique(
        np.linspace(0, loop.review_period - 1, min(loop.review_period, _MOST_PHASES)).astype(int)
    ).tolist()
    cases = [
        _build_case(loop, build_blocks(loop.lead_time, loop.review_period, phase, demands.intervals), demands)
        for phase in phases
    ]
    moments = [case.moments(demands.means, demands.variances) for case in cases]
    guesses = [mean + float(normal.quantile(service)) * math.sqrt(max(variance, 0.0)) for mean, variance in moments]
    order = np.argsort(guesses)[::-1]
    return [cases[k] for k in order[:_CLOSEST]]


def _build_case(loop: Loop, of: Blocks, demands: Demands) -> Outstanding:
    return InOrder(of, demands.zero_probabilities) if loop.deliveries == "in_order" else Crossing(of)


def _find_quantile(outstanding: Outstanding, demands: Demands, service: float) -> float:
    """Return the least amount that covers what is outstanding with a probability, units."""
    with np.errstate(divide="ignore"):
        nothing = outstanding.transform(
            np.log(np.maximum(demands.zero_probabilities, 1e-300))[:, np.newaxis].astype(complex)
        )
    if float(nothing[0].real) >= service - _ROUNDING * (1.0 - service):
        return 0.0
    points = _MOST_EVALUATIONS // max(outstanding.terms, sum(map(len, demands.draws)))
    points = min(_MOST_POINTS, max(_COARSE, 1 << (points.bit_length() - 1)))
    step = demands.find_step()
    level = _search_whole_range(outstanding, demands, step, points, service)
    if level is None:
        level = _search_grids(outstanding, demands, service, step, points)
    if level > LARGEST:
        raise UncomputableError(_TOO_LARGE)
    return level


def _search_whole_range(
    outstanding: Outstanding, demands: Demands, step: float | None, points: int, service: float
) -> float | None:
    """Return the level on a grid of all that can be outstanding, or None where that is too long."""
    if step is None:
        return None
    reach = outstanding.find_largest(demands.largest)
    if reach / step < points:
        length = 1 << math.ceil(math.log2(reach / step + 2.0))
        return _find_level(_cumulate(outstanding, demands, step, length, 0.0), service, step, whole=True)
    return None


def _search_grids(outstanding: Outstanding, demands: Demands, service: float, step: float | None, points: int) -> float:
    """Find a bound of the level on coarse grids, then the level on ever finer grids up to that bound."""
    reach = _find_reach(outstanding, demands, service)
    level, length = math.nan, _COARSE
    while True:
        length = min(4 * length, points)
        whole = step is not None and reach / step < points
        if whole and step is not None:
            length = 1 << math.ceil(math.log2(max(reach / step, 16.0)))
        grid = step if whole and step is not None else reach / length
        found = _find_level(_cumulate(outstanding, demands, grid, length, _TILT / length), service, grid, whole)
        if found is None:
            raise UncomputableError("what is outstanding has no level that covers it this often within rounding")
        if whole or abs(found - level) <= _CLOSE * found or length == points:
            return found if whole else _round_level(found)
        level = found


def _round_level(level: float) -> float:
    """Round to 17 binary digits, because Fourier transforms differ in their last bits between processors."""
    fraction, exponent = math.frexp(level)
    return math.ldexp(round(math.ldexp(fraction, _DIGITS)), exponent - _DIGITS)


def _find_reach(outstanding: Outstanding, demands: Demands, service: float) -> float:
    """Return an amount a little above the level, from coarse grids."""
    mean, _ = outstanding.moments(demands.means, demands.variances)
    reach = 2.0 * mean
    for _ in range(_MOST_CHANGES):
        step = reach / _COARSE
        level = _find_level(_cumulate(outstanding, demands, step, _COARSE, _TILT / _COARSE), service, step, whole=False)
        if level is None and reach < LARGEST:
            reach *= 4.0
        elif level is None:
            break
        elif level < reach / 8.0:
            reach = max(2.0 * level, 16.0 * step)
        elif level > LARGEST:
            break
        else:
            return _MARGIN * level + 8.0 * step
    raise UncomputableError(_TOO_LARGE)


def _cumulate(outstanding: Outstanding, demands: Demands, step: float, points: int, tilt: float) -> np.ndarray:
    """Return P(what is outstanding <= k steps) for k = 0, 1, ..., without the end of the grid.

    In a tilted transform, the end has the masses just below 0 that result from dividing atoms among grid points.
    """
    transform = outstanding.transform(demands.compute_logs(step, points, tilt))
    masses = np.fft.irfft(transform, points)
    if not tilt:
        return np.cumsum(masses)
    end = points - points // 32
    places = np.concatenate([np.arange(end - points, 0), np.arange(end - 2)])
    return np.cumsum(masses[places] * np.exp(tilt * places))[points - end :]


def _find_level(cumulated: np.ndarray, service: float, step: float, whole: bool) -> float | None:
    """Return the level at which a probability is reached, between grid points unless `whole`; None if it is not."""
    probability = service - _ROUNDING * (1.0 - service)
    k = int(np.argmax(cumulated >= probability))
    if cumulated[k] < probability:
        return None
    if whole:
        return k * step
    # What is at a grid point is spread evenly from half a step below it to half a step above.
    below = float(cumulated[k - 1]) if k else 0.0
    return max(0.0, (k - 0.5 + (service - below) / (float(cumulated[k]) - below)) * step)


def _tilt(places: np.ndarray, masses: np.ndarray, points: int, tilt: float) -> np.ndarray:
    """Return the masses on a grid, each times e^(-tilt k) at grid point k.

    Parameters
    ----------
    places : where the masses are, in steps; those beyond the grid are left out.
    masses : the probabilities.
    points : length of the grid.
    tilt : rate of the tilting, per step.

    Notes
    -----
    A mass between grid points is divided among the four nearest with the weights of cubic interpolation, which keeps
    its first three moments, so that a coarse grid widens nothing; its transform stays within the unit circle
    (Strang 1962).
    """
    inside = places < (points - 3 if tilt else points)
    places, masses = places[inside], masses[inside]
    nearest = np.rint(places)
    places = np.where(np.abs(places - nearest) < _ROUNDING * np.maximum(nearest, 1.0), nearest, places)
    first = np.floor(places).astype(np.int64)
    u = places - first
    weights = (
        -u * (u - 1.0) * (u - 2.0) / 6.0,
        (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0,
        -(u + 1.0) * u * (u - 2.0) / 2.0,
        (u + 1.0) * u * (u - 1.0) / 6.0,
    )
    grid = np.zeros(points + 3)
    for k, weight in enumerate(weights):
        grid += np.bincount(first + k, masses * weight, minlength=points + 3)
    grid *= np.exp(-tilt * np.arange(-1.0, points + 2.0))
    folded = grid[1 : points + 1].copy()
    folded[-1] += grid[0]
    return folded


def _find_common_step(values: np.ndarray) -> float | None:
    """Return the largest step of which all values are whole multiples, 0 if all are 0, None where none is found."""
    values = np.unique(values[values > 0.0])
    if not len(values):
        return 0.0
    first = float(values[0])
    if float(values[-1]) * 2.0**-52 > first:
        return None
    for denominator in _list_denominators(values / first):
        multiples = values / first * denominator
        whole = np.rint(multiples)
        if (np.abs(multiples - whole) <= _ROUNDING * whole).all() and whole[-1] < 2.0**52:
            return first / denominator * int(np.gcd.reduce(whole.astype(np.int64)))
    return None


def _list_denominators(ratios: np.ndarray) -> list[int]:
    """Return what may be the common denominator of ratios, from a few of them."""
    few = ratios[:: max(1, len(ratios) // 16)]
    several = [Fraction(float(ratio)).limit_denominator(_FINEST).denominator for ratio in few]
    multiple = math.lcm(*several)
    return [multiple] if multiple <= _FINEST**2 else []
