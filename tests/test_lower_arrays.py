"""A network as arrays: sweep order, levels against the textbook, and what each feature switches on."""

import math

import numpy as np
import pytest
from scipy import stats

import jitrisk as jr
from jitrisk.errors import ModelError
from jitrisk.lower import compute_mean_demand, compute_policy_levels, lower
from jitrisk.lower.graph import find_sweep_order


def network(stages, demand=20, **more):
    model = {
        "name": "test",
        "period": "1 d",
        "horizon": "100 d",
        "stages": stages,
        "customers": {"buyer": {"stage": next(reversed(stages)), "demand": demand}},
    }
    return jr.load(model | more)


def one_stage(policy, demand=20, **fields):
    return network({"a": {"policy": policy, **fields}}, demand)


def level(policy, demand=20, **fields):
    return compute_policy_levels(one_stage(policy, demand, **fields))["a"]


def test_find_sweep_order__consumers_come_before_their_suppliers_first_declared_first():
    stages = {
        "b": {"policy": {"make_to_order": {}}},
        "a": {"policy": {"make_to_order": {}}},
        "y": {"inputs": {"a": 1, "b": 1}, "policy": {"make_to_order": {}}},
        "x": {"inputs": {"b": 1}, "policy": {"make_to_order": {}}},
    }
    assert find_sweep_order(network(stages)) == ["y", "a", "x", "b"]


def test_compute_mean_demand__demand_is_exploded_through_quantities_shares_and_yields():
    stages = {
        "ore": {"policy": {"make_to_order": {}}},
        "p": {"inputs": {"ore": 2}, "yield": 0.5, "policy": {"make_to_order": {}}},
        "q": {"inputs": {"ore": 1}, "policy": {"make_to_order": {}}},
        "car": {
            "inputs": {"part": {"quantity": 3, "from": {"p": 0.25, "q": 0.75}}},
            "policy": {"make_to_order": {}},
        },
    }
    found = compute_mean_demand(network(stages, demand={"every": "2 d", "poisson": {"mean": 40}}))
    assert found == pytest.approx({"car": 20, "p": 15, "q": 45, "ore": 15 / 0.5 * 2 + 45})


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"kanban": {"cards": 5, "container": 4}}, (16, 20, 4, 1, False)),
        ({"base_stock": {"level": 7}}, (7, 7, 0, 1, True)),
        ({"base_stock": {"cover": "3 d"}}, (60, 60, 0, 1, True)),
        ({"min_max": {"min": 2, "max": "1 d"}}, (2, 20, 0, 1, True)),
        ({"reorder_point": {"point": "2 d", "quantity": 15, "review": "7 d"}}, (40, 55, 15, 7, True)),
        ({"make_to_order": {}}, (0, 0, 0, 1, True)),
    ],
)
def test_compute_policy_levels__every_policy_is_one_rule(policy, expected):
    found = level(policy)
    assert (found.reorder_point, found.order_up_to, found.lot, found.review_period, found.demand_signal) == expected


def test_compute_policy_levels__service_level_upstream_counts_units_of_its_own_item():
    stages = {
        "wheel": {"lead_time": 2, "policy": {"base_stock": {"service": 0.95}}},
        "car": {"inputs": {"wheel": 4}, "policy": {"base_stock": {"level": 9}}},
    }
    found = compute_policy_levels(network(stages, demand={"poisson": {"mean": 3}}))["wheel"]
    assert found.order_up_to == 4 * stats.poisson(6).ppf(0.95)


def test_lower__stores_start_full_unless_told_otherwise():
    arrays = lower(
        network(
            {"a": {"policy": {"base_stock": {"level": 7}}}, "b": {"policy": {"base_stock": {"level": 5}}, "on_hand": 2}}
        )
    )
    assert arrays.initial[np.argsort(arrays.places["stage"])].tolist() == [7, 2]


def test_lower__features_that_are_off_have_no_series_and_a_deterministic_process():
    arrays = lower(one_stage({"base_stock": {"level": 3}}))
    assert [series.kind for series in arrays.series] == ["demand"]
    assert arrays.deterministic.tolist() == [1]
    assert arrays.ring.tolist() == [1]


