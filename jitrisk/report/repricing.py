"""What other prices change: table and document, old and new side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import xarray as xr

from jitrisk.report.json_documents import build_document, convert_array
from jitrisk.report.numbers import select_scale
from jitrisk.report.summary import list_strategies, read_estimate
from jitrisk.report.table import explain_intervals, format_cells, read_model_name
from jitrisk.report.terminal_table import ReportRow, ReportTable
from jitrisk.risk import compute_metric_changes, describe, metrics

SCHEMA_VERSION = 1
_MONEY = {"cost": "cost", "profit": "profit", "working_capital": "capital"}


class _RepricingStatistics(NamedTuple):
    """Statistics of the metrics before and after, and of their change path by path."""

    before: xr.Dataset
    after: xr.Dataset
    change: xr.Dataset


def build_reprice_table(before: xr.Dataset, after: xr.Dataset) -> ReportTable:
    """Return what strategies cost under the old and the new prices, and the change path by path.

    Parameters
    ----------
    before, after : a result under its old and its new prices.

    Raises
    ------
    ResultError
        When a Dataset is no result, lacks a variable or holds a number that is not finite.
    """
    statistics = _describe_changes(before, after)
    strategies = list_strategies(after)
    rows = tuple(row for metric in _MONEY for row in _list_rows(metric, statistics, strategies))
    prices = [
        f"{key}: {_format_price(old)} -> {_format_price(new)}"
        for key, (old, new) in _find_changed_prices(before, after).items()
    ]
    what = "Cost and profit are per year, capital is working capital; changes are taken path by path."
    notes = (*(prices or ["All prices are as they were."]), what, explain_intervals(rows))
    return ReportTable(f"{read_model_name(after)} at other prices, on the same paths", strategies, rows, notes)


def build_reprice_document(before: xr.Dataset, after: xr.Dataset) -> dict[str, Any]:
    """Return the same as plain mappings, numbers, texts and None, with the whole report under the new prices.

    Figures are for the measured horizon; times its ``per_year``, one that adds up over time is a value per year.

    Parameters
    ----------
    before, after : a result under its old and its new prices.

    Raises
    ------
    ResultError
        As :func:`build_reprice_table` does.
    """
    change = _describe_changes(before, after).change.sel(statistic=["mean", "standard_error"])
    found = [metric for metric in _MONEY if metric in change]
    return {
        "schema": "jitrisk.repricing",
        "schema_version": SCHEMA_VERSION,
        "prices": {
            key: {"before": old, "after": new} for key, (old, new) in _find_changed_prices(before, after).items()
        },
        "changes": {
            name: {metric: convert_array(change[metric].sel(strategy=name)) for metric in found}
            for name in list_strategies(after)
        },
        "summary": build_document(after),
    }


def _describe_changes(before: xr.Dataset, after: xr.Dataset) -> _RepricingStatistics:
    old, new = (metrics(outcomes) for outcomes in (before, after))
    old, new = (values[[name for name in _MONEY if name in values]] for values in (old, new))
    return _RepricingStatistics(describe(old), describe(new), describe(compute_metric_changes(old, new)))


def _list_rows(metric: str, statistics: _RepricingStatistics, strategies: Sequence[str]) -> Iterator[ReportRow]:
    times = statistics._asdict().items()
    found = {time: [read_estimate(of, metric, name) for name in strategies] for time, of in times if metric in of}
    # The change may be far smaller than what changes.
    for estimates_of in (("before", "after"), ("change",)):
        chosen = select_scale(each.value for time in estimates_of for each in found.get(time, ()))
        unit = chosen.format_unit(str(statistics.after["cost"].attrs["units"]))
        for time in (time for time in estimates_of if time in found):
            yield ReportRow(f"{_MONEY[metric]} {time}, {unit}", format_cells(found[time], chosen))


def _find_changed_prices(before: xr.Dataset, after: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """Return the prices that differ, from ``repriced``, which holds those unlike the run's as (of the run, now)."""
    old, new = (json.loads(outcomes.attrs.get("repriced", "{}")) for outcomes in (before, after))
    pairs = {
        key: (old[key][1] if key in old else new[key][0], new[key][1] if key in new else old[key][0])
        for key in {**old, **new}
    }
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _format_price(price: Any) -> str:
    if isinstance(price, bool):
        return str(price).lower()
    return "not set" if price is None else f"{price:,}" if isinstance(price, int | float) else str(price)
