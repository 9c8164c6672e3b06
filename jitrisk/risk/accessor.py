"""The accessor ``.risk`` that every result carries."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from jitrisk.risk.money import costs
from jitrisk.risk.paired import contrast
from jitrisk.risk.precision import CONFIDENCE
from jitrisk.risk.service import metrics
from jitrisk.risk.statistics import QUANTILES, describe


@xr.register_dataset_accessor("risk")  # type: ignore[no-untyped-call, unused-ignore]
class RiskAccessor:
    """Costs, metrics and their statistics, computed anew from the outcomes and prices at every call.

    Prices may therefore be changed without simulating again:
    ``outcomes.assign(holding_rate=0.0005).risk.measure()``.
    """

    def __init__(self, outcomes: xr.Dataset) -> None:
        self._outcomes = outcomes

    def costs(self, resolved: bool = False) -> xr.Dataset:
        """Return what every path costs by component; see :func:`jitrisk.risk.costs`."""
        return costs(self._outcomes, resolved)

    def metrics(self) -> xr.Dataset:
        """Return every path's metrics; see :func:`jitrisk.risk.metrics`."""
        return metrics(self._outcomes)

    def measure(self, level: float = 0.95, quantiles: Sequence[float] = QUANTILES) -> xr.Dataset:
        """Return the metrics' means, spreads, quantiles and tail risks; see :func:`jitrisk.risk.describe`."""
        return describe(metrics(self._outcomes), level, quantiles)

    def compare(self, base: str | None = None, level: float = 0.95, confidence: float = CONFIDENCE) -> xr.Dataset:
        """Return the metrics' differences to a base on the same paths; see :func:`jitrisk.risk.contrast`."""
        return contrast(metrics(self._outcomes), base, level, confidence)
