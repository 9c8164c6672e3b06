"""Options and arguments that several verbs share; those of a run are collected in a `Request`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from jitrisk.cli import completion
from jitrisk.cli.model_warnings import strict_option

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


def _parse_changes(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """Return the values of --set by their keys."""
    changes: dict[str, str] = {}
    for one in given:
        key, sign, value = (part.strip() for part in one.partition("="))
        if not (key and sign and value):
            raise click.UsageError(f"--set {one!r}: expected KEY=VALUE, such as stages.bike.value=350.")
        if key in changes:
            raise click.UsageError(f"--set {key!r} is given twice.")
        changes[key] = value
    return changes


def define_set_option(text: str, required: bool = False) -> Callable[[Any], Any]:
    """Return the option that gives values of a model by their keys, as a mapping."""
    return click.option(
        "--set", "changes", multiple=True, required=required, metavar="KEY=VALUE", callback=_parse_changes, help=text
    )


set_option = define_set_option("A value of the model by its key, as in the model file; may be repeated.")
"""The option of every verb that takes a model: it changes the model, or the prices of a result."""

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
    """Add the options of every verb that simulates; the verb takes them as one `request`.

    Those with an environment variable take the option first, then the variable, then the default.
    """

    @wraps(function)
    def call_with_request(**values: Any) -> Any:
        given = {field.name: values.pop(field.name) for field in fields(Request)}
        return function(request=Request(**given), **values)

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
    "--rare", is_flag=True, help="Sample rare hazards more often than they occur, and weight the paths accordingly."
)
"""The option of every verb that samples paths."""

_RUN_OPTIONS = (
    set_option,
    define_shared_option(
        "--paths", type=click.IntRange(1, 2**62), default=10_000, show_default=True, help="Paths to simulate."
    ),
    define_shared_option(
        "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of every draw."
    ),
    click.option("--until", metavar="TARGET", help="Add paths until a precision target is met, as in cost.cvar95:1%."),
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
        "--out", type=click.Path(path_type=Path), metavar="FILE.nc|FILE.zarr", help="Write the result of every path."
    ),
    click.option(
        "--keep",
        type=click.Choice(["outcomes", "metrics"]),
        default="outcomes",
        show_default=True,
        help="What --out keeps: all outcomes, or the metrics alone, which take a fraction of the space.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs."),
    strict_option,
    click.option("-q", "--quiet", is_flag=True, help="Print no progress and no forecast of the time."),
)


@dataclass(frozen=True)
class Request:
    """The options of a run."""

    changes: Mapping[str, str]
    paths: int
    until: str | None
    max_paths: int
    seed: int
    rare: bool
    threads: int | None
    out: Path | None
    keep: str
    as_json: bool
    strict: bool
    quiet: bool


def is_given(name: str) -> bool:
    """Return whether an option is given on the command line, not by the environment or a default."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE
