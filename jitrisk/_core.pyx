"""The dynamics: one block of paths, one strategy, a run of periods. No randomness, no money, no names.

Layout. A *row* holds one number for every path (*lane*) of a stripe: contiguous, a whole number of cache lines. State is
a stack of rows: ``on_hand[stage]``, ``authorized[stage]``, ``gap[stage]`` (what stock on hand, work in process and what
is authorized lack of a full store: only what leaves the store or is scrapped raises it, only an order lowers it),
``process[stage]`` (work in process, where Little's law does not give its average), ``pipeline[slot]`` (each stage owns
``ring[stage]`` slots on end, what is due in period ``t`` is in slot ``t % ring``), ``backlog[customer]``. Sums of up to
128 periods stay in rows and are flushed to the float64 outcomes at fixed periods, so that no bit depends on how the
work was cut.

State is float32, which is exact for up to 2^24 grains of a store; `_core_double.pyx` compiles the same source for
float64 and 2^53 grains, for networks whose stores or rare demands are that much larger than their smallest flows.

Stages are numbered in sweep order (consumers before their suppliers), customers in the order they are served.
Every act (``_acts.pxi``) is one loop over lanes without branches; features that are off are not called at all.
The rules are those of docs/model.md; act names follow its section "One period".
"""

include "_acts.pxi"

STRIPE = WIDTH
STAGE_TOTALS = (
    "started", "scrapped", "expedited", "orders", "starved", "broken", "shortage", "on_hand", "wip", "ordered"
)
CYCLE_TOTALS = ("receipts", "short_cycles", "stock_at_receipts")
CUSTOMER_TOTALS = ("demand", "filled", "stockout", "backlog", "shipped", "lost", "peak_backlog", "first_stockout")


cdef enum:
    ORDERED_NOW, ABLE, BEGUN, MISSING, POOLED, LEAD, OWED, ZEROS, SCRATCH_ROWS
    RECEIPTS = 0
    SHORT_CYCLES, STOCK_AT_RECEIPTS
    STAGE_STATES = 8  # on hand, gap, authorized, short, process, last due, arrived, cycle short

STAGE_ROWS = STAGE_STATES + STAGE_SUMS
CUSTOMER_ROWS = 3 + CUSTOMER_SUMS


def state_rows(plant) -> int:
    """Return the rows of state that one stripe of a plant needs."""
    return (STAGE_ROWS * plant.stages + int(plant.ring.sum())
            + CUSTOMER_ROWS * plant.customers + SCRATCH_ROWS)


cdef inline Py_ssize_t turn(Py_ssize_t t, Py_ssize_t n) noexcept nogil:
    """t mod n; a division takes as long as a dozen lanes, and n is mostly 1."""
    return 0 if n == 1 else t % n


cdef struct Rows:
    # The exogenous rows of one period, from the stripe's first lane on.
    const float *first
    Py_ssize_t stride


