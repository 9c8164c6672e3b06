# The physical acts of one period, included by _core.pyx: each one loop over the lanes of a stripe, without branches, so
# that it vectorizes; what is off is decided by the caller. The order of the acts is that of docs/model.md.
#
# Choices between rows that hang on one condition are written as arithmetic with a 0 or 1: a compiler that meets the
# same condition several times makes branches of it, and a loop with branches does not vectorize.
#
# Rounding. Every flow is rounded to whole grains of its store when it is made (`to_grains`), and only then: sums and
# differences of whole grains are exact, so units are neither created nor destroyed. Comparisons allow for the rounding
# of the flows that meet (`tolerance`); where all flows are whole units there is none.

cdef extern from *:
    """
    #include <math.h>
    #ifdef JR_DOUBLE
    typedef double jr_real;
    #define JR_FLOOR floor
    #else
    typedef float jr_real;
    #define JR_FLOOR floorf
    #endif
    #define JR_FAR ((jr_real) 1e30)
    typedef jr_real *__restrict jr_lanes_t;
    typedef const jr_real *__restrict jr_const_lanes_t;
    typedef const float *__restrict jr_drawn_t;
    typedef double *__restrict jr_totals_t;
    #if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
    #define JR_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void
    #else
    #define JR_KERNEL void
    #endif
    """
    ctypedef void kernel "JR_KERNEL"
    # The number that state is held in: float, or double where _core_double.pyx compiles these acts again.
    ctypedef float real "jr_real"
    ctypedef real* lanes_t "jr_lanes_t"
    ctypedef const real* const_lanes_t "jr_const_lanes_t"
    ctypedef const float* drawn_t "jr_drawn_t"
    ctypedef double* totals_t "jr_totals_t"
    real floor_of "JR_FLOOR" (real x) noexcept nogil
    const real FAR "JR_FAR"  # beyond any number of units


cdef enum:
    # Lanes of a stripe, whose state stays near the first-level cache: a constant, so that the compiler can prove rows
    # apart and vectorize, and an odd number of cache lines, so that rows do not collide at multiples of 4 KiB.
    WIDTH = 272

# Rows of the sums of up to 128 periods, then of the totals, which go on with what follows from balances when the books
# close.
cdef enum:
    STARTED, SCRAPPED, EXPEDITED, ORDERS, STARVED, BROKEN, SHORTAGE, ON_HAND, WIP, STAGE_SUMS
    ORDERED = STAGE_SUMS

cdef enum:
    DEMAND, UNMET, STOCKOUT, BACKLOG, CUSTOMER_SUMS
    FILLED = UNMET
    SHIPPED = CUSTOMER_SUMS
    LOST, PEAK_BACKLOG, FIRST_STOCKOUT


cdef inline real smaller(real a, real b) noexcept nogil:
    return a if a < b else b


cdef inline real larger(real a, real b) noexcept nogil:
    return a if a > b else b


cdef inline real exceeds(real a, real b) noexcept nogil:
    """1 where a is more than b, else 0."""
    return <real>1.0 if a > b else <real>0.0


cdef inline real to_grains(real flow, real coarse) noexcept nogil:
    """Round a flow to whole grains: beside `coarse`, 2^23 (double: 2^52) grains, no finer digit has room."""
    return (flow + coarse) - coarse


cdef struct Rule:
    # One stage's policy and process; where no review is due, no gap is wide enough. `partial` rounds what can start
    # where the process may be available in part; it is 0 where it never is.
    real least
    real lot
    real per_lot
    real slack
    real tolerance
    real coarse
    real partial
    real capacity
    bint unlimited


cdef kernel receive(Py_ssize_t lanes, const_lanes_t due, lanes_t on_hand) noexcept nogil:
    """Everything due arrives, all of it good; the start of this period overwrites the slot."""
    cdef Py_ssize_t j
    for j in range(lanes):
        on_hand[j] += due[j]


cdef kernel receive_late(Py_ssize_t lanes, lanes_t due, lanes_t on_hand, lanes_t process) noexcept nogil:
    """Everything that is due arrives, where lead times vary or arrivals can be held up."""
    cdef Py_ssize_t j
    for j in range(lanes):
        on_hand[j] += due[j]
        process[j] -= due[j]
        due[j] = 0.0


