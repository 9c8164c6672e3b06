"""Options that several verbs share, and how a run is asked for and shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    import xarray as xr

RESULT_SUFFIXES = (".nc", ".zarr")


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every verb that simulates, handed to it as one `request`.

    Those with an environment variable take the option first, then the variable, then the default.
    """

    @wraps(function)
    def verb(**values: Any) -> Any:
        asked = {field.name: values.pop(field.name) for field in fields(Request)}
        return function(request=Request(**asked), **values)

    decorated: Callable[..., Any] = verb
    for option in reversed(_RUN_OPTIONS):
        decorated = option(decorated)
    return decorated


def _option(*names: str, **attributes: Any) -> Callable[[Any], Any]:
    variable = "JITRISK_" + names[0].lstrip("-").upper()
    return click.option(*names, envvar=variable, show_envvar=True, **attributes)


_RUN_OPTIONS = (
    _option("--paths", type=click.IntRange(1, 2**62), default=10_000, show_default=True, help="Paths to simulate."),
    _option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of every draw."),
    _option("--threads", type=click.IntRange(min=1), help="Threads to use.  [default: all cores]"),
    click.option(
        "--out", type=click.Path(path_type=Path), metavar="FILE.nc|FILE.zarr", help="Keep every path's outcomes."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs."),
    click.option("-q", "--quiet", is_flag=True, help="Show no progress."),
)


@dataclass(frozen=True)
class Request:
    """What the options of a run ask for."""

    paths: int
    seed: int
    threads: int | None
    out: Path | None
    as_json: bool
    quiet: bool


def outcomes_of(source: str, strategies: Sequence[str], request: Request) -> xr.Dataset:
    """Simulate a model, or read back a result given in its place; keep it where asked.

    Parameters
    ----------
    source : name of an example, a model file, or a result.
    strategies : names of the strategies wanted; none for all.
    request : the options of the run.
    """
    from jitrisk import outcomes, pipeline

    if request.out is not None:
        outcomes.check_target(request.out)
    if Path(source).suffix in RESULT_SUFFIXES:
        _refuse_what_a_result_has(source, request.out)
        result = outcomes.select_strategies(pipeline.open(source), strategies)
    else:
        network = pipeline.load(source)
        with progress_bar(request.quiet) as progress:
            result = pipeline.simulate(
                network,
                request.paths,
                request.seed,
                strategies=strategies or None,
                threads=request.threads,
                progress=progress,
            )
    if request.out is not None:
        pipeline.save(result, request.out)
        click.echo(f"wrote {request.out}", err=True)
    return result


def _refuse_what_a_result_has(source: str, out: Path | None) -> None:
    """Refuse options that would be ignored, and to write a result over with a part of itself."""
    context = click.get_current_context()
    for name in ("paths", "seed", "threads"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{source!r} is a result, simulated already: leave --{name} out.")
    if out is not None and out.resolve() == Path(source).resolve():
        raise click.UsageError(f"{source!r} is read and would be written over: choose another name for --out.")


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show progress with the time left on stderr, where a person looks at it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("simulating"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_json(document: dict[str, Any]) -> None:
    """Print one document for programs on stdout."""
    click.echo(json.dumps(document, indent=2))


def print_sheets(*sheets: Any) -> None:
    """Print sheets for people on stdout, as wide as the terminal is."""
    from rich.console import Console

    console = Console(highlight=False)
    for i, sheet in enumerate(sheets):
        if i:
            console.print()
        console.print(sheet)
