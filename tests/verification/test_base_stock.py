"""Family a: one stage, Poisson demand and backorders, base stock and one-unit kanban cards.

The cases receive, then serve, then order, as the model does, so that their `n` is the lead time.
"""

from __future__ import annotations

import pytest
from oracle import Network, Rates, Ratio, Reading, Setting, cases, check, family, plant, run
from scipy.stats import poisson

import jitrisk as jr
from jitrisk.lower import compute_policy_levels

pytestmark = pytest.mark.verification


def base_stock(model: Network) -> Network:
    """The case's level and the levels one below and one above it, as strategies on the same demand."""

    def level(units: int) -> Network:
        return {"stages": {"store": {"policy": {"base_stock": {"level": units}}}}}

    mean, periods = float(model["demand"][8:].split(")")[0]), model["n"]
    units = model.get("S") or int(poisson.ppf(model["b"] / (model["b"] + model["h"]), mean * periods))
    return plant(
        {"store": {"lead_time": f"{periods} d", "policy": {"base_stock": {"level": units}}}},
        {"buyer": {"stage": "store", "demand": {"poisson": {"mean": mean}}}},
        horizon=2_050,
        warm_up=50,
        strategies={"below": level(units - 1), "at": level(units), "above": level(units + 1)},
    )


def cost(model: Network, strategy: str) -> Reading:
    def read(rates: Rates) -> object:
        under = rates.under(strategy)
        return model["h"] * under("on_hand", "store") + model["b"] * under("backlog", "buyer")

    return read


def at(variable: str, thing: str, strategy: str = "at") -> Reading:
    return lambda rates: rates.under(strategy)(variable, thing)


def base_stock_setting(model: Network) -> Setting:
    return Setting(
        base_stock(model),
        {
            "mean_on_hand": at("on_hand", "store"),
            "mean_backorders": at("backlog", "buyer"),
            "fill_rate": lambda rates: Ratio(
                rates.under("at")("filled", "buyer"), rates.under("at")("demand", "buyer")
            ),
            "p_no_backorder_end": lambda rates: 1 - rates.under("at")("stockout", "buyer"),
            # Stock is left under S exactly when nothing waits under S - 1: I - B = S - D(L).
            "p_on_hand_positive_end": lambda rates: 1 - rates.under("below")("stockout", "buyer"),
            "p_stockout_period": at("stockout", "buyer"),
            "mean_on_order": at("wip", "store"),
            "cost": cost(model, "at"),
        },
    )


def optimum_setting(model: Network) -> Setting:
    return Setting(
        base_stock(model),
        {
            "cost": cost(model, "at"),
            "cost_S_minus_1": cost(model, "below"),
            "cost_S_plus_1": cost(model, "above"),
        },
    )


def kanban_setting(model: Network) -> Setting:
    cards = {"kanban": {"cards": model["K"], "container": 1}}
    level = {"stages": {"store": {"policy": {"base_stock": {"level": model["K"]}}}}}
    mean = float(model["demand"][8:-1])
    network = plant(
        {"store": {"lead_time": f"{model['L']} d", "policy": cards}},
        {"buyer": {"stage": "store", "demand": {"poisson": {"mean": mean}}}},
        horizon=4_500,
        warm_up=500,
        strategies={"kanban": {}, "level": level},
    )
    return Setting(
        network,
        {
            "kanban/mean_on_hand": at("on_hand", "store", "kanban"),
            "kanban/mean_backorders": at("backlog", "buyer", "kanban"),
            "kanban/p_backorders_end": at("stockout", "buyer", "kanban"),
            "kanban/mean_cards_in_process": at("wip", "store", "kanban"),
            "basestock_same_S/mean_on_hand": at("on_hand", "store", "level"),
            "basestock_same_S/mean_backorders": at("backlog", "buyer", "level"),
            "basestock_same_S/p_backorders_end": at("stockout", "buyer", "level"),
        },
    )


SETTINGS = {
    **{case: base_stock_setting(model) for case, model in family("a.basestock").items()},
    **{case: optimum_setting(model) for case, model in family("a.opt").items()},
    **{case: kanban_setting(model) for case, model in family("a.kanban").items()},
}
READ_ELSEWHERE = {case: ["S_star"] for case in family("a.opt")}


@pytest.mark.parametrize("case", SETTINGS)
def test_simulate__published_answers(case: str) -> None:
    check(case, SETTINGS[case])


@pytest.mark.parametrize("case", family("a.opt"))
def test_simulate__the_best_level_is_the_cheapest_on_the_same_demand(case: str) -> None:
    model = cases()[case]["model"]
    rates = Rates(run(base_stock(model), paths=2_000))
    costs = {strategy: cost(model, strategy)(rates).mean() for strategy in ("below", "at", "above")}
    assert min(costs, key=costs.get) == "at"


@pytest.mark.parametrize("case", family("a.opt"))
def test_compute_policy_levels__the_service_level_of_the_critical_ratio_gives_the_best_level(case: str) -> None:
    model = cases()[case]["model"]
    network = base_stock(model)
    critical_ratio = model["b"] / (model["b"] + model["h"])
    network["stages"]["store"]["policy"] = {"base_stock": {"service": critical_ratio}}
    del network["strategies"]
    assert compute_policy_levels(jr.load(network))["store"].order_up_to == cases()[case]["expected"]["S_star"]
