"""Step: simulate every path of a job under every strategy.

A block is a few hundred paths whose state and exogenous tile fit in a core's second-level cache. A backend hands blocks
to its workers in any order; nothing that a path computes depends on its block, so the outcome has the same bits for any
number of workers and any size of block.
"""

from __future__ import annotations

from jitrisk.run.backends import Backend, Threads
from jitrisk.run.job import Job, Progress
from jitrisk.run.memory import require_run_memory
from jitrisk.run.partition import partition
from jitrisk.run.totals import Totals, allocate_totals
from jitrisk.run.worker import IsStopped, Worker


def run(
    job: Job,
    backend: Backend | None = None,
    progress: Progress | None = None,
    out: Totals | None = None,
    lanes: int | None = None,
) -> Totals:
    """Simulate every path under every strategy.

    Parameters
    ----------
    job : what to simulate.
    backend : what runs the blocks; threads on all cores by default.
    progress : called now and then with the number of path-strategies done and their total.
    out : zeros to write into, one column per path; fresh memory by default.
    lanes : paths of a block; by default as many as the cache holds. The outcome does not depend on it.

    Returns
    -------
    The totals of every path.

    Raises
    ------
    CapacityError
        If the outcomes and the work space do not fit in the memory available.
    """
    backend = backend or Threads()
    require_run_memory(job, backend.workers, lanes)
    totals = allocate_totals(job, len(job.paths)) if out is None else out

    def simulate(worker: Worker, places: range, is_stopped: IsStopped) -> None:
        worker.simulate(places, totals, is_stopped)

    backend.map(job, partition(job, backend.workers, lanes), simulate, progress)
    return totals
