"""Levels that follow the demand: one for every period, from season and trend, and from the forecasts of customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jitrisk.errors import Fault, ModelError
from jitrisk.lower.levels import FARTHEST, StageDemand, build_policy_fault, describe_demands
from jitrisk.lower.planned_demand import DemandPlan, sum_cover
from jitrisk.model.policies import BaseStock, Kanban, MinMax, Policy
from jitrisk.model.policies.base import TOLERANCE, compute_grain
from jitrisk.model.policies.kanban import MOST_CARDS

if TYPE_CHECKING:
    from jitrisk.model import Network

_ROUNDING = 1e-9  # part of a level that is rounding of the sums that it is made of


@dataclass(frozen=True, eq=False)
class FollowedLevels:
    """The levels of one stage in every period t: base(t) plus the sum over customers of phi(t) weights(t), units.

    Attributes
    ----------
    stage : its name.
    base : part of the order-up-to level that no forecast multiplies, (periods,).
    weights : by customer with a forecast, what its factor phi multiplies, (periods,); empty for `follow: season`.
    point_base, point_weights : the same of the reorder point; None where that is the order-up-to level.
    """

    stage: str
    base: np.ndarray
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    point_base: np.ndarray | None = None
    point_weights: Mapping[str, np.ndarray] | None = None

    @property
    def order_up_to(self) -> np.ndarray:
        """The order-up-to level where every forecast is right, units, (periods,)."""
        return _add_parts(self.base, self.weights)

    @property
    def reorder_point(self) -> np.ndarray:
        """The reorder point where every forecast is right, units, (periods,)."""
        return self.order_up_to if self.point_base is None else _add_parts(self.point_base, self.point_weights or {})

    @property
    def initial(self) -> float:
        """Stock at the start where the model gives none, units: the level of period 0 with right forecasts."""
        return float(self.order_up_to[0])


def _add_parts(base: np.ndarray, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    total = base.copy()
    for weight in weights.values():
        total += weight
    return total


def compute_followed_levels(
    network: Network, order: Sequence[str], multiplicities: Mapping[str, Mapping[str, float]]
) -> dict[str, FollowedLevels]:
    """Return the levels of every stage that follows the demand, by stage, consumers before their suppliers.

    Parameters
    ----------
    network : one strategy's network.
    order : its stages, consumers before their suppliers.
    multiplicities : units of each stage's item per unit of each customer's demand.

    Returns
    -------
    With m(t) the planned demand on the store, L(t) the sum of m over t + 1, ..., t + cover, and phi(t) what a forecast
    multiplies the demand of a customer by, the order-up-to level is safety + sum over customers of phi(t) times the
    part of L(t) that is due to the customer; the reorder point of min-max likewise. A kanban has the cards of its
    formula, with L(t) over the lead time in place of mean demand times lead time. Customers ask for their mean demand
    times season and trend, and a consumer for what it plans to order: the planned demand on it and the change of its
    order-up-to level with phi = 1, times quantity and share, divided by its mean yield.

    Raises
    ------
    ModelError
        With every stage whose levels become negative, cross, are above the cap of its orders or too large; where they
        are too many; and with every customer whose trend makes the demand negative.
    """
    stages = {name: one for name, one in network.stages.items() if one.policy.followed is not None}
    if not stages and all(customer.trend >= 0.0 for customer in network.customers.values()):
        return {}
    demands = describe_demands(network, multiplicities)
    ahead = {name: _look_ahead(demands[name]) for name in stages}
    plan = DemandPlan(network, order, multiplicities, ahead)
    levels: dict[str, FollowedLevels] = {}
    faults: list[Fault] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for name in order:
            if not plan.periods[name]:
                continue
            orders = planned = plan.take(name)
            if name in stages:
                found, change = _compute_levels_ahead(demands[name], name, plan, planned)
                orders = planned[:, : plan.periods[name]] + change
                levels[name] = _cut(found, network.horizon)
                faults += _find_faults(network, levels[name])
            plan.add_orders(name, orders)
    if faults:
        raise ModelError(faults)
    return levels


def _list_covers(policy: Policy) -> list[float]:
    """Return the cover of the order-up-to level and, for min-max, of the reorder point, periods."""
    if isinstance(policy, MinMax):
        return [policy.max.amount, policy.min.amount]
    return [policy.cover or 0.0] if isinstance(policy, BaseStock) else []


def _look_ahead(demand: StageDemand) -> float:
    """Return how far the levels of a stage look ahead, periods."""
    policy = demand.stage.policy
    if isinstance(policy, Kanban):
        return demand.lead_time + (policy.review_period - 1 if policy.needs_burst else 0)
    return max(_list_covers(policy))


def _compute_levels_ahead(
    demand: StageDemand, name: str, plan: DemandPlan, planned: np.ndarray
) -> tuple[FollowedLevels, np.ndarray]:
    """Return the levels of a stage as far as its suppliers look ahead, and their change by parts, (parts, periods)."""
    policy, periods = demand.stage.policy, plan.periods[name]
    if isinstance(policy, Kanban):
        levels = _compute_kanban(name, demand, policy, planned, periods)
        return levels, _compute_change(levels.base) * plan.compute_shares(name, planned[:, :periods])
    ahead = [sum_cover(planned, cover, periods) for cover in _list_covers(policy)]
    split = [_split(policy, plan.parts[name], one) for one in ahead]
    point = split[1] if len(split) > 1 else (None, None)
    return FollowedLevels(name, *split[0], *point), _compute_change(ahead[0])


def _split(policy: Policy, parts: Sequence[str], ahead: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the part of a level that no forecast multiplies, and by customer what its forecast multiplies."""
    if policy.followed != "forecast":
        return policy.safety_stock + ahead.sum(axis=0), {}
    return policy.safety_stock + ahead[0], {parts[k]: ahead[k] for k in range(1, len(parts))}


