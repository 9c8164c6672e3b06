"""Models in which disasters are rare, and averages over weighted paths written from their definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

Floats = npt.NDArray[np.float64]

UNTIL_RARE: dict[str, Any] = {
    "name": "Until rare",
    "period": "1 d",
    "horizon": "1 year",
    "currency": "EUR",
    "stages": {"press": {"capacity": "40 / d", "order_cost": 1, "policy": {"base_stock": {"level": 10}}}},
    "customers": {"shop": {"stage": "press", "demand": 10, "unmet": "lost", "lost_cost": 10000}},
    "hazards": {"fire": {"rate": "1 / 10000 years", "duration": "60 d", "hits": {"press": {"capacity": 0}}}},
}
"""A fire once in 10,000 years costs about 5.5 M; every year costs 365 in orders."""

NOTHING_COSTS: dict[str, Any] = {
    "name": "Nothing costs",
    "period": "1 d",
    "horizon": "1 year",
    "stages": {"press": {"capacity": "1000 / d", "policy": {"base_stock": {"level": 100}}}},
    "customers": {"shop": {"stage": "press", "demand": 100, "unmet": "lost", "lost_cost": 1000}},
    "hazards": {"fire": {"rate": "1 / 2000 years", "duration": "11 d", "hits": {"press": {"capacity": 0}}}},
    "strategies": {"a": {}, "b": {"stages": {"press": {"policy": {"base_stock": {"level": 200}}}}}},
}
"""Nothing costs anything but what a fire makes customers lose."""


def burning(horizon: str) -> dict[str, Any]:
    """Return a model in which a fire once in 10 years costs 1,000,000 for sure, measured over a horizon."""
    fire = {"rate": "1 / 10 years", "duration": "11 d", "hits": {"press": {"capacity": 0}}}
    return NOTHING_COSTS | {
        "name": "Horizon",
        "horizon": horizon,
        "currency": "EUR",
        "hazards": {"fire": fire},
        "strategies": {"a": {}, "b": {}},
    }


def with_fire(model: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a model with other fields of its fire."""
    return model | {"hazards": {"fire": model["hazards"]["fire"] | changes}}


def exact_mean_cost() -> float:
    """Return the mean cost of UNTIL_RARE, by a plain loop over the days for every moment at which the fire may begin.

    A second fire in a year has a probability of 5e-9 and is left out.
    """
    rate, parts = 1 / 3_650_000, 64
    begins = (np.arange(365 * parts) + 0.5) / parts
    density = rate * np.exp(-rate * begins) / parts
    (calm,) = cost_of_fire(np.array([np.inf]))
    return float(calm + np.sum(density * (cost_of_fire(begins) - calm)))


def cost_of_fire(begins: Floats) -> Floats:
    """Return the cost of a year of UNTIL_RARE in which a fire begins at some time, one by one.

    The store holds 10 at first and gives 10 a day. What is missing in the evening and not on order is ordered, at 1 an
    order; the press starts what is ordered, up to 40 times the share of the day that it does not burn, and that has
    arrived in the morning.
    """
    on_hand, arriving, ordered, cost = np.full_like(begins, 10.0), *np.zeros((3, begins.size))
    for day in range(365):
        on_hand = on_hand + arriving
        sold = np.minimum(on_hand, 10.0)
        on_hand = on_hand - sold
        wanted = 10.0 - on_hand - ordered
        burned = np.clip(np.minimum(begins + 60, day + 1) - np.maximum(begins, day), 0.0, 1.0)
        ordered = ordered + wanted
        arriving = np.minimum(ordered, 40 * (1 - burned))
        ordered = ordered - arriving
        cost = cost + 10_000 * (10.0 - sold) + (wanted > 0)
    return cost


def strata(result: xr.Dataset) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """Return weight and component of every path, and the nominal shares."""
    component = result["component"]
    return result["weight"].values, component.values.astype(np.int64), np.array(component.attrs["shares"])


def combined(result: xr.Dataset, values: npt.ArrayLike) -> tuple[float, float]:
    """Return ``sum a_h mean_h(w x)`` over the components, not normalized, and its standard error."""
    weight, component, shares = strata(result)
    scores = weight * np.asarray(values, dtype=np.float64)
    parts = [scores[component == k] for k in range(len(shares))]
    mean = sum(a * part.mean() for a, part in zip(shares, parts, strict=True))
    variance = sum(a**2 * part.var(ddof=1) / part.size for a, part in zip(shares, parts, strict=True))
    return float(mean), float(np.sqrt(variance))
