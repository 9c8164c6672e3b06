"""Where time is lost: mean downtime of every stage and mean time short of every customer."""

from __future__ import annotations

import xarray as xr

from jitrisk.risk.design import read_design
from jitrisk.risk.inputs import compute_year_factor, read_outcome, require
from jitrisk.units import HOURS_PER_DAY
from jitrisk.vocabulary import OUTCOMES

_NEEDED = ("starved", "broken", "stockout")


def compute_lost_time(outcomes: xr.Dataset) -> xr.Dataset:
    """Return the mean time lost per year, stage by stage and customer by customer.

    Parameters
    ----------
    outcomes : a result.

    Returns
    -------
    xr.Dataset
        ``starved`` and ``broken`` with the dimensions (strategy, stage), hours per year, and ``stockout`` with the
        dimensions (strategy, customer), days per year.

    Raises
    ------
    ResultError
        When the Dataset is no result, or lacks one of the outcomes.
    """
    require(outcomes, _NEEDED)
    hours = float(outcomes.attrs["period_hours"]) * compute_year_factor(outcomes)
    arrays, design = {}, read_design(outcomes)
    for name in _NEEDED:
        customers = OUTCOMES[name].dims[-1] == "customer"
        factor, unit = (hours / HOURS_PER_DAY, "d/year") if customers else (hours, "h/year")
        mean = design.mean(read_outcome(outcomes, name)) * factor
        attrs = {"units": unit, "long_name": OUTCOMES[name].sentence}
        arrays[name] = (("strategy", OUTCOMES[name].dims[-1]), mean, attrs)
    coords = {dim: outcomes.coords[dim] for dim in ("strategy", "stage", "customer") if dim in outcomes.coords}
    return xr.Dataset(arrays, coords)
