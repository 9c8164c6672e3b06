"""Render a result as one HTML page that needs no network, no other file and no server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import xarray as xr
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from jitrisk.printable import escape
from jitrisk.report.conclusion import list_sentences
from jitrisk.report.page import charts, sections
from jitrisk.report.page.charts import Chart, ChartRequest
from jitrisk.report.summary import Summary, summarize
from jitrisk.report.table import read_model_name, tabulate_comparison

# Names and texts of a model may hold characters that would end a script element or begin another.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}

# Words from right to left, which would reorder their neighbors: Hebrew, Arabic, Syriac, Thaana, N'Ko and others.
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_WORDS = re.compile(f"([{_RIGHT_TO_LEFT}]+(?: [{_RIGHT_TO_LEFT}]+)*)")


def render_page(
    outcomes: xr.Dataset,
    summary: Summary | None = None,
    *,
    outline: xr.Dataset | None = None,
    warnings: Sequence[tuple[str, ...]] = (),
    annual: xr.Dataset | None = None,
    trace: xr.Dataset | None = None,
    replay: xr.Dataset | None = None,
    unplayed: str = "",
) -> str:
    """Return the report of a result as one HTML page.

    It holds the question, the answer in two sentences, the table, the figures, the assumptions, the precision and the
    provenance. The same result gives the same text, to the last character.

    Parameters
    ----------
    outcomes : a result; one opened with :func:`jitrisk.datasets.open_lazily` is read variable by variable.
    summary : its summary, from :func:`jitrisk.report.summarize`, where it is computed already.
    outline : its model, from :func:`jitrisk.outline`; the network and the assumptions need it.
    warnings : the warnings about its model, each with its name, key, finding, effect and remedy.
    annual : the metrics of the last year of every path, from :func:`jitrisk.measure_last_year`, where paths are longer.
    trace : some paths period by period, from :func:`jitrisk.trace`; the fan charts need it.
    replay : one path, from :func:`jitrisk.replay`; the timeline and the log of a bad path need it.
    unplayed : why a replay that was to be shown is absent, empty otherwise.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a variable or holds a number that is not finite.
    """
    summary = summary or summarize(outcomes)
    names = summary.strategies

    def draw_charts(requests: Iterable[ChartRequest]) -> list[Chart]:
        return [charts.draw_chart(request, names) for request in requests]

    groups = {
        "result": draw_charts(charts.list_result_charts(summary, outcomes, annual)),
        "network": draw_charts(charts.list_model_charts(outline, outcomes, summary.base))
        if outline is not None
        else [],
        "trace": draw_charts(charts.list_trace_charts(trace)) if trace is not None else [],
        "replay": draw_charts(charts.list_replay_charts(replay)) if replay is not None else [],
        "precision": draw_charts(charts.list_precision_charts(summary)),
    }
    words = {
        "title": read_model_name(summary.statistics),
        "question": sections.render_question(summary),
        "answer": list_sentences(summary),
        "comparison": sections.convert_report_table(tabulate_comparison(summary), "The strategies side by side"),
        "warnings": sections.build_warning_table(warnings),
        "assumptions": sections.build_assumption_tables(outline) if outline is not None else (),
        "correlations": sections.describe_correlations(outline, names),
        "story": sections.build_replay_table(replay) if replay is not None else None,
        "unplayed": unplayed,
        "hazards": sections.build_occurrence_table(summary),
        "precision": sections.build_precision_table(summary) if summary.is_priced else None,
        "provenance": list(sections.list_provenance(outcomes)),
        "command": sections.render_command(outcomes),
        "model": sections.render_model_text(outcomes),
    }
    return _render_template(words, groups)


def _render_template(words: dict[str, Any], groups: dict[str, list[Chart]]) -> str:
    source, style, script = (_read_part(name) for name in ("page.html.j2", "page.css", "page.js"))
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_escape_text
    )
    environment.filters["isolated"] = _isolate_right_to_left
    data = {chart.key: [panel.to_dict() for panel in chart.panels] for chart in _list_drawn_charts(groups.values())}
    return environment.from_string(source).render(
        **words,
        charts=groups,
        safe=Markup,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(_encode_data(data)),
    )


def _escape_text(value: Any) -> Any:
    """Return a value of the template with every character of a text printable; markup stays as it is."""
    return escape(value, lines=True) if isinstance(value, str) and not isinstance(value, Markup) else value


def _isolate_right_to_left(text: str) -> Markup:
    """Return a text as HTML in which words from right to left do not reorder the words beside them."""
    odd = _WORDS.split(escape(text, lines=True))
    return Markup().join(Markup("<bdi>{}</bdi>").format(part) if i % 2 else part for i, part in enumerate(odd))


def _encode_data(data: dict[str, Any]) -> str:
    """Return plain values as JSON that may stand in a script element."""
    text = json.dumps(_escape_data(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def _escape_data(value: Any) -> Any:
    """Return plain values for a script with every text in them printable."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Mapping):
        return {key: _escape_data(one) for key, one in value.items()}
    return [_escape_data(one) for one in value] if isinstance(value, list | tuple) else value


def _list_drawn_charts(groups: Iterable[Sequence[Chart]]) -> Iterable[Chart]:
    return (chart for group in groups for chart in group if chart.panels)


def _read_part(name: str) -> str:
    return files("jitrisk.report.page").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash by which a content security policy allows a text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
