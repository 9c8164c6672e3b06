"""The tables of the core: every list of rows derives from them, and a core built from others is refused."""

import importlib
import re
from dataclasses import replace

import numpy as np
import pytest

import jitrisk as jr
from jitrisk import _core, core_tables
from jitrisk.core_tables import DIMS, STATES, TOTALS, StateRow, Total, list_states, list_totals
from jitrisk.lower import list_names, lower
from jitrisk.run import totals
from jitrisk.run.tracing import TRACED
from jitrisk.vocabulary import CYCLES, OUTCOMES, TRACE

BOUGHT = {
    "name": "bought",
    "period": "1 d",
    "horizon": 12,
    "stages": {"store": {"lead_time": 3, "policy": {"base_stock": {"level": 20}}}},
    "customers": {"shop": {"stage": "store", "demand": 5}},
}


def test_tables__every_total_is_an_outcome_of_its_dim():
    assert {total.name: total.dim for total in TOTALS} == {
        name: variable.dims[-1] for name, variable in (OUTCOMES | CYCLES).items()
    }


def test_list_totals__totals_of_cycles_stand_last_and_those_with_sums_first():
    for dim in DIMS:
        sources = [total.source for total in list_totals(dim)]
        assert sources == sorted(sources, key=("rows", "state", "balance", "extension", "cycles").index)
        assert list_totals(dim, cycles=False) == [total for total in list_totals(dim) if total.source != "cycles"]


def test_tables__what_adds_up_over_the_horizon_is_what_closes_as_a_sum():
    for total in TOTALS:
        assert (OUTCOMES | CYCLES)[total.name].total == (total.closes == "sum"), total.name


def test_list_totals__every_variable_of_a_trace_is_a_total_or_a_state_row():
    for dim in DIMS:
        rows = {one.name for one in (*list_totals(dim), *list_states(dim))}
        assert rows >= set(TRACED[dim])
    assert sorted(name for names in TRACED.values() for name in names) == sorted(TRACE)


def _add_shelf_life(periods):
    (name,) = BOUGHT["stages"]
    return BOUGHT | {"stages": {name: BOUGHT["stages"][name] | {"shelf_life": periods}}}


EXTENDED = {"plain": BOUGHT, "shelf life": _add_shelf_life(5), "longer than the horizon": _add_shelf_life(10_000)}


def test_list_totals__a_stripe_has_the_rows_of_the_tables_and_the_pipelines():
    arrays = lower(jr.load(BOUGHT))
    sums = {dim: sum(total.source == "rows" for total in list_totals(dim)) for dim in DIMS}
    states = {dim: sum(row.dim == dim for row in STATES) for dim in (*DIMS, "scratch")}
    # One stage with a lead time of 3 periods, one customer.
    assert _core.state_rows(arrays) == sum(sums.values()) + sum(states.values()) + 3


def test_list_totals__a_stripe_has_rows_of_extensions_for_the_stages_that_have_them_alone():
    rows = {name: _core.state_rows(lower(jr.load(model))) for name, model in EXTENDED.items()}
    extended = len(list_states("extension")) + sum(total.source == "extension" for total in TOTALS)
    assert rows["shelf life"] - rows["plain"] == extended + 4  # and one for the receipts of each of four periods
    assert rows["longer than the horizon"] == rows["plain"]


def test_number_rows__constants_of_rows_are_all_different():
    numbers = core_tables.number_rows()
    kinds = [numbers[f"{row.dim}_{row.name}".upper()] for row in STATES]
    firsts = [numbers[f"{dim}_SUMS".upper()] for dim in DIMS]
    assert len({*kinds, *firsts}) == len(STATES) + len(DIMS)


LANE_STATES = (StateRow("queue", "lane", "unit", "what waits"), StateRow("longest", "lane", "unit", "longest queue"))
LANE_TOTALS = (Total("used", "lane"), Total("longest", "lane", "maximum", "state", of="queue"))


def add_to_tables(monkeypatch, states, totals):
    """Add state rows in front and totals in the middle, so that nothing depends on which dim is listed first."""
    monkeypatch.setattr(core_tables, "STATES", (*states, *STATES))
    monkeypatch.setattr(core_tables, "TOTALS", (*TOTALS[:9], *totals, *TOTALS[9:]))


