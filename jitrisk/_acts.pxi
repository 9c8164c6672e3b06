# The acts that receive and serve, included by _core.pyx; those that order and start are in the files included below.
# Each act is one loop over the lanes of a stripe, without branches, so that it vectorizes; the caller skips what is
# off. The order of the acts is that of docs/model.md, section "One period".
#
# Variants. Where a choice that is the same for all lanes changes a loop, the act is a `body` whose first argument, the
# variant, holds the choices as bits, and a `kernel` that calls the body with each variant as a constant: the compiler
# makes a loop of each. A choice is added as one bit.
#
# Axis key: [l] lanes, the paths of a stripe; "in" is read, "out" is written, "both" is read and written. Where nothing
# else is said, a row belongs to the stage at work, and units are those of its item.
#
# Rounding. Every flow is rounded to whole grains of its store when it is made (`to_grains`), and only then: sums and
# differences of whole grains are exact, so units are neither created nor destroyed. Comparisons allow for the rounding
# of the flows that meet (`tolerance`); where all flows are whole units there is none.

include "_lanes.pxi"
include "_acts_start.pxi"
include "_acts_inputs.pxi"
include "_acts_transit.pxi"
include "_acts_steps.pxi"
include "_acts_extensions.pxi"


# Receive. Rows of one stage: [l] lanes.

cdef kernel receive_all(
    Py_ssize_t lanes,
    const_lanes_t due,  # in [l], units due now; the start of this period overwrites them
    lanes_t on_hand,    # both [l], units
) noexcept nogil:
    """Move what is due into the store, where lead times are constant and nothing holds arrivals up."""
    cdef Py_ssize_t j
    for j in range(lanes):
        on_hand[j] += due[j]


cdef kernel receive_delayed(
    Py_ssize_t lanes,
    lanes_t due,         # both [l], units due now, then 0
    lanes_t on_hand,     # both [l], units
    lanes_t in_process,  # both [l], units
) noexcept nogil:
    """Move what is due into the store, where lead times vary or arrivals can be held up."""
    cdef Py_ssize_t j
    for j in range(lanes):
        on_hand[j] += due[j]
        in_process[j] -= due[j]
        due[j] = 0.0


cdef kernel receive_yield(
    Py_ssize_t lanes,
    lanes_t due,           # both [l], units due now, then 0
    drawn_t yield_,        # in [l], share of good units
    real rounding_offset,
    lanes_t on_hand,       # both [l], units
    lanes_t gap,           # both [l], units
    lanes_t in_process,    # both [l], units
    lanes_t scrapped,      # both [l], units, sum
) noexcept nogil:
    """Move the good units of what is due into the store; the rest is scrapped."""
    cdef Py_ssize_t j
    cdef real arriving, fine
    for j in range(lanes):
        arriving = due[j]
        fine = smaller(arriving, to_grains(arriving * yield_[j], rounding_offset))
        due[j] = 0.0
        in_process[j] -= arriving
        on_hand[j] += fine
        gap[j] += arriving - fine
        scrapped[j] += arriving - fine


cdef kernel find_closed(
    Py_ssize_t lanes,
    drawn_t moving,         # in [l], 0 where arrivals or work in process are held up, else 1
    unsigned char *closed,  # out, whether any lane is held up
) noexcept nogil:
    """Find whether any lane is held up: mostly none is, and then no row of the pipeline is touched."""
    cdef Py_ssize_t j
    cdef int found = 0
    for j in range(lanes):
        found |= moving[j] < 0.5
    closed[0] = found != 0


cdef kernel delay_due(
    Py_ssize_t lanes,
    lanes_t due,     # both [l], units due in one period
    lanes_t later,   # both [l], units due in the next
    drawn_t moving,  # in [l], 0 where held up, else 1
) noexcept nogil:
    """Make what is due in one period due in the next, where work in process or arrivals are held up."""
    cdef Py_ssize_t j
    cdef real moved
    for j in range(lanes):
        moved = due[j] if moving[j] < 0.5 else <real>0.0
        later[j] += moved
        due[j] -= moved


cdef kernel delay_last_due(
    Py_ssize_t lanes,
    real period,
    drawn_t transit,   # in [l], 0 where work in process is held up, else 1
    lanes_t last_due,  # both [l], period number
) noexcept nogil:
    """Move the period that the latest start is due in by one, where work in process is held up."""
    cdef Py_ssize_t j
    for j in range(lanes):
        last_due[j] += <real>1.0 if transit[j] < 0.5 and last_due[j] >= period else <real>0.0


# Replenishment cycles. Rows and totals of one stage: [l] lanes.

