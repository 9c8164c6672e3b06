"""What an optimization may vary, and the patch that a plan is: the levels of policies, policies, investments."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from jitrisk.errors import JitriskError, ModelError
from jitrisk.lower.graph import find_sweep_order
from jitrisk.model import (
    LevelRange,
    Network,
    find_conflicts,
    list_investment_patches,
    list_policy_sources,
    merge_patches,
    replace_levels,
)
from jitrisk.model.parts.stage import Stage
from jitrisk.model.policies import Level
from jitrisk.model.policies.base import UNLIMITED
from jitrisk.studies.search.plan import ChoiceDecision, LevelDecision, Plan
from jitrisk.studies.search.stage_context import FOLLOWING_FIELDS, StageContext
from jitrisk.units import HOURS_PER_DAY, HOURS_PER_YEAR

TAKEN = ("not taken", "taken")
"""The options of an investment."""

LEVEL_FIELDS: Mapping[str, tuple[str, ...]] = {
    "kanban": ("cards",),
    "base_stock": ("level",),
    "min_max": ("min", "max"),
    "reorder_point": ("point", "quantity"),
    "conwip": ("cards",),
}
"""The levels of every policy that has some, as they vary where nothing else is said."""

# Fields that say a level in another way, which a plan leaves out.
_RIVALS = {"kanban": ("safety", "follow"), "base_stock": ("level", "cover", "service")}
# In one policy, the first is to stay below the second.
_ORDERED = {"min_max": ("min", "max")}


@dataclass(frozen=True, eq=False)
class DecisionSpace:
    """All plans of a model.

    Attributes
    ----------
    network : the model.
    base_patch : the patch of the strategy that a plan builds upon.
    levels, choices : what may vary.
    start : the plan that changes nothing.
    lines : groups of levels that the flow of material joins: those of a stage with all upstream, and all downstream.
    start_values : what every decision is now, as in a model file; empty for a level that a stage does not have.
    """

    network: Network
    base_patch: Mapping[str, Any]
    levels: tuple[LevelDecision, ...]
    choices: tuple[ChoiceDecision, ...]
    start: Plan
    lines: tuple[tuple[int, ...], ...] = ()
    start_values: tuple[str, ...] = ()
    _variants: dict[tuple[int, ...], Network] = field(default_factory=dict)
    _stages: dict[tuple[Any, ...], Stage] = field(default_factory=dict)
    _active: dict[tuple[int, ...], list[int]] = field(default_factory=dict)
    _readable: dict[tuple[int, ...], bool] = field(default_factory=dict)

    def list_active(self, plan: Plan) -> list[int]:
        """Return the numbers of the levels that a plan has."""
        if plan.choices not in self._active:
            stages = self.read_variant(plan).stages if self.choices else {}
            self._active[plan.choices] = [
                i
                for i, one in enumerate(self.levels)
                # An investment may give a stage a policy of another kind.
                if one.is_active(plan) and (not stages or stages[one.stage].policy.kind == one.kind)
            ]
        return self._active[plan.choices]

    def is_allowed(self, plan: Plan) -> bool:
        """Return whether a plan can be simulated: no levels cross, and no choices exclude each other."""
        taken = {self.choices[i].key for i, option in enumerate(plan.choices) if option}
        if any(pair <= taken for pair in self._conflicts) or not self._is_readable(plan):
            return False
        return all(self._is_rising(plan, low, high) for low, high in self.ordered)

    def _is_readable(self, plan: Plan) -> bool:
        """Return whether the choices of a plan go together: each does with the model, but several may not."""
        if plan.choices == self.start.choices:
            return True
        if plan.choices not in self._readable:
            try:
                self.read_variant(plan)
            except ModelError:
                self._readable[plan.choices] = False
            else:
                self._readable[plan.choices] = True
        return self._readable[plan.choices]

    def _is_rising(self, plan: Plan, low: int, high: int) -> bool:
        """Return whether a level is below another, or the plan does not have them."""
        one, other = self.levels[low], self.levels[high]
        return not one.is_active(plan) or one.compute_units(plan.levels[low]) < other.compute_units(plan.levels[high])

    def build_patch(self, plan: Plan) -> dict[str, Any]:
        """Return the patch of a strategy that a plan is."""
        return merge_patches([self._build_choices_patch(plan), self._build_policies(plan)])

    def _build_choices_patch(self, plan: Plan) -> dict[str, Any]:
        """Return the patch that sets every choice of a plan."""
        options = [decision.patches[plan.choices[i]] for i, decision in enumerate(self.choices)]
        patches = [self.base_patch, *options]
        merged = merge_patches([{k: v for k, v in patch.items() if k != "fixed_cost"} for patch in patches if patch])
        return merged | self._build_fixed_cost(options)

    def build_networks(self, plans: Sequence[Plan]) -> dict[str, Network]:
        """Return the network of every plan, by its number as text."""
        return {str(i): self._build_network(plan) for i, plan in enumerate(plans)}

    def read_variant(self, plan: Plan) -> Network:
        """Return a network with the choices of a plan, and the levels that it is given; the model is read once."""
        if plan.choices not in self._variants:
            changed = self.network.patched({"strategies": {"plan": self._build_choices_patch(plan)}})
            self._variants[plan.choices] = changed.strategies["plan"]
        return self._variants[plan.choices]

    def _build_network(self, plan: Plan) -> Network:
        levels: dict[str, list[tuple[str, float | Level]]] = {}
        for i in self.list_active(plan):
            one = self.levels[i]
            levels.setdefault(one.stage, []).append((one.field, one.build_level(plan.levels[i])))
        variant = self.read_variant(plan)
        stages = {name: self._find_stage(variant, plan, name, tuple(values)) for name, values in levels.items()}
        return variant.replace_stages(stages)

    def _find_stage(
        self, variant: Network, plan: Plan, name: str, values: tuple[tuple[str, float | Level], ...]
    ) -> Stage:
        """Return a stage with some levels; plans beside each other differ in one or two stages."""
        key = (plan.choices, name, values)
        if key not in self._stages:
            self._stages[key] = replace_levels(variant.stages[name], dict(values))
        return self._stages[key]

    def _build_policies(self, plan: Plan) -> dict[str, Any]:
        """Return the patch that sets every level of a plan."""
        found: dict[str, dict[str, Any]] = {}
        for i in self.list_active(plan):
            found.setdefault(self.levels[i].stage, {})[self.levels[i].field] = self.write_value(i, plan.levels[i])
        if not found:
            return {}
        stages, given = {}, json.loads(self.read_variant(plan).text)["stages"]
        for stage, values in found.items():
            ((kind, fields),) = given[stage]["policy"].items()
            kept = {name: value for name, value in fields.items() if name not in (*_RIVALS.get(kind, ()), *values)}
            stages[stage] = {"policy": {kind: {**kept, **values}}}
        return {"stages": stages}

    def write_value(self, index: int, place: int) -> int | float | str:
        """Return a level as it is written in a model file: a number of cards or units, or a duration."""
        decision = self.levels[index]
        value = decision.compute_value(place)
        if decision.unit == "d":
            return f"{value * self.network.period / HOURS_PER_DAY:.12g} d"
        return int(value) if value == math.floor(value) else value

    def _build_fixed_cost(self, options: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the fixed cost: what options add to that of the strategy, or else of the model."""
        added = [one["fixed_cost"] for one in options if one.get("fixed_cost")]
        if not added:
            return {key: cost for key, cost in self.base_patch.items() if key == "fixed_cost"}
        own = self.base_patch.get("fixed_cost", json.loads(self.network.text).get("fixed_cost"))
        return {"fixed_cost": self._add_costs([*([own] if own else []), *added])}

    def _add_costs(self, costs: Sequence[Any]) -> Any:
        """Return fixed costs that are paid together as one, in the way it is written in a model file."""
        if len(costs) == 1:
            return costs[0]
        strategies = {str(i): {"fixed_cost": cost} for i, cost in enumerate(costs)}
        read = self.network.patched({"strategies": strategies}).strategies
        total = sum(one.fixed_cost for one in read.values()) * HOURS_PER_YEAR / self.network.period
        return f"{total:.15g} / year"

    @cached_property
    def _conflicts(self) -> list[frozenset[str]]:
        """Keys of investments that exclude each other, in pairs."""
        patches = {one.key: one.patches[1] for one in self.choices if one.kind == "investment"}
        return [frozenset(pair) for pair in find_conflicts(patches)]

    @cached_property
    def ordered(self) -> list[tuple[int, int]]:
        """The numbers of levels of which the first is to stay below the second."""
        place = {(one.stage, one.kind, one.field): i for i, one in enumerate(self.levels)}
        return [
            (place[stage, kind, low], place[stage, kind, high])
            for stage, kind, _ in place
            for low, high in [_ORDERED.get(kind, ("", ""))]
            if (stage, kind, low) in place and (stage, kind, high) in place
        ]


