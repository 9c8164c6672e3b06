"""The level of a service: closed forms, where deliveries overtake and where they do not, and whatever the numbers."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from scipy import stats

import jitrisk as jr
from jitrisk.errors import ModelError
from jitrisk.lower import compute_policy_levels

SERVICES = (0.5, 0.9, 0.95, 0.999, 0.9999)


def store(service, demand, lead_time="1 d", deliveries="crossing", review=1):
    policy = {"base_stock": {"service": service, "review": f"{review} d"}}
    return {
        "name": "store",
        "period": "1 d",
        "horizon": "100 d",
        "stages": {"a": {"lead_time": lead_time, "deliveries": deliveries, "policy": policy}},
        "customers": {"buyer": {"stage": "a", "demand": demand}},
    }


def level(service, demand, lead_time="1 d", deliveries="crossing", review=1):
    return compute_policy_levels(jr.load(store(service, demand, lead_time, deliveries, review)))["a"].order_up_to


def either(first, second):
    """A lead time of one of two numbers of days, equally likely."""
    return {"empirical": {"values": [f"{first} d", f"{second} d"]}}


def least(covered, service):
    """The least whole number at which a distribution function reaches a probability."""
    return next(n for n in itertools.count() if covered(n) >= service)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("periods", [1, 3, 40])
def test_compute_policy_levels__poisson_demand_of_a_constant_lead_time_is_poisson(service, periods):
    assert level(service, {"poisson": {"mean": 4}}, f"{periods} d") == stats.poisson(4 * periods).ppf(service)


@pytest.mark.parametrize("deliveries", ["crossing", "in_order"])
def test_compute_policy_levels__a_review_interval_adds_its_periods_less_one(deliveries):
    found = level(0.95, {"poisson": {"mean": 4}}, "2 d", deliveries, review=3)
    assert found == stats.poisson(4 * (2 + 3 - 1)).ppf(0.95)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("mean", "periods"), [(3, 1), (3, 7), (1.5, 30)])
def test_compute_policy_levels__geometric_demands_add_up_to_a_negative_binomial(service, mean, periods):
    failures = stats.nbinom(periods, 1 / mean).ppf(service)
    assert level(service, {"geometric": {"mean": mean}}, f"{periods} d") == failures + periods


@pytest.mark.parametrize("service", SERVICES)
def test_compute_policy_levels__negative_binomial_demands_add_up_to_one(service):
    found = level(service, {"negative_binomial": {"mean": 6, "size": 0.3}}, "8 d")
    assert found == stats.nbinom(8 * 0.3, 0.3 / 6.3).ppf(service)


def test_compute_policy_levels__a_probability_met_exactly_is_met():
    assert level(0.5, {"geometric": {"mean": 2}}) == 1
    assert level(0.75, {"geometric": {"mean": 2}}) == 2
    assert level(0.75, {"empirical": {"values": [1, 3]}}, "2 d") == 4


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("periods", [1, 4, 30])
def test_compute_policy_levels__normal_demands_add_up_to_a_normal(service, periods):
    expected = stats.norm(500 * periods, 40 * math.sqrt(periods)).ppf(service)
    assert level(service, {"normal": {"mean": 500, "sd": 40}}, f"{periods} d") == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("shape", "periods"), [(2, 1), (2, 9), (0.1, 1), (0.1, 10), (0.02, 50), (1, 1000), (0.5, 10**6)]
)
def test_compute_policy_levels__gamma_demands_add_up_to_a_gamma(service, shape, periods):
    found = level(service, {"gamma": {"shape": shape, "scale": 5}}, f"{periods} d")
    assert found == pytest.approx(stats.gamma(shape * periods, scale=5).ppf(service), rel=2e-3, abs=1e-6)


def test_compute_policy_levels__a_demand_that_could_be_negative_is_none():
    assert level(0.9, {"normal": {"mean": 1, "sd": 3}}) == pytest.approx(stats.norm(1, 3).ppf(0.9), rel=1e-3)
    assert level(0.3, {"normal": {"mean": 1, "sd": 3}}) == 0


def test_compute_policy_levels__demand_that_is_seldom_needs_no_level():
    assert level(0.8, {"poisson": {"mean": 0.1}}, "2 d") == 0
    assert level(0.9, {"poisson": {"mean": 0.1}}, "2 d") == 1
    assert level(0.9, 0) == 0


# Rows of a table of levels that had been wrong, each with its right value to the digits of 200,000 draws.
@pytest.mark.parametrize(
    ("demand", "draw", "periods", "service", "stated"),
    [
        ({"lognormal": {"mean": 10, "cv": 2}}, (2, None), 14, 0.9, 224),
        ({"lognormal": {"mean": 10, "cv": 3}}, (3, None), 4, 0.95, 119),
        ({"lognormal": {"mean": 10, "cv": 5}}, (5, None), 1, 0.9, 20),
        ({"weibull": {"mean": 10, "shape": 0.3}}, (None, 0.3), 1, 0.9, 17.4),
    ],
)
def test_compute_policy_levels__levels_of_skewed_demand_are_within_half_a_percent(
    demand, draw, periods, service, stated
):
    cv, shape = draw
    if cv:
        spread = math.sqrt(math.log1p(cv**2))
        one = stats.lognorm(spread, scale=10 * math.exp(-(spread**2) / 2))
    else:
        one = stats.weibull_min(shape, scale=10 / math.gamma(1 + 1 / shape))
    expected = quantile_of_sum(one, periods, service, 1.25 * stated)
    found = level(service, demand, f"{periods} d")
    assert found == pytest.approx(expected, rel=5e-3)
    assert found == pytest.approx(stated, rel=0.01)


def quantile_of_sum(one, number, service, reach, points=8_000):
    """Quantile of a sum of like draws, by convolving one after the other, each rounded to the nearest grid point."""
    if number == 1:
        return one.ppf(service)
    step = reach / points
    mass = np.diff(one.cdf((np.arange(points) + 0.5) * step), prepend=0.0)
    distribution = mass
    for _ in range(number - 1):
        distribution = np.convolve(distribution, mass)[:points]
    return (np.argmax(np.cumsum(distribution) >= service) + 0.5) * step


def test_compute_policy_levels__where_deliveries_overtake_each_order_is_late_by_itself():
    """One of the days' demands is always outstanding, two more each with probability a half."""
    rate, service = 4, 0.9

    def covered(n):
        return sum(w * stats.poisson(k * rate).cdf(n) for k, w in ((1, 0.25), (2, 0.5), (3, 0.25)))

    assert level(service, {"poisson": {"mean": rate}}, either(1, 3)) == least(covered, service)


