"""Each bundled example against something worked out from the comments of its file without the simulator."""

import re

import numpy as np
import pytest
from quiet import FOLDER, by_strategy, calm, content, lost, once, quiet
from scipy import stats

import jitrisk as jr

WHOLLY_ASSUMED, ONE_TABLE = "bicycles", "clinic-supplies"  # said at their head, once for all numbers
COMMENTED = sorted({path.stem for path in FOLDER.glob("*.yaml")} - {WHOLLY_ASSUMED, ONE_TABLE})


def means(values):
    """Mean over the paths and its standard error, by strategy."""
    error = values.std("path", ddof=1) / np.sqrt(values.sizes["path"])
    return by_strategy(values.mean("path")), by_strategy(error)


# The house rule: every number is cited or assumed.


@pytest.mark.parametrize("name", COMMENTED)
def test_examples__every_number_of_stages_customers_and_hazards_is_cited_or_assumed(name):
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    body = text[text.index("\nstages:") : text.index("\nstrategies:")]
    # 0 and 1 are no figures: a stop, and one of each.
    numbers = [line for line in body.splitlines() if re.search(r"[\d.]{2,}|[2-9]", line.partition("#")[0])]
    unsaid = [line for line in numbers if not re.search(r"\[\w\]", line)]
    assert len(numbers) > 15
    assert not unsaid


@pytest.mark.parametrize("name", COMMENTED)
def test_examples__every_source_that_is_cited_is_listed_and_the_other_way_round(name):
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    head, body = text[: text.index("\nname:")], text[text.index("\nname:") :]
    listed = set(re.findall(r"^# (\[\w\])", head, re.MULTILINE))
    prose = "".join(line for line in head.splitlines() if not re.match(r"# \[\w\]", line))
    assert listed == set(re.findall(r"\[\w\]", body + prose))


# Tohoku: the quake as the file has it, and nothing else.
CARS = 9_000  # a day
QUAKE = 40  # day on which it begins
SUSPENSION, RAMP = 28, 62  # days
LOOP = 13_500  # parts in the kanban loop: a day on the lines and half a day in store
PLANTS = 0.85 * 10_000  # cars a day that the plants can make at most after it


def parts_a_day(day):
    """What the region makes so many days after the suspension: half the usual rate, and linearly up to all."""
    return 10_000 * (1 - 0.55 * (1 - (day + 0.5) / RAMP))


def test_examples__the_quake_stops_the_cars_for_the_suspension_less_half_a_day_of_parts():
    cars = lost("tohoku", QUAKE + SUSPENSION, once("tohoku", "quake", QUAKE), "car")
    assert float(cars.sel(strategy="jit")) == CARS * SUSPENSION - LOOP / 3  # 247,500; reported: 260,000
    assert float(cars.sel(strategy="jit")) == pytest.approx(260_000, rel=0.05)


def test_simulate__parts_restart_at_half_the_rate_of_cars():
    started = [
        jr.simulate(quiet("tohoku", end, once("tohoku", "quake", QUAKE)), paths=1).started.sel(stage="parts").squeeze()
        for end in (QUAKE + SUSPENSION, QUAKE + SUSPENSION + 7)
    ]
    week = float((started[1] - started[0]).sel(strategy="jit"))
    assert week == pytest.approx(sum(parts_a_day(day) for day in range(7)), rel=1e-5)
    assert week / 7 == pytest.approx(CARS / 2, rel=0.07)


def test_examples__three_months_after_the_quake_the_cars_lost_are_those_the_parts_allow():
    cars = lost("tohoku", QUAKE + SUSPENSION + RAMP, once("tohoku", "quake", QUAKE), "car")
    # The loop is full when the roads open; what is started on the last day arrives after it.
    made = LOOP + sum(parts_a_day(day) for day in range(RAMP - 1))
    assert float(cars.sel(strategy="jit")) == pytest.approx(CARS * (SUSPENSION + RAMP) - LOOP / 3 - made, rel=1e-4)


def test_examples__stock_of_what_the_region_makes_leaves_the_plants_as_the_limit():
    cars = lost("tohoku", QUAKE + SUSPENSION, once("tohoku", "quake", QUAKE), "car")
    assert by_strategy(cars)[1:] == [(CARS - PLANTS) * SUSPENSION] * 2
    later = lost("tohoku", QUAKE + SUSPENSION + RAMP, once("tohoku", "quake", QUAKE), "car")
    assert by_strategy(later)[1:] == pytest.approx([0, 0], abs=1)