def build_space(
    network: Network, strategy: str | None, ranges: Mapping[tuple[str, str, str], LevelRange] | None
) -> DecisionSpace:
    """Return all plans of a model.

    Parameters
    ----------
    network : the model, with what it says about decisions.
    strategy : the strategy that plans build upon; None for the model itself.
    ranges : the levels that may vary, by stage, kind of policy and field, each with its bounds; None for all.

    Raises
    ------
    JitriskError
        Where nothing may vary.
    """
    patch = (json.loads(network.text)["strategies"][strategy] or {}) if strategy else {}
    choices = tuple(_list_choices(network))
    own = network if strategy is None else network.strategies[strategy]
    chosen = tuple(_find_own_option(own, one) for one in choices)
    bare = DecisionSpace(network, patch, (), choices, Plan((), chosen))
    policies = _list_policies(bare, choices)
    _require_policies(policies, ranges or {})
    levels, places = [], []
    for (stage, option), policy in policies.items():
        number = next((i for i, decision in enumerate(choices) if decision.stage == stage), None)
        plan = bare.start if number is None else bare.start.replace_choice(number, option)
        context = StageContext.read(bare.read_variant(plan), stage)
        now = StageContext.read(own, stage) if _is_same_policy(own, bare.read_variant(plan), stage) else context
        (kind,) = policy
        varying = FOLLOWING_FIELDS if policy[kind].get("follow") else LEVEL_FIELDS
        if context.is_bound_by_season:
            varying = {}
        is_limited = math.isfinite(context.levels.order_up_to)
        fields = _list_fields(stage, kind, ranges, varying.get(kind, ()) if is_limited else ())
        for name in fields:
            decision = context.build_decision(kind, name, (ranges or {}).get((stage, kind, name)))
            if not set(fields) >= set(_ORDERED.get(kind, ())):
                decision = context.limit_by_fixed_level(decision)
            levels.append(replace(decision, choice=None if number is None else (number, option)))
            places.append(decision.find_place(now.find_level(name, decision.unit == "d")))
    if not levels and not choices:
        raise JitriskError("nothing can vary: no stage has a limited level, and `decisions` has no choices")
    start = Plan(tuple(places), bare.start.choices)
    space = DecisionSpace(network, patch, tuple(levels), choices, start, _find_lines(own, levels))
    return replace(space, start=_uncross_levels(space), start_values=_list_own_values(space, own))


