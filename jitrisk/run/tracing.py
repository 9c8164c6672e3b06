"""Step: trace paths period by period: what was drawn, the occurrences of hazards, and the flows and states.

A trace runs the blocks of a job with totals that are reset in every period, so that its values are those that an
ordinary run adds up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jitrisk._core import STRIPE, Block
from jitrisk.core_tables import DIMS, list_states, list_totals
from jitrisk.lower import GivenSeries
from jitrisk.run.backends import Backend, Threads
from jitrisk.run.job import Job
from jitrisk.run.memory import compute_memory, require_memory
from jitrisk.run.partition import partition, split_range
from jitrisk.run.row_sampler import RowSampler
from jitrisk.run.worker import IsStopped, Tile, Worker
from jitrisk.sampling.derived import Series
from jitrisk.sampling.series import Occurrence
from jitrisk.vocabulary import EXOGENOUS, EXTENSIONS, TRACE

TRACED = {dim: [name for name, variable in TRACE.items() if variable.dims[-1] == dim] for dim in DIMS}
"""The variables of a trace by dim, in the order of its arrays."""

_DRAWN = 64  # periods drawn at a time


def _list_total_names(dim: str) -> list[str]:
    return [total.name for total in list_totals(dim, cycles=False)]


def _match_variables(dim: str, names: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of a dim's trace variables that are among names, each with its place there."""
    return [(k, names.index(name)) for k, name in enumerate(TRACED[dim]) if name in names]


# What is no total of one period is a state row at its end.
_TOTAL_PLACES = {dim: _match_variables(dim, _list_total_names(dim)) for dim in DIMS}
_STATE_PLACES = {
    dim: [
        (k, row)
        for k, row in _match_variables(dim, [state.name for state in list_states(dim)])
        if TRACED[dim][k] not in _list_total_names(dim)
    ]
    for dim in DIMS
}


@dataclass(frozen=True, eq=False)
class Trace:
    """What happened in every period, paths contiguous.

    Attributes
    ----------
    arrays : by dim, float32, shape (variables of `TRACED`, strategies, size of the dim, periods, paths).
    """

    arrays: Mapping[str, np.ndarray]


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
    strategies, periods, paths = len(job.strategies), job.horizon.periods, len(job.paths)
    sizes = {dim: (len(names), strategies, job.sizes[dim], periods, paths) for dim, names in TRACED.items()}
    needed = sum(4 * math.prod(size) for size in sizes.values())
    require_memory(compute_memory(job, backend.workers, path_bytes=0) + needed, paths, "trace")
    out = Trace({dim: np.empty(size, dtype=np.float32) for dim, size in sizes.items()})

    def record(worker: Worker, places: range, is_stopped: IsStopped) -> None:
        blocks = worker.prepare_blocks(len(places))
        recorder = _PeriodRecorder(out, places)
        for block in blocks:
            block.reset(recorder.totals)
        for tile in worker.draw_tiles(worker.create_state(places)):
            for strategy, block in enumerate(blocks):
                for t in range(tile.start, tile.start + len(tile.rows)):
                    recorder.run(block, tile, t, strategy)
            if is_stopped():
                return

    backend.map(job, partition(job, backend.workers), record)
    return out


class _PeriodRecorder:
    """The totals of one period, written into a trace at its end."""

    def __init__(self, out: Trace, places: range) -> None:
        self._out = {dim: array[..., places.start : places.stop] for dim, array in out.arrays.items()}
        self.totals = {
            dim: np.zeros((len(_list_total_names(dim)), array.shape[2], len(places)))
            for dim, array in self._out.items()
        }

    def run(self, block: Block, tile: Tile, t: int, strategy: int) -> None:
        """Run one period with totals of its own: averages over one period are the states at its end."""
        for totals in self.totals.values():
            totals.fill(0.0)
        block.write_to(self.totals)
        block.reset_totals(t)
        tile.run(block, t, t + 1)
        block.flush()
        block.finalize(t + 1, 1.0)
        for number, (dim, array) in enumerate(self._out.items()):
            for k, place in _TOTAL_PLACES[dim]:
                array[k, strategy, :, t] = self.totals[dim][place]
            for k, row in _STATE_PLACES[dim]:
                block.copy_state(number, row, array[k, strategy, :, t])


def draw(job: Job) -> dict[Series | GivenSeries, np.ndarray]:
    """Return the series of a job, drawn, derived and given, each float32 of shape (paths, periods)."""
    periods, paths = job.horizon.periods, len(job.paths)
    filled: list[Series] = [*job.drawn, *job.derived]
    # What is drawn, and the Dataset made of it, which holds constants, too.
    kinds = {one.kind for one in job.series}
    variables = [variable for kind, variable in (EXOGENOUS | EXTENSIONS).items() if kind in EXOGENOUS or kind in kinds]
    rows = len(filled) + sum(job.sizes[variable.dims[-1]] for variable in variables)
    require_memory(4 * rows * periods * paths, paths, "draw")
    out: dict[Series | GivenSeries, np.ndarray] = {one: np.empty((paths, periods), dtype=np.float32) for one in filled}
    place = {one: row for row, one in enumerate(job.series)}
    sampler = RowSampler(job)
    for places in split_range(paths, STRIPE):
        state = sampler.begin(places)
        for tile in split_range(periods, _DRAWN):
            drawn = np.empty((len(tile), len(place), len(places)), dtype=np.float32)
            sampler.fill(state, tile, drawn)
            for one in filled:
                out[one][places.start : places.stop, tile.start : tile.stop] = drawn[:, place[one]].T
    return out | {GivenSeries(*key): values for key, values in job.given.items()}


def list_occurrences(job: Job) -> list[Occurrence]:
    """Return the occurrences of every hazard on a job's first path that begin before the horizon, in order of time."""
    found = job.sampler.list_occurrences(job.paths.start, job.horizon.periods)
    return sorted(found, key=lambda occurrence: (occurrence.begin, occurrence.hazard))
