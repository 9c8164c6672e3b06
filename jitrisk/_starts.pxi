# How a stage reviews its policy and starts, included by _core.pyx: in one act, or from several stores, or in steps.

cdef enum:
    # Span of the lead times of one period below which one pass over the lanes per lead time is faster than adding lane
    # by lane.
    MOST_PASSES = 20


cdef class StartingBlock(ExtendedState):
    """A block with the starts of its stages; see `Block`."""

    @cython.final
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

    @cython.final
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

    @cython.final
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

    @cython.final
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

    @cython.final
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

    @cython.final
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

    @cython.final
    cdef inline bint is_pooled(self, Py_ssize_t g) noexcept nogil:
        """Return whether the stores of one input stand in for each other."""
        return self.failover[g] and self.source_start[g + 1] - self.source_start[g] > 1

    @cython.final
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

    @cython.final
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

    @cython.final
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

    @cython.final
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
