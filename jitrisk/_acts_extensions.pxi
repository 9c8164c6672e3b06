# The acts of features that are off unless a stage asks for them: shelf life, levels that follow the demand, loops of
# cards, and deliveries expedited up to a level, included by _acts.pxi. Each is called for such a stage alone.
#
# Axis key: [l] lanes, the paths of a stripe; "in" is read, "out" is written, "both" is read and written. Where nothing
# else is said, a row belongs to the stage at work, and units are those of its item.


# Shelf life. Units are used first in, first out, so those on hand are the newest ones received: what exceeds the
# receipts of the last m - 1 periods is m periods old.

cdef kernel date_receipts(
    Py_ssize_t lanes,
    const_lanes_t received,  # in [l], units that enter the store now
    lanes_t oldest,          # both [l], units received m - 1 periods ago, then now
    lanes_t fresh,           # both [l], units received in the last m - 1 periods
) noexcept nogil:
    """Add what enters the store to its fresh units, in place of the oldest of them."""
    cdef Py_ssize_t j
    for j in range(lanes):
        fresh[j] = (fresh[j] - oldest[j]) + received[j]
        oldest[j] = received[j]


cdef kernel subtract(
    Py_ssize_t lanes,
    const_lanes_t row,    # in [l], any unit
    const_lanes_t less,   # in [l], the same unit
    lanes_t difference,   # out [l], the same unit
) noexcept nogil:
    """Write the difference of two rows."""
    cdef Py_ssize_t j
    for j in range(lanes):
        difference[j] = row[j] - less[j]


cdef kernel expire(
    Py_ssize_t lanes,
    const_lanes_t fresh,  # in [l], units that can be used in the next period, too
    lanes_t on_hand,      # both [l], units
    lanes_t gap,          # both [l], units
    lanes_t expired,      # both [l], units, sum
) noexcept nogil:
    """Throw away what is at the end of its shelf life."""
    cdef Py_ssize_t j
    cdef real old
    for j in range(lanes):
        old = larger(on_hand[j] - fresh[j], 0.0)
        on_hand[j] -= old
        gap[j] += old
        expired[j] += old


# Levels that follow the demand.

cdef kernel shift(
    Py_ssize_t lanes,
    real change,
    lanes_t row,  # both [l], any unit
) noexcept nogil:
    """Add a number to a row."""
    cdef Py_ssize_t j
    for j in range(lanes):
        row[j] += change


cdef kernel project(
    Py_ssize_t lanes,
    real weight,       # units
    drawn_t forecast,  # in [l], factor on what is expected of one customer
    lanes_t projected, # both [l], units
) noexcept nogil:
    """Add what one customer is forecast to take."""
    cdef Py_ssize_t j
    for j in range(lanes):
        projected[j] += weight * forecast[j]


cdef kernel move_level(
    Py_ssize_t lanes,
    const_lanes_t projected,  # in [l], units, not rounded
    real rounding_offset,
    lanes_t level,            # both [l], units, the order-up-to level in force
    lanes_t gap,              # both [l], units
) noexcept nogil:
    """Set the order-up-to level, rounded to grains."""
    cdef Py_ssize_t j
    cdef real now
    for j in range(lanes):
        now = to_grains(projected[j], rounding_offset)
        gap[j] += now - level[j]
        level[j] = now


cdef kernel bound_reorder_gap(
    Py_ssize_t lanes,
    real tolerance,
    real least,           # units, the least gap that is not rounding
    real rounding_offset,
    lanes_t reorder_gap,  # both [l], units, order-up-to level less reorder point, then the least gap that is ordered
) noexcept nogil:
    """Turn the distance of two levels into the least gap that is ordered."""
    cdef Py_ssize_t j
    for j in range(lanes):
        reorder_gap[j] = larger(to_grains(reorder_gap[j], rounding_offset) - tolerance, least)


# Loops of cards (CONWIP). The gap of the loop's first stage is what the cards leave to be ordered.

cdef kernel mark_loop_stock(
    Py_ssize_t lanes,
    const_lanes_t on_hand,  # in [l], units, before what is due enters the store
    const_lanes_t due,      # in [l], units, good and bad
    lanes_t loop_stock,     # out [l], units
) noexcept nogil:
    """Write what a store of a loop has before anything leaves it in this period."""
    cdef Py_ssize_t j
    for j in range(lanes):
        loop_stock[j] = on_hand[j] + due[j]


cdef kernel return_cards(
    Py_ssize_t lanes,
    const_lanes_t loop_stock,  # in [l], units, before anything left the store
    const_lanes_t on_hand,     # in [l], units
    real per_unit,             # units of the loop's first stage in one unit
    real rounding_offset,      # of the loop's first stage
    lanes_t gap,               # both [l], units, of the loop's first stage
) noexcept nogil:
    """Return the cards of what has left a store of a loop: shipped, taken, scrapped or expired."""
    cdef Py_ssize_t j
    for j in range(lanes):
        gap[j] += to_grains(per_unit * (loop_stock[j] - on_hand[j]), rounding_offset)


cdef kernel keep_cards(
    Py_ssize_t lanes,
    const_lanes_t started,  # in [l], units
    real per_unit,          # units of the loop's first stage in one unit
    real rounding_offset,   # of the loop's first stage
    lanes_t gap,            # both [l], units, of the loop's first stage
) noexcept nogil:
    """Keep the cards with what a stage of a loop starts, which has left the store before it."""
    cdef Py_ssize_t j
    for j in range(lanes):
        gap[j] -= to_grains(per_unit * started[j], rounding_offset)


# Expediting up to a level, the second index of a dual-index policy (Veeraraghavan & Scheller-Wolf 2008).

cdef kernel expedite_up_to(
    Py_ssize_t lanes,
    real level,              # units
    const_lanes_t started,   # in [l], units
    const_lanes_t on_hand,   # in [l], units
    const_lanes_t owed,      # in [l], units
    lanes_t expedited,       # both [l], units due within the expedited lead time, then units expedited
    lanes_t total_expedited, # both [l], units, sum
) noexcept nogil:
    """Find what of a start is expedited: what stock and near deliveries, less what is owed, lack of the level."""
    cdef Py_ssize_t j
    cdef real lacking
    for j in range(lanes):
        lacking = larger(level - on_hand[j] - expedited[j] + owed[j], 0.0)
        expedited[j] = smaller(started[j], lacking)
        total_expedited[j] += expedited[j]


cdef kernel shorten(
    Py_ssize_t lanes,
    real longest,       # periods
    lanes_t lead_time,  # both [l], periods
) noexcept nogil:
    """Lower lead times to the expedited one."""
    cdef Py_ssize_t j
    for j in range(lanes):
        lead_time[j] = smaller(lead_time[j], longest)
