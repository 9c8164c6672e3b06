"""The standard normal distribution with the same bits on every processor.

Sources: Wichura (1988), "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37;
Cody (1969), "Rational Chebyshev approximations for the error function", Mathematics of Computation 23.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jitrisk.sampling.elementary import Floats, exp, log, polynomial

# Of the quantile: near the middle, up to 5 in the root of the logarithm, and beyond; above and below the line.
_MIDDLE = (
    (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
_NEAR = (
    (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
_FAR = (
    (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)
# Of the error function and of its complement up to 4 and beyond.
_ERF = (
    (
        3.20937758913846947e03,
        3.77485237685302021e02,
        1.13864154151050156e02,
        3.16112374387056560e00,
        1.85777706184603153e-1,
    ),
    (2.84423683343917062e03, 1.28261652607737228e03, 2.44024637934444173e02, 2.36012909523441209e01, 1.0),
)
_ERFC_NEAR = (
    (
        1.23033935479799725e03,
        2.05107837782607147e03,
        1.71204761263407058e03,
        8.81952221241769090e02,
        2.98635138197400131e02,
        6.61191906371416295e01,
        8.88314979438837594e00,
        5.64188496988670089e-1,
        2.15311535474403846e-8,
    ),
    (
        1.23033935480374942e03,
        3.43936767414372164e03,
        4.36261909014324716e03,
        3.29079923573345963e03,
        1.62138957456669019e03,
        5.37181101862009858e02,
        1.17693950891312499e02,
        1.57449261107098347e01,
        1.0,
    ),
)
_ERFC_FAR = (
    (
        6.58749161529837803e-4,
        1.60837851487422766e-2,
        1.25781726111229246e-1,
        3.60344899949804439e-1,
        3.05326634961232344e-1,
        1.63153871373020978e-2,
    ),
    (
        2.33520497626869185e-3,
        6.05183413124413191e-2,
        5.27905102951428412e-1,
        1.87295284992346725e00,
        2.56852019228982242e00,
        1.0,
    ),
)
_INVERSE_ROOT_PI, _INVERSE_ROOT_2 = 5.6418958354775628695e-1, 7.0710678118654752440e-1


def _divide_polynomials(x: Floats, parts: tuple[tuple[float, ...], tuple[float, ...]]) -> Floats:
    return polynomial(x, parts[0]) / polynomial(x, parts[1])


def quantile(p: ArrayLike) -> Floats:
    """Return the value below which a standard normal variable lies with probability p, relative error 1e-15.

    Parameters
    ----------
    p : probabilities in [0, 1], any shape.
    """
    share = np.asarray(p, dtype=np.float64)
    flat = np.atleast_1d(share).ravel()
    q = flat - 0.5
    found = q * _divide_polynomials(0.180625 - np.minimum(q * q, 0.180625), _MIDDLE)
    tails = np.flatnonzero(np.abs(q) > 0.425)
    end = np.minimum(flat[tails], 1.0 - flat[tails])
    root = np.sqrt(-log(end))
    inside = np.minimum(root, 27.5)
    score = np.where(inside <= 5.0, _divide_polynomials(inside - 1.6, _NEAR), _divide_polynomials(inside - 5.0, _FAR))
    score = np.where(np.isinf(root), np.inf, score)
    found[tails] = np.where(q[tails] < 0.0, -score, score)
    return found.reshape(share.shape)


def cdf(x: ArrayLike) -> Floats:
    """Return the probability that a standard normal variable is at most x, small ones to a relative error of 1e-15.

    Parameters
    ----------
    x : scores, any shape.
    """
    score = np.asarray(x, dtype=np.float64)
    flat = np.atleast_1d(score).ravel()
    size = np.minimum(np.abs(flat), 40.0) * _INVERSE_ROOT_2
    middle = np.minimum(size, 0.46875)
    middle = 0.5 + 0.5 * np.where(flat < 0.0, -middle, middle) * _divide_polynomials(middle * middle, _ERF)
    near = np.minimum(np.maximum(size, 0.46875), 4.0)
    far = np.maximum(size, 4.0)
    inverse = 1.0 / (far * far)
    beyond = (_INVERSE_ROOT_PI - inverse * _divide_polynomials(inverse, _ERFC_FAR)) / far
    # The square of a score as a sum of which the first part is exact.
    score_size = np.minimum(np.abs(flat), 40.0)
    rough = np.floor(score_size * 16.0) / 16.0
    density = exp(-0.5 * rough * rough) * exp(-0.5 * (score_size - rough) * (score_size + rough))
    tail = 0.5 * density * np.where(size <= 4.0, _divide_polynomials(near, _ERFC_NEAR), beyond)
    found = np.where(size <= 0.46875, middle, np.where(flat < 0.0, tail, 1.0 - tail))
    return np.where(np.isnan(flat), np.nan, found).reshape(score.shape)