def test_sample__one_event_begins_at_the_same_time_everywhere_and_other_hazards_know_nothing_of_it():
    network = content("tohoku") | {"horizon": "5 years"}
    paths = jr.sample(network, paths=2000, seed=11)
    naka, parts, material = (
        paths.transit.sel(stage="naka"),
        *(paths.receiving.sel(stage=s) for s in ("parts", "material")),
    )
    closed = (material == 0).values
    assert closed.any()
    assert ((naka == 0).values == closed).all()
    assert (parts.values[closed] == 0).all()
    alone = (paths.receiving.sel(stage="modules") == 0).any("time").values  # typhoons
    struck = closed.any(axis=1)
    both, product = (alone & struck).mean(), alone.mean() * struck.mean()
    assert both == pytest.approx(product, abs=4 * np.sqrt(product * (1 - product) / alone.size))


# The chip shortage: a year of it, then its mean over many.
VEHICLES = 2_400  # a day
NORMAL, SHORT = 2_880, 0.76  # chips a day, and their factor


def test_examples__a_year_of_shortage_costs_a_hundredth_of_the_vehicles_reported():
    year = once("chip-shortage", "shortage", 30, duration="1 year", ramp=0)
    chips = lost("chip-shortage", 30 + 365, year, "wafer")
    by_hand = (VEHICLES - SHORT * NORMAL) * 365
    assert by_strategy(chips) == pytest.approx([by_hand] * 3, rel=1e-4)
    assert by_hand == pytest.approx(7_700_000 / 100, rel=0.002)
    assert by_hand * content("chip-shortage")["customers"]["buyers"]["price"] == pytest.approx(210e9 / 100, rel=0.003)


def test_examples__vehicles_lost_are_the_chips_lost_less_those_in_store():
    year = once("chip-shortage", "shortage", 30, duration="1 year", ramp=0)
    vehicles = lost("chip-shortage", 30 + 365 + 70 + 14, year, "vehicle")  # until the first chips after it arrive
    lacking, stock = VEHICLES - SHORT * NORMAL, (3 + 3) * VEHICLES  # three days at each step
    empty = 30 + 70 + 14 + stock // lacking  # day from which chips lack
    # What the broker's store holds, then 20 a day until the end of the shortage. The next begins after 30 days, and 30
    # days later the broker sells again; what it sells comes in 5 days.
    bought = 120 + 20 * (30 + 365 - empty) + 20 * (70 + 14 - 30 - 30 - 5)
    by_hand = lacking * 365 - stock - bought
    assert by_strategy(vehicles) == pytest.approx([by_hand, 0, 0], rel=1e-4)  # two months of chips are enough


@pytest.mark.parametrize("days", [2, 3])
def test_simulate__overtime_begins_when_finished_vehicles_run_low_after_a_strike(days):
    strike = once("chip-shortage", "truck_strike", 30, duration=days)
    found = jr.simulate(quiet("chip-shortage", 60, strike), paths=1, strategies=["jit"]).sel(stage="vehicle")
    bodies = 202 * 50 - 3 * VEHICLES  # cards of the formula, less those on the road
    finished, backlog, ordered, overtime, started = 3 * VEHICLES, 0, 0, 0, [VEHICLES] * 2
    for day in range(30, 60):
        finished += started.pop(0)
        ordered += VEHICLES
        shipped = min(backlog + VEHICLES, finished)
        backlog, finished = backlog + VEHICLES - shipped, finished - shipped
        start = min(ordered, 2_600 * (1.2 if finished < 3_600 else 1), np.inf if day >= 30 + days else bodies)
        bodies, ordered, overtime = bodies - start, ordered - start, overtime + max(start - 2_600, 0)
        started.append(start)
    assert float(found.overtime.squeeze()) == pytest.approx(overtime)
    assert (overtime > 0) == (days > 2)


def test_simulate__a_quiet_year_of_vehicles_needs_no_overtime_and_no_broker():
    found = jr.simulate(quiet("chip-shortage", 365), paths=1)
    assert float(found.overtime.max()) == 0
    assert float(found.started.sel(stage="broker").max()) == 0


def renewal_coverage(rate, survival, intensity, periods):
    """Mean coverage of each period by a hazard that starts quiet: it starts at the rate times the chance of quiet."""
    starts, busy, covered = np.zeros(periods), np.zeros(periods), np.zeros(periods)
    for t in range(periods):
        starts[t] = rate * (1 - busy[t])
        reach = periods - t
        busy[t:] += starts[t] * survival[:reach]
        covered[t:] += starts[t] * intensity[:reach]
    return covered


