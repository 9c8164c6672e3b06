"""Warnings about prices: goods whose value is above their cost."""

from __future__ import annotations

from collections.abc import Iterator

from jitrisk.lower.graph import compute_mean_yield, find_sweep_order, list_supplies
from jitrisk.model import Network
from jitrisk.model_warnings.subject import CheckFinding, Subject
from jitrisk.units import format_number

# Overhead that is in the value and not in the unit cost is seldom more.
_ABOVE = 0.25


def find_values_above_cost(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every stage that sells at a price and whose value is more than a quarter above its unit costs."""
    network = subject.network
    selling = {customer.stage for customer in network.customers.values() if customer.price > 0}
    unit_costs = _compute_unit_costs(network) if selling else {}
    for name, stage in network.stages.items():
        if name in selling and stage.value > unit_costs[name] * (1.0 + _ABOVE):
            value, cost = format_number(stage.value, 4), format_number(unit_costs[name], 4)
            yield CheckFinding(
                ("stages", name, "value"), f"a value of {value}, and {cost} of `unit_cost` for it and its inputs"
            )


def _compute_unit_costs(network: Network) -> dict[str, float]:
    """Return the cost of one good unit of each stage: its own unit cost and that of all its inputs."""
    unit_costs: dict[str, float] = {}
    for name in reversed(find_sweep_order(network)):
        stage = network.stages[name]
        inputs = sum(unit_costs[source] * units for source, units in list_supplies(stage))
        unit_costs[name] = (stage.unit_cost + inputs) / compute_mean_yield(stage)
    return unit_costs
