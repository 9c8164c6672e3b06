"""How precise an estimate is after a run that was to make it so, as a line and for programs."""

from __future__ import annotations

import math
from typing import Any

import xarray as xr

from jitrisk.report.evidence import explain_unknown
from jitrisk.report.json_documents import convert_value
from jitrisk.risk.evidence import FEWEST
from jitrisk.units import format_number, format_percent

_WHY = {
    "met": "",
    "most": ", the most allowed",
    "memory": ", as many as fit in memory",
    "zero": ", and more would not help",
    "unseen": "",
}


def render_precision_line(found: xr.Dataset) -> str:
    """Return one line that says how well a statistic is known, strategy by strategy, and after how many paths.

    Parameters
    ----------
    found : from :func:`jitrisk.risk.assess_precision`, at the last check of a run.
    """
    attrs = found.attrs
    known = "is known" if found["met"].all() else "is not known"
    zero = [str(name) for name in found["strategy"].values[found["zero"].values]]
    widths = [_format_width(found, str(name)) for name in found["strategy"].values if name not in zero]
    parts = [", ".join(widths)] if widths else []
    if zero:
        parts.append(f"0 so far for {', '.join(zero)}, and no width is a share of 0")
    if found["unseen"].any():
        parts.append(_explain_unseen(found))
    return (
        f"{attrs['statistic']} {known} to within {format_percent(attrs['asked'])} % after {attrs['paths']:,} paths"
        f"{_WHY[attrs['stopped']]}: {'; '.join(parts)}"
    )


def _explain_unseen(found: xr.Dataset) -> str:
    """Return which hazard was expected too seldom, and what would help."""
    least, paths = found["least_evidence"].values, int(found.attrs["paths"])
    at = int(least.argmin())
    hazard, evidence = str(found["rarest_hazard"].values[at]), float(least[at]) * paths
    # Where enough are expected and hardly any was seen, twice as many paths are a start.
    needed = float(found["needed"].values[at]) if evidence < FEWEST else 2.0 * paths
    return explain_unknown(hazard, evidence, needed, "rare" in found.attrs)


def build_precision_document(found: xr.Dataset) -> dict[str, Any]:
    """Return the same as plain mappings, numbers, texts and None; estimates are for the time simulated.

    Parameters
    ----------
    found : from :func:`jitrisk.risk.assess_precision`.
    """
    strategies = [str(name) for name in found["strategy"].values]
    ends = ("estimate", "lower", "upper", "width")
    return {
        "target": found.attrs["target"],
        "met": bool(found["met"].all()),
        "stopped": found.attrs["stopped"],
        "strategies": {
            strategy: {name: convert_value(found[name].sel(strategy=strategy)) for name in ends}
            for strategy in strategies
        },
    }


def _format_width(found: xr.Dataset, strategy: str) -> str:
    width = float(found["width"].sel(strategy=strategy))
    return f"{strategy} unknown" if math.isnan(width) else f"{strategy} {format_number(100 * width, 2)} %"
