"""Rare hazards sampled more often: restricted tables, components, weights, and the same bits however it is run."""

from __future__ import annotations

import json

import numba
import numpy as np
import pytest
import xarray as xr
from rarely import UNTIL_RARE, combined, strata, with_fire
from sampled import availability, outage, word

import jitrisk as jr
from jitrisk.arguments import parse_draws
from jitrisk.errors import ExogenousError, JitriskError, ResultError
from jitrisk.lower import lower_all
from jitrisk.run import engine
from jitrisk.run.backends import Threads
from jitrisk.sampling import HazardProcess, Sampler, build_constant, build_distribution, draw_kernels, quantile_tables
from jitrisk.sampling.rare import Mixture, build_mixture
from jitrisk.vocabulary import OCCURRENCES, OUTCOMES

WORDS = 2.0**32
SHARES = (0.19, 1e-3, 1e-6, 1e-9)
FAR = 2**40 - 3

SMOOTH = [
    build_distribution("exponential", mean=3650),
    build_distribution("weibull", scale=1000, shape=1.4),
    build_distribution("weibull", scale=1000, shape=0.6),
    build_distribution("weibull", mean=3000, shape=5),
    build_distribution("gamma", mean=3000, cv=0.5),
    build_distribution("lognormal", mean=5000, cv=0.5),
    build_distribution("lognormal", mean=5000, cv=3),
    build_distribution("uniform", low=0, high=3e5),
]


@numba.njit
def _look_up(packed, words, cells, row):
    draw_kernels.look_up(packed, 0, words, cells, row)


def drawn(distribution, share, words):
    """Values of a distribution restricted to the lowest share of its probability, for some words."""
    table = quantile_tables.compile_lower_part(distribution, share)
    words = np.asarray(words, np.uint32)
    if table.shape == draw_kernels.CONSTANT:
        return np.full(len(words), table.lowest)
    row = np.empty(len(words), np.float32)
    _look_up(quantile_tables.pack([table]), words, np.empty(len(words), np.int64), row)
    return row.astype(np.float64)


def many_words():
    tails = np.floor(np.geomspace(1e-9, 0.5, 400) * WORDS)
    return np.unique(np.concatenate([tails, WORDS - 1 - tails]))


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("distribution", SMOOTH, ids=str)
def test_compile_lower_part__a_restricted_table_gives_the_lowest_quantiles(distribution, share):
    words = many_words()
    expected = distribution.quantile(share * (words + 0.5) / WORDS)
    found = drawn(distribution, share, words)
    np.testing.assert_allclose(found, expected, rtol=3e-4)
    assert found.max() <= distribution.quantile(share) * (1 + 1e-6)


@pytest.mark.parametrize("share", SHARES)
def test_compile_lower_part__the_lowest_quantiles_of_a_gamma_law_with_a_pole_are_right_relative_to_the_largest(share):
    distribution, words = build_distribution("gamma", mean=3000, cv=2), many_words()
    expected = distribution.quantile(share * (words + 0.5) / WORDS)
    np.testing.assert_allclose(drawn(distribution, share, words), expected, rtol=0, atol=3e-4 * expected[-1])


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("distribution", SMOOTH, ids=str)
def test_compile_lower_part__however_small_the_share_is_values_are_as_many_as_words(distribution, share):
    words = np.random.default_rng(1).integers(0, 2**32, 100_000)
    # A float32 has 2^23 values an octave, so that some of so many agree.
    assert np.unique(drawn(distribution, share, words)).size > 95_000


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("mean", [50, 5000, 1e9, 1e12])
def test_compile_lower_part__a_restricted_geometric_law_has_the_right_steps(mean, share):
    distribution = build_distribution("geometric", mean=mean)
    words = np.random.default_rng(2).integers(0, 2**32, 20_000)
    found, expected = drawn(distribution, share, words), distribution.quantile(share * (words + 0.5) / WORDS)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1 if mean > 50 else 0)
    assert found.max() <= distribution.quantile(share) * (1 + 1e-6)
    assert abs(found.mean() - expected.mean()) <= 1e-3 * expected.mean()


