"""Elementary functions with the same bits on every processor.

NumPy computes ``log``, ``exp`` and ``power`` with vector instructions where a processor has them, and the C library
chooses among several versions of its own, so that last bits differ from machine to machine. The functions here use
only operations that IEEE 754 rounds correctly (sums, products, quotients, square roots), each as a NumPy operation of
its own, so that nothing is fused, and integer operations on the bits. They work element by element.

Reductions and polynomials are those of fdlibm (Sun Microsystems 1993, permission to use, copy, modify and distribute
given there), with errors below 0.9 units in the last place for `log`, `log1p` and `exp` and 1.3 for `expm1`; `power`
states its own. That of `gamma` is Cephes's (Moshier 1989), with relative errors up to 3e-15.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.int64]

LARGEST_COUNT = 2.0**52
"""Doubles hold every whole number up to this one, and the half above it; quantiles of counts are searched for up to it.
"""

# ln 2 as a sum; the products of the first part with whole numbers up to 2**11 are exact.
_LN2_HIGH, _LN2_LOW, _INVERSE_LN2 = 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.44269504088896338700
_LOG = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
_EXP = (
    1.66666666666666019037e-01,
    -2.77777777770155933842e-03,
    6.61375632143793436117e-05,
    -1.65339022054652515390e-06,
    4.13813679705723846039e-08,
)
_EXPM1 = (
    -3.33333333333331316428e-02,
    1.58730158725481460165e-03,
    -7.93650757867487942473e-05,
    4.00821782732936239552e-06,
    -2.01099218183624371326e-07,
)
# Of gamma on [2, 3), as a quotient of polynomials in x - 2.
_GAMMA_ABOVE = (
    9.99999999999999996796e-1,
    4.94214826801497100753e-1,
    2.07448227648435975150e-1,
    4.76367800457137231464e-2,
    1.04213797561761569935e-2,
    1.19135147006586384913e-3,
    1.60119522476751861407e-4,
)
_GAMMA_BELOW = (
    1.00000000000000000320e0,
    7.14304917030273074085e-2,
    -2.34591795718243348568e-1,
    3.58236398605498653373e-2,
    1.18139785222060435552e-2,
    -4.45641913851797240494e-3,
    5.39605580493303397842e-4,
    -2.31581873324120129819e-5,
)

_FRACTION, _BIAS = 52, 1023
_ROOT_HALF = 0x3FE6A09E667F3BCD  # bits of the square root of 1/2
_LARGEST_EXP, _LEAST_EXP = 709.782712893384, -745.1332191019411


def polynomial(x: Floats, coefficients: Sequence[float]) -> Floats:
    """Return a polynomial, its coefficients rising from the constant one, by Horner's rule."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total


def log(x: ArrayLike) -> Floats:
    """Return natural logarithms: -inf of 0, nan of what is negative, inf of inf.

    Parameters
    ----------
    x : numbers, any shape.
    """
    given = np.asarray(x, dtype=np.float64)
    exponent, fraction = _split(given)
    return _set_special_logs(given, _log_of_parts(exponent, fraction - 1.0, 0.0))


def log2(x: ArrayLike) -> Floats:
    """Return logarithms to the base 2 of positive numbers, exact for powers of 2.

    Parameters
    ----------
    x : numbers, any shape.
    """
    exponent, fraction = _split(np.asarray(x, dtype=np.float64))
    return np.asarray(exponent + _INVERSE_LN2 * _log_of_parts(np.zeros_like(exponent), fraction - 1.0, 0.0))


def log1p(x: ArrayLike) -> Floats:
    """Return log(1 + x), accurate for small x: -inf of -1, nan below.

    Parameters
    ----------
    x : numbers, any shape.
    """
    given = np.asarray(x, dtype=np.float64)
    total = 1.0 + given
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # What was lost in rounding the sum, relative to it.
        lost = np.where(given < 1.0, given - (total - 1.0), 1.0 - (total - given)) / total
        exponent, fraction = _split(total)
        # Where the sum is near 1 the argument itself is the fraction less 1, and nothing was lost.
        near = (exponent == 0) & (np.abs(given) < 0.4)
        found = _log_of_parts(exponent, np.where(near, given, fraction - 1.0), np.where(near, 0.0, lost))
    return _set_special_logs(total, np.where(np.isinf(given), total, found))


def _split(x: Floats) -> tuple[Words, Floats]:
    """Return whole exponents k and fractions m in [sqrt(1/2), sqrt(2)) with x = m * 2**k, for positive x."""
    small = x < 2.0**-1022
    with np.errstate(over="ignore"):
        bits = np.where(small, x * 2.0**54, x).view(np.int64)
    exponent = (bits - _ROOT_HALF) >> _FRACTION
    fraction = (bits - (exponent << _FRACTION)).view(np.float64)
    return np.asarray(exponent - np.where(small, 54, 0)), fraction


