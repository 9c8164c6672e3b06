"""The page of an optimization."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import xarray as xr

from jitrisk.report import figures
from jitrisk.report.optimization import OptimizationTables, build_optimization_tables
from jitrisk.report.page.charts import ChartRequest
from jitrisk.report.page.sections import convert_report_table, list_provenance, render_model_text
from jitrisk.report.page.study import StudyPage, render_study_page
from jitrisk.report.summary import list_strategies
from jitrisk.report.table import read_model_name
from jitrisk.report.writing import check_page, write_page
from jitrisk.units import format_count, format_number

_FILE = "model.yaml"
_QUESTION = "Which stages run on cards, which hold stock, how much, and how sure is it?"
_TEXTS = {"minimize": "--minimize", "strategy": "--strategy", "paths": "--paths", "seed": "--seed"}
_LISTS = {"vary": "--vary", "subject": "--subject"}


def write_optimization_page(study: xr.Dataset, target: str | os.PathLike[str]) -> None:
    """Write an optimization as one HTML file that needs nothing else.

    Parameters
    ----------
    study : what ``jr.optimize`` returns.
    target : ``FILE.html``, written whole or not at all; replaces an earlier page, and nothing else.

    Raises
    ------
    ResultError
        When the Dataset is no optimization, or the file cannot be written.
    """
    check_page(target)
    write_page(render_optimization_page(study), target)


def render_optimization_page(study: xr.Dataset, tables: OptimizationTables | None = None) -> str:
    """Return an optimization as one HTML page.

    Parameters
    ----------
    study : what ``jr.optimize`` returns.
    tables : its tables, where they are built already.
    """
    tables = tables or build_optimization_tables(study)
    return render_study_page(
        StudyPage(
            title=read_model_name(study),
            question=_QUESTION,
            answer=(*tables.plan, *tables.answer),
            tables=[convert_report_table(table, table.title) for table in tables.tables],
            charts=list(_list_charts(study)),
            strategies=list_strategies(study),
            provenance=[*list_provenance(study), *_list_search(study)],
            command=render_command(study.attrs),
            model=render_model_text(study),
            assumptions=(
                "Every plan and strategy is simulated on the same paths: the same demand, hazards and lead times.",
                "The figures are from paths that the search did not use: on its own, the plan it chose looks too good.",
            ),
        )
    )


def _list_charts(study: xr.Dataset) -> Iterator[ChartRequest]:
    yield ChartRequest(
        "decision",
        "The strategies, and what one step of each level costs",
        "Left the strategies on fresh paths; right the plan with one step less or more of one level, less the plan: "
        "above 0 the plan is better. The lines are 95 % intervals.",
        lambda: figures.decision(study),
    )
    yield ChartRequest(
        "search-progress",
        "How the search went on",
        "The best plan known after each step, on the paths of the search, which flatter it.",
        lambda: figures.search_progress(study),
    )


def _list_search(study: xr.Dataset) -> Iterator[tuple[str, str]]:
    """Yield what a search was asked for and what it took: terms and what they are."""
    attrs = study.attrs
    yield "Minimized", str(attrs["objective"])
    if study.sizes["constraint"]:
        yield "Subject to", ", ".join(map(str, study["constraint"].values))
    plans = format_count(int(attrs["plans"]), "plan")
    yield "Search", f"{plans}, {format_number(float(attrs['path_periods']))} path-periods, ended: {attrs['stopped']}"
    yield "Plan", str(attrs["plan"])


def render_command(attrs: Mapping[Any, Any]) -> str:
    """Return the command that repeats a search from the model text of the page, empty where none does.

    A search that a clock or a reader ended stops elsewhere when it is repeated, and a budget has no option.
    """
    found: dict[str, Any] = json.loads(attrs["arguments"])
    if attrs["stopped"] in ("time", "interrupted") or found.get("budget") is not None or attrs.get("exogenous"):
        return ""
    words = ["jitrisk", "optimize", _FILE]
    for name, option in _LISTS.items():
        words += [word for text in found.get(name) or () for word in (option, str(text))]
    for name, option in _TEXTS.items():
        words += [option, str(found[name])] if found.get(name) is not None else []
    if found.get("indifference") is not None:
        words += ["--indifference", str(found["indifference"])]
    words += ["--rare"] if found.get("rare") else []
    return shlex.join([*words, "--html", "plan.html"])
