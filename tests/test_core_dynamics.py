"""The compiled dynamics against the plain twin, on networks and paths drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
import xarray as xr
from extended_networks import extended_networks
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from networks import HALF_LEVELS, HALVES, exogenous_paths, networks, one_path
from planned_levels import derive_missing
from reference import CUSTOMER_OUTCOMES, CYCLE_OUTCOMES, STAGE_OUTCOMES, Levels, Twin, explicit_levels

import jitrisk as jr
from jitrisk.lower import compute_policy_levels

DIVIDED = {"starved", "broken", "on_hand", "wip", "backlog"}
"""Outcomes that hold a division, which the core does in single precision."""


def assert_twins(
    outcomes: xr.Dataset,
    twin: Twin,
    exogenous: xr.Dataset,
    tolerance: float,
    complete: Callable[[Any], Any] = lambda path: path,
) -> None:
    """Every outcome of every path is the twin's; `complete` adds what is derived from the rest of a path."""
    for path in range(exogenous.sizes["path"]):
        expected, _, _ = twin.run(complete(one_path(exogenous, path)))
        for kind, names in (("stage", STAGE_OUTCOMES), ("customer", CUSTOMER_OUTCOMES)):
            for outcome in names:
                found = outcomes[outcome].isel(strategy=0, path=path)
                wanted = [float(expected[outcome, name]) for name in found[kind].values.tolist()]
                slack = max(tolerance, 1e-6) if outcome in DIVIDED else tolerance
                np.testing.assert_allclose(
                    found.values, wanted, rtol=slack, atol=slack, err_msg=f"{outcome} on path {path}"
                )
        assert_cycles(outcomes.isel(strategy=0, path=path), twin, expected, tolerance)


def assert_cycles(outcomes: xr.Dataset, twin: Twin, expected: dict[tuple[str, str], Any], tolerance: float) -> None:
    """Stores that are replenished now and then have the twin's cycles, the others none."""
    cyclic = {
        name
        for name, one in twin.levels.items()
        if one.review_period > 1 or (not one.physical and (one.lot or one.reorder_point < one.order_up_to))
    }
    assert ("receipts" in outcomes) == bool(cyclic)
    for outcome in CYCLE_OUTCOMES if cyclic else ():
        for name in twin.stages:
            wanted = float(expected[outcome, name]) if name in cyclic else 0
            assert outcomes[outcome].sel(stage=name).item() == pytest.approx(wanted, abs=tolerance, rel=tolerance), (
                outcome,
                name,
            )


@settings(max_examples=150)
@given(model=networks(), seed=st.integers(0, 2**32))
def test_simulate__whole_units_agree_exactly(model: dict[str, Any], seed: int) -> None:
    exogenous = exogenous_paths(model, seed)
    outcomes = jr.simulate(model, exogenous=exogenous)
    assert_twins(outcomes, Twin(jr.load(model)), exogenous, tolerance=0)


@settings(max_examples=150, phases=[Phase.explicit, Phase.generate])  # exact arithmetic is slow to shrink
@given(model=networks(HALVES, horizon=10), seed=st.integers(0, 2**32))
def test_simulate__halves_of_units_agree(model: dict[str, Any], seed: int) -> None:
    exogenous = exogenous_paths(model, seed, amounts=HALVES)
    outcomes = jr.simulate(model, exogenous=exogenous)
    assert_twins(outcomes, Twin(jr.load(model), number=Fraction), exogenous, tolerance=1e-4)


@settings(max_examples=150)
@given(model=extended_networks(), seed=st.integers(0, 2**32))
def test_simulate__whole_units_agree_exactly_with_any_mix_of_features(model: dict[str, Any], seed: int) -> None:
    exogenous = exogenous_paths(model, seed)
    outcomes = jr.simulate(model, exogenous=exogenous)
    assert_twins(outcomes, Twin(jr.load(model)), exogenous, tolerance=0)


