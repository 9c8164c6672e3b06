"""Loops of cards: the stages on the way from the first stage of a loop to its last one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jitrisk.errors import Fault, ModelError

if TYPE_CHECKING:
    from jitrisk.model import Network

MOST_MEMBERS = 1_000_000
"""The loops of a network may have this many stages together."""


Loops = Mapping[str, list[tuple[str, float]]]


def find_loops(network: Network) -> Loops:
    """Return the loops of a network by their first stages.

    Parameters
    ----------
    network : one strategy's network, checked: each store of a loop but the last has one consumer.

    Returns
    -------
    The stages of each loop from the first to the last, each with units of the first one's item in one unit.

    Raises
    ------
    ModelError
        Where the loops have more than `MOST_MEMBERS` stages together.
    """
    lasts = {name: stage.policy.last_stage for name, stage in network.stages.items() if stage.policy.last_stage}
    if not lasts:
        return {}
    consumers = {
        source: (consumer, item.quantity)
        for consumer, stage in network.stages.items()
        for item in stage.inputs.values()
        for source, _ in item.sources
    }
    loops: dict[str, list[tuple[str, float]]] = {}
    members = 0
    for first, last in lasts.items():
        loop = [(first, 1.0)]
        while loop[-1][0] != last:
            name, units = loop[-1]
            consumer, quantity = consumers[name]
            loop.append((consumer, units * quantity))
        loops[first] = loop
        members += len(loop)
        if members > MOST_MEMBERS:
            raise _build_error(network, first)
    return loops


def _build_error(network: Network, first: str) -> ModelError:
    message = (
        f"the loops of conwip have more than {MOST_MEMBERS:,} stages together, too many to count their cards; end some "
        "of them earlier"
    )
    key, line = network.origin.locate(("stages", first, "policy", "conwip", "through"))
    return ModelError([Fault(message, key, network.origin.file, line)])
