"""Checks of what stages refer to: the stage that one stands in for, and the demand that a level follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jitrisk.model.faults import Finding, KnownNames, find_nearest, format_text
from jitrisk.model.parts.customer import Customer
from jitrisk.model.sections import Supply, find_names, find_section

# So many stages of a circle are shown.
_MOST_SHOWN = 10

# What a level can follow: the keys of a customer that give it, and the end of the message where none is given.
_FOLLOWED = {
    "season": (
        ("season", "trend"),
        "a `season` or a `trend` to follow; give one to a customer, or leave `follow` out",
    ),
    "forecast": (
        ("forecast",),
        "a `forecast` to follow; give one to a customer, or write `follow: season`, or leave `follow` out",
    ),
}


def find_standby_faults(
    model: Mapping[str, Any], stages: Mapping[str, Any], hazards: Mapping[str, Any]
) -> Iterator[Finding]:
    """Yield the faults between standby sources and the stages that they stand in for.

    Parameters
    ----------
    model : the model as given.
    stages, hazards : its stages and hazards, empty where it has none.
    """
    outages = find_names(stages, "standby", "of")
    if not outages:
        return
    known = KnownNames("stage", stages)
    failing = _find_failing_stages(hazards) if _has_hazards(model) else set(stages)
    for name, of in outages.items():
        message = ""
        if of not in known:
            message = known.explain_unknown(of)
        elif of == name:
            message = "expected another stage, found the stage itself; name the one whose outages open it"
        elif of not in failing:
            shown = format_text(of)
            message = (
                f"no hazard has an effect on the `capacity` of `{shown}`, so that this source would never open; write "
                f"one that hits it, as `hits: {{{shown}: {{capacity: 0}}}}`"
            )
        if message:
            yield Finding(("stages", name, "standby", "of"), message)
    yield from _find_circles(outages)


def _has_hazards(model: Mapping[str, Any]) -> bool:
    """Return whether the hazards of a model can be read: no section of another form or with a misspelled name."""
    if "hazards" in model:
        return isinstance(model["hazards"], Mapping)
    return not any(find_nearest(key, ("hazards",)) for key in model if isinstance(key, str))


def _find_failing_stages(hazards: Mapping[str, Any]) -> set[str]:
    """Return the stages on whose capacity a hazard has an effect."""
    return {
        target
        for hazard in hazards.values()
        for target, hit in find_section(hazard, "hits").items()
        if find_section(hit).get("capacity") is not None
    }


def _find_circles(outages: Mapping[str, str]) -> Iterator[Finding]:
    """Yield every circle of stages of which each stands in for the next, at the one declared first."""
    declared = {name: i for i, name in enumerate(outages)}
    done = set[str]()
    for first in outages:
        walk: dict[str, None] = {}
        name = first
        while name in outages and name not in done and name not in walk:
            walk[name] = None
            name = outages[name]
        done.update(walk)
        if name in walk and outages[name] != name:
            circle = list(walk)[list(walk).index(name) :]
            # The walk began at a stage that leads to the circle, and need not be on it.
            turn = min(range(len(circle)), key=[declared[one] for one in circle].__getitem__)
            circle = circle[turn:] + circle[:turn]
            shown = [format_text(one) for one in circle[:_MOST_SHOWN]]
            shown += ["..."] if len(circle) > _MOST_SHOWN else []
            message = (
                f"the stages stand in for each other in a circle: {' -> '.join([*shown, shown[0]])}; take `standby` "
                "from one of them"
            )
            yield Finding(("stages", circle[0], "standby", "of"), message)


def find_follow_faults(
    stages: Mapping[str, Any], customers: Mapping[str, Any], supplies: Mapping[str, list[Supply]]
) -> Iterator[Finding]:
    """Yield every level that follows a season or a forecast that no customer has whose demand reaches the stage.

    Parameters
    ----------
    stages, customers : those of the model as given, whose names for stages are all known.
    supplies : the sources of every stage.
    """
    followers = [
        (name, kind, policy["follow"])
        for name, stage in stages.items()
        for kind, policy in find_section(stage, "policy").items()
        if isinstance(policy, Mapping) and policy.get("follow") in tuple(_FOLLOWED)
    ]
    if not followers or not customers:
        return
    reached = {
        what: _find_upstream(_list_served_stages(customers, keys), supplies) for what, (keys, _) in _FOLLOWED.items()
    }
    for name, kind, what in followers:
        if name not in reached[what]:
            message = f"no customer whose demand reaches this stage has {_FOLLOWED[what][1]}"
            yield Finding(("stages", name, "policy", kind, "follow"), message)


def _list_served_stages(customers: Mapping[str, Any], keys: Iterable[str]) -> Iterator[str]:
    """Yield the stages of the customers that have one of some keys, or a misspelled one."""
    for customer in customers.values():
        if isinstance(customer, Mapping) and isinstance(stage := customer.get("stage"), str):
            given = {key for key, value in customer.items() if value is not None}
            if not (given | Customer.guess_keys(customer)).isdisjoint(keys):
                yield stage


def _find_upstream(served: Iterable[str], supplies: Mapping[str, list[Supply]]) -> set[str]:
    """Return the stages that demand reaches by shares from the stores that serve it."""
    pending = list(served)
    reached = set(pending)
    while pending:
        for supply in supplies.get(pending.pop(), ()):
            if supply.has_share and supply.source not in reached:
                reached.add(supply.source)
                pending.append(supply.source)
    return reached
