"""What is estimated of a metric: its mean, a value at risk or a conditional value at risk, as in ``cost.cvar95``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from jitrisk.errors import ResultError, format_suggestion
from jitrisk.risk.design import Design, Point
from jitrisk.risk.inputs import Array
from jitrisk.risk.intervals import CONFIDENCE, normal
from jitrisk.vocabulary import METRICS

STATISTICS_OF_METRICS = ("mean", "var", "cvar")
"""What can be estimated of a metric; the last two have a level."""

FORM = r"(?P<metric>\w+)\.(?P<statistic>[a-z]+)(?P<level>[\d.]*)"
"""How an estimand is written, as a regular expression."""

_USUAL_LEVEL = 0.95
_ALLOWED = "allowed are mean, var95 and cvar95, with any level above 0 and below 100"


@dataclass(frozen=True)
class Estimand:
    """A statistic of a metric over the paths.

    Attributes
    ----------
    metric : one of :data:`jitrisk.vocabulary.METRICS`.
    statistic : ``"mean"``, ``"var"`` or ``"cvar"``.
    level : level of the value at risk; of no meaning for the mean.
    """

    metric: str
    statistic: str
    level: float

    @property
    def name(self) -> str:
        """The statistic as it is written, such as ``cost.cvar95``."""
        level = "" if self.statistic == "mean" else f"{100 * self.level:.10g}"
        return f"{self.metric}.{self.statistic}{level}"

    @property
    def is_better_high(self) -> bool:
        """Whether the bad end of the metric is the lower one."""
        return METRICS[self.metric].bad_tail == "lower"

    def compute_scores(self, values: Array, design: Design) -> Array:
        """Return one number per path whose mean is the statistic, and whose spread gives its error.

        Differences of the scores of two plans on the same paths give the error of the difference of their statistics.

        Parameters
        ----------
        values : the metric, one value per path.
        design : how the paths were drawn.

        Notes
        -----
        The score of a quantile or of a conditional value at risk is its value plus its influence function (Hampel 1974,
        Journal of the American Statistical Association 69; for the conditional value at risk, Trindade, Uryasev,
        Shapiro & Zrazhevsky 2007). The density at a quantile comes from the spacing of order statistics around it.
        """
        if self.statistic == "mean":
            return values
        low = self.is_better_high
        found = design.quantiles(values, [Point(self.level, low)], CONFIDENCE)[0]
        if self.statistic == "cvar":
            excess: Array = np.maximum(found.value - values if low else values - found.value, 0.0) / (1.0 - self.level)
            return found.value - excess if low else found.value + excess
        is_beyond = (values < found.value) if low else (values > found.value)
        spread = math.sqrt(self.level * (1.0 - self.level))
        reach = found.upper - found.lower
        if math.isnan(reach):  # too few paths for an interval: it ends beyond the worst of them
            reach = 2.0 * abs(float(values.min() if low else values.max()) - found.value)
        error = reach / (2.0 * normal())
        sign = -1.0 if low else 1.0
        factor = sign * error * math.sqrt(design.effective) / spread
        scores: Array = found.value + (is_beyond.astype(np.float64) - design.compute_share(is_beyond)) * factor
        return scores


def parse_estimand(text: str, example: str) -> Estimand:
    """Return the statistic that a text such as ``downtime.var99`` stands for.

    Parameters
    ----------
    text : the text.
    example : how to write what the text is a part of, which ends the messages.

    Raises
    ------
    ResultError
        When the metric, the statistic or its level is not one there can be.
    """
    match = re.fullmatch(FORM, text)
    if match is None:
        raise ResultError(f"{text!r} is no METRIC.STATISTIC: {example}")
    metric, statistic = match["metric"], match["statistic"]
    if metric not in METRICS:
        raise ResultError(
            f"unknown metric {metric!r}: allowed are {', '.join(METRICS)}{format_suggestion(metric, METRICS)}"
        )
    if statistic not in STATISTICS_OF_METRICS or (match["level"] != "") != (statistic != "mean"):
        hint = format_suggestion(statistic, STATISTICS_OF_METRICS)
        raise ResultError(f"unknown statistic {statistic + match['level']!r}: {_ALLOWED}; {example}{hint}")
    level = _parse_level(match["level"]) if match["level"] else _USUAL_LEVEL
    if not 0 < level < 1:
        raise ResultError(f"the level {match['level']!r} of {statistic} is not allowed: {_ALLOWED}; {example}")
    return Estimand(metric, statistic, level)


def _parse_level(digits: str) -> float:
    try:
        return float(digits) / 100
    except ValueError:
        return math.nan
