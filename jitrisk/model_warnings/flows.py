"""Warnings about stages: capacities that multiply, fallbacks without stock, capacity below mean demand."""

from __future__ import annotations

from collections.abc import Iterator

from jitrisk.lower.graph import compute_mean_yield, find_sweep_order
from jitrisk.model import Network
from jitrisk.model_warnings.subject import CheckFinding, Subject
from jitrisk.units import format_number

_EXACT = 1e-9
_MOST_NAMED = 4


def find_partial_hazards(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every stage of whose capacity two or more hazards each take a part."""
    for stage, factors in _partial_factors(subject.network).items():
        if len(factors) > 1:
            second = list(factors)[1]
            listed = [f"{name} {factor:g}" for name, factor in factors.items()][:_MOST_NAMED]
            more = f" and {len(factors) - _MOST_NAMED} more" if len(factors) > _MOST_NAMED else ""
            message = f"{len(factors)} hazards take a part of the capacity of {stage}: {', '.join(listed)}{more}"
            yield CheckFinding(("hazards", second, "hits", stage, "capacity"), message)


def _partial_factors(network: Network) -> dict[str, dict[str, float]]:
    """Return the factors between 0 and 1 on the capacity of each stage, by the hazard that has them."""
    factors: dict[str, dict[str, float]] = {}
    for name, hazard in network.hazards.items():
        for stage, hit in hazard.hits.items():
            chance = hazard.chance if hit.chance is None else hit.chance
            if chance > 0 and hit.capacity is not None and 0 < hit.capacity < 1:
                factors.setdefault(stage, {})[name] = hit.capacity
    return factors


def find_empty_fallbacks(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every source that no share of any demand reaches, whose level follows mean demand."""
    reachable = _find_reachable_stages(subject.network)
    for name, stage in subject.network.stages.items():
        key = stage.policy.demand_key
        if key and name in reachable and not subject.downstream_customers[name]:
            key_path = ("stages", name, "policy", stage.policy.kind, key)
            found = f"the share of {name} is 0, so its level by `{key}` is {stage.policy.empty_level}"
            yield CheckFinding(key_path, found)


def _find_reachable_stages(network: Network) -> set[str]:
    """Return the stages that a customer's demand can reach, by a share or as a fallback of another source."""
    reachable = {customer.stage for customer in network.customers.values()}
    for name in find_sweep_order(network):
        inputs = network.stages[name].inputs.values() if name in reachable else ()
        reachable |= {source for item in inputs for source, share in item.sources if share > 0 or item.failover}
    return reachable


def find_low_capacities(subject: Subject) -> Iterator[CheckFinding]:
    """Yield every stage whose capacity, with overtime all the time, is below the starts that mean demand needs."""
    for name, stage in subject.network.stages.items():
        needed = subject.mean_demand[name] / compute_mean_yield(stage)
        most = None if stage.capacity is None else stage.capacity * (stage.overtime.factor if stage.overtime else 1.0)
        if most is not None and most < needed * (1.0 - _EXACT):
            capacity, demand = (format_number(value * subject.per_day, 4) for value in (most, needed))
            overtime = ", overtime included," if stage.overtime else ""
            found = f"a capacity of {capacity} / d{overtime} for a mean demand of {demand} / d"
            yield CheckFinding(("stages", name, "capacity"), found)
