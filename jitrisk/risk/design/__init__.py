"""How the paths of a result were drawn, and what an average over them is: the sampling design.

Paths are either all alike, or drawn from a mixture of components, each a stratum with a fixed share, and then they have
weights. Every statistic takes means, quantiles and shares from the design and is written once.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.design.base import Design, Point, RankedSample
from jitrisk.risk.design.equal import EqualDesign
from jitrisk.risk.design.weighted import WeightedDesign
from jitrisk.vocabulary import SAMPLING

__all__ = ["Design", "EqualDesign", "Point", "RankedSample", "WeightedDesign", "read_design"]


def read_design(values: xr.Dataset) -> Design:
    """Return how the paths of a result, or of what was computed from one, were drawn.

    Raises
    ------
    ResultError
        When the paths were sampled with rare hazards and have lost their weights, or lack a component.
    """
    absent = [name for name in SAMPLING if name not in values.coords]
    if len(absent) == len(SAMPLING) and "rare" not in values.attrs:
        return EqualDesign(values.sizes.get("path", 0))
    drawn = values["component"].attrs if "component" in values.coords else {}
    if absent or not {"shares", "rare_probability"} <= set(drawn):
        lost = " and ".join(absent) or "the shares of components"
        raise ResultError(
            f"these paths were sampled with rare=True and have lost {lost}, without which no average of "
            "them is right; use what jr.simulate or jr.open returned"
        )
    weight, component = (values[name].values for name in ("weight", "component"))
    if not (np.isfinite(weight) & (weight > 0) & (component >= 0)).all():
        raise ResultError("weight and component must be numbers above and of at least 0: simulate the result again")
    return WeightedDesign(
        weight.astype(np.float64), component, np.atleast_1d(drawn["shares"]), float(drawn["rare_probability"])
    )
