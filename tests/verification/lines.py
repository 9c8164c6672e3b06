"""Kanban lines with machines that finish one part at a time: networks, what is read from them, and their chains.

A machine that completes with probability s in a period is a capacity of one unit a period and an availability of
0 or 1. What it starts at the end of one period it delivers at the start of the next.
"""

from __future__ import annotations

from typing import Any

from chains import Chain, Dice
from oracle import Network, Ratio, Reading, plant

import jitrisk as jr

PLENTY = 1_000  # a saturated line: all that is finished leaves at once


def kanban(cards: int, **stage: Any) -> Network:
    return {"policy": {"kanban": {"cards": cards, "container": 1}}, **stage}


def queue(*sources: str) -> Network:
    """Parts in hand before a machine, as many as it has cards on the board."""
    return {"inputs": dict.fromkeys(sources, 1), "policy": {"make_to_order": {}}}


def geometric(mean: float) -> Network:
    return {"geometric": {"mean": f"{mean!r} d"}}


def line(
    stages: Network, machines: dict[str, float], last: str, demand: float | None, horizon: int, unmet: str = "lost"
) -> Network:
    """Machines that complete a part with the given probabilities, demand of one part with probability `demand`."""
    buyer = {"stage": last, "demand": PLENTY if demand is None else {"binomial": {"n": 1, "p": demand}}, "unmet": unmet}
    hazards = {
        f"{machine} idle": {
            "time_between": geometric(1 / (1 - chance)),
            "duration": geometric(1 / chance),
            "hits": {machine: {"capacity": 0}},
        }
        for machine, chance in machines.items()
    }
    return plant(stages, {"buyer": buyer}, horizon, warm_up=horizon // 10, hazards=hazards)


def luck(machines: dict[str, float], demand: float | None) -> list[Dice]:
    """What chance decides in a period: each machine's success, and the demand."""
    successes = [Dice("availability", machine, (1, 0), (chance, 1 - chance)) for machine, chance in machines.items()]
    asked = ((PLENTY,), (1.0,)) if demand is None else ((1, 0), (demand, 1 - demand))
    return [*successes, Dice("demand", "buyer", *asked)]


def exact(network: Network, machines: dict[str, float], demand: float | None, most: float | None = None) -> Chain:
    """The same network as a Markov chain."""
    loaded = jr.load(network)
    return Chain(loaded, dict.fromkeys(loaded.stages, 1), luck(machines, demand), most_backlog=most)


def fill_rate(rates: Any) -> Ratio:
    return Ratio(rates("filled", "buyer"), rates("demand", "buyer"))


def lost_share(rates: Any) -> Ratio:
    return Ratio(rates("lost", "buyer"), rates("demand", "buyer"))


def unfilled_share(rates: Any) -> Ratio:
    """Of the demand, what did not find stock: what a demand finds is the time average in the long run."""
    return Ratio(rates("demand", "buyer") - rates("filled", "buyer"), rates("demand", "buyer"))


def throughput(rates: Any) -> Any:
    return rates("shipped", "buyer")


def on_hand(stage: str) -> Reading:
    return lambda rates: rates("on_hand", stage)


def in_hand(kit: str) -> Reading:
    return lambda rates: rates("on_hand", kit) + rates("wip", kit)


def value_of(reading: Any) -> float:
    return float(reading.above / reading.below if isinstance(reading, Ratio) else reading)
