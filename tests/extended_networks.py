"""A Hypothesis strategy that draws small networks with any mix of the features that are off by default.

Shelf life, seasons, trends and forecasts, levels that follow them, push, loops of conwip, caps, overtime, expediting
up to a level, and standby sources. Levels that follow are multiples of the parts that `Amounts` allows, as all else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from networks import WHOLE, Amounts, Mapping, networks, stages

STEADY = ("base_stock", "make_to_order", "push")
"""Policies that order what is asked of the store, as soon as it is asked."""


@st.composite
def extended_networks(draw: st.DrawFn, amounts: Amounts = WHOLE, horizon: int = 24) -> Mapping:
    """A network as `networks` draws it, with a loop of conwip in half of the cases, and with features at random."""
    model = draw(networks(amounts, horizon))
    if draw(st.booleans()):
        add_loop(draw, model, amounts)
    for customer in model["customers"].values():
        extend_customer(draw, customer, amounts)
    for stage in model["stages"].values():
        extend_stage(draw, stage, amounts)
    # From the customers upstream: what a store may follow depends on its consumers.
    for name in sorted(model["stages"], key=depth_of(model), reverse=True):
        follow(draw, model, name, amounts)
    add_standbys(draw, model)
    model["stages"] = {name: model["stages"][name] for name in draw(st.permutations(list(model["stages"])))}
    return model


def add_loop(draw: st.DrawFn, model: Mapping, amounts: Amounts) -> None:
    """Add a line of two to four stages whose first has the cards of all, between some of the others."""
    names = sorted(model["stages"])  # none is supplied by a later one
    cut = draw(st.integers(0, len(names)))
    members = [f"loop{number}" for number in range(draw(st.integers(2, 4)))]
    for number, name in enumerate(members):
        stage = draw(stages(names[:cut], amounts))
        if number:
            stage["inputs"] = {
                members[number - 1]: draw(st.sampled_from(amounts.quantities)),
                **stage.get("inputs", {}),
            }
            if draw(st.integers(0, 2)):
                stage["policy"] = {"push": {}}
        model["stages"][name] = stage
    cards = {"cards": draw(st.integers(1, 6)), "container": draw(st.integers(1, 3)), "through": members[-1]}
    model["stages"][members[0]]["policy"] = {"conwip": cards | {"review": draw(st.sampled_from([1, 1, 2]))}}
    for name in names[cut:]:
        if draw(st.booleans()):
            more = {members[-1]: draw(st.sampled_from(amounts.quantities))}
            model["stages"][name]["inputs"] = model["stages"][name].get("inputs", {}) | more
    model["customers"]["customer of the line"] = {"stage": members[-1], "demand": 1}
    if draw(st.integers(0, 2)) == 0:
        within = draw(st.sampled_from(members))
        model["customers"]["customer within"] = {"stage": within, "demand": 1, "unmet": "lost"}


def extend_customer(draw: st.DrawFn, customer: Mapping, amounts: Amounts) -> None:
    """Give a customer a season, a trend or a forecast, or none of them."""
    # Half of two is whole, and half of one is not: levels that follow are then fractions in a network of whole units.
    customer["demand"] = draw(st.sampled_from([1, 2])) if amounts.parts else 2
    if draw(st.booleans()):
        factors = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3).filter(any))
        customer["season"] = {"every": draw(st.sampled_from(["1 d", "1.5 d", "2 d"])), "factors": factors}
    if draw(st.integers(0, 3)) == 0:
        customer["trend"] = "50 % / d" if amounts.parts else "100 % / d"
    kind = draw(st.sampled_from(["error", "smoothing", "none", "none"]))
    if kind == "error":
        error = {"empirical": {"values": [0.5, 1.5], "weights": [0.5, 0.5]}}
        customer["forecast"] = {"error": error, "every": draw(st.sampled_from(["1 d", "2 d", "3 d"]))}
    elif kind == "smoothing":
        customer["forecast"] = {"smoothing": draw(st.sampled_from([0.25, 0.5, 1]))}


def extend_stage(draw: st.DrawFn, stage: Mapping, amounts: Amounts) -> None:
    """Give a stage push, a cap, a shelf life, overtime or a dual index, or none of them."""
    ((kind, fields),) = stage["policy"].items()
    if stage.get("inputs") and kind not in ("conwip", "push") and draw(st.integers(0, 4)) == 0:
        stage["policy"] = {"push": {"review": draw(st.sampled_from([1, 1, 2]))}}
    elif kind in ("base_stock", "min_max") and "unlimited" not in fields.values() and draw(st.integers(0, 2)) == 0:
        fields["cap"] = max(1, fields.get("level", fields.get("max"))) + draw(st.integers(0, 4))
    if "push" not in stage["policy"] and draw(st.integers(0, 2)) == 0:
        stage["shelf_life"] = draw(st.integers(1, 5))
    if "capacity" in stage and draw(st.integers(0, 1)) == 0:
        factor = draw(st.sampled_from([1, 2, 3, *(1 + part for part in amounts.parts)]))
        stage["overtime"] = {"below": draw(st.integers(1, 8)), "factor": factor}
    if stage.get("deliveries") != "in_order" and draw(st.integers(0, 2)) == 0:
        lead_time = draw(st.sampled_from([1, 1.5, 2]))
        stage["expedite"] = {"up_to": draw(st.integers(0, 8)), "lead_time": lead_time}
    if "expedite" in stage:
        stage["lead_time"] = 4
    elif draw(st.booleans()):
        stage["lead_time"] = draw(st.integers(1, 3))


def follow(draw: st.DrawFn, model: Mapping, name: str, amounts: Amounts) -> None:
    """Let the level of a stage follow what its customers have, where the amounts stay exact."""
    ((kind, fields),) = model["stages"][name]["policy"].items()
    if (
        kind not in ("base_stock", "min_max", "kanban")
        or "unlimited" in fields.values()
        or draw(st.integers(0, 2)) == 0
    ):
        return
    served = [model["customers"][customer] for customer in reached(model, name)]
    allowed = ["season"] if any("season" in one or "trend" in one for one in served) else []
    if kind != "kanban" and any("forecast" in one for one in served):
        allowed.append("forecast")
    # Cards pass a change on in proportion to the customers' demand: thirds, where there are several.
    divided = [v for v in downstream(model, name) if follows_by_cards(model, v) and len(reached(model, v)) > 1]
    if not allowed or divided or (kind == "kanban" and not asks_steadily(model, name)):
        return
    fields["follow"] = draw(st.sampled_from(allowed))
    if kind == "kanban":
        fields |= {"cards": draw(st.sampled_from(["auto", "formula"])), "container": draw(st.sampled_from([2, 4]))}
        fields["safety"] = draw(st.sampled_from([0, 0.5]))
        return
    fields |= {"safety": draw(st.sampled_from([0, 1, 3, *amounts.parts]))}
    cover = draw(st.sampled_from([1, 2, 3, *amounts.parts]))
    for field in ("level", "min", "max", "cap"):
        fields.pop(field, None)
    fields |= {"cover": f"{cover} d"} if kind == "base_stock" else {"min": f"{cover} d", "max": f"{cover + 2} d"}


def add_standbys(draw: st.DrawFn, model: Mapping) -> None:
    """Let some stages open only while another one has failed; a hazard can hit each of those others."""
    hazards: Mapping = {}
    standby_of: dict[str, str] = {}
    for name, stage in model["stages"].items():
        others = [other for other in model["stages"] if name not in chase(standby_of, other)]
        if not others or draw(st.integers(0, 3)):
            continue
        other = draw(st.sampled_from(others))
        standby_of[name] = other
        stage["standby"] = {"of": other, "after": draw(st.sampled_from([0, 1, 1.5]))}
        hazards[f"stop of {other}"] = {"rate": "1 / year", "duration": "1 d", "hits": {other: {"capacity": 0}}}
    if hazards:
        model["hazards"] = hazards


def chase(standby_of: dict[str, str], name: str) -> Iterator[str]:
    """A stage, the one that it stands by for, and so on."""
    yield name
    while name in standby_of:
        name = standby_of[name]
        yield name


def sources_of(stage: Mapping) -> Iterator[str]:
    """The stages whose share of an input is above 0."""
    for name, given in stage.get("inputs", {}).items():
        sources = given["from"] if isinstance(given, dict) else [name]
        if isinstance(sources, dict):
            yield from (source for source, share in sources.items() if share)
        else:
            yield sources[0]


def consumers_of(model: Mapping, name: str) -> list[str]:
    """The stages that take a share of an input from a store."""
    return [consumer for consumer, stage in model["stages"].items() if name in sources_of(stage)]


def downstream(model: Mapping, name: str) -> set[str]:
    """All stages that what is in a store goes into."""
    found = set(consumers_of(model, name))
    return found.union(*(downstream(model, consumer) for consumer in found))


def depth_of(model: Mapping) -> Any:
    """How many stages there are between a stage and the outside, from upstream."""

    def depth(name: str) -> int:
        return max((1 + depth(source) for source in sources_of(model["stages"][name])), default=0)

    return depth


def reached(model: Mapping, name: str) -> list[str]:
    """The customers whose demand reaches a store."""
    stores = {name} | downstream(model, name)
    return [customer for customer, terms in model["customers"].items() if terms["stage"] in stores]


def follows_by_cards(model: Mapping, name: str) -> bool:
    """Whether the number of a stage's cards follows the season."""
    return "follow" in model["stages"][name]["policy"].get("kanban", {})


def asks_steadily(model: Mapping, name: str) -> bool:
    """Whether no consumer, however far downstream, orders lots or less often than in every period."""
    policies = [model["stages"][v]["policy"] for v in downstream(model, name)]
    return all(
        kind in STEADY and fields.get("review", 1) == 1 for policy in policies for kind, fields in policy.items()
    )
