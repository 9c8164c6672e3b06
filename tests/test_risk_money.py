"""Costs: each component from its outcome and price, and how they add up."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from handmade import random_result, result
from hypothesis import given, settings
from hypothesis import strategies as st

import jitrisk.risk  # noqa: F401
from jitrisk.vocabulary import COSTS

COMPONENTS = [name for name in COSTS if name not in ("total", "revenue", "profit", "working_capital")]


@pytest.mark.parametrize(
    ("component", "values", "expected"),
    [
        ("holding", {"on_hand": [3.0, 4.0], "value": [5.0, 2.0], "holding_rate": 0.1}, (3 * 5 + 4 * 2) * 0.1 * 10),
        ("process_inventory", {"wip": [3.0, 4.0], "value": [5.0, 2.0], "holding_rate": 0.1}, 23 * 0.1 * 10),
        ("purchase", {"started": [3.0, 4.0], "unit_cost": [5.0, 2.0]}, 23),
        ("ordering", {"orders": [3.0, 4.0], "order_cost": [5.0, 2.0]}, 23),
        ("expediting", {"expedited": [3.0, 4.0], "expedite_cost": [5.0, 2.0]}, 23),
        ("scrap", {"scrapped": [3.0, 4.0], "scrap_cost": [5.0, 2.0]}, 23),
        ("downtime", {"starved": [3.0, 4.0], "broken": [1.0, 0.0], "downtime_cost": [5.0, 2.0]}, 28),
        ("backorder", {"backlog": 3.0, "backorder_cost": 5.0}, 3 * 5 * 10),
        ("lost_sales", {"lost": 3.0, "lost_cost": 5.0}, 15),
    ],
)
def test_component_is_outcome_times_price_and_makes_up_the_total(component, values, expected):
    spent = result(**values).risk.costs()
    assert spent[component].values == pytest.approx(expected)
    assert spent["total"].values == pytest.approx(expected)
    others = [name for name in COMPONENTS if name != component]
    assert not spent[others].to_array().any()


def test_working_capital_is_the_value_of_stock_and_process_and_costs_nothing_by_itself():
    spent = result(on_hand=[3.0, 4.0], wip=[1.0, 0.0], value=[5.0, 2.0]).risk.costs()
    assert (spent["working_capital"] == 4 * 5 + 4 * 2).all()
    assert not spent["total"].any()


def test_profit_is_revenue_less_total_and_absent_without_a_price():
    outcomes = result(shipped=6.0, started=[3.0, 0.0], unit_cost=2.0)
    assert "revenue" not in outcomes.risk.costs()
    assert "profit" not in outcomes.risk.costs()
    spent = outcomes.assign(price=outcomes["price"] + 4.0).risk.costs()
    assert (spent["revenue"] == 24).all()
    assert (spent["profit"] == 18).all()


def test_components_sum_to_the_total_path_by_path():
    spent = random_result().risk.costs()
    xr.testing.assert_allclose(spent[COMPONENTS].to_array().sum("variable"), spent["total"])


def test_resolved_components_sum_to_the_plain_ones():
    outcomes = random_result()
    plain, resolved = outcomes.risk.costs(), outcomes.risk.costs(resolved=True)
    assert resolved["holding"].dims == ("strategy", "path", "stage")
    assert resolved["backorder"].dims == ("strategy", "path", "customer")
    assert list(resolved) == list(plain)
    for name, array in resolved.items():
        thing = [dim for dim in array.dims if dim not in ("strategy", "path")]
        xr.testing.assert_allclose(array.sum(thing), plain[name])


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(0, 1e6), price=st.sampled_from(["value", "unit_cost", "downtime_cost", "lost_cost"]))
def test_total_is_linear_in_each_price(factor, price):
    outcomes = random_result(strategies=2, paths=3)
    none = outcomes.assign({price: 0 * outcomes[price]}).risk.costs()["total"]
    once = outcomes.risk.costs()["total"]
    scaled = outcomes.assign({price: factor * outcomes[price]}).risk.costs()["total"]
    xr.testing.assert_allclose(scaled, none + factor * (once - none), rtol=1e-9)


def test_a_price_may_be_set_for_all_strategies_and_stages_at_once():
    outcomes = random_result()
    whole = outcomes.assign(holding_rate=("strategy", np.full(3, 0.01)), value=0 * outcomes["value"] + 2.0)
    short = outcomes.assign(holding_rate=0.01, value=2.0)
    xr.testing.assert_equal(short.risk.costs(), whole.risk.costs())


def test_costs_carry_units_and_the_factor_to_a_year():
    spent = random_result().risk.costs()
    assert spent.attrs["per_year"] == pytest.approx(365 / 5)
    assert spent["holding"].attrs["units"] == "EUR"
    assert spent["holding"].attrs["per_year"] == pytest.approx(365 / 5)
    assert spent["working_capital"].attrs["per_year"] == 1
    assert set(spent.coords) == {"strategy", "path"}


def test_some_stages_alone_cost_what_they_cost_among_all():
    outcomes = random_result()
    alone = outcomes.sel(stage=["paint"]).risk.costs()
    resolved = outcomes.risk.costs(resolved=True)["holding"].sel(stage="paint", drop=True)
    xr.testing.assert_allclose(alone["holding"], resolved)


def test_a_path_costs_the_same_bits_alone_and_among_others():
    outcomes = random_result()
    alone = outcomes.isel(path=[17]).risk.costs()
    xr.testing.assert_identical(alone, outcomes.risk.costs().isel(path=[17]))


def test_memory_order_and_32_bit_floats_do_not_matter():
    outcomes = random_result()
    shuffled = outcomes.transpose("customer", "stage", "path", "strategy").copy(deep=True)
    xr.testing.assert_identical(shuffled.risk.costs(), outcomes.risk.costs())
    rough = outcomes.astype(np.float32).risk.costs()
    assert rough["total"].dtype == np.float64
    xr.testing.assert_allclose(rough, outcomes.risk.costs(), rtol=1e-6)
