"""One path again: which one, run alone with the same bits, with its time series and where it stands in its run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import xarray as xr

from jitrisk import datasets, risk
from jitrisk.arguments import build_job, parse_path_numbers, parse_strategies, parse_whole_number
from jitrisk.errors import JitriskError, ResultError, format_suggestion
from jitrisk.model import Network
from jitrisk.risk.inputs import is_longer_than_a_year
from jitrisk.run import engine, tracing
from jitrisk.run.backends import Backend, Threads
from jitrisk.run.job import Horizon, Job
from jitrisk.units import HOURS_PER_YEAR
from jitrisk.vocabulary import METRICS, PRICES

_ONE = "say which path in one way: its number, worst=METRIC, or quantile=PROBABILITY"


@dataclass(frozen=True)
class Choice:
    """Which path is meant: by its number, as the worst in a metric, or at a quantile of one.

    Raises
    ------
    JitriskError
        If none or several of them are given.
    """

    path: int | None = None
    worst: str | None = None
    quantile: float | None = None
    metric: str | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("path", "worst", "quantile") if getattr(self, name) is not None]
        if len(given) != 1:
            raise JitriskError(f"{_ONE}; found {' and '.join(given) or 'none'}")
        for metric in (self.metric, self.worst):
            if metric is not None and metric not in METRICS:
                hint = format_suggestion(metric, METRICS)
                raise JitriskError(f"unknown metric {metric!r}: allowed are {', '.join(METRICS)}{hint}")
        if self.path is not None:
            parse_path_numbers(range(parse_whole_number("path", self.path), self.path + 1))

    def find_path_number(self, values: xr.Dataset, strategy: str) -> int:
        """Return the path's number among the metrics of a run."""
        if self.worst is not None:
            return risk.find_worst_path(values, strategy, self.worst)
        if self.quantile is not None:
            return risk.find_quantile_path(
                values, strategy, self.metric or risk.select_objective(values), self.quantile
            )
        assert self.path is not None  # one of the three is
        if self.path not in values["path"].values:
            first, last = values["path"].values[[0, -1]]
            raise ResultError(f"there is no path {self.path} in the result: it has {first} to {last}")
        return self.path


def refuse_unused(
    choice: Choice, run: xr.Dataset | None, paths: int | range | None, seed: int | None, rare: bool
) -> None:
    """Raise JitriskError where paths to search, a seed or rare are given that nothing would use."""
    if choice.path is not None and paths is not None:
        raise JitriskError("paths says where to search, and path which one is meant: leave one of them out")
    if run is not None and (paths is not None or seed is not None or rare):
        raise JitriskError("the result has its paths and its seed: leave paths, seed and rare out")


def apply_run_horizon(job: Job, run: xr.Dataset) -> Job:
    """Return a job with the time axis of a run, which may measure another part of the path than the model says."""
    return replace(job, horizon=Horizon(job.horizon.periods, int(run.attrs.get("warm_up", job.horizon.warm_up))))


def require_same(stored: xr.Dataset, job: Job) -> None:
    """Raise ResultError unless a result has the strategies, a seed, and the same series handed in."""
    known = [str(name) for name in stored["strategy"].values] if "strategy" in stored.dims else []
    for name in job.strategies:
        if known and name not in known:
            raise ResultError(f"there is no strategy {name!r} in the result: it has {', '.join(known)}")
    if "seed" not in stored.attrs:
        raise ResultError("the Dataset does not say with which seed it was simulated: use what jr.simulate returned")
    then, now = set(datasets.read_given_names(stored.attrs)), set(job.given)
    if then == now:
        return
    before = datasets.format_given_names(then)
    if not now:
        raise ResultError(
            f"the result was simulated with {before} handed in: hand the same paths in again, "
            "as jr.replay(..., exogenous=paths)"
        )
    after = datasets.format_given_names(now)
    raise ResultError(f"the result was simulated with {before or 'nothing'} handed in, and this time it is {after}")


def measure_last_year(run: xr.Dataset, network: Network, backend: Backend | None = None) -> xr.Dataset:
    """Return the result of the same paths with the last year of each measured alone; see :func:`jitrisk.last_year`."""
    hours = float(run.attrs["period_hours"])
    if not is_longer_than_a_year(int(run.attrs["periods"]) * hours / HOURS_PER_YEAR):
        return run
    if given := datasets.read_given_names(run.attrs):
        raise ResultError(
            f"the paths of the result were handed in ({datasets.format_given_names(given)}), and a result does not "
            "hold them, so that the last year of each cannot be measured alone"
        )
    chosen = parse_strategies(network, [str(name) for name in run["strategy"].values])
    first, count = int(run["path"].values[0]), run.sizes["path"]
    if int(run["path"].values[-1]) != first + count - 1:
        raise ResultError("the paths of the result are not consecutive: hand in a range of them")
    seed, mixture = run.attrs.get("seed", 0), datasets.read_mixture(run.attrs)
    job = build_job(network, chosen, range(first, first + count), seed, mixture=mixture)
    require_same(run, job)
    job = replace(job, horizon=Horizon(network.horizon, network.horizon - round(HOURS_PER_YEAR / hours)))
    result = datasets.label_outcomes(network, chosen, engine.run(job, backend), job)
    return result.assign({price: run[price] for price in PRICES if price in run}).assign_attrs(measured="last year")


def replay_path(
    network: Network, job: Job, run: xr.Dataset | None, choice: Choice, values: xr.Dataset | None = None
) -> xr.Dataset:
    """Return the replay of one path under one strategy.

    Parameters
    ----------
    network : the model.
    job : the run that the path is one of, with one strategy.
    run : its outcomes, where they are known; the choice is made among them, and the path's place in them told.
    choice : which path.
    values : the metrics of that run, where they are computed already.

    Raises
    ------
    ResultError
        If the choice finds no path, or the path run again differs from the run.
    """
    ((name, _),) = job.strategies.items()
    if values is None and run is not None:
        values = risk.metrics(run)
    number = choice.path if values is None else choice.find_path_number(values, name)
    assert number is not None  # without a run the number is given
    alone = _isolate_path(job, number)
    patched = {name: network.strategies[name]}
    single = datasets.label_outcomes(network, patched, engine.run(alone, Threads(1)), alone)
    if run is not None:
        kept = run.sel(strategy=[name], path=[number]).load()
        _refuse_differences(kept, single)
        single = single.assign({price: kept[price] for price in PRICES if price in kept})
    traced = datasets.label_trace(network, tracing.trace(alone, Threads(1)), alone)
    exogenous = datasets.label_paths(patched[name], tracing.draw(alone), alone)
    parts = [
        # The demand of a replay is that drawn, which can be handed in; that of the trace is rounded to whole grains.
        traced.isel(strategy=0, path=0).drop_vars("demand"),
        datasets.label_replay(
            patched[name], single.isel(strategy=0, path=0), exogenous.isel(path=0), tracing.list_occurrences(alone)
        ),
        risk.rank_path(risk.metrics(single) if values is None else values, name, number, ranked=values is not None),
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


def _refuse_differences(kept: xr.Dataset, single: xr.Dataset) -> None:
    differing = datasets.find_differing_outcomes(kept, single)
    if differing:
        version = kept.attrs.get("jitrisk_version", "unknown")
        raise ResultError(
            f"the path run again differs from the result in {', '.join(differing)}: the result was changed, "
            f"other paths were handed in, or its version {version} gives other results; simulate it again"
        )
