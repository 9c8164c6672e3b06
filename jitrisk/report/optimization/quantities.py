"""What an optimization holds as readers read it: the objective in its unit, decisions by name, values with unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.report.numbers import Estimate, Rounded, Scale, format_per_horizon, round_estimate, select_scale
from jitrisk.report.quantities import format_metric_name, format_units
from jitrisk.vocabulary import METRICS

_METRIC = re.compile(r"\b([a-z_]+)\.[a-z]")
_MEAN = re.compile(r"(-?)\s*([a-z_]+)\.mean")
_COMPARED = re.compile(r"<=|>=|<|>")
_VERBS = {("cost", ""): "costs", ("profit", "-"): "earns"}
_UNITS = {"card": "card", "unit": "unit"}
_NUMBER = re.compile(r"[0-9.eE+-]+")


def require_optimization(study: xr.Dataset) -> None:
    """Raise ResultError unless a Dataset is what ``jr.optimize`` returns."""
    if study.attrs.get("contents") != "optimization":
        raise ResultError("not the result of a search: use what jr.optimize returned")


@dataclass(frozen=True)
class StudyObjective:
    """What an optimization minimizes, as it is shown.

    Attributes
    ----------
    name : its name, such as ``cost``, or its text where it is not the mean of one metric.
    verb : ``costs`` or ``earns``, empty for anything else than money.
    sign : -1 where the negative of what is minimized is shown, as a profit is; else 1.
    factor : what amounts are multiplied by before they are shown.
    unit : their unit then, scale included.
    over : the time that they add up over, such as ``per year``; empty where they do not add up.
    scale : the power of a thousand in `factor` and `unit`.
    """

    name: str
    verb: str
    sign: float
    factor: float
    unit: str
    over: str
    scale: Scale

    @property
    def full_unit(self) -> str:
        """The unit with the time that amounts add up over."""
        return f"{self.unit} {self.over}".strip()

    def read(self, study: xr.Dataset, name: str, place: int) -> Estimate:
        """Return an estimate along the one dimension of a variable, in what is shown; a lower one is a better one.

        Half the interval reaches at least as far as the interval does toward 0.
        """
        return read_interval(study, name, place).multiply(self.factor)

    def change_scale(self, values: npt.NDArray[np.float64], beside: bool = False) -> StudyObjective:
        """Return the same in a scale that suits other amounts of the study; `beside` this one, in this where it can."""
        plain = self.factor * self.scale.factor
        amounts = (float(value) * plain for value in values.ravel())
        chosen = select_scale(amounts, beside=self.scale if beside else None)
        unit = chosen.format_unit(self.unit.removeprefix(self.scale.word).strip())
        return StudyObjective(self.name, self.verb, self.sign, plain / chosen.factor, unit, self.over, chosen)


def read_interval(study: xr.Dataset, name: str, *place: int) -> Estimate:
    """Return an estimate with half its 95 % interval, NaN where the paths support none."""
    value, lower, upper = (float(study[f"{name}{end}"].values[place]) for end in ("", "_lower", "_upper"))
    return Estimate(value, max((upper - lower) / 2, value - lower if value > 0 else upper - value))


def read_objective(study: xr.Dataset) -> StudyObjective:
    """Return what an optimization minimizes, in the scale that suits the strategies."""
    attrs = study.attrs
    text, unit, per_year = str(attrs["objective"]), str(attrs["objective_unit"]), float(attrs["objective_per_year"])
    mean = _MEAN.fullmatch(text.strip())
    name, sign = (format_metric_name(mean[2]), mean[1]) if mean else (text, "")
    if mean and mean[2] == "cost":
        name = "cost"
    verb = _VERBS.get((mean[2], sign), "") if mean else ""
    totals = [METRICS[one].total for one in _METRIC.findall(text) if one in METRICS]
    over = "per year" if per_year != 1 else format_per_horizon(attrs) if totals and all(totals) else ""
    plain, words = (100.0, "%") if unit in ("1", "") else (1.0, format_units(unit))
    chosen = select_scale(float(value) * per_year * plain for value in study["objective"].values)
    shown = -1.0 if sign and verb else 1.0
    name = name if shown < 0 or not sign else text
    return StudyObjective(name, verb, shown, per_year * plain / chosen.factor, chosen.format_unit(words), over, chosen)


def list_labels(study: xr.Dataset) -> dict[str, str]:
    """Return a short name of each decision by its key, such as ``valve: cards``; a key where names would be alike."""
    keys = [str(key) for key in study["decision"].values]
    rows = zip(keys, study["decision_kind"].values.tolist(), study["decision_stage"].values.tolist(), strict=True)
    short = {key: _label_decision(key, str(kind), str(stage)) for key, kind, stage in rows}
    names = list(short.values())
    return {key: name if names.count(name) == 1 else key for key, name in short.items()}


def _label_decision(key: str, kind: str, stage: str) -> str:
    if kind == "investment":
        return key.removeprefix("decisions.investments.")
    if not stage:
        return key
    return f"{stage}: {'policy' if kind == 'policy' else key.rpartition('.')[2].replace('_', ' ')}"


def format_value(text: str, unit: str = "") -> str:
    """Return a value as it stands in a model file, with the unit of a plain number; a dash where there is none."""
    if not text:
        return "-"
    if unit in _UNITS and _NUMBER.fullmatch(text):
        return f"{text} {_UNITS[unit]}{'' if text == '1' else 's'}"
    return text.replace("_", " ") if not unit else text


def round_signed(estimate: Estimate) -> Rounded:
    """Round an amount that says how much more something is: with a plus sign where it is above 0."""
    value, half = round_estimate(estimate)
    has_sign = value.startswith("-") or not any(digit in value for digit in "123456789")
    return Rounded(value if has_sign else f"+{value}", half)


def format_stock_unit(study: xr.Dataset) -> tuple[Scale, str]:
    """Return the scale of the stock of all strategies and plans, and its unit."""
    values = np.concatenate([study["stock"].values, study["plan_stock"].values])
    chosen = select_scale(map(float, values))
    units = str(study["stock"].attrs.get("units", "unit"))
    return chosen, chosen.format_unit("units" if units in ("1", "unit", "") else units)


@dataclass(frozen=True)
class ConstraintState:
    """A constraint and how a strategy stands to it.

    Attributes
    ----------
    text : as it was given.
    estimate : the value on fresh paths, in `unit`.
    unit : its unit, empty for a plain number.
    top : what the value cannot exceed, in `unit`.
    is_met : whether the value meets it.
    is_sure : whether the whole interval lies on that side of the bound.
    """

    text: str
    estimate: Estimate
    unit: str
    top: float
    is_met: bool
    is_sure: bool

    @property
    def shown(self) -> str:
        """The value with its interval and unit."""
        return f"{round_estimate(self.estimate, self.top)} {self.unit}".strip()


def read_constraint(study: xr.Dataset, place: int, strategy: int) -> ConstraintState:
    """Return how a strategy stands to a constraint."""
    text = str(study["constraint"].values[place])
    estimate = read_interval(study, "constraint_value", place, strategy)
    bound = float(study["constraint_bound"].values[place])
    least = not (found := _COMPARED.search(text)) or found[0].startswith(">")
    lower, upper = (float(study[f"constraint_value{end}"].values[place, strategy]) for end in ("_lower", "_upper"))
    is_met, *ends = (value >= bound if least else value <= bound for value in (estimate.value, lower, upper))
    is_sure = bool(np.isfinite(upper - lower)) and ends == [is_met, is_met]
    factor, unit, top = _select_constraint_unit(study.attrs, text, max(abs(estimate.value), abs(bound)))
    return ConstraintState(text, estimate.multiply(factor), unit, top, is_met, is_sure)


def _select_constraint_unit(attrs: Mapping[str, object], text: str, size: float) -> tuple[float, str, float]:
    """Return what the value of a constraint is multiplied by, its unit then, and what it cannot exceed."""
    names = {name for name in _METRIC.findall(text) if name in METRICS}
    units = {METRICS[name].unit for name in names}
    if units == {"1"}:
        return 100.0, "%", 100.0
    if len(units) != 1:
        return 1.0, "", float("inf")
    unit = units.pop().format(currency=attrs.get("currency", "money"), unit="unit", period="period")
    chosen = select_scale([size])
    return 1 / chosen.factor, chosen.format_unit(format_units(unit)), float("inf")
