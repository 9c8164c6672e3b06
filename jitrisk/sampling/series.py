"""What is to be drawn, as values: one series for each exogenous variable of a stage or customer.

Equal series are the same series: strategies that agree on them share one draw.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from jitrisk.sampling.distributions import Distribution

Kind = Literal["demand", "availability", "receiving", "transit", "lead_time", "yield"]

# A hazard that begins anew more often than this a period is a constant loss of capacity, not a hazard.
SHORTEST_CYCLE = 1e-3


@dataclass(frozen=True)
class HazardProcess:
    """The on/off process of one hazard, on a continuous clock in periods; it starts quiet at time 0.

    Attributes
    ----------
    name : name of the hazard, which names its random stream.
    quiet : time from the end of one spell, recovery included, to the begin of the next, in periods.
    active : length of a spell, in periods.
    ramp : length of the linear recovery after a spell, in periods.

    Raises
    ------
    ValueError
        If spells follow each other so fast that a period would hold more than a thousand.
    """

    name: str
    quiet: Distribution
    active: Distribution
    ramp: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.ramp) and self.ramp >= 0):
            raise ValueError(f"hazard {self.name!r} has a ramp of {self.ramp:g} periods, but it must be at least 0")
        cycle = compute_cycle_length(self.quiet, self.active, self.ramp)
        if cycle < SHORTEST_CYCLE:
            raise ValueError(
                f"hazard {self.name!r} comes back after {cycle:.2g} periods, but must take {SHORTEST_CYCLE:g} or more: "
                "use a longer quiet time or duration, or lower the capacity or yield by what it costs on average"
            )


@lru_cache(maxsize=4096)
def compute_cycle_length(quiet: Distribution, active: Distribution, ramp: float = 0.0) -> float:
    """Return the mean time from one occurrence of a hazard to the next, or a lower bound of it from 0.001 on.

    A quiet time or an occurrence longer than a period counts as one period: a few endless ones would hide millions of
    tiny ones.

    Parameters
    ----------
    quiet, active : quiet time and duration, in periods.
    ramp : length of the linear recovery, in periods.
    """
    laws = (quiet, active)
    longest = max(ramp, *(law.lowest for law in laws))
    if longest >= SHORTEST_CYCLE:
        return longest
    share = (np.arange(256) + 0.5) / 256
    return ramp + sum(float(np.clip(law.quantile(share), 0, 1).mean()) for law in laws)


@dataclass(frozen=True)
class Effect:
    """What a hazard does to one series while it is on.

    Attributes
    ----------
    spells : the hazard's on/off process.
    factor : what the series is multiplied by while the hazard is fully on.
    chance : probability that a spell hits the thing at all; one coin for each spell and thing.
    """

    spells: HazardProcess
    factor: float
    chance: float = 1.0


@dataclass(frozen=True)
class Occurrence:
    """One spell of a hazard on one path.

    Attributes
    ----------
    hazard : name of the hazard.
    begin, end : when it begins and ends, in periods.
    recovered : when its recovery is over, in periods; the end where there is no ramp.
    hits : what it hits: kind of series, stage or customer, and the factor.
    """

    hazard: str
    begin: float
    end: float
    recovered: float
    hits: tuple[tuple[Kind, str, float], ...]


@dataclass(frozen=True)
class ExogenousSeries:
    """One exogenous variable of one stage or customer.

    Attributes
    ----------
    kind : a name in the vocabulary's table of exogenous variables.
    thing : name of the stage or customer.
    base : what is drawn before hazards: constant 1 for availability, receiving and transit.
    every : periods between draws, for demand; draws fall where ``t % every == 0``, the rest is 0.
    effects : the hazards that hit it.
    """

    kind: Kind
    thing: str
    base: Distribution
    every: int = 1
    effects: tuple[Effect, ...] = ()


def group_hits(series: Sequence[ExogenousSeries]) -> list[tuple[HazardProcess, list[tuple[int, Effect]]]]:
    """Return the hazards that hit something, in the order of their names, each with what it hits.

    Parameters
    ----------
    series : what is drawn.

    Returns
    -------
    Each hazard with the places of the series that it hits and its effects on them.
    """
    hits: dict[HazardProcess, list[tuple[int, Effect]]] = {}
    for number, one in enumerate(series):
        for effect in one.effects:
            if effect.factor != 1 and effect.chance > 0:
                hits.setdefault(effect.spells, []).append((number, effect))
    # Laws are compared only where strategies disagree on a hazard: thousands of them take long to write out.
    several = Counter(spells.name for spells in hits)
    return sorted(hits.items(), key=lambda item: (item[0].name, repr(item[0]) if several[item[0].name] > 1 else ""))
