"""Takt: the pace at which each stage must start units, beside the pace at which it can."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jitrisk.lower.atoms import compute_clipped_mean
from jitrisk.lower.exogenous import list_effects
from jitrisk.lower.graph import compute_mean_yield
from jitrisk.lower.mean_demand import compute_mean_demand

if TYPE_CHECKING:
    from jitrisk.model import Network
    from jitrisk.sampling.series import Effect

_ROUNDING = 1e-9  # part of a takt time by which a cycle time may exceed it through rounding


@dataclass(frozen=True)
class Takt:
    """Takt time and cycle time of one stage.

    Attributes
    ----------
    takt_time : available time for one unit that must be started, hours; infinite where there is no demand.
    cycle_time : time for one unit at full capacity, hours; 0 without a limit, infinite where the capacity is 0.
    availability : mean share of its capacity that hazards leave in the long run.
    """

    takt_time: float
    cycle_time: float
    availability: float

    @property
    def is_slower(self) -> bool:
        """Whether the stage is slower than its takt: in the long run it cannot start what is demanded of it."""
        return math.isfinite(self.takt_time) and self.cycle_time > self.takt_time * (1.0 + _ROUNDING)


def compute_takt(network: Network) -> dict[str, Takt]:
    """Return takt time and cycle time of every stage, by stage in declared order.

    Parameters
    ----------
    network : one strategy's network.

    Notes
    -----
    The takt time is the available time divided by the units demanded in it (Ohno 1988; Hopp & Spearman 2011). The time
    available is that which hazards on the capacity leave on average. The units are those that must be started: the mean
    demand on the store over one cycle of its season, divided by the mean yield. A capacity without overtime counts.
    """
    effects, demand = list_effects(network), compute_mean_demand(network)
    found = {}
    for name, stage in network.stages.items():
        availability = math.prod(map(_compute_mean_availability, effects.get(("availability", name), ())))
        starts = demand[name] / compute_mean_yield(stage)
        takt_time = network.period * availability / starts if starts > 0.0 else math.inf
        found[name] = Takt(takt_time, _compute_cycle_time(network.period, stage.capacity), availability)
    return found


def _compute_cycle_time(period: float, capacity: float | None) -> float:
    if capacity is None:
        return 0.0
    return period / capacity if capacity > 0.0 else math.inf


def _compute_mean_availability(effect: Effect) -> float:
    """Return the mean share of a capacity that one effect of a hazard leaves in the long run.

    Occurrences follow each other as a renewal process: the share is 1 - chance (1 - factor) (d + r / 2) / (b + d + r),
    with b the mean time between, d the mean duration, and r the ramp, in which the effect decreases linearly.
    """
    process = effect.process
    duration = compute_clipped_mean(process.duration)
    cycle = compute_clipped_mean(process.time_between) + duration + process.ramp
    lost = (duration + process.ramp / 2.0) / cycle if math.isfinite(cycle) else float(math.isinf(duration))
    return 1.0 - effect.chance * (1.0 - effect.factor) * lost
