"""What a Dataset carries of the run that it is from: its model, which may come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
