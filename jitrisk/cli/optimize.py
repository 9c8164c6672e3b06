"""``jitrisk optimize``: the levels and choices of a model that are best, and how sure that is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jitrisk.cli import completion
from jitrisk.cli.group import INTERRUPTED, UNWRITTEN, define_verb
from jitrisk.cli.model_warnings import print_warnings, strict_option
from jitrisk.cli.options import define_shared_option, model_argument, rare_option, set_option
from jitrisk.cli.printing import print_json, print_tables, print_written
from jitrisk.cli.quantity_options import parse_duration, parse_share
from jitrisk.cli.results import write_or_keep
from jitrisk.cli.simulation import print_warnings_as_lines, show_progress
from jitrisk.files.stop_signals import catch_interrupt

if TYPE_CHECKING:
    import xarray as xr

    from jitrisk.model import Network

_MODELS = (".yaml", ".yml", ".json")
_STOPPING = "jitrisk: stopping, with the best plan so far; Ctrl-C again ends at once"


@define_verb(
    "optimize",
    "Example: jitrisk optimize brake-valves -s jit --subject 'fill_rate.mean >= 98%' --time-limit '60 s' "
    "--out plan.yaml",
)
@model_argument
@click.option(
    "--vary",
    multiple=True,
    metavar="KEY[=FROM..TO[:STEP]]",
    help="A level that may vary, and between which bounds; may be repeated.  [default: those of the model's decisions, "
    "else the levels of all policies]",
)
@click.option(
    "--minimize",
    metavar="TEXT",
    help="What to minimize, such as cost.cvar95 or '0.7*cost.mean + 0.3*cost.cvar95'.  [default: mean cost; where "
    "the model has a price, mean profit is maximized]",
)
@click.option(
    "--subject",
    multiple=True,
    metavar="TEXT",
    help="What the plan must meet, such as 'fill_rate.mean >= 98%'; may be repeated.",
)
@click.option(
    "-s",
    "--strategy",
    metavar="NAME",
    shell_complete=completion.complete_strategies,
    help="The strategy that the plan builds upon.  [default: the model without a strategy]",
)
@set_option
@define_shared_option(
    "--paths",
    type=click.IntRange(1, 2**62),
    default=10_000,
    show_default=True,
    help="Fresh paths that the plan is judged on.",
)
@define_shared_option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of every draw."
)
@rare_option
@define_shared_option("--threads", type=click.IntRange(min=1), help="Threads to use.  [default: all cores]")
@click.option(
    "--time-limit",
    metavar="DURATION",
    callback=parse_duration,
    help="Time after which the search ends, such as '10 min' or 60 (seconds).",
)
@click.option(
    "--indifference",
    metavar="SHARE",
    callback=parse_share,
    help="Difference too small to matter, as a share of the objective, such as 0.5%.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="PLAN.yaml", help="Write the model with the plan as a strategy."
)
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page for readers.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
@strict_option
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def command(
    model: str,
    changes: Mapping[str, str],
    out: Path | None,
    html: Path | None,
    as_json: bool,
    strict: bool,
    quiet: bool,
    **search: Any,
) -> int | None:
    """Search for the best plan: which stages run on cards, which hold stock, how much, and how sure that is.

    MODEL is a model file or the name of an example. A plan has a value for each level, policy and investment that may
    vary. It becomes the strategy `optimized` and is judged on paths that the search did not use. Ctrl-C ends the search
    with the best plan so far.
    """
    from jitrisk import pipeline

    _check_targets(model, changes, out, html)
    network = pipeline.load(model).patched(changes)
    print_warnings(network, strict)
    study = _search(network, search, quiet)
    show = _prepare(study, as_json)
    if out is not None:
        _write_plan(model, study, out)
    if html is not None:
        _write_page(study, html)
    show()
    return INTERRUPTED if study.attrs["stopped"] == "interrupted" else None


def _search(network: Network, search: Mapping[str, Any], quiet: bool) -> xr.Dataset:
    from jitrisk.studies.optimize import optimize

    with (
        catch_interrupt(_STOPPING) as is_stopped,
        show_progress(quiet, "searching") as progress,
        print_warnings_as_lines(),
    ):
        return optimize(network, **search, progress=progress, is_stopped=is_stopped)


def _prepare(study: xr.Dataset, as_json: bool) -> partial[None]:
    """Return what prints the study; it is laid out before anything is written."""
    from jitrisk.report import build_optimization_document, build_optimization_tables

    if as_json:
        return partial(print_json, build_optimization_document(study))
    return partial(print_tables, build_optimization_tables(study))


def _check_targets(model: str, changes: Mapping[str, str], out: Path | None, html: Path | None) -> None:
    """Refuse, before any work is done, a result in place of a model, and files that could not be written."""
    from jitrisk import datasets
    from jitrisk.report.writing import check_page

    if datasets.is_result(model):
        raise click.UsageError(f"{model!r} is a result, and a search simulates: give the model.")
    if html is not None:
        check_page(html)
    if out is None:
        return
    if changes:
        raise click.UsageError(
            "--out adds the plan to the model file, which --set leaves as it is: edit the file, or leave out one."
        )
    _check_plan(model, out)


def _check_plan(model: str, out: Path) -> None:
    """Refuse a file that is no model file, the model itself, and one that holds something else than an earlier plan."""
    from jitrisk import pipeline
    from jitrisk.errors import ModelError, ResultError
    from jitrisk.files.atomic_files import check_folder
    from jitrisk.files.regular_files import identify_special_file
    from jitrisk.study_variables import OPTIMIZED

    if out.suffix not in _MODELS:
        raise ResultError(f"{out}: unknown kind of file {out.suffix!r}: allowed are {', '.join(_MODELS)}")
    if (out.suffix == ".json") != (Path(model).suffix == ".json"):
        raise ResultError(f"{out}: the plan is the text of {model} with one more strategy: give it the same suffix")
    check_folder(out)
    if kind := identify_special_file(out):
        raise ResultError(f"{out}: is {kind}: choose another name")
    if os.path.realpath(out) == os.path.realpath(model):
        raise click.UsageError(f"{model!r} is read and would be written over: choose another name for --out.")
    if not out.exists():
        return
    try:
        is_plan = OPTIMIZED in pipeline.load(out).strategies
    except ModelError:
        is_plan = False
    if not is_plan:
        raise ResultError(
            f"{out}: exists and has no strategy {OPTIMIZED!r} of an earlier plan: choose another name, or move it away"
        )


def _write_plan(model: str, study: xr.Dataset, out: Path) -> None:
    from jitrisk.studies.optimize import write_plan

    write_or_keep(out, 2 * len(study.attrs["model"].encode()), lambda place: write_plan(model, study, place))


def _write_page(study: xr.Dataset, html: Path) -> None:
    """Write the page; where it cannot be written, the verb prints its figures all the same and fails at its end."""
    from jitrisk.errors import ResultError
    from jitrisk.report import write_optimization_page

    try:
        write_optimization_page(study, html)
    except ResultError as error:
        click.get_current_context().meta[UNWRITTEN] = error
    else:
        print_written(html)
