"""Hypothesis strategies that draw small networks as mappings, and random exogenous paths to hand in with them.

Every amount drawn is a whole number, or, when asked for, a multiple of a power of one half: float32 holds both
exactly over a short horizon, so that the compiled core and the plain twin can be compared digit by digit. Thirds and
tenths, too, only when asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from hypothesis import strategies as st

Mapping = dict[str, Any]


@dataclass(frozen=True)
class Amounts:
    """What is drawn: units of an input, shares of alternates, shares of unmet demand that wait, parts of a whole."""

    quantities: tuple[float, ...] = (1,)
    shares: tuple[tuple[float, ...], ...] = ()
    waiting: tuple[float, ...] = ()
    parts: tuple[float, ...] = ()


WHOLE = Amounts()
HALVES = Amounts((0.5, 1, 2, 4), ((0.5, 0.25, 0.25, 0),), (0.5, 0.25), (0.5,))
HALF_LEVELS = Amounts(parts=(0.5,))  # whole units of everything but levels, with whole paths
THIRDS = Amounts(
    (0.1, 0.3, 1 / 3, 0.7, 1.7),
    ((0.99, 0.01, 0, 0), (2 / 3, 1 / 3, 0, 0), (0.7, 0.1, 0.2, 0)),
    (0.1, 1 / 3),
    (0.5, 0.75),  # handed in as float32, which must hold what is meant
)


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
def inputs(draw: st.DrawFn, suppliers: list[str], amounts: Amounts) -> Mapping:
    """One or two inputs, each with one source or with alternates; no source is named twice."""
    chosen = draw(st.lists(st.sampled_from(suppliers), min_size=1, max_size=4, unique=True))
    cut = draw(st.integers(1, len(chosen)))
    drawn: Mapping = {}
    for number, sources in enumerate(part for part in (chosen[:cut], chosen[cut:]) if part):
        quantity = draw(st.sampled_from(amounts.quantities))
        if len(sources) == 1:
            drawn[sources[0]] = quantity
            continue
        origin: Any = sources
        if amounts.shares and draw(st.booleans()):
            shares = draw(st.permutations(draw(st.sampled_from(amounts.shares))[: len(sources)]))
            origin = dict(zip(sources, [shares[0] + 1 - sum(shares), *shares[1:]], strict=True))
        drawn[f"part{number}"] = {"quantity": quantity, "from": origin, "failover": draw(st.booleans())}
    return drawn


@st.composite
def stages(draw: st.DrawFn, suppliers: list[str], amounts: Amounts) -> Mapping:
    stage: Mapping = {"policy": draw(policies())}
    if suppliers and draw(st.integers(0, 3)):
        stage["inputs"] = draw(inputs(suppliers, amounts))
    if draw(st.booleans()):
        stage["capacity"] = draw(st.integers(1, 6))
    if draw(st.booleans()):
        stage["on_hand"] = draw(st.integers(0, 12))
    if draw(st.integers(0, 3)) == 0:
        stage["customers"] = "first"
    if "capacity" in stage and draw(st.integers(0, 4)) == 0:
        unlimited = [{"kanban": {"cards": "unlimited", "container": 1}}, {"base_stock": {"level": "unlimited"}}]
        stage["policy"] = draw(st.sampled_from(unlimited))
    if draw(st.integers(0, 2)) == 0:
        stage["deliveries"] = "in_order"
    elif draw(st.integers(0, 3)) == 0:
        stage["expedite"] = {"below": draw(st.integers(1, 4)), "lead_time": draw(st.sampled_from([1, 1.5, 2]))}
        stage["lead_time"] = 4  # an expedited start is the faster one
    return stage


@st.composite
def networks(draw: st.DrawFn, amounts: Amounts = WHOLE, horizon: int = 24) -> Mapping:
    """A network of one to six stages with one to four customers."""
    names = [f"stage{number}" for number in range(draw(st.integers(1, 6)))]
    drawn = {name: draw(stages(names[:number], amounts)) for number, name in enumerate(names)}
    customers: Mapping = {}
    for number in range(draw(st.integers(1, 4))):
        unmet = draw(st.sampled_from(["backorder", "lost", *amounts.waiting]))
        customers[f"customer{number}"] = {"stage": draw(st.sampled_from(names)), "demand": 1, "unmet": unmet}
    return {
        "name": "drawn",
        "period": "1 d",
        "horizon": horizon,
        "warm_up": draw(st.integers(0, horizon // 2)),
        "stages": {name: drawn[name] for name in draw(st.permutations(names))},
        "customers": customers,
    }


def exogenous_paths(network: Mapping, seed: int, paths: int = 3, amounts: Amounts = WHOLE) -> xr.Dataset:
    """Exogenous paths for every stage and customer of a drawn network.

    In half of the networks nothing but demand is random, so that stages are common whose starts all arrive good after
    the same lead time; in the others, each variable of each stage is random or not.
    """
    generator = np.random.default_rng(seed)
    stage_names, customer_names = list(network["stages"]), list(network["customers"])
    shape = (paths, network["horizon"], len(stage_names))
    calm = generator.random() < 0.5

    def varying(constant: Any, values: np.ndarray) -> np.ndarray:
        """Random values in some stages, and the constant in the others."""
        return np.where((generator.random(shape[2]) < 0.5) & (not calm), values, constant)

    def often(*others: float) -> np.ndarray:
        return varying(1, np.where(generator.random(shape) < 0.75, 1, generator.choice([1, *others], size=shape)))

    dims = ("path", "time", "stage")
    demand = generator.integers(0, 7, size=(*shape[:2], len(customer_names)))
    lead_time = varying(generator.integers(1, 5, size=shape[2]), generator.integers(1, 5, size=shape))
    variables = {
        "demand": (("path", "time", "customer"), demand),
        "availability": (dims, often(0, *amounts.parts)),
        "receiving": (dims, often(0)),
        "transit": (dims, often(0)),
        "lead_time": (dims, lead_time),
        "yield": (dims, often(0, *amounts.parts)),
    }
    # Of features that are off by default: drawn last, so that they shift no other draw.
    forecasters = [name for name in customer_names if "forecast" in network["customers"][name]]
    if forecasters:
        phi = generator.choice([0.5, 1, 1.5, 2], size=demand.shape)
        phi[..., [name not in forecasters for name in customer_names]] = 1
        variables["forecast"] = (("path", "time", "customer"), phi)
    standbys = [name for name in stage_names if "standby" in network["stages"][name]]
    if standbys:
        is_open = generator.integers(0, 2, size=shape)
        is_open[..., [name not in standbys for name in stage_names]] = 1
        variables["open"] = (dims, is_open)
    return xr.Dataset(
        {name: (over, values.astype(np.float32)) for name, (over, values) in variables.items()},
        coords={"path": np.arange(paths), "stage": stage_names, "customer": customer_names},
    )


def one_path(exogenous: xr.Dataset, number: int) -> dict[str, dict[str, np.ndarray]]:
    """One path as the twin reads it: variable -> stage or customer -> values by period, in Python's own numbers."""
    return {
        str(name): {
            member: rows[number, :, column].tolist()
            for column, member in enumerate(variable.coords[variable.dims[2]].values.tolist())
        }
        for name, variable in exogenous.data_vars.items()
        for rows in [variable.values]
    }
