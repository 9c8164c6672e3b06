"""What a model says, read from it without a simulation: the network as a Dataset for tables and diagrams."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from jitrisk.datasets.labels import build_coordinates, build_price_arrays, build_variable
from jitrisk.datasets.outline_members import build_customer_rows, build_stage_rows, count_season_factors
from jitrisk.model import Hit
from jitrisk.sampling.distributions import FAMILIES
from jitrisk.units import HOURS_PER_DAY, HOURS_PER_YEAR
from jitrisk.vocabulary import OUTLINE, PRICES

if TYPE_CHECKING:
    from jitrisk.model import Network
    from jitrisk.sampling.distributions import Distribution

Link = tuple[str, str, str]  # target, name of the input, source
Draw = tuple[str, str, str]  # what is drawn, the stage, customer or hazard, unit
Drawn = tuple["Distribution", float]  # the distribution, and the periods between two draws
Rows = dict[str, list[Any]]


def outline(network: Network) -> xr.Dataset:
    """Return what a model says: its stages, links, customers and hazards, and which distributions are drawn from.

    Parameters
    ----------
    network : the model; every strategy of it is read.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.OUTLINE` with the dimensions strategy, stage, customer, hazard,
        season_factor, link, hit, effect_kind and random, in units, days and years, and those of
        :data:`jitrisk.vocabulary.PRICES`.
        Links, hits and draws are those of any strategy; what one strategy draws and another has constant is there
        as a constant.
        Attributes: name, period_hours, horizon and warm_up (periods), currency, and the whole model as text.

    Raises
    ------
    ModelError
        When the levels of a policy cross at the mean demand or cannot be computed.
    """
    strategies, currency = network.strategies.values(), network.currency
    links = list(dict.fromkeys(link for one in strategies for link in _list_links(one)))
    hits = list(dict.fromkeys(hit for one in strategies for hit in _list_hits(one)))
    drawn = [dict(_list_draws(one)) for one in strategies]
    draws = _select_draws(drawn)
    factors = count_season_factors(strategies)
    parts = [
        build_stage_rows(one)
        | build_customer_rows(one, factors)
        | _build_hazard_rows(one)
        | _build_link_rows(one, links)
        | _build_hit_rows(one, hits)
        | _build_draw_rows(found, draws, one.period)
        for one, found in zip(strategies, drawn, strict=True)
    ]
    rows: Rows = {name: [part[name] for part in parts] for name in parts[0]}
    rows |= _transpose(("target", "input", "source"), links)
    rows |= _transpose(("hit_hazard", "hit_stage_or_customer"), hits)
    rows |= _transpose(("random_quantity", "random_owner", "random_unit"), draws)
    coords = build_coordinates(
        strategy=list(network.strategies),
        stage=list(network.stages),
        customer=list(network.customers),
        hazard=list(network.hazards),
        effect_kind=Hit.needed,
    )
    sizes = {dim: coord.size for dim, coord in coords.items()} | {"link": len(links), "hit": len(hits)}
    sizes |= {"random": len(draws), "season_factor": factors}
    variables = {
        # Without a hit or a season, its rows are too flat.
        name: build_variable(variable, np.array(rows[name]).reshape([sizes[dim] for dim in variable.dims]), currency)
        for name, variable in OUTLINE.items()
    }
    prices = build_price_arrays(list(strategies))
    variables |= {name: build_variable(variable, prices[name], currency) for name, variable in PRICES.items()}
    return xr.Dataset(variables, coords, _build_attributes(network))


def _transpose(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Rows:
    return {name: [row[k] for row in rows] for k, name in enumerate(names)}


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


def _build_hazard_rows(network: Network) -> Rows:
    days = network.period / HOURS_PER_DAY
    year = HOURS_PER_YEAR / network.period
    hazards = network.hazards.values()
    # The time between two occurrences begins when the recovery is over.
    cycles = [one.time_between_distribution.mean() + one.duration.mean() + one.ramp for one in hazards]
    return {
        "occurrences_per_year": [year / cycle for cycle in cycles],
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
        "failover": [
            bool(item and share is not None and item.failover) for item, share in zip(inputs, shares, strict=True)
        ],
    }


def _list_hits(network: Network) -> Iterator[tuple[str, str]]:
    for name, hazard in network.hazards.items():
        for stage_or_customer in hazard.hits:
            yield name, stage_or_customer


def _build_hit_rows(network: Network, hits: list[tuple[str, str]]) -> Rows:
    """Return what every hit does in the strategy: nothing, and a chance of NaN, where it has no such hit."""
    hazards = [network.hazards[name] for name, _ in hits]
    found = [hazard.hits.get(hit[1]) for hazard, hit in zip(hazards, hits, strict=True)]
    chances = [
        math.nan if hit is None else hazard.chance if hit.chance is None else hit.chance
        for hit, hazard in zip(found, hazards, strict=True)
    ]
    return {"effect": [list_factors(hit) for hit in found], "chance": chances}


def list_factors(hit: Hit | None) -> list[float]:
    """Return the factors of a hit by kind of effect, in the order of ``Hit.needed``, NaN for what it does not change.

    Parameters
    ----------
    hit : what a hazard does to one stage or customer; None where it does not hit it.
    """
    fields = Hit.list_keys()
    factors = (None if hit is None else getattr(hit, fields[kind]) for kind in Hit.needed)
    return [math.nan if factor is None else float(factor) for factor in factors]


def _list_draws(network: Network) -> Iterator[tuple[Draw, Drawn]]:
    """Yield everything that can be drawn, each with its distribution and the periods between two draws."""
    for name, stage in network.stages.items():
        yield ("lead_time", name, "d"), (stage.lead_time, 1.0)
        yield ("yield", name, "1"), (stage.yield_, 1.0)
    for name, customer in network.customers.items():
        yield ("demand", name, "unit"), (customer.demand, float(customer.every))
        if customer.forecast is not None and customer.forecast.error is not None:
            yield ("forecast", name, "1"), (customer.forecast.error, customer.forecast.every)
    for name, hazard in network.hazards.items():
        yield ("time_between", name, "d"), (hazard.time_between_distribution, math.nan)
        yield ("duration", name, "d"), (hazard.duration, math.nan)


def _select_draws(drawn: Sequence[Mapping[Draw, Drawn]]) -> list[Draw]:
    """Return what is drawn in some strategy: forecasts, times of hazards, and nothing that is constant in all.

    A constant demand whose time between two draws differs is not the same in all.
    """
    found = {draw: {one[draw] for one in drawn if draw in one} for each in drawn for draw in each}
    return [
        draw
        for draw, values in found.items()
        if draw[0] in ("forecast", "time_between", "duration")
        or any(distribution.family != "constant" for distribution, _ in values)
        or len({every for _, every in values}) > 1
    ]


def _build_draw_rows(found: Mapping[Draw, Drawn], draws: Sequence[Draw], period_hours: float) -> Rows:
    """Return the distribution of every draw in the strategy, NaN and an empty family where it has no such draw."""
    days = period_hours / HOURS_PER_DAY
    rows = [_describe_distribution(*found[draw], draw[2], days) if draw in found else _NO_DRAW for draw in draws]
    return {name: [row[name] for row in rows] for name in _NO_DRAW}


_NO_DRAW: dict[str, Any] = {
    "distribution_family": "",
    "distribution_parameters": "",
    "distribution_mean": math.nan,
    "distribution_sd": math.nan,
    "distribution_low": math.nan,
    "distribution_high": math.nan,
    "draw_period": math.nan,
}


def _describe_distribution(one: Distribution, every: float, unit: str, days: float) -> dict[str, Any]:
    """Return a distribution as values, times in days.

    Parameters
    ----------
    one : the distribution; it draws times in periods.
    every : periods between two draws, NaN where there is no such time.
    unit : unit of what is drawn; ``d`` for a time.
    days : days in one period.
    """
    factor = days if unit == "d" else 1.0
    return {
        "distribution_family": one.family,
        "distribution_parameters": _encode_parameters(one, factor),
        "distribution_mean": one.mean() * factor,
        "distribution_sd": one.sd() * factor,
        "distribution_low": one.lowest * factor,
        "distribution_high": one.highest * factor,
        "draw_period": every * days,
    }


def _encode_parameters(one: Distribution, factor: float) -> str:
    """Return the parameters of a distribution as a JSON object, those with the dimension of what is drawn scaled."""
    kinds = FAMILIES[one.family].parameters

    def scale(name: str, value: float) -> float:
        return value * factor if kinds.get(name, "quantity") == "quantity" else value

    return json.dumps(
        {
            name: [scale(name, each) for each in value] if isinstance(value, tuple) else scale(name, value)
            for name, value in one.parameters
        }
    )
