"""What the project promises of its speed, each measured against a yardstick in the same run.

Ratios are medians of interleaved pairs in CPU time of one thread: the machine's own speed cancels out.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy_line import Line, simulate
from subjects import wide

import jitrisk as jr
from jitrisk.lower import lower
from jitrisk.vocabulary import OUTCOMES

LINE = Line()
PATHS = 400_000
YARDSTICK_PATHS = 16_384
ROUNDS = 5


def cpu(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def per_stage_period(seconds: float, paths: int, strategies: int = 1, stages: int = 3) -> float:
    """Nanoseconds of CPU time per stage-period."""
    return seconds / (paths * LINE.periods * stages * strategies) * 1e9


def yardstick() -> float:
    return per_stage_period(cpu(lambda: simulate(LINE, YARDSTICK_PATHS, seed=1)), YARDSTICK_PATHS)


def interleaved(call: Callable[[], float], other: Callable[[], float]) -> tuple[float, float, float]:
    """Medians of two figures measured in turn, and of the ratio of each pair, the second over the first."""
    pairs = [(call(), other()) for _ in range(ROUNDS)]
    ratio = statistics.median(b / a for a, b in pairs)
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs), ratio


def note(benchmark, **figures: float | str) -> None:
    """Keep the figures with the run, and show them."""
    benchmark.extra_info |= figures
    benchmark.pedantic(lambda: None, rounds=1)
    print(" ", *(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in figures.items()), flush=True)


def test_the_yardstick_simulates_the_same_line():
    """Same model, other code, other random numbers: means agree within five standard errors."""
    theirs = simulate(LINE, 40_960, seed=2)
    ours = jr.simulate(LINE.model(), paths=40_960, seed=2).isel(strategy=0)
    for name in ("started", "ordered", "orders", "starved", "broken", "shortage", "on_hand", "wip"):
        one, two = ours[name].values.T, theirs[name]
        error = np.sqrt(one.var(axis=1) / one.shape[1] + two.var(axis=1) / two.shape[1])
        assert (np.abs(one.mean(axis=1) - two.mean(axis=1)) <= 5 * error).all(), name
    for name, other in (("filled", "filled"), ("backlog", "mean_backlog"), ("peak_backlog", "peak_backlog")):
        one, two = ours[name].values[:, 0], theirs[other]
        error = np.sqrt(one.var() / one.size + two.var() / two.size)
        assert abs(one.mean() - two.mean()) <= 5 * error, name


@pytest.mark.parametrize(("strategies", "least"), [(1, 12.0), (8, 25.0)])
def test_times_faster_than_expert_numpy(benchmark, strategies, least):
    network = jr.load(LINE.model(strategies))
    paths = PATHS if strategies == 1 else PATHS // 4
    jr.simulate(network, paths=paths, threads=1)  # a virtual machine is given its memory when it is first written
    ours = lambda: per_stage_period(  # noqa: E731
        cpu(lambda: jr.simulate(network, paths=paths, threads=1)), paths, strategies
    )
    one, other, ratio = interleaved(ours, yardstick)
    note(benchmark, ns_per_stage_period=one, numpy_ns=other, ratio=ratio, millions_a_second=1e3 / one)
    assert ratio >= least


def test_two_threads_against_one(benchmark):
    network = jr.load(LINE.model())

    def wall(threads):
        started = time.perf_counter()
        jr.simulate(network, paths=PATHS // 2, threads=threads)
        return time.perf_counter() - started

    wall(2)
    _, _, ratio = interleaved(lambda: wall(2), lambda: wall(1))
    note(benchmark, speedup=ratio)
    assert ratio >= 1.8


def test_a_wide_network_against_the_small_line(benchmark):
    model, network = wide(), jr.load(wide())
    loading = statistics.median(cpu(lambda: jr.load(model)) for _ in range(ROUNDS))
    lowering = cpu(lambda: lower(network))
    line = jr.load(LINE.model())
    jr.simulate(line, paths=1000, threads=1)
    big = lambda: per_stage_period(  # noqa: E731
        cpu(lambda: jr.simulate(network, paths=1000, threads=1)), 1000, stages=len(network.stages)
    )
    small = lambda: per_stage_period(cpu(lambda: jr.simulate(line, paths=100_000, threads=1)), 100_000)  # noqa: E731
    one, other, ratio = interleaved(small, big)
    note(benchmark, loading_s=loading, lowering_s=lowering, line_ns=one, wide_ns=other, ratio=ratio)
    assert loading < 0.4
    assert lowering < 5
    assert ratio <= 3


PEAK = """
import json, sys
import psutil
import jitrisk as jr

def high_water():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

model, paths = json.loads(sys.argv[1]), int(sys.argv[2])
network = jr.load(model)
jr.simulate(network, paths=2000)
open("/proc/self/clear_refs", "w").write("5")  # the high-water mark starts anew from here
before = psutil.Process().memory_info().rss
outcomes = jr.simulate(network, paths=paths)
if len(sys.argv) > 3:
    outcomes.risk.describe(), outcomes.risk.compare()
