# What a block does for features that are off unless a stage asks for them, included by _core.pyx: shelf life, levels
# that follow the demand, loops of cards, starts in steps, and deliveries expedited up to a level.

cdef class ExtendedState(BlockTotals):
    """A block with the acts of these features; see `Block`."""

    # Shelf life.

    @cython.final
    cdef void date(self, Py_ssize_t i, Py_ssize_t t, const real *received) noexcept nogil:
        """Date what enters a store whose units expire; stock at the start is dated at the reset."""
        cdef Py_ssize_t n = self.width, ring = self.extensions.shelf_life[i] - 1, k
        cdef real *fresh = self.extension_row(EXTENSION_FRESH, i)
        if ring <= 0 or t == 0:
            return
        date_receipts(n, received, self.age_row(i, t), fresh)
        # Rounding in the differences does not add up: where flows are not whole, fresh units are summed anew at times.
        if not self.is_whole(i) and remainder(t, ring) == ring - 1:
            fill(n, 0.0, fresh)
            for k in range(ring):
                add(n, self.age_row(i, k), fresh)

    # Loops of cards.

    @cython.final
    cdef void mark_loops(self, Py_ssize_t i, Py_ssize_t t) noexcept nogil:
        """Write what a store of a loop has, where more can leave it than the next stage of the loop takes."""
        cdef Py_ssize_t k
        for k in range(self.extensions.loop_start[i], self.extensions.loop_start[i + 1]):
            if self.extensions.loop_returns[k]:
                mark_loop_stock(self.width, self.row(STAGE_ON_HAND, i), self.due(i, t),
                                self.extension_row(EXTENSION_LOOP_STOCK, i))
                return

    @cython.final
    cdef void settle_store(self, Py_ssize_t i) noexcept nogil:
        """Throw away what has expired, and return the cards of what has left the store."""
        cdef Py_ssize_t n = self.width, k, first
        cdef real *on_hand = self.row(STAGE_ON_HAND, i)
        if self.extensions.shelf_life[i] > 0:
            expire(n, self.extension_row(EXTENSION_FRESH, i), on_hand, self.row(STAGE_GAP, i),
                   self.extension_sum(TOTAL_EXPIRED, i))
        for k in range(self.extensions.loop_start[i], self.extensions.loop_start[i + 1]):
            if self.extensions.loop_returns[k]:
                first = self.extensions.loop_first[k]
                return_cards(n, self.extension_row(EXTENSION_LOOP_STOCK, i), on_hand, self.extensions.loop_units[k],
                             self.rounding_offset[first], self.row(STAGE_GAP, first))

    @cython.final
    cdef void keep_loops(self, Py_ssize_t i, const real *started) noexcept nogil:
        """Keep the cards with what a stage of a loop starts, where all that leaves the store before it returns them."""
        cdef Py_ssize_t k, first
        for k in range(self.extensions.loop_start[i], self.extensions.loop_start[i + 1]):
            if self.extensions.loop_keeps[k]:
                first = self.extensions.loop_first[k]
                keep_cards(self.width, started, self.extensions.loop_units[k], self.rounding_offset[first],
                           self.row(STAGE_GAP, first))

    # Levels that follow the demand.

    @cython.final
    cdef void follow_level(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous) noexcept nogil:
        """Move the order-up-to level of a stage to that of this period."""
        cdef Py_ssize_t n = self.width, f = self.extensions.follow[i], k
        cdef Py_ssize_t begin = self.extensions.forecast_start[f], end = self.extensions.forecast_start[f + 1]
        cdef real change
        cdef real *projected
        cdef real *reorder_gap
        self.rules[i].reorder_gap = self.extensions.period_reorder_gap[f, t]
        if begin == end:
            change = self.extensions.level_base[f, t]
            change -= self.extensions.level_base[f, t - 1] if t > 0 else self.extensions.initial_level[i]
            if change != 0.0:
                shift(n, change, self.row(STAGE_GAP, i))
            return
        projected = self.scratch_row(SCRATCH_POOLED)
        fill(n, self.extensions.level_base[f, t], projected)
        for k in range(begin, end):
            project(n, self.extensions.level_weight[k, t], self.find_series(self.extensions.forecast[k], exogenous),
                    projected)
        move_level(n, projected, self.rounding_offset[i], self.extension_row(EXTENSION_LEVEL, i),
                   self.row(STAGE_GAP, i))
        if self.extensions.by_lane[i]:
            reorder_gap = self.scratch_row(SCRATCH_REORDER_GAP)
            fill(n, self.extensions.spread_base[f, t], reorder_gap)
            for k in range(begin, end):
                project(n, self.extensions.spread_weight[k, t],
                        self.find_series(self.extensions.forecast[k], exogenous), reorder_gap)
            bound_reorder_gap(n, self.tolerance[i], self.least_gap[i], self.rounding_offset[i], reorder_gap)

    @cython.final
    cdef inline const float *find_series(self, int series, Rows exogenous) noexcept nogil:
        return self.series_or(series, exogenous, self.ones)

    # Starts in steps.

    @cython.final
    cdef void find_capacity_in_force(self, Py_ssize_t i, Rows exogenous) noexcept nogil:
        find_capacity(self.width, self.capacity[i], self.extensions.overtime_capacity[i],
                      self.extensions.overtime_below[i], self.series_or(self.extensions.open_[i], exogenous, self.ones),
                      self.row(STAGE_ON_HAND, i), self.scratch_row(SCRATCH_CAPACITY))

    @cython.final
    cdef void review_in_steps(self, Py_ssize_t i, Py_ssize_t t, bint is_due, const real *owed) noexcept nogil:
        """Review the policy of a stage that starts in steps."""
        cdef const Rule *rule = &self.rules[i]
        cdef int variant = rule.variant & (OWES | LOTS)
        cdef real cap = self.extensions.order_cap[i]
        cdef real *level = self.scratch_row(SCRATCH_REORDER_GAP)  # not read without BY_LANE
        if self.extensions.by_lane[i]:
            variant |= BY_LANE
            level = self.extension_row(EXTENSION_LEVEL, i)
        elif self.extensions.follow[i] >= 0:
            cap -= self.extensions.level_base[self.extensions.follow[i], t]
        else:
            cap -= self.order_up_to[i]
        review_steps(variant, self.width, rule, is_due, cap, owed, self.scratch_row(SCRATCH_REORDER_GAP), level,
                     self.row(STAGE_BEGIN, i), self.scratch_row(SCRATCH_ORDERED))

    @cython.final
    cdef void add_overtime(self, Py_ssize_t i, const real *started, const float *availability) noexcept nogil:
        """Add up what is started beyond the regular capacity, where there can be overtime."""
        if self.extensions.overtime_below[i] > 0.0:
            count_overtime(self.width, started, availability, self.capacity[i], self.rules[i].partial_rounding_offset,
                           self.extension_sum(TOTAL_OVERTIME, i))

    # Deliveries expedited up to a level.

    @cython.final
    cdef void find_expedited(self, Py_ssize_t i, Py_ssize_t t, const real *started, const real *owed) noexcept nogil:
        """Find what of a start is expedited up to a level."""
        cdef Py_ssize_t n = self.width, ahead, reach = <Py_ssize_t>self.expedite_lead_time[i]
        cdef real *expedited = self.scratch_row(SCRATCH_EXPEDITED)
        fill(n, 0.0, expedited)
        for ahead in range(1, min(reach, self.ring[i] - 1) + 1):
            add(n, self.due(i, t + ahead), expedited)
        expedite_up_to(n, self.extensions.expedite_up_to[i], started, self.row(STAGE_ON_HAND, i), owed, expedited,
                       self.stage_sum(TOTAL_EXPEDITED, i))
