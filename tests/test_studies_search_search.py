"""A search on functions whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest
from searches import GivenEvaluator, build_space

from jitrisk.studies.search import screening, search
from jitrisk.studies.search.evaluation import Limits
from jitrisk.studies.search.plan import Plan
from jitrisk.studies.search.search import FEWEST_PATHS, FIRST_PATH, MOST_PATHS, Search

TARGET = np.array([12, 37])


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    space = type(build_space(1))
    monkeypatch.setattr(space, "build_networks", lambda self, plans: {})
    monkeypatch.setattr(screening, "compute_path_evidence", lambda evaluator, plan: float("inf"))
    monkeypatch.setattr(search, "list_starts", lambda space, choices: [Plan((0, 0)), Plan((60, 5)), Plan((5, 60))])


def run(value=None, **more):
    evaluator = GivenEvaluator(build_space(2, high=99), value or quadratic, **more)
    return Search(evaluator, 0.005).run(), evaluator


def quadratic(levels):
    return float(100 + ((levels - TARGET) ** 2).sum())


def test_run__finds_the_minimum_and_says_so():
    found, _ = run()
    assert found.best.plan == Plan((12, 37))
    assert found.stopped == "converged"
    assert found.screening.chosen.plan == found.best.plan
    assert found.screening.probability >= 0.95


@pytest.mark.parametrize("seed", range(3))
def test_run__noise_leaves_it_near_the_minimum(seed):
    found, evaluator = run(noise=3.0, seed=seed)
    assert found.stopped in ("converged", "paths")
    assert quadratic(np.array(found.best.plan.levels)) <= 101
    assert all(paths.start >= FIRST_PATH for _, paths in evaluator.asked)
    assert max(len(paths) for _, paths in evaluator.asked) <= MOST_PATHS
    assert min(len(paths) for _, paths in evaluator.asked) >= FEWEST_PATHS


def test_run__the_test_at_the_end_has_paths_that_no_plan_was_chosen_by():
    found, evaluator = run(noise=3.0)
    tested = {paths for _, paths in evaluator.asked if paths.start >= 2 * FIRST_PATH}
    searched = {paths for _, paths in evaluator.asked if paths.start < 2 * FIRST_PATH}
    assert tested
    assert max(paths.stop for paths in searched) <= min(paths.start for paths in tested)
    assert len(found.screening.chosen.scores) == found.screening.paths


def test_run__a_constraint_that_nothing_meets_ends_it_unmet():
    found, _ = run(violation=lambda levels: float(1 + abs(levels[0] - 3)))
    assert found.stopped == "unmet"
    assert found.best.plan.levels[0] == 3


def test_run__a_constraint_is_met_at_the_least_cost():
    found, _ = run(violation=lambda levels: float(max(50 - levels[0], 0)))
    assert found.stopped == "converged"
    assert found.best.plan == Plan((50, 37))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_run__a_budget_ends_it_with_the_best_plan_so_far(share):
    whole, evaluator = run()
    budget = int(share * evaluator.limits.path_periods)
    found, _ = run(limits=Limits(budget=budget))
    assert found.stopped == "budget"
    assert found.best.value <= min(quadratic(np.array(levels)) for levels in ((0, 0), (60, 5), (5, 60)))
    assert found.best.value >= whole.best.value
    spent = [step.path_periods for step in found.steps]
    assert spent == sorted(spent)
    assert spent[-1] <= budget + FEWEST_PATHS * 100


def test_run__steps_of_one_sample_only_get_better():
    found, _ = run()
    for paths in {step.paths for step in found.steps}:
        values = [step.best.value for step in found.steps if step.paths == paths]
        assert values == sorted(values, reverse=True)
