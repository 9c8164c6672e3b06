# The acts of a stage with several inputs, or with stores that stand in for each other, included by _acts.pxi: review,
# then limit by each input, take each input, and finish.
#
# Axis key: [l] lanes, the paths of a stripe; "in" is read, "out" is written, "both" is read and written. A row named
# `store` or `store_...` belongs to a store that the stage draws on, others to the stage at work.

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
    Py_ssize_t lanes, const Rule *rule, bint is_due, const_lanes_t owed, drawn_t availability, lanes_t stage,
    lanes_t ordered, lanes_t able, lanes_t started,
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


cdef enum:
    PER_UNIT_1 = 1  # variant of `ask_store`: one unit of the store's item per unit started


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
