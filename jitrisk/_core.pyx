"""The dynamics: one block of paths, one strategy, a run of periods. No randomness, no money, no names.

Layout. A *row* holds one number for every path (*lane*) of the block: float32, contiguous, a whole number
of cache lines. State is a stack of rows: ``on_hand[stage]``, ``authorized[stage]``, ``position[stage]`` (on hand, in
process and authorized together: only an order raises it, only what leaves the store or is scrapped lowers it, so
that work in process is a difference), ``pipeline[slot]`` (each stage owns ``ring[stage]`` consecutive slots,
what is due in period ``t`` is in slot ``t % ring``), ``backlog[customer]``. Sums of a few dozen periods stay in float32 rows and are flushed to the
float64 outcomes at fixed periods, so that no bit depends on how the work was cut.

Stages are numbered in sweep order (consumers before their suppliers), customers in the order they are served.
Every act below is one loop over lanes without branches; features that are off are not called at all.
The rules are those of docs/model.md; act names follow its section "One period".
"""

from libc.float cimport FLT_MAX
from libc.math cimport floorf

cdef extern from *:
    """
    typedef float *__restrict jr_lanes_t;
    typedef const float *__restrict jr_const_lanes_t;
    typedef double *__restrict jr_totals_t;
    #if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
    #define JR_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void
    #else
    #define JR_KERNEL void
    #endif
    #define JR_NEARLY 0.999999f
    """
    ctypedef void kernel "JR_KERNEL"
    ctypedef float* lanes_t "jr_lanes_t"
    ctypedef const float* const_lanes_t "jr_const_lanes_t"
    ctypedef double* totals_t "jr_totals_t"
    # A store that holds what is asked of it, but for the rounding of single precision, is not short.
    const float NEARLY "JR_NEARLY"


cdef enum:
    # Lanes of a stripe, whose state stays near the first-level cache: a constant, so that the compiler can prove rows
    # apart and vectorize, and an odd number of cache lines, so that rows do not collide at multiples of 4 KiB.
    WIDTH = 208

STRIPE = WIDTH

# Rows of the float32 sums, then of the totals, which go on with what follows from balances when the books close.
cdef enum:
    STARTED, SCRAPPED, EXPEDITED, ORDERS, STARVED, BROKEN, SHORTAGE, ON_HAND, WIP, STAGE_SUMS
    ORDERED = STAGE_SUMS

cdef enum:
    DEMAND, FILLED, STOCKOUT, BACKLOG, CUSTOMER_SUMS
    SHIPPED = CUSTOMER_SUMS
    LOST, PEAK_BACKLOG, FIRST_STOCKOUT

STAGE_TOTALS = (
    "started", "scrapped", "expedited", "orders", "starved", "broken", "shortage", "on_hand", "wip", "ordered"
)
CUSTOMER_TOTALS = ("demand", "filled", "stockout", "backlog", "shipped", "lost", "peak_backlog", "first_stockout")


# --- acts on whole rows ------------------------------------------------------------------------------------


cdef inline float smaller(float a, float b) noexcept nogil:
    return a if a < b else b


cdef inline float larger(float a, float b) noexcept nogil:
    return a if a > b else b


cdef inline float is_short(float asked, float held) noexcept nogil:
    """1 where a store cannot give what is asked of it, else 0.

    A number, since choices between rows that depend on it are arithmetic: a compiler that sees the same condition
    several times makes branches of it, and a loop with branches does not vectorize.
    """
    return <float>1.0 if NEARLY * asked > held else <float>0.0


cdef struct Rule:
    # One stage's policy and process; a review that is not due has a trigger nothing is below.
    float trigger
    float target
    float lot
    float per_lot
    float slack
    float capacity
    bint unlimited


cdef kernel receive(Py_ssize_t lanes, const_lanes_t due, lanes_t on_hand) noexcept nogil:
    """Everything due arrives, all of it good; the start of this period overwrites the slot."""
    cdef Py_ssize_t j
    for j in range(lanes):
        on_hand[j] += due[j]


