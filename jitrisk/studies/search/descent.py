"""From a plan to a local optimum of some paths: steps along a gradient of paired differences, then single steps.

On fixed paths the objective is a function of whole numbers without noise (sample average approximation). As R-SPLINE
does (Wang, Pasupathy & Schmeiser 2013, ACM Transactions on Modeling and Computer Simulation 23), a descent alternates a
search along a direction with an enumeration of the neighbors, and ends where none of these is better. Here the
direction follows from both neighbors of every level, whose differences are taken path by path, and so do its lengths:
a parabola through three points per level. All candidates of a step run as one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from jitrisk.risk.inputs import Array
from jitrisk.studies.search.evaluation import Estimate, Evaluator
from jitrisk.studies.search.neighborhood import Move, Neighborhood
from jitrisk.studies.search.plan import Plan

_LENGTHS = (0.125, 0.25, 0.5, 1.0, 2.0)  # of the step to the lowest point of all parabolas
_FARTHEST = 4.0  # steps of one level at once
_PRICES = tuple(4.0**k for k in range(-3, 4))  # of constraints, relative to what they cost level by level
_FEW, _FEWEST = 8, 6  # levels of which all pairs are tried, and all groups
_MEMORY = 10  # gradients that are remembered
_MOST_ROUNDS = 60
_BIG = 1e30


@dataclass(frozen=True)
class Response:
    """How the objective and the constraints respond to steps of single levels.

    Attributes
    ----------
    center : the estimate of the plan itself.
    moves : the steps, with their estimates.
    """

    center: Estimate
    moves: tuple[tuple[Move, Estimate], ...]

    def build_differences(self, size: int) -> tuple[Array, Array]:
        """Return what a step down and a step up of every level changes: of the objective, and of the violation.

        Returns
        -------
        Two arrays of shape (size, 2), NaN where there is no such step.
        """
        values, violations = np.full((size, 2), np.nan), np.full((size, 2), np.nan)
        for move, estimate in self.moves:
            side = int(move.toward > 0)
            values[move.index, side] = estimate.value - self.center.value
            violations[move.index, side] = estimate.violation - self.center.violation
        return values, violations


def descend(
    evaluator: Evaluator,
    start: Plan,
    paths: range,
    reach: float,
    gain: float,
    watch: Callable[[Estimate], None] = lambda _: None,
) -> Estimate:
    """Return the estimate of a local optimum on some paths.

    Parameters
    ----------
    evaluator : estimates plans.
    start : where to begin.
    paths : the paths, the same for all plans.
    reach : distance of neighbors as a share of a level; the nearest ones where it is 0.
    gain : what an improvement has to gain, in the unit of the objective; smaller ones are not worth a step.
    watch : called with every plan on the way.

    Raises
    ------
    SearchEnded
        Where the search is to end; the estimates so far are known to the evaluator.
    """
    around, curvature = Neighborhood(evaluator.space, reach), _Curvature()
    (best,) = evaluator.evaluate([start], paths)
    for _ in range(_MOST_ROUNDS):
        moves = around.list_moves(best.plan)
        estimates = evaluator.evaluate([move.plan for move in moves], paths)
        response = Response(best, tuple(zip(moves, estimates, strict=True)))
        candidates = list(_propose(around, response, curvature))
        found = find_best(evaluator.evaluate(candidates, paths), estimates)
        if not is_better(found, best, gain) and (reach == 0 or len(moves) <= 2 * _FEW):
            found = find_best(evaluator.evaluate(_list_joint_moves(around, response), paths))
        if not is_better(found, best, gain):
            return best
        assert found is not None
        best = found
        watch(best)
        evaluator.forget()
    return best


def find_best(*groups: Sequence[Estimate]) -> Estimate | None:
    """Return the best of some estimates, None where there is none."""
    return min((one for group in groups for one in group), key=lambda one: one.rank, default=None)


def is_better(one: Estimate | None, other: Estimate, gain: float) -> bool:
    """Return whether a plan misses constraints by less than another, or as much and is better by some gain."""
    if one is None:
        return False
    if one.violation != other.violation:
        return one.violation < other.violation
    return one.value < other.value - gain


class _Curvature:
    """What the gradients on the way say of how levels act together: the inverse Hessian of limited memory.

    The two-loop recursion of Nocedal (1980, Mathematics of Computation 35), which begins with the parabola of each
    level. Levels of one line act together, so that steps of single levels alone come near the optimum slowly.
    """

    def __init__(self) -> None:
        self._pairs: list[tuple[Array, Array]] = []
        self._last: tuple[Array, Array] | None = None

    def note(self, places: Array, gradient: Array) -> None:
        """Note the gradient at a plan; a change along which it does not grow says nothing."""
        if self._last is not None:
            moved, grown = places - self._last[0], gradient - self._last[1]
            if float(moved @ grown) > 0:
                self._pairs = [*self._pairs[1 - _MEMORY :], (moved, grown)]
        self._last = (places, gradient)

    def compute_step(self, gradient: Array, scale: Array) -> Array:
        """Return the step to the lowest point of the quadratic function that the gradients are those of.

        Parameters
        ----------
        gradient : at the plan, per place of each level.
        scale : inverse of the curvature of each level by itself.
        """
        direction, weights = gradient.copy(), []
        for moved, grown in reversed(self._pairs):
            weights.append(float(moved @ direction) / float(moved @ grown))
            direction -= weights[-1] * grown
        direction = scale * direction
        for (moved, grown), weight in zip(self._pairs, reversed(weights), strict=True):
            direction += moved * (weight - float(grown @ direction) / float(moved @ grown))
        return -direction


def _propose(around: Neighborhood, response: Response, curvature: _Curvature) -> Iterator[Plan]:
    """Yield plans that several levels together are moved to: along the gradient, and the best steps together."""
    plan, levels = response.center.plan, around.space.levels
    values, violations = response.build_differences(len(levels))
    strides = np.array([abs(levels[i].move(p, 1, around.reach) - p) or 1 for i, p in enumerate(plan.levels)], float)
    seen = {plan}
    for price in _list_prices(values, violations):
        priced = values + price * np.nan_to_num(violations)
        steps = [_find_lowest_points(priced) * strides]
        if price == 0:
            steps.append(_bound_steps(_find_joint_step(plan, priced, strides, curvature), priced, strides))
        for moved in (one for step in steps for one in _list_moved(around, plan, step)):
            if moved not in seen:
                seen.add(moved)
                yield moved


def _find_joint_step(plan: Plan, differences: Array, strides: Array, curvature: _Curvature) -> Array:
    """Return the step of all levels together, in places, from this gradient and those before."""
    down, up = differences.T
    both = np.isfinite(up) & np.isfinite(down)
    slope = np.where(both, 0.5, 1.0) * (np.nan_to_num(up) - np.nan_to_num(down))
    bend = np.nan_to_num(up + down)
    gradient = slope / strides
    usual = float(np.median(bend[bend > 0])) if (bend > 0).any() else 1.0
    curvature.note(np.array(plan.levels, dtype=np.float64), gradient)
    return curvature.compute_step(gradient, strides**2 / np.where(bend > 0, bend, usual))


def _bound_steps(steps: Array, differences: Array, strides: Array) -> Array:
    """Return steps that are not too far, and none toward where there is no neighbor."""
    down, up = np.isfinite(differences).T
    steps = np.where(up, steps, np.minimum(steps, 0.0))
    steps = np.where(down, steps, np.maximum(steps, 0.0))
    farthest: Array = _FARTHEST * strides
    return np.clip(steps, -farthest, farthest)


def _list_prices(values: Array, violations: Array) -> list[float]:
    """Return prices of the violation to try; 0 alone where no step changes it."""
    changing = np.nan_to_num(violations) != 0
    if not changing.any():
        return [0.0]
    usual = float(np.median(np.abs(values[changing] / violations[changing]))) or 1.0
    return [0.0, *(factor * usual for factor in _PRICES), _BIG]


def _find_lowest_points(differences: Array) -> Array:
    """Return for every level the lowest point of the parabola through its two neighbors and 0, in steps.

    Parameters
    ----------
    differences : changes by a step down and a step up, shape (levels, 2), NaN where there is no such step.
    """
    down, up = differences.T
    known_down, known_up = np.isfinite(down), np.isfinite(up)
    # Where a level is at a bound, the parabola is a line: one step, if it gains.
    slope = np.where(known_down & known_up, (up - down) / 2, np.where(known_up, up, np.where(known_down, -down, 0.0)))
    curvature = np.where(known_down & known_up, up + down, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(curvature > 0, -slope / curvature, -2.0 * np.sign(slope))
    return _bound_steps(steps, differences, np.ones(steps.size))


def _list_moved(around: Neighborhood, plan: Plan, steps: Array) -> Iterator[Plan]:
    """Yield allowed plans along a direction, and along the parts of it that move farthest."""
    order = np.argsort(-np.abs(steps), kind="stable")
    size = int(np.count_nonzero(steps))
    parts = sorted({size, *(size // 2**k for k in range(1, 8))} - {0}, reverse=True)
    for count in parts:
        kept = np.zeros_like(steps)
        kept[order[:count]] = steps[order[:count]]
        for length in _LENGTHS if count == size else (1.0,):
            moved = _move(around, plan, length * kept)
            if around.space.is_allowed(moved):
                yield moved


def _move(around: Neighborhood, plan: Plan, steps: Array) -> Plan:
    places = tuple(
        decision.snap(place + step) if step else place
        for decision, place, step in zip(around.space.levels, plan.levels, steps.tolist(), strict=True)
    )
    return Plan(places, plan.choices)


def _list_joint_moves(around: Neighborhood, response: Response) -> list[Plan]:
    """Return plans with several levels moved by one step: in pairs, and in groups up or down together.

    Where levels are few, all pairs and all groups: a function that is L-natural-convex has its minimum where no group
    gains (Murota 2003, Discrete Convex Analysis, theorem 7.14). Otherwise the most promising pairs, and groups that
    follow the flow of material.
    """
    moves = [move for move, _ in response.moves]
    levels = sorted({move.index for move in moves})
    groups = _list_subsets(levels) if len(levels) <= _FEWEST else around.space.lines
    plan = response.center.plan
    plans = [
        _list_pair_plans(around, response),
        *([_shift(around, plan, group, sign)] for group in groups for sign in (1, -1)),
    ]
    return [one for group in plans for one in group if one is not None and one != plan]


def _list_subsets(levels: Sequence[int]) -> list[tuple[int, ...]]:
    """Return all groups of at least two levels."""
    return [group for size in range(2, len(levels) + 1) for group in combinations(levels, size)]


def _shift(around: Neighborhood, plan: Plan, group: Sequence[int], toward: int) -> Plan | None:
    """Return a plan with a group of levels moved one step up or down, None where that is not allowed."""
    for index in group:
        plan = around.step(plan, index, toward)
    return plan if around.space.is_allowed(plan) else None


def _list_pair_plans(around: Neighborhood, response: Response) -> list[Plan | None]:
    """Return plans with two levels moved: all of them where levels are few, otherwise the most promising.

    What a pair gains is predicted as the sum of what its steps gain; a step that misses a constraint and one that
    regains it may gain together what neither gains alone.
    """
    moves = [move for move, _ in response.moves]
    gains = np.array([one.value - response.center.value for _, one in response.moves])
    missed = np.array([one.violation - response.center.violation for _, one in response.moves])
    scale = float(np.abs(gains).max(initial=0.0)) or 1.0
    pairs = []
    for one, other in combinations(range(len(moves)), 2):
        if moves[one].index != moves[other].index:
            cost = gains[one] + gains[other] + scale * 1e3 * max(missed[one] + missed[other], 0.0)
            pairs.append((cost, one, other))
    most = len(pairs) if len({move.index for move in moves}) <= _FEW else len(moves) // 2
    chosen = sorted(pairs)[:most]
    return [around.combine(response.center.plan, [moves[one], moves[other]]) for _, one, other in chosen]
