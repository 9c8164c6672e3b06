"""Changes to a model as plain values: values at single keys, and what a patch can change.

They change the model as it is written, before anything in it is read, and where they give one of several keys that
exclude each other, such as `rate` and `time_between`, the others leave the model.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, get_args, get_origin

from jitrisk.errors import Fault, ModelError
from jitrisk.model.faults import (
    KeyPath,
    describe_unknown,
    format_key,
    format_text,
    quote_names,
    suggest_name,
)
from jitrisk.model.fields.distributions import Demand
from jitrisk.model.fields.quantities import describe_found
from jitrisk.model.network import Network
from jitrisk.model.parts.part import Part
from jitrisk.model.reading import SECTIONS
from jitrisk.model.text import MOST_BYTES, TextError, TooManyFaultsError, read_yaml
from jitrisk.printable import find_unprintable
from jitrisk.sampling.distributions import FAMILIES, Distribution
from jitrisk.units import format_bytes
from jitrisk.vocabulary import PRICES

ONLY = "base"
"""Name of the one strategy of a model that has none."""

FIELDS = ("holding_rate", "days_receivable", "days_payable", "fixed_cost")
"""What a patch can change beside the sections."""

_FIELD = 3  # steps from the top of a model to a field of a stage, customer or hazard, which a patch replaces whole
_SIMULATE_AGAIN = (
    "only prices can be changed without simulating again: simulate the model with this change, as `jitrisk compare "
    "MODEL --set KEY=VALUE` does"
)


class _ChangeError(Exception):
    """A change that cannot be made, with why."""

    def __init__(self, *messages: str) -> None:
        self.messages = messages
        super().__init__()


def apply_changes(
    text: str, changes: Mapping[str, Any], tables: Collection[KeyPath] = ()
) -> tuple[dict[str, Any], dict[str, KeyPath]]:
    """Return a model with other values at some keys.

    Parameters
    ----------
    text : the model, as the text of a network holds it.
    changes : values by their keys, such as ``{"stages.valve.value": 350}``; see `Network.patched`.
    tables : key paths of the tables that were read.

    Returns
    -------
    The changed model, and the key path of every key.

    Raises
    ------
    ModelError
        If a key leads nowhere or into a table, a text is no value of a model file, or two changes exclude each other.
    """
    model: dict[str, Any] = json.loads(text)
    faults: list[Fault] = []
    key_paths: dict[str, KeyPath] = {}
    values: dict[str, Any] = {}
    for key, given in changes.items():
        try:
            key_paths[key], values[key] = find_key_path(model, key), _read_value(given)
            _refuse_key_of_table(model, key_paths[key], tables)
        except _ChangeError as error:
            faults += (Fault(message, str(key)) for message in error.messages)
    for key, message in [] if faults else [*_find_conflicts(key_paths), *_set_values(model, key_paths, values)]:
        faults.append(Fault(message, key))
    if faults:
        raise ModelError(faults)
    return model, key_paths


def find_key_path(model: Mapping[str, Any], key: Any) -> KeyPath:
    """Return the key path that a key stands for: names that hold dots are found among those of the model.

    Raises
    ------
    _ChangeError
        If the key is no text, or names a stage, customer, hazard or strategy that the model does not have.
    """
    if not isinstance(key, str) or not key:
        raise _ChangeError(f"expected a key such as `stages.valve.value`, found {describe_found(key)}")
    key_path: KeyPath = ()
    rest: str | None = key
    while rest is not None:
        kind, names = _list_names(model, key_path)
        known = names if kind else _list_known_keys(model, key_path)
        # A key of `vary` is that of a level, dots and all.
        step, rest = (rest, None) if key_path == ("decisions", "vary") else _split_step(rest, known)
        if kind and step not in names:
            raise _ChangeError(f"{describe_unknown(kind, step, names)}; a change adds no {kind} to a model")
        key_path = (*key_path, step)
    return key_path


def _list_known_keys(model: Mapping[str, Any], key_path: KeyPath) -> set[str]:
    """Return the keys below a key path, with the stages and customers where their names may stand."""
    inside = _drop_strategy(key_path)
    nodes = [find_value(model, key_path), find_value(model, inside)]
    if len(inside) % 2 and inside[2::2] in (("inputs",), ("inputs", "from"), ("hits",)):
        nodes += [_list_members(model, "stages"), _list_members(model, "customers")]
    return {key for node in nodes if isinstance(node, Mapping) for key in node}


def _split_step(rest: str, known: Iterable[str]) -> tuple[str, str | None]:
    """Return the first step of a key, the longest known name that it begins with, and what follows the dot, if any."""
    begun = [name for name in known if rest == name or rest.startswith(f"{name}.")]
    step = max(begun, key=len, default=rest.partition(".")[0])
    return step, rest[len(step) + 1 :] if len(rest) > len(step) else None


def _list_names(model: Mapping[str, Any], key_path: KeyPath) -> tuple[str, Collection[str]]:
    """Return what the names below a key path are of, and those there are; nothing where any key may stand."""
    if key_path == ("strategies",):
        return "strategy", _list_members(model, "strategies") or (ONLY,)
    inside = _drop_strategy(key_path)
    if len(inside) == 1 and inside[0] in SECTIONS:
        section = str(inside[0])
        return section.removesuffix("s"), _list_members(model, section)
    return "", ()


def _list_members(model: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    members = model.get(section)
    return members if isinstance(members, Mapping) else {}


def _read_value(given: Any) -> Any:
    """Return a value; a text means what it means behind the colon of a key in a model file."""
    if not isinstance(given, str):
        return given
    if len(given.encode(errors="replace")) > MOST_BYTES:
        raise _ChangeError(f"the value is larger than {format_bytes(MOST_BYTES)}, too large for a model")
    try:
        tree = read_yaml(f"value: {given}")
    except TextError as error:
        raise _ChangeError(error.message) from None
    except UnicodeEncodeError as error:
        message = f"expected UTF-8 text, found {find_unprintable(error.object[error.start])}"
        raise _ChangeError(message) from None
    except TooManyFaultsError as error:
        tree = error.tree
    if tree.findings:
        raise _ChangeError(*(message for _, message, *_ in tree.findings))
    if list(tree.data) != ["value"]:
        raise _ChangeError(f"expected one value, found the key `{format_text(list(tree.data)[1])}` as well")
    return tree.data["value"]


def _refuse_key_of_table(model: Mapping[str, Any], key_path: KeyPath, tables: Collection[KeyPath]) -> None:
    """Refuse a key below a table: its file and column are no longer in the model, only what was read from them."""
    inside = _drop_strategy(key_path)
    is_replaced = find_value(model, key_path[: len(key_path) - len(inside) + _FIELD]) is not None
    for path in (key_path, () if is_replaced else inside):
        for n in range(1, len(path)):
            if path[:n] in tables:
                whole = format_key(key_path[: len(key_path) - len(path) + n])
                raise _ChangeError(f"a table was read here; set `{whole}` as a whole")


def _find_conflicts(key_paths: Mapping[str, KeyPath]) -> Iterator[tuple[str, str]]:
    """Yield the keys that cannot be set together with another, each with why."""
    keys = {key_path: key for key, key_path in key_paths.items()}
    chosen: dict[tuple[KeyPath, tuple[str, ...]], int | str] = {}
    for key, key_path in key_paths.items():
        whole = next((key_path[:n] for n in range(1, len(key_path)) if key_path[:n] in keys), None)
        if whole:
            yield key, f"`{format_text(keys[whole])}` is set as well, which holds this key; set one of the two"
        for n, step in enumerate(key_path):
            for group in _list_choices(key_path[:n], step):
                other = chosen.setdefault((key_path[:n], group), step)
                if other != step:
                    yield key, f"`{step}` and `{other}` exclude each other; set one of the two"


def _list_choices(key_path: KeyPath, step: int | str) -> Iterator[tuple[str, ...]]:
    """Yield the groups of keys below a key path that exclude each other and have such a key."""
    part = find_part(key_path)
    if part:
        yield from (group for group in part.choices if step in group)
    elif step in FAMILIES and _is_distribution(key_path):
        yield tuple(FAMILIES)
    elif key_path and key_path[-1] in FAMILIES and _is_distribution(key_path[:-1]):
        family = FAMILIES[str(key_path[-1])]
        together = {name for form in family.forms if step in form for name in form}
        yield from (tuple(sorted((str(step), name))) for name in family.parameters if together and name not in together)


def _is_distribution(key_path: KeyPath) -> bool:
    """Return whether the value at a key path is read as a distribution."""
    part = find_part(key_path[:-1]) if key_path else None
    if part is None or key_path[-1] not in part.list_keys():
        return False
    annotation = part.model_fields[part.list_keys()[str(key_path[-1])]].annotation
    kinds = [annotation, *get_args(annotation)]
    return any(kind in (Distribution, Demand) for one in kinds for kind in (one, *get_args(one)))


def find_part(key_path: KeyPath) -> type[Part] | None:
    """Return what the mapping at a key path is read as, None where it is none of the parts of a model."""
    part: type[Part] | None = Network
    steps = iter(_drop_strategy(key_path))
    for step in steps:
        if part is None or step not in part.list_keys():
            return None
        annotation = part.model_fields[part.list_keys()[str(step)]].annotation
        kinds = (annotation, *get_args(annotation))
        part = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Part)), None)
        if get_origin(annotation) is dict and next(steps, None) is None:
            return None
    return part


def _set_values(
    model: dict[str, Any], key_paths: Mapping[str, KeyPath], values: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Set values in a model; yield the keys whose key path ends before, each with where."""
    for key, key_path in key_paths.items():
        try:
            _set_value(model, key_path, values[key])
        except _ChangeError as error:
            yield key, error.messages[0]


