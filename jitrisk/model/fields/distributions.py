"""Distributions in a model: a number, or one family whose parameters have units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from pydantic.json_schema import JsonSchemaValue

from jitrisk.model.faults import (
    Finding,
    KnownNames,
    attempt,
    build_refusal,
    combine_findings,
    describe_unknown,
    format_text,
    quote_names,
)
from jitrisk.model.fields.measures import DEMAND, DURATION, LARGEST, NUMBER, SHARE, WEIGHT, Measure, WholePeriods
from jitrisk.model.fields.quantities import describe_found, parse
from jitrisk.model.fields.readers import Clock, FunctionReader, Reader
from jitrisk.model.pointers.distributions import find_call_pointer, find_family_pointer, find_parameter_pointer
from jitrisk.sampling.distributions import FAMILIES, Distribution, build_constant, build_distribution
from jitrisk.units import HOUR, SECONDS_PER_UNIT, SHOWN_UNITS, format_duration

_ALSO = " or a distribution such as `{normal: {mean: ..., sd: ...}}`"
_LISTS = ("values", "weights")

# A list may have a million faulty numbers: this many of them are reported.
_MOST_VALUES = 10


@dataclass(frozen=True)
class DistributionReader(Reader):
    """A distribution; reads a field of type Distribution.

    Attributes
    ----------
    title : name of the definition in the JSON Schema.
    measure : what is drawn; its bounds hold for a constant and for the mean.
    beside : keys that are allowed beside the family, for messages; the caller reads them.
    """

    title: str
    measure: Measure
    beside: tuple[str, ...] = ()

    def read(self, source: Any, clock: Clock) -> Distribution:
        """Return the distribution in a model.

        Parameters
        ----------
        source : a number, a text with a unit, or a mapping of one family to its parameters.
        clock : what a bare number counts: a period, or the time between draws.

        Raises
        ------
        ValidationError, PydanticCustomError
            with every fault in it.
        """
        if not isinstance(source, dict | Mapping):
            return build_constant(self.measure.read(source, clock, also=_ALSO, hint=find_call_pointer(source)))
        family = self._read_family(source)
        findings: list[Finding] = []
        distribution = attempt(findings, (family,), self._read_distribution, family, source[family], clock)
        if distribution is None:
            raise combine_findings(findings)
        return distribution

    def _read_family(self, source: Mapping[str, Any]) -> str:
        names = list(source)
        unknown = [name for name in names if name not in FAMILIES]
        if unknown:
            advice = find_family_pointer(source)
            raise build_refusal(describe_unknown("distribution", unknown[0], (*FAMILIES, *self.beside), advice=advice))
        if len(names) != 1:
            raise build_refusal(f"expected one distribution, found {quote_names(names) or 'an empty mapping'}")
        return names[0]

    def _read_distribution(self, family: str, body: Any, clock: Clock) -> Distribution:
        if not isinstance(body, dict | Mapping):
            return self._read_constant(family, body, clock)
        parameters = self._read_parameters(family, body, clock)
        try:
            distribution = build_distribution(family, **parameters)
            mean = distribution.mean()
        except (ValueError, OverflowError, ZeroDivisionError) as error:
            # Where the period is a stand-in, a duration in periods may be wrong.
            complete = set(parameters) in map(set, FAMILIES[family].forms)
            if complete and not clock.known:
                return build_constant(1.0)
            raise build_refusal(f"{error}{self._explain_units(parameters, body, clock) if complete else ''}") from None
        if not self.measure.is_allowed(mean):
            found_mean = f"found {mean:g}{self._explain_units(parameters, body, clock)}"
            raise build_refusal(f"the mean must be {self.measure.describe_bounds(mean)}, {found_mean}")
        return distribution

    def _explain_units(self, parameters: Mapping[str, Any], body: Mapping[str, Any], clock: Clock) -> str:
        """Return the end of a message about converted numbers: how each was written."""
        if not self.measure.time:
            return ""
        unit = f"periods of {format_duration(clock.seconds / HOUR, 4)}" if self.measure.time > 0 else "units per draw"
        texts = {name: source for name, source in body.items() if isinstance(source, str) and name in parameters}
        pairs = ((name, source, parameters[name]) for name, source in texts.items())
        written = [
            f"{name} `{format_text(source)}` is {value:g}"
            for name, source, value in pairs
            if isinstance(value, float) and parse(source).time
        ]
        return f"; counted in {unit}{': ' if written else ''}{', '.join(written)}"

    def _read_constant(self, family: str, body: Any, clock: Clock) -> Distribution:
        if family == "constant":
            return build_constant(self.measure.read(body, clock))
        forms = " or ".join(quote_names(form) for form in FAMILIES[family].forms)
        raise build_refusal(f"expected a mapping of the parameters {forms}, found {describe_found(body)}")

    def _read_parameters(self, family: str, body: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
        parameter_kinds = FAMILIES[family].parameters
        given = {name: value for name, value in body.items() if (family, name) != ("empirical", "unit")}
        known = KnownNames("parameter", parameter_kinds)
        findings = [
            Finding((name,), known.explain_unknown(name, partial(find_parameter_pointer, family, name, given)))
            for name in given
            if name not in known
        ]
        unit = attempt(findings, ("unit",), self._read_unit, body["unit"]) if len(given) < len(body) else None
        counted = clock if unit is None else Clock(unit, clock.known)
        read: dict[str, Any] = {
            name: attempt(findings, (name,), self._read_parameter, parameter_kinds[name], name, value, counted)
            for name, value in given.items()
            if name in parameter_kinds
        }
        if findings:
            raise combine_findings(findings)
        if counted is not clock and "values" in read:
            read["values"] = [value * counted.seconds / clock.seconds for value in read["values"]]
        return read

    def _read_unit(self, unit: Any) -> float:
        """Return the seconds of the unit that the bare numbers of an empirical distribution count."""
        if self.measure.time <= 0:
            raise build_refusal("`unit` is for durations alone; leave it out")
        if not isinstance(unit, str) or unit not in SECONDS_PER_UNIT:
            raise build_refusal(describe_unknown("unit of time", f"{unit}", SECONDS_PER_UNIT, SHOWN_UNITS))
        return float(SECONDS_PER_UNIT[unit])

    def _read_parameter(self, kind: str, name: str, source: Any, clock: Clock) -> Any:
        measure = {"quantity": self.measure.drop_bounds(), "probability": SHARE}.get(kind, NUMBER)
        if name not in _LISTS:
            return measure.read(source, clock)
        if not isinstance(source, list) or not source:
            raise build_refusal(f"expected a list of numbers, found {describe_found(source)}")
        if name == "weights":
            measure = WEIGHT
        return _read_numbers(source, measure.smallest) or _read_list(measure, source, clock)

    def build_schema(self, extra: JsonSchemaValue | None = None) -> JsonSchemaValue:
        """Return what an editor accepts: a quantity or a distribution.

        Parameters
        ----------
        extra : properties allowed beside the family.
        """
        families = [_build_family_schema(name, self.measure.drop_bounds(), extra or {}) for name in FAMILIES]
        return {"anyOf": [self.measure.wrap_schema(), *families], "description": f"{self.measure.expected}{_ALSO}"}


@dataclass(frozen=True)
class Demand:
    """The demand of a customer.

    Attributes
    ----------
    draw : units per draw.
    every : periods between draws.
    """

    draw: Distribution
    every: int = 1


def _read_demand(source: Any, clock: Clock) -> Demand:
    if not isinstance(source, Mapping) or "every" not in source:
        return Demand(_UNITS.read(source, clock))
    findings: list[Finding] = []
    every = attempt(findings, ("every",), WholePeriods().read, source["every"], clock)
    rest = {name: value for name, value in source.items() if name != "every"}
    between = Clock(clock.seconds * (every or 1), clock.known)
    draw = attempt(findings, (), _UNITS.read, rest, between)
    if every is None or draw is None:
        raise combine_findings(findings)
    return Demand(draw, every)


_UNITS = DistributionReader("DrawnUnits", DEMAND, beside=("every",))


def _read_numbers(source: list[Any], smallest: float) -> tuple[float, ...] | None:
    """Return a list of plain numbers within the bounds as it is, or None where one has to be read alone."""
    if not {type(value) for value in source} <= {int, float}:
        return None
    numbers = np.array(source, dtype=np.float64)
    allowed = (numbers == 0.0) | ((numbers >= smallest) & (numbers > 0.0) & (numbers <= LARGEST))
    return tuple(numbers.tolist()) if allowed.all() else None


def _read_list(measure: Measure, source: list[Any], clock: Clock) -> tuple[float, ...]:
    findings: list[Finding] = []
    numbers: list[float] = []
    for i, value in enumerate(source):
        number = attempt(findings, (i,), measure.read, value, clock)
        numbers.append(0.0 if number is None else number)
        if len(findings) >= _MOST_VALUES:
            break
    if findings:
        raise combine_findings(findings)
    return tuple(numbers)


def _build_family_schema(name: str, measure: Measure, extra: JsonSchemaValue) -> JsonSchemaValue:
    family = FAMILIES[name]
    kinds = {"quantity": measure, "probability": SHARE}
    single = {parameter: kinds.get(kind, NUMBER).wrap_schema() for parameter, kind in family.parameters.items()}
    properties = {p: {"type": "array", "items": s, "minItems": 1} if p in _LISTS else s for p, s in single.items()}
    forms = [list(form) for form in family.forms]
    if name == "empirical":
        column = {"type": "string"}
        properties |= {"file": column, "column": column, "unit": {"enum": list(SECONDS_PER_UNIT)}}
        properties["weights"] = {"anyOf": [properties["weights"], column]}
        forms.append(["file", "column"])
    body: JsonSchemaValue = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "anyOf": [{"required": form} for form in forms],
    }
    if name == "constant":
        body = {"anyOf": [measure.wrap_schema(), body]}
    return {"type": "object", "properties": {name: body, **extra}, "required": [name], "additionalProperties": False}


DEMANDED = FunctionReader("Demand", _read_demand, _UNITS.build_schema({"every": DURATION.wrap_schema()}))
"""Reads a customer's demand."""
