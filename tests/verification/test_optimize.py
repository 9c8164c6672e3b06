"""Optimized levels against exact optima: the exact cost of what the search found is within one percent of the least."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
import pytest
from lines import exact, kanban, line
from oracle import Network, cases, family, plant
from scipy import stats

from jitrisk.studies.optimize import optimize

pytestmark = pytest.mark.verification

TOLERANCE = 0.01
Cost = Callable[..., float]


def shop(stage: Network, customer: Network, *, horizon: int = 450, warm_up: int = 50, **more: Any) -> Network:
    """One stage whose units cost 1 per period to hold, unless it says otherwise, and one customer."""
    stage = {"value": 1, "owned_in_process": False, **stage}
    return plant({"store": stage}, {"buyer": {"stage": "store", **customer}}, horizon, warm_up, holding_rate=1, **more)


def find(network: Network, *, seed: int = 0, **arguments: Any) -> list[float]:
    """The levels of the plan that the search ends with."""
    study = optimize(network, seed=seed, paths=200, threads=2, **arguments)
    assert study.attrs["stopped"] in ("converged", "paths")
    return [float(level) for level in study["chosen_number"].values]


def check(cost: Cost, optimum: float, levels: Iterable[float]) -> None:
    levels = list(levels)
    assert optimum * (1 - 1e-9) <= cost(*levels) <= optimum * (1 + TOLERANCE), levels


def poisson_cost(mean: float, periods: int, holding: float, backorder: float) -> Cost:
    """Mean cost per period of a base stock level: of I = S - D, with D the demand of the lead time."""
    demand = stats.poisson(mean * periods)
    units = np.arange(int(demand.ppf(1 - 1e-13)) + 10)
    weights = demand.pmf(units)

    @cache
    def cost(level: float) -> float:
        left = level - units
        return float((holding * left.clip(0) + backorder * (-left).clip(0)) @ weights)

    return cost


def poisson_demand(mean: float) -> Network:
    return {"poisson": {"mean": mean}}


@pytest.mark.parametrize("case", family("a.opt"))
def test_optimize__base_stock_of_poisson_demand(case: str) -> None:
    model, answers = cases()[case]["model"], cases()[case]["expected"]
    mean, periods = float(model["demand"][8:-1]), model["n"]
    cost = poisson_cost(mean, periods, model["h"], model["b"])
    assert cost(answers["S_star"]) == pytest.approx(answers["cost"], rel=1e-9)
    network = shop(
        {"lead_time": f"{periods} d", "policy": {"base_stock": {"cover": f"{periods} d"}}},
        {"demand": poisson_demand(mean), "backorder_cost": model["b"]},
    )
    check(cost, answers["cost"], find(network))


@pytest.mark.parametrize("seed", [0, 1])
def test_optimize__newsvendor_of_poisson_demand(seed: int) -> None:
    cost = poisson_cost(6, 1, 1, 4)
    network = shop(
        {"lead_time": "1 d", "policy": {"base_stock": {"level": 3}}},
        {"demand": poisson_demand(6), "backorder_cost": 4},
        horizon=1,
        warm_up=0,
    )
    check(cost, min(map(cost, range(30))), find(network, seed=seed))


@pytest.mark.parametrize("seed", [0, 1])
def test_optimize__newsvendor_of_normal_demand_has_steps_below_a_unit(seed: int) -> None:
    holding, backorder, mean, deviation = 0.18, 0.70, 50, 8

    def cost(level: float) -> float:
        z = (level - mean) / deviation
        loss = stats.norm.pdf(z) - z * stats.norm.sf(z)
        return float(deviation * (holding * (z + loss) + backorder * loss))

    network = shop(
        {"lead_time": "1 d", "value": holding, "policy": {"base_stock": {"level": 50}}},
        {"demand": {"normal": {"mean": mean, "sd": deviation}}, "backorder_cost": backorder},
        horizon=1,
        warm_up=0,
    )
    best = mean + deviation * stats.norm.ppf(backorder / (backorder + holding))
    (level,) = find(network, seed=seed)
    check(cost, cost(best), [level])
    assert 2 * level == int(2 * level)  # levels of about 57 have steps of a half


def min_max_cost(mean: float, periods: int, backorder: float, order_cost: float) -> Cost:
    """Mean cost per period of (s, S), by the renewals of the inventory position (Zheng & Federgruen 1991)."""
    base = poisson_cost(mean, periods, 1, backorder)
    weights = stats.poisson(mean).pmf(np.arange(200))

    def cost(least: float, most: float) -> float:
        least, most = int(least), int(most)
        # visits[j]: how often in a cycle a period begins with the position at most - j.
        visits = [1 / (1 - weights[0])]
        for j in range(1, most - least):
            visits.append(sum(weights[i] * visits[j - i] for i in range(1, j + 1)) / (1 - weights[0]))
        held = sum(share * base(most - j) for j, share in enumerate(visits))
        return float((order_cost + held) / sum(visits))

    return cost


@pytest.mark.parametrize(("mean", "periods", "backorder", "order_cost"), [(6, 1, 4, 5), (4, 3, 9, 20)])
def test_optimize__min_and_max(mean: float, periods: int, backorder: float, order_cost: float) -> None:
    cost = min_max_cost(mean, periods, backorder, order_cost)
    optimum = min(cost(low, high) for low in range(2, 25) for high in range(low + 1, 50))
    network = shop(
        {"lead_time": f"{periods} d", "order_cost": order_cost, "policy": {"min_max": {"min": "1 d", "max": "3 d"}}},
        {"demand": poisson_demand(mean), "backorder_cost": backorder},
    )
    check(cost, optimum, find(network))


def reorder_point_cost(mean: float, periods: int, backorder: float, order_cost: float) -> Cost:
    """Mean cost per period of (R, Q): after ordering, the position is uniform on R + 1 to R + Q."""
    base = poisson_cost(mean, periods, 1, backorder)
    demand = stats.poisson(mean)

    def cost(point: float, quantity: float) -> float:
        positions = np.arange(int(point) + 1, int(point) + int(quantity) + 1)
        ordering = demand.sf(positions - int(point) - 1)
        return float(np.mean([base(int(one)) for one in positions]) + order_cost * ordering.mean())

    return cost


@pytest.mark.parametrize(("mean", "periods", "backorder", "order_cost"), [(4, 2, 9, 20), (1, 3, 9, 8)])
def test_optimize__reorder_point_and_quantity(mean: float, periods: int, backorder: float, order_cost: float) -> None:
    cost = reorder_point_cost(mean, periods, backorder, order_cost)
    optimum = min(cost(point, quantity) for point in range(30) for quantity in range(1, 60))
    policy = {"reorder_point": {"point": "1 d", "quantity": "3 d"}}
    network = shop(
        {"lead_time": f"{periods} d", "order_cost": order_cost, "policy": policy},
        {"demand": poisson_demand(mean), "backorder_cost": backorder},
    )
    check(cost, optimum, find(network))


def outage(stops: float, recovers: float) -> Network:
    return {
        "supply": {
            "time_between": {"geometric": {"mean": f"{1 / stops} d"}},
            "duration": {"geometric": {"mean": f"{1 / recovers} d"}},
            "hits": {"store": {"capacity": 0}},
        }
    }


def weigh_outages(stops: float, recovers: float) -> list[float]:
    """Probability that supply has been off for 0, 1, 2, ... periods."""
    works = recovers / (stops + recovers)
    return [works, *(works * stops * (1 - recovers) ** k for k in range(150))]


@pytest.mark.parametrize("case", [name for name in family("e.bsd") if "ex9_3" not in name])
def test_optimize__base_stock_under_on_off_supply(case: str) -> None:
    model, answers = cases()[case]["model"], cases()[case]["expected"]
    weights = weigh_outages(model["alpha"], model["beta"])

    def cost(level: float) -> float:
        left = [level - (age + 1) * model["d"] for age in range(len(weights))]
        each = [model["h"] * max(one, 0) + model["p"] * max(-one, 0) for one in left]
        return float(np.dot(weights, each))

    optimum = cost(answers["S_star"])
    assert optimum == pytest.approx(answers["cost_curve"][str(answers["S_star"])]["cost"], rel=1e-6)
    network = shop(
        {"lead_time": "1 d", "value": model["h"], "policy": {"base_stock": {"cover": "1 d"}}},
        {"demand": model["d"], "backorder_cost": model["p"]},
        horizon=1_100,
        warm_up=100,
        hazards=outage(model["alpha"], model["beta"]),
    )
    check(cost, optimum, find(network))


def test_optimize__base_stock_of_poisson_demand_under_on_off_supply() -> None:
    weights = weigh_outages(0.02, 0.2)[:80]
    by_age = [poisson_cost(5, 1 + age, 1, 20) for age in range(len(weights))]

    def cost(level: float) -> float:
        return float(sum(weight * each(level) for weight, each in zip(weights, by_age, strict=True)))

    network = shop(
        {"lead_time": "1 d", "policy": {"base_stock": {"cover": "1 d"}}},
        {"demand": poisson_demand(5), "backorder_cost": 20},
        horizon=1_100,
        warm_up=100,
        hazards=outage(0.02, 0.2),
    )
    check(cost, min(map(cost, range(60))), find(network))


def serial_cost(*levels: float) -> float:
    """Mean cost per period of Snyder & Shen (2019), Example 6.1, at local levels, upstream first, on a fine grid.

    What a stage owes is what it is owed, plus the demand of its lead time, less its level (Clark & Scarf 1960).
    """
    step, most = 0.01, 40.0
    grid = np.arange(0.0, most, step)
    owed = np.zeros(grid.size)
    owed[0] = 1.0
    cost = 0.0
    for level, holding, periods in zip(levels, (2, 4, 7), (2, 1, 1), strict=True):
        edges = np.append(grid - step / 2, most - step / 2)
        demand = np.diff(stats.norm(5 * periods, periods**0.5).cdf(edges))
        total = np.convolve(owed, demand)
        lacking = np.arange(total.size) * step - level
        cost += holding * float(total @ (-lacking).clip(0))
        late = float(total @ lacking.clip(0))
        # A shortfall between two points of the grid goes to both, so that its mean stays.
        owed = np.zeros(grid.size)
        short = lacking > 0
        place = lacking[short] / step
        below = np.floor(place).astype(int)
        keep = below < grid.size - 1
        np.add.at(owed, below[keep], (total[short] * (1 - place + below))[keep])
        np.add.at(owed, below[keep] + 1, (total[short] * (place - below))[keep])
        owed[0] += total[~short].sum()
    return cost + 37.12 * late


def test_serial_cost__is_that_of_the_book() -> None:
    assert serial_cost(10.69, 5.52, 6.49) == pytest.approx(17.660, abs=0.01)


def test_optimize__serial_base_stock_of_snyder_and_shen() -> None:
    def stage(value: float, periods: int, **more: Any) -> Network:
        policy = {"base_stock": {"cover": "2 d"}}
        return {"lead_time": f"{periods} d", "value": value, "owned_in_process": False, "policy": policy, **more}

    network = plant(
        {"s1": stage(2, 2), "s2": stage(4, 1, inputs={"s1": 1}), "s3": stage(7, 1, inputs={"s2": 1})},
        {"buyer": {"stage": "s3", "demand": {"normal": {"mean": 5, "sd": 1}}, "backorder_cost": 37.12}},
        horizon=200,
        warm_up=20,
        holding_rate=1,
    )
    levels = find(network)
    assert serial_cost(*levels) <= 17.660 * (1 + TOLERANCE), levels
    assert any(level != int(level) for level in levels)


def test_optimize__two_machines_on_cards_against_all_pairs_of_cards() -> None:
    machines, values, lost_cost, most = {"m1": 0.8, "m2": 0.75}, {"m1": 1, "m2": 3}, 60, 4

    def build(*cards: float) -> Network:
        stages = {
            "m1": kanban(int(cards[0]), capacity=1, value=values["m1"]),
            "m2": kanban(int(cards[1]), capacity=1, value=values["m2"], inputs={"m1": 1}),
        }
        network = line(stages, machines, "m2", 0.6, horizon=600) | {"holding_rate": 1}
        network["customers"]["buyer"]["lost_cost"] = lost_cost
        return network

    @cache
    def cost(*cards: float) -> float:
        means = exact(build(*cards), machines, 0.6).stationary()
        held = sum(value * (means["on_hand", name] + means["wip", name]) for name, value in values.items())
        return float(held + lost_cost * means["lost", "buyer"])

    table = {cards: cost(*cards) for cards in itertools.product(range(1, most + 1), repeat=2)}
    best = min(table, key=lambda cards: table[cards])
    assert all(1 < count < most for count in best)
    check(cost, table[best], find(build(1, 1)))
