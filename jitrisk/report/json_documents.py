"""The report as one JSON document for programs."""

from __future__ import annotations

import json
import math
from typing import Any

import xarray as xr

from jitrisk.report.conclusion import render_conclusion
from jitrisk.report.summary import Summary, read_missing_reasons, summarize

SCHEMA_VERSION = 3
_SHARES = ("cheaper", "cheapest", "richer", "richest")


def build_document(outcomes: xr.Dataset, base: str | None = None, level: float = 0.95) -> dict[str, Any]:
    """Return the report as plain mappings, numbers, texts and None, ready for ``json.dumps``.

    Figures are totals and averages over the measured horizon; times its ``per_year``, a metric that adds up over
    time is a value per year. What is unknown is None.

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
    return build_summary_document(summarize(outcomes, base, level))


def build_summary_document(summary: Summary) -> dict[str, Any]:
    """Return the document of :func:`build_document` from what is computed already."""
    definitions = {str(name): array.attrs for name, array in summary.comparison.items() if "per_year" in array.attrs}
    return {
        "schema": "jitrisk.summary",
        "schema_version": SCHEMA_VERSION,
        **{
            name: convert_value(value)
            for name, value in summary.statistics.attrs.items()
            if name not in ("rare", "priced")
        },
        "rare": json.loads(summary.statistics.attrs.get("rare", "null")),
        "priced": summary.is_priced,
        "base": summary.base,
        "confidence": summary.comparison.attrs["confidence"],
        "metrics": {
            name: {key: convert_value(value) for key, value in attrs.items()} for name, attrs in definitions.items()
        },
        "strategies": {name: _build_strategy(summary, name, list(definitions)) for name in summary.strategies},
        "hazards": {
            str(name): {
                str(each): _build_hazard(summary.hazards.sel(hazard=name, strategy=each)) for each in summary.strategies
            }
            for name in summary.hazards["hazard"].values
        },
        "conclusion": render_conclusion(summary),
    }


def _build_hazard(one: xr.Dataset) -> dict[str, Any]:
    """Return how often a hazard occurred under a strategy, and was expected to; empty where that is not known."""
    return {str(name): convert_value(array.values) for name, array in one.data_vars.items()}


def _build_strategy(summary: Summary, name: str, metrics: list[str]) -> dict[str, Any]:
    statistics, comparison = summary.statistics.sel(strategy=name), summary.comparison.sel(strategy=name)
    return {
        "statistics": {
            metric: convert_array(statistics[metric])
            | {
                f"quantiles{end}": convert_array(statistics[f"{metric}_quantile{end}"])
                for end in ("", "_lower", "_upper")
            }
            for metric in metrics
        },
        "differences": {
            metric: convert_array(comparison[metric])
            | {"missing_interval": _list_missing_reasons(summary, name, metric)}
            for metric in metrics
        },
        **{
            kind: {
                "share": convert_value(comparison[kind].item()),
                "lower": convert_value(comparison[f"{kind}_lower"].item()),
                "upper": convert_value(comparison[f"{kind}_upper"].item()),
            }
            for kind in _SHARES
            if kind in comparison
        },
    }


def _list_missing_reasons(summary: Summary, name: str, metric: str) -> dict[str, str | None]:
    """Return for each difference why its interval is null; None where there is one."""
    return {key: text or None for key, text in read_missing_reasons(summary.comparison, metric, name).items()}


def convert_array(array: xr.DataArray) -> dict[str, Any]:
    """Return values along the one dimension of an array, by its coordinate; what is unknown is None."""
    (dim,) = array.dims
    return {str(key): convert_value(value) for key, value in zip(array[dim].values, array.values, strict=True)}


def convert_value(value: Any) -> Any:
    """Return a value as JSON can hold it: None for a number that is not finite."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
