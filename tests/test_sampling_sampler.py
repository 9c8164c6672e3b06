import concurrent.futures
from types import SimpleNamespace

import numpy as np
import pytest
import sampled
from sampled import ALWAYS, availability, draw, outage, sample, word
from scipy import stats
from test_sampling_kernels import KNOWN

from jitrisk.sampling import Effect, ExogenousSeries, HazardProcess, Sampler, build_constant, build_distribution

POISSON = build_distribution("poisson", mean=20)
UNIFORM = build_distribution("uniform", low=0, high=1)
PERIODS, PATHS = 1000, 1000

DRAWN = [
    (build_distribution("normal", mean=20, sd=4), stats.norm(20, 4)),
    (build_distribution("lognormal", mean=5, cv=3), stats.lognorm(np.sqrt(np.log(10)), scale=5 / np.sqrt(10))),
    (build_distribution("gamma", mean=6, cv=0.5), stats.gamma(4, scale=1.5)),
    (build_distribution("exponential", mean=7), stats.expon(scale=7)),
    (build_distribution("weibull", scale=3, shape=1.4), stats.weibull_min(1.4, scale=3)),
    (build_distribution("uniform", low=2, high=5), stats.uniform(2, 3)),
    (build_distribution("triangular", low=1, mode=2, high=6), stats.triang(0.2, 1, 5)),
]
COUNTED = [
    (POISSON, stats.poisson(20)),
    (build_distribution("poisson", mean=1e6), stats.poisson(1e6)),
    (build_distribution("negative_binomial", mean=20, cv=0.5), stats.nbinom(5, 0.2)),
    (build_distribution("binomial", n=50, p=0.3), stats.binom(50, 0.3)),
    (build_distribution("geometric", mean=50), stats.geom(0.02)),
    (build_distribution("empirical", values=[1, 2, 4, 8], weights=[4, 3, 2, 1]), None),
]


def million(distribution):
    return (
        sample([ExogenousSeries("demand", "dealer", distribution)], PERIODS, PATHS, seed=20)[:, 0]
        .ravel()
        .astype(np.float64)
    )


@pytest.mark.parametrize(("distribution", "other"), DRAWN, ids=[str(distribution) for distribution, _ in DRAWN])
def test_sampler__a_million_draws_fit_a_continuous_distribution(distribution, other):
    drawn = million(distribution)
    assert stats.kstest(drawn, other.cdf).pvalue > 1e-3
    assert abs(drawn.mean() - other.mean()) < 4 * other.std() / 1000


@pytest.mark.parametrize(("distribution", "other"), COUNTED, ids=[str(distribution) for distribution, _ in COUNTED])
def test_sampler__a_million_draws_fit_a_discrete_distribution(distribution, other):
    drawn = million(distribution)
    if other is None:
        values, expected = np.array([1, 2, 4, 8]), np.array([4e5, 3e5, 2e5, 1e5])
        found = np.array([(drawn == value).sum() for value in values])
    else:
        borders = np.unique(other.ppf(np.linspace(0, 1, 201)[1:-1]))
        expected = 1e6 * np.diff(other.cdf(borders), prepend=0, append=1)
        found = np.bincount(np.searchsorted(borders, drawn), minlength=len(expected))
    assert found.sum() == 1_000_000
    assert stats.chisquare(found, expected).pvalue > 1e-3


def test_sampler__draws_are_those_of_the_named_stream_at_the_path_and_number():
    distribution = build_distribution("geometric", mean=30)
    drawn = sample([ExogenousSeries("lead_time", "valve", distribution)], 10, 3, seed=5, first=(1 << 33) + 1)
    for number in range(10):
        for lane in range(3):
            expected = draw(distribution, 5, "lead_time:valve", (1 << 33) + 1 + lane, number)
            assert drawn[number, 0, lane] == expected


def test_sampler__streams_paths_and_consecutive_draws_are_uncorrelated():
    names = ["demand:a", "demand:b", "lead_time:a"]
    series = [
        ExogenousSeries(kind, stage_or_customer, UNIFORM)
        for kind, stage_or_customer in (name.split(":") for name in names)
    ]
    drawn = sample(series, 1000, 200, seed=3).astype(np.float64) - 0.5
    drawn[:, 2] = sample([ExogenousSeries("yield", "c", UNIFORM)], 1000, 200, seed=3)[:, 0] - 0.5
    one = drawn[:, 0]
    pairs = [(one, drawn[:, 1]), (one, drawn[:, 2]), (one[:, :-1], one[:, 1:])]
    pairs += [(one[:-lag], one[lag:]) for lag in (1, 2, 3, 4, 8)]
    for first, second in pairs:
        score = 12 * (first * second).sum() / np.sqrt(first.size)
        assert abs(score) < 4


