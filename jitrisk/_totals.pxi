# How the totals of one block are reset, added up and closed, included by _core.pyx.

cdef class BlockTotals(BlockState):
    """A block with its totals; see `Block`."""

    # What is called from outside.

    def reset(self, totals) -> None:
        """Return to the state at t = 0: full stores, no work in process, no open orders, no backlog.

        Parameters
        ----------
        totals : see `write_to`; all zeros.
        """
        cdef Py_ssize_t i, stripe
        self.write_to(totals)
        for stripe in range(self.stripes()):
            fill(self.state.shape[1] * WIDTH, 0.0, &self.state[stripe, 0, 0])
            self.select(stripe)
            for i in range(self.sizes[DIM_STAGE]):
                fill(WIDTH, self.initial[i], self.row(STAGE_ON_HAND, i))
                fill(WIDTH, self.initial_gap[i], self.row(STAGE_GAP, i))
                if self.extensions.extension[i] >= 0:
                    self.reset_extensions(i)

    def write_to(self, totals) -> None:
        """Write to these totals from now on; new totals in every period record a trace.

        Parameters
        ----------
        totals : by dim, float64 arrays of shape (totals of the dim, its size, lanes), in the model's order; without
            the totals of cycles, no cycles are counted.
        """
        cdef Py_ssize_t dim
        self.held_totals = [totals[name] for name in DIM_NAMES]
        for dim in range(DIMS):
            self.totals[dim] = locate_totals(self.held_totals[dim])
        self.counts_cycles = self.totals[DIM_STAGE].quantities > dim_totals[DIM_STAGE]

    def copy_state(self, Py_ssize_t dim, Py_ssize_t row, float[:, :] out) -> None:
        """Copy a state row of each member of a dim into an array of shape (its size, lanes), in the model's order.

        Parameters
        ----------
        dim, row : numbers of the dim in `core_tables.DIMS`, and of the row among the dim's in `core_tables.STATES`.
        """
        cdef Py_ssize_t i, stripe, j
        cdef real *found
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for i in range(self.sizes[dim]):
                    found = self.row(dim_begin[dim] + row, i)
                    for j in range(self.width):
                        out[self.places[dim][i], stripe * WIDTH + j] = found[j]

    def reset_totals(self, Py_ssize_t period) -> None:
        """Reset all totals; called at the end of the warm-up, before `period` begins.

        Balances begin here: what is open is not ordered after the warm-up, and backlog may be shipped after it.
        """
        cdef Py_ssize_t stripe, dim, i, k
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for dim in range(DIMS):
                    for i in range(self.sizes[dim]):
                        self.reset_member(dim, i, stripe)
                for i in range(self.sizes[DIM_STAGE]):
                    add_weighted(self.width, self.row(STAGE_OPEN_ORDERS, i), -1.0,
                                 self.total(DIM_STAGE, TOTAL_ORDERED, i, stripe))
                    self.add_time_left(i, stripe, period, 1.0)
                for i in range(self.sizes[DIM_CUSTOMER]):
                    add_weighted(self.width, self.row(CUSTOMER_BACKLOG, i), 1.0,
                                 self.total(DIM_CUSTOMER, TOTAL_SHIPPED, i, stripe))

    def flush(self) -> None:
        """Move the sums of the last periods into the totals; totals of features that are off are never touched."""
        cdef Py_ssize_t stripe, dim, i, k
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for dim in range(DIMS):
                    for i in range(self.sizes[dim]):
                        for k in range(dim_sum_count[dim]):
                            if dim != DIM_STAGE or self.is_summed(k, i):
                                add_weighted(self.width, self.sum_row(dim, k, i), 1.0, self.total(dim, k, i, stripe))
                for i in range(self.sizes[DIM_STAGE]):
                    if self.extensions.extension[i] >= 0:
                        for k in range(EXTENSION_ROWS - (EXTENSION_SUMS - EXTENSION_BEGIN)):
                            add_weighted(self.width, self.extension_sum(EXTENSION_TOTALS + k, i), 1.0,
                                         self.total(DIM_STAGE, EXTENSION_TOTALS + k, i, stripe))
                for dim in range(DIMS):
                    for i in range(self.sizes[dim]):
                        self.clear_sums(dim, i)

    def finalize(self, Py_ssize_t period, double periods) -> None:
        """Turn sums of stocks into averages over `periods`, and compute what follows from balances.

        Called when `period` would begin. Units ordered are those started and those open, less those open at the reset
        of totals; likewise for units shipped and the backlog. Units lost are the share of unmet demand that is not
        backordered. Where lead times are constant, each start spends its lead time in process, except for what was in process
        at the reset and what still is (Little 1961, path by path).
        """
        cdef Py_ssize_t stripe, dim, i
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for i in range(self.sizes[DIM_STAGE]):
                    self.balance_stage(i, stripe, period)
                for i in range(self.sizes[DIM_CUSTOMER]):
                    self.balance_customer(i, stripe)
                for dim in range(DIMS):
                    for i in range(self.sizes[dim]):
                        self.close_member(dim, i, stripe, periods)

    # How totals are reset and closed.

    @cython.final
    cdef inline bint is_summed(self, Py_ssize_t k, Py_ssize_t i) noexcept nogil:
        """Return whether a total of one stage is summed: the feature it belongs to is on."""
        if k == TOTAL_SCRAPPED or k == TOTAL_WIP:
            return not self.deterministic[i]
        return k != TOTAL_EXPEDITED or self.expedite_lead_time[i] > 0.0

    @cython.final
    cdef inline real *sum_row(self, Py_ssize_t dim, Py_ssize_t k, Py_ssize_t i) noexcept nogil:
        """Return the row that total number k of one member of a dim is summed in."""
        if dim == DIM_STAGE and k == TOTAL_SHORTAGE and self.only_customer[i] >= 0:
            return self.row(CUSTOMER_SUMS + TOTAL_STOCKOUT, self.only_customer[i])
        return self.row(dim_sums[dim] + k, i)

    @cython.final
    cdef inline void clear_sums(self, Py_ssize_t dim, Py_ssize_t i) noexcept nogil:
        fill((dim_sum_count[dim]) * WIDTH, 0.0, self.row(dim_sums[dim], i))
        if dim == DIM_STAGE and self.extensions.extension[i] >= 0:
            fill((EXTENSION_ROWS - (EXTENSION_SUMS - EXTENSION_BEGIN)) * WIDTH, 0.0,
                 self.extension_row(EXTENSION_SUMS, i))

    @cython.final
    cdef void reset_extensions(self, Py_ssize_t i) noexcept nogil:
        """Return the rows of the extensions of one stage to the state at t = 0: its stock is received in period 0."""
        fill(WIDTH, self.extensions.initial_level[i], self.extension_row(EXTENSION_LEVEL, i))
        if self.extensions.shelf_life[i] > 1:
            fill(WIDTH, self.initial[i], self.extension_row(EXTENSION_FRESH, i))
            fill(WIDTH, self.initial[i], self.age_row(i, 0))

    @cython.final
    cdef void reset_member(self, Py_ssize_t dim, Py_ssize_t i, Py_ssize_t stripe) noexcept nogil:
        """Reset the sums and the state rows that totals are made of, and the totals of cycles."""
        cdef Py_ssize_t k, j
        cdef double *cycles
        self.clear_sums(dim, i)
        for k in range(dim_totals[dim]):
            if state_of[dim][k] >= 0:
                fill(WIDTH, reset_to[dim][k], self.row(state_of[dim][k], i))
        if dim != DIM_STAGE or self.has_cycles[i]:
            for k in range(dim_totals[dim], self.totals[dim].quantities):
                cycles = self.total(dim, k, i, stripe)
                for j in range(self.width):
                    cycles[j] = 0.0

    @cython.final
    cdef void close_member(self, Py_ssize_t dim, Py_ssize_t i, Py_ssize_t stripe, double periods) noexcept nogil:
        """Close the totals of one member of a dim: averages, maxima and first periods."""
        cdef Py_ssize_t k, j
        cdef double *total
        for k in range(dim_totals[dim]):
            total = self.total(dim, k, i, stripe)
            if state_of[dim][k] >= 0:
                add_weighted(self.width, self.row(state_of[dim][k], i), 1.0, total)
            if is_average[dim][k]:
                for j in range(self.width):
                    total[j] /= periods

    @cython.final
    cdef void balance_stage(self, Py_ssize_t i, Py_ssize_t stripe, Py_ssize_t period) noexcept nogil:
        """Compute units ordered and, where lead times are constant, the sum of work in process."""
        cdef Py_ssize_t j
        cdef double *ordered = self.total(DIM_STAGE, TOTAL_ORDERED, i, stripe)
        cdef double *started = self.total(DIM_STAGE, TOTAL_STARTED, i, stripe)
        cdef double *wip = self.total(DIM_STAGE, TOTAL_WIP, i, stripe)
        add_weighted(self.width, self.row(STAGE_OPEN_ORDERS, i), 1.0, ordered)
        self.add_time_left(i, stripe, period, -1.0)
        for j in range(self.width):
            ordered[j] += started[j]
            if self.deterministic[i]:
                wip[j] += self.longest_lead_time[i] * started[j]
            wip[j] = max(wip[j], 0.0)

    @cython.final
    cdef void add_time_left(self, Py_ssize_t i, Py_ssize_t stripe, Py_ssize_t period, double sign) noexcept nogil:
        """Add the periods that work in process has left there, where lead times are constant."""
        cdef Py_ssize_t ahead
        if self.deterministic[i]:
            for ahead in range(1, self.ring[i]):
                add_weighted(self.width, self.due(i, period + ahead), sign * ahead,
                             self.total(DIM_STAGE, TOTAL_WIP, i, stripe))

    @cython.final
    cdef void balance_customer(self, Py_ssize_t c, Py_ssize_t stripe) noexcept nogil:
        """Compute units filled, lost and shipped."""
        cdef Py_ssize_t j
        cdef double unmet
        cdef real *backlog = self.row(CUSTOMER_BACKLOG, c)
        cdef double *demand = self.total(DIM_CUSTOMER, TOTAL_DEMAND, c, stripe)
        cdef double *filled = self.total(DIM_CUSTOMER, TOTAL_FILLED, c, stripe)
        cdef double *lost = self.total(DIM_CUSTOMER, TOTAL_LOST, c, stripe)
        cdef double *shipped = self.total(DIM_CUSTOMER, TOTAL_SHIPPED, c, stripe)
        for j in range(self.width):
            unmet = 0.0 - filled[j]  # up to here its sum is what was not filled, below 0
            lost[j] = (1.0 - self.backorder_share[c]) * unmet
            filled[j] = max(demand[j] - unmet, 0.0)
            shipped[j] = max(shipped[j] + demand[j] - lost[j] - backlog[j], 0.0)
