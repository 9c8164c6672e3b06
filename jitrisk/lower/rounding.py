"""Rounding: the grain of each store, the tolerance of comparisons, and the precision of the state.

Every flow is rounded to whole grains of the store it enters or leaves, when it is made. Sums of whole grains are exact
as long as they fit in the digits of a number, so that rounding creates and destroys no units, and a comparison
needs to allow for the rounding of the few flows that meet in it, however large the store is. Float32 state is used
where its grain is small beside the smallest flows, float64 state everywhere else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jitrisk.lower.followed_levels import FollowedLevels
from jitrisk.lower.graph import find_largest_capacity
from jitrisk.lower.sizes import ENDLESS, Effects, Ranges, Sizes, compute_sizes, has_expiry
from jitrisk.lower.sizes import Range as Range
from jitrisk.model.policies import Levels

if TYPE_CHECKING:
    from jitrisk.model import Network, Stage
    from jitrisk.sampling.series import Effect

_DIGITS = {False: 24, True: 53}
"""Binary digits of a float32 and of a float64."""

_SPARE = 3  # of these, digits that products of whole numbers need
_TIE = 4.0  # grains by which flows that are equal may differ: half a grain for each flow that meets, and some more
_RELATIVE = 1e-6  # parts of the smallest flow that are rounding in any case: a float32 draw has 24 digits
_SMALL, _LOT = 1 / 256, 1 / 32  # parts of the smallest flow, and of a lot, that rounding may be
_MOST = 0.5  # units that rounding may be where state is float32: a store that lacks one unit lacks one unit
_LONGEST = 1 << 14  # periods after which a float32 backlog that only grows is off by at most one in 2,000

_FLUSHED = 128  # periods that float32 sums run over, see `jitrisk.run.partition.FLUSH`


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


def round_flows(
    network: Network,
    order: list[str],
    levels: Mapping[str, Levels],
    effects: Effects,
    given: Ranges,
    followed: Mapping[str, FollowedLevels] | None = None,
) -> Rounding:
    """Return how the flows of a network are rounded.

    Parameters
    ----------
    network : one strategy's network.
    order : its stages, consumers before their suppliers.
    levels : the levels of every stage's policy.
    effects : the effects of hazards, by kind of series and name of the stage or customer hit.
    given : the range of every exogenous series that is handed in.
    followed : the levels of the stages that follow the demand.
    """
    followed = followed or {}
    sizes = compute_sizes(network, order, levels, followed, effects, given)
    if _is_whole(network, levels, followed, effects, given):
        reach = max(_bound_store(network, sizes, name) + _bound_losses(network, sizes, name, given) for name in order)
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


def _compute_rounding(network: Network, order: list[str], sizes: Sizes, double: bool) -> Rounding:
    reach = {name: _bound_store(network, sizes, name) if double else sizes.level[name] for name in order}
    grain = {}
    for name in order:
        # One digit is left for the number that rounds a flow, see `coarse`.
        finest = _round_to_power_of_two(reach[name]) * 2.0 ** (1 - _DIGITS[double])
        coarsest = _round_to_power_of_two(sizes.flows[name].small) * _SMALL / (2 * _TIE)
        grain[name] = min(finest, coarsest) if double else finest
    # Grains of float64 are so fine that all along a line share them.
    _share_grains(network, order, grain, sizes, double)
    ties = {name: _TIE * grain[name] for name in order}
    # What is one start's rounding is so many times that in its inputs, and the other way round.
    for name in order:
        for source, units in sizes.takes[name].items():
            ties[source] = max(ties[source], min(units * ties[name], ENDLESS))
    for name in reversed(order):
        for source, units in _list_limits(network.stages[name]):
            ties[name] = max(ties[name], min(_TIE * grain[source] / units, ENDLESS))
    small = {name: min(sizes.flows[name].small, sizes.level[name]) for name in order}
    tolerance = np.array([max(ties[name], _RELATIVE * small[name]) for name in order])
    grains = np.array([grain[name] for name in order])
    return Rounding(double, grains, np.ceil(tolerance / grains) * grains)


def _share_grains(network: Network, order: list[str], grain: dict[str, float], sizes: Sizes, double: bool) -> None:
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
        if double or grain[source] <= sizes.coarsest[name]:
            grain[name] = grain[source]
    # What leaves a loop counts in its first stage, which must lose none of it.
    for first, loop in sizes.loops.items():
        for name in loop:
            grain[name] = max(grain[name], grain[first])


def _round_to_power_of_two(size: float) -> float:
    """Return the least power of two that is not below a size."""
    fraction, exponent = math.frexp(size)
    return math.ldexp(1.0, exponent - (fraction == 0.5)) if 0 < size < math.inf else 1.0


def _bound_store(network: Network, sizes: Sizes, name: str) -> float:
    """Return more units than a store, its orders and its backlogs can ever hold."""
    return sizes.level[name] + sizes.excess.get(name, 0.0) + network.horizon * sizes.flows[name].most


def _bound_losses(network: Network, sizes: Sizes, name: str, given: Ranges) -> float:
    """Return more units than are started in vain between two flushes of sums: what is lost is ordered again."""
    loses = ("yield", name) in given and given["yield", name].lowest < 1.0
    loses = loses or has_expiry(network.stages[name], network.horizon)
    return min(_FLUSHED, network.horizon) * sizes.level[name] if loses else 0.0


def _list_limits(stage: Stage) -> list[tuple[str, float]]:
    """Return the units of each source by which what it holds is divided to limit a start."""
    return [
        (source, item.quantity * (1.0 if item.failover else share))
        for item in stage.inputs.values()
        for source, share in item.sources
        if item.failover or share > 0
    ]


def _is_whole(
    network: Network,
    levels: Mapping[str, Levels],
    followed: Mapping[str, FollowedLevels],
    effects: Effects,
    given: Ranges,
) -> bool:
    """Return whether every flow and every level of a network is a whole number of units."""
    for name, customer in network.customers.items():
        given_range = given.get(("demand", name))
        whole = customer.demand.is_integer if given_range is None else given_range.whole
        if not whole or customer.unmet not in (0.0, 1.0):
            return False
    return all(
        _is_start_whole(name, stage, effects, given) and _is_policy_whole(stage, levels[name], followed.get(name))
        for name, stage in network.stages.items()
    )


def _is_stop_of_whole_periods(effect: Effect) -> bool:
    """Return whether an effect stops a process completely, and begins and ends with a period."""
    hazard = effect.process
    return effect.factor == 0 and hazard.ramp == 0 and hazard.time_between.is_integer and hazard.duration.is_integer


def _is_availability_whole(name: str, effects: Effects, given: Ranges) -> bool:
    key = ("availability", name)
    return given[key].whole if key in given else all(map(_is_stop_of_whole_periods, effects.get(key, ())))


def _is_yield_whole(
    name: str,
    stage: Stage,
    effects: Effects,
    given: Ranges,
) -> bool:
    # While all is scrapped, a stage orders up to its level again and again: no hazard may act on a yield.
    key = ("yield", name)
    if key in given:
        return given[key].whole
    return key not in effects and stage.yield_.family == "constant" and stage.yield_.mean() == 1.0


def _is_start_whole(name: str, stage: Stage, effects: Effects, given: Ranges) -> bool:
    if not _is_availability_whole(name, effects, given) or not _is_yield_whole(name, stage, effects, given):
        return False
    inputs = list(stage.inputs.values())
    numbers = [stage.capacity or 0.0, find_largest_capacity(stage) or 0.0, stage.on_hand or 0.0]
    numbers += [item.quantity for item in inputs] + [share for item in inputs for _, share in item.sources]
    # A start of a part of what a store holds is not whole where each unit takes several.
    divides = any(item.quantity != 1.0 for item in inputs)
    return not divides and all(map(_is_number_whole, numbers))


def _is_policy_whole(stage: Stage, levels: Levels, followed: FollowedLevels | None) -> bool:
    """Return whether a policy orders whole units, of which it expedites whole ones."""
    numbers = [levels.lot, stage.policy.order_cap]
    if stage.expedite is not None and stage.expedite.up_to is not None:
        numbers.append(stage.expedite.up_to)
    if followed is None:
        return all(map(_is_number_whole, [*numbers, levels.order_up_to, levels.reorder_point]))
    # A forecast scales levels by any number.
    several = [followed.order_up_to, followed.reorder_point]
    return (
        not followed.weights
        and all(map(_is_number_whole, numbers))
        and all(bool((one == np.floor(one)).all()) for one in several)
    )


def _is_number_whole(number: float) -> bool:
    return math.isinf(number) or number == math.floor(number)
