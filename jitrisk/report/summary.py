"""What a report says, gathered once: the statistics and the differences that table, sentence and document share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import xarray as xr

from jitrisk.report.numbers import Estimate
from jitrisk.risk import compare, count_occurrences, describe, metrics, select_objective
from jitrisk.risk.intervals import CONFIDENCE
from jitrisk.risk.metrics import Objective
from jitrisk.risk.variables import compute_horizon_factor


@dataclass(frozen=True)
class Summary:
    """What a report shows of a result.

    Attributes
    ----------
    metrics : every path's metrics, from :func:`jitrisk.risk.metrics`.
    statistics : statistics of every metric, from :func:`jitrisk.risk.describe`.
    comparison : differences to the base, from :func:`jitrisk.risk.compare`.
    to_best : differences in the objective, cost or profit, to the strategy that is best on average, with intervals
        that hold for all pairs of strategies at once (Bonferroni), because the best is known only afterwards.
    hazards : how often every hazard occurred and was expected to, from :func:`jitrisk.risk.count_occurrences`.
    """

    metrics: xr.Dataset
    statistics: xr.Dataset
    comparison: xr.Dataset
    to_best: xr.Dataset
    hazards: xr.Dataset

    @cached_property
    def strategies(self) -> tuple[str, ...]:
        """The strategies' names, in the order of the result."""
        return list_strategies(self.statistics)

    @property
    def base(self) -> str:
        """The strategy the others are compared with."""
        return str(self.comparison.attrs["base"])

    @property
    def best(self) -> str:
        """The strategy of least mean cost, or of most mean profit where there is one."""
        return str(self.to_best.attrs["base"])

    @property
    def paths(self) -> int:
        """How many paths there are."""
        return int(self.statistics.attrs["paths"])

    @property
    def level(self) -> float:
        """The level of value at risk and conditional value at risk."""
        return float(self.statistics.attrs["level"])

    @property
    def currency(self) -> str:
        """The model's money."""
        return str(self.statistics["cost"].attrs["units"])

    @property
    def is_priced(self) -> bool:
        """Whether the model puts a price on anything, whatever happened on the paths."""
        return bool(self.statistics.attrs["priced"])

    @property
    def has_enough_evidence(self) -> bool:
        """Whether every hazard was seen, and expected, often enough for means and differences to have intervals."""
        return not self.hazards.data_vars or bool(self.hazards["enough"].all())

    @property
    def is_weighted(self) -> bool:
        """Whether rare hazards were sampled more often than they occur."""
        return "rare" in self.statistics.attrs

    @property
    def objective(self) -> Objective:
        """The metric by which strategies are compared: profit where the model has a price, else cost."""
        return select_objective(self.statistics)

    def read_estimate(self, metric: str, strategy: str, statistic: str = "mean") -> Estimate:
        """Return a statistic of a metric, see :func:`read_estimate`."""
        return read_estimate(self.statistics, metric, strategy, statistic)


def list_strategies(figures: xr.Dataset) -> tuple[str, ...]:
    """Return the strategies' names, in their order."""
    return tuple(str(name) for name in figures["strategy"].values)


def read_estimate(statistics: xr.Dataset, metric: str, strategy: str, statistic: str = "mean") -> Estimate:
    """Return a statistic with half its 95 % interval; a total is per year, or over the horizon.

    Means are scaled to a year from any horizon; value at risk and conditional value at risk only from one of about a
    year, see :func:`jitrisk.risk.variables.compute_horizon_factor`.

    Parameters
    ----------
    statistics : from :func:`jitrisk.risk.describe`.
    metric : the metric, or a component of cost.
    strategy : the strategy.
    statistic : ``"mean"``, ``"var"`` or ``"cvar"``.
    """
    column = statistics[metric].sel(strategy=strategy)
    prefix, values = "" if statistic == "mean" else f"{statistic}_", _list_statistics(column)
    half = (values[f"{prefix}upper"] - values[f"{prefix}lower"]) / 2
    return Estimate(values[statistic], half).multiply(_compute_factor(column, prefix))


def _list_statistics(column: xr.DataArray) -> dict[str, float]:
    """Return the statistics of a column by name: quicker than a selection of each where a table has many."""
    return dict(zip(column["statistic"].values.tolist(), column.values.tolist(), strict=True))


def _compute_factor(column: xr.DataArray, prefix: str) -> float:
    return compute_horizon_factor(column) if prefix else float(column.attrs["per_year"])


def read_difference(comparison: xr.Dataset, metric: str, strategy: str, prefix: str = "") -> Estimate:
    """Return a difference to the base of `comparison`, scaled as :func:`read_estimate` does.

    Parameters
    ----------
    comparison : from :func:`jitrisk.risk.compare`.
    metric : the metric.
    strategy : the strategy that is compared with the base.
    prefix : ``""`` for the means, ``"var_"`` and ``"cvar_"`` for the values and the conditional values at risk.
    """
    column = comparison[metric].sel(strategy=strategy)
    values = _list_statistics(column)
    value, lower, upper = (values[name] for name in (prefix.rstrip("_") or "mean", f"{prefix}lower", f"{prefix}upper"))
    # The interval is not symmetric: half of it, and at least as much as it reaches toward 0.
    half = max((upper - lower) / 2, value - lower if value > 0 else upper - value)
    return Estimate(value, half).multiply(_compute_factor(column, prefix))


def read_missing_reasons(comparison: xr.Dataset, metric: str, strategy: str) -> dict[str, str]:
    """Return for the differences of mean, var and cvar why they have no interval, an empty text where they have one.

    Parameters
    ----------
    comparison : from :func:`jitrisk.risk.compare`.
    metric : the metric.
    strategy : the strategy that is compared with the base.
    """
    reasons = comparison["missing_interval"].sel(metric=metric, strategy=strategy)
    return {str(name): str(text) for name, text in zip(reasons["estimate"].values, reasons.values, strict=True)}


def summarize(outcomes: xr.Dataset, base: str | None = None, level: float = 0.95) -> Summary:
    """Compute what a report shows of a result.

    Parameters
    ----------
    outcomes : a result.
    base : the strategy the others are compared with; the first by default.
    level : level of the conditional value at risk.

    Raises
    ------
    ResultError
        As :func:`jitrisk.risk.metrics`, :func:`jitrisk.risk.describe` and :func:`jitrisk.risk.compare` do.
    """
    of_paths = metrics(outcomes)
    comparison = compare(of_paths, base, level)
    statistics = describe(of_paths, level)
    objective = select_objective(of_paths)
    means = statistics[objective].sel(statistic="mean")
    best = (means.idxmin if objective == "cost" else means.idxmax)("strategy").item()
    pairs = len(list(combinations(statistics["strategy"].values, 2))) or 1
    to_best = compare(of_paths[[objective]], best, level, 1 - (1 - CONFIDENCE) / pairs)
    return Summary(of_paths, statistics, comparison, to_best, count_occurrences(outcomes))
