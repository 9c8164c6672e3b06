"""``jitrisk reprice``: a stored result at other prices, without simulating again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from jitrisk.cli.group import define_verb
from jitrisk.cli.options import define_set_option
from jitrisk.cli.printing import print_json, print_tables
from jitrisk.cli.results import check_out, keep


@define_verb(
    "reprice", "Example: jitrisk reprice plant.nc --set stages.bike.value=350 --set 'holding_rate=15 % / year'"
)
@click.argument("result")
@define_set_option("A price by its key, as in the model file; may be repeated.", required=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.nc|FILE.zarr", help="Keep the new result.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
def command(result: str, changes: Mapping[str, str], out: Path | None, as_json: bool) -> None:
    """Show a result at other prices: the changes, and the new comparison of the strategies.

    RESULT is a result written with --out. KEY is a price of its model, such as stages.bike.value, holding_rate or
    strategies.jic.stages.bike.value; anything else takes a new simulation.
    """
    from jitrisk import datasets, pipeline
    from jitrisk.report import build_comparison_table, build_reprice_document, build_reprice_table
    from jitrisk.studies.reprice import reprice

    if not datasets.is_result(result):
        raise click.UsageError(f"{result!r} is no result: keep one with 'jitrisk compare MODEL --out FILE.nc' first.")
    check_out(out, result)
    before = pipeline.open(result)
    after = reprice(before, changes)
    # Tables are built first, so that faults of the result are found before anything is written.
    if as_json:
        show = partial(print_json, build_reprice_document(before, after))
    else:
        show = partial(print_tables, build_reprice_table(before, after), build_comparison_table(after))
    keep(after, out)
    show()