def read_tables():
    """Return the tables of one number per entry that the core is compiled with, by name."""
    found = re.findall(r"static const int (\w+)\[\] = \{([\d, ]*)\};", core_tables.render_rows())
    return {name: [int(number) for number in numbers.split(", ")] for name, numbers in found}


@pytest.mark.parametrize(
    ("states", "totals"), [((), ()), (LANE_STATES, LANE_TOTALS), (LANE_STATES, ()), ((), LANE_TOTALS[:1])]
)
def test_each_row_of_a_stripe_is_of_one_kind_and_one_member(monkeypatch, states, totals):
    """Rows stand where the core computes them to: of each member of each dim, then scratch rows, no place twice."""
    add_to_tables(monkeypatch, states, totals)
    numbers, tables, dims = core_tables.number_rows(), read_tables(), core_tables.list_dims()
    assert set(dims) == {"stage", "customer", *(row.dim for row in (*states, *totals))}
    sizes = dict(zip(dims, (3, 2, 4), strict=False))
    first_rows = np.cumsum([0, *(numbers[f"{dim.upper()}_ROWS"] * sizes[dim] for dim in dims)])
    taken = []
    for kind in range(numbers["EXTENSION_BEGIN"]):
        dim = tables["dim_of_kind"][kind]
        for i in range(sizes[dims[dim]]):
            taken.append(first_rows[dim] + i * tables["dim_rows"][dim] + kind - tables["dim_begin"][dim])
    for row in list_states("scratch"):
        taken.append(first_rows[-1] + numbers[f"SCRATCH_{row.name.upper()}"] - numbers["SCRATCH_BEGIN"])
    assert sorted(taken) == list(range(len(taken)))


def test_the_kind_of_every_row_says_its_dim(monkeypatch):
    add_to_tables(monkeypatch, LANE_STATES, LANE_TOTALS)
    numbers, tables = core_tables.number_rows(), read_tables()
    for dim in core_tables.list_dims():
        prefix = dim.upper()
        kinds = [numbers[f"{prefix}_{row.name.upper()}"] for row in list_states(dim)]
        sums = [numbers[f"{prefix}_SUMS"] + k for k in range(tables["dim_sum_count"][numbers[f"DIM_{prefix}"]])]
        assert {tables["dim_of_kind"][kind] for kind in kinds + sums} == {numbers[f"DIM_{prefix}"]}
    assert all(numbers[f"SCRATCH_{row.name.upper()}"] >= len(tables["dim_of_kind"]) for row in list_states("scratch"))


@pytest.mark.parametrize(
    ("states", "totals", "name"),
    [
        ((), (Total("demand", "lane"),), "TOTAL_DEMAND"),
        ((), (Total("started", "stage"),), "TOTAL_STARTED"),
        ((StateRow("gap", "stage", "unit", "again"),), (), "STAGE_GAP"),
        ((StateRow("sums", "lane", "unit", "a name of the tables"),), (), "LANE_SUMS"),
        ((), (Total("used", "scratch"),), "SCRATCH_"),
    ],
)
def test_two_constants_of_one_name_are_refused(monkeypatch, states, totals, name):
    add_to_tables(monkeypatch, states, totals)
    with pytest.raises(ValueError, match=f"two constants {name}"):
        core_tables.number_rows()


def test_a_network_has_the_members_of_every_dim():
    network = jr.load(BOUGHT)
    assert list_names(network) == {"stage": ["store"], "customer": ["shop"]}
    assert tuple(list_names(network)) == tuple(lower(network).places) == DIMS


@pytest.mark.parametrize("table", ["STATES", "TOTALS"])
def test_compute_digest__a_core_built_from_other_tables_is_refused(monkeypatch, table):
    rows = getattr(core_tables, table)
    monkeypatch.setattr(core_tables, table, (*rows, replace(rows[0], name="new")))
    with pytest.raises(ImportError, match="build the package again"):
        importlib.reload(totals)
    monkeypatch.undo()
    assert core_tables.compute_digest() == _core.DIGEST


def test_trace__open_orders_of_a_trace_are_what_is_ordered_and_not_started():
    """Of a stage that can start 4 a day and is asked for 5, one more unit a day stays open."""
    model = BOUGHT | {"stages": {"store": BOUGHT["stages"]["store"] | {"capacity": 4}}}
    traced = jr.trace(model, paths=1).squeeze()
    np.testing.assert_array_equal(traced["open_orders"], np.arange(1, 13))
