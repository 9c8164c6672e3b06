"""A simulation on the command line, and its forecast, progress and precision on stderr while it runs."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jitrisk.cli.printing import add_to_document, build_console, echo
from jitrisk.files.stop_signals import Cleanup
from jitrisk.printable import escape
from jitrisk.vocabulary import KEPT_METRICS

if TYPE_CHECKING:
    import xarray as xr

    from jitrisk.arguments import OutcomesAsked
    from jitrisk.cli.options import Request
    from jitrisk.model import Network

    Shown = Callable[[Network, Mapping[str, Network]], OutcomesAsked] | None

_LONG = 10.0  # seconds; the forecast of a longer run is printed
_FIXED = 500_000  # bytes of a result that do not depend on its paths: model, prices and texts
_COUNTED = 1e9  # stage-periods; fewer are short on any machine, so that no forecast is computed


def show_metrics(*_: Any) -> OutcomesAsked:
    """Return what a verb needs that shows metrics alone, whatever the network."""
    return KEPT_METRICS


def run_simulation(network: Network, names: Sequence[str], request: Request, shown: Shown = None) -> xr.Dataset:
    """Simulate a model as the options ask; print the forecast, the progress and warnings on stderr meanwhile.

    Parameters
    ----------
    network : the model.
    names : the strategies.
    request : the options of the run.
    shown : what the verb shows, from a network and its strategies: outcomes, metrics, or None for everything. Nothing
        else is kept where no file is written.
    """
    from jitrisk import pipeline

    outcomes = _select_outcomes(network, names, request, shown)
    if request.until is not None:
        return _simulate_until(network, names, request, request.until, outcomes)
    _require_space(request, request.paths, _compute_path_bytes(network, names, request, outcomes))
    announce(network, names, request.paths, request, outcomes)
    with show_progress(request.quiet) as progress, print_warnings_as_lines():
        return pipeline.simulate(
            network,
            request.paths,
            request.seed,
            strategies=names,
            threads=request.threads,
            rare=request.rare,
            outcomes=outcomes,
            progress=progress,
        )


def _select_outcomes(network: Network, names: Sequence[str], request: Request, shown: Shown) -> OutcomesAsked:
    """Return what is kept: what a file is to hold, or what the verb shows."""
    if request.out is not None:
        return KEPT_METRICS if request.keep == KEPT_METRICS else None
    return None if shown is None else shown(network, {name: network.strategies[name] for name in names})


def _simulate_until(
    network: Network, names: Sequence[str], request: Request, target: str, outcomes: OutcomesAsked
) -> xr.Dataset:
    from jitrisk.report import build_precision_document, render_precision_line
    from jitrisk.studies.until import FIRST, simulate_until

    looks: list[xr.Dataset] = []
    size = _compute_path_bytes(network, names, request, outcomes)
    _require_space(request, min(FIRST, request.max_paths), size)
    most = _count_fitting_paths(request, size)

    def watch(found: xr.Dataset) -> None:
        looks.append(found)
        if "planned" in found.attrs:
            announce(network, names, found.attrs["planned"], request, outcomes)
            if (fit := _count_fitting_paths(request, size)) < found.attrs["planned"]:
                planned = f"{found.attrs['planned']:,} paths are planned"
                echo(
                    f"jitrisk: warning: {planned}, and {escape(str(request.out))} has room for {fit:,}: make room",
                    err=True,
                )

    with (
        show_progress(request.quiet) as progress,
        print_warnings_as_lines(lambda: render_precision_line(looks[-1]) if looks else ""),
    ):
        result = simulate_until(
            network,
            target,
            request.seed,
            strategies=names,
            threads=request.threads,
            most=most,
            rare=request.rare,
            outcomes=outcomes,
            progress=progress,
            watch=watch,
        )
    found = looks[-1]
    add_to_document(until=build_precision_document(found))
    if not (request.quiet and found["met"].all()):
        echo(render_precision_line(found), err=True)
    if found.attrs.get("stopped") == "most" and most < request.max_paths:
        echo(f"{escape(str(request.out))}: there is room for {most:,} paths there, so there are no more", err=True)
    return result


def _require_space(request: Request, paths: int, size: int) -> None:
    """Raise ResultError, before any path is simulated, where the file of a result would not fit on its disk."""
    from jitrisk.files.atomic_files import require_space

    if request.out is not None:
        require_space(request.out, paths * size + _FIXED)


def _count_fitting_paths(request: Request, size: int) -> int:
    """Return the number of paths at most: as many as asked, or as fit on the disk of the file now."""
    from jitrisk.files.atomic_files import measure_free_space

    if request.out is None:
        return request.max_paths
    room = max(0, measure_free_space(request.out) - _FIXED)
    return min(request.max_paths, room // size)


def _compute_path_bytes(network: Network, names: Sequence[str], request: Request, outcomes: OutcomesAsked) -> int:
    """Return the bytes of one path in the file of a result, 0 where there is no file."""
    if request.out is None:
        return 0
    from jitrisk.studies.keeping import compute_kept_bytes

    return compute_kept_bytes(network, {name: network.strategies[name] for name in names}, request.rare, outcomes)


def announce(
    network: Network, names: Sequence[str], paths: int, request: Request, outcomes: OutcomesAsked = None
) -> None:
    """Print the forecast of time and memory on stderr, where a run is long."""
    from jitrisk import pipeline

    if request.quiet or paths * len(names) * len(network.stages) * network.horizon < _COUNTED:
        return
    expected = pipeline.estimate(network, paths, strategies=names, threads=request.threads, outcomes=outcomes)
    if expected.seconds >= _LONG:
        echo(str(expected), err=True)


@contextmanager
def print_warnings_as_lines(said: Callable[[], str] = str) -> Iterator[None]:
    """Print warnings of the library on stderr as lines, without the one that is printed elsewhere."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default", UserWarning)
        try:
            yield
        finally:
            texts = [str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)]
            for text in dict.fromkeys(texts):
                if text != said():
                    echo(text, err=True)


@contextmanager
def show_progress(quiet: bool, doing: str = "simulating") -> Iterator[Callable[[int, int], None] | None]:
    """Show progress with the time left on stderr, where that is a terminal; `doing` says of what."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn(doing), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with (
        Cleanup(_restore_terminal),
        Progress(*columns, console=build_console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _restore_terminal() -> None:
    """Clear the line of the progress bar and show the cursor again."""
    os.write(2, b"\r\x1b[2K\x1b[?25h")
