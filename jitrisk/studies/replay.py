"""One path again: chosen by its number, its metric or a quantile, and simulated alone with the same bits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from jitrisk import datasets, risk
from jitrisk.arguments import (
    Source,
    build_backend,
    load_network,
    open_stored,
    parse_draws,
    parse_strategies,
    parse_whole_number,
)
from jitrisk.errors import JitriskError, ResultError, format_suggestion
from jitrisk.lower import lower_all
from jitrisk.model import Network
from jitrisk.risk.inputs import Array, read_outcome
from jitrisk.risk.metrics import compute_metrics, read_kept_strategies
from jitrisk.run import engine, tracing
from jitrisk.run.backends import Threads
from jitrisk.run.job import Job, Progress
from jitrisk.studies.keeping import Keeping, build_formulas
from jitrisk.studies.result_jobs import build_result_job
from jitrisk.vocabulary import KEPT, KEPT_METRICS, METRICS, PRICES


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
    exogenous: xr.Dataset | None = None,
    rare: bool = False,
) -> xr.Dataset:
    """Simulate one path again and return all that happens on it.

    Parameters
    ----------
    source : a network or whatever `load` takes, or a result: a Dataset from `simulate`, or a file of one.
    strategy : the strategy.
    path : number of the path. Give exactly one of `path`, `worst` and `quantile`.
    worst : a metric, such as ``"cost"``: the path on which it is worst, the lowest number of several.
    quantile : a probability: the path at that quantile of `metric`.
    metric : the metric of `quantile`; by default the objective, profit where the model has a price, else cost.
    paths : how many paths of a model are searched for the worst or the quantile, by default 10,000.
    seed : seed of every random stream of a model, by default 0.
    exogenous : the exogenous paths, where they were handed in.
    rare : whether the path of a model is one of a run of all strategies with ``rare=True``.

    Returns
    -------
    Dataset with dims (time, stage | customer): the variables of `jitrisk.vocabulary.TRACE` and ``EXOGENOUS``; with dim
    occurrence every one of a hazard; the outcomes of the whole path as ``path_started`` and so on, the same to the
    last bit as in the run; with dim metric the rank of the path; and the prices. `jitrisk.report.build_replay_log`
    renders it.

    Raises
    ------
    ModelError, ExogenousError, CapacityError
        As `simulate` does.
    ResultError
        If the result is none, has no such path, needs exogenous paths, or another version of jitrisk made it.
    JitriskError
        If not exactly one of `path`, `worst` and `quantile` is given, `metric` is given without `quantile`, a strategy,
        number or seed is not allowed, or `paths`, `seed` or `rare` is given beside a result, which has its own.
    """
    choice = PathChoice(path, worst, quantile, metric)
    with open_stored(source) as stored:
        _refuse_unused(choice, stored, paths, seed, rare)
        network = load_network(source if stored is None else stored)
        result = stored
        if stored is None and path is None:
            result = search_paths(network, strategy, paths, seed or 0, exogenous=exogenous, rare=rare)
        any_path = 1 if exogenous is None else None
        if result is not None:
            job = build_result_job(result, network, [strategy], any_path, exogenous)
        else:
            draws = parse_draws(network, network.strategies.values(), any_path, seed or 0, exogenous, rare)
            job = draws.build_job(lower_all(parse_strategies(network, [strategy]), draws.ranges))
        return replay_path(network, job, result, choice)


def search_paths(
    network: Network,
    strategy: str,
    paths: int | range | None,
    seed: int,
    *,
    threads: int | None = None,
    exogenous: xr.Dataset | None = None,
    rare: bool = False,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Return the metrics of one strategy in which a path is searched, with the paths of a run of all strategies.

    Parameters
    ----------
    network : the model.
    strategy : the strategy.
    paths, seed, threads, exogenous, rare, progress : as `jitrisk.simulate` takes them.
    """
    chosen = parse_strategies(network, [strategy])
    draws = parse_draws(network, network.strategies.values(), paths, seed, exogenous, rare)
    job = draws.build_job(lower_all(chosen, draws.ranges))
    keeping = Keeping(network, chosen, job, KEPT_METRICS)
    engine.run_blocks(job, keeping.kept, build_backend(threads), progress)
    return datasets.copy_weights(keeping.label(job.paths), exogenous)


def _refuse_unused(
    choice: PathChoice, result: xr.Dataset | None, paths: int | range | None, seed: int | None, rare: bool
) -> None:
    """Raise JitriskError where paths to search, a seed or rare are given that nothing would use."""
    if choice.path is not None and paths is not None:
        raise JitriskError("`paths` is for the search with worst or quantile: leave paths out, or path")
    if result is not None and (paths is not None or seed is not None or rare):
        raise JitriskError("the result has its paths and its seed: leave paths, seed and rare out")


