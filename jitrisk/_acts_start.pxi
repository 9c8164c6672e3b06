# The acts that order and start, included by _acts.pxi.
#
# Axis key: [l] lanes, the paths of a stripe; "in" is read, "out" is written, "both" is read and written. A row belongs
# to the stage at work; one named `store` or `store_...` belongs to a store that the stage draws on. Units are those of
# the item of the stage or store.


cdef enum:
    # Variants of the acts that review and start: any of these,
    OWES = 1       # the position counts what the store owes
    LOTS = 2       # orders are rounded to lots
    RECEIVES = 4   # what is due enters the store that is drawn on first: the stage is the first to draw on it
    # and where a stage draws on one store, one of these, or none:
    ONE_FOR_ONE = 8  # one unit of the store's item, of the same grain, per unit started
    WHOLE = 16       # the same, and all flows are whole units, so that nothing is rounded
    # Elsewhere bit 4 is free.
    WHOLE_ALONE = 4  # all flows are whole units


cdef enum:
    PER_UNIT_1 = 1  # variant of `ask_store`: one unit of the store's item per unit started


cdef struct Rule:
    # One stage's policy, process, and the store it draws on where there is one.
    int variant
    real reorder_gap               # units, the least gap that is ordered
    real lot                       # units
    real per_lot                   # 1 / lot
    real lot_slack                 # units by which a gap may lack a multiple of the lot
    real tolerance                 # units, difference of two flows that may be rounding
    real rounding_offset           # units, see `to_grains`
    real partial_rounding_offset   # the same where the process can be available in part, else 0
    real capacity                  # units per period
    bint unlimited                 # whether there is no capacity
    real quantity                  # units of the store's item per unit started
    real per_quantity              # 1 / quantity
    real store_tolerance           # units, as above, of the store
    real store_rounding_offset


# Review. Numbers of one lane; `whole` says that all flows are whole units, so that rounding need not be allowed for.

cdef inline Rule review_rule(const Rule *constants, bint is_due) noexcept nogil:
    """Return the rule of a period: where no review is due, no gap is wide enough for an order."""
    cdef Rule rule = constants[0]
    if not is_due:
        rule.reorder_gap = FAR
    return rule


cdef inline real compute_order(int variant, real own_gap, real owed, Rule rule) noexcept nogil:
    """Return the order: the gap plus what is owed, in whole lots if any, where it is at least the reorder gap; else 0."""
    cdef real gap = own_gap + owed if variant & OWES else own_gap
    cdef real amount = rule.lot * floor_of((gap + rule.lot_slack) * rule.per_lot) if variant & LOTS else gap
    return amount if gap >= rule.reorder_gap else <real>0.0


cdef inline real is_order(real ordered) noexcept nogil:
    """Return 1 where something is ordered, else 0."""
    return <real>1.0 if ordered > 0.0 else <real>0.0


cdef inline real reduce_gap(int variant, bint whole, real own_gap, real owed, real ordered, Rule rule) noexcept nogil:
    """Return the gap after an order; what an order of whole lots leaves within the tolerance counts as ordered.

    Otherwise the rounding of flows would add up, until an order that is due comes a period late.
    """
    cdef real rest, nothing
    if whole:
        return own_gap - ordered
    rest = own_gap + owed - ordered if variant & OWES else own_gap - ordered
    nothing = -owed if variant & OWES else <real>0.0
    return own_gap - ordered if rest + (<real>1.0 - is_order(ordered)) * FAR > rule.tolerance else nothing


cdef inline real compute_able(bint whole, real open_orders, real availability, Rule rule) noexcept nogil:
    """Return what could start if the inputs were there."""
    cdef real most = (open_orders if rule.unlimited else rule.capacity) * availability
    return smaller(open_orders, most if whole else to_grains(most, rule.partial_rounding_offset))


cdef inline real compute_downtime_per_unit(bint whole, real full, real tolerance) noexcept nogil:
    """Return the share of a period's downtime per unit not started; 0 where there was nothing to start."""
    return <real>1.0 / full if full > (<real>0.0 if whole else tolerance) else <real>0.0


cdef inline void move_started(
    Py_ssize_t j, bint whole, Rule rule, real open_now, real able, real started, real ordered,
    lanes_t stage,  # both [rows, l]: open orders and sums; in: stock on hand, final, as consumers come first
) noexcept nogil:
    """Move started units from open orders to work in process, and add up the stage's period."""
    cdef real full = smaller(open_now, rule.capacity)
    stage[at(STAGE_OPEN_ORDERS, j)] = open_now - started
    stage[at(STAGE_SUMS + TOTAL_STARTED, j)] += started
    stage[at(STAGE_SUMS + TOTAL_ORDERS, j)] += is_order(ordered)
    stage[at(STAGE_SUMS + TOTAL_BROKEN, j)] += (full - able) * compute_downtime_per_unit(whole, full, rule.tolerance)
    stage[at(STAGE_SUMS + TOTAL_ON_HAND, j)] += stage[at(STAGE_ON_HAND, j)]


