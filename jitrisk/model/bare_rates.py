"""Bare numbers in a model where a number per time is expected, such as a capacity of ``850``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args

from jitrisk.model.faults import KeyPath
from jitrisk.model.fields.distributions import DEMANDED
from jitrisk.model.fields.measures import DURATION, LENGTH, Measure
from jitrisk.model.fields.quantities import parse
from jitrisk.model.fields.readers import Clock
from jitrisk.model.network import Network
from jitrisk.model.parts.part import Part
from jitrisk.model.reading import SECTIONS
from jitrisk.sampling.distributions import FAMILIES


class BareRate(NamedTuple):
    """One bare number per time.

    Attributes
    ----------
    key_path : its place in the model.
    number : the number, not 0.
    seconds : the time it counts per: a period, or for a demand the time between two draws.
    """

    key_path: KeyPath
    number: float
    seconds: float


def find_bare_rates(model: Mapping[str, Any]) -> Iterator[BareRate]:
    """Yield every bare number per time of a model without faults; 0, which is 0 per any time, is left out.

    Parameters
    ----------
    model : the model as a mapping; its strategies are ignored.
    """
    seconds = LENGTH.read(model["period"], Clock(1.0))
    yield from _find_in_part(Network, model, (), seconds)
    for section, part in SECTIONS.items():
        for name, member in model.get(section, {}).items():
            yield from _find_in_part(part, member, (section, name), seconds)


def _find_in_part(part: type[Part], source: Mapping[str, Any], key_path: KeyPath, seconds: float) -> Iterator[BareRate]:
    for key, read in _list_rate_keys(part).items():
        if key in source:
            yield from read(source[key], (*key_path, key), seconds)


@cache
def _list_rate_keys(part: type[Part]) -> dict[str, Callable[[Any, KeyPath, float], Iterator[BareRate]]]:
    """Return the keys of a part that hold something per time, each with what finds bare numbers in it."""
    keys: dict[str, Callable[[Any, KeyPath, float], Iterator[BareRate]]] = {}
    for key, name in part.list_keys().items():
        field = part.model_fields[name]
        readers = [*field.metadata, *_list_annotations(field.annotation)]
        if DEMANDED in readers:
            keys[key] = _find_in_demand
        elif any(isinstance(reader, Measure) and reader.time < 0 for reader in readers):
            keys[key] = _find_in_number
    return keys


def _list_annotations(annotation: Any) -> Iterator[Any]:
    """Yield every part of an annotation, such as the reader of an optional number."""
    for inner in get_args(annotation):
        yield inner
        yield from _list_annotations(inner)


def _find_in_demand(source: Any, key_path: KeyPath, seconds: float) -> Iterator[BareRate]:
    if not isinstance(source, Mapping):
        yield from _find_in_number(source, key_path, seconds)
        return
    if "every" in source:
        seconds *= DURATION.read(source["every"], Clock(seconds))
    for family, body in source.items():
        kinds = FAMILIES[family].parameters if family in FAMILIES else {}
        parameters = body if isinstance(body, Mapping) else {"value": body}
        for name, value in parameters.items():
            if kinds.get(name) == "quantity":
                place = (*key_path, family, name) if isinstance(body, Mapping) else (*key_path, family)
                values = value if isinstance(value, list) else [value]
                yield from (rate for one in values for rate in _find_in_number(one, place, seconds))


def _find_in_number(source: Any, key_path: KeyPath, seconds: float) -> Iterator[BareRate]:
    quantity = parse(source)
    if quantity.time == 0 and quantity.number:
        yield BareRate(key_path, quantity.number, seconds)
