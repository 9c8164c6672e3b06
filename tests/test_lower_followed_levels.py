"""Levels that follow the demand: against a plain recursion over periods, levels by hand, and what they conserve."""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

import jitrisk as jr
from jitrisk.errors import ModelError
from jitrisk.lower.followed_levels import FollowedLevels, compute_followed_levels
from jitrisk.lower.graph import compute_multiplicities, find_sweep_order
from jitrisk.lower.levels import compute_policy_levels
from jitrisk.lower.planned_demand import sum_cover

ERROR = {"empirical": {"values": [0.5, 1.5], "weights": [0.5, 0.5]}}


def build_model(stages: dict[str, Any], customers: dict[str, Any], horizon: int = 12) -> dict[str, Any]:
    return {"name": "m", "period": "1 d", "horizon": horizon, "stages": stages, "customers": customers}


def follow(model: dict[str, Any]) -> dict[str, FollowedLevels]:
    network = jr.load(model)
    order = find_sweep_order(network)
    return compute_followed_levels(network, order, compute_multiplicities(network, order))


def read_days(text: str) -> float:
    return float(text.removesuffix(" d"))


class PlainPlan:
    """The rules of planned demand and levels as recursions over single periods, from the mapping of a model.

    Policies are base stock and min-max with days as cover, or kanban by the classical formula; shares of inputs are
    given as `from: {source: share}`; demands are constant.
    """

    def __init__(self, model: dict[str, Any]) -> None:
        self.stages, self.customers = model["stages"], model["customers"]
        self.demand = lru_cache(maxsize=None)(self._demand)
        self.part = lru_cache(maxsize=None)(self._part)
        self.cards = lru_cache(maxsize=None)(self._cards)

    def factor(self, customer: str, t: int) -> float:
        given = self.customers[customer]
        season = given.get("season", {"every": 1, "factors": [1.0]})
        factors = season["factors"]
        return factors[math.floor(t / season["every"] + 1e-9) % len(factors)] * (1 + given.get("trend", 0.0) * t)

    def _demand(self, stage: str, customer: str, t: int) -> float:
        """Planned demand on a store in period t that is due to a customer."""
        given = self.customers[customer]
        demand = given["demand"]["constant"] / given["demand"].get("every", 1) * self.factor(customer, t)
        total = demand if given["stage"] == stage else 0.0
        for name, consumer in self.stages.items():
            for item in consumer.get("inputs", {}).values():
                if share := item["from"].get(stage, 0):
                    orders = self.demand(name, customer, t) + self.change(name, customer, t)
                    total += item["quantity"] * share / consumer.get("yield", 1.0) * orders
        return total

    def change(self, stage: str, customer: str, t: int) -> float:
        ((kind, policy),) = self.stages[stage]["policy"].items()
        if "follow" not in policy:
            return 0.0
        if kind != "kanban":
            cover = read_days(policy["cover" if kind == "base_stock" else "max"])
            return self.part(stage, customer, cover, t) - self.part(stage, customer, cover, t - 1)
        step = (self.cards(stage, t) - self.cards(stage, t - 1)) * policy["container"]
        parts = {name: self.demand(stage, name, t) for name in self.customers}
        return step * parts[customer] / sum(parts.values()) if step else 0.0

    def _part(self, stage: str, customer: str, cover: float, t: int) -> float:
        whole = math.floor(cover)
        total = sum(self.demand(stage, customer, t + k) for k in range(1, whole + 1))
        return total + (cover - whole) * (self.demand(stage, customer, t + whole + 1) if cover > whole else 0.0)

    def total(self, stage: str, cover: float, t: int) -> float:
        return sum(self.part(stage, customer, cover, t) for customer in self.customers)

    def _cards(self, stage: str, t: int) -> int:
        """The classical formula; the stage's lead time is constant."""
        policy = self.stages[stage]["policy"]["kanban"]
        covered = self.total(stage, self.stages[stage]["lead_time"], t) * (1 + policy.get("safety", 0.0))
        return max(1, math.ceil(covered / policy["container"] - 1e-9))


