import numpy as np
import pytest
from sampled import ALWAYS, availability, covered, outage, sample, walk, word
from scipy import stats

from jitrisk.sampling import Effect, ExogenousSeries, HazardProcess, build_constant, build_distribution

UNIFORM = build_distribution("uniform", low=0, high=1)
PROCESSES = [
    HazardProcess("long", build_distribution("uniform", low=0, high=20), build_distribution("uniform", low=0, high=30)),
    HazardProcess("whole", build_distribution("geometric", mean=5), build_distribution("geometric", mean=2)),
    HazardProcess(
        "short", build_distribution("uniform", low=0, high=1), build_distribution("uniform", low=0, high=0.5)
    ),
    HazardProcess(
        "tiny", build_distribution("uniform", low=0, high=0.1), build_distribution("uniform", low=0, high=0.1)
    ),
    HazardProcess(
        "ramped", build_distribution("uniform", low=0, high=6), build_distribution("uniform", low=0, high=2), 2.5
    ),
    HazardProcess(
        "steep", build_distribution("uniform", low=0, high=2), build_distribution("uniform", low=0, high=1), 0.25
    ),
    HazardProcess("instant", build_distribution("uniform", low=0, high=3), build_constant(0), 1.7),
    HazardProcess("clockwork", build_constant(2.75), build_constant(0.5), 0.5),
]


@pytest.mark.parametrize("process", PROCESSES, ids=[process.name for process in PROCESSES])
@pytest.mark.parametrize("chance", [1.0, 0.6])
def test_sampler__availability_is_what_a_walk_along_the_clock_gives(process, chance):
    found = sample([availability(Effect(process, 0.25, chance))], 40, 25, seed=9, tile=16)[:, 0]
    for path in range(25):
        expected = 1 - 0.75 * covered(process, 9, path, 40, "s", chance)
        np.testing.assert_allclose(found[:, path], expected, atol=2e-5)


@pytest.mark.parametrize("kind", ["receiving", "transit"])
@pytest.mark.parametrize("process", PROCESSES, ids=[process.name for process in PROCESSES])
def test_sampler__closed_is_closed_in_periods_whose_start_is_covered(process, kind):
    found = sample([ExogenousSeries(kind, "s", ALWAYS, 1, (Effect(process, 0.0),))], 40, 25, seed=9, tile=16)[:, 0]
    expected = np.ones((40, 25))
    for path in range(25):
        for _, begin, end in walk(process, 9, path, 40):
            expected[(np.arange(40) >= begin) & (np.arange(40) < end), path] = 0
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("time_between", "duration"),
    [
        (build_distribution("exponential", mean=20), build_distribution("exponential", mean=4)),
        (build_distribution("weibull", mean=12, shape=1.4), build_distribution("lognormal", mean=3, cv=1)),
        (build_distribution("gamma", mean=5, cv=0.5), build_constant(0.6)),
        (build_distribution("geometric", mean=50), build_distribution("geometric", mean=3)),
    ],
)
def test_build_distribution__the_long_run_availability_is_the_share_of_the_time_between(time_between, duration):
    paths = 400
    found = sample([availability(outage(time_between, duration))], 3000, paths, seed=6)[400:, 0].mean(
        axis=0, dtype=np.float64
    )
    expected = time_between.mean() / (time_between.mean() + duration.mean())
    assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(paths)


def test_build_distribution__the_number_of_exponential_spells_is_poisson():
    # So short that they hardly delay the next one, and of one length, so that availability counts them.
    effect = outage(build_distribution("exponential", mean=10), build_constant(1e-3))
    lost = 1 - sample([availability(effect)], 100, 4000, seed=2)[:, 0].astype(np.float64)
    counts = np.rint(lost.sum(axis=0) / 1e-3)
    borders = np.arange(4, 17)
    expected = 4000 * np.diff(stats.poisson(100 / 10.001).cdf(borders), prepend=0, append=1)
    assert stats.chisquare(np.bincount(np.searchsorted(borders, counts), minlength=14), expected).pvalue > 1e-3


