"""What the paths can have seen: how often each hazard occurred, and whether that is enough to claim anything.

The spread of a sample says nothing of a disaster that is not in it. But the model says how often each hazard occurs, so
how many occurrences a run is expected to show can be computed before it is made; where they are few, means and what
rests on them have no interval that could be trusted.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.risk.design import Design
from jitrisk.vocabulary import OCCURRENCES

FEWEST = 5.0
"""Expected occurrences of a hazard below which nothing is claimed: about one sample in 150 then shows none of them."""

_TOTALS = {
    "seen": "occurrences in these paths",
    "expected": "occurrences that the model leads to expect in as many natural paths",
    "evidence": "occurrences expected to be seen in these paths, at the target hit least often",
    "enough": "whether that is enough for means and tails to have intervals",
    "needed": "paths, drawn as these are, that would be enough",
}


def occurrences(outcomes: xr.Dataset) -> xr.Dataset:
    """Return how often every hazard occurred in a run, how often it was expected to, and whether that is enough.

    Parameters
    ----------
    outcomes : a result.

    Returns
    -------
    xr.Dataset
        ``seen``, ``expected``, ``evidence``, ``enough`` and ``needed`` of dimensions (strategy, hazard). A hazard that
        hits nothing that is drawn has no expectation, NaN, and is enough, as is one that cannot begin within the
        horizon; neither needs a number of paths, NaN. Of weighted paths, `seen` counts them as they are, and
        `evidence` is the number that as many paths all alike would have to show to say as much. Empty for
        a result that does not say how often its hazards occur.
    """
    if not set(OCCURRENCES) <= set(outcomes.variables):
        return xr.Dataset(coords={"strategy": outcomes["strategy"], "hazard": np.array([], dtype=np.str_)})
    paths, evidence = outcomes.sizes["path"], outcomes["evidence"].variable
    every = evidence * paths
    arrays: dict[str, xr.Variable] = {
        "seen": outcomes["occurrences"].variable.sum("path", dtype=np.int64),
        "expected": outcomes["expected_occurrences"].variable * paths,
        "evidence": every,
        "enough": ~(every < FEWEST) | (every == 0),
        "needed": xr.Variable(evidence.dims, np.ceil(FEWEST / np.where(evidence.values > 0, evidence.values, np.nan))),
    }
    variables = {
        name: xr.Variable(("strategy", "hazard"), array.transpose("strategy", "hazard").values, _attrs(name))
        for name, array in arrays.items()
    }
    coords = {dim: outcomes[dim].variable for dim in ("strategy", "hazard")}
    return xr.Dataset(variables, coords, {"paths": paths})


def _attrs(name: str) -> dict[str, str]:
    return {"units": "1", "long_name": _TOTALS[name]}


def least_evidence(values: xr.Dataset) -> npt.NDArray[np.float64]:
    """Return per strategy how many occurrences of its rarest hazard a path is expected to show, inf where unknown."""
    if "least_evidence" not in values.coords:
        return np.full(values.sizes["strategy"], math.inf)
    return np.atleast_1d(np.asarray(values["least_evidence"].values, dtype=np.float64))


def is_known(evidence: float, design: Design) -> bool:
    """Return whether paths are expected to show enough of a rarest hazard, of so much evidence per path."""
    return math.isinf(evidence) or evidence * design.paths >= FEWEST


def paths_for_evidence(values: xr.Dataset) -> npt.NDArray[np.float64]:
    """Return per strategy how many paths show enough of its rarest hazard, 0 where that is not known."""
    found: npt.NDArray[np.float64] = np.ceil(FEWEST / least_evidence(values))
    return found
