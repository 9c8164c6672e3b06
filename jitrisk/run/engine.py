"""Step: simulate every path of a job under every strategy.

A block is a few hundred paths whose state and exogenous tile fit in a core's second-level cache. A backend hands blocks
to its workers in any order; nothing that a path computes depends on its block, so the outcome has the same bits for any
number of workers and any size of block. A worker sums the outcomes of a block in memory of its own, which it uses again
for the next, and from there goes what is kept: outcomes that nobody asked for take no memory.
"""

from __future__ import annotations

from jitrisk.run.backends import Backend, Threads
from jitrisk.run.job import Job, Progress
from jitrisk.run.kept import Kept, KeptTotals
from jitrisk.run.memory import require_run_memory
from jitrisk.run.partition import partition
from jitrisk.run.totals import Totals
from jitrisk.run.worker import IsStopped, Worker


def run(job: Job, backend: Backend | None = None, progress: Progress | None = None, lanes: int | None = None) -> Totals:
    """Simulate every path under every strategy, and keep all outcomes.

    Parameters
    ----------
    job, backend, progress, lanes : as `run_blocks` takes them.

    Returns
    -------
    The totals of every path.

    Raises
    ------
    CapacityError
        If the outcomes and the work space do not fit in the memory available.
    """
    kept = KeptTotals(job)
    run_blocks(job, kept, backend, progress, lanes=lanes)
    return kept.totals


def run_blocks(
    job: Job,
    kept: Kept,
    backend: Backend | None = None,
    progress: Progress | None = None,
    first: int = 0,
    lanes: int | None = None,
) -> None:
    """Simulate every path under every strategy, block by block, and keep of each block what is asked.

    Parameters
    ----------
    job : what to simulate.
    kept : what is kept; room for the paths is made in it.
    backend : what runs the blocks; threads on all cores by default.
    progress : called now and then with the number of path-strategies done and their total.
    first : the place of the job's first path in what is kept.
    lanes : paths of a block; by default as many as the cache holds. The outcome does not depend on it.

    Raises
    ------
    CapacityError
        If what is kept and the work space do not fit in the memory available.
    """
    backend = backend or Threads()
    require_run_memory(job, backend.workers, kept.path_bytes, lanes)
    kept.reserve(first + len(job.paths))

    def simulate(worker: Worker, places: range, is_stopped: IsStopped) -> None:
        block = worker.simulate(places, is_stopped)
        if not is_stopped():
            kept.put(range(first + places.start, first + places.stop), block)

    backend.map(job, partition(job, backend.workers, lanes), simulate, progress)
