"""Metrics of a path: downtime, days short, fill rate, backlog."""

from __future__ import annotations

import json

import numpy as np
import pytest
from handmade import random_result, result
from levers import LEVERS, TASTE

import jitrisk as jr
from jitrisk import report
from jitrisk.errors import ResultError
from jitrisk.risk import metrics
from jitrisk.vocabulary import METRICS, METRICS_OF_EVERY_PATH, METRICS_OF_FEATURES

# What metrics and costs of `LEVERS` take beside the units of its features, whose prices are left out here.
NEEDED = ["started", "starved", "broken", "demand", "filled", "lost", "stockout", "backlog", "peak_backlog"]


def test_metrics__downtime_counts_the_stages_whose_downtime_costs_money_in_any_strategy():
    outcomes = result(starved=[1.0, 2.0], broken=[0.5, 0.25], downtime_cost=[[0.0, 0.0], [0.0, 9.0]])
    hours = metrics(outcomes)["downtime"]
    assert (hours == 2.25 * 12).all()
    assert hours.attrs["over"] == "line"
    assert hours.attrs["units"] == "h"


def test_metrics__downtime_counts_every_stage_where_none_costs_money():
    hours = metrics(result(starved=[1.0, 2.0], broken=[0.5, 0.25]))["downtime"]
    assert (hours == 3.75 * 12).all()
    assert hours.attrs["over"] == "press, line"


def test_metrics__long_lists_of_stages_are_cut_in_the_attribute():
    outcomes = result(stages=[f"s{k}" for k in range(2000)])
    assert metrics(outcomes)["downtime"].attrs["over"] == "s0, s1, s2, s3, s4 and 1995 more"


def test_metrics__days_short_add_up_over_customers():
    short = metrics(result(customers=("shop", "export"), stockout=[3.0, 1.0]))["stockout"]
    assert (short == 4 * 12 / 24).all()
    assert short.attrs["units"] == "d"


def test_metrics__fill_rate_is_of_all_demand_and_1_without_demand():
    demand = np.array([[10.0, 30.0], [0.0, 0.0]])
    filled = np.array([[10.0, 20.0], [0.0, 0.0]])
    rates = metrics(result(paths=2, customers=("shop", "export"), demand=demand, filled=filled))["fill_rate"]
    assert rates.values.tolist() == [[0.75, 1.0], [0.75, 1.0]]


def test_metrics__backlogs_add_up_and_the_peak_is_of_one_customer():
    values = metrics(result(customers=("shop", "export"), backlog=[3.0, 1.0], peak_backlog=[7.0, 9.0], lost=[1.0, 2.0]))
    assert (values["backlog"] == 4).all()
    assert (values["peak_backlog"] == 9).all()
    assert (values["lost"] == 3).all()


def test_costs__cost_profit_and_capital_are_those_of_the_costs():
    outcomes = random_result()
    values, spent = metrics(outcomes), outcomes.risk.costs()
    for metric, component in (("cost", "total"), ("profit", "profit"), ("working_capital", "working_capital")):
        np.testing.assert_array_equal(values[metric], spent[component])


def test_metrics__metrics_are_those_of_the_vocabulary_with_their_bad_tails():
    values = metrics(random_result())
    assert list(values) == list(METRICS)
    low = {str(name) for name, array in values.items() if array.attrs["bad_tail"] == "lower"}
    assert low == {"profit", "gross_margin", "turns", "fill_rate", "cycle_service_level", "stock_at_receipt"}
    assert values["backlog"].attrs["per_year"] == 1
    assert values["stockout"].attrs["per_year"] == pytest.approx(365 / 5)


def test_metrics__a_network_without_customers_has_metrics():
    values = metrics(result(customers=()))
    assert (values["fill_rate"] == 1).all()
    assert not values["peak_backlog"].any()


def test_metrics__units_expired_and_in_overtime_add_up_over_stages_where_the_model_has_the_feature():
    amounts = {"expired": [3.0, 1.0], "overtime": [[[0.0, 5.0]], [[2.0, 0.5]]]}
    values = metrics(result(**amounts, features=("shelf_life", "overtime")))
    assert (values["expired"] == 4).all()
    assert values["overtime"].isel(path=0).values.tolist() == [5, 2.5]
    assert values["expired"].attrs["per_year"] == pytest.approx(365 / 5)
    assert (values["overtime"].attrs["units"], values["overtime"].attrs["bad_tail"]) == ("unit", "upper")


