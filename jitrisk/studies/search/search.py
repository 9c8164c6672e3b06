"""The search for the best plan: descents whose neighbors come nearer while paths grow in number, and a test at the end.

Each stage begins where the one before ended (retrospective approximation, Chen & Schmeiser 2001; Wang, Pasupathy &
Schmeiser 2013). Several options of the choices are followed side by side, and half of them are left behind per stage.
A plan ends the search where fresh paths show no neighbor that is better beyond doubt, and make one that is better by
more than the indifference improbable.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product

import numpy as np

from jitrisk._core import STRIPE
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE
from jitrisk.studies.search.descent import descend, find_best
from jitrisk.studies.search.evaluation import FIRST_PATH, Estimate, Evaluator, SearchEnded
from jitrisk.studies.search.neighborhood import Neighborhood, list_choice_changes
from jitrisk.studies.search.plan import Plan
from jitrisk.studies.search.screening import Contender, Screening, ScreeningTask, screen
from jitrisk.studies.search.starts import FEW_LEVELS, list_distant_plans, list_starts

REACHES = (0.32, 0.16, 0.08, 0.04, 0.02, 0.0)
"""Distances of neighbors, as shares of a level, stage by stage; the last one is the nearest that there are."""

FEWEST_PATHS, MOST_PATHS = STRIPE, 240 * STRIPE
"""Paths of the first stage, as few as the core runs at a time, and at most."""

_DONE = (0.0, 0.1, 0.2, 0.35, 0.5, 0.6, 0.75)  # shares of the work before the stages, and before the test
_GAIN = 0.02  # of the indifference: smaller improvements of a sample are not worth a step; larger ones at a distance
_LOSS = 0.25  # of the indifference: what the luck of the paths may cost
_LEAST_REACH = 0.08  # of neighbors whose curvature can be seen
_BOTH = 2
_MOST_EFFORT = 10_000_000_000  # stage-periods of one look at all neighbors
_GROWTH = 4  # paths of a stage, at most, as a multiple of those before
_MOST_COMBINATIONS = 16  # of choices that are all tried; from more, the search walks from one to the next
_STARTS = 2  # descents per combination, of few levels
_FEW_LEVELS = 10
_MOST_SCANS = 4
_MOST_CHANGES = 16  # of one choice that are followed at the end
_MOST_TIES = 24  # plans that may be as good and are compared at the end
_MOST_TESTS = 6
_SMALL = 0.1  # of the indifference
_FRESH = 2**36  # between the first paths of two tests


@dataclass(frozen=True)
class Step:
    """Where a search stood.

    Attributes
    ----------
    best : the best plan so far.
    paths : paths per plan.
    plans, path_periods : what the search had spent.
    """

    best: Estimate
    paths: int
    plans: int
    path_periods: int


@dataclass
class Found:
    """What a search found, also where it ended early.

    Attributes
    ----------
    best : the best plan, None where not one was estimated.
    screening : the last test of it on fresh paths, None where there was none.
    stopped : why the search ended: ``"converged"``, ``"paths"``, ``"undecided"``, ``"unmet"``, ``"time"``,
        ``"budget"`` or ``"interrupted"``.
    steps : where it stood after every descent.
    visited : the plans at which descents ended or that came near, the best first.
    """

    best: Estimate | None = None
    screening: Screening | None = None
    stopped: str = ""
    steps: list[Step] = field(default_factory=list)
    visited: dict[Plan, Estimate] = field(default_factory=dict)


@dataclass(eq=False)
class Search:
    """A search for the best plan.

    Attributes
    ----------
    evaluator : estimates plans.
    share : the indifference, as a share of the objective.
    period : of how many consecutive paths a sample has to be a multiple.
    found : what is known so far.
    share_done : about which share of the work is done.
    """

    evaluator: Evaluator
    share: float
    period: int = 1
    found: Found = field(default_factory=Found)
    share_done: float = 0.0

    def run(self) -> Found:
        """Search until a plan passes the test at the end, or the limits are reached."""
        try:
            self.found.stopped = self._search()
        except SearchEnded as ended:
            self.found.stopped = str(ended)
        return self.found

    def _search(self) -> str:
        paths = self._round(FEWEST_PATHS)
        rivals = self._descend_first(paths)
        for stage, reach in enumerate(REACHES[1:], 1):
            self.share_done = _DONE[stage]
            rivals = sorted(rivals, key=self._sort_rival)[: max(1, len(rivals) // 2)]
            paths = self._plan_paths(rivals[0], paths, reach)
            rivals = [self._descend(one.plan, paths, reach) for one in rivals]
        best = self._change_choices(rivals[0], paths)
        self.share_done = _DONE[-1]
        return self._confirm(best, paths)

    def _change_choices(self, best: Estimate, paths: int) -> Estimate:
        """Change one choice at a time, with levels found for it, as long as that gains.

        Options that were left behind on few paths get another chance, and what the other options cost is what they cost
        with levels of their own.
        """
        tried = {best.plan.choices}
        while True:
            changes = [plan for *_, plan in list_choice_changes(self.evaluator.space, best.plan)]
            fresh = [plan for plan in changes if plan.choices not in tried]
            starts = self.evaluator.evaluate(fresh, self._get_range(paths))
            ends = []
            for start in sorted(starts, key=lambda one: one.rank)[:_MOST_CHANGES]:
                tried.add(start.plan.choices)
                known = find_best(
                    [start, *self.evaluator.evaluate([self._find_levels(start.plan)], self._get_range(paths))]
                )
                assert known is not None
                ends.append(self._descend(self._descend(known.plan, paths, _LEAST_REACH).plan, paths, 0.0))
            better = find_best(ends)
            if better is None or better.rank >= best.rank:
                return best
            best = better

    def _sort_rival(self, one: Estimate) -> tuple[tuple[float, float], bool]:
        """Return what rivals are sorted by: of two that are alike, the one that changes nothing is first."""
        return one.rank, one.plan.choices != self.evaluator.space.start.choices

    def _descend_first(self, paths: int) -> list[Estimate]:
        """Return the local optima of the first stage, one per combination of choices that is tried."""
        space, reach = self.evaluator.space, REACHES[0]
        combinations = list(self._list_combinations())
        rivals: dict[tuple[int, ...], Estimate] = {}
        for choices in combinations:
            rivals[choices] = self._descend_from_starts(list_starts(space, choices), paths, reach)
        while self._is_walk:
            best = min(rivals.values(), key=lambda one: one.rank)
            fresh = [plan for *_, plan in list_choice_changes(space, best.plan) if plan.choices not in rivals]
            if not fresh:
                break
            for plan in fresh:
                rivals[plan.choices] = self._descend(plan, paths, reach)
            if min(rivals.values(), key=lambda one: one.rank) is best:
                break
        return list(rivals.values())

    @property
    def _is_walk(self) -> bool:
        return math.prod(len(one.options) for one in self.evaluator.space.choices) > _MOST_COMBINATIONS

    def _list_combinations(self) -> Iterator[tuple[int, ...]]:
        """Yield the options of choices to begin with: all combinations, or the first options where these are many."""
        space = self.evaluator.space
        options = [range(len(one.options)) for one in space.choices]
        every = [space.start.choices] if self._is_walk else list(product(*options))
        return (choices for choices in every if space.is_allowed(Plan(space.start.levels, choices)))

    def _descend_from_starts(self, starts: Sequence[Plan], paths: int, reach: float) -> Estimate:
        estimates = sorted(self.evaluator.evaluate(starts, self._get_range(paths)), key=lambda one: one.rank)
        self._note(estimates[0], paths)
        most = _STARTS if len(self.evaluator.space.levels) <= FEW_LEVELS else 1
        ends = [self._descend(one.plan, paths, reach) for one in estimates[:most]]
        return self._scan(min(ends, key=lambda one: one.rank), paths, reach)

    def _scan(self, best: Estimate, paths: int, reach: float) -> Estimate:
        """Look at levels far from a local optimum, and go on from there where one is better, as long as that gains."""
        for _ in range(_MOST_SCANS):
            plans = list_distant_plans(self.evaluator.space, best.plan)
            far = find_best(self.evaluator.evaluate(plans, self._get_range(paths)))
            if far is None or far.rank >= best.rank:
                return best
            best = self._descend(far.plan, paths, reach)
        return best

    def _descend(self, plan: Plan, paths: int, reach: float) -> Estimate:
        sample = self._get_range(paths)
        (before,) = self.evaluator.evaluate([plan], sample)
        self._note(before, paths)
        gain = self._compute_gain(reach) * self.share * abs(before.value)
        found = descend(self.evaluator, plan, sample, reach, gain, partial(self._note, paths=paths))
        self._note(found, paths)
        return found

    def _compute_gain(self, reach: float) -> float:
        """Return what a step has to gain as a multiple of the indifference: more at a distance, and of many levels."""
        return max(_GAIN * max(1.0, len(self.evaluator.space.levels) / _FEW_LEVELS), reach / REACHES[0])

    def _note(self, estimate: Estimate, paths: int) -> None:
        """Remember a plan, as the best one where it is, or where it is known from more paths than that."""
        found, best = self.found, self.found.best
        found.visited[estimate.plan] = estimate
        known = 0 if best is None else len(best.scores)
        if best is None or paths > known or (paths == known and estimate.rank < best.rank):
            found.best = estimate
        assert found.best is not None
        limits = self.evaluator.limits
        found.steps.append(Step(found.best, paths, limits.plans, limits.path_periods))

    def _plan_paths(self, best: Estimate, paths: int, reach: float) -> int:
        """Return how many paths the next stage takes, so that their luck costs little of the indifference.

        The optimum of a sample lies beside the true one. With a slope known to a standard error s, and a curvature c,
        it costs ``s ** 2 / (2 c)`` more on average, for every level; both are those of neighbors at some distance,
        whose curvature is more than noise.
        """
        around = Neighborhood(self.evaluator.space, max(reach, _LEAST_REACH))
        moves = around.list_moves(best.plan)
        estimates = self.evaluator.evaluate([move.plan for move in moves], self._get_range(paths))
        pairs: dict[int, list[Array]] = {}
        for move, estimate in zip(moves, estimates, strict=True):
            pairs.setdefault(move.index, []).append(estimate.scores - best.scores)
        lost = sum(_estimate_loss(*both) for both in pairs.values() if len(both) == _BOTH)
        # Neighbors at a distance differ by more.
        allowed = _LOSS * self.share * abs(best.value) * max(1.0, reach / REACHES[-2])
        needed = paths * lost / allowed if allowed > 0 else paths
        least = _GROWTH * FEWEST_PATHS if reach == 0 else paths  # few paths hide what seldom happens
        grown = min(max(needed, paths, least), _GROWTH * paths, self._count_most_paths())
        return self._round(int(grown))

    def _count_most_paths(self) -> int:
        """Return how many paths the neighbors of a plan are simulated on at most, so that many levels end, too."""
        size = 2 * len(self.evaluator.space.levels) * self.evaluator.path_size
        return min(MOST_PATHS, max(_GROWTH * FEWEST_PATHS, _MOST_EFFORT // max(1, size)))

    def _round(self, paths: int) -> int:
        """Return a number of paths rounded up to what a sample has to be a multiple of."""
        return -(-paths // self.period) * self.period

    def _get_range(self, paths: int) -> range:
        return range(FIRST_PATH, FIRST_PATH + paths)

    def _confirm(self, best: Estimate, paths: int) -> str:
        """Test the plan on fresh paths, and go on from a better one where these show it."""
        for test in range(_MOST_TESTS):
            screening = self.found.screening = screen(self.evaluator, self._build_task(best, paths, test))
            better = screening.find_better()
            if better is None:
                return self._conclude(screening)
            if _is_small(screening, better):
                best = better.estimate  # so little that another descent does not pay
            else:
                paths = self._round(min(2 * paths, self._count_most_paths()))
                best = self._descend(better.plan, paths, 0.0)
            self.found.best = best
        self.found.screening = screen(self.evaluator, self._build_task(best, paths, _MOST_TESTS))
        return self._conclude(self.found.screening)

    def _conclude(self, screening: Screening) -> str:
        if screening.chosen.missed > 0:
            return "unmet"
        better = screening.find_better()
        if better is not None and not _is_small(screening, better):
            return "undecided"
        return "paths" if screening.paths >= MOST_PATHS and not screening.probability >= CONFIDENCE else "converged"

    def _build_task(self, best: Estimate, paths: int, test: int) -> ScreeningTask:
        space = self.evaluator.space
        neighbors = [move.plan for move in Neighborhood(space).list_moves(best.plan)]
        neighbors += [self._find_levels(plan) for *_, plan in list_choice_changes(space, best.plan)]
        near = sorted(self.found.visited.values(), key=_sort_known)
        others = [one.plan for one in near if one.plan != best.plan][:_MOST_TIES]
        first = 2 * FIRST_PATH + test * _FRESH
        most = MOST_PATHS // self.period * self.period
        return ScreeningTask(best.plan, neighbors, others, first, paths, most, self.share)

    def _find_levels(self, plan: Plan) -> Plan:
        """Return a plan with the best levels that are known for its choices."""
        same = [one for one in self.found.visited.values() if one.plan.choices == plan.choices]
        return min(same, key=_sort_known).plan if same else plan


def _is_small(screening: Screening, better: Contender) -> bool:
    """Return whether a plan is better by so little that it does not matter which of the two is chosen."""
    return screening.chosen.missed == 0 and better.difference.mean > -_SMALL * screening.indifference


def _sort_known(one: Estimate) -> tuple[int, tuple[float, float]]:
    """Return what plans of different samples are sorted by: what more paths show of them comes first."""
    return -len(one.scores), one.rank


def _estimate_loss(down: Array, up: Array) -> float:
    """Return what the luck of the paths costs on average in one level, from both differences of every path."""
    error = float(np.std((up - down) / 2)) / math.sqrt(len(up))
    curvature = float(np.mean(up + down))
    # Where the curvature is not seen, the level moves by one step at most.
    return min(error**2 / (2 * curvature), error) if curvature > 0 else error
