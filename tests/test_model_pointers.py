"""First mistakes of people who come from other tools: the message names the key to use, or what there is not."""

import math

import numpy as np
import pytest
from modelfile import GOOD, faults, only_fault, spoiled
from scipy import stats

from jitrisk import model
from jitrisk.model import load, policies
from jitrisk.model.pointers.distributions import _CALLED, _PARAMETERS, find_call_pointer
from jitrisk.model.pointers.keys import _ANYWHERE, _BY_PART, find_key_pointer
from jitrisk.model.text import read_yaml
from jitrisk.sampling.distributions import FAMILIES, build_distribution

PARTS = {
    name: getattr(model, name, None) or getattr(policies, name)
    for name in (*_BY_PART, "Input", "Expedite", "MakeToOrder")
}


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("Poisson(10)", "write `{poisson: {mean: 10}}`"),
        ("poisson", "write `{poisson: {mean: ...}}`"),
        ("N(100, 15)", "write `{normal: {mean: 100, sd: 15}}`"),
        ("Normal(loc=100, scale=15)", "write `{normal: {mean: 100, sd: 15}}`"),
        ("np.random.normal(100, 15)", "write `{normal: {mean: 100, sd: 15}}`"),
        ("TRIA(1, 2, 3)", "write `{triangular: {low: 1, mode: 2, high: 3}}`"),
        ("EXPO(5)", "write `{exponential: {mean: 5}}` (of a rate, `mean` is the inverse)"),
        ("LogNormal(2, 0.5)", "of the value itself, not of its logarithm"),
        ({"Poisson": {"mean": 3}}, "unknown distribution `Poisson`; write `poisson`"),
        ({"expon": {"mean": 3}}, "write `exponential`"),
        ({"distribution": "Poisson", "mean": 10}, "write `{poisson: {mean: ...}}`"),
        ({"type": "normal", "mean": 10, "sd": 3}, "write `{normal: {mean: ..., sd: ...}}`"),
        ({"mean": 10, "sd": 3}, "name the distribution, as in `{normal: {mean: ..., sd: ...}}`"),
        ("900 per d", "write `/` for per, as in `900 / d`"),
        ("900 per day", "`900 / day`"),
        ("900 units per day", "`900 / day`"),
        ("900 a day", "`900 / day`"),
    ],
)
def test_load__a_demand_written_as_in_another_tool_is_answered_with_what_to_write(written, advice):
    fault = only_fault(spoiled("customers.export.demand", written))
    assert fault.key.startswith("customers.export.demand")
    assert advice in fault.message


@pytest.mark.parametrize("written", ["900/day", "900 /d", "900/ days", "1e3 / d"])
def test_load__rates_with_a_slash_are_read_however_they_are_spaced(written):
    assert load(spoiled("customers.export.demand", written)).customers["export"].demand.mean() > 0


@pytest.mark.parametrize(
    ("family", "given", "advice"),
    [
        ("normal", {"mu": 10, "sd": 3}, "write `mean`"),
        ("normal", {"mean": 10, "sigma": 3}, "write `sd`"),
        ("normal", {"mean": 10, "std": 3}, "write `sd`"),
        ("normal", {"mean": 10, "stddev": 3}, "write `sd`"),
        ("normal", {"mean": 10, "scale": 3}, "write `sd`"),
        ("normal", {"mean": 10, "variance": 9}, "write `sd`, its square root"),
        ("lognormal", {"mean": 10, "std": 3}, "write `sd`"),
        ("lognormal", {"mu": 1, "cv": 3}, "not of its logarithm"),
        ("poisson", {"lambda": 10}, "write `mean`"),
        ("exponential", {"rate": 10}, "write `mean`, the inverse of a rate"),
        ("gamma", {"k": 2, "scale": 3}, "write `shape`"),
        ("gamma", {"shape": 2, "theta": 3}, "write `scale`"),
        ("weibull", {"eta": 2, "shape": 3}, "write `scale`"),
        ("weibull", {"scale": 2, "beta": 3}, "write `shape`"),
        ("uniform", {"min": 2, "high": 3}, "write `low`"),
        ("triangular", {"low": 1, "most_likely": 2, "high": 3}, "write `mode`"),
        ("binomial", {"n": 9, "prob": 0.5}, "write `p`"),
    ],
)
def test_load__a_parameter_of_another_tool_is_answered_with_the_one_to_use(family, given, advice):
    strange = next(name for name in given if name not in FAMILIES[family].parameters)
    fault = only_fault(spoiled("customers.export.demand", {family: given}))
    assert fault.key == f"customers.export.demand.{family}.{strange}"
    assert advice in fault.message
    assert "did you mean" not in fault.message