@dataclass(frozen=True)
class PathChoice:
    """Which path is meant: by its number, as the worst in a metric, or at a quantile of one.

    Raises
    ------
    JitriskError
        If none or several of them are given, a metric is unknown or goes with no quantile, or a number is not allowed.
    """

    path: int | None = None
    worst: str | None = None
    quantile: float | None = None
    metric: str | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("path", "worst", "quantile") if getattr(self, name) is not None]
        if len(given) != 1:
            raise JitriskError(f"give exactly one of path, worst and quantile; found {' and '.join(given) or 'none'}")
        for metric in (self.metric, self.worst):
            if metric is not None and metric not in METRICS:
                hint = format_suggestion(metric, METRICS)
                raise JitriskError(f"unknown metric {metric!r}: allowed are {', '.join(METRICS)}{hint}")
        if self.metric is not None and self.quantile is None:
            raise JitriskError("`metric` is that of the quantile, and `worst` takes its own: leave metric out")
        if self.path is not None and not 0 <= parse_whole_number("path", self.path) < 2**63 - 1:
            raise JitriskError(f"path is {self.path}: allowed is a whole number from 0 to 2**63 - 2")

    def find_path_number(self, metrics: xr.Dataset, strategy: str) -> int:
        """Return the path's number among the metrics of a run."""
        if self.worst is not None:
            return risk.find_worst_path(metrics, strategy, self.worst)
        if self.quantile is not None:
            return risk.find_quantile_path(
                metrics, strategy, self.metric or risk.select_objective(metrics), self.quantile
            )
        assert self.path is not None  # one of the three is
        if self.path not in metrics["path"].values:
            first, last = metrics["path"].values[[0, -1]]
            raise ResultError(f"there is no path {self.path} in the result: it has {first} to {last}")
        return self.path


def replay_path(
    network: Network, job: Job, result: xr.Dataset | None, choice: PathChoice, metrics: xr.Dataset | None = None
) -> xr.Dataset:
    """Return the replay of one path under one strategy.

    Parameters
    ----------
    network : the model.
    job : the job that the path is one of, with one strategy.
    result : the outcomes of that job, where they are known: the path is chosen and ranked among them.
    choice : which path.
    metrics : the metrics of that result, where they are computed already.

    Raises
    ------
    ResultError
        If the choice finds no path, or the path simulated again differs from the result.
    """
    ((name, _),) = job.strategies.items()
    if metrics is None and result is not None:
        metrics = risk.metrics(result)
    number = choice.path if metrics is None else choice.find_path_number(metrics, name)
    assert number is not None  # without a result the number is given
    alone = _isolate_path(job, number)
    patched = {name: network.strategies[name]}
    single = datasets.label_outcomes(network, patched, engine.run(alone, Threads(1)), alone)
    if result is not None:
        kept = result.sel(strategy=[name], path=[number]).load()
        if kept.attrs.get(KEPT) == KEPT_METRICS:
            assert metrics is not None  # computed of the result above
            _refuse_other_metrics(result, metrics.sel(strategy=name, path=number), network, single, alone)
        else:
            _refuse_differences(result, datasets.find_differing_outcomes(kept, single))
        single = single.assign({price: kept[price] for price in PRICES if price in kept})
    traced = datasets.label_trace(network, tracing.trace(alone, Threads(1)), alone)
    exogenous = datasets.label_paths(patched[name], tracing.draw(alone), alone)
    parts = [
        # The demand of a replay is that drawn, which can be handed in; that of the trace is rounded to whole grains.
        traced.isel(strategy=0, path=0).drop_vars("demand"),
        datasets.label_replay(
            patched[name], single.isel(strategy=0, path=0), exogenous.isel(path=0), tracing.list_occurrences(alone)
        ),
        risk.rank_path(risk.metrics(single) if metrics is None else metrics, name, number, ranked=metrics is not None),
    ]
    attrs = {key: value for part in parts for key, value in part.attrs.items()} | {"contents": "replay"}
    return xr.merge(parts, compat="equals", join="exact", combine_attrs="override").assign_attrs(attrs)


def _isolate_path(job: Job, number: int) -> Job:
    """Return the job of one of its paths, alone."""
    if job.given and number not in job.paths:
        first, last = job.paths.start, job.paths.stop - 1
        raise JitriskError(f"there is no path {number} among those handed in: they are numbered {first} to {last}")
    at = number - job.paths.start
    given = {key: series[at : at + 1] for key, series in job.given.items()}
    return replace(job, paths=range(number, number + 1), given=given)


def _refuse_other_metrics(result: xr.Dataset, kept: xr.Dataset, network: Network, single: xr.Dataset, job: Job) -> None:
    """Refuse a path that has other metrics than were kept; prices of all strategies of the run decide what they are."""
    (name,) = job.strategies
    together = read_kept_strategies(result) or [name]
    strategies = {one: network.strategies[one] for one in together}

    def read(outcome: str) -> Array:
        found = read_outcome(single, outcome)
        return np.broadcast_to(found, (len(together), *found.shape[1:]))

    again = compute_metrics(build_formulas(network, strategies, job), read, 1)
    row = together.index(name)
    # A ratio that some path of the run lacks is kept of none.
    _refuse_differences(
        result, [str(metric) for metric in kept if metric not in again or again[metric][row, 0] != kept[metric].item()]
    )


def _refuse_differences(result: xr.Dataset, differing: list[str]) -> None:
    if differing:
        version = result.attrs.get("jitrisk_version", "unknown")
        raise ResultError(
            f"the path simulated again differs from the result in {', '.join(differing)}: the result was changed, "
            f"other paths were handed in, or its version {version} gives other results; simulate it again"
        )