def _set_value(model: dict[str, Any], key_path: KeyPath, value: Any) -> None:
    node = model
    for n, step in enumerate(key_path):
        for group in _list_choices(key_path[:n], step):
            for rival in set(group) - {step}:
                node.pop(rival, None)
        if n == len(key_path) - 1:
            node[str(step)] = value
            return
        below = node.setdefault(str(step), _copy_field(model, key_path[: n + 1]))
        if not isinstance(below, dict):
            whole = format_key(key_path[: n + 1])
            raise _ChangeError(
                f"`{whole}` is {describe_found(below)}, which has no key `{format_text(str(key_path[n + 1]))}`; set "
                f"`{whole}` as a whole"
            )
        node = below


def _copy_field(model: Mapping[str, Any], key_path: KeyPath) -> Any:
    """Return what a strategy that does not replace a field has there; an empty mapping elsewhere."""
    inside = _drop_strategy(key_path)
    is_field = len(inside) == _FIELD if inside[:1] and inside[0] in SECTIONS else inside in [(key,) for key in FIELDS]
    if len(inside) == len(key_path) or not is_field:
        return {}
    found = find_value(model, inside)
    return {} if found is None else deepcopy(found)


def _drop_strategy(key_path: KeyPath) -> KeyPath:
    """Return the key path in the model of what stands at a key path in the patch of a strategy or an investment."""
    if key_path[:2] == ("decisions", "investments") and len(key_path) > 2:
        return key_path[3:]
    return key_path[2:] if key_path[:1] == ("strategies",) and len(key_path) > 1 else key_path


