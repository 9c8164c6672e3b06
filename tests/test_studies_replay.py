"""One path again: the same bits as in its run, the right path, and no replay of what cannot be replayed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import HALVES, THIRDS, WHOLE, Amounts, exogenous_paths, networks
from test_run_tracing import FAR, LINE

import jitrisk as jr
from jitrisk.datasets import read_given_names
from jitrisk.errors import CapacityError, ExogenousError, JitriskError, ResultError
from jitrisk.model import list_examples
from jitrisk.report.words import read_factors
from jitrisk.vocabulary import EXOGENOUS, METRICS, OUTCOMES, PATH_RANK, PRICES, REPLAYED_OCCURRENCES, TRACE


def assert_same_bits(replay: xr.Dataset, outcomes: xr.Dataset) -> None:
    """The outcomes of the whole path are those of the run, bit by bit."""
    kept = outcomes.sel(strategy=replay["strategy"].item(), path=replay["path"].item())
    for name in OUTCOMES:
        np.testing.assert_array_equal(replay[f"path_{name}"], kept[name], err_msg=name, strict=True)


@settings(max_examples=25)
@given(
    amounts=st.sampled_from([WHOLE, HALVES, THIRDS]),
    data=st.data(),
    warm_up=st.sampled_from([0, 3, 39]),
    seed=st.integers(0, 2**32),
)
def test_replay__totals_are_those_of_the_run_to_the_bit(
    amounts: Amounts, data: st.DataObject, warm_up: int, seed: int
) -> None:
    model = data.draw(networks(amounts, horizon=40)) | {"warm_up": warm_up}
    exogenous = exogenous_paths(model, seed, paths=4, amounts=amounts)
    outcomes = jr.simulate(model, exogenous=exogenous)
    replay = jr.replay(outcomes, "base", 3, exogenous=exogenous)
    assert_same_bits(replay, outcomes)
    for name, variable in EXOGENOUS.items():
        kept = exogenous[name].isel(path=3).transpose(*variable.dims[1:])
        np.testing.assert_array_equal(replay[name], kept, err_msg=name)


@pytest.mark.parametrize("strategy", ["lean", "fat"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("first", [0, FAR])
def test_replay__totals_are_those_of_a_drawn_run_to_the_bit(strategy: str, threads: int, first: int) -> None:
    outcomes = jr.simulate(LINE, range(first, first + 300), seed=8, threads=threads)
    for path in (first, first + 137, first + 299):
        by_number = jr.replay(LINE, strategy, path, seed=8)
        assert_same_bits(by_number, outcomes)
        assert_same_bits(jr.replay(outcomes, strategy, path), outcomes)
        drawn = jr.sample(LINE, range(path, path + 1), seed=8, strategy=strategy)
        for name in EXOGENOUS:
            np.testing.assert_array_equal(by_number[name], drawn[name].isel(path=0))


@pytest.mark.parametrize("name", sorted(list_examples()))
def test_replay__every_example_can_be_replayed(name: str) -> None:
    network = jr.load(name)
    outcomes = jr.simulate(network, 20, seed=1)
    for strategy in network.strategies:
        assert_same_bits(jr.replay(outcomes, strategy, worst="cost"), outcomes)


def test_replay__a_replay_holds_the_trace_and_all_that_acted_on_it() -> None:
    replay, traced = jr.replay(LINE, "fat", 5, seed=8), jr.trace(LINE, range(5, 6), seed=8, strategies=["fat"])
    for name in TRACE.keys() - {"demand"}:
        np.testing.assert_array_equal(replay[name], traced[name].isel(strategy=0, path=0), strict=True)
    # The trace counts whole grains; the replay holds what was drawn.
    np.testing.assert_allclose(replay["demand"], traced["demand"].isel(strategy=0, path=0), rtol=1e-5)
    drawn = jr.sample(LINE, range(5, 6), seed=8)["demand"].isel(path=0)
    np.testing.assert_array_equal(replay["demand"], drawn)
    for name, variable in (REPLAYED_OCCURRENCES | EXOGENOUS | TRACE).items():
        assert replay[name].dims == tuple(dim for dim in variable.dims if dim not in ("strategy", "path"))
        assert replay[name].attrs["long_name"]
    assert {*PRICES, *REPLAYED_OCCURRENCES, *EXOGENOUS} <= set(replay.data_vars)
    assert (replay.attrs["contents"], replay.attrs["first_path"], replay["path"].item()) == ("replay", 5, 5)
    assert replay["stage_or_customer"].values.tolist() == ["steel", "other", "press", "shop"]


def test_replay__occurrences_end_with_the_horizon_and_hold_what_they_hit() -> None:
    endless = {"time_between": "90 d", "duration": "8 d", "ramp": "30 d", "hits": {"press": {"capacity": 0}}}
    coin = {
        "time_between": "10 d",
        "duration": "1 d",
        "chance": 0.5,
        "hits": {"steel": {"yield": 0.5}, "shop": {"demand": 2}},
    }
    replay = jr.replay(LINE | {"hazards": {"endless": endless, "coin": coin}}, "lean", 0)
    last = replay.isel(occurrence=np.flatnonzero(replay["hazard"].values == "endless"))
    assert last["begin"].item() == 270
    assert last["end"].item() == 294
    assert last["recovered"].item() == 300
    assert read_factors(last["effect"].sel(stage_or_customer="press").isel(occurrence=0)) == {"capacity": 0.0}
    coins = replay.isel(occurrence=np.flatnonzero(replay["hazard"].values == "coin"))
    for target, name in (("steel", "yield"), ("shop", "demand")):
        hit = coins["hit"].sel(stage_or_customer=target).values
        assert 0 < hit.sum() < len(hit)
        factors = coins["effect"].sel(stage_or_customer=target)
        assert (factors.notnull().any("effect_kind").values == hit).all()
        if name == "yield":
            # A day of three periods: only occurrences that hit halve the yield.
            halved = replay[name].sel(stage=target).values == 0.5
            np.testing.assert_array_equal([halved[int(np.ceil(b))] for b in coins["begin"].values], hit)


def test_replay__the_path_meant_is_the_path_found() -> None:
    outcomes = jr.simulate(LINE, range(100, 400), seed=2)
    values = outcomes.risk.metrics().sel(strategy="lean")
    for metric, worst in (("downtime", "max"), ("fill_rate", "min"), ("lost", "max")):
        found = values["path"].values[getattr(np, f"arg{worst}")(values[metric].values)]
        assert jr.replay(outcomes, "lean", worst=metric)["path"].item() == found
        assert jr.replay(LINE, "lean", worst=metric, paths=range(100, 400), seed=2)["path"].item() == found
    for q, place in ((0.5, 150), (0.99, 297), (1 / 300, 1), (0.999, 300)):
        wanted = np.sort(values["working_capital"].values)[place - 1]
        replay = jr.replay(outcomes, "lean", quantile=q, metric="working_capital")
        at = replay.sel(metric="working_capital")
        assert at["metric_value"].item() == wanted
        assert at["metric_rank"].item() == 301 - place
    assert set(replay["metric"].values) <= set(METRICS)


def test_replay__a_quantile_is_one_of_profit_where_there_is_a_price() -> None:
    outcomes = jr.simulate("fast-fashion", 60, seed=2, strategies=["jit"])
    profit = outcomes.risk.metrics()["profit"].sel(strategy="jit")
    assert jr.replay(outcomes, "jit", quantile=0.5)["path"] == profit.sortby(profit)["path"][29]
    assert jr.replay(outcomes, "jit", quantile=0.5, metric="cost")["path"] != profit.sortby(profit)["path"][29]


def test_replay__of_paths_as_bad_the_first_is_taken() -> None:
    calm = {key: value for key, value in LINE.items() if key != "hazards"}
    outcomes = jr.simulate(calm, 50)
    assert outcomes.risk.metrics()["cost"].max() == 0
    for replay in (jr.replay(outcomes, "lean", worst="cost"), jr.replay(outcomes, "lean", quantile=0.9)):
        assert replay["path"].item() == 0
        assert replay["metric_rank"].sel(metric="cost").item() == 1


def test_replay__where_a_path_stands_is_known_only_in_a_run() -> None:
    alone, among = jr.replay(LINE, "lean", 3), jr.replay(jr.simulate(LINE, 20), "lean", 3)
    assert "metric_rank" not in alone
    assert among.attrs["run_paths"] == 20
    values = {name: alone[name].values.tolist() for name in PATH_RANK if name in alone}
    assert values == {name: among[name].values.tolist() for name in values}


def test_replay__prices_changed_afterwards_are_those_of_the_replay() -> None:
    outcomes = jr.simulate("bicycles", 30)
    dear = jr.reprice(outcomes, {"stages.bike.downtime_cost": "99999 / d"})
    one, other = (jr.replay(run, "jit", 7) for run in (outcomes, dear))
    assert other["downtime_cost"].sel(stage="bike").item() == 99999
    assert other["metric_value"].sel(metric="cost").item() > one["metric_value"].sel(metric="cost").item()
    by_hand = outcomes.assign(downtime_cost=0.0 * outcomes["downtime_cost"])
    assert jr.replay(by_hand, "jit", 7)["downtime_cost"].max() == 0


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_replay__a_result_file_is_replayed_and_the_replay_kept(tmp_path: Any, suffix: str) -> None:
    outcomes = jr.simulate(LINE, 30, seed=6)
    jr.save(outcomes, tmp_path / f"run{suffix}")
    replay = jr.replay(tmp_path / f"run{suffix}", "fat", worst="stockout")
    xr.testing.assert_identical(replay, jr.replay(outcomes, "fat", worst="stockout"))
    jr.save(replay, tmp_path / f"one{suffix}")
    again = jr.open(tmp_path / f"one{suffix}")
    xr.testing.assert_identical(again, replay)
    assert {name: array.dtype.kind for name, array in again.variables.items()} == {
        name: array.dtype.kind for name, array in replay.variables.items()
    }


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_replay__a_path_without_hazards_is_kept_as_well(tmp_path: Any, suffix: str) -> None:
    calm = {key: value for key, value in LINE.items() if key != "hazards"}
    replay = jr.replay(calm, "lean", 2)
    assert (replay.sizes["occurrence"], replay.sizes["stage_or_customer"]) == (0, 0)
    jr.save(replay, tmp_path / f"one{suffix}")
    xr.testing.assert_identical(jr.open(tmp_path / f"one{suffix}"), replay)


def test_replay__a_replay_or_a_trace_is_no_result(tmp_path: Any) -> None:
    replay, traced = jr.replay("bicycles", "jit", 2), jr.trace("bicycles", 2)
    for dataset, what in ((replay, "the replay of one path"), (traced, "time series of some paths")):
        with pytest.raises(ResultError, match=f"not a result of jitrisk but {what}"):
            dataset.risk.describe()
    with pytest.raises(ResultError, match="not a result of jitrisk but the replay"):
        jr.replay(replay, "jit", 2)


def test_save__a_part_of_a_result_with_paths_handed_in_is_kept_and_read(tmp_path: Any) -> None:
    exogenous = jr.sample(LINE, 5, seed=1)[["demand", "availability"]]
    part = jr.simulate(LINE, seed=9, exogenous=exogenous).isel(customer=slice(0), stage=slice(1))
    jr.save(part, tmp_path / "part.zarr")
    assert read_given_names(jr.open(tmp_path / "part.zarr").attrs) == (("availability", "press"), ("demand", "shop"))


def test_replay__paths_handed_in_are_recorded_and_asked_for() -> None:
    exogenous = jr.sample(LINE, range(40, 60), seed=1)[["demand", "availability"]]
    outcomes = jr.simulate(LINE, seed=9, exogenous=exogenous)
    assert read_given_names(outcomes.attrs) == (("availability", "press"), ("demand", "shop"))
    with pytest.raises(ResultError, match=r"availability of press, demand of shop handed in: hand the same paths in"):
        jr.replay(outcomes, "lean", 45)
    assert_same_bits(jr.replay(outcomes, "lean", 45, exogenous=exogenous), outcomes)
    assert_same_bits(jr.replay(LINE, "lean", 45, seed=9, exogenous=exogenous), outcomes)
    with pytest.raises(ResultError, match="this time it is demand of shop"):
        jr.replay(outcomes, "lean", 45, exogenous=exogenous[["demand"]])
    with pytest.raises(ResultError, match=r"differs from the result in .*other paths were handed in"):
        jr.replay(outcomes, "lean", 45, exogenous=jr.sample(LINE, range(40, 60), seed=2)[["demand", "availability"]])
    with pytest.raises(JitriskError, match="no path 7 among those handed in: they are numbered 40 to 59"):
        jr.replay(LINE, "lean", 7, exogenous=exogenous)
    with pytest.raises(ExogenousError):
        jr.replay(LINE, "lean", 7, exogenous=exogenous.isel(time=slice(5)))
    assert "exogenous" not in jr.simulate(LINE, 2).attrs


def test_replay__a_hazard_does_not_act_on_a_series_that_was_handed_in() -> None:
    exogenous = jr.sample(LINE, 3, seed=1)[["availability", "transit"]]
    exogenous["transit"] = exogenous["transit"] * 0 + 1
    replay = jr.replay(LINE, "lean", 0, seed=1, exogenous=exogenous)
    fires = replay.isel(occurrence=np.flatnonzero(replay["hazard"].values == "fire"))
    assert fires.sizes["occurrence"] > 0
    acting = fires["effect"].sel(stage_or_customer="press")
    assert acting.drop_sel(effect_kind="transit").isnull().all()
    assert (acting.sel(effect_kind="transit").dropna("occurrence") == 0).all()


def test_replay__a_result_of_another_version_is_refused() -> None:
    outcomes = jr.simulate(LINE, 5)
    other = outcomes.assign(on_hand=outcomes["on_hand"] * (1 + 1e-15)).assign_attrs(jitrisk_version="0.0.9")
    with pytest.raises(
        ResultError, match=r"differs from the result in on_hand: .* version 0\.0\.9 gives other results"
    ):
        jr.replay(other, "lean", 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "exactly one of path, worst and quantile; found none"),
        ({"path": 1, "worst": "cost"}, "found path and worst"),
        ({"worst": "costs"}, "unknown metric 'costs': .* did you mean 'cost'"),
        ({"quantile": 0.5, "metric": "joy"}, "unknown metric 'joy'"),
        ({"worst": "profit"}, "there is no metric 'profit'"),
        ({"quantile": 1.5}, "quantile is 1.5, it must lie between 0 and 1"),
        ({"path": 3, "metric": "downtime"}, "`metric` is that of the quantile, .*: leave metric out"),
        ({"worst": "cost", "metric": "downtime"}, "`worst` takes its own: leave metric out"),
        ({"worst": "cost", "metric": "cost"}, "`worst` takes its own: leave metric out"),
        ({"path": -1}, "path is -1: allowed is a whole number from 0"),
        ({"path": 2**63}, "path is 9223372036854775808: allowed is a whole number from 0"),
        ({"path": 1.5}, "path is 1.5: allowed is a whole number"),
        ({"path": 1, "paths": 5}, "leave paths out, or path"),
        ({"path": 1, "seed": -1}, "seed is -1"),
    ],
)
def test_replay__a_path_that_is_not_said_clearly_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(JitriskError, match=message):
        jr.replay("bicycles", "jit", **({"paths": 10} if "path" not in arguments else {}) | arguments)


def test_replay__what_a_result_knows_or_does_not_know_is_refused() -> None:
    outcomes = jr.simulate(LINE, range(5, 9), seed=3, strategies=["lean"])
    with pytest.raises(ResultError, match="no path 4 in the result: it has 5 to 8"):
        jr.replay(outcomes, "lean", 4)
    with pytest.raises(JitriskError, match="leave paths, seed and rare out"):
        jr.replay(outcomes, "lean", 5, seed=3)
    with pytest.raises(ResultError, match="no strategy 'fat' in the result: it has lean"):
        jr.replay(outcomes, "fat", 5)
    with pytest.raises(JitriskError, match="unknown strategy 'slim'"):
        jr.replay(outcomes, "slim", 5)
    with pytest.raises(ResultError, match="seed"):
        jr.replay(outcomes.drop_attrs().assign_attrs(model=outcomes.attrs["model"]), "lean", 5)


def test_replay__a_horizon_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jitrisk.run.memory.measure_free_memory", lambda: 300_000)
    with pytest.raises(CapacityError, match="1 path takes"):
        jr.replay(LINE, "lean", 5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: jr.replay("bicycles", "jit", 3, rare=True),
        lambda: jr.replay("bicycles", "jit", worst="cost", paths=10, rare=True),
        lambda: jr.simulate("bicycles", 3, rare=True),
        lambda: jr.sample("bicycles", 3, rare=True),
    ],
)
def test_find_mixture__a_warning_is_at_the_line_of_the_caller(call: Callable[[], xr.Dataset]) -> None:
    with pytest.warns(UserWarning, match="no hazard is rare") as caught:
        call()
    (warning,) = caught
    assert (warning.filename, warning.lineno) == (__file__, call.__code__.co_firstlineno)
