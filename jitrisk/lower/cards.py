"""How many cards a kanban loop needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitrisk.lower.atoms import compute_clipped_mean
from jitrisk.lower.graph import compute_mean_yield, list_supplies
from jitrisk.lower.lead_times import TOLERANCE, compute_mean_delay, compute_mean_lead_time
from jitrisk.model import Kanban, MinMax, ReorderPoint

if TYPE_CHECKING:
    from jitrisk.model import Level, Network, Stage


def compute_classical_cards(stage: Stage, policy: Kanban, demand: float) -> float:
    """Return D L (1 + safety) / C, rounded up, at least 1: for cards freed at the first part of a container.

    Parameters
    ----------
    stage : the stage; its mean lead time counts.
    policy : its policy.
    demand : mean demand on its store, units a period.

    Notes
    -----
    The formula is that of Monden (1983).
    """
    return round_up(demand * _compute_lead_time(stage) * (1.0 + policy.safety) / policy.container)


def compute_covering_cards(stage: Stage, policy: Kanban, demand: float, burst: float, whole: bool) -> float:
    """Return the cards with which steady demand meets no shortage where a card is freed with its container empty.

    Parameters
    ----------
    stage : the stage; its mean lead time, mean yield and review count.
    policy : its policy.
    demand : mean demand on its store, units a period.
    burst : how much more than `demand` times their number some periods together may ask for, units.
    whole : whether the store is asked for whole units alone.

    Returns
    -------
    (D L (1 + safety) + B + C - g) / (y C), rounded up, at least 1, with B the burst and D for each period between two
    reviews but one, y the mean yield, and g 1 where units and containers are whole, else 0.
    """
    good = compute_mean_yield(stage)
    grain = _compute_grain(policy.container, whole and good == 1.0)
    asked = demand * _compute_lead_time(stage) * (1.0 + policy.safety) + demand * (policy.review - 1) + burst
    return round_up((asked + policy.container - grain) / (good * policy.container))


def _compute_grain(lot: float, whole: bool) -> float:
    """Return 1 where what is asked for and what is ordered are whole units, else 0."""
    return 1.0 if whole and lot == math.floor(lot) else 0.0


def round_up(cards: float) -> float:
    """Return a number of cards as a whole number, at least 1, allowing for rounding."""
    return max(1.0, float(math.ceil(cards * (1.0 - TOLERANCE)))) if cards < math.inf else cards


def _compute_lead_time(stage: Stage) -> float:
    """Return the mean time between a start and its arrival, whole periods."""
    return (compute_mean_delay if stage.deliveries == "in_order" else compute_mean_lead_time)(stage.lead_time)


def compute_bursts(
    network: Network, order: list[str], demand: Mapping[str, float], behind: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """Return how much more than the mean the periods of any window together ask of each store, demand being steady.

    Parameters
    ----------
    network : the model.
    order : its stages, consumers before their suppliers.
    demand : mean demand on each store, units a period.
    behind : units of each stage's item behind one unit of each customer's demand.

    Returns
    -------
    The burst b of each store, units: w periods ask for D w + b at most. It is 0 where the same is asked in each period.

    Notes
    -----
    The bounds are arrival curves with a rate and a burst (Cruz 1991). A demand every n periods is n - 1 periods ahead
    of its mean. A stage that reviews every R periods starts for R periods at once, so that its burst grows by R - 1
    periods of demand; one that starts whole lots can be a lot less g ahead; and where a share y is good, it
    starts 1 / y times as much.
    """
    found = dict.fromkeys(order, 0.0)
    for customer in network.customers.values():
        found[customer.stage] += compute_clipped_mean(customer.demand) / customer.every * (customer.every - 1)
    for name in order:
        stage = network.stages[name]
        ahead = _compute_lot_burst(
            stage, demand[name], is_demand_whole(network, behind[name]) and compute_mean_yield(stage) == 1.0
        )
        started = found[name] + demand[name] * (stage.policy.review - 1) + ahead
        for source, quantity in list_supplies(stage):
            found[source] += quantity * started / compute_mean_yield(stage)
    return found


def _compute_lot_burst(stage: Stage, demand: float, whole: bool) -> float:
    """Return how far the lots of a policy can make starts run ahead of what is asked of the store, units."""
    match stage.policy:
        case Kanban() as policy:
            return policy.container - _compute_grain(policy.container, whole)
        case ReorderPoint() as policy:
            lot = convert_to_units(policy.quantity, demand)
            return lot - _compute_grain(lot, whole)
        case MinMax() as policy:
            return max(0.0, convert_to_units(policy.max, demand) - convert_to_units(policy.min, demand))
    return 0.0


def convert_to_units(level: Level, demand: float) -> float:
    """Return a level in units; a cover is a time of mean demand."""
    return level.units if level.units is not None else level.amount * demand


def is_demand_whole(network: Network, behind: Mapping[str, float]) -> bool:
    """Return whether a store is asked for whole units alone, given the units of its item in each customer's demand."""
    return all(
        network.customers[name].demand.is_integer and units == math.floor(units) for name, units in behind.items()
    )
