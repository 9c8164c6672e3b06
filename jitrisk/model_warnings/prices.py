"""Warnings about prices: goods that are worth more than is paid for them."""

from __future__ import annotations

from collections.abc import Iterator

from jitrisk.lower.graph import mean_yield, supplies, sweep_order
from jitrisk.model import Network
from jitrisk.model_warnings.subject import Found, Subject
from jitrisk.units import number

# Overhead that is in the value and not in the unit cost is seldom more.
_ABOVE = 0.25


def find_values_above_cost(subject: Subject) -> Iterator[Found]:
    """Yield every stage that sells at a price and whose value is more than a quarter above what is paid for a unit."""
    network = subject.network
    selling = {customer.stage for customer in network.customers.values() if customer.price > 0}
    paid = _paid(network) if selling else {}
    for name, stage in network.stages.items():
        if name in selling and stage.value > paid[name] * (1.0 + _ABOVE):
            value, cost = number(stage.value, 4), number(paid[name], 4)
            yield Found(
                ("stages", name, "value"), f"a value of {value}, and {cost} of `unit_cost` for it and its inputs"
            )


def _paid(network: Network) -> dict[str, float]:
    """Return what is paid for one good unit of each stage: its own unit cost and that of all that goes into it."""
    paid: dict[str, float] = {}
    for name in reversed(sweep_order(network)):
        stage = network.stages[name]
        inputs = sum(paid[source] * units for source, units in supplies(stage))
        paid[name] = (stage.unit_cost + inputs) / mean_yield(stage)
    return paid
