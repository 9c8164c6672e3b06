# The state of one block, included by _core.pyx: its constants, and where its rows stand.

cdef inline Py_ssize_t remainder(Py_ssize_t t, Py_ssize_t n) noexcept nogil:
    """Return t mod n, both below 2^32; a division takes as long as a dozen lanes, and n is mostly 1."""
    return 0 if n == 1 else <unsigned int>t % <unsigned int>n


cdef struct Rows:
    # The exogenous rows of one period, from the stripe's first lane on.
    const float *first
    Py_ssize_t stride
    const unsigned char *closed  # of each series, whether any lane of the stripe is closed
    Py_ssize_t closed_stride


cdef struct TotalsOfDim:
    # The totals of one dim, and how far their quantities and members lie apart; the paths of a member are contiguous.
    double *first
    Py_ssize_t quantities
    Py_ssize_t quantity_stride
    Py_ssize_t member_stride


cdef TotalsOfDim locate_totals(double[:, :, :] totals):
    """Return where the totals of one dim stand."""
    cdef TotalsOfDim found
    found.first = &totals[0, 0, 0] if totals.shape[0] and totals.shape[1] else NULL
    found.quantities = totals.shape[0]
    found.quantity_stride = totals.strides[0] // <Py_ssize_t>sizeof(double)
    found.member_stride = totals.strides[1] // <Py_ssize_t>sizeof(double)
    return found


