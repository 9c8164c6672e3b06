"""A run that keeps what is asked, and the Dataset of it: all outcomes, some, or the metrics in place of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import xarray as xr

from jitrisk import datasets
from jitrisk.arguments import OutcomesAsked, parse_draws
from jitrisk.lower import lower_all
from jitrisk.model import Network
from jitrisk.risk.inputs import Array
from jitrisk.risk.metrics import MetricFormulas, compute_metrics, label_metrics, read_formulas
from jitrisk.run.forecast import compute_result_bytes
from jitrisk.run.job import Job
from jitrisk.run.kept import Kept, KeptMetrics, KeptTogether, KeptTotals
from jitrisk.run.totals import Totals
from jitrisk.vocabulary import KEPT, KEPT_METRICS, KEPT_STRATEGIES


class Keeping:
    """What a run keeps, and how it becomes a Dataset.

    Parameters
    ----------
    network : the model.
    strategies : the networks that are run, by name.
    job : what is simulated.
    outcomes : what is kept, from :func:`jitrisk.arguments.parse_outcomes`: names of outcomes, ``"metrics"``, or None
        for all outcomes.
    watched : a metric that is kept beside outcomes, so that it can be read while paths are added; none if empty.
    prices : prices that are not those of the model, by name.

    Attributes
    ----------
    kept : what `jitrisk.run.engine.run_blocks` fills.
    """

    def __init__(
        self,
        network: Network,
        strategies: Mapping[str, Network],
        job: Job,
        outcomes: OutcomesAsked = None,
        watched: str = "",
        prices: Mapping[str, xr.DataArray] | None = None,
    ) -> None:
        self._network, self._strategies, self._job, self._prices = network, strategies, job, prices or {}
        self._totals = None if outcomes == KEPT_METRICS else KeptTotals(job, outcomes)
        self._formulas: MetricFormulas | None = None
        self._metrics: KeptMetrics | None = None
        if self._totals is None or watched:
            self._formulas = build_formulas(network, strategies, job, self._prices)
            names = self._formulas.list_metrics() if self._totals is None else [watched]
            self._metrics = KeptMetrics(job, names, self._compute)
        parts: list[Kept] = [part for part in (self._totals, self._metrics) if part is not None]
        self.kept: Kept = parts[0] if len(parts) == 1 else KeptTogether(*parts)

    def label(self, paths: range) -> xr.Dataset:
        """Return the Dataset of the first paths that were kept, whose numbers these are."""
        places, job = range(len(paths)), replace(self._job, paths=paths)
        if self._totals is not None:
            totals = self._totals.totals.select_paths(places)
            return datasets.label_outcomes(self._network, self._strategies, totals, job).assign(self._prices)
        metrics, counted = self._label_metrics(paths)
        attrs = {**counted.attrs, KEPT: KEPT_METRICS, "priced": metrics.attrs["priced"]}
        if self._formulas is not None and self._formulas.has_differing_prices:
            attrs[KEPT_STRATEGIES] = json.dumps(list(self._strategies), ensure_ascii=False)
        return counted.assign({name: array.variable for name, array in metrics.items()}).assign_attrs(attrs)

    def label_metrics(self, paths: range) -> xr.Dataset:
        """Return the metrics that were kept of the first paths, as :func:`jitrisk.risk.metrics` returns them."""
        return self._label_metrics(paths)[0]

    def list_found_metrics(self) -> list[str]:
        """Return the metrics that every path has so far."""
        return self._metrics.list_found() if self._metrics is not None else []

    def _label_metrics(self, paths: range) -> tuple[xr.Dataset, xr.Dataset]:
        """Return metrics, and what their result holds beside them."""
        assert self._metrics is not None  # metrics are asked for
        assert self._formulas is not None
        occurrences = self._metrics.occurrences[:, : len(paths)]
        job = replace(self._job, paths=paths)
        counted = datasets.label_occurrences(self._network, self._strategies, occurrences, job)
        arrays = {name: array[:, : len(paths)] for name, array in self._metrics.arrays.items()}
        return label_metrics(self._formulas, arrays, counted), counted

    def _compute(self, block: Totals) -> Mapping[str, Array]:
        assert self._formulas is not None
        return compute_metrics(self._formulas, block.read, block.paths)


def build_formulas(
    network: Network, strategies: Mapping[str, Network], job: Job, prices: Mapping[str, xr.DataArray] | None = None
) -> MetricFormulas:
    """Return what the metrics of a run are computed with, before it is simulated.

    Parameters
    ----------
    network : the model.
    strategies : the networks that are run, by name.
    job : what is simulated.
    prices : prices that are not those of the model, by name.
    """
    of_model = datasets.label_prices(network, strategies, replace(job, paths=job.paths[:1]))
    return read_formulas(of_model.assign(prices or {}), job.has_cycles)


def read_kept_names(attrs: Mapping[Any, Any]) -> OutcomesAsked:
    """Return what a result says that it keeps, as `Keeping` takes it."""
    kept = attrs.get(KEPT)
    if kept is None or kept == KEPT_METRICS:
        return None if kept is None else KEPT_METRICS
    return tuple(str(kept).split(", "))


def list_cost_outcomes(network: Network, strategies: Mapping[str, Network]) -> tuple[str, ...]:
    """Return the outcomes that the costs and metrics of some strategies are computed from, at the prices of the model.

    Parameters
    ----------
    network : the model.
    strategies : the networks of the strategies, by name.
    """
    job = parse_draws(network, strategies.values(), 1).build_job(lower_all(strategies))
    return tuple(build_formulas(network, strategies, job).list_outcomes())


def compute_kept_bytes(network: Network, strategies: Mapping[str, Network], rare: bool, outcomes: OutcomesAsked) -> int:
    """Return the bytes that each path takes in a result that keeps what is asked.

    Parameters
    ----------
    network : the model.
    strategies : the networks of the strategies, by name.
    rare : whether paths have weights.
    outcomes : what is kept, as `Keeping` takes it.
    """
    job = parse_draws(network, strategies.values(), 1).build_job(lower_all(strategies))
    metrics = build_formulas(network, strategies, job).list_metrics() if outcomes == KEPT_METRICS else ()
    names = () if outcomes == KEPT_METRICS else outcomes
    return compute_result_bytes(job, len(network.hazards), rare, names, metrics)
