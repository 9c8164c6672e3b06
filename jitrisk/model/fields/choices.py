"""Readers of fields with a few allowed values: unmet demand, deliveries, sources, warnings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jitrisk.model.faults import (
    Finding,
    KnownNames,
    attempt,
    build_refusal,
    combine_findings,
    format_text,
    suggest_name,
)
from jitrisk.model.fields.measures import FACTOR, SHARE
from jitrisk.model.fields.quantities import describe_found
from jitrisk.model.fields.readers import Clock, FunctionReader
from jitrisk.warning_register import WARNINGS

# Difference of the sum of shares from 1 that is rounding of doubles; shares rounded by hand are refused.
_EXACT = 1e-9

# A list may have a million faulty numbers: this many of them are reported.
_MOST_FACTORS = 10

_BACKORDER_SHARES = {"backorder": 1.0, "lost": 0.0}


def _read_unmet(source: Any, clock: Clock) -> float:
    if isinstance(source, str) and source in _BACKORDER_SHARES:
        return _BACKORDER_SHARES[source]
    return SHARE.read(source, clock, also=", `backorder` or `lost`", hint=suggest_name(source, _BACKORDER_SHARES))


def _read_factors(source: Any, clock: Clock) -> tuple[float, ...]:
    if not isinstance(source, list) or not source:
        raise build_refusal(f"expected a list of factors such as `[0.8, 1.2]`, found {describe_found(source)}")
    findings: list[Finding] = []
    factors = []
    for i, value in enumerate(source):
        factors.append(attempt(findings, (i,), FACTOR.read, value, clock) or 0.0)
        if len(findings) >= _MOST_FACTORS:
            break
    if findings:
        raise combine_findings(findings)
    if not any(factors):
        raise build_refusal("expected at least one factor above 0, found none; the customer would never ask for a unit")
    return tuple(factors)


def _build_choice(title: str, allowed: Mapping[str, str]) -> FunctionReader:
    """Return a reader of one of a few words, each with its meaning, empty where it needs none."""
    listed = " or ".join(f"`{word}`" + (f" ({meaning})" if meaning else "") for word, meaning in allowed.items())

    def read(source: Any, clock: Clock) -> str:
        if not isinstance(source, str) or source not in allowed:
            raise build_refusal(f"expected {listed}, found {describe_found(source)}{suggest_name(source, allowed)}")
        return source

    return FunctionReader(title, read, {"enum": list(allowed)})


def _read_closed(source: Any, clock: Clock) -> int | None:
    if isinstance(source, bool) or source not in (0, 1):
        raise build_refusal(f"expected 0 (closed) or 1 (open), found {describe_found(source)}")
    return None if source else 0


def _read_sources(source: Any, clock: Clock) -> tuple[tuple[str, float], ...]:
    if isinstance(source, list):
        return _read_preferences(source)
    if isinstance(source, Mapping):
        return _read_shares(source, clock)
    raise build_refusal(
        f"expected a list of stages or a mapping of stages to their shares, found {describe_found(source)}"
    )


def _read_preferences(source: list[Any]) -> tuple[tuple[str, float], ...]:
    findings, seen = [], set[str]()
    for i, name in enumerate(source):
        if not isinstance(name, str):
            findings.append(Finding((i,), f"expected the name of a stage, found {describe_found(name)}"))
        elif name in seen:
            findings.append(Finding((i,), f"the stage `{format_text(name)}` is named twice"))
        else:
            seen.add(name)
    if findings:
        raise combine_findings(findings)
    if not source:
        raise build_refusal("expected at least one stage, found an empty list")
    return tuple((name, 0.0 if i else 1.0) for i, name in enumerate(source))


def _read_shares(source: Mapping[str, Any], clock: Clock) -> tuple[tuple[str, float], ...]:
    findings: list[Finding] = []
    shares = {name: attempt(findings, (name,), SHARE.read, value, clock) for name, value in source.items()}
    if findings:
        raise combine_findings(findings)
    total = sum(share for share in shares.values() if share is not None)
    if abs(total - 1.0) > _EXACT:
        raise build_refusal(f"the shares must add up to 1, found {total:.10g}")
    return tuple((name, share) for name, share in shares.items() if share is not None)


def expand_inputs(inputs: Any) -> Any:
    """Return the inputs of a stage with every short form expanded.

    ``{steel: 2}`` is ``{steel: {quantity: 2, from: [steel]}}``: without `from`, an input is named after its stage.
    """
    if not isinstance(inputs, Mapping):
        return inputs
    return {
        name: {"from": [name], **source} if isinstance(source, Mapping) else {"quantity": source, "from": [name]}
        for name, source in inputs.items()
    }


def _read_silence(source: Any, clock: Clock) -> tuple[str, ...]:
    if not isinstance(source, list):
        hint = f", write `[{source}]`" if isinstance(source, str) and source in WARNINGS else ""
        raise build_refusal(
            f"expected a list of names of warnings such as `[{next(iter(WARNINGS))}]`, "
            f"found {describe_found(source)}{hint}"
        )
    known = KnownNames("warning", WARNINGS)
    findings = [
        Finding(
            (i,),
            known.explain_unknown(name) if isinstance(name, str) else f"expected a text, found {describe_found(name)}",
        )
        for i, name in enumerate(source)
        if not isinstance(name, str) or name not in WARNINGS
    ]
    if findings:
        raise combine_findings(findings)
    return tuple(dict.fromkeys(source))


UNMET = FunctionReader("Unmet", _read_unmet, {"anyOf": [{"enum": list(_BACKORDER_SHARES)}, SHARE.wrap_schema()]})
DELIVERIES = _build_choice("Deliveries", {"crossing": "deliveries may overtake each other", "in_order": ""})
SERVED = _build_choice("Served", {"first": "before the stages that the store supplies", "last": "after them"})
FOLLOWED = _build_choice("Followed", {"season": "and trend", "forecast": "season and trend times the forecast"})
SEASON_FOLLOWED = _build_choice("SeasonFollowed", {"season": "and trend"})
FACTORS = FunctionReader(
    "Factors",
    _read_factors,
    {
        "type": "array",
        "items": FACTOR.wrap_schema(),
        "minItems": 1,
        "description": "a list of factors such as `[0.8, 1.2]` or `[80 %, 120 %]`",
    },
)
CLOSED = FunctionReader("Closed", _read_closed, {"enum": [0, 1]})
SOURCES = FunctionReader(
    "Sources",
    _read_sources,
    {
        "anyOf": [
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
            {"type": "object", "additionalProperties": SHARE.wrap_schema(), "minProperties": 1},
        ]
    },
)
SILENCE = FunctionReader("Silence", _read_silence, {"type": "array", "items": {"enum": list(WARNINGS)}})
