"""The warnings about a model, wherever it comes from."""

from __future__ import annotations

import xarray as xr

from jitrisk.arguments import Source, load_network
from jitrisk.model_warnings import ModelWarning, find_warnings


def check(source: Source | xr.Dataset) -> tuple[ModelWarning, ...]:
    """Return the warnings about a model: what can be simulated but may mean something else than it says.

    Parameters
    ----------
    source : a network, whatever `load` takes, or a result, whose model is read.

    Returns
    -------
    The warnings in the order of the file, but those that the model silences; see `jitrisk.warning_register.WARNINGS`.

    Raises
    ------
    ModelError
        If the model has faults.
    ResultError
        If the result does not carry its model.
    """
    return find_warnings(load_network(source))
