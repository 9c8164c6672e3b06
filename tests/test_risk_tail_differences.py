"""Differences of value at risk and conditional value at risk: ellipse of ranks, scores, and reasons for none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from handmade import of_cost, random_result
from scipy import stats

from jitrisk.risk import compare
from jitrisk.risk.design import EqualDesign, Point, WeightedDesign
from jitrisk.risk.tail_differences import (
    FEW_CARRY,
    FEW_IN_TAIL,
    FEW_PATHS,
    FEW_WEIGHTED,
    NOT_SEEN,
    Interval,
    Tail,
    compare_tails,
)
from jitrisk.risk.tails import compute_tail_risk

PATHS, LEVEL, CONFIDENCE = 6000, 0.95, 0.95


def differences(
    one: np.ndarray,
    base: np.ndarray,
    level: float = LEVEL,
    design=None,
    confidence: float = CONFIDENCE,
    evidence=math.inf,
) -> tuple[Interval, Interval]:
    design = design or EqualDesign(one.size)
    tails = (Tail.from_losses(np.asarray(losses, dtype=float), level, design, confidence) for losses in (one, base))
    return compare_tails(*tails, level, design, confidence, evidence)


def ends(one: Interval) -> tuple[float, float]:
    return one.lower, one.upper


def weighted(paths: int, probability: float, seed: int = 1) -> tuple[WeightedDesign, np.ndarray]:
    """A mixture in which every other path holds a rare hazard, and which paths do."""
    occurs = np.random.default_rng(seed).random(paths) < probability
    occurs[1::2] = True
    weight = 1 / (0.5 + 0.5 * occurs / probability)
    return WeightedDesign(weight, np.arange(paths) % 2, np.array([0.5, 0.5]), probability), occurs


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(3)
    luck = rng.lognormal(size=PATHS)
    return [
        (luck, 0.8 * luck),
        (luck, luck + 0.3 * rng.normal(size=PATHS)),
        (luck, rng.exponential(size=PATHS)),
        (luck, np.minimum(luck, 4.0)),
        (rng.poisson(3, PATHS).astype(float), rng.poisson(3, PATHS).astype(float)),
        (100.0 * (rng.random(PATHS) < 0.049), luck),
    ]


def test_compare_tails__estimates_are_the_differences_of_the_measures():
    for one, base in pairs():
        found = differences(one, base)
        apart = [compute_tail_risk(losses, LEVEL) for losses in (one, base)]
        assert found[0].value == apart[0].var - apart[1].var
        assert found[1].value == pytest.approx(apart[0].cvar - apart[1].cvar, rel=1e-12)


def test_compare_tails__intervals_hold_their_estimate_and_turn_with_the_pair():
    for one, base in pairs():
        forth, back = differences(one, base), differences(base, one)
        for k in (0, 1):
            assert forth[k].lower <= forth[k].value <= forth[k].upper
            assert back[k].value == pytest.approx(-forth[k].value)
            assert back[k].standard_error == pytest.approx(forth[k].standard_error)
        # The angles start at another point of the ellipse, so ranks may differ by one.
        spacing = forth[0].upper - forth[0].lower
        assert ends(back[0]) == pytest.approx((-forth[0].upper, -forth[0].lower), abs=0.1 * spacing)
        assert ends(back[1]) == pytest.approx((-forth[1].upper, -forth[1].lower))


def test_compare_tails__intervals_are_shifted_and_scaled_with_the_losses():
    for one, base in pairs():
        plain, moved = differences(one, base), differences(3 * one + 50, 3 * base + 20)
        for before, after in zip(plain, moved, strict=True):
            assert ends(after) == pytest.approx([3 * end + 30 for end in ends(before)], rel=1e-9, abs=1e-9)


def test_compare_tails__only_the_kept_tail_and_the_number_of_paths_matter():
    for one, base in pairs():
        plain = differences(one, base)
        tails = [Tail.from_losses(losses, LEVEL, EqualDesign(PATHS), CONFIDENCE) for losses in (one, base)]
        kept = np.any([tail.losses > tail.band.lower[-1] for tail in tails], axis=0)
        assert kept.sum() < 0.15 * PATHS
        # What lies below is put anywhere below.
        least = [min(float(tail.band.lower[-1]), float(tail.losses.min())) for tail in tails]
        low = [least[k] - np.random.default_rng(k).random(PATHS) for k in (0, 1)]
        kept |= np.any([tail.losses == tail.band.lower[-1] for tail in tails], axis=0)
        moved = differences(*(np.where(kept, losses, below) for losses, below in zip((one, base), low, strict=True)))
        for before, after in zip(plain, moved, strict=True):
            assert ends(after) == pytest.approx(ends(before), rel=1e-9)


def test_compare_tails__value_at_risk_differs_by_what_the_ellipse_of_ranks_allows():
    rng = np.random.default_rng(8)
    one, base = rng.lognormal(size=PATHS), rng.lognormal(size=PATHS)
    found, _ = differences(one, base)
    # By brute force: all pairs of ranks in an ellipse around the two, the tails nearly uncorrelated.
    tails = [losses > np.sort(losses)[math.ceil(PATHS * LEVEL) - 1] for losses in (one, base)]
    correlation = np.corrcoef(*tails)[0, 1]
    deviation = math.sqrt(PATHS * LEVEL * (1 - LEVEL))
    steps = np.arange(-60, 61)
    x, y = np.meshgrid(steps / deviation, steps / deviation, indexing="ij")
    distance = (x**2 - 2 * correlation * x * y + y**2) / (1 - correlation**2)
    allowed = distance <= stats.norm.ppf(1 - 0.025 / 2) ** 2
    middle = math.ceil(PATHS * LEVEL) - 1
    gaps = np.sort(one)[middle + steps][:, np.newaxis] - np.sort(base)[middle + steps][np.newaxis, :]
    expected = gaps[allowed].min(), gaps[allowed].max()
    width = expected[1] - expected[0]
    assert ends(found) == pytest.approx(expected, abs=0.08 * width)
    assert found.upper - found.lower > 0.98 * width


def test_compare_tails__standard_errors_are_those_of_the_normal_law():
    rng, error = np.random.default_rng(5), math.sqrt(LEVEL * (1 - LEVEL) / 200_000)
    one, base = rng.normal(size=(2, 200_000))
    var, cvar = differences(one, base)
    assert var.standard_error == pytest.approx(error / stats.norm.pdf(stats.norm.ppf(LEVEL)) * math.sqrt(2), rel=0.1)
    at = stats.norm.ppf(LEVEL)
    excess = [stats.norm.expect(lambda x, k=k: (x - at) ** k, lb=at) / (1 - LEVEL) ** k for k in (1, 2)]
    assert cvar.standard_error == pytest.approx(math.sqrt(2 * (excess[1] - excess[0] ** 2) / 200_000), rel=0.03)
    assert cvar.upper - cvar.lower == pytest.approx(2 * 1.96 * cvar.standard_error, rel=0.06)


def test_compare_tails__shared_tails_are_known_better_than_independent_ones():
    rng = np.random.default_rng(2)
    luck, other = rng.lognormal(size=(2, PATHS))
    for shared, apart in zip(differences(0.8 * luck, luck), differences(0.8 * other, luck), strict=True):
        assert shared.upper - shared.lower < 0.6 * (apart.upper - apart.lower)


def test_compare_tails__a_difference_that_is_the_same_on_every_path_is_exact_below_5000_paths_too():
    luck = np.random.default_rng(2).lognormal(size=400)
    for found in differences(luck + 3.0, luck):
        assert (found.standard_error, found.reason) == (0.0, "")
        assert ends(found) == pytest.approx((3.0, 3.0))


def test_compare_tails__every_reason_for_no_interval_is_given():
    rng = np.random.default_rng(2)
    luck, other = rng.lognormal(size=(2, PATHS))
    few = differences(luck[:4999], other[:4999])
    assert [one.reason for one in few] == [FEW_PATHS] * 2
    short = differences(luck, other, level=0.9999)
    assert [one.reason for one in short] == [FEW_IN_TAIL] * 2
    worst = np.argmax(luck)
    lonely = luck.copy()
    lonely[worst] -= 1.0
    var, cvar = differences(lonely, luck)
    assert (var.reason, cvar.reason) == ("", FEW_CARRY)
    # Half of the milder paths differ, and none in the tail.
    mild = np.where((luck < 1) & (other < 1), 0.0, luck)
    var, cvar = differences(mild, luck)
    assert (var.reason, cvar.reason) == ("", NOT_SEEN)
    for one in (*few, *short, cvar):
        assert np.isnan([one.standard_error, one.lower, one.upper]).all()
        assert math.isfinite(one.value)


def test_compare_tails__an_interval_reaches_further_the_fewer_paths_carry_the_difference():
    luck = np.random.default_rng(2).exponential(size=PATHS)
    spread = []
    for struck in (4, 8, 40):
        one = luck.copy()
        one[np.argsort(luck)[-struck:]] += 100.0
        _, cvar = differences(one, luck)
        reach = stats.t.ppf(0.975, struck - 1)
        spread.append((cvar.upper - cvar.lower) / cvar.standard_error / (2 * reach))
    # Skewness makes intervals longer than Student's, and all the more with few paths.
    assert spread[0] > spread[1] > spread[2] > 1
    assert spread[2] < 1.1


def test_compare_tails__few_occurrences_of_a_hazard_reach_as_far_as_students_law():
    one, base = np.random.default_rng(4).lognormal(0.0, 0.3, (2, 50_000))
    widths = [float(np.subtract(*ends(differences(one, base, evidence=seen)[1])[::-1])) for seen in (5.0, math.inf)]
    assert widths[0] / widths[1] == pytest.approx(stats.t.ppf(0.975, 4) / stats.norm.ppf(0.975), rel=0.03)


def test_compare__a_bad_lower_tail_is_the_upper_one_turned():
    outcomes = random_result(2, 5000)
    found = outcomes.risk.compare()["profit"].isel(strategy=1)
    profit = outcomes.risk.metrics()["profit"].values
    for name, one in zip(("var", "cvar"), differences(-profit[1], -profit[0]), strict=True):
        expected = [-one.value, one.standard_error, -one.upper, -one.lower]
        got = found.sel(statistic=[name, *(f"{name}_{end}" for end in ("standard_error", "lower", "upper"))])
        np.testing.assert_allclose(got, expected)


def test_compare__comparisons_repeat_to_the_last_bit():
    outcomes = of_cost(np.random.default_rng(3).lognormal(size=(3, PATHS)))
    one, other = outcomes.risk.compare(), compare(outcomes.risk.metrics())
    np.testing.assert_array_equal(one["cost"], other["cost"])


def test_compare_tails__weighted_tails_with_equal_weights_are_those_of_equal_paths():
    rng, paths = np.random.default_rng(9), 10_000
    one, base = rng.lognormal(size=(2, paths))
    # Both components are drawn alike and weigh alike.
    design = WeightedDesign(np.ones(paths), np.arange(paths) % 2, np.array([0.5, 0.5]), 1.0)
    alike, other = differences(one, base), differences(one, base, design=design)
    for equal, found in zip(alike, other, strict=True):
        assert found.value == pytest.approx(equal.value)
        assert found.standard_error == pytest.approx(equal.standard_error, rel=0.1)
        assert ends(found) == pytest.approx(ends(equal), abs=0.1 * (equal.upper - equal.lower))


def test_compare_tails__weighted_paths_need_a_tail_worth_5000_paths():
    for paths, reason in ((5000, FEW_WEIGHTED), (10_000, "")):
        design, occurs = weighted(paths, 0.001)
        rng = np.random.default_rng(3)
        one, base = (rng.exponential(size=paths) * (1 + 9 * occurs) for _ in range(2))
        assert [found.reason for found in differences(one, base, design=design)] == [reason] * 2


def test_design__estimates_of_weighted_shares_are_correlated_as_repeats_show():
    rng, paths, probability = np.random.default_rng(6), 2000, 0.2
    shares, correlations = [], []
    for k in range(1000):
        design, occurs = weighted(paths, probability, seed=k)
        severity = rng.random(paths)
        one = occurs & (severity < 0.5)
        other = (occurs & (severity < 0.7)) | (rng.random(paths) < 0.05)
        shares.append([design.compute_share(one), design.compute_share(other)])
        correlations.append(design.correlation(one, other))
    assert np.mean(correlations) == pytest.approx(np.corrcoef(np.transpose(shares))[0, 1], abs=0.1)


def test_design__correlation_of_equal_shares_is_that_of_pearson():
    one, other = np.random.default_rng(6).random((2, 1000)) < 0.1
    design = EqualDesign(1000)
    assert design.correlation(one, other | one) == pytest.approx(np.corrcoef(one, other | one)[0, 1])
    assert design.correlation(one, np.zeros_like(one)) == 0


@pytest.mark.parametrize("kind", ["equal", "weighted"])
def test_design__spread_of_what_is_mostly_0_is_that_of_all_values(kind):
    design = EqualDesign(2000) if kind == "equal" else weighted(2000, 0.05)[0]
    values = np.random.default_rng(6).lognormal(size=2000) - 1
    inside = np.random.default_rng(7).random(2000) < 0.1
    np.testing.assert_allclose(design.spread_within(values[inside], inside), design.spread(np.where(inside, values, 0)))


def test_design__effective_values_are_their_number_over_their_kurtosis():
    values = np.random.default_rng(6).lognormal(size=2000)
    found = EqualDesign(2000).spread(values).effective
    assert found == pytest.approx(2000 / stats.kurtosis(values, fisher=False))
    assert EqualDesign(2000).spread(np.arange(2000) < 7.0).effective == pytest.approx(7, rel=0.01)
    assert EqualDesign(20).spread(np.ones(20)).effective == math.inf


@pytest.mark.parametrize("kind", ["equal", "weighted"])
def test_design__a_band_holds_the_intervals_of_its_quantile(kind):
    design = EqualDesign(3000) if kind == "equal" else weighted(3000, 0.05)[0]
    values = np.random.default_rng(6).lognormal(size=3000)
    band = design.quantile_band(values, LEVEL, stats.norm.ppf([0.9, 0.975, 0.99]))
    for k, confidence in enumerate((0.8, 0.95, 0.98)):
        (found,) = design.quantiles(values, [Point(LEVEL)], confidence)
        assert (band.value, band.lower[k], band.upper[k]) == found
