"""The exogenous rows of a job: drawn, given and derived, the same for workers, samples and paths handed in."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr

import jitrisk as jr
from jitrisk.datasets import read_given_series, warn_of_patches
from jitrisk.errors import ExogenousError
from jitrisk.lower import GivenSeries, Range, list_series, lower_all
from jitrisk.run import partition, tracing
from jitrisk.run.job import Horizon, Job
from jitrisk.run.memory import compute_memory
from jitrisk.run.worker import Worker
from jitrisk.vocabulary import OUTCOMES

SEASON = {"every": "2 d", "factors": [0.6, 1.4, 1.0]}
MODEL: dict[str, Any] = {
    "name": "seasonal",
    "period": "8 h",
    "horizon": "60 d",
    "stages": {
        "plant": {"lead_time": "1 d", "capacity": "60 / d", "policy": {"base_stock": {"level": 90}}},
        "spare": {
            "lead_time": "1 d",
            "policy": {"base_stock": {"level": 20}},
            "standby": {"of": "plant", "after": "1 d", "below": 0.5},
        },
        "shelf": {
            "inputs": {"part": {"quantity": 1, "from": ["plant", "spare"]}},
            "policy": {"base_stock": {"cover": "5 d", "follow": "forecast", "safety": 10}},
        },
    },
    "customers": {
        "shop": {
            "stage": "shelf",
            "demand": {"poisson": {"mean": 9}},
            "season": SEASON,
            "trend": "5 % / month",
            "forecast": {"smoothing": 0.2},
        },
        "kiosk": {
            "stage": "shelf",
            "demand": {"negative_binomial": {"mean": 2, "cv": 1}},
            "forecast": {"error": {"lognormal": {"mean": 1.1, "cv": 0.2}}, "every": "2.5 d"},
        },
        "fair": {"stage": "shelf", "demand": {"constant": 1}},
    },
    "hazards": {
        "fire": {"rate": "1 / 12 d", "duration": "4 d", "hits": {"plant": {"capacity": 0}}},
        "fad": {"rate": "1 / 10 d", "duration": "2 d", "hits": {"shop": {"demand": 1.5}}},
    },
    "strategies": {"usual": {}, "flat": {"customers": {"shop": {"season": {"every": "2 d", "factors": [1.0]}}}}},
}
FEATURES = [("forecast", "shop"), ("forecast", "kiosk"), ("open", "spare")]


def build_job(model=MODEL, given=None, paths=range(40), names=("usual",)) -> Job:
    network = jr.load(model)
    ranges = {key: Range.from_array(values) for key, values in (given or {}).items()}
    arrays = lower_all({name: network.strategies[name] for name in names}, ranges)
    return Job(arrays, Horizon(network.horizon), paths, 5, given or {})


def draw_rows(job: Job, lanes: int = 16) -> dict[tuple[str, str], np.ndarray]:
    """Return what the tiles of a worker hold, by key, shape (paths, periods)."""
    worker = Worker(job, partition.partition(job, 1, lanes))
    blocks = partition.split_range(len(job.paths), lanes)
    parts = [[tile.rows.copy() for tile in worker.draw_tiles(worker.create_state(places))] for places in blocks]
    rows = np.concatenate([np.concatenate(tiles) for tiles in parts], axis=2)
    return {one.key: rows[:, k].T for k, one in enumerate(job.series)}


def draw(job: Job) -> dict[tuple[str, str], np.ndarray]:
    return {one.key: values for one, values in tracing.draw(job).items()}


def assert_same_rows(one, other, keys=None):
    assert keys is not None or one.keys() == other.keys()
    for key in keys or one:
        np.testing.assert_array_equal(one[key], other[key], err_msg=str(key))


def test_fill__a_worker_s_rows_are_those_of_a_sample(monkeypatch):
    job = build_job()
    assert set(FEATURES) < {one.key for one in job.series}
    sampled = draw(job)
    assert_same_rows(draw_rows(job), sampled)
    assert_same_rows(draw_rows(job, lanes=7), sampled)
    monkeypatch.setattr(partition, "_TILE", partition._SHORT_TILE)
    assert_same_rows(draw_rows(job), sampled)


def test_fill__paths_alone_are_the_paths_among_many():
    many, alone = draw(build_job()), draw(build_job(paths=range(31, 33)))
    for key, values in alone.items():
        np.testing.assert_array_equal(many[key][31:33], values)


def test_sample__features_are_in_the_dataset_where_a_model_has_them():
    sampled = jr.sample(MODEL, 40, seed=5)
    rows = draw(build_job())
    for kind, name in FEATURES:
        dim = "stage" if kind == "open" else "customer"
        np.testing.assert_array_equal(sampled[kind].sel({dim: name}), rows[kind, name])
    assert (sampled["forecast"].sel(customer="fair") == 1).all()
    assert (sampled["open"].sel(stage=["plant", "shelf"]) == 1).all()
    assert sampled["forecast"].dims == ("path", "time", "customer")
    assert not {"forecast", "open"} & set(jr.sample("bicycles", 2).data_vars)


def test_sample__the_values_are_those_of_the_rules():
    sampled = jr.sample(MODEL, 40, seed=5)
    network = jr.load(MODEL)
    times = np.arange(network.horizon)
    factors = np.array(SEASON["factors"])[times // 6 % 3] * (1 + 0.05 / (365 * 3 / 12) * times)
    demand = sampled["demand"].sel(customer="shop").values.astype(float)
    level, expected = np.full(40, 9.0), []
    for t in times:
        level = level + 0.2 * (demand[:, t] / factors[t] - level)
        expected.append(level / 9)
    np.testing.assert_allclose(sampled["forecast"].sel(customer="shop"), np.transpose(expected), rtol=1e-6)
    failed = sampled["availability"].sel(stage="plant").values < 0.5
    run, opened = np.zeros(40, int), []
    for t in times:
        run = (run + 1) * failed[:, t]
        opened.append(run > 3)
    np.testing.assert_array_equal(sampled["open"].sel(stage="spare"), np.transpose(opened))
    assert 0.02 < np.mean(opened) < 0.5
    hold = sampled["forecast"].sel(customer="kiosk").values
    changes = np.flatnonzero((hold[:, 1:] != hold[:, :-1]).any(axis=0)) + 1
    assert changes.tolist() == [t for t in times[1:] if t * 2 // 15 != (t - 1) * 2 // 15]


def test_fill__all_that_is_sampled_can_be_handed_in():
    sampled, network = jr.sample(MODEL, 40, seed=5), jr.load(MODEL)
    given = read_given_series(network, sampled)
    job = build_job(given=given)
    assert not job.drawn
    assert not job.derived
    assert_same_rows(draw_rows(job), draw(build_job()))


@pytest.mark.parametrize("kept", ["demand", "availability"])
def test_fill__derived_series_follow_what_is_handed_in(kept):
    """Handing in the demand or the availability that would be drawn leaves forecast and opening the same to the bit."""
    sampled, network = jr.sample(MODEL, 40, seed=5), jr.load(MODEL)
    job = build_job(given=read_given_series(network, sampled[[kept]]))
    assert {one.key for one in job.derived} == {("forecast", "shop"), ("open", "spare")}
    assert_same_rows(draw_rows(job), draw(build_job()))


def test_fill__an_opening_follows_an_availability_that_no_hazard_hits():
    hit = {"plant": {"capacity": 0, "chance": 0}}  # a hazard that never hits
    model = {**MODEL, "hazards": {"flood": {"rate": "1 / year", "duration": "1 d", "hits": hit}}}
    sampled, network = jr.sample(model, 40, seed=5), jr.load(model)
    assert not sampled["open"].sel(stage="spare").any()
    broken = xr.ones_like(sampled["availability"])
    broken.loc[{"stage": "plant", "time": slice(10, 19)}] = 0.25
    job = build_job(model, given=read_given_series(network, broken.to_dataset()))
    opened = draw_rows(job)["open", "spare"]
    assert np.flatnonzero(opened[0]).tolist() == list(range(13, 20))
    whole = build_job(given={("availability", "plant"): np.ones((40, 180), np.float32)})
    assert not draw_rows(whole)["open", "spare"].any()


def test_fill__an_opening_that_is_handed_in_replaces_the_derived_one():
    sampled, network = jr.sample(MODEL, 40, seed=5), jr.load(MODEL)
    opened = 1 - sampled["open"]
    job = build_job(given=read_given_series(network, opened.to_dataset()))
    rows = draw_rows(job)
    assert GivenSeries("open", "spare") in job.series
    np.testing.assert_array_equal(rows["open", "spare"], opened.sel(stage="spare"))
    assert_same_rows(rows, draw(build_job()), [("availability", "plant"), ("demand", "shop"), ("forecast", "shop")])


def test_simulate__what_is_sampled_gives_the_same_bits_when_it_is_handed_in():
    drawn = jr.simulate(MODEL, 40, seed=5, strategies=["usual"])
    handed_in = jr.simulate(MODEL, exogenous=jr.sample(MODEL, 40, seed=5), strategies=["usual"])
    for name in OUTCOMES:
        np.testing.assert_array_equal(drawn[name], handed_in[name], err_msg=name)


@pytest.mark.parametrize("handed_in", [False, True])
def test_replay__a_path_with_derived_series_is_the_same_to_the_bit(handed_in):
    exogenous = jr.sample(MODEL, 40, seed=5) if handed_in else None
    result = jr.simulate(MODEL, None if handed_in else 40, seed=5, exogenous=exogenous, strategies=["usual"])
    # A replay refuses a path of which an outcome differs.
    again = jr.replay(result, "usual", 17, exogenous=exogenous)
    rows = draw(build_job())
    for kind, name in FEATURES:
        dim = "stage" if kind == "open" else "customer"
        np.testing.assert_array_equal(again[kind].sel({dim: name}), rows[kind, name][17])


def test_sample__rare_hazards_leave_derived_series_to_the_rules():
    hazards = {**MODEL["hazards"], "fire": {**MODEL["hazards"]["fire"], "rate": "1 / 2000 d"}}
    sampled = jr.sample({**MODEL, "hazards": hazards}, 40, seed=5, rare=True)
    assert "weight" in sampled.coords
    failed = sampled["availability"].sel(stage="plant").values < 0.5
    long = failed[:, 3:] & failed[:, 2:-1] & failed[:, 1:-2] & failed[:, :-3]
    np.testing.assert_array_equal(sampled["open"].sel(stage="spare")[:, 3:], long)
    assert 10 <= long.any(axis=1).sum() <= 21


def test_save__a_result_of_paths_handed_in_is_read_back_and_replayed(tmp_path):
    sampled = jr.sample(MODEL, 5, seed=5)
    result = jr.simulate(MODEL, exogenous=sampled, strategies=["usual"])
    jr.save(result, tmp_path / "result.nc")
    again = jr.replay(tmp_path / "result.nc", "usual", 3, exogenous=sampled)
    np.testing.assert_array_equal(again["open"], sampled["open"].sel(path=3))
    jr.save(again, tmp_path / "replay.nc")


def test_job__strategies_with_other_seasons_share_the_uniform_numbers():
    job = build_job(names=("usual", "flat"))
    drawn = tracing.draw(job)
    shop = [values for one, values in drawn.items() if one.key == ("demand", "shop")]
    kiosk = [values for one, values in drawn.items() if one.key == ("demand", "kiosk")]
    assert (len(shop), len(kiosk), len(job.derived)) == (2, 1, 3)
    alone = build_job(names=("flat",))
    assert_same_rows(draw_rows(alone), {one.key: drawn[one] for one in alone.series})
    usual = build_job()
    assert_same_rows(draw_rows(usual), {one.key: drawn[one] for one in usual.series})
    np.testing.assert_array_equal(kiosk[0], draw(build_job({**MODEL, "strategies": {"usual": {}}}))["demand", "kiosk"])
    correlation = np.corrcoef(shop[0][:, ::18].ravel(), shop[1][:, ::18].ravel())[0, 1]
    assert correlation > 0.9


def test_job__a_patched_forecast_redraws_that_alone():
    error = {"error": {"lognormal": {"mean": 1.1, "cv": 0.4}}, "every": "2.5 d"}
    model = {**MODEL, "strategies": {"usual": {}, "wrong": {"customers": {"kiosk": {"forecast": error}}}}}
    usual, wrong = (set(build_job(model, names=(name,)).series) for name in ("usual", "wrong"))
    assert {one.key for one in usual ^ wrong} == {("forecast", "kiosk")}
    one, other = (draw(build_job(model, names=(name,)))["forecast", "kiosk"][:, 0] for name in ("usual", "wrong"))
    # The same uniform numbers: the ranks are the same.
    assert (np.argsort(one) == np.argsort(other)).all()
    assert np.log(other).std() > 1.5 * np.log(one).std()


def test_list_occurrences__hazards_of_derived_series_are_those_of_their_sources():
    job = build_job()
    assert [process.name for process in job.hazards] == ["fad", "fire"]
    assert {one.hazard for one in tracing.list_occurrences(job)} <= {"fad", "fire"}


def test_compute_memory__derived_series_take_their_state_and_their_rows():
    with_features = build_job(paths=range(10_000))
    stages = {name: {k: v for k, v in one.items() if k != "standby"} for name, one in MODEL["stages"].items()}
    shop = {k: v for k, v in MODEL["customers"]["shop"].items() if k != "forecast"}
    plain = build_job(
        {**MODEL, "stages": stages, "customers": {**MODEL["customers"], "shop": shop}}, paths=range(10_000)
    )
    lanes = 1024
    more = compute_memory(with_features, 1, 0, lanes) - compute_memory(plain, 1, 0, lanes)
    assert more >= 2 * 8 * lanes + 2 * 4 * 64 * lanes


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("open", 0.5, "open of 'spare' has values between 0 and 1: allowed are 0 and 1"),
        ("open", 2.0, "open of 'spare' lies between"),
        ("forecast", -0.1, "forecast of 'shop' lies between .* allowed is 0 to inf"),
        ("forecast", np.inf, "forecast of 'shop' has values that are not finite"),
    ],
)
def test_read_given_series__values_that_are_not_allowed_are_refused(kind, value, message):
    sampled = jr.sample(MODEL, 4, seed=5)[[kind]].copy(deep=True)
    sampled[kind].loc[{"path": 1, "time": 7, sampled[kind].dims[-1]: message.split("'")[1]}] = value
    with pytest.raises(ExogenousError, match=message):
        read_given_series(jr.load(MODEL), sampled)


def test_read_given_series__an_unknown_variable_is_refused_with_all_that_are_known():
    sampled = jr.sample(MODEL, 4, seed=5).rename(forecast="foresight")
    with pytest.raises(ExogenousError, match=r"'foresight': allowed are demand, .*, yield, forecast, open"):
        read_given_series(jr.load(MODEL), sampled)


def test_read_given_series__members_without_a_feature_keep_their_constant():
    given = read_given_series(jr.load(MODEL), jr.sample(MODEL, 4, seed=5))
    assert {key for key in given if key[0] in ("forecast", "open")} == set(FEATURES)


def test_warn_of_patches__a_patched_season_is_named_where_demand_is_handed_in():
    network = jr.load(MODEL)
    given = read_given_series(network, jr.sample(MODEL, 4, seed=5)[["demand"]])
    with pytest.warns(UserWarning, match="strategy flat patches demand of shop, but the paths handed in replace it"):
        warn_of_patches(network, network.strategies, given)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_patches(network, {"usual": network.strategies["usual"]}, given)


def test_list_series__a_season_of_ones_is_a_profile_and_nothing_is_none():
    by_key = {one.key: one for one in list_series(jr.load(MODEL))}
    assert by_key["demand", "shop"].profile is not None
    assert by_key["demand", "kiosk"].profile is None
    assert by_key["demand", "fair"].profile is None