def draw_policy(draw: random.Random) -> dict[str, Any]:
    what = draw.choice(["season", "forecast", None])
    followed = {"follow": what, "safety": draw.choice([0, 2.5])} if what else {}
    cover = draw.choice([0, 1, 2, 2.5, 0.3, 4])
    if draw.random() < 0.3:
        return {"min_max": {"min": f"{cover} d", "max": f"{cover + draw.choice([1, 0.5, 3.2])} d"} | followed}
    return {"base_stock": {"cover": f"{cover} d"} | followed}


def draw_model(seed: int, cards: bool = False) -> dict[str, Any]:
    """A network of up to six stages with shares, yields and quantities; the last stage follows the forecast."""
    draw = random.Random(seed)
    names = [f"s{k}" for k in range(draw.randint(2, 6))]
    stages: dict[str, Any] = {}
    for k, name in enumerate(names):
        stages[name] = {"policy": draw_policy(draw), "lead_time": draw.randint(1, 3)}
        if k and draw.random() < 0.8:
            sources = draw.sample(names[:k], min(k, draw.randint(1, 2)))
            shares = [1.0] if len(sources) == 1 else draw.choice([[0.75, 0.25], [1.0, 0.0]])
            item = {"quantity": draw.choice([1, 2, 0.5]), "from": dict(zip(sources, shares, strict=True))}
            stages[name] |= {"inputs": {"part": item}, "yield": draw.choice([1.0, 0.8])}
    customers = {
        f"c{k}": {
            "stage": draw.choice(names),
            "demand": {"constant": draw.choice([3, 10, 7.5]), "every": draw.choice([1, 1, 2])},
            "season": {"every": draw.choice([1, 2, 2.5]), "factors": [draw.choice([0.5, 1, 2, 3]) for _ in range(3)]},
            "trend": draw.choice([0.0, 0.05]),
        }
        | draw.choice([{}, {"forecast": {"error": ERROR}}])
        for k in range(draw.randint(1, 3))
    }
    customers["c0"]["forecast"] = {"smoothing": 0.2}
    customers["c0"]["stage"] = names[-1]
    stages[names[-1]]["policy"] = {"base_stock": {"cover": "2 d", "follow": "forecast", "safety": 1}}
    if cards:
        for name in names[::-2]:
            stages[name]["policy"] = {
                "kanban": {"cards": "formula", "container": draw.choice([1, 4]), "safety": 0.1, "follow": "season"}
            }
    for name, stage in stages.items():
        allow_following(stage, [customers[one] for one in find_behind(name, stages, customers)])
    return build_model(stages, customers, horizon=9)


def find_behind(name: str, stages: dict[str, Any], customers: dict[str, Any]) -> set[str]:
    """The customers whose demand reaches a stage through sources with a share."""
    found = {one for one, customer in customers.items() if customer["stage"] == name}
    for consumer, stage in stages.items():
        if any(item["from"].get(name) for item in stage.get("inputs", {}).values()):
            found |= find_behind(consumer, stages, customers)
    return found


def allow_following(stage: dict[str, Any], customers: list[dict[str, Any]]) -> None:
    """Follow only what a customer behind the stage has: a level without any is refused."""
    (policy,) = stage["policy"].values()
    if policy.get("follow") == "forecast" and not any("forecast" in one for one in customers):
        policy["follow"] = "season"
    if "follow" in policy and not customers:
        del policy["follow"]
        policy.pop("safety", None)


@pytest.mark.parametrize("seed", range(30))
def test_compute_followed_levels__agree_with_a_recursion_over_single_periods(seed):
    model = draw_model(seed)
    plain, found = PlainPlan(model), follow(model)
    periods = range(model["horizon"])
    assert found
    for name, levels in found.items():
        ((kind, policy),) = model["stages"][name]["policy"].items()
        scaled = [one for one in model["customers"] if one in levels.weights]
        assert levels.weights.keys() <= {n for n, c in model["customers"].items() if "forecast" in c}
        cover = read_days(policy["cover" if kind == "base_stock" else "max"])
        total = [policy.get("safety", 0) + plain.total(name, cover, t) for t in periods]
        np.testing.assert_allclose(levels.order_up_to, total, rtol=1e-12, atol=1e-12)
        for customer in scaled:
            expected = [plain.part(name, customer, cover, t) for t in periods]
            np.testing.assert_allclose(levels.weights[customer], expected, rtol=1e-12, atol=1e-12)
        assert (levels.point_base is None) == (kind == "base_stock")
        if kind == "min_max":
            expected = [policy.get("safety", 0) + plain.total(name, read_days(policy["min"]), t) for t in periods]
            np.testing.assert_allclose(levels.reorder_point, expected, rtol=1e-12, atol=1e-12)
        assert levels.initial == levels.order_up_to[0]


