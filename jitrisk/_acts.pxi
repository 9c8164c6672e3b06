# The physical acts of one period, included by _core.pyx: each one loop over the lanes of a stripe, without branches, so
# that it vectorizes; what is off is decided by the caller. The order of the acts is that of docs/model.md.
#
# Choices between rows that hang on one condition are written as arithmetic with a 0 or 1: a compiler that meets the
# same condition several times makes branches of it, and a loop with branches does not vectorize.

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
    #define JR_ROUNDING 1e-6f
    """
    ctypedef void kernel "JR_KERNEL"
    ctypedef float* lanes_t "jr_lanes_t"
    ctypedef const float* const_lanes_t "jr_const_lanes_t"
    ctypedef double* totals_t "jr_totals_t"
    # A store that holds what is asked of it, but for the rounding of single precision, is not short.
    const float NEARLY "JR_NEARLY"
    const float ROUNDING "JR_ROUNDING"


cdef enum:
    # Lanes of a stripe, whose state stays near the first-level cache: a constant, so that the compiler can prove rows
    # apart and vectorize, and an odd number of cache lines, so that rows do not collide at multiples of 4 KiB.
    WIDTH = 272

# Rows of the float32 sums, then of the totals, which go on with what follows from balances when the books close.
cdef enum:
    STARTED, SCRAPPED, EXPEDITED, ORDERS, STARVED, BROKEN, SHORTAGE, ON_HAND, WIP, STAGE_SUMS
    ORDERED = STAGE_SUMS

cdef enum:
    DEMAND, UNMET, STOCKOUT, BACKLOG, CUSTOMER_SUMS
    FILLED = UNMET
    SHIPPED = CUSTOMER_SUMS
    LOST, PEAK_BACKLOG, FIRST_STOCKOUT


cdef inline float smaller(float a, float b) noexcept nogil:
    return a if a < b else b


cdef inline float larger(float a, float b) noexcept nogil:
    return a if a > b else b


cdef inline float is_short(float asked, float held, float dust) noexcept nogil:
    """1 where a store cannot give what is asked of it, else 0; what is lacking must be more than rounding."""
    return <float>1.0 if NEARLY * asked > held + dust else <float>0.0


cdef struct Rule:
    # One stage's policy and process; where no review is due, no gap is wide enough.
    float least
    float lot
    float per_lot
    float slack
    float grain
    float dust
    float capacity
    bint unlimited


cdef kernel receive(Py_ssize_t lanes, const_lanes_t due, lanes_t on_hand) noexcept nogil:
    """Everything due arrives, all of it good; the start of this period overwrites the slot."""
    cdef Py_ssize_t j
    for j in range(lanes):
        on_hand[j] += due[j]


cdef kernel receive_checked(
    Py_ssize_t lanes, lanes_t due, lanes_t later, const_lanes_t receiving, const_lanes_t good,
    lanes_t on_hand, lanes_t gap, lanes_t scrapped,
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
        gap[j] += arriving - fine
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
    Py_ssize_t lanes, const_lanes_t demand, float wait, lanes_t on_hand, lanes_t gap, lanes_t backlog,
    float dust, lanes_t short, lanes_t sums, float period, lanes_t peak, lanes_t first,
) noexcept nogil:
    """Ship the old backlog, then new demand; what is left waits in the share `wait`."""
    cdef Py_ssize_t j
    cdef float wanted, shipped, old, filled, left, short_now, since
    for j in range(lanes):
        wanted = backlog[j] + demand[j]
        shipped = smaller(on_hand[j], wanted)
        old = smaller(backlog[j], shipped)
        filled = shipped - old
        short_now = is_short(wanted, shipped, dust)
        left = short_now * ((backlog[j] - old) + wait * (demand[j] - filled))
        since = short_now * (period + <float>1.0) - <float>1.0
        on_hand[j] -= shipped
        gap[j] += shipped
        backlog[j] = left
        short[j] += short_now
        sums[DEMAND * WIDTH + j] += demand[j]
        sums[UNMET * WIDTH + j] += short_now * (demand[j] - filled)
        sums[STOCKOUT * WIDTH + j] += short_now
        sums[BACKLOG * WIDTH + j] += left
        peak[j] = larger(peak[j], left)
        first[j] = since if first[j] < 0.0 else first[j]


cdef kernel owe(Py_ssize_t lanes, const_lanes_t waiting, float weight, lanes_t owed) noexcept nogil:
    """Add what one customer or consumer still waits for to what the store owes."""
    cdef Py_ssize_t j
    for j in range(lanes):
        owed[j] += weight * waiting[j]


cdef inline float order(float own_gap, float owed, Rule rule) noexcept nogil:
    """Order up to the full store once the gap is wide enough, in whole lots if there are any.

    What is owed counts as gap; a gap that is no more than the rounding of what is owed is none.
    """
    cdef float gap = own_gap + owed
    cdef float amount = rule.lot * floorf((gap + rule.slack) * rule.per_lot) if rule.lot > 0.0 else gap
    return amount if gap >= larger(rule.least, ROUNDING * owed) else <float>0.0


cdef inline float placed(float ordered) noexcept nogil:
    return <float>1.0 if ordered > 0.0 else <float>0.0


cdef inline float left_open(float gap, float owed, float ordered, Rule rule) noexcept nogil:
    """What the gap is after an order; a grain left over by an order of whole lots is rounding, and is swept away.

    Otherwise the rounding of flows that are not whole would add up, until an order that is due comes a period late.
    """
    cdef float rest = (gap + owed - ordered) + (<float>1.0 - placed(ordered)) * FLT_MAX
    return gap - ordered if rest > rule.grain else -owed


cdef inline float usable(float authorized, float availability, Rule rule) noexcept nogil:
    """What could start if the inputs were there."""
    return smaller(authorized, (authorized if rule.unlimited else rule.capacity) * availability)


cdef inline float per_unit_of(float full, float dust) noexcept nogil:
    """The share of a period's downtime that one unit not started stands for; none where there was nothing to start."""
    return <float>1.0 / full if full > dust else <float>0.0


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
    sums[ORDERS * WIDTH + j] += placed(ordered)
    sums[BROKEN * WIDTH + j] += (full - able) * per_unit_of(full, rule.dust)
    sums[ON_HAND * WIDTH + j] += on_hand[j]