cdef inline void count_starved(
    Py_ssize_t j, bint whole, Rule rule, real open_now, real able, real started,
    lanes_t stage,  # both [rows, l]: sums
) noexcept nogil:
    """Add up as downtime what the inputs did not allow."""
    cdef real full = smaller(open_now, rule.capacity)
    stage[at(STAGE_SUMS + TOTAL_STARVED, j)] += (able - started) * compute_downtime_per_unit(whole, full, rule.tolerance)


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


cdef inline body start_without_inputs_in(
    int variant, Py_ssize_t lanes, const Rule *constants, bint is_due,
    const_lanes_t owed,     # in [l], units
    drawn_t availability,   # in [l], share of the capacity
    lanes_t stage,          # both [rows, l]
    lanes_t started,        # out [l], units
) noexcept nogil:
    """Review and start at a stage that buys from outside the network."""
    cdef Rule rule = review_rule(constants, is_due)
    cdef Py_ssize_t j
    cdef bint whole = variant & WHOLE_ALONE
    cdef real gap, ordered, open_now, able, begun
    for j in range(lanes):
        gap = stage[at(STAGE_GAP, j)]
        ordered = compute_order(variant, gap, owed[j], rule)
        stage[at(STAGE_GAP, j)] = reduce_gap(variant, whole, gap, owed[j], ordered, rule)
        open_now = stage[at(STAGE_OPEN_ORDERS, j)] + ordered
        able = compute_able(whole, open_now, availability[j], rule)
        begun = able if whole else able * exceeds(able, rule.tolerance)
        started[j] = begun
        move_started(j, whole, rule, open_now, able, begun, ordered, stage)


cdef kernel start_without_inputs(
    Py_ssize_t lanes, const Rule *rule, bint is_due, const_lanes_t owed, drawn_t availability, lanes_t stage, lanes_t started,
) noexcept nogil:
    """Review and start at a stage without inputs; see `start_without_inputs_in`."""
    choose_8(rule.variant, start_without_inputs_in, lanes, rule, is_due, owed, availability, stage, started)


cdef inline body start_from_store_in(
    int variant, Py_ssize_t lanes, const Rule *constants, bint is_due,
    const_lanes_t owed,     # in [l], units
    drawn_t availability,   # in [l], share of the capacity
    lanes_t stage,          # both [rows, l]
    lanes_t started,        # out [l], units
    lanes_t store,          # both [rows, l] of the store drawn on: stock on hand and gap
    lanes_t store_short,    # both [l], how often that store was short
    const_lanes_t arriving, # in [l], units due in that store now
) noexcept nogil:
    """Review and start at a stage that takes a quantity from one store per unit; whole ratios stay whole."""
    cdef Rule rule = review_rule(constants, is_due)
    cdef Py_ssize_t j
    cdef bint whole = variant & WHOLE, same = variant & (ONE_FOR_ONE | WHOLE)
    cdef real gap, ordered, open_now, able, held, asked, begun, taken
    for j in range(lanes):
        gap = stage[at(STAGE_GAP, j)]
        ordered = compute_order(variant, gap, owed[j], rule)
        stage[at(STAGE_GAP, j)] = reduce_gap(variant, whole, gap, owed[j], ordered, rule)
        open_now = stage[at(STAGE_OPEN_ORDERS, j)] + ordered
        able = compute_able(whole, open_now, availability[j], rule)
        held = store[at(STAGE_ON_HAND, j)] + arriving[j] if variant & RECEIVES else store[at(STAGE_ON_HAND, j)]
        if same:
            asked = able
            begun = smaller(able, held)
        else:
            asked = to_grains(rule.quantity * able, rule.store_rounding_offset)
            begun = smaller(able, to_grains(held * rule.per_quantity, rule.rounding_offset))
        if not whole:
            begun *= exceeds(begun, rule.tolerance)  # rounding is not started
        # A start that uses up the store leaves no rounding in it.
        taken = begun if same else smaller(held, asked) * exceeds(begun, 0.0)
        store_short[j] += exceeds(asked - held, <real>0.0 if whole else rule.store_tolerance)
        store[at(STAGE_ON_HAND, j)] = held - taken
        store[at(STAGE_GAP, j)] += taken
        started[j] = begun
        count_starved(j, whole, rule, open_now, able, begun, stage)
        move_started(j, whole, rule, open_now, able, begun, ordered, stage)


