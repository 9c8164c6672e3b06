"""A bundled example in which nothing happens by chance, or only what a test names: it can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jitrisk as jr

FOLDER = Path(jr.__file__).parent / "examples"
STRATEGIES = ("jit", "jic", "hybrid")
NEVER = 1e9
"""Periods after the end of every example."""


def content(name: str) -> dict[str, Any]:
    """Return what the file of an example says."""
    return jr.read_model(FOLDER / f"{name}.yaml")


def calm(name: str, hazards: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return an example with these hazards alone."""
    found = content(name) | {"hazards": dict(hazards or {})}
    for stage in found["stages"].values():
        if "standby" in stage:  # which needs a hazard that can open it
            hits = {stage["standby"]["of"]: {"capacity": 0}}
            found["hazards"]["never"] = {"time_between": NEVER, "duration": 1, "hits": hits}
    return found


def quiet(name: str, periods: float, hazards: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return an example with its mean demand in every period, no warm-up, and these hazards alone."""
    found = calm(name, hazards) | {"horizon": periods, "warm_up": 0}
    for customer in found["customers"].values():
        (law,) = customer["demand"].values()
        customer["demand"] = law["mean"]
    return found


def once(name: str, hazard: str, begin: float, **changes: Any) -> dict[str, Any]:
    """Return a hazard of an example as it is in the file, but begun after so many periods, with fields changed."""
    found = dict(content(name)["hazards"][hazard])
    found.pop("rate")
    return {hazard: found | {"time_between": begin} | changes}


def lost(name: str, periods: float, hazards: Mapping[str, Any], stage: str) -> Any:
    """Return the starts of a stage that hazards cost within so many periods, by strategy."""
    with_it, without = (
        jr.simulate(quiet(name, periods, found), paths=1).started.sel(stage=stage).squeeze("path")
        for found in (hazards, None)
    )
    return without - with_it


def by_strategy(values: Any) -> list[float]:
    """Return one number for each of the usual strategies."""
    return [float(values.sel(strategy=name)) for name in STRATEGIES]