cdef inline void starve(
    Py_ssize_t j, Rule rule, float board, float able, float started, lanes_t sums
) noexcept nogil:
    """What the inputs did not allow is downtime."""
    sums[STARVED * WIDTH + j] += (able - started) * per_unit_of(smaller(board, rule.capacity), rule.dust)


cdef kernel start_free(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, const_lanes_t availability,
    const_lanes_t on_hand, lanes_t gap, lanes_t authorized, lanes_t sums, lanes_t started,
) noexcept nogil:
    """Review and start at a stage that buys from outside the network."""
    cdef Py_ssize_t j
    cdef float ordered, board, able
    for j in range(lanes):
        ordered = order(gap[j], owed[j], rule)
        gap[j] = left_open(gap[j], owed[j], ordered, rule)
        board = authorized[j] + ordered
        able = usable(board, availability[j], rule)
        started[j] = able
        enter(j, rule, board, able, able, ordered, on_hand, authorized, sums)


cdef inline void pull(
    Py_ssize_t j, Rule rule, float quantity, float allowed, const_lanes_t owed, const_lanes_t availability,
    const_lanes_t on_hand, lanes_t gap, lanes_t authorized, lanes_t sums, lanes_t started,
    lanes_t store, lanes_t store_gap, lanes_t store_short, float store_dust,
) noexcept nogil:
    """Review and start one lane of a stage with one input from one store, which allows `allowed` units."""
    cdef float ordered = order(gap[j], owed[j], rule)
    cdef float board = authorized[j] + ordered
    cdef float able = usable(board, availability[j], rule)
    cdef float begun = smaller(able, allowed)
    cdef float taken = smaller(store[j], able * quantity)
    gap[j] = left_open(gap[j], owed[j], ordered, rule)
    store_short[j] += is_short(quantity * able, store[j], store_dust)
    store[j] -= taken
    store_gap[j] += taken
    started[j] = begun
    starve(j, rule, board, able, begun, sums)
    enter(j, rule, board, able, begun, ordered, on_hand, authorized, sums)


