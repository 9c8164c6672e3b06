"""The outline of a model as records: what each strategy has of stages, links, hits and draws."""

from __future__ import annotations

import math
from typing import Any

import xarray as xr

from jitrisk.errors import ResultError, format_suggestion
from jitrisk.report.words import read_factors
from jitrisk.vocabulary import PRICES

PAYMENT = tuple(name for name, price in PRICES.items() if price.dims == ("strategy",))
"""Prices that a strategy has once."""


def select_strategy(outline: xr.Dataset, strategy: str | None) -> str:
    """Return the strategy asked for, or the first; raise ResultError where the model has no such strategy."""
    known = [str(name) for name in outline["strategy"].values]
    if strategy is None:
        return known[0]
    if strategy not in known:
        hint = format_suggestion(strategy, known)
        raise ResultError(f"unknown strategy {strategy!r}: the model has {', '.join(known)}{hint}")
    return strategy


def list_records(one: xr.Dataset, dim: str) -> list[dict[str, Any]]:
    """Return what an outline says along one dimension, as one mapping of plain values each, None for NaN."""
    names = [str(name) for name, array in one.variables.items() if array.dims == (dim,)]
    columns = [[None if _is_nan(value) else value for value in one[name].values.tolist()] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def list_links(one: xr.Dataset) -> list[dict[str, Any]]:
    """Return the links that the strategy has."""
    return [link for link in list_records(one, "link") if link["quantity"] is not None]


def list_hits(one: xr.Dataset) -> list[dict[str, Any]]:
    """Return the hits that the strategy has, each with its factors by kind of effect as ``effect``."""
    records = list_records(one, "hit")
    effects = [read_factors(one["effect"].isel(hit=k)) for k in range(len(records))]
    return [hit | {"effect": effect} for hit, effect in zip(records, effects, strict=True) if effect]


def list_draws(one: xr.Dataset) -> list[dict[str, Any]]:
    """Return what the strategy draws."""
    return [draw for draw in list_records(one, "random") if draw["distribution_family"]]


def list_customers(one: xr.Dataset) -> list[dict[str, Any]]:
    """Return the customers of a strategy, each with the factors of its season as ``season``, empty without one."""
    seasons = [[factor for factor in row if not math.isnan(factor)] for row in one["season"].values.tolist()]
    records = list_records(one, "customer")
    return [record | {"season": season} for record, season in zip(records, seasons, strict=True)]
