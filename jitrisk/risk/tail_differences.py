"""Differences of value at risk and conditional value at risk between strategies on the same paths.

Two facts carry the intervals. The numbers of paths below two values at risk are binomial, whatever the distributions,
and their correlation is that of the two tails: so the pair of values at risk lies in an ellipse of ranks. And the
conditional value at risk is the least mean of ``v + max(loss - v, 0) / (1 - level)`` over the thresholds v, reached at
the value at risk (Rockafellar & Uryasev 2002, theorem 10): so its difference is that of two means on the same paths, at
thresholds that are known as far as the ellipse says.

Of a sample, only the number of its paths and a kept tail are needed: the losses of both strategies on the paths on
which either lies above the lower end of the interval of its value at risk. Nothing is resampled or drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from jitrisk.risk.design import Design
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import Spread, compute_reach, compute_skewed_interval
from jitrisk.risk.order_statistics import Quantile, QuantileBand

FEWEST_PATHS = 5000
"""Paths below which differences of tails have no interval."""

# Half of twice as many weighted paths are natural: sums of their weights vary by a few per cent.
_WEIGHTED_SHARE = 0.9

FEWEST_CARRYING = 2.0
"""Paths that a difference of conditional values at risk must rest on: one says nothing of how much they differ."""

FEW_PATHS = f"fewer than {FEWEST_PATHS:,} paths"
FEW_WEIGHTED = f"the tail of these weighted paths says less than that of {FEWEST_PATHS:,} paths"
FEW_IN_TAIL = "too few paths in the tail"
FEW_CARRY = "the difference rests on fewer than two paths"
NOT_SEEN = "the strategies differ, but on no path of the tail"

# Steps of the distance from a quantile, and of the angle around the ellipse.
_STEPS, _ANGLES = 12, 64
# How far toward the milder losses the thresholds of conditional values at risk are looked for, in steps.
_MILDER = (0.0, -_STEPS / 2, -float(_STEPS))
# Of the differences of all paths, as a share of the largest loss: what is smaller is rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True)
class Interval:
    """An estimate with its standard error and the ends of its interval, NaN where there is a reason to give none."""

    value: float
    standard_error: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    reason: str = ""

    def negate(self) -> Interval:
        """Return the interval of the negative."""
        return Interval(-self.value, self.standard_error, -self.upper, -self.lower, self.reason)


@dataclass(frozen=True)
class Tail:
    """The losses of one strategy, and what is known of their value at risk.

    Attributes
    ----------
    losses : one per path, bad when high.
    band : the value at risk, and its intervals from none to one that reaches as far as the ellipse; of few paths, the
        last alone.
    error : standard error of the value at risk.
    size : how many paths the tail rests on.
    beyond : the paths in the tail, as near to ``1 - level`` of them as losses that are equal allow.
    """

    losses: Array
    band: QuantileBand
    error: float
    size: float
    beyond: npt.NDArray[np.bool_]

    @classmethod
    def from_losses(cls, losses: Array, level: float, design: Design, confidence: float) -> Tail:
        """Return the tail of some losses."""
        # With fewer paths there is no interval, and so no need for what lies within the widest one.
        steps = _STEPS if design.paths >= FEWEST_PATHS else 0
        band = design.quantile_band(losses, level, np.linspace(compute_ellipse_reach(confidence), 0.0, steps + 1)[::-1])
        widest = Quantile(band.value, float(band.lower[-1]), float(band.upper[-1]))
        error = design.quantile_error(widest, level, compute_ellipse_confidence(confidence))
        beyond, reached = losses > band.value, losses >= band.value
        above, at_least = (design.compute_share(each) for each in (beyond, reached))
        if abs(at_least - (1 - level)) < abs(above - (1 - level)):
            beyond = reached
        return cls(losses, band, error, design.count_tail_paths(losses, band.value, level, low=False), beyond)

    def find_thresholds(self, distances: Array) -> Array:
        """Return the quantiles so many steps from the value at risk, rounded away from it."""
        steps = _round_to_steps(distances)
        found: Array = np.where(steps == 0, self.band.value, np.where(distances < 0, *self._find_ends(steps)))
        return found

    def find_threshold(self, distance: float) -> float:
        """Return one of the thresholds of :meth:`find_thresholds`."""
        return float(self.find_thresholds(np.array([distance]))[0])

    def _find_ends(self, steps: npt.NDArray[np.intp]) -> tuple[Array, Array]:
        return self.band.lower[steps], self.band.upper[steps]


def compute_ellipse_confidence(confidence: float) -> float:
    """Return the confidence of the intervals of the single values at risk that the ellipse touches.

    They miss half as often as the difference may: a loss that jumps at the level errs on one side in half of the
    samples, and the other loss errs beside it.
    """
    return 1 - (1 - confidence) / 2


def compute_ellipse_reach(confidence: float) -> float:
    """Return how many standard errors the ellipse reaches."""
    return float(ndtri(0.5 + compute_ellipse_confidence(confidence) / 2))


def compare_tails(
    one: Tail, base: Tail, level: float, design: Design, confidence: float, evidence: float
) -> tuple[Interval, Interval]:
    """Return the differences of value at risk and conditional value at risk of a strategy to a base.

    Parameters
    ----------
    one, base : what the strategies lose.
    level : probability of the part of the paths that is not the tail.
    design : how the paths were drawn.
    confidence : probability that an interval covers the true difference.
    evidence : how many occurrences of the rarest hazard the paths are expected to show.
    """
    pair = _Pair(one, base, level, design, confidence, evidence)
    at = pair.compute_spread(one.band.value, base.band.value)
    var, cvar = one.band.value - base.band.value, at.mean
    enclosed = not math.isnan(one.band.lower[-1] + base.band.lower[-1])
    if enclosed and _is_constant(one.losses - base.losses, base.losses):
        return Interval(var, 0.0, var, var), Interval(cvar, 0.0, cvar, cvar)
    reason = _explain_missing_paths(design, min(one.size, base.size) / (1 - level), enclosed)
    if reason:
        return Interval(var, reason=reason), Interval(cvar, reason=reason)
    return pair.compare_var(), pair.compare_cvar(at)


def _explain_missing_paths(design: Design, effective: float, enclosed: bool) -> str:
    """Return why there are too few paths for an interval, nothing where they are enough.

    Parameters
    ----------
    design : how the paths were drawn.
    effective : how many paths that are all alike would show as much of the tail.
    enclosed : whether order statistics enclose both values at risk.
    """
    if design.paths < FEWEST_PATHS:
        return FEW_PATHS
    if not enclosed:
        return FEW_IN_TAIL
    return FEW_WEIGHTED if effective < _WEIGHTED_SHARE * FEWEST_PATHS else ""


class _Pair:
    """Two strategies on the same paths, of whose losses only a tail is kept."""

    def __init__(self, one: Tail, base: Tail, level: float, design: Design, confidence: float, evidence: float) -> None:
        self._one, self._base, self._level, self._design = one, base, level, design
        self._confidence, self._evidence = confidence, evidence
        # Without an interval, the value at risk itself bounds the tail.
        least = [float(np.fmin(tail.band.lower[-1], tail.band.value)) for tail in (one, base)]
        self._inside = (one.losses > least[0]) | (base.losses > least[1])
        self._kept = one.losses[self._inside], base.losses[self._inside]
        self._correlation = design.correlation(one.beyond, base.beyond)

    def compare_var(self) -> Interval:
        """Return the difference of the values at risk, with its range over the ellipse."""
        one, base = self._one, self._base
        # One path that lies in the tail of one alone is always allowed for.
        most = 1 - 1 / (min(one.size, base.size) * self._level)
        correlation = float(np.clip(self._correlation, -1.0, max(most, -1.0)))
        turn = np.linspace(0.0, 2 * math.pi, _ANGLES, endpoint=False)
        across = correlation * np.cos(turn) + math.sqrt(1 - correlation**2) * np.sin(turn)
        ends = one.find_thresholds(_STEPS * np.cos(turn)) - base.find_thresholds(_STEPS * across)
        value = one.band.value - base.band.value
        variance = one.error**2 + base.error**2 - 2 * correlation * one.error * base.error
        error = math.sqrt(max(variance, 0.0))
        return Interval(value, error, min(float(ends.min()), value), max(float(ends.max()), value))

    def compare_cvar(self, at: Spread) -> Interval:
        """Return the difference of the conditional values at risk, from that of the scores at both values at risk."""
        if at.standard_error == 0 and self._has_excess():
            return Interval(at.mean, reason=NOT_SEEN)
        # The milder one value at risk is, so is the other, as far as the tails go together.
        together = max(self._correlation, 0.0)
        pairs = {(far, together * far) for far in _MILDER} | {(together * far, far) for far in _MILDER}
        ends = np.array([self._compute_interval(*pair, at) for pair in sorted(pairs)])
        if np.isnan(ends).any():
            return Interval(at.mean, reason=FEW_CARRY)
        return Interval(at.mean, at.standard_error, float(ends.min()), float(ends.max()))

    def compute_spread(self, one: float, base: float) -> Spread:
        """Return the difference of the mean scores at two thresholds, and its error."""
        scores = np.maximum(self._kept[0] - one, 0.0)
        scores -= np.maximum(self._kept[1] - base, 0.0)
        scores /= 1 - self._level
        scores[np.abs(scores) <= _ROUNDING * (abs(one) + abs(base)) / (1 - self._level)] = 0.0
        found = self._design.spread_within(scores, self._inside)
        return found._replace(mean=found.mean + (one - base))

    def _compute_interval(self, one: float, base: float, at: Spread) -> tuple[float, float]:
        """Return the interval at thresholds so many steps from the values at risk, whose own spread is `at`."""
        thresholds = self._one.find_threshold(one), self._base.find_threshold(base)
        same = thresholds == (self._one.band.value, self._base.band.value)
        found = at if same else self.compute_spread(*thresholds)
        carrying = min(found.effective, at.effective)
        if carrying < FEWEST_CARRYING:
            return math.nan, math.nan
        size = min(carrying, self._one.size, self._base.size)
        return compute_skewed_interval(found, compute_reach(size - 1, self._evidence, self._confidence))

    def _has_excess(self) -> bool:
        """Return whether any loss lies beyond the value at risk."""
        pairs = zip(self._kept, (self._one, self._base), strict=True)
        return any(bool((kept > tail.band.value).any()) for kept, tail in pairs)


def _is_constant(differences: Array, losses: Array) -> bool:
    """Return whether differences are all equal, but for the rounding of the losses that they are between."""
    return float(differences.max() - differences.min()) <= _ROUNDING * max(-float(losses.min()), float(losses.max()))


def _round_to_steps(distances: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return distances from a quantile in whole steps, rounded away from it."""
    steps = np.ceil(np.abs(distances) - 1e-9).astype(np.intp)
    found: npt.NDArray[np.intp] = np.minimum(steps, _STEPS)
    return found
