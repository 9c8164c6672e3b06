"""Tables of a result: which estimates they hold, their labels and notes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import xarray as xr

from jitrisk.report.conclusion import render_conclusion, select_money_scale
from jitrisk.report.evidence import describe_occurrences
from jitrisk.report.numbers import (
    UNKNOWN,
    Estimate,
    Rounded,
    Scale,
    format_horizon,
    format_share,
    format_within_horizon,
    round_estimate,
    select_scale,
)
from jitrisk.report.summary import Summary, list_strategies, read_difference, read_estimate, summarize
from jitrisk.report.terminal_table import ReportRow, ReportTable
from jitrisk.risk import costs, describe, ownership
from jitrisk.units import HOURS_PER_DAY, format_count, format_number, format_percent
from jitrisk.vocabulary import COSTS, OWNERSHIP

_PROFIT_ROWS = ("revenue", "cost_of_goods", "gross_profit", "profit")
_COST_ROWS = tuple(name for name in COSTS if name not in (*_PROFIT_ROWS, "working_capital"))
_RATIO_ROWS = (
    ("gross margin, %", "gross_margin", 100.0),
    ("inventory turns per year", "turns", 1.0),
    ("days of inventory", "days_of_inventory", 1.0),
    ("cash cycle, days", "cash_cycle", 1.0),
)
_MOST_BEARERS, _LEAST_SHARE = 20, 1e-4
_LONGEST_NAME = 40
_SERVICE_ROWS = (
    ("downtime per year, hours", "downtime", 1.0, math.inf),
    ("stockouts per year, days", "stockout", 1.0, math.inf),
    ("fill rate, %", "fill_rate", 100.0, 100.0),
    ("cycle service level, %", "cycle_service_level", 100.0, 100.0),
    ("stock at a receipt, units", "stock_at_receipt", 1.0, math.inf),
    ("units expired per year", "expired", 1.0, math.inf),
    ("units in overtime per year", "overtime", 1.0, math.inf),
)


def build_comparison_table(outcomes: xr.Dataset, base: str | None = None, level: float = 0.95) -> ReportTable:
    """Return the strategies side by side in money, service and ratios, then the conclusion.

    Parameters
    ----------
    outcomes : a result; with one strategy, the rows that compare are left out.
    base : the strategy the others are compared with; the first by default.
    level : level of the conditional value at risk.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a variable or holds a number that is not finite.
    """
    return tabulate_comparison(summarize(outcomes, base, level))


def tabulate_comparison(summary: Summary) -> ReportTable:
    """Return the table of :func:`build_comparison_table` from what is computed already."""
    rows = (
        *_list_money_rows(summary),
        *_list_ratio_rows(summary),
        *_list_service_rows(summary),
        *_list_winner_rows(summary),
    )
    notes = (explain_intervals(rows), *_list_money_notes(summary), _explain_service(summary), _explain_paths(summary))
    notes += describe_occurrences(summary.hazards, summary.is_weighted)
    return ReportTable(read_model_name(summary.statistics), summary.strategies, rows, notes, render_conclusion(summary))


def build_cost_table(outcomes: xr.Dataset) -> ReportTable:
    """Return the components of the mean cost per year, strategies side by side; those that are 0 are left out.

    Parameters
    ----------
    outcomes : a result.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a price or an outcome, or holds a number that is not finite.
    """
    statistics = describe(costs(outcomes)[list(_COST_ROWS)])
    names = [name for name in _COST_ROWS if name == "total" or statistics[name].sel(statistic="mean").any()]
    return _build_money_table("mean cost per year", statistics, names, "total")


def build_profit_table(outcomes: xr.Dataset) -> ReportTable | None:
    """Return the mean revenue per year and what is left of it, strategies side by side; None where nothing has a price.

    Parameters
    ----------
    outcomes : a result.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a price or an outcome, or holds a number that is not finite.
    """
    spent = costs(outcomes)
    if "revenue" not in spent:
        return None
    names = [name for name in _PROFIT_ROWS if name in spent]
    statistics = describe(spent[names])
    note = _explain_gross_profit(statistics, bool(spent["purchase"].any()))
    return _build_money_table("mean revenue and profit per year", statistics, names, "revenue", note)


def _explain_gross_profit(statistics: xr.Dataset, purchased: bool) -> tuple[str, ...]:
    """Return why profit exceeds gross profit, nothing where it does not: readers expect profit to be the smaller."""
    if "gross_profit" not in statistics:
        return ()
    means = statistics.sel(statistic="mean")
    if not (means["profit"] > means["gross_profit"]).any():
        return ()
    spent = "total cost counts the unit_cost of the units started" if purchased else "no stage has a unit_cost"
    return (f"Profit exceeds gross profit: cost of goods is the value of the units shipped, and {spent}.",)


def _build_money_table(
    what: str, statistics: xr.Dataset, names: Sequence[str], largest: str, notes: tuple[str, ...] = ()
) -> ReportTable:
    strategies = list_strategies(statistics)
    estimates = {name: [read_estimate(statistics, name, strategy) for strategy in strategies] for name in names}
    chosen = select_scale(estimate.value for estimate in estimates[largest])
    rows = tuple(ReportRow(name.replace("_", " "), format_cells(estimates[name], chosen)) for name in names)
    unit = chosen.format_unit(_read_currency(statistics, largest))
    return ReportTable(
        f"{read_model_name(statistics)}: {what}, {unit}", strategies, rows, (*notes, explain_intervals(rows))
    )


def build_ownership_table(outcomes: xr.Dataset) -> ReportTable:
    """Return the mean cost per year by the stage or customer that bears it, the largest first, strategies side by side.

    The fixed cost has a row of its own, `plan as a whole`.

    Parameters
    ----------
    outcomes : a result.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a price or an outcome, or holds a number that is not finite.
    """
    bearers = _list_bearers(ownership(outcomes))
    # A stage may be named like a dimension, so the columns are numbered.
    columns = {str(k): array for k, (_, array) in enumerate(bearers)}
    statistics = describe(costs(outcomes)[["total"]].assign(columns))
    strategies = list_strategies(statistics)
    *each, total = (
        [read_estimate(statistics, key, strategy) for strategy in strategies] for key in (*columns, "total")
    )
    paid = [(name, found) for (name, _), found in zip(bearers, each, strict=True) if _find_highest_cost(found)]
    by_cost = sorted(paid, key=lambda pair: -_find_highest_cost(pair[1]))
    least = _LEAST_SHARE * _find_highest_cost(total)
    shown = [(name, found) for name, found in by_cost if _find_highest_cost(found) >= least][:_MOST_BEARERS]
    chosen = select_scale(estimate.value for estimate in total)
    rows = [ReportRow(_shorten_name(name), format_cells(found, chosen)) for name, found in shown]
    rows.append(ReportRow("total", format_cells(total, chosen)))
    left_out = len(paid) - len(shown)
    cut = [f"{left_out:,} more bear less; the total is of all."] if left_out else []
    unit = chosen.format_unit(_read_currency(statistics))
    heading = f"{read_model_name(statistics)}: mean cost per year by stage and customer, {unit}"
    return ReportTable(heading, strategies, tuple(rows), (explain_intervals(rows), *cut))


def _list_bearers(borne: xr.Dataset) -> list[tuple[str, xr.DataArray]]:
    """Return what every stage, every customer and the plan as a whole bears, with its name."""
    *arrays, whole = (borne[name] for name in OWNERSHIP)
    each = [
        (str(name), array.sel({dim: name}, drop=True))
        for array, dim in ((array, OWNERSHIP[str(array.name)].dims[-1]) for array in arrays)
        for name in borne[dim].values.tolist()
    ]
    return [*each, ("plan as a whole", whole)]


def _find_highest_cost(estimates: Iterable[Estimate]) -> float:
    return max(estimate.value for estimate in estimates)


def _shorten_name(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."


def _read_currency(statistics: xr.Dataset, name: str = "total") -> str:
    return str(statistics[name].attrs["units"])


def _list_money_rows(summary: Summary) -> Iterator[ReportRow]:
    if not summary.is_priced:
        return
    yield _build_money_row(f"{summary.objective} per year", summary.objective, summary)
    if len(summary.strategies) > 1:
        yield _build_difference_row(summary)
    length = format_horizon(summary.statistics.attrs)
    tail = f"CVaR {format_percent(summary.level)} {f'over {length}' if length else f'of {summary.objective}'}"
    yield _build_money_row(tail, summary.objective, summary, "cvar")
    if summary.objective != "cost":
        yield _build_money_row("cost per year", "cost", summary)
    yield _build_money_row("working capital", "working_capital", summary)


def _build_money_row(label: str, metric: str, summary: Summary, statistic: str = "mean") -> ReportRow:
    return _build_scaled_row(
        label, [summary.read_estimate(metric, name, statistic) for name in summary.strategies], summary
    )


def _build_difference_row(summary: Summary) -> ReportRow:
    gaps = [read_difference(summary.comparison, summary.objective, name) for name in summary.strategies]
    row = _build_scaled_row(f"difference to {summary.base}", gaps, summary)
    pairs = zip(summary.strategies, row.cells, strict=True)
    return ReportRow(row.label, tuple(Rounded("-") if name == summary.base else cell for name, cell in pairs))


def _build_scaled_row(label: str, estimates: Sequence[Estimate], summary: Summary) -> ReportRow:
    chosen = select_scale((estimate.value for estimate in estimates), beside=select_money_scale(summary))
    return ReportRow(f"{label}, {chosen.format_unit(summary.currency)}", format_cells(estimates, chosen))


def _list_ratio_rows(summary: Summary) -> Iterator[ReportRow]:
    for label, metric, factor in _RATIO_ROWS:
        if metric in summary.statistics:
            estimates = (summary.read_estimate(metric, name).multiply(factor) for name in summary.strategies)
            yield ReportRow(label, tuple(round_estimate(estimate) for estimate in estimates))


def _list_service_rows(summary: Summary) -> Iterator[ReportRow]:
    for label, metric, factor, top in _SERVICE_ROWS:
        if metric not in summary.statistics:
            continue
        estimates = (summary.read_estimate(metric, name).multiply(factor) for name in summary.strategies)
        yield ReportRow(label, tuple(round_estimate(estimate, top) for estimate in estimates))


def _list_winner_rows(summary: Summary) -> Iterator[ReportRow]:
    if summary.is_priced and len(summary.strategies) > 1:
        kind, label = ("cheapest", "cheapest on") if summary.objective == "cost" else ("richest", "most profit on")
        ends = (summary.comparison[f"{kind}{end}"].values for end in ("", "_lower", "_upper"))
        cells = (format_share(float(p), float(lower), float(upper)) for p, lower, upper in zip(*ends, strict=True))
        yield ReportRow(f"{label}, % of paths", tuple(cells))


def format_cells(estimates: Iterable[Estimate], chosen: Scale) -> tuple[Rounded, ...]:
    """Return the cells of a row of money in one scale."""
    return tuple(round_estimate(estimate.multiply(1 / chosen.factor)) for estimate in estimates)


def read_model_name(statistics: xr.Dataset) -> str:
    """Return the name of the model that a result is of."""
    return str(statistics.attrs.get("name", "Result"))


def explain_intervals(rows: Iterable[ReportRow]) -> str:
    """Return what the figures behind the signs in these rows are."""
    unknown = any(cell.half == UNKNOWN for row in rows for cell in row.cells)
    few = f"; {UNKNOWN}: not supported by these paths" if unknown else ""
    return f"±: half a 95 % interval, left out where smaller than the digits shown{few}."


def _list_money_notes(summary: Summary) -> Iterator[str]:
    if not summary.is_priced:
        return
    level, rest = format_percent(summary.level), format_percent(1 - summary.level)
    per = format_within_horizon(summary.statistics.attrs) or " per year"
    yield f"CVaR {level}: the mean {summary.objective}{per} over the worst {rest} % of paths."
    if len(summary.strategies) > 2:
        yield "The conclusion's intervals hold for all pairs of strategies at once."
    if any(metric in summary.statistics for _, metric, _ in _RATIO_ROWS):
        first = "Margin, turns" if "gross_margin" in summary.statistics else "Turns"
        yield f"{first} and days are those of every path, averaged."


def _explain_service(summary: Summary) -> str:
    stages, customers = (summary.statistics[metric].attrs["over"] for metric in ("downtime", "stockout"))
    return f"Downtime: hours starved or broken, summed over {stages}; stockouts: over {customers}."


def _explain_paths(summary: Summary) -> str:
    attrs = summary.statistics.attrs
    days = format_number(attrs["periods"] * attrs["period_hours"] / HOURS_PER_DAY, 4)
    shared = ", the same for every strategy" if len(summary.strategies) > 1 else ""
    scaled = "; means are scaled to a year" if format_within_horizon(attrs) else ", scaled to a year"
    return f"{format_count(summary.paths, 'path')}{shared}; {days} days of each{scaled}."
