"""What other prices change: table and document, old and new side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import xarray as xr

from jitrisk.report.json_documents import document, series
from jitrisk.report.numbers import scale
from jitrisk.report.summary import figure, strategies_of
from jitrisk.report.table import cells, interval_note, title
from jitrisk.report.terminal_table import Row, Sheet
from jitrisk.risk import describe, metrics, repricing

SCHEMA_VERSION = 1
_MONEY = {"cost": "cost", "profit": "profit", "working_capital": "capital"}


class _Measures(NamedTuple):
    """Statistics of the metrics before and after, and of their change path by path."""

    before: xr.Dataset
    after: xr.Dataset
    change: xr.Dataset


def reprice_table(before: xr.Dataset, after: xr.Dataset) -> Sheet:
    """Return what strategies cost under the old and the new prices, and the change path by path.

    Parameters
    ----------
    before, after : a result under its old and its new prices.

    Raises
    ------
    ResultError
        When a Dataset is no result, lacks a variable or holds a number that is not finite.
    """
    measures = _measures(before, after)
    strategies = strategies_of(after)
    rows = tuple(row for metric in _MONEY for row in _rows(metric, measures, strategies))
    prices = [f"{key}: {_written(old)} -> {_written(new)}" for key, (old, new) in _changed(before, after).items()]
    what = "Cost and profit are of a year, capital is working capital; changes are taken path by path."
    notes = (*(prices or ["All prices are as they were."]), what, interval_note(rows))
    return Sheet(f"{title(after)} at other prices, on the same paths", strategies, rows, notes)


def reprice_document(before: xr.Dataset, after: xr.Dataset) -> dict[str, Any]:
    """Return the same as plain mappings, numbers, texts and None, with the whole report under the new prices.

    Figures are for the measured horizon; times its ``per_year``, one that adds up over time becomes a year's worth.

    Parameters
    ----------
    before, after : a result under its old and its new prices.

    Raises
    ------
    ResultError
        As :func:`reprice_table` does.
    """
    change = _measures(before, after).change.sel(statistic=["mean", "standard_error"])
    found = [metric for metric in _MONEY if metric in change]
    return {
        "schema": "jitrisk.repricing",
        "schema_version": SCHEMA_VERSION,
        "prices": {key: {"before": old, "after": new} for key, (old, new) in _changed(before, after).items()},
        "changes": {
            name: {metric: series(change[metric].sel(strategy=name)) for metric in found}
            for name in strategies_of(after)
        },
        "summary": document(after),
    }


def _measures(before: xr.Dataset, after: xr.Dataset) -> _Measures:
    old, new = (metrics(outcomes) for outcomes in (before, after))
    old, new = (values[[name for name in _MONEY if name in values]] for values in (old, new))
    return _Measures(describe(old), describe(new), describe(repricing(old, new)))


def _rows(metric: str, measures: _Measures, strategies: Sequence[str]) -> Iterator[Row]:
    times = measures._asdict().items()
    found = {time: [figure(of, metric, name) for name in strategies] for time, of in times if metric in of}
    # The change may be far smaller than what changes.
    for estimates_of in (("before", "after"), ("change",)):
        chosen = scale(each.value for time in estimates_of for each in found.get(time, ()))
        unit = chosen.unit(str(measures.after["cost"].attrs["units"]))
        for time in (time for time in estimates_of if time in found):
            yield Row(f"{_MONEY[metric]} {time}, {unit}", cells(found[time], chosen))


def _changed(before: xr.Dataset, after: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """Return the prices that differ; each result remembers those that are not of its run, as (of the run, now)."""
    old, new = (json.loads(outcomes.attrs.get("repriced", "{}")) for outcomes in (before, after))
    pairs = {
        key: (old[key][1] if key in old else new[key][0], new[key][1] if key in new else old[key][0])
        for key in {**old, **new}
    }
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _written(price: Any) -> str:
    if isinstance(price, bool):
        return str(price).lower()
    return "not set" if price is None else f"{price:,}" if isinstance(price, int | float) else str(price)
