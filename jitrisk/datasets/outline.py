"""What a model says, read from it without a simulation: the network as a Dataset for tables and diagrams."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from jitrisk.datasets.labels import build_coordinates, build_variable
from jitrisk.datasets.wording import format_distribution, format_duration, format_effect, format_policy
from jitrisk.lower import compute_customer_demand, compute_mean_demand, compute_policy_levels, list_series
from jitrisk.lower.graph import compute_mean_yield
from jitrisk.model.fields.quantities import DAY, HOUR, UNITS
from jitrisk.vocabulary import OUTLINE

if TYPE_CHECKING:
    from jitrisk.model import Network

_HOURS_PER_DAY = DAY / HOUR
_HOURS_PER_YEAR = UNITS["year"] / HOUR
_DRAWN = {"demand": "demand of", "lead_time": "lead time of", "good": "yield of"}

Link = tuple[str, str, str]  # target, name of the input, source
Rows = dict[str, list[Any]]


def outline(network: Network) -> xr.Dataset:
    """Return what a model says: its stages, links, customers and hazards, and what is drawn from which law.

    Parameters
    ----------
    network : the model; every strategy of it is read.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.OUTLINE` with the dimensions strategy, stage, customer, hazard,
        link, hit and random, in units, days and years. Links, hits and what is drawn are those of any strategy.
        Attributes: name, period_hours, horizon and warm_up (periods), currency, and the whole model as text.

    Raises
    ------
    ModelError
        When the levels of a policy cross at the mean demand or cannot be computed.
    """
    strategies = network.strategies.values()
    links = list(dict.fromkeys(link for one in strategies for link in _list_links(one)))
    hits = list(dict.fromkeys(hit for one in strategies for hit in _list_hits(one)))
    laws = [dict(_list_distributions(one)) for one in strategies]
    random = list(dict.fromkeys(subject for law in laws for subject in law))
    parts = [
        _build_stage_rows(one)
        | _build_customer_rows(one)
        | _build_hazard_rows(one)
        | _build_link_rows(one, links)
        | _build_hit_rows(one, hits)
        for one in strategies
    ]
    rows: Rows = {name: [part[name] for part in parts] for name in parts[0]}
    rows["law"] = [[law.get(subject, "") for subject in random] for law in laws]
    rows |= {"target": [t for t, _, _ in links], "input": [i for _, i, _ in links], "source": [s for _, _, s in links]}
    rows |= {"hit_hazard": [hazard for hazard, _ in hits], "hit_thing": [thing for _, thing in hits]}
    variables = {
        name: build_variable(variable, np.array(rows[name]), network.currency) for name, variable in OUTLINE.items()
    }
    coords = build_coordinates(
        strategy=list(network.strategies),
        stage=list(network.stages),
        customer=list(network.customers),
        hazard=list(network.hazards),
        random=random,
    )
    return xr.Dataset(variables, coords, _build_attributes(network))


def _build_attributes(network: Network) -> dict[str, Any]:
    return {
        "name": network.name,
        "period_hours": float(network.period),
        "horizon": network.horizon,
        "warm_up": network.warm_up,
        "currency": network.currency,
        "model": network.text,
        "model_hash": network.digest,
    }


def _build_stage_rows(network: Network) -> Rows:
    levels, demand = compute_policy_levels(network), compute_mean_demand(network)
    days = network.period / _HOURS_PER_DAY
    stages = network.stages.items()
    full = {name: level.order_up_to for name, level in levels.items()}
    return {
        "policy": [format_policy(stage.policy, levels[name], days) for name, stage in stages],
        "full_store": list(full.values()),
        "initial": [levels[name].initial if stage.on_hand is None else stage.on_hand for name, stage in stages],
        "cover_days": [full[name] / demand[name] * days if demand[name] else math.inf for name, _ in stages],
        "lead_time": [stage.lead_time.mean() * days for _, stage in stages],
        "capacity": [math.inf if stage.capacity is None else stage.capacity / days for _, stage in stages],
        "good": [compute_mean_yield(stage) for _, stage in stages],
        "deliveries": [stage.deliveries for _, stage in stages],
        "customers_served": [stage.customers for _, stage in stages],
        "mean_demand": [demand[name] / days for name, _ in stages],
    }


def _build_customer_rows(network: Network) -> Rows:
    days = network.period / _HOURS_PER_DAY
    demand = compute_customer_demand(network)
    return {
        "served_by": [customer.stage for customer in network.customers.values()],
        "customer_demand": [demand[name] / days for name in network.customers],
        "waits": [customer.unmet for customer in network.customers.values()],
    }


def _build_hazard_rows(network: Network) -> Rows:
    days = network.period / _HOURS_PER_DAY
    year = _HOURS_PER_YEAR / network.period
    hazards = network.hazards.values()
    return {
        # The quiet time begins when the recovery is over.
        "events": [year / (one.time_between_distribution.mean() + one.duration.mean() + one.ramp) for one in hazards],
        "duration": [one.duration.mean() * days for one in hazards],
        "ramp": [one.ramp * days for one in hazards],
    }


def _list_links(network: Network) -> Iterator[Link]:
    for target, stage in network.stages.items():
        for name, item in stage.inputs.items():
            for source, _ in item.sources:
                yield target, name, source


def _build_link_rows(network: Network, links: list[Link]) -> Rows:
    """Return the strategy's quantity and share of every link, NaN and 0 for those that it has not."""
    inputs = [network.stages[target].inputs.get(name) for target, name, _ in links]
    shares = [dict(item.sources).get(link[2]) if item else None for item, link in zip(inputs, links, strict=True)]
    return {
        "quantity": [
            item.quantity if item and share is not None else math.nan
            for item, share in zip(inputs, shares, strict=True)
        ],
        "share": [share or 0.0 for share in shares],
    }


def _list_hits(network: Network) -> Iterator[tuple[str, str]]:
    for name, hazard in network.hazards.items():
        for thing in hazard.hits:
            yield name, thing


def _build_hit_rows(network: Network, hits: list[tuple[str, str]]) -> Rows:
    """Return what every hit does in the strategy: nothing, and a chance of NaN, where it has no such hit."""
    hazards = [network.hazards[name] for name, _ in hits]
    effects = [hazard.hits.get(thing) for hazard, (_, thing) in zip(hazards, hits, strict=True)]
    chances = [
        math.nan if hit is None else hazard.chance if hit.chance is None else hit.chance
        for hit, hazard in zip(effects, hazards, strict=True)
    ]
    return {"effect": [format_effect(hit) if hit else "" for hit in effects], "chance": chances}


def _list_distributions(network: Network) -> Iterator[tuple[str, str]]:
    """Yield everything that is drawn, by what it is, with its law in words."""
    hours = network.period
    for one in list_series(network):
        if one.base.family == "constant" or one.kind not in _DRAWN:
            continue
        law = format_distribution(one.base, hours if one.kind == "lead_time" else None)
        every = f"; drawn every {format_duration(one.every * hours)}" if one.kind == "demand" else ""
        yield f"{_DRAWN[one.kind]} {one.stage_or_customer}", law + every
    for name, hazard in network.hazards.items():
        yield f"quiet before {name}", format_distribution(hazard.time_between_distribution, hours)
        yield f"duration of {name}", format_distribution(hazard.duration, hours)
