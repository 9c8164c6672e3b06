"""How often hazards occurred and were expected to, in words, and what follows where that is too seldom."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.report.numbers import join_names
from jitrisk.risk.evidence import FEWEST
from jitrisk.units import compute_exponent, format_count, format_number

_MOST_NAMED = 8
_NOT_COUNTED = (
    "This result does not say how often its hazards occurred: rare ones may be missing in every interval. "
    "Simulate it again."
)


def describe_occurrences(hazards: xr.Dataset, weighted: bool) -> tuple[str, ...]:
    """Return how often every hazard occurred and was expected to, as a line of small print; none without hazards.

    Parameters
    ----------
    hazards : from :func:`jitrisk.risk.count_occurrences`.
    weighted : whether rare hazards were sampled more often than they occur.
    """
    names = hazards["hazard"].values
    if not hazards.data_vars:
        return (_NOT_COUNTED,) if names.size else ()
    least = _find_min_evidence(hazards["evidence"].values)
    rarest = [k for k in np.argsort(least, kind="stable") if np.isfinite(least[k])]
    unknown = [str(names[k]) for k in np.flatnonzero(np.isnan(hazards["expected"].values).all(axis=0))]
    notes = [f"Not counted, because they hit nothing that is drawn: {', '.join(unknown)}."] if unknown else []
    if not rarest:
        return tuple(notes)
    counts = [f"{names[k]} {_format_counts(hazards.isel(hazard=k))}" for k in rarest[:_MOST_NAMED]]
    if len(rarest) > _MOST_NAMED:
        counts.append(f"and {len(rarest) - _MOST_NAMED} that occur more often")
    every = ", ".join(counts)
    if not weighted:
        return (f"Occurrences of hazards, seen (expected): {every}.", *notes)
    return (
        "Rare hazards were sampled more often than they occur, and paths are weighted accordingly. "
        f"Occurrences of hazards, seen in this sample (expected in as many natural paths): {every}.",
        *notes,
    )


def _find_min_evidence(evidence: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the least evidence of every hazard over the strategies, inf where the hazard limits no strategy."""
    found: npt.NDArray[np.float64] = np.where(np.isnan(evidence), np.inf, evidence).min(axis=0)
    return found


def _format_counts(one: xr.Dataset) -> str:
    """Return how often one hazard was seen and expected, by strategy where strategies differ."""
    pairs = {
        str(name): f"{int(seen):,} ({format_number(float(expected), 3)})"
        for name, seen, expected in zip(one["strategy"].values, one["seen"].values, one["expected"].values, strict=True)
        if not math.isnan(expected)
    }
    if len(set(pairs.values())) == 1 and len(pairs) == one.sizes["strategy"]:
        return next(iter(pairs.values()))
    return ", ".join(f"{counts} under {name}" for name, counts in pairs.items())


def explain_missing_intervals(hazards: xr.Dataset, weighted: bool) -> Iterator[str]:
    """Yield a sentence on the hazards that the paths are expected to show too seldom to claim anything.

    Parameters
    ----------
    hazards : from :func:`jitrisk.risk.count_occurrences`.
    weighted : whether rare hazards were sampled more often than they occur.
    """
    if not hazards.data_vars or hazards["enough"].all():
        return
    lacking = ~hazards["enough"].values
    least = _find_min_evidence(np.where(lacking, hazards["evidence"].values, np.nan))
    names = {str(hazards["hazard"].values[k]): float(least[k]) for k in np.argsort(least) if np.isfinite(least[k])}
    rarest, *others = names
    of, needed = format_count(int(hazards.attrs["paths"]), "path"), float(hazards["needed"].sel(hazard=rarest).max())
    if names[rarest] >= FEWEST:
        seen = _format_times(float(hazards["seen"].sel(hazard=rarest).min()))
        yield (
            f"{rarest} occurred {seen} in these {of}, less often than expected and too seldom for an interval of a "
            f"mean, CVaR or difference: {_advise_more_paths(needed)}."
        )
        return
    rest = [f"{name} {_format_times(names[name])}" for name in others[: _MOST_NAMED - 1]]
    named = join_names([f"{rarest} is expected to hit {_format_times(names[rarest])}", *rest])
    yield (
        f"{named} in these {of}; an interval of a mean, CVaR or difference needs {FEWEST:g}: "
        f"{advise_paths(needed, weighted or not hazards['rare'].sel(hazard=rarest).any())}."
    )


def _format_times(count: float) -> str:
    often = format_number(count, 2)
    return f"{often} time" if often == "1" else f"{often} times"


def explain_unknown(hazard: str, evidence: float, needed: float, weighted: bool) -> str:
    """Return that a hazard is expected, or was seen, too seldom for a statistic to be known, and what would help.

    Parameters
    ----------
    hazard : the hazard.
    evidence : how often it is expected to be seen.
    needed : as in :func:`advise_paths`.
    weighted : whether rare hazards are sampled more often already.
    """
    if evidence >= FEWEST:
        return (
            f"{hazard} occurred less often than expected and too seldom for an interval: {_advise_more_paths(needed)}"
        )
    return (
        f"{hazard} is expected to hit {_format_times(evidence)} in these paths, and {FEWEST:g} are needed: "
        f"{advise_paths(needed, weighted)}"
    )


def advise_paths(needed: float, sampled: bool) -> str:
    """Return what would show a rare hazard often enough.

    Parameters
    ----------
    needed : paths that would, drawn as they are now.
    sampled : whether it is sampled more often already, or too frequent to be.
    """
    return (
        _advise_more_paths(needed)
        if sampled
        else f"sample rare hazards more often (--rare), or {_advise_more_paths(needed)}"
    )


def _advise_more_paths(needed: float) -> str:
    return f"take at least {_round_paths_up(needed)} paths"


def _round_paths_up(count: float) -> str:
    """Return a number of paths, rounded up to three digits."""
    unit = 10.0 ** max(compute_exponent(count) - 2, 0)
    return f"{math.ceil(count / unit) * unit:,.0f}"