def find_value(model: Mapping[str, Any], key_path: KeyPath) -> Any:
    """Return the value at a key path, None where there is none."""
    node: Any = model
    for step in key_path:
        node = node.get(step) if isinstance(node, Mapping) else None
    return node


def read_values(text: str, keys: Iterable[str]) -> dict[str, Any]:
    """Return the values at keys of a model, None where there is none; `find_key_path` must accept every key."""
    model = json.loads(text)
    return {key: find_value(model, find_key_path(model, key)) for key in keys}


def require_prices(text: str, keys: Iterable[Any]) -> None:
    """Raise ModelError if any key is not the key of a price of the model.

    Parameters
    ----------
    text : the model, as the text of a network holds it.
    keys : keys, such as ``stages.valve.value`` or ``strategies.jic.holding_rate``.
    """
    model = json.loads(text)
    faults = []
    for key in keys:
        try:
            message = _explain_refusal(find_key_path(model, key))
        except _ChangeError as error:
            message = error.messages[0]
        if message:
            faults.append(Fault(message, str(key)))
    if faults:
        raise ModelError(faults)


def _explain_refusal(key_path: KeyPath) -> str:
    """Return why a key path is not that of a price, empty where it is."""
    *above, name = key_path
    allowed = _list_prices(find_part(tuple(above)))
    if name in allowed:
        return ""
    if allowed and above:
        hint = suggest_name(name, allowed)
        return f"`{format_text(str(name))}` is no price{hint} (allowed: {quote_names(allowed)}); {_SIMULATE_AGAIN}"
    kinds: dict[str, type[Part]] = {"the model": Network, "a stage": SECTIONS["stages"]}
    kinds["a customer"] = SECTIONS["customers"]
    listed = [f"of {what} {quote_names(_list_prices(part))}" for what, part in kinds.items()]
    return f"no price (prices are {'; '.join(listed)}); {_SIMULATE_AGAIN}"


def _list_prices(part: type[Part] | None) -> list[str]:
    return [name for name in part.list_keys() if name in PRICES] if part else []


def count_matched_steps(patch: Any, key_path: KeyPath) -> int:
    """Return how many steps of a key path a patch follows."""
    for depth, step in enumerate(key_path):
        if not isinstance(patch, Mapping) or step not in patch:
            return depth
        patch = patch[step]
    return len(key_path)


def serialize_model(model: Mapping[str, Any]) -> str:
    """Return a model as canonical JSON: its own order, no spaces."""
    return json.dumps(model, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
