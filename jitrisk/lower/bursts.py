"""By how much steady demand on a store exceeds its mean within a few periods."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitrisk.lower.graph import compute_mean_yield, list_supplies
from jitrisk.lower.mean_demand import compute_customer_demand

if TYPE_CHECKING:
    from jitrisk.model import Network


def compute_bursts(
    network: Network,
    order: list[str],
    mean_demand: Mapping[str, float],
    multiplicities: Mapping[str, Mapping[str, float]],
) -> dict[str, float]:
    """Return how much more than the mean the periods of any window together take from each store, demand being steady.

    Parameters
    ----------
    network : the model.
    order : its stages, consumers before their suppliers.
    mean_demand : mean demand on each store, units per period.
    multiplicities : units of each stage's item per unit of each customer's demand.

    Returns
    -------
    The burst b of each store, units: the demand of w periods is D w + b at most. It is 0 where the demand of every
    period is the same.

    Notes
    -----
    The bounds are arrival curves with a rate and a burst (Cruz 1991). A demand every n periods adds n - 1 periods of
    mean demand to the burst. A stage that reviews every R periods starts the demand of R periods at once, which adds
    R - 1 periods of mean demand. A stage that starts whole lots adds one lot less the grain g. A stage with the mean
    yield y starts 1 / y times its demand.
    """
    bursts = dict.fromkeys(order, 0.0)
    rates = compute_customer_demand(network)
    for name, customer in network.customers.items():
        bursts[customer.stage] += rates[name] * (customer.every - 1)
    for name in order:
        stage = network.stages[name]
        whole = is_demand_whole(network, multiplicities[name]) and compute_mean_yield(stage) == 1.0
        lot_burst = stage.policy.compute_lot_burst(mean_demand[name], whole)
        started = bursts[name] + mean_demand[name] * (stage.policy.review_period - 1) + lot_burst
        for source, quantity in list_supplies(stage):
            bursts[source] += quantity * started / compute_mean_yield(stage)
    return bursts


def is_demand_whole(network: Network, multiplicities: Mapping[str, float]) -> bool:
    """Return whether every demand on a store is a whole number of units.

    Parameters
    ----------
    network : the model.
    multiplicities : units of the store's item per unit of each customer's demand.
    """
    return all(
        network.customers[name].demand.is_integer and units == math.floor(units)
        for name, units in multiplicities.items()
    )
