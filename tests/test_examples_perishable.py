"""Fashion and food by hand: what is sold before it is out of fashion, and what is eaten before it spoils."""

import numpy as np
import pytest
from quiet import by_strategy, once, quiet

import jitrisk as jr

# Fast fashion: a garment that everyone wants, before more of it can be sewn, and one that planners overrate.


def steady_fashion(days, hazards=None):
    """Return the model without its seasons, and with a plan that is right."""
    fashion = quiet("fast-fashion", days, hazards)
    fashion["customers"]["shoppers"] |= {"season": {"every": "1 month", "factors": [1]}, "forecast": {"error": 1}}
    fashion["stages"]["far"]["lead_time"] = "60 d"
    return fashion


@pytest.mark.parametrize(("factor", "days"), [(2, 12), (2, 15), (1.5, 12), (1.8, 15)])
def test_simulate__a_hit_sells_out_when_it_has_eaten_the_safety_near_by_and_in_the_shops(factor, days):
    hit = once("fast-fashion", "hit", 30, duration=days, hits={"shoppers": {"demand": factor}})
    missed = jr.simulate(steady_fashion(30 + days, hit), paths=1).lost.squeeze(("path", "customer"))
    shops = 9_000 - (2 + 3) * 1_000  # on the road and between orders
    # Of the orders of 15 days, 3,000 every third day and 1,300 sewn a day, 1,300 have come in when it begins.
    near = 18_000 - (1_700 + 4 * 3_000)
    assert by_strategy(missed) == pytest.approx([max((factor - 1) * 1_000 * days - shops - near, 0), 0, 0])


def throw_away(received, taken, life):
    """Return the units that expire in each period, from parcels with dates, the oldest taken first."""
    parcels, thrown = [], []
    for period, (came, went) in enumerate(zip(received, taken, strict=True)):
        parcels.append([period, came])
        for parcel in parcels:
            used = min(parcel[1], went)
            parcel[1], went = parcel[1] - used, went - used
        thrown.append(sum(left for since, left in parcels if period - since >= life - 1))
        parcels = [parcel for parcel in parcels if period - parcel[0] < life - 1]
    return np.array(thrown)


@pytest.mark.parametrize("plan", [1, 1.2, 1.5])
def test_simulate__what_planners_overrate_goes_out_of_fashion_overseas(plan):
    fashion = steady_fashion(800)
    fashion["customers"]["shoppers"]["forecast"] = {"error": plan}
    seen = jr.trace(fashion, paths=1, strategies=["jic"]).squeeze()
    started = seen.started.sel(stage="far").values.astype(float)
    received = np.concatenate([[110_000], np.zeros(59), started[:-60]])  # full at first, whatever the plan
    thrown = throw_away(received, seen.started.sel(stage="shops").values.astype(float), 42)
    assert seen.expired.sel(stage="far").values == pytest.approx(thrown, abs=1)
    # Of 110 days at the plan's rate, 60 are on the sea, and 42 sell in time, with some more between two orders.
    assert thrown.sum() > (plan - 1) * 110_000


def test_simulate__the_share_that_is_sold_in_time_falls_with_the_distance_as_reported():
    found = jr.simulate("fast-fashion", paths=300, seed=1)
    sold = found.shipped.sum(("path", "customer"))
    jit, jic, hybrid = by_strategy(sold / (sold + found.expired.sum(("path", "stage"))))
    # Of the full price 85 % is reported near by and 60 to 70 % elsewhere, with all that lowers it besides distance.
    assert jit > 0.95 > hybrid > 0.85 > jic > 0.7


# Fast food: what spoils, and a depot that is closed.
MEALS = 25_000  # in 6 h
FRIDGES = {"jit": 24, "jic": 72, "hybrid": 30}  # hours of cover
LIFE = 72  # hours in a fridge


def test_simulate__nothing_spoils_under_steady_demand_while_the_cover_is_at_most_the_life():
    found = jr.simulate(quiet("fast-food", 400), paths=1)
    assert float(abs(found.expired).max()) == 0


@pytest.mark.parametrize("cover", [84, 96, 144])
def test_simulate__of_a_cover_beyond_the_life_the_excess_spoils(cover):
    food = quiet("fast-food", 1_000) | {"warm_up": 400, "strategies": {"jit": {}}}
    food["stages"]["fridge"]["policy"] = {"base_stock": {"cover": f"{cover} h", "review": "12 h"}}
    food["stages"]["depot"] = {"policy": {"base_stock": {"level": 1_000_000}}}  # plenty
    food["stages"]["counter"]["policy"] = {"base_stock": {"cover": "12 h"}}
    fridge = jr.simulate(food, paths=1).sel(stage="fridge").squeeze()
    # A round of 12 h comes 6 h after its order. What is left after 72 h is the last 5 rounds when the next is ordered,
    # so the level is 6 rounds: a round is a sixth of it, and what is eaten is that of 12 h.
    assert float(fridge.expired / fridge.started) == pytest.approx(1 - LIFE / cover, rel=1e-3)
    assert float(fridge.started) == pytest.approx(cover / LIFE * MEALS * 600, rel=1e-3)


@pytest.mark.parametrize("days", [4, 5, 6])
def test_simulate__a_closed_depot_costs_the_meals_that_fridges_and_counters_do_not_hold(days):
    shut = once("fast-food", "depot_down", 40, duration=4 * days, ramp=0)
    missed = jr.simulate(quiet("fast-food", 40 + 4 * days + 10, shut), paths=1).lost.squeeze(("path", "customer"))
    for name in ("jit", "jic"):
        held = 425 * 100 + FRIDGES[name] / 6 * MEALS + MEALS  # cards, fridges, and 6 h at the depot
        steps = 3  # of 6 h, from the gates to the guests
        assert float(missed.sel(strategy=name)) == pytest.approx((4 * days + steps) * MEALS - held, rel=1e-4)
    assert missed.sel(strategy="hybrid") < missed.sel(strategy="jit")  # the second depot goes on
