"""``jitrisk replay``: one path again, with its events."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jitrisk.cli.group import define_verb
from jitrisk.cli.options import (
    define_shared_option,
    is_given,
    model_argument,
    rare_option,
    set_option,
    strategy_option,
)
from jitrisk.cli.printing import print_json, print_tables
from jitrisk.cli.results import change_prices, check_out, keep
from jitrisk.cli.simulation import print_warnings_as_lines, show_progress

if TYPE_CHECKING:
    import xarray as xr


@define_verb("replay", "Example: jitrisk replay brake-valves --strategy jit --worst cost")
@model_argument
@strategy_option
@click.option("--path", type=click.IntRange(0, 2**63 - 2), metavar="NUMBER", help="The path of this number.")
@click.option("--worst", metavar="METRIC", help="The path on which this is worst, such as cost or profit.")
@click.option(
    "--quantile",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="PROBABILITY",
    help="The path at this quantile, such as 0.99, of --metric.",
)
@click.option(
    "--metric", metavar="METRIC", help="The metric of --quantile.  [default: profit where there is a price, else cost]"
)
@set_option
@define_shared_option("--paths", type=click.IntRange(1, 2**62), help="Paths to search.  [default: 10,000]")
@define_shared_option("--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of every draw.  [default: 0]")
@rare_option
@define_shared_option("--threads", type=click.IntRange(min=1), help="Threads to use.  [default: all cores]")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.nc|FILE.zarr", help="Keep its time series.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def command(
    model: str,
    strategy: str,
    changes: Mapping[str, str],
    out: Path | None,
    as_json: bool,
    quiet: bool,
    **which: Any,
) -> None:
    """Simulate one path again and print its events, from the first hazard to the last backlog.

    MODEL is a model file, the name of an example, or a result written with --out, whose paths are known.
    """
    from jitrisk import datasets
    from jitrisk.report import build_replay_document, build_replay_log

    _refuse_conflicting_options(model, datasets.is_result(model), which)
    check_out(out, model)
    replayed = _replay(model, strategy, changes, which, quiet)
    show = (
        partial(print_json, build_replay_document(replayed))
        if as_json
        else partial(print_tables, build_replay_log(replayed))
    )
    keep(replayed, out)
    show()


def _replay(model: str, strategy: str, changes: Mapping[str, str], which: Mapping[str, Any], quiet: bool) -> xr.Dataset:
    """Return the replay of a path of a result, of a model by its number, or of a model by a search among its paths."""
    from jitrisk.arguments import load_network, open_stored
    from jitrisk.studies.replay import PathChoice, replay, search_paths

    choice = PathChoice(which["path"], which["worst"], which["quantile"], which["metric"])
    with show_progress(quiet) as progress, print_warnings_as_lines(), open_stored(model) as stored:
        if stored is not None:
            return replay(change_prices(stored, changes), strategy, **vars(choice))
        network = load_network(model).patched(changes)
        if choice.path is not None:
            return replay(network, strategy, choice.path, seed=which["seed"], rare=which["rare"])
        options = {name: which[name] for name in ("threads", "rare")}
        result = search_paths(network, strategy, which["paths"], which["seed"] or 0, progress=progress, **options)
        return replay(result, strategy, **vars(choice))


def _refuse_conflicting_options(model: str, is_result: bool, which: dict[str, Any]) -> None:
    """Refuse options that would be ignored; those from the environment give way."""
    if sum(which[name] is not None for name in ("path", "worst", "quantile")) != 1:
        raise click.UsageError("Give exactly one of --path NUMBER, --worst METRIC and --quantile PROBABILITY.")
    if which["path"] is not None and is_given("paths"):
        raise click.UsageError("--paths is for the search with --worst or --quantile: leave it out with --path.")
    for name in ("paths", "seed", "rare"):
        if is_result and is_given(name):
            raise click.UsageError(f"{model!r} is a result, simulated already: leave --{name} out.")
        if name != "rare" and (is_result or (name == "paths" and which["path"] is not None)):
            which[name] = None
