"""YAML or mapping to Network: the model file with its units, its strategies and every check on it."""

from jitrisk.model.bare_rates import BareRate, find_bare_rates
from jitrisk.model.examples import describe, list_examples
from jitrisk.model.loading import load, read_model
from jitrisk.model.network import Customer, Expedite, Hazard, Hit, Input, Network, Stage
from jitrisk.model.patches import count_matched_steps, read_values, require_prices
from jitrisk.model.policy import BaseStock, Kanban, Level, MakeToOrder, MinMax, Policy, ReorderPoint
from jitrisk.model.schema import build_model_schema

__all__ = [
    "BareRate",
    "BaseStock",
    "Customer",
    "Expedite",
    "Hazard",
    "Hit",
    "Input",
    "Kanban",
    "Level",
    "MakeToOrder",
    "MinMax",
    "Network",
    "Policy",
    "ReorderPoint",
    "Stage",
    "build_model_schema",
    "count_matched_steps",
    "describe",
    "find_bare_rates",
    "list_examples",
    "load",
    "read_model",
    "read_values",
    "require_prices",
]
