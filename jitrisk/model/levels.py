"""The levels that an optimization may vary: their keys, their ranges, and checks of the decisions of a model."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from jitrisk.errors import MOST_FAULTS, JitriskError
from jitrisk.model.faults import MOST_EXPLAINED, Finding, KnownNames, describe_unknown, format_text
from jitrisk.model.fields.measures import DURATION, POSITIVE_UNITS, TIME, UNITS, Measure
from jitrisk.model.fields.quantities import describe_found, is_duration, parse_number
from jitrisk.model.fields.readers import Clock
from jitrisk.model.network import Network
from jitrisk.model.parts.stage import (
    PUSH_WITH_SHELF_LIFE,
    PUSH_WITHOUT_INPUTS,
    UNLIMITED_WITHOUT_CAPACITY,
    Stage,
)
from jitrisk.model.policies import POLICIES, Level
from jitrisk.model.policies.base import UNLIMITED
from jitrisk.model.policies.kanban import MOST_CARDS
from jitrisk.model.references import find_name_faults
from jitrisk.model.sections import find_section

ALL = "all"
"""The range of a level without bounds."""

# What a range of units is answered with where the level follows the demand.
_VARY_COVER = (
    "a level that follows the demand is a time of it; give the range in durations, as `1 d..10 d`, of a base stock as "
    "`cover`"
)

_FORM = "`FROM..TO`, `FROM..TO:STEP` or `all`"


class LevelKey(NamedTuple):
    """The key of a level, such as ``stages.valve.policy.kanban.cards``, in its parts.

    Attributes
    ----------
    stage : name of the stage.
    kind : kind of the policy, such as ``kanban``.
    field : key of the level in the policy, such as ``cards``.
    """

    stage: str
    kind: str
    field: str


@dataclass(frozen=True)
class LevelRange:
    """The values that a level may have.

    Attributes
    ----------
    low, high : the bounds, themselves allowed; None where there is none.
    step : the least change; None where none is given.
    is_cover : whether the three are periods of mean demand; they are else units, or cards.
    """

    low: float | None = None
    high: float | None = None
    step: float | None = None
    is_cover: bool = False


def list_level_keys(network: Network) -> list[str]:
    """Return the keys of all levels of a network, those of the policies among its decisions included."""
    return _list_keys(_list_kinds(json.loads(network.text)))


def parse_level_key(network: Network, key: str) -> LevelKey:
    """Return the stage, the kind of policy and the field of a level.

    Parameters
    ----------
    network : the network whose stages have the policies, or may have them by its decisions.
    key : the key, such as ``stages.valve.policy.kanban.cards``. The field need not be the one that the model gives:
        where it gives ``service``, ``cover`` or ``level`` may vary all the same.

    Raises
    ------
    JitriskError
        If the network has no such level, with the nearest one and what is allowed.
    """
    kinds = _list_kinds(json.loads(network.text))
    found = _split_key(key)
    if found is None or found.kind not in kinds.get(found.stage, ()):
        raise JitriskError(_explain_unknown_level(key, kinds))
    return found


def parse_level_range(text: str, kind: str, field: str, clock: Clock) -> LevelRange:
    """Return the range in a text such as ``2..40``, ``1 d..10 d:6 h`` or ``all``.

    Parameters
    ----------
    text : ``FROM..TO``, ``FROM..TO:STEP``, or ``all`` or nothing for no bounds.
    kind : kind of the policy, such as ``kanban``.
    field : key of the level in the policy, such as ``cards``.
    clock : what a bare number of periods counts.

    Returns
    -------
    The range in cards, in units or, where it `is_cover`, in periods.

    Raises
    ------
    JitriskError
        If it is no range, or not one of such a level, with what is allowed.
    """
    stripped = text.strip()
    if stripped in ("", ALL):
        return LevelRange(is_cover=field == "cover")
    low_text, dots, rest = stripped.partition("..")
    high_text, colon, step_text = rest.partition(":")
    given = [part.strip() for part in (low_text, high_text, *([step_text] if colon else []))]
    if not dots or not all(given):
        raise JitriskError(f"expected a range {_FORM} such as {_build_example(field)}, found {describe_found(text)}")
    is_cover = field == "cover" or (field not in ("cards", "level") and is_duration(given[0]))
    low, high = (_read_bound(bound, field, is_cover, clock) for bound in given[:2])
    if low > high:
        message = f"the range begins at `{format_text(given[0])}`, above its end `{format_text(given[1])}`"
        raise JitriskError(f"{message}; write the lower bound first")
    step = _read_step(given[2], field, is_cover, clock) if colon else None
    return LevelRange(low, high, step, is_cover)


def _build_example(field: str) -> str:
    return {"cards": "`2..40`", "cover": "`1 d..10 d:6 h`"}.get(field, "`0..500:10`")


def _read_bound(text: str, field: str, is_cover: bool, clock: Clock) -> float:
    if field == "cards":
        return _read_cards(text, "bound")
    if field == "quantity":
        return _read_measure(TIME if is_cover else POSITIVE_UNITS, text, field, clock)
    return _read_measure(DURATION if is_cover else UNITS, text, field, clock)


def _read_step(text: str, field: str, is_cover: bool, clock: Clock) -> float:
    if field == "cards":
        return _read_cards(text, "step")
    return _read_measure(TIME if is_cover else POSITIVE_UNITS, text, field, clock, what="step")


def _read_measure(measure: Measure, text: str, field: str, clock: Clock, what: str = "bound") -> float:
    try:
        return measure.read(text, clock)
    except ValueError as error:
        mixed = field not in ("cover", "level") and is_duration(text) != (measure.time > 0)
        alike = "; both bounds and the step are units, or all are durations" if mixed else ""
        raise JitriskError(f"the {what} `{format_text(text)}` of the range: {error}{alike}") from None


def _read_cards(text: str, what: str) -> float:
    number = parse_number(text)
    if isinstance(number, str) or number != number // 1 or not 1 <= number <= MOST_CARDS:
        message = f"the {what} `{format_text(text)}` of the range: expected a whole number of cards from 1 on"
        raise JitriskError(f"{message}, found {describe_found(text)}")
    return float(number)


def replace_levels(stage: Stage, levels: Mapping[str, float | Level]) -> Stage:
    """Return a stage with other levels of its policy, as `Network.patched` does, without reading it again.

    A search tries thousands of levels; reading a network of 100 stages takes ten times as long as simulating it on 100
    paths.

    Parameters
    ----------
    stage : the stage.
    levels : the levels of its policy by field: cards, units, or for `cover` periods; `Level` where the field can be
        either.
    """
    policy = stage.policy
    others = {key: None for group in policy.choices for key in group}
    # A number of cards is no formula, which alone has a margin and follows the season.
    formula = {"safety": 0.0, "follow": None} if policy.kind == "kanban" and "cards" in levels else {}
    changed = policy.model_copy(update={**others, **formula, **levels})
    return stage.model_copy(update={"policy_": stage.policy_.model_copy(update={policy.kind: changed})})


def list_policy_sources(network: Network) -> dict[str, list[dict[str, Any]]]:
    """Return the policies that stages may have by the decisions of a network, as the model gives them, by stage."""
    return dict(find_section(json.loads(network.text), "decisions", "policies"))


def list_investment_patches(network: Network) -> dict[str, dict[str, Any]]:
    """Return the patches of the investments of a network, as the model gives them, by name."""
    return dict(find_section(json.loads(network.text), "decisions", "investments"))


def find_decision_faults(model: Mapping[str, Any], clock: Clock) -> Iterator[Finding]:
    """Yield the faults between the decisions of a model and its stages, and those of its ranges.

    A level may vary where the policy of its stage has it, in the model, under a strategy or by the decisions.

    Parameters
    ----------
    model : the model as a mapping, perhaps with other faults.
    clock : what a bare number counts.
    """
    if not find_section(model, "decisions"):
        return
    yield from islice(_check_ranges(model, clock), MOST_FAULTS + 1)
    yield from _check_policies(model)
    yield from find_name_faults(("decisions", "investments"), find_section(model, "decisions", "investments"))


def _check_ranges(model: Mapping[str, Any], clock: Clock) -> Iterator[Finding]:
    vary = find_section(model, "decisions", "vary")
    if not vary or not find_section(model, "stages"):
        return  # missing stages are a fault of their own
    kinds = _list_kinds(model)
    for strategy in find_section(model, "strategies").values():
        _add_kinds(kinds, strategy)
    left = MOST_EXPLAINED
    for key, text in vary.items():
        place = ("decisions", "vary", key)
        found = _split_key(key)
        if found is None or found.kind not in kinds.get(found.stage, ()):
            if found and _is_policy_faulty(model, found.stage):
                continue  # a fault of the stage
            left -= 1
            yield Finding(place, _explain_unknown_level(key, kinds if left >= 0 else {}))
        elif isinstance(text, str) and text.strip() and clock.known:
            try:
                within = parse_level_range(text, found.kind, found.field, clock)
                if not within.is_cover and _is_following(model, found):
                    yield Finding(place, _VARY_COVER)
            except JitriskError as error:
                yield Finding(place, str(error))


def _is_following(model: Mapping[str, Any], key: LevelKey) -> bool:
    """Return whether the policy with a level, in the model or among its decisions, follows the demand."""
    if key.kind == "kanban":
        return False  # a number of cards takes the place of the formula that follows
    listed = find_section(model, "decisions", "policies").get(key.stage)
    policies = [find_section(model, "stages", key.stage, "policy"), *(listed if isinstance(listed, list) else ())]
    return any(find_section(policy, key.kind).get("follow") is not None for policy in policies)


def _is_policy_faulty(model: Mapping[str, Any], stage: str) -> bool:
    """Return whether a stage of a model has no policy of a known kind."""
    member = find_section(model, "stages").get(stage)
    return member is not None and not (isinstance(member, Mapping) and _list_policy_kinds(member.get("policy")))


def _check_policies(model: Mapping[str, Any]) -> Iterator[Finding]:
    stages = find_section(model, "stages")
    known = KnownNames("stage", stages)
    for stage, listed in find_section(model, "decisions", "policies").items():
        if stage not in known:
            if stages:
                yield Finding(("decisions", "policies", stage), known.explain_unknown(stage))
            continue
        for i, policy in enumerate(listed if isinstance(listed, list) else ()):
            if message := _explain_misfit(stages[stage], policy):
                yield Finding(("decisions", "policies", stage, i), message)


def _explain_misfit(member: Any, policy: Any) -> str:
    """Return why a stage cannot have a policy, both as given, empty where it can."""
    if not isinstance(member, Mapping):
        return ""
    if member.get("capacity") is None and _is_unlimited(policy):
        return UNLIMITED_WITHOUT_CAPACITY
    if "push" in _list_policy_kinds(policy) and member.get("shelf_life") is not None:
        return PUSH_WITH_SHELF_LIFE
    return PUSH_WITHOUT_INPUTS if "push" in _list_policy_kinds(policy) and not member.get("inputs") else ""


def _is_unlimited(policy: Any) -> bool:
    """Return whether a policy as given has no limit to its cards or its level."""
    fields = policy.values() if isinstance(policy, Mapping) else ()
    return any(UNLIMITED in (one.get("cards"), one.get("level")) for one in fields if isinstance(one, Mapping))


def _list_kinds(model: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the kinds of policy that every stage has, or may have by the decisions."""
    kinds: dict[str, set[str]] = {stage: set() for stage in find_section(model, "stages")}
    _add_kinds(kinds, model)
    for stage, listed in find_section(model, "decisions", "policies").items():
        for policy in listed if isinstance(listed, list) and stage in kinds else ():
            kinds[stage].update(_list_policy_kinds(policy))
    return kinds


