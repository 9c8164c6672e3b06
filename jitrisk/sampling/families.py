"""The families of distributions: their parameters, moments and quantile functions.

Numbers in, numbers out: every family is a class without state whose methods take the canonical parameters.
All that outcomes depend on has the same bits on every processor: see :mod:`jitrisk.sampling.elementary`.
Sources of the formulas: Johnson, Kotz and Balakrishnan, *Continuous Univariate Distributions* (1994), and
Johnson, Kemp and Kotz, *Univariate Discrete Distributions* (2005).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from jitrisk.sampling import gammas, normal
from jitrisk.sampling.elementary import exp, expm1, gamma, log, log1p, power

ParameterKind = Literal["quantity", "number", "count", "probability"]
Parameters = Mapping[str, Any]
Floats = NDArray[np.float64]


class Family:
    """What the families share.

    Attributes
    ----------
    name : name of the family in a model file.
    forms : the accepted sets of parameter names.
    parameters : kind of each parameter: ``quantity`` has the dimension of what is drawn, ``number`` has none,
        ``count`` is a whole number, ``probability`` lies in [0, 1].
    positive : parameters that must not be zero.
    """

    name: ClassVar[str]
    forms: ClassVar[tuple[tuple[str, ...], ...]]
    parameters: ClassVar[dict[str, ParameterKind]]
    positive: ClassVar[frozenset[str]] = frozenset()

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        """Return the one form in which parameters are kept; a sole key ``value`` means a constant."""
        return dict(given)

    def mean(self, of: Parameters) -> float:
        """Return the mean."""
        return float(of["mean"])

    def sd(self, of: Parameters) -> float:
        """Return the standard deviation."""
        return float(of["sd"])

    def support(self, of: Parameters) -> tuple[float, float]:
        """Return the lowest and the highest value."""
        return 0.0, math.inf

    def is_integer(self, of: Parameters) -> bool:
        """Return whether only whole numbers can be drawn."""
        return False

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        """Return the value below (``upper``: above) which the share p lies."""
        raise NotImplementedError

    def cdf(self, of: Parameters, x: Floats) -> Floats | None:
        """Return P(X <= x) for finite x, None where it is not in closed form."""
        return None

    def split_scale(self, of: Parameters) -> tuple[float, Parameters]:
        """Return a scale and the parameters at scale 1, where quantiles are slow and should be shared."""
        return 1.0, of

    def list_steps(self, of: Parameters) -> tuple[Floats, Floats] | None:
        """Return the values of a discrete distribution and the probability of each but the last and all below it.

        None for a continuous distribution, and for one with too many values to list.
        """
        return None


def compute_sd(given: Parameters) -> float:
    """Return the standard deviation from ``sd`` or from ``cv``, the coefficient of variation."""
    return float(given["sd"]) if "sd" in given else float(given["mean"] * given["cv"])


class _Constant(Family):
    """Always the same value."""

    name = "constant"
    forms = (("value",),)
    parameters: ClassVar[dict[str, ParameterKind]] = {"value": "quantity"}

    def mean(self, of: Parameters) -> float:
        return float(of["value"])

    def sd(self, of: Parameters) -> float:
        return 0.0

    def support(self, of: Parameters) -> tuple[float, float]:
        return of["value"], of["value"]

    def is_integer(self, of: Parameters) -> bool:
        return bool(of["value"] == math.floor(of["value"]))

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        return np.full_like(p, of["value"])


class _Spread(Family):
    """A family given by its mean and either ``sd`` or ``cv``."""

    forms = (("mean", "sd"), ("mean", "cv"))
    parameters: ClassVar[dict[str, ParameterKind]] = {"mean": "quantity", "sd": "quantity", "cv": "number"}
    positive = frozenset({"mean"})

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        sd = compute_sd(given)
        return {"mean": given["mean"], "sd": sd} if sd > 0 else {"value": given["mean"]}


class _Normal(_Spread):
    """Normal; a quantity that cannot be negative is clipped at zero where it is drawn."""

    name = "normal"
    positive = frozenset()

    def support(self, of: Parameters) -> tuple[float, float]:
        return -math.inf, math.inf

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        score = -normal.quantile(p) if upper else normal.quantile(p)
        return np.asarray(of["mean"] + of["sd"] * score)

    def cdf(self, of: Parameters, x: Floats) -> Floats | None:
        return normal.cdf((x - of["mean"]) / of["sd"])


class _Lognormal(_Spread):
    """Lognormal with the mean and standard deviation of the value itself, not of its logarithm."""

    name = "lognormal"

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        cv = of["sd"] / of["mean"]
        variance = float(log1p(cv * cv))
        score = -normal.quantile(p) if upper else normal.quantile(p)
        return np.asarray(of["mean"] * exp(math.sqrt(variance) * score - variance / 2))


class _Gamma(Family):
    """Gamma."""

    name = "gamma"
    forms = (("mean", "sd"), ("mean", "cv"), ("shape", "scale"))
    parameters: ClassVar[dict[str, ParameterKind]] = {
        "mean": "quantity",
        "sd": "quantity",
        "cv": "number",
        "shape": "number",
        "scale": "quantity",
    }
    positive = frozenset({"mean", "shape", "scale"})

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        if "shape" in given:
            return dict(given)
        mean, sd = given["mean"], compute_sd(given)
        return {"shape": (mean / sd) * (mean / sd), "scale": sd * (sd / mean)} if sd > 0 else {"value": mean}

    def mean(self, of: Parameters) -> float:
        return float(of["shape"] * of["scale"])

    def sd(self, of: Parameters) -> float:
        return float(math.sqrt(of["shape"]) * of["scale"])

    def split_scale(self, of: Parameters) -> tuple[float, Parameters]:
        return of["scale"], {**of, "scale": 1.0}

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        return np.asarray(of["scale"] * gammas.quantile(of["shape"], p, upper))


class _Weibull(Family):
    """Weibull; the exponential is the Weibull of shape 1."""

    name = "weibull"
    forms = (("mean", "shape"), ("scale", "shape"))
    parameters: ClassVar[dict[str, ParameterKind]] = {"mean": "quantity", "scale": "quantity", "shape": "number"}
    positive = frozenset({"mean", "scale", "shape"})

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        shape = given["shape"]
        if shape < 0.05:
            raise ValueError(f"shape of weibull is {shape:g}, but must be at least 0.05")
        scale = given["scale"] if "scale" in given else given["mean"] / gamma(1 + 1 / shape)
        return {"scale": scale, "shape": shape}

    def mean(self, of: Parameters) -> float:
        return float(of["scale"] * gamma(1 + 1 / of["shape"]))

    def sd(self, of: Parameters) -> float:
        first = gamma(1 + 1 / of["shape"])
        square = gamma(1 + 2 / of["shape"]) - first * first
        return float(of["scale"] * math.sqrt(max(square, 0.0)))

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        with np.errstate(divide="ignore"):
            hazard = -log(p) if upper else -log1p(-p)
        return np.asarray(of["scale"] * power(hazard, 1 / of["shape"]))

    def cdf(self, of: Parameters, x: Floats) -> Floats | None:
        return -expm1(-power(np.maximum(x, 0.0) / of["scale"], of["shape"]))


class _Exponential(Family):
    """Exponential."""

    name = "exponential"
    forms = (("mean",),)
    parameters: ClassVar[dict[str, ParameterKind]] = {"mean": "quantity"}
    positive = frozenset({"mean"})

    def sd(self, of: Parameters) -> float:
        return float(of["mean"])

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        with np.errstate(divide="ignore"):
            return np.asarray(-of["mean"] * (log(p) if upper else log1p(-p)))

    def cdf(self, of: Parameters, x: Floats) -> Floats | None:
        return -expm1(-np.maximum(x, 0.0) / of["mean"])


class _Uniform(Family):
    """Uniform between two ends."""

    name = "uniform"
    forms = (("low", "high"),)
    parameters: ClassVar[dict[str, ParameterKind]] = {"low": "quantity", "high": "quantity"}

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        if given["low"] > given["high"]:
            raise ValueError(f"low of uniform is {given['low']:g}, but must not exceed high, {given['high']:g}")
        return dict(given) if given["low"] < given["high"] else {"value": given["low"]}

    def mean(self, of: Parameters) -> float:
        return float(of["low"] + of["high"]) / 2

    def sd(self, of: Parameters) -> float:
        return float(of["high"] - of["low"]) / math.sqrt(12)

    def support(self, of: Parameters) -> tuple[float, float]:
        return of["low"], of["high"]

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        span = of["high"] - of["low"]
        return np.asarray(of["high"] - span * p if upper else of["low"] + span * p)


class _Triangular(Family):
    """Triangular: lowest, most likely and highest value."""

    name = "triangular"
    forms = (("low", "mode", "high"),)
    parameters: ClassVar[dict[str, ParameterKind]] = {"low": "quantity", "mode": "quantity", "high": "quantity"}

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        low, mode, high = given["low"], given["mode"], given["high"]
        if not low <= mode <= high:
            raise ValueError(
                f"low, mode and high of triangular are {low:g}, {mode:g} and {high:g}, but must be in rising order"
            )
        return dict(given) if low < high else {"value": low}

    def mean(self, of: Parameters) -> float:
        return float(of["low"] + of["mode"] + of["high"]) / 3

    def sd(self, of: Parameters) -> float:
        up, down = of["mode"] - of["low"], of["high"] - of["mode"]
        return math.sqrt((up * up + up * down + down * down) / 18)

    def support(self, of: Parameters) -> tuple[float, float]:
        return of["low"], of["high"]

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        span, up, down = of["high"] - of["low"], of["mode"] - of["low"], of["high"] - of["mode"]
        below, above = (1 - p, p) if upper else (p, 1 - p)
        rising = of["low"] + np.sqrt(below * span * up)
        return np.asarray(np.where(below * span < up, rising, of["high"] - np.sqrt(above * span * down)))


CONTINUOUS: tuple[Family, ...] = (
    _Constant(),
    _Normal(),
    _Lognormal(),
    _Gamma(),
    _Exponential(),
    _Weibull(),
    _Uniform(),
    _Triangular(),
)
