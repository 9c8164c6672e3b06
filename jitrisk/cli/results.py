"""Results on the command line: simulated, or read from a file in place of a model, and written where asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jitrisk.cli.group import UNWRITTEN
from jitrisk.cli.model_warnings import print_result_warnings, print_warnings
from jitrisk.cli.options import Request, is_given
from jitrisk.cli.printing import print_written
from jitrisk.cli.simulation import run_simulation
from jitrisk.errors import format_suggestion

if TYPE_CHECKING:
    import xarray as xr

    from jitrisk.cli.simulation import Shown


def simulate_or_open(
    source: str,
    strategies: Sequence[str],
    request: Request,
    base: str | None = None,
    lazily: bool = False,
    shown: Shown = None,
) -> xr.Dataset:
    """Simulate a model with the changes asked for, or read a result at other prices; write it to a file where asked.

    Parameters
    ----------
    source : name of an example, a model file, or a result.
    strategies : names of the strategies; none for all.
    request : the options of the run.
    base : a strategy that must be among them.
    lazily : whether a stored result stays in its file until the verb ends, and is read as it is used.
    shown : what the verb shows, as `run_simulation` takes it.
    """
    from jitrisk import datasets, pipeline
    from jitrisk.arguments import parse_strategies

    _refuse_conflicting_options(request)
    check_out(request.out, source)
    if datasets.is_result(source):
        _refuse_unused_options(source)
        context = click.get_current_context()
        stored = context.with_resource(datasets.open_lazily(source)) if lazily else pipeline.open(source)
        result = change_prices(datasets.select_strategies(stored, strategies), request.changes)
        _require_base(base, [str(name) for name in result.indexes.get("strategy", [])])
        print_result_warnings(result, request.strict)
    else:
        network = pipeline.load(source).patched(request.changes)
        names = list(parse_strategies(network, strategies or None))
        _require_base(base, names)
        print_warnings(network, request.strict, names)
        result = run_simulation(network, names, request, shown)
    keep(result, request.out)
    return result


def change_prices(result: xr.Dataset, changes: Mapping[str, str]) -> xr.Dataset:
    """Return a stored result at other prices; raise ModelError where a key is not that of a price."""
    from jitrisk.studies.reprice import reprice

    return reprice(result, changes) if changes else result


def check_out(out: Path | None, source: str) -> None:
    """Refuse, before any work is done, a file that cannot hold a result, and the one that is read."""
    from jitrisk import datasets

    if out is not None:
        datasets.check_result_file(out)
        if os.path.realpath(out) == os.path.realpath(source):
            raise click.UsageError(f"{source!r} is read and would be written over: choose another name for --out.")


def keep(dataset: xr.Dataset, out: Path | None) -> None:
    """Write a result to a file and print its name, as :func:`write_or_keep` does."""
    from jitrisk import pipeline

    if out is not None:
        write_or_keep(out, dataset.nbytes, lambda place: pipeline.save(dataset, place))


def write_or_keep(out: Path, size: int, write: Callable[[Path], object]) -> None:
    """Write a file and print its name; write it to another place where that one cannot be written.

    The verb then prints its figures all the same, and fails at its end.

    Parameters
    ----------
    out : the file.
    size : bytes that it takes.
    write : writes to the path that it is called with, or raises ResultError.
    """
    from jitrisk.errors import ResultError
    from jitrisk.files.atomic_files import keep_elsewhere

    try:
        write(out)
    except ResultError as error:
        failure = ResultError(f"{error}; {keep_elsewhere(out, size, write)}")
        failure.__cause__ = error
        click.get_current_context().meta[UNWRITTEN] = failure
    else:
        print_written(out)


def _require_base(base: str | None, names: Sequence[str]) -> None:
    if base is not None and base not in names:
        hint = format_suggestion(base, names)
        raise click.UsageError(f"--base {base!r} is not among the strategies compared, {', '.join(names)}{hint}")


def _refuse_conflicting_options(request: Request) -> None:
    if request.until is not None and is_given("paths"):
        raise click.UsageError("--until computes the number of paths: leave --paths out; --max-paths limits it.")
    if request.until is None and is_given("max_paths"):
        raise click.UsageError("--max-paths limits the paths of --until: without --until, --paths is their number.")
    if request.out is None and is_given("keep"):
        raise click.UsageError("--keep says what --out keeps: give --out FILE, or leave --keep out.")


def _refuse_unused_options(source: str) -> None:
    """Refuse options that would be ignored."""
    for name in ("paths", "until", "seed", "rare", "threads", "keep"):
        if is_given(name):
            raise click.UsageError(f"{source!r} is a result, simulated already: leave --{name} out.")
