"""Warnings about distributions: means moved by clipping, lead times raised by rounding up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import inf

from jitrisk.lower import compute_clipped_mean, compute_mean_lead_time, round_to_periods
from jitrisk.model.faults import KeyPath
from jitrisk.model_warnings.subject import CheckFinding, Subject
from jitrisk.sampling.distributions import Distribution
from jitrisk.units import format_duration, format_number

_MOVED = 0.01
_RAISED = 0.1


def find_clipped_means(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every distribution whose clipping moves its mean by more than 1 %."""
    for key_path, distribution, highest in _list_distributions(subject):
        mean, clipped = distribution.mean(), compute_clipped_mean(distribution, highest)
        if abs(clipped - mean) > _MOVED * mean:
            bounds = "at 0" if highest == inf else f"at 0 and {highest:g}"
            written, drawn = format_number(mean, 4), format_number(clipped, 4)
            yield CheckFinding(
                key_path, f"the {distribution.family} distribution has mean {written}; clipped {bounds}, {drawn}"
            )


def _list_distributions(subject: Subject) -> Iterator[tuple[KeyPath, Distribution, float]]:
    """Yield every distribution with its key path and the highest value that can be drawn from it."""
    network = subject.network
    for name, stage in network.stages.items():
        yield ("stages", name, "lead_time"), stage.lead_time, inf
        yield ("stages", name, "yield"), stage.yield_, 1.0
    for name, customer in network.customers.items():
        yield ("customers", name, "demand"), customer.demand, inf
    for name, hazard in network.hazards.items():
        if hazard.time_between is not None:
            yield ("hazards", name, "time_between"), hazard.time_between, inf
        yield ("hazards", name, "duration"), hazard.duration, inf


def find_rounded_lead_times(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every lead time that rounding up to whole periods raises by more than a tenth on average."""
    for name, stage in subject.network.stages.items():
        yield from _find_raised_lead_time(subject, ("stages", name, "lead_time"), *_compute_means(stage.lead_time))
        if stage.expedite is not None:
            lead_time = stage.expedite.lead_time
            key_path = ("stages", name, "expedite", "lead_time")
            yield from _find_raised_lead_time(subject, key_path, lead_time, float(round_to_periods(lead_time)))


@lru_cache(maxsize=4096)
def _compute_means(distribution: Distribution) -> tuple[float, float]:
    """Return the mean of a lead time, and of the whole periods it becomes."""
    return compute_clipped_mean(distribution), compute_mean_lead_time(distribution)


def _find_raised_lead_time(
    subject: Subject, key_path: KeyPath, lead_time: float, rounded: float
) -> Iterator[CheckFinding]:
    # Whole periods differ from what is written by rounding alone, which is no reason for a warning.
    if rounded <= lead_time * (1.0 + _RAISED) * (1.0 + 1e-9):
        return
    hours = subject.network.period
    period = format_duration(hours, 4)
    before, after = (format_number(periods * hours, 4) for periods in (lead_time, rounded))
    yield CheckFinding(
        key_path, f"{before} h is rounded up to {after} h: {format_number(rounded, 4)} periods of {period}"
    )
