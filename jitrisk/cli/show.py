"""``jitrisk show``: the contents of a model, as text or as a diagram, without a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from jitrisk.cli import completion
from jitrisk.cli.group import define_verb
from jitrisk.cli.model_warnings import print_warnings, strict_option
from jitrisk.cli.options import model_argument, set_option
from jitrisk.cli.printing import print_json, print_tables, print_written
from jitrisk.cli.results import change_prices


@define_verb("show", "Example: jitrisk show brake-valves --strategy hybrid --out network.svg")
@model_argument
@click.option(
    "-s",
    "--strategy",
    metavar="NAME",
    shell_complete=completion.complete_strategies,
    help="The strategy that is shown.  [default: the first]",
)
@set_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE.svg|FILE.png|FILE.pdf",
    help="Draw the network instead; that of a result says where time is lost.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
@strict_option
def command(
    model: str, strategy: str | None, changes: Mapping[str, str], out: Path | None, as_json: bool, strict: bool
) -> None:
    """Show the contents of a model: stages, policies, customers, hazards, and the changes of each strategy.

    MODEL is a model file, the name of an example, or a result written with --out.
    """
    from jitrisk import datasets, pipeline
    from jitrisk.arguments import load_network
    from jitrisk.report import build_outline_document, network, summarize_model
    from jitrisk.report.writing import check_figure, write_figure

    if out is not None:
        check_figure(out)
    context = click.get_current_context()
    result = None
    if datasets.is_result(model):
        result = change_prices(context.with_resource(datasets.open_lazily(model)), changes)
    loaded = load_network(model).patched(changes) if result is None else load_network(result)
    print_warnings(loaded, strict)
    outline = pipeline.outline(loaded)
    if result is not None and strategy is None and "strategy" in result.coords:
        strategy = str(result["strategy"].values.ravel()[0])  # a replay has one, without a dimension
    if out is not None:
        write_figure(network(outline, result, strategy), out)
        print_written(out)
    if as_json:
        print_json(build_outline_document(outline, strategy))
    elif out is None:
        print_tables(summarize_model(outline, strategy))
