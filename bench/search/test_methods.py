"""Every method searches the same levels with the same paths: `make searches` runs this before it measures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from subjects import assembly

import jitrisk as jr
from jitrisk.studies.search.plan import Plan
from jitrisk.studies.search.search import FEWEST_PATHS
from search.__main__ import OURS, Run, judge, tabulate
from search.methods import METHODS, build_evaluator, find_plan, search_project

NAMES = (OURS, *METHODS)
BUDGET = 6_000_000


def get_method(name: str):
    if name == "pycma":
        pytest.importorskip("cma")
    return METHODS.get(name, search_project)


def base_stocks() -> dict:
    """Two items with Poisson demand, which have nothing to do with each other."""
    stages = {
        name: {
            "lead_time": f"{days} d",
            "value": 1,
            "owned_in_process": False,
            "policy": {"base_stock": {"level": 3 * days}},
        }
        for name, days in (("one", 1), ("two", 4))
    }
    customers = {
        f"buyer of {name}": {"stage": name, "demand": {"poisson": {"mean": 4}}, "backorder_cost": 9} for name in stages
    }
    horizon = {"period": "1 d", "horizon": "100 d", "warm_up": "20 d", "holding_rate": 1}
    return {"name": "base stocks", **horizon, "stages": stages, "customers": customers}


def compute_cost(lead_time: int, level: int) -> float:
    """Cost per period of one item: what is left and what is missing of the level after the demand of a lead time."""
    demand = stats.poisson(4 * lead_time)
    units = np.arange(0, 200)
    cost = np.maximum(level - units, 0) + 9 * np.maximum(units - level, 0)
    return float((cost * demand.pmf(units)).sum())


@pytest.mark.parametrize("name", NAMES)
def test_find_plan__comes_near_the_exact_optimum_within_the_budget(name: str):
    network = jr.load(base_stocks())
    trial = find_plan(network, get_method(name), 1, BUDGET)
    best = sum(min(compute_cost(days, level) for level in range(60)) for days in (1, 4))
    cost = sum(compute_cost(days, level) for days, level in zip((1, 4), trial.best.plan.levels, strict=True))
    start = sum(compute_cost(days, 3 * days) for days in (1, 4))
    assert start > 1.3 * best
    assert best <= cost < 1.02 * best
    limits, periods = trial.evaluator.limits, network.horizon
    assert 0 < limits.path_periods <= 1.5 * BUDGET
    assert limits.path_periods >= limits.plans * FEWEST_PATHS * periods


@pytest.mark.parametrize("name", NAMES)
def test_find_plan__repeats_itself(name: str):
    network = jr.load(base_stocks())
    one, other = (find_plan(network, get_method(name), 3, BUDGET // 4) for _ in range(2))
    assert one.best.plan == other.best.plan
    assert one.evaluator.limits.path_periods == other.evaluator.limits.path_periods


def test_build_evaluator__hands_all_methods_the_same_paths():
    network = jr.load(base_stocks())
    plan = build_evaluator(network, 5, None).space.start
    one, other = (build_evaluator(network, 5, None).evaluate([plan], range(300))[0] for _ in range(2))
    np.testing.assert_array_equal(one.scores, other.scores)


def test_tabulate__sets_plans_beside_the_best_one_that_is_known():
    network = jr.load(base_stocks())
    near, far = Plan((7, 21)), Plan((14, 42))
    runs = [Run(OURS, near, 10, 20, 1.0), *(Run(name, far, 10, 20, 1.0) for name in METHODS)]
    ours, *others = tabulate("base stocks", runs, judge(network, [near, far]))
    exact = [sum(compute_cost(d, s) for d, s in zip((1, 4), plan.levels, strict=True)) for plan in (near, far)]
    assert ours.startswith(f"| base stocks | {OURS} | 0.00 (0.00 to 0.00) | 0.00 |")
    for row in others:
        found, error = float(row.split("|")[3].split()[0]), float(row.split("|")[5])
        assert abs(found - 100 * (exact[1] / exact[0] - 1)) < 4 * error + 0.05


def test_assembly__is_a_tree_whose_stages_are_worth_what_goes_into_them():
    model = assembly(20)
    consumers = [name for stage in model["stages"].values() for name in stage["inputs"]]
    assert sorted(consumers) == sorted(set(model["stages"]) - {"s0"})
    for stage in model["stages"].values():
        assert stage["value"] > sum(model["stages"][name]["value"] for name in stage["inputs"]) - 0.02
    assert assembly(20) == model
    assert assembly(20, seed=2) != model
    assert len(jr.load(assembly(100)).stages) == 100