def test_compute_policy_levels__in_order_a_late_order_holds_up_those_after_it():
    """With a demand every day: M is 3 if the order of two days ago is late, else 2 if yesterday's is, else 1."""

    def covered(n):
        return sum(w * stats.nbinom(m, 0.25).cdf(n - m) for m, w in ((1, 0.25), (2, 0.25), (3, 0.5)))

    for service in (0.5, 0.9, 0.99):
        found = level(service, {"geometric": {"mean": 4}}, either(1, 3), "in_order")
        assert found == least(covered, service)


def test_compute_policy_levels__in_order_a_day_without_demand_holds_up_nothing():
    """All 2^3 patterns of demand and lateness in three days, enumerated."""
    chance, size = 0.3, 5
    demand = {"empirical": {"values": [0, size], "weights": [1 - chance, chance]}}
    probabilities = {}
    for sold in itertools.product([False, True], repeat=3):
        for late in itertools.product([False, True], repeat=2):  # of yesterday and of the day before
            weight = math.prod(chance if one else 1 - chance for one in sold) / 4
            oldest = max([0] * sold[0] + [k for k in (1, 2) if sold[k] and late[k - 1]], default=-1)
            amount = size * sum(sold[: oldest + 1])
            probabilities[amount] = probabilities.get(amount, 0.0) + weight
    for service in (0.3, 0.6, 0.75, 0.9, 0.98):
        found = level(service, demand, either(1, 3), "in_order")
        assert found == least(lambda n: sum(p for amount, p in probabilities.items() if amount <= n), service)


def test_compute_policy_levels__steady_demand_of_deliveries_that_overtake_counts_late_orders():
    """The number of late orders is a sum of independent 0 and 1, here by a recursion of its own."""
    late = np.append(1.0, stats.expon(scale=6).sf(np.arange(1, 200)))
    number = np.ones(1)
    for chance in late:
        number = np.convolve(number, [1 - chance, chance])
    for service in SERVICES:
        found = level(service, 25, {"exponential": {"mean": "6 d"}})
        assert found == pytest.approx(25 * np.argmax(np.cumsum(number) >= service), rel=1e-9)


def test_compute_policy_levels__the_worst_period_of_the_review_cycle_counts():
    """Reviewed every third day, with 4 or 5 days to go, the day after a review is the worst one."""
    rate, service = 4, 0.99

    def covered(n):
        return 0.5 * stats.poisson(4 * rate).cdf(n) + 0.5 * stats.poisson(7 * rate).cdf(n)

    expected = least(covered, service)
    assert expected > stats.poisson(6 * rate).ppf(service)  # of the day of the review
    assert level(service, {"poisson": {"mean": rate}}, either(4, 5), review=3) == expected