@pytest.mark.parametrize(
    ("values", "weights", "share", "kept"),
    [
        ([90, 400], [0.01, 0.99], 0.01, {90: 1.0}),
        ([30, 90, 400], [1e-9, 3e-9, 1 - 4e-9], 4e-9, {30: 0.25, 90: 0.75}),
        ([30, 90.5, 150, 400], [0.01, 0.02, 0.05, 0.92], 0.08, {30: 1 / 8, 90.5: 2 / 8, 150: 5 / 8}),
    ],
)
def test_compile_lower_part__a_restricted_empirical_law_keeps_the_lowest_values(values, weights, share, kept):
    distribution = build_distribution("empirical", values=values, weights=weights)
    found = drawn(distribution, share, np.linspace(0, WORDS - 1, 100_001))
    for value, probability in kept.items():
        assert np.mean(found == value) == pytest.approx(probability, abs=3e-5)
    # The probability is found by bisection, so the next value may have the last word or two.
    assert np.mean(np.isin(found, list(kept))) >= 1 - 3e-5


def process_of(name, time_between, duration=None, ramp=0.0):
    return HazardProcess(name, time_between, duration or build_constant(20.0), ramp)


RARE = [
    build_distribution("exponential", mean=1e5),
    build_distribution("exponential", mean=1e9),
    build_distribution("weibull", scale=2000, shape=1.4),
    build_distribution("gamma", mean=3000, cv=0.7),
    build_distribution("lognormal", mean=5000, cv=0.9),
    build_distribution("uniform", low=100, high=9000),
    build_distribution("geometric", mean=40_000),
    build_distribution("empirical", values=[40, 90, 900], weights=[1e-4, 0.02, 0.9799]),
]


@pytest.mark.parametrize("distribution", RARE, ids=str)
@pytest.mark.parametrize("first", [0, FAR])
def test_build_mixture__all_paths_of_the_component_begin_within_the_horizon(distribution, first):
    effect = outage(distribution, build_constant(20.0))
    mixture = build_mixture([[effect.process]], 365)
    assert mixture is not None
    sampler = Sampler([availability(effect)], 3, mixture, (0, 365))
    state = sampler.begin(first, 600)
    sampler.fill(state, 0, np.empty((365, 1, 600), np.float32))
    of_fire = mixture.assign_components(range(first, first + 600)) == 1
    assert of_fire.sum() == 300
    assert (state.clocks.occurred[0, of_fire] >= 1).all()


@pytest.mark.parametrize("first", [0, 12_345, FAR, 2**62])
@pytest.mark.parametrize("distribution", RARE, ids=str)
def test_build_mixture__begins_and_weights_are_those_of_a_plain_twin(distribution, first):
    effects = [
        outage(distribution, build_constant(20.0)),
        outage(build_distribution("exponential", mean=4e4), build_constant(5.0), name="flood"),
    ]
    mixture = build_mixture([[effect.process for effect in effects]], 365)
    assert mixture is not None
    assert mixture.hazards == ("fire", "flood")
    sampler = Sampler([availability(*effects)], 9, mixture)
    paths = range(first, first + 40)
    weights = mixture.compute_weights(9, paths)
    for path, weight in zip(paths, weights, strict=True):
        # Even numbers are natural; of every four the second is of the first hazard and the fourth of the other.
        component = {0: 0, 1: 1, 2: 0, 3: 2}[path % 4]
        assert component == mixture.assign_components(range(path, path + 1))[0]
        density, begins = 0.5, {}
        for number, effect in enumerate(effects, start=1):
            name, p = effect.process.name, mixture.find_probability(effect.process.name)
            v = (word(9, f"hazard:{name}", path, 0) + 0.5) / WORDS
            u = p * v if component == number else v
            begins[name] = float(effect.process.time_between.quantile(u))
            density += 0.25 / p * (u < p)
        assert weight == pytest.approx(1 / density, rel=1e-12)
        found = {}
        for occurrence in sampler.list_occurrences(path, 365):
            found.setdefault(occurrence.hazard, occurrence.begin)
        for name, begin in begins.items():
            if begin < 364.9:
                assert found[name] == pytest.approx(begin, rel=3e-4, abs=1e-6)
            elif begin > 365.1:
                assert name not in found


