"""What a strategy says, aspect by aspect: words, and the values that they are made from, which are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import xarray as xr

from jitrisk.report.member_words import (
    render_expedite,
    render_factors,
    render_forecast,
    render_overtime,
    render_season,
    render_shelf_life,
    render_standby,
    render_takt,
    render_trend,
)
from jitrisk.report.outline_records import PAYMENT, list_customers, list_draws, list_hits, list_links, list_records
from jitrisk.report.words import (
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

_FIXED = "fixed_cost"
_RULE = ("policy_kind", "loop_end", "follow", "safety_stock", "order_cap", "review_period")
_LEVELS = ("reorder_point", "order_up_to", "lot_size", "cards")
_PLACES = 9  # of days

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


def describe_strategy(outline: xr.Dataset, strategy: str) -> dict[str, dict[str, Aspects]]:
    """Return by section and name what a strategy says, each aspect with the values that it is made from."""
    one = outline.sel(strategy=strategy)
    hits = list_hits(one)
    return {
        "Stages": _describe_stages(one, hits),
        "Customers": _describe_customers(one, hits),
        "Hazards": _describe_hazards(one, hits),
        "What is drawn": _describe_draws(one),
        "Payment": {
            "payment": _describe_prices(one, {str(name): one[name].item() for name in PAYMENT if name != _FIXED}),
            "plan as a whole": [_describe_fixed_cost(one)],
        },
    }


def _describe_stages(one: xr.Dataset, hits: Sequence[Mapping[str, Any]]) -> dict[str, Aspects]:
    period_days = float(one.attrs["period_hours"]) / HOURS_PER_DAY
    inputs: dict[str, list[Mapping[str, Any]]] = {}
    for link in list_links(one):
        inputs.setdefault(link["target"], []).append(link)
    rows: dict[str, Aspects] = {}
    for stage in list_records(one, "stage"):
        name = stage["stage"]
        links = inputs.get(name, [])
        rows[name] = [
            _describe_policy(stage, period_days),
            _describe_level(stage),
            _describe_start(stage),
            _build_aspect("process", _describe_process(stage), stage, ("lead_time", "deliveries", "capacity", "yield")),
            _describe_takt(stage),
            *_describe_inputs(links),
            _describe_shelf_life(stage),
            *_describe_levers(stage),
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


def _describe_takt(stage: Mapping[str, Any]) -> Aspect:
    """Return the takt time of a stage with a capacity; a strategy changes it where it makes the stage too slow or not.

    The takt time itself follows from demand, yield and hazards, which are compared themselves.
    """
    is_slower = stage["slower_than_takt"]
    words = render_takt(stage["takt_time"], stage["cycle_time"], is_slower)
    return Aspect("takt", words, (is_slower,) if words else ())


def _describe_shelf_life(stage: Mapping[str, Any]) -> Aspect:
    life = stage["shelf_life"]
    return _build_aspect("shelf life", render_shelf_life(life), stage, ("shelf_life",), not math.isfinite(life))


def _describe_levers(stage: Mapping[str, Any]) -> tuple[Aspect, ...]:
    """Return what a stage does while its store is low or another stage has failed; what it has not is usual."""

    def build(name: str, words: str, keys: Sequence[str], is_usual: bool) -> Aspect:
        return _build_aspect(name, words, stage, keys, is_usual)

    expedite = ("expedite_below", "expedite_up_to", "expedite_lead_time")
    overtime = ("overtime_below", "overtime_factor")
    standby = ("standby_of", "standby_after", "standby_below")
    return (
        build("expedite", render_expedite(stage), expedite, stage["expedite_lead_time"] is None),
        build("overtime", render_overtime(stage), overtime, stage["overtime_factor"] is None),
        build("standby", render_standby(stage), standby, not stage["standby_of"]),
    )


def _describe_prices(one: xr.Dataset, record: Mapping[str, Any]) -> list[Aspect]:
    """Return the prices among the values of a stage or customer; they are said only where strategies differ."""
    hours = float(one.attrs["period_hours"])
    prices = ((name, record[name]) for name in PRICES if name in record)
    return [
        Aspect(f"price {name}", render_price(name, value, one[name].attrs["units"], hours), (value,), is_usual=True)
        for name, value in prices
    ]


def _describe_fixed_cost(one: xr.Dataset) -> Aspect:
    """Return the fixed cost; where there is none, it is said only of a strategy that differs in it."""
    (aspect,) = _describe_prices(one, {_FIXED: one[_FIXED].item()})
    return replace(aspect, is_usual=not one[_FIXED].item())


def _describe_policy(stage: Mapping[str, Any], period_days: float) -> Aspect:
    """Return the policy; the level of a base-stock policy is its order-up-to level, and its cover stands beside it."""
    has_cover = stage["policy_kind"] == "base_stock"
    words = render_policy(stage, period_days, _describe_cover(stage) if has_cover else "")
    if stage["follow"] and stage["mean_demand"] and stage["policy_kind"] != "kanban":
        return Aspect("policy", words, (*(stage[key] for key in _RULE), *_compute_followed_covers(stage)))
    keys = (*_RULE, *_LEVELS, "cover_days") if has_cover else (*_RULE, *_LEVELS)
    return _build_aspect("policy", words, stage, keys)


def _compute_followed_covers(stage: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the days of demand that levels cover which follow it, without what rounding makes of them."""
    safety, demand = stage["safety_stock"], stage["mean_demand"]
    return tuple(round((stage[key] - safety) / demand, _PLACES) for key in ("reorder_point", "order_up_to"))


