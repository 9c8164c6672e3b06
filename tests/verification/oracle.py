"""How published answers are held against the product: cases, what is read from a run, and the four standard errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import jitrisk as jr

DATA = Path(__file__).parent / "data"
AVERAGES = ("on_hand", "wip", "backlog")

Network = dict[str, Any]


@cache
def cases() -> dict[str, dict[str, Any]]:
    """Every case of the six families, by its id."""
    lines = (DATA / "cases.jsonl").read_text().splitlines()
    return {case["id"]: case for case in map(json.loads, lines)}


def family(prefix: str) -> dict[str, dict[str, Any]]:
    """The parameters of the cases whose id starts with `prefix`."""
    return {name: case["model"] for name, case in cases().items() if name.startswith(prefix)}


def flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Flatten nested answers: `{"a": {"b": [1, 2]}}` becomes `{"a/b/0": 1, "a/b/1": 2}`."""
    if isinstance(tree, (dict, list)):
        items = tree.items() if isinstance(tree, dict) else enumerate(tree)
        return {key: x for name, branch in items for key, x in flat(branch, f"{prefix}{name}/").items()}
    return {prefix[:-1]: tree}


def names_in(quantity: str) -> list[str]:
    """The names in a quantity to be read: one, or the sum or difference of several (`a + b`, `a - b`)."""
    return re.split(r" [+-] ", quantity)


def expected(case: str, quantity: str) -> float:
    """The published value of a quantity."""
    answers = flat(cases()[case]["expected"])
    signs = [1, *(1 if sign == " + " else -1 for sign in re.findall(r" [+-] ", quantity))]
    return float(sum(sign * answers[name] for sign, name in zip(signs, names_in(quantity), strict=True)))


@dataclass(frozen=True)
class Ratio:
    """A ratio of two long-run means, such as a fill rate."""

    above: Any
    below: Any


class Rates:
    """Means per period: `rates(variable, thing)` has one value a path."""

    def __init__(self, outcomes: xr.Dataset, strategy: str = "base") -> None:
        self.outcomes, self.strategy = outcomes, strategy

    def __call__(self, variable: str, thing: str) -> np.ndarray:
        values = self.outcomes[variable].sel(strategy=self.strategy)
        values = values.sel({values.dims[-1]: thing}).values
        return values if variable in AVERAGES else values / self.outcomes.attrs["periods"]

    def under(self, strategy: str) -> Rates:
        """The same run under another strategy."""
        return Rates(self.outcomes, strategy)


Reading = Callable[[Any], Any]
"""From `Rates` (or exact rates of the same form) to the quantity, or to its `Ratio`."""


@dataclass(frozen=True)
class Setting:
    """A case put into the model's terms: the network, and how each published quantity is read from its outcomes."""

    network: Network
    readings: Mapping[str, Reading]
    paths: int = 2_000
    unread: Mapping[str, str] = field(default_factory=dict)


@cache
def _run(network: str, paths: int, seed: int) -> xr.Dataset:
    return jr.simulate(json.loads(network), paths=paths, seed=seed)


def run(network: Network, paths: int, seed: int = 1) -> xr.Dataset:
    """Simulate a mapping; cases that share a network share the run."""
    return _run(json.dumps(network), paths, seed)


def assert_mean(values: Any, answer: float, what: str, errors: float = 4) -> None:
    """The mean over independent paths lies within so many standard errors of the answer."""
    if isinstance(values, Ratio):
        # Linearized: the ratio's error is the mean of above - answer * below, over the mean of below.
        values = (values.above - answer * values.below) / np.mean(values.below) + answer
    values = np.asarray(values, dtype=float)
    error = values.std(ddof=1) / np.sqrt(values.size)
    off = values.mean() - answer
    slack = 1e-6 * max(1.0, abs(answer))  # rounding, where nothing is random
    assert abs(off) <= errors * error + slack, (
        f"{what}: {values.mean():.6g} against {answer:.6g}, {off / max(error, 1e-300):+.1f} standard errors"
    )


def check(case: str, setting: Setting) -> None:
    """Hold every quantity that the setting reads against its published value."""
    rates = Rates(run(setting.network, setting.paths))
    for quantity, reading in setting.readings.items():
        assert_mean(reading(rates), expected(case, quantity), f"{case}: {quantity}")


def plant(stages: Network, customers: Network, horizon: int, warm_up: int, **more: Any) -> Network:
    """A model in periods of a day."""
    return {
        "name": "oracle",
        "period": "1 d",
        "horizon": horizon,
        "warm_up": warm_up,
        "stages": stages,
        "customers": customers,
        **more,
    }
