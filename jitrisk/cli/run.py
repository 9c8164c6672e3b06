"""``jitrisk run``: one strategy, with its cost taken apart."""

from __future__ import annotations

import click

from jitrisk.cli.group import verb
from jitrisk.cli.options import Request, outcomes_of, print_json, print_sheets, run_options


@verb("run", "Example: jitrisk run brake-valves --strategy jit --out jit.nc")
@click.argument("model")
@click.option("-s", "--strategy", required=True, metavar="NAME", help="The strategy to run.")
@run_options
def command(model: str, strategy: str, request: Request) -> None:
    """Run one strategy: its risk, and its cost by component.

    MODEL is a model file, the name of an example, or a result written with --out.
    """
    from jitrisk.report import compare_table, cost_table, document

    outcomes = outcomes_of(model, [strategy], request)
    if request.as_json:
        print_json(document(outcomes))
    else:
        print_sheets(compare_table(outcomes), cost_table(outcomes))
