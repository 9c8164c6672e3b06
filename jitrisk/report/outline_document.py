"""The outline of a model as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import xarray as xr

from jitrisk.report.json_documents import convert_value
from jitrisk.report.outline_records import (
    PAYMENT,
    list_customers,
    list_draws,
    list_hits,
    list_links,
    list_records,
    select_strategy,
)

SCHEMA_VERSION = 2


def build_outline_document(outline: xr.Dataset, strategy: str | None = None) -> dict[str, Any]:
    """Return what a model says as one JSON document, strategy by strategy; no limit is null.

    Parameters
    ----------
    outline : from :func:`jitrisk.outline`.
    strategy : the only strategy in the document; all by default.

    Raises
    ------
    ResultError
        When the strategy is unknown.
    """
    names = outline["strategy"].values.tolist() if strategy is None else [select_strategy(outline, strategy)]
    head: dict[str, Any] = {"schema": "jitrisk.outline", "schema_version": SCHEMA_VERSION}
    kept = ("name", "currency", "period_hours", "horizon", "warm_up", "model_hash")
    head |= {name: outline.attrs[name] for name in kept}
    strategies = {}
    for name in names:
        one = outline.sel(strategy=name)
        strategies[name] = {
            "stages": _key_records(list_records(one, "stage"), "stage"),
            "customers": _key_records(list_customers(one), "customer"),
            "hazards": _key_records(list_records(one, "hazard"), "hazard"),
            "links": [_replace_nonfinite(link) for link in list_links(one)],
            "hits": [_replace_nonfinite(hit) for hit in list_hits(one)],
            "random": [_convert_draw(draw) for draw in list_draws(one)],
            **{price: convert_value(one[price]) for price in PAYMENT},
        }
    return {**head, "strategies": strategies}


def _key_records(records: Iterable[Mapping[str, Any]], dim: str) -> dict[str, Any]:
    replaced = (_replace_nonfinite(record) for record in records)
    return {str(record.pop(dim)): record for record in replaced}


def _convert_draw(draw: Mapping[str, Any]) -> dict[str, Any]:
    key = "distribution_parameters"
    return _replace_nonfinite(draw) | {key: json.loads(draw[key])}


def _replace_nonfinite(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: convert_value(value) for name, value in record.items()}