@settings(max_examples=80, phases=[Phase.explicit, Phase.generate])
@given(model=extended_networks(HALVES, horizon=10), seed=st.integers(0, 2**32))
def test_simulate__halves_of_units_agree_with_any_mix_of_features(model: dict[str, Any], seed: int) -> None:
    exogenous = exogenous_paths(model, seed, amounts=HALVES)
    outcomes = jr.simulate(model, exogenous=exogenous)
    assert_twins(outcomes, Twin(jr.load(model), number=Fraction), exogenous, tolerance=1e-4)


@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(model=extended_networks(HALF_LEVELS, horizon=10), seed=st.integers(0, 2**32))
def test_simulate__levels_that_are_fractions_agree_where_all_else_is_whole(model: dict[str, Any], seed: int) -> None:
    exogenous = exogenous_paths(model, seed)
    outcomes = jr.simulate(model, exogenous=exogenous)
    assert_twins(outcomes, Twin(jr.load(model), number=Fraction), exogenous, tolerance=1e-4)


@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(model=extended_networks(HALF_LEVELS, horizon=10), seed=st.integers(0, 2**32))
def test_simulate__forecasts_and_standby_follow_from_what_is_handed_in(model: dict[str, Any], seed: int) -> None:
    network, exogenous = jr.load(model), exogenous_paths(model, seed)
    if all(one.forecast is None or one.forecast.error is None for one in network.customers.values()):
        exogenous = exogenous.drop_vars("forecast", errors="ignore")
    exogenous = exogenous.drop_vars("open", errors="ignore")
    outcomes = jr.simulate(model, exogenous=exogenous)
    complete = partial(derive_missing, network)
    assert_twins(outcomes, Twin(network, number=Fraction), exogenous, 1e-3, complete)


@settings(max_examples=20)
@given(model=networks(horizon=300), warm_up=st.sampled_from([0, 1, 64, 100, 128, 256, 299]), seed=st.integers(0, 2**32))
def test_simulate__long_horizons_agree_exactly(model: dict[str, Any], warm_up: int, seed: int) -> None:
    """Paths are drawn and summed piece by piece: nothing is lost or counted twice where pieces meet."""
    model = model | {"warm_up": warm_up}
    exogenous = exogenous_paths(model, seed, paths=1)
    outcomes = jr.simulate(model, exogenous=exogenous)
    assert_twins(outcomes, Twin(jr.load(model)), exogenous, tolerance=0)


@settings(max_examples=60)
@given(model=networks(), seed=st.integers(0, 2**32))
def test_simulate__the_product_conserves_units_on_every_path(model: dict[str, Any], seed: int) -> None:
    """Everything that entered a store left it or is there at the end: the last period alone shows what is there."""
    exogenous = exogenous_paths(model, seed)
    network = jr.load(model)
    flows = jr.simulate(model | {"warm_up": 0}, exogenous=exogenous).isel(strategy=0)
    last = jr.simulate(model | {"warm_up": model["horizon"] - 1}, exogenous=exogenous).isel(strategy=0)
    demand = flows["shipped"] + flows["lost"] + last["backlog"]
    np.testing.assert_array_equal(flows["demand"], demand)
    gained, used = 0.0, 0.0
    for name, stage in network.stages.items():
        first = explicit_levels(stage.policy).initial if stage.on_hand is None else stage.on_hand
        good = flows["started"] - last["wip"] - flows["scrapped"] - last["on_hand"]
        gained = gained + first + good.sel(stage=name)
        started = flows["started"].sel(stage=name)
        used = used + sum(given_input.quantity for given_input in stage.inputs.values()) * started
    np.testing.assert_array_equal(gained, used + flows["shipped"].sum("customer"))


@settings(max_examples=100)
@given(model=networks(HALVES))
def test_compute_policy_levels__levels_are_those_of_the_policy_table(model: dict[str, Any]) -> None:
    network = jr.load(model)
    for name, levels in compute_policy_levels(network).items():
        assert twin_levels(levels) == explicit_levels(network.stages[name].policy)


def twin_levels(levels: Any) -> Levels:
    return Levels(
        levels.reorder_point, levels.order_up_to, levels.lot, levels.review_period, physical=not levels.demand_signal
    )


