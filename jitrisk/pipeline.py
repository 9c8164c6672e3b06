"""The whole program, one step under another; read this first.

load a model, lower it to arrays, sample and run the paths, label the outcomes; ``.risk`` on the Dataset measures
them and `jitrisk.report` shows them. Composition only: every step lives in the module it calls.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import xarray as xr

import jitrisk.risk  # noqa: F401  (registers the accessor .risk)
from jitrisk import datasets, reporting
from jitrisk.arguments import (
    PATHS,
    TRACED,
    Source,
    build_backend,
    build_job,
    find_mixture,
    load_network,
    open_stored,
    parse_strategies,
    parse_whole_number,
)
from jitrisk.errors import ResultError
from jitrisk.model import Network
from jitrisk.report import Summary, render_precision_line
from jitrisk.report.writing import check_page
from jitrisk.risk import parse_precision_target
from jitrisk.run import engine, tracing
from jitrisk.run.forecast import Forecast, forecast
from jitrisk.run.totals import Totals
from jitrisk.studies import replay as replaying
from jitrisk.studies import until


def load(source: Source) -> Network:
    """Read and check a model.

    Parameters
    ----------
    source : name of a bundled example, path of a YAML file, or the same as a mapping.

    Returns
    -------
    The network, immutable, all times in periods.

    Raises
    ------
    ModelError
        With every fault found, each with its file, line and key.
    """
    return load_network(source)


def simulate(
    network: Source,
    paths: int | range | None = None,
    seed: int = 0,
    *,
    strategies: Sequence[str] | None = None,
    threads: int | None = None,
    exogenous: xr.Dataset | None = None,
    rare: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Simulate every strategy of a model on the same paths.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    paths : how many paths, numbered from 0, or a range of path numbers; by default 10,000, or those of `exogenous`.
    seed : seed of every random stream, 0 to 2**63 - 1.
    strategies : names of the strategies to run; all by default.
    threads : threads to use; all cores by default. The outcome does not depend on it.
    exogenous : exogenous paths to use as they are, for every strategy, instead of sampling, as `sample` returns
        them; what it does not contain is sampled, and a constant of the model is left to each strategy.
    rare : whether rare hazards are sampled more often than they occur. Paths then have weights, the coordinate
        ``weight``, with which ``.risk`` computes every statistic; see `jitrisk.sampling.rare`.
    progress : called now and then with the work done and the work there is.

    Returns
    -------
    Dataset with dims (strategy, path, stage | customer); see `jitrisk.vocabulary` for its variables.

    Raises
    ------
    ModelError
        If the model has faults.
    ExogenousError
        If the exogenous paths do not fit the model.
    CapacityError
        If the outcomes do not fit in memory.
    JitriskError
        If a strategy, the paths, the seed or the threads are not allowed.

    Warns
    -----
    UserWarning
        Where a strategy patches luck that the exogenous paths replace, or no hazard is rare.
    """
    network = load(network)
    chosen = parse_strategies(network, strategies)
    mixture = find_mixture(network, chosen.values(), rare, seed, exogenous)
    job = build_job(network, chosen, paths, seed, exogenous, mixture)
    datasets.warn_of_patches(network, chosen, job.given)
    totals = engine.run(job, build_backend(threads), progress=progress)
    return datasets.copy_weights(datasets.label_outcomes(network, chosen, totals, job), exogenous)


def trace(
    network: Source,
    paths: int | range | None = None,
    seed: int = 0,
    *,
    strategies: Sequence[str] | None = None,
    threads: int | None = None,
    exogenous: xr.Dataset | None = None,
    rare: bool = False,
) -> xr.Dataset:
    """Return what happens in every period on some paths: stocks, work in process, backlogs and flows.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    paths : how many paths, numbered from 0, or a range of path numbers; by default 200, or those of `exogenous`.
    seed, strategies, threads, exogenous, rare : as `simulate` takes them.

    Returns
    -------
    Dataset with dims (strategy, path, time, stage | customer), float32; see `jitrisk.vocabulary.TRACE`. It begins with
    period 0, so with the warm-up.

    Raises
    ------
    ModelError, ExogenousError, JitriskError
        As `simulate` does.
    CapacityError
        If the series do not fit in memory: they take as many numbers as there are periods, paths and stages.
    """
    network = load(network)
    chosen = parse_strategies(network, strategies)
    mixture = find_mixture(network, chosen.values(), rare, seed, exogenous)
    numbers = TRACED if paths is None and exogenous is None else paths
    job = build_job(network, chosen, numbers, seed, exogenous, mixture)
    datasets.warn_of_patches(network, chosen, job.given)
    traced = tracing.trace(job, build_backend(threads))
    return datasets.copy_weights(datasets.label_trace(network, traced, job), exogenous)


