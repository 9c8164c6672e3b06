"""Mean demand on each store: that of the customers, exploded through the bill of materials, hazards left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitrisk.lower.atoms import compute_clipped_mean
from jitrisk.lower.graph import compute_multiplicities, find_sweep_order

if TYPE_CHECKING:
    from jitrisk.model import Network


def compute_mean_demand(network: Network) -> dict[str, float]:
    """Return the mean demand on each store, units per period, by stage in declared order.

    Hazards are left out: levels are set for normal times.
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
    """Return the mean demand of every customer, units per period, hazards left out; draws below 0 count as 0."""
    return {
        name: compute_clipped_mean(customer.demand) / customer.every for name, customer in network.customers.items()
    }
