"""The number of cards: against the formulas by hand, and against simulations of steady demand without a shortage."""

import math

import numpy as np
import pytest
from scipy import stats

import jitrisk as jr
from jitrisk.errors import ModelError
from jitrisk.lower import compute_policy_levels


def load(stages, customers, horizon="400 d"):
    return jr.load({"name": "test", "period": "1 d", "horizon": horizon, "stages": stages, "customers": customers})


def line(policy, demand=20, deliveries="crossing", **fields):
    stages = {"bin": {"policy": {"kanban": policy}, "deliveries": deliveries, **fields}}
    return load(stages, {"line": {"stage": "bin", "demand": demand}})


def cards(policy, demand=20, **fields):
    found = compute_policy_levels(line(policy, demand, **fields))["bin"]
    return found.order_up_to / found.lot


@pytest.mark.parametrize(
    ("lead_time", "safety", "container", "expected"),
    [("2 d", 0, 10, 4), ("2 d", 0.1, 10, 5), ("1 d", 0, 20, 1), ("3 h", 0, 7, 3), ("1 d", 0, 1000, 1)],
)
def test_compute_policy_levels__the_classical_formula_counts_cards_freed_at_the_first_part(
    lead_time, safety, container, expected
):
    assert cards({"cards": "formula", "container": container, "safety": safety}, lead_time=lead_time) == expected


@pytest.mark.parametrize(
    ("lead_time", "safety", "container", "expected"),
    [
        ("2 d", 0, 10, 5),
        ("2 d", 0.1, 10, 6),
        ("1 d", 0, 20, 2),
        ("3 h", 0, 7, 4),
        ("1 d", 0, 1000, 2),
        ("3 d", 0, 1, 60),
    ],
)
def test_compute_policy_levels__the_container_being_emptied_needs_cover_too(lead_time, safety, container, expected):
    assert cards({"cards": "auto", "container": container, "safety": safety}, lead_time=lead_time) == expected


def test_compute_policy_levels__demand_that_is_not_whole_needs_the_whole_container():
    assert cards({"cards": "auto", "container": 10}, demand=10) == 2
    assert cards({"cards": "auto", "container": 10}, demand=10.1) == 3
    assert cards({"cards": "auto", "container": 2.5}, demand=1) == 2  # (1 + 2.5) / 2.5


@pytest.mark.parametrize("container", [120, 300, 1, 7, 99, 100, 101])
def test_simulate__a_steady_line_is_always_filled(container):
    """The case of the line of 100 a day with containers of 120 and of 300."""
    kanban = {"container": container, "cards": "auto", "safety": 0.1}
    stages = {"bin": {"lead_time": "3 d", "policy": {"kanban": kanban}}}
    customers = {"line": {"stage": "bin", "demand": 100, "unmet": "lost"}}
    run = jr.simulate(load(stages, customers, "500 d"), paths=1)
    assert float(run.filled.squeeze()) == float(run.demand.squeeze()) == 50_000


def shortage(stages, customers):
    run = jr.simulate(load(stages, customers), paths=1)
    return float(run.shortage.sum()), float(run.stockout.sum())


@pytest.mark.parametrize("case", range(40))
def test_simulate__steady_demand_meets_no_shortage(case):
    """Whole and fractional demand, every period or every few, any container, lead time and review."""
    draw = np.random.default_rng(case)
    whole = case % 2 == 0
    demand = int(draw.integers(1, 60)) if whole else round(draw.uniform(0.3, 60), 2)
    container = int(draw.integers(1, 200)) if whole or case % 4 == 1 else round(draw.uniform(0.5, 150), 2)
    every, review = (int(draw.choice([1, 1, n])) for n in draw.integers(2, 9, 2))
    kanban = {"container": container, "cards": "auto", "review": f"{review} d"}
    stages = {"bin": {"lead_time": f"{draw.integers(1, 15)} d", "policy": {"kanban": kanban}}}
    asked = {"every": f"{every} d", "constant": {"value": demand}}
    assert shortage(stages, {"line": {"stage": "bin", "demand": asked}}) == (0, 0)


@pytest.mark.parametrize("case", range(30))
def test_simulate__steady_demand_through_a_bill_of_materials_meets_no_shortage(case):
    """Three stages with lots of their own, quantities, yields and reviews, and two customers of the last."""
    draw = np.random.default_rng(1000 + case)
    lots = [int(n) for n in draw.integers(1, 90, 3)]
    goods = draw.choice([1.0, 1.0, 0.8, 0.5], 3)
    reviews = [int(n) for n in draw.choice([1, 1, 1, 2, 3], 3)]

    def stage(k, **inputs):
        policy = {"kanban": {"container": lots[k], "cards": "auto", "review": f"{reviews[k]} d"}}
        return {
            "inputs": inputs,
            "lead_time": f"{draw.integers(1, 7)} d",
            "yield": float(goods[k]),
            "policy": policy,
        }

    stages = {"ore": stage(0), "part": stage(1, ore=2), "car": stage(2, part=int(draw.integers(1, 4)))}
    if case % 3 == 0:
        quantity = int(draw.integers(5, 300))
        stages["part"]["policy"] = {"reorder_point": {"point": 20_000, "quantity": quantity}}
    customers = {
        "often": {"stage": "car", "demand": int(draw.integers(1, 20))},
        "seldom": {"stage": "car", "demand": {"every": f"{draw.integers(1, 6)} d", "constant": {"value": 30}}},
    }
    assert shortage(stages, customers) == (0, 0)


def test_compute_policy_levels__one_card_less_is_too_few_where_containers_do_not_divide_the_demand():
    """The formula is no larger than it must be: with a demand and a container without a common divisor."""
    for container in (7, 11, 120):
        kanban = {"container": container, "cards": int(cards({"cards": "auto", "container": container}, 13)) - 1}
        stages = {"bin": {"policy": {"kanban": kanban}}}
        assert shortage(stages, {"line": {"stage": "bin", "demand": 13}})[1] > 0


def test_compute_policy_levels__the_mean_lead_time_counts_its_tail():
    lead_time = {"lognormal": {"mean": "10 d", "cv": 5}}
    found = cards({"cards": "auto", "container": 0.01}, demand=1, lead_time=lead_time)
    tail = stats.lognorm(np.sqrt(np.log(26)), scale=10 / np.sqrt(26)).sf(np.arange(1, 4_000_000))
    assert found * 0.01 == pytest.approx(1 + tail.sum() + 0.01, rel=5e-4)


def test_compute_policy_levels__in_order_the_mean_delay_counts():
    lead_time = {"gamma": {"mean": "10 d", "cv": 0.3}}
    beyond = stats.gamma(1 / 0.09, scale=0.9).sf(np.arange(1, 200))
    within = [math.prod(1 - beyond[m - 1 :]) for m in range(1, 150)]
    delay = 1 + sum(1 - one for one in within)
    found = cards({"cards": "formula", "container": 0.01}, demand=1, lead_time=lead_time, deliveries="in_order")
    assert found * 0.01 == pytest.approx(delay, rel=1e-3)


def test_compute_policy_levels__too_many_cards_are_refused_by_name():
    with pytest.raises(ModelError, match=r"stages\.bin\.policy\.kanban\.cards: .* larger container"):
        cards({"cards": "auto", "container": 0.001}, demand=1e6, lead_time="1e5 d")