EVERYTHING: dict[str, Any] = {
    "name": "everything at once",
    "period": "8 h",
    "horizon": "60 d",
    "warm_up": "10 d",
    "stages": {
        "steel": {"lead_time": {"uniform": {"low": "1 d", "high": "4 d"}}, "policy": {"base_stock": {"cover": "5 d"}}},
        "press": {
            "inputs": {"steel": 0.5},
            "lead_time": "8 h",
            "capacity": "400 / d",
            "yield": {"uniform": {"low": 0.9, "high": 1}},
            "policy": {"kanban": {"container": 50, "cards": "auto", "safety": 0.2}},
        },
        "spare": {"inputs": {"steel": 0.5}, "lead_time": "16 h", "policy": {"min_max": {"min": 40, "max": "1 d"}}},
        "paint": {"lead_time": "1 d", "policy": {"reorder_point": {"point": 100, "quantity": 250, "review": "1 d"}}},
        "car": {
            "inputs": {"panel": {"quantity": 2, "from": {"press": 0.75, "spare": 0.25}}, "paint": 1},
            "capacity": "150 / d",
            "expedite": {"below": 20, "lead_time": "8 h"},
            "lead_time": "1 d",
            "policy": {"base_stock": {"cover": "3 d"}},
        },
    },
    "customers": {
        "dealers": {"stage": "car", "demand": {"every": "1 d", "poisson": {"mean": 90}}, "unmet": "lost"},
        "garages": {"stage": "press", "demand": {"negative_binomial": {"mean": 5, "cv": 1}}, "unmet": 0.5},
    },
    "hazards": {
        "fire": {
            "rate": "1 / 20 d",
            "duration": {"lognormal": {"mean": "2 d", "cv": 0.5}},
            "ramp": "1 d",
            "hits": {"press": {"capacity": 0.1, "yield": 0.8}},
        },
        "strike": {"rate": "1 / 30 d", "duration": "2 d", "hits": {"steel": {"arrivals": 0}, "paint": {"transit": 0}}},
        "fad": {"rate": "1 / 15 d", "duration": "5 d", "hits": {"dealers": {"demand": 1.4}, "steel": {"lead_time": 2}}},
    },
}


@pytest.fixture(scope="module")
def sampled() -> xr.Dataset:
    return jr.sample(EVERYTHING, paths=20, seed=3)


def test_simulate__sampled_paths_give_the_same_outcomes_when_handed_in(sampled: xr.Dataset) -> None:
    drawn = jr.simulate(EVERYTHING, paths=20, seed=3)
    replayed = jr.simulate(EVERYTHING, exogenous=sampled)
    for outcome in (*STAGE_OUTCOMES, *CUSTOMER_OUTCOMES):
        np.testing.assert_array_equal(drawn[outcome], replayed[outcome], outcome)


def test_compute_policy_levels__a_network_of_everything_agrees_on_sampled_paths(sampled: xr.Dataset) -> None:
    network = jr.load(EVERYTHING)
    levels = {name: twin_levels(found) for name, found in compute_policy_levels(network).items()}
    outcomes = jr.simulate(network, exogenous=sampled)
    assert_twins(outcomes, Twin(network, levels, tolerance=1e-6), sampled, tolerance=1e-4)


@pytest.mark.parametrize("quantity", [0.1, 0.3, 1 / 3, 1.1, 1.7, 2.4])
@pytest.mark.parametrize("batch", [7, 10, 30, 90])
def test_simulate__a_store_that_holds_exactly_what_is_asked_is_not_short(quantity: float, batch: int) -> None:
    """Rounding must not leave a card on the board that counts as downtime until the store is filled again."""
    model = {
        "name": "used up",
        "period": "1 d",
        "horizon": 100,
        "stages": {
            "parts": {"lead_time": "8 d", "policy": {"base_stock": {"level": quantity * batch}}},
            "shop": {"inputs": {"parts": quantity}, "policy": {"base_stock": {"level": batch}}},
        },
        "customers": {"buyer": {"stage": "shop", "demand": {"every": "10 d", "constant": {"value": batch}}}},
    }
    outcomes = jr.simulate(model, paths=1).isel(strategy=0, path=0)
    assert outcomes["started"].sel(stage="shop") == pytest.approx(10 * batch)
    assert outcomes["starved"].sel(stage="shop") == pytest.approx(0, abs=1e-4)
    assert outcomes["shortage"].sel(stage="parts") == 0
    assert outcomes["stockout"].sel(customer="buyer") == 0


