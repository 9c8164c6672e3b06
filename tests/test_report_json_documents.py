"""The JSON document: complete, plain, and valid where figures are unknown."""

from __future__ import annotations

import json

import pytest
from handmade import of_cost, random_result

from jitrisk.report import build_document
from jitrisk.vocabulary import COMPARISON_STATISTICS, METRICS, STATISTICS


def test_build_document__document_survives_json_and_names_its_schema():
    outcomes = random_result()
    found = build_document(outcomes)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["schema"], found["schema_version"]) == ("jitrisk.summary", 3)
    assert (found["name"], found["seed"], found["paths"], found["level"]) == ("By hand", 7, 200, 0.95)


def test_build_document__document_holds_the_measures_and_differences_of_every_strategy():
    outcomes = random_result(paths=5000)
    found = build_document(outcomes, base="plan 1", level=0.9)
    measures, contrasts = outcomes.risk.describe(level=0.9), outcomes.risk.compare("plan 1", 0.9)
    assert list(found["strategies"]) == ["plan 0", "plan 1", "plan 2"]
    plan = found["strategies"]["plan 2"]
    for metric in METRICS:
        column = measures[metric].sel(strategy="plan 2")
        for statistic in STATISTICS:
            assert plan["statistics"][metric][statistic] == pytest.approx(float(column.sel(statistic=statistic)))
        column = contrasts[metric].sel(strategy="plan 2")
        for statistic in COMPARISON_STATISTICS:
            assert plan["differences"][metric][statistic] == pytest.approx(float(column.sel(statistic=statistic)))
    median = float(measures["cost_quantile"].sel(strategy="plan 2", quantile=0.5))
    quantiles = plan["statistics"]["cost"]
    assert quantiles["quantiles"]["0.5"] == median
    assert quantiles["quantiles_lower"]["0.5"] <= median <= quantiles["quantiles_upper"]["0.5"]
    assert plan["cheapest"]["share"] == float(contrasts["cheapest"].sel(strategy="plan 2"))
    assert plan["cheaper"]["lower"] == float(contrasts["cheaper_lower"].sel(strategy="plan 2"))


def test_build_document__document_defines_its_metrics():
    definitions = build_document(random_result())["metrics"]
    assert set(definitions) == set(METRICS)
    assert definitions["fill_rate"]["bad_tail"] == "lower"
    assert definitions["cost"]["units"] == "EUR"
    assert definitions["cost"]["per_year"] == pytest.approx(73)


def test_build_document__an_interval_that_is_missing_is_null_and_says_why():
    differences = build_document(random_result(paths=200))["strategies"]["plan 2"]["differences"]["cost"]
    assert differences["lower"] is not None
    assert differences["cvar"] is not None
    assert [differences[f"{name}_{end}"] for name in ("var", "cvar") for end in ("lower", "upper")] == [None] * 4
    few = "fewer than 5,000 paths"
    assert differences["missing_interval"] == {"mean": None, "var": few, "cvar": few}


def test_build_document__what_is_unknown_is_null():
    found = build_document(of_cost([[1.0], [2.0]], ["jit", "jic"]))
    assert found["strategies"]["jic"]["statistics"]["cost"]["standard_error"] is None
    assert found["strategies"]["jic"]["differences"]["cost"]["lower"] is None
    json.dumps(found, allow_nan=False)
