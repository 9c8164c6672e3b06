"""How often hazards occurred and were expected to, in words, and what follows where that is too seldom."""

from __future__ import annotations

from collections.abc import Iterator

import xarray as xr

from jitrisk.numerals import number
from jitrisk.report.numbers import paths
from jitrisk.risk.evidence import FEWEST

_MOST_NAMED = 8


def hazard_notes(hazards: xr.Dataset, weighted: bool) -> tuple[str, ...]:
    """Return how often every hazard occurred and was expected to, as a line of small print; none without hazards.

    Parameters
    ----------
    hazards : from :func:`jitrisk.risk.occurrences`.
    weighted : whether rare hazards were sampled more often than they occur.
    """
    known = [str(name) for name in hazards["hazard"].values if not hazards["expected"].sel(hazard=name).isnull().all()]
    if not known:
        return ()
    rarest = sorted(known, key=lambda name: float(hazards["evidence"].sel(hazard=name).min()))
    counts = [f"{name} {_counts(hazards.sel(hazard=name))}" for name in rarest[:_MOST_NAMED]]
    more = [f"and {len(known) - _MOST_NAMED} that occur more often"] * (len(known) > _MOST_NAMED)
    sampled = "Rare hazards were sampled more often than they occur, and paths weighted accordingly. " * weighted
    return (f"{sampled}Occurrences seen (expected in as many natural paths): {', '.join([*counts, *more])}.",)


def _counts(one: xr.Dataset) -> str:
    """Return how often one hazard was seen and expected, by strategy where strategies differ."""
    pairs = {
        str(name): f"{int(seen):,} ({number(float(expected), 3)})"
        for name, seen, expected in zip(one["strategy"].values, one["seen"].values, one["expected"].values, strict=True)
        if expected == expected
    }
    if len(set(pairs.values())) == 1 and len(pairs) == one.sizes["strategy"]:
        return next(iter(pairs.values()))
    return ", ".join(f"{counts} under {name}" for name, counts in pairs.items())


def unseen(hazards: xr.Dataset, weighted: bool) -> Iterator[str]:
    """Yield a sentence on the hazards that the paths are expected to show too seldom to claim anything.

    Parameters
    ----------
    hazards : from :func:`jitrisk.risk.occurrences`.
    weighted : whether rare hazards were sampled more often than they occur.
    """
    if not hazards.data_vars or hazards["enough"].all():
        return
    least = hazards["evidence"].where(~hazards["enough"]).min("strategy")
    short = hazards["hazard"].values[(~hazards["enough"]).any("strategy").values]
    rarest, *others = sorted(map(str, short), key=lambda name: float(least.sel(hazard=name)))
    also = f", and {', '.join(others[:_MOST_NAMED])} hardly more often" if others else ""
    needed = float(hazards["needed"].sel(hazard=rarest).max())
    yield (
        f"{_expected(rarest, float(least.sel(hazard=rarest)))} in these {paths(int(hazards.attrs['paths']))}{also}, "
        f"too seldom for an interval of any mean, CVaR or difference: {what_helps(needed, weighted)}."
    )


def too_seldom(hazard: str, evidence: float, needed: float, weighted: bool) -> str:
    """Return that a hazard is expected too seldom for a statistic to be known, and what would help.

    Parameters
    ----------
    hazard : the hazard.
    evidence : how often it is expected to be seen.
    needed, weighted : as in :func:`what_helps`.
    """
    return f"{_expected(hazard, evidence)} in them; {what_helps(needed, weighted)}"


def _expected(hazard: str, times: float) -> str:
    often = number(times, 2)
    return f"{hazard} is expected to hit {often} time{'s' * (often != '1')}"


def what_helps(needed: float, weighted: bool) -> str:
    """Return what would show a rare hazard often enough.

    Parameters
    ----------
    needed : paths that would, drawn as they are now.
    weighted : whether rare hazards are sampled more often already.
    """
    enough = f"{number(needed, 3)} paths would show it {number(FEWEST, 1)} times"
    return enough if weighted else f"sample rare hazards more often (--rare), or {enough}"