cdef kernel receive_checked(
    Py_ssize_t lanes, lanes_t due, lanes_t later, const_lanes_t receiving, const_lanes_t good,
    lanes_t on_hand, lanes_t position, lanes_t scrapped,
) noexcept nogil:
    """What is due arrives where arrivals are open, else joins what is due next; only good units enter the store."""
    cdef Py_ssize_t j
    cdef float arriving, fine
    for j in range(lanes):
        arriving = due[j] if receiving[j] > 0.5 else <float>0.0
        fine = arriving * good[j]
        later[j] += due[j] - arriving
        due[j] = 0.0
        on_hand[j] += fine
        position[j] -= arriving - fine
        scrapped[j] += arriving - fine


cdef kernel stand_still(Py_ssize_t lanes, lanes_t due, lanes_t later, const_lanes_t transit) noexcept nogil:
    """What is due in one period becomes due in the next where work in process stands still."""
    cdef Py_ssize_t j
    cdef float moved
    for j in range(lanes):
        moved = due[j] if transit[j] < 0.5 else <float>0.0
        later[j] += moved
        due[j] -= moved


cdef kernel serve(
    Py_ssize_t lanes, const_lanes_t demand, float wait, lanes_t on_hand, lanes_t position, lanes_t backlog,
    lanes_t short, lanes_t sums, float period, lanes_t peak, lanes_t first,
) noexcept nogil:
    """Ship the old backlog, then new demand; what is left waits in the share `wait`."""
    cdef Py_ssize_t j
    cdef float wanted, shipped, old, filled, left, short_now, since
    for j in range(lanes):
        wanted = backlog[j] + demand[j]
        shipped = smaller(on_hand[j], wanted)
        old = smaller(backlog[j], shipped)
        filled = shipped - old
        short_now = is_short(wanted, shipped)
        left = short_now * ((backlog[j] - old) + wait * (demand[j] - filled))
        since = short_now * (period + <float>1.0) - <float>1.0
        on_hand[j] -= shipped
        position[j] -= shipped
        backlog[j] = left
        short[j] += short_now
        sums[DEMAND * WIDTH + j] += demand[j]
        sums[FILLED * WIDTH + j] += short_now * filled + (<float>1.0 - short_now) * demand[j]
        sums[STOCKOUT * WIDTH + j] += short_now
        sums[BACKLOG * WIDTH + j] += left
        peak[j] = larger(peak[j], left)
        first[j] = since if first[j] < 0.0 else first[j]


cdef kernel owe(Py_ssize_t lanes, const_lanes_t waiting, float weight, lanes_t owed) noexcept nogil:
    """Add what one customer or consumer still waits for to what the store owes."""
    cdef Py_ssize_t j
    for j in range(lanes):
        owed[j] += weight * waiting[j]


cdef inline float order(float position, Rule rule) noexcept nogil:
    """Compare the position with the reorder point; order up to the target, in whole lots if there are any."""
    cdef float gap = rule.target - position
    cdef float amount = rule.lot * floorf((gap + rule.slack) * rule.per_lot) if rule.lot > 0.0 else gap
    return amount if position <= rule.trigger else <float>0.0


cdef inline float usable(float authorized, float availability, Rule rule) noexcept nogil:
    """What could start if the inputs were there."""
    return smaller(authorized, (authorized if rule.unlimited else rule.capacity) * availability)


cdef inline float per_unit_of(float full) noexcept nogil:
    """The share of a period's downtime that one unit not started stands for."""
    return <float>1.0 / full if full > 0.0 else <float>0.0


cdef inline void enter(
    Py_ssize_t j, Rule rule, float board, float able, float started, float ordered,
    const_lanes_t on_hand, lanes_t authorized, lanes_t sums,
) noexcept nogil:
    """The start leaves the board and enters the process; then the stage's period is over and is accounted.

    The store is touched no more: consumers come before their suppliers.
    """
    cdef float full = smaller(board, rule.capacity)
    authorized[j] = board - started
    sums[STARTED * WIDTH + j] += started
    sums[ORDERS * WIDTH + j] += <float>1.0 if ordered > 0.0 else <float>0.0
    sums[BROKEN * WIDTH + j] += (full - able) * per_unit_of(full)
    sums[ON_HAND * WIDTH + j] += on_hand[j]


cdef inline void starve(
    Py_ssize_t j, Rule rule, float board, float able, float started, lanes_t sums
) noexcept nogil:
    """What the inputs did not allow is downtime."""
    sums[STARVED * WIDTH + j] += (able - started) * per_unit_of(smaller(board, rule.capacity))