cdef class BlockState:
    """State rows and totals of the paths of one block under one strategy; see `Block`."""

    cdef readonly Py_ssize_t lanes
    cdef bint counts_cycles
    cdef Py_ssize_t width  # lanes of the stripe at work; the pointers below are its rows
    cdef real[:, :, ::1] state
    cdef real *rows_of[DIMS]
    cdef real *scratch
    cdef real *pipeline
    cdef real *extension_rows
    cdef real *ages
    cdef Extensions extensions
    cdef Py_ssize_t sizes[DIMS]
    cdef const int *places[DIMS]  # of each member in the order of the model
    cdef TotalsOfDim totals[DIMS]
    cdef Py_ssize_t pipeline_rows, extended
    cdef list held_places, held_totals  # what the pointers into places and totals point into
    cdef float ones[WIDTH]
    cdef float zeros[WIDTH]
    cdef const int[::1] rows
    cdef const int[::1] longest_lead_time, ring, slot, review_period, availability, receiving, transit
    cdef const int[::1] lead_time, yield_, demand, input_start, source_start, source, customer_start
    cdef const int[::1] consumer_start, consumer
    cdef const unsigned char[::1] unlimited_capacity, unlimited_orders, in_order, customers_first, deterministic
    cdef const unsigned char[::1] failover, demand_signal, gathers_shortage, has_cycles
    cdef const unsigned char[::1] received_late, draws_first, served_first
    cdef const int[::1] only_customer
    cdef Rule *rules  # one per stage
    cdef const real[::1] initial, initial_gap, capacity, reorder_gap, least_gap, order_up_to, lot, lot_slack
    cdef const real[::1] tolerance, rounding_offset
    cdef const real[::1] expedite_below, expedite_lead_time, quantity, share, consumer_quantity, backorder_share

    def __init__(self, arrays, const int[::1] rows, real[:, :, ::1] state, Py_ssize_t lanes):
        cdef Py_ssize_t i, j, dim
        cdef const int[::1] place
        for j in range(WIDTH):
            self.ones[j], self.zeros[j] = 1.0, 0.0
        self.lanes, self.rows, self.state = lanes, rows, state
        self.extensions = Extensions(arrays.extensions)
        self.longest_lead_time, self.ring, self.slot = arrays.longest_lead_time, arrays.ring, arrays.slot
        self.review_period, self.availability = arrays.review_period, arrays.availability
        self.receiving, self.transit, self.lead_time = arrays.receiving, arrays.transit, arrays.lead_time
        self.yield_, self.demand = arrays.yield_, arrays.demand
        self.input_start, self.source_start, self.source = arrays.input_start, arrays.source_start, arrays.source
        self.consumer_start, self.consumer = arrays.consumer_start, arrays.consumer
        self.consumer_quantity = arrays.consumer_quantity
        self.customer_start, self.backorder_share = arrays.customer_start, arrays.backorder_share
        self.unlimited_capacity, self.unlimited_orders = arrays.unlimited_capacity, arrays.unlimited_orders
        self.deterministic, self.failover, self.in_order = arrays.deterministic, arrays.failover, arrays.in_order
        self.demand_signal, self.gathers_shortage = arrays.demand_signal, arrays.gathers_shortage
        self.customers_first, self.has_cycles = arrays.customers_first, arrays.has_cycles
        self.received_late, self.draws_first = arrays.received_late, arrays.draws_first
        self.served_first, self.only_customer = arrays.served_first, arrays.only_customer
        self.initial, self.capacity, self.reorder_gap = arrays.initial, arrays.capacity, arrays.reorder_gap
        self.initial_gap, self.least_gap, self.order_up_to = arrays.initial_gap, arrays.least_gap, arrays.order_up_to
        self.lot, self.lot_slack = arrays.lot, arrays.lot_slack
        self.tolerance, self.rounding_offset = arrays.tolerance, arrays.rounding_offset
        self.expedite_below, self.expedite_lead_time = arrays.expedite_below, arrays.expedite_lead_time
        self.quantity, self.share = arrays.quantity, arrays.share
        self.held_places = [arrays.places[name] for name in DIM_NAMES]
        for dim in range(DIMS):
            place = self.held_places[dim]
            self.sizes[dim] = place.shape[0]
            self.places[dim] = &place[0] if place.shape[0] else NULL
        self.pipeline_rows, self.extended = arrays.ring.sum(), int((arrays.extensions.extension >= 0).sum())
        PyMem_Free(self.rules)
        self.rules = <Rule *>PyMem_Calloc(max(self.sizes[DIM_STAGE], 1), sizeof(Rule))
        if self.rules == NULL:
            raise MemoryError("no memory for the rules of the stages")
        for i in range(self.sizes[DIM_STAGE]):
            self.rules[i] = self.build_rule(i)

    def __dealloc__(self):
        PyMem_Free(self.rules)

    @cython.final
    cdef Rule build_rule(self, Py_ssize_t i) noexcept nogil:
        """Return the constants of one stage's acts."""
        cdef Rule rule
        cdef Py_ssize_t g = self.input_start[i], k
        rule.reorder_gap, rule.lot, rule.lot_slack = self.reorder_gap[i], self.lot[i], self.lot_slack[i]
        rule.per_lot = <real>1.0 / rule.lot if rule.lot > 0.0 else <real>0.0
        rule.tolerance, rule.rounding_offset = self.tolerance[i], self.rounding_offset[i]
        rule.partial_rounding_offset = self.rounding_offset[i] if self.availability[i] >= 0 else <real>0.0
        rule.capacity, rule.unlimited = self.capacity[i], self.unlimited_capacity[i]
        rule.variant = (OWES if self.demand_signal[i] else 0) | (LOTS if rule.lot > 0.0 else 0)
        rule.quantity = rule.per_quantity = 1.0
        rule.store_tolerance = rule.store_rounding_offset = 0.0
        if self.draws_on_one_store(i):
            k = self.source[self.source_start[g]]
            rule.quantity, rule.per_quantity = self.quantity[g], <real>1.0 / self.quantity[g]
            rule.store_tolerance, rule.store_rounding_offset = self.tolerance[k], self.rounding_offset[k]
            if self.draws_first[i]:
                rule.variant |= RECEIVES
            if rule.quantity == 1.0 and rule.rounding_offset == rule.store_rounding_offset:
                rule.variant |= WHOLE if self.is_whole(i) and self.is_whole(k) else ONE_FOR_ONE
        elif self.is_whole(i):
            rule.variant |= WHOLE_ALONE
        return rule

    @cython.final
    cdef inline bint is_whole(self, Py_ssize_t i) noexcept nogil:
        """Return whether all flows into and out of a store are whole units, so that none of them is rounded."""
        return self.tolerance[i] == 0.0

    @cython.final
    cdef inline bint draws_on_one_store(self, Py_ssize_t i) noexcept nogil:
        """Return whether a stage has one input, from one store."""
        cdef Py_ssize_t g = self.input_start[i]
        return self.input_start[i + 1] - g == 1 and self.source_start[g + 1] - self.source_start[g] == 1

    # Where rows stand.

    @cython.final
    cdef void select(self, Py_ssize_t stripe) noexcept nogil:
        """Turn to one stripe: the rows of each dim, scratch rows, pipelines."""
        cdef Py_ssize_t dim
        cdef real *place = &self.state[stripe, 0, 0]
        self.width = min(WIDTH, self.lanes - stripe * WIDTH)
        for dim in range(DIMS):
            self.rows_of[dim] = place
            place += self.sizes[dim] * dim_rows[dim] * WIDTH
        self.scratch = place
        self.pipeline = place + SCRATCH_ROWS * WIDTH
        self.extension_rows = self.pipeline + self.pipeline_rows * WIDTH
        self.ages = self.extension_rows + self.extended * EXTENSION_ROWS * WIDTH

    @cython.final
    cdef inline real *row(self, Py_ssize_t kind, Py_ssize_t i) noexcept nogil:
        """Return the row of a kind of one member of the kind's dim; where the kind is a constant, so are the tables."""
        cdef Py_ssize_t dim = dim_of_kind[kind]
        return self.rows_of[dim] + (i * dim_rows[dim] + kind - dim_begin[dim]) * WIDTH

    @cython.final
    cdef inline real *stage_sum(self, Py_ssize_t total, Py_ssize_t i) noexcept nogil:
        """Return the row in which a total of one stage is summed."""
        return self.row(STAGE_SUMS + total, i)

    @cython.final
    cdef inline real *scratch_row(self, Py_ssize_t kind) noexcept nogil:
        return self.scratch + (kind - SCRATCH_BEGIN) * WIDTH

    @cython.final
    cdef inline real *due(self, Py_ssize_t i, Py_ssize_t t) noexcept nogil:
        """Return the row of what is due at one stage in period t."""
        return self.pipeline + (self.slot[i] + remainder(t, self.ring[i])) * WIDTH

    @cython.final
    cdef inline real *extension_row(self, Py_ssize_t kind, Py_ssize_t i) noexcept nogil:
        """Return a row of the extensions of one stage that has any."""
        return self.extension_rows + (self.extensions.extension[i] * EXTENSION_ROWS + kind - EXTENSION_BEGIN) * WIDTH

    @cython.final
    cdef inline real *extension_sum(self, Py_ssize_t total, Py_ssize_t i) noexcept nogil:
        """Return the row in which a total of the extensions of one stage is summed."""
        return self.extension_row(EXTENSION_SUMS + total - EXTENSION_TOTALS, i)

    @cython.final
    cdef inline real *age_row(self, Py_ssize_t i, Py_ssize_t t) noexcept nogil:
        """Return the row of what one store that has a shelf life received in period t, or so many periods before."""
        return self.ages + (self.extensions.age_slot[i] + remainder(t, self.extensions.shelf_life[i] - 1)) * WIDTH

    @cython.final
    cdef inline const float *series_or(self, int series, Rows exogenous, const float *otherwise) noexcept nogil:
        """Return the exogenous row of a series, or a constant one where the feature is off."""
        if series < 0:
            return otherwise
        return exogenous.first + self.rows[series] * exogenous.stride

    @cython.final
    cdef inline bint is_closed(self, int series, Rows exogenous) noexcept nogil:
        """Return whether a series is closed on any lane."""
        return series >= 0 and exogenous.closed[self.rows[series] * exogenous.closed_stride] != 0

    @cython.final
    cdef inline real *short_row(self, Py_ssize_t i) noexcept nogil:
        """Return the row where shortages of a store are counted: the sum, unless several can fall in one period."""
        return self.row(STAGE_SHORT, i) if self.gathers_shortage[i] else self.stage_sum(TOTAL_SHORTAGE, i)

    @cython.final
    cdef inline double *total(self, Py_ssize_t dim, Py_ssize_t k, Py_ssize_t i, Py_ssize_t stripe) noexcept nogil:
        """Return where total number k of one member of a dim stands."""
        cdef TotalsOfDim *totals = &self.totals[dim]
        return (totals.first + k * totals.quantity_stride + self.places[dim][i] * totals.member_stride
                + stripe * WIDTH)

    @cython.final
    cdef Py_ssize_t stripes(self) noexcept nogil:
        return (self.lanes + WIDTH - 1) // WIDTH