def _add_kinds(kinds: dict[str, set[str]], source: Any) -> None:
    """Add the kinds of policy that stages have in a model or a patch."""
    for stage, member in find_section(source, "stages").items():
        if stage in kinds and isinstance(member, Mapping):
            kinds[stage].update(_list_policy_kinds(member.get("policy")))


def _list_policy_kinds(policy: Any) -> list[str]:
    return [kind for kind in policy if kind in POLICIES] if isinstance(policy, Mapping) else []


def _list_keys(kinds: Mapping[str, Collection[str]]) -> list[str]:
    """Return the keys of the levels of stages with such policies, in the order of the model."""
    return [
        f"stages.{stage}.policy.{kind}.{field}"
        for stage, those in kinds.items()
        for kind, policy in POLICIES.items()
        if kind in those
        for field in policy.level_keys
    ]


def _split_key(key: str) -> LevelKey | None:
    """Return the parts of the key of a level, None where it has another form; the name of a stage may have dots."""
    section, _, rest = key.partition(".")
    above, _, field = rest.rpartition(".")
    above, _, kind = above.rpartition(".")
    stage, _, policy = above.rpartition(".")
    if (section, policy) != ("stages", "policy") or kind not in POLICIES or field not in POLICIES[kind].level_keys:
        return None
    return LevelKey(stage, kind, field)


def _explain_unknown_level(key: str, kinds: Mapping[str, Collection[str]]) -> str:
    """Return the message about a key that is none of a level: the nearest one, and those of the stage it names."""
    named = [stage for stage in kinds if key == f"stages.{stage}" or key.startswith(f"stages.{stage}.")]
    listed = _list_keys({stage: kinds[stage] for stage in sorted(named, key=len)[-1:]})
    known = _list_keys(kinds)
    message = describe_unknown("level", key, known, listed)
    return message if not known or ";" in message else f"{message}; write a key such as `{format_text(known[0])}`"
