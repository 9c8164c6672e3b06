"""Stage 5, period by period: what was drawn, which spells there were, and what happened in every period.

A trace runs the blocks of a job with totals that are reset in every period, so that its values are those that an
ordinary run adds up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jitrisk._core import CUSTOMER_TOTALS, STAGE_TOTALS, STRIPE, Block
from jitrisk.lower import GivenSeries
from jitrisk.run.backends import Backend, Threads
from jitrisk.run.job import Job
from jitrisk.run.memory import compute_memory, require_memory
from jitrisk.run.partition import partition
from jitrisk.run.totals import Totals
from jitrisk.run.worker import IsStopped, Worker
from jitrisk.sampling.series import ExogenousSeries, Occurrence
from jitrisk.vocabulary import EXOGENOUS, TRACE

STAGE_TRACE = tuple(name for name, variable in TRACE.items() if "stage" in variable.dims)
CUSTOMER_TRACE = tuple(name for name, variable in TRACE.items() if "customer" in variable.dims)

_AUTHORIZED = STAGE_TRACE.index("authorized")
_STAGE_SOURCES = [(k, STAGE_TOTALS.index(name)) for k, name in enumerate(STAGE_TRACE) if k != _AUTHORIZED]
_CUSTOMER_SOURCES = [(k, CUSTOMER_TOTALS.index(name)) for k, name in enumerate(CUSTOMER_TRACE)]
_DRAWN = 64  # periods drawn at a time
_STAGE_VARIABLES = sum("stage" in variable.dims for variable in EXOGENOUS.values())


@dataclass(frozen=True, eq=False)
class Trace:
    """What happened in every period, paths contiguous.

    Attributes
    ----------
    stage : float32, shape (len(STAGE_TRACE), strategies, stages, periods, paths).
    customer : float32, shape (len(CUSTOMER_TRACE), strategies, customers, periods, paths).
    """

    stage: np.ndarray
    customer: np.ndarray


def trace(job: Job, backend: Backend | None = None) -> Trace:
    """Return what happens in every period on every path under every strategy, from period 0 on.

    Parameters
    ----------
    job : what to simulate.
    backend : what runs the blocks; threads on all cores by default. The trace does not depend on it.

    Raises
    ------
    CapacityError
        If the trace does not fit in the memory available.
    """
    backend = backend or Threads()
    periods, paths, strategies = job.horizon.periods, len(job.paths), list(job.strategies.values())
    sizes = [
        (len(STAGE_TRACE), len(strategies), strategies[0].stages, periods, paths),
        (len(CUSTOMER_TRACE), len(strategies), strategies[0].customers, periods, paths),
    ]
    require_memory(compute_memory(job, backend.workers) + sum(4 * math.prod(size) for size in sizes), paths, "trace")
    out = Trace(*(np.empty(size, dtype=np.float32) for size in sizes))

    def record(worker: Worker, places: range, is_stopped: IsStopped) -> None:
        blocks = worker.prepare_blocks(len(places))
        recorder = _PeriodRecorder(out, places)
        for block in blocks:
            block.reset(recorder.totals.stage, recorder.totals.customer)
        for start, tile in worker.draw_tiles(worker.create_state(places), places):
            for strategy, block in enumerate(blocks):
                for t in range(start, start + len(tile)):
                    recorder.run(block, tile, start, t, strategy)
            if is_stopped():
                return

    backend.map(job, partition(job, backend.workers), record)
    return out


class _PeriodRecorder:
    """The totals of one period, written into a trace at its end."""

    def __init__(self, out: Trace, places: range) -> None:
        part = np.s_[..., places.start : places.stop]
        self._stage, self._customer = out.stage[part], out.customer[part]
        stages, customers, lanes = self._stage.shape[2], self._customer.shape[2], len(places)
        self.totals = Totals(
            np.zeros((len(STAGE_TOTALS), stages, lanes)),
            np.zeros((len(CUSTOMER_TOTALS), customers, lanes)),
            np.zeros((0, lanes), dtype=np.int32),
        )

    def run(self, block: Block, tile: np.ndarray, tile_start: int, t: int, strategy: int) -> None:
        """Run one period with totals of its own: averages over one period are the states at its end."""
        stage, customer = self.totals.stage, self.totals.customer
        stage.fill(0.0)
        customer.fill(0.0)
        block.account(stage, customer)
        block.open_books(t)
        block.advance(tile, tile_start, t, t + 1)
        block.flush()
        block.close_books(t + 1, 1.0)
        for k, source in _STAGE_SOURCES:
            self._stage[k, strategy, :, t] = stage[source]
        for k, source in _CUSTOMER_SOURCES:
            self._customer[k, strategy, :, t] = customer[source]
        block.observe(self._stage[_AUTHORIZED, strategy, :, t])


def draw(job: Job) -> dict[ExogenousSeries | GivenSeries, np.ndarray]:
    """Return the series of a job, drawn and handed in, each float32 of shape (paths, periods)."""
    series = [one for one in job.series if isinstance(one, ExogenousSeries)]
    periods, paths = job.horizon.periods, len(job.paths)
    arrays = next(iter(job.strategies.values()))
    # What is drawn, and the Dataset made of it, which holds constants, too.
    rows = len(series) + _STAGE_VARIABLES * arrays.stages + arrays.customers
    require_memory(4 * rows * periods * paths, paths, "draw")
    out: dict[ExogenousSeries | GivenSeries, np.ndarray] = {
        one: np.empty((paths, periods), dtype=np.float32) for one in series
    }
    for begin in range(0, paths, STRIPE):
        end = min(begin + STRIPE, paths)
        state = job.sampler.begin(job.paths.start + begin, end - begin)
        for start in range(0, periods, _DRAWN):
            stop = min(start + _DRAWN, periods)
            tile = np.empty((stop - start, len(series), end - begin), dtype=np.float32)
            job.sampler.fill(state, start, tile)
            for k, one in enumerate(series):
                out[one][begin:end, start:stop] = tile[:, k].T
    return out | {GivenSeries(*key): values for key, values in job.given.items()}


def list_occurrences(job: Job) -> list[Occurrence]:
    """Return the spells of every hazard on a job's first path that begin before the horizon, in order of time."""
    found = job.sampler.list_occurrences(job.paths.start, job.horizon.periods)
    return sorted(found, key=lambda spell: (spell.begin, spell.hazard))
