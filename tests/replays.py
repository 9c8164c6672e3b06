"""Replays made by hand, for tests of what is told of them: no engine, every period chosen by the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from jitrisk.model import Hit
from jitrisk.vocabulary import REPLAYED_OCCURRENCES, TRACE

Occurred = tuple[str, float, float, float, Mapping[str, Mapping[str, float]]]
"""Hazard, begin, end, recovered, and its factors by stage or customer and kind of effect."""

_NAMES = {"stage": ("press", "line"), "customer": ("shop",)}
_DTYPES = {"str": np.str_, "bool": np.bool_}


def replay(
    periods: int = 40,
    *,
    occurrences: Sequence[Occurred] = (),
    period_hours: float = 8.0,
    warm_up: int = 0,
    counts: Mapping[str, float] | None = None,
    standby_of: Mapping[str, str] | None = None,
    is_open: Mapping[str, Mapping[int, float]] | None = None,
    **signals: Mapping[str, Mapping[int, float]],
) -> xr.Dataset:
    """Return a replay in which nothing happens but what is given.

    Parameters
    ----------
    occurrences : the hazards' occurrences.
    counts : price of downtime by stage.
    standby_of : by standby source, the stage that it stands by for.
    is_open : by standby source, 1 in the periods in which it is open.
    signals : a variable of the trace: values by stage or customer and by period.
    """
    variables: dict[str, Any] = {}
    for name, variable in TRACE.items():
        names = _NAMES[variable.dims[-1]]
        values = np.zeros((periods, len(names)), dtype=np.float32)
        for name_of_row, by_period in signals.pop(name, {}).items():
            values[list(by_period), names.index(name_of_row)] = list(by_period.values())
        variables[name] = (variable.dims[2:], values, variable.build_attrs("EUR"))
    assert not signals, f"no such variable: {list(signals)}"
    names = ["press", "line", "shop"]
    effect = np.full((len(occurrences), len(names), len(Hit.needed)), np.nan)
    for k, (*_, hits) in enumerate(occurrences):
        for name, factors in hits.items():
            for kind, factor in factors.items():
                effect[k, names.index(name), Hit.needed.index(kind)] = factor
    columns = {
        **{name: [one[k] for one in occurrences] for k, name in enumerate(("hazard", "begin", "end", "recovered"))},
        "effect": effect,
        "hit": np.isfinite(effect).any(axis=-1),
    }
    for name, variable in REPLAYED_OCCURRENCES.items():
        shape = effect.shape[: len(variable.dims)]
        array = np.array(columns[name], dtype=_DTYPES.get(variable.dtype, variable.dtype)).reshape(shape)
        variables[name] = (variable.dims, array, variable.build_attrs())
    prices = counts or {}
    variables["downtime_cost"] = ("stage", [prices.get(stage, 0.0) for stage in _NAMES["stage"]])
    variables["metric_value"] = ("metric", [3.65e6, 0.25, 12.0])
    variables["metric_unit"] = ("metric", ["EUR", "1", "unit"])
    variables["metric_per_year"] = ("metric", [2.0, 1.0, 1.0])
    coords = {"time": np.arange(periods), **{kind: list(names) for kind, names in _NAMES.items()}}
    coords |= {"stage_or_customer": names, "effect_kind": list(Hit.needed)}
    coords |= {"metric": ["cost", "fill_rate", "peak_backlog"]}
    coords |= {"customer_stage": ("customer", ["line"]), "strategy": "jit", "path": 8123}
    if standby_of:
        coords["standby_of"] = ("stage", [standby_of.get(stage, "") for stage in _NAMES["stage"]])
        # What is no standby source is always open.
        opened = np.array([[0.0 if stage in standby_of else 1.0 for stage in _NAMES["stage"]]] * periods, np.float32)
        for stage, by_period in (is_open or {}).items():
            opened[list(by_period), _NAMES["stage"].index(stage)] = list(by_period.values())
        variables["open"] = (("time", "stage"), opened)
    attrs = {"name": "By hand", "period_hours": period_hours, "warm_up": warm_up, "periods": periods - warm_up}
    attrs |= {"horizon": periods, "seed": 7, "currency": "EUR", "jitrisk_version": "0.0.0", "contents": "replay"}
    return xr.Dataset(variables, coords, attrs)


def stretch(first: int, last: int, value: float = 1.0) -> dict[int, float]:
    """Return a value for every period from the first to the last."""
    return dict.fromkeys(range(first, last + 1), value)
