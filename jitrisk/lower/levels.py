"""What each policy means in units: reorder point, order-up-to level, lot and review interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jitrisk.lower.graph import multiplicities, sweep_order

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
    rates = {name: customer.demand.mean() / customer.every for name, customer in network.customers.items()}
    units = multiplicities(network, sweep_order(network))
    return {
        name: sum(count * rates[customer] for customer, count in units[name].items()) for name in network.stages
    }


def policy_levels(network: Network) -> dict[str, Levels]:
    """Return the levels of every stage's policy, by stage in declared order."""
    order = sweep_order(network)
    behind = multiplicities(network, order)
    demand = mean_demand(network)
    return {
        name: _levels(network, stage, demand[name], behind[name]) for name, stage in network.stages.items()
    }


def _levels(network: Network, stage: Stage, demand: float, behind: dict[str, float]) -> Levels:
    policy: Any = stage.policy
    if policy.kind == "kanban":
        cards = policy.cards if policy.cards is not None else _card_formula(stage, demand)
        return Levels((cards - 1) * policy.container, cards * policy.container, policy.container, policy.review, False)
    if policy.kind == "base_stock":
        if policy.service is not None:
            from jitrisk.lower.service import covering_level

            level = covering_level(network, stage, behind, policy.service)
        else:
            level = policy.level if policy.level is not None else policy.cover * demand
        return Levels(level, level, 0.0, policy.review, True)
    if policy.kind == "min_max":
        return Levels(_units(policy.min, demand), _units(policy.max, demand), 0.0, policy.review, True)
    if policy.kind == "reorder_point":
        point, quantity = _units(policy.point, demand), _units(policy.quantity, demand)
        return Levels(point, point + quantity, quantity, policy.review, True)
    return Levels(0.0, 0.0, 0.0, policy.review, True)


def _units(level: Any, demand: float) -> float:
    units: float = level.units if level.units is not None else level.cover * demand
    return units


def _card_formula(stage: Stage, demand: float) -> int:
    """Return K = ceil(D * L * (1 + safety) / C), at least one card (Monden 1983, ch. 18)."""
    policy: Any = stage.policy
    lead_time = float(lead_time_values(stage.lead_time).mean())
    cards = demand * lead_time * (1.0 + policy.safety) / policy.container
    return max(1, math.ceil(cards * (1.0 - TOLERANCE)))
