"""Paths until an estimate is as precise as it is asked to be: simulate, look how wide its interval is, go on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from jitrisk import risk
from jitrisk.errors import JitriskError
from jitrisk.risk.precision_target import PrecisionTarget, assess_precision, select_target_metric
from jitrisk.run import engine
from jitrisk.run.backends import Backend, Threads
from jitrisk.run.job import Job, Progress
from jitrisk.run.memory import count_fitting_paths
from jitrisk.run.totals import Totals, allocate_totals
from jitrisk.sampling.rare import Mixture

FIRST = 10_000
"""Paths before the first look: fewer say too little of a tail to trust what they promise."""

MOST = 10_000_000
"""Paths at most, unless asked otherwise."""

_LEAST_STEP, _LARGEST_STEP = 1.1, 10.0  # how far one look may carry
_MARGIN = 1.02  # aim a little past what is needed: a near miss costs another look
_SPARE = 1.25  # room for what was promised and a quarter more, so that results are seldom moved
_GIVE_UP = 100_000  # paths after which a statistic of nothing but zeros no longer holds the others up
_SLICE = 100_000  # paths measured at a time

Label = Callable[[Totals, range], xr.Dataset]
Watch = Callable[[xr.Dataset], None]


def grow(
    job: Job,
    target: PrecisionTarget,
    label: Label,
    most: int = MOST,
    backend: Backend | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Add paths until a target is reached, or there are as many as allowed or as fit in memory.

    The interval narrows with the square root of the number of paths, so each look says how many are needed.

    Parameters
    ----------
    job : what to simulate; of its paths only the first is taken, where the numbers begin.
    target : the statistic and the width its interval is to have for every strategy.
    label : makes the Dataset of some of the paths.
    most : paths at most.
    backend : what runs the blocks; threads on all cores by default.
    progress : called now and then with the number of path-strategies done and those planned.
    watch : called after every look with what :func:`jitrisk.risk.reached` found, and in its attributes ``planned``,
        the number of paths gone on to, or at the last look ``stopped``: why there are no more, ``"met"``,
        ``"most"``, ``"memory"``, ``"zero"`` where only statistics of nothing but zeros are not known, or ``"unseen"``
        where more paths than there may be would have to show a rare hazard often enough.

    Returns
    -------
    The Dataset, equal to that of as many paths simulated at once, and what was found at the last look.
    """
    growing = _GrowingTotals(job, backend or Threads())
    metrics: list[xr.Dataset] = []
    planned = min(FIRST, most)
    while True:
        part = growing.extend(planned, progress)
        metrics = [_join_paths([*metrics, *_compute_metrics(growing, part, label, target)])]
        found = plan_paths(assess_precision(metrics[0], target), most, growing.paths + growing.count_fitting_paths())
        if watch is not None:
            watch(found)
        if "stopped" in found.attrs:
            return label(growing.select_totals(), growing.list_path_numbers()), found
        planned = found.attrs["planned"]


def require_components(mixture: Mixture | None, most: int) -> None:
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
    """Add to what was found how many paths to have next, or why to stop."""
    paths: int = found.attrs["paths"]
    waiting = found.sel(strategy=~found["met"])
    hopeful = waiting.sel(strategy=~waiting["zero"]) if paths >= _GIVE_UP else waiting
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
    aim = max(_MARGIN * float(hopeful["needed"].fillna(np.inf).max()), _LEAST_STEP * paths)
    return found.assign_attrs(planned=min(most, fitting, _round_up(min(aim, _LARGEST_STEP * paths))))


def _round_up(number: float) -> int:
    """Return a number rounded up to three digits."""
    unit = int(10.0 ** max(0, math.floor(math.log10(number)) - 2))
    return math.ceil(number / unit) * unit


class _GrowingTotals:
    """Totals that grow along their paths, in room reserved ahead: memory that is not written costs nothing."""

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
        """Return how many more paths fit in memory, with what there is moved where the reserve is used up."""
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