@pytest.mark.parametrize(
    ("fields", "hit", "kind"),
    [
        ({"yield": 0.9}, {}, "yield"),
        ({"lead_time": {"exponential": {"mean": "2 d"}}}, {}, "lead_time"),
        ({}, {"arrivals": 0}, "receiving"),
        ({}, {"transit": 0}, "transit"),
        ({}, {"capacity": 0.5}, "availability"),
        ({}, {"yield": 0.5}, "yield"),
        ({}, {"lead_time": 2}, "lead_time"),
    ],
)
def test_lower__features_that_are_on_have_their_series(fields, hit, kind):
    stages = {"a": {"policy": {"base_stock": {"level": 3}}, **fields}}
    hazards = {"h": {"rate": "1 / 30 d", "duration": "2 d", "hits": {"a": hit}}} if hit else {}
    arrays = lower(network(stages, hazards=hazards))
    assert [series.kind for series in arrays.series] == [kind, "demand"]
    assert getattr(arrays, {"yield": "yield_"}.get(kind, kind)).tolist() == [0]
    assert bool(arrays.deterministic[0]) == (kind == "availability")


def test_lower__the_pipeline_holds_the_longest_lead_time_but_no_more_than_the_horizon():
    long_tail = {"lognormal": {"mean": "20 d", "cv": 3}}
    assert lower(one_stage({"base_stock": {"level": 3}}, lead_time=long_tail)).ring.tolist() == [102]
    short = {"uniform": {"low": "1 d", "high": "4 d"}}
    assert lower(one_stage({"base_stock": {"level": 3}}, lead_time=short)).ring.tolist()[0] in (5, 6)


def test_lower__arrays_are_read_only_and_contiguous():
    arrays = lower(one_stage({"base_stock": {"level": 3}}))
    for value in vars(arrays).values():
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable
            assert value.flags.c_contiguous


def test_lower__the_tolerance_never_orders_a_lot_nobody_asked_for():
    arrays = lower(one_stage({"kanban": {"cards": 3_000_000, "container": 1}}))
    assert math.isclose(arrays.lot_slack[0], 0.5)


def test_compute_policy_levels__levels_that_cross_at_the_mean_demand_are_refused():
    with pytest.raises(ModelError, match=r"stages\.a\.policy\.min_max: .* min is 500 units and max 20"):
        level({"min_max": {"min": 500, "max": "1 d"}})


def test_compute_policy_levels__levels_that_meet_at_the_mean_demand_are_refused():
    with pytest.raises(ModelError, match="min is 20 units and max 20"):
        level({"min_max": {"min": 20, "max": "1 d"}})


def test_simulate__levels_that_cross_are_named_for_every_stage_and_strategy():
    crossed = {"policy": {"min_max": {"min": 500, "max": "1 d"}}}
    patch = {"stages": {"b": {"policy": {"min_max": {"min": 900, "max": "2 d"}}}}}
    model = network({"a": crossed, "b": crossed}, strategies={"x": {}, "y": patch})
    with pytest.raises(ModelError) as refused:
        jr.simulate(model, paths=1)
    assert [(fault.key.split(".")[1], fault.message.split(",")[0]) for fault in refused.value.faults] == [
        ("a", "with strategy x"),
        ("b", "with strategy x"),
        ("a", "with strategy y"),
        ("b", "with strategy y"),
    ]


def test_compute_policy_levels__levels_count_a_demand_that_could_be_negative_as_none():
    mean = 3 * stats.norm.pdf(1 / 3) + stats.norm.cdf(1 / 3)
    found = level({"base_stock": {"cover": "3 d"}}, {"normal": {"mean": 1, "cv": 3}})
    assert found.order_up_to == pytest.approx(3 * mean, rel=1e-6)


@pytest.mark.parametrize(("low", "high", "clipped"), [(0.5, 1.5, 0.875), (0.75, 1.25, 0.9375), (0.5, 0.9, 0.7)])
def test_compute_policy_levels__levels_count_a_yield_above_one_as_one(low, high, clipped):
    stages = {
        "part": {"policy": {"base_stock": {"cover": "1 d"}}},
        "car": {
            "inputs": {"part": 1},
            "yield": {"uniform": {"low": low, "high": high}},
            "policy": {"base_stock": {"level": 9}},
        },
    }
    found = compute_policy_levels(network(stages, demand=100))["part"].order_up_to
    assert found == pytest.approx(100 / clipped, rel=1e-6)