cdef kernel start_from_store(
    Py_ssize_t lanes, const Rule *rule, bint is_due, const_lanes_t owed, drawn_t availability, lanes_t stage, lanes_t started,
    lanes_t store, lanes_t store_short, const_lanes_t arriving,
) noexcept nogil:
    """Review and start at a stage with one input from one store; see `start_from_store_in`."""
    choose_24(rule.variant, start_from_store_in, lanes, rule, is_due, owed, availability, stage, started, store,
              store_short, arriving)


# Start from several stores: review, then limit by each input, take each input, and finish. Rows of the stage and of
# one store: [l] lanes.

cdef inline body review_in(
    int variant, Py_ssize_t lanes, const Rule *constants, bint is_due,
    const_lanes_t owed,    # in [l], units
    drawn_t availability,  # in [l], share of the capacity
    lanes_t stage,         # both [rows, l]: gap and open orders
    lanes_t ordered,       # out [l], units
    lanes_t able,          # out [l], units that could start if the inputs were there
    lanes_t started,       # out [l], units, before inputs limit them
) noexcept nogil:
    """Review the policy, and find what could start before several inputs limit it."""
    cdef Rule rule = review_rule(constants, is_due)
    cdef Py_ssize_t j
    cdef bint whole = variant & WHOLE_ALONE
    cdef real gap, open_now
    for j in range(lanes):
        gap = stage[at(STAGE_GAP, j)]
        ordered[j] = compute_order(variant, gap, owed[j], rule)
        stage[at(STAGE_GAP, j)] = reduce_gap(variant, whole, gap, owed[j], ordered[j], rule)
        open_now = stage[at(STAGE_OPEN_ORDERS, j)] + ordered[j]
        stage[at(STAGE_OPEN_ORDERS, j)] = open_now
        able[j] = compute_able(whole, open_now, availability[j], rule)
        started[j] = able[j] if whole else able[j] * exceeds(able[j], rule.tolerance)


cdef kernel review(
    Py_ssize_t lanes, const Rule *rule, bint is_due, const_lanes_t owed, drawn_t availability, lanes_t stage, lanes_t ordered,
    lanes_t able, lanes_t started,
) noexcept nogil:
    """Review before a start from several stores; see `review_in`."""
    choose_8(rule.variant, review_in, lanes, rule, is_due, owed, availability, stage, ordered, able, started)


cdef kernel limit_by_stores(
    Py_ssize_t lanes,
    const_lanes_t store,  # in [l], units on hand in all stores of the input
    real per_unit,        # units of their item per unit started
    real tolerance,
    real rounding_offset,
    lanes_t started,      # both [l], units
) noexcept nogil:
    """Lower the start to what an input held in several stores allows; rounding is not started."""
    cdef Py_ssize_t j
    cdef real most
    for j in range(lanes):
        most = smaller(started[j], to_grains(store[j] / per_unit, rounding_offset))
        started[j] = most * exceeds(most, tolerance)


cdef inline body ask_store_in(
    int variant, Py_ssize_t lanes,
    const_lanes_t able,    # in [l], units that could start if the inputs were there
    real per_unit,         # units of the store's item per unit started
    real tolerance,
    real rounding_offset,
    const_lanes_t store,   # in [l], units on hand in the store
    real store_tolerance,
    real store_rounding_offset,
    lanes_t store_short,   # both [l], how often the store was short
    lanes_t started,       # both [l], units
) noexcept nogil:
    """Mark the store as short where it holds less than is asked of it, and lower the start to what it allows."""
    cdef Py_ssize_t j
    cdef real most
    for j in range(lanes):
        most = store[j] if variant == PER_UNIT_1 else store[j] / per_unit
        most = smaller(started[j], to_grains(most, rounding_offset))
        started[j] = most * exceeds(most, tolerance)
        store_short[j] += exceeds(to_grains(per_unit * able[j], store_rounding_offset) - store[j], store_tolerance)


cdef kernel ask_store(
    Py_ssize_t lanes, const_lanes_t able, real per_unit, real tolerance, real rounding_offset, const_lanes_t store,
    real store_tolerance, real store_rounding_offset, lanes_t store_short, lanes_t started,
) noexcept nogil:
    """Ask one store that no other stands in for; see `ask_store_in`."""
    choose_2(PER_UNIT_1 if per_unit == 1.0 else 0, ask_store_in, lanes, able, per_unit, tolerance, rounding_offset,
             store, store_tolerance, store_rounding_offset, store_short, started)


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