@pytest.mark.parametrize("capacity", [None, 333.3])
@pytest.mark.parametrize("policy", [{"make_to_order": {}}, {"base_stock": {"level": 20}}], ids=["to order", "stock"])
@pytest.mark.parametrize(
    "demand", [{"poisson": {"mean": 1000}}, {"gamma": {"mean": 1000, "cv": 1}}], ids=lambda d: [*d]
)
def test_sample__rounding_is_neither_ordered_nor_broken(
    demand: dict[str, Any], policy: dict[str, Any], capacity: float | None
) -> None:
    """What a store owes its consumers is large against its own level: its rounding must not pass for an order."""
    raw = {"lead_time": "3 d", "policy": policy} | ({} if capacity is None else {"capacity": capacity})
    shops = {
        name: {"inputs": {"raw": quantity}, "policy": {"base_stock": {"level": 50}}}
        for name, quantity in (("s1", 0.3), ("s2", 0.7))
    }
    model = {
        "name": "rounding",
        "period": "1 d",
        "horizon": 300,
        "stages": {"raw": raw, **shops},
        "customers": {f"of {name}": {"stage": name, "demand": {"every": "10 d", **demand}} for name in shops},
        "hazards": {"outage": {"rate": "1 / 9 d", "duration": "4 d", "hits": {"raw": {"capacity": 0}}}},
    }
    exogenous = jr.sample(model, paths=3, seed=1)
    outcomes = jr.simulate(model, exogenous=exogenous)
    # The raw store is rounded to grains of 2^-12: it may hold one where exact arithmetic holds nothing.
    assert_twins(outcomes, Twin(jr.load(model), number=Fraction, tolerance=1e-6), exogenous, tolerance=1e-3)


def one_shop(demand: list[float], availability: list[float], **shop: Any) -> tuple[dict[str, Any], xr.Dataset]:
    """A model of one stage with one customer, and a path for it."""
    model = {"name": "one shop", "period": "1 d", "horizon": len(demand), "stages": {"shop": shop}}
    values = {
        "demand": (("path", "time", "customer"), demand),
        "availability": (("path", "time", "stage"), availability),
    }
    exogenous = xr.Dataset(
        {name: (dims, np.array(row, dtype=np.float32).reshape(1, -1, 1)) for name, (dims, row) in values.items()},
        coords={"stage": ["shop"], "customer": ["buyer"]},
    )
    return model | {"customers": {"buyer": {"stage": "shop", "demand": 1}}}, exogenous


@pytest.mark.parametrize(("capacity", "periods"), [(0.1, 10), (0.2, 5), (0.4, 5), (0.7, 10), (33.3, 10), (1 / 3, 6)])
def test_simulate__a_board_worked_off_period_by_period_is_empty(capacity: float, periods: int) -> None:
    """What single precision leaves of an order is not stopped by an outage."""
    policy = {"make_to_order": {}}
    demand = [round(capacity * periods), *[0] * (periods + 4)]
    model, exogenous = one_shop(demand, [1] * periods + [0] * 5, capacity=capacity, policy=policy)
    outcomes = jr.simulate(model, exogenous=exogenous).isel(strategy=0, path=0)
    assert outcomes["started"].item() == pytest.approx(demand[0])
    assert outcomes["orders"].item() == 1
    assert outcomes["broken"].item() == 0
    assert outcomes["stockout"].item() == periods


