"""Memory: what a job takes, how many paths fit, and the refusal of what does not."""

from __future__ import annotations

from jitrisk.errors import CapacityError
from jitrisk.run.job import Job
from jitrisk.run.machine import measure_free_memory
from jitrisk.run.partition import partition
from jitrisk.run.worker import compute_worker_bytes
from jitrisk.units import format_bytes, format_count

_KEEP_FREE = 0.1  # share of the available memory that is never used


def compute_memory(job: Job, workers: int, path_bytes: int, lanes: int | None = None) -> int:
    """Return the bytes of memory that a job takes: what is kept of its paths, and each worker's work space.

    Parameters
    ----------
    job : what is simulated.
    workers : how many blocks are run at the same time.
    path_bytes : bytes that are kept of every path.
    lanes : paths of a block; by default as many as the cache holds.
    """
    return path_bytes * len(job.paths) + _compute_work_bytes(job, workers, lanes)


def count_fitting_paths(job: Job, workers: int, path_bytes: int) -> int:
    """Return how many more paths of a job would fit in the memory available, with so many bytes kept of each."""
    return max(0, int((_measure_usable_memory() - _compute_work_bytes(job, workers)) / path_bytes))


def require_run_memory(job: Job, workers: int, path_bytes: int, lanes: int | None = None) -> None:
    """Raise CapacityError unless what is kept and the work space of a job fit in the memory available."""
    work = compute_worker_bytes(job, partition(job, workers, lanes))
    require_memory(compute_memory(job, workers, path_bytes, lanes), len(job.paths), "simulate", work)


def require_memory(needed: int, paths: int, verb: str, fixed: int = 0) -> None:
    """Raise CapacityError, with the number of paths that would fit, unless a request fits in the memory available.

    Parameters
    ----------
    needed : the bytes that are needed.
    paths : the paths that are asked for.
    verb : what is done with them.
    fixed : bytes of those needed that few paths take as well.
    """
    usable = _measure_usable_memory()
    if needed > usable:
        fit = max(0, int(paths * (usable - fixed) / (needed - fixed))) if needed > fixed else 0
        advice = f"about {fit:,} paths would fit" if fit else "not one path would fit: shorten the horizon"
        if not usable:
            advice = "the container or 'ulimit -v' may limit it"
        raise CapacityError(
            f"to {verb} {format_count(paths, 'path')} takes {format_bytes(needed)} of memory "
            f"and {format_bytes(usable)} are free: "
            f"{advice}; fewer strategies take less, too"
        )


def _measure_usable_memory() -> float:
    return measure_free_memory() * (1 - _KEEP_FREE)


def _compute_work_bytes(job: Job, workers: int, lanes: int | None = None) -> int:
    blocks = partition(job, workers, lanes)
    return min(workers, len(blocks)) * compute_worker_bytes(job, blocks)
