"""Stage 2 of the pipeline: a Network becomes arrays; the last place where a name exists."""

from jitrisk.lower.arrays import Given, Plant, lower, lower_all
from jitrisk.lower.atoms import clipped_mean
from jitrisk.lower.exogenous import hazards_of, series_of
from jitrisk.lower.lead_times import mean_lead_time, whole_periods
from jitrisk.lower.levels import Levels, customer_demand, customers_behind, mean_demand, policy_levels
from jitrisk.lower.rounding import Range

__all__ = [
    "Given",
    "Levels",
    "Plant",
    "Range",
    "clipped_mean",
    "customer_demand",
    "customers_behind",
    "hazards_of",
    "lower",
    "lower_all",
    "mean_demand",
    "mean_lead_time",
    "policy_levels",
    "series_of",
    "whole_periods",
]
