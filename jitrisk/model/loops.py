"""Checks of the loops of CONWIP: one path from the first stage to the last, and nothing that leaves it on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jitrisk.model.faults import MOST_EXPLAINED, Finding, KnownNames, format_text
from jitrisk.model.sections import Supply, find_names


def find_loop_faults(
    stages: Mapping[str, Any], supplies: Mapping[str, list[Supply]], is_complete: bool
) -> Iterator[Finding]:
    """Yield the faults of the loops of CONWIP, in time linear in the size of the model.

    Loops may lie within each other or overlap: each counts what is in its own stages.

    Parameters
    ----------
    stages : the stages as given.
    supplies : the sources of every stage.
    is_complete : whether all sources are known stages; paths are else not checked.
    """
    loops = find_names(stages, "policy", "conwip", "through")
    if not loops:
        return
    known = KnownNames("stage", stages)
    links = _Links(supplies)
    for name, last in loops.items():
        message = ""
        if last not in known:
            message = known.explain_unknown(last)
        elif last == name:
            message = (
                "a loop ends at a later stage, found the stage itself; for cards of one stage write "
                "`{kanban: {container: 500, cards: 4}}`"
            )
        elif is_complete:
            message = links.explain_fault(name, last)
        if message:
            yield Finding(("stages", name, "policy", "conwip", "through"), message)


@dataclass
class _Links:
    """The links of a network, each from a supplier to a consumer.

    Stages that have one consumer each form trees, from suppliers up to the first stage with no consumer or several. A
    loop is a way up in such a tree; two comparisons of the order in which a walk enters and leaves stages show it.

    Attributes
    ----------
    supplies : the sources of every stage.
    consumers : the consumers of every stage that has some, each with the name of the input.
    begin, end : number of stages that a walk has entered when it enters a stage, and when it leaves it.
    alternates : number of inputs with several sources between a stage and the top of its tree.
    explained : number of faults that were searched for.
    """

    supplies: Mapping[str, list[Supply]]
    consumers: dict[str, dict[str, str]] = field(default_factory=dict)
    begin: dict[str, int] = field(default_factory=dict)
    end: dict[str, int] = field(default_factory=dict)
    alternates: dict[str, int] = field(default_factory=dict)
    explained: int = 0

    def __post_init__(self) -> None:
        children: dict[str, list[str]] = {}
        for name, sources in self.supplies.items():
            for supply in sources:
                self.consumers.setdefault(supply.source, {})[name] = supply.input
        for name in self.supplies:
            if len(found := self.consumers.get(name, {})) == 1:
                children.setdefault(next(iter(found)), []).append(name)
        tops = (name for name in self.supplies if len(self.consumers.get(name, {})) != 1)
        self._walk(tops, children)

    def _walk(self, tops: Iterable[str], children: Mapping[str, list[str]]) -> None:
        several = {name: _list_inputs_of_several(sources) for name, sources in self.supplies.items()}
        for top in tops:
            pending = [top]
            self.alternates[top] = 0
            while pending:
                name = pending.pop()
                if name in self.begin:
                    self.end[name] = len(self.begin)
                    continue
                self.begin[name] = len(self.begin)
                pending.append(name)
                for child in children.get(name, ()):
                    self.alternates[child] = self.alternates[name] + (self.consumers[child][name] in several[name])
                    pending.append(child)

    def explain_fault(self, name: str, last: str) -> str:
        """Return what is wrong with the loop from one stage to another, empty where nothing is."""
        is_path = name in self.begin and last in self.begin
        is_path = is_path and self.begin[last] < self.begin[name] < self.end[last]
        if is_path and self.alternates[name] == self.alternates[last]:
            return ""
        self.explained += 1
        if self.explained > MOST_EXPLAINED:
            return f"expected a stage to which one path without alternates leads, found `{format_text(last)}`"
        return self._explain_alternates(name, last) if is_path else self._explain_paths(name, last)

    def _explain_alternates(self, name: str, last: str) -> str:
        stage = name
        while stage != last:
            ((consumer, item),) = self.consumers[stage].items()
            sources = [supply.source for supply in self.supplies[consumer] if supply.input == item]
            if len(sources) > 1:
                return (
                    f"the input `{format_text(item)}` of `{format_text(consumer)}`, a link of the loop, has "
                    f"{len(sources)} sources; give it one, or end the loop at `{format_text(stage)}`"
                )
            stage = consumer
        return ""

    def _explain_paths(self, name: str, last: str) -> str:
        downstream = _reach(name, self.consumers)
        shown = format_text(last)
        if last not in downstream:
            return f"`{shown}` is not downstream of `{format_text(name)}`: expected a stage that this one supplies"
        upstream = _reach(last, {stage: [s.source for s in sources] for stage, sources in self.supplies.items()})
        stage, seen = name, set[str]()
        while stage != last and stage not in seen:
            seen.add(stage)
            inside, outside = _split(self.consumers[stage], downstream & upstream)
            if len(inside) > 1:
                pair = " and ".join(f"`{format_text(one)}`" for one in inside[:2])
                return (
                    f"expected one path to `{shown}`, found two: `{format_text(stage)}` supplies {pair}; end the loop "
                    f"at `{format_text(stage)}`"
                )
            if outside:
                return (
                    f"the store of `{format_text(stage)}` also supplies `{format_text(outside[0])}`, which is outside "
                    f"the loop to `{shown}`; end the loop at `{format_text(stage)}`, or give that one another source"
                )
            stage = inside[0]
        return ""  # a cycle, which is a fault of its own


def _list_inputs_of_several(sources: Iterable[Supply]) -> set[str]:
    """Return the inputs that have several sources."""
    seen, several = set[str](), set[str]()
    for supply in sources:
        (several if supply.input in seen else seen).add(supply.input)
    return several


def _split(names: Iterable[str], some: set[str]) -> tuple[list[str], list[str]]:
    """Return the names that are among some, and the others."""
    return [name for name in names if name in some], [name for name in names if name not in some]


def _reach(first: str, links: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the stages that links lead to from one stage, itself included."""
    reached, pending = {first}, [first]
    while pending:
        for name in links.get(pending.pop(), ()):
            if name not in reached:
                reached.add(name)
                pending.append(name)
    return reached
