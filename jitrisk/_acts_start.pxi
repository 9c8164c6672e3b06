# The acts that review a policy and start, included by _acts.pxi; a start from several stores is in _acts_inputs.pxi.
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
    # The number 4 means another thing for stages that do not draw on one store alone:
    WHOLE_ALONE = 4  # all flows are whole units


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
    cdef real per_unit = compute_downtime_per_unit(whole, smaller(open_now, rule.capacity), rule.tolerance)
    stage[at(STAGE_SUMS + TOTAL_STARVED, j)] += (able - started) * per_unit


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
    Py_ssize_t lanes, const Rule *rule, bint is_due, const_lanes_t owed, drawn_t availability, lanes_t stage,
    lanes_t started,
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
    Py_ssize_t lanes, const Rule *rule, bint is_due, const_lanes_t owed, drawn_t availability, lanes_t stage,
    lanes_t started, lanes_t store, lanes_t store_short, const_lanes_t arriving,
) noexcept nogil:
    """Review and start at a stage with one input from one store; see `start_from_store_in`."""
    choose_24(rule.variant, start_from_store_in, lanes, rule, is_due, owed, availability, stage, started, store,
              store_short, arriving)
