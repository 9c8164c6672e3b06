"""``jitrisk report``: one HTML file for readers without the program."""

from __future__ import annotations

from pathlib import Path

import click

from jitrisk.cli.group import define_verb
from jitrisk.cli.options import (
    Request,
    add_comparison_options,
    add_run_options,
    model_argument,
)
from jitrisk.cli.printing import print_json, print_written
from jitrisk.cli.results import simulate_or_open
from jitrisk.vocabulary import KEPT_METRICS


@define_verb("report", "Example: jitrisk report brake-valves --html brakes.html")
@model_argument
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE.html", required=True, help="The file to write.")
@add_comparison_options
@click.option("--no-replay", is_flag=True, help="Simulate no path again: no fan charts and no log of a bad path.")
@add_run_options
def command(
    model: str,
    html: Path,
    strategies: tuple[str, ...],
    base: str | None,
    level: float,
    no_replay: bool,
    request: Request,
) -> None:
    """Write a report: question, answer, figures, assumptions, precision and provenance in one HTML file.

    The file needs no network and can be printed. MODEL is a model file, the name of an example, or a result written
    with --out.
    """
    from jitrisk import pipeline
    from jitrisk.report.json_documents import build_summary_document
    from jitrisk.report.writing import check_page

    check_page(html)
    if request.keep == KEPT_METRICS:
        raise click.UsageError("a report shows more than metrics: leave --keep out, or use jitrisk compare.")
    outcomes = simulate_or_open(model, strategies, request, base, lazily=True)
    summary = pipeline.write_report(
        outcomes, html, base=base, level=level, replay=not no_replay, threads=request.threads
    )
    print_written(html)
    if request.as_json:
        print_json(build_summary_document(summary))
