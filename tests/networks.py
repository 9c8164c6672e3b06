"""Hypothesis strategies that draw small networks as mappings, and random exogenous paths to hand in with them.

Every amount drawn is a whole number, or, when asked for, a multiple of a power of one half: float32 holds both
exactly over a short horizon, so that the compiled core and the plain twin can be compared digit by digit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from hypothesis import strategies as st

Mapping = dict[str, Any]


@st.composite
def policies(draw: st.DrawFn) -> Mapping:
    review = draw(st.sampled_from([1, 1, 1, 2, 3]))
    kind = draw(st.sampled_from(["kanban", "base_stock", "min_max", "reorder_point", "make_to_order"]))
    fields: Mapping = {"review": review}
    if kind == "kanban":
        fields |= {"cards": draw(st.integers(1, 5)), "container": draw(st.integers(1, 4))}
    elif kind == "base_stock":
        fields |= {"level": draw(st.integers(0, 12))}
    elif kind == "min_max":
        low = draw(st.integers(0, 6))
        fields |= {"min": low, "max": low + draw(st.integers(1, 8))}
    elif kind == "reorder_point":
        fields |= {"point": draw(st.integers(0, 6)), "quantity": draw(st.integers(1, 6))}
    return {kind: fields}


@st.composite
def inputs(draw: st.DrawFn, suppliers: list[str], fluid: bool) -> Mapping:
    """One or two inputs, each with one source or with alternates; no source is named twice."""
    chosen = draw(st.lists(st.sampled_from(suppliers), min_size=1, max_size=4, unique=True))
    cut = draw(st.integers(1, len(chosen)))
    drawn: Mapping = {}
    for number, sources in enumerate(part for part in (chosen[:cut], chosen[cut:]) if part):
        quantity = draw(st.sampled_from([0.5, 1, 2, 4])) if fluid else 1
        if len(sources) == 1:
            drawn[sources[0]] = quantity
            continue
        origin: Any = sources
        if fluid and draw(st.booleans()):
            shares = draw(st.permutations([0.5, 0.25, 0.25, 0][: len(sources)]))
            origin = dict(zip(sources, [shares[0] + 1 - sum(shares), *shares[1:]], strict=True))
        drawn[f"part{number}"] = {"quantity": quantity, "from": origin, "failover": draw(st.booleans())}
    return drawn


@st.composite
def stages(draw: st.DrawFn, suppliers: list[str], fluid: bool) -> Mapping:
    stage: Mapping = {"policy": draw(policies())}
    if suppliers and draw(st.integers(0, 3)):
        stage["inputs"] = draw(inputs(suppliers, fluid))
    if draw(st.booleans()):
        stage["capacity"] = draw(st.integers(1, 6))
    if draw(st.booleans()):
        stage["on_hand"] = draw(st.integers(0, 12))
    if draw(st.integers(0, 3)) == 0:
        stage["expedite"] = {"below": draw(st.integers(1, 4)), "lead_time": draw(st.sampled_from([1, 1.5, 2]))}
    return stage


@st.composite
def networks(draw: st.DrawFn, fluid: bool = False, horizon: int = 24) -> Mapping:
    """A network of one to six stages with one to four customers; `fluid` allows halves and quarters of units."""
    names = [f"stage{number}" for number in range(draw(st.integers(1, 6)))]
    drawn = {name: draw(stages(names[:number], fluid)) for number, name in enumerate(names)}
    customers: Mapping = {}
    for number in range(draw(st.integers(1, 4))):
        unmet = draw(st.sampled_from(["backorder", "lost", *([0.5, 0.25] if fluid else [])]))
        customers[f"customer{number}"] = {"stage": draw(st.sampled_from(names)), "demand": 1, "unmet": unmet}
    return {
        "name": "drawn",
        "period": "1 d",
        "horizon": horizon,
        "warm_up": draw(st.integers(0, horizon // 2)),
        "stages": {name: drawn[name] for name in draw(st.permutations(names))},
        "customers": customers,
    }


def exogenous_paths(network: Mapping, seed: int, paths: int = 3, fluid: bool = False) -> xr.Dataset:
    """Random exogenous paths for every stage and customer of a drawn network."""
    generator = np.random.default_rng(seed)
    stage_names, customer_names = list(network["stages"]), list(network["customers"])
    shape = (paths, network["horizon"], len(stage_names))
    halves = [0.5] if fluid else []

    def often(value: float, *others: float) -> np.ndarray:
        return np.where(generator.random(shape) < 0.75, value, generator.choice([value, *others], size=shape))

    dims = ("path", "time", "stage")
    demand = generator.integers(0, 7, size=(*shape[:2], len(customer_names)))
    variables = {
        "demand": (("path", "time", "customer"), demand),
        "availability": (dims, often(1, 0, *halves)),
        "receiving": (dims, often(1, 0)),
        "transit": (dims, often(1, 0)),
        "lead_time": (dims, generator.integers(1, 5, size=shape)),
        "good": (dims, often(1, 0, *halves)),
    }
    return xr.Dataset(
        {name: (over, values.astype(np.float32)) for name, (over, values) in variables.items()},
        coords={"path": np.arange(paths), "stage": stage_names, "customer": customer_names},
    )


def one_path(exogenous: xr.Dataset, number: int) -> dict[str, dict[str, np.ndarray]]:
    """One path as the twin reads it: variable -> stage or customer -> values by period, in Python's own numbers."""
    return {
        str(name): {
            thing: rows[number, :, column].tolist()
            for column, thing in enumerate(variable.coords[variable.dims[2]].values.tolist())
        }
        for name, variable in exogenous.data_vars.items()
        for rows in [variable.values]
    }
