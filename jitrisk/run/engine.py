"""Stage 5: blocks, threads and memory. Draw a block of paths once, run every strategy on it.

A block is a few hundred paths whose state and exogenous tile fit in a core's second-level cache. Blocks are handed to
threads in any order; nothing a path computes depends on its block, so the outcome has the same bits for any
number of threads and any size of block.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from jitrisk import _core_double
from jitrisk._core import CUSTOMER_TOTALS, CYCLE_TOTALS, STAGE_TOTALS, STRIPE, Block, state_rows
from jitrisk.errors import CapacityError
from jitrisk.lower import GivenSeries, NetworkArrays
from jitrisk.run.machine import count_cores, measure_free_memory
from jitrisk.sampling.rare import Mixture
from jitrisk.sampling.series import ExogenousSeries, HazardProcess, group_hits

if TYPE_CHECKING:
    from jitrisk.sampling.sampler import Sampler, State

FLUSH = 128
"""Periods between flushes of the float32 sums: fixed, so that no bit depends on how the work is cut."""

_TILE, _SHORT_TILE = 64, 16  # periods of exogenous rows drawn at a time; divisors of FLUSH

_CACHE = 1_100_000  # bytes that one strategy's state and the exogenous tile may fill: a core's second-level cache
_MOST = 4 * STRIPE  # lanes of a block
_POLL = 0.1  # seconds between looks at the progress, and so at Ctrl-C
_KEEP_FREE = 0.1  # share of the available memory never asked for

Progress = Callable[[int, int], None]
Act = Callable[["Worker", int, int, threading.Event], None]


@dataclass(frozen=True)
class Horizon:
    """The time axis of a run, in periods."""

    periods: int
    warm_up: int = 0

    @property
    def counted(self) -> int:
        """Periods that outcomes are summed or averaged over."""
        return self.periods - self.warm_up


@dataclass(frozen=True, eq=False)
class Job:
    """What to simulate.

    Attributes
    ----------
    plants : the arrays of each strategy, by name; all of one network, so with as many stages and customers.
    horizon : the time axis.
    paths : path numbers, a range of step 1.
    seed : seed of every stream.
    given : series handed in, by (kind, stage or customer): float32 arrays of shape (paths, periods).
    mixture : the rare hazards that some paths are drawn with; None where every path is natural.
    """

    plants: Mapping[str, NetworkArrays]
    horizon: Horizon
    paths: range
    seed: int
    given: Mapping[tuple[str, str], np.ndarray] = field(default_factory=dict)
    mixture: Mixture | None = None

    @cached_property
    def series(self) -> list[ExogenousSeries | GivenSeries]:
        """Every series some strategy reads, once: those drawn first, then those handed in."""
        found = dict.fromkeys(one for plant in self.plants.values() for one in plant.series)
        return sorted(found, key=lambda one: isinstance(one, GivenSeries))

    @cached_property
    def drawn(self) -> list[ExogenousSeries]:
        """Every series that is drawn, in the order of `series`."""
        return [one for one in self.series if isinstance(one, ExogenousSeries)]

    @cached_property
    def has_cycles(self) -> bool:
        """Whether some store is replenished in cycles under some strategy."""
        return any(plant.cyclic.any() for plant in self.plants.values())

    @cached_property
    def hazards(self) -> list[HazardProcess]:
        """The hazards that hit a series that is drawn, in the order in which they are counted."""
        return [spells for spells, _ in group_hits(self.drawn)]


@dataclass(frozen=True, eq=False)
class Totals:
    """Outcomes as arrays, paths contiguous.

    Attributes
    ----------
    stage : float64, shape (len(STAGE_TOTALS), strategies, stages, paths).
    customer : float64, shape (len(CUSTOMER_TOTALS), strategies, customers, paths).
    occurred : int32, shape (hazards, paths): occurrences that began after the warm-up, of the job's hazards.
    cycle : float64, shape (len(CYCLE_TOTALS), strategies, stages, paths); None where no store is replenished in cycles.
    """

    stage: np.ndarray
    customer: np.ndarray
    occurred: np.ndarray
    cycle: np.ndarray | None = None


@dataclass(frozen=True)
class Partition:
    """How a job is cut: lanes of a block, periods of a tile, threads at work."""

    lanes: int
    tile: int
    threads: int


def run(
    job: Job,
    threads: int | None = None,
    lanes: int | None = None,
    progress: Progress | None = None,
    out: Totals | None = None,
) -> Totals:
    """Simulate every path under every strategy.

    Parameters
    ----------
    job : what to simulate.
    threads : threads to use; all cores by default.
    lanes : paths of a block; by default as many as the cache holds. The outcome does not depend on it.
    progress : called now and then with the number of path-strategies done and their total.
    out : zeros to write into, one column a path; fresh memory by default.

    Returns
    -------
    The totals of every path.

    Raises
    ------
    CapacityError
        If the outcomes and the work space do not fit in the memory available.
    """
    shape = partition(job, threads, lanes)
    sampler = build_sampler(job)
    require_memory(
        _compute_job_bytes(job, shape, sampler), len(job.paths), "simulate", _compute_work_bytes(job, shape, sampler)
    )
    totals = allocate_totals(job, len(job.paths)) if out is None else out

    def simulate(bench: Worker, begin: int, end: int, stop: threading.Event) -> None:
        bench.simulate(begin, end, totals, stop)

    run_blocks(job, shape, sampler, simulate, progress)
    return totals


def run_blocks(job: Job, shape: Partition, sampler: Sampler, act: Act, progress: Progress | None = None) -> None:
    """Do something once with every block of paths, in as many threads as the shape says.

    Parameters
    ----------
    job, shape, sampler : what is run, how it is cut, and what draws.
    act : called with a thread's work space, the first and the last place of a block, and what says to stop early.
    progress : called now and then with the number of path-strategies done and their total.
    """
    cuts = _BlockQueue(len(job.paths), shape.lanes)

    def work(stop: threading.Event) -> Iterator[int]:
        bench = Worker(job, sampler, shape)
        for begin, end in cuts:
            act(bench, begin, end, stop)
            if stop.is_set():
                return
            yield (end - begin) * len(job.plants)

    _run_in_threads(work, shape.threads, len(job.paths) * len(job.plants), progress)


def compute_memory(job: Job, threads: int | None = None) -> int:
    """Return the bytes of memory a job takes."""
    return _compute_job_bytes(job, partition(job, threads, None), build_sampler(job))


def count_concurrent_paths(job: Job, threads: int | None = None) -> int:
    """Return how many paths keep every thread busy once: a block of paths for each."""
    shape = partition(job, threads, None)
    return shape.threads * shape.lanes


def count_fitting_paths(job: Job, threads: int | None = None) -> int:
    """Return how many more paths of a job would fit in the memory available."""
    work = compute_memory(job, threads) - _compute_outcome_bytes(job) * len(job.paths)
    return max(0, int((measure_free_memory() * (1 - _KEEP_FREE) - work) / _compute_outcome_bytes(job)))


def _compute_job_bytes(job: Job, shape: Partition, sampler: Sampler) -> int:
    """Return the memory a job takes: its outcomes, and each thread's work space."""
    return _compute_outcome_bytes(job) * len(job.paths) + shape.threads * _compute_work_bytes(job, shape, sampler)


