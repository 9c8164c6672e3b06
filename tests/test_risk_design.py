"""Averages over weighted paths against formulas written from their definition, and against the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from handmade import of_cost
from rarely import UNTIL_RARE, burning, combined, exact_mean_cost, strata
from scipy import stats

import jitrisk as jr
from jitrisk.errors import ResultError
from jitrisk.risk import exceedance, histogram
from jitrisk.risk.design import EqualDesign, Point, WeightedDesign, read_design
from jitrisk.risk.tails import compute_tail_risk
from jitrisk.risk.trace_quantiles import compute_trace_quantiles

SHARES = np.array([0.5, 0.2, 0.3])
STRUCK = 0.3  # no path below has the largest weight there is, so that all are struck


def drawn(paths=900, seed=1):
    """Values, weights and components, with as many paths of each component as come."""
    rng = np.random.default_rng(seed)
    component = rng.choice(3, paths, p=[0.4, 0.4, 0.2])
    weight = rng.uniform(0.01, 2, paths) * np.array([1, 0.5, 0.1])[component]
    return rng.lognormal(0, 1, paths) * (1 + 3 * component), weight, component


def by_hand(values, weight, component, shares):
    """Mean, standard error and degrees of freedom, component by component in plain loops.

    The mean is R = A / B with A = sum a_h mean_h(w x) and B = sum a_h mean_h(w); to first order it varies as
    sum a_h mean_h(w (x - R)) / B, whose variance is the sum of those of independent components.
    """
    a = sum(
        s * np.mean([w * x for w, x, c in zip(weight, values, component, strict=True) if c == h])
        for h, s in enumerate(shares)
    )
    b = sum(s * np.mean([w for w, c in zip(weight, component, strict=True) if c == h]) for h, s in enumerate(shares))
    mean, variances, sizes = a / b, [], []
    for h, share in enumerate(shares):
        scores = [w * (x - mean) / b for w, x, c in zip(weight, values, component, strict=True) if c == h]
        center = sum(scores) / len(scores)
        sample = sum((score - center) ** 2 for score in scores) / (len(scores) - 1)
        variances.append(share**2 * sample / len(scores))
        sizes.append(len(scores))
    variance = sum(variances)
    freedom = variance**2 / sum(v**2 / (n - 1) for v, n in zip(variances, sizes, strict=True))
    return mean, math.sqrt(variance), freedom


def shares_of_paths(weight, component, shares):
    """What every path counts for, in all 1."""
    scaled = np.array([w * shares[c] / np.sum(component == c) for w, c in zip(weight, component, strict=True)])
    return scaled / scaled.sum()


@pytest.mark.parametrize("paths", [30, 900])
def test_design__mean_error_and_freedom_are_those_of_the_definition(paths):
    values, weight, component = drawn(paths)
    spread = WeightedDesign(weight, component, SHARES, STRUCK).spread(values)
    mean, error, freedom = by_hand(values, weight, component, SHARES)
    assert spread.mean == pytest.approx(mean, rel=1e-12)
    assert spread.standard_error == pytest.approx(error, rel=1e-10)
    assert spread.freedom == pytest.approx(freedom, rel=1e-10)


def test_design__means_of_many_rows_are_those_of_each():
    values, weight, component = drawn()
    design = WeightedDesign(weight, component, SHARES, STRUCK)
    rows = np.stack([values, values**2, (values > 3).astype(float)])
    found = design.mean(rows)
    for row, mean in zip(rows, found, strict=True):
        assert mean == pytest.approx(by_hand(row, weight, component, SHARES)[0], rel=1e-12)


def test_design__deviation_is_that_of_the_weighted_law():
    values, weight, component = drawn()
    design = WeightedDesign(weight, component, SHARES, STRUCK)
    counts = shares_of_paths(weight, component, SHARES)
    mean = np.sum(counts * values)
    variance = np.sum(counts * (values - mean) ** 2)
    effective = 1 / np.sum(counts**2)
    assert design.effective == pytest.approx(effective, rel=1e-12)
    assert design.spread(values).deviation == pytest.approx(np.sqrt(variance * effective / (effective - 1)), rel=1e-10)


def test_design__skewness_is_the_third_moment_of_the_mean():
    # That of a sum of independent components' means: their third central moments add up.
    values, weight, component = drawn()
    mean, error, _ = by_hand(values, weight, component, SHARES)
    total = sum(s * weight[component == h].mean() for h, s in enumerate(SHARES))
    third = 0.0
    for h, share in enumerate(SHARES):
        scores = weight[component == h] * (values[component == h] - mean) / total
        third += share**3 * np.mean((scores - scores.mean()) ** 3) / scores.size**2
    found = WeightedDesign(weight, component, SHARES, STRUCK).spread(values).skewness
    assert found == pytest.approx(third / error**3, rel=1e-9)


def test_design__weighted_quantiles_are_the_least_values_that_reach_a_probability():
    values, weight, component = drawn()
    values = np.round(values, 1)  # with ties
    counts = shares_of_paths(weight, component, SHARES)
    design = WeightedDesign(weight, component, SHARES, STRUCK)
    for p in (0.01, 0.05, 0.5, 0.77, 0.95, 0.999):
        reached = [v for v in sorted(set(values)) if counts[values <= v].sum() >= p]
        (found,) = design.quantiles(values, [Point(p)], 0.95)
        assert found.value == reached[0]
        assert np.isnan(found.lower) or found.lower <= found.value <= found.upper
        mirrored = [v for v in sorted(set(values), reverse=True) if counts[values >= v].sum() >= p]
        (found,) = design.quantiles(values, [Point(p, low=True)], 0.95)
        assert found.value == mirrored[0]
        assert design.rank_values(values).quantile(p) == reached[0]


def test_design__weighted_shares_and_their_intervals():
    values, weight, component = drawn()
    counts = shares_of_paths(weight, component, SHARES)
    design = WeightedDesign(weight, component, SHARES, STRUCK)
    hits = values > 4
    found, lower, upper = design.estimate_share(hits, 0.95)
    share = counts[hits].sum()
    assert found == pytest.approx(share, rel=1e-12)
    effective = share * (1 - share) / np.sum(counts**2 * (hits - share) ** 2)
    k = share * effective
    assert lower == pytest.approx(stats.beta.ppf(0.025, k, effective - k + 1), rel=1e-8)
    assert upper == pytest.approx(stats.beta.ppf(0.975, k + 1, effective - k), rel=1e-8)
    assert design.estimate_share(np.zeros(900, bool), 0.95)[:2] == (0, 0)
    assert design.estimate_share(np.ones(900, bool), 0.95)[::2] == (1, 1)


@pytest.mark.parametrize("seed", range(5))
def test_design__a_share_of_all_paths_is_not_certain(seed):
    # The sum of all weights is 1 but for rounding, on either side of 1.
    values, weight, component = drawn(seed=seed)
    design = WeightedDesign(weight, component, SHARES, STRUCK)
    fewest = 0.025 ** (1 / design.effective)
    assert design.estimate_share(np.ones(values.size, bool), 0.95)[1] == pytest.approx(fewest, rel=1e-9)
    assert design.estimate_share(np.zeros(values.size, bool), 0.95)[2] == pytest.approx(1 - fewest, rel=1e-9)


@pytest.mark.parametrize("p", [0.15, 0.05])
def test_design__intervals_of_weighted_shares_cover_how_often_a_rare_hazard_strikes(p):
    # The weights of struck paths are estimated, and in no group do paths differ: the error is that of the weights.
    rng, runs, missed = np.random.default_rng(7), 400, np.zeros(4)
    component = np.arange(1000) % 2
    for _ in range(runs):
        u = rng.uniform(size=component.size)
        u[component == 1] *= p
        design = WeightedDesign(1 / (0.5 + 0.5 * (u < p) / p), component, np.array([0.5, 0.5]), p)
        _, lower, upper = design.estimate_share(u < p, 0.95)
        cost = np.where(u < p, 1 + u / p, 0.0)
        (found,) = design.quantiles(cost, [Point(1 - p / 2)], 0.95)
        missed += (lower > p, upper < p, found.lower > 1.5, found.upper < 1.5)
    assert (missed <= 0.05 * runs).all()


def test_design__values_beyond_a_share_lie_beyond_it():
    values, weight, component = drawn()
    counts = shares_of_paths(weight, component, SHARES)
    design = WeightedDesign(weight, component, SHARES, STRUCK)
    ranked = design.rank_values(values)
    for edge in (0.5, 2.0, 9.0):
        assert ranked.compute_share_below(edge) == pytest.approx(counts[values < edge].sum(), rel=1e-9)
    beyond = np.array([0.9, 0.3, 0.01])
    found, before = design.find_tail_steps(values, beyond)
    for share, value, previous in zip(beyond, found, before, strict=True):
        assert counts[values > value].sum() <= share < counts[values >= value].sum()
        assert previous == values[values < value].max()


def test_design__the_rarest_tail_holds_so_many_effective_paths():
    values, weight, component = drawn()
    counts = shares_of_paths(weight, component, SHARES)
    design = WeightedDesign(weight, component, SHARES, STRUCK)
    for low in (False, True):
        order = np.argsort(values if low else -values)
        tails = [counts[order[: k + 1]] for k in range(900)]
        enough = next(tail.sum() for tail in tails if tail.sum() ** 2 / np.sum(tail**2) >= 5)
        assert design.find_rarest_tail(values, 5, low) == pytest.approx(enough, rel=1e-9)


def test_exceedance__exceedance_of_weighted_paths_is_the_weighted_share_beyond():
    run = jr.simulate(burning("1 year"), 4000, seed=3, strategies=["a"], rare=True)
    curve = run.risk.exceedance().isel(strategy=0)
    cost = run.risk.metrics()["cost"].values[0]
    counts = shares_of_paths(*strata(run))
    known = curve.isel(point=np.flatnonzero(curve["value"].notnull().values))
    assert known.sizes["point"] > 10
    for value, p in zip(known["value"].values, known["probability"].values, strict=True):
        assert counts[cost > value].sum() <= p * (1 + 1e-9)
        assert counts[cost >= value].sum() >= p * (1 - 1e-9)


@pytest.fixture
def alike():
    values = np.random.default_rng(5).lognormal(0, 1, 700)
    return values, EqualDesign(700), WeightedDesign(np.ones(700), np.zeros(700, int), np.array([1.0]), 0.0)


def test_design__weights_of_1_change_no_mean_and_no_error(alike):
    values, equal, weighted = alike
    one, other = equal.spread(values), weighted.spread(values)
    for name, value in one._asdict().items():
        # The error of the deviation and the skewness may divide by n or n - 1.
        tolerance = 3e-3 if name in ("deviation_error", "skewness") else 1e-12
        assert getattr(other, name) == pytest.approx(value, rel=tolerance), name
    assert weighted.effective == pytest.approx(700)
    np.testing.assert_allclose(weighted.mean(values), equal.mean(values), rtol=1e-12)


def test_design__weights_of_1_change_no_quantile_and_no_interval_of_one(alike):
    values, equal, weighted = alike
    for confidence in (0.8, 0.95, 0.999):
        for low in (False, True):
            points = [Point(p, low) for p in (0.001, 0.01, 0.05, 0.25, 0.5, 0.9, 0.95, 0.99, 0.997, 0.9999)]
            one, other = (design.quantiles(values, points, confidence) for design in (equal, weighted))
            for point, a, b in zip(points, one, other, strict=True):
                np.testing.assert_array_equal(a, b, err_msg=f"{point} at {confidence}")


def test_compute_tail_risk__weights_of_1_change_no_share_and_no_tail(alike):
    values, equal, weighted = alike
    for hits in (values > 1, values > 5, values > 1e9, values > 0):
        np.testing.assert_allclose(weighted.estimate_share(hits, 0.95), equal.estimate_share(hits, 0.95), rtol=1e-9)
    np.testing.assert_allclose(
        weighted.rank_values(values).compute_share_below([0.5, 2]),
        equal.rank_values(values).compute_share_below([0.5, 2]),
        rtol=1e-12,
    )
    for low in (False, True):
        one, other = (compute_tail_risk(values, 0.9, low=low, design=design) for design in (equal, weighted))
        assert other.cvar == pytest.approx(one.cvar, rel=1e-12)
        assert (other.var, other.var_lower, other.var_upper) == (one.var, one.var_lower, one.var_upper)
        assert other.cvar_standard_error == pytest.approx(one.cvar_standard_error, rel=2e-3)
        assert other.cvar_upper == pytest.approx(one.cvar_upper, rel=1e-2)


def test_design__constants_are_exact():
    _, weight, component = drawn()
    design = WeightedDesign(weight, component, SHARES, STRUCK)
    for value in (0.1, 365.0, -1e9):
        spread = design.spread(np.full(900, value))
        assert (spread.mean, spread.standard_error, spread.deviation) == (value, 0, 0)
        (found,) = design.quantiles(np.full(900, value), [Point(0.5)], 0.95)
        assert found == (value, value, value)
        assert design.excess(np.full(900, value), value, 0.95, low=False).mean == 0


def test_design__too_few_paths_of_a_component_have_no_error():
    design = WeightedDesign(np.ones(4), np.array([0, 1, 0, 2]), SHARES, STRUCK)
    spread = design.spread(np.arange(4.0))
    assert np.isfinite(spread.mean)
    assert math.isnan(spread.standard_error)


def test_design__a_component_that_is_absent_is_named():
    with pytest.raises(ResultError, match=r"lack 2 of 3 components, .* at least 4 consecutive paths"):
        WeightedDesign(np.ones(3), np.zeros(3, int), SHARES, STRUCK)
    with pytest.raises(ResultError, match="at least 4 consecutive paths"):
        WeightedDesign(np.ones(9), np.arange(9) % 3, SHARES, STRUCK).select_paths(0, 2)


def test_design__a_part_of_the_paths_is_a_design_of_its_own():
    values, weight, component = drawn()
    part = WeightedDesign(weight, component, SHARES, STRUCK).select_paths(100, 400)
    assert (part.paths, part.period) == (300, 4)
    found = by_hand(values[100:400], weight[100:400], component[100:400], SHARES)[0]
    assert part.spread(values[100:400]).mean == pytest.approx(found, rel=1e-12)


def test_design__intervals_of_weighted_means_cover_the_truth():
    # A mixture with the balance heuristic: paths of component 1 have u below p, which costs 1 / p on average.
    rng, p, covered, runs = np.random.default_rng(8), 1e-3, 0, 600
    component = np.arange(400) % 2
    for _ in range(runs):
        u = rng.random(400) * np.where(component == 1, p, 1)
        weight = 1 / (0.5 + 0.5 / p * (u < p))
        cost = np.where(u < p, rng.exponential(size=400) / p, 0.0)
        spread = WeightedDesign(weight, component, np.array([0.5, 0.5]), p).spread(cost)
        reach = stats.t.ppf(0.975, spread.freedom)
        covered += abs(spread.mean - 1) < reach * spread.standard_error
    assert abs(covered / runs - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)


@pytest.fixture(scope="module")
def until_rare():
    return jr.simulate(UNTIL_RARE, 10_000, seed=5, rare=True)


def test_describe__a_mean_that_plain_sampling_cannot_know_is_exact(until_rare):
    table = until_rare.risk.describe()["cost"].isel(strategy=0)
    mean, error, lower, upper = (table.sel(statistic=s).item() for s in ("mean", "standard_error", "lower", "upper"))
    truth = exact_mean_cost()
    assert abs(mean - truth) < 4 * error
    assert error < 0.005 * truth
    assert lower < mean < upper
    assert mean == pytest.approx(908, abs=10)


def test_read_design__the_design_of_a_result_is_that_of_its_components(until_rare):
    cost = until_rare.risk.metrics()["cost"].values[0]
    mean, error, freedom = by_hand(cost, *strata(until_rare))
    design = read_design(until_rare)
    spread = design.spread(cost)
    assert spread.mean == pytest.approx(mean, rel=1e-12)
    # Natural paths err at least as much as the fires that are expected among them make them.
    assert error <= spread.standard_error < 1.05 * error
    assert spread.freedom == pytest.approx(freedom, rel=0.05)
    # Not normalized, it differs by the mean of the weights.
    assert mean == pytest.approx(combined(until_rare, cost)[0] / combined(until_rare, np.ones(10_000))[0], rel=1e-12)


@pytest.mark.parametrize("paths", [9_998, 9_999])
def test_describe__a_weighted_mean_of_xarray_differs_by_the_nominal_shares_alone(paths):
    # With whole periods every component has exactly its share of the paths, and both are sums of w x over sums of w;
    # with a path more of the natural component, xarray takes the shares that there are.
    run = jr.simulate(UNTIL_RARE, paths, seed=5, rare=True)
    stratified = run.risk.describe("lost")["lost"].sel(statistic="mean").item()
    plain = run["lost"].weighted(run["weight"]).mean("path").item()
    assert (plain == pytest.approx(stratified, rel=1e-12)) == (paths % 2 == 0)
    assert plain == pytest.approx(stratified, rel=2 / paths)


def test_histogram__shares_of_a_histogram_add_up_to_1(until_rare):
    bins = histogram(until_rare.risk.metrics())
    total = bins["share"].sum("bin") + bins["below"] + bins["above"]
    np.testing.assert_allclose(total, 1, rtol=1e-9)
    # Nothing is 0; all but the share that burns costs 365.
    at = int(np.flatnonzero((bins["left"] <= 365) & (bins["right"] > 365))[0])
    assert 1 - bins["share"].isel(strategy=0, bin=at).item() == pytest.approx(1e-4, rel=0.1)


def test_exceedance__a_weighted_exceedance_curve_reaches_where_natural_paths_do_not(until_rare):
    curve = exceedance(until_rare.risk.metrics(), years=[100, 20_000, 100_000]).isel(strategy=0)
    assert curve["value"].values[0] == 365
    # A fire that begins within the first 305 days burns for 60: 5.9 M; one in 20,000 years is among those.
    assert curve["value"].sel(point=1).item() == pytest.approx(5.9e6, rel=0.01)
    natural = exceedance(jr.simulate(UNTIL_RARE, 10_000, seed=5).risk.metrics(), years=[100, 20_000, 100_000])
    assert natural.sizes["point"] == 1


def test_read_design__equal_paths_are_those_without_weights():
    assert isinstance(read_design(of_cost(np.arange(5.0))), EqualDesign)
    assert isinstance(read_design(xr.Dataset()), EqualDesign)


def test_dominance__histograms_fans_and_first_order_dominance_take_weights(until_rare):
    shares = shares_of_paths(*strata(until_rare))
    cost = until_rare.risk.metrics()["cost"].values[0]
    bins = histogram(until_rare.risk.metrics(), "cost", 5).isel(strategy=0)
    for left, right, share in zip(
        bins["left"].values[:-1], bins["right"].values[:-1], bins["share"].values, strict=False
    ):
        assert share == pytest.approx(shares[(cost >= left) & (cost < right)].sum(), abs=1e-12)
    assert float(bins["share"].sum() + bins["above"] + bins["below"]) == pytest.approx(1)
    trace = jr.trace(UNTIL_RARE, 100, seed=5, rare=True)
    fan = compute_trace_quantiles(trace, "on_hand", [0.25, 0.5]).sel(stage="press").isel(strategy=0)
    counts, stock = shares_of_paths(*strata(trace)), trace["on_hand"].sel(stage="press").values[0]
    for day in (0, 100, 364):
        reached = [v for v in sorted(set(stock[:, day])) if counts[stock[:, day] <= v].sum() >= 0.25 * (1 - 1e-12)]
        assert fan.sel(quantile=0.25).values[day] == reached[0]
    both = jr.simulate(
        burning("1 year") | {"strategies": {"a": {}, "b": {"customers": {"shop": {"lost_cost": 900}}}}},
        2000,
        seed=1,
        rare=True,
    )
    found = both.risk.dominance()
    assert found["first"].sel(strategy="b", other="a").item() != "violated"
    counts, (a, b) = shares_of_paths(*strata(both)), both.risk.metrics()["cost"].values
    thresholds = np.unique(np.concatenate([a, b]))
    largest = max(counts[a > t].sum() - counts[b > t].sum() for t in thresholds[:: max(1, thresholds.size // 400)])
    assert found["first_violation"].sel(strategy="a", other="b").item() >= largest - 1e-12


@pytest.mark.parametrize("weight", [np.nan, 0.0, -1.0, np.inf])
def test_describe__damaged_weights_are_refused(weight):
    run = jr.simulate(UNTIL_RARE, 20, rare=True)
    damaged = run.assign_coords(weight=run["weight"].where(run["path"] != 3, weight))
    with pytest.raises(ResultError, match="weight and component must be numbers"):
        damaged.risk.describe()
