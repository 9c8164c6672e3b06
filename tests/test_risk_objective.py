"""Objectives and constraints: how they are read, what they weigh, and by how much a plan misses them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from handmade import random_result

from jitrisk.errors import ResultError
from jitrisk.risk import describe
from jitrisk.risk.design import read_design
from jitrisk.risk.metrics import metrics as compute_metrics
from jitrisk.risk.objective import (
    compute_measured_years,
    compute_violation,
    parse_constraint,
    parse_objective,
    require_metrics,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cost.mean", [(1.0, "cost.mean")]),
        ("  cost.mean ", [(1.0, "cost.mean")]),
        ("-profit.mean", [(-1.0, "profit.mean")]),
        ("0.7*cost.mean + 0.3*cost.cvar95", [(0.7, "cost.mean"), (0.3, "cost.cvar95")]),
        ("cost.mean-1e3*fill_rate.mean", [(1.0, "cost.mean"), (-1e3, "fill_rate.mean")]),
        ("+ .5 * cost.mean - 2.*profit.cvar99.5", [(0.5, "cost.mean"), (-2.0, "profit.cvar99.5")]),
    ],
)
def test_parse_objective__reads_weights_and_statistics(text, expected):
    objective = parse_objective(text)
    assert [(weight, one.name) for weight, one in objective.terms] == expected
    assert objective.text == text.strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no sum of statistics"),
        ("cost", "no sum of statistics"),
        ("cost.mean cost.cvar95", "no sum of statistics"),
        ("cost.mean + ", "no sum of statistics"),
        ("cost.mean * 2", "no sum of statistics"),
        ("(cost.mean)", "no sum of statistics"),
        ("coast.mean", "did you mean 'cost'"),
        ("cost.mode", "unknown statistic 'mode'"),
        ("0*cost.mean", "weight 0"),
        ("1e999*cost.mean", "weight inf"),
        ("profit.mean", "write -profit.mean"),
        ("-cost.mean", "write cost.mean"),
        ("cost.mean + fill_rate.mean", "write -fill_rate.mean"),
    ],
)
def test_parse_objective__what_is_none_is_refused(text, words):
    with pytest.raises(ResultError) as caught:
        parse_objective(text)
    assert words in str(caught.value)


def test_objective__is_the_weighted_sum_of_what_describe_gives():
    metrics = compute_metrics(random_result(strategies=1, paths=901)).isel(strategy=0)
    arrays = {name: np.ascontiguousarray(metrics[name].values) for name in ("cost", "fill_rate")}
    objective = parse_objective("0.7*cost.mean + 0.3*cost.cvar90 - 50*fill_rate.var90")
    design = read_design(metrics)
    whole = describe(compute_metrics(random_result(strategies=1, paths=901)), 0.9).isel(strategy=0)
    cost, fill_rate = whole["cost"], whole["fill_rate"]
    expected = 0.7 * cost.sel(statistic="mean") + 0.3 * cost.sel(statistic="cvar")
    expected = float(expected) - 50 * float(fill_rate.sel(statistic="var"))
    assert design.mean(objective.compute_scores(arrays, design)) == pytest.approx(expected, rel=1e-12)
    assert objective.metrics == ["cost", "fill_rate"]


@pytest.mark.parametrize(
    ("text", "unit", "maximized"),
    [
        ("cost.mean", "EUR", ""),
        ("-profit.mean", "EUR", "profit.mean"),
        ("-2*profit.mean", "EUR", ""),
        ("cost.mean - 5*profit.mean", "EUR", ""),
        ("-fill_rate.cvar95", "1", "fill_rate.cvar95"),
        ("cost.mean - 100*fill_rate.mean", "1", ""),
    ],
)
def test_objective__unit_and_what_is_maximized(text, unit, maximized):
    objective = parse_objective(text)
    assert (objective.describe_unit("EUR"), objective.maximized) == (unit, maximized)


def test_compute_year_factor__only_what_adds_up_is_per_year():
    assert compute_measured_years(730, 12.0) == 1.0
    assert parse_objective("cost.mean").compute_year_factor(2.0) == 0.5
    assert parse_objective("cost.mean - 3*profit.mean").compute_year_factor(4.0) == 0.25
    assert parse_objective("-fill_rate.mean").compute_year_factor(2.0) == 1.0
    assert parse_objective("cost.mean - 3*fill_rate.mean").compute_year_factor(2.0) == 1.0
    # A tail of two years is not twice that of one year.
    assert parse_objective("cost.cvar95").compute_year_factor(2.0) == 1.0
    assert parse_objective("cost.cvar95").compute_year_factor(1.0) == 1.0


@pytest.mark.parametrize(
    ("text", "name", "is_lower", "bound"),
    [
        ("fill_rate.mean >= 98%", "fill_rate.mean", True, 0.98),
        ("fill_rate.mean>=.98", "fill_rate.mean", True, 0.98),
        ("cost.cvar95 <= 1e6", "cost.cvar95", False, 1e6),
        ("profit.mean >= -5", "profit.mean", True, -5.0),
        ("  fill_rate.cvar99.5   >=  50 % ", "fill_rate.cvar99.5", True, 0.5),
    ],
)
def test_parse_constraint__reads_statistic_and_bound(text, name, is_lower, bound):
    constraint = parse_constraint(text)
    assert (constraint.estimand.name, constraint.is_lower) == (name, is_lower)
    assert constraint.bound == pytest.approx(bound, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no METRIC.STATISTIC"),
        ("fill_rate >= 98%", "no METRIC.STATISTIC"),
        ("fill_rate.mean > 98%", "no METRIC.STATISTIC"),
        ("fill_rate.mean == 98%", "no METRIC.STATISTIC"),
        ("98% <= fill_rate.mean", "no METRIC.STATISTIC"),
        ("fill_rate.mean >= 98", "lies between 0 and 1"),
        ("fill_rate.mean >= -1%", "lies between 0 and 1"),
        ("fill_rate.mean <= 98%", "write fill_rate.mean >= 98%"),
        ("cost.mean >= 5", "write cost.mean <= 5"),
        ("fill_rat.mean >= 98%", "did you mean 'fill_rate'"),
        ("cost.cvar100 <= 5", "is not allowed"),
    ],
)
def test_parse_constraint__what_is_none_is_refused(text, words):
    with pytest.raises(ResultError) as caught:
        parse_constraint(text)
    assert words in str(caught.value)


def test_convert_bound__is_per_year_where_the_statistic_is():
    assert parse_constraint("cost.mean <= 100").convert_bound(3.0) == pytest.approx(300.0)
    assert parse_constraint("cost.cvar95 <= 100").convert_bound(3.0) == 100.0
    assert parse_constraint("fill_rate.mean >= 98%").convert_bound(3.0) == pytest.approx(0.98)


@pytest.mark.parametrize(
    ("text", "value", "error", "reach", "expected"),
    [
        ("fill_rate.mean >= 98%", 0.97, 0.0, 2.0, 0.5),  # 1 % short, of the 2 % that are allowed
        ("fill_rate.mean >= 98%", 0.99, 0.001, 2.0, 0.0),
        ("fill_rate.mean >= 98%", 0.981, 0.001, 2.0, 0.05),  # it meets the bound, but not for sure
        ("fill_rate.mean >= 98%", 0.97, math.nan, 2.0, 0.5),
        ("fill_rate.mean >= 100%", 0.97, 0.0, 2.0, 0.03),
        ("cost.mean <= 200", 250.0, 0.0, 2.0, 0.25),
        ("cost.mean <= 200", 150.0, 10.0, 2.0, 0.0),
        ("cost.mean <= 0", 3.0, 0.0, 2.0, 3.0),
    ],
)
def test_compute_violation__is_a_share_of_what_the_bound_allows(text, value, error, reach, expected):
    constraint = parse_constraint(text)
    found = compute_violation(value, error, constraint, constraint.bound, reach)
    assert found == pytest.approx(expected, abs=1e-12)


def test_require_metrics__what_the_paths_lack_is_named():
    objective, constraint = parse_objective("cost.mean"), parse_constraint("fill_rate.mean >= 98%")
    require_metrics(["cost", "fill_rate"], objective, [constraint])
    with pytest.raises(ResultError, match="there is no fill_rate in this model: it has cost"):
        require_metrics(["cost"], objective, [constraint])
    with pytest.raises(ResultError, match="there is no cost in this model"):
        require_metrics(["fill_rate"], objective, [])


@pytest.mark.parametrize("parse", [parse_objective, parse_constraint])
def test_parse_objective__what_is_no_text_is_refused(parse):
    with pytest.raises(ResultError, match="is no text"):
        parse(5)
