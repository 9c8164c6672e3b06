"""How often each hazard occurred on the paths and was expected to, and whether that is enough for an interval.

The spread of a sample holds no information on a disaster that is not in it. The model gives the rate of each hazard, so
the number of occurrences that a run is expected to have is computed from the model. Where it is small, an interval of
the mean, or of a statistic that is computed from the mean, would be invalid, and none is given.
"""

from __future__ import annotations

import json
import math

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.risk.design import Design, read_design
from jitrisk.risk.inputs import build_path_coords
from jitrisk.vocabulary import OCCURRENCES, RARE_BELOW

FEWEST = 5.0
"""Expected occurrences of a hazard below which no interval is given: at 5, about one sample in 150 has none."""

FEWEST_SEEN = 2.0
"""Paths that must show a hazard, whatever was expected."""

_TOTALS = {
    "seen": "occurrences in these paths",
    "expected": "occurrences that the model leads to expect in as many natural paths",
    "evidence": "occurrences expected to be seen in these paths that hit together the targets hit least often",
    "enough": "whether that is enough for means and tails to have intervals",
    "rare": "whether it is so rare that sampling rare hazards more often shows it more often",
    "needed": "paths, drawn as these are, that would be enough",
}


def count_occurrences(outcomes: xr.Dataset) -> xr.Dataset:
    """Return how often every hazard occurred in a run, how often it was expected to, and whether that is enough.

    Parameters
    ----------
    outcomes : a result.

    Returns
    -------
    xr.Dataset
        ``seen``, ``expected``, ``evidence``, ``enough``, ``rare`` and ``needed`` of dimensions (strategy, hazard). A
        hazard that hits nothing that is drawn has no expectation, NaN, and is enough, as is one that cannot begin
        within the horizon; neither needs a number of paths, NaN. Of weighted paths, `seen` counts them as they are,
        and `evidence` is the number that as many paths all alike would have to show to say as much. Without variables
        for a result that does not say how often its hazards occur.
    """
    if not set(OCCURRENCES) <= set(outcomes.variables):
        named = list(json.loads(outcomes.attrs.get("model", "{}")).get("hazards", {}))
        return xr.Dataset(coords={"strategy": outcomes["strategy"].values, "hazard": np.array(named, dtype=np.str_)})
    paths, evidence = outcomes.sizes["path"], outcomes["evidence"].variable.transpose("strategy", "hazard")
    every, seen = evidence * paths, _is_seen(outcomes)
    arrays: dict[str, xr.Variable] = {
        "seen": outcomes["occurrences"].variable.sum("path", dtype=np.int64),
        "expected": outcomes["expected_occurrences"].variable * paths,
        "evidence": every,
        "enough": ~((every < FEWEST) | (every.notnull() & ~seen)) | (every == 0),
        "rare": evidence.copy(
            data=outcomes["expected_occurrences"].transpose("strategy", "hazard").values < RARE_BELOW
        ),
        # Where enough are expected and hardly any was seen, twice as many paths are a start.
        "needed": evidence.copy(
            data=np.where((every >= FEWEST) & ~seen, 2.0 * paths, _compute_needed_paths(evidence.values))
        ),
    }
    variables = {
        name: xr.Variable(("strategy", "hazard"), array.transpose("strategy", "hazard").values, _build_attrs(name))
        for name, array in arrays.items()
    }
    coords = {dim: outcomes[dim].variable for dim in ("strategy", "hazard")}
    return xr.Dataset(variables, coords, {"paths": paths})


def _compute_needed_paths(evidence: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how many paths show enough of a hazard, NaN where it is not known or never occurs."""
    return np.ceil(FEWEST / np.where(evidence > 0, evidence, math.nan))


def _is_seen(outcomes: xr.Dataset) -> npt.NDArray[np.bool_]:
    """Return whether enough paths show a hazard, [strategy, hazard]; only that of the least evidence need be seen."""
    sampled = xr.Dataset(coords=build_path_coords(outcomes))
    names = outcomes["hazard"].values
    if not names.size:
        return np.ones((outcomes.sizes["strategy"], 0), dtype=np.bool_)
    unseen = compute_run_evidence(sampled, read_design(outcomes)) == 0
    seen: npt.NDArray[np.bool_] = ~(unseen[:, np.newaxis] & (names == sampled["rarest_hazard"].values[:, np.newaxis]))
    return seen


def _build_attrs(name: str) -> dict[str, str]:
    return {"units": "1", "long_name": _TOTALS[name]}


def compute_path_evidence(metrics: xr.Dataset) -> npt.NDArray[np.float64]:
    """Return per strategy how many occurrences of its rarest hazard a path is expected to show, inf where unknown."""
    if "least_evidence" not in metrics.coords:
        return np.full(metrics.sizes.get("strategy", 0), math.inf)
    return np.atleast_1d(np.asarray(metrics["least_evidence"].values, dtype=np.float64))


def compute_run_evidence(metrics: xr.Dataset, design: Design) -> npt.NDArray[np.float64]:
    """Return per strategy how many occurrences of its rarest hazard the paths are expected to show, inf where unknown.

    It is 0 where they showed fewer than two: one occurrence does not show how much occurrences differ.

    Parameters
    ----------
    metrics : metrics or costs.
    design : how their paths were drawn.
    """
    least = compute_path_evidence(metrics)
    limited = np.isfinite(least)
    expected: npt.NDArray[np.float64] = np.where(limited, np.where(limited, least, 0.0) * design.paths, math.inf)
    if "rarest_occurrences" not in metrics.coords:
        return expected
    occurrences = metrics["rarest_occurrences"].transpose("strategy", "path").values
    few = np.array([design.count_effective_paths(row > 0) < FEWEST_SEEN for row in occurrences])
    return np.where(limited & few, 0.0, expected)
