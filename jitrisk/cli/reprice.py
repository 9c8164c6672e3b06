"""``jitrisk reprice``: a kept result at other prices, without simulating again."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from jitrisk.cli.group import define_verb
from jitrisk.cli.options import check_out, keep, print_json
from jitrisk.cli.printing import print_sheets


@define_verb(
    "reprice", "Example: jitrisk reprice plant.nc --set stages.bike.value=350 --set 'holding_rate=15 % / year'"
)
@click.argument("result")
@click.option(
    "--set", "prices", multiple=True, required=True, metavar="KEY=VALUE", help="A price, as in the model file."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.nc|FILE.zarr", help="Keep the new result.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
def command(result: str, prices: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    """Show a result at other prices: what changes, and the strategies compared anew.

    RESULT is a result written with --out. KEY is a price of its model, such as stages.bike.value, holding_rate or
    strategies.jic.stages.bike.value; anything else takes a new simulation.
    """
    from jitrisk import datasets, pipeline
    from jitrisk.report import build_comparison_table, build_reprice_document, build_reprice_table

    if not datasets.is_result(result):
        raise click.UsageError(f"{result!r} is no result: keep one with 'jitrisk compare MODEL --out FILE.nc' first.")
    changes = _parse_changes(prices)
    check_out(out, result)
    before = pipeline.open(result)
    after = pipeline.reprice(before, changes)
    # Whatever is wrong with the result comes up before anything is written.
    if as_json:
        show = partial(print_json, build_reprice_document(before, after))
    else:
        show = partial(print_sheets, build_reprice_table(before, after), build_comparison_table(after))
    keep(after, out)
    show()


def _parse_changes(prices: tuple[str, ...]) -> dict[str, str]:
    changes: dict[str, str] = {}
    for price in prices:
        key, sign, value = (part.strip() for part in price.partition("="))
        if not (key and sign and value):
            raise click.UsageError(f"--set {price!r}: expected KEY=VALUE, such as stages.bike.value=350.")
        if key in changes:
            raise click.UsageError(f"--set {key!r} is given twice.")
        changes[key] = value
    return changes