def _compute_kanban(
    name: str, demand: StageDemand, policy: Kanban, planned: np.ndarray, periods: int
) -> FollowedLevels:
    """Return the levels of kanban: in every period, the cards of the formula for the demand planned from then on."""
    total = planned.sum(axis=0)
    ahead = sum_cover(total, demand.lead_time, periods)
    covered, yield_, empty = ahead * (1.0 + policy.safety), 1.0, 0.0
    if policy.needs_burst:
        covered += sum_cover(total, demand.lead_time + policy.review_period - 1, periods) - ahead + demand.burst
        yield_ = demand.mean_yield
        empty = policy.container - compute_grain(policy.container, demand.is_whole and yield_ == 1.0)
    cards = (covered + empty) / (yield_ * policy.container)
    up_to = np.maximum(1.0, np.ceil(cards * (1.0 - TOLERANCE))) * policy.container
    return FollowedLevels(name, up_to, {}, up_to - policy.container, {})


def _compute_change(up_to: np.ndarray) -> np.ndarray:
    """Return the change of a level since the period before; nothing reads that of period 0."""
    return np.diff(up_to, axis=-1, prepend=up_to[..., :1])


def _cut(levels: FollowedLevels, horizon: int) -> FollowedLevels:
    """Return the levels within the horizon, in memory of their own."""
    point = levels.point_weights
    return FollowedLevels(
        levels.stage,
        levels.base[:horizon].copy(),
        {name: weight[:horizon].copy() for name, weight in levels.weights.items()},
        None if levels.point_base is None else levels.point_base[:horizon].copy(),
        None if point is None else {name: weight[:horizon].copy() for name, weight in point.items()},
    )


def _find_faults(network: Network, levels: FollowedLevels) -> Iterator[Fault]:
    """Yield what is wrong with the levels of one stage within the horizon, every forecast being right."""
    policy = network.stages[levels.stage].policy
    up_to, point = levels.order_up_to, levels.reorder_point
    largest = float(np.abs(up_to).max())
    crossed = point > up_to + _ROUNDING * largest
    if not largest <= FARTHEST:
        key, message = "", f"the level that follows the demand reaches {largest:.3g} units, at most {FARTHEST:g} are"
        message += " possible; change quantities, factors or cover"
    elif isinstance(policy, Kanban) and largest > MOST_CARDS * policy.container:
        key, message = "cards", f"the card formula gives {largest / policy.container:.3g} cards, at most {MOST_CARDS:,}"
        message += " are possible; choose a larger container"
    elif up_to.min() < -_ROUNDING * largest:
        first = int(np.argmax(up_to < -_ROUNDING * largest))
        key, message = "follow", f"the level that follows the demand is {up_to[first]:g} units in period {first:,},"
        message += " expected 0 or more: its consumers plan to use up their own stock; add `safety` or do not follow"
    elif crossed.any():
        first = int(np.argmax(crossed))
        key, message = "", f"in period {first:,}, min is {point[first]:g} units and max {up_to[first]:g}: expected min"
        message += " not above max; change one of them"
    elif policy.order_cap < largest * (1.0 - TOLERANCE):
        key, message = "cap", f"a cap of {policy.order_cap:g} units is below the level of period"
        message += f" {int(up_to.argmax()):,}, {largest:g} units, which no order could reach; raise the cap"
    else:
        return
    yield build_policy_fault(network, levels.stage, message, key)