def _log_of_parts(exponent: Words, f: Floats, lost: Floats | float) -> Floats:
    """Return k ln 2 + log(1 + f) + lost."""
    k = exponent.astype(np.float64)
    s = f / (2.0 + f)
    z = s * s
    half = 0.5 * f * f
    return np.asarray(k * _LN2_HIGH - ((half - (s * (half + z * polynomial(z, _LOG)) + (k * _LN2_LOW + lost))) - f))


def _set_special_logs(x: Floats, found: Floats) -> Floats:
    found = np.where(x > 0.0, found, np.where(x == 0.0, -np.inf, np.nan))
    return np.where(x == np.inf, np.inf, found)


def exp(x: ArrayLike) -> Floats:
    """Return exponentials.

    Parameters
    ----------
    x : numbers, any shape.
    """
    given = np.asarray(x, dtype=np.float64)
    inside = np.minimum(np.maximum(given, _LEAST_EXP - 1.0), _LARGEST_EXP + 1.0)
    k = np.rint(inside * _INVERSE_LN2)
    high, low = inside - k * _LN2_HIGH, k * _LN2_LOW
    r = high - low
    z = r * r
    c = r - z * polynomial(z, _EXP)
    return _scale(1.0 - ((low - (r * c) / (2.0 - c)) - high), k)


def expm1(x: ArrayLike) -> Floats:
    """Return exp(x) - 1, accurate for small x.

    Parameters
    ----------
    x : numbers, any shape.
    """
    given = np.asarray(x, dtype=np.float64)
    inside = np.minimum(np.maximum(given, -60.0), _LARGEST_EXP + 1.0)
    k = np.rint(inside * _INVERSE_LN2)
    high, low = inside - k * _LN2_HIGH, k * _LN2_LOW
    r = high - low
    lost = (high - r) - low
    half = 0.5 * r
    z = r * half
    q = 1.0 + z * polynomial(z, _EXPM1)
    t = 3.0 - q * half
    e = z * ((q - t) / (6.0 - r * t))
    zero = r - (r * e - z)
    e = (r * (e - lost) - lost) - z
    # 2**k (1 + r - e) - 1, the parts added in the order that loses least.
    near = np.where(np.abs(k) <= 52, _scale(np.ones_like(k), -np.abs(k)), 0.0)
    up = _scale(np.where(k < 20, (1.0 - near) - (e - r), (r - (e + near)) + 1.0), k)
    down = _scale(1.0 - (e - r), k) - 1.0
    found = np.where(k == 0, zero, np.where(k > 0, up, down))
    # Just below 1, 2**k (0.5 + r - e) - 0.5 doubled loses nothing.
    found = np.where(k == -1, 0.5 * (r - e) - 0.5, found)
    return np.where(given == 0.0, given, found)


def _scale(x: Floats, k: Floats) -> Floats:
    """Return x * 2**k, rounded once, for k a whole number from -2000 to 2000."""
    half = np.floor(0.5 * k)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(x * _exp2(half) * _exp2(k - half))


def _exp2(k: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(((k.astype(np.int64) + _BIAS) << _FRACTION).view(np.float64))


def power(x: ArrayLike, exponent: float) -> Floats:
    """Return x**exponent for x of at least 0 and a positive exponent.

    Parameters
    ----------
    x : numbers, any shape.
    exponent : a finite number above 0.

    Notes
    -----
    The relative error is that of the logarithm of the result: below (4 + 2 abs(log(result))) * 2**-53.
    """
    if exponent == 1.0:
        return np.asarray(x, dtype=np.float64)
    return exp(exponent * log(x))


def gamma(x: float) -> float:
    """Return the gamma function of a number from 1 to 171.

    Parameters
    ----------
    x : the number.
    """
    factor = 1.0
    while x >= 3.0:
        x -= 1.0
        factor *= x
    while x < 2.0:
        factor /= x
        x += 1.0
    at = np.array([x - 2.0])
    return float((factor * polynomial(at, _GAMMA_ABOVE) / polynomial(at, _GAMMA_BELOW))[0])


def dot(x: ArrayLike, y: ArrayLike) -> float:
    """Return the sum of products of two arrays of one shape, each product rounded, added in NumPy's pairwise order.

    Libraries of linear algebra choose their order, and fused operations, by processor.
    """
    return float(np.multiply(x, y).sum())


def interpolate(x: Floats, places: Floats, values: Floats) -> Floats:
    """Return values at x on straight lines between places, and beyond them those at the ends.

    Parameters
    ----------
    x : any shape.
    places : not falling, shape (n,), n at least 2.
    values : shape (n,).
    """
    k = np.clip(np.searchsorted(places, x, side="right") - 1, 0, len(places) - 2)
    left, width = places[k], places[k + 1] - places[k]
    share = np.clip((x - left) / np.where(width > 0.0, width, 1.0), 0.0, 1.0)
    return np.asarray(np.where(share == 1.0, values[k + 1], values[k] + share * (values[k + 1] - values[k])))
