"""How precise an estimate is after a run that was to make it so, as a line and for programs."""

from __future__ import annotations

import math
from typing import Any

import xarray as xr

from jitrisk.report.documents import plain
from jitrisk.report.numbers import percent

_WHY = {
    "met": "",
    "most": ", the most allowed",
    "memory": ", as many as fit in memory",
    "zero": ", and more would not help",
}


def reached_line(found: xr.Dataset) -> str:
    """Return one line that says how well a statistic is known, strategy by strategy, and after how many paths.

    Parameters
    ----------
    found : what :func:`jitrisk.risk.reached` found at the last look of a run.
    """
    attrs = found.attrs
    known = "is known" if found["met"].all() else "is not known"
    zero = [str(name) for name in found["strategy"].values[found["zero"].values]]
    widths = [_width(found, str(name)) for name in found["strategy"].values if name not in zero]
    nothing = [f"0 so far for {', '.join(zero)}, and no width is a share of 0"] if zero else []
    return (
        f"{attrs['statistic']} {known} to within {percent(attrs['asked'])} % after {attrs['paths']:,} paths"
        f"{_WHY[attrs['stopped']]}: {'; '.join([', '.join(widths)] * bool(widths) + nothing)}"
    )


def reached_document(found: xr.Dataset) -> dict[str, Any]:
    """Return the same as plain mappings, numbers, texts and None; estimates are for the time simulated.

    Parameters
    ----------
    found : what :func:`jitrisk.risk.reached` found.
    """
    strategies = [str(name) for name in found["strategy"].values]
    ends = ("estimate", "lower", "upper", "width")
    return {
        "target": found.attrs["target"],
        "met": bool(found["met"].all()),
        "stopped": found.attrs["stopped"],
        "strategies": {
            strategy: {name: plain(found[name].sel(strategy=strategy)) for name in ends} for strategy in strategies
        },
    }


def _width(found: xr.Dataset, strategy: str) -> str:
    width = float(found["width"].sel(strategy=strategy))
    return f"{strategy} unknown" if math.isnan(width) else f"{strategy} {100 * width:.2g} %"
