"""The whole program, one step under another; read this first.

Load a model, lower it to arrays, sample and run the paths, label the outcomes; ``.risk`` on the Dataset computes
statistics of them, and `jitrisk.report` shows them. Composition only: every step lives in the module it calls. What
takes more than one run is a study, in `jitrisk.studies`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Literal

import xarray as xr

import jitrisk.risk  # noqa: F401  (registers the accessor .risk)
from jitrisk import datasets
from jitrisk.arguments import (
    PATHS,
    TRACED,
    Source,
    build_backend,
    load_network,
    open_stored,
    parse_draws,
    parse_outcomes,
    parse_strategies,
)
from jitrisk.lower import lower_all
from jitrisk.model import Network
from jitrisk.model_warnings import ModelWarning, find_warnings
from jitrisk.report import Summary, summarize
from jitrisk.report.writing import check_page, write_page
from jitrisk.risk.inputs import require
from jitrisk.run import engine, tracing
from jitrisk.run.forecast import Forecast, forecast
from jitrisk.studies.keeping import Keeping
from jitrisk.studies.report_parts import compute_report_parts
from jitrisk.vocabulary import KEPT, OUTCOMES


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


def check(source: Source | xr.Dataset) -> tuple[ModelWarning, ...]:
    """Return the warnings about a model: what can be simulated but may not mean what was intended.

    Parameters
    ----------
    source : a network, whatever `load` takes, or a result, whose model is read.

    Returns
    -------
    The warnings in the order of the file, but those that the model silences; see `jitrisk.warning_register.WARNINGS`.

    Raises
    ------
    ModelError
        If the model has faults.
    ResultError
        If the result does not carry its model.
    """
    return find_warnings(load_network(source))


def sample(
    network: Source, paths: int | range = 1000, seed: int = 0, *, strategy: str | None = None, rare: bool = False
) -> xr.Dataset:
    """Draw the exogenous part of the paths alone: demand, availability, arrivals, lead times, yields.

    Forecasts, and the openings of standby sources, are there where the model has any.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    paths : how many paths, numbered from 0, or a range of path numbers.
    seed : seed of every random stream.
    strategy : whose hazards and customers; by default those of the model before any patch.
    rare : whether rare hazards are sampled more often than they occur; paths then carry their ``weight``, which
        the Dataset of `simulate` carries as well.

    Returns
    -------
    Dataset with dims (path, time, stage | customer), float32; `simulate` takes it as `exogenous`.
    """
    network = load(network)
    drawn = network if strategy is None else parse_strategies(network, [strategy])[strategy]
    draws = parse_draws(network, [drawn], paths, seed, rare=rare)
    job = draws.build_job(lower_all({"": drawn}))
    return datasets.label_paths(drawn, tracing.draw(job), job)


def estimate(
    network: Source,
    paths: int | range = PATHS,
    *,
    strategies: Sequence[str] | None = None,
    threads: int | None = None,
    outcomes: Sequence[str] | Literal["metrics"] | None = None,
) -> Forecast:
    """Return how long `simulate` would take and how much memory, from a short run of the same paths.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    paths : how many paths, or a range of path numbers.
    strategies : names of the strategies to run; all by default.
    threads : threads to use; all cores by default.
    outcomes : what is kept, as `simulate` takes it.

    Returns
    -------
    The seconds and bytes expected; as text, one line about them.
    """
    network = load(network)
    chosen = parse_strategies(network, strategies)
    job = parse_draws(network, chosen.values(), paths).build_job(lower_all(chosen))
    keeping = Keeping(network, chosen, job, parse_outcomes(outcomes, job.has_cycles))
    return forecast(job, build_backend(threads), keeping.kept.path_bytes)


def simulate(
    network: Source,
    paths: int | range | None = None,
    seed: int = 0,
    *,
    strategies: Sequence[str] | None = None,
    threads: int | None = None,
    exogenous: xr.Dataset | None = None,
    rare: bool = False,
    outcomes: Sequence[str] | Literal["metrics"] | None = None,
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
    outcomes : what is kept of every path; all outcomes by default. Names of outcomes, or ``"metrics"``: the metrics in
        place of outcomes and prices, which take a fraction of the memory and give the same statistics to the last bit.
        Occurrences of hazards are always kept.
    progress : called now and then with the work done and the work there is.

    Returns
    -------
    Dataset with dims (strategy, path, stage | customer), of metrics (strategy, path); see `jitrisk.vocabulary` for its
    variables. What is not kept is named in a ResultError where it is needed.

    Raises
    ------
    ModelError
        If the model has faults.
    ExogenousError
        If the exogenous paths do not fit the model.
    CapacityError
        If what is kept does not fit in memory.
    JitriskError
        If a strategy, the paths, the seed, the threads or the outcomes are not allowed.

    Warns
    -----
    UserWarning
        Where a strategy patches a series that is handed in, or no hazard is rare.
    """
    network = load(network)
    chosen = parse_strategies(network, strategies)
    draws = parse_draws(network, chosen.values(), paths, seed, exogenous, rare)
    datasets.warn_of_patches(network, chosen, draws.given)
    job = draws.build_job(lower_all(chosen, draws.ranges))
    keeping = Keeping(network, chosen, job, parse_outcomes(outcomes, job.has_cycles))
    engine.run_blocks(job, keeping.kept, build_backend(threads), progress)
    return datasets.copy_weights(keeping.label(job.paths), exogenous)


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
    paths = TRACED if paths is None and exogenous is None else paths
    draws = parse_draws(network, chosen.values(), paths, seed, exogenous, rare)
    datasets.warn_of_patches(network, chosen, draws.given)
    job = draws.build_job(lower_all(chosen, draws.ranges))
    periods = tracing.trace(job, build_backend(threads))
    return datasets.copy_weights(datasets.label_trace(network, periods, job), exogenous)


def outline(source: Source | xr.Dataset) -> xr.Dataset:
    """Return what a model says, without a simulation: stages, links, customers, hazards, and every distribution.

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
    replay : whether paths are simulated again, for the fan charts and the replay of a bad path.
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
    from jitrisk.report.page import render_page

    check_page(target)
    with open_stored(source) as stored:
        result = simulate(source, rare=rare, threads=threads) if stored is None else stored
        require(result, OUTCOMES if KEPT in result.attrs else ())
        summary = summarize(result, base, level)
        backend = build_backend(threads) if replay else None
        parts = compute_report_parts(result, summary.metrics, summary.base, summary.level, backend)
        write_page(render_page(result, summary, **vars(parts)), target)
    return summary


def save(dataset: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write outcomes or exogenous paths to ``FILE.nc`` or ``FILE.zarr``, whole or not at all."""
    datasets.save_result(dataset, path)


def open(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read back what `save` wrote."""
    return datasets.open_result(path)
