"""Family b: one stage with lost sales, with lots, and with a lowest and a highest level.

The cases receive, then serve, then order, as the model does, so that their `n` or `L` is the lead time. The
continuous-time loop is reached from two lengths of the period, extrapolated to none.
"""

from __future__ import annotations

import numpy as np
import pytest
from oracle import Network, Rates, Ratio, Setting, assert_mean, cases, check, expected, family, plant, run

pytestmark = pytest.mark.verification


def poisson(case: str) -> Network:
    return {"poisson": {"mean": float(cases()[case]["model"]["demand"][8:-1])}}


def lost_sales_setting(case: str, model: Network) -> Setting:
    level = {"stages": {"store": {"policy": {"base_stock": {"level": model["S"]}}}}}
    network = plant(
        {"store": {"lead_time": f"{model['L']} d", "policy": {"kanban": {"cards": model["cards"], "container": 1}}}},
        {"buyer": {"stage": "store", "demand": poisson(case), "unmet": "lost"}},
        horizon=3_100,
        warm_up=100,
        strategies={"base": {}, "level": level},
    )
    return Setting(
        network,
        {
            "fill_rate": lambda rates: Ratio(rates("filled", "buyer"), rates("demand", "buyer")),
            "lost_per_period": lambda rates: rates("lost", "buyer"),
            "mean_on_hand_end": lambda rates: rates("on_hand", "store"),
            "p_period_with_lost_sales": lambda rates: rates("stockout", "buyer"),
            "mean_on_order": lambda rates: rates("wip", "store"),
        },
    )


def two_cost(model: Network, rates: Rates) -> np.ndarray:
    return model["h"] * rates("on_hand", "store") + model["b"] * rates("backlog", "buyer")


def lots_setting(case: str, model: Network) -> Setting:
    policy = {"reorder_point": {"point": model["R"], "quantity": model["Q"]}}
    network = plant(
        {"store": {"lead_time": f"{model['n']} d", "policy": policy}},
        {"buyer": {"stage": "store", "demand": poisson(case)}},
        horizon=3_200,
        warm_up=200,
    )
    return Setting(
        network,
        {
            "mean_on_hand": lambda rates: rates("on_hand", "store"),
            "mean_backorders": lambda rates: rates("backlog", "buyer"),
            "fill_rate": lambda rates: Ratio(rates("filled", "buyer"), rates("demand", "buyer")),
            "p_stockout_period": lambda rates: rates("stockout", "buyer"),
            "cost": lambda rates: two_cost(model, rates),
        },
    )


def min_max_setting(case: str, model: Network) -> Setting:
    network = plant(
        {"store": {"lead_time": f"{model['n']} d", "policy": {"min_max": {"min": model["s"], "max": model["S"]}}}},
        {"buyer": {"stage": "store", "demand": poisson(case)}},
        horizon=3_200,
        warm_up=200,
    )
    return Setting(
        network,
        {
            "mean_on_hand": lambda rates: rates("on_hand", "store"),
            "mean_backorders": lambda rates: rates("backlog", "buyer"),
            "orders_per_period": lambda rates: rates("orders", "store"),
            "cost": lambda rates: two_cost(model, rates) + model["K"] * rates("orders", "store"),
        },
    )


SETTINGS = {
    **{case: lost_sales_setting(case, model) for case, model in family("b.lost").items()},
    **{case: lots_setting(case, model) for case, model in family("b.RnQ").items()},
    **{case: min_max_setting(case, model) for case, model in family("b.sS").items()},
}
ERLANG = ("p_lost", "mean_on_order", "mean_on_hand")
READ_ELSEWHERE = {case: list(ERLANG) for case in family("b.erlangB")}


@pytest.mark.parametrize("case", SETTINGS)
def test_simulate__published_answers(case: str) -> None:
    check(case, SETTINGS[case])


@pytest.mark.parametrize("case", family("b.lost"))
def test_simulate__with_lost_sales_base_stock_is_one_unit_cards_on_every_path(case: str) -> None:
    setting = SETTINGS[case]
    outcomes = run(setting.network, setting.paths)
    for name, variable in outcomes.data_vars.items():
        if "path" in variable.dims:
            np.testing.assert_array_equal(variable.sel(strategy="base"), variable.sel(strategy="level"), str(name))


def loop(model: Network, steps: int) -> Network:
    """Erlang's loop with `steps` periods to one unit of time."""
    rate = float(model["demand"].removeprefix("Poisson rate "))
    return plant(
        {
            "store": {
                "lead_time": f"{model['mean_L'] * steps} d",
                "policy": {"kanban": {"cards": model["S"], "container": 1}},
            }
        },
        {"buyer": {"stage": "store", "demand": {"poisson": {"mean": rate / steps}}, "unmet": "lost"}},
        horizon=1_050 * steps,
        warm_up=50 * steps,
    )


@pytest.mark.parametrize("case", family("b.erlangB"))
def test_simulate__erlang_loss_in_the_limit_of_short_periods(case: str) -> None:
    model = cases()[case]["model"]
    coarse = Rates(run(loop(model, steps=10), paths=1_000, seed=1))
    fine = Rates(run(loop(model, steps=20), paths=1_000, seed=2))
    readings = {
        "p_lost": lambda rates: rates("lost", "buyer") / rates("demand", "buyer").mean(),
        "mean_on_order": lambda rates: rates("wip", "store"),
        "mean_on_hand": lambda rates: rates("on_hand", "store"),
    }
    for quantity in ERLANG:
        reading = readings[quantity]
        # Halving the period halves the error of first order, which the difference removes.
        assert_mean(2 * reading(fine) - reading(coarse), expected(case, quantity), f"{case}: {quantity}")
