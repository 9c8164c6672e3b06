"""``jitrisk run``: one strategy, with its cost taken apart."""

from __future__ import annotations

from jitrisk.cli.group import verb
from jitrisk.cli.options import (
    Request,
    model_argument,
    outcomes_of,
    print_json,
    run_options,
    strategy_option,
)
from jitrisk.cli.printing import print_sheets


@verb("run", "Example: jitrisk run brake-valves --strategy jit --out jit.nc")
@model_argument
@strategy_option
@run_options
def command(model: str, strategy: str, request: Request) -> None:
    """Run one strategy: its risk, and its cost by component, by stage and by customer.

    MODEL is a model file, the name of an example, or a result written with --out.
    """
    from jitrisk.report import compare_table, cost_table, document, ownership_table, profit_table

    outcomes = outcomes_of(model, [strategy], request)
    if request.as_json:
        print_json(document(outcomes))
    else:
        tables = (table(outcomes) for table in (compare_table, cost_table, profit_table, ownership_table))
        print_sheets(*filter(None, tables))
