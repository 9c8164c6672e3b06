"""Arguments of the public functions: each is checked here, and JitriskError says what is allowed."""

from __future__ import annotations

import inspect
import operator
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from jitrisk import datasets, model
from jitrisk.errors import ExogenousError, JitriskError, format_suggestion, list_names
from jitrisk.lower import NetworkArrays, Range, list_hazards
from jitrisk.model import Network
from jitrisk.provenance import read_model_text
from jitrisk.run.backends import Backend, Threads
from jitrisk.run.job import Horizon, Job
from jitrisk.sampling.rare import Mixture, build_mixture
from jitrisk.vocabulary import CYCLES, KEPT_METRICS, OUTCOMES, RARE_BELOW

PATHS = 10_000
"""Paths simulated by default."""

TRACED = 200
"""Paths traced period by period by default: enough for a fan chart."""

_LAST = 2**63

_PACKAGE = os.path.join(os.path.dirname(__file__), "")

Source = Network | str | os.PathLike[str] | Mapping[str, Any]

OutcomesAsked = tuple[str, ...] | Literal["metrics"] | None
"""What is kept of a run: some outcomes, metrics in place of them, or all outcomes."""


def load_network(source: Source | xr.Dataset) -> Network:
    """Return the model, read where it has to be, or that of a result."""
    if isinstance(source, Network):
        return source
    if not isinstance(source, xr.Dataset):
        return model.load(source)
    return model.load(read_model_text(source.attrs))


@contextmanager
def open_stored(source: Source | xr.Dataset) -> Iterator[xr.Dataset | None]:
    """Open a result, variable by variable where it is a file; None for a model."""
    if isinstance(source, xr.Dataset):
        yield source
    elif datasets.is_result(source):
        with datasets.open_lazily(source) as result:
            yield result
    else:
        yield None


def parse_strategies(network: Network, names: Sequence[str] | None) -> dict[str, Network]:
    """Return the strategies of a network by name, those named or all; JitriskError where one is unknown."""
    if not network.strategies:
        raise JitriskError("this is the network of one strategy, which has no strategies: hand in the whole model")
    if names is None:
        return dict(network.strategies)
    if isinstance(names, str):
        names = [names]
    for name in names:
        if name not in network.strategies:
            hint = format_suggestion(name, network.strategies)
            raise JitriskError(f"unknown strategy {name!r}: the model has {list_names(network.strategies)}{hint}")
    if not names:
        raise JitriskError(f"no strategy chosen: the model has {list_names(network.strategies)}")
    return {name: network.strategies[name] for name in names}


def parse_outcomes(outcomes: object, has_cycles: bool) -> OutcomesAsked:
    """Return what is kept of a run: names of outcomes in the order of the vocabulary, ``"metrics"``, or None for all.

    Parameters
    ----------
    outcomes : what was asked for.
    has_cycles : whether there are outcomes of replenishment cycles.

    Raises
    ------
    JitriskError
        Where a name is that of no outcome, none is given, or metrics are named among outcomes.
    """
    if outcomes is None or (isinstance(outcomes, str) and outcomes == KEPT_METRICS):
        return None if outcomes is None else KEPT_METRICS
    known = [*OUTCOMES, *(CYCLES if has_cycles else ())]
    allowed = f"allowed are {KEPT_METRICS!r} alone, or names among {', '.join(known)}"
    named = [outcomes] if isinstance(outcomes, str) else outcomes
    if not isinstance(named, Iterable) or isinstance(named, bytes | Mapping):
        raise JitriskError(f"outcomes is {outcomes!r:.60}: {allowed}")
    names = list(named)
    if not names:
        raise JitriskError(f"outcomes is empty, so that nothing would be kept: {allowed}")
    for name in names:
        if name not in known:
            hint = format_suggestion(name, known) if isinstance(name, str) else ""
            if isinstance(name, str) and name in CYCLES:
                hint = "; no store of this model is replenished in cycles"
            elif name == KEPT_METRICS:
                hint = "; they are kept in place of outcomes, not beside them"
            raise JitriskError(f"unknown outcome {name!r:.60}: {allowed}{hint}")
    return tuple(name for name in known if name in names)


def parse_path_numbers(paths: int | range) -> range:
    """Return path numbers: from 0 on, or a range of step 1."""
    numbers = paths if isinstance(paths, range) else range(parse_whole_number("paths", paths))
    if not numbers or numbers.step != 1 or numbers.start < 0 or numbers.stop > _LAST:
        raise JitriskError(f"paths is {paths!r}: allowed are a whole number of at least 1, or a range of path numbers")
    return numbers


def parse_whole_number(what: str, number: Any) -> int:
    """Return a whole number, whatever its type."""
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise JitriskError(f"{what} is {number!r}: allowed is a whole number")
    return operator.index(number)


def read_path_numbers(exogenous: xr.Dataset, paths: int | range | None) -> range:
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
    numbers = parse_path_numbers(range(own[0], own[0] + count))
    if paths is not None and parse_path_numbers(paths) not in (numbers, range(count)):
        raise ExogenousError(f"paths is {paths!r}, but {count} exogenous paths are handed in: leave paths out")
    return numbers


