"""What each policy means in units: reorder point, order-up-to level, lot and review interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jitrisk.errors import Fault, ModelError
from jitrisk.lower.graph import multiplicities, sweep_order
from jitrisk.model import BaseStock, Kanban, Level, MinMax, ReorderPoint

if TYPE_CHECKING:
    from jitrisk.model import Network, Stage
    from jitrisk.sampling.distributions import Distribution

TOLERANCE = 1e-6
"""Relative tolerance, so that whole containers and whole periods are never lost to rounding."""

# Probabilities at which a distribution is tabulated where an average over it is wanted.
_GRID = (np.arange(4096) + 0.5) / 4096


@dataclass(frozen=True)
class Levels:
    """The one rule every policy is an instance of.

    Attributes
    ----------
    reorder_point : order when the position is at or below it, units.
    order_up_to : the full store, units.
    lot : order in whole multiples of this many units; 0 for any amount.
    review : periods between reviews.
    by_demand : whether backlog and orders of consumers count in the position.
    """

    reorder_point: float
    order_up_to: float
    lot: float
    review: int
    by_demand: bool


def whole_periods(lead_time: Any) -> Any:
    """Return lead times as whole periods, at least 1: the first period whose receive can use the units."""
    return np.maximum(1.0, np.ceil(np.asarray(lead_time) * (1.0 - TOLERANCE)))


def lead_time_values(lead_time: Distribution) -> np.ndarray:
    """Return equally likely lead times, shape (4096,), whole periods."""
    return np.asarray(whole_periods(lead_time.quantile(_GRID)), dtype=float)


def mean_demand(network: Network) -> dict[str, float]:
    """Return the mean demand on each store, exploded through the bill of materials, units a period.

    Hazards are left out: levels are set for normal times.
    """
    return _mean_demand(network, multiplicities(network, sweep_order(network)))


def customers_behind(network: Network) -> dict[str, frozenset[str]]:
    """Return the customers whose demand reaches each store through sources with a share."""
    return {name: frozenset(units) for name, units in multiplicities(network, sweep_order(network)).items()}


def _mean_demand(network: Network, behind: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    rates = customer_demand(network)
    return {name: sum(count * rates[customer] for customer, count in behind[name].items()) for name in network.stages}


def customer_demand(network: Network) -> dict[str, float]:
    """Return the mean demand of every customer, units a period, hazards left out."""
    return {name: _clipped_mean(customer.demand) / customer.every for name, customer in network.customers.items()}


def _clipped_mean(demand: Distribution) -> float:
    """Return the mean of what is drawn: a demand that could be negative is none."""
    if demand.lowest >= 0:
        return demand.mean()
    return float(np.maximum(demand.quantile(_GRID), 0.0).mean())


def policy_levels(network: Network) -> dict[str, Levels]:
    """Return the levels of every stage's policy, by stage in declared order.

    Raises
    ------
    ModelError
        With every stage whose levels cross at the mean demand.
    """
    return levels_behind(network, multiplicities(network, sweep_order(network)))


def levels_behind(network: Network, behind: dict[str, dict[str, float]]) -> dict[str, Levels]:
    """Return the policies' levels, given the units of each stage's item behind one unit of each customer's demand."""
    demand = _mean_demand(network, behind)
    levels = {name: _levels(network, stage, demand[name], behind[name]) for name, stage in network.stages.items()}
    crossed = [
        _crossed(name, one)
        for name, one in levels.items()
        if isinstance(network.stages[name].policy, MinMax) and one.reorder_point >= one.order_up_to
    ]
    if crossed:
        raise ModelError(crossed)
    return levels


def _levels(network: Network, stage: Stage, demand: float, behind: dict[str, float]) -> Levels:
    match stage.policy:
        case Kanban() as policy:
            lot = policy.container
            cards = policy.cards or _card_formula(stage, policy, demand)
            return Levels((cards - 1) * lot, cards * lot, lot, policy.review, by_demand=False)
        case BaseStock() as policy:
            level = _base_stock_level(network, stage, policy, demand, behind)
            return Levels(level, level, 0.0, policy.review, by_demand=True)
        case MinMax() as policy:
            least, most = _units(policy.min, demand), _units(policy.max, demand)
            return Levels(least, most, 0.0, policy.review, by_demand=True)
        case ReorderPoint() as policy:
            point, quantity = _units(policy.point, demand), _units(policy.quantity, demand)
            return Levels(point, point + quantity, quantity, policy.review, by_demand=True)
        case policy:
            return Levels(0.0, 0.0, 0.0, policy.review, by_demand=True)


def _crossed(name: str, levels: Levels) -> Fault:
    """Return the fault that only the mean demand shows: one level in units, the other as cover."""
    return Fault(
        f"at the mean demand, min is {levels.reorder_point:g} units and max {levels.order_up_to:g}: "
        "expected min below max; change one of them",
        key=f"stages.{name}.policy.min_max",
    )


def _units(level: Level, demand: float) -> float:
    """Return a level in units; a cover is a time of mean demand."""
    return level.units if level.units is not None else level.amount * demand


def _base_stock_level(
    network: Network, stage: Stage, policy: BaseStock, demand: float, behind: dict[str, float]
) -> float:
    if policy.service is not None:
        from jitrisk.lower.service import covering_level

        return covering_level(network, stage, behind, policy.service)
    return policy.level if policy.level is not None else (policy.cover or 0.0) * demand


def _card_formula(stage: Stage, policy: Kanban, demand: float) -> int:
    """Return K = ceil(D * L * (1 + safety) / C), at least one card (Monden 1983)."""
    # The mean itself is exact, tails and all; only what rounding up adds, at most a period, is averaged on the grid.
    added = lead_time_values(stage.lead_time) - stage.lead_time.quantile(_GRID)
    lead_time = max(1.0, stage.lead_time.mean() + float(added.mean()))
    cards = demand * lead_time * (1.0 + policy.safety) / policy.container
    return max(1, math.ceil(cards * (1.0 - TOLERANCE)))
