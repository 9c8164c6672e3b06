"""What a report shows beside the statistics of a result: its model, and some of its paths simulated again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import xarray as xr

from jitrisk import datasets, model, risk
from jitrisk.arguments import TRACED
from jitrisk.errors import JitriskError, ModelError, ResultError
from jitrisk.model import Network
from jitrisk.model_warnings import find_warnings
from jitrisk.provenance import read_model_text
from jitrisk.run import tracing
from jitrisk.run.backends import Backend
from jitrisk.studies.last_year import simulate_last_year
from jitrisk.studies.replay import PathChoice, replay_path
from jitrisk.studies.result_jobs import build_result_job
from jitrisk.vocabulary import KEPT_METRICS, TRACE

_FEWEST = 20
_MOST_NUMBERS = 50_000_000  # float32 in the traced series: 200 MB


@dataclass(frozen=True)
class ReportParts:
    """What a report shows beside the statistics of a result; None, or empty, where it is not known.

    Attributes
    ----------
    outline : what the model says, from :func:`jitrisk.outline`.
    warnings : the warnings about the model, each as name, key, what was found, effect and remedy.
    annual : the metrics of the last year of every path, where paths are longer than about a year.
    trace : the first paths, period by period.
    replay : one path in the bad tail of the base strategy.
    unplayed : why no path was simulated again, where that was asked for.
    """

    outline: xr.Dataset | None = None
    warnings: tuple[tuple[str, ...], ...] = ()
    annual: xr.Dataset | None = None
    trace: xr.Dataset | None = None
    replay: xr.Dataset | None = None
    unplayed: str = ""


def compute_report_parts(
    result: xr.Dataset, metrics: xr.Dataset, base: str, level: float, backend: Backend | None
) -> ReportParts:
    """Return what a report shows beside the statistics of a result.

    Parameters
    ----------
    result : the result; one opened with :func:`jitrisk.datasets.open_lazily` is read variable by variable.
    metrics : its metrics, from :func:`jitrisk.risk.metrics`.
    base : the strategy whose replay is shown.
    level : level of the conditional value at risk; the replay is a path beyond it.
    backend : what simulates paths again; None where none are to be.
    """
    names = [str(name) for name in metrics["strategy"].values]
    network = _read_network(result, names)
    parts = ReportParts()
    if network is not None:
        warnings = find_warnings(network, names)
        rows = tuple((one.name, one.key, one.found_under, one.effect, one.remedy) for one in warnings)
        parts = ReportParts(datasets.outline(network).sel(strategy=names), rows)
    if backend is None:
        return parts
    return _add_paths(parts, result, network, metrics, base, level, backend)


def _read_network(result: xr.Dataset, names: Sequence[str]) -> Network | None:
    """Return the model that a result carries, None where it is not one that this version reads."""
    try:
        network = model.load(read_model_text(result.attrs))
    except (ModelError, ResultError):
        return None
    return network if set(names) <= set(network.strategies) else None


def _add_paths(
    parts: ReportParts,
    result: xr.Dataset,
    network: Network | None,
    metrics: xr.Dataset,
    base: str,
    level: float,
    backend: Backend,
) -> ReportParts:
    """Return the parts with those that need paths simulated again, or why they cannot be."""
    if network is None:
        return replace(parts, unplayed="the result does not carry a model that this version of jitrisk can run")
    if given := datasets.read_given_names(result.attrs):
        names = datasets.format_given_names(given)
        return replace(parts, unplayed=f"its paths were handed in ({names}), and a result does not hold them")
    try:
        year = simulate_last_year(result, network, backend, KEPT_METRICS)
        return replace(
            parts,
            annual=None if year is result else risk.metrics(year),
            trace=_trace_first_paths(result, network, backend),
            replay=_replay_bad_path(result, network, metrics, base, level),
        )
    except JitriskError as error:
        return replace(parts, unplayed=str(error))


def _trace_first_paths(result: xr.Dataset, network: Network, backend: Backend) -> xr.Dataset | None:
    """Return the first paths period by period, None where even few of them are too much."""
    names = [str(name) for name in result["strategy"].values]
    series = sum(
        len(network.stages if variable.dims[-1] == "stage" else network.customers) for variable in TRACE.values()
    )
    affordable = _MOST_NUMBERS // (series * network.horizon * len(names))
    if affordable < _FEWEST:
        return None
    first = int(result["path"].values[0])
    paths = range(first, first + min(TRACED, affordable, result.sizes["path"]))
    job = build_result_job(result, network, names, paths)
    return datasets.label_trace(network, tracing.trace(job, backend), job)


def _replay_bad_path(result: xr.Dataset, network: Network, metrics: xr.Dataset, base: str, level: float) -> xr.Dataset:
    """Return the path in the middle of the worst ones of the base strategy, of those with rare hazards if sampled."""
    job = build_result_job(result, network, [base], range(1))
    metric = risk.select_objective(metrics) if metrics.attrs["priced"] else "stockout"
    tail = 1 - level if job.mixture is None else min(1 - level, job.mixture.rare_probability)
    middle = 1 - tail / 2 if metrics[metric].attrs["bad_tail"] == "upper" else tail / 2
    return replay_path(network, job, result, PathChoice(quantile=middle, metric=metric), metrics)
