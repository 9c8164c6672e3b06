"""The report as one JSON document for programs."""

from __future__ import annotations

import json
import math
from typing import Any

import xarray as xr

from jitrisk.report.conclusion import conclusion
from jitrisk.report.summary import Summary, missing_intervals, summarize

SCHEMA_VERSION = 2
_SHARES = ("cheaper", "cheapest", "richer", "richest")


def document(outcomes: xr.Dataset, base: str | None = None, level: float = 0.95) -> dict[str, Any]:
    """Return the report as plain mappings, numbers, texts and None, ready for ``json.dumps``.

    Figures are totals and averages over the measured horizon; times its ``per_year``, a metric that adds up over
    time becomes a year's worth. What is unknown is None.

    Parameters
    ----------
    outcomes : a result.
    base : the strategy the others are compared with; the first by default.
    level : level of value at risk and conditional value at risk.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a variable or holds a number that is not finite.
    """
    return summed(summarize(outcomes, base, level))


def summed(summary: Summary) -> dict[str, Any]:
    """Return the document of :func:`document` from what is computed already."""
    definitions = {str(name): array.attrs for name, array in summary.contrasts.items() if "per_year" in array.attrs}
    return {
        "schema": "jitrisk.summary",
        "schema_version": SCHEMA_VERSION,
        **{name: plain(value) for name, value in summary.measures.attrs.items() if name not in ("rare", "priced")},
        "rare": json.loads(summary.measures.attrs.get("rare", "null")),
        "priced": summary.priced,
        "base": summary.base,
        "confidence": summary.contrasts.attrs["confidence"],
        "metrics": {name: {key: plain(value) for key, value in attrs.items()} for name, attrs in definitions.items()},
        "strategies": {name: _strategy(summary, name, list(definitions)) for name in summary.strategies},
        "hazards": {
            str(name): {
                str(each): _hazard(summary.hazards.sel(hazard=name, strategy=each)) for each in summary.strategies
            }
            for name in summary.hazards["hazard"].values
        },
        "conclusion": conclusion(summary),
    }


def _hazard(one: xr.Dataset) -> dict[str, Any]:
    """Return how often a hazard occurred under a strategy, and was expected to; empty where that is not known."""
    return {str(name): plain(array.values) for name, array in one.data_vars.items()}


def _strategy(summary: Summary, name: str, metrics: list[str]) -> dict[str, Any]:
    measures, contrasts = summary.measures.sel(strategy=name), summary.contrasts.sel(strategy=name)
    return {
        "measures": {
            metric: series(measures[metric])
            | {f"quantiles{end}": series(measures[f"{metric}_quantile{end}"]) for end in ("", "_lower", "_upper")}
            for metric in metrics
        },
        "differences": {
            metric: series(contrasts[metric]) | {"missing_interval": _reasons(summary, name, metric)}
            for metric in metrics
        },
        **{
            kind: {
                "share": plain(contrasts[kind].item()),
                "lower": plain(contrasts[f"{kind}_lower"].item()),
                "upper": plain(contrasts[f"{kind}_upper"].item()),
            }
            for kind in _SHARES
            if kind in contrasts
        },
    }


def _reasons(summary: Summary, name: str, metric: str) -> dict[str, str | None]:
    """Return for each difference why its interval is null; None where there is one."""
    return {key: text or None for key, text in missing_intervals(summary.contrasts, metric, name).items()}


def series(array: xr.DataArray) -> dict[str, Any]:
    """Return values along the one dimension of an array, by its coordinate; what is unknown is None."""
    (dim,) = array.dims
    return {str(key): plain(value) for key, value in zip(array[dim].values, array.values, strict=True)}


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: None for a number that is not finite."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