def _uncross_levels(space: DecisionSpace) -> Plan:
    """Return the start with levels of one policy in their order, or raise JitriskError where bounds rule that out."""
    plan = space.start
    for low, high in space.ordered:
        one, other = space.levels[low], space.levels[high]
        if one.compute_units(plan.levels[low]) < other.compute_units(plan.levels[high]):
            continue
        plan = plan.replace_level(low, one.low)
        if one.compute_units(one.low) >= other.compute_units(plan.levels[high]):
            top = other.high if other.high is not None else 2 * one.low + plan.levels[high] + 1
            plan = plan.replace_level(high, other.clip(top))
        if one.compute_units(one.low) >= other.compute_units(plan.levels[high]):
            raise JitriskError(f"{one.key} cannot be below {other.key} within their bounds: widen one of them")
    return plan


def _list_own_values(space: DecisionSpace, own: Network) -> tuple[str, ...]:
    """Return what every decision is in the network that plans build upon."""
    values = []
    for i, one in enumerate(space.levels):
        stage = own.stages[one.stage]
        if stage.policy.kind != one.kind:
            values.append("")
        elif stage.policy.is_unlimited:
            values.append(UNLIMITED)
        else:
            found = StageContext.read(own, one.stage).find_level(one.field, one.unit == "d")
            values.append(str(space.write_value(i, round((found - one.origin) / one.step))))
    values += [own.stages[one.stage].policy.kind if one.stage else TAKEN[0] for one in space.choices]
    return tuple(values)


