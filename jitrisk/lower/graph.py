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


def find_loop(network: Network, first: str) -> dict[str, float]:
    """Return the loop of a conwip: its stages, and the units of the first one's item in one unit of each.

    Parameters
    ----------
    network : the model, in which one path leads from the first stage to the last.
    first : the first stage of the loop, whose policy names the last.

    Returns
    -------
    The units by stage, from the first stage to the last.
    """
    consumers: dict[str, list[tuple[str, float]]] = {name: [] for name in network.stages}
    for name, stage in network.stages.items():
        for item in stage.inputs.values():
            for source, _ in item.sources:
                consumers[source].append((name, item.quantity))
    last = network.stages[first].policy.last_stage or first
    # Every stage is reached once: on the one path there are no two ways to a stage that leads to the last.
    reached: dict[str, tuple[str, float]] = {first: ("", 1.0)}
    waiting = [first]
    while waiting and last not in reached:
        name = waiting.pop()
        for consumer, quantity in consumers[name]:
            if consumer not in reached:
                reached[consumer] = (name, reached[name][1] * quantity)
                waiting.append(consumer)
    path = {}
    name = last if last in reached else first
    while name:
        path[name] = reached[name][1]
        name = reached[name][0]
    return dict(reversed(path.items()))
