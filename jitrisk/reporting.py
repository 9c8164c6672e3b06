"""A result as a page: its model read again for the assumptions, some paths run again for the pictures over time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import xarray as xr

from jitrisk import datasets, model, risk
from jitrisk.arguments import TRACED, build_backend, build_job
from jitrisk.errors import JitriskError, ModelError
from jitrisk.model import Network
from jitrisk.model_warnings import ModelWarning, find_warnings
from jitrisk.report import Summary, summarize
from jitrisk.report.writing import write_page
from jitrisk.run import tracing
from jitrisk.run.backends import Backend
from jitrisk.run.job import Job
from jitrisk.studies import replay
from jitrisk.vocabulary import TRACE

_FEWEST = 20
_MOST_NUMBERS = 50_000_000  # float32 in the traced series: 200 MB


def write(
    result: xr.Dataset,
    target: str | os.PathLike[str],
    base: str | None = None,
    level: float = 0.95,
    *,
    replay: bool = True,
    threads: int | None = None,
) -> Summary:
    """Write a result as a page, whole or not at all.

    Parameters
    ----------
    result : a result; one opened with :func:`jitrisk.datasets.open_lazily` is read variable by variable.
    target : the page to write.
    base, level : as :func:`jitrisk.report.summarize` takes them.
    replay : whether paths are run again, for the fan charts and the story of a bad path.
    threads : threads to use; all cores by default.

    Returns
    -------
    The figures that the page shows.
    """
    from jitrisk.report.page import render_page

    summary = summarize(result, base, level)
    network = _read_network(result, summary)
    names = list(summary.strategies)
    outline = None if network is None else datasets.outline(network).sel(strategy=names)
    warnings = () if network is None else find_warnings(network, names)
    again = _rerun_paths(result, network, summary, build_backend(threads)) if replay else {}
    write_page(render_page(result, summary, outline=outline, warnings=_list_warning_rows(warnings), **again), target)
    return summary


def _list_warning_rows(warnings: Iterable[ModelWarning]) -> list[tuple[str, ...]]:
    """Return warnings as the rows of a page: name, key, what was found, what it does, what to write."""
    return [(one.name, one.key, one.found_under, one.effect, one.remedy) for one in warnings]


def _read_network(result: xr.Dataset, summary: Summary) -> Network | None:
    """Return the model that a result carries, None where it is not one that this version reads."""
    try:
        network = model.load(json.loads(result.attrs.get("model", "{}")))
    except (ModelError, ValueError):
        return None
    return network if set(summary.strategies) <= set(network.strategies) else None


def _rerun_paths(result: xr.Dataset, network: Network | None, summary: Summary, backend: Backend) -> dict[str, Any]:
    """Return what running paths again shows, or why they cannot be."""
    if network is None:
        return {"unplayed": "the result does not carry a model that this version of jitrisk can run"}
    if given := datasets.read_given_names(result.attrs):
        names = datasets.format_given_names(given)
        return {"unplayed": f"its paths were handed in ({names}), and a result does not hold them"}
    try:
        annual = replay.measure_last_year(result, network, backend)
        return {
            "annual": None if annual is result else risk.metrics(annual),
            "trace": _trace(result, network, summary, backend),
            "replay": _replay(result, network, summary),
        }
    except JitriskError as error:
        return {"unplayed": str(error)}


def _trace(result: xr.Dataset, network: Network, summary: Summary, backend: Backend) -> xr.Dataset | None:
    """Return the first paths period by period, None where even few of them are too much."""
    things = sum(
        len(network.stages if variable.dims[-1] == "stage" else network.customers) for variable in TRACE.values()
    )
    affordable = _MOST_NUMBERS // (things * network.horizon * len(summary.strategies))
    if affordable < _FEWEST:
        return None
    first = int(result["path"].values[0])
    job = _build_replay_job(
        network, summary.strategies, range(first, first + min(TRACED, affordable, result.sizes["path"])), result
    )
    traced = tracing.trace(job, backend)
    return datasets.label_trace(network, traced, job)


def _replay(result: xr.Dataset, network: Network, summary: Summary) -> xr.Dataset:
    """Return the path in the middle of the worst ones of the base strategy, of those with rare hazards if sampled."""
    job = _build_replay_job(network, [summary.base], range(1), result)
    metric = summary.objective if summary.is_priced else "stockout"
    tail = 1 - summary.level if job.mixture is None else min(1 - summary.level, job.mixture.rare_probability)
    middle = 1 - tail / 2 if summary.metrics[metric].attrs["bad_tail"] == "upper" else tail / 2
    choice = replay.Choice(quantile=middle, metric=metric)
    return replay.replay_path(network, job, result, choice, summary.metrics)


def _build_replay_job(network: Network, names: Iterable[str], paths: range, result: xr.Dataset) -> Job:
    """Return the job of some paths of a run, or raise ResultError where it cannot be run again."""
    chosen = {name: network.strategies[name] for name in names}
    job = build_job(network, chosen, paths, result.attrs.get("seed", 0), mixture=datasets.read_mixture(result.attrs))
    replay.require_same(result, job)
    return replay.apply_run_horizon(job, result)