cdef kernel start_free(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, const_lanes_t availability,
    const_lanes_t on_hand, lanes_t position, lanes_t authorized, lanes_t sums, lanes_t started,
) noexcept nogil:
    """Review and start at a stage that buys from outside the network."""
    cdef Py_ssize_t j
    cdef float ordered, board, able
    for j in range(lanes):
        ordered = order(position[j] - owed[j], rule)
        position[j] += ordered
        board = authorized[j] + ordered
        able = usable(board, availability[j], rule)
        started[j] = able
        enter(j, rule, board, able, able, ordered, on_hand, authorized, sums)


cdef inline void pull(
    Py_ssize_t j, Rule rule, float quantity, float allowed, const_lanes_t owed, const_lanes_t availability,
    const_lanes_t on_hand, lanes_t position, lanes_t authorized, lanes_t sums, lanes_t started,
    lanes_t store, lanes_t store_position, lanes_t store_short,
) noexcept nogil:
    """Review and start one lane of a stage with one input from one store, which allows `allowed` units."""
    cdef float ordered = order(position[j] - owed[j], rule)
    cdef float board = authorized[j] + ordered
    cdef float able = usable(board, availability[j], rule)
    cdef float short_now = is_short(quantity * able, store[j])
    cdef float begun = short_now * allowed + (<float>1.0 - short_now) * able
    cdef float taken = smaller(store[j], able * quantity)
    position[j] += ordered
    store_short[j] += short_now
    store[j] -= taken
    store_position[j] -= taken
    started[j] = begun
    starve(j, rule, board, able, begun, sums)
    enter(j, rule, board, able, begun, ordered, on_hand, authorized, sums)


cdef kernel start_one_for_one(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, const_lanes_t availability,
    const_lanes_t on_hand, lanes_t position, lanes_t authorized, lanes_t sums, lanes_t started,
    lanes_t store, lanes_t store_position, lanes_t store_short,
) noexcept nogil:
    """Start at a stage that takes one unit from one store for each it starts: the links of every line."""
    cdef Py_ssize_t j
    for j in range(lanes):
        pull(j, rule, 1.0, store[j], owed, availability, on_hand, position, authorized, sums, started,
             store, store_position, store_short)


cdef kernel start_from_one(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, const_lanes_t availability,
    const_lanes_t on_hand, lanes_t position, lanes_t authorized, lanes_t sums, lanes_t started,
    lanes_t store, lanes_t store_position, lanes_t store_short, float quantity,
) noexcept nogil:
    """Start at a stage that takes `quantity` units from one store; a division, so that whole ratios stay whole."""
    cdef Py_ssize_t j
    for j in range(lanes):
        pull(j, rule, quantity, store[j] / quantity, owed, availability, on_hand, position, authorized, sums, started,
             store, store_position, store_short)


cdef kernel enable(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, const_lanes_t availability,
    lanes_t position, lanes_t authorized, lanes_t ordered, lanes_t able, lanes_t started,
) noexcept nogil:
    """Review, and find what could start before several inputs limit it."""
    cdef Py_ssize_t j
    for j in range(lanes):
        ordered[j] = order(position[j] - owed[j], rule)
        position[j] += ordered[j]
        authorized[j] += ordered[j]
        able[j] = usable(authorized[j], availability[j], rule)
        started[j] = able[j]


cdef kernel limit_by(Py_ssize_t lanes, const_lanes_t store, float per_unit, lanes_t started) noexcept nogil:
    """An input held in one store, of which each unit started takes `per_unit`."""
    cdef Py_ssize_t j
    cdef float short_now
    for j in range(lanes):
        short_now = is_short(per_unit * started[j], store[j])
        started[j] = short_now * (store[j] / per_unit) + (<float>1.0 - short_now) * started[j]


cdef kernel ask(
    Py_ssize_t lanes, const_lanes_t able, float per_unit, const_lanes_t store, lanes_t short
) noexcept nogil:
    """Mark the periods in which a store could not give what the able start asked of it."""
    cdef Py_ssize_t j
    for j in range(lanes):
        short[j] += is_short(per_unit * able[j], store[j])


