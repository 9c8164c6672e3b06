"""Plans estimated on common random numbers: batches of strategies on the same paths, one score per path and plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from jitrisk.arguments import Draws
from jitrisk.datasets.hazards import build_mixture_coords
from jitrisk.errors import JitriskError
from jitrisk.lower import lower_all
from jitrisk.model import Network
from jitrisk.risk.design import Design, read_design
from jitrisk.risk.inputs import Array, ReadOutcome
from jitrisk.risk.metrics import MetricFormulas, compute_metrics
from jitrisk.risk.objective import Constraint, Objective, compute_measured_years, compute_violation, require_metrics
from jitrisk.run import engine
from jitrisk.run.backends import Backend
from jitrisk.run.job import Job
from jitrisk.run.kept import KeptMetrics
from jitrisk.run.totals import Totals
from jitrisk.studies.keeping import build_formulas
from jitrisk.studies.search.decisions import DecisionSpace
from jitrisk.studies.search.plan import Plan

FIRST_PATH = 2**40
"""Number of the first path that a search uses; those below are left to the comparison of what it found."""

STOCK = "stock"
"""What stands for the stock of a plan beside its metrics."""

MARGIN = 1.645
"""Standard errors by which an estimate meets a constraint, so that one in twenty that seem to meet it do not."""

_MOST_STAGES = 8_000  # of all plans of a batch: their memory, for every worker
_MOST_KEPT = 30_000_000  # scores that are remembered


class SearchEnded(Exception):  # noqa: N818  (no error: the search ends and its best plan stands)
    """The search is to end, with the reason: ``"time"``, ``"budget"`` or ``"interrupted"``."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """What some paths say of a plan.

    Attributes
    ----------
    plan : the plan.
    scores : the objective, one score per path.
    value : the objective.
    violation : by how much constraints may be missed, 0 where all are met with a margin for the luck of the paths.
    missed : by how much constraints are missed without that margin.
    constraints : the statistic of every constraint, and its standard error.
    stock : mean working capital, or mean units in stock and in process where nothing has a value.
    """

    plan: Plan
    scores: Array
    value: float
    violation: float
    missed: float
    constraints: tuple[tuple[float, float], ...]
    stock: float

    @property
    def rank(self) -> tuple[float, float]:
        """What plans are sorted by: first the constraints that are missed, then the objective."""
        return self.violation, self.value


@dataclass
class Limits:
    """When a search ends before it has converged, and what it has spent.

    Attributes
    ----------
    deadline : time of the monotonic clock; None for none.
    budget : path-periods; None for no limit.
    is_stopped : asked before every batch.
    report : called after every batch with what was spent.
    path_periods, plans : what was spent, and how many plans were estimated.
    """

    deadline: float | None = None
    budget: int | None = None
    is_stopped: Callable[[], bool] = lambda: False
    report: Callable[[Limits], None] = lambda _: None
    path_periods: int = 0
    plans: int = 0

    def require_more(self) -> None:
        """Raise SearchEnded where the search is to end."""
        if self.is_stopped():
            raise SearchEnded("interrupted")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise SearchEnded("time")
        if self.budget is not None and self.path_periods >= self.budget:
            raise SearchEnded("budget")

    def spend(self, plans: int, paths: int, periods: int) -> None:
        """Count a batch."""
        self.plans += plans
        self.path_periods += plans * paths * periods
        self.report(self)


@dataclass(eq=False)
class Evaluator:
    """Estimates of plans on the same paths.

    Attributes
    ----------
    space : what may vary.
    draws : the seed, the horizon and the mixture of rare hazards of the paths.
    backend : what runs the simulations.
    objective, constraints : what plans are judged by.
    limits : when to end.
    """

    space: DecisionSpace
    draws: Draws
    backend: Backend
    objective: Objective
    constraints: tuple[Constraint, ...] = ()
    limits: Limits = field(default_factory=Limits)
    _known: dict[tuple[Plan, range], Estimate] = field(default_factory=dict)
    _kept: int = 0

    def evaluate(self, plans: Iterable[Plan], paths: range) -> list[Estimate]:
        """Return the estimate of every plan on some paths; those that are known already are not simulated again.

        Raises
        ------
        SearchEnded
            Where the search is to end.
        """
        plans = list(plans)
        unknown = [plan for plan in dict.fromkeys(plans) if (plan, paths) not in self._known]
        # The same for any number of workers: a search that ends early ends between two batches.
        size = max(1, _MOST_STAGES // len(self.space.network.stages))
        for start in range(0, len(unknown), size):
            self.limits.require_more()
            batch = unknown[start : start + size]
            self._remember(batch, paths, self._simulate(batch, paths))
        return [self._known[plan, paths] for plan in plans]

    def _remember(self, plans: Sequence[Plan], paths: range, estimates: Iterable[Estimate]) -> None:
        self._known |= {(plan, paths): estimate for plan, estimate in zip(plans, estimates, strict=True)}
        self._kept += len(plans) * len(paths) * (1 + len(self.constraints))
        self.limits.spend(len(plans), len(paths), self.draws.horizon.periods)

    def forget(self) -> None:
        """Forget the estimates, where they take much memory."""
        if self._kept > _MOST_KEPT:
            self._known.clear()
            self._kept = 0

    def _simulate(self, plans: Sequence[Plan], paths: range) -> list[Estimate]:
        networks = self.space.build_networks(plans)
        metrics, design, years = simulate_metrics(self, networks, paths)
        return [
            self._estimate(plan, {name: rows[i] for name, rows in metrics.items()}, design, years)
            for i, plan in enumerate(plans)
        ]

    def _estimate(self, plan: Plan, metrics: dict[str, Array], design: Design, years: float) -> Estimate:
        scores = np.ascontiguousarray(self.objective.compute_scores(metrics, design))
        found, violation, missed = [], 0.0, 0.0
        for constraint in self.constraints:
            spread = design.spread(np.ascontiguousarray(constraint.compute_scores(metrics, design)))
            bound = constraint.convert_bound(years)
            violation += compute_violation(spread.mean, spread.standard_error, constraint, bound, MARGIN)
            missed += compute_violation(spread.mean, spread.standard_error, constraint, bound, 0.0)
            found.append((spread.mean, spread.standard_error))
        value, stock = (float(design.mean(one)) for one in (scores, metrics[STOCK]))
        return Estimate(plan, scores, value, violation, missed, tuple(found), stock)

    @property
    def path_size(self) -> int:
        """Stage-periods of one path of one plan."""
        return len(self.space.network.stages) * self.draws.horizon.periods

    @property
    def period(self) -> int:
        """Of how many consecutive paths a sample has to be a multiple, for strata of the right size."""
        mixture = self.draws.mixture
        return 1 if mixture is None else mixture.period

    def list_metrics(self) -> list[str]:
        """Return what is kept of every path: the metrics of the objective and the constraints, and the stock."""
        constrained = (one.estimand.metric for one in self.constraints)
        return list(dict.fromkeys([*self.objective.metrics, *constrained, STOCK]))

    def build_job(self, networks: dict[str, Network], paths: range) -> Job:
        """Return the job of some networks on some paths."""
        return replace(self.draws, paths=paths).build_job(lower_all(networks))

    def read_design(self, paths: range) -> Design:
        """Return how some paths are drawn."""
        coords = build_mixture_coords(self.build_job({}, paths))
        attrs = {"rare": ""} if coords else {}
        return read_design(xr.Dataset({}, {"path": np.arange(len(paths)), **coords}, attrs))


def simulate_metrics(
    evaluator: Evaluator, networks: dict[str, Network], paths: range
) -> tuple[dict[str, Array], Design, float]:
    """Return the metrics of networks on some paths by name, ``[strategy, path]``, their design, and measured years."""
    job = evaluator.build_job(networks, paths)
    formulas = build_formulas(evaluator.space.network, networks, job)
    kept = _keep_metrics(job, formulas, evaluator.list_metrics(), has_values(networks))
    engine.run_blocks(job, kept, evaluator.backend)
    found = [name for name in kept.list_found() if name != STOCK]
    require_metrics(found, evaluator.objective, evaluator.constraints)
    years = compute_measured_years(job.horizon.counted, evaluator.space.network.period)
    _require_finite(kept.arrays)
    return kept.arrays, evaluator.read_design(paths), years


def _keep_metrics(job: Job, formulas: MetricFormulas, names: Sequence[str], is_valued: bool) -> KeptMetrics:
    def compute(block: Totals) -> dict[str, Array]:
        found = compute_metrics(formulas, block.read, block.paths)
        return {**found, STOCK: found["working_capital"] if is_valued else count_units(block.read)}

    return KeptMetrics(job, names, compute)


def has_values(networks: Mapping[str, Network]) -> bool:
    """Return whether units have a value in some network, so that working capital says how much stock there is."""
    return any(stage.value > 0 for network in networks.values() for stage in network.stages.values())


def count_units(read: ReadOutcome) -> Array:
    """Return the mean units in stock and in process of every path, ``[strategy, path]``."""
    units: Array = (read("on_hand") + read("wip")).sum(axis=1, dtype=np.float64)
    return units


def _require_finite(metrics: dict[str, Array]) -> None:
    for name, rows in metrics.items():
        if not np.isfinite(rows).all():
            raise JitriskError(f"{name} is not finite on every path: plans cannot be compared by it")
