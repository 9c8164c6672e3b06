"""Nine tiny networks whose expected outcomes over a short horizon are known exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chains import Chain, Dice, Outage
from oracle import AVERAGES, DATA, Rates, assert_mean, run

import jitrisk as jr

pytestmark = pytest.mark.verification

CASES = {case["name"]: case for case in json.loads((DATA / "exact_networks.json").read_text())}


@pytest.mark.parametrize("name", CASES)
def test_sampled_means(name: str) -> None:
    case = CASES[name]
    periods = jr.load(case["model"]).horizon
    rates = Rates(run(case["model"], paths=200_000))
    for key, answer in case["expected"].items():
        thing, outcome = key.split(".")
        average = answer if outcome in AVERAGES else answer / periods
        assert_mean(rates(outcome, thing), average, f"{name}: {key}")


def chain(model: dict[str, Any]) -> Chain:
    network = jr.load(model)
    dice = [
        Dice("demand", name, tuple(law["values"]), tuple(law["weights"]))
        for name, customer in model["customers"].items()
        for law in [customer["demand"]["empirical"]]
    ]
    outages = [
        Outage(next(iter(hazard["hits"])), 1 / mean(hazard["time_between"]), 1 / mean(hazard["duration"]))
        for hazard in model.get("hazards", {}).values()
    ]
    return Chain(network, {name: int(stage.lead_time.mean()) for name, stage in network.stages.items()}, dice, outages)


def mean(law: dict[str, Any]) -> float:
    return float(law["geometric"]["mean"].removesuffix(" d"))


@pytest.mark.parametrize("name", CASES)
def test_the_plain_twin_is_exact(name: str) -> None:
    case = CASES[name]
    periods = jr.load(case["model"]).horizon
    totals = chain(case["model"]).totals(periods)
    for key, answer in case["expected"].items():
        thing, outcome = key.split(".")
        value = totals[outcome, thing] / (periods if outcome in AVERAGES else 1)
        assert value == pytest.approx(answer, rel=1e-9, abs=1e-9), key
