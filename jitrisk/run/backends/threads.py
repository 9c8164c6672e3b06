"""Threads of this process: both kernels release the interpreter's lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from jitrisk.errors import CapacityError
from jitrisk.run.job import Job, Progress
from jitrisk.run.machine import count_cores
from jitrisk.run.partition import Partition
from jitrisk.run.worker import Task, Worker

_POLL = 0.1  # seconds between looks at the progress, and so at Ctrl-C


class Threads:
    """Run blocks in threads.

    Parameters
    ----------
    count : how many threads; one per core by default.
    """

    def __init__(self, count: int | None = None) -> None:
        self.workers = count or count_cores()

    def map(self, job: Job, blocks: Partition, task: Task, progress: Progress | None = None) -> None:
        """Do a task once with every block of a job; see `Backend.map`. The first error, or Ctrl-C, stops all."""
        threads = min(self.workers, len(blocks))
        queue, stop, done = _BlockQueue(blocks), threading.Event(), [0] * threads

        def work(thread: int) -> None:
            try:
                worker = Worker(job, blocks)
                for places in queue:
                    task(worker, places, stop.is_set)
                    if stop.is_set():
                        return
                    done[thread] += len(places) * len(job.strategies)
            except BaseException:
                stop.set()
                raise

        def report() -> None:
            if progress is not None:
                progress(sum(done), len(job.paths) * len(job.strategies))

        _run_in_threads(work, threads, stop, report)


class _BlockQueue:
    """The blocks of a job, each yielded once, by whichever thread is next."""

    def __init__(self, blocks: Partition) -> None:
        self._blocks = iter(blocks)
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[range]:
        return self

    def __next__(self) -> range:
        with self._lock:
            return next(self._blocks)


def _run_in_threads(
    work: Callable[[int], None], threads: int, stop: threading.Event, report: Callable[[], None]
) -> None:
    """Run `work` in every thread and report now and then; an error in one of them, or Ctrl-C, stops them all."""
    with ThreadPoolExecutor(threads, thread_name_prefix="jitrisk") as pool:
        try:
            pending = _start_threads(pool, work, threads)
            while pending:
                finished, pending = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
                for future in finished:
                    future.result()
                report()
        except BaseException:
            stop.set()
            raise


def _start_threads(pool: ThreadPoolExecutor, work: Callable[[int], None], threads: int) -> set[Future[None]]:
    """Start as many threads as asked, or as the system gives: limits on processes and on memory hold for them."""
    pending: set[Future[None]] = set()
    for thread in range(threads):
        try:
            pending.add(pool.submit(work, thread))
        except RuntimeError as error:
            if not pending:
                raise CapacityError(f"the system lets no thread start ({error}): look at 'ulimit -u -v'") from error
            break
    return pending
