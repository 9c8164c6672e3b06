"""YAML or mapping to Network: the model file with its units, its strategies and every check on it."""

from jitrisk.model.bare_rates import BareRate, bare_rates
from jitrisk.model.examples import describe, examples
from jitrisk.model.loading import load, read_model
from jitrisk.model.network import Customer, Expedite, Hazard, Hit, Input, Network, Stage
from jitrisk.model.policy import BaseStock, Kanban, Level, MakeToOrder, MinMax, Policy, ReorderPoint
from jitrisk.model.pricing import repriced
from jitrisk.model.schema import json_schema
from jitrisk.model.strategies import reach

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
    "bare_rates",
    "describe",
    "examples",
    "json_schema",
    "load",
    "reach",
    "read_model",
    "repriced",
]
