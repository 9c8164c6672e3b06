"""The conclusion in two plain sentences, which claim no more than the intervals allow."""

from __future__ import annotations

from collections.abc import Sequence

from jitrisk.report.numbers import Estimate, Scale, rounded, scale, share
from jitrisk.report.summary import Summary, difference


def conclusion(summary: Summary) -> str:
    """Return what an operations director may take away: a sentence on the average, and one on the worst paths.

    A strategy is said to cost less than another only where the interval of their difference on the same paths
    leaves out 0; the intervals hold for all pairs of strategies at once.
    """
    return " ".join(sentences(summary))


def sentences(summary: Summary) -> tuple[str, ...]:
    """Return the sentences of the conclusion; where nothing costs anything there is but one."""
    if not summary.priced:
        return ("Nothing costs anything in this model, so only downtime, stockouts and fill rate can be compared.",)
    if len(summary.strategies) == 1:
        return _alone(summary)
    rivals = sorted(
        (name for name in summary.strategies if name != summary.best),
        key=lambda name: summary.figure("cost", name).value,
    )
    unclear = [name for name in rivals if not _apart(difference(summary.to_best, "cost", name))]
    first = _undecided(summary, unclear, rivals) if unclear else _decided(summary, rivals)
    second = "; ".join(filter(None, (_tail(summary, rivals), _profit(summary, rivals))))
    return (f"{first}.", f"{second[0].upper()}{second[1:]}.") if second else (f"{first}.",)


def _alone(summary: Summary) -> tuple[str, ...]:
    (name,) = summary.strategies
    cost, worst = summary.figure("cost", name), summary.figure("cost", name, "cvar")
    return (
        f"{name} costs {_money(summary, cost)} a year on average.",
        f"In the worst {_worst(summary)} it costs {_money(summary, worst)} a year.",
    )


def _decided(summary: Summary, rivals: Sequence[str]) -> str:
    best, second = summary.best, rivals[0]
    cost, gap = summary.figure("cost", best), difference(summary.to_best, "cost", second)
    after = "" if len(rivals) == 1 else ", the next"
    return (
        f"{best} costs least, {_money(summary, cost)} a year: {_money(summary, gap)} less than {second}{after}, "
        f"{_wins(summary)}"
    )


def _wins(summary: Summary) -> str:
    often = str(summary.contrasts["cheapest"].idxmax("strategy").item())
    if often == summary.best:
        return f"and it is the cheapest on {_cheapest(summary, often)} % of paths"
    return f"though {often} is the cheapest on {_cheapest(summary, often)} % of paths"


def _undecided(summary: Summary, unclear: Sequence[str], rivals: Sequence[str]) -> str:
    gaps = [difference(summary.to_best, "cost", name) for name in unclear]
    together = _listed([summary.best, *unclear])
    dearer = [name for name in rivals if name not in unclear]
    rest = f"; {_listed(dearer)} cost{'s' * (len(dearer) == 1)} more" if dearer else ""
    if all(_same(gap) for gap in gaps):
        return f"{together} cost the same on every path{rest}"
    paths = f"{summary.paths:,} path{'s' * (summary.paths != 1)}"
    start = f"No difference in mean cost can be claimed between {together} at {paths}"
    if len(unclear) > 1:
        return f"{start}: the intervals of their differences contain 0{rest}"
    why = "its interval is unknown" if gaps[0].half != gaps[0].half else "its interval contains 0"
    return f"{start}: {unclear[0]} costs {_money(summary, gaps[0])} a year more than {summary.best}, and {why}{rest}"


def _tail(summary: Summary, rivals: Sequence[str]) -> str:
    """Return what the worst paths add; of strategies that never differ there is nothing to add."""
    best = summary.best
    alike = [name for name in rivals if _same(difference(summary.to_best, "cost", name))]
    gaps = {name: difference(summary.to_best, "cost", name, "cvar_") for name in rivals if name not in alike}
    if not gaps:
        return ""
    safest = min(gaps, key=lambda name: gaps[name].value)
    if _apart(gaps[safest]) and gaps[safest].value < 0:
        less, own = gaps[safest].times(-1), summary.figure("cost", best, "cvar")
        return (
            f"but in the worst {_worst(summary)} {safest} costs {_money(summary, less)} a year less than the "
            f"{_money(summary, own)} of {best}"
        )
    if any(gap.half != gap.half for gap in gaps.values()):
        return f"the paths are too few to compare the worst {100 * (1 - summary.level):.4g} % of them"
    unclear = [name for name, gap in gaps.items() if not _apart(gap)]
    if unclear:
        alike = [best, *unclear]
        return f"in the worst {_worst(summary)} no difference in cost can be claimed between {_listed(alike)}"
    told_apart = all(_apart(difference(summary.to_best, "cost", name)) for name in gaps)
    also = ", too" if told_apart else ""
    return f"in the worst {_worst(summary)} {_listed([best, *alike])} cost{'s' * (not alike)} least{also}"


def _profit(summary: Summary, rivals: Sequence[str]) -> str:
    if "profit" not in summary.to_best:
        return ""
    gaps = {name: difference(summary.to_best, "profit", name) for name in rivals}
    richest = max(gaps, key=lambda name: gaps[name].value)
    if not (_apart(gaps[richest]) and gaps[richest].value > 0):
        return ""
    return f"yet {richest} earns {_money(summary, gaps[richest])} a year more profit than {summary.best}"


def _apart(gap: Estimate) -> bool:
    return abs(gap.value) > gap.half


def _same(gap: Estimate) -> bool:
    return gap.value == gap.half == 0


def _money(summary: Summary, amount: Estimate) -> str:
    chosen: Scale = scale([amount.value], beside=money_scale(summary))
    return f"{rounded(amount.times(1 / chosen.factor))} {chosen.unit(summary.currency)}"


def money_scale(summary: Summary) -> Scale:
    """Return the scale in which the strategies' yearly costs are shown."""
    return scale([summary.figure("cost", name).value for name in summary.strategies])


def _cheapest(summary: Summary, name: str) -> str:
    at = summary.contrasts.sel(strategy=name)
    return str(share(float(at["cheapest"]), float(at["cheapest_lower"]), float(at["cheapest_upper"])))


def _worst(summary: Summary) -> str:
    return f"{100 * (1 - summary.level):.4g} % of paths"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
