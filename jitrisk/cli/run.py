"""``jitrisk run``: one strategy, with its cost by component, stage and customer."""

from __future__ import annotations

from jitrisk.cli.group import define_verb
from jitrisk.cli.options import (
    Request,
    add_run_options,
    model_argument,
    strategy_option,
)
from jitrisk.cli.printing import print_json, print_tables
from jitrisk.cli.results import simulate_or_open


@define_verb("run", "Example: jitrisk run brake-valves --strategy jit --out jit.nc")
@model_argument
@strategy_option
@add_run_options
def command(model: str, strategy: str, request: Request) -> None:
    """Run one strategy: its risk, and its cost by component, by stage and by customer.

    MODEL is a model file, the name of an example, or a result written with --out.
    """
    from jitrisk.report import (
        build_comparison_table,
        build_cost_table,
        build_document,
        build_ownership_table,
        build_profit_table,
    )

    outcomes = simulate_or_open(model, [strategy], request)
    if request.as_json:
        print_json(build_document(outcomes))
    else:
        tables = (
            table(outcomes)
            for table in (build_comparison_table, build_cost_table, build_profit_table, build_ownership_table)
        )
        print_tables(*filter(None, tables))
