"""The words and tables of a page around its figures: the question, the assumptions, the precision, the provenance."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from jitrisk.printable import escape_json
from jitrisk.provenance import read_model_text
from jitrisk.report.member_words import list_profile, list_supply_rules, render_slower_stages, render_time_per_unit
from jitrisk.report.numbers import UNKNOWN, Rounded
from jitrisk.report.outline_records import list_customers, list_records
from jitrisk.report.replay_log import build_replay_log
from jitrisk.report.summary import Summary
from jitrisk.report.terminal_table import ReportTable
from jitrisk.report.words import (
    read_factors,
    render_distribution,
    render_draw_name,
    render_effect,
    render_parameters,
    render_policy,
)
from jitrisk.risk import estimate_needed_paths
from jitrisk.risk.evidence import FEWEST
from jitrisk.units import HOURS_PER_DAY, format_duration, format_number, format_percent

WIDTH = 0.01
_LEAST_WIDTH = 0.0001
_MOST_HAZARDS = 20
_FEWEST = 100
_FILE = "model.yaml"
_STATISTICS = {"mean": "mean {objective}", "var": "VaR {level} of {objective}", "cvar": "CVaR {level} of {objective}"}
_Values = TypeVar("_Values", xr.Dataset, xr.DataArray)
_QUESTIONS = {"cost": ("cost", "costs less"), "profit": ("earn", "earns more")}


@dataclass(frozen=True)
class PageTable:
    """A table of a page.

    Attributes
    ----------
    caption : what it shows.
    head : the columns' names; the first is that of the rows.
    rows : the rows, each with its name first.
    notes : small print below it.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | Rounded, ...], ...]
    notes: tuple[str, ...] = ()


def convert_report_table(table: ReportTable, caption: str) -> PageTable:
    """Return a report table as a table of a page."""
    rows: tuple[tuple[str | Rounded, ...], ...] = tuple((row.label, *row.cells) for row in table.rows)
    return PageTable(caption, ("", *table.columns), rows, table.notes)


def render_question(summary: Summary) -> str:
    """Return the question that a report answers."""
    names, (verb, better) = summary.strategies, _QUESTIONS[summary.objective]
    choice = f"{', '.join(names[:-1])} or {names[-1]}"
    if not summary.is_priced:
        return f"How well does {names[0]} serve?" if len(names) == 1 else f"{choice}: which serves better?"
    if len(names) == 1:
        return f"What does {names[0]} {verb} in an average year and in a bad one, and how well does it serve?"
    return f"{choice}: which {better} in an average year, which in a bad one, and which serves better?"


def build_warning_table(found: Sequence[tuple[str, ...]]) -> PageTable | None:
    """Return the warnings about a model as a table, None where there are none."""
    head = ("warning", "where", "what was found", "what it does to the answer", "what to write")
    return PageTable("Warnings about the model", head, tuple(found)) if found else None


def build_assumption_tables(outline: xr.Dataset) -> tuple[PageTable, ...]:
    """Return what a model assumes: distributions, profiles of demand, what can go wrong, policies, levers and takt."""
    tables = (
        _build_distribution_table(outline),
        _build_profile_table(outline),
        _build_hazard_table(outline),
        _build_policy_table(outline),
        _build_feature_table(outline),
        _build_takt_table(outline),
    )
    return tuple(table for table in tables if table.rows)


def _build_distribution_table(outline: xr.Dataset) -> PageTable:
    drawn = outline[[str(name) for name, array in outline.data_vars.items() if "random" in array.dims]]
    rows = tuple(
        (
            render_draw_name(*(str(outline[name].values[k]) for name in ("random_quantity", "random_owner"))),
            _join_by_strategy(drawn.isel(random=k), _render_distribution, _render_with_parameters),
        )
        for k in range(outline.sizes["random"])
    )
    return PageTable("What is random, and from which distribution it is drawn", ("what", "distribution"), rows)


def _render_distribution(draw: xr.Dataset) -> str:
    values = {str(name): array.item() for name, array in draw.data_vars.items()}
    return render_distribution(values) if values["distribution_family"] else ""


