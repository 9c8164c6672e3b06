"""How a job is partitioned: into blocks of paths that fit a core's cache, tiles of periods, and segments of tiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from jitrisk._core import STRIPE, state_rows
from jitrisk.lower import NetworkArrays
from jitrisk.run.job import Horizon, Job

FLUSH = 128
"""Periods between flushes of the float32 sums: fixed, so that no bit depends on how the work is partitioned."""

_TILE, _SHORT_TILE = 64, 16  # periods of exogenous rows drawn at a time; divisors of FLUSH

_CACHE = 1_100_000  # bytes that one strategy's state and the exogenous tile may fill: a core's second-level cache
_MOST_LANES = 4 * STRIPE  # lanes of a block


@dataclass(frozen=True)
class Partition:
    """The blocks of a job.

    Attributes
    ----------
    paths : paths of the job.
    lanes : paths of a block; the last block may have fewer.
    tile : periods of exogenous rows that are drawn at a time.
    """

    paths: int
    lanes: int
    tile: int

    def __len__(self) -> int:
        """Return the number of blocks."""
        return -(-self.paths // self.lanes)

    def __iter__(self) -> Iterator[range]:
        """Yield the blocks: places of paths in the job, each place once."""
        return split_range(self.paths, self.lanes)


@dataclass(frozen=True)
class Segment:
    """Periods `begin` to `end` of a tile, and what is done at their end.

    Attributes
    ----------
    begin, end : the first period, and the one after the last.
    resets_totals : whether the warm-up ends there.
    flushes : whether sums are flushed there.
    """

    begin: int
    end: int
    resets_totals: bool
    flushes: bool


def partition(job: Job, workers: int, lanes: int | None = None) -> Partition:
    """Return blocks so small that one strategy's state and the exogenous tile stay in a core's cache.

    Parameters
    ----------
    job : what to simulate.
    workers : how many blocks are run at the same time: few paths are split so that every worker has some.
    lanes : paths of a block; by default as many as the cache holds.
    """
    series, paths = len(job.series), len(job.paths)
    tile = _TILE if series * _TILE * STRIPE * 4 <= _CACHE else _SHORT_TILE
    if lanes is None:
        lane = max(compute_state_bytes(arrays) for arrays in job.strategies.values()) + 4 * tile * series
        lanes = min(_MOST_LANES, max(1, _CACHE // (lane * STRIPE)) * STRIPE)
        lanes = max(1, min(lanes, -(-paths // workers)))
    return Partition(paths, lanes, tile)


def compute_state_bytes(arrays: NetworkArrays) -> int:
    """Return the bytes of one lane's state under one strategy."""
    return state_rows(arrays) * np.dtype(arrays.float_type).itemsize


def split_range(length: int, step: int) -> Iterator[range]:
    """Yield the ranges of so many places that make up a length; the last may be shorter."""
    for begin in range(0, length, step):
        yield range(begin, min(begin + step, length))


def split_tile(horizon: Horizon, start: int, end: int) -> list[Segment]:
    """Return the segments of a tile: split at the end of the warm-up, and where sums are flushed, at fixed periods."""
    due = {*range(start - start % FLUSH + FLUSH, end + 1, FLUSH), horizon.periods}
    stops = sorted({stop for stop in {*due, horizon.warm_up, end} if start < stop <= end})
    return [
        Segment(begin, stop, stop == horizon.warm_up, stop in due and stop > horizon.warm_up)
        for begin, stop in zip([start, *stops], stops, strict=False)
    ]
