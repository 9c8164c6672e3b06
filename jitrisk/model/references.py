"""Step 6, checks between the parts of a model: names, references and cycles, in time linear in its size.

They read the model as given, so that they find their faults beside all others.
"""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jitrisk.model.faults import Finding, KeyPath, KnownNames, format_text, quote_names
from jitrisk.model.loops import find_loop_faults
from jitrisk.model.parts.hazard import Hit
from jitrisk.model.sections import Supply, find_section, list_supplies
from jitrisk.model.stage_references import find_follow_faults, find_standby_faults
from jitrisk.printable import find_unprintable

# Letters of any script, digits, and what joins them. No colon: it separates the names of random streams.
_NAME = re.compile(r"\w(?:[\w .,+/&()'-]{0,98}[\w.)])?")

# Each cycle is searched for in the whole network: after this many no further one.
_MOST_CYCLES = 20

# So many names of one cycle are shown.
_MOST_SHOWN = 10


def find_reference_faults(model: Mapping[str, Any]) -> list[Finding]:
    """Return the faults between the parts of a model."""
    stages, customers, hazards = (find_section(model, name) for name in ("stages", "customers", "hazards"))
    supplies = {name: list(list_supplies(stage)) for name, stage in stages.items()}
    unknown = list(_find_unknown_stages(supplies, customers))
    findings = [
        *_check_names(model),
        *_find_name_clashes(stages, customers),
        *unknown,
        *_find_repeated_sources(supplies),
        *_find_cycles(supplies),
        *_check_hits(hazards, stages, customers),
        *find_loop_faults(stages, supplies, is_complete=not unknown),
        *find_standby_faults(model, stages, hazards),
    ]
    # Where a stage is misspelled, it is not known whose demand reaches which stage.
    return findings if unknown else [*findings, *find_follow_faults(stages, customers, supplies)]


def _check_names(model: Mapping[str, Any]) -> Iterator[Finding]:
    for section in ("stages", "customers", "hazards", "strategies"):
        names = find_section(model, section)
        yield from find_name_faults((section,), names)
        if isinstance(model.get(section), Mapping) and not names and section in ("stages", "customers"):
            yield Finding((section,), f"expected at least one of the {section}, found an empty mapping")
    for stage, part in find_section(model, "stages").items():
        inputs = find_section(part, "inputs")
        # The name of an input without `from` is that of its stage, which is checked where the stage is declared.
        yield from find_name_faults(
            ("stages", stage, "inputs"), [name for name in inputs if _has_sources(inputs[name])]
        )


def _has_sources(source: Any) -> bool:
    """Return whether an input names its stages, so that its own name is free."""
    return isinstance(source, Mapping) and "from" in source


def find_name_faults(key_path: KeyPath, names: Iterable[str]) -> Iterator[Finding]:
    """Yield the names that break the rule of all names."""
    for name in names:
        if not _NAME.fullmatch(name) or find_unprintable(name):
            ends = "that begins with a letter or digit and ends with one, with `.` or with `)`"
            allowed = f"letters, digits, spaces and - _ . , + / & ( ) ', at most 100 in all, {ends}"
            yield Finding((*key_path, name), f"expected a name of {allowed}; found `{format_text(name)}`")


def _find_name_clashes(stages: Mapping[str, Any], customers: Mapping[str, Any]) -> Iterator[Finding]:
    for name in customers:
        if name in stages:
            message = "a stage has this name too; names must be unique across stages and customers"
            yield Finding(("customers", name), message)


def _find_unknown_stages(supplies: Mapping[str, list[Supply]], customers: Mapping[str, Any]) -> Iterator[Finding]:
    if not supplies:
        return  # missing stages are a fault of their own
    known = KnownNames("stage", supplies)
    for consumer, sources in supplies.items():
        for _, key_path, source, _ in sources:
            if source not in known:
                yield Finding(("stages", consumer, *key_path), known.explain_unknown(source))
    for name, customer in customers.items():
        stage = customer.get("stage") if isinstance(customer, Mapping) else None
        if isinstance(stage, str) and stage.strip() and stage not in known:
            yield Finding(("customers", name, "stage"), known.explain_unknown(stage))


def _find_repeated_sources(supplies: Mapping[str, list[Supply]]) -> Iterator[Finding]:
    for consumer, sources in supplies.items():
        first: dict[str, str] = {}
        for name, key_path, source, _ in sources:
            if first.setdefault(source, name) != name:
                other = format_text(first[source])
                message = (
                    f"the stage `{format_text(source)}` is a source of the input `{other}` too; give it to one of them"
                )
                yield Finding(("stages", consumer, *key_path), message)


def _find_cycles(supplies: Mapping[str, list[Supply]]) -> Iterator[Finding]:
    upstream = {name: {supply.source for supply in sources} for name, sources in supplies.items()}
    declared = {name: i for i, name in enumerate(upstream)}
    for _ in range(_MOST_CYCLES):
        try:
            graphlib.TopologicalSorter(upstream).prepare()
            return
        except graphlib.CycleError as error:
            circle: list[str] = error.args[1]
        first = min(range(len(circle) - 1), key=[declared[name] for name in circle].__getitem__)
        circle = circle[first:-1] + circle[: first + 1]
        yield Finding(("stages", circle[0], "inputs"), f"the stages form a cycle: {_format_cycle(circle)}")
        upstream = {name: sources for name, sources in upstream.items() if name not in set(circle)}


def _format_cycle(circle: list[str]) -> str:
    """Return a cycle as a message shows it: its first names, and where it closes."""
    names = list(map(format_text, circle))
    if len(names) > _MOST_SHOWN + 1:
        names[_MOST_SHOWN:-1] = ["..."]
    return " -> ".join(names)


def _check_hits(
    hazards: Mapping[str, Any], stages: Mapping[str, Any], customers: Mapping[str, Any]
) -> Iterator[Finding]:
    known = KnownNames("stage or customer", {**stages, **customers})
    for name, hazard in hazards.items():
        for stage_or_customer, hit in find_section(hazard, "hits").items():
            key_path = ("hazards", name, "hits", stage_or_customer)
            if stage_or_customer not in known:
                # A missing section is a fault of its own.
                if stages and customers:
                    yield Finding(key_path, known.explain_unknown(stage_or_customer))
            elif stage_or_customer in stages:
                yield from _find_misfits(key_path, hit, "stage", Hit.on_stages)
            else:
                yield from _find_misfits(key_path, hit, "customer", Hit.on_customers)


def _find_misfits(key_path: KeyPath, hit: Any, kind: str, fitting: tuple[str, ...]) -> Iterator[Finding]:
    for effect in hit if isinstance(hit, Mapping) else ():
        if effect in Hit.needed and effect not in fitting:
            yield Finding((*key_path, effect), f"`{effect}` does not act on a {kind}; allowed: {quote_names(fitting)}")
