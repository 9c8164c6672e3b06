"""The work space of one worker: it runs block after block of a job."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from jitrisk import _core_double
from jitrisk._core import STRIPE, Block, find_closed_rows, state_rows
from jitrisk.lower import NetworkArrays
from jitrisk.run.job import Job
from jitrisk.run.partition import Partition, Segment, compute_state_bytes, split_range, split_tile
from jitrisk.run.row_sampler import RowSampler, RowState
from jitrisk.run.totals import Totals, allocate_totals, compute_outcome_bytes
from jitrisk.sampling.series import CLOSING

IsStopped = Callable[[], bool]
"""Returns whether a task must stop: another task failed, or the run was interrupted."""

Task = Callable[["Worker", range, IsStopped], None]
"""Simulates a block of paths, given the work space, the places of the paths in the job, and whether to stop."""


@dataclass(frozen=True, eq=False)
class Tile:
    """Exogenous rows of some periods.

    Attributes
    ----------
    start : the first period.
    rows : float32, shape (periods, series, lanes).
    closed : uint8, shape (periods, series, stripes): whether a lane is closed, of series of arrivals and of transit.
    """

    start: int
    rows: np.ndarray
    closed: np.ndarray

    def run(self, block: Block, begin: int, end: int) -> None:
        """Run a block from one period to another, which is left out."""
        block.advance(self.rows, self.closed, self.start, begin, end)


class Worker:
    """Work space for blocks of a job, used for one block after another.

    Parameters
    ----------
    job : what to simulate.
    blocks : how the job is partitioned.
    """

    def __init__(self, job: Job, blocks: Partition) -> None:
        self.job = job
        series = job.series
        place = {one: k for k, one in enumerate(series)}
        self._rows = [
            np.array([place[one] for one in arrays.series], dtype=np.int32) for arrays in job.strategies.values()
        ]
        self._sampler = RowSampler(job)
        self._blocks: dict[int, list[Block]] = {}
        self._totals = allocate_totals(job, blocks.lanes)
        self._memory = _allocate_rows(blocks.tile * len(series) * blocks.lanes)
        self._closing = np.array([k for k, one in enumerate(series) if one.kind in CLOSING], dtype=np.int32)
        self._tiles = list(split_range(job.horizon.periods, blocks.tile))
        self._segments = [split_tile(job.horizon, periods.start, periods.stop) for periods in self._tiles]

    def simulate(self, places: range, is_stopped: IsStopped) -> Totals:
        """Run the paths at some places of the job under every strategy.

        Returns
        -------
        Their totals, in memory that the next call uses again; of no use where the task was to stop.
        """
        horizon, part = self.job.horizon, self._totals.select_paths(range(len(places)))
        part.reset()
        blocks = self.prepare_blocks(len(places))
        for k, block in enumerate(blocks):
            block.reset(part.select_strategy(k))
            if horizon.warm_up == 0:
                block.reset_totals(0)
        state = self.create_state(places)
        for tile, segments in zip(self.draw_tiles(state), self._segments, strict=True):
            for block in blocks:
                for segment in segments:
                    _run_segment(block, segment, tile)
            if is_stopped():
                return part
        for block in blocks:
            block.finalize(horizon.periods, horizon.counted)
        part.occurrences[:] = state.drawn.clocks.occurred
        return part

    def create_state(self, places: range) -> RowState:
        """Return the state of the exogenous rows of the paths at some places, before period 0."""
        return self._sampler.begin(places)

    def draw_tiles(self, state: RowState) -> Iterator[Tile]:
        """Yield the exogenous rows of some paths, in memory that the next tile uses again."""
        series, lanes = len(self.job.series), len(state.places)
        closed = np.zeros((len(self._tiles[0]), series, -(-lanes // STRIPE)), dtype=np.uint8)
        for periods in self._tiles:
            size = (len(periods), series, lanes)
            rows = self._memory[: math.prod(size)].reshape(size)
            self._sampler.fill(state, periods, rows)
            find_closed_rows(rows, self._closing, closed)
            yield Tile(periods.start, rows, closed)

    def prepare_blocks(self, lanes: int) -> list[Block]:
        """Return a block of so many lanes for every strategy."""
        if lanes not in self._blocks:
            self._blocks.clear()  # only the last block of a job has fewer lanes
            self._blocks[lanes] = [
                _allocate_block(arrays, rows, lanes)
                for arrays, rows in zip(self.job.strategies.values(), self._rows, strict=True)
            ]
        return self._blocks[lanes]


def compute_worker_bytes(job: Job, blocks: Partition) -> int:
    """Return the bytes of work space of one worker: states and totals of all strategies, and exogenous rows."""
    lanes = -(-blocks.lanes // STRIPE) * STRIPE
    states = sum(compute_state_bytes(arrays) for arrays in job.strategies.values())
    rows = 8 * blocks.tile * len(job.series)
    return lanes * (states + rows + compute_outcome_bytes(job)) + RowSampler(job).count_bytes(blocks.lanes)


def _run_segment(block: Block, segment: Segment, tile: Tile) -> None:
    tile.run(block, segment.begin, segment.end)
    if segment.resets_totals:
        block.reset_totals(segment.end)
    if segment.flushes:
        block.flush()


def _allocate_rows(*shape: int, number: type[np.floating[Any]] = np.float32) -> np.ndarray:
    """Return memory that begins on a cache line, as full-width vector loads need it."""
    size, line, width = math.prod(shape), 64, np.dtype(number).itemsize
    memory = np.empty(size + line // width, dtype=number)
    start = -memory.ctypes.data % line // width
    return memory[start : start + size].reshape(shape)


def _allocate_block(arrays: NetworkArrays, rows: np.ndarray, lanes: int) -> Block:
    """Return a block of the core that holds state in the type that the strategy needs."""
    state = _allocate_rows(-(-lanes // STRIPE), state_rows(arrays), STRIPE, number=arrays.float_type)
    return (_core_double.Block if arrays.double else Block)(arrays, rows, state, lanes)
