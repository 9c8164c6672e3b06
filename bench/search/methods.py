"""Ways to search for the best levels of a model, each until it has spent a budget of path-periods.

All estimate plans with the `Evaluator` of the project, on common random numbers, and begin with the plan that is best
on the fewest paths among those that the project's search begins with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import numpy as np

from jitrisk.arguments import build_backend, parse_draws
from jitrisk.model import Network
from jitrisk.risk.objective import parse_objective
from jitrisk.studies.optimize import INDIFFERENCE
from jitrisk.studies.search.decisions import build_space
from jitrisk.studies.search.descent import find_best
from jitrisk.studies.search.evaluation import FIRST_PATH, Estimate, Evaluator, Limits, SearchEnded
from jitrisk.studies.search.neighborhood import Neighborhood
from jitrisk.studies.search.plan import Plan
from jitrisk.studies.search.search import FEWEST_PATHS, MOST_PATHS, Search
from jitrisk.studies.search.starts import list_starts

FACTOR = 4.0
"""Random search draws levels from a quarter of those at the start to four times as much."""

GROWTH = 4
"""Where a method has converged, it goes on with this many times the paths."""

_BATCH = 24  # plans drawn at a time
_FIRST_REACH, _LATER_REACHES = 0.32, 2  # of a level: the first steps of the coordinate search; how many with more paths
_SPREAD = 0.3  # of a level: the standard deviation with which CMA-ES begins
_HIGHEST = 100.0  # times a level: the upper bound of CMA-ES
_MOST_IDLE = 50  # generations in a row without a new plan, after which CMA-ES has converged
_ROUNDS = 4  # plans whose neighbors the rest of the budget has to allow for where paths grow
_SEEDS = 1_000  # between the seeds of two trials


def build_evaluator(network: Network, seed: int, budget: int | None) -> Evaluator:
    """Return what estimates the mean cost of plans; it ends the search when the budget is spent."""
    space = build_space(network, None, None)
    draws = parse_draws(network, space.build_networks([space.start]).values(), 1, seed)
    return Evaluator(space, draws, build_backend(None), parse_objective("cost.mean"), (), Limits(budget=budget))


@dataclass(eq=False)
class Trial:
    """One search by a method.

    Attributes
    ----------
    evaluator : estimates plans and counts path-periods.
    seed : seed of what the method itself draws.
    paths : how many paths every plan is estimated on.
    best : the best plan so far on these paths.
    """

    evaluator: Evaluator
    seed: int
    paths: int = FEWEST_PATHS
    best: Estimate | None = None

    def begin(self) -> Plan:
        """Return the plan that all methods begin with."""
        starts = list_starts(self.evaluator.space, self.evaluator.space.start.choices)
        return min(self.estimate(starts), key=lambda one: one.rank).plan

    def estimate(self, plans: Sequence[Plan]) -> list[Estimate]:
        """Return the estimates of some plans.

        Raises
        ------
        SearchEnded
            Where the budget is spent.
        """
        found = self.evaluator.evaluate(plans, range(FIRST_PATH, FIRST_PATH + self.paths))
        self.best = find_best(found, [self.best] if self.best and len(self.best.scores) == self.paths else [])
        return found

    def grow(self) -> None:
        """Take more paths for what follows, where a method has converged on those so far.

        Raises
        ------
        SearchEnded
            Where the budget does not allow for the neighbors of a few plans on more paths, or paths are as many as the
            project's search takes at most.
        """
        limits, levels = self.evaluator.limits, len(self.evaluator.space.levels)
        most = float(MOST_PATHS)
        if limits.budget is not None:
            left = limits.budget - limits.path_periods
            most = min(most, left / self.evaluator.draws.horizon.periods / (2 * levels + 1) / _ROUNDS)
        paths = int(min(GROWTH * self.paths, most))
        if paths <= self.paths:
            raise SearchEnded("budget")
        self.paths = paths

    def snap(self, places: Sequence[float]) -> Plan:
        """Return the plan of the lattice that is nearest to some places."""
        levels = self.evaluator.space.levels
        return Plan(tuple(one.snap(float(place)) for one, place in zip(levels, places, strict=True)))


Method = Callable[[Trial], None]


def search_project(trial: Trial) -> None:
    """The project's search, as `jitrisk optimize` runs it; it selects the number of paths itself."""
    found = Search(trial.evaluator, INDIFFERENCE, trial.evaluator.period).run()
    trial.best = found.best


