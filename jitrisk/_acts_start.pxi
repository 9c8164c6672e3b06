# The acts that order and start, included by _acts.pxi.
#
# Axis key: [l] lanes, the paths of a stripe; "in" is read, "out" is written, "both" is read and written. A row belongs
# to the stage at work; one named `store` or `store_...` belongs to a store that the stage draws on. Units are those of
# the item of the stage or store.


cdef struct Rule:
    # One stage's policy and process. Where no review is due, no gap is wide enough.
    real reorder_gap               # units, the least gap that is ordered
    real lot                       # units, 0 where orders are not rounded to lots
    real per_lot                   # 1 / lot
    real lot_slack                 # units by which a gap may lack a multiple of the lot
    real tolerance                 # units, difference of two flows that may be rounding
    real rounding_offset           # units, see `to_grains`
    real partial_rounding_offset   # the same where the process can be available in part, else 0
    real capacity                  # units per period
    bint unlimited                 # whether there is no capacity


# Review. Numbers of one lane.

cdef inline real compute_order(real own_gap, real owed, Rule rule) noexcept nogil:
    """Return the order: the gap plus what is owed, in whole lots if any, where it is at least the reorder gap; else 0."""
    cdef real gap = own_gap + owed
    cdef real amount = rule.lot * floor_of((gap + rule.lot_slack) * rule.per_lot) if rule.lot > 0.0 else gap
    return amount if gap >= rule.reorder_gap else <real>0.0


cdef inline real is_order(real ordered) noexcept nogil:
    """Return 1 where something is ordered, else 0."""
    return <real>1.0 if ordered > 0.0 else <real>0.0


cdef inline real reduce_gap(real own_gap, real owed, real ordered, Rule rule) noexcept nogil:
    """Return the gap after an order; what an order of whole lots leaves within the tolerance counts as ordered.

    Otherwise the rounding of flows would add up, until an order that is due comes a period late.
    """
    cdef real rest = own_gap + owed - ordered
    return own_gap - ordered if rest + (<real>1.0 - is_order(ordered)) * FAR > rule.tolerance else -owed


cdef inline real compute_able(real open_orders, real availability, Rule rule) noexcept nogil:
    """Return what could start if the inputs were there."""
    cdef real most = open_orders if rule.unlimited else rule.capacity
    return smaller(open_orders, to_grains(most * availability, rule.partial_rounding_offset))


cdef inline real compute_downtime_per_unit(real full, real tolerance) noexcept nogil:
    """Return the share of a period's downtime per unit not started; 0 where there was nothing to start."""
    return <real>1.0 / full if full > tolerance else <real>0.0


cdef inline void move_started(
    Py_ssize_t j, Rule rule, real open_now, real able, real started, real ordered,
    const_lanes_t on_hand,  # in [l], units; final, as consumers come before their suppliers
    lanes_t open_orders,    # out [l], units
    lanes_t sums,           # both [sums, l], the stage's sums
) noexcept nogil:
    """Move started units from open orders to work in process, and add up the stage's period."""
    cdef real full = smaller(open_now, rule.capacity)
    open_orders[j] = open_now - started
    sums[TOTAL_STARTED * WIDTH + j] += started
    sums[TOTAL_ORDERS * WIDTH + j] += is_order(ordered)
    sums[TOTAL_BROKEN * WIDTH + j] += (full - able) * compute_downtime_per_unit(full, rule.tolerance)
    sums[TOTAL_ON_HAND * WIDTH + j] += on_hand[j]


cdef inline void count_starved(
    Py_ssize_t j, Rule rule, real open_now, real able, real started,
    lanes_t sums,  # both [sums, l], the stage's sums
) noexcept nogil:
    """Add up as downtime what the inputs did not allow."""
    cdef real full = smaller(open_now, rule.capacity)
    sums[TOTAL_STARVED * WIDTH + j] += (able - started) * compute_downtime_per_unit(full, rule.tolerance)


# Review and start. Rows of the stage, and of the one store it draws on: [l] lanes.

cdef kernel top_up_orders(
    Py_ssize_t lanes,
    real capacity,
    const_lanes_t open_orders,  # in [l], units
    lanes_t gap,                # out [l], units
) noexcept nogil:
    """Set the gap so that open orders are topped up to one period's capacity, where cards are unlimited."""
    cdef Py_ssize_t j
    for j in range(lanes):
        gap[j] = capacity - open_orders[j]


