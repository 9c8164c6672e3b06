"""``jitrisk compare``: the strategies of a model side by side on the same paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jitrisk.cli.group import define_verb
from jitrisk.cli.options import (
    Request,
    add_comparison_options,
    add_run_options,
    model_argument,
)
from jitrisk.cli.printing import print_json, print_tables
from jitrisk.cli.results import simulate_or_open
from jitrisk.cli.simulation import show_metrics

if TYPE_CHECKING:
    import xarray as xr

    from jitrisk.report.textplot import Kind


class PlotKind(click.Choice[str]):
    """Kinds of plots; a model after a bare --plot is read as one of them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the kind; the error about another word names the kinds and the place of the model."""
        if value not in self.choices:
            kinds = " or ".join(self.choices)
            self.fail(f"{value!r} is not {kinds}; a model stands before a bare --plot.", param, ctx)
        return str(value)


@define_verb("compare", "Example: jitrisk compare brake-valves -s jit -s hybrid --paths 200000")
@model_argument
@add_comparison_options
@click.option(
    "--plot",
    type=PlotKind(("histogram", "exceedance")),
    is_flag=False,
    flag_value="histogram",
    help="Draw the cost or profit of all strategies in characters: a histogram, or the amount exceeded once in so many "
    "years.  [default: histogram]",
)
@add_run_options
def command(
    model: str, strategies: tuple[str, ...], base: str | None, level: float, plot: Kind | None, request: Request
) -> None:
    """Compare strategies: cost, risk, downtime, stockouts, and the share of paths on which each is best.

    MODEL is a model file, the name of an example, or a result written with --out.
    """
    from jitrisk.report import build_comparison_table, build_document, build_text_plot

    if plot and request.as_json:
        raise click.UsageError("--plot draws for people, --json prints for programs: choose one of them.")
    outcomes = simulate_or_open(model, strategies, request, base, shown=show_metrics)
    if request.as_json:
        print_json(build_document(outcomes, base, level))
    else:
        table = build_comparison_table(outcomes, base, level)
        print_tables(
            *([table, build_text_plot(_select_last_year(outcomes, plot, request.threads), plot)] if plot else [table])
        )


def _select_last_year(outcomes: xr.Dataset, plot: Kind, threads: int | None) -> xr.Dataset:
    """Return the last year of every path where paths are longer; where there is none, a histogram shows whole paths."""
    from jitrisk.errors import ResultError
    from jitrisk.studies.last_year import measure_last_year

    try:
        return measure_last_year(outcomes, threads=threads)
    except ResultError:
        if plot == "exceedance":
            raise
        return outcomes
