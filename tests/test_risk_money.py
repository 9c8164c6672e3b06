"""Costs: each component from its outcome and price, and how they add up."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from handmade import random_result, result
from hypothesis import given, settings
from hypothesis import strategies as st
from levers import EXPIRY, LEVERS, OVERTIME, PURCHASE, RELAXED

import jitrisk as jr
from jitrisk.errors import ResultError
from jitrisk.vocabulary import COSTS

COMPONENTS = list(COSTS)[: list(COSTS).index("total")]


@pytest.mark.parametrize(
    ("component", "values", "expected"),
    [
        ("holding", {"on_hand": [3.0, 4.0], "value": [5.0, 2.0], "holding_rate": 0.1}, (3 * 5 + 4 * 2) * 0.1 * 10),
        ("process_inventory", {"wip": [3.0, 4.0], "value": [5.0, 2.0], "holding_rate": 0.1}, 23 * 0.1 * 10),
        ("purchase", {"started": [3.0, 4.0], "unit_cost": [5.0, 2.0]}, 23),
        ("ordering", {"orders": [3.0, 4.0], "order_cost": [5.0, 2.0]}, 23),
        ("expediting", {"expedited": [3.0, 4.0], "expedite_cost": [5.0, 2.0]}, 23),
        ("overtime", {"overtime": [3.0, 4.0], "overtime_cost": [5.0, 2.0]}, 23),
        ("scrap", {"scrapped": [3.0, 4.0], "scrap_cost": [5.0, 2.0]}, 23),
        ("expiry", {"expired": [3.0, 4.0], "expire_cost": [5.0, 2.0]}, 23),
        ("downtime_starved", {"starved": [3.0, 4.0], "downtime_cost": [5.0, 2.0]}, 23),
        ("downtime_broken", {"broken": [3.0, 4.0], "downtime_cost": [5.0, 2.0]}, 23),
        ("backorder", {"backlog": 3.0, "backorder_cost": 5.0}, 3 * 5 * 10),
        ("lost_sales", {"lost": 3.0, "lost_cost": 5.0}, 15),
        ("unmet_demand", {"demand": 9.0, "filled": 6.0, "shortage_cost": 5.0}, 15),
        ("fixed", {"fixed_cost": 5.0}, 5 * 10),
        ("holding", {"on_hand": [3.0, 4.0], "value": [5.0, 2.0], "holding_rate": [[0.1, 0.3]] * 2}, 15 + 24),
        (
            "process_inventory",
            {"wip": [3.0, 4.0], "value": [5.0, 2.0], "holding_rate": 0.1, "owned_in_process": [0, 1]},
            8 * 0.1 * 10,
        ),
    ],
)
def test_costs__component_is_outcome_times_price_and_makes_up_the_total(component, values, expected):
    spent = result(**values).risk.costs()
    assert spent[component].values == pytest.approx(expected)
    assert spent["total"].values == pytest.approx(expected)
    others = [name for name in COMPONENTS if name != component]
    assert not spent[others].to_array().any()


def test_costs__working_capital_is_the_value_of_stock_and_process_and_costs_nothing_by_itself():
    spent = result(on_hand=[3.0, 4.0], wip=[1.0, 0.0], value=[5.0, 2.0]).risk.costs()
    assert (spent["working_capital"] == 4 * 5 + 4 * 2).all()
    assert not spent["total"].any()


def test_costs__units_in_process_that_are_not_owned_are_no_working_capital_and_stock_on_hand_is():
    values = {"on_hand": [3.0, 4.0], "wip": [1.0, 7.0], "value": [5.0, 2.0]}
    spent = result(**values, owned_in_process=[[1, 0], [0, 1]]).risk.costs(resolved=True)["working_capital"]
    assert spent.isel(path=0).values.tolist() == [[4 * 5, 4 * 2], [3 * 5, 11 * 2]]


def test_costs__units_short_are_the_difference_on_each_path_and_never_below_0_by_rounding():
    above = np.nextafter(1e9, 2e9)
    outcomes = result(demand=[[1e9], [9.0], [3.0], [0.0]], filled=[[above], [2.0], [3.0], [0.0]], shortage_cost=5.0)
    assert outcomes.risk.costs()["unmet_demand"].values.tolist() == [[0, 35, 0, 0]] * 2
    both = result(customers=("shop", "export"), demand=[9.0, 4.0], filled=[6.0, 3.0], shortage_cost=[2.0, 0.5])
    assert both.risk.costs(resolved=True)["unmet_demand"].isel(strategy=0, path=0).values.tolist() == [6, 0.5]
    assert both.risk.ownership()["customer_cost"].isel(strategy=0, path=0).values.tolist() == [6, 0.5]


def test_costs__profit_is_revenue_less_total_and_absent_without_a_price():
    outcomes = result(shipped=6.0, started=[3.0, 0.0], unit_cost=2.0)
    assert "revenue" not in outcomes.risk.costs()
    assert "profit" not in outcomes.risk.costs()
    spent = outcomes.assign(price=outcomes["price"] + 4.0).risk.costs()
    assert (spent["revenue"] == 24).all()
    assert (spent["profit"] == 18).all()


def test_costs__components_sum_to_the_total_path_by_path():
    spent = random_result().risk.costs()
    xr.testing.assert_allclose(spent[COMPONENTS].to_array().sum("variable"), spent["total"])


def test_costs__resolved_components_sum_to_the_plain_ones():
    outcomes = random_result()
    plain, resolved = outcomes.risk.costs(), outcomes.risk.costs(resolved=True)
    assert resolved["holding"].dims == ("strategy", "path", "stage")
    assert resolved["backorder"].dims == ("strategy", "path", "customer")
    assert list(resolved) == list(plain)
    for name, array in resolved.items():
        thing = [dim for dim in array.dims if dim not in ("strategy", "path")]
        xr.testing.assert_allclose(array.sum(thing), plain[name])


@settings(max_examples=25, deadline=None)
@given(
    factor=st.floats(0, 1e6),
    price=st.sampled_from(["value", "unit_cost", "downtime_cost", "shortage_cost", "fixed_cost"]),
)
def test_costs__total_is_linear_in_each_price(factor, price):
    outcomes = random_result(strategies=2, paths=3)
    none = outcomes.assign({price: 0 * outcomes[price]}).risk.costs()["total"]
    once = outcomes.risk.costs()["total"]
    scaled = outcomes.assign({price: factor * outcomes[price]}).risk.costs()["total"]
    xr.testing.assert_allclose(scaled, none + factor * (once - none), rtol=1e-9)


def test_costs__a_price_may_be_set_for_all_strategies_and_stages_at_once():
    outcomes = random_result()
    whole = outcomes.assign(holding_rate=("strategy", np.full(3, 0.01)), value=0 * outcomes["value"] + 2.0)
    short = outcomes.assign(holding_rate=0.01, value=2.0)
    xr.testing.assert_equal(short.risk.costs(), whole.risk.costs())


def test_costs__costs_carry_units_and_the_factor_to_a_year():
    spent = random_result().risk.costs()
    assert spent.attrs["per_year"] == pytest.approx(365 / 5)
    assert spent["holding"].attrs["units"] == "EUR"
    assert spent["holding"].attrs["per_year"] == pytest.approx(365 / 5)
    assert spent["working_capital"].attrs["per_year"] == 1
    assert set(spent.coords) == {"strategy", "path"}


def test_costs__some_stages_alone_cost_what_they_cost_among_all():
    outcomes = random_result()
    alone = outcomes.sel(stage=["paint"]).risk.costs()
    resolved = outcomes.risk.costs(resolved=True)["holding"].sel(stage="paint", drop=True)
    xr.testing.assert_allclose(alone["holding"], resolved)


def test_costs__a_path_costs_the_same_bits_alone_and_among_others():
    outcomes = random_result()
    alone = outcomes.isel(path=[17]).risk.costs()
    xr.testing.assert_identical(alone, outcomes.risk.costs().isel(path=[17]))


def test_costs__memory_order_and_32_bit_floats_do_not_matter():
    outcomes = random_result()
    shuffled = outcomes.transpose("customer", "stage", "path", "strategy").copy(deep=True)
    xr.testing.assert_identical(shuffled.risk.costs(), outcomes.risk.costs())
    rough = outcomes.astype(np.float32).risk.costs()
    assert rough["total"].dtype == np.float64
    xr.testing.assert_allclose(rough, outcomes.risk.costs(), rtol=1e-6, atol=1e-3)


# What it takes to sell: cost of goods, margin, turns, days


def shop(**values):
    """Two stages of value 3 and 5, of which the second is sold at 8; 10 periods of 12 h are 5 days."""
    given = {"value": [3.0, 5.0], "price": 8.0, "shipped": 6.0, "on_hand": [1.0, 2.0], "wip": [0.5, 0.0]} | values
    return result(**given)


def test_costs__cost_of_goods_is_the_value_of_what_was_shipped_and_gross_profit_what_it_leaves():
    spent = shop().risk.costs()
    assert (spent["cost_of_goods"] == 6 * 5).all()
    assert (spent["gross_profit"] == 6 * 8 - 6 * 5).all()
    assert spent["cost_of_goods"].attrs["per_year"] == pytest.approx(73)
    assert not spent["total"].any()
    assert (shop().risk.costs(resolved=True)["cost_of_goods"].sel(customer="shop") == 30).all()


def test_costs__goods_have_the_value_of_the_stage_that_the_customer_asks_under_each_strategy():
    outcomes = result(customers=("shop", "export"), value=[[3.0, 5.0], [4.0, 6.0]], shipped=[10.0, 100.0])
    asked = [["line", "press"], ["press", "line"]]
    outcomes = outcomes.assign_coords(customer_stage=(("strategy", "customer"), asked))
    found = outcomes.risk.costs()["cost_of_goods"]
    assert (found.sel(strategy="jit") == 10 * 5 + 100 * 3).all()
    assert (found.sel(strategy="jic") == 10 * 4 + 100 * 6).all()
    turned = outcomes.isel(stage=[1, 0], customer=[1, 0])
    xr.testing.assert_equal(turned.risk.costs()["cost_of_goods"], found)


def test_metrics__ratios_by_hand():
    values = shop(days_receivable=[0.0, 30.0], days_payable=[0.0, 45.0]).risk.metrics()
    capital = 1.5 * 3 + 2 * 5
    assert values["turns"].values == pytest.approx(30 * 73 / capital)
    assert values["days_of_inventory"].values == pytest.approx(5 * capital / 30)
    assert values["gross_margin"].values == pytest.approx(18 / 48)
    for strategy, credit in (("jit", 0), ("jic", 30 - 45)):
        assert values["cash_cycle"].sel(strategy=strategy).values == pytest.approx(5 * capital / 30 + credit)
    assert [values[name].attrs["units"] for name in ("turns", "days_of_inventory", "cash_cycle")] == [
        "1/year",
        "d",
        "d",
    ]
    assert values["turns"].attrs["per_year"] == values["cash_cycle"].attrs["per_year"] == 1


def test_metrics__turns_times_days_of_inventory_are_a_year_on_every_path():
    values = random_result().risk.metrics()
    assert (values["turns"] * values["days_of_inventory"]).values == pytest.approx(365)


RATIOS = {"gross_margin", "turns", "days_of_inventory", "cash_cycle"}


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ({}, {"gross_margin", "turns", "days_of_inventory"}),
        ({"days_payable": 30.0}, RATIOS),
        ({"price": 0.0, "days_payable": 30.0}, RATIOS - {"gross_margin"}),
        # What one path has not, no path shows: nothing that is not finite reaches a statistic.
        ({"on_hand": [[0.0, 0.0]] + [[1.0, 2.0]] * 3, "wip": 0.0}, {"gross_margin", "days_of_inventory"}),
        ({"shipped": [[0.0]] + [[6.0]] * 3, "days_payable": 30.0}, {"turns"}),
        ({"value": [3.0, 0.0]}, set()),
        ({"value": 0.0, "price": 0.0}, set()),
    ],
)
def test_describe__a_ratio_that_some_path_does_not_have_is_left_out(values, left):
    outcomes = shop(**values)
    found = outcomes.risk.metrics()
    assert RATIOS & set(found) == left
    assert np.isfinite(found.to_array()).all()
    assert not {f"{name}_quantile" for name in RATIOS - left} & set(outcomes.risk.describe())


def test_costs__goods_of_which_some_have_no_value_cost_nothing_rather_than_too_little():
    outcomes = result(customers=("shop", "export"), value=[0.0, 5.0], shipped=1.0, price=9.0)
    asked = outcomes.assign_coords(customer_stage=(("strategy", "customer"), [["line", "press"]] * 2))
    assert "cost_of_goods" in outcomes.risk.costs()
    for partly in (asked, outcomes.drop_vars("customer_stage"), outcomes.sel(stage=["press"])):
        spent = partly.risk.costs()
        assert {"revenue", "profit"} <= set(spent)
        assert not {"cost_of_goods", "gross_profit"} & set(spent)


def test_costs__a_result_from_before_days_to_pay_has_none():
    outcomes = random_result()
    older = outcomes.drop_vars(["days_payable", "days_receivable"])
    assert set(older.risk.metrics()) == set(outcomes.risk.metrics()) - {"cash_cycle"}
    xr.testing.assert_identical(older.risk.costs(), outcomes.risk.costs())


def test_metrics__a_result_from_before_shortage_cost_ownership_and_fixed_cost_costs_what_it_did():
    """It has one holding rate for every stage; everything in process was owned, and no unit short cost anything."""
    now = random_result().assign(owned_in_process=True, shortage_cost=0.0, fixed_cost=0.0)
    rates = ("strategy", [0.01, 0.02, 0.03])
    whole = now.assign(holding_rate=xr.zeros_like(now["value"]) + xr.DataArray([0.01, 0.02, 0.03], dims="strategy"))
    older = now.drop_vars(["owned_in_process", "shortage_cost", "fixed_cost"]).assign(holding_rate=rates)
    for measure in ("costs", "ownership", "metrics"):
        xr.testing.assert_identical(getattr(older.risk, measure)(), getattr(whole.risk, measure)())
    assert older.risk.metrics().attrs["priced"] == 1


@pytest.mark.parametrize(
    ("values", "priced"),
    [
        ({}, 0),
        ({"shortage_cost": 5.0}, 1),
        ({"fixed_cost": [0.0, 5.0]}, 1),
        ({"value": [5.0, 0.0], "holding_rate": [[0.0, 0.1]] * 2}, 0),
        ({"value": [5.0, 0.0], "holding_rate": [[0.1, 0.0]] * 2}, 1),
        ({"price": 5.0}, 1),
        ({"value": 5.0}, 0),
    ],
)
def test_metrics__a_model_is_priced_where_something_can_cost_or_earn(values, priced):
    assert result(**values).risk.metrics().attrs["priced"] == priced


# Who bears it


def test_ownership__ownership_of_stages_and_customers_makes_up_the_total():
    outcomes = random_result()
    borne = outcomes.risk.ownership()
    assert (borne["stage_cost"].dims, borne["customer_cost"].dims) == (
        ("strategy", "path", "stage"),
        ("strategy", "path", "customer"),
    )
    assert borne["plan_cost"].dims == ("strategy", "path")
    every = borne["stage_cost"].sum("stage") + borne["customer_cost"].sum("customer") + borne["plan_cost"]
    xr.testing.assert_allclose(every, outcomes.risk.costs()["total"], rtol=1e-12)


def test_ownership__ownership_is_what_the_resolved_components_add_up_to():
    outcomes = random_result()
    resolved, borne = outcomes.risk.costs(resolved=True)[COMPONENTS], outcomes.risk.ownership()
    for thing, cost in (("stage", "stage_cost"), ("customer", "customer_cost")):
        parts = [array for array in resolved.values() if thing in array.dims]
        xr.testing.assert_allclose(sum(parts), borne[cost])
    assert borne["stage_cost"].attrs["per_year"] == pytest.approx(73)


def test_ownership__ownership_by_hand():
    borne = result(
        started=[3.0, 4.0],
        unit_cost=[5.0, 2.0],
        on_hand=[1.0, 0.0],
        value=2.0,
        holding_rate=0.1,
        lost=6.0,
        lost_cost=7.0,
    ).risk.ownership()
    assert (borne["stage_cost"].sel(stage="press") == 15 + 1 * 2 * 0.1 * 10).all()
    assert (borne["stage_cost"].sel(stage="line") == 8).all()
    assert (borne["customer_cost"] == 42).all()
    assert not borne["plan_cost"].any()


def test_costs__downtime_is_told_apart_by_cause_and_stage():
    outcomes = result(starved=[3.0, 4.0], broken=[1.0, 0.5], downtime_cost=[5.0, 2.0])
    spent = outcomes.risk.costs(resolved=True)
    assert spent["downtime_starved"].isel(strategy=0, path=0).values.tolist() == [15, 8]
    assert spent["downtime_broken"].isel(strategy=0, path=0).values.tolist() == [5, 1]
    assert "downtime" not in spent


def test_costs__downtime_of_one_stage_is_added_to_the_total_as_one_amount():
    rng = np.random.default_rng(5)
    hours = {name: rng.random((2, 4, 2)) for name in ("starved", "broken", "on_hand", "started")}
    outcomes = result(**hours, value=3.3, holding_rate=0.07, unit_cost=1.7, downtime_cost=[0.0, 3.1])
    spent = outcomes.risk.costs()
    downtime = hours["starved"][:, :, 1] * 3.1 + hours["broken"][:, :, 1] * 3.1
    np.testing.assert_array_equal(spent["total"], (spent["holding"] + spent["purchase"]).values + downtime)


def test_costs__expiry_and_overtime_are_those_worked_out_by_hand():
    outcomes = jr.simulate(LEVERS, 3)
    spent = outcomes.risk.costs().isel(path=2)
    by_hand = {"purchase": PURCHASE, "expiry": EXPIRY, "overtime": OVERTIME, "total": PURCHASE + EXPIRY + OVERTIME}
    assert {name: spent[name].sel(strategy="as_is").item() for name in by_hand} == by_hand
    assert spent["total"].sel(strategy="relaxed") == RELAXED
    each = outcomes.risk.costs(resolved=True).sel(strategy="as_is").isel(path=0)
    assert each["expiry"].values.tolist() == [EXPIRY, 0]
    assert each["overtime"].values.tolist() == [0, OVERTIME]


def test_ownership__a_stage_bears_its_expiry_and_its_overtime():
    borne = jr.simulate(LEVERS, 2).risk.ownership()["stage_cost"].isel(path=0)
    assert borne.sel(strategy="as_is").values.tolist() == [25 * 1 + EXPIRY, 30 * 2 + OVERTIME]
    assert borne.sel(strategy="relaxed").values.tolist() == [20 * 1, 30 * 2]


@pytest.mark.parametrize(("price", "left"), [("expire_cost", "overtime"), ("overtime_cost", "expired")])
def test_costs__outcomes_of_a_price_are_needed_where_it_is_set_and_not_where_it_is_not(price, left):
    model = json.loads(json.dumps(LEVERS))
    for stage in model["stages"].values():
        stage.pop({"expire_cost": "overtime_cost", "overtime_cost": "expire_cost"}[price], None)
    priced = {"expire_cost": "expired", "overtime_cost": "overtime"}[price]
    every, kept = (jr.simulate(model, 2, outcomes=asked) for asked in (None, ["started", priced]))
    np.testing.assert_array_equal(kept.risk.costs()["total"], every.risk.costs()["total"])
    with pytest.raises(ResultError, match=f"this needs '{priced}' as well"):
        jr.simulate(model, 2, outcomes=["started", left]).risk.costs()