def test_load__mu_and_sigma_of_a_lognormal_are_answered_with_the_mean_and_cv_they_mean():
    mu, sigma = 2.0, 0.5
    first, second = faults(spoiled("customers.export.demand", {"lognormal": {"mu": mu, "sigma": sigma}}))
    distribution = stats.lognorm(s=sigma, scale=math.exp(mu))
    assert (
        f"here `{{lognormal: {{mean: {distribution.mean():.6g}, cv: {distribution.std() / distribution.mean():.6g}}}}}`"
        in first.message
    )
    assert "in place of it and `mu`" in second.message


@pytest.mark.parametrize(
    ("family", "words", "scipy_distribution"),
    [
        ("gamma", {"shape": "k", "scale": "theta"}, stats.gamma(2.0, scale=3.0)),
        ("weibull", {"shape": "k", "scale": "lambda"}, stats.weibull_min(2.0, scale=3.0)),
    ],
)
def test_build_distribution__what_a_pointer_names_is_the_same_distribution(family, words, scipy_distribution):
    numbers = dict(zip(words, (2.0, 3.0), strict=True))
    for key, word in words.items():
        assert _PARAMETERS[family][word] == f"write `{key}`"
    distribution = build_distribution(family, **numbers)
    assert np.allclose(distribution.quantile([0.1, 0.5, 0.9]), scipy_distribution.ppf([0.1, 0.5, 0.9]), rtol=1e-9)


def test_load__every_form_that_a_pointer_shows_is_one_of_its_distribution():
    for family, names in _CALLED.items():
        assert any(set(names) == set(form) for form in FAMILIES[family].forms), family
    assert set(_PARAMETERS) == set(FAMILIES)
    for family, words in _PARAMETERS.items():
        assert not set(words) & set(FAMILIES[family].parameters), family


@pytest.mark.parametrize("text", ["n", "900", "8 h", "jit", "", "(3)", "Foo(3)", "normal(", "x" * 300])
def test_find_call_pointer__what_names_no_distribution_gets_no_pointer_to_one(text):
    assert find_call_pointer(text) == ""


def test_load__a_distribution_where_nothing_is_drawn_is_not_advised():
    assert only_fault(spoiled("stages.pump.capacity", "Poisson(3)")).message.endswith("nothing is drawn here")