@pytest.mark.parametrize("first", [0, FAR])
def test_build_mixture__what_is_applied_is_what_is_listed(first):
    effects = [
        outage(RARE[0], build_distribution("exponential", mean=9), ramp=7.0),
        outage(RARE[2], build_distribution("gamma", mean=9, cv=0.5), factor=0.25, name="flood"),
    ]
    mixture = build_mixture([[effect.process for effect in effects]], 200)
    sampler = Sampler([availability(*effects)], 5, mixture)
    out = np.empty((200, 1, 24), np.float32)
    sampler.fill(sampler.begin(first, 24), 0, out)
    edges = np.arange(201.0)
    for lane in range(24):
        left = np.ones(200)
        for occurrence in sampler.list_occurrences(first + lane, 200):
            covered = np.clip(edges, occurrence.begin, occurrence.end) - occurrence.begin
            ramp = occurrence.recovered - occurrence.end
            if ramp:
                gone = np.clip(edges - occurrence.end, 0, ramp)
                covered = covered + gone - gone**2 / (2 * ramp)
            left *= 1 - np.diff(covered) * (1 - occurrence.hits[0][2])
        np.testing.assert_allclose(out[:, 0, lane], left, atol=2e-4)


def test_rare__any_seed_has_weights():
    # A key of a stream may fill all 64 bits or not.
    mixture = Mixture(("fire",), (0.19,))
    for seed in (*range(20), 2**63 - 1):
        expected = [word(seed, "hazard:fire", path, 0) < 0.19 * WORDS for path in range(0, 40, 2)]
        assert (mixture.compute_weights(seed, range(40))[::2] < 1).tolist() == expected


def test_rare__the_pattern_of_components_is_periodic_and_keeps_the_shares():
    mixture = Mixture(("a", "b", "c"), (0.1, 0.01, 0.001))
    assert mixture.period == 6
    np.testing.assert_allclose(mixture.shares, [1 / 2, 1 / 6, 1 / 6, 1 / 6])
    first = mixture.assign_components(range(12))
    assert first.tolist() == [0, 1, 0, 2, 0, 3] * 2
    for start in (5, 6 * 10**9 + 2, 2**62 + 1):
        found = mixture.assign_components(range(start, start + 12))
        np.testing.assert_array_equal(found, np.roll(first, -(start % 6)))