def _render_with_parameters(draw: xr.Dataset) -> str:
    parameters, unit = (draw[name].item() for name in ("distribution_parameters", "random_unit"))
    return f"{_render_distribution(draw)} ({render_parameters(parameters, unit)})" if parameters else ""


def _build_hazard_table(outline: xr.Dataset) -> PageTable:
    hits: dict[str, list[str]] = {str(name): [] for name in outline["hazard"].values}
    for k in range(outline.sizes["hit"]):
        hit = outline.isel(hit=k)
        words = _join_by_strategy(hit["effect"], _render_effect)
        hits[str(hit["hit_hazard"].item())].append(f"{hit['hit_stage_or_customer'].item()}: {words}")
    rows = tuple(
        (
            name,
            _join_by_strategy(outline["occurrences_per_year"].sel(hazard=name), _format_value),
            _join_by_strategy(outline["duration"].sel(hazard=name), _format_value),
            _join_by_strategy(outline["ramp"].sel(hazard=name), _format_value),
            "; ".join(hits[name]),
        )
        for name in hits
    )
    head = ("hazard", "occurrences per year", "mean duration, days", "recovery after it, days", "what it hits")
    return PageTable("What can go wrong", head, rows)


def _build_policy_table(outline: xr.Dataset) -> PageTable:
    names = [str(name) for name in outline["stage"].values]
    strategies = [str(name) for name in outline["strategy"].values]
    period_days = float(outline.attrs["period_hours"]) / HOURS_PER_DAY
    rows = tuple(
        (name, *(_render_policy(outline.sel(stage=name, strategy=strategy), period_days) for strategy in strategies))
        for name in names
    )
    return PageTable("How each store is refilled", ("stage", *strategies), rows)


def _build_profile_table(outline: xr.Dataset) -> PageTable:
    rows = _list_rows(outline, "customer", list_customers, list_profile)
    return PageTable("What is known and expected of the demand", ("customer", "season, trend and forecast"), rows)


def _build_feature_table(outline: xr.Dataset) -> PageTable:
    rows = _list_rows(outline, "stage", lambda one: list_records(one, "stage"), list_supply_rules)
    return PageTable("What limits the age of stock, and what adds supply", ("stage", "rules"), rows)


def _list_rows(
    outline: xr.Dataset,
    dim: str,
    list_members: Callable[[xr.Dataset], Iterable[Mapping[str, Any]]],
    describe: Callable[[Mapping[str, Any]], Sequence[str]],
) -> tuple[tuple[str, str], ...]:
    """Return every stage or customer of which something is said in some strategy, with the words of each strategy.

    Parameters
    ----------
    outline : what a model says.
    dim : stage or customer.
    list_members : from the outline of one strategy to the values of every member.
    describe : from the values of a member to words.
    """
    words: dict[str, dict[str, str]] = {str(name): {} for name in outline[dim].values}
    for strategy in map(str, outline["strategy"].values):
        for member in list_members(outline.sel(strategy=strategy)):
            words[member[dim]][strategy] = " · ".join(describe(member))
    return tuple((name, _join_words(found)) for name, found in words.items() if any(found.values()))


def _join_words(words: Mapping[str, str]) -> str:
    """Return words by strategy, once where they are the same in all."""
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "; ".join(f"{name}: {text or 'none'}" for name, text in words.items())


def _build_takt_table(outline: xr.Dataset) -> PageTable:
    """Return takt time and cycle time of every stage with a capacity and demand, and which stages are slower."""
    strategies = [str(name) for name in outline["strategy"].values]
    cells: dict[str, list[str]] = {str(name): [] for name in outline["stage"].values}
    notes: dict[str, str] = {}
    for strategy in strategies:
        stages = list_records(outline.sel(strategy=strategy), "stage")
        notes[strategy] = render_slower_stages(stages)
        for one in stages:
            is_limited = one["cycle_time"] and math.isfinite(one["takt_time"])
            cells[one["stage"]].append(_render_cycle(one) if is_limited else "-")
    rows = tuple((name, *found) for name, found in cells.items() if set(found) != {"-"})
    note = next(iter(notes.values()))
    told = (
        (note,) if len(set(notes.values())) == 1 else tuple(f"{name}: {text}" for name, text in notes.items() if text)
    )
    return PageTable(
        "Takt: the time in which one unit must be started, and that in which it can be",
        ("stage", *strategies),
        rows,
        told,
    )


