# The constants of features that are off unless a stage asks for them, included by _core.pyx.

@cython.final
cdef class Extensions:
    """The constants of these features; see `jitrisk.lower.NetworkArrays`."""

    cdef const int[::1] extension, shelf_life, age_slot, open_, loop_start, loop_first, follow, forecast_start, forecast
    cdef const unsigned char[::1] in_steps, pushes, counts_owed, by_lane, loop_returns, loop_keeps
    cdef const real[::1] order_cap, overtime_below, overtime_capacity, expedite_up_to, loop_units, initial_level
    cdef const real[:, ::1] level_base, level_weight, spread_base, spread_weight, period_reorder_gap

    def __init__(self, arrays):
        self.extension, self.shelf_life, self.age_slot = arrays.extension, arrays.shelf_life, arrays.age_slot
        self.open_, self.in_steps, self.pushes = arrays.open_, arrays.in_steps, arrays.pushes
        self.counts_owed, self.by_lane = arrays.counts_owed, arrays.by_lane
        self.order_cap, self.expedite_up_to = arrays.order_cap, arrays.expedite_up_to
        self.overtime_below, self.overtime_capacity = arrays.overtime_below, arrays.overtime_capacity
        self.loop_start, self.loop_first, self.loop_units = arrays.loop_start, arrays.loop_first, arrays.loop_units
        self.loop_returns, self.loop_keeps = arrays.loop_returns, arrays.loop_keeps
        self.follow, self.initial_level = arrays.follow, arrays.initial_level
        self.forecast_start, self.forecast = arrays.forecast_start, arrays.forecast
        self.level_base, self.level_weight = arrays.level_base, arrays.level_weight
        self.spread_base, self.spread_weight = arrays.spread_base, arrays.spread_weight
        self.period_reorder_gap = arrays.period_reorder_gap
