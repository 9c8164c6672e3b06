"""``jitrisk run``: one strategy, with its cost by component, stage and customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitrisk.cli.group import define_verb
from jitrisk.cli.options import (
    Request,
    add_run_options,
    model_argument,
    strategy_option,
)
from jitrisk.cli.printing import echo, print_json, print_tables
from jitrisk.cli.results import simulate_or_open
from jitrisk.cli.simulation import show_metrics
from jitrisk.vocabulary import KEPT, KEPT_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitrisk.arguments import OutcomesAsked
    from jitrisk.model import Network


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

    outcomes = simulate_or_open(model, [strategy], request, shown=show_metrics if request.as_json else _show_costs)
    if request.as_json:
        print_json(build_document(outcomes))
        return
    of_costs = (build_cost_table, build_profit_table, build_ownership_table)
    keeps_metrics = outcomes.attrs.get(KEPT) == KEPT_METRICS
    tables = (table(outcomes) for table in (build_comparison_table, *(() if keeps_metrics else of_costs)))
    print_tables(*filter(None, tables))
    if keeps_metrics:
        echo("Cost by component, stage and customer is not known from metrics alone: use --keep outcomes.", err=True)


def _show_costs(network: Network, strategies: Mapping[str, Network]) -> OutcomesAsked:
    from jitrisk.studies.keeping import list_cost_outcomes

    return list_cost_outcomes(network, strategies)