def test_compute_policy_levels__the_example_of_deliveries_that_overtake():
    lead_time = {"gamma": {"mean": "10 d", "cv": 0.3}}
    assert level(0.95, {"poisson": {"mean": 20}}, lead_time) == 260
    assert level(0.95, {"poisson": {"mean": 20}}, lead_time, "in_order") == 351


def shared(service, customers, lead_time="5 d"):
    model = store(service, 1, lead_time)
    model["customers"] = {f"c{k}": {"stage": "a", "demand": demand} for k, demand in enumerate(customers)}
    return compute_policy_levels(jr.load(model))["a"].order_up_to


def test_compute_policy_levels__a_window_holds_the_most_draws_it_can_of_each_customer():
    found = shared(0.95, [{"poisson": {"mean": 4}}, {"every": "3 d", "poisson": {"mean": 9}}])
    assert found == stats.poisson(5 * 4 + 2 * 9).ppf(0.95)


def test_compute_policy_levels__values_without_a_common_step_are_put_on_a_fine_grid():
    assert level(0.7, {"empirical": {"values": [1e-9, 1e9]}}, "2 d") == pytest.approx(1e9, rel=1e-3)
    assert level(0.7, {"empirical": {"values": [1e-12, 3]}}, "2 d") == pytest.approx(3, rel=1e-3)
    assert level(0.7, {"empirical": {"values": [1, math.pi, 7 * math.e]}}) == pytest.approx(7 * math.e, rel=1e-3)


@pytest.mark.parametrize("service", [1 - 1e-7, 1 - 1e-9])
def test_compute_policy_levels__services_close_to_one_are_reached(service):
    assert level(service, {"poisson": {"mean": 4}}, "3 d") == stats.poisson(12).ppf(service)
    found = level(service, {"gamma": {"shape": 2, "scale": 5}}, "3 d")
    assert found == pytest.approx(stats.gamma(6, scale=5).ppf(service), rel=2e-2)


def test_compute_policy_levels__many_customers_alike_count_as_many():
    assert shared(0.95, [{"poisson": {"mean": 4}}] * 50) == stats.poisson(5 * 4 * 50).ppf(0.95)


def test_compute_policy_levels__hundreds_of_different_customers_take_bounded_memory():
    demands = [{"gamma": {"mean": 10 + k / 100, "cv": 1}} for k in range(500)]
    tracemalloc.start()
    found = shared(0.95, demands, "1 d")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    means = 10 + np.arange(500) / 100
    assert peak < 200e6
    # A sum of exponentials, by the expansion of Cornish and Fisher (1938) to the third cumulant.
    score, variance, third = stats.norm.ppf(0.95), (means**2).sum(), 2 * (means**3).sum()
    expected = means.sum() + score * math.sqrt(variance) + (score**2 - 1) / 6 * third / variance
    assert found == pytest.approx(expected, rel=2e-4)


def test_compute_policy_levels__units_of_several_items_are_added_exactly():
    stages = {
        "bolt": {"lead_time": "2 d", "policy": {"base_stock": {"service": 0.95}}},
        "two": {"inputs": {"bolt": 2}, "policy": {"make_to_order": {}}},
        "half": {"inputs": {"bolt": 2.5}, "policy": {"make_to_order": {}}},
    }
    model = store(0.95, 1) | {"stages": stages}
    model["customers"] = {
        "a": {"stage": "two", "demand": {"poisson": {"mean": 3}}},
        "b": {"stage": "half", "demand": {"poisson": {"mean": 1}}},
    }
    amounts = np.add.outer(2 * np.arange(40), 2.5 * np.arange(30)).ravel()
    masses = np.outer(stats.poisson(6).pmf(np.arange(40)), stats.poisson(2).pmf(np.arange(30))).ravel()
    order = np.argsort(amounts, kind="stable")
    expected = amounts[order][np.argmax(np.cumsum(masses[order]) >= 0.95)]
    assert compute_policy_levels(jr.load(model))["bolt"].order_up_to == pytest.approx(expected, rel=1e-12)


LONG = [
    ("1e9 d", "crossing", {"poisson": {"mean": 20}}, 2e10),
    ({"lognormal": {"mean": "1e4 d", "cv": 1}}, "crossing", {"poisson": {"mean": 20}}, None),
    ({"lognormal": {"mean": "1e4 d", "cv": 1}}, "in_order", {"lognormal": {"mean": 10, "cv": 3}}, None),
    ({"exponential": {"mean": "1e7 d"}}, "crossing", 100, 1e9),
    ("30 d", "crossing", {"gamma": {"mean": 1e9, "cv": 1}}, 1e9 * stats.gamma(30).ppf(0.95)),
    ("3 d", "crossing", {"weibull": {"mean": 1e9, "shape": 0.05}}, None),
]


