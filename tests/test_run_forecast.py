"""What a run is expected to take: words, memory against what a result holds, time against a clock."""

import time

import pytest

import jitrisk as jr
from jitrisk.errors import JitriskError
from jitrisk.run.forecast import Forecast


@pytest.mark.parametrize(
    ("seconds", "needed", "paths", "strategies", "words"),
    [
        (130.4, 2_800_000_000, 2_000_000, 3, "about 2 min 10 s and 2.8 GB for 2,000,000 paths of 3 strategies"),
        (0.02, 900_000, 1, 1, "about 1 s and 900 kB for 1 path"),
        (59.4, 99_000_000, 500, 1, "about 59 s and 99 MB for 500 paths"),
        (59.8, 100_000_000, 500, 1, "about 1 min and 100 MB for 500 paths"),
        (3599, 1e9, 10**6, 2, "about 1 h and 1 GB for 1,000,000 paths of 2 strategies"),
        (7 * 3600 + 1530, 1e9, 10**6, 2, "about 7 h 26 min and 1 GB for 1,000,000 paths of 2 strategies"),
    ],
)
def test_forecast__a_forecast_reads_as_a_sentence(seconds, needed, paths, strategies, words):
    assert str(Forecast(paths, strategies, seconds, int(needed))) == words


@pytest.mark.parametrize("model", ["bicycles", "brake-valves", "clinic-supplies"])
def test_estimate__the_memory_is_what_the_outcomes_take(model):
    paths = 20_000
    outcomes = jr.simulate(model, 100)
    expected = outcomes.nbytes * paths / 100
    assert expected < jr.estimate(model, paths).bytes < 1.3 * expected + 50e6


def test_estimate__fewer_strategies_take_less():
    one, all_three = (jr.estimate("bicycles", 50_000, strategies=names) for names in (["jit"], None))
    assert (one.strategies, all_three.strategies) == (1, 3)
    assert one.bytes < all_three.bytes / 2


def test_estimate__the_time_is_of_the_right_size():
    paths = 60_000
    expected = jr.estimate("bicycles", paths).seconds
    begin = time.perf_counter()
    jr.simulate("bicycles", paths)
    took = time.perf_counter() - begin
    # On an idle machine within 30 %; a busy one may be anything for a moment.
    assert 0.2 < expected / took < 5


def test_estimate__a_look_ahead_takes_a_small_part_of_a_long_run():
    jr.simulate("bicycles", 100)
    begin = time.perf_counter()
    expected = jr.estimate("bicycles", 3_000_000).seconds
    assert time.perf_counter() - begin < 0.1 * expected + 1.0


def test_estimate__what_cannot_be_simulated_is_refused():
    with pytest.raises(JitriskError, match="paths is 0"):
        jr.estimate("bicycles", 0)
