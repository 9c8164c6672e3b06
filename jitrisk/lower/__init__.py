"""Step: from a Network to arrays, which have no names."""

from jitrisk.lower.arrays import list_members, list_names, lower, lower_all
from jitrisk.lower.atoms import compute_clipped_mean
from jitrisk.lower.exogenous import list_hazards, list_series
from jitrisk.lower.followed_levels import FollowedLevels, compute_followed_levels
from jitrisk.lower.lead_times import compute_mean_lead_time, round_to_periods
from jitrisk.lower.levels import compute_policy_levels
from jitrisk.lower.mean_demand import compute_customer_demand, compute_mean_demand, find_downstream_customers
from jitrisk.lower.network_arrays import GivenSeries, NetworkArrays
from jitrisk.lower.sizes import Range
from jitrisk.lower.takt import Takt, compute_takt
from jitrisk.model.policies import Levels

__all__ = [
    "FollowedLevels",
    "GivenSeries",
    "Levels",
    "NetworkArrays",
    "Range",
    "Takt",
    "compute_clipped_mean",
    "compute_customer_demand",
    "compute_followed_levels",
    "compute_mean_demand",
    "compute_mean_lead_time",
    "compute_policy_levels",
    "compute_takt",
    "find_downstream_customers",
    "list_hazards",
    "list_members",
    "list_names",
    "list_series",
    "lower",
    "lower_all",
    "round_to_periods",
]
