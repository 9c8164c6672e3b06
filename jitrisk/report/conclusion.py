"""The conclusion in two plain sentences, which claim no more than the intervals allow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jitrisk.report.evidence import explain_missing_intervals
from jitrisk.report.numbers import (
    Estimate,
    Scale,
    format_per_horizon,
    format_share,
    join_names,
    round_estimate,
    select_scale,
)
from jitrisk.report.summary import Summary, read_difference, read_missing_reasons
from jitrisk.risk.metrics import Objective
from jitrisk.units import format_count, format_percent


@dataclass(frozen=True)
class _Words:
    """Words for the objective: costs least, earns most, or loses least."""

    verb: str
    most: str
    gap: str
    lag: str
    winner: str
    share: str


_WORDS: dict[Objective, _Words] = {
    "cost": _Words("cost", "least", "less", "more", "the cheapest", "cheapest"),
    "profit": _Words("earn", "most", "more", "less", "the most profitable", "richest"),
}
_LOSSES = _Words("lose", "least", "less", "more", "the best", "richest")


def render_conclusion(summary: Summary) -> str:
    """Return the conclusion: a sentence on the average, and one on the worst paths.

    The objective is profit where the model has a price, else cost. A strategy is said to be better than another only
    where the interval of their difference on the same paths leaves out 0; the intervals hold for all pairs of
    strategies at once.
    """
    return " ".join(list_sentences(summary))


def list_sentences(summary: Summary) -> tuple[str, ...]:
    """Return the sentences of the conclusion, the last one on hazards that were hardly seen, where there are any."""
    return (*_render_money_sentences(summary), *explain_missing_intervals(summary.hazards, summary.is_weighted))


def _render_money_sentences(summary: Summary) -> tuple[str, ...]:
    if not summary.is_priced:
        return ("Nothing has a price in this model, so only downtime, stockouts and fill rate can be compared.",)
    if len(summary.strategies) == 1:
        return _render_single_strategy(summary)
    rivals = sorted(
        (name for name in summary.strategies if name != summary.best),
        key=lambda name: _compute_gap_to_best(summary, name).value,
    )
    unclear = [name for name in rivals if not _is_significant(_compute_gap_to_best(summary, name))]
    first = _render_undecided(summary, unclear, rivals) if unclear else _render_winner(summary, rivals)
    second = _render_tail(summary, rivals)
    return (f"{first}.", f"{second[0].upper()}{second[1:]}.") if second else (f"{first}.",)


def _render_single_strategy(summary: Summary) -> tuple[str, ...]:
    (name,) = summary.strategies
    mean, worst = (summary.read_estimate(summary.objective, name, statistic) for statistic in ("mean", "cvar"))
    return (
        f"{name} {_render_amount(summary, mean)} per year on average.",
        f"In the worst {_format_worst_share(summary)} it {_render_amount(summary, worst)} "
        f"{_format_per_horizon(summary)}.",
    )


def _render_amount(summary: Summary, amount: Estimate) -> str:
    """Return that a strategy costs, earns or loses so much."""
    if summary.objective == "profit" and amount.value < 0:
        return f"loses {_format_money(summary, amount.multiply(-1))}"
    return f"{_WORDS[summary.objective].verb}s {_format_money(summary, amount)}"


def _render_winner(summary: Summary, rivals: Sequence[str]) -> str:
    best, second, words = summary.best, rivals[0], _select_words(summary)
    mean, gap = summary.read_estimate(summary.objective, best), _compute_gap_to_best(summary, second)
    amount = mean.multiply(-1) if words is _LOSSES else mean
    after = "" if len(rivals) == 1 else ", the next"
    return (
        f"{best} {words.verb}s {words.most}, {_format_money(summary, amount)} per year: "
        f"{_format_money(summary, gap)} {words.gap} than {second}{after}, {_render_win_share(summary)}"
    )


def _render_win_share(summary: Summary) -> str:
    words = _select_words(summary)
    often = str(summary.comparison[words.share].idxmax("strategy").item())
    if often == summary.best:
        return f"and it is {words.winner} on {_format_win_share(summary, often)} % of paths"
    return f"though {often} is {words.winner} on {_format_win_share(summary, often)} % of paths"


def _render_undecided(summary: Summary, unclear: Sequence[str], rivals: Sequence[str]) -> str:
    gaps, words = [_compute_gap_to_best(summary, name) for name in unclear], _select_words(summary)
    together = join_names([summary.best, *unclear])
    behind = [name for name in rivals if name not in unclear]
    rest = f"; {join_names(behind)} {_inflect(words.verb, len(behind))} {words.lag}" if behind else ""
    if all(_is_zero(gap) for gap in gaps):
        return f"{together} {words.verb} the same on every path{rest}"
    paths = format_count(summary.paths, "path")
    start = f"No difference in mean {summary.objective} can be claimed between {together} at {paths}"
    if len(unclear) > 1 and not _has_unknown_interval(gaps):
        return f"{start}: the intervals of their differences contain 0{rest}"
    if _has_unknown_interval(gaps) and not summary.has_enough_evidence:
        return f"{start}{rest}"
    why = "its interval is unknown" if _has_unknown_interval(gaps) else "its interval contains 0"
    gap = f"{_format_money(summary, gaps[0])} per year {words.lag} than {summary.best}"
    return f"{start}: {unclear[0]} {words.verb}s {gap}, and {why}{rest}"


def _render_tail(summary: Summary, rivals: Sequence[str]) -> str:
    """Return what the worst paths add; of strategies that never differ there is nothing to add."""
    best, words = summary.best, _select_words(summary, "cvar")
    alike = [name for name in rivals if _is_zero(_compute_gap_to_best(summary, name))]
    gaps = {name: _compute_gap_to_best(summary, name, "cvar_") for name in rivals if name not in alike}
    if not gaps:
        return ""
    safest = min(gaps, key=lambda name: gaps[name].value)
    if _is_significant(gaps[safest]) and gaps[safest].value < 0:
        own, ahead = (
            summary.read_estimate(summary.objective, best, "cvar"),
            _format_money(summary, gaps[safest].multiply(-1)),
        )
        if words is _LOSSES:
            loss = _format_money(summary, own.multiply(-1))
            where = f"where {best} loses {loss} {_format_per_horizon(summary)}"
            return f"but in the worst {_format_worst_share(summary)}, {where}, {safest} is better by {ahead}"
        year = _format_per_horizon(summary) == "per year"
        less = f"{ahead} per year {words.gap}" if year else f"{ahead} {words.gap} {_format_per_horizon(summary)}"
        than = f"than the {_format_money(summary, own)} of {best}"
        return f"but in the worst {_format_worst_share(summary)} {safest} {words.verb}s {less} {than}"
    if _has_unknown_interval(gaps.values()):
        if not summary.has_enough_evidence:
            return ""
        reasons = [read_missing_reasons(summary.to_best, summary.objective, name)["cvar"] for name in gaps]
        return f"the worst {_format_worst_share(summary)} cannot be compared: {next(filter(None, reasons))}"
    unclear = [name for name, gap in gaps.items() if not _is_significant(gap)]
    if unclear:
        together = join_names([best, *unclear])
        where = f"in the worst {_format_worst_share(summary)}"
        return f"{where} no difference in {summary.objective} can be claimed between {together}"
    also = (
        ", too"
        if words is _select_words(summary)
        and all(_is_significant(_compute_gap_to_best(summary, name)) for name in gaps)
        else ""
    )
    verb = _inflect(words.verb, 1 + len(alike))
    return f"in the worst {_format_worst_share(summary)} {join_names([best, *alike])} {verb} {words.most}{also}"


def _inflect(verb: str, subjects: int) -> str:
    return f"{verb}s" if subjects == 1 else verb


def _format_per_horizon(summary: Summary) -> str:
    return format_per_horizon(summary.statistics.attrs)


def _select_words(summary: Summary, statistic: str = "mean") -> _Words:
    """Return the words for the objective; where even the best strategy makes a loss, those for losses."""
    lost = summary.objective == "profit" and summary.read_estimate("profit", summary.best, statistic).value < 0
    return _LOSSES if lost else _WORDS[summary.objective]


def _compute_gap_to_best(summary: Summary, name: str, prefix: str = "") -> Estimate:
    """Return by how much a strategy is worse than the best: by a higher cost, or by a lower profit."""
    gap = read_difference(summary.to_best, summary.objective, name, prefix)
    return gap if summary.objective == "cost" else gap.multiply(-1)


def _has_unknown_interval(gaps: Iterable[Estimate]) -> bool:
    return any(math.isnan(gap.half) for gap in gaps)


def _is_significant(gap: Estimate) -> bool:
    return abs(gap.value) > gap.half


def _is_zero(gap: Estimate) -> bool:
    return gap.value == gap.half == 0


def _format_money(summary: Summary, amount: Estimate) -> str:
    chosen: Scale = select_scale([amount.value], beside=select_money_scale(summary))
    return f"{round_estimate(amount.multiply(1 / chosen.factor))} {chosen.format_unit(summary.currency)}"


def select_money_scale(summary: Summary) -> Scale:
    """Return the scale in which the strategies' yearly costs or profits are shown."""
    return select_scale([summary.read_estimate(summary.objective, name).value for name in summary.strategies])


def _format_win_share(summary: Summary, name: str) -> str:
    at, kind = summary.comparison.sel(strategy=name), _select_words(summary).share
    return str(format_share(*(float(at[f"{kind}{end}"]) for end in ("", "_lower", "_upper"))))


def _format_worst_share(summary: Summary) -> str:
    return f"{format_percent(1 - summary.level)} % of paths"