@pytest.mark.parametrize(("lead_time", "deliveries", "demand", "near"), LONG)
def test_compute_policy_levels__levels_take_bounded_memory_whatever_the_numbers(lead_time, deliveries, demand, near):
    tracemalloc.start()
    found = level(0.95, demand, lead_time, deliveries)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    assert found > 0
    if near is not None:
        assert found == pytest.approx(near, rel=2e-3)


@pytest.mark.parametrize("service", [0.5, 0.95, 0.999])
def test_compute_policy_levels__long_random_lead_times_keep_their_mean_and_variance(service):
    """With lead times of about 10,000 days, what is outstanding is normal, its moments being sums over the ages."""
    spread = math.log(2)
    late = stats.lognorm(math.sqrt(spread), scale=1e4 * math.exp(-spread / 2)).sf(np.arange(3_000_000))
    mean, variance = 20 * late.sum(), 20 * late.sum() + 400 * (late * (1 - late)).sum()
    found = level(service, {"poisson": {"mean": 20}}, {"lognormal": {"mean": "1e4 d", "cv": 1}})
    assert found == pytest.approx(stats.norm(mean, math.sqrt(variance)).ppf(service), rel=5e-4)


def test_compute_policy_levels__long_lead_times_in_order_follow_the_distribution_of_the_delay():
    """Steady demand: the level is the quantile of the delay, computed for each period."""
    one = stats.lognorm(math.sqrt(math.log(1.25)), scale=1e4 / math.sqrt(1.25))
    beyond = one.sf(np.arange(2_000_000))
    within = np.exp(np.cumsum(np.log1p(-np.minimum(beyond[1:], 1 - 1e-16))[::-1])[::-1])
    for service in (0.5, 0.95, 0.999):
        found = level(service, 3, {"lognormal": {"mean": "1e4 d", "cv": 0.5}}, "in_order")
        assert found == pytest.approx(3 * (1 + np.argmax(within >= service)), rel=2e-3)


def test_compute_policy_levels__as_many_paths_as_joined_stages_allow_cost_nothing():
    """36 stages, each reached from the one before by two others: 2^36 paths, half a unit on each."""
    stages = {"s36": {"lead_time": "3 d", "policy": {"base_stock": {"service": 0.95}}}}
    for k in reversed(range(36)):
        stages |= {
            f"l{k}": {"inputs": {f"s{k + 1}": 0.5}, "policy": {"make_to_order": {}}},
            f"r{k}": {"inputs": {f"s{k + 1}": 0.5}, "policy": {"make_to_order": {}}},
            f"s{k}": {"inputs": {f"l{k}": 1, f"r{k}": 1}, "policy": {"base_stock": {"service": 0.95}}},
        }
    model = store(0.95, 1) | {"stages": stages}
    model["customers"] = {"buyer": {"stage": "s0", "demand": {"poisson": {"mean": 4}}}}
    found = compute_policy_levels(jr.load(model))
    assert found["s36"].order_up_to == stats.poisson(12).ppf(0.95)
    assert found["s0"].order_up_to == stats.poisson(4).ppf(0.95)


def refusal(*arguments, **more):
    with pytest.raises(ModelError) as refused:
        level(*arguments, **more)
    (fault,) = refused.value.faults
    assert fault.key == "stages.a.policy.base_stock.service"
    assert fault.message.endswith("give `level` or `cover` instead")
    return fault.message


def test_compute_policy_levels__levels_too_large_are_refused_by_name():
    assert "above 1e+12 units" in refusal(0.95, {"gamma": {"mean": 1e9, "cv": 0.5}}, "1e9 d")
    assert "above 1e+12 units" in refusal(0.95, 1e12, "3 d")
    assert "above 1e+12 units" in refusal(0.9999, {"weibull": {"mean": 1e12, "shape": 0.1}})