cdef kernel end_cycle(
    Py_ssize_t lanes,
    const_lanes_t due,      # in [l], units about to arrive
    const_lanes_t on_hand,  # in [l], units before they arrive
    real tolerance,
    lanes_t arrived,        # both [l], whether something arrived in the period before, then in this one
    lanes_t cycle_short,    # both [l], whether the cycle had a shortage
    totals_t receipts,      # both [l], count
    totals_t short_cycles,  # both [l], count
    totals_t stock,         # both [l], units, sum over receipts
) noexcept nogil:
    """End a replenishment cycle where something is about to arrive: count it, its shortage, and the stock on hand.

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


cdef kernel mark_cycle(
    Py_ssize_t lanes,
    const_lanes_t short,  # in [l], how many customers and consumers the store was short for
    lanes_t cycle_short,  # both [l], 0 or 1
) noexcept nogil:
    """Mark a cycle as short where the store is short in this period."""
    cdef Py_ssize_t j
    for j in range(lanes):
        cycle_short[j] = larger(cycle_short[j], exceeds(short[j], 0.0))


# Serve. Rows of one customer and of the store that serves it: [l] lanes.

cdef enum:
    # Variants of `serve`.
    SERVES_ARRIVALS = 1  # what is due enters the store first: the customer is the first to draw on it in a period
    COUNTS_SHORT = 2     # shortages of the store are counted apart from the customer's stockouts
    SERVES_WHOLE = 4     # demand and what is backordered are whole units, so that nothing is rounded


cdef inline body serve_in(
    int variant, Py_ssize_t lanes,
    drawn_t demand,         # in [l], units of new demand
    real backorder_share,
    lanes_t store,          # both [rows, l]: stock on hand and gap
    real tolerance,
    real rounding_offset,
    const_lanes_t arriving, # in [l], units due now
    lanes_t store_short,    # both [l], how often the store was short
    lanes_t customer,       # both [rows, l]: all
    real period,
) noexcept nogil:
    """Ship the old backlog, then new demand; `backorder_share` of what is unmet is backordered, the rest is lost."""
    cdef Py_ssize_t j
    cdef real asked, wanted, shipped, old, unmet, later, left, short_now, since, held
    for j in range(lanes):
        held = store[at(STAGE_ON_HAND, j)] + arriving[j] if variant & SERVES_ARRIVALS else store[at(STAGE_ON_HAND, j)]
        asked = demand[j] if variant & SERVES_WHOLE else to_grains(demand[j], rounding_offset)
        wanted = customer[at(CUSTOMER_BACKLOG, j)] + asked
        shipped = smaller(held, wanted)
        old = smaller(customer[at(CUSTOMER_BACKLOG, j)], shipped)
        unmet = asked - (shipped - old)
        later = backorder_share * unmet
        left = ((customer[at(CUSTOMER_BACKLOG, j)] - old)
                + (later if variant & SERVES_WHOLE else to_grains(later, rounding_offset)))
        short_now = exceeds(wanted - shipped, <real>0.0 if variant & SERVES_WHOLE else tolerance)
        since = short_now * (period + <real>1.0) - <real>1.0
        store[at(STAGE_ON_HAND, j)] = held - shipped
        store[at(STAGE_GAP, j)] += shipped
        if variant & COUNTS_SHORT:
            store_short[j] += short_now
        customer[at(CUSTOMER_BACKLOG, j)] = left
        customer[at(CUSTOMER_SUMS + TOTAL_DEMAND, j)] += asked
        customer[at(CUSTOMER_SUMS + TOTAL_FILLED, j)] -= unmet  # demand is added at the end
        customer[at(CUSTOMER_SUMS + TOTAL_STOCKOUT, j)] += short_now
        customer[at(CUSTOMER_SUMS + TOTAL_BACKLOG, j)] += left
        customer[at(CUSTOMER_PEAK_BACKLOG, j)] = larger(customer[at(CUSTOMER_PEAK_BACKLOG, j)], left)
        customer[at(CUSTOMER_FIRST_STOCKOUT, j)] = (since if customer[at(CUSTOMER_FIRST_STOCKOUT, j)] < 0.0
                                                    else customer[at(CUSTOMER_FIRST_STOCKOUT, j)])


cdef kernel serve(
    int variant, Py_ssize_t lanes, drawn_t demand, real backorder_share, lanes_t store, real tolerance,
    real rounding_offset, const_lanes_t arriving, lanes_t store_short, lanes_t customer, real period,
) noexcept nogil:
    """Serve a customer; see `serve_in`."""
    choose_8(variant, serve_in, lanes, demand, backorder_share, store, tolerance, rounding_offset, arriving,
             store_short, customer, period)


cdef kernel count_shortage(
    Py_ssize_t lanes,
    lanes_t short,     # both [l], how many customers and consumers the store was short for, then 0
    lanes_t shortage,  # both [l], periods, sum
) noexcept nogil:
    """Count a period once in which the store was short for several customers and consumers."""
    cdef Py_ssize_t j
    for j in range(lanes):
        shortage[j] += smaller(short[j], 1.0)
        short[j] = 0.0