def _compute_work_bytes(job: Job, shape: Partition, sampler: Sampler) -> int:
    """Return the work space of one thread."""
    lanes = -(-shape.lanes // STRIPE) * STRIPE
    return lanes * _compute_lane_bytes(job, shape.tile) + sampler.count_bytes(shape.lanes)


def require_memory(needed: int, paths: int, verb: str, fixed: int = 0) -> None:
    """Raise CapacityError, with what would fit, when a request does not fit in the memory available.

    Of the bytes needed, so many are fixed: few paths take them as well.
    """
    usable = measure_free_memory() * (1 - _KEEP_FREE)
    if needed > usable:
        fit = max(0, int(paths * (usable - fixed) / (needed - fixed))) if needed > fixed else 0
        advice = f"about {fit:,} paths would fit" if fit else "not one path would fit: shorten the horizon"
        if not usable:
            advice = "the container or 'ulimit -v' may limit it"
        raise CapacityError(
            f"to {verb} {paths:,} path{'s' * (paths != 1)} takes {needed / 1e9:,.1f} GB of memory "
            f"and {usable / 1e9:,.1f} GB are free: "
            f"{advice}; fewer strategies take less, too"
        )


def _compute_outcome_bytes(job: Job) -> int:
    """Return the bytes of outcomes of one path."""
    of_stage = len(STAGE_TOTALS) + len(CYCLE_TOTALS) * job.has_cycles
    outcomes = sum(of_stage * plant.stages + len(CUSTOMER_TOTALS) * plant.customers for plant in job.plants.values())
    return 8 * outcomes + 4 * len(job.hazards)


def _compute_lane_bytes(job: Job, tile: int) -> int:
    """Return the bytes of work space of one lane: the states of all strategies and the exogenous tile."""
    return sum(_compute_state_bytes(plant) for plant in job.plants.values()) + 8 * tile * len(job.series)


def _compute_state_bytes(plant: NetworkArrays) -> int:
    """Return the bytes of one lane's state under one strategy."""
    return state_rows(plant) * np.dtype(plant.float_type).itemsize


def partition(job: Job, threads: int | None, lanes: int | None) -> Partition:
    """Cut a job so that one strategy's state and the exogenous tile stay in a core's cache."""
    threads = threads or count_cores()
    series = len(job.series)
    tile = _TILE if series * _TILE * STRIPE * 4 <= _CACHE else _SHORT_TILE
    if lanes is None:
        lane = max(_compute_state_bytes(plant) for plant in job.plants.values()) + 4 * tile * series
        lanes = min(_MOST, max(1, _CACHE // (lane * STRIPE)) * STRIPE)
        # Few paths: smaller blocks, so that every thread has some.
        lanes = max(1, min(lanes, -(-len(job.paths) // threads)))
    return Partition(lanes, tile, min(threads, -(-len(job.paths) // lanes)))


def allocate_totals(job: Job, paths: int) -> Totals:
    """Return totals of so many paths, all zero: they cost nothing until they are written."""
    plants = list(job.plants.values())
    return Totals(
        np.zeros((len(STAGE_TOTALS), len(plants), plants[0].stages, paths)),
        np.zeros((len(CUSTOMER_TOTALS), len(plants), plants[0].customers, paths)),
        np.zeros((len(job.hazards), paths), dtype=np.int32),
        np.zeros((len(CYCLE_TOTALS), len(plants), plants[0].stages, paths)) if job.has_cycles else None,
    )


def build_sampler(job: Job) -> Sampler:
    """Return what draws the series of a job that are not handed in."""
    from jitrisk.sampling.sampler import Sampler

    return Sampler(job.drawn, job.seed, job.mixture, (job.horizon.warm_up, job.horizon.periods))


def _allocate_rows(*shape: int, number: type[np.floating[Any]] = np.float32) -> np.ndarray:
    """Return memory that begins on a cache line, as full-width vector loads want it."""
    size, line, width = math.prod(shape), 64, np.dtype(number).itemsize
    memory = np.empty(size + line // width, dtype=number)
    start = -memory.ctypes.data % line // width
    return memory[start : start + size].reshape(shape)


def _allocate_block(plant: NetworkArrays, rows: np.ndarray, lanes: int) -> Block:
    """Return a block of the core that holds state as the plant wants it."""
    state = _allocate_rows(-(-lanes // STRIPE), state_rows(plant), STRIPE, number=plant.float_type)
    return (_core_double.Block if plant.double else Block)(plant, rows, state, lanes)


class _BlockQueue:
    """Hand out blocks of paths, each once, to whichever thread asks."""

    def __init__(self, paths: int, lanes: int) -> None:
        self._steps = _split_range(paths, lanes)
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return self

    def __next__(self) -> tuple[int, int]:
        with self._lock:
            return next(self._steps)


def _split_range(length: int, step: int) -> Iterator[tuple[int, int]]:
    for begin in range(0, length, step):
        yield begin, min(begin + step, length)


@dataclass(frozen=True)
class _Segment:
    """Periods `begin` to `end` of a tile, and what is done at their end."""

    begin: int
    end: int
    opens: bool
    flushes: bool

    def run(self, block: Block, tile: np.ndarray, tile_start: int) -> None:
        block.advance(tile, tile_start, self.begin, self.end)
        if self.opens:
            block.open_books(self.end)
        if self.flushes:
            block.flush()


def _split_into_segments(horizon: Horizon, start: int, end: int) -> list[_Segment]:
    """Cut a tile where the books open, at the end of the warm-up, and where sums are flushed, at fixed periods."""
    due = {*range(start - start % FLUSH + FLUSH, end + 1, FLUSH), horizon.periods}
    stops = sorted({stop for stop in {*due, horizon.warm_up, end} if start < stop <= end})
    return [
        _Segment(begin, stop, opens=stop == horizon.warm_up, flushes=stop in due and stop > horizon.warm_up)
        for begin, stop in zip([start, *stops], stops, strict=False)
    ]


class Worker:
    """One thread's work space, used for block after block."""

    def __init__(self, job: Job, sampler: Sampler, shape: Partition) -> None:
        self._job, self._sampler = job, sampler
        series = job.series
        place = {one: k for k, one in enumerate(series)}
        self._rows = [np.array([place[one] for one in plant.series], dtype=np.int32) for plant in job.plants.values()]
        self._handed = [one for one in series if isinstance(one, GivenSeries)]
        self._drawn = len(series) - len(self._handed)
        self._blocks: dict[int, list[Block]] = {}
        self._memory = _allocate_rows(shape.tile * len(series) * shape.lanes)
        self._steps = list(_split_range(job.horizon.periods, shape.tile))

    def simulate(self, begin: int, end: int, totals: Totals, stop: threading.Event) -> None:
        """Run paths `begin` to `end` (places in the outcome) under every strategy."""
        horizon, lanes = self._job.horizon, end - begin
        blocks = self.prepare_blocks(lanes)
        for k, block in enumerate(blocks):
            cycles = None if totals.cycle is None else totals.cycle[:, k, :, begin:end]
            block.reset(totals.stage[:, k, :, begin:end], totals.customer[:, k, :, begin:end], cycles)
            if horizon.warm_up == 0:
                block.open_books(0)
        state = self.create_state(begin, end)
        for start, tile in self.draw_tiles(state, begin, end):
            legs = _split_into_segments(horizon, start, start + len(tile))
            for block in blocks:
                for leg in legs:
                    leg.run(block, tile, start)
            if stop.is_set():
                return
        for block in blocks:
            block.close_books(horizon.periods, horizon.counted)
        totals.occurred[:, begin:end] = state.clocks.occurred

    def create_state(self, begin: int, end: int) -> State:
        """Return the state of the sampler for paths `begin` to `end`, before period 0."""
        return self._sampler.begin(self._job.paths.start + begin, end - begin)

    def draw_tiles(self, state: State, begin: int, end: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield exogenous rows of paths `begin` to `end`: their first period, and an array (periods, series, lanes)."""
        for start, stop in self._steps:
            yield start, self._draw_tile(state, start, stop, begin, end)

    def prepare_blocks(self, lanes: int) -> list[Block]:
        """Return a block of so many lanes for every strategy."""
        if lanes not in self._blocks:
            self._blocks.clear()  # only the last block of a job has fewer lanes
            self._blocks[lanes] = [
                _allocate_block(plant, rows, lanes)
                for plant, rows in zip(self._job.plants.values(), self._rows, strict=True)
            ]
        return self._blocks[lanes]

    def _draw_tile(self, state: State, start: int, end: int, begin: int, stop: int) -> np.ndarray:
        """Return the exogenous rows of periods `start` to `end`, shape (periods, series, lanes)."""
        size = (end - start, self._drawn, stop - begin)
        drawn = self._memory[: math.prod(size)].reshape(size)
        self._sampler.fill(state, start, drawn)
        if not self._handed:
            return drawn
        handed = [self._job.given[one.key][begin:stop, start:end].T for one in self._handed]
        return np.ascontiguousarray(np.concatenate([drawn, np.stack(handed, axis=1)], axis=1))


def _run_in_threads(
    work: Callable[[threading.Event], Iterator[int]], threads: int, total: int, progress: Progress | None
) -> None:
    """Run `work` in every thread until its items are used up; the first error, or Ctrl-C, stops them all."""
    stop = threading.Event()
    done = [0] * threads

    def count(thread: int) -> None:
        try:
            for amount in work(stop):
                done[thread] += amount
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(threads, thread_name_prefix="jitrisk") as pool:
        try:
            pending = _submit(pool, count, threads)
            while pending:
                finished, pending = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
                for future in finished:
                    future.result()
                if progress is not None:
                    progress(sum(done), total)
        except BaseException:
            stop.set()
            raise


def _submit(pool: ThreadPoolExecutor, count: Callable[[int], None], threads: int) -> set[Future[None]]:
    """Start as many threads as asked, or as the system gives: limits on processes and on memory hold for them."""
    pending: set[Future[None]] = set()
    for thread in range(threads):
        try:
            pending.add(pool.submit(count, thread))
        except RuntimeError as error:
            if not pending:
                raise CapacityError(f"the system lets no thread start ({error}): look at 'ulimit -u -v'") from error
            break
    return pending
