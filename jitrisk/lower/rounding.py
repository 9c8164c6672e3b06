"""Rounding: the grain of each store, the tolerance of comparisons, and the precision of the state.

Every flow is rounded to whole grains of the store it enters or leaves, when it is made. Sums of whole grains are exact
as long as they fit in the digits of a number, so that rounding creates and destroys no units, and a comparison
needs to allow for the rounding of the few flows that meet in it, however large the store is. Float32 state is used
where its grain is small beside the smallest flows, float64 state everywhere else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jitrisk.lower.graph import compute_mean_yield
from jitrisk.lower.levels import FARTHEST
from jitrisk.model.policies import Levels

if TYPE_CHECKING:
    from jitrisk.model import Network, Stage
    from jitrisk.sampling.distributions import Distribution
    from jitrisk.sampling.series import Effect

_DIGITS = {False: 24, True: 53}
"""Binary digits of a float32 and of a float64."""

_SPARE = 3  # of these, digits that products of whole numbers need
_TIE = 4.0  # grains by which flows that are equal may differ: half a grain for each flow that meets, and some more
_RELATIVE = 1e-6  # parts of the smallest flow that are rounding in any case: a float32 draw has 24 digits
_SMALL, _LOT = 1 / 256, 1 / 32  # parts of the smallest flow, and of a lot, that rounding may be
_BIAS = 2.0**-15  # part of a customer's smallest usual demand, and of what a stage starts, that a grain may be
_MOST = 0.5  # units that rounding may be where state is float32: a store that lacks one unit lacks one unit
_LONGEST = 1 << 14  # periods after which a float32 backlog that only grows is off by at most one in 2,000

_FLUSHED = 128  # periods that float32 sums run over, see `jitrisk.run.partition.FLUSH`

_USUAL, _RARE = 0.05, 1e-3  # a flow is usually larger than the first quantile, and seldom larger than the last
_NEVER = 2.0**-33  # probability below which nothing is drawn
_ENDLESS = FARTHEST**2  # a flow, units; along a chain of fallbacks quantities multiply beyond what doubles hold
_CLOSE = 0.99  # of the least amount that is drawn, by which tables of quantiles may lie below it


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


@dataclass(frozen=True)
class Rounding:
    """How one strategy's network is rounded, `n` stages in sweep order.

    Attributes
    ----------
    double : whether state is float64.
    grain : unit of what enters or leaves each store, a power of two, units, (n,).
    tolerance : difference of two flows that may be rounding, whole grains, units, (n,).
    """

    double: bool
    grain: np.ndarray
    tolerance: np.ndarray

    @property
    def coarse(self) -> np.ndarray:
        """The number beside which there is room for whole grains and no finer digit, (n,)."""
        return self.grain * 2.0 ** (_DIGITS[self.double] - 1)

    def round_to_grains(self, units: np.ndarray) -> np.ndarray:
        """Return units, one number per stage, rounded to whole grains."""
        return np.asarray(np.rint(units / self.grain) * self.grain)


@dataclass
class _Flows:
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

    def join(self, other: _Flows, units: float = 1.0) -> None:
        """Add flows from the same store, of which each unit takes so many."""
        self.small = min(self.small, max(other.small * units, 1.0 / FARTHEST))
        self.large = min(self.large + other.large * units, _ENDLESS)
        self.most = min(self.most + other.most * units, _ENDLESS)


@dataclass(frozen=True)
class _Sizes:
    """The sizes of flows and stores from which the rounding is chosen, by stage.

    Attributes
    ----------
    flows : the flows out of the store.
    level : what the store and the orders it counts may hold in usual times, units.
    takes : units of each source for one unit started.
    coarsest : grain at which neither a customer's demand nor what the stage starts is off by much, units.
    """

    flows: dict[str, _Flows] = field(default_factory=dict)
    level: dict[str, float] = field(default_factory=dict)
    takes: dict[str, dict[str, float]] = field(default_factory=dict)
    coarsest: dict[str, float] = field(default_factory=dict)


def round_flows(
    network: Network,
    order: list[str],
    levels: Mapping[str, Levels],
    effects: Mapping[tuple[str, str], tuple[Effect, ...]],
    given: Mapping[tuple[str, str], Range],
) -> Rounding:
    """Return how the flows of a network are rounded.

    Parameters
    ----------
    network : one strategy's network.
    order : its stages, consumers before their suppliers.
    levels : the levels of every stage's policy.
    effects : the effects of hazards, by kind of series and name of the stage or customer hit.
    given : the range of every exogenous series that is handed in.
    """
    sizes = _compute_sizes(network, order, levels, effects, given)
    if _is_whole(network, levels, effects, given):
        reach = max(_bound_store(network, sizes, name) + _bound_scrap(network, sizes, name, given) for name in order)
        # Float64 is half as fast: where hazards stop a stage, float32 with small grains is tried first.
        stopped = any(key[0] == "availability" and key not in given for key in effects)
        for double in (False,) if stopped else (False, True):
            if reach < 2.0 ** (_DIGITS[double] - _SPARE):
                return Rounding(double, np.ones(len(order)), np.zeros(len(order)))
    if network.horizon <= _LONGEST:
        single = _compute_rounding(network, order, sizes, double=False)
        allowed = [
            min(_MOST, _SMALL * sizes.flows[name].small, _LOT * (levels[name].lot or math.inf)) for name in order
        ]
        if (single.tolerance <= allowed).all() and (single.grain <= [sizes.coarsest[name] for name in order]).all():
            return single
    return _compute_rounding(network, order, sizes, double=True)


def _compute_rounding(network: Network, order: list[str], sizes: _Sizes, double: bool) -> Rounding:
    reach = {name: _bound_store(network, sizes, name) if double else sizes.level[name] for name in order}
    grain = {}
    for name in order:
        # One digit is left for the number that rounds a flow, see `coarse`.
        finest = _round_to_power_of_two(reach[name]) * 2.0 ** (1 - _DIGITS[double])
        coarsest = _round_to_power_of_two(sizes.flows[name].small) * _SMALL / (2 * _TIE)
        grain[name] = min(finest, coarsest) if double else finest
    # Grains of float64 are so fine that all along a line share them.
    _share_grains(network, order, grain, dict.fromkeys(order, math.inf) if double else sizes.coarsest)
    ties = {name: _TIE * grain[name] for name in order}
    # What is one start's rounding is so many times that in its inputs, and the other way round.
    for name in order:
        for source, units in sizes.takes[name].items():
            ties[source] = max(ties[source], min(units * ties[name], _ENDLESS))
    for name in reversed(order):
        for source, units in _list_limits(network.stages[name]):
            ties[name] = max(ties[name], min(_TIE * grain[source] / units, _ENDLESS))
    small = {name: min(sizes.flows[name].small, sizes.level[name]) for name in order}
    tolerance = np.array([max(ties[name], _RELATIVE * small[name]) for name in order])
    grains = np.array([grain[name] for name in order])
    return Rounding(double, grains, np.ceil(tolerance / grains) * grains)


def _share_grains(network: Network, order: list[str], grain: dict[str, float], coarsest: Mapping[str, float]) -> None:
    """Give a store and the stages that take one of its units per unit started the same grain.

    A stage that is small beside its supplier keeps a finer one, and what it takes is rounded as its supplier rounds.
    """
    links = []
    for name in order:
        inputs = list(network.stages[name].inputs.values())
        if len(inputs) == 1 and inputs[0].quantity == 1.0 and len(inputs[0].sources) == 1:
            links.append((name, inputs[0].sources[0][0]))
    for name, source in links:
        grain[source] = max(grain[source], grain[name])
    for name, source in reversed(links):
        if grain[source] <= coarsest[name]:
            grain[name] = grain[source]


def _round_to_power_of_two(size: float) -> float:
    """Return the least power of two that is not below a size."""
    fraction, exponent = math.frexp(size)
    return math.ldexp(1.0, exponent - (fraction == 0.5)) if 0 < size < math.inf else 1.0


def _bound_store(network: Network, sizes: _Sizes, name: str) -> float:
    """Return more units than a store, its orders and its backlogs can ever hold."""
    return sizes.level[name] + network.horizon * sizes.flows[name].most


def _bound_scrap(network: Network, sizes: _Sizes, name: str, given: Mapping[tuple[str, str], Range]) -> float:
    """Return more units than are started in vain between two flushes of sums: all that is scrapped is ordered again."""
    scraps = ("yield", name) in given and given["yield", name].lowest < 1.0
    return min(_FLUSHED, network.horizon) * sizes.level[name] if scraps else 0.0


def _compute_sizes(
    network: Network,
    order: list[str],
    levels: Mapping[str, Levels],
    effects: Mapping[tuple[str, str], tuple[Effect, ...]],
    given: Mapping[tuple[str, str], Range],
) -> _Sizes:
    sizes = _Sizes()
    for name in order:
        sizes.flows[name] = _Flows()
        sizes.takes[name] = {}
    for name, customer in network.customers.items():
        hits = effects.get(("demand", name), ())
        flows, demanded = sizes.flows[customer.stage], _size_demand(customer.demand, hits, given.get(("demand", name)))
        flows.join(demanded)
        flows.demand = min(flows.demand, demanded.small)
    order_up_to = {name: one.initial for name, one in levels.items()}
    ahead = dict.fromkeys(order, 0.0)
    for name in order:
        stage, flows, lot = network.stages[name], sizes.flows[name], levels[name].lot
        owed = ahead[name] if levels[name].demand_signal else 0.0
        # Without a limit to its level, a store may end up with all that its stage can make.
        made = network.horizon * (stage.capacity or 0.0) if stage.policy.is_unlimited else 0.0
        sizes.level[name] = max(order_up_to[name] + owed, stage.on_hand or 0.0, flows.large, lot) + made
        started = _size_starts(stage, flows, lot)
        sizes.coarsest[name] = _BIAS * min(flows.demand, started.large or math.inf)
        for source, units in _list_takes(stage):
            sizes.flows[source].join(started, units)
            sizes.takes[name][source] = sizes.takes[name].get(source, 0.0) + units
            ahead[source] += units * (order_up_to[name] + owed)
    return sizes


def _list_takes(stage: Stage) -> list[tuple[str, float]]:
    """Return the units that one unit started takes of each source; a fallback may have to give all."""
    return [
        (source, item.quantity * (share if share > 0 else 1.0))
        for item in stage.inputs.values()
        for source, share in item.sources
    ]


def _list_limits(stage: Stage) -> list[tuple[str, float]]:
    """Return the units of each source by which what it holds is divided to limit a start."""
    return [
        (source, item.quantity * (1.0 if item.failover else share))
        for item in stage.inputs.values()
        for source, share in item.sources
        if item.failover or share > 0
    ]


def _size_starts(stage: Stage, flows: _Flows, lot: float) -> _Flows:
    """Return how large the starts of a stage are, given the flows out of its store."""
    most = math.inf if stage.capacity is None or stage.capacity == 0 else stage.capacity
    yielded = compute_mean_yield(stage)
    small = min(max(lot, flows.small), most)
    return _Flows(
        small, math.inf, min(max(lot, flows.large / yielded), most), min(max(lot, flows.most / yielded), most)
    )


@lru_cache(maxsize=4096)
def _size_demand(distribution: Distribution, hits: tuple[Effect, ...], given: Range | None) -> _Flows:
    rise = math.prod(max(1.0, hit.factor) for hit in hits)
    fall = math.prod(min(1.0, hit.factor) for hit in hits if hit.factor > 0)
    usual = float(distribution.quantile(_USUAL))
    small = (
        max(1.0, usual * fall)
        if distribution.is_integer
        else (usual if usual > 0 else _USUAL * distribution.mean()) * fall
    )
    large, most = (max(0.0, float(distribution.quantile(tail, upper=True))) * rise for tail in (_RARE, _NEVER))
    lowest = math.prod(min(1.0, hit.factor) for hit in hits) * max(0.0, float(distribution.quantile(_NEVER)))
    smallest = 1.0 if distribution.is_integer else _CLOSE * lowest
    drawable = given is None or (small <= given.largest <= most and given.smallest >= smallest)
    if given is not None and not drawable:
        # A path handed in that could be drawn is rounded as if it were: both give the same result.
        return _Flows(given.smallest or math.inf, math.inf, given.largest, given.largest)
    return _Flows(small if small > 0 else math.inf, math.inf, large, most)


def _is_whole(
    network: Network,
    levels: Mapping[str, Levels],
    effects: Mapping[tuple[str, str], tuple[Effect, ...]],
    given: Mapping[tuple[str, str], Range],
) -> bool:
    """Return whether every flow and every level of a network is a whole number of units."""
    for name, customer in network.customers.items():
        given_range = given.get(("demand", name))
        whole = customer.demand.is_integer if given_range is None else given_range.whole
        if not whole or customer.unmet not in (0.0, 1.0):
            return False
    return all(_is_start_whole(name, stage, levels[name], effects, given) for name, stage in network.stages.items())


def _is_stop_of_whole_periods(effect: Effect) -> bool:
    """Return whether an effect stops a process completely, and begins and ends with a period."""
    hazard = effect.process
    return effect.factor == 0 and hazard.ramp == 0 and hazard.time_between.is_integer and hazard.duration.is_integer


def _is_availability_whole(
    name: str, effects: Mapping[tuple[str, str], tuple[Effect, ...]], given: Mapping[tuple[str, str], Range]
) -> bool:
    key = ("availability", name)
    return given[key].whole if key in given else all(map(_is_stop_of_whole_periods, effects.get(key, ())))


def _is_yield_whole(
    name: str,
    stage: Stage,
    effects: Mapping[tuple[str, str], tuple[Effect, ...]],
    given: Mapping[tuple[str, str], Range],
) -> bool:
    # While all is scrapped, a stage orders up to its level again and again: no hazard may act on a yield.
    key = ("yield", name)
    if key in given:
        return given[key].whole
    return key not in effects and stage.yield_.family == "constant" and stage.yield_.mean() == 1.0


def _is_start_whole(
    name: str,
    stage: Stage,
    levels: Levels,
    effects: Mapping[tuple[str, str], tuple[Effect, ...]],
    given: Mapping[tuple[str, str], Range],
) -> bool:
    if not _is_availability_whole(name, effects, given) or not _is_yield_whole(name, stage, effects, given):
        return False
    inputs = list(stage.inputs.values())
    shares = [share for item in inputs for _, share in item.sources]
    numbers = [stage.capacity or 0.0, stage.on_hand or 0.0, levels.order_up_to, levels.reorder_point, levels.lot]
    numbers += [item.quantity for item in inputs] + shares
    # A start of a part of what a store holds is not whole where each unit takes several.
    divides = any(item.quantity != 1.0 for item in inputs)
    return not divides and all(math.isinf(number) or number == math.floor(number) for number in numbers)
