"""Replays of models with every feature that is off by default: the same bits as in the run, whatever is kept of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from extended_networks import extended_networks
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import HALVES, WHOLE, Amounts, exogenous_paths
from test_cli import run
from test_run_tracing import FAR
from test_studies_replay import assert_same_bits

import jitrisk as jr
from jitrisk.report import build_replay_log
from jitrisk.studies.keeping import list_cost_outcomes
from jitrisk.vocabulary import EXOGENOUS, EXTENSIONS

# Season, trend, both forecasts, levels that follow, push, conwip, a cap and a dual index; shelf life, overtime and a
# standby source under one strategy alone.
CHOICE: dict[str, Any] = {
    "name": "dairy",
    "period": "1 d",
    "horizon": "120 d",
    "warm_up": "10 d",
    "stages": {
        "farm": {
            "lead_time": {"gamma": {"mean": "4 d", "cv": 0.5}},
            "capacity": "40 / d",
            "policy": {"base_stock": {"cover": "6 d", "follow": "forecast", "review": "2 d", "safety": 15}},
            "expedite": {"up_to": 60, "lead_time": "1 d"},
            "expedite_cost": 1,
        },
        "import": {
            "lead_time": "2 d",
            "on_hand": 0,
            "policy": {"base_stock": {"level": 60}},
        },
        "churn": {
            "inputs": {"milk": {"quantity": 1, "from": {"farm": 1, "import": 0}}},
            "lead_time": "1 d",
            "policy": {"conwip": {"cards": 8, "container": 10, "through": "press"}},
        },
        "press": {
            "inputs": {"churn": 1},
            "lead_time": "1 d",
            "capacity": "22 / d",
            "overtime_cost": 3,
            "policy": {"push": {}},
        },
        "fridge": {
            "inputs": {"press": 1},
            "lead_time": "1 d",
            "expire_cost": 2,
            "value": 5,
            "policy": {"base_stock": {"cover": "4 d", "follow": "season", "safety": 10, "cap": 150}},
        },
    },
    "customers": {
        "shop": {
            "stage": "fridge",
            "demand": {"poisson": {"mean": "12 / d"}},
            "unmet": "lost",
            "price": 9,
            "season": {"every": "10 d", "factors": [0.5, 1.5]},
            "trend": "10 % / year",
            "forecast": {"error": {"gamma": {"mean": 1, "cv": 0.3}}, "every": "1 week"},
        },
        "canteen": {"stage": "fridge", "demand": {"poisson": {"mean": "6 / d"}}, "forecast": {"smoothing": 0.2}},
    },
    "hazards": {
        "plague": {"rate": "1 / 40 d", "duration": "6 d", "hits": {"farm": {"capacity": 0}}},
        "flood": {"rate": "1 / 50 years", "duration": "3 weeks", "hits": {"farm": {"capacity": 0, "transit": 0}}},
    },
    "strategies": {
        "plain": {},
        "levers": {
            "stages": {
                "import": {"standby": {"of": "farm", "after": "2 d", "below": 0.5}},
                "press": {"overtime": {"below": 15, "factor": 1.5}},
                "fridge": {"shelf_life": "4 d"},
            }
        },
    },
}
# The same features in the model itself, and less of them under one strategy.
DAIRY = CHOICE | {
    "stages": {
        name: stage | CHOICE["strategies"]["levers"]["stages"].get(name, {}) for name, stage in CHOICE["stages"].items()
    },
    "strategies": {
        "levers": {},
        "loose": {"stages": {"press": {"overtime": {"below": 5, "factor": 2}}, "fridge": {"shelf_life": "6 d"}}},
    },
}
EACH = pytest.mark.parametrize(
    ("model", "strategy"), [(CHOICE, "plain"), (CHOICE, "levers"), (DAIRY, "levers"), (DAIRY, "loose")]
)


@settings(max_examples=8)
@given(amounts=st.sampled_from([WHOLE, HALVES]), data=st.data(), seed=st.integers(0, 2**32))
def test_replay__totals_of_any_mix_of_features_are_those_of_the_run_to_the_bit(
    amounts: Amounts, data: st.DataObject, seed: int
) -> None:
    model = data.draw(extended_networks(amounts))
    exogenous = exogenous_paths(model, seed, paths=3, amounts=amounts)
    outcomes = jr.simulate(model, exogenous=exogenous)
    replay = jr.replay(outcomes, "base", 2, exogenous=exogenous)
    assert_same_bits(replay, outcomes)
    build_replay_log(replay)
    for name in EXTENSIONS:
        assert (name in replay) == (name in exogenous)


def test_replay__the_models_of_these_tests_use_their_features() -> None:
    for model, has_both in ((DAIRY, [True, True]), (CHOICE, [False, True])):
        sums = jr.simulate(model, 100, seed=1).sum(["path", "stage"])
        assert (sums["expired"] > 0).values.tolist() == (sums["overtime"] > 0).values.tolist() == has_both
        assert (sums["expedited"] > 0).all()
    paths = jr.sample(DAIRY, 100, seed=1)
    assert 0 < paths["open"].sel(stage="import").mean() < 0.5
    assert (paths["forecast"].std(["path", "time"]) > 0.05).all()


@EACH
@pytest.mark.parametrize(("first", "threads"), [(0, 2), (FAR, 1)])
def test_replay__totals_with_every_feature_are_those_of_a_drawn_run_to_the_bit(
    model: dict[str, Any], strategy: str, threads: int, first: int
) -> None:
    outcomes = jr.simulate(model, range(first, first + 150), seed=8, threads=threads)
    for path in (first, first + 149):
        by_number = jr.replay(model, strategy, path, seed=8)
        assert_same_bits(by_number, outcomes)
        assert_same_bits(jr.replay(outcomes, strategy, path), outcomes)
        drawn = jr.sample(model, range(path, path + 1), seed=8, strategy=strategy)
        for name in (*EXOGENOUS, *EXTENSIONS):
            assert (name in by_number) == (name in drawn)
            if name in drawn:
                np.testing.assert_array_equal(by_number[name], drawn[name].isel(path=0), err_msg=name)


def test_replay__its_trace_adds_up_to_the_outcomes_of_the_features() -> None:
    replay = jr.replay(DAIRY, "levers", 4, seed=8)
    counted = replay.isel(time=slice(10, None))
    for name in ("expired", "overtime", "expedited", "started"):
        np.testing.assert_allclose(counted[name].sum("time"), replay[f"path_{name}"], rtol=1e-6)
    # A closed source starts nothing.
    closed = replay["open"].sel(stage="import") == 0
    assert not replay["started"].sel(stage="import").where(closed, 0).any()


@pytest.fixture(scope="module")
def every() -> xr.Dataset:
    return jr.simulate(CHOICE, 60, seed=3)


@pytest.mark.parametrize(
    ("keep", "suffix"), [("all", ".nc"), ("metrics", ".nc"), ("metrics", ".zarr"), ("costs", ".zarr")]
)
def test_replay__a_stored_result_is_replayed_whatever_it_keeps(
    tmp_path: Path, every: xr.Dataset, keep: str, suffix: str
) -> None:
    network = jr.load(CHOICE)
    outcomes = {"all": None, "metrics": "metrics", "costs": list_cost_outcomes(network, network.strategies)}[keep]
    jr.save(jr.simulate(CHOICE, 60, seed=3, outcomes=outcomes), tmp_path / f"run{suffix}")
    for strategy, metric in (("plain", "cost"), ("plain", "expired"), ("levers", "expired"), ("levers", "overtime")):
        replay = jr.replay(tmp_path / f"run{suffix}", strategy, worst=metric)
        assert_same_bits(replay, every)
        values = every.risk.metrics()[metric].sel(strategy=strategy)
        assert replay["metric_value"].sel(metric=metric) == values.max()


def test_replay__metrics_of_a_result_without_one_of_the_strategies_are_those_of_the_run() -> None:
    kept = jr.simulate(CHOICE, 40, seed=3, outcomes="metrics")
    plain = jr.simulate(CHOICE, 40, seed=3, strategies=["plain"], outcomes="metrics")
    assert kept["expired"].sel(strategy="plain").max() == 0
    # The model has the feature, so that the metric does not depend on which strategies were run.
    xr.testing.assert_equal(plain["expired"], kept["expired"].sel(strategy=["plain"]))
    assert jr.replay(plain, "plain", 3)["metric_value"].sel(metric="expired") == 0


@EACH
def test_replay__a_path_with_rare_hazards_is_that_of_the_run_to_the_bit(model: dict[str, Any], strategy: str) -> None:
    outcomes = jr.simulate(model, 80, seed=5, rare=True)
    assert_same_bits(jr.replay(outcomes, strategy, worst="overtime"), outcomes)
    assert_same_bits(jr.replay(model, strategy, 33, seed=5, rare=True), outcomes)


@pytest.mark.parametrize(
    "names",
    [
        ["forecast", "open"],
        ["demand"],
        ["availability"],
        [*EXOGENOUS, *EXTENSIONS],
        [*EXOGENOUS],
    ],
    ids=["features", "demand", "availability", "all", "all but features"],
)
def test_replay__paths_sampled_and_handed_in_give_the_run_again_to_the_bit(names: list[str]) -> None:
    drawn = jr.simulate(DAIRY, 20, seed=6)
    paths = jr.sample(DAIRY, 20, seed=6)[names]
    # What is not handed in is drawn with the same seed, and what follows from other series follows from those in use.
    outcomes = jr.simulate(DAIRY, seed=6, exogenous=paths)
    for name in ("expired", "overtime", "started", "filled", "peak_backlog"):
        np.testing.assert_array_equal(outcomes[name], drawn[name], err_msg=name)
    for strategy in ("levers", "loose"):
        assert_same_bits(jr.replay(outcomes, strategy, 13, exogenous=paths), outcomes)


def test_replay__a_smoothed_forecast_follows_the_demand_handed_in() -> None:
    paths = jr.sample(DAIRY, 5, seed=6)[["demand"]]
    paths["demand"] = paths["demand"] * 2
    replay = jr.replay(jr.simulate(DAIRY, seed=6, exogenous=paths), "levers", 3, exogenous=paths)
    expected, mean = [], 6.0
    for demand in paths["demand"].sel(path=3, customer="canteen").values:
        mean += 0.2 * (float(demand) - mean)
        expected.append(mean / 6.0)
    np.testing.assert_allclose(replay["forecast"].sel(customer="canteen"), expected, rtol=1e-5)


def test_replay__an_opening_handed_in_is_that_of_the_replay() -> None:
    paths = jr.sample(DAIRY, 4, seed=6)[["open"]]
    is_open = paths["open"].values.copy()
    is_open[:, :, 1] = 0
    is_open[:, 50:53, 1] = 1
    outcomes = jr.simulate(DAIRY, seed=6, exogenous=paths.assign(open=(paths["open"].dims, is_open)))
    replay = jr.replay(outcomes, "levers", 2, exogenous=paths.assign(open=(paths["open"].dims, is_open)))
    assert_same_bits(replay, outcomes)
    assert ("day 51", "import opened as a standby for farm") in [
        (date, text.split(":")[0]) for date, text in build_replay_log(replay).lines
    ]
    assert (
        replay["path_started"].sel(stage="import")
        == replay["started"].sel(stage="import").isel(time=[50, 51, 52]).sum()
    )


def test_replay__the_events_of_a_real_path_agree_with_its_trace() -> None:
    replay = jr.replay(DAIRY, "levers", worst="overtime", paths=200, seed=2)
    assert replay.coords["standby_of"].values.tolist() == ["", "farm", "", "", ""]
    lines = [text for _, text in build_replay_log(replay).lines]
    for words in ("fridge threw away ", "press went into overtime", "import opened as a standby for farm"):
        assert any(text.startswith(words) for text in lines)
    totals = {row.label: row.cells[0].value for row in build_replay_log(replay).totals.rows}
    assert float(totals["units expired in 110 d"]) == pytest.approx(replay["path_expired"].sum().item(), rel=1e-3)
    assert "standby_of" not in jr.replay(CHOICE, "plain", 3).coords


@pytest.mark.parametrize("keep", ["outcomes", "metrics"])
def test_replay__the_command_replays_the_worst_path_of_a_stored_result(capsys: Any, tmp_path: Path, keep: str) -> None:
    model, result = tmp_path / "dairy.json", tmp_path / "run.nc"
    model.write_text(json.dumps(CHOICE), encoding="utf-8")
    words = ("--paths", "80", "--seed", "4", "--out", str(result), "--keep", keep)
    assert run(capsys, "compare", str(model), *words)[0] == 0
    code, out, _ = run(capsys, "replay", str(result), "-s", "levers", "--worst", "expired", "--json")
    document = json.loads(out)
    values = jr.simulate(CHOICE, 80, seed=4).risk.metrics().sel(strategy="levers")
    assert code == 0
    assert document["path"] == values["expired"].idxmax()
    assert document["totals"]["expired"] == {
        "value": values["expired"].max().item(),
        "unit": "unit",
        "per_year": pytest.approx(365 / 110),
        "rank": 1,
    }
    code, out, _ = run(capsys, "replay", str(result), "-s", "plain", "--path", "3")
    assert code == 0
    assert "threw away" not in out
    assert "units in overtime in 110 d" in out


def test_simulate__an_opening_handed_in_closes_no_stage_that_stands_in_for_none_under_a_strategy() -> None:
    stage = {"policy": {"base_stock": {"level": 5}}}
    customers = {"a": {"stage": "main", "demand": 1}, "b": {"stage": "spare", "demand": 1}}
    hazards = {"outage": {"rate": "1 / 1000 d", "duration": "4 d", "hits": {"main": {"capacity": 0}}}}
    strategies = {"plain": {}, "standby": {"stages": {"spare": {"standby": {"of": "main", "after": "1 d"}}}}}
    model = {"name": "two", "period": "1 d", "horizon": 10, "stages": {"main": stage, "spare": stage}}
    model |= {"customers": customers, "hazards": hazards, "strategies": strategies}
    paths = jr.sample(model, paths=2, strategy="standby")
    with pytest.warns(UserWarning, match="open of spare"):
        started = jr.simulate(model, exogenous=paths)["started"].sel(stage="spare")
    assert started.sel(strategy="plain").values.tolist() == [10, 10]
    assert started.sel(strategy="standby").values.tolist() == [0, 0]
