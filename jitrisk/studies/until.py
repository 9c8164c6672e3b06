"""Paths until an estimate is as precise as asked: simulate, assess the width of its interval, add paths."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from jitrisk import datasets, risk
from jitrisk.arguments import (
    Source,
    build_backend,
    load_network,
    parse_draws,
    parse_strategies,
    parse_whole_number,
)
from jitrisk.errors import JitriskError
from jitrisk.lower import lower_all
from jitrisk.report import render_precision_line
from jitrisk.risk import parse_precision_target
from jitrisk.risk.precision_target import PrecisionTarget, assess_precision, select_target_metric
from jitrisk.run import engine
from jitrisk.run.backends import Backend
from jitrisk.run.job import Job, Progress
from jitrisk.run.memory import count_fitting_paths
from jitrisk.run.totals import Totals, allocate_totals
from jitrisk.sampling.rare import Mixture

FIRST = 10_000
"""Paths before the first assessment: an interval of a tail from fewer is not reliable."""

MOST = 10_000_000
"""Paths at most, unless asked otherwise."""

_LEAST_STEP, _LARGEST_STEP = 1.1, 10.0  # factors on the number of paths, from one assessment to the next
_MARGIN = 1.02  # plan a little more than needed, so that a near miss takes no further assessment
_SPARE = 1.25  # memory reserved, as a factor on the paths planned, so that results are seldom copied
_MOST_OF_ZEROS = 100_000  # paths after which statistics of nothing but zeros are no longer waited for
_SLICE = 100_000  # paths whose metrics are computed at a time

Label = Callable[[Totals, range], xr.Dataset]
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
    rare : whether rare hazards are sampled more often than they occur, see `simulate`.
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

    def label(totals: Totals, numbers: range) -> xr.Dataset:
        return datasets.label_outcomes(network, chosen, totals, replace(job, paths=numbers))

    growing = _GrowingTotals(job, build_backend(threads))
    found = _grow(growing, precision, label, most, progress, watch)
    if not found["met"].all():
        warnings.warn(render_precision_line(found), stacklevel=2)
    return label(growing.select_totals(), growing.list_path_numbers())


def _grow(
    growing: _GrowingTotals,
    target: PrecisionTarget,
    label: Label,
    most: int,
    progress: Progress | None,
    watch: Watch | None,
) -> xr.Dataset:
    """Add paths until a target is reached, or there are as many as allowed or as fit in memory.

    The interval narrows with the square root of the number of paths, so that each assessment gives the number needed.

    Parameters
    ----------
    growing : the totals, empty at first.
    target : the statistic and the width its interval is to have for every strategy.
    label : builds the Dataset of some of the paths.
    most : paths at most.
    progress, watch : as `simulate_until` takes them.

    Returns
    -------
    The last assessment.
    """
    metrics: list[xr.Dataset] = []
    planned = min(FIRST, most)
    while True:
        part = growing.extend(planned, progress)
        metrics = [_join_paths([*metrics, *_compute_metrics(growing, part, label, target)])]
        found = plan_paths(assess_precision(metrics[0], target), most, growing.paths + growing.count_fitting_paths())
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


def _compute_metrics(growing: _GrowingTotals, part: range, label: Label, target: PrecisionTarget) -> list[xr.Dataset]:
    """Return the metric of the paths added, slice by slice, because all metrics take as much as the outcomes."""
    starts = range(part.start, part.stop, _SLICE)
    slices = (range(start, min(start + _SLICE, part.stop)) for start in starts)
    return [
        select_target_metric(risk.metrics(label(growing.select_totals(one), growing.list_path_numbers(one))), target)
        for one in slices
    ]


def _join_paths(parts: list[xr.Dataset]) -> xr.Dataset:
    """Return one Dataset of parts that differ in their paths alone."""
    return xr.concat(parts, "path", "minimal", "minimal", "override", join="override", combine_attrs="override")


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


class _GrowingTotals:
    """Totals that grow along their paths, in memory reserved ahead, which costs nothing until it is written."""

    def __init__(self, job: Job, backend: Backend) -> None:
        self._job, self._backend = job, backend
        self._totals = allocate_totals(job, 0)
        self.paths = 0

    def extend(self, paths: int, progress: Progress | None) -> range:
        """Simulate on until there are `paths`, and return the places of those added."""
        part = range(self.paths, paths)
        self._reserve(paths)
        strategies = len(self._job.strategies)

        def report_progress(done: int, _: int) -> None:
            if progress is not None:
                progress(part.start * strategies + done, paths * strategies)

        job = replace(self._job, paths=self.list_path_numbers(part))
        engine.run(job, self._backend, progress=report_progress, out=self.select_totals(part))
        self.paths = paths
        return part

    def list_path_numbers(self, places: range | None = None) -> range:
        """Return the path numbers of some places; of all by default."""
        places = range(self.paths) if places is None else places
        first = self._job.paths.start
        return range(first + places.start, first + places.stop)

    def select_totals(self, places: range | None = None) -> Totals:
        """Return the totals of some places, a view; of all by default."""
        places = range(self.paths) if places is None else places
        return self._totals.select_paths(places)

    def count_fitting_paths(self) -> int:
        """Return how many more paths fit in memory, with the totals copied where the reserve is used up."""
        fit = count_fitting_paths(self._job, self._backend.workers)
        spare = self._totals.paths - self.paths
        return max(min(fit, spare), fit - self.paths)

    def _reserve(self, paths: int) -> None:
        if paths <= self._totals.paths:
            return
        most = max(paths, count_fitting_paths(self._job, self._backend.workers))
        fresh = allocate_totals(self._job, min(int(_SPARE * paths), most) if self.paths else paths)
        for dim, new in fresh.items():
            old = self._totals[dim]
            for place in np.ndindex(old.shape[:-1]):
                # What is off stays zero, and zeros that are not written take no memory.
                if old[place][: self.paths].any():
                    new[place][: self.paths] = old[place][: self.paths]
        fresh.occurrences[:, : self.paths] = self._totals.occurrences[:, : self.paths]
        self._totals = fresh
