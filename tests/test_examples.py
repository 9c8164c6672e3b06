"""The bundled examples: they load, behave as their comments say, and the fire alone stops the cars it should."""

import csv
import importlib.util
import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from quiet import FOLDER, content

import jitrisk as jr
from jitrisk.cli.group import cli

NAMES = (
    "aerospace",
    "bicycles",
    "brake-valves",
    "chip-shortage",
    "clinic-supplies",
    "fast-fashion",
    "fast-food",
    "heavy-machinery",
    "hospital-pharmacy",
    "push-or-pull",
    "tohoku",
)
STRATEGIES = {"push-or-pull": ["mrp", "kanban", "conwip"]}
STOCKS = [name for name in NAMES if name not in STRATEGIES]  # examples of how much stock is enough
PRICED = ("aerospace", "chip-shortage", "fast-fashion", "heavy-machinery")
DERIVE = Path(__file__).parent.parent / "docs" / "data" / "derive_supplier_delays.py"


@cache
def outcomes(name):
    return jr.simulate(name, paths=500, seed=1)


def test_examples__the_folder_holds_the_examples_named_here():
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_examples__an_example_loads_by_name_with_its_three_strategies(name):
    assert list(jr.load(name).strategies) == STRATEGIES.get(name, ["jit", "jic", "hybrid"])


@pytest.mark.parametrize("name", NAMES)
def test_examples__the_first_line_is_one_sentence_for_the_list_of_examples(name):
    first = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert first.rstrip()[-1] in ".?"
    assert len(first) <= 120


