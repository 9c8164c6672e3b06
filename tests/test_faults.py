"""Small models on which the product was once wrong, each with the right value and siblings of its kind.

The right values are known by hand, from an exact distribution, or from an independent loop, as each test says. The
models are those of the list of faults that came with the project's specification, inlined. Here are those of the
dynamics; the others are in test_fault_rules.py.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from networks import THIRDS, exogenous_paths, networks, one_path
from reference import Twin

import jitrisk as jr
from jitrisk.lower import Range, lower

Model = dict[str, Any]


def plant(stages: Model, customers: Model, hazards: Model | None = None, horizon: int = 120, **more: Any) -> Model:
    """A model in periods of a day."""
    head = {"name": "fault", "period": "1 d", "horizon": horizon, "stages": stages, "customers": customers}
    return head | {"hazards": hazards or {}} | more


def level(units: float | str) -> Model:
    return {"base_stock": {"level": units}}


def simulate(model: Model, paths: int = 1, seed: int = 0) -> xr.Dataset:
    return jr.simulate(model, paths=paths, seed=seed).isel(strategy=0)


# Small flows beside large stores


def depot(big: float, unmet: str | float = "lost", hit: str = "capacity") -> Model:
    """A store shared by a wholesaler and a clinic, and empty for 60 of 120 days."""
    stages = {"depot": {"policy": level(big + 1)}}
    customers = {
        "wholesaler": {"stage": "depot", "demand": big, "unmet": unmet},
        "clinic": {"stage": "depot", "demand": 1, "unmet": unmet},
    }
    # What was started before an outage still arrives, except where arrivals are closed.
    begin = {"capacity": 30, "arrivals": 31}[hit]
    return plant(stages, customers, {"outage": {"time_between": begin, "duration": 60, "hits": {"depot": {hit: 0}}}})


SIZES = [1_000, 900_000, 999_999, 1_000_000, 50_000_000, 2.0**36]


@pytest.mark.parametrize("hit", ["capacity", "arrivals"])
@pytest.mark.parametrize("unmet", ["lost", 0])
@pytest.mark.parametrize("big", SIZES)
def test_simulate__a_clinic_beside_a_wholesaler_is_short_on_every_day_of_an_empty_store(
    big: float, unmet: str | float, hit: str
) -> None:
    outcomes = simulate(depot(big, unmet, hit)).isel(path=0)
    assert outcomes["stockout"].values.tolist() == [60, 60]
    assert outcomes["filled"].values.tolist() == [60 * big, 60]
    assert outcomes["lost"].values.tolist() == [60 * big, 60]
    assert outcomes["shortage"].item() == 60


@pytest.mark.parametrize("big", SIZES)
def test_simulate__a_clinic_that_waits_beside_a_wholesaler_is_short_until_its_backlog_is_served(big: float) -> None:
    outcomes = simulate(depot(big, "backorder")).isel(path=0)
    assert outcomes["filled"].values.tolist() == [60 * big, 60]
    assert outcomes["shipped"].values.tolist() == [120 * big, 120]
    assert outcomes["peak_backlog"].values.tolist() == [60 * big, 60]
    assert outcomes["stockout"].values.tolist() == [60, 60]


def behind_a_shop(big: float, units: float = 1) -> Model:
    """The wholesaler is a stage that takes from the depot, the clinic a customer of the depot."""
    stages = {
        "depot": {"policy": level(2 * big)},
        "wholesale": {"inputs": {"depot": units}, "policy": level(big)},
    }
    customers = {
        "trade": {"stage": "wholesale", "demand": big, "unmet": "lost"},
        "clinic": {"stage": "depot", "demand": 1, "unmet": "lost"},
    }
    return plant(
        stages, customers, {"outage": {"time_between": 30, "duration": 60, "hits": {"depot": {"capacity": 0}}}}
    )


@pytest.mark.parametrize(("units", "days"), [(1, 60), (0.7, 59)])
@pytest.mark.parametrize(
    "big",
    [
        100_000,
        # The depot takes over the tolerance of the stage that it supplies, a millionth of that stage's flow: 1 unit.
        2_000_000,
        50_000_000,
    ],
)
def test_simulate__a_clinic_beside_a_stage_that_takes_millions_is_short_whenever_it_gets_nothing(
    big: float, units: float, days: int
) -> None:
    """The stage is served first; it leaves nothing from the day on which the store cannot give all, to day 90."""
    outcomes = simulate(behind_a_shop(big, units)).isel(path=0)
    clinic = outcomes.sel(customer="clinic")
    assert clinic["filled"].item() == 120 - days
    assert clinic["stockout"].item() == days
    assert outcomes["shortage"].sel(stage="depot").item() == days


NO_LIMIT = [
    {"kanban": {"cards": 999_999, "container": 1}},
    {"kanban": {"cards": 1_000_000, "container": 1}},
    {"kanban": {"cards": "unlimited", "container": 1}},
    level(1e6),
    level(1e9),
    level("unlimited"),
]


@pytest.mark.parametrize("on_hand", [0, None])
@pytest.mark.parametrize("policy", NO_LIMIT, ids=str)
def test_simulate__a_stage_without_a_limit_of_cards_is_starved_as_long_as_its_input_is_missing(
    policy: Model, on_hand: int | None
) -> None:
    """Its supplier, with a single card, stands still for 10 of 60 days."""
    stages = {
        "part": {"policy": {"kanban": {"cards": 1, "container": 1}}},
        "line": {"inputs": {"part": 1}, "capacity": "1 / d", "policy": policy},
    }
    if on_hand is not None:
        stages["line"]["on_hand"] = on_hand
    outage = {"time_between": 30, "duration": 10, "hits": {"part": {"capacity": 0}}}
    customers = {"shop": {"stage": "line", "demand": 1, "unmet": "lost"}}
    line = simulate(plant(stages, customers, {"outage": outage}, horizon=60)).isel(path=0).sel(stage="line")
    assert line["starved"].item() == 60 / 6
    assert line["broken"].item() == 0
    assert line["started"].item() == 50


@pytest.mark.parametrize("unmet", ["lost", "backorder"])
@pytest.mark.parametrize("spike", [3_000, 3_000_000, 1e9])
def test_simulate__a_store_that_is_always_empty_is_short_every_day_however_large_a_rare_demand_is(
    spike: float, unmet: str
) -> None:
    demand = {"empirical": {"values": [1, spike], "weights": [998, 2]}}
    store = {"on_hand": 0, "lead_time": "400 d", "policy": level(10)}
    customers = {"shop": {"stage": "store", "demand": demand, "unmet": unmet}}
    outcomes = simulate(plant({"store": store}, customers, horizon=365), paths=50, seed=3)
    assert (outcomes["demand"] > 365).any()  # the spike was seen
    assert (outcomes["stockout"] == 365).all()
    assert (outcomes["filled"] == 0).all()


# Nothing below 0


def fast(deliveries: str) -> Model:
    store = {"lead_time": {"gamma": {"mean": "6 d", "cv": 0.6}}, "deliveries": deliveries, "policy": level(1.2e8)}
    demand = {"normal": {"mean": 2e7, "cv": 0.4}}
    return plant({"store": store}, {"shop": {"stage": "store", "demand": demand, "unmet": 0.3}}, horizon=365)


def closed() -> Model:
    stages = {"part": {"capacity": 0, "policy": level(10)}, "box": {"inputs": {"part": 1}, "policy": level(5)}}
    return plant(stages, {"shop": {"stage": "box", "demand": {"gamma": {"mean": 1.7, "cv": 0.4}}}}, horizon=365)


def endless() -> Model:
    """A hazard that, once begun, lasts longer than anything else, and would take as long to recover from."""
    store = {"capacity": 33.3, "lead_time": "2 d", "policy": level(90)}
    lasts = {"duration": {"lognormal": {"mean": "9e11 h", "cv": 0.5}}, "ramp": "9e11 h"}
    hazard = {"rate": "1 / 20 d", **lasts, "hits": {"store": {"yield": 0.3, "capacity": 0.7}}}
    customers = {"shop": {"stage": "store", "demand": {"gamma": {"mean": 30, "cv": 0.4}}, "unmet": "lost"}}
    return plant({"store": store}, customers, {"rot": hazard}, horizon=365)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "model", [fast("crossing"), fast("in_order"), closed(), endless()], ids=["fast", "in order", "closed", "endless"]
)
def test_simulate__no_outcome_is_below_0(model: Model, seed: int) -> None:
    outcomes = simulate(model, paths=50, seed=seed)
    for name, values in outcomes.data_vars.items():
        if "path" in values.dims and values.size:
            assert values.min() >= (-1 if name == "first_stockout" else 0), name


# Rounding is neither started nor created

FRACTIONS: dict[str, Model] = {
    "a third of an order a shift": plant(
        {"press": {"capacity": "100 / d", "policy": {"make_to_order": {}}}},
        {"shop": {"stage": "press", "demand": {"every": "1 d", "constant": {"value": 100}}}},
        period="8 h",
        horizon=900,
    ),
    "33.3 a day of orders of 100": plant(
        {"press": {"capacity": 33.3, "policy": level(50)}},
        {"shop": {"stage": "press", "demand": {"every": "4 d", "poisson": {"mean": 100}}}},
        horizon=600,
    ),
    "tenths of a container": plant(
        {
            "steel": {"lead_time": "2 d", "policy": level(40)},
            "press": {
                "inputs": {"steel": 0.1},
                "capacity": 33.3,
                "policy": {"kanban": {"cards": 5, "container": 100}},
            },
        },
        {"shop": {"stage": "press", "demand": {"poisson": {"mean": 30}}}},
        horizon=600,
    ),
    "thirds of alternates": plant(
        {
            "near": {"capacity": 70, "policy": level(300)},
            "far": {"lead_time": "3 d", "policy": level(30)},
            "press": {
                "inputs": {"steel": {"quantity": 1 / 3, "from": {"near": 0.7, "far": 0.3}}},
                "policy": {"kanban": {"cards": 6, "container": 100}},
            },
        },
        {"shop": {"stage": "press", "demand": {"poisson": {"mean": 90}}}},
        {"outage": {"time_between": {"geometric": {"mean": "20 d"}}, "duration": 5, "hits": {"near": {"capacity": 0}}}},
        horizon=600,
    ),
}


@pytest.mark.parametrize("name", FRACTIONS)
def test_trace__no_start_is_a_sliver(name: str) -> None:
    started = jr.trace(FRACTIONS[name], paths=20, seed=1)["started"].isel(strategy=0)
    for stage in started["stage"].values:
        some = started.sel(stage=stage).values
        some = some[some > 0]
        assert some.min() > 1e-3 * np.median(some), stage


def exact(value: float) -> Fraction:
    """The number meant: a third where a float can only be near it."""
    return Fraction(value).limit_denominator(10**7)


@settings(max_examples=40, phases=[Phase.explicit, Phase.generate])
@given(model=networks(THIRDS), seed=st.integers(0, 2**32))
def test_faults__a_stage_starts_in_the_periods_in_which_exact_arithmetic_starts(model: Model, seed: int) -> None:
    exogenous = exogenous_paths(model, seed, paths=1, amounts=THIRDS)
    network, path = jr.load(model), one_path(exogenous, 0)
    ranges = {
        (str(name), thing): Range.from_array(values.values[0, :, k])
        for name, values in exogenous.items()
        for k, thing in enumerate(values[values.dims[2]].values.tolist())
    }
    rounding = 2 * float(lower(network, ranges).tolerance.max())
    totals, flows, _ = Twin(network, number=exact).run(path)
    # What lacks less than rounding is no lack; a path on which that decides is no test of it.
    assume(all(not 0 < row["started", name] <= rounding for row in flows for name in network.stages))
    assume(totals == Twin(network, number=exact, tolerance=rounding).run(path)[0])
    traced = jr.trace(network, exogenous=exogenous).isel(strategy=0, path=0)
    for name in network.stages:
        begun = [row["started", name] > 0 for row in flows]
        assert (traced["started"].sel(stage=name).values > 0).tolist() == begun, name


def parts(big: float, unmet: str, shop: Model | None = None) -> Model:
    """A store with an outage now and then, and demands that are not whole, of very different sizes."""
    customers = {
        name: {"stage": "depot", "demand": {"gamma": {"mean": mean, "cv": 0.4}}, "unmet": unmet}
        for name, mean in (("wholesaler", big), ("clinic", 1))
    }
    stages: Model = {"depot": {"lead_time": "2 d", "policy": level(3 * (big + 1))}}
    if shop:
        stages["shop"] = {"inputs": {"depot": 1}, "policy": level(1)} | shop
        customers["walk-in"] = {"stage": "shop", "demand": {"gamma": {"mean": 0.3, "cv": 0.4}}}
    outage = {"rate": "1 / 20 d", "duration": {"exponential": {"mean": "10 d"}}, "hits": {"depot": {"capacity": 0}}}
    return plant(stages, customers, {"outage": outage}, horizon=300)


def assert_conserved(model: Model) -> None:
    """To the last bit, what entered a store left it or is there at the end, and so it is with demand."""
    network = jr.load(model)
    assert lower(network).double
    flows = simulate(model, paths=50, seed=2)
    last = simulate(model | {"warm_up": model["horizon"] - 1}, paths=50, seed=2)
    np.testing.assert_array_equal(flows["demand"], flows["shipped"] + flows["lost"] + last["backlog"])
    for name, stage in network.stages.items():
        received = flows["started"].sel(stage=name) - last["wip"].sel(stage=name) - flows["scrapped"].sel(stage=name)
        mine = [customer for customer, terms in network.customers.items() if terms.stage == name]
        used = sum(flows["started"].sel(stage=other) for other, one in network.stages.items() if name in one.inputs)
        left = flows["shipped"].sel(customer=mine).sum("customer") + used + last["on_hand"].sel(stage=name)
        np.testing.assert_array_equal(stage.policy.level + received, left, name)


@pytest.mark.parametrize("unmet", ["lost", "backorder"])
@pytest.mark.parametrize("big", [1e5, 1e6, 5e7])
def test_simulate__units_that_are_not_whole_are_conserved_to_the_bit_in_a_shared_store(big: float, unmet: str) -> None:
    assert_conserved(parts(big, unmet))


@pytest.mark.parametrize("unmet", ["lost", "backorder"])
@pytest.mark.parametrize("big", [1e6, 5e7])
def test_simulate__units_that_are_not_whole_are_conserved_to_the_bit_between_stores(big: float, unmet: str) -> None:
    assert_conserved(parts(big, unmet, {"capacity": 1 / 3}))


def test_simulate__a_store_without_a_limit_counts_every_unit_that_fills_it() -> None:
    """300 million units are more than float32 counts one by one."""
    stages: Model = {"depot": {"capacity": 1_000_001, "policy": {"base_stock": {"level": "unlimited"}}}}
    model = plant(stages, {"clinic": {"stage": "depot", "demand": 1, "unmet": "lost"}}, {}, horizon=300)
    last = simulate(model | {"warm_up": 299}, paths=1)
    assert last["on_hand"].item() == 299 * 1_000_001 - 299