def _render_cycle(stage: Mapping[str, Any]) -> str:
    mark = ", too slow" if stage["slower_than_takt"] else ""
    takt, cycle = (render_time_per_unit(stage[key]) for key in ("takt_time", "cycle_time"))
    return f"takt {takt}, at full capacity {cycle}{mark}"


def _render_effect(effect: xr.DataArray) -> str:
    return render_effect(read_factors(effect))


def _render_policy(stage: xr.Dataset, period_days: float) -> str:
    return render_policy({str(name): array.item() for name, array in stage.items() if not array.dims}, period_days)


def _join_by_strategy(
    outline: _Values, render: Callable[[_Values], str], render_all: Callable[[_Values], str] | None = None
) -> str:
    """Return values of an outline in words; where strategies differ, those of each.

    Parameters
    ----------
    outline : the values, with the dimension strategy.
    render : what makes words of those of one strategy.
    render_all : what makes words of them where other values have the same words.
    """
    by_strategy = {str(name): outline.sel(strategy=name, drop=True) for name in outline["strategy"].values}
    first = outline.isel(strategy=0)
    if outline.equals(outline.isel(strategy=[0] * len(by_strategy)).assign_coords(strategy=outline["strategy"])):
        return render(first)
    words = {name: render(one) for name, one in by_strategy.items()}
    if render_all is not None and len(set(words.values())) == 1:
        words = {name: render_all(one) for name, one in by_strategy.items()}
    return "; ".join(f"{name}: {text or 'none'}" for name, text in words.items())


def _format_value(array: xr.DataArray) -> str:
    value = float(array)
    if math.isnan(value):
        return "none"
    return "no limit" if math.isinf(value) else format_number(value, 4)


def describe_correlations(outline: xr.Dataset | None, strategies: Sequence[str]) -> tuple[str, ...]:
    """Return what is correlated in the model and what is independent."""
    shared = "Every strategy is run on the same paths: the same demand, the same hazards, the same lead times."
    independent = "Hazards occur independently of each other, of demand and of every other draw."
    at_once = _describe_shared_hazards(outline) if outline is not None else ""
    return tuple(filter(None, (shared if len(strategies) > 1 else "", independent, at_once)))


def _describe_shared_hazards(outline: xr.Dataset) -> str:
    hazards = [str(name) for name in outline["hit_hazard"].values]
    several = [name for name in dict.fromkeys(hazards) if hazards.count(name) > 1]
    if not several:
        return "No hazard hits more than one stage or customer."
    return f"These hazards hit several stages or customers at once: {', '.join(several)}."


def build_replay_table(replay: xr.Dataset) -> PageTable:
    """Return what happened on a replayed path, line by line."""
    told = build_replay_log(replay)
    return PageTable(told.title, ("when", "what happened"), told.lines, (told.note,))


def build_occurrence_table(summary: Summary) -> PageTable | None:
    """Return how often every hazard occurred on the paths and was expected to; None without hazards."""
    found = summary.hazards
    if not found.data_vars:
        return None
    least = found["evidence"].fillna(np.inf).min("strategy")
    names = [str(name) for name in found["hazard"].values[np.argsort(least.values, kind="stable")]][:_MOST_HAZARDS]
    rows: list[tuple[str | Rounded, ...]] = []
    for name in names:
        at = found.sel(hazard=name)
        rows.append((f"{name}: seen", *(f"{int(count):,}" for count in at["seen"].values)))
        rows.append((f"{name}: expected", *map(_format_expected, at["expected"].values)))
        rows.append((f"{name}: evidence", *map(_format_expected, at["evidence"].values)))
    note = (
        "Expected: in as many natural paths, after the warm-up. Evidence: what these paths are worth, as occurrences "
        f"that hit the rarest targets together; with fewer than {FEWEST:g} no mean, CVaR or difference has an interval."
    )
    rarest = f", the {len(names)} rarest of {least.size:,}" if len(names) < least.size else ""
    caption = f"How often hazards occurred on the {summary.paths:,} paths{rarest}"
    return PageTable(caption, ("", *summary.strategies), tuple(rows), (note,))