def _describe_cover(stage: Mapping[str, Any]) -> str:
    cover = stage["cover_days"] * HOURS_PER_DAY
    return f"{format_duration(cover)} of demand" if math.isfinite(cover) else ""


def _describe_level(stage: Mapping[str, Any]) -> Aspect:
    """Return the order-up-to level; nothing where there is none, or where the policy says it already."""
    order_up_to = stage["order_up_to"]
    is_said = order_up_to and math.isfinite(order_up_to) and stage["policy_kind"] == "base_stock"
    if not order_up_to or (is_said and not stage["follow"]):
        return Aspect("level", "", ())
    if stage["follow"] and stage["policy_kind"] != "kanban":
        words = f"{render_level(order_up_to)} at mean demand"
    else:
        level = f"at most {render_units(order_up_to)} in the loop" if stage["loop_end"] else render_level(order_up_to)
        words = " = ".join(filter(None, (level, _describe_cover(stage))))
    return _build_aspect("level", words, stage, ("order_up_to", "cover_days", "loop_end"))


def _describe_start(stage: Mapping[str, Any]) -> Aspect:
    """Return the stock at the start: usually all of the level, and none where no level is one of this store alone."""
    initial = stage["initial"]
    has_level = stage["order_up_to"] is not None and not stage["loop_end"]
    if not has_level and not initial:
        return Aspect("start", "empty at the start", (), is_usual=True)
    is_full = has_level and initial == stage["order_up_to"]
    words = "full" if is_full else render_units(initial)
    return Aspect("start", f"{words} at the start", () if is_full else (initial,), is_usual=is_full)


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
    for customer in list_customers(one):
        name = customer["customer"]
        demand = f"{render_units(customer['customer_demand'])} per day from {customer['customer_stage']}"
        unmet = render_unmet_demand(customer["backorder_share"])
        rows[name] = [
            _build_aspect("demand", demand, customer, ("customer_demand", "customer_stage")),
            *_describe_profile(customer),
            _build_aspect("unmet", unmet, customer, ("backorder_share",)),
            _describe_hazards_of(name, hits),
            *_describe_prices(one, customer),
        ]
    return rows


def _describe_profile(customer: Mapping[str, Any]) -> tuple[Aspect, ...]:
    """Return season and trend of a customer's demand, and how it is forecast; what there is not is usual."""
    factors, days = customer["season"], customer["season_period"]
    forecast = ("forecast_kind", "forecast_period", "forecast_smoothing")
    return (
        Aspect(
            "season",
            render_season(factors, days),
            (days, *factors),
            is_usual=not factors,
            detail=f"factors {render_factors(factors)}",
        ),
        _build_aspect("trend", render_trend(customer["trend"]), customer, ("trend",), not customer["trend"]),
        _build_aspect("forecast", render_forecast(customer), customer, forecast, not customer["forecast_kind"]),
    )


def _describe_hazards(one: xr.Dataset, hits: Sequence[Mapping[str, Any]]) -> dict[str, Aspects]:
    rows: dict[str, Aspects] = {}
    for hazard in list_records(one, "hazard"):
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
        for draw in list_draws(one)
    }


def _build_aspect(
    name: str, words: str, record: Mapping[str, Any], keys: Sequence[str], is_usual: bool = False
) -> Aspect:
    return Aspect(name, words, tuple(record[key] for key in keys), is_usual)


def join_aspects(rows: Mapping[str, Aspects]) -> Rows:
    """Return the words of each row, without those of aspects that are as usual."""
    said = {name: [one.words for one in aspects if one.words and not one.is_usual] for name, aspects in rows.items()}
    return {name: "; ".join(words) for name, words in said.items() if words}


def describe_changes(before: Mapping[str, Mapping[str, Aspects]], after: Mapping[str, Mapping[str, Aspects]]) -> Rows:
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
