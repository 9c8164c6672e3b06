"""From a YAML file or a mapping to a `Network`: the model file with its units, its strategies and every check on it.

`loading` runs the steps in this order and reports the faults of all of them together:

1. `text/`: from a YAML text or a mapping to a tree of plain values, with the line of every key.
2. `tables`: from a CSV file beside the model to values and weights in the tree.
3. `strategies`: from a tree and a patch to the tree of one strategy; `reading` runs the next steps on each.
4. `fields/`: from the value of one key to a quantity, a choice or a distribution.
5. `parts/` and `policies/`: from a mapping to a stage, a customer, a hazard or a policy; `network` has the whole.
6. `references`: names, what they refer to, and cycles; with `loops` of CONWIP, and `stage_references`, which has what
   standby sources and levels that follow refer to. They read a model as given by `sections`.

Every step reports what it finds as `faults`; `pointers/` has the words of other tools. Beside the steps stand
`examples` (the bundled models), `levels` (what an optimization may vary), `insertion` (a strategy written into the text
of a model), `schema` (the JSON Schema of the model file), `bare_rates` (for the warnings) and `patches` (the patch of a
strategy, other values at some keys, and which keys are prices).
"""

from jitrisk.model.bare_rates import BareRate, find_bare_rates
from jitrisk.model.examples import describe, list_examples
from jitrisk.model.insertion import insert_strategy, list_table_files
from jitrisk.model.levels import (
    LevelKey,
    LevelRange,
    list_investment_patches,
    list_level_keys,
    list_policy_sources,
    parse_level_key,
    parse_level_range,
    replace_levels,
)
from jitrisk.model.loading import load, read_model
from jitrisk.model.network import Network
from jitrisk.model.parts.customer import Customer
from jitrisk.model.parts.decisions import Decisions
from jitrisk.model.parts.hazard import Hazard, Hit
from jitrisk.model.parts.stage import Expedite, Input, Stage
from jitrisk.model.patches import count_matched_steps, read_values, require_prices
from jitrisk.model.policies import BaseStock, Kanban, Level, MakeToOrder, MinMax, Policy, ReorderPoint
from jitrisk.model.schema import build_model_schema
from jitrisk.model.strategies import find_conflicts, merge_patches

__all__ = [
    "BareRate",
    "BaseStock",
    "Customer",
    "Decisions",
    "Expedite",
    "Hazard",
    "Hit",
    "Input",
    "Kanban",
    "Level",
    "LevelKey",
    "LevelRange",
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
    "find_conflicts",
    "insert_strategy",
    "list_examples",
    "list_investment_patches",
    "list_level_keys",
    "list_policy_sources",
    "list_table_files",
    "load",
    "merge_patches",
    "parse_level_key",
    "parse_level_range",
    "read_model",
    "read_values",
    "replace_levels",
    "require_prices",
]