@pytest.mark.parametrize("p", [0.19, 1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("hazards", [1, 2, 3])
def test_weights__are_one_on_average_and_never_above_two(p, hazards):
    names = ("fire", "flood", "strike")[:hazards]
    mixture = Mixture(names, tuple(p / (k + 1) for k in range(hazards)))
    paths = range(7, 7 + 60_000)
    weights, components = mixture.compute_weights(4, paths), mixture.assign_components(paths)
    assert weights.max() <= 2
    assert weights.min() > 0
    parts = [weights[components == k] for k in range(hazards + 1)]
    mean = sum(a * part.mean() for a, part in zip(mixture.shares, parts, strict=True))
    variance = sum(a**2 * part.var(ddof=1) / part.size for a, part in zip(mixture.shares, parts, strict=True))
    # A share of p in the natural paths is seen or not: its error cannot be told from a sample without it.
    assert abs(mean - 1) < 4 * np.sqrt(variance) + 2 * p


def shop(**hazards):
    """A cheap model of 100 days with some hazards."""
    return {
        "name": "Shop",
        "period": "1 d",
        "horizon": "100 d",
        "stages": {
            "press": {"capacity": "40 / d", "order_cost": 1, "policy": {"base_stock": {"level": 30}}},
            "paint": {"inputs": {"press": 1}, "capacity": "40 / d", "policy": {"base_stock": {"level": 30}}},
        },
        "customers": {"shop": {"stage": "paint", "demand": {"poisson": {"mean": 10}}, "unmet": "lost", "lost_cost": 9}},
        "hazards": hazards,
    }


def hazard(rate="1 / 100 years", **more):
    return {"rate": rate, "duration": "20 d", "hits": {"press": {"capacity": 0}}} | more


THREE = shop(
    fire=hazard(),
    flood=hazard("1 / 20 years", ramp="15 d", hits={"press": {"capacity": 0.5}, "paint": {"capacity": 0}}),
    boom=hazard("1 / 1000 years", chance=0.5, hits={"shop": {"demand": 3}, "paint": {"capacity": 0.2, "chance": 0.3}}),
    flu=hazard("1 / 30 d", duration="2 d", hits={"paint": {"capacity": 0.5}}),
)
RATES = {"fire": 1 / 36_500, "flood": 1 / 7300, "boom": 1 / 365_000}


@pytest.fixture(scope="module")
def three():
    return jr.simulate(THREE, 12_000, seed=6, rare=True)


def test_rare__a_rare_run_says_its_hazards_their_probabilities_and_shares(three):
    rows = json.loads(three.attrs["rare"])
    assert [row["hazard"] for row in rows] == sorted(RATES)
    for row in rows:
        assert row["probability"] == pytest.approx(-np.expm1(-100 * RATES[row["hazard"]]), rel=1e-9)
        assert row["share"] == pytest.approx(1 / 6)
    weight, component, shares = strata(three)
    np.testing.assert_allclose(shares, [1 / 2, 1 / 6, 1 / 6, 1 / 6])
    assert np.bincount(component).tolist() == [6000, 2000, 2000, 2000]
    assert weight.max() <= 2
    mean, error = combined(three, np.ones(12_000))
    assert abs(mean - 1) < 4 * error


@pytest.mark.parametrize("name", sorted(RATES))
def test_rare__every_hazard_occurs_with_its_probability(three, name):
    seen = three["occurrences"].isel(strategy=0).sel(hazard=name).values
    mean, error = combined(three, seen > 0)
    truth = -np.expm1(-100 * RATES[name])
    assert abs(mean - truth) < 4 * error
    assert error < 0.05 * truth
    assert (seen[three["component"].values == 1 + sorted(RATES).index(name)] > 0).all()


def test_simulate__a_frequent_hazard_is_left_as_it_is(three):
    mean, error = combined(three, three["occurrences"].isel(strategy=0).sel(hazard="flu").values)
    # Paths of 100 days with an outage of 2 days a month.
    natural = jr.simulate(THREE, 12_000, seed=7)["occurrences"].isel(strategy=0).sel(hazard="flu")
    assert abs(mean - natural.mean()) < 4 * np.hypot(error, natural.std() / np.sqrt(12_000))


def test_sample__natural_paths_of_a_rare_run_are_those_of_an_ordinary_one_bit_by_bit(three):
    ordinary = jr.simulate(THREE, 12_000, seed=6)
    natural = np.flatnonzero(three["component"].values == 0)
    for name in (*OUTCOMES, "occurrences"):
        np.testing.assert_array_equal(three[name].isel(path=natural), ordinary[name].isel(path=natural), err_msg=name)
    # Luck of others, such as demand, is that of the path in every component.
    calm = jr.sample(shop(), 50, seed=6)["demand"]
    fire = jr.sample(shop(fire=hazard()), 50, seed=6, rare=True)["demand"]
    np.testing.assert_array_equal(calm, fire)


def test_simulate__without_rare_no_bit_knows_of_the_mixture():
    run = jr.simulate(THREE, 40, seed=6)
    assert not {"weight", "component"} & set(run.coords)
    assert "rare" not in run.attrs


def patched(*rates):
    """The shop with a fire of another rate under each strategy."""
    return shop(fire=hazard()) | {
        "strategies": {f"s{k}": {"hazards": {"fire": {"rate": r}}} for k, r in enumerate(rates)}
    }


def test_simulate__strategies_with_other_rates_have_each_the_right_probability():
    rates = ("1 / 100 years", "1 / 4 years", "1 / 3000 years")
    run = jr.simulate(patched(*rates), 20_000, seed=2, rare=True)
    days = np.array([100, 4, 3000]) * 365.0
    (row,) = json.loads(run.attrs["rare"])
    assert row["probability"] == pytest.approx(-np.expm1(-100 / days.min()), rel=1e-9)
    for s, truth in enumerate(-np.expm1(-100 / days)):
        mean, error = combined(run, run["occurrences"].isel(strategy=s).sel(hazard="fire").values > 0)
        assert abs(mean - truth) < 4 * error
    evidence = run["evidence"].sel(hazard="fire") / run["expected_occurrences"].sel(hazard="fire")
    np.testing.assert_allclose(evidence, 0.5 + 0.5 / row["probability"])


def test_simulate__a_strategy_more_changes_the_components_and_not_the_natural_paths():
    alone = jr.simulate(patched("1 / 100 years", "1 / 4 years"), 60, strategies=["s0"], rare=True)
    both = jr.simulate(patched("1 / 100 years", "1 / 4 years"), 60, rare=True)
    natural = alone["component"].values == 0
    np.testing.assert_array_equal(alone["lost"][0, natural], both["lost"][0, natural])
    assert (alone["weight"] != both["weight"]).any()


def test_simulate__quiet_times_of_every_law_are_unbiased():
    distributions = {
        "a": {"weibull": {"mean": "6 years", "shape": 2}},
        "b": {"gamma": {"mean": "9 years", "cv": 0.8}},
        "c": {"lognormal": {"mean": "9 years", "cv": 1.5}},
        "d": {"geometric": {"mean": 5000}},
        "e": {"empirical": {"values": [20, 90, 700], "weights": [0.001, 0.01, 0.989]}},
        "f": {"uniform": {"low": 70, "high": 900}},
    }
    model = shop(
        **{
            name: {"time_between": distribution, "duration": "60 d", "hits": {"press": {"capacity": 0.9}}}
            for name, distribution in distributions.items()
        }
    )
    run = jr.simulate(model, 24_000, seed=1, rare=True)
    rows = json.loads(run.attrs["rare"])
    assert [row["hazard"] for row in rows] == list("abcdef")
    for row in rows:
        mean, error = combined(run, run["occurrences"].isel(strategy=0).sel(hazard=row["hazard"]).values > 0)
        assert abs(mean - row["probability"]) < 4 * error
        often, error = combined(run, run["occurrences"].isel(strategy=0).sel(hazard=row["hazard"]).values)
        assert abs(often - run["expected_occurrences"].sel(hazard=row["hazard"]).item()) < 4 * error


def rare_names(hazards, periods=100):
    found = build_mixture([hazards], periods)
    return found.hazards if found else ()


def test_build_mixture__only_what_is_rare_is_sampled_more_often():
    exponential = {p: build_distribution("exponential", mean=-100 / np.log1p(-p)) for p in (0.199, 0.201)}
    assert rare_names([process_of("a", exponential[0.199]), process_of("b", exponential[0.201])]) == ("a",)
    assert rare_names([process_of("certain", build_constant(99)), process_of("never", build_constant(100))]) == ()
    assert rare_names([process_of("never", build_distribution("uniform", low=100, high=9e9))]) == ()
    assert rare_names([process_of("never", build_distribution("lognormal", mean=5000, cv=0.05))]) == ()
    assert rare_names(
        [process_of("b", exponential[0.199]), process_of("a", build_distribution("exponential", mean=1e6))]
    ) == (
        "a",
        "b",
    )


def test_simulate__without_a_rare_hazard_rare_warns_and_every_path_is_natural():
    often = shop(flu=hazard("1 / 30 d"), never=hazard(rate=None) | {"time_between": "200 d"})
    often["hazards"]["never"].pop("rate")
    with pytest.warns(UserWarning, match="no hazard is rare"):
        run = jr.simulate(often, 30, rare=True)
    xr.testing.assert_identical(run, jr.simulate(often, 30))


def job_of(model, paths, seed=6):
    network = jr.load(model)
    draws = parse_draws(network, network.strategies.values(), paths, seed, rare=True)
    return draws.build_job(lower_all(network.strategies))


@pytest.mark.parametrize(("threads", "lanes"), [(1, None), (2, None), (1, 7), (2, 64)])
def test_run__threads_and_blocks_change_no_bit(threads, lanes):
    job = job_of(THREE, range(1000, 1400))
    one, other = engine.run(job, Threads(1), lanes=400), engine.run(job, Threads(threads), lanes=lanes)
    for dim in one:
        np.testing.assert_array_equal(one[dim], other[dim])
    np.testing.assert_array_equal(one.occurrences, other.occurrences)


@pytest.mark.parametrize("start", [0, 5, FAR])
def test_simulate__a_range_of_paths_is_part_of_a_longer_one(start):
    long = jr.simulate(THREE, range(start, start + 60), seed=6, rare=True)
    part = jr.simulate(THREE, range(start + 13, start + 37), seed=6, rare=True)
    xr.testing.assert_equal(part.drop_vars("path"), long.isel(path=slice(13, 37)).drop_vars("path"))


def assert_replays(replay, run):
    kept = run.sel(strategy=replay["strategy"].item(), path=replay["path"].item())
    for name in OUTCOMES:
        np.testing.assert_array_equal(replay[f"path_{name}"], kept[name], err_msg=name, strict=True)


def test_replay__any_path_can_be_replayed(three):
    for path in (0, 1, 3, 5, 6, 11_999):
        replay = jr.replay(three, "base", path)
        assert_replays(replay, three)
        assert_replays(jr.replay(THREE, "base", path, seed=6, rare=True), three)
        hazards = three["occurrences"].isel(strategy=0).sel(path=path)
        for name in RATES:
            assert (replay["hazard"].values == name).sum() == hazards.sel(hazard=name)


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
@pytest.mark.parametrize("choice", [{"worst": "cost"}, {"quantile": 0.99, "metric": "cost"}, {"path": 103}])
def test_replay__the_same_path_is_found_in_a_result_a_file_and_a_model(tmp_path, suffix, choice):
    paths = range(100, 400)
    run = jr.simulate(THREE, paths, seed=8, rare=True)
    jr.save(run, tmp_path / f"run{suffix}")
    found = jr.replay(run, "base", **choice)
    assert_replays(found, run)
    xr.testing.assert_identical(jr.replay(tmp_path / f"run{suffix}", "base", **choice), found)
    searched = {} if "path" in choice else {"paths": paths}
    again = jr.replay(THREE, "base", **choice, **searched, seed=8, rare=True)
    assert again["path"] == found["path"]
    assert_replays(again, run)


def test_replay__the_path_at_a_quantile_is_one_by_weight(three):
    cost = three.risk.metrics()["cost"].values[0]
    weight, component, shares = strata(three)
    scaled = weight * (shares / np.bincount(component))[component]
    order = np.argsort(cost)
    for q in (0.5, 0.95, 0.999):
        at = cost[order][np.searchsorted(np.cumsum(scaled[order]), q * scaled.sum())]
        replay = jr.replay(three, "base", quantile=q, metric="cost").sel(metric="cost")
        assert replay["metric_value"].item() == at
        assert replay["metric_worse_probability"].item() == pytest.approx(scaled[cost > at].sum() / scaled.sum())


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_describe__weights_components_and_occurrences_are_kept_in_files(tmp_path, three, suffix):
    jr.save(three, tmp_path / f"run{suffix}")
    back = jr.open(tmp_path / f"run{suffix}")
    xr.testing.assert_identical(back, three)
    np.testing.assert_array_equal(np.atleast_1d(back["component"].attrs["shares"]), strata(three)[2])
    for name in ("weight", "component", *OCCURRENCES):
        assert back[name].dtype == three[name].dtype
    xr.testing.assert_identical(back.risk.describe(), three.risk.describe())


def test_describe__sampled_paths_carry_their_weights_and_hand_them_on(three):
    paths = jr.sample(THREE, 200, seed=6, rare=True)
    for name in ("weight", "component"):
        xr.testing.assert_identical(paths[name].drop_vars("path"), three[name].isel(path=slice(200)).drop_vars("path"))
    run = jr.simulate(THREE, seed=6, exogenous=paths)
    kept = three.isel(path=slice(200))
    for name in OUTCOMES:
        np.testing.assert_array_equal(run[name], kept[name], err_msg=name)
    np.testing.assert_array_equal(run["weight"], kept["weight"])
    assert run.attrs["rare"] == three.attrs["rare"]
    assert run["component"].attrs["shares"] == three["component"].attrs["shares"]
    np.testing.assert_array_equal(
        run.risk.describe()["cost"].sel(statistic="mean"), kept.risk.describe()["cost"].sel(statistic="mean")
    )
    # What was handed in says nothing of its hazards, so nothing limits the intervals.
    assert run["evidence"].isnull().all()


def test_simulate__what_is_drawn_beside_weighted_paths_needs_their_seed():
    paths = jr.sample(THREE, 60, seed=6, rare=True)
    part = paths[["demand"]]
    whole = jr.simulate(THREE, 60, seed=6, rare=True)
    run = jr.simulate(THREE, seed=6, exogenous=part)
    for name in OUTCOMES:
        np.testing.assert_array_equal(run[name], whole[name], err_msg=name)
    np.testing.assert_array_equal(run["weight"], whole["weight"])
    with pytest.raises(ExogenousError, match="use the seed with which they were sampled"):
        jr.simulate(THREE, seed=7, exogenous=part)


def test_simulate__weighted_paths_numbered_anew_are_refused_where_more_is_drawn():
    paths = jr.sample(THREE, range(1, 61), seed=6, rare=True).drop_vars("path")
    jr.simulate(THREE, seed=6, exogenous=paths)
    with pytest.raises(ExogenousError, match="were numbered anew"):
        jr.simulate(THREE, seed=6, exogenous=paths[["demand"]])


def test_replay__a_weighted_run_with_natural_paths_handed_in_is_replayed_with_its_own_mixture():
    demand = jr.sample(THREE, 60, seed=6)[["demand"]]
    run = jr.simulate(THREE, seed=6, exogenous=demand, rare=True)
    replay = jr.replay(run, "base", worst="cost", exogenous=demand)
    for name in OUTCOMES:
        kept = run[name].sel(strategy="base", path=replay["path"].item())
        np.testing.assert_array_equal(replay[f"path_{name}"], kept, err_msg=name)


def test_sample__weighted_paths_are_not_weighted_again():
    paths = jr.sample(THREE, 12, seed=6, rare=True)
    with pytest.raises(ExogenousError, match="weighted already: leave rare out"):
        jr.simulate(THREE, seed=6, exogenous=paths, rare=True)


@pytest.mark.parametrize("name", ["weight", "component"])
def test_describe__lost_weights_are_refused(three, name):
    paths = jr.sample(THREE, 12, seed=6, rare=True)
    with pytest.raises(ExogenousError, match=f"have lost the coordinate {name}"):
        jr.simulate(THREE, seed=6, exogenous=paths.drop_vars(name))
    with pytest.raises(ResultError, match=f"have lost {name}"):
        three.drop_vars(name).risk.describe()
    with pytest.raises(ResultError, match="have lost weight and component"):
        three.drop_vars(["weight", "component"]).risk.compare()
    bare = three.assign_coords(component=("path", three["component"].values))
    with pytest.raises(ResultError, match="have lost the shares of components"):
        bare.risk.describe()


def test_describe__paths_that_lack_a_component_have_no_statistics(three):
    for paths in (slice(0, 12_000, 2), slice(1, 4), slice(0, 5)):
        with pytest.raises(ResultError, match="at least 6 consecutive paths"):
            three.isel(path=paths).risk.describe()
    assert three.isel(path=slice(3, 9)).risk.describe()["cost"].sel(statistic="mean").notnull().all()


def test_trace__a_trace_has_the_weights_of_its_paths():
    traced = jr.trace(THREE, 12, seed=6, rare=True)
    run = jr.simulate(THREE, 12, seed=6, rare=True)
    np.testing.assert_array_equal(traced["weight"], run["weight"])
    np.testing.assert_allclose(traced["lost"].sum("time"), run["lost"], rtol=1e-5)


def test_describe__statistics_agree_with_those_of_many_natural_paths():
    effects = shop(
        fire=hazard("1 / 3 years"),
        boom=hazard("1 / 2 years", chance=0.5, ramp="9 d", hits={"shop": {"demand": 3}, "paint": {"capacity": 0.2}}),
    )
    rare = jr.simulate(effects, 12_000, seed=1, rare=True).risk.describe(quantiles=[0.5, 0.9])
    natural = jr.simulate(effects, 40_000, seed=2).risk.describe(quantiles=[0.5, 0.9])
    for metric in ("cost", "downtime", "stockout", "fill_rate", "lost"):
        for statistic, error in (("mean", "standard_error"), ("cvar", "cvar_standard_error")):
            one, other = (
                (table[metric].sel(statistic=statistic).item(), table[metric].sel(statistic=error).item())
                for table in (rare, natural)
            )
            assert abs(one[0] - other[0]) < 4 * np.hypot(one[1], other[1])


def test_simulate__the_seed_of_a_sampler_is_that_of_the_weights():
    job = job_of(with_fire(UNTIL_RARE, rate="1 / 10 years"), range(2000))
    assert job.mixture is not None
    early = jr.simulate(json.loads(json.dumps(with_fire(UNTIL_RARE, rate="1 / 10 years"))), 2000, seed=6, rare=True)
    seen = early["occurrences"].values[0, :, 0] > 0
    # The weight is low exactly where the fire is seen.
    np.testing.assert_array_equal(early["weight"].values < 1, seen)
    np.testing.assert_array_equal(early["weight"].values, job.mixture.compute_weights(6, range(2000)))


def test_replay__rare_is_no_option_of_a_path_without_its_run():
    with pytest.raises(JitriskError, match="no path 7 among those handed in"):
        jr.replay(THREE, "base", 7, seed=6, exogenous=jr.sample(THREE, 6, seed=6, rare=True))


@pytest.mark.parametrize("rare", ["[]", "{}", "3", '[{"hazard": "fire"}]', '[{"hazard": "fire", "probability": 2}]'])
def test_replay__a_damaged_list_of_rare_hazards_is_refused(rare):
    run = jr.simulate(UNTIL_RARE, 20, rare=True).assign_attrs(rare=rare)
    with pytest.raises(ResultError, match=r"its attribute rare is .*, no list of rare hazards"):
        jr.replay(run, "base", 1)