@pytest.mark.parametrize("seed", range(30))
def test_compute_followed_levels__cards_agree_with_a_recursion_over_single_periods(seed):
    model = draw_model(seed, cards=True)
    plain = PlainPlan(model)
    expected = {
        name: [plain.cards(name, t) * stage["policy"]["kanban"]["container"] for t in range(model["horizon"])]
        for name, stage in model["stages"].items()
        if "follow" in stage["policy"].get("kanban", {})
    }
    found = follow(model)
    assert expected
    for name, units in expected.items():
        container = model["stages"][name]["policy"]["kanban"]["container"]
        np.testing.assert_allclose(found[name].order_up_to, units, rtol=1e-12)
        np.testing.assert_allclose(found[name].reorder_point, np.subtract(units, container), rtol=1e-12)
    for name, levels in found.items():
        for customer, weights in levels.weights.items():
            ((kind, policy),) = model["stages"][name]["policy"].items()
            cover = read_days(policy["cover" if kind == "base_stock" else "max"])
            parts = [plain.part(name, customer, cover, t) for t in range(model["horizon"])]
            np.testing.assert_allclose(weights, parts, rtol=1e-11, atol=1e-11)


def build_seasonal(policy: Any, factors: list[float], demand: float = 1, **fields: Any) -> dict[str, Any]:
    stages = {"a": {"lead_time": "1 d", "policy": policy} | fields}
    customer = {"stage": "a", "demand": demand, "season": {"every": "1 d", "factors": factors}}
    return build_model(stages, {"c": customer})


def test_compute_followed_levels__season_of_four_by_hand():
    """Mean demand 1, 2, 1, 0, 1, ...; a level that covers 2 d is that of the next two periods."""
    found = follow(build_seasonal({"base_stock": {"cover": "2 d", "follow": "season"}}, [1, 2, 1, 0]))["a"]
    assert found.order_up_to.tolist() == [3, 1, 1, 3] * 3
    assert found.weights == {}
    assert found.point_base is None


def test_compute_followed_levels__two_stages_by_hand():
    """Mean demand 0.5, 1.5, 1, ...; the shop orders in period t what is planned for t + 2, the mine covers t + 3."""
    stages = {
        "mine": {"policy": {"base_stock": {"cover": "1 d", "follow": "season"}}},
        "shop": {"policy": {"base_stock": {"cover": "2 d", "follow": "season"}}, "inputs": {"mine": 1}},
    }
    season = {"every": "1 d", "factors": [1, 3, 2]}
    found = follow(build_model(stages, {"c": {"stage": "shop", "demand": 0.5, "season": season}}))
    assert found["shop"].order_up_to.tolist() == [2.5, 1.5, 2.0] * 4
    assert found["mine"].order_up_to.tolist() == [0.5, 1.5, 1.0] * 4


def test_compute_followed_levels__cards_by_hand():
    """Whole demand 1, 3, 0, 1, ... with containers of 2: K = ceil((demand of the next 2 periods + 2 - 1) / 2)."""
    policy = {"kanban": {"cards": "auto", "container": 2, "follow": "season"}}
    model = build_seasonal(policy, [1, 3, 0, 1], lead_time="2 d")
    found = follow(model)["a"]
    assert found.order_up_to.tolist() == [4, 2, 4, 6] * 3
    assert found.reorder_point.tolist() == [2, 0, 2, 4] * 3
    model["stages"]["a"]["policy"]["kanban"] |= {"review": "2 d", "safety": "50 %"}
    # The margin counts in the lead time, and review adds one period: (1.5 x (3 + 0) + 1 + 1) / 2 cards, and so on.
    assert follow(model)["a"].order_up_to.tolist() == [8, 4, 8, 8] * 3