@pytest.mark.parametrize("rare", [False, True])
def test_simulate__drawn_stops_of_whole_periods_agree_exactly(rare: bool) -> None:
    often = {"time_between": {"geometric": {"mean": 15}}, "duration": {"poisson": {"mean": 3}}}
    model = {
        "name": "line",
        "period": "1 d",
        "horizon": 200,
        "stages": {
            "mine": {"capacity": 7, "policy": {"base_stock": {"level": 14}}},
            "shop": {"capacity": 6, "policy": {"kanban": {"cards": 4, "container": 3}}, "inputs": {"mine": 1}},
        },
        "customers": {"buyer": {"stage": "shop", "demand": {"poisson": {"mean": 5}}}},
        "hazards": {
            "stop": often | {"hits": {"mine": {"capacity": 0}, "shop": {"capacity": 0}}, "chance": 0.6},
            "fire": {
                "time_between": {"geometric": {"mean": 5000}},
                "duration": {"geometric": {"mean": 20}},
                "hits": {"mine": {"capacity": 0}},
            },
        },
    }
    outcomes, exogenous = jr.simulate(model, 8, seed=2, rare=rare), jr.sample(model, 8, seed=2, rare=rare)
    ones = {name: xr.ones_like(exogenous["availability"]) for name in ("receiving", "transit", "yield", "lead_time")}
    assert_twins(outcomes, Twin(jr.load(model)), exogenous[["demand", "availability"]].assign(ones), tolerance=0)
    assert (outcomes["broken"] > 0).any()


@pytest.mark.parametrize("deliveries", ["in_order", "crossing"])
@pytest.mark.parametrize("longest", [1, 4, 20, 21, 70])
def test_simulate__lead_times_that_are_near_or_far_apart_agree(longest: int, deliveries: str) -> None:
    """Starts are added to what is due one lead time after another, or path by path where there are many."""
    generator = np.random.default_rng(longest)
    shop = {"policy": {"base_stock": {"level": 40}}, "deliveries": deliveries, "capacity": 5}
    model, _ = one_shop([0] * 90, [1] * 90, **shop)
    shape, dims = (300, 90, 1), ("path", "time", "stage")
    exogenous = xr.Dataset(
        {
            "demand": (("path", "time", "customer"), generator.integers(0, 5, shape).astype(np.float32)),
            "lead_time": (dims, generator.integers(1, longest, shape, endpoint=True).astype(np.float32)),
            **{name: (dims, np.ones(shape, np.float32)) for name in ("availability", "receiving", "transit", "yield")},
        },
        coords={"stage": ["shop"], "customer": ["buyer"]},
    )
    outcomes = jr.simulate(model, exogenous=exogenous)
    few = [0, 150, 271, 272, 299]  # of both stripes
    assert_twins(
        outcomes.isel(path=few), Twin(jr.load(model)), exogenous.isel(path=few).assign_coords(path=few), tolerance=0
    )


def test_simulate__a_store_at_its_trigger_is_not_expedited() -> None:
    """Ten tenths are one: two less ten tenths is not below a trigger of one."""
    parts = {"on_hand": 2, "policy": {"base_stock": {"level": 2}}, "expedite": {"below": 1, "lead_time": "1 d"}}
    model, exogenous = one_shop([0.1] * 10, [1] * 10, lead_time="20 d", **parts)
    outcomes = jr.simulate(model, exogenous=exogenous)
    assert outcomes["expedited"].item() == 0


def test_compute_policy_levels__auto_cards_cover_the_mean_and_the_lumps_of_demand() -> None:
    network = jr.load(EVERYTHING)
    # Two panels for each of 30 cars a period, three quarters of them pressed, and 5 for the garages; a period each way.
    demand = 2 * 0.75 * 30 + 5
    # The dealers ask for three periods at once, two of them ahead of the mean; 95 % of the panels are good.
    ahead = 2 * 0.75 * 30 * 2
    cards = -(-(demand * 1 * (1 + 0.2) + ahead + 50) // (50 * 0.95))
    assert compute_policy_levels(network)["press"].order_up_to == cards * 50


def test_compute_policy_levels__a_year_of_fractions_of_units_does_not_drift() -> None:
    """Thirds and hundredths of units must not add up, until a container that is due is ordered late."""
    network = jr.load("brake-valves")
    exogenous = jr.sample(network, paths=3, seed=3)
    outcomes = jr.simulate(network, exogenous=exogenous, strategies=["hybrid"])
    hybrid = network.strategies["hybrid"]
    levels = {name: twin_levels(found) for name, found in compute_policy_levels(hybrid).items()}
    twin = Twin(hybrid, levels, tolerance=1e-6)
    assert_twins(outcomes, twin, exogenous, tolerance=2e-3)
