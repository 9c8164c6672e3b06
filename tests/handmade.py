"""Results made by hand, for tests of what is computed from them: no engine, every number chosen by the test."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.vocabulary import CYCLES, METRICS_OF_FEATURES, OUTCOMES, PRICES

_LATER = ("fixed_cost", "expired", "overtime", "expire_cost", "overtime_cost")


def result(
    strategies: Sequence[str] = ("jit", "jic"),
    paths: int = 4,
    stages: Sequence[str] = ("press", "line"),
    customers: Sequence[str] = ("shop",),
    *,
    periods: int = 10,
    period_hours: float = 12.0,
    features: Sequence[str] = (),
    **values: npt.ArrayLike,
) -> xr.Dataset:
    """Return a result in which every outcome and price not given is 0, and units in process are owned.

    Replenishment cycles are there where they are given. The model says of its last stage alone, and of this one only
    which features it has, by their keys.

    Outcomes are given as anything that broadcasts to (strategy, path, stage | customer), prices to their own dims.
    """
    coords = {"strategy": list(strategies), "path": np.arange(paths), "stage": list(stages)}
    coords["customer"] = list(customers)
    arrays = {}
    cycles = {name: variable for name, variable in CYCLES.items() if name in values}
    for name, variable in (OUTCOMES | PRICES | cycles).items():
        shape = [len(coords[dim]) for dim in variable.dims]
        default = 1 if name == "owned_in_process" else 0
        array = np.broadcast_to(np.asarray(values.pop(name, default), dtype=variable.dtype), shape)
        if variable.role == "outcome":
            # Results lie in memory as [strategy, stage or customer, path].
            array = np.ascontiguousarray(array.transpose(0, 2, 1)).transpose(0, 2, 1)
        arrays[name] = (variable.dims, array, variable.build_attrs("EUR"))
    assert not values, f"no such outcome or price: {list(values)}"
    # The last stage serves every customer.
    coords["customer_stage"] = (("strategy", "customer"), np.full((len(strategies), len(customers)), stages[-1]))
    attrs = {
        "jitrisk_format": 1,
        "jitrisk_version": "0.0.0",
        "name": "By hand",
        "period_hours": period_hours,
        "horizon": periods,
        "warm_up": 0,
        "periods": periods,
        "currency": "EUR",
        "seed": 7,
        "paths": paths,
        "model": json.dumps({"stages": {stages[-1]: dict.fromkeys(features, 1)}}) if features else "{}",
        "model_hash": "0",
        "libraries": "{}",
    }
    return xr.Dataset(arrays, coords, attrs)


def random_result(strategies: int = 3, paths: int = 200, seed: int = 1) -> xr.Dataset:
    """Return a result in which every outcome and price is some positive number, of a model with every feature."""
    rng = np.random.default_rng(seed)
    stages, customers = ["press", "paint", "line"], ["shop", "export"]
    sizes = {"strategy": strategies, "path": paths, "stage": len(stages), "customer": len(customers)}
    known = OUTCOMES | PRICES | CYCLES
    # What came later is drawn last, so that the others are what they were before.
    values = {
        name: rng.gamma(2.0, 3.0, [sizes[dim] for dim in known[name].dims])
        for name in sorted(known, key=lambda name: _LATER.index(name) if name in _LATER else -1)
    }
    # What is a part of something is no more than it, and what is owned is 0 or 1.
    values["filled"] = np.minimum(values["filled"], values["demand"])
    values["short_cycles"] = np.minimum(values["short_cycles"], values["receipts"])
    values["owned_in_process"] = values["owned_in_process"] > np.median(values["owned_in_process"])
    names = [f"plan {k}" for k in range(strategies)]
    return result(names, paths, stages, customers, features=tuple(METRICS_OF_FEATURES.values()), **values)


def of_cost(cost: npt.ArrayLike, strategies: Sequence[str] | None = None) -> xr.Dataset:
    """Return a result whose total costs are `cost` (strategy, path)."""
    table = np.atleast_2d(np.asarray(cost, dtype=np.float64))
    names = strategies or [f"plan {k}" for k in range(len(table))]
    return result(names, table.shape[1], ("press",), started=table[:, :, np.newaxis], unit_cost=1.0)