peak = high_water()
print(json.dumps({"beyond": peak - before - outcomes.nbytes, "peak": peak, "dataset": outcomes.nbytes}))
"""


def peak(model: object, paths: int, *more: str) -> dict[str, float]:
    words = [sys.executable, "-c", PEAK, json.dumps(model), str(paths), *more]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def test_memory_beyond_the_dataset(benchmark):
    found = peak(LINE.model(8), 100_000)
    note(benchmark, **{name: value / 1e6 for name, value in found.items()}, unit="MB")
    assert found["beyond"] < 300e6


def test_a_million_paths_of_brake_valves_in_8_gb(benchmark):
    found = peak("brake-valves", 1_000_000, "measure")
    note(benchmark, **{name: value / 1e9 for name, value in found.items()}, unit="GB")
    assert found["peak"] < 8e9


COMPARE = """
import sys
from jitrisk.cli.group import run

code = run(["compare", "brake-valves", "--paths", sys.argv[1], "--quiet"])
lines = open("/proc/self/status").read().splitlines()
print(1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")))
sys.exit(code)
"""


def test_a_million_paths_of_brake_valves_are_compared_in_800_mb(benchmark):
    words = [sys.executable, "-c", COMPARE, "1000000"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    peak_mb = int(done.stdout.splitlines()[-1]) / 1e6
    note(benchmark, peak_MB=peak_mb)
    assert peak_mb < 800


def test_metrics_alone_take_less_time_than_all_outcomes_and_their_metrics(benchmark):
    network = jr.load("brake-valves")
    jr.simulate(network, paths=2000, threads=1)
    every = lambda: cpu(lambda: jr.simulate(network, paths=40_000, threads=1).risk.metrics())  # noqa: E731
    alone = lambda: cpu(lambda: jr.simulate(network, paths=40_000, threads=1, outcomes="metrics"))  # noqa: E731
    one, other, ratio = interleaved(every, alone)
    note(benchmark, outcomes_s=one, metrics_s=other, ratio=ratio)
    assert ratio < 1.05


def test_statistics_of_a_million_paths_in_3_s(benchmark):
    outcomes = jr.simulate("brake-valves", paths=1_000_000)
    outcomes.isel(path=slice(0, 1000)).risk.describe()
    figures = {
        "outcomes_s": cpu(lambda: outcomes.risk.describe(*OUTCOMES)),
        "metrics_s": cpu(outcomes.risk.describe),
        "differences_s": cpu(outcomes.risk.compare),
        "dominance_s": cpu(outcomes.risk.dominance),
    }
    note(benchmark, **figures)
    assert all(found < 3 for found in figures.values())


REPORT = """
import sys
from jitrisk.cli.group import run

code = run(["report", sys.argv[1], "--html", sys.argv[2]])
lines = open("/proc/self/status").read().splitlines()
print(1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")))
sys.exit(code)
"""


def test_a_report_of_a_million_paths_in_15_s_and_2_gb(benchmark, tmp_path):
    kept, page = tmp_path / "kept.nc", tmp_path / "page.html"
    jr.save(jr.simulate("brake-valves", paths=1_000_000), kept)
    words = [sys.executable, "-c", REPORT, str(kept), str(page)]
    started = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    took, peak_gb = time.perf_counter() - started, int(done.stdout) / 1e9
    note(benchmark, report_s=took, peak_GB=peak_gb, page_MB=page.stat().st_size / 1e6)
    assert took < 15
    assert peak_gb < 2
    assert page.stat().st_size < 5e6


def child_cpu(*words: str) -> float:
    """Seconds of CPU time that the command takes, in all its threads, with the bytecode of an installation."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "jitrisk", *words], capture_output=True, check=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def seconds(*words: str, env: dict[str, str] | None = None) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "jitrisk", *words], capture_output=True, check=True, env=env)
    return time.perf_counter() - started


def test_starting_up(benchmark, tmp_path):
    help_s = statistics.median(seconds("--help") for _ in range(ROUNDS))
    child_cpu("compare", "bicycles", "--paths", "100")
    small_cpu_s = statistics.median(child_cpu("compare", "bicycles", "--paths", "100") for _ in range(ROUNDS))
    warm_s = statistics.median(seconds("compare", "bicycles", "--paths", "10000") for _ in range(3))
    cold_s = seconds("compare", "bicycles", "--paths", "100", env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)})
    note(benchmark, help_s=help_s, small_compare_cpu_s=small_cpu_s, warm_compare_s=warm_s, first_use_s=cold_s)
    assert help_s < 0.3
    assert small_cpu_s < 1.5
    assert warm_s < 3
    assert cold_s < 10


SELDOM = {
    "name": "Fire once in 7,000 years",
    "period": "1 d",
    "horizon": "1 year",
    "stages": {"press": {"capacity": "1000 / d", "policy": {"base_stock": {"level": 100}}}},
    "customers": {"shop": {"stage": "press", "demand": 100, "unmet": "lost", "lost_cost": 1000}},
    "hazards": {
        "fire": {
            "rate": "1 / 7000 years",
            "duration": {"exponential": {"mean": "10 d"}},
            "hits": {"press": {"capacity": 0}},
        }
    },
}


def test_weighted_paths_gain_in_variance_on_a_rare_hazard(benchmark):
    paths = 4000
    run = jr.simulate(SELDOM, paths, seed=1, rare=True)
    mean, error = run.risk.describe()["cost"].sel(statistic=["mean", "standard_error"]).values[0]
    struck = run.risk.metrics()["cost"].values[0][run["component"].values == 1]
    natural = (run["expected_occurrences"].item() * np.mean(struck**2) - mean**2) / paths
    spread = struck.std() / struck.mean()
    gain = float(natural / error**2)
    note(benchmark, relative_error=float(error / mean), variation_of_the_loss=float(spread), gain_in_variance=gain)
    assert error / mean / spread < 0.03
    assert gain > 1000