def parse_seed(seed: int) -> int:
    """Return a seed, 0 to 2**63 - 1."""
    number = parse_whole_number("seed", seed)
    if not 0 <= number < _LAST:
        raise JitriskError(f"seed is {seed}: allowed is a whole number from 0 to 2**63 - 1")
    return number


def build_backend(threads: int | None) -> Backend:
    """Return what runs a job: as many threads as asked, or one per core."""
    if threads is not None and parse_whole_number("threads", threads) < 1:
        raise JitriskError(f"threads is {threads}: allowed is a whole number of at least 1")
    return Threads(threads)


@dataclass(frozen=True, eq=False)
class Draws:
    """Which paths are drawn, and what on them is handed in: all of a job but the strategies.

    Attributes
    ----------
    horizon, paths, seed, given, mixture : as a `Job` has them.
    """

    horizon: Horizon
    paths: range
    seed: int
    given: Mapping[tuple[str, str], np.ndarray]
    mixture: Mixture | None = None

    @property
    def ranges(self) -> dict[tuple[str, str], Range]:
        """The range of every series that is handed in, which the rounding of flows follows."""
        return {key: Range.from_array(series) for key, series in self.given.items()}

    def build_job(self, strategies: Mapping[str, NetworkArrays]) -> Job:
        """Return the job of strategies, lowered to arrays, on these paths."""
        return Job(strategies, self.horizon, self.paths, self.seed, self.given, self.mixture)


def parse_draws(
    network: Network,
    strategies: Iterable[Network],
    paths: int | range | None,
    seed: int = 0,
    exogenous: xr.Dataset | None = None,
    rare: bool = False,
) -> Draws:
    """Return the paths that are asked for, or those that are handed in.

    Parameters
    ----------
    network : the model.
    strategies : the networks of the strategies whose hazards count as rare or not.
    paths : how many paths, or a range of their numbers; 10,000 by default, or those handed in.
    seed : seed of every random stream.
    exogenous : exogenous paths handed in.
    rare : whether rare hazards are to be sampled more often than they occur.

    Raises
    ------
    ExogenousError
        Where the paths handed in do not fit the model, or their weights what is drawn beside them.
    JitriskError
        Where the paths or the seed are not allowed.
    """
    mixture = find_mixture(network, strategies, rare, seed, exogenous)
    return read_draws(network, paths, seed, exogenous, mixture)


def read_draws(
    network: Network,
    paths: int | range | None,
    seed: int = 0,
    exogenous: xr.Dataset | None = None,
    mixture: Mixture | None = None,
) -> Draws:
    """Return the paths that are asked for, or those that are handed in, drawn with a mixture that is known."""
    given = {} if exogenous is None else datasets.read_given_series(network, exogenous)
    if exogenous is None:
        numbers = parse_path_numbers(PATHS if paths is None else paths)
    else:
        numbers = read_path_numbers(exogenous, paths)
    return Draws(Horizon(network.horizon, network.warm_up), numbers, parse_seed(seed), given, mixture)


def _warn_caller(message: str) -> None:
    """Issue a warning at the line outside this package that called into it."""
    if sys.version_info >= (3, 12):
        warnings.warn(message, skip_file_prefixes=(_PACKAGE,))
        return
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


def find_mixture(
    network: Network, strategies: Iterable[Network], rare: bool, seed: int, exogenous: xr.Dataset | None = None
) -> Mixture | None:
    """Return the mixture that is asked for, or that the exogenous paths handed in were drawn with.

    Parameters
    ----------
    network : the model.
    strategies : the networks of the strategies compared.
    rare : whether rare hazards are to be sampled more often than they occur.
    seed : seed of what is drawn.
    exogenous : exogenous paths handed in.

    Raises
    ------
    ExogenousError
        Where weighted paths are handed in and what is drawn beside them would not fit their weights.
    """
    weighted = exogenous is not None and datasets.is_weighted(exogenous)
    if weighted and rare:
        raise ExogenousError("the exogenous paths are weighted already: leave rare out")
    if not rare and not weighted:
        return None
    given = {} if exogenous is None else datasets.read_given_series(network, exogenous)
    found = build_mixture([list_hazards(one, given) for one in strategies], network.horizon)
    if not weighted:
        if found is None:
            _warn_caller(
                f"no hazard is rare (each begins within the horizon with a probability of {RARE_BELOW:g} or more, or "
                "never), so that sampling rare hazards changes nothing"
            )
        return found
    assert exogenous is not None
    if found is None:
        return None
    if exogenous.attrs.get("seed") != seed:
        raise ExogenousError(
            f"the exogenous paths are weighted, and hazards of theirs ({', '.join(found.hazards)}) hit series that are "
            "not handed in: hand all of them in, or use the seed with which they were sampled"
        )
    mixture, numbers = datasets.read_mixture(exogenous.attrs), read_path_numbers(exogenous, None)
    if mixture is not None and (mixture.assign_components(numbers) != exogenous["component"].values).any():
        raise ExogenousError(
            "the exogenous paths are weighted and were numbered anew, so that what is drawn beside them would not fit "
            "their weights: keep the coordinate 'path' that jr.sample gave them"
        )
    return mixture
