"""Tiny networks given as models: their chain, enumerated by the plain twin, and the sampled means of the product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from chains import Chain, Dice, HeldForecast, Opening, Outage, SeasonalDice, Signal, SmoothedForecast
from oracle import AVERAGES, Rates, assert_mean, run

import jitrisk as jr

EFFECTS = {"capacity": "availability", "arrivals": "receiving", "transit": "transit"}

Model = dict[str, Any]
Case = dict[str, Any]


def assert_sampled_means(case: Case, paths: int = 200_000) -> None:
    """Every expected total, and every average over time, lies within four standard errors of the sampled mean."""
    periods = jr.load(case["model"]).horizon
    rates = Rates(run(case["model"], paths))
    for key, answer in case["expected"].items():
        thing, outcome = key.split(".")
        average = answer if outcome in AVERAGES else answer / periods
        assert_mean(rates(outcome, thing), average, f"{case['name']}: {key}")


def assert_twin(case: Case) -> None:
    """The plain twin's expectations, enumerated, are the expected ones to nine digits."""
    periods = jr.load(case["model"]).horizon
    totals = chain(case["model"]).totals(periods)
    for key, answer in case["expected"].items():
        thing, outcome = key.split(".")
        value = totals[outcome, thing] / (periods if outcome in AVERAGES else 1)
        assert value == pytest.approx(answer, rel=1e-9, abs=1e-9), key


def chain(model: Model) -> Chain:
    """The chain of a model whose demands and lead times are empirical or constant and whose hazards are geometric."""
    network = jr.load(model)
    laws = {name: stage.lead_time for name, stage in network.stages.items()}
    lead_times = {name: int(law.mean()) for name, law in laws.items() if law.family == "constant"}
    outages = [outage(hazard) for hazard in model.get("hazards", {}).values()]
    return Chain(network, lead_times, list(dice(model, network)), outages, signals=list(signals(model, network)))


def signals(model: Model, network: Any) -> Iterator[Signal]:
    """Everything whose draws depend on the past."""
    for name, customer in network.customers.items():
        if customer.forecast is None:
            continue
        if customer.forecast.smoothing is not None:
            yield SmoothedForecast(name, customer)
        else:
            error = model["customers"][name]["forecast"]["error"]["empirical"]
            yield HeldForecast(name, tuple(error["values"]), tuple(error["weights"]), customer.forecast.every)
    for name, stage in network.stages.items():
        if stage.standby is not None:
            yield Opening(name, stage.standby)


def dice(model: Model, network: Any) -> Iterator[Dice]:
    """Everything that is drawn anew in every period."""
    for variable, section, key in (("demand", "customers", "demand"), ("lead_time", "stages", "lead_time")):
        for name, thing in model[section].items():
            law = thing.get(key)
            if isinstance(law, dict):
                empirical = law["empirical"]
                values, weights = tuple(days(value) for value in empirical["values"]), tuple(empirical["weights"])
                customer = network.customers.get(name) if variable == "demand" else None
                if customer is not None and (customer.season is not None or customer.trend):
                    yield SeasonalDice(variable, name, values, weights, customer)
                else:
                    yield Dice(variable, name, values, weights)


def outage(hazard: Model) -> Outage:
    """The chain of a hazard whose quiet and active times are geometric, and which closes one thing altogether."""
    ((stage, effects),) = hazard["hits"].items()
    ((effect, factor),) = effects.items()
    assert factor == 0
    stops, recovers = (1 / days(hazard[key]["geometric"]["mean"]) for key in ("time_between", "duration"))
    return Outage(stage, stops, recovers, EFFECTS[effect])


def days(value: float | str) -> float:
    return float(value.removesuffix(" d")) if isinstance(value, str) else value
