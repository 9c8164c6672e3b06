"""A model in words: its stages, customers and hazards under one strategy, and what the other strategies change."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xarray as xr
from rich.console import Console, ConsoleOptions, RenderResult
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jitrisk.errors import ResultError, format_suggestion
from jitrisk.printable import escape_for_encoding
from jitrisk.report.json_documents import convert_value
from jitrisk.report.words import (
    read_factors,
    render_capacity,
    render_distribution,
    render_draw_name,
    render_effect,
    render_level,
    render_parameters,
    render_policy,
    render_price,
    render_share,
    render_units,
    render_unmet_demand,
)
from jitrisk.units import HOURS_PER_DAY, format_duration, format_number
from jitrisk.vocabulary import PRICES

SCHEMA_VERSION = 2

_MOST = 40  # rows of a section
_PROSE = 110
_NAME = 32

_PAYMENT = tuple(name for name, price in PRICES.items() if price.dims == ("strategy",))
_POLICY = ("policy_kind", "reorder_point", "order_up_to", "lot_size", "cards", "review_period")

Rows = dict[str, str]


@dataclass(frozen=True)
class Aspect:
    """One thing said of a stage, customer, hazard or draw.

    Attributes
    ----------
    name : the aspect, such as ``policy``; the same in every strategy.
    words : what is said.
    values : what it is made from, compared between strategies.
    is_usual : whether it is said only where strategies differ in it.
    detail : what is added where other values have the same words.
    """

    name: str
    words: str
    values: tuple[Any, ...]
    is_usual: bool = False
    detail: str = "to more digits another value"


Aspects = Sequence[Aspect]


@dataclass(frozen=True)
class ModelSummary:
    """A title, and sections of names with what a model says of each; rich lays it out for a console.

    Attributes
    ----------
    title : one line above all.
    about : small print below the title.
    sections : rows by heading; of a long section the first rows are shown, and how many more there are.
    """

    title: str
    about: str
    sections: Mapping[str, Rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what rich prints."""

        def render_text(text: str, style: str = "") -> Text:
            return Text(escape_for_encoding(text, options.encoding), style=style)

        width = min(_PROSE, options.max_width)
        yield render_text(self.title, "bold")
        yield Constrain(render_text(self.about, "dim"), width)
        for heading, rows in self.sections.items():
            yield Text()
            yield render_text(heading, "bold")
            table = Table.grid(padding=(0, 2, 0, 0))
            table.add_column(max_width=min(_NAME, width // 3), overflow="fold")
            table.add_column(overflow="fold")
            for name, words in list(rows.items())[:_MOST]:
                table.add_row(render_text(name), render_text(words))
            yield Constrain(Padding(table, (0, 0, 0, 2)), width)
            if len(rows) > _MOST:
                yield render_text(f"  and {len(rows) - _MOST:,} more; --json has them all", "dim")


def summarize_model(outline: xr.Dataset, strategy: str | None = None) -> ModelSummary:
    """Return what a model says, in words.

    Parameters
    ----------
    outline : from :func:`jitrisk.outline`.
    strategy : the strategy that is described in full; by default the first. Of the others the differences to it are
        described.

    Raises
    ------
    ResultError
        When the strategy is unknown.
    """
    name = select_strategy(outline, strategy)
    described = _describe_strategy(outline, name)
    sections = {heading: _join_aspects(rows) for heading, rows in described.items()}
    others = [str(other) for other in outline["strategy"].values if other != name]
    for other in others:
        changes = _describe_changes(described, _describe_strategy(outline, other))
        sections[f"What {other} changes"] = changes or {"nothing": ""}
    title = str(outline.attrs["name"])
    return ModelSummary(
        f"{title}, strategy {name}" if others else title,
        _describe_horizon(outline),
        {heading: rows for heading, rows in sections.items() if rows},
    )


def _describe_horizon(outline: xr.Dataset) -> str:
    hours = float(outline.attrs["period_hours"])
    horizon, warm_up = (format_duration(float(outline.attrs[key]) * hours) for key in ("horizon", "warm_up"))
    left_out = f"of which the first {warm_up} are not counted" if outline.attrs["warm_up"] else "and all of it counts"
    return f"One period is {format_duration(hours)}; {horizon} are simulated, {left_out}."


def select_strategy(outline: xr.Dataset, strategy: str | None) -> str:
    """Return the strategy asked for, or the first; raise ResultError where the model has no such strategy."""
    known = [str(name) for name in outline["strategy"].values]
    if strategy is None:
        return known[0]
    if strategy not in known:
        hint = format_suggestion(strategy, known)
        raise ResultError(f"unknown strategy {strategy!r}: the model has {', '.join(known)}{hint}")
    return strategy


def _list_records(one: xr.Dataset, dim: str) -> list[dict[str, Any]]:
    """Return what an outline says along one dimension, as one mapping of plain values each, None for NaN."""
    names = [str(name) for name, array in one.variables.items() if array.dims == (dim,)]
    columns = [[None if _is_nan(value) else value for value in one[name].values.tolist()] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _list_links(one: xr.Dataset) -> list[dict[str, Any]]:
    """Return the links that the strategy has."""
    return [link for link in _list_records(one, "link") if link["quantity"] is not None]


def _list_hits(one: xr.Dataset) -> list[dict[str, Any]]:
    """Return the hits that the strategy has, each with its factors by kind of effect as ``effect``."""
    records = _list_records(one, "hit")
    effects = [read_factors(one["effect"].isel(hit=k)) for k in range(len(records))]
    return [hit | {"effect": effect} for hit, effect in zip(records, effects, strict=True) if effect]


def _list_draws(one: xr.Dataset) -> list[dict[str, Any]]:
    """Return what the strategy draws."""
    return [draw for draw in _list_records(one, "random") if draw["distribution_family"]]


def _describe_strategy(outline: xr.Dataset, strategy: str) -> dict[str, dict[str, Aspects]]:
    """Return by section and name what a strategy says, each aspect with the values that it is made from."""
    one = outline.sel(strategy=strategy)
    hits = _list_hits(one)
    return {
        "Stages": _describe_stages(one, hits),
        "Customers": _describe_customers(one, hits),
        "Hazards": _describe_hazards(one, hits),
        "What is drawn": _describe_draws(one),
        "Payment": {"payment": _describe_prices(one, {str(name): one[name].item() for name in _PAYMENT})},
    }


def _describe_stages(one: xr.Dataset, hits: Sequence[Mapping[str, Any]]) -> dict[str, Aspects]:
    period_days = float(one.attrs["period_hours"]) / HOURS_PER_DAY
    inputs: dict[str, list[Mapping[str, Any]]] = {}
    for link in _list_links(one):
        inputs.setdefault(link["target"], []).append(link)
    rows: dict[str, Aspects] = {}
    for stage in _list_records(one, "stage"):
        name = stage["stage"]
        links = inputs.get(name, [])
        rows[name] = [
            _describe_policy(stage, period_days),
            _describe_level(stage),
            _describe_start(stage),
            _build_aspect("process", _describe_process(stage), stage, ("lead_time", "deliveries", "capacity", "yield")),
            *_describe_inputs(links),
            _describe_expedite(stage),
            _build_aspect(
                "customers",
                f"customers served {stage['customers_served']}",
                stage,
                ("customers_served",),
                is_usual=stage["customers_served"] == "last",
            ),
            _describe_hazards_of(name, hits),
            *_describe_prices(one, stage),
        ]
    return rows


def _describe_inputs(links: Sequence[Mapping[str, Any]]) -> tuple[Aspect, ...]:
    """Return what a stage takes from which store, and of which inputs other sources stand in for one that is short."""
    taken = tuple((link["input"], link["source"], link["quantity"], link["share"]) for link in links)
    failover = {link["input"]: link["failover"] for link in links}
    fixed = [name for name, stands_in in failover.items() if not stands_in]
    return (
        Aspect("inputs", f"from {', '.join(map(_describe_link, links)) or 'outside'}", taken),
        Aspect(
            "failover",
            f"no failover for {', '.join(fixed)}" if fixed else "failover for every input",
            tuple(fixed),
            is_usual=not fixed,
        ),
    )


def _describe_expedite(stage: Mapping[str, Any]) -> Aspect:
    below, lead_time = stage["expedite_below"], stage["expedite_lead_time"]
    if below is None:
        return Aspect("expedite", "never expedited", (None, None), is_usual=True)
    takes = format_duration(lead_time * HOURS_PER_DAY)
    return Aspect("expedite", f"expedited below {render_units(below)}, takes {takes} then", (below, lead_time))


def _describe_prices(one: xr.Dataset, record: Mapping[str, Any]) -> list[Aspect]:
    """Return the prices among the values of a stage or customer; they are said only where strategies differ."""
    hours = float(one.attrs["period_hours"])
    prices = ((name, record[name]) for name in PRICES if name in record)
    return [
        Aspect(f"price {name}", render_price(name, value, one[name].attrs["units"], hours), (value,), is_usual=True)
        for name, value in prices
    ]


def _describe_policy(stage: Mapping[str, Any], period_days: float) -> Aspect:
    """Return the policy; the level of a base-stock policy is its order-up-to level, and its cover stands beside it."""
    has_cover = stage["policy_kind"] == "base_stock"
    words = render_policy(stage, period_days, _describe_cover(stage) if has_cover else "")
    return _build_aspect("policy", words, stage, (*_POLICY, "cover_days") if has_cover else _POLICY)


def _describe_cover(stage: Mapping[str, Any]) -> str:
    cover = stage["cover_days"] * HOURS_PER_DAY
    return f"{format_duration(cover)} of demand" if math.isfinite(cover) else ""


def _describe_level(stage: Mapping[str, Any]) -> Aspect:
    """Return the order-up-to level; nothing where there is none, or where the policy says it already."""
    is_limited = math.isfinite(stage["order_up_to"])
    if not stage["order_up_to"] or (is_limited and stage["policy_kind"] == "base_stock"):
        return Aspect("level", "", ())
    words = " = ".join(filter(None, (render_level(stage["order_up_to"]), _describe_cover(stage))))
    return _build_aspect("level", words, stage, ("order_up_to", "cover_days"))


def _describe_start(stage: Mapping[str, Any]) -> Aspect:
    is_full = stage["initial"] == stage["order_up_to"]
    words = "full" if is_full else render_units(stage["initial"])
    return Aspect("start", f"{words} at the start", () if is_full else (stage["initial"],), is_usual=is_full)


def _describe_process(stage: Mapping[str, Any]) -> str:
    good = f"{render_share(stage['yield'])} good" if stage["yield"] != 1 else ""
    ordered = "deliveries in order" if stage["deliveries"] == "in_order" else ""
    takes = f"takes {format_duration(stage['lead_time'] * HOURS_PER_DAY)}"
    return ", ".join(filter(None, (takes, ordered, render_capacity(stage["capacity"]), good)))


def _describe_link(link: Mapping[str, Any]) -> str:
    words = f"{format_number(link['quantity'])} {link['source']}"
    if link["share"] == 1:
        return words
    return f"{words} ({render_share(link['share'])})" if link["share"] else f"{words} (fallback)"


def _describe_hazards_of(stage_or_customer: str, hits: Sequence[Mapping[str, Any]]) -> Aspect:
    """Return which hazards hit a stage or customer."""
    hazards = tuple(hit["hit_hazard"] for hit in hits if hit["hit_stage_or_customer"] == stage_or_customer)
    return Aspect("hazards", f"hit by {', '.join(hazards) or 'no hazard'}", hazards, is_usual=not hazards)


def _describe_customers(one: xr.Dataset, hits: Sequence[Mapping[str, Any]]) -> dict[str, Aspects]:
    rows: dict[str, Aspects] = {}
    for customer in _list_records(one, "customer"):
        name = customer["customer"]
        demand = f"{render_units(customer['customer_demand'])} per day from {customer['customer_stage']}"
        unmet = render_unmet_demand(customer["backorder_share"])
        rows[name] = [
            _build_aspect("demand", demand, customer, ("customer_demand", "customer_stage")),
            _build_aspect("unmet", unmet, customer, ("backorder_share",)),
            _describe_hazards_of(name, hits),
            *_describe_prices(one, customer),
        ]
    return rows


def _describe_hazards(one: xr.Dataset, hits: Sequence[Mapping[str, Any]]) -> dict[str, Aspects]:
    rows: dict[str, Aspects] = {}
    for hazard in _list_records(one, "hazard"):
        name, recovery = hazard["hazard"], hazard["ramp"] * HOURS_PER_DAY
        often = f"{format_number(hazard['occurrences_per_year'])} per year"
        length = f"{format_duration(hazard['duration'] * HOURS_PER_DAY)} on average"
        ramp = f", {format_duration(recovery)} to recover" if recovery else ""
        times = ("occurrences_per_year", "duration", "ramp")
        rows[name] = [
            _build_aspect("times", f"{often}, {length}{ramp}", hazard, times),
            *(_describe_hit(hit) for hit in hits if hit["hit_hazard"] == name),
        ]
    return rows


def _describe_hit(hit: Mapping[str, Any]) -> Aspect:
    name, chance = hit["hit_stage_or_customer"], hit["chance"]
    often = "" if chance == 1 else f" (with probability {format_number(chance)})"
    return Aspect(f"hit {name}", f"{name}: {render_effect(hit['effect'])}{often}", (*hit["effect"].items(), chance))


def _describe_draws(one: xr.Dataset) -> dict[str, Aspects]:
    return {
        render_draw_name(draw["random_quantity"], draw["random_owner"]): (
            Aspect(
                "distribution",
                render_distribution(draw),
                tuple(draw.values()),
                detail=render_parameters(draw["distribution_parameters"], draw["random_unit"]),
            ),
        )
        for draw in _list_draws(one)
    }


def _build_aspect(
    name: str, words: str, record: Mapping[str, Any], keys: Sequence[str], is_usual: bool = False
) -> Aspect:
    return Aspect(name, words, tuple(record[key] for key in keys), is_usual)


def _join_aspects(rows: Mapping[str, Aspects]) -> Rows:
    said = {name: [one.words for one in aspects if one.words and not one.is_usual] for name, aspects in rows.items()}
    return {name: "; ".join(words) for name, words in said.items() if words}


def _describe_changes(before: Mapping[str, Mapping[str, Aspects]], after: Mapping[str, Mapping[str, Aspects]]) -> Rows:
    """Return by name every aspect whose values differ in another strategy; a name of two sections has both."""
    changes: dict[str, list[str]] = {}
    for heading, rows in after.items():
        for name in dict.fromkeys((*before[heading], *rows)):
            old, new = ({one.name: one for one in of.get(name, ())} for of in (before[heading], rows))
            changed = (key for key, one in new.items() if key not in old or one.values != old[key].values)
            words = [_describe_change(old.get(key), new[key]) for key in changed]
            words += [f"without {one.words}" for key, one in old.items() if key not in new]
            if words := list(filter(None, words)):
                changes.setdefault(name, []).extend(words)
    return {name: "; ".join(words) for name, words in changes.items()}


def _describe_change(before: Aspect | None, after: Aspect) -> str:
    is_same = before is not None and before.words == after.words
    return f"{after.words} ({after.detail})" if is_same else after.words


def build_outline_document(outline: xr.Dataset, strategy: str | None = None) -> dict[str, Any]:
    """Return what a model says as one JSON document, strategy by strategy; no limit is null.

    Parameters
    ----------
    outline : from :func:`jitrisk.outline`.
    strategy : the only strategy in the document; all by default.

    Raises
    ------
    ResultError
        When the strategy is unknown.
    """
    names = outline["strategy"].values.tolist() if strategy is None else [select_strategy(outline, strategy)]
    head: dict[str, Any] = {"schema": "jitrisk.outline", "schema_version": SCHEMA_VERSION}
    kept = ("name", "currency", "period_hours", "horizon", "warm_up", "model_hash")
    head |= {name: outline.attrs[name] for name in kept}
    strategies = {}
    for name in names:
        one = outline.sel(strategy=name)
        strategies[name] = {
            "stages": _key_records(one, "stage"),
            "customers": _key_records(one, "customer"),
            "hazards": _key_records(one, "hazard"),
            "links": [_replace_nonfinite(link) for link in _list_links(one)],
            "hits": [_replace_nonfinite(hit) for hit in _list_hits(one)],
            "random": [_convert_draw(draw) for draw in _list_draws(one)],
            **{price: convert_value(one[price]) for price in _PAYMENT},
        }
    return {**head, "strategies": strategies}


def _key_records(one: xr.Dataset, dim: str) -> dict[str, Any]:
    records = (_replace_nonfinite(record) for record in _list_records(one, dim))
    return {str(record.pop(dim)): record for record in records}


def _convert_draw(draw: Mapping[str, Any]) -> dict[str, Any]:
    key = "distribution_parameters"
    return _replace_nonfinite(draw) | {key: json.loads(draw[key])}


def _replace_nonfinite(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: convert_value(value) for name, value in record.items()}
