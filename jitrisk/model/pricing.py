"""Other prices for a model: all of it that can change without simulating again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from jitrisk.errors import Fault, ModelError
from jitrisk.model.faults import describe_unknown, quote_names, suggest_name
from jitrisk.model.loading import load
from jitrisk.model.network import Network
from jitrisk.model.reading import SECTIONS
from jitrisk.model.strategies import ONLY
from jitrisk.model.text import parse_scalar
from jitrisk.vocabulary import PRICES

_SECTIONS = {"stages": "stage", "customers": "customer"}
_ADVICE = "simulate again to change anything else"

Path = tuple[str, ...]


def reprice_model(source: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[Network, dict[str, tuple[Any, Any]]]:
    """Return a model with other prices, and what was changed.

    Parameters
    ----------
    source : the model as a mapping without faults, such as the text of a network holds.
    changes : new prices by their key, such as ``stages.valve.value`` or ``strategies.jic.holding_rate``, as they would
        stand in a model file.

    Returns
    -------
    The network, and for every price that now stands otherwise in its text the old, None where there was none, and the
    new one.

    Raises
    ------
    ModelError
        If a key is no price of the model, or a value is not allowed.
    """
    model = deepcopy(dict(source))
    places = _list_places(model)
    faults = [Fault(message, str(key)) for key in changes if (message := _explain_refusal(key, places))]
    if faults:
        raise ModelError(faults)
    paths = {key: _build_path(key, places) for key in changes}
    before = {key: _get_value(model, path) for key, path in paths.items()}
    for key, path in paths.items():
        value = changes[key]
        _set_value(model, path, parse_scalar(value.strip()) if isinstance(value, str) else value)
    network = load(model)
    after = json.loads(network.text)
    now = {key: _get_value(after, path) for key, path in paths.items()}
    return network, {key: (before[key], now[key]) for key in paths if before[key] != now[key]}


def _list_places(model: Mapping[str, Any]) -> dict[str, Path]:
    """Return the parts of a model that have prices, each by its key."""
    things = {f"{section}.{name}": (section, name) for section in _SECTIONS for name in model.get(section, {})}
    places: dict[str, Path] = {"": (), **things}
    for name in model.get("strategies") or (ONLY,):
        above = ("strategies", name)
        places[".".join(above)] = above
        places |= {f"strategies.{name}.{key}": (*above, *path) for key, path in things.items()}
    return places


def _explain_refusal(key: Any, places: Mapping[str, Path]) -> str:
    """Return why a key is no price of a model, nothing where it is one."""
    if not isinstance(key, str):
        return "expected the key of a price, such as `stages.valve.value`"
    place, _, name = key.rpartition(".")
    if place in places:
        allowed = _list_prices(places[place])
        hint = suggest_name(name, allowed)
        return "" if name in allowed else f"is no price{hint} (allowed: {quote_names(allowed)}); {_ADVICE}"
    if name in PRICES:
        listed = [key for key, path in places.items() if len(path) == 2]
        return describe_unknown("part of the model", place, places, listed)
    sorts = {"the model": _list_prices(()), **{f"a {_SECTIONS[s]}": _list_prices((s, "")) for s in _SECTIONS}}
    listed = [f"of {what} {quote_names(names)}" for what, names in sorts.items()]
    return f"is no price (prices are {'; '.join(listed)}); {_ADVICE}"


def _build_path(key: str, places: Mapping[str, Path]) -> Path:
    place, _, name = key.rpartition(".")
    return (*places[place], name)


def _list_prices(place: Path) -> list[str]:
    """Return the names of the prices that a part of a model has."""
    section = place[-2] if len(place) > 1 else ""
    part = SECTIONS[section] if section in _SECTIONS else Network
    return [name for name in part.list_keys() if name in PRICES]


def _get_value(model: Any, path: Path) -> Any:
    for step in path:
        model = model.get(step, {})
    return None if model == {} else model


def _set_value(model: dict[str, Any], path: Path, value: Any) -> None:
    *above, last = path
    for step in above:
        model = model.setdefault(step, {})
    model[last] = value
