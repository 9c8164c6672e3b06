"""Stochastic dominance: whether one strategy is better than another for every attitude to risk.

With losses bad when high, A dominates B in the first order where ``P(A > t) <= P(B > t)`` for every t: whoever
prefers to lose less prefers A (Hadar & Russell 1969, American Economic Review 59). A dominates B in the second order
where ``E[max(A - t, 0)] <= E[max(B - t, 0)]`` for every t: whoever is also averse to risk prefers A (the increasing
convex order of Shaked & Shanthikumar 2007, Stochastic Orders, section 4.A). A metric that is bad when low has its sign
reversed first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.special import betaincinv

from jitrisk.risk.design import Design, EqualDesign, RankedSample, read_design
from jitrisk.risk.evidence import FEWEST, compute_run_evidence
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE, compute_inner_product, normal, require_probability, split_chunks
from jitrisk.risk.variables import compute_losses, select_metric

# Shares of the paths beyond the thresholds: from nearly all, then ever rarer toward the bad tail.
_BODY = np.arange(0.99, 0.5, -0.07)
_TAIL_THRESHOLDS = 24
_FEWEST_BEYOND = 20
_ORDERS = ("first", "second")
_UNITS = ("units", "per_year")
_FIELDS = {
    "": "whether the strategy dominates the other: 'dominates', 'not shown', 'violated', or 'same' beside itself",
    "_violation": "largest violation seen",
    "_lower": "lower end of the interval of the largest violation",
    "_upper": "upper end of the interval of the largest violation",
}


class DominanceOrder(NamedTuple):
    """What the paths say about one strategy dominating another, as the fields of the Dataset."""

    verdict: str
    violation: float
    lower: float
    upper: float


class Gaps(NamedTuple):
    """By how much one strategy's tail exceeds the other's at every threshold.

    Attributes
    ----------
    mean : the gaps, none positive where the strategy dominates.
    error : their standard errors.
    above, below : on how many paths the gap is positive, and on how many negative.
    """

    mean: Array
    error: Array
    above: Array
    below: Array

    def reverse(self) -> Gaps:
        """Return the gaps of the other strategy to this one."""
        return Gaps(-self.mean, self.error, self.below, self.above)


def dominance(metrics: xr.Dataset, metric: str = "cost", confidence: float = CONFIDENCE) -> xr.Dataset:
    """Return which strategies dominate which, in the first and the second order, and how far that can be trusted.

    Tails are compared on the same paths, at thresholds from nearly all paths beyond them to twenty. A verdict is
    ``"violated"`` where the tail of the first strategy is the heavier at some threshold, shown for all thresholds at
    once (Bonferroni). It is ``"dominates"`` where that tail is the lighter at every threshold: either shown there, each
    on its own, which suffices for all together (intersection-union test: Berger 1982; Davidson & Duclos 2013), or at
    least without a single path against it. Otherwise it is ``"not shown"``. Nothing is claimed beyond the last
    threshold, and each pair has its own confidence.

    Parameters
    ----------
    metrics : metrics of dimensions (strategy, path), such as :func:`~jitrisk.risk.metrics` returns.
    metric : the variable.
    confidence : probability that a verdict or an interval is right.

    Returns
    -------
    xr.Dataset
        Of dimensions (strategy, other), for ``first`` and ``second``: the verdict under that name, and with
        ``_violation``, ``_lower`` and ``_upper`` the largest violation of the order and its interval. In the first
        order it is a difference of probabilities, whose upper end holds at every t and for every distribution; in the
        second a difference of expected excesses in the unit of the metric, at the thresholds.

    Raises
    ------
    ResultError
        When there is no such metric, a value is not finite, or the confidence is not between 0 and 1.
    """
    array, confidence = select_metric(metrics, metric), require_probability("confidence", confidence)
    worse, design = compute_losses(array), read_design(metrics)
    ranked, count = [design.rank_values(row) for row in worse], len(worse)
    evidence = compute_run_evidence(metrics, design)
    shape = (count, count)
    cells: dict[str, Any] = {order + field: np.zeros(shape) for order in _ORDERS for field in _FIELDS}
    cells |= {order: np.full(shape, "same", dtype="<U9") for order in _ORDERS}
    for a, b in combinations(range(count), 2):
        largest = _find_largest_excess(ranked[a], ranked[b]), _find_largest_excess(ranked[b], ranked[a])
        enough = bool(min(evidence[a], evidence[b]) >= FEWEST)
        found = _compare_pair(worse[a], worse[b], design, largest, confidence, enough)
        for pair, orders in zip(((a, b), (b, a)), found, strict=True):
            for order, fields in zip(_ORDERS, orders, strict=True):
                for field, value in zip(_FIELDS, fields, strict=True):
                    cells[order + field][pair] = value
    arrays = {
        order + field: (("strategy", "other"), cells[order + field], _build_attrs(array, order, field))
        for order in _ORDERS
        for field in _FIELDS
    }
    coords = {"strategy": array["strategy"].values, "other": array["strategy"].values}
    known = {"metric": metric, "confidence": confidence, "paths": metrics.sizes["path"]}
    return xr.Dataset(arrays, coords, {**metrics.attrs, **known})


def _build_attrs(array: xr.DataArray, order: str, field: str) -> dict[str, Any]:
    sentence = {"long_name": f"{order} order: {_FIELDS[field]}"}
    if not field:
        return sentence
    return sentence | ({"units": "1"} if order == "first" else {n: array.attrs.get(n, "1") for n in _UNITS})


def _compare_pair(
    a: Array, b: Array, design: Design, largest: tuple[float, float], confidence: float, known: bool
) -> Iterator[tuple[DominanceOrder, DominanceOrder]]:
    """Yield the first and the second order of a over b, then of b over a.

    The second order rests on means: where a hazard was hardly seen (not `known`), it is not shown.
    """
    gaps = _compute_gaps if isinstance(design, EqualDesign) else partial(_compute_weighted_gaps, design=design)
    shares, excesses = gaps(a, b, _select_thresholds(a, b, design))
    worse = (design.estimate_share(hits, confidence)[0] for hits in (a > b, a < b))
    for size, share in zip(largest, worse, strict=True):
        first = _assess_order(shares, confidence, correction=1 / design.effective)
        upper = max(first.lower, _compute_upper_share(size, share, design.effective, confidence))
        second = _assess_order(excesses, confidence)
        if not known:
            second = DominanceOrder("not shown", second.violation, math.nan, math.nan)
        yield first._replace(violation=size, upper=upper), second
        shares, excesses = shares.reverse(), excesses.reverse()


def _select_thresholds(a: Array, b: Array, design: Design) -> Array:
    """Return the losses at which the tails are compared, ascending."""
    thresholds = [min(a.min(), b.min())]
    for one in (a, b):
        rarest = min(design.find_rarest_tail(one, _FEWEST_BEYOND, low=False), 0.5)
        found, before = design.find_tail_steps(
            one, np.concatenate([_BODY, np.geomspace(0.5, rarest, _TAIL_THRESHOLDS)])
        )
        # An atom jumps: its share lies beyond what is just below it.
        thresholds += [*found, *np.nextafter(found[found == before], -np.inf)]
    return np.unique(thresholds)


def _compute_weighted_gaps(a: Array, b: Array, thresholds: Array, design: Design) -> tuple[Gaps, Gaps]:
    """Return the same as :func:`_compute_gaps` for paths that have weights."""
    found: tuple[list[tuple[float, ...]], ...] = ([], [])
    for threshold in thresholds:
        beyond = np.subtract(a > threshold, b > threshold, dtype=np.float64)
        excess = np.maximum(a - threshold, 0.0) - np.maximum(b - threshold, 0.0)
        for gap, rows in zip((beyond, excess), found, strict=True):
            spread = design.spread(gap)
            above, below = (float(np.count_nonzero(hits)) for hits in (gap > 0, gap < 0))
            rows.append((spread.mean, spread.standard_error, above, below))
    shares, excesses = (Gaps(*np.array(rows).T) for rows in found)
    return shares, excesses


def _compute_gaps(a: Array, b: Array, thresholds: Array) -> tuple[Gaps, Gaps]:
    """Return by how much a exceeds b at every threshold: its share of paths beyond it, and its expected excess."""
    sums = np.zeros((2, 4, thresholds.size))
    for one, other in zip(split_chunks(a), split_chunks(b), strict=True):
        for k, threshold in enumerate(thresholds):
            beyond = np.subtract(one > threshold, other > threshold, dtype=np.float64)
            excess = np.maximum(one - threshold, 0.0)
            excess -= np.maximum(other - threshold, 0.0)
            for gap, target in zip((beyond, excess), sums, strict=True):
                target[:2, k] += gap.sum(), compute_inner_product(gap, gap)
                target[2:, k] += np.count_nonzero(gap > 0), np.count_nonzero(gap < 0)
    shares, excesses = (_average_sums(target, a.size) for target in sums)
    return shares, excesses


def _average_sums(sums: Array, paths: int) -> Gaps:
    mean = sums[0] / paths
    return Gaps(mean, np.sqrt(np.maximum(sums[1] / paths - mean**2, 0.0) / paths), sums[2], sums[3])


def _assess_order(gaps: Gaps, confidence: float, correction: float = 0.0) -> DominanceOrder:
    """Return the verdict on gaps of which none may be positive.

    Parameters
    ----------
    gaps : the gaps.
    confidence : probability that the verdict is right.
    correction : share of one path, by which counted paths differ from the normal distribution (Edwards 1948).
    """
    mean, error, miss = gaps.mean, gaps.error, (1 - confidence) / 2
    jointly = normal(1 - (1 - confidence) / mean.size)
    heavier = np.where(gaps.above >= _compute_min_paths(miss / mean.size), mean - jointly * error - correction, 0.0)
    lower = max(float(heavier.max()), 0.0)
    upper = max(float((mean + jointly * error).max()) + correction, 0.0)
    lighter = (mean + normal(confidence) * error + correction < 0) & (gaps.below >= _compute_min_paths(miss))
    shown = lighter.any() and bool(np.all(lighter | (gaps.above == 0)))
    verdict = "violated" if lower > 0 else "dominates" if shown else "not shown"
    return DominanceOrder(verdict, max(float(mean.max()), 0.0), lower, upper)


def _compute_min_paths(miss: float) -> int:
    """Return the least number of paths that can show a gap: fewer, all on one side, could be chance (the sign test)."""
    return math.ceil(-math.log2(miss))


def _find_largest_excess(a: RankedSample, b: RankedSample) -> float:
    """Return the largest excess, anywhere, of a's share of paths beyond a threshold over b's."""
    return max(float((b.compute_share_below(b.values, "right") - a.compute_share_below(b.values, "right")).max()), 0.0)


def _compute_upper_share(largest: float, worse: float, paths: float, confidence: float) -> float:
    """Return the upper end of the largest difference of shares, for every distribution.

    Either both distribution functions lie near the true ones everywhere (Massart 1990, Annals of Probability 18), or
    the difference is at most the probability that a path is worse (its exact bound: Clopper & Pearson 1934).

    Parameters
    ----------
    largest : the largest difference seen.
    worse : the share of paths that are worse.
    paths : how many there are, or how many that are all alike would say as much.
    confidence : that of the interval, half of whose misses may fall to this end.
    """
    miss = (1 - confidence) / 4
    band = 2 * math.sqrt(math.log(2 / miss) / (2 * paths))
    exact = float(betaincinv(worse * paths + 1, paths - worse * paths, 1 - miss)) if worse < 1 else 1.0
    return min(largest + band, exact, 1.0)
