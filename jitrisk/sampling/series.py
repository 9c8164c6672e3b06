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
from jitrisk.sampling.profiles import Profile

SeriesKind = Literal["demand", "availability", "receiving", "transit", "lead_time", "yield", "forecast", "open"]

CLOSING = frozenset({"receiving", "transit", "open"})
"""Kinds of series that are open or closed; the others are multiplied by a share."""

# A hazard with a shorter mean cycle, in periods, is a constant loss of capacity.
SHORTEST_CYCLE = 1e-3


@dataclass(frozen=True)
class HazardProcess:
    """The on/off process of one hazard, on a continuous clock in periods; it is off at time 0.

    Attributes
    ----------
    name : name of the hazard, which names its random stream.
    time_between : time from the end of one occurrence, recovery included, to the begin of the next, in periods.
    duration : length of an occurrence, in periods.
    ramp : length of the linear recovery after an occurrence, in periods.

    Raises
    ------
    ValueError
        If occurrences follow each other so fast that a period would hold more than a thousand.
    """

    name: str
    time_between: Distribution
    duration: Distribution
    ramp: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.ramp) and self.ramp >= 0):
            raise ValueError(f"hazard {self.name!r} has a ramp of {self.ramp:g} periods, but it must be at least 0")
        cycle = compute_cycle_length(self.time_between, self.duration, self.ramp)
        if cycle < SHORTEST_CYCLE:
            raise ValueError(
                f"hazard {self.name!r} comes back after {cycle:.2g} periods, but must take {SHORTEST_CYCLE:g} or more: "
                "use a longer time between or duration, or lower the capacity or yield by what it costs on average"
            )


@lru_cache(maxsize=4096)
def compute_cycle_length(time_between: Distribution, duration: Distribution, ramp: float = 0.0) -> float:
    """Return the mean time from one occurrence of a hazard to the next, or a lower bound of it from 0.001 on.

    A time between or a duration longer than a period counts as one period: a few very long ones would hide millions
    of very short ones.

    Parameters
    ----------
    time_between, duration : of the occurrences, in periods.
    ramp : length of the linear recovery, in periods.
    """
    distributions = (time_between, duration)
    longest = max(ramp, *(distribution.lowest for distribution in distributions))
    if longest >= SHORTEST_CYCLE:
        return longest
    share = (np.arange(256) + 0.5) / 256
    return ramp + sum(float(np.clip(distribution.quantile(share), 0, 1).mean()) for distribution in distributions)


@dataclass(frozen=True)
class Effect:
    """What a hazard does to one series while it is on.

    Attributes
    ----------
    process : the on/off process of the hazard.
    factor : what the series is multiplied by while the hazard is fully on.
    chance : probability that an occurrence hits the stage or customer; drawn per occurrence and stage or customer.
    """

    process: HazardProcess
    factor: float
    chance: float = 1.0


@dataclass(frozen=True)
class Occurrence:
    """One occurrence of a hazard on one path.

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
    hits: tuple[tuple[SeriesKind, str, float], ...]


@dataclass(frozen=True)
class ExogenousSeries:
    """One exogenous variable of one stage or customer.

    Attributes
    ----------
    kind : a name in the vocabulary's table of exogenous variables.
    stage_or_customer : its name.
    base : what is drawn before hazards: constant 1 for availability, receiving and transit.
    every : periods between draws. Those of demand fall where ``t % every == 0``, and the rest is 0. A forecast's need
        not be whole, and a draw holds until the next.
    effects : the hazards that hit it.
    profile : known factors on the draws, for demand; None for none.
    """

    kind: SeriesKind
    stage_or_customer: str
    base: Distribution
    every: float = 1
    effects: tuple[Effect, ...] = ()
    profile: Profile | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Kind of series, and name of the stage or customer."""
        return self.kind, self.stage_or_customer


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
                hits.setdefault(effect.process, []).append((number, effect))
    # Distributions are compared only where strategies disagree on a hazard: the text of thousands of them takes long.
    several = Counter(process.name for process in hits)
    return sorted(hits.items(), key=lambda item: (item[0].name, repr(item[0]) if several[item[0].name] > 1 else ""))
