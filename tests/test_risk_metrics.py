"""Metrics of a path: downtime, days short, fill rate, backlog."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import random_result, result

from jitrisk.risk import metrics
from jitrisk.vocabulary import METRICS


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
