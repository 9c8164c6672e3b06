"""Blocks, threads and memory: the same bits however the work is cut, and clean ends."""

import threading

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import exogenous_paths, networks

import jitrisk as jr
from jitrisk._core import STRIPE, Block, find_closed_rows, state_rows
from jitrisk.core_tables import DIMS, list_states, list_totals
from jitrisk.errors import CapacityError
from jitrisk.lower import Range, lower
from jitrisk.run import engine, partition
from jitrisk.run.backends import Threads
from jitrisk.run.job import Horizon, Job
from jitrisk.run.worker import Worker

LINE = {
    "name": "line",
    "period": "8 h",
    "horizon": "70 d",
    "warm_up": "5 d",
    "stages": {
        "steel": {"lead_time": {"gamma": {"mean": "2 d", "cv": 0.5}}, "policy": {"base_stock": {"level": 60}}},
        "press": {
            "inputs": {"steel": 1},
            "lead_time": "8 h",
            "capacity": 12,
            "yield": 0.9,
            "policy": {"kanban": {"cards": 4, "container": 5}},
        },
        "frame": {"inputs": {"press": 2}, "lead_time": "1 d", "policy": {"kanban": {"cards": 6, "container": 2}}},
    },
    "customers": {"shop": {"stage": "frame", "demand": {"poisson": {"mean": 3}}, "unmet": 0.5}},
    "hazards": {
        "press_down": {
            "rate": "1 / 10 d",
            "duration": {"lognormal": {"mean": "1 d", "cv": 1}},
            "hits": {"press": {"capacity": 0}},
        },
        "fad": {"rate": "1 / 20 d", "duration": "3 d", "hits": {"shop": {"demand": 1.5}}},
    },
    "strategies": {"lean": {}, "fat": {"stages": {"press": {"policy": {"kanban": {"cards": 10, "container": 5}}}}}},
}


def job(paths=range(300), seed=3, model=LINE, names=("lean", "fat")):
    network = jr.load(model)
    strategies = {name: lower(network.strategies[name]) for name in names}
    return Job(strategies, Horizon(network.horizon, network.warm_up), paths, seed)


def assert_same_bits(one, other):
    for dim, array in one.items():
        np.testing.assert_array_equal(array, other[dim])


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("lanes", [1, 7, STRIPE, STRIPE + 3, 4 * STRIPE])
def test_trace__threads_and_blocks_do_not_change_a_bit(threads, lanes):
    assert_same_bits(engine.run(job(), Threads(threads), lanes=lanes), engine.run(job(), Threads(1)))


def test_run__tiles_do_not_change_a_bit(monkeypatch):
    usual = engine.run(job())
    monkeypatch.setattr(partition, "_TILE", partition._SHORT_TILE)
    assert_same_bits(engine.run(job()), usual)


def test_run__paths_alone_are_the_paths_among_many():
    many = engine.run(job(range(10_000)))
    alone = engine.run(job(range(100)))
    np.testing.assert_array_equal(many["stage"][..., :100], alone["stage"])
    one = engine.run(job(range(8123, 8124)))
    np.testing.assert_array_equal(many["customer"][..., 8123:8124], one["customer"])


def test_run__a_strategy_alone_is_the_strategy_among_others():
    both, alone = engine.run(job()), engine.run(job(names=("fat",)))
    np.testing.assert_array_equal(both["stage"][:, 1], alone["stage"][:, 0])


def test_sample__a_new_stage_disturbs_no_draw_of_the_others():
    stages = {"glue": {"lead_time": {"exponential": {"mean": "2 d"}}, "policy": {"base_stock": {"level": 3}}}}
    hazards = {"glue_out": {"rate": "1 / 5 d", "duration": "1 d", "hits": {"glue": {"capacity": 0}}}}
    larger = LINE | {"stages": stages | LINE["stages"], "hazards": hazards | LINE["hazards"]}
    before, after = jr.sample(LINE, 50, seed=3), jr.sample(larger, 50, seed=3)
    for name in before.data_vars:
        np.testing.assert_array_equal(after[name].reindex_like(before[name]), before[name])
    one, two = (jr.simulate(model, 50, seed=3) for model in (LINE, larger))
    np.testing.assert_array_equal(two["started"].sel(stage=one["stage"]), one["started"])


def test_run__strategies_that_share_a_series_draw_it_once():
    assert len(job().series) == len(job(names=("lean",)).series)


def test_run__a_patched_hazard_redraws_only_what_it_hits():
    model = LINE | {"strategies": {"lean": {}, "fat": {"hazards": {"press_down": {"duration": "2 d"}}}}}
    extra = set(job(model=model).series) - set(job(model=model, names=("lean",)).series)
    assert {(series.kind, series.stage_or_customer) for series in extra} == {("availability", "press")}