cdef kernel receive_good(
    Py_ssize_t lanes, lanes_t due, drawn_t good, real coarse, lanes_t on_hand, lanes_t gap, lanes_t process,
    lanes_t scrapped,
) noexcept nogil:
    """What is due arrives; only good units enter the store."""
    cdef Py_ssize_t j
    cdef real arriving, fine
    for j in range(lanes):
        arriving = due[j]
        fine = smaller(arriving, to_grains(arriving * good[j], coarse))
        due[j] = 0.0
        process[j] -= arriving
        on_hand[j] += fine
        gap[j] += arriving - fine
        scrapped[j] += arriving - fine


cdef kernel end_cycle(
    Py_ssize_t lanes, const_lanes_t due, const_lanes_t on_hand, real tolerance, lanes_t arrived, lanes_t cycle_short,
    totals_t receipts, totals_t short_cycles, totals_t stock,
) noexcept nogil:
    """What is about to arrive ends a replenishment cycle: count it, whether it was short, and the stock it finds.

    What arrives over several periods in a row, because a capacity or inputs spread its start, is one receipt.
    """
    cdef Py_ssize_t j
    cdef real arrives, ends
    for j in range(lanes):
        arrives = exceeds(due[j], tolerance)
        ends = arrives * (<real>1.0 - arrived[j])
        arrived[j] = arrives
        receipts[j] += ends
        short_cycles[j] += ends * cycle_short[j]
        stock[j] += ends * on_hand[j]
        cycle_short[j] *= <real>1.0 - ends


cdef kernel mark_cycle(Py_ssize_t lanes, const_lanes_t short, lanes_t cycle_short) noexcept nogil:
    """A shortage in any period makes its cycle short."""
    cdef Py_ssize_t j
    for j in range(lanes):
        cycle_short[j] = larger(cycle_short[j], exceeds(short[j], 0.0))


cdef kernel find_held(Py_ssize_t lanes, drawn_t moving, int *held) noexcept nogil:
    """Whether anything is held up on any lane: mostly nothing is, and then no row of the pipeline is touched."""
    cdef Py_ssize_t j
    cdef int found = 0
    for j in range(lanes):
        found |= moving[j] < 0.5
    held[0] = found


cdef kernel stand_still(Py_ssize_t lanes, lanes_t due, lanes_t later, drawn_t moving) noexcept nogil:
    """What is due in one period becomes due in the next where work in process, or what arrives, is held up."""
    cdef Py_ssize_t j
    cdef real moved
    for j in range(lanes):
        moved = due[j] if moving[j] < 0.5 else <real>0.0
        later[j] += moved
        due[j] -= moved


cdef kernel stand_back(Py_ssize_t lanes, real period, drawn_t transit, lanes_t last_due) noexcept nogil:
    """The period that the latest start is due in moves with the work in process that stands still."""
    cdef Py_ssize_t j
    for j in range(lanes):
        last_due[j] += <real>1.0 if transit[j] < 0.5 and last_due[j] >= period else <real>0.0


cdef kernel serve(
    Py_ssize_t lanes, drawn_t demand, real wait, lanes_t on_hand, lanes_t gap, lanes_t backlog,
    real tolerance, real coarse, lanes_t short, lanes_t sums, real period, lanes_t peak, lanes_t first,
) noexcept nogil:
    """Ship the old backlog, then new demand; what is left waits in the share `wait`."""
    cdef Py_ssize_t j
    cdef real asked, wanted, shipped, old, unmet, left, short_now, since
    for j in range(lanes):
        asked = to_grains(demand[j], coarse)
        wanted = backlog[j] + asked
        shipped = smaller(on_hand[j], wanted)
        old = smaller(backlog[j], shipped)
        unmet = asked - (shipped - old)
        left = (backlog[j] - old) + to_grains(wait * unmet, coarse)
        short_now = exceeds(wanted - shipped, tolerance)
        since = short_now * (period + <real>1.0) - <real>1.0
        on_hand[j] -= shipped
        gap[j] += shipped
        backlog[j] = left
        short[j] += short_now
        sums[DEMAND * WIDTH + j] += asked
        sums[UNMET * WIDTH + j] += unmet
        sums[STOCKOUT * WIDTH + j] += short_now
        sums[BACKLOG * WIDTH + j] += left
        peak[j] = larger(peak[j], left)
        first[j] = since if first[j] < 0.0 else first[j]


