"""The dynamics: one block of paths, one strategy, a run of periods. No randomness, no money, no names.

Layout. A *row* holds one number for every path (*lane*) of a stripe: contiguous, a whole number of cache lines. State is
a stack of rows: those of each member of each dim (stage, customer), scratch rows, and the pipelines. `core_tables.py` lists
and describes the rows; `Block.row(kind, i)` is where one stands. The *gap* is what stock on hand, work in process and
open orders lack of the order-up-to level: only what leaves the store or is scrapped raises it, only an order lowers
it. Each stage has ``ring[stage]`` pipeline slots on end; what is due in period ``t`` is in slot ``t % ring``. Sums of up
to 128 periods stay in rows and are flushed to the float64 totals at fixed periods, so that no bit depends on how the
work is partitioned.

State is float32, which is exact for up to 2^24 grains of a store; `_core_double.pyx` compiles the same source for
float64 and 2^53 grains, for networks whose stores or rare demands are that much larger than their smallest flows.

Stages are numbered in sweep order (consumers before their suppliers), customers in the order they are served.
Every act (``_acts.pxi``) is one loop over lanes without branches; features that are off are not called at all.
The rules are those of docs/model.md; acts follow its section "One period".
"""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free

import numpy as np

include "_rows.pxi"
include "_acts.pxi"
include "_constants.pxi"
include "_state.pxi"
include "_totals.pxi"
include "_extensions.pxi"
include "_starts.pxi"

STRIPE = WIDTH
DIGEST = TABLES_DIGEST


def state_rows(arrays) -> int:
    """Return the rows of state that one stripe of a network needs."""
    cdef Py_ssize_t dim
    cdef Py_ssize_t rows = SCRATCH_ROWS
    for dim in range(DIMS):
        rows += dim_rows[dim] * <Py_ssize_t>arrays.sizes[DIM_NAMES[dim]]
    extensions = arrays.extensions
    ages = np.maximum(extensions.shelf_life - 1, 0)
    return rows + int(arrays.ring.sum() + ages.sum() + EXTENSION_ROWS * (extensions.extension >= 0).sum())


def find_closed_rows(const float[:, :, ::1] tile, const int[::1] series, unsigned char[:, :, ::1] closed) -> None:
    """Find in which periods and stripes some series of a tile are closed, once for all strategies.

    Parameters
    ----------
    tile : float32 array of shape (periods, series, lanes).
    series : numbers of the series of arrivals and of transit.
    closed : array of shape (periods, series, stripes); 1 where a lane of the stripe is closed, else 0, in the rows of
        these series.
    """
    cdef Py_ssize_t t, k, stripe, first
    with nogil:
        for t in range(tile.shape[0]):
            for k in range(series.shape[0]):
                for stripe in range(closed.shape[2]):
                    first = stripe * WIDTH
                    find_closed(min(WIDTH, tile.shape[2] - first), &tile[t, series[k], first],
                                &closed[t, series[k], stripe])


