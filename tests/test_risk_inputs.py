"""Datasets that are no results are refused in one clear line."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from handmade import random_result, result

from jitrisk.errors import ResultError
from jitrisk.risk import cheaper, compare, convergence, describe, dominance, exceedance, histogram, metrics


def refusal(outcomes: xr.Dataset) -> str:
    with pytest.raises(ResultError) as caught:
        metrics(outcomes)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_describe__any_dataset_has_the_accessor_and_one_that_is_no_result_is_refused():
    with pytest.raises(ResultError, match=r"not a result of jitrisk: .*'jitrisk_format'"):
        xr.Dataset({"x": 1}).risk.describe()


def test_metrics__all_missing_variables_are_named_at_once():
    assert "lacks 'value', 'wip';" in refusal(result().drop_vars(["wip", "value"]))


def test_metrics__dimension_lost_by_selection_comes_with_advice():
    assert "no strategy; to keep one, select it as a list: sel(strategy=[...])" in refusal(result().sel(strategy="jit"))
    assert "no path" in refusal(result().isel(path=0))
    assert "no path" in refusal(result().isel(path=[]))
    assert "sel(stage=[...])" in refusal(result().sel(stage="line"))


@pytest.mark.parametrize("curve", [cheaper, compare, convergence, describe, dominance, exceedance, histogram])
def test_metrics__metrics_of_no_path_are_refused(curve):
    with pytest.raises(ResultError, match="cost has no path; select at least one"):
        curve(random_result().risk.metrics().isel(path=[]))


def test_metrics__misshapen_price_is_refused():
    outcomes = result()
    outcomes["value"] = outcomes["on_hand"]
    assert "value has the dimensions (strategy, path, stage), it needs (strategy, stage)" in refusal(outcomes)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_describe__numbers_that_are_not_finite_are_named_with_their_place(wrong):
    outcomes = random_result()
    outcomes["starved"].loc[{"strategy": "plan 1", "path": 42}] = wrong
    with pytest.raises(ResultError, match="first on path 42 of strategy plan 1"):
        outcomes.risk.describe()
    with pytest.raises(ResultError, match="first on path 42 of strategy plan 1"):
        outcomes.risk.compare()


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, np.nan])
def test_describe__level_outside_0_and_1_is_refused(level):
    with pytest.raises(ResultError, match="must lie between 0 and 1"):
        result().risk.describe(level=level)
    with pytest.raises(ResultError, match="must lie between 0 and 1"):
        result().risk.describe(quantiles=[level])
    with pytest.raises(ResultError, match="must lie between 0 and 1"):
        result().risk.compare(confidence=level)
