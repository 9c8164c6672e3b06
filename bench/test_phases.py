"""Every subject through every phase of the pipeline, in CPU time; `make bench` keeps the figures to compare runs."""

from __future__ import annotations

import numpy as np
import pytest
from subjects import SUBJECTS

import jitrisk as jr
from jitrisk.lower import lower
from jitrisk.run.job import Horizon, Job
from jitrisk.sampling.sampler import Sampler
from jitrisk.sampling.series import ExogenousSeries

LANES = 512


@pytest.fixture(params=SUBJECTS)
def subject(request):
    return SUBJECTS[request.param]


def job_of(network, paths):
    strategies = {name: lower(patched) for name, patched in network.strategies.items()}
    return Job(strategies, Horizon(network.horizon, network.warm_up), range(paths), seed=1)


def stage_periods(network, paths):
    return paths * network.horizon * len(network.stages) * len(network.strategies)


def test_load(benchmark, subject):
    model, _ = subject
    network = benchmark(jr.load, model)
    benchmark.extra_info["stages"] = len(network.stages)


def test_lower(benchmark, subject):
    network = jr.load(subject[0])
    benchmark(lower, network)


def test_sample(benchmark, subject):
    """The exogenous part alone, tile after tile, as the engine draws it."""
    model, paths = subject
    job = job_of(jr.load(model), paths)
    series = [one for one in job.series if isinstance(one, ExogenousSeries)]
    sampler = Sampler(series, 1)
    horizon = job.horizon.periods
    tile = np.empty((64, len(series), min(LANES, paths)), dtype="float32")

    def sample():
        for first in range(0, paths - tile.shape[2] + 1, tile.shape[2]):
            state = sampler.begin(first, tile.shape[2])
            for start in range(0, horizon, 64):
                sampler.fill(state, start, tile[: min(64, horizon - start)])

    sample()
    benchmark(sample)
    benchmark.extra_info["draws"] = paths * horizon * len(series)


def test_dynamics(benchmark, subject):
    """The strategies on given paths: what is left of a run when nothing is drawn."""
    model, paths = subject
    network = jr.load(model)
    paths = min(paths, 256, 32_000 // len(network.stages))
    given = jr.sample(network, paths, seed=1)
    benchmark(jr.simulate, network, exogenous=given, threads=1)
    benchmark.extra_info["stage_periods"] = stage_periods(network, paths)


def test_simulate(benchmark, subject):
    model, paths = subject
    network = jr.load(model)
    jr.simulate(network, paths=64, threads=1)
    benchmark(jr.simulate, network, paths=paths, threads=1)
    benchmark.extra_info["stage_periods"] = stage_periods(network, paths)


def test_describe(benchmark, subject):
    model, paths = subject
    outcomes = jr.simulate(model, paths=paths)
    benchmark(outcomes.risk.describe)
