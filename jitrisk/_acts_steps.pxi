# The acts of a stage whose capacity or whose orders depend on the state of a lane, included by _acts.pxi: overtime,
# standby sources, push, capped orders. Review, capacity and start are acts of their own here, so that each rule is
# added in one place; stages without such rules do all in one loop (_acts_start.pxi).
#
# Axis key: [l] lanes, the paths of a stripe; "in" is read, "out" is written, "both" is read and written. A row named
# `store` or `store_...` belongs to a store that the stage draws on, others to the stage at work.


cdef enum:
    BY_LANE = 4  # variant of `review_steps` beside OWES and LOTS: reorder gap and level follow a forecast


cdef inline body review_steps_in(
    int variant, Py_ssize_t lanes, const Rule *constants, bint is_due,
    real cap,                   # units that stock, work in process and open orders may reach, less the level
    const_lanes_t owed,         # in [l], units
    const_lanes_t reorder_gap,  # in [l], units, least gap that is ordered
    const_lanes_t level,        # in [l], units, the order-up-to level in force
    lanes_t stage,              # both [rows, l]: gap
    lanes_t ordered,            # out [l], units
) noexcept nogil:
    """Review the policy; an order is cut where it would pass the cap."""
    cdef Rule rule = review_rule(constants, is_due)
    cdef Py_ssize_t j
    cdef real gap, room
    for j in range(lanes):
        gap = stage[at(STAGE_GAP, j)]
        room = gap + cap
        if variant & BY_LANE:
            room -= level[j]
            rule.reorder_gap = reorder_gap[j] if is_due else FAR
        ordered[j] = smaller(compute_order(variant, gap, owed[j], rule), larger(room, 0.0))
        stage[at(STAGE_GAP, j)] = reduce_gap(variant, False, gap, owed[j], ordered[j], rule)


cdef kernel review_steps(
    int variant, Py_ssize_t lanes, const Rule *rule, bint is_due, real cap, const_lanes_t owed,
    const_lanes_t reorder_gap, const_lanes_t level, lanes_t stage, lanes_t ordered,
) noexcept nogil:
    """Review before a start in steps; see `review_steps_in`."""
    choose_8(variant, review_steps_in, lanes, rule, is_due, cap, owed, reorder_gap, level, stage, ordered)


cdef kernel find_capacity(
    Py_ssize_t lanes,
    real regular,          # units per period
    real raised,           # units per period, in overtime
    real below,            # units on hand below which there is overtime
    drawn_t open_,         # in [l], 1 where the stage may start, 0 where it is closed
    const_lanes_t on_hand, # in [l], units
    lanes_t capacity,      # out [l], units per period
) noexcept nogil:
    """Find the capacity in force: raised in overtime, none while a standby source is closed."""
    cdef Py_ssize_t j
    for j in range(lanes):
        capacity[j] = (raised if on_hand[j] < below else regular) * open_[j]


cdef kernel count_overtime(
    Py_ssize_t lanes,
    const_lanes_t started,  # in [l], units
    drawn_t availability,   # in [l], share of the capacity
    real capacity,          # units per period, the regular one
    real rounding_offset,
    lanes_t overtime,       # both [l], units, sum
) noexcept nogil:
    """Add up what is started beyond the regular capacity."""
    cdef Py_ssize_t j
    for j in range(lanes):
        overtime[j] += larger(started[j] - to_grains(capacity * availability[j], rounding_offset), 0.0)


cdef inline real compute_able_within(real open_orders, real capacity, real availability, Rule rule) noexcept nogil:
    """Return what could start if the inputs were there, given the capacity in force."""
    cdef real most = (open_orders if rule.unlimited else capacity) * availability
    return smaller(smaller(open_orders, capacity), to_grains(most, rule.partial_rounding_offset))


cdef enum:
    # Variants of `start_steps`, beside RECEIVES.
    FROM_STORE = 1  # the stage draws on one store
    PUSHES = 2      # what its inputs allow authorizes the start


cdef inline body start_steps_in(
    int variant, Py_ssize_t lanes, const Rule *constants, bint is_due,
    const_lanes_t ordered,  # in [l], units; not read where inputs authorize
    const_lanes_t capacity, # in [l], units per period, the one in force
    drawn_t availability,   # in [l], share of the capacity
    lanes_t stage,          # both [rows, l]
    lanes_t started,        # out [l], units
    lanes_t store,          # both [rows, l] of the store drawn on: stock on hand and gap
    lanes_t store_short,    # both [l], how often that store was short
    const_lanes_t arriving, # in [l], units due in that store now
) noexcept nogil:
    """Start at a stage that draws on one store or none, within the capacity in force."""
    cdef Rule rule = constants[0]
    cdef Py_ssize_t j
    cdef real open_now, able, held, asked, begun, taken, order
    cdef real authorizes = <real>1.0 if is_due else <real>0.0
    for j in range(lanes):
        held = store[at(STAGE_ON_HAND, j)] if variant & FROM_STORE else <real>0.0
        if variant & RECEIVES:
            held += arriving[j]
        if variant & PUSHES:
            open_now = to_grains(held * rule.per_quantity, rule.rounding_offset) * authorizes
        else:
            open_now = stage[at(STAGE_OPEN_ORDERS, j)] + ordered[j]
        able = compute_able_within(open_now, capacity[j], availability[j], rule)
        begun = able
        if variant & FROM_STORE:
            asked = to_grains(rule.quantity * able, rule.store_rounding_offset)
            begun = smaller(able, to_grains(held * rule.per_quantity, rule.rounding_offset))
        begun *= exceeds(begun, rule.tolerance)  # rounding is not started
        if variant & FROM_STORE:
            # A start that uses up the store leaves no rounding in it.
            taken = smaller(held, asked) * exceeds(begun, 0.0)
            store_short[j] += exceeds(asked - held, rule.store_tolerance)
            store[at(STAGE_ON_HAND, j)] = held - taken
            store[at(STAGE_GAP, j)] += taken
        order = begun if variant & PUSHES else ordered[j]
        started[j] = begun
        finish_within(j, variant & PUSHES, variant & FROM_STORE, rule, open_now, capacity[j], able, begun, order, stage)


