"""How often hazards are expected to occur: closed forms, and what engine runs show."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import jitrisk as jr
from jitrisk.arguments import parse_draws
from jitrisk.lower import lower_all
from jitrisk.run import engine
from jitrisk.run.backends import Threads
from jitrisk.sampling import HazardProcess, build_constant, build_distribution
from jitrisk.sampling.renewal import compute_begin_probability, expect_occurrences

NOTHING = build_constant(0.0)


def exponential(rate):
    return build_distribution("exponential", mean=1 / rate)


def expected(time_between, duration, end, begin=0.0, ramp=0.0):
    return expect_occurrences(HazardProcess("fire", time_between, duration, ramp), float(begin), float(end))


def two_state(a, b, time):
    """Begins up to a time of a hazard that begins at rate a while it is off and ends at rate b while it is on.

    It is off with probability q(t), q' = -a q + b (1 - q), q(0) = 1, so q(t) = (b + a exp(-(a + b) t)) / (a + b); and
    the begins come at the rate a q(t), whose integral is the expected number.
    """
    both = a + b
    return a * b * time / both + (a / both) ** 2 * -np.expm1(-both * time)


@pytest.mark.parametrize(
    ("distribution", "other"),
    [
        (build_distribution("exponential", mean=3650), stats.expon(scale=3650)),
        (build_distribution("weibull", scale=1000, shape=1.4), stats.weibull_min(1.4, scale=1000)),
        (build_distribution("gamma", shape=0.5, scale=3000), stats.gamma(0.5, scale=3000)),
        (
            build_distribution("lognormal", mean=5000, cv=0.5),
            stats.lognorm(np.sqrt(np.log(1.25)), scale=5000 / 1.25**0.5),
        ),
        (build_distribution("uniform", low=300, high=900), stats.uniform(300, 600)),
    ],
    ids=lambda distribution: str(distribution) if hasattr(distribution, "family") else "",
)
def test_compute_begin_probability__the_probability_of_a_begin_is_that_of_the_distribution(distribution, other):
    for time in (50, 365, 3650):
        assert compute_begin_probability(distribution, time) == pytest.approx(other.cdf(time), rel=1e-9)


def test_compute_begin_probability__a_begin_at_the_end_is_none_before_it():
    atom = build_distribution("empirical", values=[90, 400], weights=[1, 9])
    assert compute_begin_probability(atom, 90) == 0
    assert compute_begin_probability(atom, 91) == pytest.approx(0.1)
    assert compute_begin_probability(build_constant(90), 90) == 0
    assert compute_begin_probability(build_constant(90), 91) == 1


@pytest.mark.parametrize(("rate", "time"), [(1e-8, 365), (0.01, 50), (0.3, 300), (0.3, 400), (2.0, 9)])
def test_expect_occurrences__exponential_quiet_times_alone_make_a_poisson_process(rate, time):
    assert expected(exponential(rate), NOTHING, time) == pytest.approx(rate * time, rel=1e-3)
    assert expected(exponential(rate), NOTHING, time, 0.3 * time) == pytest.approx(rate * 0.7 * time, rel=1e-3)


# The last two lie on either side of a hundred cycles, where the limit takes over.
@pytest.mark.parametrize(
    ("a", "b", "time"), [(1e-6, 0.1, 365), (0.01, 0.1, 50), (0.1, 1, 100), (2, 3, 7), (0.5, 0.5, 395), (0.5, 0.5, 405)]
)
def test_expect_occurrences__exponential_quiet_and_active_times_follow_the_two_state_process(a, b, time):
    time_between, duration = exponential(a), exponential(b)
    assert expected(time_between, duration, time) == pytest.approx(two_state(a, b, time), rel=3e-3)
    late = two_state(a, b, time) - two_state(a, b, 0.4 * time)
    assert expected(time_between, duration, time, 0.4 * time) == pytest.approx(late, rel=3e-3)


@pytest.mark.parametrize(("rate", "time"), [(0.01, 50), (0.1, 100), (1, 150)])
def test_expect_occurrences__quiet_times_of_two_exponential_parts_have_a_closed_form(rate, time):
    # Every other point of a Poisson process, of an odd number with probability (1 - exp(-2 t)) / 2.
    truth = rate * time / 2 + np.expm1(-2 * rate * time) / 4
    assert expected(build_distribution("gamma", shape=2, scale=1 / rate), NOTHING, time) == pytest.approx(
        truth, rel=1e-3
    )


@pytest.mark.parametrize(
    ("time_between", "duration", "ramp", "time"),
    [(90, 8, 30, 300), (90, 0, 0, 300), (10, 1, 0, 365), (90, 0, 0, 90), (90, 0, 0, 91), (365, 30, 0, 365)],
)
def test_expect_occurrences__constant_times_are_counted_and_the_end_is_left_out(time_between, duration, ramp, time):
    begins = [begin for k in range(100) if (begin := time_between + k * (time_between + duration + ramp)) < time]
    assert expected(build_constant(time_between), build_constant(duration), time, ramp=ramp) == pytest.approx(
        len(begins), rel=1e-9
    )


def test_expect_occurrences__rare_hazards_keep_a_small_relative_error():
    for rate in (1e-6, 1e-9, 1e-12):
        assert expected(exponential(rate), build_constant(60.0), 365) == pytest.approx(365 * rate, rel=1e-3)


LAWS = {
    "often": {"time_between": {"exponential": {"mean": "1 d"}}, "duration": "0.5 d"},
    "hourly": {"time_between": {"exponential": {"mean": "2 h"}}, "duration": "1 h"},
    "ramped": {"rate": "1 / 40 d", "duration": "3 d", "ramp": "10 d"},
    "aging": {
        "time_between": {"weibull": {"mean": "60 d", "shape": 2}},
        "duration": {"lognormal": {"mean": 5, "cv": 2}},
    },
    "early": {"time_between": {"weibull": {"mean": "60 d", "shape": 0.6}}, "duration": {"gamma": {"mean": 4, "cv": 1}}},
    "clustered": {"time_between": {"gamma": {"mean": "90 d", "cv": 1.5}}, "duration": {"exponential": {"mean": 6}}},
    "steady": {
        "time_between": {"lognormal": {"mean": "50 d", "cv": 0.3}},
        "duration": {"uniform": {"low": 1, "high": 9}},
    },
    "spread": {"time_between": {"uniform": {"low": 30, "high": 200}}, "duration": "2 d"},
    "whole": {"time_between": {"geometric": {"mean": 70}}, "duration": {"geometric": {"mean": 3}}},
    "seldom": {"rate": "1 / 30 years", "duration": "60 d"},
}
MODEL = {
    "name": "hazards of every kind",
    "period": "1 d",
    "horizon": "200 d",
    "stages": {"press": {"capacity": "40 / d", "policy": {"base_stock": {"level": 10}}}},
    "customers": {"shop": {"stage": "press", "demand": 10, "unmet": "lost"}},
    "hazards": {name: distribution | {"hits": {"press": {"capacity": 0.9}}} for name, distribution in LAWS.items()},
}


@pytest.mark.parametrize("warm_up", [0, 60])
def test_simulate__engine_runs_show_as_many_as_expected(warm_up):
    run = jr.simulate(MODEL | {"warm_up": warm_up}, 8000, seed=4)
    assert run["hazard"].values.tolist() == list(LAWS)
    seen = run["occurrences"].isel(strategy=0)
    error = seen.std("path", ddof=1) / np.sqrt(8000)
    away = (seen.mean("path") - run["expected_occurrences"].isel(strategy=0)) / error
    assert (np.abs(away) < 4).all(), dict(zip(LAWS, away.values.tolist(), strict=True))


def test_compute_begin_probability__what_cannot_begin_within_the_horizon_is_expected_0_times():
    for time_between in (build_constant(400), build_constant(200), build_distribution("uniform", low=200, high=800)):
        process = HazardProcess("fire", time_between, build_constant(60))
        assert compute_begin_probability(process.time_between, 200) == 0
        assert expect_occurrences(process, 0.0, 200.0) == 0


def test_replay__a_dataset_repeats_what_the_engine_counted():
    network = jr.load(MODEL | {"warm_up": 60})
    draws = parse_draws(network, network.strategies.values(), range(50, 90), 3)
    job = draws.build_job(lower_all(network.strategies))
    totals = engine.run(job, Threads(1))
    run = jr.simulate(network, range(50, 90), seed=3)
    for name, counts in zip((process.name for process in job.hazards), totals.occurrences, strict=True):
        np.testing.assert_array_equal(run["occurrences"].sel(strategy="base", hazard=name), counts)
    replay = jr.replay(run, "base", 77)
    for name in LAWS:
        begins = replay["begin"].values[replay["hazard"].values == name]
        assert (begins >= 60).sum() == run["occurrences"].sel(strategy="base", path=77, hazard=name)


def test_simulate__a_hazard_that_hits_nothing_drawn_is_not_expected():
    idle = {"rate": "1 / 10 d", "duration": "1 d", "chance": 0, "hits": {"press": {"capacity": 0}}}
    run = jr.simulate(MODEL | {"hazards": {"idle": idle}}, 20)
    assert run["expected_occurrences"].isnull().all()
    assert run["occurrences"].sum() == 0


CONTINUOUS = [
    SimpleNamespace(distribution=build_distribution("exponential", mean=7), other=stats.expon(scale=7)),
    SimpleNamespace(
        distribution=build_distribution("weibull", scale=30, shape=1.4), other=stats.weibull_min(1.4, scale=30)
    ),
    SimpleNamespace(
        distribution=build_distribution("weibull", scale=3, shape=0.3), other=stats.weibull_min(0.3, scale=3)
    ),
    SimpleNamespace(distribution=build_distribution("gamma", shape=0.5, scale=3), other=stats.gamma(0.5, scale=3)),
    SimpleNamespace(distribution=build_distribution("gamma", mean=6, cv=0.5), other=stats.gamma(4, scale=1.5)),
    SimpleNamespace(
        distribution=build_distribution("lognormal", mean=5, cv=3),
        other=stats.lognorm(np.sqrt(np.log(10)), scale=5 / np.sqrt(10)),
    ),
    SimpleNamespace(distribution=build_distribution("normal", mean=5, sd=2), other=stats.norm(5, 2)),
    SimpleNamespace(distribution=build_distribution("uniform", low=0, high=5), other=stats.uniform(0, 5)),
    SimpleNamespace(
        distribution=build_distribution("triangular", low=0, mode=2, high=6), other=stats.triang(1 / 3, 0, 6)
    ),
]


@pytest.mark.parametrize("one", CONTINUOUS, ids=[str(one.distribution) for one in CONTINUOUS])
def test_expect_occurrences__distribution_functions_are_those_of_scipy_down_to_tiny_probabilities(one):
    shares = np.concatenate([10.0 ** -np.arange(1, 16), [0.3, 0.5, 0.9, 0.999]])
    values = one.other.ppf(shares)
    np.testing.assert_allclose(one.distribution.cdf(values), one.other.cdf(values), rtol=1e-6)
    assert one.distribution.cdf(one.distribution.quantile(1e-12)) == pytest.approx(1e-12, rel=1e-6)


def test_build_distribution__distribution_functions_of_whole_numbers_jump_at_them():
    distribution, other = build_distribution("geometric", mean=1e12), stats.geom(1e-12)
    np.testing.assert_allclose(distribution.cdf([1, 2, 5.5, 1e6]), other.cdf([1, 2, 5, 1e6]), rtol=1e-6)
    distribution, other = build_distribution("geometric", mean=50), stats.geom(0.02)
    np.testing.assert_allclose(
        distribution.cdf([0, 0.9, 1, 1.5, 2, 40]), other.cdf([0, 0, 1, 1, 2, 40]), rtol=1e-9, atol=1e-20
    )


def test_build_distribution__distribution_functions_keep_the_shape_and_reach_0_and_1():
    distribution = build_distribution("uniform", low=2, high=5)
    assert distribution.cdf(3.5).shape == ()
    np.testing.assert_allclose(distribution.cdf([[0, 1.999], [5, 9]]), [[0, 0], [1, 1]], rtol=0)
    np.testing.assert_array_equal(build_constant(4).cdf([3.9, 4, 4.1]), [0, 1, 1])
    # So far out in the tail that no path will ever see it.
    assert build_distribution("lognormal", mean=3650, cv=0.1).cdf(365) == 0


@pytest.mark.parametrize(
    ("begin", "end", "count"),
    [(0, 365, 10), (311, 365, 1), (0, 36.5, 0), (36.5, 36.6, 1), (330, 340, 0), (0, 36_600, 1000)],
)
def test_expect_occurrences__what_is_as_regular_as_clockwork_is_counted_exactly(begin, end, count):
    # One at 36.5, then one every 36.6.
    process = HazardProcess("clock", build_constant(36.5), build_constant(0.1))
    begins = 36.5 + 36.6 * np.arange(2000)
    assert expect_occurrences(process, begin, end) == ((begins >= begin) & (begins < end)).sum()
    assert abs(expect_occurrences(process, begin, end) - count) <= 1
