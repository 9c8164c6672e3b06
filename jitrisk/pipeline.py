"""The whole program, one step under another; read this first.

load a model, lower it to arrays, sample and run the paths, label the outcomes; ``.risk`` on the Dataset measures
them and `jitrisk.report` shows them. Composition only: every step lives in the module it calls.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import xarray as xr

import jitrisk.risk  # noqa: F401  (registers the accessor .risk)
from jitrisk import engine, model, outcomes
from jitrisk.errors import ExogenousError, JitriskError
from jitrisk.lower import lower, lower_all
from jitrisk.model import Network

_PATHS = 10_000
_LAST = 2**63

Source = Network | str | os.PathLike[str] | Mapping[str, Any]


def load(source: Source) -> Network:
    """Read and check a model.

    Parameters
    ----------
    source : name of a bundled example, path of a YAML file, or the same as a mapping.

    Returns
    -------
    The network, immutable, all times in periods.

    Raises
    ------
    ModelError
        With every fault found, each with its file, line and key.
    """
    return source if isinstance(source, Network) else model.load(source)


def simulate(
    network: Source,
    paths: int | range | None = None,
    seed: int = 0,
    *,
    strategies: Sequence[str] | None = None,
    threads: int | None = None,
    exogenous: xr.Dataset | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Simulate every strategy of a model on the same paths.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    paths : how many paths, numbered from 0, or a range of path numbers; by default 10,000, or those of `exogenous`.
    seed : seed of every random stream, 0 to 2**63 - 1.
    strategies : names of the strategies to run; all by default.
    threads : threads to use; all cores by default. The outcome does not depend on it.
    exogenous : exogenous paths to use as they are, for every strategy, instead of sampling, as `sample` returns
        them; what it does not contain is sampled, and a constant of the model is left to each strategy.
    progress : called now and then with the work done and the work there is.

    Returns
    -------
    Dataset with dims (strategy, path, stage | customer); see `jitrisk.vocabulary` for its variables.

    Raises
    ------
    ModelError
        If the model has faults.
    ExogenousError
        If the exogenous paths do not fit the model.
    CapacityError
        If the outcomes do not fit in memory.
    JitriskError
        If a strategy, the paths, the seed or the threads are not allowed.

    Warns
    -----
    UserWarning
        Where a strategy patches luck that the exogenous paths replace.
    """
    network = load(network)
    chosen = _choose(network, strategies)
    given = {} if exogenous is None else outcomes.given_series(network, exogenous)
    numbers = _numbers(_PATHS if paths is None else paths) if exogenous is None else _numbers_of(exogenous, paths)
    ranges = {key: (float(values.min()), float(values.max())) for key, values in given.items()}
    plants = lower_all(chosen, ranges)
    outcomes.warn_of_patches(network, chosen, given)
    job = engine.Job(plants, engine.Horizon(network.horizon, network.warm_up), numbers, _seed(seed), given)
    totals = engine.run(job, _threads(threads), progress=progress)
    return outcomes.label(network, chosen, totals, numbers, job.seed)


def sample(network: Source, paths: int | range = 1000, seed: int = 0, *, strategy: str | None = None) -> xr.Dataset:
    """Draw the exogenous part of the paths alone: demand, availability, arrivals, lead times, yields.

    Parameters
    ----------
    network : a network, or whatever `load` takes.
    paths : how many paths, numbered from 0, or a range of path numbers.
    seed : seed of every random stream.
    strategy : whose hazards and customers; by default those of the model before any patch.

    Returns
    -------
    Dataset with dims (path, time, stage | customer), float32; `simulate` takes it as `exogenous`.
    """
    network = load(network)
    patched = network if strategy is None else _choose(network, [strategy])[strategy]
    numbers = _numbers(paths)
    job = engine.Job({"": lower(patched)}, engine.Horizon(network.horizon), numbers, _seed(seed))
    return outcomes.label_paths(patched, engine.draw(job), numbers, job.seed)


def save(dataset: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write outcomes or exogenous paths to ``FILE.nc`` or ``FILE.zarr``, whole or not at all."""
    outcomes.save_result(dataset, path)


def open(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read back what `save` wrote."""
    return outcomes.open_result(path)


def _choose(network: Network, names: Sequence[str] | None) -> dict[str, Network]:
    if names is None:
        return dict(network.strategies)
    if isinstance(names, str):
        names = [names]
    for name in names:
        if name not in network.strategies:
            close = get_close_matches(name, network.strategies, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise JitriskError(f"unknown strategy {name!r}: the model has {', '.join(network.strategies)}{hint}")
    if not names:
        raise JitriskError(f"no strategy chosen: the model has {', '.join(network.strategies)}")
    return {name: network.strategies[name] for name in names}


def _numbers(paths: int | range) -> range:
    numbers = paths if isinstance(paths, range) else range(_whole("paths", paths))
    if not numbers or numbers.step != 1 or numbers.start < 0 or numbers.stop > _LAST:
        raise JitriskError(f"paths is {paths!r}: allowed are a whole number of at least 1, or a range of path numbers")
    return numbers


def _whole(what: str, number: Any) -> int:
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise JitriskError(f"{what} is {number!r}: allowed is a whole number")
    return operator.index(number)


def _numbers_of(exogenous: xr.Dataset, paths: int | range | None) -> range:
    """Return the numbers of exogenous paths: their own, or from 0 where they have none."""
    count = exogenous.sizes.get("path", 0)
    if count == 0:
        raise ExogenousError("the exogenous paths have no dimension 'path', or no path in it")
    own = exogenous["path"].values.tolist() if "path" in exogenous.coords else list(range(count))
    if not isinstance(own[0], int) or own != list(range(own[0], own[0] + count)):
        raise ExogenousError(
            f"the exogenous paths are numbered {', '.join(map(str, own[:3]))}...: allowed are consecutive whole "
            "numbers; hand them in one by one, or drop the coordinate 'path' to number them from 0"
        )
    numbers = _numbers(range(own[0], own[0] + count))
    if paths is not None and _numbers(paths) not in (numbers, range(count)):
        raise ExogenousError(f"paths is {paths!r}, but {count} exogenous paths are handed in: leave paths out")
    return numbers


def _seed(seed: int) -> int:
    number = _whole("seed", seed)
    if not 0 <= number < _LAST:
        raise JitriskError(f"seed is {seed}: allowed is a whole number from 0 to 2**63 - 1")
    return number


def _threads(threads: int | None) -> int | None:
    if threads is not None and _whole("threads", threads) < 1:
        raise JitriskError(f"threads is {threads}: allowed is a whole number of at least 1")
    return threads
