"""What every backend can do."""

from __future__ import annotations

from typing import Protocol

from jitrisk.run.job import Job, Progress
from jitrisk.run.partition import Partition
from jitrisk.run.worker import Task


class Backend(Protocol):
    """What runs the blocks of a job."""

    @property
    def workers(self) -> int:
        """How many blocks are run at the same time, at most."""
        ...

    def map(self, job: Job, blocks: Partition, task: Task, progress: Progress | None = None) -> None:
        """Do a task once with every block of a job, in any order.

        Parameters
        ----------
        job : what is simulated; each worker has its own work space for it.
        blocks : how the job is partitioned.
        task : called with a worker's work space, the places of the paths of a block, and a function that
            returns whether to stop. The task writes its results into memory of the caller.
        progress : called now and then with the number of path-strategies done and their total.

        Raises
        ------
        CapacityError
            If the system does not let a single worker start.
        """
        ...
