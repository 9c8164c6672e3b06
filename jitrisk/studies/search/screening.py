"""Plans told apart on fresh paths: which are better than the chosen one, which worse, and which cannot be told from it.

The paths are others than those on which the plan was chosen, so that its figures are not flattered. In every look the
paths are doubled, and plans that are worse beyond doubt are left behind, as in the sequential selection of Kim & Nelson
(2001, ACM Transactions on Modeling and Computer Simulation 11); the allowance for many plans and looks is Bonferroni's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.special import ndtr, ndtri

from jitrisk.datasets.hazards import build_evidence_arrays
from jitrisk.risk.design import Design
from jitrisk.risk.evidence import FEWEST
from jitrisk.risk.intervals import CONFIDENCE, Spread
from jitrisk.risk.objective_estimates import compute_mean_interval
from jitrisk.studies.search.evaluation import Estimate, Evaluator
from jitrisk.studies.search.plan import Plan


@dataclass(frozen=True)
class Contender:
    """A plan beside the chosen one, on the same paths.

    Attributes
    ----------
    estimate : what the paths say of it.
    difference : the spread of its scores less those of the chosen plan.
    lower, upper : the 95 % interval of the difference; NaN where the paths cannot show it.
    paths : how many paths it was compared on.
    """

    estimate: Estimate
    difference: Spread
    lower: float
    upper: float
    paths: int

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.estimate.plan

    def compute_probability_better(self, amount: float) -> float:
        """Return the probability that it is better than the chosen plan by more than an amount.

        The probability is that of a normal difference whose prior is flat.
        """
        error = self.difference.standard_error
        if error == 0:
            return float(self.difference.mean < -amount)
        return float(ndtr((-amount - self.difference.mean) / error))


@dataclass(frozen=True)
class Screening:
    """What fresh paths say of plans.

    Attributes
    ----------
    chosen : the estimate of the chosen plan.
    contenders : the others, in the order in which they were handed in.
    probability : probability that no neighbor is better by more than the indifference; NaN where it is not known.
    indifference : that amount, in the unit of the objective.
    paths : how many paths the last look had.
    confidence_each : confidence of one interval, such that all of them hold with 95 %.
    """

    chosen: Estimate
    contenders: tuple[Contender, ...]
    probability: float
    indifference: float
    paths: int
    confidence_each: float

    def find_better(self) -> Contender | None:
        """Return the best of the plans that are better beyond doubt, None where there is none.

        A plan is better that misses constraints by less where the chosen one misses some, or that meets them with as
        much of a margin and has a better objective.
        """
        if self.chosen.missed > 0:
            nearer = [one for one in self.contenders if one.estimate.missed < self.chosen.missed]
            if nearer:
                return min(nearer, key=lambda one: (one.estimate.missed, one.estimate.value))
        reach = self._reach
        found = [
            one
            for one in self.contenders
            if one.estimate.violation <= self.chosen.violation
            and one.difference.mean + reach * one.difference.standard_error < 0
        ]
        return min(found, key=lambda one: one.difference.mean, default=None)

    @property
    def _reach(self) -> float:
        """How many standard errors the intervals reach that hold together."""
        return -float(ndtri((1.0 - self.confidence_each) / 2.0))

    def list_tied(self) -> list[Contender]:
        """Return the plans that meet the constraints and cannot be told from the chosen one, the best first."""
        reach = self._reach
        tied = [
            one
            for one in self.contenders
            if one.estimate.missed <= self.chosen.missed
            and not one.difference.mean - reach * one.difference.standard_error > 0
        ]
        return sorted(tied, key=lambda one: one.difference.mean)


@dataclass(frozen=True)
class ScreeningTask:
    """What to compare.

    Attributes
    ----------
    chosen : the plan that was chosen.
    neighbors : its neighbors, which the probability is about.
    others : further plans that may be as good.
    first : number of the first path.
    paths : paths of the first look.
    most : paths of the last look at most.
    share : the indifference as a share of the objective.
    """

    chosen: Plan
    neighbors: Sequence[Plan]
    others: Sequence[Plan]
    first: int
    paths: int
    most: int
    share: float

    @property
    def looks(self) -> int:
        """How many times the plans are looked at, at most."""
        return 1 + max(0, math.ceil(math.log2(self.most / self.paths)))


def screen(evaluator: Evaluator, task: ScreeningTask) -> Screening:
    """Compare plans with a chosen one on fresh paths, until it is known whether a neighbor is better.

    Returns
    -------
    What the paths say; it ends early where some plan is better beyond doubt.

    Raises
    ------
    SearchEnded
        Where the search is to end.
    """
    plans = [plan for plan in dict.fromkeys([*task.neighbors, *task.others]) if plan != task.chosen]
    confidence = 1.0 - (1.0 - CONFIDENCE) / max(1, len(plans)) / task.looks
    evidence = compute_path_evidence(evaluator, task.chosen)
    known: dict[Plan, Contender] = {}
    paths, left = task.paths, plans
    while True:
        chosen, found = _compare(evaluator, task.chosen, left, range(task.first, task.first + paths), evidence)
        known |= {one.plan: one for one in found}
        amount = task.share * abs(chosen.value)
        probability = _compute_probability((known[plan] for plan in task.neighbors if plan in known), amount)
        if evidence * paths < FEWEST or chosen.missed > 0:
            probability = math.nan
        screening = Screening(chosen, tuple(known[p] for p in plans), probability, amount, paths, confidence)
        # A claim that may be made in any of several looks is to be wrong as seldom as one that is made once.
        is_sure = probability >= 1.0 - (1.0 - CONFIDENCE) / task.looks
        if is_sure or paths >= task.most or not left or screening.find_better() is not None:
            return screening
        # What cannot be told from the chosen plan, and what is not known to be worse by enough.
        doubtful = {one.plan for one in screening.list_tied()}
        neighbors = set(task.neighbors)
        each = (1.0 - CONFIDENCE) / max(1, 4 * len(neighbors))
        left = [
            plan
            for plan in left
            if plan in doubtful or (plan in neighbors and known[plan].compute_probability_better(amount) > each)
        ]
        paths = min(2 * paths, task.most)


def _compare(
    evaluator: Evaluator, chosen: Plan, plans: Sequence[Plan], paths: range, evidence: float
) -> tuple[Estimate, list[Contender]]:
    base, *others = evaluator.evaluate([chosen, *plans], paths)
    design = evaluator.read_design(paths)
    return base, [compare_plans(one, base, design, evidence * len(paths)) for one in others]


def compare_plans(one: Estimate, base: Estimate, design: Design, evidence: float) -> Contender:
    """Return a plan beside another on the same paths.

    Parameters
    ----------
    one, base : their estimates.
    design : how the paths were drawn.
    evidence : how many occurrences of the rarest hazard the paths are expected to show.
    """
    spread = design.spread(one.scores - base.scores)
    return Contender(one, spread, *compute_mean_interval(spread, evidence), design.paths)


def _compute_probability(neighbors: Iterable[Contender], amount: float) -> float:
    """Return a lower bound on the probability that no neighbor that meets the constraints is better by an amount."""
    better = (one.compute_probability_better(amount) for one in neighbors if one.estimate.violation == 0)
    return max(0.0, 1.0 - sum(better))


def compute_path_evidence(evaluator: Evaluator, plan: Plan) -> float:
    """Return how many occurrences of its rarest hazard a path of a plan is expected to show, inf where none is rare."""
    network = evaluator.space.build_networks([plan])
    job = evaluator.build_job(network, range(evaluator.draws.paths.start, evaluator.draws.paths.start + 1))
    found = build_evidence_arrays(job, list(evaluator.space.network.hazards))["evidence"]
    positive = found[found > 0]
    return float(positive.min()) if positive.size else math.inf