cdef kernel add_owed(
    Py_ssize_t lanes,
    const_lanes_t waiting,  # in [l], backlog of a customer, or open orders of a consumer, in units of its item
    real weight,            # units of the store's item per unit
    real rounding_offset,
    lanes_t owed,           # both [l], units
) noexcept nogil:
    """Add the backlog of one customer, or the open orders of one consumer, to what the store owes."""
    cdef Py_ssize_t j
    for j in range(lanes):
        owed[j] += to_grains(weight * waiting[j], rounding_offset)


cdef kernel start_without_inputs(
    Py_ssize_t lanes, Rule rule,
    const_lanes_t owed,     # in [l], units
    drawn_t availability,   # in [l], share of the capacity
    const_lanes_t on_hand,  # in [l], units
    lanes_t gap,            # both [l], units
    lanes_t open_orders,    # both [l], units
    lanes_t sums,           # both [sums, l], the stage's sums
    lanes_t started,        # out [l], units
) noexcept nogil:
    """Review and start at a stage that buys from outside the network."""
    cdef Py_ssize_t j
    cdef real ordered, open_now, able
    for j in range(lanes):
        ordered = compute_order(gap[j], owed[j], rule)
        gap[j] = reduce_gap(gap[j], owed[j], ordered, rule)
        open_now = open_orders[j] + ordered
        able = compute_able(open_now, availability[j], rule)
        started[j] = able * exceeds(able, rule.tolerance)
        move_started(j, rule, open_now, able, started[j], ordered, on_hand, open_orders, sums)


cdef inline void draw_on_store(
    Py_ssize_t j, Rule rule, real asked, real open_now, real able, real begun, real taken, real ordered,
    const_lanes_t owed,     # in [l], units
    const_lanes_t on_hand,  # in [l], units
    lanes_t gap,            # both [l], units
    lanes_t open_orders,    # out [l], units
    lanes_t sums,           # both [sums, l], the stage's sums
    lanes_t started,        # out [l], units
    lanes_t store,          # both [l], units on hand in the store
    lanes_t store_gap,      # both [l], units
    lanes_t store_short,    # both [l], how often the store was short
    real store_tolerance,
) noexcept nogil:
    """Start `begun` on one lane of a stage with one input from one store, of which it asks `asked` and takes `taken`."""
    gap[j] = reduce_gap(gap[j], owed[j], ordered, rule)
    store_short[j] += exceeds(asked - store[j], store_tolerance)
    store[j] -= taken
    store_gap[j] += taken
    started[j] = begun
    count_starved(j, rule, open_now, able, begun, sums)
    move_started(j, rule, open_now, able, begun, ordered, on_hand, open_orders, sums)


cdef kernel start_one_for_one(
    Py_ssize_t lanes, Rule rule,
    const_lanes_t owed,     # in [l], units
    drawn_t availability,   # in [l], share of the capacity
    const_lanes_t on_hand,  # in [l], units
    lanes_t gap,            # both [l], units
    lanes_t open_orders,    # both [l], units
    lanes_t sums,           # both [sums, l], the stage's sums
    lanes_t started,        # out [l], units
    lanes_t store,          # both [l], units on hand in the store
    lanes_t store_gap,      # both [l], units
    lanes_t store_short,    # both [l], how often the store was short
    real store_tolerance,
) noexcept nogil:
    """Review and start at a stage that takes one unit from one store, of the same grain, per unit: links of a line."""
    cdef Py_ssize_t j
    cdef real ordered, open_now, able, begun
    for j in range(lanes):
        ordered = compute_order(gap[j], owed[j], rule)
        open_now = open_orders[j] + ordered
        able = compute_able(open_now, availability[j], rule)
        begun = smaller(able, store[j])
        begun *= exceeds(begun, rule.tolerance)  # rounding is not started
        draw_on_store(j, rule, able, open_now, able, begun, begun, ordered, owed, on_hand, gap, open_orders, sums,
                      started, store, store_gap, store_short, store_tolerance)