cdef kernel owe(Py_ssize_t lanes, const_lanes_t waiting, real weight, real coarse, lanes_t owed) noexcept nogil:
    """Add what one customer or consumer still waits for to what the store owes."""
    cdef Py_ssize_t j
    for j in range(lanes):
        owed[j] += to_grains(weight * waiting[j], coarse)


cdef inline real order(real own_gap, real owed, Rule rule) noexcept nogil:
    """Order up to the full store once the gap is wide enough, in whole lots if there are any; what is owed is gap."""
    cdef real gap = own_gap + owed
    cdef real amount = rule.lot * floor_of((gap + rule.slack) * rule.per_lot) if rule.lot > 0.0 else gap
    return amount if gap >= rule.least else <real>0.0


cdef inline real placed(real ordered) noexcept nogil:
    return <real>1.0 if ordered > 0.0 else <real>0.0


cdef inline real left_open(real own_gap, real owed, real ordered, Rule rule) noexcept nogil:
    """What the gap is after an order; what an order of whole lots leaves of rounding is swept away.

    Otherwise the rounding of flows would add up, until an order that is due comes a period late.
    """
    cdef real rest = own_gap + owed - ordered
    return own_gap - ordered if rest + (<real>1.0 - placed(ordered)) * FAR > rule.tolerance else -owed


cdef inline real usable(real authorized, real availability, Rule rule) noexcept nogil:
    """What could start if the inputs were there."""
    cdef real most = authorized if rule.unlimited else rule.capacity
    return smaller(authorized, to_grains(most * availability, rule.partial))


cdef inline real per_unit_of(real full, real tolerance) noexcept nogil:
    """The share of a period's downtime that one unit not started stands for; none where there was nothing to start."""
    return <real>1.0 / full if full > tolerance else <real>0.0


cdef inline void enter(
    Py_ssize_t j, Rule rule, real board, real able, real started, real ordered,
    const_lanes_t on_hand, lanes_t authorized, lanes_t sums,
) noexcept nogil:
    """The start leaves the board and enters the process; then the stage's period is over and is accounted.

    The store is touched no more: consumers come before their suppliers.
    """
    cdef real full = smaller(board, rule.capacity)
    authorized[j] = board - started
    sums[STARTED * WIDTH + j] += started
    sums[ORDERS * WIDTH + j] += placed(ordered)
    sums[BROKEN * WIDTH + j] += (full - able) * per_unit_of(full, rule.tolerance)
    sums[ON_HAND * WIDTH + j] += on_hand[j]


cdef inline void starve(
    Py_ssize_t j, Rule rule, real board, real able, real started, lanes_t sums
) noexcept nogil:
    """What the inputs did not allow is downtime."""
    sums[STARVED * WIDTH + j] += (able - started) * per_unit_of(smaller(board, rule.capacity), rule.tolerance)


cdef kernel keep_open(Py_ssize_t lanes, real capacity, const_lanes_t authorized, lanes_t gap) noexcept nogil:
    """Where cards are unlimited, what is open is always as much as can start in a period."""
    cdef Py_ssize_t j
    for j in range(lanes):
        gap[j] = capacity - authorized[j]


cdef kernel start_free(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, drawn_t availability,
    const_lanes_t on_hand, lanes_t gap, lanes_t authorized, lanes_t sums, lanes_t started,
) noexcept nogil:
    """Review and start at a stage that buys from outside the network."""
    cdef Py_ssize_t j
    cdef real ordered, board, able
    for j in range(lanes):
        ordered = order(gap[j], owed[j], rule)
        gap[j] = left_open(gap[j], owed[j], ordered, rule)
        board = authorized[j] + ordered
        able = usable(board, availability[j], rule)
        started[j] = able * exceeds(able, rule.tolerance)
        enter(j, rule, board, able, started[j], ordered, on_hand, authorized, sums)


