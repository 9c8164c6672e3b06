"""The mappings of a model as given, perhaps with faults, for checks between its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jitrisk.model.faults import KeyPath
from jitrisk.model.fields.choices import expand_inputs
from jitrisk.model.fields.measures import SHARE
from jitrisk.model.fields.readers import Clock


class Supply(NamedTuple):
    """One source of one input of a stage.

    Attributes
    ----------
    input : name of the input.
    key_path : key path of the source in the stage.
    source : name of the source.
    has_share : whether demand reaches the source by a share of its own.
    """

    input: str
    key_path: KeyPath
    source: str
    has_share: bool


def find_section(node: Any, *keys: str) -> Mapping[str, Any]:
    """Return the mapping at a key path, an empty one where there is none."""
    for key in keys:
        node = node.get(key) if isinstance(node, dict | Mapping) else None
    return node if isinstance(node, dict | Mapping) else {}


def find_names(members: Mapping[str, Any], *keys: str) -> dict[str, str]:
    """Return the name at a key path of each member of a section that has one there."""
    *above, last = keys
    found = {name: find_section(member, *above).get(last) for name, member in members.items()}
    return {name: given for name, given in found.items() if isinstance(given, str) and given.strip()}


def list_supplies(stage: Any) -> Iterator[Supply]:
    """Yield every source of every input of a stage."""
    for name, source in expand_inputs(find_section(stage, "inputs")).items():
        origin = source["from"]
        is_list = isinstance(origin, list)
        for i, upstream in enumerate(origin if isinstance(origin, list | Mapping) else ()):
            if isinstance(upstream, str):
                has_share = i == 0 if is_list else _is_share(origin[upstream])
                yield Supply(name, ("inputs", name, "from", i if is_list else upstream), upstream, has_share)


def _is_share(source: Any) -> bool:
    """Return whether a share as given is above 0; one with a fault is."""
    try:
        return SHARE.read(source, Clock(1.0)) > 0.0
    except ValueError:
        return True
