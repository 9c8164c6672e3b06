"""A result under other prices: what happened stays, what it cost is that of another model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from jitrisk import model
from jitrisk.datasets.labels import (
    FORMAT,
    build_coordinates,
    build_link_coordinates,
    build_price_arrays,
    build_variable,
)
from jitrisk.errors import ResultError
from jitrisk.model import Network
from jitrisk.vocabulary import LINKS, PRICES

_DIMS = ("strategy", "stage", "customer")
# How far, in proportion, a price may miss that of its model: rounding, nothing more.
_EXACT = 1e-9


def reprice(dataset: xr.Dataset, changes: Mapping[str, Any]) -> xr.Dataset:
    """Return a result under other prices.

    Parameters
    ----------
    dataset : outcomes and prices.
    changes : new prices by their key in the model.

    Returns
    -------
    The result with the prices, the text and the hash of the model so changed. The outcomes are shared, not copied. The
    attribute ``repriced`` holds, as JSON, every price that is no longer that of the run: the old and the new one.

    Raises
    ------
    ResultError
        If the Dataset is no result, or its prices are not those of its model.
    ModelError
        If a key is no price of the model, or a value is not allowed.
    """
    source = _read_model(dataset)
    before = _build_prices(dataset, model.load(source))
    network, changed = model.reprice_model(source, changes)
    for name in PRICES:
        if name in dataset and not _is_same_price(dataset[name], before[name]):
            raise ResultError(
                f"{name} is not that of the result's model, so it was changed by hand; "
                "begin with what jr.simulate or jr.open returned, and name the change as a key"
            )
    after = _build_prices(dataset, network)
    variables = {name: after[name].variable for name in PRICES}
    repriced = dataset.assign(variables).assign_coords({name: after[name].variable for name in LINKS})
    record = _list_changed_prices(json.loads(dataset.attrs.get("repriced", "{}")), changed)
    kept = {name: value for name, value in dataset.attrs.items() if name != "repriced"}
    news = {"jitrisk_format": FORMAT, "model": network.text, "model_hash": network.digest}
    repriced.attrs = {**kept, **news, **({"repriced": json.dumps(record)} if record else {})}
    return repriced


def _read_model(dataset: xr.Dataset) -> dict[str, Any]:
    try:
        source = json.loads(dataset.attrs.get("model", ""))
    except (TypeError, ValueError):
        source = None
    if "jitrisk_format" not in dataset.attrs or not isinstance(source, dict):
        raise ResultError("not a result of jitrisk: use what jr.simulate or jr.open returned")
    absent = [dim for dim in _DIMS if dim not in dataset.dims]
    if absent:
        raise ResultError(
            f"the Dataset has no {absent[0]}, so it is no result with prices; "
            f"to keep one of a result, select it as a list: sel({absent[0]}=[...])"
        )
    return source


def _build_prices(dataset: xr.Dataset, network: Network) -> xr.Dataset:
    """Return the prices of a network for the strategies, stages and customers of a result."""
    known: dict[str, Mapping[str, Any]] = {
        "strategy": network.strategies,
        "stage": network.stages,
        "customer": network.customers,
    }
    names = {dim: [str(name) for name in dataset[dim].values] for dim in _DIMS}
    for dim in _DIMS:
        strange = [name for name in names[dim] if name not in known[dim]]
        if strange:
            raise ResultError(f"the result has the {dim} {strange[0]!r}, which its model does not have")
    networks = {name: network.strategies[name] for name in names["strategy"]}
    arrays = build_price_arrays(list(networks.values()))
    variables = {name: build_variable(PRICES[name], array, network.currency) for name, array in arrays.items()}
    coords = build_coordinates(**{**names, "stage": list(network.stages), "customer": list(network.customers)})
    return xr.Dataset(variables, coords | build_link_coordinates(networks)).sel(
        stage=names["stage"], customer=names["customer"]
    )


def _is_same_price(price: xr.DataArray, of_model: xr.DataArray) -> bool:
    price, of_model = xr.broadcast(price.reset_coords(drop=True), of_model.reset_coords(drop=True))
    return bool(np.allclose(price, of_model.transpose(*price.dims), rtol=_EXACT, atol=0.0))


def _list_changed_prices(earlier: Mapping[str, Any], changed: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Return every price that is not that of the run, with what it was and what it is; a price put back is left out."""
    first = {key: earlier.get(key, pair)[0] for key, pair in changed.items()}
    record = {**earlier, **{key: [first[key], new] for key, (_, new) in changed.items()}}
    return {key: pair for key, pair in record.items() if pair[0] != pair[1]}
