"""The exogenous series that a network needs: features that are off need none."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from jitrisk.errors import Fault, ModelError
from jitrisk.lower.atoms import compute_clipped_mean
from jitrisk.model.policies.base import TOLERANCE
from jitrisk.sampling.derived import Series, SmoothedForecast, StandbyOpening
from jitrisk.sampling.distributions import Distribution, build_constant
from jitrisk.sampling.profiles import Profile
from jitrisk.sampling.series import Effect, ExogenousSeries, HazardProcess, SeriesKind, compute_cycle_length, group_hits

if TYPE_CHECKING:
    from jitrisk.model import Customer, Network, Stage

# The kind of series that each field of a hit acts on.
STAGE_EFFECTS: dict[str, SeriesKind] = {
    "capacity": "availability",
    "arrivals": "receiving",
    "transit": "transit",
    "lead_time": "lead_time",
    "yield_": "yield",
}
CUSTOMER_EFFECTS: dict[str, SeriesKind] = {"demand": "demand"}

MOST_OCCURRENCES = 100_000_000
"""The hazards of a model may have this many occurrences on one path."""

# Hazards with a longer mean cycle, periods, have so few occurrences that they are not counted.
_LONG_CYCLE = 0.5

_ALWAYS = build_constant(1.0)


def require_few_occurrences(network: Network) -> None:
    """Refuse hazards that occur so often that a single path would take long.

    Raises
    ------
    ModelError
        Where there are more than `MOST_OCCURRENCES` occurrences within the horizon.
    """
    cycles = {
        name: compute_cycle_length(one.time_between_distribution, one.duration, one.ramp)
        for name, one in network.hazards.items()
    }
    occurrences = {name: network.horizon / cycle for name, cycle in cycles.items() if cycle < _LONG_CYCLE}
    if sum(occurrences.values()) <= MOST_OCCURRENCES:
        return
    most = max(occurrences, key=occurrences.__getitem__)
    message = (
        f"the hazards have about {sum(occurrences.values()):.2g} occurrences on each path, most of them by this one; "
        f"expected at most {MOST_OCCURRENCES:,}; shorten the horizon, or lower the capacity or yield by what the "
        "occurrences cost on average"
    )
    key, line = network.origin.locate(("hazards", most))
    raise ModelError([Fault(message, key, network.origin.file, line)])


def list_effects(network: Network) -> dict[tuple[str, str], tuple[Effect, ...]]:
    """Return the effects of all hazards, by kind of series and name of the stage or customer hit."""
    by_series: dict[tuple[str, str], list[Effect]] = {}
    fields = STAGE_EFFECTS | CUSTOMER_EFFECTS
    for name, hazard in network.hazards.items():
        process = HazardProcess(name, hazard.time_between_distribution, hazard.duration, hazard.ramp)
        for name_hit, hit in hazard.hits.items():
            chance = hazard.chance if hit.chance is None else hit.chance
            for field, kind in fields.items():
                factor = getattr(hit, field)
                if factor is not None and factor != 1.0:
                    by_series.setdefault((kind, name_hit), []).append(Effect(process, float(factor), float(chance)))
    return {key: tuple(effects) for key, effects in by_series.items()}


def list_series(network: Network) -> list[Series]:
    """Return every series that a network reads, stages first."""
    return list_series_given_effects(network, list_effects(network))


def list_series_given_effects(network: Network, effects: dict[tuple[str, str], tuple[Effect, ...]]) -> list[Series]:
    """Return every series that a network reads, stages first, given the effects of its hazards.

    The forecast of a customer is among them whether a policy follows it or not.
    """
    found: list[Series] = []
    for name, stage in network.stages.items():
        found += list_stage_series(name, stage, effects)
    for name, stage in network.stages.items():
        if stage.standby is not None:
            found.append(build_opening(name, stage, effects))
    for name, customer in network.customers.items():
        demand = build_customer_series(name, customer, effects)
        found.append(demand)
        if customer.forecast is not None:
            found.append(build_forecast(customer, demand))
    return found


def list_hazards(network: Network, given: Container[tuple[str, str]] = ()) -> list[HazardProcess]:
    """Return the hazards that hit a series of a network that is drawn.

    Parameters
    ----------
    network : one strategy's network.
    given : the series that are handed in instead, by (kind, stage or customer).
    """
    drawn = [one for one in list_series(network) if isinstance(one, ExogenousSeries) and one.key not in given]
    return [process for process, _ in group_hits(drawn)]


def list_stage_series(
    name: str, stage: Stage, effects: dict[tuple[str, str], tuple[Effect, ...]]
) -> Iterator[ExogenousSeries]:
    """Yield the series of one stage that is not constant at its default."""
    bases: dict[str, Distribution] = {"lead_time": stage.lead_time, "yield": stage.yield_}
    varies = {"lead_time": stage.lead_time.family != "constant", "yield": stage.yield_ != _ALWAYS}
    for kind in STAGE_EFFECTS.values():
        hits = effects.get((kind, name), ())
        if hits or varies.get(kind, False):
            yield ExogenousSeries(kind, name, bases.get(kind, _ALWAYS), effects=hits)


def build_customer_series(
    name: str, customer: Customer, effects: dict[tuple[str, str], tuple[Effect, ...]]
) -> ExogenousSeries:
    """Return the demand of one customer."""
    hits, profile = effects.get(("demand", name), ()), build_profile(customer)
    return ExogenousSeries("demand", name, customer.demand, customer.every, hits, profile)


def build_profile(customer: Customer) -> Profile | None:
    """Return the known factors on the demand of a customer, None where it has neither a season nor a trend."""
    season, trend = customer.season, customer.trend
    if season is None:
        return Profile(trend=trend) if trend else None
    return Profile(season.every, season.factors, trend)


def build_forecast(customer: Customer, demand: ExogenousSeries) -> Series:
    """Return the forecast of a customer that has one, given the series of its demand."""
    forecast, name = customer.forecast, demand.stage_or_customer
    assert forecast is not None  # the caller looked
    if forecast.error is not None:
        return ExogenousSeries("forecast", name, forecast.error, forecast.every)
    assert forecast.smoothing is not None  # one of the two is given
    mean = compute_clipped_mean(customer.demand)
    return SmoothedForecast(name, demand, mean, forecast.smoothing, customer.every, demand.profile)


def build_opening(name: str, stage: Stage, effects: dict[tuple[str, str], tuple[Effect, ...]]) -> StandbyOpening:
    """Return when a standby stage is open, given the effects of hazards: never, where none hits the other stage."""
    assert stage.standby is not None  # the caller looked
    standby = stage.standby
    hits = effects.get(("availability", standby.of), ())
    source = ExogenousSeries("availability", standby.of, _ALWAYS, effects=hits) if hits else None
    after = math.ceil(standby.after * (1.0 - TOLERANCE))
    return StandbyOpening(name, source, standby.of, after, standby.below)
