"""Money, service, tails and paired comparison: Dataset in, Dataset out.

Works on a result from memory or from disk and never needs the engine. Importing this package gives every
Dataset the accessor ``.risk``, see :class:`RiskAccessor`.
"""

from jitrisk.risk.accessor import RiskAccessor
from jitrisk.risk.convergence import convergence
from jitrisk.risk.dominance import dominance
from jitrisk.risk.events import events
from jitrisk.risk.evidence import occurrences
from jitrisk.risk.exceedance import exceedance
from jitrisk.risk.histogram import histogram
from jitrisk.risk.metrics import aim, metrics, repricing
from jitrisk.risk.money import costs, ownership
from jitrisk.risk.paired import cheaper, contrast
from jitrisk.risk.path_rank import quantile_path, standing, worst_path
from jitrisk.risk.precision_target import Target, parse_target, reached
from jitrisk.risk.statistics import describe
from jitrisk.risk.sufficiency import sufficiency

__all__ = [
    "RiskAccessor",
    "Target",
    "aim",
    "cheaper",
    "contrast",
    "convergence",
    "costs",
    "describe",
    "dominance",
    "events",
    "exceedance",
    "histogram",
    "metrics",
    "occurrences",
    "ownership",
    "parse_target",
    "quantile_path",
    "reached",
    "repricing",
    "standing",
    "sufficiency",
    "worst_path",
]
