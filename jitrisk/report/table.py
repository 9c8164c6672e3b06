"""Which figures stand in which table, and the words around them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import xarray as xr

from jitrisk.report.conclusion import conclusion, money_scale
from jitrisk.report.evidence import describe_occurrences
from jitrisk.report.numbers import (
    UNKNOWN,
    Estimate,
    Rounded,
    Scale,
    horizon_span,
    paths,
    percent,
    rounded,
    scale,
    share,
    within,
)
from jitrisk.report.summary import Summary, difference, figure, strategies_of, summarize
from jitrisk.report.terminal_table import Row, Sheet
from jitrisk.risk import costs, describe, ownership
from jitrisk.risk.inputs import HOURS_PER_DAY
from jitrisk.units import number
from jitrisk.vocabulary import COSTS

_PROFIT_ROWS = ("revenue", "cost_of_goods", "gross_profit", "profit")
_COST_ROWS = tuple(name for name in COSTS if name not in (*_PROFIT_ROWS, "working_capital"))
_RATIO_ROWS = (
    ("gross margin, %", "gross_margin", 100.0),
    ("inventory turns a year", "turns", 1.0),
    ("days of inventory", "days_of_inventory", 1.0),
    ("cash cycle, days", "cash_cycle", 1.0),
)
_MOST_BEARERS, _LEAST_SHARE = 20, 1e-4
_LONGEST_NAME = 40
_SERVICE_ROWS = (
    ("downtime a year, hours", "downtime", 1.0, math.inf),
    ("stockouts a year, days", "stockout", 1.0, math.inf),
    ("fill rate, %", "fill_rate", 100.0, 100.0),
    ("cycle service level, %", "cycle_service_level", 100.0, 100.0),
    ("stock at a receipt, units", "stock_at_receipt", 1.0, math.inf),
)


def compare_table(outcomes: xr.Dataset, base: str | None = None, level: float = 0.95) -> Sheet:
    """Return the strategies side by side in what an operations director asks, then the conclusion.

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
    return compared(summarize(outcomes, base, level))


def compared(summary: Summary) -> Sheet:
    """Return the table of :func:`compare_table` from what is computed already."""
    rows = (*_money_rows(summary), *_ratio_rows(summary), *_service_rows(summary), *_winner_rows(summary))
    notes = (interval_note(rows), *_money_notes(summary), _service_note(summary), _paths_note(summary))
    notes += describe_occurrences(summary.hazards, summary.weighted)
    return Sheet(title(summary.measures), summary.strategies, rows, notes, conclusion(summary))


def cost_table(outcomes: xr.Dataset) -> Sheet:
    """Return the components of the mean cost a year, strategies side by side; those nobody pays are left out.

    Parameters
    ----------
    outcomes : a result.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a price or an outcome, or holds a number that is not finite.
    """
    measures = describe(costs(outcomes)[list(_COST_ROWS)])
    names = [name for name in _COST_ROWS if name == "total" or measures[name].sel(statistic="mean").any()]
    return _money_sheet("mean cost a year", measures, names, "total")


def profit_table(outcomes: xr.Dataset) -> Sheet | None:
    """Return the mean revenue a year and what is left of it, strategies side by side; None where nothing has a price.

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
    measures = describe(spent[names])
    note = _gross_profit_note(measures, bool(spent["purchase"].any()))
    return _money_sheet("mean revenue and profit a year", measures, names, "revenue", note)


def _gross_profit_note(measures: xr.Dataset, purchased: bool) -> tuple[str, ...]:
    """Return why profit exceeds gross profit, nothing where it does not: readers expect profit to be the smaller."""
    if "gross_profit" not in measures:
        return ()
    means = measures.sel(statistic="mean")
    if not (means["profit"] > means["gross_profit"]).any():
        return ()
    spent = "total cost counts the unit_cost of the units started" if purchased else "no stage has a unit_cost"
    return (f"Profit exceeds gross profit: cost of goods is the value of the units shipped, and {spent}.",)


def _money_sheet(
    what: str, measures: xr.Dataset, names: Sequence[str], largest: str, notes: tuple[str, ...] = ()
) -> Sheet:
    strategies = strategies_of(measures)
    estimates = {name: [figure(measures, name, strategy) for strategy in strategies] for name in names}
    chosen = scale(estimate.value for estimate in estimates[largest])
    rows = tuple(Row(name.replace("_", " "), cells(estimates[name], chosen)) for name in names)
    unit = chosen.unit(_currency(measures, largest))
    return Sheet(f"{title(measures)}: {what}, {unit}", strategies, rows, (*notes, interval_note(rows)))


def ownership_table(outcomes: xr.Dataset) -> Sheet:
    """Return the mean cost a year by the stage or customer that bears it, the dearest first, strategies side by side.

    Parameters
    ----------
    outcomes : a result.

    Raises
    ------
    ResultError
        When the Dataset is no result, lacks a price or an outcome, or holds a number that is not finite.
    """
    bearers = _bearers(ownership(outcomes))
    # A stage may be named like a dimension, so the columns are numbered.
    columns = {str(k): array for k, array in enumerate(bearers.values())}
    measures = describe(costs(outcomes)[["total"]].assign(columns))
    strategies = strategies_of(measures)
    *each, total = ([figure(measures, key, strategy) for strategy in strategies] for key in (*columns, "total"))
    paid = {name: found for name, found in zip(bearers, each, strict=True) if _dearest(found)}
    by_cost = sorted(paid, key=lambda name: -_dearest(paid[name]))
    shown = [name for name in by_cost if _dearest(paid[name]) >= _LEAST_SHARE * _dearest(total)][:_MOST_BEARERS]
    chosen = scale(estimate.value for estimate in total)
    rows = [Row(_short(name), cells(paid[name], chosen)) for name in shown]
    rows.append(Row("total", cells(total, chosen)))
    cut = [f"{len(paid) - len(shown):,} more bear less; the total is of all."] * (len(paid) > len(shown))
    heading = f"{title(measures)}: mean cost a year by stage and customer, {chosen.unit(_currency(measures))}"
    return Sheet(heading, strategies, tuple(rows), (interval_note(rows), *cut))


def _bearers(borne: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what every stage and customer bears, by its name."""
    pairs = [(array, array.dims[-1]) for array in borne.values()]
    return {
        str(thing): array.sel({dim: thing}, drop=True) for array, dim in pairs for thing in borne[dim].values.tolist()
    }


