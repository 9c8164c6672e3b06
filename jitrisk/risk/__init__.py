"""Costs, metrics, their statistics and the comparison of strategies: Dataset in, Dataset out.

Works on a result from memory or from disk and never needs the engine. Importing this package gives every
Dataset the accessor ``.risk``, see :class:`RiskAccessor`.
"""

from jitrisk.risk.accessor import RiskAccessor
from jitrisk.risk.comparison import cheaper, compare
from jitrisk.risk.convergence import convergence
from jitrisk.risk.dominance import dominance
from jitrisk.risk.events import list_events
from jitrisk.risk.evidence import count_occurrences
from jitrisk.risk.exceedance import exceedance
from jitrisk.risk.histogram import histogram
from jitrisk.risk.metrics import compute_metric_changes, metrics, select_objective
from jitrisk.risk.money import costs, ownership
from jitrisk.risk.path_rank import find_quantile_path, find_worst_path, rank_path
from jitrisk.risk.precision_target import (
    PrecisionTarget,
    assess_precision,
    estimate_needed_paths,
    parse_precision_target,
)
from jitrisk.risk.statistics import describe

__all__ = [
    "PrecisionTarget",
    "RiskAccessor",
    "assess_precision",
    "cheaper",
    "compare",
    "compute_metric_changes",
    "convergence",
    "costs",
    "count_occurrences",
    "describe",
    "dominance",
    "estimate_needed_paths",
    "exceedance",
    "find_quantile_path",
    "find_worst_path",
    "histogram",
    "list_events",
    "metrics",
    "ownership",
    "parse_precision_target",
    "rank_path",
    "select_objective",
]
