"""Descents on functions whose minimum is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from searches import GivenEvaluator, build_space

from jitrisk.studies.search.descent import descend
from jitrisk.studies.search.plan import Plan

PATHS = range(1)


def walk(evaluator, start, reach=0.0, gain=0.0, **more):
    return descend(evaluator, Plan(tuple(start)), PATHS, reach, gain, **more).plan.levels


@pytest.mark.parametrize("start", [(0, 0, 0), (200, 0, 100), (31, 77, 12)])
def test_descend__ends_at_the_minimum_of_a_separable_convex_function(start):
    target = np.array([30, 77, 11])
    evaluator = GivenEvaluator(build_space(3), lambda x: float(((x - target) ** 2 * [1, 0.1, 5]).sum()))
    assert walk(evaluator, start) == (30, 77, 11)


def build_l_natural_convex(seed, size):
    """Sums of convex functions of one level and of differences of two are L-natural-convex (Murota 2003)."""
    rng = np.random.default_rng(seed)
    target, slopes = rng.integers(0, 13, size), rng.uniform(0.5, 2, (size, 2))
    pairs = [(i, j, rng.uniform(0, 3)) for i, j in itertools.combinations(range(size), 2)]

    def value(x):
        off = np.asarray(x) - target
        own = (slopes[:, 0] * off.clip(0) + slopes[:, 1] * (-off).clip(0)).sum()
        return float(own + sum(weight * abs(int(x[i]) - int(x[j])) for i, j, weight in pairs))

    return value


@pytest.mark.parametrize("seed", range(12))
def test_descend__ends_at_the_minimum_of_an_l_natural_convex_function_of_two_levels(seed):
    value = build_l_natural_convex(seed, 2)
    best = min(value(x) for x in itertools.product(range(13), repeat=2))
    found = walk(GivenEvaluator(build_space(2, high=12), value), (0, 12))
    assert value(found) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(6))
def test_descend__ends_where_no_step_of_one_level_or_of_two_is_better(seed):
    value = build_l_natural_convex(seed, 3)
    found = walk(GivenEvaluator(build_space(3, high=12), value), (0, 12, 5))
    for step in itertools.product((-1, 0, 1), repeat=3):
        near = np.add(found, step)
        if np.count_nonzero(step) <= 2 and near.min() >= 0 and near.max() <= 12:
            assert value(near) >= value(found) - 1e-9


def test_descend__moves_pairs_where_no_single_step_gains():
    """|x - y| with weight 10 holds both together: only both together go down."""
    evaluator = GivenEvaluator(build_space(2), lambda x: float(10 * abs(x[0] - x[1]) + x.sum()))
    assert walk(evaluator, (9, 9)) == (0, 0)
    swap = GivenEvaluator(build_space(2), lambda x: float(10 * abs(x[0] + x[1] - 20) + x[0]))
    assert walk(swap, (15, 5)) == (0, 20)


@pytest.mark.parametrize("start", [(0, 0), (40, 40), (3, 30)])
def test_descend__meets_a_constraint_at_the_least_cost(start):
    """Of all x + 2 y with x y >= 98, the least is 28: (14, 7)."""
    evaluator = GivenEvaluator(
        build_space(2, high=60), lambda x: float(x[0] + 2 * x[1]), lambda x: float(max(98 - x[0] * x[1], 0)) / 98
    )
    levels = walk(evaluator, start)
    assert levels[0] * levels[1] >= 98
    assert levels[0] + 2 * levels[1] <= 29


def test_descend__stays_within_bounds():
    space = build_space(2, low=5, high=9)
    assert walk(GivenEvaluator(space, lambda x: float(x[0] - x[1])), (7, 7)) == (5, 9)


def test_descend__gains_that_are_too_small_are_not_worth_a_step():
    evaluator = GivenEvaluator(build_space(1), lambda x: float(x[0]))
    assert walk(evaluator, (9,), gain=10.0) == (9,)
    assert walk(evaluator, (9,), gain=0.5) == (0,)


def test_descend__far_neighbors_pass_over_small_hills():
    def value(x):
        return float(abs(x[0] - 20) + 3 * (x[0] % 2))

    assert walk(GivenEvaluator(build_space(1, high=100), value), (101 - 1,), reach=0.32)[0] < 60


def test_descend__takes_few_evaluations_where_the_start_is_far():
    evaluator = GivenEvaluator(build_space(1, high=100_000), lambda x: float((x[0] - 40_000) ** 2))
    (level,) = walk(evaluator, (0,), reach=0.32)
    assert abs(level - 40_000) < 0.32 * 40_000
    assert len(evaluator.asked) < 300


def test_descend__hands_every_plan_on_the_way_to_the_watch():
    seen = []
    evaluator = GivenEvaluator(build_space(1), lambda x: float(abs(x[0] - 50)))
    assert walk(evaluator, (0,), watch=seen.append) == (50,)
    values = [one.value for one in seen]
    assert values[-1] == 0
    assert values == sorted(values, reverse=True)
