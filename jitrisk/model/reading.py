"""Steps 4 to 6 on one model without its strategies: from a mapping of plain values to a Network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from jitrisk.errors import MOST_FAULTS
from jitrisk.model.faults import Finding, attempt
from jitrisk.model.fields.measures import LENGTH
from jitrisk.model.fields.readers import Clock
from jitrisk.model.network import Network
from jitrisk.model.parts.customer import Customer
from jitrisk.model.parts.hazard import Hazard
from jitrisk.model.parts.part import Part
from jitrisk.model.parts.stage import Stage
from jitrisk.model.references import find_reference_faults
from jitrisk.units import HOUR

SECTIONS: dict[str, type[Part]] = {"stages": Stage, "customers": Customer, "hazards": Hazard}
"""The sections of a model, each with what its members are."""


@dataclass(frozen=True)
class Reading:
    """The result of reading a model.

    Attributes
    ----------
    model : the model that was read.
    parts : the members of each section that have no fault in themselves.
    findings : every fault, without those of members shared with an earlier reading.
    network : the network, None where there are faults.
    """

    model: Mapping[str, Any]
    parts: Mapping[str, Mapping[str, Part]]
    findings: list[Finding]
    network: Network | None


def read(model: Mapping[str, Any], before: Reading | None = None) -> Reading:
    """Read a model.

    Parameters
    ----------
    model : the model; its strategies are ignored.
    before : an earlier reading with the same period; members that both models share are not read again, nor are their
        faults found again.
    """
    clock = read_clock(model.get("period"))
    findings: list[Finding] = []
    parts = {section: _read_members(model, section, clock, before, findings) for section in SECTIONS}
    given = {key: parts[key] if isinstance(model[key], Mapping) and key in SECTIONS else model[key] for key in model}
    given.pop("strategies", None)
    if before is not None and given.pop("decisions", None) is not None and before.network:
        given["decisions"] = before.network.decisions  # the same under every strategy
    network = attempt(findings, (), partial(Network.model_validate, given, context=clock))
    findings += find_reference_faults(model)
    return Reading(model, parts, findings, network if not findings else None)


def read_clock(period: Any) -> Clock:
    """Return the time that a bare number of a model counts; of another length where the period is faulty."""
    seconds = attempt([], (), LENGTH.read, period, Clock(1.0))
    return Clock(float(HOUR), known=False) if seconds is None else Clock(seconds)


def _read_members(
    model: Mapping[str, Any], section: str, clock: Clock, before: Reading | None, findings: list[Finding]
) -> dict[str, Part]:
    members = model.get(section)
    if not isinstance(members, Mapping):
        return {}
    part, parts = SECTIONS[section], {}
    earlier = before.model.get(section) if before else None
    for name, source in members.items():
        if before and isinstance(earlier, Mapping) and earlier.get(name) is source:
            member = before.parts[section].get(name)
        else:
            member = attempt(findings, (section, name), partial(part.model_validate, source, context=clock))
        if member is not None:
            parts[name] = member
        if len(findings) > MOST_FAULTS:
            break
    return parts