def test_compute_followed_levels__forecasts_scale_neither_safety_nor_customers_without_one():
    policy = {"base_stock": {"cover": "2 d", "follow": "forecast", "safety": 7}}
    model = build_seasonal(policy, [1, 2, 1, 0])
    model["customers"]["c"]["forecast"] = {"error": ERROR}
    model["customers"]["k"] = {"stage": "a", "demand": 10}
    found = follow(model)["a"]
    assert found.base.tolist() == [27.0] * 12
    assert {name: one.tolist() for name, one in found.weights.items()} == {"c": [3, 1, 1, 3] * 3}
    assert found.initial == 30


@pytest.mark.parametrize(
    "policy",
    [
        {"base_stock": {"cover": "2.5 d", "follow": "season", "safety": 3}},
        {"min_max": {"min": "1 d", "max": "4 d", "follow": "season"}},
        {"kanban": {"cards": "auto", "container": 4, "follow": "season"}},
        {"base_stock": {"cover": "3 d"}},
    ],
    ids=["base stock", "min-max", "kanban", "constant"],
)
def test_compute_followed_levels__planned_orders_are_demand_and_change_of_the_level(policy):
    """The mine's level over n periods is what the shop plans to order in them: its demand and what its level gains."""
    horizon, periods = 40, 23
    stages = {
        "mine": {"policy": {"base_stock": {"cover": f"{periods} d", "follow": "season"}}},
        "shop": {"lead_time": "2 d", "policy": policy, "inputs": {"mine": 2}, "yield": 0.8},
    }
    season = {"every": "3 d", "factors": [1, 3, 2, 0.5]}
    customer = {"stage": "shop", "demand": 6, "season": season, "trend": "1 % / d"}
    found = follow(build_model(stages, {"c": customer}, horizon))
    demand = [6 * season["factors"][t // 3 % 4] * (1 + 0.01 * t) for t in range(periods + 1)]
    gain = np.diff(found["shop"].order_up_to[[0, periods]]).item() if "shop" in found else 0.0
    assert found["mine"].initial == pytest.approx(2 / 0.8 * (sum(demand[1:]) + gain), rel=1e-12)


def test_compute_followed_levels__a_source_without_a_share_has_no_planned_demand():
    stages = {
        "spare": {"policy": {"base_stock": {"cover": "2 d", "follow": "season", "safety": 4}}},
        "mine": {"policy": {"base_stock": {"cover": "2 d", "follow": "season"}}},
        "shop": {"policy": {"make_to_order": {}}, "inputs": {"part": {"quantity": 3, "from": ["mine", "spare"]}}},
    }
    season = {"every": "1 d", "factors": [1, 2]}
    customers = {f"of {name}": {"stage": name, "demand": 5, "season": season} for name in ("shop", "spare")}
    found = follow(build_model(stages, customers))
    assert found["spare"].order_up_to.tolist() == [4.0 + 15.0] * 12
    assert found["mine"].order_up_to.tolist() == [45.0] * 12


@pytest.mark.parametrize("duration", [0, 0.25, 1, 2.5, 3, 7])
def test_sum_cover__adds_whole_periods_and_a_part(duration):
    planned = np.random.default_rng(3).random((2, 30))
    periods, whole = 20, math.floor(duration)
    expected = [
        [row[t + 1 : t + 1 + whole].sum() + (duration - whole) * row[t + 1 + whole] for t in range(periods)]
        for row in planned
    ]
    np.testing.assert_allclose(sum_cover(planned, duration, periods), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("policy", "levels"),
    [
        ({"base_stock": {"cover": "2 d", "follow": "season", "safety": 5}}, (17, 17)),
        ({"min_max": {"min": "1 d", "max": "3 d", "follow": "season", "safety": 5}}, (11, 23)),
        ({"kanban": {"cards": "formula", "container": 5, "follow": "season"}}, (5, 10)),
        ({"base_stock": {"cover": "2 d"}}, (12, 12)),
    ],
)
def test_compute_policy_levels__levels_that_follow_are_shown_at_the_mean_of_a_cycle(policy, levels):
    """Factors 1, 2, 0 and 3 of a mean demand of 4 are 6 on average; a trend does not count."""
    model = build_seasonal(policy, [1, 2, 0, 3], demand=4)
    model["customers"]["c"]["trend"] = "10 % / d"
    found = compute_policy_levels(jr.load(model))["a"]
    assert (found.reorder_point, found.order_up_to) == levels


def find_fault(model: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ModelError) as caught:
        follow(model)
    (fault,) = caught.value.faults
    return fault.key, fault.message


def test_compute_followed_levels__a_trend_that_ends_in_negative_demand_is_refused():
    model = build_seasonal({"base_stock": {"cover": "2 d", "follow": "season"}}, [1, 2])
    model["customers"]["c"]["trend"] = "-8 % / d"
    key, message = find_fault(model)
    assert key == "customers.c.trend"
    assert "negative from period 13 on" in message
    model["customers"]["c"]["trend"] = "-7.6 % / d"
    assert follow(model)["a"].order_up_to[-1] == pytest.approx((1 - 0.076 * 12) + 2 * (1 - 0.076 * 13))


def test_compute_followed_levels__a_negative_demand_is_refused_where_no_level_follows():
    model = build_seasonal({"base_stock": {"level": 9}}, [1, 2])
    model["customers"]["c"]["trend"] = "-10 % / d"
    assert find_fault(model)[0] == "customers.c.trend"
    model["customers"]["c"]["trend"] = "-9 % / d"
    assert follow(model) == {}


def test_compute_followed_levels__a_cap_below_the_largest_level_is_refused():
    model = build_seasonal({"base_stock": {"cover": "2 d", "follow": "season", "cap": 2.5}}, [1, 2, 1, 0])
    key, message = find_fault(model)
    assert key == "stages.a.policy.base_stock.cap"
    assert "3 units" in message
    model["stages"]["a"]["policy"]["base_stock"]["cap"] = 3
    assert follow(model)["a"].order_up_to.max() == 3


def test_compute_followed_levels__a_season_without_demand_lets_min_meet_max():
    """In closed months both levels are the safety stock: the stage orders below it."""
    policy = {"min_max": {"min": "1 d", "max": "2 d", "follow": "season", "safety": 3}}
    found = follow(build_seasonal(policy, [4, 0, 0, 0]))["a"]
    assert found.order_up_to.tolist() == [3, 3, 7, 7] * 3
    assert found.reorder_point.tolist() == [3, 3, 3, 7] * 3


def test_compute_followed_levels__levels_that_consumers_make_negative_are_refused():
    """A card of 100 units is withdrawn in period 2, in which 51 units are asked for: the shop plans to order -49."""
    stages = {
        "mine": {"policy": {"base_stock": {"cover": "1 d", "follow": "season"}}},
        "shop": {
            "lead_time": "2 d",
            "policy": {"kanban": {"cards": "formula", "container": 100, "follow": "season"}},
            "inputs": {"mine": 1},
        },
    }
    season = {"every": "4 d", "factors": [5.1, 1]}
    model = build_model(stages, {"c": {"stage": "shop", "demand": 10, "season": season}})
    key, message = find_fault(model)
    assert key == "stages.mine.policy.base_stock.follow"
    assert "is -49 units in period 1" in message
    stages["mine"]["policy"]["base_stock"]["safety"] = 100
    assert follow(model)["mine"].order_up_to.min() >= 0.0


def test_compute_followed_levels__too_many_numbers_are_refused():
    model = build_seasonal({"base_stock": {"cover": "30000000 d", "follow": "season"}}, [1, 2])
    key, message = find_fault(model)
    assert key == "stages.a"
    assert "20,000,000" in message


def test_compute_followed_levels__too_many_cards_are_refused():
    policy = {"kanban": {"cards": "formula", "container": 0.001, "follow": "season"}}
    key, message = find_fault(build_seasonal(policy, [1, 3e6]))
    assert key == "stages.a.policy.kanban.cards"
    assert "3e+09 cards" in message