def test_simulate__a_level_that_is_refused_is_placed_where_it_is_written(tmp_path):
    file = tmp_path / "model.yaml"
    file.write_text(
        "name: placed\nperiod: 1 d\nhorizon: 9 d\nstages:\n  a: {policy: {base_stock: {service: 0.9}}}\n"
        "customers:\n  c: {stage: a, demand: {poisson: {mean: 1e12}}}\nstrategies:\n  one: {}\n"
        "  two: {stages: {a: {policy: {min_max: {min: 1 d, max: 1}}}}}\n"
    )
    with pytest.raises(ModelError) as refused:
        jr.simulate(file, paths=1)
    one, two = refused.value.faults
    assert (one.file, one.line, one.key) == (str(file), 5, "stages.a.policy.base_stock.service")
    assert one.message.startswith("with strategy one, the level of this service cannot be computed")
    assert (two.file, two.line, two.key) == (str(file), 10, "strategies.two.stages.a.policy.min_max")
    assert two.message.startswith("with strategy two, at the mean demand, min is ")


def test_compute_policy_levels__demands_without_a_common_pattern_are_refused_by_name():
    model = store(0.95, 1, {"exponential": {"mean": "9 d"}})
    demands = [{"every": f"{n} d", "poisson": {"mean": 4}} for n in (97, 101, 103)]
    model["customers"] = {f"c{k}": {"stage": "a", "demand": demand} for k, demand in enumerate(demands)}
    with pytest.raises(ModelError, match="demands every 97, 101, 103 periods") as refused:
        compute_policy_levels(jr.load(model))
    assert refused.value.faults[0].key == "stages.a.policy.base_stock.service"
    model["stages"]["a"]["lead_time"] = "9 d"
    assert compute_policy_levels(jr.load(model))["a"].order_up_to == stats.poisson(12).ppf(0.95)


def test_compute_policy_levels__too_many_cases_in_order_are_refused_by_name():
    model = store(0.95, 1, {"lognormal": {"mean": "1e5 d", "cv": 1}}, "in_order")
    demands = [{"every": f"{n} d", "poisson": {"mean": 4}} for n in (1, 2)]
    model["customers"] = {f"c{k}": {"stage": "a", "demand": demand} for k, demand in enumerate(demands)}
    with pytest.raises(ModelError, match="too many cases; give `level` or `cover` instead") as refused:
        compute_policy_levels(jr.load(model))
    assert refused.value.faults[0].key == "stages.a.policy.base_stock.service"


def test_compute_policy_levels__in_order_demands_of_several_intervals_are_added():
    """A daily geometric demand and one of 5 units every other day: the days outstanding as before, in both phases."""
    model = store(0.9, 1, either(1, 3), "in_order")
    model["customers"] = {
        "daily": {"stage": "a", "demand": {"geometric": {"mean": 4}}},
        "other": {"stage": "a", "demand": {"every": "2 d", "constant": {"value": 5}}},
    }

    def covered(n):
        days = ((1, 0.25, 5), (2, 0.25, 5), (3, 0.5, 10))
        return sum(w * stats.nbinom(m, 0.25).cdf(n - more - m) for m, w, more in days)

    assert compute_policy_levels(jr.load(model))["a"].order_up_to == least(covered, 0.9)


def test_load__deliveries_in_order_do_not_go_with_expediting():
    model = store(0.9, 1, deliveries="in_order")
    model["stages"]["a"]["expedite"] = {"below": 3, "lead_time": "1 d"}
    with pytest.raises(ModelError, match="does not go with `expedite`") as refused:
        jr.load(model)
    assert refused.value.faults[0].key == "stages.a.deliveries"


def test_load__deliveries_overtake_unless_told_otherwise():
    model = store(0.9, 1)
    del model["stages"]["a"]["deliveries"]
    assert jr.load(model).stages["a"].deliveries == "crossing"
    model["stages"]["a"]["deliveries"] = "in order"
    with pytest.raises(ModelError, match="did you mean `in_order`"):
        jr.load(model)


def test_compute_policy_levels__a_season_scales_draws_by_the_mean_of_its_factors():
    """Normal demand of 2 periods times 1.5: mean 2 x 15, deviation 1.5 x 2 x sqrt(2); a trend does not count."""
    customer = {"stage": "a", "demand": {"normal": {"mean": 10, "sd": 2}}, "trend": "3 % / d"}
    customer["season"] = {"every": "1 d", "factors": [1, 2.5, 1]}
    stages = {"a": {"lead_time": "2 d", "policy": {"base_stock": {"service": 0.9}}}}
    model = {"name": "m", "period": "1 d", "horizon": 20, "stages": stages, "customers": {"c": customer}}
    level = compute_policy_levels(jr.load(model))["a"].order_up_to
    assert level == pytest.approx(30 + stats.norm.ppf(0.9) * 3 * math.sqrt(2), rel=1e-3)
    customer["demand"] = {"poisson": {"mean": 10}}
    whole = compute_policy_levels(jr.load(model))["a"].order_up_to
    assert whole == math.ceil(1.5 * stats.poisson(20).ppf(0.9))