cdef inline void pull(
    Py_ssize_t j, Rule rule, real asked, real board, real able, real begun, real taken, real ordered,
    const_lanes_t owed, const_lanes_t on_hand, lanes_t gap, lanes_t authorized, lanes_t sums, lanes_t started,
    lanes_t store, lanes_t store_gap, lanes_t store_short, real store_tolerance,
) noexcept nogil:
    """Start one lane of a stage with one input from one store, of which it asks `asked` and takes `taken`."""
    gap[j] = left_open(gap[j], owed[j], ordered, rule)
    store_short[j] += exceeds(asked - store[j], store_tolerance)
    store[j] -= taken
    store_gap[j] += taken
    started[j] = begun
    starve(j, rule, board, able, begun, sums)
    enter(j, rule, board, able, begun, ordered, on_hand, authorized, sums)


cdef kernel start_one_for_one(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, drawn_t availability,
    const_lanes_t on_hand, lanes_t gap, lanes_t authorized, lanes_t sums, lanes_t started,
    lanes_t store, lanes_t store_gap, lanes_t store_short, real store_tolerance,
) noexcept nogil:
    """Start at a stage that takes one unit from one store, of the same grain, for each: the links of every line."""
    cdef Py_ssize_t j
    cdef real ordered, board, able, begun
    for j in range(lanes):
        ordered = order(gap[j], owed[j], rule)
        board = authorized[j] + ordered
        able = usable(board, availability[j], rule)
        begun = smaller(able, store[j])
        begun *= exceeds(begun, rule.tolerance)  # rounding is not started
        pull(j, rule, able, board, able, begun, begun, ordered, owed, on_hand, gap, authorized, sums, started,
             store, store_gap, store_short, store_tolerance)


cdef kernel start_from_one(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, drawn_t availability,
    const_lanes_t on_hand, lanes_t gap, lanes_t authorized, lanes_t sums, lanes_t started,
    lanes_t store, lanes_t store_gap, lanes_t store_short, real store_tolerance, real store_coarse, real quantity,
) noexcept nogil:
    """Start at a stage that takes `quantity` units from one store; whole ratios stay whole, as starts are rounded."""
    cdef Py_ssize_t j
    cdef real per_quantity = <real>1.0 / quantity
    cdef real ordered, board, able, asked, begun, taken
    for j in range(lanes):
        ordered = order(gap[j], owed[j], rule)
        board = authorized[j] + ordered
        able = usable(board, availability[j], rule)
        asked = to_grains(quantity * able, store_coarse)
        begun = smaller(able, to_grains(store[j] * per_quantity, rule.coarse))
        begun *= exceeds(begun, rule.tolerance)  # rounding is not started
        # A start that uses up the store leaves no rounding in it.
        taken = smaller(store[j], asked) * exceeds(begun, 0.0)
        pull(j, rule, asked, board, able, begun, taken, ordered, owed, on_hand, gap, authorized, sums, started,
             store, store_gap, store_short, store_tolerance)


cdef kernel enable(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, drawn_t availability,
    lanes_t gap, lanes_t authorized, lanes_t ordered, lanes_t able, lanes_t started,
) noexcept nogil:
    """Review, and find what could start before several inputs limit it."""
    cdef Py_ssize_t j
    for j in range(lanes):
        ordered[j] = order(gap[j], owed[j], rule)
        gap[j] = left_open(gap[j], owed[j], ordered[j], rule)
        authorized[j] += ordered[j]
        able[j] = usable(authorized[j], availability[j], rule)
        started[j] = able[j] * exceeds(able[j], rule.tolerance)


cdef kernel limit_by(
    Py_ssize_t lanes, const_lanes_t store, real per_unit, real tolerance, real coarse, lanes_t started
) noexcept nogil:
    """An input held in one store, of which each unit started takes `per_unit`; rounding is not started."""
    cdef Py_ssize_t j
    cdef real most
    for j in range(lanes):
        most = smaller(started[j], to_grains(store[j] / per_unit, coarse))
        started[j] = most * exceeds(most, tolerance)


