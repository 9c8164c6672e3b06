"""Sizes of flows and stores, from which the rounding is chosen: by levels and distributions, before any draw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jitrisk.lower.atoms import compute_clipped_mean
from jitrisk.lower.exogenous import build_profile
from jitrisk.lower.followed_levels import FollowedLevels
from jitrisk.lower.graph import compute_mean_yield, find_largest_capacity
from jitrisk.lower.levels import FARTHEST
from jitrisk.lower.loops import find_loops
from jitrisk.model.policies import Levels

if TYPE_CHECKING:
    from jitrisk.model import Customer, Network, Stage
    from jitrisk.sampling.distributions import Distribution
    from jitrisk.sampling.profiles import Profile
    from jitrisk.sampling.series import Effect

ENDLESS = FARTHEST**2
"""A flow, units; along a chain of fallbacks quantities multiply beyond what doubles hold."""

_BIAS = 2.0**-15  # part of a customer's smallest usual demand, and of what a stage starts, that a grain may be
_USUAL, _RARE = 0.05, 1e-3  # a flow is usually larger than the first quantile, and seldom larger than the last
_NEVER = 2.0**-33  # probability below which nothing is drawn
_CLOSE = 0.99  # of the least amount that is drawn, by which tables of quantiles may lie below it

Effects = Mapping[tuple[str, str], "tuple[Effect, ...]"]


class Range(NamedTuple):
    """The range of the values of an exogenous series that is handed in.

    Attributes
    ----------
    lowest, largest : its lowest and its largest value.
    smallest : its smallest value above 0; 0 where there is none.
    whole : whether all its values are whole.
    """

    lowest: float
    largest: float
    smallest: float
    whole: bool

    @classmethod
    def from_array(cls, values: np.ndarray) -> Range:
        """Return the range of an array of finite values."""
        above = values[values > 0]
        smallest = float(above.min()) if above.size else 0.0
        return cls(float(values.min()), float(values.max()), smallest, bool((values == np.floor(values)).all()))


Ranges = Mapping[tuple[str, str], Range]


@dataclass
class Flows:
    """How large the flows out of one store are, units per period.

    Attributes
    ----------
    small : smallest usual flow.
    demand : smallest usual demand of a customer of the store.
    large : largest usual sum of a period.
    most : largest sum of a period that can be drawn.
    """

    small: float = math.inf
    demand: float = math.inf
    large: float = 0.0
    most: float = 0.0

    def join(self, other: Flows, units: float = 1.0) -> None:
        """Add flows from the same store, of which each unit takes so many."""
        self.small = min(self.small, max(other.small * units, 1.0 / FARTHEST))
        self.large = min(self.large + other.large * units, ENDLESS)
        self.most = min(self.most + other.most * units, ENDLESS)


@dataclass(frozen=True)
class Sizes:
    """The sizes of flows and stores from which the rounding is chosen, by stage.

    Attributes
    ----------
    flows : the flows out of the store.
    level : what the store and the orders it counts may hold in usual times, units.
    excess : units by which the farthest forecast raises that, 0 where no forecast does.
    takes : units of each source for one unit started.
    coarsest : grain at which neither a customer's demand nor what the stage starts is off by much, units.
    loops : by first stage of a conwip loop, units of it in one unit of each stage of the loop.
    """

    flows: dict[str, Flows] = field(default_factory=dict)
    level: dict[str, float] = field(default_factory=dict)
    excess: dict[str, float] = field(default_factory=dict)
    takes: dict[str, dict[str, float]] = field(default_factory=dict)
    coarsest: dict[str, float] = field(default_factory=dict)
    loops: dict[str, dict[str, float]] = field(default_factory=dict)


def compute_sizes(
    network: Network,
    order: list[str],
    levels: Mapping[str, Levels],
    followed: Mapping[str, FollowedLevels],
    effects: Effects,
    given: Ranges,
) -> Sizes:
    """Return the sizes of flows and stores.

    Parameters
    ----------
    network : one strategy's network.
    order : its stages, consumers before their suppliers.
    levels : the levels of every stage's policy.
    followed : those of the stages whose levels follow the demand.
    effects : the effects of hazards, by kind of series and name of the stage or customer hit.
    given : the range of every exogenous series that is handed in.
    """
    sizes = Sizes(
        flows={name: Flows() for name in order},
        takes={name: {} for name in order},
        loops={name: dict(loop) for name, loop in find_loops(network).items()},
    )
    for name, customer in network.customers.items():
        hits = effects.get(("demand", name), ())
        profile = find_factor_range(customer, network.horizon)
        demanded = _size_demand(customer.demand, hits, given.get(("demand", name)), profile)
        flows = sizes.flows[customer.stage]
        flows.join(demanded)
        flows.demand = min(flows.demand, demanded.small)
    order_up_to = {name: one.order_up_to if math.isfinite(one.order_up_to) else 0.0 for name, one in levels.items()}
    for name, one in followed.items():
        order_up_to[name], farthest = (_find_largest(network, one, effects, given, tail) for tail in (_RARE, _NEVER))
        sizes.excess[name] = farthest - order_up_to[name]
    owed = _add_owed(network, order, levels, order_up_to)
    pushed = _bound_pushes(network, order, order_up_to, owed)
    for first, loop in sizes.loops.items():
        # Stock at the start may be more than the cards allow.
        stock = sum(units * (network.stages[name].on_hand or 0.0) for name, units in loop.items())
        order_up_to[first] = max(order_up_to[first], stock)
    held = {name: order_up_to[name] + owed[name] for name in order}
    _size_stores(network, order, levels, held, pushed, sizes)
    return sizes


def has_expiry(stage: Stage, horizon: int) -> bool:
    """Return whether units of a stage can expire within the horizon."""
    return stage.shelf_life is not None and stage.shelf_life <= horizon


def _add_owed(
    network: Network, order: list[str], levels: Mapping[str, Levels], order_up_to: Mapping[str, float]
) -> dict[str, float]:
    """Return what the consumers of each store may have ordered, where its policy counts that, units."""
    ahead, owed = dict.fromkeys(order, 0.0), {}
    for name in order:
        owed[name] = ahead[name] if levels[name].demand_signal else 0.0
        for source, units in _list_takes(network.stages[name]):
            ahead[source] += units * (order_up_to[name] + owed[name])
    return owed


def _size_stores(
    network: Network,
    order: list[str],
    levels: Mapping[str, Levels],
    held: Mapping[str, float],
    pushed: Mapping[str, float],
    sizes: Sizes,
) -> None:
    """Add the sizes of stores and of what stages start, consumers before their suppliers.

    The stores may hold `held` units by their levels, and stages that push start `pushed` units in a period.
    """
    in_loops = {name: held[first] / units for first, loop in sizes.loops.items() for name, units in loop.items()}
    for name in order:
        stage, flows, lot = network.stages[name], sizes.flows[name], levels[name].lot
        # Without a limit to its level, a store may end up with all that its stage can make; in a loop, with its cards.
        made = network.horizon * (find_largest_capacity(stage) or 0.0) if stage.policy.is_unlimited else 0.0
        made += min(network.horizon * pushed[name], in_loops.get(name, math.inf)) if stage.policy.pushes else 0.0
        sizes.level[name] = max(held[name], stage.on_hand or 0.0, flows.large, lot) + made
        started = _size_starts(stage, flows, lot)
        if stage.policy.pushes:
            started.large, started.most = (min(size + pushed[name], ENDLESS) for size in (started.large, started.most))
        if has_expiry(stage, network.horizon):
            started.most += held[name]  # what expires is ordered again
        sizes.coarsest[name] = _BIAS * min(flows.demand, started.large or math.inf)
        for source, units in _list_takes(stage):
            sizes.flows[source].join(started, units)
            sizes.takes[name][source] = sizes.takes[name].get(source, 0.0) + units


def _bound_pushes(
    network: Network, order: list[str], order_up_to: Mapping[str, float], owed: Mapping[str, float]
) -> dict[str, float]:
    """Return the most units that a stage that pushes can start in a period: what the stores before it may hold.

    A store that is pushed from is filled up to its level in every period at most.
    """
    most: dict[str, float] = {}
    for name in reversed(order):
        stage = network.stages[name]
        limits = [find_largest_capacity(stage) or ENDLESS]
        if stage.policy.pushes:
            limits += [
                sum(most[source] for source, _ in item.sources) / item.quantity for item in stage.inputs.values()
            ]
        elif not stage.policy.is_unlimited:
            limits.append(max(order_up_to[name] + owed[name], stage.on_hand or 0.0))
        most[name] = min(limits)
    return most


def _find_largest(network: Network, levels: FollowedLevels, effects: Effects, given: Ranges, tail: float) -> float:
    """Return the largest level that follows the demand with forecasts that seldom are higher, units."""
    total = levels.base
    for name, weights in levels.weights.items():
        customer, hits = network.customers[name], effects.get(("demand", name), ())
        largest, drawable = (_find_largest_forecast(customer, network.horizon, hits, one) for one in (tail, _NEVER))
        handed_in = _find_largest_handed_in(name, network, given)
        # A forecast handed in that could be drawn is rounded as if it were: both give the same result.
        total = total + (largest if handed_in <= drawable else handed_in) * weights
    return min(float(total.max()), ENDLESS)


def _find_largest_forecast(customer: Customer, horizon: int, hits: tuple[Effect, ...], tail: float) -> float:
    """Return a factor of the forecast of a customer that seldom is exceeded, at least 1.

    A smoothed demand lies between those that it is an average of: its factor is bounded by that of the largest usual
    draw, with every hazard on, to the mean. Where demand is whole, season and trend may leave less than a unit of a
    draw, which is a unit now and then: without the season, that is a demand of many.
    """
    forecast = customer.forecast
    if forecast is not None and forecast.error is not None:
        return max(1.0, float(forecast.error.quantile(tail, upper=True)))
    mean = compute_clipped_mean(customer.demand)
    if mean <= 0.0:
        return 1.0
    rise = math.prod(max(1.0, hit.factor) for hit in hits)
    largest = float(customer.demand.quantile(tail, upper=True)) * rise
    _, smallest, _ = find_factor_range(customer, horizon)
    if customer.demand.is_integer:
        largest = max(largest, 1.0 / max(smallest, tail / (mean * rise)))
    return min(max(1.0, largest / mean), ENDLESS)


def _find_largest_handed_in(name: str, network: Network, given: Ranges) -> float:
    """Return the largest forecast of a customer that is handed in, or that follows from a demand handed in; else 0."""
    if ("forecast", name) in given:
        return given["forecast", name].largest
    customer = network.customers[name]
    mean = compute_clipped_mean(customer.demand)
    if ("demand", name) not in given or customer.forecast is None or customer.forecast.error is not None or mean <= 0.0:
        return 0.0
    _, smallest, _ = find_factor_range(customer, network.horizon)
    return min(given["demand", name].largest / (smallest or 1.0) / mean, ENDLESS)


def _list_takes(stage: Stage) -> list[tuple[str, float]]:
    """Return the units that one unit started takes of each source; a fallback may have to give all."""
    return [
        (source, item.quantity * (share if share > 0 else 1.0))
        for item in stage.inputs.values()
        for source, share in item.sources
    ]


def _size_starts(stage: Stage, flows: Flows, lot: float) -> Flows:
    """Return how large the starts of a stage are, given the flows out of its store."""
    regular = stage.capacity or math.inf
    most = find_largest_capacity(stage) or math.inf
    yielded = compute_mean_yield(stage)
    small = min(max(lot, flows.small), regular)
    return Flows(small, math.inf, min(max(lot, flows.large / yielded), most), min(max(lot, flows.most / yielded), most))


def find_factor_range(customer: Customer, horizon: int) -> tuple[float, float, float]:
    """Return the largest factor that season and trend have within the horizon, the smallest above 0, and the lowest."""
    profile = build_profile(customer)
    return (1.0, 1.0, 1.0) if profile is None else _find_range(profile, horizon)


@lru_cache(maxsize=256)
def _find_range(profile: Profile, horizon: int) -> tuple[float, float, float]:
    factors = profile.compute_factors(0, horizon)
    above = factors[factors > 0.0]
    return float(factors.max()), float(above.min()) if above.size else 0.0, float(factors.min())


@lru_cache(maxsize=4096)
def _size_demand(
    distribution: Distribution, hits: tuple[Effect, ...], given: Range | None, profile: tuple[float, float, float]
) -> Flows:
    largest, smallest, lowest = profile
    rise = math.prod(max(1.0, hit.factor) for hit in hits) * largest
    fall = math.prod(min(1.0, hit.factor) for hit in hits if hit.factor > 0) * smallest
    usual = float(distribution.quantile(_USUAL))
    small = (
        max(1.0, usual * fall)
        if distribution.is_integer
        else (usual if usual > 0 else _USUAL * distribution.mean()) * fall
    )
    large, most = (max(0.0, float(distribution.quantile(tail, upper=True))) * rise for tail in (_RARE, _NEVER))
    least = math.prod(min(1.0, hit.factor) for hit in hits) * lowest * max(0.0, float(distribution.quantile(_NEVER)))
    above = 1.0 if distribution.is_integer else _CLOSE * least
    drawable = given is None or (small <= given.largest <= most and given.smallest >= above)
    if given is not None and not drawable:
        # A path handed in that could be drawn is rounded as if it were: both give the same result.
        return Flows(given.smallest or math.inf, math.inf, given.largest, given.largest)
    return Flows(small if small > 0 else math.inf, math.inf, large, most)
