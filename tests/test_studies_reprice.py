"""A result at other prices is that of the model with those prices, to the last bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

import jitrisk as jr
from jitrisk.errors import ModelError, ResultError

MODEL = {
    "name": "shop",
    "period": "12 h",
    "horizon": "40 d",
    "currency": "EUR",
    "holding_rate": "20 % / year",
    "days_receivable": "30 d",
    "stages": {
        "part": {"lead_time": "3 d", "value": 2, "policy": {"base_stock": {"level": 40}}},
        "kit": {
            "inputs": {"part": 2},
            "value": 7,
            "downtime_cost": "9 / d",
            "policy": {"kanban": {"cards": 3, "container": 5}},
        },
    },
    "customers": {"clinic": {"stage": "kit", "demand": {"poisson": {"mean": 4}}, "unmet": "lost", "lost_cost": 5}},
    "hazards": {"strike": {"rate": "1 / 20 d", "duration": "3 d", "hits": {"part": {"arrivals": 0}}}},
    "strategies": {"jit": {}, "jic": {"stages": {"part": {"value": 3, "policy": {"base_stock": {"level": 90}}}}}},
}
CHANGES = {
    "stages.kit.value": 8,
    "holding_rate": "15 % / year",
    "days_payable": "45 d",
    "fixed_cost": "1000 / year",
    "customers.clinic.price": 20,
    "customers.clinic.shortage_cost": 4,
    "stages.part.owned_in_process": False,
    "stages.kit.holding_rate": "1 % / week",
    "strategies.jic.stages.part.value": 3.5,
    "strategies.jic.stages.kit.holding_rate": "2 % / week",
    "strategies.jit.days_payable": "60 d",
    "strategies.jic.fixed_cost": "7 / d",
}


def changed() -> dict:
    model = json.loads(json.dumps(MODEL))
    model |= {"holding_rate": "15 % / year", "days_payable": "45 d", "fixed_cost": "1000 / year"}
    model["stages"]["kit"]["value"] = 8
    model["customers"]["clinic"] |= {"price": 20, "shortage_cost": 4}
    model["stages"]["part"]["owned_in_process"] = False
    model["stages"]["kit"]["holding_rate"] = "1 % / week"
    model["strategies"]["jic"]["stages"]["kit"] = {"holding_rate": "2 % / week"}
    model["strategies"]["jit"]["days_payable"] = "60 d"
    model["strategies"]["jic"]["fixed_cost"] = "7 / d"
    model["strategies"]["jic"]["stages"]["part"]["value"] = 3.5
    return model


@pytest.fixture(scope="module")
def outcomes():
    return jr.simulate(MODEL, paths=60, seed=11)


def test_reprice__repricing_equals_simulating_the_changed_model(outcomes):
    again = jr.simulate(changed(), paths=60, seed=11)
    result = jr.reprice(outcomes, CHANGES)
    assert json.loads(result.attrs.pop("repriced")) == {
        "stages.kit.value": [7, 8],
        "holding_rate": ["20 % / year", "15 % / year"],
        "days_payable": [None, "45 d"],
        "fixed_cost": [None, "1000 / year"],
        "customers.clinic.price": [None, 20],
        "customers.clinic.shortage_cost": [None, 4],
        "stages.part.owned_in_process": [None, False],
        "stages.kit.holding_rate": [None, "1 % / week"],
        "strategies.jic.stages.part.value": [3, 3.5],
        "strategies.jic.stages.kit.holding_rate": [None, "2 % / week"],
        "strategies.jit.days_payable": [None, "60 d"],
        "strategies.jic.fixed_cost": [None, "7 / d"],
    }
    # The order of keys in the text is where the two may differ.
    assert json.loads(result.attrs["model"]) == json.loads(again.attrs["model"])
    for text in ("model", "model_hash"):
        result.attrs[text] = again.attrs[text]
    xr.testing.assert_identical(result, again)
    xr.testing.assert_identical(result.risk.metrics(), again.risk.metrics())
    assert "cash_cycle" in result.risk.metrics()


def test_reprice__the_same_prices_give_the_same_result_and_nothing_touches_the_old_one(outcomes):
    kept = outcomes.copy(deep=True)
    xr.testing.assert_identical(jr.reprice(outcomes, {}), outcomes)
    xr.testing.assert_identical(jr.reprice(outcomes, {"stages.kit.value": 7, "days_receivable": "30 d"}), outcomes)
    there = jr.reprice(outcomes, {"stages.kit.value": 9})
    assert np.shares_memory(there["on_hand"].values, outcomes["on_hand"].values)
    assert there.attrs["model_hash"] != outcomes.attrs["model_hash"]
    xr.testing.assert_identical(jr.reprice(there, {"stages.kit.value": 7}), outcomes)
    xr.testing.assert_identical(outcomes, kept)


def test_reprice__prices_changed_one_after_another_are_remembered_against_those_of_the_run(outcomes):
    twice = jr.reprice(jr.reprice(outcomes, {"stages.kit.value": 8}), {"stages.kit.value": 9, "holding_rate": 0})
    assert json.loads(twice.attrs["repriced"]) == {"stages.kit.value": [7, 9], "holding_rate": ["20 % / year", 0]}
    xr.testing.assert_identical(twice, jr.reprice(outcomes, {"stages.kit.value": 9, "holding_rate": 0}))


def test_reprice__cost_changes_by_the_price_times_what_it_is_paid_for(outcomes):
    dearer = jr.reprice(outcomes, {"stages.kit.unit_cost": 1.25})
    change = dearer.risk.metrics()["cost"] - outcomes.risk.metrics()["cost"]
    np.testing.assert_allclose(change, 1.25 * outcomes["started"].sel(stage="kit"))


def test_reprice__a_file_and_a_part_of_a_result_and_paths_handed_in_can_be_repriced(outcomes, tmp_path):
    jr.save(outcomes, tmp_path / "run.nc")
    xr.testing.assert_identical(jr.reprice(jr.open(tmp_path / "run.nc"), CHANGES), jr.reprice(outcomes, CHANGES))
    part = outcomes.sel(strategy=["jic"], stage=["part"]).isel(path=slice(5))
    assert jr.reprice(part, CHANGES)["value"].values.tolist() == [[3.5]]
    series = jr.sample(MODEL, paths=4, seed=2)
    given = jr.reprice(jr.simulate(MODEL, exogenous=series), CHANGES)
    xr.testing.assert_equal(given, jr.simulate(changed(), exogenous=series))


def test_reprice__a_result_of_an_older_version_gets_what_it_lacks(outcomes):
    rates = outcomes["holding_rate"].isel(stage=0, drop=True)
    later = ["days_payable", "days_receivable", "customer_stage", "owned_in_process", "shortage_cost", "fixed_cost"]
    older = outcomes.drop_vars(later).assign(holding_rate=rates)
    assert "turns" not in older.risk.metrics()
    assert older.risk.compare().sizes["strategy"] == 2
    xr.testing.assert_identical(jr.reprice(older, {}), outcomes)
    xr.testing.assert_identical(jr.reprice(older, CHANGES), jr.reprice(outcomes, CHANGES))


def test_reprice__the_holding_rate_of_the_network_leaves_a_stage_s_own(outcomes):
    own = jr.reprice(outcomes, {"stages.kit.holding_rate": "1 % / week"})
    both = jr.reprice(own, {"holding_rate": "40 % / year"})
    kit, part = ({"stage": name} for name in ("kit", "part"))
    xr.testing.assert_equal(both["holding_rate"].sel(kit), own["holding_rate"].sel(kit))
    xr.testing.assert_allclose(both["holding_rate"].sel(part), 2 * outcomes["holding_rate"].sel(part))


def test_reprice__what_is_no_result_or_not_that_of_its_model_is_refused(outcomes):
    series = jr.sample(MODEL, paths=2)
    for wrong, words in (
        (xr.Dataset({"x": 1}), "not a result of this version of jitrisk"),
        (outcomes.assign_attrs(model="no json"), "no model as a JSON mapping"),
        (series, "has no strategy, so it is no result with prices"),
        (outcomes.sel(strategy="jit"), r"sel\(strategy=\[...\]\)"),
        (outcomes.assign_coords(strategy=["a", "b"]), "has the strategy 'a', which its model does not have"),
        (outcomes.assign(value=2 * outcomes["value"]), "value is not that of the result's model"),
        (outcomes.assign(holding_rate=0.5), "changed by hand"),
    ):
        with pytest.raises(ResultError, match=words):
            jr.reprice(wrong, {"stages.kit.value": 9})
    with pytest.raises(ModelError, match=r"unknown stage `kitt`; did you mean `kit`\?"):
        jr.reprice(outcomes, {"stages.kitt.value": 9})


def test_costs__money_of_a_run_by_hand():
    """One a day is asked for and shipped, so 2 d of cover in process and 1 on hand last 3 days."""
    steady = {
        "name": "steady",
        "period": "1 d",
        "horizon": "100 d",
        "warm_up": "20 d",
        "days_receivable": "30 d",
        "days_payable": "1 month",
        "stages": {"box": {"lead_time": "2 d", "value": 4, "policy": {"base_stock": {"level": 3}}}},
        "customers": {"shop": {"stage": "box", "demand": 1, "price": 5}},
    }
    outcomes = jr.simulate(steady, paths=2)
    values, spent = outcomes.risk.metrics(), outcomes.risk.costs()
    assert spent["cost_of_goods"].values == pytest.approx(80 * 4)
    assert spent["gross_profit"].values == pytest.approx(80 * 1)
    stock = outcomes["on_hand"].item(0) + outcomes["wip"].item(0)
    assert values["days_of_inventory"].values == pytest.approx(stock)
    assert values["turns"].values == pytest.approx(365 / stock)
    assert values["gross_margin"].values == pytest.approx(0.2)
    assert values["cash_cycle"].values == pytest.approx(stock + 30 - 365 / 12)
