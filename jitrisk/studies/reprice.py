"""A result under other prices: the outcomes stay, the prices are those of a changed model."""

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
from jitrisk.provenance import read_model_text
from jitrisk.vocabulary import CONTENTS, KEPT, KEPT_METRICS, LINKS, PRICES

_DIMS = ("strategy", "stage", "customer")
# How far, in proportion, a price may miss that of its model: rounding, nothing more.
_EXACT = 1e-9


def reprice(dataset: xr.Dataset, changes: Mapping[str, Any]) -> xr.Dataset:
    """Return a result under other prices, without simulating again.

    The result is the one that `simulate` returns for the model so changed, to the last bit.

    Parameters
    ----------
    dataset : a result of `simulate`.
    changes : new prices by their key in the model, as `Network.patched` takes them:
        ``{"stages.valve.value": 800, "holding_rate": "15 % / year", "strategies.jic.stages.valve.value": 900}``.

    Returns
    -------
    The result with the prices, the text and the hash of the model so changed; it shares the outcomes. The attribute
    ``repriced`` holds, as JSON, the old and the new value of every price that is no longer that of the run.

    Raises
    ------
    ModelError
        If a key is that of no price of the model, or a value is not allowed.
    ResultError
        If the Dataset is no result, or its prices were changed by hand.
    """
    network = _read_network(dataset)
    model.require_prices(network.text, changes)
    changed = network.patched(changes)
    _refuse_other_prices(dataset, _build_prices(dataset, network))
    prices = _build_prices(dataset, changed)
    repriced = dataset.assign({name: prices[name].variable for name in PRICES})
    repriced = repriced.assign_coords({name: prices[name].variable for name in LINKS if name in prices.coords})
    record = _list_changed_prices(dataset, network, changed, changes)
    kept = {name: value for name, value in dataset.attrs.items() if name != "repriced"}
    provenance = {"model": changed.text, "model_hash": changed.digest}
    repriced.attrs = {**kept, **provenance, **({"repriced": json.dumps(record)} if record else {})}
    return repriced


def _read_network(dataset: xr.Dataset) -> Network:
    if dataset.attrs.get(KEPT) == KEPT_METRICS:
        raise ResultError(
            "no prices to change: the result keeps the metrics of every path alone; simulate the model again with "
            "these prices, or keep its outcomes"
        )
    if (contents := dataset.attrs.get("contents")) in CONTENTS:
        raise ResultError(f"no prices to change: this is {CONTENTS[contents]}, not the outcomes of a run")
    if dataset.attrs.get("jitrisk_format") != FORMAT:
        raise ResultError("not a result of this version of jitrisk: use what jr.simulate or jr.open returned")
    source = read_model_text(dataset.attrs)
    absent = [dim for dim in _DIMS if dim not in dataset.dims]
    if absent:
        raise ResultError(
            f"the Dataset has no {absent[0]}, so it is no result with prices; "
            f"to keep one of a result, select it as a list: sel({absent[0]}=[...])"
        )
    return model.load(source)


def _refuse_other_prices(dataset: xr.Dataset, of_model: xr.Dataset) -> None:
    """Raise ResultError where a price of a result is not that of its model."""
    for name in PRICES:
        if name in dataset and not _is_same_price(dataset[name], of_model[name]):
            raise ResultError(
                f"{name} is not that of the result's model, so it was changed by hand; "
                "begin with what jr.simulate or jr.open returned, and name the change as a key"
            )


def _is_same_price(price: xr.DataArray, of_model: xr.DataArray) -> bool:
    price, of_model = xr.broadcast(price.reset_coords(drop=True), of_model.reset_coords(drop=True))
    return bool(np.allclose(price, of_model.transpose(*price.dims), rtol=_EXACT, atol=0.0))


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


def _list_changed_prices(
    dataset: xr.Dataset, network: Network, changed: Network, keys: Mapping[str, Any]
) -> dict[str, Any]:
    """Return every price that is not that of the run, with its first and its last value."""
    record: dict[str, Any] = json.loads(dataset.attrs.get("repriced", "{}"))
    old, new = model.read_values(network.text, keys), model.read_values(changed.text, keys)
    record |= {key: [record.get(key, [old[key]])[0], new[key]] for key in keys if old[key] != new[key]}
    return {key: pair for key, pair in record.items() if pair[0] != pair[1]}
