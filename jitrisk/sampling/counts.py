"""The discrete families: whole numbers drawn from a distribution, and values drawn from a list."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from jitrisk.sampling import normal
from jitrisk.sampling.elementary import LARGEST_COUNT, exp, expm1, log, log1p
from jitrisk.sampling.families import Family, Floats, ParameterKind, Parameters, compute_sd
from jitrisk.sampling.staircases import Binomial, NegativeBinomial, Poisson, build_cdf

# Above this many values a staircase is as smooth as a line.
WIDEST = 65_536
# A standard deviation of so small a part of the mean belongs to a mean of more than 1e24, where steps are nothing.
_NARROW = 1e-12
# Variance below which all probabilities of a binomial distribution are listed.
_WIDE = 1e8


class _CountFamily(Family):
    """A family on whole numbers; its quantiles come from its two cumulative tails."""

    def is_integer(self, of: Parameters) -> bool:
        return True

    def build_count_distribution(self, of: Parameters) -> Poisson | NegativeBinomial | Binomial:
        """Return the ratios of probabilities of neighbors."""
        raise NotImplementedError

    def tail(self, of: Parameters, k: Floats, upper: bool) -> Floats:
        """Return the probability of at most (``upper``: of more than) k, for whole numbers k on the support."""
        return build_cdf(self.build_count_distribution(of)).tail(k, upper)

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        mean, sd = self.mean(of), self.sd(of)
        if sd < _NARROW * mean:
            score = -normal.quantile(p) if upper else normal.quantile(p)
            return np.rint(mean + sd * score)
        return build_cdf(self.build_count_distribution(of)).quantile(p, upper)

    def list_steps(self, of: Parameters) -> tuple[Floats, Floats] | None:
        beyond = np.array([2.0**-34])
        lowest, highest = (self.quantile(of, beyond, upper).item() for upper in (False, True))
        if highest - lowest > WIDEST:
            return None
        values = np.arange(lowest, highest + 1)
        below, above = (self.tail(of, values[:-1], upper) for upper in (False, True))
        return values, np.where(below < 0.5, below, 1 - above)


class _Poisson(_CountFamily):
    """Poisson."""

    name = "poisson"
    forms = (("mean",),)
    parameters: ClassVar[dict[str, ParameterKind]] = {"mean": "quantity"}

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        return dict(given) if given["mean"] > 0 else {"value": 0.0}

    def sd(self, of: Parameters) -> float:
        return math.sqrt(of["mean"])

    def build_count_distribution(self, of: Parameters) -> Poisson:
        return Poisson(of["mean"])


class _NegativeBinomial(_CountFamily):
    """Negative binomial: a Poisson whose mean is gamma distributed with shape ``size``."""

    name = "negative_binomial"
    forms = (("mean", "cv"), ("mean", "sd"), ("mean", "size"), ("n", "p"))
    parameters: ClassVar[dict[str, ParameterKind]] = {
        "mean": "quantity",
        "cv": "number",
        "sd": "quantity",
        "size": "number",
        "n": "number",
        "p": "probability",
    }
    positive = frozenset({"mean", "size", "n", "p"})

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        if "n" in given:
            mean, size = given["n"] * (1 - given["p"]) / given["p"], given["n"]
            return self._require_countable(mean, size) if mean > 0 else {"value": 0.0}
        mean = given["mean"]
        if "size" in given:
            return self._require_countable(mean, given["size"])
        sd = compute_sd(given)
        variance = sd * sd
        if variance <= mean:
            raise ValueError(
                f"the variance of negative_binomial is {variance:g}, but must exceed its mean, {mean:g}; "
                "use poisson where they are equal and binomial where it is smaller"
            )
        return self._require_countable(mean, mean * mean / (variance - mean))

    def _require_countable(self, mean: float, size: float) -> dict[str, Any]:
        """Return the parameters; refuse a spread so wide that numbers beyond those that doubles count are drawn."""
        of = {"mean": mean, "size": size}
        if size <= 0 or mean + 10 * self.sd(of) + 30 * (1 + mean / size) > LARGEST_COUNT:
            tail = self.tail(of, np.array([LARGEST_COUNT]), upper=True) if size > 0 else np.ones(1)
            if float(tail[0]) > 2.0**-34:
                raise ValueError(
                    f"negative_binomial with mean {mean:g} and size {size:g} draws numbers above {LARGEST_COUNT:.2g}, "
                    "which cannot be counted one by one; use gamma, or a smaller spread"
                )
        return of

    def sd(self, of: Parameters) -> float:
        return math.sqrt(of["mean"] * (1 + of["mean"] / of["size"]))

    def build_count_distribution(self, of: Parameters) -> NegativeBinomial:
        return NegativeBinomial(of["mean"], of["size"])


class _Binomial(_CountFamily):
    """Binomial: how many of n succeed, each with probability p."""

    name = "binomial"
    forms = (("n", "p"),)
    parameters: ClassVar[dict[str, ParameterKind]] = {"n": "count", "p": "probability"}

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        n, p = given["n"], given["p"]
        return dict(given) if n > 0 and 0 < p < 1 else {"value": n * p}

    def mean(self, of: Parameters) -> float:
        return float(of["n"] * of["p"])

    def sd(self, of: Parameters) -> float:
        return math.sqrt(of["n"] * of["p"] * (1 - of["p"]))

    def support(self, of: Parameters) -> tuple[float, float]:
        return 0.0, of["n"]

    def build_count_distribution(self, of: Parameters) -> Binomial:
        return Binomial(of["n"], of["p"])

    def tail(self, of: Parameters, k: Floats, upper: bool) -> Floats:
        if not self._is_mirrored(of):
            return super().tail(of, k, upper)
        return super().tail(self._mirror(of), of["n"] - 1.0 - k, not upper)

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        if not self._is_mirrored(of):
            return np.asarray(np.minimum(super().quantile(of, p, upper), of["n"]))
        return np.asarray(np.maximum(of["n"] - super().quantile(self._mirror(of), p, not upper), 0.0))

    def _is_mirrored(self, of: Parameters) -> bool:
        """Return whether failures are counted: a smooth density holds only far from the largest number."""
        return bool(of["p"] > 0.5 and of["n"] * of["p"] * (1 - of["p"]) > _WIDE)

    def _mirror(self, of: Parameters) -> Parameters:
        return {"n": of["n"], "p": 1.0 - of["p"]}


class _Geometric(_CountFamily):
    """Geometric on 1, 2, 3…: the periods until something happens that may happen in every period."""

    name = "geometric"
    forms = (("mean",),)
    parameters: ClassVar[dict[str, ParameterKind]] = {"mean": "quantity"}

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        if given["mean"] < 1:
            raise ValueError(f"mean of geometric is {given['mean']:g}, but must be at least 1 (it counts from 1)")
        return dict(given) if given["mean"] > 1 else {"value": 1.0}

    def sd(self, of: Parameters) -> float:
        return math.sqrt(of["mean"] * (of["mean"] - 1))

    def support(self, of: Parameters) -> tuple[float, float]:
        return 1.0, math.inf

    def tail(self, of: Parameters, k: Floats, upper: bool) -> Floats:
        log_survival = k * log1p(-1 / of["mean"])
        return exp(log_survival) if upper else -expm1(log_survival)

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        with np.errstate(divide="ignore"):
            found = np.ceil((log(p) if upper else log1p(-p)) / log1p(-1 / of["mean"]))
        found = np.clip(found, 1.0, LARGEST_COUNT)

        def is_reached(k: Floats) -> NDArray[np.bool_]:
            tail = self.tail(of, k, upper)
            return tail <= p if upper else tail >= p

        # The quotient may be off by its last bits, so that the tails decide between it and its neighbors.
        before = (found > 1.0) & is_reached(found - 1.0)
        return np.where(before, found - 1.0, np.where(is_reached(found), found, found + 1.0))


class _Empirical(Family):
    """Values drawn from a list, each with the probability of its weight."""

    name = "empirical"
    forms = (("values",), ("values", "weights"))
    parameters: ClassVar[dict[str, ParameterKind]] = {"values": "quantity", "weights": "number"}

    def canonicalize(self, given: Parameters) -> dict[str, Any]:
        values = given["values"]
        weights = given.get("weights", (1.0,) * len(values))
        if len(weights) != len(values):
            raise ValueError(f"empirical has {len(values)} values but {len(weights)} weights; give one for each")
        if not sum(weights) > 0:
            raise ValueError("weights of empirical add up to 0, but at least one must be positive")
        merged: dict[float, float] = {}
        for value, weight in zip(values, weights, strict=True):
            if weight > 0:
                merged[value] = merged.get(value, 0.0) + weight
        if len(merged) == 1:
            return {"value": next(iter(merged))}
        total = math.fsum(merged.values())
        ordered = sorted(merged)
        return {"values": tuple(ordered), "weights": tuple(merged[value] / total for value in ordered)}

    def mean(self, of: Parameters) -> float:
        return math.fsum(v * w for v, w in zip(of["values"], of["weights"], strict=True))

    def sd(self, of: Parameters) -> float:
        mean = self.mean(of)
        return math.sqrt(
            math.fsum(w * (v - mean) * (v - mean) for v, w in zip(of["values"], of["weights"], strict=True))
        )

    def support(self, of: Parameters) -> tuple[float, float]:
        return of["values"][0], of["values"][-1]

    def is_integer(self, of: Parameters) -> bool:
        return all(value == math.floor(value) for value in of["values"])

    def quantile(self, of: Parameters, p: Floats, upper: bool) -> Floats:
        weights = np.asarray(of["weights"])
        # The last step is left out: rounding must not lead past the end of the list.
        if upper:
            above = np.cumsum(weights[:0:-1])
            index = len(weights) - 1 - np.searchsorted(above, p, side="right")
        else:
            index = np.searchsorted(np.cumsum(weights[:-1]), p, side="left")
        return np.asarray(of["values"])[index]

    def list_steps(self, of: Parameters) -> tuple[Floats, Floats] | None:
        return np.asarray(of["values"]), np.cumsum(of["weights"][:-1])


DISCRETE: tuple[Family, ...] = (_Poisson(), _NegativeBinomial(), _Binomial(), _Geometric(), _Empirical())