def several():
    fire = HazardProcess(
        "fire", build_distribution("exponential", mean=6), build_distribution("lognormal", mean=2, cv=1), 1.5
    )
    flood = HazardProcess(
        "flood", build_distribution("weibull", mean=3, shape=0.8), build_distribution("exponential", mean=0.3), 0.0
    )
    both = (Effect(fire, 0.3, 0.7), Effect(flood, 0.0, 1.0))
    return [
        ExogenousSeries("demand", "dealer", POISSON, 3, (Effect(fire, 1.6, 0.5),)),
        ExogenousSeries("availability", "valve", ALWAYS, 1, both),
        ExogenousSeries("receiving", "valve", ALWAYS, 1, (Effect(fire, 0.0, 0.7),)),
        ExogenousSeries(
            "lead_time", "valve", build_distribution("gamma", mean=4, cv=0.5), 1, (Effect(flood, 2.0, 1.0),)
        ),
        ExogenousSeries("yield", "valve", build_distribution("normal", mean=0.95, sd=0.05), 1, both),
        ExogenousSeries("transit", "casting", ALWAYS, 1, (Effect(flood, 0.0, 1.0),)),
        ExogenousSeries("lead_time", "casting", build_distribution("empirical", values=[1, 2.5, 7])),
        ExogenousSeries("demand", "exporter", build_distribution("lognormal", mean=9, cv=1)),
    ]


def test_sampler__values_do_not_depend_on_tiles():
    whole = sample(several(), 100, 50, tile=100)
    for tile in (4, 12, 32, 64):
        np.testing.assert_array_equal(sample(several(), 100, 50, tile=tile), whole)


def test_sampler__values_do_not_depend_on_blocks_of_paths():
    whole = sample(several(), 80, 150)
    for first, paths in ((0, 1), (7, 3), (100, 50), (37, 113)):
        np.testing.assert_array_equal(sample(several(), 80, paths, first=first), whole[:, :, first : first + paths])


def test_sampler__values_do_not_depend_on_what_else_is_drawn_nor_on_its_order():
    series = several()
    whole = sample(series, 80, 40)
    for k, one in enumerate(series):
        np.testing.assert_array_equal(sample([one], 80, 40)[:, 0], whole[:, k])
    earlier = HazardProcess("earlier", UNIFORM, UNIFORM)
    more = [availability(Effect(earlier, 0.5), stage_or_customer="new"), *reversed(series)]
    np.testing.assert_array_equal(sample(more, 80, 40)[:, :0:-1], whole)


def test_sampler__threads_share_a_sampler():
    sampler = Sampler(several(), 1)

    def block(first):
        state, out = sampler.begin(first, 25), np.empty((60, 8, 25), np.float32)
        for start in range(0, 60, 20):
            sampler.fill(state, start, out[start : start + 20])
        return out

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = np.concatenate(list(pool.map(block, range(0, 200, 25))), axis=2)
    np.testing.assert_array_equal(found, sample(several(), 60, 200))


def test_sampler__a_seed_changes_every_draw():
    series = [ExogenousSeries("demand", "dealer", UNIFORM)]
    assert (sample(series, 50, 50, seed=1) != sample(series, 50, 50, seed=2)).all()


def test_sampler__series_that_differ_only_in_hazards_share_their_base_draws():
    effect = outage(build_distribution("exponential", mean=3), build_constant(1), factor=2.0)
    plain, with_hits = (
        ExogenousSeries("demand", "dealer", POISSON),
        ExogenousSeries("demand", "dealer", POISSON, 1, (effect,)),
    )
    drawn = sample([plain, with_hits], 40, 30)
    same = drawn[:, 0] == drawn[:, 1]
    assert 0.2 < same.mean() < 0.9
    np.testing.assert_array_equal(drawn[:, 1], sample([with_hits], 40, 30)[:, 0])