cdef inline void finish_within(
    Py_ssize_t j, bint pushes, bint draws, Rule rule, real open_now, real capacity, real able, real started,
    real ordered,
    lanes_t stage,  # both [rows, l]: open orders and sums; in: stock on hand, final, as consumers come first
) noexcept nogil:
    """Move started units from open orders to work in process, and add up the stage's period.

    A stage that draws on no store, or that its inputs authorize, is never starved.
    """
    cdef real full = smaller(open_now, capacity)
    cdef real per_unit = compute_downtime_per_unit(False, full, rule.tolerance)
    stage[at(STAGE_OPEN_ORDERS, j)] = <real>0.0 if pushes else open_now - started
    stage[at(STAGE_SUMS + TOTAL_STARTED, j)] += started
    stage[at(STAGE_SUMS + TOTAL_ORDERS, j)] += is_order(ordered)
    stage[at(STAGE_SUMS + TOTAL_BROKEN, j)] += (full - able) * per_unit
    if draws and not pushes:
        stage[at(STAGE_SUMS + TOTAL_STARVED, j)] += (able - started) * per_unit
    stage[at(STAGE_SUMS + TOTAL_ON_HAND, j)] += stage[at(STAGE_ON_HAND, j)]


cdef kernel start_steps(
    int variant, Py_ssize_t lanes, const Rule *rule, bint is_due, const_lanes_t ordered, const_lanes_t capacity,
    drawn_t availability, lanes_t stage, lanes_t started, lanes_t store, lanes_t store_short, const_lanes_t arriving,
) noexcept nogil:
    """Start in steps; see `start_steps_in`."""
    choose_8(variant, start_steps_in, lanes, rule, is_due, ordered, capacity, availability, stage, started, store,
             store_short, arriving)


# Several inputs: open orders, and what could start, before the inputs limit it; then the end of the start.

cdef kernel authorize_by_inputs(
    Py_ssize_t lanes,
    real authorizes,      # 1 where the stage is reviewed, else 0
    const_lanes_t allowed, # in [l], units that the inputs allow
    lanes_t open_orders,  # out [l], units
) noexcept nogil:
    """Set the open orders of a stage that is pushed to what its inputs allow."""
    cdef Py_ssize_t j
    for j in range(lanes):
        open_orders[j] = allowed[j] * authorizes


cdef kernel find_able(
    Py_ssize_t lanes, const Rule *constants,
    const_lanes_t capacity,     # in [l], units per period, the one in force
    drawn_t availability,       # in [l], share of the capacity
    const_lanes_t open_orders,  # in [l], units
    lanes_t able,               # out [l], units that could start if the inputs were there
    lanes_t started,            # out [l], units, before inputs limit them
) noexcept nogil:
    """Find what could start before several inputs limit it, within the capacity in force."""
    cdef Rule rule = constants[0]
    cdef Py_ssize_t j
    for j in range(lanes):
        able[j] = compute_able_within(open_orders[j], capacity[j], availability[j], rule)
        started[j] = able[j] * exceeds(able[j], rule.tolerance)


cdef inline body finish_steps_in(
    int variant, Py_ssize_t lanes, const Rule *constants,
    const_lanes_t ordered,   # in [l], units
    const_lanes_t capacity,  # in [l], units per period, the one in force
    const_lanes_t able,      # in [l], units that could start if the inputs were there
    const_lanes_t started,   # in [l], units
    lanes_t stage,           # both [rows, l]: open orders and sums
) noexcept nogil:
    """Finish a start from several stores, within the capacity in force; variant 1 is pushed."""
    cdef Rule rule = constants[0]
    cdef Py_ssize_t j
    for j in range(lanes):
        finish_within(j, variant, True, rule, stage[at(STAGE_OPEN_ORDERS, j)], capacity[j], able[j], started[j],
                      started[j] if variant else ordered[j], stage)


cdef kernel finish_steps(
    bint pushes, Py_ssize_t lanes, const Rule *rule, const_lanes_t ordered, const_lanes_t capacity, const_lanes_t able,
    const_lanes_t started, lanes_t stage,
) noexcept nogil:
    """Finish a start from several stores; see `finish_steps_in`."""
    choose_2(<int>pushes, finish_steps_in, lanes, rule, ordered, capacity, able, started, stage)
