"""Series of paths: every period is the plain twin's, sums are the outcomes, and units are conserved in every period."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import HALVES, exogenous_paths, networks, one_path
from reference import Twin
from sampled import walk, word

import jitrisk as jr
from jitrisk.errors import CapacityError, ExogenousError
from jitrisk.lower import lower_all
from jitrisk.run import tracing
from jitrisk.run.backends import Threads
from jitrisk.run.job import Horizon, Job
from jitrisk.vocabulary import TRACE

STAGE = [name for name, variable in TRACE.items() if "stage" in variable.dims]
CUSTOMER = [name for name, variable in TRACE.items() if "customer" in variable.dims]
DIVIDED = {"starved", "broken"}
FAR = 2**32 + 12345

LINE: dict[str, Any] = {
    "name": "line",
    "period": "8 h",
    "horizon": "100 d",
    "warm_up": "5 d",
    "stages": {
        "steel": {
            "lead_time": {"gamma": {"mean": "2 d", "cv": 0.5}},
            "policy": {"base_stock": {"cover": "3 d"}},
            "expedite": {"below": 10, "lead_time": "8 h"},
        },
        "other": {"lead_time": "1 d", "policy": {"kanban": {"cards": 3, "container": 5}}},
        "press": {
            "inputs": {"metal": {"quantity": 1.5, "from": {"steel": 0.7, "other": 0.3}}},
            "capacity": "40 / d",
            "value": 10,
            "yield": 0.93,
            "policy": {"kanban": {"cards": 5, "container": 7}},
        },
    },
    "customers": {"shop": {"stage": "press", "demand": {"gamma": {"mean": "24 / d", "cv": 0.6}}, "unmet": 0.6}},
    "hazards": {
        "fire": {
            "rate": "1 / 30 d",
            "duration": {"lognormal": {"mean": "2 d", "cv": 1}},
            "ramp": "3 d",
            "hits": {"press": {"capacity": 0, "transit": 0}, "steel": {"lead_time": 1.7, "chance": 0.4}},
        },
        "fad": {"rate": "1 / 20 d", "duration": "3 d", "hits": {"shop": {"demand": 1.5}}},
        "strike": {"time_between": "40 d", "duration": "2 d", "chance": 0.5, "hits": {"other": {"arrivals": 0}}},
    },
    "strategies": {"lean": {}, "fat": {"stages": {"press": {"policy": {"kanban": {"cards": 9, "container": 7}}}}}},
}


def job(paths: range, seed: int = 3, model: Any = LINE) -> Job:
    network = jr.load(model)
    return Job(lower_all(network.strategies), Horizon(network.horizon, network.warm_up), paths, seed)


def twin_series(network: Any, path: Any) -> dict[tuple[str, str], list[float]]:
    """What the twin says of every period, by variable and stage or customer."""
    twin = Twin(network)
    state, found = twin.start(), {}
    for t in range(network.horizon):
        flows = twin.period(
            state, t, {name: {thing: row[t] for thing, row in rows.items()} for name, rows in path.items()}
        )
        for thing, store in state.stores.items():
            flows["open_orders", thing] = store.open_orders
        for names, things in ((STAGE, network.stages), (CUSTOMER, network.customers)):
            for key in ((name, thing) for name in names for thing in things):
                found.setdefault(key, []).append(float(flows[key]))
    return found


def assert_twins(model: dict[str, Any], exogenous: xr.Dataset, tolerance: float) -> None:
    network, traced = jr.load(model), jr.trace(model, exogenous=exogenous).isel(strategy=0)
    for path in range(exogenous.sizes["path"]):
        for (name, thing), wanted in twin_series(network, one_path(exogenous, path)).items():
            kind = traced[name].dims[-1]
            slack = max(tolerance, 1e-6) if name in DIVIDED else tolerance
            np.testing.assert_allclose(
                traced[name].isel(path=path).sel({kind: thing}),
                wanted,
                rtol=slack,
                atol=slack,
                err_msg=f"{name} of {thing}",
            )


@settings(max_examples=80)
@given(model=networks(), seed=st.integers(0, 2**32))
def test_load__every_period_is_the_twin_s_in_whole_units(model: dict[str, Any], seed: int) -> None:
    assert_twins(model, exogenous_paths(model, seed, paths=2), tolerance=0)


@settings(max_examples=40)
@given(model=networks(HALVES, horizon=10), seed=st.integers(0, 2**32))
def test_load__every_period_is_the_twin_s_in_parts_of_units(model: dict[str, Any], seed: int) -> None:
    assert_twins(model, exogenous_paths(model, seed, paths=1, amounts=HALVES), tolerance=1e-4)


@settings(max_examples=60)
@given(model=networks(horizon=150), warm_up=st.sampled_from([0, 1, 64, 100, 128, 149]), seed=st.integers(0, 2**32))
def test_trace__sums_over_the_counted_periods_are_the_outcomes(model: dict[str, Any], warm_up: int, seed: int) -> None:
    model = model | {"warm_up": warm_up}
    exogenous = exogenous_paths(model, seed)
    outcomes, traced = (run(model, exogenous=exogenous) for run in (jr.simulate, jr.trace))
    counted = traced.isel(time=slice(warm_up, None))
    for name in set(TRACE) - {"open_orders"}:
        summed = counted[name].sum("time", dtype=np.float64)
        if name in ("on_hand", "wip", "backlog"):
            summed = summed / (150 - warm_up)
        exact = name not in DIVIDED
        np.testing.assert_allclose(outcomes[name], summed, rtol=0 if exact else 2e-5, atol=0 if exact else 1e-5)
    np.testing.assert_array_equal(counted["backlog"].max("time"), outcomes["peak_backlog"])


def test_simulate__sums_are_the_outcomes_but_for_single_precision_where_flows_are_not_whole() -> None:
    outcomes, traced = jr.simulate(LINE, 40, seed=5), jr.trace(LINE, 40, seed=5)
    counted = traced.isel(time=slice(outcomes.attrs["warm_up"], None))
    for name in set(TRACE) - {"open_orders"}:
        summed = counted[name].sum("time", dtype=np.float64)
        if name in ("on_hand", "wip", "backlog"):
            summed = summed / outcomes.attrs["periods"]
        np.testing.assert_allclose(outcomes[name], summed, rtol=1e-4, atol=1e-4, err_msg=name)


@settings(max_examples=40)
@given(model=networks(), seed=st.integers(0, 2**32))
def test_load__units_are_conserved_in_every_period(model: dict[str, Any], seed: int) -> None:
    """What a store and its process hold changes by what is started, scrapped, shipped, and used downstream."""
    network, exogenous = jr.load(model), exogenous_paths(model, seed)
    traced = jr.trace(model, exogenous=exogenous).isel(strategy=0).astype(np.float64)
    held = (traced["on_hand"] + traced["wip"]).sum("stage").diff("time")
    used = sum(
        traced["started"].sel(stage=name) * sum(item.quantity for item in stage.inputs.values())
        for name, stage in network.stages.items()
    )
    gained = (traced["started"] - traced["scrapped"]).sum("stage") - used - traced["shipped"].sum("customer")
    np.testing.assert_array_equal(held, gained.isel(time=slice(1, None)).transpose(*held.dims))
    waiting = traced["backlog"].diff("time")
    flow = (traced["demand"] - traced["shipped"] - traced["lost"]).isel(time=slice(1, None))
    np.testing.assert_array_equal(waiting, flow)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_trace__threads_and_blocks_do_not_change_a_bit(threads: int) -> None:
    usual, found = tracing.trace(job(range(300)), Threads(1)), tracing.trace(job(range(300)), Threads(threads))
    for dim, array in usual.arrays.items():
        np.testing.assert_array_equal(array, found.arrays[dim])


def test_trace__a_path_alone_is_the_path_among_many() -> None:
    many = tracing.trace(job(range(FAR, FAR + 290)))
    alone = tracing.trace(job(range(FAR + 281, FAR + 282)))
    for dim, array in many.arrays.items():
        np.testing.assert_array_equal(array[..., 281:282], alone.arrays[dim])


def test_load__a_trace_says_what_it_holds() -> None:
    traced = jr.trace("bicycles", range(7, 9), seed=4, strategies=["jic"])
    assert set(traced.data_vars) == set(TRACE)
    assert traced["path"].values.tolist() == [7, 8]
    for name, variable in TRACE.items():
        assert traced[name].dims == variable.dims
        assert traced[name].dtype == np.float32
        assert traced[name].attrs == variable.build_attrs("EUR")
    drawn = jr.sample("bicycles", range(7, 9), seed=4)
    np.testing.assert_array_equal(traced["demand"].sel(strategy="jic"), drawn["demand"])


def test_trace__a_trace_that_does_not_fit_is_refused_before_it_is_begun() -> None:
    with pytest.raises(CapacityError, match=r"to trace 1,000,000,000 paths takes .* paths would fit"):
        jr.trace("bicycles", 10**9)


def test_trace__a_trace_takes_the_paths_handed_in() -> None:
    exogenous = jr.sample("bicycles", 3, seed=9)
    traced = jr.trace("bicycles", exogenous=exogenous)
    np.testing.assert_array_equal(traced["demand"].sel(strategy="jit"), exogenous["demand"])
    with pytest.raises(ExogenousError, match="3 exogenous paths are handed in"):
        jr.trace("bicycles", 5, exogenous=exogenous)


@pytest.mark.parametrize("path", [0, 41, FAR])
def test_list_occurrences__spells_are_those_of_a_walk_along_the_clock(path: int) -> None:
    network = jr.load(LINE)
    found = tracing.list_occurrences(job(range(path, path + 1), seed=11))
    assert found == sorted(found, key=lambda spell: spell.begin)
    series = {one for arrays in job(range(1)).strategies.values() for one in arrays.series}
    processes = {effect.process.name: effect.process for one in series for effect in one.effects}
    assert processes.keys() == network.hazards.keys()
    for name, process in processes.items():
        mine = [spell for spell in found if spell.hazard == name]
        expected = list(walk(process, 11, path, network.horizon))
        assert len(mine) == len(expected) > 0
        for spell, (number, begin, end) in zip(mine, expected, strict=True):
            np.testing.assert_allclose(
                (spell.begin, spell.end, spell.recovered), (begin, end, end + process.ramp), rtol=1e-3
            )
            for thing, hit in network.hazards[name].hits.items():
                chance = network.hazards[name].chance if hit.chance is None else hit.chance
                lucky = word(11, f"chance:{name}:{thing}", path, number) < chance * 2**32
                assert lucky == any(target == thing for _, target, _ in spell.hits)


def test_list_occurrences__spells_are_those_the_run_was_hit_by() -> None:
    """Every period of the drawn availability is one minus what the spells found cost in it, to the last digits."""
    for path in range(30):
        drawn = jr.sample(LINE, range(path, path + 1), seed=2)["availability"].sel(stage="press").values[0]
        cost = np.zeros(len(drawn))
        edges = np.arange(len(drawn) + 1.0)
        for spell in tracing.list_occurrences(job(range(path, path + 1), seed=2)):
            if any(kind == "availability" for kind, _, _ in spell.hits):
                ramp = spell.recovered - spell.end
                gone = np.clip(edges - spell.end, 0, ramp)
                worn = np.clip(edges, spell.begin, spell.end) - spell.begin + gone - gone**2 / (2 * ramp)
                cost += np.diff(worn)
        np.testing.assert_allclose(drawn, 1 - cost, atol=1e-6)


def test_list_occurrences__a_hazard_that_comes_back_at_once_has_all_its_spells() -> None:
    fast = {"time_between": "10 min", "duration": "14 min", "hits": {"press": {"capacity": 0.5}}}
    found = tracing.list_occurrences(job(range(1), model=LINE | {"hazards": {"fast": fast}}))
    # 24 minutes from one to the next, 100 days.
    assert len(found) == 6000
    np.testing.assert_allclose(np.diff([spell.begin for spell in found]), 0.05, rtol=1e-3)
    assert found[-1].begin < 300
