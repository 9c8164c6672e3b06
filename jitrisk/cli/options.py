"""Options that several verbs share, and how a run is asked for and shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from jitrisk.cli import completion
from jitrisk.cli.group import UNWRITTEN
from jitrisk.cli.printing import print_document, print_written
from jitrisk.cli.simulating import REACHED, run_simulation
from jitrisk.cli.warned import WARNED, print_result_warnings, print_warnings, strict_option
from jitrisk.errors import format_suggestion

if TYPE_CHECKING:
    import xarray as xr

model_argument = click.argument("model", shell_complete=completion.complete_models)
"""The argument of every verb that takes a model, or a result in its place."""

strategy_option = click.option(
    "-s",
    "--strategy",
    required=True,
    metavar="NAME",
    shell_complete=completion.complete_strategies,
    help="The strategy to run.",
)
"""The option of every verb about one strategy."""

_COMPARISON_OPTIONS = (
    click.option(
        "-s",
        "--strategy",
        "strategies",
        multiple=True,
        metavar="NAME",
        shell_complete=completion.complete_strategies,
        help="Only this one; may be repeated.",
    ),
    click.option(
        "--base",
        metavar="NAME",
        shell_complete=completion.complete_strategies,
        help="Strategy the others are compared with.  [default: the first]",
    ),
    click.option(
        "--level",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.95,
        show_default=True,
        help="Level of the conditional value at risk.",
    ),
)


def add_comparison_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every verb that compares strategies."""
    return _add_options(function, _COMPARISON_OPTIONS)


def add_run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every verb that simulates, handed to it as one `request`.

    Those with an environment variable take the option first, then the variable, then the default.
    """

    @wraps(function)
    def call_with_request(**values: Any) -> Any:
        asked = {field.name: values.pop(field.name) for field in fields(Request)}
        return function(request=Request(**asked), **values)

    return _add_options(call_with_request, _RUN_OPTIONS)


def _add_options(function: Callable[..., Any], options: Sequence[Callable[[Any], Any]]) -> Callable[..., Any]:
    for option in reversed(options):
        function = option(function)
    return function


def define_shared_option(*names: str, **attributes: Any) -> Callable[[Any], Any]:
    """Return an option that may also be set by an environment variable of its name."""
    variable = "JITRISK_" + names[0].lstrip("-").upper()
    return click.option(*names, envvar=variable, show_envvar=True, **attributes)


rare_option = click.option(
    "--rare", is_flag=True, help="Sample rare hazards more often than they occur, and weigh the paths accordingly."
)
"""The option of every verb that samples paths."""

_RUN_OPTIONS = (
    define_shared_option(
        "--paths", type=click.IntRange(1, 2**62), default=10_000, show_default=True, help="Paths to simulate."
    ),
    define_shared_option(
        "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of every draw."
    ),
    click.option("--until", metavar="TARGET", help="Add paths until an estimate is as precise, as in cost.cvar95:1%."),
    click.option(
        "--max-paths",
        type=click.IntRange(1, 2**62),
        default=10_000_000,
        show_default=True,
        help="Paths at most, with --until.",
    ),
    rare_option,
    define_shared_option("--threads", type=click.IntRange(min=1), help="Threads to use.  [default: all cores]"),
    click.option(
        "--out", type=click.Path(path_type=Path), metavar="FILE.nc|FILE.zarr", help="Keep every path's outcomes."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs."),
    strict_option,
    click.option("-q", "--quiet", is_flag=True, help="Show neither progress nor how long it will take."),
)


@dataclass(frozen=True)
class Request:
    """What the options of a run ask for."""

    paths: int
    until: str | None
    max_paths: int
    seed: int
    rare: bool
    threads: int | None
    out: Path | None
    as_json: bool
    strict: bool
    quiet: bool


def simulate_or_open(
    source: str, strategies: Sequence[str], request: Request, base: str | None = None, lazily: bool = False
) -> xr.Dataset:
    """Simulate a model, or read back a result given in its place; keep it where asked.

    Parameters
    ----------
    source : name of an example, a model file, or a result.
    strategies : names of the strategies wanted; none for all.
    request : the options of the run.
    base : a strategy that must be among them.
    lazily : whether a kept result stays in its file until the verb ends, and is read as it is used.
    """
    from jitrisk import datasets, pipeline
    from jitrisk.arguments import parse_strategies

    _refuse_conflicting_options(request)
    check_out(request.out, source)
    if datasets.is_result(source):
        _refuse_unused_options(source)
        context = click.get_current_context()
        kept = context.with_resource(datasets.open_lazily(source)) if lazily else pipeline.open(source)
        result = datasets.select_strategies(kept, strategies)
        _require_base(base, [str(name) for name in result.indexes.get("strategy", [])])
        print_result_warnings(result, request.strict)
    else:
        network = pipeline.load(source)
        names = list(parse_strategies(network, strategies or None))
        _require_base(base, names)
        print_warnings(network, request.strict, names)
        result = run_simulation(network, names, request)
    keep(result, request.out)
    return result


def check_out(out: Path | None, source: str) -> None:
    """Refuse what a result cannot be kept in, and to write over the one that is read, before any work is done."""
    from jitrisk import datasets

    if out is not None:
        datasets.check_result_file(out)
        if os.path.realpath(out) == os.path.realpath(source):
            raise click.UsageError(f"{source!r} is read and would be written over: choose another name for --out.")


def keep(dataset: xr.Dataset, out: Path | None) -> None:
    """Keep a result where asked, and say so; elsewhere if it cannot be written there.

    The verb goes on to print its figures then, and fails when it has.
    """
    from jitrisk import pipeline
    from jitrisk.errors import ResultError
    from jitrisk.files.atomic_files import keep_elsewhere

    if out is None:
        return
    try:
        pipeline.save(dataset, out)
    except ResultError as error:
        where = keep_elsewhere(out, dataset.nbytes, lambda place: pipeline.save(dataset, place))
        failure = ResultError(f"{error}; {where}")
        failure.__cause__ = error
        click.get_current_context().meta[UNWRITTEN] = failure
    else:
        print_written(out)


def _require_base(base: str | None, names: Sequence[str]) -> None:
    if base is not None and base not in names:
        hint = format_suggestion(base, names)
        raise click.UsageError(f"--base {base!r} is not among the strategies compared, {', '.join(names)}{hint}")


def is_given(name: str) -> bool:
    """Whether an option stands on the command line; one from the environment gives way."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def _refuse_conflicting_options(request: Request) -> None:
    if request.until is not None and is_given("paths"):
        raise click.UsageError("--until finds out how many paths it takes: leave --paths out; --max-paths limits them.")
    if request.until is None and is_given("max_paths"):
        raise click.UsageError("--max-paths limits the paths of --until: without it, --paths says how many.")


def _refuse_unused_options(source: str) -> None:
    """Refuse options that would be ignored."""
    for name in ("paths", "until", "seed", "rare", "threads"):
        if is_given(name):
            raise click.UsageError(f"{source!r} is a result, simulated already: leave --{name} out.")


def print_json(document: dict[str, Any]) -> None:
    """Print one document for programs on stdout.

    A run that had a precision to reach says under `until` what it is; warnings about the model stand under `warnings`.
    """
    meta = click.get_current_context().meta
    print_document(document | meta.get(REACHED, {}) | meta.get(WARNED, {}))
