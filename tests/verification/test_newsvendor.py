"""Family c: the newsvendor, one period with the stock already on hand."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import Network, Rates, Ratio, Setting, assert_mean, cases, check, plant, run

import jitrisk as jr
from jitrisk.lower import compute_policy_levels

pytestmark = pytest.mark.verification

PATHS = 400_000


def demand(model: Network) -> Network:
    if "lam" in model:
        return {"poisson": {"mean": model["lam"]}}
    return {"normal": {"mean": model["mu"], "sd": model["sd"]}}


def newsvendor(model: Network, policy: Network) -> Network:
    stages = {"store": {"policy": {"base_stock": policy}}}
    return plant(stages, {"buyer": {"stage": "store", "demand": demand(model)}}, horizon=1, warm_up=0)


def cost(model: Network, rates: Rates) -> np.ndarray:
    return model["h"] * rates("on_hand", "store") + model["p"] * rates("backlog", "buyer")


def best(case: str) -> Setting:
    model = cases()[case]["model"]
    readings = {
        "cost": lambda rates: cost(model, rates),
        "fill_rate": lambda rates: Ratio(rates("filled", "buyer"), rates("demand", "buyer")),
    }
    answers = cases()[case]["expected"]
    network = newsvendor(model, {"level": answers["S_star"]})
    return Setting(network, {name: read for name, read in readings.items() if name in answers}, PATHS)


CURVE = "c.nv.poisson.curve"
OPTIMA = ("c.nv.normal.ex4_3", "c.nv.poisson.1.4.6")
SETTINGS = {case: best(case) for case in OPTIMA}
READ_ELSEWHERE = {CURVE: [f"cost/{number}" for number in range(4)], **{case: ["S_star"] for case in OPTIMA}}


@pytest.mark.parametrize("case", SETTINGS)
def test_simulate__published_answers(case: str) -> None:
    check(case, SETTINGS[case])


def test_simulate__cost_curve() -> None:
    model, answers = cases()[CURVE]["model"], cases()[CURVE]["expected"]["cost"]
    for level, answer in zip(model["S"], answers, strict=True):
        rates = Rates(run(newsvendor(model, {"level": level}), PATHS))
        assert_mean(cost(model, rates), answer, f"{CURVE}: level {level}")


@pytest.mark.parametrize("case", OPTIMA)
def test_compute_policy_levels__the_service_level_of_the_critical_ratio_gives_the_best_level(case: str) -> None:
    model, answer = cases()[case]["model"], cases()[case]["expected"]["S_star"]
    network = newsvendor(model, {"service": model["p"] / (model["p"] + model["h"])})
    level = compute_policy_levels(jr.load(network))["store"].order_up_to
    assert level == pytest.approx(answer, rel=1e-3)
