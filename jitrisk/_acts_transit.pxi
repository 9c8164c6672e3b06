# The acts that put a start into the pipeline where lead times vary or arrivals can be held up, included by _acts.pxi.
#
# Axis key: [l] lanes, the paths of a stripe; "in" is read, "out" is written, "both" is read and written. A row belongs
# to the stage at work.

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