def _find_lines(network: Network, levels: Sequence[LevelDecision]) -> tuple[tuple[int, ...], ...]:
    """Return the groups of levels of every stage with all that supplies it, and with all that it supplies."""
    above = {name: {name} for name in network.stages}
    for name in reversed(find_sweep_order(network)):
        for item in network.stages[name].inputs.values():
            for source, _ in item.sources:
                above[name] |= above[source]
    below = {name: {other for other in above if name in above[other]} for name in above}
    groups = {
        tuple(i for i, one in enumerate(levels) if one.stage in stages) for stages in (*above.values(), *below.values())
    }
    return tuple(sorted(group for group in groups if len(group) > 1))


def _require_policies(
    policies: Mapping[tuple[str, int], Mapping[str, Any]], ranges: Mapping[tuple[str, str, str], LevelRange]
) -> None:
    """Raise JitriskError where a level is to vary that no plan has."""
    known = {(stage, kind) for (stage, _), policy in policies.items() for kind in policy}
    for stage, kind, field_ in ranges:
        if (stage, kind) not in known:
            found = ", ".join(sorted(other for one, other in known if one == stage))
            raise JitriskError(
                f"stages.{stage}.policy.{kind}.{field_} cannot vary: the policy of {stage} is {found} in what the plan "
                "builds upon; name a strategy that has this policy, or offer it in `decisions.policies`"
            )


def _find_own_option(own: Network, choice: ChoiceDecision) -> int:
    """Return the option of a choice that changes nothing: the policy that a stage has, an investment not taken."""
    kind = own.stages[choice.stage].policy.kind if choice.stage else ""
    return choice.options.index(kind) if kind in choice.options else 0


def _is_same_policy(own: Network, variant: Network, stage: str) -> bool:
    """Return whether a stage has a policy of the same kind in two networks, with containers of the same size."""
    one, other = (network.stages[stage].policy for network in (own, variant))
    return one.kind == other.kind and getattr(one, "container", None) == getattr(other, "container", None)


def _list_choices(network: Network) -> Iterator[ChoiceDecision]:
    for stage, policies in list_policy_sources(network).items():
        kinds = tuple(next(iter(policy)) for policy in policies)
        patches = tuple({"stages": {stage: {"policy": policy}}} for policy in policies)
        yield ChoiceDecision(f"stages.{stage}.policy", "policy", stage, kinds, patches)
    for name, patch in list_investment_patches(network).items():
        yield ChoiceDecision(f"decisions.investments.{name}", "investment", "", TAKEN, ({}, patch))


def _list_policies(bare: DecisionSpace, choices: Sequence[ChoiceDecision]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """Return every policy that a stage may have, by stage and number of the option, as it is written."""
    network = bare.read_variant(bare.start)
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for stage, fields in json.loads(network.text)["stages"].items():
        options = next((one.patches for one in choices if one.stage == stage), None)
        if options is None:
            found[stage, 0] = fields["policy"]
            continue
        for option, patch in enumerate(options):
            found[stage, option] = patch["stages"][stage]["policy"]
    return found


def _list_fields(
    stage: str, kind: str, ranges: Mapping[tuple[str, str, str], LevelRange] | None, varying: Sequence[str]
) -> list[str]:
    """Return the levels of a policy that may vary; one without a limit does where it is named."""
    if ranges is None:
        return list(varying)
    fields = [field for of, which, field in ranges if (of, which) == (stage, kind)]
    if kind == "base_stock" and len(fields) > 1:
        key = f"stages.{stage}.policy.base_stock"
        raise JitriskError(
            f"{key} has one level, which cannot vary as {' and as '.join(fields)}: leave one of them out"
        )
    return fields
