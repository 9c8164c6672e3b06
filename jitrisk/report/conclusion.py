"""The conclusion in two plain sentences, which claim no more than the intervals allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jitrisk.report.evidence import explain_missing_intervals
from jitrisk.report.numbers import Estimate, Scale, listed, paths, per_horizon, percent, rounded, scale, share
from jitrisk.report.summary import Summary, difference, missing_intervals
from jitrisk.risk.metrics import Aim


@dataclass(frozen=True)
class _Words:
    """How one speaks of what decides: costs least, earns most, or loses least."""

    verb: str
    most: str
    gap: str
    lag: str
    winner: str
    share: str


_WORDS: dict[Aim, _Words] = {
    "cost": _Words("cost", "least", "less", "more", "the cheapest", "cheapest"),
    "profit": _Words("earn", "most", "more", "less", "the most profitable", "richest"),
}
_LOSSES = _Words("lose", "least", "less", "more", "the best", "richest")


def conclusion(summary: Summary) -> str:
    """Return what an operations director may take away: a sentence on the average, and one on the worst paths.

    What decides is profit where the model has a price, else cost. A strategy is said to be better than another only
    where the interval of their difference on the same paths leaves out 0; the intervals hold for all pairs of
    strategies at once.
    """
    return " ".join(sentences(summary))


def sentences(summary: Summary) -> tuple[str, ...]:
    """Return the sentences of the conclusion, the last one on hazards that were hardly seen, where there are any."""
    return (*_on_money(summary), *explain_missing_intervals(summary.hazards, summary.weighted))


def _on_money(summary: Summary) -> tuple[str, ...]:
    if not summary.priced:
        return ("Nothing has a price in this model, so only downtime, stockouts and fill rate can be compared.",)
    if len(summary.strategies) == 1:
        return _alone(summary)
    rivals = sorted(
        (name for name in summary.strategies if name != summary.best),
        key=lambda name: _behind(summary, name).value,
    )
    unclear = [name for name in rivals if not _apart(_behind(summary, name))]
    first = _undecided(summary, unclear, rivals) if unclear else _decided(summary, rivals)
    second = _tail(summary, rivals)
    return (f"{first}.", f"{second[0].upper()}{second[1:]}.") if second else (f"{first}.",)


def _alone(summary: Summary) -> tuple[str, ...]:
    (name,) = summary.strategies
    mean, worst = (summary.figure(summary.aim, name, statistic) for statistic in ("mean", "cvar"))
    return (
        f"{name} {_does(summary, mean)} a year on average.",
        f"In the worst {_worst(summary)} it {_does(summary, worst)} {_per(summary)}.",
    )


def _does(summary: Summary, amount: Estimate) -> str:
    """Return that a strategy costs, earns or loses so much."""
    if summary.aim == "profit" and amount.value < 0:
        return f"loses {_money(summary, amount.times(-1))}"
    return f"{_WORDS[summary.aim].verb}s {_money(summary, amount)}"


def _decided(summary: Summary, rivals: Sequence[str]) -> str:
    best, second, words = summary.best, rivals[0], _words(summary)
    mean, gap = summary.figure(summary.aim, best), _behind(summary, second)
    amount = mean.times(-1) if words is _LOSSES else mean
    after = "" if len(rivals) == 1 else ", the next"
    return (
        f"{best} {words.verb}s {words.most}, {_money(summary, amount)} a year: "
        f"{_money(summary, gap)} {words.gap} than {second}{after}, {_wins(summary)}"
    )


def _wins(summary: Summary) -> str:
    words = _words(summary)
    often = str(summary.contrasts[words.share].idxmax("strategy").item())
    if often == summary.best:
        return f"and it is {words.winner} on {_share(summary, often)} % of paths"
    return f"though {often} is {words.winner} on {_share(summary, often)} % of paths"


def _undecided(summary: Summary, unclear: Sequence[str], rivals: Sequence[str]) -> str:
    gaps, words = [_behind(summary, name) for name in unclear], _words(summary)
    together = listed([summary.best, *unclear])
    behind = [name for name in rivals if name not in unclear]
    rest = f"; {listed(behind)} {words.verb}{'s' * (len(behind) == 1)} {words.lag}" if behind else ""
    if all(_same(gap) for gap in gaps):
        return f"{together} {words.verb} the same on every path{rest}"
    start = f"No difference in mean {summary.aim} can be claimed between {together} at {paths(summary.paths)}"
    if len(unclear) > 1 and not _unknown(gaps):
        return f"{start}: the intervals of their differences contain 0{rest}"
    if _unknown(gaps) and not summary.evident:
        return f"{start}{rest}"
    why = "its interval is unknown" if _unknown(gaps) else "its interval contains 0"
    gap = f"{_money(summary, gaps[0])} a year {words.lag} than {summary.best}"
    return f"{start}: {unclear[0]} {words.verb}s {gap}, and {why}{rest}"


def _tail(summary: Summary, rivals: Sequence[str]) -> str:
    """Return what the worst paths add; of strategies that never differ there is nothing to add."""
    best, words = summary.best, _words(summary, "cvar")
    alike = [name for name in rivals if _same(_behind(summary, name))]
    gaps = {name: _behind(summary, name, "cvar_") for name in rivals if name not in alike}
    if not gaps:
        return ""
    safest = min(gaps, key=lambda name: gaps[name].value)
    if _apart(gaps[safest]) and gaps[safest].value < 0:
        own, ahead = summary.figure(summary.aim, best, "cvar"), _money(summary, gaps[safest].times(-1))
        if words is _LOSSES:
            loss = _money(summary, own.times(-1))
            where = f"where {best} loses {loss} {_per(summary)}"
            return f"but in the worst {_worst(summary)}, {where}, {safest} is better by {ahead}"
        year = _per(summary) == "a year"
        less = f"{ahead} a year {words.gap}" if year else f"{ahead} {words.gap} {_per(summary)}"
        than = f"than the {_money(summary, own)} of {best}"
        return f"but in the worst {_worst(summary)} {safest} {words.verb}s {less} {than}"
    if _unknown(gaps.values()):
        if not summary.evident:
            return ""
        reasons = [missing_intervals(summary.to_best, summary.aim, name)["cvar"] for name in gaps]
        return f"the worst {_worst(summary)} cannot be compared: {next(filter(None, reasons))}"
    unclear = [name for name, gap in gaps.items() if not _apart(gap)]
    if unclear:
        together = listed([best, *unclear])
        return f"in the worst {_worst(summary)} no difference in {summary.aim} can be claimed between {together}"
    also = ", too" if words is _words(summary) and all(_apart(_behind(summary, name)) for name in gaps) else ""
    verb = f"{words.verb}{'s' * (not alike)}"
    return f"in the worst {_worst(summary)} {listed([best, *alike])} {verb} {words.most}{also}"


def _per(summary: Summary) -> str:
    return per_horizon(summary.measures.attrs)


def _words(summary: Summary, statistic: str = "mean") -> _Words:
    """Return how one speaks of what decides; where even the best strategy makes a loss, of losses."""
    lost = summary.aim == "profit" and summary.figure("profit", summary.best, statistic).value < 0
    return _LOSSES if lost else _WORDS[summary.aim]


def _behind(summary: Summary, name: str, prefix: str = "") -> Estimate:
    """Return by how much a strategy is worse than the best: dearer, or less profitable."""
    gap = difference(summary.to_best, summary.aim, name, prefix)
    return gap if summary.aim == "cost" else gap.times(-1)


def _unknown(gaps: Iterable[Estimate]) -> bool:
    return any(gap.half != gap.half for gap in gaps)


def _apart(gap: Estimate) -> bool:
    return abs(gap.value) > gap.half


def _same(gap: Estimate) -> bool:
    return gap.value == gap.half == 0


def _money(summary: Summary, amount: Estimate) -> str:
    chosen: Scale = scale([amount.value], beside=money_scale(summary))
    return f"{rounded(amount.times(1 / chosen.factor))} {chosen.unit(summary.currency)}"


def money_scale(summary: Summary) -> Scale:
    """Return the scale in which the strategies' yearly costs or profits are shown."""
    return scale([summary.figure(summary.aim, name).value for name in summary.strategies])


def _share(summary: Summary, name: str) -> str:
    at, kind = summary.contrasts.sel(strategy=name), _words(summary).share
    return str(share(*(float(at[f"{kind}{end}"]) for end in ("", "_lower", "_upper"))))


def _worst(summary: Summary) -> str:
    return f"{percent(1 - summary.level)} % of paths"