def test_build_constant__it_starts_quiet():
    found = sample([availability(outage(build_constant(5), build_constant(3)))], 8, 3)[:, 0]
    np.testing.assert_array_equal(found[:, 0], [1, 1, 1, 1, 1, 0, 0, 0])


def test_build_constant__a_ramp_costs_half_its_length():
    # time_between 2.25, duration 1.5, ramp 2: from 3.75 on the loss falls from 1 to 0 at 5.75.
    found = sample([availability(outage(build_constant(2.25), build_constant(1.5), ramp=2.0))], 7, 1)[:, 0, 0].astype(
        np.float64
    )
    assert (1 - found).sum() == pytest.approx(1.5 + 1.0)
    lost_in_5 = 0.75**2 / 4
    np.testing.assert_allclose(found[[0, 1, 2, 5, 6]], [1, 1, 0.25, 1 - lost_in_5, 1], atol=1e-6)


def test_build_constant__effects_of_several_hazards_multiply():
    one = outage(build_constant(1.5), build_constant(10), factor=0.5, name="one")
    two = outage(build_constant(2.5), build_constant(10), factor=0.2, name="two")
    found = sample([availability(one, two)], 4, 1)[:, 0, 0]
    np.testing.assert_allclose(found, [1, 0.75, 0.5 * 0.6, 0.5 * 0.2], rtol=1e-6)


def test_sampler__a_coin_is_tossed_for_every_event_and_thing():
    process = HazardProcess("quake", build_distribution("geometric", mean=3), build_constant(1))
    series = [availability(Effect(process, 0.0, chance), stage_or_customer=f"s{chance}") for chance in (1.0, 0.3, 0.31)]
    down = sample(series, 400, 300, seed=8) == 0
    events, hits, others = down[:, 0].sum(), down[:, 1].sum(), down[:, 2].sum()
    assert not (down[:, 1:] & ~down[:, :1]).any()
    assert hits / events == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / events))
    together = (down[:, 1] & down[:, 2]).sum()
    assert together / events == pytest.approx(0.093, abs=4 * np.sqrt(0.093 / events))
    assert others > hits


def test_sampler__all_effects_on_one_thing_follow_one_coin():
    process = HazardProcess("quake", build_distribution("geometric", mean=3), build_constant(1))
    kinds = ("availability", "receiving", "transit")
    series = [ExogenousSeries(kind, "valve", ALWAYS, 1, (Effect(process, 0.0, 0.4),)) for kind in kinds]
    drawn = sample(series, 200, 100)
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 2])
    assert 0.05 < (drawn[:, 0] == 0).mean() < 0.2


def test_sampler__a_higher_chance_hits_all_that_a_lower_one_hits():
    process = HazardProcess("quake", build_distribution("geometric", mean=3), build_constant(1))
    chances = (0.2, 0.5, 0.2, 1.0, 0.5)
    down = sample([availability(Effect(process, 0.0, chance)) for chance in chances], 100, 100) == 0
    np.testing.assert_array_equal(down[:, 0], down[:, 2])
    np.testing.assert_array_equal(down[:, 1], down[:, 4])
    assert not (down[:, 0] & ~down[:, 1]).any()
    assert not (down[:, 1] & ~down[:, 3]).any()
    shares = down.mean(axis=(0, 2)) / down[:, 3].mean()
    np.testing.assert_allclose(shares, chances, atol=0.03)


def test_sampler__a_regional_event_hits_its_targets_in_the_same_periods():
    process = HazardProcess(
        "quake", build_distribution("exponential", mean=9), build_distribution("exponential", mean=2)
    )
    series = [availability(Effect(process, factor), stage_or_customer=f"s{factor}") for factor in (0.0, 0.5)]
    whole, half = np.moveaxis(sample(series, 200, 100), 1, 0)
    np.testing.assert_allclose(1 - whole, 2 * (1 - half), atol=1e-6)
    assert (whole < 1).mean() > 0.1