@cython.final
cdef class Block(StartingBlock):
    """The paths of one block under one strategy, from the first period to the last.

    Parameters
    ----------
    arrays : arrays of one strategy, from `jitrisk.lower`.
    rows : int32 array, for each series of `arrays` its place in the exogenous tile.
    state : array of shape (stripes, state_rows(arrays), STRIPE), float32 or float64 as the module; overwritten.
    lanes : paths of the block, at most stripes * STRIPE.

    Notes
    -----
    A block is split into stripes narrow enough for the first-level cache; each runs a whole tile on its own.
    The arrays are validated and allocated by the caller, with lanes contiguous; nothing is checked here.
    """

    def advance(
        self, const float[:, :, ::1] tile, const unsigned char[:, :, ::1] closed, Py_ssize_t tile_start,
        Py_ssize_t begin, Py_ssize_t end
    ) -> None:
        """Run periods `begin` to `end` (exclusive) on a tile of exogenous rows that starts at `tile_start`.

        Parameters
        ----------
        tile : float32 array of shape (periods, series, lanes).
        closed : of the same tile, from `find_closed_rows`; read of series of arrivals and of transit.
        """
        cdef Py_ssize_t stripe, t
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for t in range(begin, end):
                    self.run_period(t, Rows(&tile[t - tile_start, 0, stripe * WIDTH], tile.shape[2],
                                            &closed[t - tile_start, 0, stripe], closed.shape[2]), stripe)

    cdef void run_period(self, Py_ssize_t t, Rows exogenous, Py_ssize_t stripe) noexcept nogil:
        cdef Py_ssize_t i
        cdef Py_ssize_t stages = self.sizes[DIM_STAGE]
        for i in range(stages):
            self.receive(i, t, exogenous, stripe)
        for i in range(stages):
            if self.customers_first[i]:
                self.serve_customers(i, t, exogenous)
        for i in range(stages):
            if not self.customers_first[i]:
                self.serve_customers(i, t, exogenous)
            if self.extensions.extension[i] >= 0:
                self.settle_store(i)
            self.start(i, t, exogenous)
            if self.has_cycles[i]:
                mark_cycle(self.width, self.row(STAGE_SHORT, i), self.row(STAGE_CYCLE_SHORT, i))
            if self.gathers_shortage[i]:
                count_shortage(self.width, self.row(STAGE_SHORT, i), self.stage_sum(TOTAL_SHORTAGE, i))

    cdef void receive(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous, Py_ssize_t stripe) noexcept nogil:
        cdef Py_ssize_t n = self.width
        self.hold_up(i, t, exogenous)
        if self.extensions.extension[i] >= 0:
            self.mark_loops(i, t)
            if self.extensions.shelf_life[i] > 0:
                self.receive_dated(i, t, exogenous, stripe)
                return
        self.receive_due(i, t, exogenous, stripe)

    cdef void receive_dated(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous, Py_ssize_t stripe) noexcept nogil:
        """Receive in a store whose units expire."""
        cdef Py_ssize_t n = self.width
        cdef real *before = self.scratch_row(SCRATCH_MISSING)
        cdef real *received = self.scratch_row(SCRATCH_RECEIVED)
        copy(n, self.row(STAGE_ON_HAND, i), before)
        self.receive_due(i, t, exogenous, stripe)
        subtract(n, self.row(STAGE_ON_HAND, i), before, received)
        self.date(i, t, received)

    cdef void receive_due(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous, Py_ssize_t stripe) noexcept nogil:
        """Move what is due into the store, unless the first act that draws on it does."""
        cdef Py_ssize_t n = self.width
        if self.has_cycles[i] and self.counts_cycles:
            end_cycle(n, self.due(i, t), self.row(STAGE_ON_HAND, i), self.tolerance[i],
                      self.row(STAGE_ARRIVED, i), self.row(STAGE_CYCLE_SHORT, i),
                      self.total(DIM_STAGE, TOTAL_RECEIPTS, i, stripe),
                      self.total(DIM_STAGE, TOTAL_SHORT_CYCLES, i, stripe),
                      self.total(DIM_STAGE, TOTAL_STOCK_AT_RECEIPTS, i, stripe))
        if self.received_late[i]:
            return
        if self.deterministic[i]:
            receive_all(n, self.due(i, t), self.row(STAGE_ON_HAND, i))
        elif self.yield_[i] < 0:
            receive_delayed(n, self.due(i, t), self.row(STAGE_ON_HAND, i), self.row(STAGE_IN_PROCESS, i))
        else:
            receive_yield(n, self.due(i, t), self.series_or(self.yield_[i], exogenous, self.ones),
                          self.rounding_offset[i], self.row(STAGE_ON_HAND, i), self.row(STAGE_GAP, i),
                          self.row(STAGE_IN_PROCESS, i), self.stage_sum(TOTAL_SCRAPPED, i))

    cdef inline void hold_up(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous) noexcept nogil:
        """Delay work in process where transit is closed, and what is due now where arrivals are."""
        cdef Py_ssize_t n = self.width, ahead
        cdef const float *moving
        if self.is_closed(self.transit[i], exogenous):
            moving = self.series_or(self.transit[i], exogenous, self.ones)
            for ahead in range(self.ring[i] - 2, -1, -1):
                delay_due(n, self.due(i, t + ahead), self.due(i, t + ahead + 1), moving)
            if self.in_order[i]:
                delay_last_due(n, <real>t, moving, self.row(STAGE_LAST_DUE, i))
        if self.is_closed(self.receiving[i], exogenous):
            moving = self.series_or(self.receiving[i], exogenous, self.ones)
            delay_due(n, self.due(i, t), self.due(i, t + 1), moving)

    cdef void serve_customers(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous) noexcept nogil:
        cdef Py_ssize_t c
        cdef int variant
        for c in range(self.customer_start[i], self.customer_start[i + 1]):
            variant = ((SERVES_ARRIVALS if self.served_first[c] else 0)
                       | (COUNTS_SHORT if self.only_customer[i] < 0 else 0)
                       | (SERVES_WHOLE if self.is_whole(i) else 0))
            serve(variant, self.width, self.series_or(self.demand[c], exogenous, self.zeros), self.backorder_share[c],
                  self.row(STAGE_BEGIN, i), self.tolerance[i], self.rounding_offset[i], self.due(i, t),
                  self.short_row(i), self.row(CUSTOMER_BEGIN, c), <real>t)
