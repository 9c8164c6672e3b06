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
include "_extensions.pxi"

cdef enum:
    # Span of the lead times of one period below which one pass over the lanes per lead time is faster than adding lane
    # by lane.
    MOST_PASSES = 20

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
cdef class Block(ExtendedState):
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

    cdef real *owed_by(self, Py_ssize_t i) noexcept nogil:
        """Return the row of what a store owes to customers and consumers, where its policy counts that."""
        cdef Py_ssize_t n = self.width, k = self.consumer_start[i], c = self.customer_start[i]
        cdef Py_ssize_t customers = self.customer_start[i + 1] - c, consumers = self.consumer_start[i + 1] - k
        cdef real *owed = self.scratch_row(SCRATCH_OWED)
        if not self.extensions.counts_owed[i]:
            return owed  # not read
        # What one customer or consumer alone waits for, in whole units of the store, need not be copied.
        if self.is_whole(i) and customers == 1 and consumers == 0:
            return self.row(CUSTOMER_BACKLOG, c)
        if self.is_whole(i) and customers == 0 and consumers == 1 and self.consumer_quantity[k] == 1.0:
            return self.row(STAGE_OPEN_ORDERS, self.consumer[k])
        fill(n, 0.0, owed)
        for c in range(c, self.customer_start[i + 1]):
            add_owed(n, self.row(CUSTOMER_BACKLOG, c), 1.0, self.rounding_offset[i], owed)
        for k in range(k, self.consumer_start[i + 1]):
            add_owed(n, self.row(STAGE_OPEN_ORDERS, self.consumer[k]), self.consumer_quantity[k],
                     self.rounding_offset[i], owed)
        return owed

    cdef void start(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous) noexcept nogil:
        cdef Py_ssize_t n = self.width, k
        cdef const Rule *rule = &self.rules[i]
        cdef bint is_due = remainder(t, self.review_period[i]) == 0
        cdef real *owed = self.owed_by(i)
        cdef const float *availability = self.series_or(self.availability[i], exogenous, self.ones)
        cdef real *started = self.due(i, t) if self.deterministic[i] else self.scratch_row(SCRATCH_STARTED)
        cdef real *stage = self.row(STAGE_BEGIN, i)
        if self.extensions.follow[i] >= 0:
            self.follow_level(i, t, exogenous)
        if self.unlimited_orders[i]:
            top_up_orders(n, self.extensions.overtime_capacity[i], self.row(STAGE_OPEN_ORDERS, i),
                          self.row(STAGE_GAP, i))
        if self.extensions.in_steps[i]:
            self.start_in_steps(i, t, is_due, owed, exogenous, started)
        elif self.input_start[i + 1] == self.input_start[i]:
            start_without_inputs(n, rule, is_due, owed, availability, stage, started)
        elif self.draws_on_one_store(i):
            k = self.source[self.source_start[self.input_start[i]]]
            start_from_store(n, rule, is_due, owed, availability, stage, started, self.row(STAGE_BEGIN, k),
                             self.short_row(k), self.due(k, t))
        else:
            self.start_from_stores(i, rule, is_due, owed, availability, started)
        if self.extensions.extension[i] >= 0:
            self.keep_loops(i, started)
        if not self.deterministic[i]:
            self.schedule_start(i, t, started, owed, exogenous)
            count_in_process(n, started, self.row(STAGE_IN_PROCESS, i), self.stage_sum(TOTAL_WIP, i))

    cdef void start_in_steps(
        self, Py_ssize_t i, Py_ssize_t t, bint is_due, const real *owed, Rows exogenous, real *started
    ) noexcept nogil:
        """Review, find the capacity in force, and start, one act after another."""
        cdef Py_ssize_t k
        cdef bint pushes = self.extensions.pushes[i]
        cdef int variant = PUSHES if pushes else 0
        cdef const float *availability = self.series_or(self.availability[i], exogenous, self.ones)
        cdef real *capacity = self.scratch_row(SCRATCH_CAPACITY)
        cdef real *store = self.scratch_row(SCRATCH_POOLED)  # not read without inputs
        cdef real *store_short = store
        cdef real *arriving = store
        if not pushes:
            self.review_in_steps(i, t, is_due, owed)
        self.find_capacity_in_force(i, exogenous)
        if self.input_start[i + 1] > self.input_start[i] and not self.draws_on_one_store(i):
            self.start_from_stores_in_steps(i, is_due, availability, started)
        else:
            if self.draws_on_one_store(i):
                k = self.source[self.source_start[self.input_start[i]]]
                store, store_short, arriving = self.row(STAGE_BEGIN, k), self.short_row(k), self.due(k, t)
                variant |= FROM_STORE | (RECEIVES if self.draws_first[i] else 0)
            start_steps(variant, self.width, &self.rules[i], is_due, self.scratch_row(SCRATCH_ORDERED), capacity,
                        availability, self.row(STAGE_BEGIN, i), started, store, store_short, arriving)
        self.add_overtime(i, started, availability)

    cdef void start_from_stores_in_steps(
        self, Py_ssize_t i, bint is_due, const float *availability, real *started
    ) noexcept nogil:
        """Start at a stage with several inputs, or with stores that stand in for each other, in steps."""
        cdef Py_ssize_t n = self.width, g
        cdef const Rule *rule = &self.rules[i]
        cdef real *able = self.scratch_row(SCRATCH_ABLE)
        cdef real *ordered = self.scratch_row(SCRATCH_ORDERED)
        cdef real *capacity = self.scratch_row(SCRATCH_CAPACITY)
        cdef real *open_orders = self.row(STAGE_OPEN_ORDERS, i)
        if self.extensions.pushes[i]:
            fill(n, FAR, started)
            for g in range(self.input_start[i], self.input_start[i + 1]):
                self.limit_by_stock(g, rule, started)
            authorize_by_inputs(n, <real>1.0 if is_due else <real>0.0, started, open_orders)
        else:
            add(n, ordered, open_orders)
        find_able(n, rule, capacity, availability, open_orders, able, started)
        for g in range(self.input_start[i], self.input_start[i + 1]):
            self.limit_by_input(g, rule, able, started)
        for g in range(self.input_start[i], self.input_start[i + 1]):
            self.take_input(g, started)
        finish_steps(self.extensions.pushes[i], n, rule, ordered, capacity, able, started, self.row(STAGE_BEGIN, i))

    cdef void limit_by_stock(self, Py_ssize_t g, const Rule *rule, real *started) noexcept nogil:
        """Lower the start to what the stores of one input hold, without asking them."""
        cdef Py_ssize_t n = self.width, k
        cdef real *pooled = self.scratch_row(SCRATCH_POOLED)
        cdef real per_unit
        if self.is_pooled(g):
            fill(n, 0.0, pooled)
            for k in range(self.source_start[g], self.source_start[g + 1]):
                add(n, self.row(STAGE_ON_HAND, self.source[k]), pooled)
            limit_by_stores(n, pooled, self.quantity[g], rule.tolerance, rule.rounding_offset, started)
            return
        for k in range(self.source_start[g], self.source_start[g + 1]):
            per_unit = self.share[k] * self.quantity[g]
            if per_unit > 0.0:
                limit_by_stores(n, self.row(STAGE_ON_HAND, self.source[k]), per_unit, rule.tolerance,
                                rule.rounding_offset, started)

    cdef void start_from_stores(
        self, Py_ssize_t i, const Rule *rule, bint is_due, const real *owed, const float *availability, real *started
    ) noexcept nogil:
        cdef Py_ssize_t n = self.width, g
        cdef real *ordered = self.scratch_row(SCRATCH_ORDERED)
        cdef real *able = self.scratch_row(SCRATCH_ABLE)
        cdef real *stage = self.row(STAGE_BEGIN, i)
        review(n, rule, is_due, owed, availability, stage, ordered, able, started)
        for g in range(self.input_start[i], self.input_start[i + 1]):
            self.limit_by_input(g, rule, able, started)
        for g in range(self.input_start[i], self.input_start[i + 1]):
            self.take_input(g, started)
        finish_start(n, rule, ordered, able, started, stage)

    cdef inline bint is_pooled(self, Py_ssize_t g) noexcept nogil:
        """Return whether the stores of one input stand in for each other."""
        return self.failover[g] and self.source_start[g + 1] - self.source_start[g] > 1

    cdef void limit_by_input(self, Py_ssize_t g, const Rule *rule, const real *able, real *started) noexcept nogil:
        """Lower the start to what one input allows; mark the stores that could not give what was asked."""
        cdef Py_ssize_t n = self.width, k, source
        cdef real per_unit
        cdef real *store
        cdef real *pooled = self.scratch_row(SCRATCH_POOLED)
        cdef bint pool = self.is_pooled(g)
        if pool:
            fill(n, 0.0, pooled)
        for k in range(self.source_start[g], self.source_start[g + 1]):
            source = self.source[k]
            store = self.row(STAGE_ON_HAND, source)
            per_unit = self.share[k] * self.quantity[g]
            if pool:
                if per_unit > 0.0:
                    mark_short(n, able, per_unit, store, self.tolerance[source], self.rounding_offset[source],
                               self.short_row(source))
                add(n, store, pooled)
            elif per_unit > 0.0:
                ask_store(n, able, per_unit, rule.tolerance, rule.rounding_offset, store, self.tolerance[source],
                          self.rounding_offset[source], self.short_row(source), started)
        if pool:
            limit_by_stores(n, pooled, self.quantity[g], rule.tolerance, rule.rounding_offset, started)

    cdef void take_input(self, Py_ssize_t g, const real *started) noexcept nogil:
        """Take one input from its stores: each source's share, then with failover the rest in order of preference."""
        cdef Py_ssize_t n = self.width, k, source
        cdef real per_unit
        cdef real *missing = self.scratch_row(SCRATCH_MISSING)
        cdef bint pool = self.is_pooled(g)
        if pool:
            fill(n, 0.0, missing)
        for k in range(self.source_start[g], self.source_start[g + 1]):
            source, per_unit = self.source[k], self.share[k] * self.quantity[g]
            if pool:
                take_share(n, started, per_unit, self.rounding_offset[source], self.row(STAGE_ON_HAND, source),
                           self.row(STAGE_GAP, source), missing)
            elif per_unit > 0.0:
                take_from_store(n, started, per_unit, self.rounding_offset[source], self.row(STAGE_ON_HAND, source),
                                self.row(STAGE_GAP, source))
        if pool:
            for k in range(self.source_start[g], self.source_start[g + 1]):
                source = self.source[k]
                take_missing(n, self.rounding_offset[source], self.row(STAGE_ON_HAND, source),
                             self.row(STAGE_GAP, source), missing)

    cdef void schedule_start(
        self, Py_ssize_t i, Py_ssize_t t, const real *started, const real *owed, Rows exogenous
    ) noexcept nogil:
        """Schedule the start of a stage whose lead time is drawn or expedited, or whose arrivals can be held up."""
        cdef Py_ssize_t n = self.width, longest = self.longest_lead_time[i]
        cdef bint up_to = self.extensions.expedite_up_to[i] >= 0.0
        cdef bint below = self.expedite_lead_time[i] > 0.0 and not up_to
        cdef real *lead_time = self.scratch_row(SCRATCH_LEAD_TIME)
        cdef real *expedited = self.scratch_row(SCRATCH_EXPEDITED)
        cdef real *rest = self.scratch_row(SCRATCH_POOLED)
        cdef int bounds[2]
        cdef Transit transit
        transit.variant = ((DRAWN if self.lead_time[i] >= 0 else 0) | (EXPEDITES if below else 0)
                           | (KEEPS_ORDER if self.in_order[i] else 0))
        if up_to:
            self.find_expedited(i, t, started, owed)
            subtract(n, started, expedited, rest)
            started = rest
        if transit.variant == 0:
            add(n, started, self.due(i, t + longest))
            if up_to:
                add(n, expedited, self.due(i, t + min(longest, <Py_ssize_t>self.expedite_lead_time[i])))
            return
        transit.longest, transit.last = <real>longest, <real>(self.ring[i] - 1)
        transit.expedite_below = self.expedite_below[i] - self.tolerance[i]
        transit.expedite_lead_time, transit.period = self.expedite_lead_time[i], <real>t
        find_lead_times(n, transit, started, self.series_or(self.lead_time[i], exogenous, self.ones),
                        self.row(STAGE_BEGIN, i), lead_time, bounds)
        self.add_to_pipeline(i, t, started, lead_time, bounds)
        if up_to:
            shorten(n, self.expedite_lead_time[i], lead_time)
            bounds[0] = min(bounds[0], <int>self.expedite_lead_time[i])
            bounds[1] = min(bounds[1], <int>self.expedite_lead_time[i])
            self.add_to_pipeline(i, t, expedited, lead_time, bounds)

    cdef void add_to_pipeline(
        self, Py_ssize_t i, Py_ssize_t t, const real *started, const real *lead_time, const int *bounds
    ) noexcept nogil:
        """Add each lane's start to what is due when it arrives, given the least and the longest lead time."""
        cdef Py_ssize_t n = self.width, ahead
        if bounds[1] - bounds[0] < MOST_PASSES:
            for ahead in range(bounds[0], bounds[1] + 1):
                add_due(n, started, lead_time, <real>ahead, self.due(i, t + ahead))
        else:
            scatter_due(n, started, lead_time, remainder(t, self.ring[i]), self.ring[i],
                        self.pipeline + self.slot[i] * WIDTH)