@pytest.mark.parametrize(
    ("path", "value", "advice"),
    [
        ("stages.pump.safety_stock", 10, "no safety stock apart from its policy: raise `level` or `cover`"),
        ("stages.pump.safetyStock", 10, "no safety stock apart"),
        ("stages.pump.lot_size", 10, "`quantity` of `reorder_point`, or `container` of `kanban`"),
        ("stages.pump.batch", 10, "`quantity` of `reorder_point`"),
        ("stages.pump.moq", 10, "no minimum order yet"),
        ("stages.pump.min_order", 10, "no minimum order yet"),
        ("stages.pump.expiry", "10 d", "write `shelf_life: 10 d` at the stage"),
        ("stages.pump.lifetime", "10 d", "write `shelf_life: 10 d` at the stage"),
        ("stages.pump.shelf_time", "10 d", "write `shelf_life: 10 d` at the stage"),
        ("customers.shop.expiration", "10 d", "write `shelf_life: 10 d` at the stage"),
        ("stages.pump.setup_time", "1 h", "no changeovers yet"),
        ("stages.pump.changeover", "1 h", "no changeovers yet"),
        ("stages.pump.overtime_factor", 1.2, "write `overtime: {below: 100, factor: 1.25}`"),
        ("stages.pump.extra_capacity", 1.2, "write `overtime: {below: 100, factor: 1.25}`"),
        ("stages.pump.backup", "steel", "opens only after an outage has `standby: {of: main, after: 3 d}`"),
        ("stages.pump.backup_source", "steel", "in order of preference: `{quantity: 1, from: [main, backup]}`"),
        ("stages.pump.secondary", "steel", "in order of preference"),
        ("stages.pump.dual_sourcing", {}, "write `expedite: {up_to: 50, lead_time: 1 d}`"),
        ("stages.pump.wip_cap", 20, "write it as a policy: `{conwip: "),
        ("stages.pump.mrp", {}, "`{base_stock: {cover: 2 weeks, follow: forecast}}`"),
        ("stages.pump.transport", "2 d", "part of `lead_time`, or a stage of its own"),
        ("stages.pump.mtbf", "40 d", "write a hazard"),
        ("stages.pump.resource", "x", "no shared resources yet"),
        ("stages.pump.initial_inventory", 5, "write `on_hand`"),
        ("stages.pump.price", 5, "a key of a customer"),
        ("customers.shop.priority", 1, "`customers: first` on the stage"),
        ("customers.shop.due_date", "2 d", "no promised delivery time yet"),
        ("season", {}, "write `season: {every: 1 month, factors: [0.8, 1.2]}` at a customer"),
        ("customers.shop.seasonality", [1, 2], "write `season: {every: 1 month, factors: [0.8, 1.2]}`"),
        ("customers.shop.seasonal_factors", [1, 2], "write `season: "),
        ("customers.shop.growth", 0.05, "write `trend: 5 % / year`"),
        ("customers.shop.forecast_error", 0.2, "write `forecast: {error: {lognormal: {mean: 1, cv: 0.2}}"),
        ("customers.shop.mape", 0.2, "write `forecast: "),
        ("calendar", {}, "no calendar yet"),
        ("resources", {}, "no shared resources yet"),
        ("holding_cost", 3, "write `holding_rate: 20 % / year`"),
        ("seed", 3, "`--paths` and `--seed`"),
        ("overhead", 3, "write `fixed_cost: 2000000 / year`, the cost of the plan as a whole"),
        ("stages.pump.fixed_cost", 3, "`fixed_cost: 2000000 / year` at the top of the model or of a strategy"),
        ("stages.pump.policy", {"constant_wip": {"cards": 3}}, "write `{conwip: {cards: 20, container: 1, through: "),
        ("stages.pump.policy", {"wip_cap": 3}, "and `{push: {}}` at the others"),
        ("stages.pump.policy", {"mrp": {}}, "follow: forecast, review: 1 week}}`, which orders to a plan"),
        ("stages.pump.policy", {"lot_for_lot": {}}, "write `{make_to_order: {}}`"),
        ("stages.pump.policy", {"extended_kanban": {}}, "write `{base_stock: {level: 50, cap: 80}}`"),
        ("stages.pump.policy", {"dual_sourcing": {}}, "beside the policy `expedite: {up_to: 50, lead_time: 1 d}`"),
        ("stages.pump.policy", {"push": {"cards": 3}}, "has no level and no cards"),
        ("stages.pump.policy", {"eoq": {}}, "write `{reorder_point: "),
        ("stages.pump.policy", {"S": 9}, "write `{min_max: {min: 1 d, max: 3 d}}`, the (s, S) policy"),
        ("stages.pump.policy", {"level": 9}, "write `{base_stock: {level: 500}}`"),
        ("stages.pump.policy", {"cards": 9}, "write `{kanban: {container: 500, cards: 4}}`"),
        ("stages.pump.policy", {"kanban": {"container": 5, "cards": "infinite"}}, "; write `unlimited`"),
        ("stages.pump.policy", {"base_stock": {"level": float("inf")}}, "; write `unlimited`"),
        ("stages.pump.holding_cost", 3, "at the top of the model or at one stage"),
        ("stages.pump.shortage_cost", 3, "write `shortage_cost` (per unit not met at once)"),
        ("stages.pump.policy.kanban", {"size": 5, "cards": 3}, "write `container`"),
        ("stages.steel.policy.base_stock", {"service_level": 0.9}, "write `service`"),
        ("stages.steel.policy.base_stock", {"cover": "3 d", "wip_limit": 9}, "write `cap`"),
    ],
)
def test_load__a_key_of_another_tool_is_one_fault_with_what_there_is_in_its_place(path, value, advice):
    fault = only_fault(spoiled(path, value))
    assert fault.key.startswith(path)
    assert advice in fault.message
    assert "did you mean" not in fault.message