def test_sample__the_mean_yearly_loss_of_chips_is_rate_times_duration_times_factor():
    found = content("chip-shortage")
    found = found | {"hazards": {"shortage": found["hazards"]["shortage"]}, "strategies": {"jit": {}}}
    paths = jr.sample(found, paths=4_000, seed=5)
    lacking = NORMAL * (1 - paths.availability.sel(stage="wafer")).mean("time") * 365
    mean, error = float(lacking.mean()), float(lacking.std(ddof=1)) / np.sqrt(lacking.size)
    log = np.log(1 + 0.5**2)
    law = stats.lognorm(np.sqrt(log), scale=365 * np.exp(-log / 2))
    ages = np.arange(5 * 365) + 0.5
    ramps = np.linspace(0, 1, 181)
    busy = law.sf(np.maximum(ages - 180, 0)) * 1.0
    busy[ages < 180] = 1
    # After an age a the intensity is 1 if it still lasts, and else falls over 180 days from its end.
    intensity = np.mean([law.sf(np.maximum(ages - 180 * part, 0)) for part in ramps], axis=0)
    covered = renewal_coverage(1 / (25 * 365), busy, intensity, 5 * 365)
    expected = NORMAL * (1 - SHORT) * covered.mean() * 365
    assert mean == pytest.approx(expected, abs=4 * error)
    rough = (365 + 180 / 2) / 25 * NORMAL * (1 - SHORT)  # events a year, their length, what each takes
    assert 0.7 * rough < mean < rough  # rarer: it starts quiet, and a cycle ends before the next begins


# Landing gear: Poisson demand that grows, a plan that is right, and the hazards and limits of capacity off.


def scale_law(law, factor):
    """Law of a whole number times a factor, rounded up or down by chance so that the mean is kept."""
    scaled, exact = np.zeros(2 * law.size), factor * np.arange(law.size)
    low = np.floor(exact).astype(int)
    np.add.at(scaled, low, law * (1 - exact + low))
    np.add.at(scaled, low + 1, law * (exact - low))
    return scaled