def test_build_distribution__a_patched_hazard_strikes_at_the_same_luck():
    short = outage(build_distribution("exponential", mean=9), build_constant(1))
    patched = outage(build_distribution("exponential", mean=9), build_constant(2))
    one, two = np.moveaxis(sample([availability(short), availability(patched)], 30, 200), 1, 0)
    first = [np.where((lane < 1).any(axis=0), (lane < 1).argmax(axis=0), -1) for lane in (one, two)]
    np.testing.assert_array_equal(*first)


def test_sampler__hazards_without_effect_change_nothing():
    base = sample([ExogenousSeries("demand", "d", UNIFORM)], 20, 20)
    for effect in (
        outage(build_constant(1), build_constant(1), factor=1.0),
        outage(build_constant(1), build_constant(1), chance=0.0),
    ):
        np.testing.assert_array_equal(sample([ExogenousSeries("demand", "d", UNIFORM, 1, (effect,))], 20, 20), base)


def test_sampler__a_demand_spike_keeps_whole_units_and_the_mean():
    distribution = build_distribution("poisson", mean=7)
    spike = outage(build_constant(10), build_constant(1e6), factor=1.37)
    plain, spiked = (
        sample([ExogenousSeries("demand", "d", distribution, 1, e)], 100, 2000)[:, 0] for e in ((), (spike,))
    )
    assert (spiked == np.floor(spiked)).all()
    np.testing.assert_array_equal(spiked[:10], plain[:10])
    raised = spiked[10:].astype(np.float64) - 1.37 * plain[10:]
    assert np.abs(raised).max() < 1
    assert abs(raised.mean()) < 4 * raised.std() / np.sqrt(raised.size)


def test_sampler__the_rounding_of_a_spike_has_its_own_stream():
    spike = outage(build_constant(0), build_constant(1e6), factor=1.5)
    found = sample([ExogenousSeries("demand", "d", build_constant(3), 2, (spike,))], 12, 5, seed=4)[::2, 0]
    for number in range(6):
        for path in range(5):
            up = word(4, "round:d", path, number) < 2**31
            assert found[number, path] == 4 + up


def test_sampler__a_demand_of_fractions_is_not_rounded():
    spike = outage(build_constant(0), build_constant(1e6), factor=1.5)
    distribution = build_distribution("lognormal", mean=3, cv=1)
    plain, spiked = (sample([ExogenousSeries("demand", "d", distribution, 1, e)], 20, 20) for e in ((), (spike,)))
    np.testing.assert_allclose(spiked, 1.5 * plain, rtol=1e-6)


def test_sampler__lead_times_are_rounded_up_after_hazards():
    jam = outage(build_constant(2), build_constant(1e6), factor=1.5)
    found = sample([ExogenousSeries("lead_time", "s", build_constant(2.2), 1, (jam,))], 4, 2)[:, 0, 0]
    np.testing.assert_array_equal(found, [3, 3, 4, 4])


def test_sampler__hazards_too_fast_to_be_hazards_are_refused_by_name():
    with pytest.raises(ValueError, match="hazard 'flicker' comes back after 0"):
        HazardProcess("flicker", build_constant(0), build_constant(0))
    with pytest.raises(ValueError, match="flicker"):
        HazardProcess(
            "flicker", build_distribution("exponential", mean=4e-4), build_distribution("exponential", mean=4e-4)
        )
    # A mean of one period, but nearly all of it in one of ten thousand cycles.
    rare = build_distribution("empirical", values=[1e-5, 1e4], weights=[0.9999, 0.0001])
    with pytest.raises(ValueError, match="flicker"):
        HazardProcess("flicker", rare, build_constant(0))
    with pytest.raises(ValueError, match="ramp"):
        HazardProcess("slope", build_constant(1), build_constant(1), -1.0)


def test_build_distribution__the_fastest_hazard_allowed_ends():
    effect = outage(build_distribution("exponential", mean=5e-4), build_distribution("exponential", mean=6e-4))
    found = sample([availability(effect)], 4, 3)
    np.testing.assert_allclose(found, 5 / 11, atol=0.08)
