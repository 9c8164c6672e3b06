"""The page of a study, whatever the study is: question, answer, tables, figures, model and provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jitrisk.report.page.charts import ChartRequest, draw_chart
from jitrisk.report.page.rendering import render_template
from jitrisk.report.page.sections import PageTable


@dataclass(frozen=True)
class StudyPage:
    """What the page of a study says.

    Attributes
    ----------
    title : the name of the model.
    question : the question that the study answers.
    answer : the answer, in sentences.
    tables : its figures in tables.
    charts : its figures, drawn when the page is rendered.
    strategies : the strategies that a reader may hide in figures.
    provenance : where it comes from: terms and what they are.
    command : the command that repeats it from the model text, empty where none does.
    model : the model as text that `load` reads.
    assumptions : sentences on what it is computed from.
    """

    title: str
    question: str
    answer: Sequence[str]
    tables: Sequence[PageTable]
    charts: Sequence[ChartRequest]
    strategies: Sequence[str]
    provenance: Sequence[tuple[str, str]]
    command: str
    model: str
    assumptions: Sequence[str] = ()


def render_study_page(page: StudyPage) -> str:
    """Return the page of a study as one HTML file that needs no network; the same study gives the same text.

    Parameters
    ----------
    page : what it says.
    """
    charts = [draw_chart(request, page.strategies) for request in page.charts]
    names = ("title", "question", "answer", "tables", "provenance", "command", "model", "assumptions")
    return render_template("study.html.j2", {name: getattr(page, name) for name in names}, charts, charts)