cdef kernel take_from_store(
    Py_ssize_t lanes,
    const_lanes_t started,  # in [l], units
    real per_unit,          # units of the store's item per unit started
    real store_rounding_offset,
    lanes_t store,          # both [l], units on hand in the store
    lanes_t store_gap,      # both [l], units
) noexcept nogil:
    """Take an input from a store that no other stands in for."""
    cdef Py_ssize_t j
    cdef real taken
    for j in range(lanes):
        taken = smaller(store[j], to_grains(started[j] * per_unit, store_rounding_offset))
        store[j] -= taken
        store_gap[j] += taken


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
    Py_ssize_t lanes, const Rule *constants,
    const_lanes_t ordered,  # in [l], units
    const_lanes_t able,     # in [l], units that could start if the inputs were there
    const_lanes_t started,  # in [l], units
    lanes_t stage,          # both [rows, l]: open orders and sums
) noexcept nogil:
    """Start at a stage whose inputs have been taken."""
    cdef Rule rule = constants[0]
    cdef Py_ssize_t j
    cdef real open_now
    for j in range(lanes):
        open_now = stage[at(STAGE_OPEN_ORDERS, j)]
        count_starved(j, False, rule, open_now, able[j], started[j], stage)
        move_started(j, False, rule, open_now, able[j], started[j], ordered[j], stage)


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


cdef enum:
    # Variants of `find_lead_times`.
    DRAWN = 1        # lead times are drawn; else they are the longest
    EXPEDITES = 2    # starts made while the store is low take a shorter lead time
    KEEPS_ORDER = 4  # a start is due no earlier than the start before it


cdef struct Transit:
    # How long what one stage starts in this period is under way.
    int variant
    real longest              # periods
    real expedite_below       # units on hand below which starts are expedited
    real expedite_lead_time   # periods
    real period
    real last                 # periods ahead that the pipeline reaches; what arrives later arrives past the horizon


cdef inline body find_lead_times_in(
    int variant, Py_ssize_t lanes, Transit transit,
    const_lanes_t started,  # in [l], units
    drawn_t drawn,          # in [l], periods
    lanes_t stage,          # both [rows, l]: period that the latest start is due in, and units expedited; in: on hand
    lanes_t lead_time,      # out [l], whole periods
    int *bounds,            # out [2], the least and the longest of these lead times
) noexcept nogil:
    """Find when what is started arrives, as far as the pipeline reaches."""
    cdef Py_ssize_t j
    cdef real ahead, due
    cdef int whole, least = <int>transit.last, most = 0
    cdef bint low
    for j in range(lanes):
        ahead = drawn[j] if variant & DRAWN else transit.longest
        if variant & EXPEDITES:
            low = stage[at(STAGE_ON_HAND, j)] < transit.expedite_below
            stage[at(STAGE_SUMS + TOTAL_EXPEDITED, j)] += started[j] if low else <real>0.0
            ahead = smaller(ahead, transit.expedite_lead_time) if low else ahead
        if variant & KEEPS_ORDER:
            due = larger(transit.period + ahead, stage[at(STAGE_LAST_DUE, j)])
            ahead = due - transit.period
            stage[at(STAGE_LAST_DUE, j)] = due if started[j] > 0.0 else stage[at(STAGE_LAST_DUE, j)]
        whole = <int>smaller(ahead, transit.last)
        lead_time[j] = <real>whole
        least = whole if whole < least else least
        most = whole if whole > most else most
    bounds[0] = least
    bounds[1] = most


cdef kernel find_lead_times(
    Py_ssize_t lanes, Transit transit, const_lanes_t started, drawn_t drawn, lanes_t stage, lanes_t lead_time,
    int *bounds,
) noexcept nogil:
    """Find when what is started arrives; see `find_lead_times_in`."""
    choose_8(transit.variant, find_lead_times_in, lanes, transit, started, drawn, stage, lead_time, bounds)


cdef kernel add_due(
    Py_ssize_t lanes,
    const_lanes_t started,    # in [l], units
    const_lanes_t lead_time,  # in [l], whole periods
    real ahead,               # periods
    lanes_t due,              # both [l], units due in so many periods
) noexcept nogil:
    """Add the starts whose lead time is so many periods to what is due then."""
    cdef Py_ssize_t j
    for j in range(lanes):
        due[j] += started[j] if lead_time[j] == ahead else <real>0.0


cdef void scatter_due(
    Py_ssize_t lanes,
    const real *started,    # in [l], units
    const real *lead_time,  # in [l], whole periods
    Py_ssize_t now,         # the row of the pipeline that is due in this period
    Py_ssize_t ring,
    real *pipeline,         # both [ring, l], units due
) noexcept nogil:
    """Add each lane's start to what is due when it arrives, where lead times spread so far that passes take longer."""
    cdef Py_ssize_t j, row
    for j in range(lanes):
        row = now + <Py_ssize_t>lead_time[j]
        row -= ring if row >= ring else 0
        pipeline[row * WIDTH + j] += started[j]