@pytest.mark.parametrize(
    ("features", "expected"),
    [((), []), (("shelf_life",), ["expired"]), (("overtime",), ["overtime"]), (("value", "lead_time"), [])],
)
def test_metrics__a_feature_of_the_model_and_not_the_sample_decides_which_there_are(features, expected):
    # Nothing expired on these paths, which is no reason to leave it out, nor is what another feature did to put it in.
    found = metrics(result(features=features))
    assert [name for name in found if name in METRICS_OF_FEATURES] == expected
    assert not any(found[name].any() for name in expected)


def test_metrics__units_are_those_worked_out_by_hand_whatever_is_kept():
    for outcomes in (None, "metrics", ["expired", "overtime", *NEEDED]):
        kept = jr.simulate(LEVERS, 3, outcomes=outcomes)
        values = kept.risk.metrics().isel(path=1)
        assert values["expired"].values.tolist() == [5, 0]
        assert values["overtime"].values.tolist() == [10, 0]
        assert kept.sel(strategy=["relaxed"]).risk.metrics()["expired"].values.tolist() == [[0, 0, 0]]


def test_metrics__a_strategy_without_the_feature_of_another_has_none_of_its_units():
    for strategies in (None, ["without"]):
        values = jr.simulate(TASTE, 2, strategies=strategies).risk.metrics()
        assert values["expired"].sel(strategy="without").values.tolist() == [0, 0]
        assert values["overtime"].sel(strategy="without").values.tolist() == [0, 0]
    assert jr.simulate(TASTE, 2).risk.metrics()["expired"].sel(strategy="with").values.tolist() == [5, 5]


def test_metrics__outcomes_of_a_feature_are_needed_where_the_model_has_it():
    with pytest.raises(ResultError, match="this needs 'overtime', 'expired' as well"):
        jr.simulate(LEVERS, 2, outcomes=NEEDED).risk.metrics()


@pytest.mark.parametrize("model", ["", "no JSON", "[]", '{"stages": 3}', '{"stages": {"a": 1}}', "[" * 100_000])
def test_metrics__a_result_without_a_model_that_can_be_read_has_the_metrics_of_every_path(model):
    assert list(metrics(result().assign_attrs(model=model))) == list(METRICS_OF_EVERY_PATH)


def test_metrics__an_investment_that_brings_a_feature_counts_as_the_model_s():
    stage = {"press": {"overtime": {"below": 3, "factor": 2}}}
    model = json.dumps({"decisions": {"investments": {"night_shift": {"stages": stage}}}})
    assert "overtime" in metrics(result().assign_attrs(model=model))
    # A distribution has stages, too, and a stage may have the name of a feature.
    model = json.dumps({"stages": {"overtime": {"lead_time": {"erlang": {"stages": 3}}, "shelf_life": None}}})
    assert list(metrics(result().assign_attrs(model=model))) == list(METRICS_OF_EVERY_PATH)


def test_metrics__they_are_described_compared_and_drawn_by_their_names():
    outcomes = jr.simulate(LEVERS, 40)
    assert outcomes.risk.describe()["expired"].sel(strategy="as_is", statistic="mean") == 5
    assert outcomes.risk.compare()["overtime"].sel(strategy="relaxed", statistic="mean") == -10
    for name in METRICS_OF_FEATURES:
        assert report.distribution(outcomes.risk.metrics(), name).axes
        assert report.convergence(outcomes, name).axes
        assert report.exceedance(outcomes.risk.metrics(), name).axes


def test_simulate_until__a_target_can_be_on_the_units_of_a_feature():
    outcomes = jr.simulate_until(LEVERS, "expired.mean:5%", strategies=["as_is"], most=2000)
    assert outcomes.risk.metrics()["expired"].isel(path=0).values.tolist() == [5]
    with pytest.raises(ResultError, match="expired"):
        jr.simulate_until("bicycles", "expired.mean:5%", most=2000)