def test_simulate__landing_gear_is_short_as_often_as_growing_demand_exceeds_its_level():
    gear = calm("aerospace")
    gear["customers"]["airframer"]["forecast"] = {"error": 1}
    del gear["stages"]["gear"]["capacity"], gear["stages"]["gear"]["overtime"]
    gear["stages"]["forging"]["policy"] = {"base_stock": {"level": 5_000}}  # plenty
    gear["strategies"] = {"jit": {}}
    found = jr.simulate(gear, paths=2_000, seed=2)
    week = stats.poisson(2.7).pmf(np.arange(30))
    weeks, growth = found.attrs["periods"], 1 + 0.02 * 7 / 365 * np.arange(15 * 365 // 7)
    short, waiting = [], []
    for last in range(growth.size - weeks, growth.size, 26):
        factors = growth[last - 15 : last + 1]  # of the 16 weeks that the level of 16 weeks before covers
        law = np.ones(1)
        for factor in factors:
            law = np.convolve(law, scale_law(week, factor))
        above = np.maximum(np.arange(law.size) - (19 + 2.7 * factors.sum()), 0)
        short.append(law[above > 1e-9].sum())
        waiting.append(law @ above)
    for values, expected in ((found.stockout / weeks, np.mean(short)), (found.backlog, np.mean(waiting))):
        values = values.squeeze(("strategy", "customer"))
        error = float(values.std(ddof=1)) / np.sqrt(values.size)
        assert float(values.mean()) == pytest.approx(expected, abs=4 * error)


def test_simulate__an_assembly_that_lost_weeks_catches_up_in_overtime():
    gear = quiet("aerospace", 90, once("aerospace", "strike", 40, duration=6))
    del gear["customers"]["airframer"]["trend"]
    gear["customers"]["airframer"]["forecast"] = {"error": 1}
    found = jr.simulate(gear, paths=1, strategies=["jit"]).sel(stage="gear").squeeze()
    # The sets under way stand still, so 19 of safety fall below 4 in the sixth week, and stay until the first sets
    # from after the strike arrive. By then assembly has made up the six weeks, 0.8 * 4 a week in overtime.
    ordered = 2.7 * (6 + 1 - 2.1 / 2.7 * np.arange(9))  # sets not yet started, each week after the strike
    overtime = np.clip(np.minimum(ordered, 4 * 1.2) - 4, 0, None)
    assert overtime == pytest.approx([0.8] * 7 + [0.2, 0])
    assert float(found.overtime) == pytest.approx(overtime.sum(), rel=1e-4)


# The hospital: a cabinet that is full every morning is a newsvendor's stall.


def test_simulate__wards_find_what_a_newsvendor_sells():
    hospital = calm("hospital-pharmacy")
    del hospital["stages"]["contract"]["shelf_life"]
    plenty = {"policy": {"base_stock": {"level": 100_000}}}
    for strategy in hospital["strategies"].values():
        strategy.setdefault("stages", {})["contract"] = plenty
    found = jr.simulate(hospital, paths=1_000, seed=3).sel(customer="patients")
    mean, variance = 60, (0.3 * 60) ** 2
    demand = stats.nbinom(mean**2 / (variance - mean), mean / variance)
    rate, error = means(found.filled / found.demand)
    for cover, seen, off in zip((1.6, 3, 2), rate, error, strict=True):
        sold = demand.expect(lambda d, level=cover * mean: np.minimum(d, level))
        assert seen == pytest.approx(sold / mean, abs=4 * off + 1e-6)
    assert rate[0] < 0.998  # so that the formula is put to the test


@pytest.mark.parametrize("days", [20, 40, 60])
def test_simulate__the_other_maker_opens_two_weeks_into_a_shortage_and_covers_half_of_it(days):
    shortage = once("hospital-pharmacy", "shortage", 30, duration=days, ramp=0)
    run = quiet("hospital-pharmacy", 30 + days + 30, shortage)
    started = jr.trace(run, paths=1, strategies=["jit"]).started.sel(stage="other").squeeze()
    assert np.flatnonzero(started).tolist() == list(range(30 + 14, 30 + days))
    missed = jr.simulate(run, paths=1).lost.sel(customer="patients").squeeze("path")
    # A day of 11 is gone when it begins between two reviews; the ward has 1.6. The next doses take 6 days to the ward.
    by_hand = 60 * (days + 6) - 60 * (11 - 1 + 1.6) - 30 * (days - 14)
    assert by_strategy(missed) == pytest.approx([by_hand, 0, 0])


FLU = np.array([0.2, 0.3, 1.2, 3, 3, 1.8, 1, 0.5, 0.3, 0.3, 0.2, 0.2])


def test_simulate__the_vaccine_in_store_in_july_is_the_demand_of_the_days_ahead():
    left = jr.trace(quiet("hospital-pharmacy", 2), paths=1).on_hand.sel(stage="vaccine_a").isel(path=0, time=0)
    demand = 40 * FLU[(np.arange(365) // (365 / 12)).astype(int)]
    for name, fridge, maker in (("jit", 5, 74), ("jic", 10, 187), ("hybrid", 7, 88)):
        # The fridge holds its days, the maker those behind them, and 1 % more as that breaks; half each. What was asked
        # for on day 0 has gone to the fridge.
        doses = demand[fridge + 1 : fridge + maker + 1].sum() / 0.99 - demand[0]
        assert float(left.sel(strategy=name)) == pytest.approx(doses / 2, rel=1e-5)


def test_simulate__levels_that_follow_the_flu_season_serve_all_families_and_let_nothing_expire():
    # What is there at the start is as old as the first day; the file measures after 200 days.
    found = jr.simulate(quiet("hospital-pharmacy", 3 * 365) | {"warm_up": 200}, paths=1)
    assert float(abs(found.filled - found.demand).max()) < 1e-3
    assert float(found.expired.max()) == 0


# Heavy machinery: cards, days of hydraulics, and the margin of a machine.
MACHINES = 12  # a day


def test_simulate__the_cards_are_those_of_the_formula():
    cards = -(-MACHINES * 5 * 1.6 // 2)
    assert cards == 48
    found = jr.simulate(quiet("heavy-machinery", 1) | {"strategies": {"jit": {}}}, paths=1)
    start = float(found.on_hand.sel(stage="machine").squeeze()) + MACHINES  # a day's machines went to the dealers
    assert start == cards * 2
    assert cards * 2 - 5 * MACHINES == 3 * MACHINES  # three days of finished machines


@pytest.mark.parametrize("days", [30, 45, 75])
def test_examples__a_maker_of_hydraulics_who_stands_still_costs_the_machines_beyond_the_stock(days):
    stop = once("heavy-machinery", "maker_down", 75, duration=days, ramp=0)
    machines = lost("heavy-machinery", 75 + days + 75, stop, "machine")  # until the first hydraulics after it arrive
    covers = np.array([6, 60, 27])  # days beyond the lead time
    assert by_strategy(machines) == list(MACHINES * np.maximum(days - covers, 0))


def test_costs__a_machine_leaves_the_margin_of_its_price_over_its_costs():
    run = quiet("heavy-machinery", 400) | {"warm_up": 300, "holding_rate": 0}
    found = jr.simulate(run, paths=1).risk.costs().squeeze("path")
    margin = 95_000 - (15_000 + 25_000 + 5_000 + 30_000 + 2_000)
    assert by_strategy(found.profit) == pytest.approx([margin * MACHINES * 100] * 3)