cdef kernel start_from_one_store(
    Py_ssize_t lanes, Rule rule,
    const_lanes_t owed,     # in [l], units
    drawn_t availability,   # in [l], share of the capacity
    const_lanes_t on_hand,  # in [l], units
    lanes_t gap,            # both [l], units
    lanes_t open_orders,    # both [l], units
    lanes_t sums,           # both [sums, l], the stage's sums
    lanes_t started,        # out [l], units
    lanes_t store,          # both [l], units on hand in the store
    lanes_t store_gap,      # both [l], units
    lanes_t store_short,    # both [l], how often the store was short
    real store_tolerance,
    real store_rounding_offset,
    real quantity,          # units of the store's item per unit started
) noexcept nogil:
    """Review and start at a stage that takes `quantity` units from one store per unit; whole ratios stay whole."""
    cdef Py_ssize_t j
    cdef real per_quantity = <real>1.0 / quantity
    cdef real ordered, open_now, able, asked, begun, taken
    for j in range(lanes):
        ordered = compute_order(gap[j], owed[j], rule)
        open_now = open_orders[j] + ordered
        able = compute_able(open_now, availability[j], rule)
        asked = to_grains(quantity * able, store_rounding_offset)
        begun = smaller(able, to_grains(store[j] * per_quantity, rule.rounding_offset))
        begun *= exceeds(begun, rule.tolerance)  # rounding is not started
        # A start that uses up the store leaves no rounding in it.
        taken = smaller(store[j], asked) * exceeds(begun, 0.0)
        draw_on_store(j, rule, asked, open_now, able, begun, taken, ordered, owed, on_hand, gap, open_orders, sums,
                      started, store, store_gap, store_short, store_tolerance)


# Start from several stores: review, then limit by each input, take each input, and finish. Rows of the stage and of
# one store: [l] lanes.

cdef kernel review(
    Py_ssize_t lanes, Rule rule,
    const_lanes_t owed,    # in [l], units
    drawn_t availability,  # in [l], share of the capacity
    lanes_t gap,           # both [l], units
    lanes_t open_orders,   # both [l], units
    lanes_t ordered,       # out [l], units
    lanes_t able,          # out [l], units that could start if the inputs were there
    lanes_t started,       # out [l], units, before inputs limit them
) noexcept nogil:
    """Review the policy, and find what could start before several inputs limit it."""
    cdef Py_ssize_t j
    for j in range(lanes):
        ordered[j] = compute_order(gap[j], owed[j], rule)
        gap[j] = reduce_gap(gap[j], owed[j], ordered[j], rule)
        open_orders[j] += ordered[j]
        able[j] = compute_able(open_orders[j], availability[j], rule)
        started[j] = able[j] * exceeds(able[j], rule.tolerance)


cdef kernel limit_by_store(
    Py_ssize_t lanes,
    const_lanes_t store,  # in [l], units on hand in the store, or in all stores of the input
    real per_unit,        # units of the store's item per unit started
    real tolerance,
    real rounding_offset,
    lanes_t started,      # both [l], units
) noexcept nogil:
    """Lower the start to what an input held in one store allows; rounding is not started."""
    cdef Py_ssize_t j
    cdef real most
    for j in range(lanes):
        most = smaller(started[j], to_grains(store[j] / per_unit, rounding_offset))
        started[j] = most * exceeds(most, tolerance)


cdef kernel mark_short(
    Py_ssize_t lanes,
    const_lanes_t able,    # in [l], units that could start if the inputs were there
    real per_unit,         # units of the store's item per unit started
    const_lanes_t store,   # in [l], units on hand in the store
    real store_tolerance,
    real store_rounding_offset,
    lanes_t store_short,   # both [l], how often the store was short
) noexcept nogil:
    """Mark the store as short where it holds less than what the stage could start asks of it."""
    cdef Py_ssize_t j
    for j in range(lanes):
        store_short[j] += exceeds(to_grains(per_unit * able[j], store_rounding_offset) - store[j], store_tolerance)


