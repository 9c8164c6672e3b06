"""``jitrisk compare``: the strategies of a model side by side on the same luck."""

from __future__ import annotations

import click

from jitrisk.cli.group import verb
from jitrisk.cli.options import Request, outcomes_of, print_json, print_sheets, run_options


@verb("compare", "Example: jitrisk compare brake-valves -s jit -s hybrid --paths 200000")
@click.argument("model")
@click.option("-s", "--strategy", "strategies", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.option("--base", metavar="NAME", help="Strategy the others are compared with.  [default: the first]")
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Level of the conditional value at risk.",
)
@run_options
def command(model: str, strategies: tuple[str, ...], base: str | None, level: float, request: Request) -> None:
    """Compare strategies: cost, risk, downtime, stockouts, and who wins how often.

    MODEL is a model file, the name of an example, or a result written with --out.
    """
    from jitrisk.report import compare_table, document

    outcomes = outcomes_of(model, strategies, request)
    if request.as_json:
        print_json(document(outcomes, base, level))
    else:
        print_sheets(compare_table(outcomes, base, level))