def _format_expected(count: float) -> str:
    return "-" if np.isnan(count) else format_number(float(count), 3)


def build_precision_table(summary: Summary) -> PageTable:
    """Return how precise the estimates of the objective are, and how many paths an interval of ± 1 % needs."""
    found = estimate_needed_paths(summary.statistics, summary.objective, WIDTH)
    level = format_percent(summary.level)
    rows: list[tuple[str | Rounded, ...]] = []
    for statistic, words in _STATISTICS.items():
        at = found.sel(statistic=statistic)
        name = words.format(level=level, objective=summary.objective)
        rows.append((f"{name}, ± %", *map(_format_width, at["width"].values)))
        rows.append((f"{name}: paths for ± {100 * WIDTH:g} %", *map(_format_needed_paths, at["needed"].values)))
    caption = f"Half the 95 % interval of the {summary.objective} at {summary.paths:,} paths, as a share of it"
    note = "An interval narrows with the square root of the number of paths."
    return PageTable(caption, ("", *summary.strategies), tuple(rows), (note,))


def _format_width(width: float) -> str:
    if not np.isfinite(width):
        return UNKNOWN
    return format_number(100 * width, 2) if width >= _LEAST_WIDTH else f"< {100 * _LEAST_WIDTH:g}"


def _format_needed_paths(count: float) -> str:
    if not np.isfinite(count):
        return UNKNOWN
    return f"{float(f'{count:.2g}'):,.0f}" if count >= _FEWEST else f"< {_FEWEST}"


def list_provenance(outcomes: xr.Dataset) -> Iterator[tuple[str, str]]:
    """Yield where a result or a study comes from: terms and what they are."""
    attrs = outcomes.attrs
    first, count = int(attrs.get("first_path", 0)), outcomes.sizes.get("path", attrs.get("paths", 0))
    yield "Model", f"{attrs.get('name', '')}, SHA-256 {attrs.get('model_hash', UNKNOWN)}"
    yield "Program", f"jitrisk {attrs.get('jitrisk_version', UNKNOWN)}"
    libraries = json.loads(attrs.get("libraries", "{}"))
    yield "Libraries", ", ".join(f"{name} {version}" for name, version in libraries.items())
    yield "Seed", str(attrs.get("seed", UNKNOWN))
    yield "Paths", f"{count:,}, numbered {first:,} to {first + count - 1:,}"
    if "rare" in attrs:
        rare = json.loads(attrs["rare"])
        shares = ", ".join(f"{row['hazard']} {format_number(100 * row['share'])} %" for row in rare)
        yield "Rare hazards", f"sampled in a share of the paths each: {shares}; paths are weighted accordingly"
    periods, hours = int(attrs["periods"]), float(attrs["period_hours"])
    yield (
        "Horizon",
        f"{periods:,} periods of {format_duration(hours)} measured, after {int(attrs.get('warm_up', 0)):,} of warm-up",
    )


def render_command(outcomes: xr.Dataset) -> str:
    """Return the command that repeats the run from the model text of the page, empty where none does."""
    attrs = outcomes.attrs
    if attrs.get("first_path", 0) or attrs.get("exogenous") or outcomes.sizes["path"] != attrs.get("paths"):
        return ""
    if "seed" not in attrs or "measured" in attrs:
        return ""
    words = ["jitrisk", "report", _FILE]
    strategies = [str(name) for name in outcomes["strategy"].values]
    if strategies != list(_read_model(attrs).get("strategies", strategies)):
        words += [word for name in strategies for word in ("--strategy", name)]
    words += ["--paths", str(attrs["paths"]), "--seed", str(attrs["seed"])]
    words += ["--rare"] if "rare" in attrs else []
    words += ["--html", "report.html"]
    return shlex.join(words)


def render_model_text(outcomes: xr.Dataset) -> str:
    """Return the model as indented text that `load` reads."""
    return escape_json(json.dumps(_read_model(outcomes.attrs), indent=2, ensure_ascii=False))


def _read_model(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the model that a result carries, empty where it carries none."""
    return read_model_text(attrs) if "model" in attrs else {}