cdef kernel take_share(
    Py_ssize_t lanes,
    const_lanes_t started,  # in [l], units
    real per_unit,          # units of the store's item per unit started
    real store_rounding_offset,
    lanes_t store,          # both [l], units on hand in the store
    lanes_t store_gap,      # both [l], units
    lanes_t missing,        # both [l], units that stores could not give of their shares
) noexcept nogil:
    """Take a source's share of the input as far as its store reaches; add what it could not give to `missing`."""
    cdef Py_ssize_t j
    cdef real wanted, taken
    for j in range(lanes):
        wanted = to_grains(started[j] * per_unit, store_rounding_offset)
        taken = smaller(store[j], wanted)
        store[j] -= taken
        store_gap[j] += taken
        missing[j] += wanted - taken


cdef kernel take_missing(
    Py_ssize_t lanes,
    real store_rounding_offset,
    lanes_t store,      # both [l], units on hand in the store
    lanes_t store_gap,  # both [l], units
    lanes_t missing,    # both [l], units that other stores could not give
) noexcept nogil:
    """Take what other alternates could not give."""
    cdef Py_ssize_t j
    cdef real taken
    for j in range(lanes):
        taken = smaller(store[j], to_grains(missing[j], store_rounding_offset))
        store[j] -= taken
        store_gap[j] += taken
        missing[j] -= taken


cdef kernel finish_start(
    Py_ssize_t lanes, Rule rule,
    const_lanes_t ordered,  # in [l], units
    const_lanes_t able,     # in [l], units that could start if the inputs were there
    const_lanes_t started,  # in [l], units
    const_lanes_t on_hand,  # in [l], units
    lanes_t open_orders,    # both [l], units
    lanes_t sums,           # both [sums, l], the stage's sums
) noexcept nogil:
    """Start at a stage whose inputs have been taken."""
    cdef Py_ssize_t j
    for j in range(lanes):
        count_starved(j, rule, open_orders[j], able[j], started[j], sums)
        move_started(j, rule, open_orders[j], able[j], started[j], ordered[j], on_hand, open_orders, sums)


# Put a start into the pipeline, where lead times vary or arrivals can be held up. Rows of the stage: [l] lanes.

cdef kernel count_in_process(
    Py_ssize_t lanes,
    const_lanes_t started,  # in [l], units
    lanes_t in_process,     # both [l], units
    lanes_t wip,            # both [l], units, sum over periods
) noexcept nogil:
    """Add up work in process where Little's law does not give its average."""
    cdef Py_ssize_t j
    for j in range(lanes):
        in_process[j] += started[j]
        wip[j] += in_process[j]


cdef kernel expedite(
    Py_ssize_t lanes,
    const_lanes_t on_hand,  # in [l], units
    real below,             # units on hand below which starts are expedited
    real expedited_lead_time,
    const_lanes_t started,  # in [l], units
    lanes_t lead_time,      # both [l], periods
    lanes_t expedited,      # both [l], units, sum
) noexcept nogil:
    """Shorten the lead time of starts made while the store holds less than `below`."""
    cdef Py_ssize_t j
    cdef bint low
    for j in range(lanes):
        low = on_hand[j] < below
        expedited[j] += started[j] if low else <real>0.0
        lead_time[j] = smaller(lead_time[j], expedited_lead_time) if low else lead_time[j]


cdef kernel keep_order(
    Py_ssize_t lanes,
    real period,
    const_lanes_t started,  # in [l], units
    lanes_t last_due,       # both [l], period number
    lanes_t lead_time,      # both [l], periods
) noexcept nogil:
    """Make a start due no earlier than the start before it."""
    cdef Py_ssize_t j
    cdef real due
    for j in range(lanes):
        due = larger(period + lead_time[j], last_due[j])
        lead_time[j] = due - period
        last_due[j] = due if started[j] > 0.0 else last_due[j]


cdef void schedule(
    Py_ssize_t lanes,
    const real *started,    # in [l], units
    const real *lead_time,  # in [l], periods
    Py_ssize_t period,
    Py_ssize_t ring,
    real *pipeline,         # both [ring, l], units due, by period modulo the ring
) noexcept nogil:
    """Add each lane's start to what is due when it arrives; what arrives past the ring arrives past the horizon."""
    cdef Py_ssize_t j, ahead
    cdef real last = <real>(ring - 1)
    for j in range(lanes):
        ahead = <Py_ssize_t>(lead_time[j] if lead_time[j] < last else last)
        pipeline[((period + ahead) % ring) * WIDTH + j] += started[j]
