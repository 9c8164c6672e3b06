"""Plans to begin a search with: the levels of the card formula, of the newsvendor, of every strategy, and around them.

A descent goes where its start lies near; many starts cost one batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jitrisk.errors import ModelError
from jitrisk.lower import Levels, compute_mean_demand, compute_policy_levels, find_downstream_customers
from jitrisk.model import Network
from jitrisk.model.policies import Policy
from jitrisk.studies.search.decisions import DecisionSpace
from jitrisk.studies.search.plan import LevelDecision, Plan

_SCALES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
_SCANNED, _SCANNED_OF_MANY = (0.125, 0.25, 0.5, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0), (0.25, 4.0)
_USUAL_RATIO, _LEAST_RATIO, _LARGEST_RATIO = 0.95, 0.5, 0.9995
FEW_LEVELS = 20
"""Levels up to which starts are many."""

_DIGITS = 4  # of a ratio: stages that share one share the computation of its level
_SLACK = 1e-9
_MOST_STAGES = 200  # beyond, the levels of the newsvendor take too long


def list_starts(space: DecisionSpace, choices: tuple[int, ...]) -> list[Plan]:
    """Return plans to begin with, under some options of the choices.

    Parameters
    ----------
    space : what may vary.
    choices : the option of every choice.
    """
    own = Plan(space.start.levels, choices)
    network = space.read_variant(own)
    strategies = list(_list_strategy_plans(space, own, network))
    plans = [own, *strategies, *(mixed for one in strategies for mixed in _list_mixed_plans(space, own, one))]
    demand, own_levels = compute_mean_demand(network), compute_policy_levels(network)
    lots = {name: _find_lot(network, name, demand[name], own_levels[name]) for name in network.stages}
    for levels in _list_formula_levels(network):
        for scale in _SCALES:
            stores = {name: _FullStore(scale * level, lots[name], demand[name]) for name, level in levels.items()}
            plans.append(_assign_levels(space, own, network, stores))
    plans += [_scale(space, own, scale) for scale in _SCALES]
    return [plan for plan in dict.fromkeys(plans) if space.is_allowed(plan)]


def _list_strategy_plans(space: DecisionSpace, own: Plan, network: Network) -> Iterator[Plan]:
    """Yield the plan with the levels of every strategy of the model."""
    for other in space.network.strategies.values():
        levels, demand = compute_policy_levels(other), compute_mean_demand(other)
        places = list(own.levels)
        for i in space.list_active(own):
            decision = space.levels[i]
            container = _find_container(network.stages[decision.stage].policy)
            found = read_level(decision, levels[decision.stage], demand[decision.stage], container)
            places[i] = places[i] if found is None else decision.find_place(found)
        yield Plan(tuple(places), own.choices)


def _list_mixed_plans(space: DecisionSpace, own: Plan, other: Plan) -> Iterator[Plan]:
    """Yield the plans with the levels of one stage from another plan, where levels are few."""
    if len(space.levels) <= FEW_LEVELS:
        for stage in dict.fromkeys(decision.stage for decision in space.levels):
            places = zip(space.levels, own.levels, other.levels, strict=True)
            yield Plan(tuple(theirs if one.stage == stage else ours for one, ours, theirs in places), own.choices)


def list_distant_plans(space: DecisionSpace, plan: Plan) -> list[Plan]:
    """Return the plans with one level far from where it is; beyond a hill, the objective may fall again.

    Parameters
    ----------
    space : what may vary.
    plan : where a descent ended.
    """
    found = []
    for i in space.list_active(plan):
        decision = space.levels[i]
        value = decision.compute_value(plan.levels[i]) or decision.step
        for scale in _SCANNED if len(space.levels) <= FEW_LEVELS else _SCANNED_OF_MANY:
            moved = plan.replace_level(i, decision.clip(decision.find_place(value * scale)))
            if moved != plan and space.is_allowed(moved):
                found.append(moved)
    return list(dict.fromkeys(found))


def read_level(decision: LevelDecision, levels: Levels, mean_demand: float, container: float) -> float | None:
    """Return the value of a decision with which a store has some levels, None where these have no limit.

    Parameters
    ----------
    decision : the decision.
    levels : the levels of its stage.
    mean_demand : mean demand on its store, units per period.
    container : units in one container, where it decides about cards.
    """
    if not math.isfinite(levels.order_up_to):
        return None
    up_to, point, lot = levels.order_up_to, levels.reorder_point, levels.lot
    lot = lot or max(up_to - point, 1.0)
    units = {"level": up_to, "cover": up_to, "min": point, "max": up_to, "point": point, "quantity": lot}
    if decision.field == "cards":
        return up_to / container
    if decision.unit != "d":
        return units[decision.field]
    return units[decision.field] / mean_demand if mean_demand else 0.0


def _list_formula_levels(network: Network) -> Iterator[dict[str, float]]:
    """Yield order-up-to levels by stage: those of the card formula, and of the newsvendor ratio of every stage."""
    one_by_one: dict[str, Any] = {"kanban": {"cards": "auto", "container": 1}}
    yield from _compute_levels(network, dict.fromkeys(network.stages, one_by_one))
    if len(network.stages) <= _MOST_STAGES:
        ratios = compute_newsvendor_ratios(network)
        yield from _compute_levels(network, {s: {"base_stock": {"service": ratios[s]}} for s in network.stages})


def _compute_levels(network: Network, policies: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """Yield the order-up-to levels of some policies, or nothing where one cannot be computed."""
    patch = {"stages": {stage: {"policy": policy} for stage, policy in policies.items()}}
    try:
        network = next(iter(network.patched({"strategies": {"start": patch}}).strategies.values()))
        yield {stage: levels.order_up_to for stage, levels in compute_policy_levels(network).items()}
    except ModelError:
        return


def compute_newsvendor_ratios(network: Network) -> dict[str, float]:
    """Return the critical ratio of every stage, b / (b + h), from its prices and those of what it supplies.

    Parameters
    ----------
    network : the network of one strategy.

    Returns
    -------
    By stage, with h the holding cost of a unit per period, and b the largest cost per unit and period of keeping a
    customer downstream or a stage whose downtime has a price waiting; 0.95 where one of the two is 0.
    """
    demand, customers = compute_mean_demand(network), find_downstream_customers(network)
    ratios = {}
    for name, stage in network.stages.items():
        rate = network.holding_rate if stage.holding_rate is None else stage.holding_rate
        lead_time = max(1.0, stage.lead_time.mean())
        waiting = [_compute_waiting_cost(network, one, stage.value, lead_time) for one in customers[name]]
        for other, downstream in customers.items():
            if downstream & customers[name] and network.stages[other].downtime_cost and demand[other]:
                waiting.append(network.stages[other].downtime_cost / demand[other])
        held, late = stage.value * rate, max(waiting, default=0.0)
        ratio = late / (late + held) if held > 0 and late > 0 else _USUAL_RATIO
        ratios[name] = round(min(max(ratio, _LEAST_RATIO), _LARGEST_RATIO), _DIGITS)
    return ratios


def _compute_waiting_cost(network: Network, customer: str, value: float, lead_time: float) -> float:
    """Return what a unit that a customer lacks costs per period; what is paid once is spread over a lead time."""
    one = network.customers[customer]
    once = one.shortage_cost + (1.0 - one.unmet) * (one.lost_cost + max(one.price - value, 0.0))
    return one.unmet * one.backorder_cost + once / lead_time


class _FullStore(NamedTuple):
    """A level in units, the units of one order, and the mean demand per period of a store."""

    level: float
    lot: float
    mean_demand: float


def _assign_levels(space: DecisionSpace, own: Plan, network: Network, stores: Mapping[str, _FullStore]) -> Plan:
    """Return the plan whose stores are full at some levels.

    Lots stay as they are, and the distance of reorder point and order-up-to level does, or both are the economic order
    quantity where ordering has a price (Harris 1913).
    """
    places = list(own.levels)
    for i in space.list_active(own):
        decision = space.levels[i]
        level, lot, demand = stores[decision.stage]
        value = {"level": level, "cover": level, "min": level, "point": level, "max": level + lot, "quantity": lot}
        # As the card formula rounds.
        value["cards"] = math.ceil(level / _find_container(network.stages[decision.stage].policy) - _SLACK)
        found = value[decision.field]
        if decision.unit == "d":
            found = found / demand if demand else 0.0
        places[i] = decision.clip(decision.find_place(found))
    return Plan(tuple(places), own.choices)


def _find_container(policy: Policy) -> float:
    return float(getattr(policy, "container", 1.0))


def _find_lot(network: Network, name: str, demand: float, levels: Levels) -> float:
    """Return the economic order quantity of a stage, or the lot that it has where ordering or holding is free."""
    stage = network.stages[name]
    rate = network.holding_rate if stage.holding_rate is None else stage.holding_rate
    held = stage.value * rate
    if stage.order_cost > 0 and held > 0 and demand > 0:
        return max(1.0, math.sqrt(2.0 * stage.order_cost * demand / held))
    return levels.lot or max(levels.initial - levels.reorder_point, 1.0) if math.isfinite(levels.order_up_to) else 1.0


def _scale(space: DecisionSpace, own: Plan, scale: float) -> Plan:
    """Return a plan with every level times a scale."""
    places = list(own.levels)
    for i in space.list_active(own):
        decision = space.levels[i]
        places[i] = decision.find_place(decision.compute_value(places[i]) * scale)
    return Plan(tuple(places), own.choices)
