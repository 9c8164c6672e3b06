"""What a Dataset carries of the run that it is from: its model, which may come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jitrisk.errors import ResultError


def read_model_text(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the model that a Dataset carries, as the mapping that `jitrisk.load` reads.

    Parameters
    ----------
    attrs : attributes of the Dataset.

    Raises
    ------
    ResultError
        If there is no attribute ``model``, or it is no JSON mapping: any other text could name a file.
    """
    if "model" not in attrs:
        raise ResultError("the Dataset does not carry its model: use what jr.simulate or jr.open returned")
    try:
        found = json.loads(attrs["model"])
    except (TypeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ResultError(
            f"the attribute model of the Dataset is {attrs['model']!r:.60}, no model as a JSON mapping: use what "
            "jr.simulate or jr.open returned"
        )
    return found


def read_stage_keys(attrs: Mapping[Any, Any]) -> frozenset[str]:
    """Return the keys that some stage has in the model of a Dataset: as it is, under a strategy or by an investment.

    Parameters
    ----------
    attrs : attributes of the Dataset; without a model in them there are no keys.
    """
    text = attrs.get("model")
    return _find_stage_keys(text) if isinstance(text, str) else frozenset()


@lru_cache(maxsize=16)
def _find_stage_keys(text: str) -> frozenset[str]:
    try:
        return frozenset(_list_stage_keys(json.loads(text)))
    except (ValueError, RecursionError):
        return frozenset()


def _list_stage_keys(part: Any) -> Iterator[str]:
    """Yield the keys with a value of all that stands in a section ``stages``; patches are of the form of a model."""
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        if name == "stages" and isinstance(value, dict):
            stages = (stage for stage in value.values() if isinstance(stage, dict))
            yield from (key for stage in stages for key, field in stage.items() if field is not None)
        else:
            yield from _list_stage_keys(value)