cdef kernel settle(Py_ssize_t lanes, lanes_t short, lanes_t shortage) noexcept nogil:
    """A period in which several askers went short counts once."""
    cdef Py_ssize_t j
    for j in range(lanes):
        shortage[j] += smaller(short[j], 1.0)
        short[j] = 0.0


cdef kernel take(
    Py_ssize_t lanes, const_lanes_t started, float share, float quantity,
    lanes_t store, lanes_t store_position, lanes_t missing,
) noexcept nogil:
    """Take a source's share of the input as far as its store reaches; what it could not give is added to `missing`."""
    cdef Py_ssize_t j
    cdef float wanted, taken
    for j in range(lanes):
        wanted = started[j] * (share * quantity)
        taken = smaller(store[j], wanted)
        store[j] -= taken
        store_position[j] -= taken
        missing[j] += wanted - taken


cdef kernel make_up(Py_ssize_t lanes, lanes_t store, lanes_t store_position, lanes_t missing) noexcept nogil:
    """Take what other alternates could not give."""
    cdef Py_ssize_t j
    cdef float taken
    for j in range(lanes):
        taken = smaller(store[j], missing[j])
        store[j] -= taken
        store_position[j] -= taken
        missing[j] -= taken


cdef kernel begin(
    Py_ssize_t lanes, Rule rule, const_lanes_t ordered, const_lanes_t able, const_lanes_t started,
    const_lanes_t on_hand, lanes_t authorized, lanes_t sums,
) noexcept nogil:
    """Start at a stage whose inputs have been taken."""
    cdef Py_ssize_t j
    for j in range(lanes):
        starve(j, rule, authorized[j], able[j], started[j], sums)
        enter(j, rule, authorized[j], able[j], started[j], ordered[j], on_hand, authorized, sums)


cdef kernel observe_process(
    Py_ssize_t lanes, const_lanes_t on_hand, const_lanes_t position, const_lanes_t authorized, lanes_t sum
) noexcept nogil:
    """Account work in process where Little's law does not give its average."""
    cdef Py_ssize_t j
    for j in range(lanes):
        sum[j] += position[j] - on_hand[j] - authorized[j]


cdef kernel rush(
    Py_ssize_t lanes, const_lanes_t on_hand, float below, float fast, const_lanes_t started,
    lanes_t lead, lanes_t expedited,
) noexcept nogil:
    """Shorten the lead time of starts made while the store is below the trigger."""
    cdef Py_ssize_t j
    cdef bint low
    for j in range(lanes):
        low = on_hand[j] < below
        expedited[j] += started[j] if low else <float>0.0
        lead[j] = smaller(lead[j], fast) if low else lead[j]


cdef kernel copy(Py_ssize_t lanes, const_lanes_t source, lanes_t target) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(lanes):
        target[j] = source[j]


cdef kernel fill(Py_ssize_t lanes, float value, lanes_t target) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(lanes):
        target[j] = value


cdef void schedule(
    Py_ssize_t lanes, const float *started, const float *lead, Py_ssize_t period, Py_ssize_t ring, float *pipeline
) noexcept nogil:
    """Put each lane's start in the slot it is due in; past the ring lies past the horizon."""
    cdef Py_ssize_t j, ahead
    cdef float last = <float>(ring - 1)
    for j in range(lanes):
        ahead = <Py_ssize_t>(lead[j] if lead[j] < last else last)
        pipeline[((period + ahead) % ring) * WIDTH + j] += started[j]


cdef kernel add_to(Py_ssize_t lanes, const_lanes_t row, double weight, totals_t totals) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(lanes):
        totals[j] += weight * row[j]


# --- one block ---------------------------------------------------------------------------------------------


cdef enum:
    ORDERED_NOW, ABLE, BEGUN, MISSING, POOLED, LEAD, OWED, ZEROS, ONES, SCRATCH_ROWS

STAGE_ROWS = 4 + STAGE_SUMS
CUSTOMER_ROWS = 3 + CUSTOMER_SUMS