cdef class Block:
    """The paths of one block under one strategy, from the first period to the last.

    Parameters
    ----------
    plant : arrays of one strategy, from `jitrisk.lower`.
    rows : int32 array, for each of the plant's series its place in the exogenous tile.
    state : array of shape (stripes, state_rows(plant), STRIPE), float32 or float64 as the module; overwritten.
    lanes : paths of the block, at most stripes * STRIPE.

    Notes
    -----
    A block is cut into stripes narrow enough for the first-level cache; each runs a whole tile on its own.
    The arrays are validated and allocated by the caller, with lanes contiguous; nothing is checked here.
    """

    cdef readonly Py_ssize_t lanes, stages, customers
    cdef bint counts_cycles
    cdef Py_ssize_t width  # lanes of the stripe at work; the pointers below are its rows
    cdef real[:, :, ::1] state
    cdef double[:, :, :] stage_totals, customer_totals, cycle_totals
    cdef real *on_hand
    cdef real *gap
    cdef real *authorized
    cdef real *short
    cdef real *process
    cdef real *last_due
    cdef real *arrived
    cdef real *cycle_short
    cdef real *stage_sums
    cdef real *backlog
    cdef real *peak
    cdef real *first
    cdef real *customer_sums
    cdef real *scratch
    cdef real *pipeline
    cdef float ones[WIDTH]
    cdef float zeros[WIDTH]
    cdef const int[::1] rows
    cdef const int[::1] declared, lead, ring, slot, review_every, availability, receiving, transit, lead_time, good
    cdef const int[::1] demand, served, input_start, source_start, source, owing_start, owing, customer_start
    cdef const unsigned char[::1] unlimited, always_open, in_order, first_served, plain, failover, owes, several
    cdef const unsigned char[::1] cyclic
    cdef const real[::1] initial, capacity, least, target, lot, slack, tolerance, coarse, rush_below, rush_lead
    cdef const real[::1] quantity, share, owing_weight, wait

    def __init__(self, plant, const int[::1] rows, real[:, :, ::1] state, Py_ssize_t lanes):
        cdef Py_ssize_t j
        for j in range(WIDTH):
            self.ones[j], self.zeros[j] = 1.0, 0.0
        self.stages, self.customers, self.lanes = plant.stages, plant.customers, lanes
        self.rows, self.state = rows, state
        self.declared, self.lead, self.ring, self.slot = plant.declared, plant.lead, plant.ring, plant.slot
        self.review_every, self.availability, self.receiving = plant.review, plant.availability, plant.receiving
        self.transit, self.lead_time, self.good, self.demand = plant.transit, plant.lead_time, plant.good, plant.demand
        self.input_start, self.source_start, self.source = plant.input_start, plant.source_start, plant.source
        self.owing_start, self.owing, self.owing_weight = plant.owing_start, plant.owing, plant.owing_weight
        self.customer_start, self.served, self.wait = plant.customer_start, plant.served, plant.wait
        self.unlimited, self.plain, self.failover = plant.unlimited, plant.plain, plant.failover
        self.owes, self.several, self.first_served = plant.owes, plant.several, plant.first_served
        self.always_open, self.in_order, self.cyclic = plant.always_open, plant.in_order, plant.cyclic
        self.initial, self.capacity, self.least = plant.initial, plant.capacity, plant.least
        self.target, self.lot, self.slack = plant.target, plant.lot, plant.slack
        self.tolerance, self.coarse = plant.tolerance, plant.coarse
        self.rush_below, self.rush_lead = plant.rush_below, plant.rush_lead
        self.quantity, self.share = plant.quantity, plant.share

    cdef void select(self, Py_ssize_t stripe) noexcept nogil:
        """Turn to one stripe: what each stage and each customer has side by side, then the rest."""
        cdef Py_ssize_t n = self.stages * WIDTH, m = self.customers * WIDTH
        cdef real *place = &self.state[stripe, 0, 0]
        self.width = min(WIDTH, self.lanes - stripe * WIDTH)
        self.on_hand = place
        self.gap = place + n
        self.authorized = place + 2 * n
        self.short = place + 3 * n
        self.process = place + 4 * n
        self.last_due = place + 5 * n
        self.arrived = place + 6 * n
        self.cycle_short = place + 7 * n
        self.stage_sums = place + STAGE_STATES * n
        place += (STAGE_STATES + STAGE_SUMS) * n
        self.backlog = place
        self.peak = place + m
        self.first = place + 2 * m
        self.customer_sums = place + 3 * m
        place += (3 + CUSTOMER_SUMS) * m
        self.scratch = place
        self.pipeline = place + SCRATCH_ROWS * WIDTH

    cdef Py_ssize_t stripes(self) noexcept nogil:
        return (self.lanes + WIDTH - 1) // WIDTH

    def reset(
        self, double[:, :, :] stage_totals, double[:, :, :] customer_totals, double[:, :, :] cycle_totals = None
    ) -> None:
        """Return to the state at t = 0: full stores, nothing in process, nothing owed.

        Parameters
        ----------
        stage_totals : float64 array of zeros, shape (len(STAGE_TOTALS), stages, lanes), filled from now on.
        customer_totals : float64 array of zeros, shape (len(CUSTOMER_TOTALS), customers, lanes), likewise.
        cycle_totals : float64 array, shape (len(CYCLE_TOTALS), stages, lanes), likewise; None to count no cycles.
        """
        cdef Py_ssize_t i, stripe
        self.account(stage_totals, customer_totals)
        self.cycle_totals = cycle_totals
        self.counts_cycles = cycle_totals is not None
        for stripe in range(self.stripes()):
            fill(self.state.shape[1] * WIDTH, 0.0, &self.state[stripe, 0, 0])
            self.select(stripe)
            for i in range(self.stages):
                fill(WIDTH, self.initial[i], self.on_hand + i * WIDTH)
                fill(WIDTH, self.target[i] - self.initial[i], self.gap + i * WIDTH)

    def account(self, double[:, :, :] stage_totals, double[:, :, :] customer_totals) -> None:
        """Add to other totals from now on, of the same shapes; books that open and close in every period trace it."""
        self.stage_totals, self.customer_totals = stage_totals, customer_totals

    def observe(self, float[:, :] authorized) -> None:
        """Write what is authorized and not yet started into an array of shape (stages, lanes), in the model's order.

        It is the only state that the totals of a single period do not show.
        """
        cdef Py_ssize_t i, stripe, j
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for i in range(self.stages):
                    for j in range(self.width):
                        authorized[self.declared[i], stripe * WIDTH + j] = self.authorized[i * WIDTH + j]

    def advance(self, const float[:, :, ::1] tile, Py_ssize_t tile_start, Py_ssize_t begin, Py_ssize_t end) -> None:
        """Run periods `begin` to `end` (exclusive) on a tile of exogenous rows that starts at `tile_start`.

        Parameters
        ----------
        tile : float32 array of shape (periods, series, lanes).
        """
        cdef Py_ssize_t stripe, t
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for t in range(begin, end):
                    self.run_period(t, Rows(&tile[t - tile_start, 0, stripe * WIDTH], tile.shape[2]), stripe)

    cdef void run_period(self, Py_ssize_t t, Rows exogenous, Py_ssize_t stripe) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(self.stages):
            self.receive_stage(i, t, exogenous, stripe)
        for i in range(self.stages):
            if self.first_served[i]:
                self.serve_customers(i, t, exogenous)
        for i in range(self.stages):
            if not self.first_served[i]:
                self.serve_customers(i, t, exogenous)
            self.start_stage(i, t, exogenous)
            if self.cyclic[i]:
                mark_cycle(self.width, self.short + i * WIDTH, self.cycle_short + i * WIDTH)
            if self.several[i]:
                settle(self.width, self.short + i * WIDTH, self.stage_sums + (i * STAGE_SUMS + SHORTAGE) * WIDTH)

    cdef inline real *short_row(self, Py_ssize_t i) noexcept nogil:
        """Where shortages of a store are counted: straight in the sum, unless several askers count as one."""
        if self.several[i]:
            return self.short + i * WIDTH
        return self.stage_sums + (i * STAGE_SUMS + SHORTAGE) * WIDTH

    cdef inline const float *row_or(self, int series, Rows exogenous, const float *otherwise) noexcept nogil:
        """The exogenous row of a series, or a constant one where the feature is off."""
        if series < 0:
            return otherwise
        return exogenous.first + self.rows[series] * exogenous.stride

    cdef inline real *due(self, Py_ssize_t i, Py_ssize_t t) noexcept nogil:
        return self.pipeline + (self.slot[i] + turn(t, self.ring[i])) * WIDTH

    cdef void receive_stage(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous, Py_ssize_t stripe) noexcept nogil:
        cdef Py_ssize_t n = self.width, ahead
        cdef const float *moving
        cdef int held
        if self.plain[i]:
            self.end_cycle_of(i, t, stripe)
            receive(n, self.due(i, t), self.on_hand + i * WIDTH)
            return
        if self.transit[i] >= 0:
            moving = self.row_or(self.transit[i], exogenous, self.ones)
            find_held(n, moving, &held)
            for ahead in range(self.ring[i] - 2 if held else -1, -1, -1):
                stand_still(n, self.due(i, t + ahead), self.due(i, t + ahead + 1), moving)
            if held and self.in_order[i]:
                stand_back(n, <real>t, moving, self.last_due + i * WIDTH)
        if self.receiving[i] >= 0:
            moving = self.row_or(self.receiving[i], exogenous, self.ones)
            find_held(n, moving, &held)
            if held:
                stand_still(n, self.due(i, t), self.due(i, t + 1), moving)
        self.end_cycle_of(i, t, stripe)
        if self.good[i] < 0:
            receive_late(n, self.due(i, t), self.on_hand + i * WIDTH, self.process + i * WIDTH)
            return
        receive_good(n, self.due(i, t), self.row_or(self.good[i], exogenous, self.ones), self.coarse[i],
                     self.on_hand + i * WIDTH, self.gap + i * WIDTH, self.process + i * WIDTH,
                     self.stage_sums + (i * STAGE_SUMS + SCRAPPED) * WIDTH)

    cdef inline void end_cycle_of(self, Py_ssize_t i, Py_ssize_t t, Py_ssize_t stripe) noexcept nogil:
        cdef Py_ssize_t at = self.declared[i], lane = stripe * WIDTH
        if self.cyclic[i] and self.counts_cycles:
            end_cycle(self.width, self.due(i, t), self.on_hand + i * WIDTH, self.tolerance[i],
                      self.arrived + i * WIDTH, self.cycle_short + i * WIDTH,
                      &self.cycle_totals[RECEIPTS, at, lane], &self.cycle_totals[SHORT_CYCLES, at, lane],
                      &self.cycle_totals[STOCK_AT_RECEIPTS, at, lane])

    cdef void serve_customers(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous) noexcept nogil:
        cdef Py_ssize_t n = self.width, c
        for c in range(self.customer_start[i], self.customer_start[i + 1]):
            serve(n, self.row_or(self.demand[c], exogenous, self.zeros), self.wait[c], self.on_hand + i * WIDTH,
                  self.gap + i * WIDTH, self.backlog + c * WIDTH, self.tolerance[i], self.coarse[i], self.short_row(i),
                  self.customer_sums + c * CUSTOMER_SUMS * WIDTH, <real>t, self.peak + c * WIDTH,
                  self.first + c * WIDTH)

    cdef real *owed_by(self, Py_ssize_t i) noexcept nogil:
        """Return the row of what a store owes to customers and consumers, where its policy counts that."""
        cdef Py_ssize_t n = self.width, k, c
        cdef real *owed = self.scratch + OWED * WIDTH
        if not self.owes[i]:
            return self.scratch + ZEROS * WIDTH
        fill(n, 0.0, owed)
        for c in range(self.customer_start[i], self.customer_start[i + 1]):
            owe(n, self.backlog + c * WIDTH, 1.0, self.coarse[i], owed)
        for k in range(self.owing_start[i], self.owing_start[i + 1]):
            owe(n, self.authorized + self.owing[k] * WIDTH, self.owing_weight[k], self.coarse[i], owed)
        return owed

    cdef Rule rule_of(self, Py_ssize_t i, Py_ssize_t t) noexcept nogil:
        cdef Rule rule
        rule.least = self.least[i] if turn(t, self.review_every[i]) == 0 else FAR
        rule.lot = self.lot[i]
        rule.per_lot = <real>1.0 / rule.lot if rule.lot > 0.0 else <real>0.0
        rule.slack = self.slack[i]
        rule.tolerance = self.tolerance[i]
        rule.coarse = self.coarse[i]
        rule.partial = self.coarse[i] if self.availability[i] >= 0 else <real>0.0
        rule.capacity = self.capacity[i]
        rule.unlimited = self.unlimited[i]
        return rule

    cdef void start_stage(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous) noexcept nogil:
        cdef Py_ssize_t n = self.width, g = self.input_start[i], k
        cdef Py_ssize_t inputs = self.input_start[i + 1] - g
        cdef Rule rule = self.rule_of(i, t)
        cdef real *owed = self.owed_by(i)
        cdef const float *availability = self.row_or(self.availability[i], exogenous, self.ones)
        cdef real *started = self.due(i, t) if self.plain[i] else self.scratch + BEGUN * WIDTH
        cdef real *on_hand = self.on_hand + i * WIDTH
        cdef real *gap = self.gap + i * WIDTH
        cdef real *authorized = self.authorized + i * WIDTH
        cdef real *sums = self.stage_sums + i * STAGE_SUMS * WIDTH
        if self.always_open[i]:
            keep_open(n, rule.capacity, authorized, gap)
        if inputs == 0:
            start_free(n, rule, owed, availability, on_hand, gap, authorized, sums, started)
        elif inputs == 1 and self.source_start[g + 1] - self.source_start[g] == 1:
            k = self.source[self.source_start[g]]
            if self.quantity[g] == 1.0 and self.coarse[i] == self.coarse[k]:
                start_one_for_one(n, rule, owed, availability, on_hand, gap, authorized, sums, started,
                                  self.on_hand + k * WIDTH, self.gap + k * WIDTH, self.short_row(k),
                                  self.tolerance[k])
            else:
                start_from_one(n, rule, owed, availability, on_hand, gap, authorized, sums, started,
                               self.on_hand + k * WIDTH, self.gap + k * WIDTH, self.short_row(k),
                               self.tolerance[k], self.coarse[k], self.quantity[g])
        else:
            self.start_from_many(i, rule, owed, availability, started)
        if not self.plain[i]:
            self.schedule_start(i, t, started, exogenous)
            observe_process(n, started, self.process + i * WIDTH, sums + WIP * WIDTH)

    cdef void start_from_many(
        self, Py_ssize_t i, Rule rule, const real *owed, const float *availability, real *started
    ) noexcept nogil:
        cdef Py_ssize_t n = self.width, g
        cdef real *ordered = self.scratch + ORDERED_NOW * WIDTH
        cdef real *able = self.scratch + ABLE * WIDTH
        enable(n, rule, owed, availability, self.gap + i * WIDTH, self.authorized + i * WIDTH, ordered, able, started)
        for g in range(self.input_start[i], self.input_start[i + 1]):
            self.limit_input(g, rule, able, started)
        for g in range(self.input_start[i], self.input_start[i + 1]):
            self.take_input(g, started)
        begin(n, rule, ordered, able, started, self.on_hand + i * WIDTH, self.authorized + i * WIDTH,
              self.stage_sums + i * STAGE_SUMS * WIDTH)

    cdef void limit_input(self, Py_ssize_t g, Rule rule, const real *able, real *started) noexcept nogil:
        """Lower the start to what one input allows; mark the stores that could not give what was asked."""
        cdef Py_ssize_t n = self.width, k
        cdef real per_unit
        cdef real *store
        cdef real *pooled = self.scratch + POOLED * WIDTH
        cdef bint pool = self.failover[g] and self.source_start[g + 1] - self.source_start[g] > 1
        if pool:
            fill(n, 0.0, pooled)
        for k in range(self.source_start[g], self.source_start[g + 1]):
            store = self.on_hand + self.source[k] * WIDTH
            per_unit = self.share[k] * self.quantity[g]
            if per_unit > 0.0:
                ask(n, able, per_unit, store, self.tolerance[self.source[k]], self.coarse[self.source[k]],
                    self.short_row(self.source[k]))
            if pool:
                add(n, store, pooled)
            elif per_unit > 0.0:
                limit_by(n, store, per_unit, rule.tolerance, rule.coarse, started)
        if pool:
            limit_by(n, pooled, self.quantity[g], rule.tolerance, rule.coarse, started)

    cdef void take_input(self, Py_ssize_t g, const real *started) noexcept nogil:
        """Take one input from its stores: each source's share, then with failover the rest in order of preference."""
        cdef Py_ssize_t n = self.width, k
        cdef real *missing = self.scratch + MISSING * WIDTH
        cdef bint pool = self.failover[g] and self.source_start[g + 1] - self.source_start[g] > 1
        fill(n, 0.0, missing)
        for k in range(self.source_start[g], self.source_start[g + 1]):
            take(n, started, self.share[k] * self.quantity[g], self.coarse[self.source[k]],
                 self.on_hand + self.source[k] * WIDTH, self.gap + self.source[k] * WIDTH, missing)
        if pool:
            for k in range(self.source_start[g], self.source_start[g + 1]):
                make_up(n, self.coarse[self.source[k]], self.on_hand + self.source[k] * WIDTH,
                        self.gap + self.source[k] * WIDTH, missing)

    cdef void schedule_start(self, Py_ssize_t i, Py_ssize_t t, const real *started, Rows exogenous) noexcept nogil:
        """Stages whose lead time is drawn or expedited, or whose arrivals can be held up."""
        cdef Py_ssize_t n = self.width
        cdef real *lead = self.scratch + LEAD * WIDTH
        if self.lead_time[i] < 0 and self.rush_lead[i] == 0.0:
            add(n, started, self.due(i, t + self.lead[i]))
            return
        if self.lead_time[i] >= 0:
            copy(n, self.row_or(self.lead_time[i], exogenous, self.ones), lead)
        else:
            fill(n, <real>self.lead[i], lead)
        if self.rush_lead[i] > 0.0:
            rush(n, self.on_hand + i * WIDTH, self.rush_below[i] - self.tolerance[i], self.rush_lead[i], started, lead,
                 self.stage_sums + (i * STAGE_SUMS + EXPEDITED) * WIDTH)
        if self.in_order[i]:
            wait_for_last(n, <real>t, started, self.last_due + i * WIDTH, lead)
        schedule(n, started, lead, t, self.ring[i], self.pipeline + self.slot[i] * WIDTH)

    def open_books(self, Py_ssize_t period) -> None:
        """Reset all totals; called at the end of the warm-up, before `period` begins."""
        cdef Py_ssize_t stripe, i, c
        if self.counts_cycles:
            self.cycle_totals[:] = 0.0
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                fill(self.stages * STAGE_SUMS * WIDTH, 0.0, self.stage_sums)
                fill(self.customers * CUSTOMER_SUMS * WIDTH, 0.0, self.customer_sums)
                fill(self.customers * WIDTH, 0.0, self.peak)
                fill(self.customers * WIDTH, -1.0, self.first)
                for i in range(self.stages):
                    add_to(self.width, self.authorized + i * WIDTH, -1.0, self.stage_total(ORDERED, i, stripe))
                    self.add_time_left(i, stripe, period, 1.0)
                for c in range(self.customers):
                    add_to(self.width, self.backlog + c * WIDTH, 1.0, self.customer_total(SHIPPED, c, stripe))

    def flush(self) -> None:
        """Move the sums of the last periods into the float64 totals; totals of features that are off are never touched."""
        cdef Py_ssize_t stripe, i, c, k
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for i in range(self.stages):
                    for k in range(STAGE_SUMS):
                        if (k == SCRAPPED or k == WIP) and self.plain[i] or k == EXPEDITED and self.rush_lead[i] == 0.0:
                            continue
                        add_to(self.width, self.stage_sums + (i * STAGE_SUMS + k) * WIDTH, 1.0,
                               self.stage_total(k, i, stripe))
                for c in range(self.customers):
                    for k in range(CUSTOMER_SUMS):
                        add_to(self.width, self.customer_sums + (c * CUSTOMER_SUMS + k) * WIDTH, 1.0,
                               self.customer_total(k, c, stripe))
                fill(self.stages * STAGE_SUMS * WIDTH, 0.0, self.stage_sums)
                fill(self.customers * CUSTOMER_SUMS * WIDTH, 0.0, self.customer_sums)

    def close_books(self, Py_ssize_t period, double periods) -> None:
        """Turn sums of stocks into time averages over `periods` and derive what follows from balances.

        Called when `period` would begin. Units ordered are those started and those still open, less those
        on it when the books opened; likewise for units shipped and the backlog. Lost is the share of unmet demand
        that does not wait. Where all lead times are L, each start spends L periods in process, but for what was in
        process when the books opened and what still is (Little 1961, path by path).
        """
        cdef Py_ssize_t stripe, i, c, j
        cdef double *ordered
        cdef double *started
        cdef double *wip
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for i in range(self.stages):
                    ordered = self.stage_total(ORDERED, i, stripe)
                    add_to(self.width, self.authorized + i * WIDTH, 1.0, ordered)
                    self.add_time_left(i, stripe, period, -1.0)
                    started = self.stage_total(STARTED, i, stripe)
                    wip = self.stage_total(WIP, i, stripe)
                    for j in range(self.width):
                        ordered[j] += started[j]
                        if self.plain[i]:
                            wip[j] += self.lead[i] * started[j]
                        self.stage_total(ON_HAND, i, stripe)[j] /= periods
                        wip[j] = max(wip[j], 0.0) / periods
                for c in range(self.customers):
                    self.close_customer(c, stripe, periods)

    cdef void add_time_left(self, Py_ssize_t i, Py_ssize_t stripe, Py_ssize_t period, double sign) noexcept nogil:
        """Add the periods that what is in a plain process has left to spend there."""
        cdef Py_ssize_t ahead
        if self.plain[i]:
            for ahead in range(1, self.ring[i]):
                add_to(self.width, self.due(i, period + ahead), sign * ahead, self.stage_total(WIP, i, stripe))

    cdef void close_customer(self, Py_ssize_t c, Py_ssize_t stripe, double periods) noexcept nogil:
        cdef Py_ssize_t j
        cdef double *demand = self.customer_total(DEMAND, c, stripe)
        cdef double *unmet = self.customer_total(UNMET, c, stripe)
        cdef double *filled = unmet  # the same row, from here on
        cdef double *lost = self.customer_total(LOST, c, stripe)
        cdef double *shipped = self.customer_total(SHIPPED, c, stripe)
        for j in range(self.width):
            lost[j] = (1.0 - self.wait[c]) * unmet[j]
            filled[j] = max(demand[j] - unmet[j], 0.0)
            shipped[j] = max(shipped[j] + demand[j] - lost[j] - self.backlog[c * WIDTH + j], 0.0)
            self.customer_total(BACKLOG, c, stripe)[j] /= periods
        add_to(self.width, self.peak + c * WIDTH, 1.0, self.customer_total(PEAK_BACKLOG, c, stripe))
        add_to(self.width, self.first + c * WIDTH, 1.0, self.customer_total(FIRST_STOCKOUT, c, stripe))

    cdef inline double *stage_total(self, Py_ssize_t k, Py_ssize_t i, Py_ssize_t stripe) noexcept nogil:
        return &self.stage_totals[k, self.declared[i], stripe * WIDTH]

    cdef inline double *customer_total(self, Py_ssize_t k, Py_ssize_t c, Py_ssize_t stripe) noexcept nogil:
        return &self.customer_totals[k, self.served[c], stripe * WIDTH]