def _dearest(estimates: Iterable[Estimate]) -> float:
    return max(estimate.value for estimate in estimates)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."


def _currency(measures: xr.Dataset, name: str = "total") -> str:
    return str(measures[name].attrs["units"])


def _money_rows(summary: Summary) -> Iterator[Row]:
    if not summary.priced:
        return
    yield _money_row(f"{summary.aim} a year", summary.aim, summary)
    if len(summary.strategies) > 1:
        yield _difference_row(summary)
    length = horizon_span(summary.measures.attrs)
    tail = f"CVaR {percent(summary.level)} {f'over {length}' if length else f'of {summary.aim}'}"
    yield _money_row(tail, summary.aim, summary, "cvar")
    if summary.aim != "cost":
        yield _money_row("cost a year", "cost", summary)
    yield _money_row("working capital", "working_capital", summary)


def _money_row(label: str, metric: str, summary: Summary, statistic: str = "mean") -> Row:
    return _scaled(label, [summary.figure(metric, name, statistic) for name in summary.strategies], summary)


def _difference_row(summary: Summary) -> Row:
    gaps = [difference(summary.contrasts, summary.aim, name) for name in summary.strategies]
    row = _scaled(f"difference to {summary.base}", gaps, summary)
    pairs = zip(summary.strategies, row.cells, strict=True)
    return Row(row.label, tuple(Rounded("-") if name == summary.base else cell for name, cell in pairs))


def _scaled(label: str, estimates: Sequence[Estimate], summary: Summary) -> Row:
    chosen = scale((estimate.value for estimate in estimates), beside=money_scale(summary))
    return Row(f"{label}, {chosen.unit(summary.currency)}", cells(estimates, chosen))


def _ratio_rows(summary: Summary) -> Iterator[Row]:
    for label, metric, factor in _RATIO_ROWS:
        if metric in summary.measures:
            estimates = (summary.figure(metric, name).times(factor) for name in summary.strategies)
            yield Row(label, tuple(rounded(estimate) for estimate in estimates))


def _service_rows(summary: Summary) -> Iterator[Row]:
    for label, metric, factor, top in _SERVICE_ROWS:
        if metric not in summary.measures:
            continue
        estimates = (summary.figure(metric, name).times(factor) for name in summary.strategies)
        yield Row(label, tuple(rounded(estimate, top) for estimate in estimates))


def _winner_rows(summary: Summary) -> Iterator[Row]:
    if summary.priced and len(summary.strategies) > 1:
        kind, label = ("cheapest", "cheapest on") if summary.aim == "cost" else ("richest", "most profit on")
        ends = (summary.contrasts[f"{kind}{end}"].values for end in ("", "_lower", "_upper"))
        cells = (share(float(p), float(lower), float(upper)) for p, lower, upper in zip(*ends, strict=True))
        yield Row(f"{label}, % of paths", tuple(cells))


def cells(estimates: Iterable[Estimate], chosen: Scale) -> tuple[Rounded, ...]:
    """Return the cells of a row of money in one scale."""
    return tuple(rounded(estimate.times(1 / chosen.factor)) for estimate in estimates)


def title(measures: xr.Dataset) -> str:
    """Return the name of the model that a result is of."""
    return str(measures.attrs.get("name", "Result"))


def interval_note(rows: Iterable[Row]) -> str:
    """Return what the figures behind the signs in these rows are."""
    unknown = any(cell.half == UNKNOWN for row in rows for cell in row.cells)
    few = f"; {UNKNOWN}: not supported by these paths" if unknown else ""
    return f"±: half a 95 % interval, left out where smaller than the digits shown{few}."


def _money_notes(summary: Summary) -> Iterator[str]:
    if not summary.priced:
        return
    level, rest = percent(summary.level), percent(1 - summary.level)
    per = within(summary.measures.attrs) or " a year"
    yield f"CVaR {level}: the mean {summary.aim}{per} over the worst {rest} % of paths."
    if len(summary.strategies) > 2:
        yield "The conclusion's intervals hold for all pairs of strategies at once."
    if any(metric in summary.measures for _, metric, _ in _RATIO_ROWS):
        first = "Margin, turns" if "gross_margin" in summary.measures else "Turns"
        yield f"{first} and days are those of every path, averaged."


def _service_note(summary: Summary) -> str:
    stages, customers = (summary.measures[metric].attrs["over"] for metric in ("downtime", "stockout"))
    return f"Downtime: hours starved or broken, summed over {stages}; stockouts: over {customers}."


def _paths_note(summary: Summary) -> str:
    attrs = summary.measures.attrs
    days = number(attrs["periods"] * attrs["period_hours"] / HOURS_PER_DAY, 4)
    shared = ", the same for every strategy" if len(summary.strategies) > 1 else ""
    scaled = "; means are scaled to a year" if within(attrs) else ", scaled to a year"
    return f"{paths(summary.paths)}{shared}; {days} days of each{scaled}."