def search_randomly(trial: Trial) -> None:
    """Plans whose levels are drawn around those at the start, log-uniformly, from a quarter to four times as much."""
    start, random = trial.begin(), np.random.default_rng(trial.seed)
    trial.estimate([start])
    while True:
        factors = np.exp(random.uniform(-math.log(FACTOR), math.log(FACTOR), (_BATCH, len(start.levels))))
        trial.estimate([trial.snap(np.array(start.levels) * one) for one in factors])


def search_by_coordinates(trial: Trial) -> None:
    """Steps of one level after the other, halved after a round without gain; then the same with more paths."""
    start = trial.begin()
    for stage in count():
        (best,) = trial.estimate([start])
        for reach in list(_list_reaches(start))[-_LATER_REACHES * bool(stage) :]:
            best = _descend_by_coordinates(trial, best, reach)
        start = best.plan
        trial.grow()


def _list_reaches(start: Plan) -> Iterator[float]:
    """Yield the lengths of steps as shares of a level, halved until all are as short as there are; 0 is the last."""
    reach = _FIRST_REACH
    while reach * max(start.levels) >= 1:
        yield reach
        reach /= 2
    yield 0.0


def _descend_by_coordinates(trial: Trial, best: Estimate, reach: float) -> Estimate:
    """Return the plan from which no step of one level gains."""
    around = Neighborhood(trial.evaluator.space, reach)
    is_gaining = True
    while is_gaining:
        is_gaining = False
        for index in range(len(best.plan.levels)):
            found = find_best(trial.estimate([around.step(best.plan, index, toward) for toward in (-1, 1)]))
            assert found is not None
            if found.value < best.value:
                best, is_gaining = found, True
    return best


def search_with_cma(trial: Trial) -> None:
    """CMA-ES with integer variables, in steps of the lattice; where it has converged, anew with more paths.

    A variable is a level in the nearest steps that it has at the start: cards, or about hundredths of a level.
    """
    import cma  # only this method needs the package

    best, levels = trial.begin(), trial.evaluator.space.levels
    units = np.array([one.compute_resolution(place) for one, place in zip(levels, best.levels, strict=True)])
    lowest = np.ceil(np.array([one.low for one in levels]) / units)
    for stage in count():
        trial.estimate([best])
        center = np.array(best.levels) / units
        options = {
            "CMA_stds": np.maximum(1.0, _SPREAD / GROWTH**stage * center),
            "bounds": [lowest, np.ceil(_HIGHEST * center)],
            "integer_variables": list(range(len(levels))),
            "seed": trial.seed * _SEEDS + stage + 1,
            **{"maxfevals": math.inf, "verbose": -9},
        }
        strategy = cma.CMAEvolutionStrategy(center, 1.0, options)
        idle, spent = 0, trial.evaluator.limits.plans
        while not strategy.stop() and idle < _MOST_IDLE:
            asked = strategy.ask()
            found = trial.estimate([trial.snap(one * units) for one in asked])
            strategy.tell(asked, [one.value for one in found])
            idle, spent = 0 if trial.evaluator.limits.plans > spent else idle + 1, trial.evaluator.limits.plans
        assert trial.best is not None
        best = trial.best.plan
        trial.grow()


METHODS: dict[str, Method] = {
    "random search": search_randomly,
    "coordinate search": search_by_coordinates,
    "pycma": search_with_cma,
}
"""The other methods by name."""


def find_plan(network: Network, method: Method, seed: int, budget: int | None) -> Trial:
    """Return what a method found for a model.

    Parameters
    ----------
    network : the model.
    method : the method.
    seed : seed of the paths and of what the method draws.
    budget : path-periods after which it ends; None where the method ends by itself.
    """
    trial = Trial(build_evaluator(network, seed, budget), seed)
    with suppress(SearchEnded):
        method(trial)
    assert trial.best is not None
    return trial
