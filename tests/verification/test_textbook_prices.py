"""Published costs read as money: the prices of the textbook are those of the model, and no cost is added by hand.

A textbook charges h for a unit on hand at the end of a period and nothing for one on order (`owned_in_process: false`),
p once for a unit short (`shortage_cost`), b for a unit that waits one period (`backorder_cost`) and K for an order.
"""

from __future__ import annotations

from typing import Any

import pytest
import xarray as xr
from oracle import assert_mean, cases, expected, run
from test_base_stock import SETTINGS as BASE_STOCK
from test_lost_sales_and_lots import SETTINGS as LOTS
from test_newsvendor import CURVE, PATHS, newsvendor
from test_newsvendor import SETTINGS as NEWSVENDOR

import jitrisk as jr

pytestmark = pytest.mark.verification

VALUE = 1000.0  # h is a thousandth of it, a holding rate that a network may have


def priced(outcomes: xr.Dataset, model: dict[str, Any], strategy: str = "base", **prices: float) -> Any:
    """Return the cost per period of every path under a strategy, with the prices of a case."""
    at = f"strategies.{strategy}."
    changes = {
        f"{at}stages.store.value": VALUE,
        f"{at}stages.store.holding_rate": model["h"] / VALUE,
        f"{at}stages.store.owned_in_process": False,
        **{at + key.replace("__", "."): price for key, price in prices.items()},
    }
    spent = jr.reprice(outcomes, changes).risk.costs().sel(strategy=strategy) / outcomes.attrs["periods"]
    assert not spent["process_inventory"].any()
    return spent["total"].values


@pytest.mark.parametrize("case", NEWSVENDOR)
def test_costs__newsvendor_costs_h_for_a_unit_left_and_p_for_a_unit_short(case: str) -> None:
    model, setting = cases()[case]["model"], NEWSVENDOR[case]
    outcomes = run(setting.network, setting.paths)
    spent = priced(outcomes, model, customers__buyer__shortage_cost=model["p"])
    assert_mean(spent, expected(case, "cost"), case)


def test_costs__newsvendor_costs_the_same_where_units_short_are_lost() -> None:
    model, answers = cases()[CURVE]["model"], cases()[CURVE]["expected"]["cost"]
    for level, answer in zip(model["S"], answers, strict=True):
        network = newsvendor(model, {"level": level})
        network["customers"]["buyer"]["unmet"] = "lost"
        spent = priced(run(network, PATHS), model, customers__buyer__shortage_cost=model["p"])
        assert_mean(spent, answer, f"{CURVE}: level {level}")


@pytest.mark.parametrize("case", [case for case in LOTS if case.startswith(("b.RnQ", "b.sS"))])
def test_costs__lots_cost_h_on_hand_b_waiting_and_k_an_order(case: str) -> None:
    model, setting = cases()[case]["model"], LOTS[case]
    prices = {"customers__buyer__backorder_cost": model["b"], "stages__store__order_cost": model.get("K", 0)}
    spent = priced(run(setting.network, setting.paths), model, **prices)
    assert_mean(spent, expected(case, "cost"), case)


@pytest.mark.parametrize("case", [case for case in BASE_STOCK if "cost" in cases()[case]["expected"]])
def test_costs__base_stock_costs_h_on_hand_and_b_waiting_and_nothing_on_order(case: str) -> None:
    model, setting = cases()[case]["model"], BASE_STOCK[case]
    outcomes = run(setting.network, setting.paths)
    spent = priced(outcomes, model, "at", customers__buyer__backorder_cost=model["b"])
    assert_mean(spent, expected(case, "cost"), case)


@pytest.mark.parametrize("case", [case for case in LOTS if case.startswith("b.lost")])
def test_costs__lost_sales_cost_h_on_hand_and_p_for_a_unit_lost(case: str) -> None:
    setting, model = LOTS[case], {"h": 1, "p": 9}
    spent = priced(run(setting.network, setting.paths), model, customers__buyer__shortage_cost=model["p"])
    answer = model["h"] * expected(case, "mean_on_hand_end") + model["p"] * expected(case, "lost_per_period")
    assert_mean(spent, answer, case)
