"""The accessor ``.risk`` that every result carries."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from jitrisk.risk.comparison import cheaper, compare
from jitrisk.risk.convergence import convergence
from jitrisk.risk.dominance import dominance
from jitrisk.risk.exceedance import exceedance
from jitrisk.risk.histogram import histogram
from jitrisk.risk.intervals import CONFIDENCE
from jitrisk.risk.metrics import metrics
from jitrisk.risk.money import costs, ownership
from jitrisk.risk.statistics import QUANTILES, describe
from jitrisk.risk.variables import select_variables


@xr.register_dataset_accessor("risk")  # type: ignore[no-untyped-call, unused-ignore]
class RiskAccessor:
    """Costs, metrics and their statistics, computed anew from the outcomes and prices at every call.

    Prices may therefore be changed without simulating again:
    ``outcomes.assign(holding_rate=0.0005).risk.describe()``.
    """

    def __init__(self, outcomes: xr.Dataset) -> None:
        self._outcomes = outcomes

    def costs(self, resolved: bool = False) -> xr.Dataset:
        """Return what every path costs by component; see :func:`jitrisk.risk.costs`."""
        return costs(self._outcomes, resolved)

    def ownership(self) -> xr.Dataset:
        """Return every path's total cost of ownership by stage and customer; see :func:`jitrisk.risk.ownership`."""
        return ownership(self._outcomes)

    def metrics(self) -> xr.Dataset:
        """Return every path's metrics; see :func:`jitrisk.risk.metrics`."""
        return metrics(self._outcomes)

    def compare(self, base: str | None = None, level: float = 0.95, confidence: float = CONFIDENCE) -> xr.Dataset:
        """Return the metrics' differences to a base on the same paths; see :func:`jitrisk.risk.compare`."""
        return compare(metrics(self._outcomes), base, level, confidence)

    def describe(self, *names: str, level: float = 0.95, quantiles: Sequence[float] = QUANTILES) -> xr.Dataset:
        """Return means, spreads, quantiles and tail risks of variables by their names; of the metrics by default.

        A name is searched for among the variables of the Dataset first, then among the metrics and the costs; see
        :func:`jitrisk.risk.describe`.
        """
        values = select_variables(self._outcomes, names) if names else metrics(self._outcomes)
        return describe(values, level, quantiles)

    def exceedance(
        self, metric: str = "cost", confidence: float = CONFIDENCE, years: Sequence[float] | None = None
    ) -> xr.Dataset:
        """Return the value exceeded once in how many years; see :func:`jitrisk.risk.exceedance`."""
        return exceedance(metrics(self._outcomes), metric, confidence, years)

    def convergence(self, metric: str = "cost", statistic: str = "mean", level: float = 0.95) -> xr.Dataset:
        """Return an estimate from disjoint sub-samples of doubling size; see :func:`jitrisk.risk.convergence`."""
        return convergence(metrics(self._outcomes), metric, statistic, level)

    def histogram(self, metric: str = "cost", bins: int = 40) -> xr.Dataset:
        """Return how the paths of every strategy fall into shared bins; see :func:`jitrisk.risk.histogram`."""
        return histogram(metrics(self._outcomes), metric, bins)

    def dominance(self, metric: str = "cost", confidence: float = CONFIDENCE) -> xr.Dataset:
        """Return which strategies dominate which stochastically; see :func:`jitrisk.risk.dominance`."""
        return dominance(metrics(self._outcomes), metric, confidence)

    def cheaper(self, metric: str = "cost", confidence: float = CONFIDENCE) -> xr.Dataset:
        """Return how often each strategy is better than each other one; see :func:`jitrisk.risk.cheaper`."""
        return cheaper(metrics(self._outcomes), metric, confidence)
