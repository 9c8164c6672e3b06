"""Render a result as one HTML page that needs no network, no other file and no server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import xarray as xr

from jitrisk.report.conclusion import list_sentences
from jitrisk.report.page import charts, sections
from jitrisk.report.page.charts import Chart, ChartRequest
from jitrisk.report.page.rendering import render_template
from jitrisk.report.summary import Summary, summarize
from jitrisk.report.table import read_model_name, tabulate_comparison


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
    return render_template("page.html.j2", words, groups, [chart for group in groups.values() for chart in group])