cdef kernel ask(
    Py_ssize_t lanes, const_lanes_t able, real per_unit, const_lanes_t store, real tolerance, real coarse,
    lanes_t short,
) noexcept nogil:
    """Mark the periods in which a store could not give what the able start asked of it."""
    cdef Py_ssize_t j
    for j in range(lanes):
        short[j] += exceeds(to_grains(per_unit * able[j], coarse) - store[j], tolerance)


cdef kernel settle(Py_ssize_t lanes, lanes_t short, lanes_t shortage) noexcept nogil:
    """A period in which several askers went short counts once."""
    cdef Py_ssize_t j
    for j in range(lanes):
        shortage[j] += smaller(short[j], 1.0)
        short[j] = 0.0


cdef kernel take(
    Py_ssize_t lanes, const_lanes_t started, real per_unit, real coarse,
    lanes_t store, lanes_t store_gap, lanes_t missing,
) noexcept nogil:
    """Take a source's share of the input as far as its store reaches; what it could not give is added to `missing`."""
    cdef Py_ssize_t j
    cdef real wanted, taken
    for j in range(lanes):
        wanted = to_grains(started[j] * per_unit, coarse)
        taken = smaller(store[j], wanted)
        store[j] -= taken
        store_gap[j] += taken
        missing[j] += wanted - taken


cdef kernel make_up(
    Py_ssize_t lanes, real coarse, lanes_t store, lanes_t store_gap, lanes_t missing
) noexcept nogil:
    """Take what other alternates could not give."""
    cdef Py_ssize_t j
    cdef real taken
    for j in range(lanes):
        taken = smaller(store[j], to_grains(missing[j], coarse))
        store[j] -= taken
        store_gap[j] += taken
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
    Py_ssize_t lanes, const_lanes_t started, lanes_t process, lanes_t sum
) noexcept nogil:
    """Account work in process where Little's law does not give its average."""
    cdef Py_ssize_t j
    for j in range(lanes):
        process[j] += started[j]
        sum[j] += process[j]


cdef kernel rush(
    Py_ssize_t lanes, const_lanes_t on_hand, real below, real fast, const_lanes_t started,
    lanes_t lead, lanes_t expedited,
) noexcept nogil:
    """Shorten the lead time of starts made while the store is below the trigger."""
    cdef Py_ssize_t j
    cdef bint low
    for j in range(lanes):
        low = on_hand[j] < below
        expedited[j] += started[j] if low else <real>0.0
        lead[j] = smaller(lead[j], fast) if low else lead[j]


cdef kernel wait_for_last(
    Py_ssize_t lanes, real period, const_lanes_t started, lanes_t last_due, lanes_t lead
) noexcept nogil:
    """Where deliveries arrive in order, a start is due no earlier than the one before it."""
    cdef Py_ssize_t j
    cdef real due
    for j in range(lanes):
        due = larger(period + lead[j], last_due[j])
        lead[j] = due - period
        last_due[j] = due if started[j] > 0.0 else last_due[j]


cdef kernel add(Py_ssize_t lanes, const_lanes_t row, lanes_t sum) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(lanes):
        sum[j] += row[j]


cdef kernel copy(Py_ssize_t lanes, drawn_t source, lanes_t target) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(lanes):
        target[j] = source[j]


cdef kernel fill(Py_ssize_t lanes, real value, lanes_t target) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(lanes):
        target[j] = value


cdef void schedule(
    Py_ssize_t lanes, const real *started, const real *lead, Py_ssize_t period, Py_ssize_t ring, real *pipeline
) noexcept nogil:
    """Put each lane's start in the slot it is due in; past the ring lies past the horizon."""
    cdef Py_ssize_t j, ahead
    cdef real last = <real>(ring - 1)
    for j in range(lanes):
        ahead = <Py_ssize_t>(lead[j] if lead[j] < last else last)
        pipeline[((period + ahead) % ring) * WIDTH + j] += started[j]


cdef kernel add_to(Py_ssize_t lanes, const_lanes_t row, double weight, totals_t totals) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(lanes):
        totals[j] += weight * row[j]