def test_load__mtbf_and_mttr_are_answered_with_time_between_and_duration_and_nothing_else():
    hazard = {"mtbf": "40 d", "mttr": "8 h", "hits": {"pump": {"capacity": 0}}}
    between, duration = faults(spoiled("hazards.strike", hazard))
    assert (between.key, duration.key) == ("hazards.strike.mtbf", "hazards.strike.mttr")
    assert "write `time_between: {exponential: {mean: ...}}`" in between.message
    assert "write `duration: {exponential: {mean: ...}}`" in duration.message


def test_find_key_pointer__the_hazard_that_a_pointer_shows_loads():
    advice = find_key_pointer("Stage", "mtbf").advice
    written = read_yaml(advice.split("`")[1].replace("press", "pump")).data
    assert load({**GOOD, **written}).hazards["breakdown"].time_between_distribution.mean() == 120.0


def test_load__a_typo_is_still_answered_with_the_nearest_key():
    assert "did you mean `lead_time`?" in only_fault(spoiled("stages.pump.lead_tme", 3)).message


@pytest.mark.parametrize("part", sorted(_BY_PART))
def test_load__pointers_name_keys_that_exist_and_stand_for_words_that_do_not(part):
    for pointer in _BY_PART[part]:
        assert set(pointer.keys) <= set(PARTS[part].list_keys())
        assert not set(pointer.words) & set(PARTS[part].list_keys())


def test_load__no_word_has_two_pointers_in_one_place():
    for pointers in (*_BY_PART.values(), _ANYWHERE):
        words = [word for pointer in pointers for word in pointer.words]
        assert len(words) == len(set(words))


@pytest.mark.parametrize(("key", "cards"), [("1e2", 100), ("100", 100), (1e2, 100), ("1e5", 100_000), ("1E3", 1000)])
def test_read_yaml__a_count_in_scientific_notation_is_a_count_in_a_file_and_in_a_mapping(key, cards):
    model = spoiled("stages.pump.policy", {"kanban": {"container": 5, "cards": key}})
    assert load(model).stages["pump"].policy.cards == cards
    assert read_yaml(f"cards: {key}").data["cards"] == cards


@pytest.mark.parametrize(
    ("path", "text", "read"),
    [
        ("stages.pump.on_hand", "1e5", lambda network: network.stages["pump"].on_hand),
        ("horizon", "1e5", lambda network: network.horizon),
        (
            "customers.export.demand",
            {"binomial": {"n": "1e5", "p": 1}},
            lambda network: network.customers["export"].demand.mean(),
        ),
    ],
)
def test_load__numbers_that_yaml_1_1_takes_for_texts_are_numbers(path, text, read):
    assert read(load(spoiled(path, text))) == 1e5