def test_examples__the_list_of_examples_fits_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    cli.main(["examples"], standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == sorted(NAMES)


@pytest.mark.parametrize("name", STOCKS)
def test_costs__lean_strategies_tie_up_less_capital_and_leave_customers_short_more_often(name):
    found = outcomes(name)
    capital = found.risk.costs().working_capital.mean("path")
    short = found.stockout.sum("customer").mean("path")
    assert capital.sel(strategy="jit") < capital.sel(strategy="hybrid") < capital.sel(strategy="jic")
    assert (short.sel(strategy=["hybrid", "jic"]) < short.sel(strategy="jit")).all()
    if name != "fast-fashion":  # where stock of the wrong plan helps less than another source
        assert short.sel(strategy="hybrid") >= short.sel(strategy="jic")


@pytest.mark.parametrize("name", NAMES)
def test_simulate__most_demand_is_met_at_once_under_every_strategy(name):
    found = outcomes(name)
    rate = found.filled.sum(("path", "customer")) / found.demand.sum(("path", "customer"))
    assert (rate > 0.9).all()
    assert (rate.isel(strategy=0) < 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_costs__an_example_with_prices_earns_money_and_loses_few_sales(name):
    costs = outcomes(name).risk.costs().mean("path")
    assert ("revenue" in costs) == (name in PRICED)
    if name in PRICED:
        assert (costs.profit > 0).all()
        assert (costs.lost_sales < costs.revenue / 10).all()


# The fire alone. Everything else is quiet and dealers ask for exactly 14,000 cars a day, so that what is lost
# follows from the comments of the file by hand.
SHIFTS = 3  # periods in a day
CARS = 14_000  # a day
FIRE = 10 * SHIFTS  # period in which the fire begins
DAYS = 5  # until the valve plant runs again
RACKS = 4 / 24  # days of valves at the car plants
SPARE = 420 / 2  # cars a day that the other maker supplies valves for at most
FINISHED = 1.0  # days of finished cars under the just-in-time strategy


def replay(days, horizon, burns):
    """Return the outcomes of one path on which nothing happens but a fire of so many days, if any."""
    quiet = content("brake-valves") | {"horizon": f"{horizon} d", "warm_up": 0, "hazards": {}}
    quiet["customers"]["dealers"]["demand"] = f"{CARS} / d"
    quiet["stages"]["valve"]["yield"] = 1
    network = jr.load(quiet)
    paths = jr.sample(network, paths=1)
    burning = {"stage": "valve", "time": slice(FIRE, FIRE + days * SHIFTS - 1)}
    if burns:
        for name in ("availability", "transit"):
            paths[name] = paths[name].copy()
            paths[name].loc[burning] = 0
    return jr.simulate(network, exogenous=paths)


def cars_lost(days, horizon):
    started = {burns: replay(days, horizon, burns).started.sel(stage="car").squeeze() for burns in (True, False)}
    return started[False] - started[True]


def test_examples__the_fire_stops_the_cars_of_five_days_less_the_stock_of_valves():
    expected = CARS * (DAYS - RACKS) - SPARE * DAYS  # 66,600 cars
    lost = cars_lost(DAYS, FIRE / SHIFTS + DAYS)
    assert float(lost.sel(strategy="jit")) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("days", [1, 3, 8])
def test_examples__each_day_that_the_fire_lasts_longer_costs_a_day_of_cars(days):
    lost = cars_lost(days, FIRE / SHIFTS + days)
    assert float(lost.sel(strategy="jit")) == pytest.approx(CARS * (days - RACKS) - SPARE * days, rel=0.03)


def test_examples__a_week_of_valves_outlasts_the_fire():
    lost = cars_lost(DAYS, FIRE / SHIFTS + DAYS)
    assert float(abs(lost.sel(strategy=["jic", "hybrid"])).max()) < 1


def test_examples__a_longer_fire_takes_what_a_week_of_valves_does_not_cover():
    short = 8 - (7 - 1 / SHIFTS)  # a week's cover is partly on the lines: a shift
    lost = cars_lost(8, FIRE / SHIFTS + 8).sel(strategy=["jic", "hybrid"])
    assert lost.values == pytest.approx(CARS * short - SPARE * short, rel=0.01)


def test_examples__dealers_wait_for_the_cars_lost_less_the_finished_ones():
    expected = CARS * (DAYS - RACKS - FINISHED) - SPARE * DAYS
    peak = replay(DAYS, 40, burns=True).peak_backlog.sel(customer="dealers").squeeze()
    assert float(peak.sel(strategy="jit")) == pytest.approx(expected, rel=0.02)
    assert (peak.sel(strategy=["jic", "hybrid"]) == 0).all()


def test_examples__the_cars_are_made_up_later():
    assert float(cars_lost(DAYS, 100).sel(strategy="jit")) == pytest.approx(0, abs=200)


# The supplier delays against what is known of the deliveries they come from.


@cache
def lateness():
    return np.loadtxt(FOLDER / "scms_lateness.csv", delimiter=",", skiprows=1).T


def share(condition, lines):
    return lines[condition].sum() / lines.sum()


def test_examples__the_table_of_delays_has_the_facts_of_the_deliveries():
    late, lines, lead_time = lateness()
    assert lines.sum() == 4920
    assert share(late > 0, lines) == pytest.approx(0.053, abs=5e-4)
    assert share(late > 30, lines) == pytest.approx(0.016, abs=5e-4)
    each = np.repeat(late[late > 0], lines[late > 0].astype(int))
    assert np.quantile(each, [0.5, 0.9, 0.99]) == pytest.approx([13, 65, 127], abs=0.5)
    assert (lead_time == 101 + np.maximum(late, 0)).all()


def test_examples__the_clinics_draw_their_lead_times_from_the_table():
    _, lines, lead_time = lateness()
    drawn = jr.load("clinic-supplies").stages["warehouse"].lead_time
    assert drawn.mean() == pytest.approx(np.average(lead_time, weights=lines))
    assert drawn.quantile(0.9) == 101
    assert drawn.quantile(1) == lead_time.max()


def test_examples__the_table_of_delays_is_derived_from_the_direct_drop_lines_alone():
    spec = importlib.util.spec_from_file_location("derive", DERIVE)
    derive = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(derive)
    head = "ID,Fulfill Via,PO Sent to Vendor Date,Scheduled Delivery Date,Delivered to Client Date"
    rows = [
        "1,Direct Drop,1/1/2010,11-Jan-10,11-Jan-10",
        "2,Direct Drop,01-01-2010,11-Jan-10,14-Jan-10",
        "3,Direct Drop,Date Not Captured,11-Jan-10,09-Jan-10",
        "4,From RDC,N/A - From RDC,11-Jan-10,30-Jan-10",
    ]
    found = list(derive.lines(csv.DictReader(io.StringIO("\n".join([head, *rows])))))
    assert derive.table(found) == [(-2, 1, 10), (0, 1, 10), (3, 1, 13)]
    assert "lead time mean 12, sd 2" in derive.summary(found)