def test_sampler__demand_falls_in_every_so_many_periods():
    every = sample([ExogenousSeries("demand", "dealer", POISSON)], 40, 20)[:, 0]
    third = sample([ExogenousSeries("demand", "dealer", POISSON, 3)], 40, 20)[:, 0]
    np.testing.assert_array_equal(third[::3], every[:14])
    assert not third[np.arange(40) % 3 != 0].any()
    constantly = sample([ExogenousSeries("demand", "dealer", build_constant(6), 3)], 12, 2)[:, 0, 0]
    np.testing.assert_array_equal(constantly, [6, 0, 0, 6, 0, 0, 6, 0, 0, 6, 0, 0])


def test_sampler__lead_times_are_whole_periods_of_at_least_one():
    distribution = build_distribution("normal", mean=2, sd=2)
    whole = sample([ExogenousSeries("lead_time", "valve", distribution)], 100, 100, seed=4)[:, 0]
    exact = sample([ExogenousSeries("demand", "dealer", distribution)], 1, 1)
    assert exact.dtype == np.float32
    assert (whole == np.floor(whole)).all()
    assert whole.min() == 1
    above_three = 1 - stats.norm(2, 2).cdf(3)
    assert (whole > 3).mean() == pytest.approx(above_three, abs=4 * np.sqrt(above_three / 1e4))
    lengths = [build_constant(3), build_constant(3 + 1e-9), build_constant(2.2), build_constant(0.4)]
    found = sample(
        [ExogenousSeries("lead_time", f"s{k}", distribution) for k, distribution in enumerate(lengths)], 1, 1
    )
    np.testing.assert_array_equal(found[0, :, 0], [3, 3, 3, 1])


def test_sampler__what_cannot_be_negative_is_clipped():
    wild = build_distribution("normal", mean=1, sd=3)
    demand, good = np.moveaxis(
        sample([ExogenousSeries("demand", "d", wild), ExogenousSeries("yield", "s", wild)], 100, 100), 1, 0
    )
    assert demand.min() == 0
    assert demand.max() > 5
    assert (good.min(), good.max()) == (0, 1)
    for shape in (1e-3, 0.05, 0.5):
        distribution = build_distribution("gamma", shape=shape, scale=1)
        assert sample([ExogenousSeries("demand", "d", distribution)], 100, 100).min() >= 0
    assert (sample([ExogenousSeries("yield", "s", build_constant(1.5))], 4, 2) == 1).all()


def test_sampler__the_memory_of_a_state_is_known():
    sampler = Sampler(several(), 1)
    assert sampler.count_bytes(200) > 2 * 200 * 24
    assert sampler.count_bytes(400) < 2.1 * sampler.count_bytes(200)


def test_sampler__a_tile_that_does_not_follow_or_fit_is_refused():
    sampler = Sampler(several(), 1)
    state = sampler.begin(0, 5)
    sampler.fill(state, 0, np.empty((8, 8, 5), np.float32))
    with pytest.raises(ValueError, match="begins in period 4, but must begin in 8 or 0"):
        sampler.fill(state, 4, np.empty((8, 8, 5), np.float32))
    with pytest.raises(ValueError, match=r"series and lanes \(8, 6\), but must have \(8, 5\)"):
        sampler.fill(state, 8, np.empty((8, 8, 6), np.float32))


def test_sampler__a_state_starts_anew_in_period_0():
    sampler = Sampler(several(), 1)
    state, out = sampler.begin(0, 5), np.empty((2, 40, 8, 5), np.float32)
    for tile in out:
        sampler.fill(state, 0, tile)
    np.testing.assert_array_equal(out[0], out[1])


def test_sampler__nothing_to_draw_is_drawn():
    assert sample([], 8, 4).shape == (8, 0, 4)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_sampler__the_twin_draws_the_published_words(monkeypatch, counter, key, expected):
    digest = b"".join(half.to_bytes(4, "little") for half in key)
    hashed = SimpleNamespace(digest=lambda: digest)
    monkeypatch.setattr(sampled, "hashlib", SimpleNamespace(blake2b=lambda *_, **__: hashed))
    first, path = 4 * (counter[0] | counter[1] << 32), counter[2] | counter[3] << 32
    assert tuple(word(1, "demand:a", path, first + number) for number in range(4)) == expected
