"""Money, service, tails and paired comparison: Dataset in, Dataset out.

Works on a result from memory or from disk and never needs the engine. Importing this package gives every
Dataset the accessor ``.risk``, see :class:`RiskAccessor`.
"""

from jitrisk.risk.accessor import RiskAccessor
from jitrisk.risk.money import costs
from jitrisk.risk.paired import contrast
from jitrisk.risk.service import metrics
from jitrisk.risk.statistics import describe

__all__ = ["RiskAccessor", "contrast", "costs", "describe", "metrics"]