cdef kernel start_one_for_one(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, const_lanes_t availability,
    const_lanes_t on_hand, lanes_t gap, lanes_t authorized, lanes_t sums, lanes_t started,
    lanes_t store, lanes_t store_gap, lanes_t store_short, float store_dust,
) noexcept nogil:
    """Start at a stage that takes one unit from one store for each it starts: the links of every line."""
    cdef Py_ssize_t j
    for j in range(lanes):
        pull(j, rule, 1.0, store[j], owed, availability, on_hand, gap, authorized, sums, started,
             store, store_gap, store_short, store_dust)


cdef kernel start_from_one(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, const_lanes_t availability,
    const_lanes_t on_hand, lanes_t gap, lanes_t authorized, lanes_t sums, lanes_t started,
    lanes_t store, lanes_t store_gap, lanes_t store_short, float store_dust, float quantity,
) noexcept nogil:
    """Start at a stage that takes `quantity` units from one store; a division, so that whole ratios stay whole."""
    cdef Py_ssize_t j
    for j in range(lanes):
        pull(j, rule, quantity, store[j] / quantity, owed, availability, on_hand, gap, authorized, sums, started,
             store, store_gap, store_short, store_dust)


cdef kernel enable(
    Py_ssize_t lanes, Rule rule, const_lanes_t owed, const_lanes_t availability,
    lanes_t gap, lanes_t authorized, lanes_t ordered, lanes_t able, lanes_t started,
) noexcept nogil:
    """Review, and find what could start before several inputs limit it."""
    cdef Py_ssize_t j
    for j in range(lanes):
        ordered[j] = order(gap[j], owed[j], rule)
        gap[j] = left_open(gap[j], owed[j], ordered[j], rule)
        authorized[j] += ordered[j]
        able[j] = usable(authorized[j], availability[j], rule)
        started[j] = able[j]


cdef kernel limit_by(Py_ssize_t lanes, const_lanes_t store, float per_unit, lanes_t started) noexcept nogil:
    """An input held in one store, of which each unit started takes `per_unit`."""
    cdef Py_ssize_t j
    for j in range(lanes):
        started[j] = smaller(started[j], store[j] / per_unit)


cdef kernel ask(
    Py_ssize_t lanes, const_lanes_t able, float per_unit, const_lanes_t store, float dust, lanes_t short
) noexcept nogil:
    """Mark the periods in which a store could not give what the able start asked of it."""
    cdef Py_ssize_t j
    for j in range(lanes):
        short[j] += is_short(per_unit * able[j], store[j], dust)


cdef kernel settle(Py_ssize_t lanes, lanes_t short, lanes_t shortage) noexcept nogil:
    """A period in which several askers went short counts once."""
    cdef Py_ssize_t j
    for j in range(lanes):
        shortage[j] += smaller(short[j], 1.0)
        short[j] = 0.0


cdef kernel take(
    Py_ssize_t lanes, const_lanes_t started, float share, float quantity,
    lanes_t store, lanes_t store_gap, lanes_t missing,
) noexcept nogil:
    """Take a source's share of the input as far as its store reaches; what it could not give is added to `missing`."""
    cdef Py_ssize_t j
    cdef float wanted, taken
    for j in range(lanes):
        wanted = started[j] * (share * quantity)
        taken = smaller(store[j], wanted)
        store[j] -= taken
        store_gap[j] += taken
        missing[j] += wanted - taken


cdef kernel make_up(Py_ssize_t lanes, lanes_t store, lanes_t store_gap, lanes_t missing) noexcept nogil:
    """Take what other alternates could not give."""
    cdef Py_ssize_t j
    cdef float taken
    for j in range(lanes):
        taken = smaller(store[j], missing[j])
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
    Py_ssize_t lanes, float target, const_lanes_t on_hand, const_lanes_t gap, const_lanes_t authorized, lanes_t sum
) noexcept nogil:
    """Account work in process where Little's law does not give its average."""
    cdef Py_ssize_t j
    for j in range(lanes):
        sum[j] += target - gap[j] - on_hand[j] - authorized[j]


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
