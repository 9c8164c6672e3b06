"""Paths until an estimate is as precise as asked: simulate, assess the width of its interval, add paths."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import xarray as xr

from jitrisk.arguments import (
    Source,
    build_backend,
    load_network,
    parse_draws,
    parse_outcomes,
    parse_strategies,
    parse_whole_number,
)
from jitrisk.errors import JitriskError, ResultError
from jitrisk.lower import lower_all
from jitrisk.report import render_precision_line
from jitrisk.risk import parse_precision_target
from jitrisk.risk.precision_target import PrecisionTarget, assess_precision
from jitrisk.run import engine
from jitrisk.run.backends import Backend
from jitrisk.run.job import Job, Progress
from jitrisk.run.memory import count_fitting_paths
from jitrisk.sampling.rare import Mixture
from jitrisk.studies.keeping import Keeping

FIRST = 10_000
"""Paths before the first assessment: an interval of a tail from fewer is not reliable."""

MOST = 10_000_000
"""Paths at most, unless asked otherwise."""

_LEAST_STEP, _LARGEST_STEP = 1.1, 10.0  # factors on the number of paths, from one assessment to the next
_MARGIN = 1.02  # plan a little more than needed, so that a near miss takes no further assessment
_SPARE = 1.25  # memory reserved, as a factor on the paths planned, so that results are seldom copied
_MOST_OF_ZEROS = 100_000  # paths after which statistics of nothing but zeros are no longer waited for

Watch = Callable[[xr.Dataset], None]


def simulate_until(
    network: Source,
    target: str,
    seed: int = 0,
    *,
    strategies: Sequence[str] | None = None,
    threads: int | None = None,
    most: int = MOST,
    rare: bool = False,
    outcomes: Sequence[str] | Literal["metrics"] | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> xr.Dataset:
    """Simulate as many paths as an estimate takes to be as precise as asked, for every strategy.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    target : a metric, its statistic, and half its 95 % interval as a share of the estimate: ``cost.cvar95:1%``,
        ``downtime.var99:2%``, ``fill_rate.mean:0.1%``.
    seed : seed of every random stream.
    strategies : names of the strategies to run; all by default. The target is to hold for each of them.
    threads : threads to use; all cores by default.
    most : paths at most; fewer where more do not fit in memory.
    rare, outcomes : as `simulate` takes them: whether rare hazards are sampled more often, and what is kept.
    progress : called now and then with the number of path-strategies done and those planned.
    watch : called after every assessment of the estimate with its precision, and in the attributes ``planned``, the
        number of paths that come next, or ``stopped``, why there are no more: see `plan_paths`.

    Returns
    -------
    Dataset, the same to the last bit as that of `simulate` with as many paths.

    Raises
    ------
    ModelError
        If the model has faults.
    ResultError
        If the target names no metric or statistic there is.
    CapacityError
        If not even the first paths fit in memory.
    JitriskError
        If a strategy, the seed, the threads or the most paths are not allowed.

    Warns
    -----
    UserWarning
        Where the target is not reached, with the precision that is.
    """
    precision = parse_precision_target(target)
    network = load_network(network)
    chosen = parse_strategies(network, strategies)
    draws = parse_draws(network, chosen.values(), min(parse_whole_number("most", most), FIRST), seed, rare=rare)
    _require_components(draws.mixture, most)
    job = draws.build_job(lower_all(chosen, draws.ranges))
    keeping = Keeping(network, chosen, job, parse_outcomes(outcomes, job.has_cycles), precision.metric)
    growing = _GrowingRun(job, keeping, build_backend(threads))
    found = _grow(growing, precision, most, progress, watch)
    if not found["met"].all():
        warnings.warn(render_precision_line(found), stacklevel=2)
    return keeping.label(growing.path_numbers)


def _grow(
    growing: _GrowingRun,
    target: PrecisionTarget,
    most: int,
    progress: Progress | None,
    watch: Watch | None,
) -> xr.Dataset:
    """Add paths until a target is reached, or there are as many as allowed or as fit in memory.

    The interval narrows with the square root of the number of paths, so that each assessment gives the number needed.

    Parameters
    ----------
    growing : the run, without paths at first.
    target : the statistic and the width its interval is to have for every strategy.
    most : paths at most.
    progress, watch : as `simulate_until` takes them.

    Returns
    -------
    The last assessment.
    """
    planned = min(FIRST, most)
    while True:
        growing.extend(planned, progress)
        metric = growing.select_metric(target)
        found = plan_paths(assess_precision(metric, target), most, growing.paths + growing.count_fitting_paths())
        if watch is not None:
            watch(found)
        if "stopped" in found.attrs:
            return found
        planned = found.attrs["planned"]


def _require_components(mixture: Mixture | None, most: int) -> None:
    """Raise JitriskError where so many paths cannot hold a path of every component of a mixture."""
    if mixture is not None and most < mixture.period:
        raise JitriskError(
            f"at most {most} paths are allowed, and {len(mixture.hazards)} rare hazards take {mixture.period} at least"
        )


def plan_paths(found: xr.Dataset, most: int, fitting: int) -> xr.Dataset:
    """Add the number of paths to have next, or why to stop, to an assessment.

    Parameters
    ----------
    found : the precision reached, from :func:`jitrisk.risk.precision_target.assess_precision`.
    most : paths at most.
    fitting : paths that fit in memory.

    Returns
    -------
    The assessment with the attribute ``planned``, the number of paths that come next, or ``stopped``: ``"met"``,
    ``"most"``, ``"memory"``, ``"zero"`` where only statistics of nothing but zeros are not known, or ``"unseen"`` where
    more paths than there may be would have to show a rare hazard often enough.
    """
    paths: int = found.attrs["paths"]
    waiting = found.sel(strategy=~found["met"])
    hopeful = waiting.sel(strategy=~waiting["zero"]) if paths >= _MOST_OF_ZEROS else waiting
    if not waiting.sizes["strategy"]:
        return found.assign_attrs(stopped="met")
    if paths >= most:
        return found.assign_attrs(stopped="most")
    if bool((waiting["unseen"] & (waiting["needed"] > min(most, fitting))).any()):
        return found.assign_attrs(stopped="unseen")
    if not hopeful.sizes["strategy"]:
        return found.assign_attrs(stopped="zero")
    if paths >= fitting:
        return found.assign_attrs(stopped="memory")
    number = max(_MARGIN * float(hopeful["needed"].fillna(np.inf).max()), _LEAST_STEP * paths)
    return found.assign_attrs(planned=min(most, fitting, _round_up(min(number, _LARGEST_STEP * paths))))


def _round_up(number: float) -> int:
    """Return a number rounded up to three digits."""
    unit = int(10.0 ** max(0, math.floor(math.log10(number)) - 2))
    return math.ceil(number / unit) * unit


class _GrowingRun:
    """A run whose paths grow in number, in memory reserved ahead, which costs nothing until it is written."""

    def __init__(self, job: Job, keeping: Keeping, backend: Backend) -> None:
        self._job, self._keeping, self._backend = job, keeping, backend
        self._room = 0
        self.paths = 0

    @property
    def path_numbers(self) -> range:
        """The numbers of the paths that are simulated."""
        first = self._job.paths.start
        return range(first, first + self.paths)

    def extend(self, paths: int, progress: Progress | None) -> None:
        """Simulate on until there are `paths`."""
        before, strategies, first = self.paths, len(self._job.strategies), self._job.paths.start

        def report_progress(done: int, _: int) -> None:
            if progress is not None:
                progress(before * strategies + done, paths * strategies)

        self._reserve(paths)
        job = replace(self._job, paths=range(first + before, first + paths))
        engine.run_blocks(job, self._keeping.kept, self._backend, report_progress, before)
        self.paths = paths

    def select_metric(self, target: PrecisionTarget) -> xr.Dataset:
        """Return the metric of a target, or raise ResultError where a path has none."""
        metrics = self._keeping.label_metrics(self.path_numbers)
        if target.metric not in metrics:
            found = ", ".join(self._keeping.list_found_metrics())
            raise ResultError(f"there is no {target.metric} in this result: it holds {found}")
        return metrics[[target.metric]]

    def count_fitting_paths(self) -> int:
        """Return how many more paths fit in memory, with what is kept copied where the reserve is used up."""
        fit = count_fitting_paths(self._job, self._backend.workers, self._keeping.kept.path_bytes)
        return max(min(fit, self._room - self.paths), fit - self.paths)

    def _reserve(self, paths: int) -> None:
        if self.paths and paths > self._room:
            most = count_fitting_paths(self._job, self._backend.workers, self._keeping.kept.path_bytes)
            self._room = max(paths, min(int(_SPARE * paths), most))
            self._keeping.kept.reserve(self._room)
        self._room = max(paths, self._room)
