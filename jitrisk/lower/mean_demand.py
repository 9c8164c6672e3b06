"""Mean demand on each store: that of the customers, exploded through the bill of materials, hazards left out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitrisk.lower.atoms import compute_clipped_mean
from jitrisk.lower.graph import compute_multiplicities, find_sweep_order

if TYPE_CHECKING:
    from jitrisk.model import Customer, Network


def compute_mean_demand(network: Network) -> dict[str, float]:
    """Return the mean demand on each store, units per period, by stage in declared order.

    Hazards are left out: levels are set for normal times. A season counts with the mean of its factors, a trend with
    none: levels that do not follow the demand are set for one cycle at the start.
    """
    return explode_demand(network, compute_multiplicities(network, find_sweep_order(network)))


def find_downstream_customers(network: Network) -> dict[str, frozenset[str]]:
    """Return the customers whose demand reaches each store through sources with a share."""
    return {
        name: frozenset(units) for name, units in compute_multiplicities(network, find_sweep_order(network)).items()
    }


def explode_demand(network: Network, multiplicities: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the mean demand on each store, units per period, by stage in declared order.

    Parameters
    ----------
    network : the model.
    multiplicities : units of each stage's item per unit of each customer's demand.
    """
    rates = compute_customer_demand(network)
    return {
        name: sum(count * rates[customer] for customer, count in multiplicities[name].items())
        for name in network.stages
    }


def compute_customer_demand(network: Network) -> dict[str, float]:
    """Return the mean demand of every customer over one cycle of its season, units per period.

    Hazards and trends are left out; draws below 0 count as 0.
    """
    return {
        name: compute_base_rate(customer) * compute_mean_factor(customer)
        for name, customer in network.customers.items()
    }


def compute_base_rate(customer: Customer) -> float:
    """Return the mean demand of a customer without season and trend, units per period; draws below 0 count as 0."""
    return compute_clipped_mean(customer.demand) / customer.every


def compute_mean_factor(customer: Customer) -> float:
    """Return the mean of a customer's factors over one cycle of its season, 1 without a season."""
    if customer.season is None:
        return 1.0
    return math.fsum(customer.season.factors) / len(customer.season.factors)
