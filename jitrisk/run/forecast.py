"""The time and the memory that a run is expected to take."""

from __future__ import annotations

import math
import time
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from jitrisk.run import engine
from jitrisk.run.backends import Backend, Threads
from jitrisk.run.job import Horizon, Job
from jitrisk.run.memory import compute_memory
from jitrisk.run.partition import partition
from jitrisk.run.totals import compute_outcome_bytes
from jitrisk.units import format_bytes, format_count, format_wall_time
from jitrisk.vocabulary import CYCLES, METRICS, OCCURRENCES, OUTCOMES, SAMPLING

_SHARE, _LONGEST = 0.03, 0.5  # of the time expected, and in seconds: what a pilot may take


@dataclass(frozen=True)
class Forecast:
    """What a run is expected to take.

    Attributes
    ----------
    paths : how many paths.
    strategies : how many strategies.
    seconds : wall time of the simulation, as busy as the machine is now; reading and showing a result not counted.
    bytes : memory for what is kept and the work space, counted and not guessed.
    """

    paths: int
    strategies: int
    seconds: float
    bytes: int

    def __str__(self) -> str:
        strategies = f" of {self.strategies} strategies" if self.strategies > 1 else ""
        return (
            f"about {format_wall_time(self.seconds)} and {format_bytes(self.bytes)} "
            f"for {format_count(self.paths, 'path')}{strategies}"
        )


def forecast(job: Job, backend: Backend | None = None, path_bytes: int | None = None) -> Forecast:
    """Return what a job is expected to take, from a short run of its first paths on the same backend.

    The paths are computed and thrown away. A first look takes one block per worker; where it expects a long run, a
    second one takes up to 3 % of that time, at most half a second.

    Parameters
    ----------
    job : what is to be simulated.
    backend : what runs the blocks; threads on all cores by default.
    path_bytes : bytes that are kept of every path; those of all outcomes by default.
    """
    # Reading compiled code from disk, or compiling it, is no part of a path.
    backend = backend or Threads()
    engine.run(replace(job, horizon=Horizon(1), paths=job.paths[:1]), backend)
    paths = min(len(job.paths), _count_concurrent_paths(job, backend))
    took = _measure_seconds(job, paths, backend)
    seconds = took * len(job.paths) / paths
    rounds = int(min(_LONGEST, _SHARE * seconds) / took)
    if rounds > 1 and (longer := _measure_seconds(job, rounds * paths, backend)) > took:
        # What a run takes before its first path is in both, and not in their difference.
        rate = (longer - took) / ((rounds - 1) * paths)
        seconds = took + rate * (len(job.paths) - paths)
    kept = compute_outcome_bytes(job) if path_bytes is None else path_bytes
    return Forecast(len(job.paths), len(job.strategies), seconds, compute_memory(job, backend.workers, kept))


def compute_result_bytes(
    job: Job, hazards: int, weighted: bool, names: Collection[str] | None = None, metrics: Collection[str] = ()
) -> int:
    """Return the bytes that each path takes in a result.

    Parameters
    ----------
    job : what is to be simulated.
    hazards : how many hazards the model has.
    weighted : whether paths have weights.
    names : the outcomes that are kept; all by default.
    metrics : the metrics that are kept; none by default.
    """
    sizes = {"strategy": len(job.strategies), **job.sizes, "hazard": hazards, "path": 1}
    outcomes = OUTCOMES | (CYCLES if job.has_cycles else {})
    kept = [variable for name, variable in outcomes.items() if names is None or name in names]
    kept += [METRICS[name] for name in metrics]
    kept += [*OCCURRENCES.values(), *(SAMPLING.values() if weighted else ())]
    variables = [variable for variable in kept if "path" in variable.dims]
    taken = (math.prod(sizes[dim] for dim in one.dims) * np.dtype(one.dtype).itemsize for one in variables)
    return sum(taken) + np.dtype(np.int64).itemsize  # of the number of the path


def _count_concurrent_paths(job: Job, backend: Backend) -> int:
    """Return how many paths keep every worker busy once: a block of paths for each."""
    blocks = partition(job, backend.workers)
    return min(backend.workers, len(blocks)) * blocks.lanes


def _measure_seconds(job: Job, paths: int, backend: Backend) -> float:
    begin = time.perf_counter()
    engine.run(replace(job, paths=job.paths[:paths]), backend)
    return time.perf_counter() - begin
