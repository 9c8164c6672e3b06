"""Decisions: the levels, policies and investments that an optimization may vary, and what it minimizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from jitrisk.model.faults import Finding, attempt, build_refusal, combine_findings
from jitrisk.model.fields.quantities import describe_found
from jitrisk.model.fields.readers import FORMULA, TEXT, Clock, FunctionReader
from jitrisk.model.parts.part import Part
from jitrisk.model.policies import POLICIES, PolicyChoice

MOST_INVESTMENTS = 100
"""A model may have this many investments."""

MOST_CONSTRAINTS = 100
"""An optimization may have this many constraints."""

MOST_LEVELS = 10_000
"""The decisions of a model may name this many levels."""

_LEAST_POLICIES = 2  # one policy is no choice


def _read_ranges(source: Any, clock: Clock) -> dict[str, str]:
    if not isinstance(source, Mapping):
        example = "`{stages.valve.policy.kanban.cards: 2..40}`"
        raise build_refusal(f"expected a mapping of keys to ranges such as {example}, found {describe_found(source)}")
    if len(source) > MOST_LEVELS:
        raise build_refusal(f"expected at most {MOST_LEVELS:,} levels, found {len(source):,}")
    findings = [
        Finding((key,), f"expected `FROM..TO`, `FROM..TO:STEP` or `all`, found {describe_found(text)}")
        for key, text in source.items()
        if not isinstance(text, str)
    ]
    if findings:
        raise combine_findings(findings)
    return _read_texts(source, clock)


def _read_texts(source: Mapping[Any, Any], clock: Clock) -> dict[Any, str]:
    findings: list[Finding] = []
    texts = {key: attempt(findings, (key,), TEXT.read, text, clock) for key, text in source.items()}
    if findings:
        raise combine_findings(findings)
    return {key: text for key, text in texts.items() if text is not None}


def _read_constraints(source: Any, clock: Clock) -> tuple[str, ...]:
    if not isinstance(source, str | list):
        example = "`['fill_rate.mean >= 98%']`"
        raise build_refusal(f"expected a list of constraints such as {example}, found {describe_found(source)}")
    listed = [source] if isinstance(source, str) else source
    if len(listed) > MOST_CONSTRAINTS:
        raise build_refusal(f"expected at most {MOST_CONSTRAINTS:,} constraints, found {len(listed):,}")
    if isinstance(source, str):
        return (TEXT.read(source, clock),)
    return tuple(_read_texts(dict(enumerate(listed)), clock).values())


def _read_investments(source: Any, clock: Clock) -> dict[str, Any]:
    """Return the patches as they are; they are read on the model, as those of strategies are."""
    if not isinstance(source, Mapping):
        raise build_refusal(f"expected a mapping of names to patches, found {describe_found(source)}")
    if len(source) > MOST_INVESTMENTS:
        raise build_refusal(f"expected at most {MOST_INVESTMENTS:,} investments, found {len(source):,}")
    return dict(source)


def _check_policies(source: Any) -> Any:
    """Return the policies of every stage; refuse a list that is no choice between two kinds or more."""
    if not isinstance(source, Mapping):
        raise build_refusal(f"expected a mapping of stages to lists of policies, found {describe_found(source)}")
    findings = [Finding((stage,), message) for stage, listed in source.items() if (message := _explain_choice(listed))]
    if findings:
        raise combine_findings(findings)
    return source


def _explain_choice(listed: Any) -> str:
    """Return why a list is no choice between policies, empty where it is one."""
    if not isinstance(listed, list):
        example = "`[{kanban: {container: 500, cards: auto}}, {base_stock: {cover: 3 d}}]`"
        return f"expected a list of policies such as {example}, found {describe_found(listed)}"
    if not _LEAST_POLICIES <= len(listed) <= len(POLICIES):
        what = "of different kinds, each under its kind"
        return f"expected {_LEAST_POLICIES} to {len(POLICIES)} policies {what}, found {len(listed):,}"
    kinds = [kind for policy in listed if isinstance(policy, Mapping) for kind in policy if kind in POLICIES]
    twice = next((kind for i, kind in enumerate(kinds) if kind in kinds[:i]), "")
    return f"the kind `{twice}` is listed twice; give each kind once, and vary its level in `vary`" if twice else ""


_RANGES = FunctionReader(
    "Ranges", _read_ranges, {"type": "object", "additionalProperties": {"type": "string", "maxLength": 200}}
)
_CONSTRAINTS = FunctionReader(
    "Constraints",
    _read_constraints,
    {"anyOf": [{"type": "array", "items": TEXT.wrap_schema(), "maxItems": MOST_CONSTRAINTS}, TEXT.wrap_schema()]},
)
_INVESTMENTS = FunctionReader(
    "Investments", _read_investments, {"type": "object", "additionalProperties": {"type": "object"}}
)


class Decisions(Part):
    """What an optimization may vary, and for what.

    Attributes
    ----------
    vary : range of every level that may vary, by its key, as given; empty for the levels of all stages.
    policies : the policies that a stage may have, by stage.
    investments : patches as given, by name.
    minimize : the objective, None for that of the model.
    subject : the constraints.
    """

    vary: Annotated[dict[str, str], _RANGES] = Field(
        default={},
        description="levels that may vary by key, each from `FROM..TO`, in steps of `FROM..TO:STEP`, or `all`; the "
        "level of every stage if left out",
    )
    policies: Annotated[dict[str, tuple[PolicyChoice, ...]], BeforeValidator(_check_policies)] = Field(
        default={}, description="the policies that a stage may have, by stage; each gives the levels to start from"
    )
    investments: Annotated[dict[str, Any], _INVESTMENTS] = Field(
        default={}, description="patches of the model by name, each taken or not"
    )
    minimize: Annotated[str | None, FORMULA] = Field(
        default=None,
        description="the objective, a metric with a statistic such as `cost.mean`, or a weighted sum such as "
        "`0.7*cost.mean + 0.3*cost.cvar95`",
    )
    subject: Annotated[tuple[str, ...], _CONSTRAINTS] = Field(
        default=(), description="constraints that a plan must meet, such as `fill_rate.mean >= 98%`"
    )
