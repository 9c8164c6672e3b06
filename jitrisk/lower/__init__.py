"""Stage 2 of the pipeline: a Network becomes arrays; the last place where a name exists."""

from jitrisk.lower.levels import Levels, mean_demand, policy_levels
from jitrisk.lower.plant import Given, Plant, lower

__all__ = ["Given", "Levels", "Plant", "lower", "mean_demand", "policy_levels"]
