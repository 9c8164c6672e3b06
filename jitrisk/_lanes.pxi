# What all acts are made of: the number type of state, the width of a stripe, and simple operations on rows.
#
# Axis key: [l] lanes, the paths of a stripe. A row is an array [l], WIDTH numbers apart from the next row. Of each array
# an act says its shape, its unit, and whether it is read ("in"), written ("out"), or both. No two arrays overlap.
#
# Choices between rows that depend on one condition are written as arithmetic with a 0 or 1: a compiler that meets the
# same condition several times makes branches of it, and a loop with branches does not vectorize.

cdef extern from *:
    """
    #include <math.h>
    #ifdef JR_DOUBLE
    typedef double jr_real;
    #define JR_FLOOR floor
    #else
    typedef float jr_real;
    #define JR_FLOOR floorf
    #endif
    #define JR_FAR ((jr_real) 1e30)
    typedef jr_real *__restrict jr_lanes_t;
    typedef const jr_real *__restrict jr_const_lanes_t;
    typedef const float *__restrict jr_drawn_t;
    typedef double *__restrict jr_totals_t;
    #if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
    #define JR_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void
    #else
    #define JR_KERNEL void
    #endif
    #if defined(__GNUC__)
    #define JR_BODY __attribute__((always_inline)) void
    #elif defined(_MSC_VER)
    #define JR_BODY __forceinline void
    #else
    #define JR_BODY void
    #endif
    #define JR_CASES_2(n, act, ...) case n: act(n, __VA_ARGS__); break; case n + 1: act(n + 1, __VA_ARGS__); break;
    #define JR_CASES_4(n, act, ...) JR_CASES_2(n, act, __VA_ARGS__) JR_CASES_2(n + 2, act, __VA_ARGS__)
    #define JR_CASES_8(n, act, ...) JR_CASES_4(n, act, __VA_ARGS__) JR_CASES_4(n + 4, act, __VA_ARGS__)
    #define JR_CHOOSE_2(variant, act, ...) switch (variant) { JR_CASES_2(0, act, __VA_ARGS__) }
    #define JR_CHOOSE_8(variant, act, ...) switch (variant) { JR_CASES_8(0, act, __VA_ARGS__) }
    #define JR_CHOOSE_24(variant, act, ...) switch (variant) { \\
        JR_CASES_8(0, act, __VA_ARGS__) JR_CASES_8(8, act, __VA_ARGS__) JR_CASES_8(16, act, __VA_ARGS__) }
    """
    ctypedef void kernel "JR_KERNEL"
    # The loop of a kernel that is compiled once per variant: always inlined, so that its first argument is a constant.
    ctypedef void body "JR_BODY"
    # Call a body with its variant as a constant, one of the 2, 8 or 24 that there are.
    void choose_2 "JR_CHOOSE_2" (int variant, ...) noexcept nogil
    void choose_8 "JR_CHOOSE_8" (int variant, ...) noexcept nogil
    void choose_24 "JR_CHOOSE_24" (int variant, ...) noexcept nogil
    # The number that state is held in: float, or double where _core_double.pyx compiles these acts again.
    ctypedef float real "jr_real"
    ctypedef real* lanes_t "jr_lanes_t"  # a row of state
    ctypedef const real* const_lanes_t "jr_const_lanes_t"  # a row of state that is read
    ctypedef const float* drawn_t "jr_drawn_t"  # a row of exogenous values, always float32, as they are drawn
    ctypedef double* totals_t "jr_totals_t"  # a row of totals, always float64, as they add up over the horizon
    real floor_of "JR_FLOOR" (real x) noexcept nogil
    const real FAR "JR_FAR"  # more than any number of units


cdef enum:
    # Lanes of a stripe, whose state stays near the first-level cache: a constant, so that the compiler can prove rows
    # apart and vectorize, and an odd number of cache lines, so that rows do not collide at multiples of 4 KiB.
    WIDTH = 272


cdef inline Py_ssize_t at(Py_ssize_t kind, Py_ssize_t j) noexcept nogil:
    """Return where lane j of a row of a member stands, from the member's first row."""
    return (kind - dim_begin[dim_of_kind[kind]]) * WIDTH + j


cdef inline real smaller(real a, real b) noexcept nogil:
    return a if a < b else b


cdef inline real larger(real a, real b) noexcept nogil:
    return a if a > b else b


cdef inline real exceeds(real a, real b) noexcept nogil:
    """Return 1 where a is more than b, else 0."""
    return <real>1.0 if a > b else <real>0.0


cdef inline real to_grains(real flow, real rounding_offset) noexcept nogil:
    """Round a flow to whole grains: next to an offset of 2^23 (float64: 2^52) grains, no finer digit has room."""
    return (flow + rounding_offset) - rounding_offset


cdef kernel add(
    Py_ssize_t lanes,
    const_lanes_t row,  # in [l], any unit
    lanes_t sum,        # both [l], the same unit
) noexcept nogil:
    """Add a row to another one."""
    cdef Py_ssize_t j
    for j in range(lanes):
        sum[j] += row[j]


cdef kernel fill(
    Py_ssize_t lanes,
    real value,
    lanes_t target,  # out [l], any unit; [k * WIDTH] for k rows in a row
) noexcept nogil:
    """Set every number of a row."""
    cdef Py_ssize_t j
    for j in range(lanes):
        target[j] = value


cdef kernel copy(
    Py_ssize_t lanes,
    const_lanes_t row,  # in [l], any unit
    lanes_t target,     # out [l], the same unit
) noexcept nogil:
    """Copy a row."""
    cdef Py_ssize_t j
    for j in range(lanes):
        target[j] = row[j]


cdef kernel add_weighted(
    Py_ssize_t lanes,
    const_lanes_t row,  # in [l], any unit
    double weight,
    totals_t totals,    # both [l], the same unit
) noexcept nogil:
    """Add a row, times a weight, to a row of totals."""
    cdef Py_ssize_t j
    for j in range(lanes):
        totals[j] += weight * row[j]
