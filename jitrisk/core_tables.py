"""The rows of the core: one table of state rows and one of totals.

Everything that lists rows derives from these tables: the constants of the core (`_rows.pxi`, which setup.py writes),
the arrays of a run, the labels of Datasets, traces, and the plain twin of the tests. To add a total, add a line to
`TOTALS` here and one to `OUTCOMES` in `jitrisk.vocabulary`, and add it up in the core.

A dim is there when a row or a total names it; its members are those of the network's field of that name in the plural,
such as `stages`. Names of totals are names of variables of one Dataset, so no two dims share one.

A leaf module that imports nothing of the package: setup.py runs it before the package is built.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Closing = Literal["sum", "average", "maximum", "first"]
Source = Literal["rows", "state", "balance", "extension", "cycles"]


@dataclass(frozen=True)
class StateRow:
    """One number per path that is carried from act to act.

    Attributes
    ----------
    name : name of the row.
    dim : what has one such row each; "extension" for rows that only stages with a feature have that needs some of
        them, "scratch" for rows that there are once per stripe.
    unit : unit of its numbers.
    sentence : what it holds.
    """

    name: str
    dim: str
    unit: str
    sentence: str


@dataclass(frozen=True)
class Total:
    """One outcome of the core, float64.

    Attributes
    ----------
    name : name of the variable, as in the vocabulary.
    dim : what has one such total each.
    closes : what it is of the periods after the warm-up: their sum, their average, their maximum, or the first one.
    source : where it comes from. "rows": added up in a row of sums and moved to the total every 128 periods; "state":
        the state row of the same name at the end; "balance": computed from other totals at the end; "extension": added
        up in a row that only stages with such a feature have; "cycles": added up period by period, where some store is
        replenished in cycles.
    of : the quantity that a maximum or a first period is of.
    """

    name: str
    dim: str
    closes: Closing = "sum"
    source: Source = "rows"
    of: str = ""


STATES = (
    StateRow("on_hand", "stage", "unit", "stock on hand"),
    StateRow("gap", "stage", "unit", "order-up-to level less stock on hand, work in process and open orders"),
    StateRow("open_orders", "stage", "unit", "ordered and not yet started"),
    StateRow("short", "stage", "1", "how many customers and consumers the store was short for in this period"),
    StateRow("in_process", "stage", "unit", "work in process, where Little's law does not give its average"),
    StateRow(
        "last_due", "stage", "period", "period that the latest start is due in, where deliveries keep their order"
    ),
    StateRow("arrived", "stage", "1", "1 where something arrived in the period before, else 0; for cycles"),
    StateRow("cycle_short", "stage", "1", "1 where the store was short in this replenishment cycle, else 0"),
    StateRow("backlog", "customer", "unit", "backordered demand"),
    StateRow("peak_backlog", "customer", "unit", "largest backlog so far"),
    StateRow("first_stockout", "customer", "period", "first period in which the customer was short, -1 if none"),
    StateRow("level", "extension", "unit", "order-up-to level in force, where it follows a forecast"),
    StateRow("fresh", "extension", "unit", "units received so lately that they can be used in the next period, too"),
    StateRow("loop_stock", "extension", "unit", "stock of a loop's store in this period before anything leaves it"),
    StateRow("ordered", "scratch", "unit", "what one stage orders in this period"),
    StateRow("able", "scratch", "unit", "what one stage could start if its inputs were there"),
    StateRow("started", "scratch", "unit", "what one stage starts"),
    StateRow("missing", "scratch", "unit", "what the stores of one input could not give of their shares"),
    StateRow("pooled", "scratch", "unit", "stock of all stores of one input together"),
    StateRow("lead_time", "scratch", "period", "lead time of what one stage starts"),
    StateRow("owed", "scratch", "unit", "what one store owes to customers and consumers"),
    StateRow("capacity", "scratch", "unit", "capacity of one stage in force: more in overtime, none while closed"),
    StateRow("reorder_gap", "scratch", "unit", "least gap that one stage orders, where it follows a forecast"),
    StateRow("received", "scratch", "unit", "what enters one store in this period, where it is dated"),
    StateRow("expedited", "scratch", "unit", "what one stage starts at the expedited lead time, up to a level"),
)

TOTALS = (
    Total("started", "stage"),
    Total("scrapped", "stage"),
    Total("expedited", "stage"),
    Total("orders", "stage"),
    Total("starved", "stage"),
    Total("broken", "stage"),
    Total("shortage", "stage"),
    Total("on_hand", "stage", "average"),
    Total("wip", "stage", "average"),
    Total("ordered", "stage", source="balance"),
    Total("expired", "stage", source="extension"),
    Total("overtime", "stage", source="extension"),
    Total("receipts", "stage", source="cycles"),
    Total("short_cycles", "stage", source="cycles"),
    Total("stock_at_receipts", "stage", source="cycles"),
    Total("demand", "customer"),
    Total("filled", "customer"),  # its row adds up what was not filled, below 0; demand is added at the end
    Total("stockout", "customer"),
    Total("backlog", "customer", "average"),
    Total("shipped", "customer", source="balance"),
    Total("lost", "customer", source="balance"),
    Total("peak_backlog", "customer", "maximum", "state", of="backlog"),
    Total("first_stockout", "customer", "first", "state", of="stockout"),
)


_GROUPS = ("extension", "scratch")
"""What state rows can belong to that is no dim."""


def list_dims() -> tuple[str, ...]:
    """Return the dims that have totals or state rows, in the order of the tables."""
    states = (row.dim for row in STATES if row.dim not in _GROUPS)
    return tuple(dict.fromkeys([*(total.dim for total in TOTALS), *states]))


DIMS = list_dims()
"""The dims of the tables."""

_SOURCES: tuple[Source, ...] = ("rows", "state", "balance", "extension", "cycles")


def list_totals(dim: str, cycles: bool = True) -> list[Total]:
    """Return the totals of a dim in the order of the arrays: those with rows of sums first, those of cycles last.

    Parameters
    ----------
    dim : one of `DIMS`.
    cycles : whether those of replenishment cycles are there.
    """
    found = [total for source in _SOURCES for total in TOTALS if total.dim == dim and total.source == source]
    return [total for total in found if cycles or total.source != "cycles"]


def list_states(dim: str) -> list[StateRow]:
    """Return the state rows of a dim in the order of memory; the rows of sums stand behind them."""
    return [row for row in STATES if row.dim == dim]


def number_rows() -> dict[str, int]:
    """Return every constant of the core by name: numbers of rows and of totals, and how many there are.

    Raises
    ------
    ValueError
        If two constants have the same name, as those of two totals of the same name.
    """
    numbers: dict[str, int] = {}
    for name, number in _list_constants():
        if name in numbers:
            raise ValueError(f"core_tables.py has two constants {name}: rename one of the rows or totals")
        numbers[name] = number
    return numbers


def _list_constants() -> Iterator[tuple[str, int]]:
    dims = list_dims()
    kind = 0
    for dim in (*dims, *_GROUPS):
        prefix, states, sums = dim.upper(), list_states(dim), _count_sums(dim)
        # Kinds of rows are numbered on from dim to dim, so that the kind of a row says its dim.
        yield f"{prefix}_BEGIN", kind
        yield from ((f"{prefix}_{row.name.upper()}", kind + k) for k, row in enumerate(states))
        yield f"{prefix}_SUMS", kind + len(states)  # kind of the first row of sums
        yield f"{prefix}_ROWS", len(states) + sums
        kind += len(states) + sums
    for number, dim in enumerate(dims):
        yield f"DIM_{dim.upper()}", number
        yield from ((f"TOTAL_{total.name.upper()}", k) for k, total in enumerate(list_totals(dim)))
    # Number of the first total of stages that is summed in rows of extensions; the others follow it.
    yield "EXTENSION_TOTALS", next(k for k, total in enumerate(list_totals("stage")) if total.source == "extension")
    yield "DIMS", len(dims)
    yield "MOST_TOTALS", max(len(list_totals(dim)) for dim in dims)


def _count_sums(dim: str) -> int:
    """Return how many rows of sums each member of a dim or group has."""
    return sum((total.source if total.source == "extension" else total.dim) == dim for total in _list_summed())


def _list_summed() -> Iterator[Total]:
    return (total for total in TOTALS if total.source in ("rows", "extension"))


def compute_digest() -> int:
    """Return a checksum of the tables; a core built from other tables has another one."""
    closings = [(total.name, total.closes, total.source) for total in TOTALS]
    return zlib.crc32(repr((number_rows(), closings)).encode()) & 0x7FFFFFFF


def render_rows() -> str:
    """Return the text of `_rows.pxi`: the constants, and how each total closes, for the compiler."""
    return "\n".join(_list_lines()) + "\n"


def _list_lines() -> Iterator[str]:
    numbers = number_rows()
    yield "# Written by setup.py from core_tables.py, where rows are added and described: not to be edited."
    yield "cdef enum:"
    yield from (f"    {name} = {number}" for name, number in (numbers | {"TABLES_DIGEST": compute_digest()}).items())
    dims = list_dims()
    rows_of_dim = [numbers[f"{dim.upper()}_ROWS"] for dim in dims]
    lists: dict[str, list[int]] = {
        "dim_of_kind": [dim for dim, rows in enumerate(rows_of_dim) for _ in range(rows)],
        "dim_begin": [numbers[f"{dim.upper()}_BEGIN"] for dim in dims],  # kind of the first row of a dim
        "dim_sums": [numbers[f"{dim.upper()}_SUMS"] for dim in dims],  # kind of its first row of sums
        "dim_sum_count": [_count_sums(dim) for dim in dims],
        "dim_rows": rows_of_dim,
        "dim_totals": [len(list_totals(dim, cycles=False)) for dim in dims],
    }
    tables = {
        "is_average": [[int(total.closes == "average") for total in list_totals(dim)] for dim in dims],
        # The state row that a total is at the end, -1 for other totals, and its value at the end of the warm-up.
        "state_of": [[_find_state(total, numbers) for total in list_totals(dim)] for dim in dims],
        "reset_to": [[-int(total.closes == "first") for total in list_totals(dim)] for dim in dims],
    }
    yield "cdef extern from *:"
    yield '    """'
    for name, values in lists.items():
        yield f"    static const int {name}[] = {{{_join(values)}}};"
    for name, table in tables.items():
        rows = _join(f"{{{_join(row)}}}" for row in table)
        yield f"    static const int {name}[][{numbers['MOST_TOTALS']}] = {{{rows}}};"
    yield '    """'
    yield from (f"    const int {name}[{len(values)}]" for name, values in lists.items())
    yield from (f"    const int {name}[DIMS][MOST_TOTALS]" for name in tables)
    yield f"DIM_NAMES = {dims}"


def _find_state(total: Total, numbers: dict[str, int]) -> int:
    return numbers[f"{total.dim.upper()}_{total.name.upper()}"] if total.source == "state" else -1


def _join(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))
