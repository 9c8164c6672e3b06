"""``jitrisk report``: one HTML file for people without the program."""

from __future__ import annotations

from pathlib import Path

import click

from jitrisk.cli import completion
from jitrisk.cli.group import verb
from jitrisk.cli.options import Request, model_argument, outcomes_of, print_json, run_options


@verb("report", "Example: jitrisk report brake-valves --html brakes.html")
@model_argument
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE.html", required=True, help="The file to write.")
@click.option(
    "-s",
    "--strategy",
    "strategies",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.strategies,
    help="Only this one; may be repeated.",
)
@click.option(
    "--base",
    metavar="NAME",
    shell_complete=completion.strategies,
    help="Strategy the others are compared with.  [default: the first]",
)
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Level of the conditional value at risk.",
)
@click.option("--no-replay", is_flag=True, help="Run no path again: no fan charts and no story of a bad path.")
@run_options
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

    It opens without a network, and prints. MODEL is a model file, the name of an example, or a result written with
    --out.
    """
    from jitrisk import pipeline
    from jitrisk.report.documents import summed
    from jitrisk.report.writing import check_page

    check_page(html)
    outcomes = outcomes_of(model, strategies, request, base, lazily=True)
    summary = pipeline.write_report(
        outcomes, html, base=base, level=level, replay=not no_replay, threads=request.threads
    )
    click.echo(f"wrote {html}", err=True)
    if request.as_json:
        print_json(summed(summary))