def state_rows(plant) -> int:
    """Return the rows of state that one stripe of a plant needs."""
    return (STAGE_ROWS * plant.stages + int(plant.ring.sum())
            + CUSTOMER_ROWS * plant.customers + SCRATCH_ROWS)


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
    state : float32 array of shape (stripes, state_rows(plant), STRIPE); overwritten.
    lanes : paths of the block, at most stripes * STRIPE.

    Notes
    -----
    A block is cut into stripes narrow enough for the first-level cache; each runs a whole tile on its own.
    The arrays are validated and allocated by the caller, with lanes contiguous; nothing is checked here.
    """

    cdef readonly Py_ssize_t lanes, stages, customers
    cdef Py_ssize_t width  # lanes of the stripe at work; the pointers below are its rows
    cdef float[:, :, ::1] state
    cdef double[:, :, :] stage_totals, customer_totals
    cdef float *on_hand
    cdef float *position
    cdef float *authorized
    cdef float *short
    cdef float *stage_sums
    cdef float *backlog
    cdef float *peak
    cdef float *first
    cdef float *customer_sums
    cdef float *scratch
    cdef float *pipeline
    cdef const int[::1] rows
    cdef const int[::1] declared, lead, ring, slot, review_every, availability, receiving, transit, lead_time, good
    cdef const int[::1] demand, served, input_start, source_start, source, owing_start, owing, customer_start
    cdef const unsigned char[::1] unlimited, plain, failover, owes, several
    cdef const float[::1] initial, capacity, trigger, target, lot, slack, rush_below, rush_lead
    cdef const float[::1] quantity, share, owing_weight, wait

    def __init__(self, plant, const int[::1] rows, float[:, :, ::1] state, Py_ssize_t lanes):
        self.stages, self.customers, self.lanes = plant.stages, plant.customers, lanes
        self.rows, self.state = rows, state
        self.declared, self.lead, self.ring, self.slot = plant.declared, plant.lead, plant.ring, plant.slot
        self.review_every, self.availability, self.receiving = plant.review, plant.availability, plant.receiving
        self.transit, self.lead_time, self.good, self.demand = plant.transit, plant.lead_time, plant.good, plant.demand
        self.input_start, self.source_start, self.source = plant.input_start, plant.source_start, plant.source
        self.owing_start, self.owing, self.owing_weight = plant.owing_start, plant.owing, plant.owing_weight
        self.customer_start, self.served, self.wait = plant.customer_start, plant.served, plant.wait
        self.unlimited, self.plain, self.failover = plant.unlimited, plant.plain, plant.failover
        self.owes, self.several = plant.owes, plant.several
        self.initial, self.capacity, self.trigger = plant.initial, plant.capacity, plant.trigger
        self.target, self.lot, self.slack = plant.target, plant.lot, plant.slack
        self.rush_below, self.rush_lead = plant.rush_below, plant.rush_lead
        self.quantity, self.share = plant.quantity, plant.share

    cdef void select(self, Py_ssize_t stripe) noexcept nogil:
        """Turn to one stripe: what each stage and each customer has side by side, then the rest."""
        cdef Py_ssize_t n = self.stages * WIDTH, m = self.customers * WIDTH
        cdef float *place = &self.state[stripe, 0, 0]
        self.width = min(WIDTH, self.lanes - stripe * WIDTH)
        self.on_hand = place
        self.position = place + n
        self.authorized = place + 2 * n
        self.short = place + 3 * n
        self.stage_sums = place + 4 * n
        place += (4 + STAGE_SUMS) * n
        self.backlog = place
        self.peak = place + m
        self.first = place + 2 * m
        self.customer_sums = place + 3 * m
        place += (3 + CUSTOMER_SUMS) * m
        self.scratch = place
        self.pipeline = place + SCRATCH_ROWS * WIDTH

    cdef Py_ssize_t stripes(self) noexcept nogil:
        return (self.lanes + WIDTH - 1) // WIDTH

    def reset(self, double[:, :, :] stage_totals, double[:, :, :] customer_totals) -> None:
        """Return to the state at t = 0: full stores, nothing in process, nothing owed.

        Parameters
        ----------
        stage_totals : float64 array of zeros, shape (len(STAGE_TOTALS), stages, lanes), filled from now on.
        customer_totals : float64 array of zeros, shape (len(CUSTOMER_TOTALS), customers, lanes), likewise.
        """
        cdef Py_ssize_t i, stripe
        self.stage_totals, self.customer_totals = stage_totals, customer_totals
        for stripe in range(self.stripes()):
            fill(self.state.shape[1] * WIDTH, 0.0, &self.state[stripe, 0, 0])
            self.select(stripe)
            fill(WIDTH, 1.0, self.scratch + ONES * WIDTH)
            for i in range(self.stages):
                fill(WIDTH, self.initial[i], self.on_hand + i * WIDTH)
                fill(WIDTH, self.initial[i], self.position + i * WIDTH)

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
                    self.run_period(t, Rows(&tile[t - tile_start, 0, stripe * WIDTH], tile.shape[2]))

    cdef void run_period(self, Py_ssize_t t, Rows exogenous) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(self.stages):
            self.receive_stage(i, t, exogenous)
        for i in range(self.stages):
            self.serve_customers(i, t, exogenous)
            self.start_stage(i, t, exogenous)
            if self.several[i]:
                settle(self.width, self.short + i * WIDTH, self.stage_sums + (i * STAGE_SUMS + SHORTAGE) * WIDTH)

    cdef inline float *short_row(self, Py_ssize_t i) noexcept nogil:
        """Where shortages of a store are counted: straight in the sum, unless several askers count as one."""
        if self.several[i]:
            return self.short + i * WIDTH
        return self.stage_sums + (i * STAGE_SUMS + SHORTAGE) * WIDTH

    cdef inline const float *row_or(self, int series, Rows exogenous, int otherwise) noexcept nogil:
        """The exogenous row of a series, or a constant one where the feature is off."""
        if series < 0:
            return self.scratch + otherwise * WIDTH
        return exogenous.first + self.rows[series] * exogenous.stride

    cdef inline float *due(self, Py_ssize_t i, Py_ssize_t t) noexcept nogil:
        return self.pipeline + (self.slot[i] + t % self.ring[i]) * WIDTH

    cdef void receive_stage(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous) noexcept nogil:
        cdef Py_ssize_t n = self.width, ahead
        cdef const float *moving
        if self.plain[i]:
            receive(n, self.due(i, t), self.on_hand + i * WIDTH)
            return
        if self.transit[i] >= 0:
            moving = self.row_or(self.transit[i], exogenous, ONES)
            for ahead in range(self.ring[i] - 2, -1, -1):
                stand_still(n, self.due(i, t + ahead), self.due(i, t + ahead + 1), moving)
        receive_checked(n, self.due(i, t), self.due(i, t + 1), self.row_or(self.receiving[i], exogenous, ONES),
                        self.row_or(self.good[i], exogenous, ONES), self.on_hand + i * WIDTH, self.position + i * WIDTH,
                        self.stage_sums + (i * STAGE_SUMS + SCRAPPED) * WIDTH)

    cdef void serve_customers(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous) noexcept nogil:
        cdef Py_ssize_t n = self.width, c
        for c in range(self.customer_start[i], self.customer_start[i + 1]):
            serve(n, self.row_or(self.demand[c], exogenous, ZEROS), self.wait[c], self.on_hand + i * WIDTH,
                  self.position + i * WIDTH, self.backlog + c * WIDTH, self.short_row(i), self.customer_sums + c * CUSTOMER_SUMS * WIDTH,
                  <float>t, self.peak + c * WIDTH, self.first + c * WIDTH)

    cdef float *owed_by(self, Py_ssize_t i) noexcept nogil:
        """Return the row of what a store owes to customers and consumers, where its policy counts that."""
        cdef Py_ssize_t n = self.width, k, c
        cdef float *owed = self.scratch + OWED * WIDTH
        if not self.owes[i]:
            return self.scratch + ZEROS * WIDTH
        fill(n, 0.0, owed)
        for c in range(self.customer_start[i], self.customer_start[i + 1]):
            owe(n, self.backlog + c * WIDTH, 1.0, owed)
        for k in range(self.owing_start[i], self.owing_start[i + 1]):
            owe(n, self.authorized + self.owing[k] * WIDTH, self.owing_weight[k], owed)
        return owed

    cdef Rule rule_of(self, Py_ssize_t i, Py_ssize_t t) noexcept nogil:
        cdef Rule rule
        rule.trigger = self.trigger[i] if t % self.review_every[i] == 0 else -FLT_MAX
        rule.target = self.target[i]
        rule.lot = self.lot[i]
        rule.per_lot = <float>1.0 / rule.lot if rule.lot > 0.0 else <float>0.0
        rule.slack = self.slack[i]
        rule.capacity = self.capacity[i]
        rule.unlimited = self.unlimited[i]
        return rule

    cdef void start_stage(self, Py_ssize_t i, Py_ssize_t t, Rows exogenous) noexcept nogil:
        cdef Py_ssize_t n = self.width, g = self.input_start[i], k
        cdef Py_ssize_t inputs = self.input_start[i + 1] - g
        cdef Rule rule = self.rule_of(i, t)
        cdef float *owed = self.owed_by(i)
        cdef const float *availability = self.row_or(self.availability[i], exogenous, ONES)
        cdef float *started = self.due(i, t) if self.plain[i] else self.scratch + BEGUN * WIDTH
        cdef float *on_hand = self.on_hand + i * WIDTH
        cdef float *position = self.position + i * WIDTH
        cdef float *authorized = self.authorized + i * WIDTH
        cdef float *sums = self.stage_sums + i * STAGE_SUMS * WIDTH
        if inputs == 0:
            start_free(n, rule, owed, availability, on_hand, position, authorized, sums, started)
        elif inputs == 1 and self.source_start[g + 1] - self.source_start[g] == 1:
            k = self.source[self.source_start[g]]
            if self.quantity[g] == 1.0:
                start_one_for_one(n, rule, owed, availability, on_hand, position, authorized, sums, started,
                                  self.on_hand + k * WIDTH, self.position + k * WIDTH, self.short_row(k))
            else:
                start_from_one(n, rule, owed, availability, on_hand, position, authorized, sums, started,
                               self.on_hand + k * WIDTH, self.position + k * WIDTH, self.short_row(k),
                               self.quantity[g])
        else:
            self.start_from_many(i, rule, owed, availability, started)
        if not self.plain[i]:
            self.schedule_start(i, t, started, exogenous)
            observe_process(n, on_hand, position, authorized, sums + WIP * WIDTH)

    cdef void start_from_many(
        self, Py_ssize_t i, Rule rule, const float *owed, const float *availability, float *started
    ) noexcept nogil:
        cdef Py_ssize_t n = self.width, g
        cdef float *ordered = self.scratch + ORDERED_NOW * WIDTH
        cdef float *able = self.scratch + ABLE * WIDTH
        enable(n, rule, owed, availability, self.position + i * WIDTH, self.authorized + i * WIDTH, ordered, able, started)
        for g in range(self.input_start[i], self.input_start[i + 1]):
            self.limit_input(g, able, started)
        for g in range(self.input_start[i], self.input_start[i + 1]):
            self.take_input(g, started)
        begin(n, rule, ordered, able, started, self.on_hand + i * WIDTH, self.authorized + i * WIDTH,
              self.stage_sums + i * STAGE_SUMS * WIDTH)

    cdef void limit_input(self, Py_ssize_t g, const float *able, float *started) noexcept nogil:
        """Lower the start to what one input allows; mark the stores that could not give what was asked."""
        cdef Py_ssize_t n = self.width, k
        cdef float *store
        cdef float *pooled = self.scratch + POOLED * WIDTH
        cdef bint pool = self.failover[g] and self.source_start[g + 1] - self.source_start[g] > 1
        if pool:
            fill(n, 0.0, pooled)
        for k in range(self.source_start[g], self.source_start[g + 1]):
            store = self.on_hand + self.source[k] * WIDTH
            if self.share[k] > 0.0:
                ask(n, able, self.share[k] * self.quantity[g], store, self.short_row(self.source[k]))
            if pool:
                owe(n, store, 1.0, pooled)
            elif self.share[k] > 0.0:
                limit_by(n, store, self.share[k] * self.quantity[g], started)
        if pool:
            limit_by(n, pooled, self.quantity[g], started)

    cdef void take_input(self, Py_ssize_t g, const float *started) noexcept nogil:
        """Take one input from its stores: each source's share, then with failover the rest in order of preference."""
        cdef Py_ssize_t n = self.width, k
        cdef float *missing = self.scratch + MISSING * WIDTH
        cdef bint pool = self.failover[g] and self.source_start[g + 1] - self.source_start[g] > 1
        fill(n, 0.0, missing)
        for k in range(self.source_start[g], self.source_start[g + 1]):
            take(n, started, self.share[k], self.quantity[g], self.on_hand + self.source[k] * WIDTH,
                 self.position + self.source[k] * WIDTH, missing)
        if pool:
            for k in range(self.source_start[g], self.source_start[g + 1]):
                make_up(n, self.on_hand + self.source[k] * WIDTH, self.position + self.source[k] * WIDTH, missing)

    cdef void schedule_start(self, Py_ssize_t i, Py_ssize_t t, const float *started, Rows exogenous) noexcept nogil:
        """Stages whose lead time is drawn or expedited, or whose arrivals can be held up."""
        cdef Py_ssize_t n = self.width
        cdef float *lead = self.scratch + LEAD * WIDTH
        if self.lead_time[i] < 0 and self.rush_lead[i] == 0.0:
            owe(n, started, 1.0, self.due(i, t + self.lead[i]))
            return
        if self.lead_time[i] >= 0:
            copy(n, self.row_or(self.lead_time[i], exogenous, ONES), lead)
        else:
            fill(n, <float>self.lead[i], lead)
        if self.rush_lead[i] > 0.0:
            rush(n, self.on_hand + i * WIDTH, self.rush_below[i], self.rush_lead[i], started, lead,
                 self.stage_sums + (i * STAGE_SUMS + EXPEDITED) * WIDTH)
        schedule(n, started, lead, t, self.ring[i], self.pipeline + self.slot[i] * WIDTH)

    def open_books(self, Py_ssize_t period) -> None:
        """Forget what was counted so far; called at the end of the warm-up, before `period` begins."""
        cdef Py_ssize_t stripe, i, c
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
        """Move the float32 sums into the float64 totals; totals of features that are off are never touched."""
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

        Called when `period` would begin. Units ordered are those started and those still on the board, less those
        on it when the books opened; likewise for units shipped and the backlog. Lost is the share of unmet demand
        that does not wait. Where all lead times are L, each start spends L periods in process, but for what was in
        process when the books opened and what still is (Little 1961, path by path).
        """
        cdef Py_ssize_t stripe, i, c, j
        cdef double *ordered
        with nogil:
            for stripe in range(self.stripes()):
                self.select(stripe)
                for i in range(self.stages):
                    ordered = self.stage_total(ORDERED, i, stripe)
                    add_to(self.width, self.authorized + i * WIDTH, 1.0, ordered)
                    self.add_time_left(i, stripe, period, -1.0)
                    for j in range(self.width):
                        ordered[j] += self.stage_total(STARTED, i, stripe)[j]
                        if self.plain[i]:
                            self.stage_total(WIP, i, stripe)[j] += self.lead[i] * self.stage_total(STARTED, i, stripe)[j]
                        self.stage_total(ON_HAND, i, stripe)[j] /= periods
                        self.stage_total(WIP, i, stripe)[j] /= periods
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
        cdef double *filled = self.customer_total(FILLED, c, stripe)
        cdef double *lost = self.customer_total(LOST, c, stripe)
        cdef double *shipped = self.customer_total(SHIPPED, c, stripe)
        for j in range(self.width):
            lost[j] = (1.0 - self.wait[c]) * (demand[j] - filled[j])
            shipped[j] += demand[j] - lost[j] - self.backlog[c * WIDTH + j]
            self.customer_total(BACKLOG, c, stripe)[j] /= periods
        add_to(self.width, self.peak + c * WIDTH, 1.0, self.customer_total(PEAK_BACKLOG, c, stripe))
        add_to(self.width, self.first + c * WIDTH, 1.0, self.customer_total(FIRST_STOCKOUT, c, stripe))

    cdef inline double *stage_total(self, Py_ssize_t k, Py_ssize_t i, Py_ssize_t stripe) noexcept nogil:
        return &self.stage_totals[k, self.declared[i], stripe * WIDTH]

    cdef inline double *customer_total(self, Py_ssize_t k, Py_ssize_t c, Py_ssize_t stripe) noexcept nogil:
        return &self.customer_totals[k, self.served[c], stripe * WIDTH]
