"""Sweep order of the stages, and multiplicities of the bill of materials, in time linear in the network's size."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jitrisk.errors import Fault, ModelError
from jitrisk.lower.atoms import compute_clipped_mean

MOST_PAIRS = 2_000_000
"""The bill of materials may link this many pairs of a stage and a customer whose demand reaches it."""

if TYPE_CHECKING:
    from jitrisk.model import Network, Stage


def list_supplies(stage: Stage) -> Iterator[tuple[str, float]]:
    """Yield each source of a stage with a share, and its units for one unit started."""
    for item in stage.inputs.values():
        for source, share in item.sources:
            if share > 0:
                yield source, share * item.quantity


def compute_mean_yield(stage: Stage) -> float:
    """Return the mean share of good units of a stage, draws clipped to between 0 and 1."""
    return compute_clipped_mean(stage.yield_, highest=1.0)


def find_sweep_order(network: Network) -> list[str]:
    """Return the stages, consumers before their suppliers.

    The next one is always the first declared stage whose consumers all have their place.
    """
    names = list(network.stages)
    index = {name: i for i, name in enumerate(names)}
    sources = {
        name: {source for item in stage.inputs.values() for source, _ in item.sources}
        for name, stage in network.stages.items()
    }
    consumers_left = dict.fromkeys(names, 0)
    for upstream in sources.values():
        for source in upstream:
            consumers_left[source] += 1
    ready = [index[name] for name in names if consumers_left[name] == 0]
    order = []
    while ready:
        name = names[heapq.heappop(ready)]
        order.append(name)
        for source in sources[name]:
            consumers_left[source] -= 1
            if consumers_left[source] == 0:
                heapq.heappush(ready, index[source])
    return order


def compute_multiplicities(network: Network, order: list[str]) -> dict[str, dict[str, float]]:
    """Return, for each stage, the units of its item that one unit of each customer's demand needs.

    Shares of alternates count as declared; a stage with mean yield y starts 1 / y units for one good unit.
    Customers a stage does not serve, directly or through others, are left out.

    Raises
    ------
    ModelError
        Where there are more than `MOST_PAIRS` pairs of a stage and a customer behind it.
    """
    units: dict[str, dict[str, float]] = {name: {} for name in order}
    for name, customer in network.customers.items():
        units[customer.stage][name] = 1.0
    pairs = 0
    for name in order:
        pairs += len(units[name])
        if pairs > MOST_PAIRS:
            raise _build_pairs_error(network)
        stage = network.stages[name]
        per_good_unit = 1.0 / compute_mean_yield(stage)
        for source, quantity in list_supplies(stage):
            reached = units[source]
            for customer_name, count in units[name].items():
                reached[customer_name] = reached.get(customer_name, 0.0) + count * quantity * per_good_unit
    return units


def _build_pairs_error(network: Network) -> ModelError:
    message = (
        f"the demand of {len(network.customers):,} customers is traced through {len(network.stages):,} stages; at most "
        f"{MOST_PAIRS:,} pairs of a stage and a customer whose demand reaches it are possible; join customers of the "
        "same store, or write several models"
    )
    key, line = network.origin.locate(("stages",))
    return ModelError([Fault(message, key, network.origin.file, line)])


def find_largest_capacity(stage: Stage) -> float | None:
    """Return the capacity of a stage while it works overtime, units per period; None where it has no limit."""
    if stage.capacity is None or stage.overtime is None:
        return stage.capacity
    return stage.capacity * stage.overtime.factor
