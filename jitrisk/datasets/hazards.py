"""The hazards of a run as arrays: occurrences, expected occurrences, and the mixture that sampled the rare ones."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.sampling.rare import NATURAL_SHARE, Mixture
from jitrisk.sampling.renewal import expect_occurrences
from jitrisk.sampling.series import Effect, ExogenousSeries, HazardProcess, group_hits
from jitrisk.vocabulary import SAMPLING

if TYPE_CHECKING:
    from jitrisk.lower import NetworkArrays
    from jitrisk.run.job import Job


_TOGETHER = 3


def build_occurrence_array(occurrences: np.ndarray, job: Job, hazards: Sequence[str]) -> np.ndarray:
    """Return how often every hazard occurred, int32 [strategy, path, hazard], 0 where it hits nothing that is drawn.

    Parameters
    ----------
    occurrences : int32, shape (hazards of the job, paths).
    job : what was run.
    hazards : the hazards of the model.
    """
    counted = {process: place for place, process in enumerate(job.hazards)}
    places = [
        [counted[drawn_hazards[name][0]] if name in drawn_hazards else len(counted) for name in hazards]
        for drawn_hazards in map(_find_drawn_hazards, job.strategies.values())
    ]
    if all(row == places[0] for row in places):
        # The same for every strategy: kept once, and as it is where every hazard is counted in this order.
        counted_all = places[0] == list(range(len(occurrences)))
        shared = (occurrences if counted_all else _add_zeros(occurrences)[places[0]]).T
        return np.broadcast_to(shared, (len(places), *shared.shape))
    apart: np.ndarray = _add_zeros(occurrences)[np.array(places)].transpose(0, 2, 1)
    return apart


def _add_zeros(occurrences: np.ndarray) -> np.ndarray:
    """Return occurrences with one more row, of zeros, for what hits nothing."""
    return np.concatenate([occurrences, np.zeros((1, occurrences.shape[1]), dtype=np.int32)])


def build_evidence_arrays(job: Job, hazards: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the expected occurrences per path, and those expected to be seen, each float64 [strategy, hazard]."""
    shape = (len(job.strategies), len(hazards))
    expected, evidence = np.full(shape, np.nan), np.full(shape, np.nan)
    window = float(job.horizon.warm_up), float(job.horizon.periods)
    places = {name: place for place, name in enumerate(hazards)}
    for s, arrays in enumerate(job.strategies.values()):
        for name, (process, chance) in _find_drawn_hazards(arrays).items():
            at = s, places[name]
            expected[at] = expect_occurrences(process, *window)
            # One that begins in the warm-up alone has effects after it, too.
            often = expected[at] or expect_occurrences(process, 0.0, window[1])
            evidence[at] = often * chance * _compute_evidence_ratio(job.mixture, name)
    return {"expected_occurrences": expected, "evidence": evidence}


def _find_drawn_hazards(arrays: NetworkArrays) -> dict[str, tuple[HazardProcess, float]]:
    """Return the hazards that hit something drawn, by name, and the chance of what an occurrence hits least often."""
    drawn = [one for one in arrays.series if isinstance(one, ExogenousSeries)]
    return {process.name: (process, _compute_rarest_chance(drawn, hits)) for process, hits in group_hits(drawn)}


def _compute_rarest_chance(drawn: Sequence[ExogenousSeries], hits: Sequence[tuple[int, Effect]]) -> float:
    """Return the chance that an occurrence hits together the targets that it hits least often, three at most.

    Alternates fail together before a figure moves, so that a target alone is no measure.
    """
    chances = {drawn[place].stage_or_customer: min(effect.chance, 1.0) for place, effect in hits}
    return math.prod(sorted(chances.values())[:_TOGETHER])


def _compute_evidence_ratio(mixture: Mixture | None, hazard: str) -> float:
    """Return how many effective paths of a mixture show a hazard, over how many natural ones would.

    The effective number of paths is ``(sum w)^2 / sum w^2`` over those that show it (Kish 1965, Survey Sampling,
    section 11.7), here at its expectation. The weights of one hazard's paths are nearly equal; any other hazard is
    seen in natural paths, which carry nearly all the weight.
    """
    if mixture is None:
        return 1.0
    if hazard not in mixture.hazards:
        return NATURAL_SHARE
    share = (1 - NATURAL_SHARE) / len(mixture.hazards)
    return NATURAL_SHARE + share / mixture.find_probability(hazard)


def build_mixture_coords(job: Job) -> dict[str, xr.Variable]:
    """Return the weight and the component of every path of a mixture, nothing for natural paths."""
    if job.mixture is None:
        return {}
    arrays: dict[str, np.ndarray] = {
        "weight": job.mixture.compute_weights(job.seed, job.paths),
        "component": job.mixture.assign_components(job.paths),
    }
    attrs: dict[str, dict[str, Any]] = {name: dict(variable.build_attrs()) for name, variable in SAMPLING.items()}
    attrs["component"] |= {"shares": job.mixture.shares.tolist(), "rare_probability": job.mixture.rare_probability}
    return {
        name: xr.Variable(variable.dims, arrays[name].astype(variable.dtype), attrs[name])
        for name, variable in SAMPLING.items()
    }


def build_mixture_attrs(job: Job) -> dict[str, Any]:
    """Return the attribute ``rare`` of a run with a mixture: its rare hazards, their probabilities and shares."""
    if job.mixture is None:
        return {}
    rows = zip(job.mixture.hazards, job.mixture.probabilities, job.mixture.shares[1:].tolist(), strict=True)
    return {"rare": json.dumps([{"hazard": h, "probability": p, "share": share} for h, p, share in rows])}


def read_mixture(attrs: dict[Any, Any]) -> Mixture | None:
    """Return the mixture that a result was drawn with, read back from its attributes.

    Raises
    ------
    ResultError
        If the attribute ``rare`` is not as it was written.
    """
    if "rare" not in attrs:
        return None
    try:
        rows = json.loads(attrs["rare"])
        found = Mixture(tuple(str(row["hazard"]) for row in rows), tuple(float(row["probability"]) for row in rows))
    except (KeyError, TypeError, ValueError):
        found = Mixture((), ())
    if not found.hazards or not all(0 < probability < 1 for probability in found.probabilities):
        raise ResultError(f"is damaged: its attribute rare is {attrs['rare']!r:.60}, no list of rare hazards")
    return found