def replay(
    source: Source | xr.Dataset,
    strategy: str,
    path: int | None = None,
    *,
    worst: str | None = None,
    quantile: float | None = None,
    metric: str | None = None,
    paths: int | range | None = None,
    seed: int | None = None,
    threads: int | None = None,
    exogenous: xr.Dataset | None = None,
    rare: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Run one path again and return all that happens on it.

    Parameters
    ----------
    source : a network or whatever `load` takes, or a result: a Dataset from `simulate`, or a file of one.
    strategy : the strategy.
    path : number of the path; or one of the next two.
    worst : a metric, such as ``"cost"``: the path on which it is worst, the lowest number of several.
    quantile : a probability: the path at that quantile of `metric`.
    metric : which metric `quantile` is one of; by default what decides, profit where the model has a price, else cost.
    paths : how many paths are searched for the worst or the quantile; those of a result are known.
    seed : seed of every random stream, by default 0; that of a result is known.
    threads : threads to use for the search; all cores by default.
    exogenous : the exogenous paths, where they were handed in.
    rare : whether the path is one of a run with ``rare=True`` of all strategies of the model; a result says so itself.
    progress : called now and then with the work done and the work there is.

    Returns
    -------
    Dataset with dims (time, stage | customer): the variables of `jitrisk.vocabulary.TRACE` and ``EXOGENOUS``; with dim
    spell every spell of a hazard; the outcomes of the whole path as ``path_started`` and so on, the same to the last
    bit as in the run; with dim metric where the path stands; and the prices. `jitrisk.report.build_replay_log`
    renders it.

    Raises
    ------
    ModelError, ExogenousError, CapacityError
        As `simulate` does.
    ResultError
        If the result is none, has no such path, needs exogenous paths, or another version of jitrisk made it.
    JitriskError
        If it is not said in one way which path, or a strategy, number or seed is not allowed.
    """
    choice = replaying.Choice(path, worst, quantile, metric)
    with open_stored(source) as run:
        replaying.refuse_unused(choice, run, paths, seed, rare)
        network = load(source) if run is None else load_network(run)
        chosen = parse_strategies(network, [strategy])
        own = seed or 0 if run is None else run.attrs.get("seed", 0)
        if run is not None:
            mixture = datasets.read_mixture(run.attrs)
        else:
            mixture = find_mixture(network, network.strategies.values(), rare, own, exogenous)
        job = build_job(network, chosen, 1 if exogenous is None else None, own, exogenous, mixture)
        if run is not None:
            replaying.require_same(run, job)
            job = replaying.apply_run_horizon(job, run)
        elif path is None:
            searched = build_job(network, chosen, paths, own, exogenous, mixture)
            totals = engine.run(searched, build_backend(threads), progress=progress)
            run = datasets.copy_weights(datasets.label_outcomes(network, chosen, totals, searched), exogenous)
        return replaying.replay_path(network, job, run, choice)


def estimate(
    network: Source,
    paths: int | range = PATHS,
    *,
    strategies: Sequence[str] | None = None,
    threads: int | None = None,
) -> Forecast:
    """Tell how long `simulate` would take and how much memory, from a short run of the same paths.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    paths : how many paths, or a range of path numbers.
    strategies : names of the strategies to run; all by default.
    threads : threads to use; all cores by default.

    Returns
    -------
    The seconds and bytes expected; as text, one line about them.
    """
    network = load(network)
    job = build_job(network, parse_strategies(network, strategies), paths)
    return forecast(job, build_backend(threads))


def simulate_until(
    network: Source,
    target: str,
    seed: int = 0,
    *,
    strategies: Sequence[str] | None = None,
    threads: int | None = None,
    most: int = until.MOST,
    rare: bool = False,
    progress: Callable[[int, int], None] | None = None,
    watch: Callable[[xr.Dataset], None] | None = None,
) -> xr.Dataset:
    """Simulate until an estimate is as precise as asked: as many paths as that takes, for every strategy.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    target : a metric, its statistic, and half its 95 % interval as a share of the estimate: ``cost.cvar95:1%``,
        ``downtime.var99:2%``, ``fill_rate.mean:0.1%``.
    seed : seed of every random stream.
    strategies : names of the strategies to run; all by default. The target is to hold for each of them.
    threads : threads to use; all cores by default.
    most : paths at most; fewer where more do not fit in memory.
    rare : whether rare hazards are sampled more often than they occur, see `simulate`.
    progress : called now and then with the work done and the work planned.
    watch : called after every look at the estimate with how precise it is, see `jitrisk.risk.reached`.

    Returns
    -------
    Dataset, the same to the last bit as that of `simulate` with as many paths.

    Raises
    ------
    ModelError
        If the model has faults.
    ResultError
        If the target names no metric or statistic there is.
    CapacityError
        If not even the first paths fit in memory.
    JitriskError
        If a strategy, the seed, the threads or the most paths are not allowed.

    Warns
    -----
    UserWarning
        Where the target is not reached, with what is.
    """
    wanted = parse_precision_target(target)
    network = load(network)
    chosen = parse_strategies(network, strategies)
    mixture = find_mixture(network, chosen.values(), rare, seed)
    until.require_components(mixture, parse_whole_number("most", most))
    job = build_job(network, chosen, min(most, until.FIRST), seed, mixture=mixture)

    def label(totals: Totals, numbers: range) -> xr.Dataset:
        return datasets.label_outcomes(network, chosen, totals, replace(job, paths=numbers))

    result, found = until.grow(job, wanted, label, most, build_backend(threads), progress, watch)
    if not found["met"].all():
        warnings.warn(render_precision_line(found), stacklevel=2)
    return result


def sample(
    network: Source, paths: int | range = 1000, seed: int = 0, *, strategy: str | None = None, rare: bool = False
) -> xr.Dataset:
    """Draw the exogenous part of the paths alone: demand, availability, arrivals, lead times, yields.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    paths : how many paths, numbered from 0, or a range of path numbers.
    seed : seed of every random stream.
    strategy : whose hazards and customers; by default those of the model before any patch.
    rare : whether rare hazards are sampled more often than they occur; paths then carry their ``weight``, which
        `simulate` hands on.

    Returns
    -------
    Dataset with dims (path, time, stage | customer), float32; `simulate` takes it as `exogenous`.
    """
    network = load(network)
    patched = network if strategy is None else parse_strategies(network, [strategy])[strategy]
    job = build_job(network, {"": patched}, paths, seed, mixture=find_mixture(network, [patched], rare, seed))
    return datasets.label_paths(patched, tracing.draw(job), job)


def last_year(source: xr.Dataset | str | os.PathLike[str], *, threads: int | None = None) -> xr.Dataset:
    """Run the paths of a result again and measure the last year of each alone.

    Exceedance curves, return periods and the tail of a year need paths that measure a year.

    Parameters
    ----------
    source : a result of `simulate`, or a file of one.
    threads : threads to use; all cores by default.

    Returns
    -------
    A result with the same paths and prices, whose warm-up ends a year before the horizon; the result itself where it
    measures no more than about a year.

    Raises
    ------
    ResultError
        If the result does not carry its model, or its exogenous paths were handed in.
    """
    with open_stored(source) as run:
        if run is None:
            raise ResultError(f"{source}: is no result: hand in what simulate returned, or a file of it")
        return replaying.measure_last_year(run, load_network(run), build_backend(threads))


def outline(source: Source | xr.Dataset) -> xr.Dataset:
    """Return what a model says, without a simulation: stages, links, customers, hazards, and every law.

    Parameters
    ----------
    source : a network, whatever `load` takes, or a result, whose model is read.

    Returns
    -------
    Dataset with dims (strategy, stage | customer | link | hazard | hit | random); see `jitrisk.vocabulary.OUTLINE`.

    Raises
    ------
    ModelError
        If the model has faults.
    ResultError
        If the result does not carry its model.
    """
    return datasets.outline(load_network(source))


def reprice(dataset: xr.Dataset, changes: Mapping[str, Any]) -> xr.Dataset:
    """Return a result under other prices, without simulating again.

    The result is the one that `simulate` returns for the model so changed, to the last bit.

    Parameters
    ----------
    dataset : a result of `simulate`.
    changes : new prices by their key in the model, as they would stand in a model file:
        ``{"stages.valve.value": 800, "holding_rate": "15 % / year", "strategies.jic.stages.valve.value": 900}``.

    Returns
    -------
    The result with the prices, the text and the hash of the model so changed; it shares the outcomes. The attribute
    ``repriced`` holds, as JSON, the old and the new value of every price that is no longer that of the run.

    Raises
    ------
    ModelError
        If a key is no price of the model, or a value is not allowed.
    ResultError
        If the Dataset is no result, or its prices were changed by hand.
    """
    return datasets.reprice(dataset, changes)


def write_report(
    source: Source | xr.Dataset,
    target: str | os.PathLike[str],
    *,
    base: str | None = None,
    level: float = 0.95,
    replay: bool = True,
    rare: bool = False,
    threads: int | None = None,
) -> Summary:
    """Write a report as one HTML file that needs nothing else.

    Parameters
    ----------
    source : a result, a file of one, or whatever `load` takes, which is then simulated.
    target : ``FILE.html``, written whole or not at all; replaces an earlier page, and nothing else.
    base : the strategy the others are compared with; the first by default.
    level : level of the conditional value at risk.
    replay : whether paths are run again, for the fan charts and the story of a bad path.
    rare : whether rare hazards of a model are sampled more often than they occur, see `simulate`.
    threads : threads to use; all cores by default.

    Returns
    -------
    The figures that the page shows, as `jitrisk.report.summarize` returns them.

    Raises
    ------
    ModelError, CapacityError, JitriskError
        As `simulate` does.
    ResultError
        If the result is none or lacks something, or the file cannot be written.
    """
    check_page(target)
    with open_stored(source) as run:
        result = simulate(source, rare=rare, threads=threads) if run is None else run
        return reporting.write(result, target, base, level, replay=replay, threads=threads)


def save(dataset: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write outcomes or exogenous paths to ``FILE.nc`` or ``FILE.zarr``, whole or not at all."""
    datasets.save_result(dataset, path)


def open(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read back what `save` wrote."""
    return datasets.open_result(path)