@settings(max_examples=60)
@given(model=networks(), seed=st.integers(0, 2**32))
def test_list_totals__units_are_conserved_on_every_path(model, seed):
    """What a network started and did not scrap, ship or use is in its stores and its processes."""
    network = jr.load(model | {"warm_up": 0})
    exogenous = exogenous_paths(model, seed)
    given_paths = {
        (str(name), str(thing)): exogenous[name].sel({exogenous[name].dims[-1]: thing}).values
        for name in exogenous.data_vars
        for thing in exogenous[exogenous[name].dims[-1]].values
    }
    arrays = lower(network, {key: Range.from_array(values) for key, values in given_paths.items()})
    assume(not arrays.unlimited_orders.any())  # without a limit, there is no full store to count from
    lanes = exogenous.sizes["path"]
    tile = np.array([given_paths[one.key].T for one in arrays.series]).transpose(1, 0, 2)
    state = np.empty((1, state_rows(arrays), STRIPE), dtype=np.float32)
    totals = {dim: np.zeros((len(list_totals(dim, cycles=False)), size, lanes)) for dim, size in arrays.sizes.items()}
    block = Block(arrays, np.arange(len(arrays.series), dtype=np.int32), state, lanes)
    block.reset(totals)
    block.reset_totals(0)
    closed = np.ones((network.horizon, len(arrays.series), 1), dtype=np.uint8)  # as far as anybody looks
    block.advance(np.ascontiguousarray(tile, dtype=np.float32), closed, 0, 0, network.horizon)
    block.flush()
    block.finalize(network.horizon, network.horizon)

    def copy_state(name):
        out = np.empty((arrays.sizes["stage"], lanes), dtype=np.float32)
        block.copy_state(DIMS.index("stage"), [row.name for row in list_states("stage")].index(name), out)
        return out[arrays.places["stage"]].astype(float)

    def total_of(dim, name):
        return totals[dim][[total.name for total in list_totals(dim)].index(name)]

    on_hand, gap, open_orders = map(copy_state, ("on_hand", "gap", "open_orders"))
    started, scrapped = (total_of("stage", name)[arrays.places["stage"]] for name in ("started", "scrapped"))
    used = sum(
        started[i] * sum(item.quantity for item in network.stages[name].inputs.values())
        for i, name in enumerate(np.array(list(network.stages))[arrays.places["stage"]])
    )
    held = arrays.order_up_to[:, None] - gap - open_orders
    assert (on_hand >= 0).all()
    assert (held - on_hand >= 0).all()
    assert (open_orders >= 0).all()
    change = (held - arrays.initial[:, None] - started + scrapped).sum(axis=0)
    np.testing.assert_array_equal(change, -used - total_of("customer", "shipped").sum(axis=0))


def test_simulate__a_request_that_does_not_fit_says_what_would():
    with pytest.raises(CapacityError, match=r"about [\d,]+ paths would fit"):
        jr.simulate(LINE, paths=10**12)


def test_simulate__a_horizon_too_long_for_any_path_is_refused_before_it_is_tried():
    slow = {"lead_time": {"lognormal": {"mean": "9000 years", "cv": 3}}, "policy": {"base_stock": {"level": 1}}}
    stages = {f"s{i}": slow for i in range(4000)}
    buyers = {"buyer": {"stage": "s0", "demand": 1}}
    model = {"name": "slow", "period": "1 h", "horizon": "1000 years", "stages": stages, "customers": buyers}
    with pytest.raises(CapacityError, match="shorten the horizon"):
        jr.simulate(model, paths=1)


def test_run__an_interrupt_stops_every_thread():
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.run(job(range(200_000)), Threads(2), progress=interrupt)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("jitrisk")]


def test_run__an_error_in_one_thread_is_raised(monkeypatch):
    def fail(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(Worker, "simulate", fail)
    with pytest.raises(ZeroDivisionError):
        engine.run(job(), Threads(2))


def test_run__progress_ends_at_the_total():
    seen = []
    engine.run(job(), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (600, 600)


def test_sample__sums_over_long_horizons_are_exact_in_whole_units():
    model = LINE | {"horizon": "900 d", "warm_up": "0 d", "hazards": {}, "strategies": {"lean": {}}}
    paths = jr.sample(model, 20, seed=5)
    outcomes = jr.simulate(model, 20, seed=5)
    np.testing.assert_array_equal(outcomes["demand"].sel(strategy="lean"), paths["demand"].sum("time", dtype=float))


@pytest.mark.parametrize("lanes", [1, STRIPE - 1, STRIPE, STRIPE + 1, 3 * STRIPE])
def test_find_closed_rows__looks_at_the_lanes_of_each_stripe(lanes):
    tile = (np.random.default_rng(lanes).random((40, 4, lanes)) > 0.5 / lanes).astype(np.float32)
    stripes, chosen = -(-lanes // STRIPE), np.array([1, 3], dtype=np.int32)
    closed = np.full((40, 4, stripes), 9, dtype=np.uint8)
    find_closed_rows(tile, chosen, closed)
    expected = [(tile[..., k * STRIPE : (k + 1) * STRIPE] == 0).any(axis=-1) for k in range(stripes)]
    np.testing.assert_array_equal(closed[:, chosen], np.stack(expected, axis=-1)[:, chosen])
    assert (closed[:, [0, 2]] == 9).all()
    assert 0 < closed[:, chosen].mean() < 1
