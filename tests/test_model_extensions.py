"""Shelf life, seasons, forecasts, push, CONWIP, caps, overtime and standby sources: what is read and what is refused.

Nothing is simulated here. Each refusal is held with its line, its key and its words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from modelfile import faults, line_of, only_fault, written
from test_model_references import plant, stage

from jitrisk.model import load
from jitrisk.sampling.distributions import build_distribution

# One valid model with every key; each stands on a line of its own, which tests replace.
EVERYTHING = """\
name: Everything
period: 8 h
horizon: 1 year
stages:
  cast:
    policy: {base_stock: {cover: 2 d}}
  spare:
    on_hand: 0
    standby: {of: cast, after: 3 d, below: 50 %}
    policy: {base_stock: {level: 50}}
  oven:
    inputs: {cast: {quantity: 1, from: [cast, spare]}}
    policy: {conwip: {cards: 20, container: 2, through: pack}}
  cool:
    inputs: {oven: 2}
    policy: {push: {}}
  pack:
    inputs: {cool: 1}
    capacity: 900 / d
    lead_time: 2 d
    shelf_life: 20 h
    overtime: {below: 100, factor: 125 %}
    overtime_cost: 3
    expire_cost: 2
    expedite: {up_to: 50, lead_time: 1 d}
    policy: {kanban: {container: 10, cards: 9}}
  plan:
    policy: {base_stock: {cover: 2 d, follow: forecast, safety: 5, cap: 900}}
  range:
    inputs: {plan: 1}
    policy: {min_max: {min: 1 d, max: 2 d, follow: season}}
  cards:
    policy: {kanban: {container: 5, cards: auto, follow: season}}
customers:
  shop:
    stage: pack
    demand: 100
    season: {every: 1 month, factors: [0.8, 120 %]}
  chain:
    stage: range
    demand: 100
    trend: -5 % / year
    forecast: {error: {lognormal: {mean: 1, cv: 0.2}}, every: 36 h}
  bar:
    stage: cards
    demand: 100
    trend: 5 % / year
    forecast: {smoothing: 20 %}
hazards:
  fire: {rate: 1 / year, duration: 5 d, hits: {cast: {capacity: 0}}}
strategies:
  base: {}
"""


def spoil(*pairs: tuple[str, str]) -> str:
    """Return the model with some words, each of which stands there once, replaced."""
    text = EVERYTHING
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def get(part: Any, *fields: str) -> tuple[Any, ...]:
    return tuple(getattr(part, field) for field in fields)


# What is read


def test_load__every_key_is_in_periods(tmp_path: Path) -> None:
    network = load(written(tmp_path, EVERYTHING))
    stages, customers = network.stages, network.customers
    pack = stages["pack"]
    assert pack.shelf_life == 2  # 20 h are two whole periods and a half
    assert get(pack.overtime, "below", "factor") == (100.0, 1.25)
    assert (pack.overtime_cost, pack.expire_cost) == (3.0, 2.0)
    assert get(pack.expedite, "below", "up_to", "lead_time") == (None, 50.0, 3.0)
    assert get(stages["spare"].standby, "of", "after", "below") == ("cast", 9.0, 0.5)
    assert get(customers["shop"].season, "every", "factors") == (pytest.approx(365 * 3 / 12), (0.8, 1.2))
    assert customers["chain"].trend == pytest.approx(-0.05 / (365 * 3))
    lognormal = build_distribution("lognormal", mean=1.0, cv=0.2)
    assert get(customers["chain"].forecast, "error", "smoothing", "every") == (lognormal, None, 4.5)
    assert get(customers["bar"].forecast, "error", "smoothing") == (None, 0.2)
    assert (customers["shop"].forecast, customers["bar"].season, customers["shop"].trend) == (None, None, 0.0)


def test_load__policies_answer_what_the_dynamics_ask_of_them(tmp_path: Path) -> None:
    policies = {name: one.policy for name, one in load(written(tmp_path, EVERYTHING)).stages.items()}
    assert {name: one.pushes for name, one in policies.items() if one.pushes} == {"cool": True}
    assert {name: one.last_stage for name, one in policies.items() if one.last_stage} == {"oven": "pack"}
    followed = {"plan": "forecast", "range": "season", "cards": "season"}
    assert {name: one.followed for name, one in policies.items() if one.followed} == followed
    assert (policies["plan"].safety_stock, policies["plan"].order_cap) == (5.0, 900.0)
    assert (policies["range"].safety_stock, policies["range"].order_cap) == (0.0, float("inf"))


def test_load__without_the_keys_everything_is_off() -> None:
    network = load(plant(a=stage()))
    one, customer = network.stages["a"], network.customers["shop"]
    assert (one.shelf_life, one.overtime, one.standby, one.expedite) == (None, None, None, None)
    assert (one.overtime_cost, one.expire_cost) == (0.0, 0.0)
    assert (customer.season, customer.trend, customer.forecast) == (None, 0.0, None)
    assert (one.policy.pushes, one.policy.last_stage, one.policy.followed) == (False, "", None)


@pytest.mark.parametrize(
    "pairs",
    [
        [("shelf_life: 20 h", "shelf_life: 100 years")],  # longer than the horizon: the same as none
        [("shelf_life: 20 h", "shelf_life: 8 h")],
        [("every: 1 month", "every: 8 h")],
        [("factors: [0.8, 120 %]", "factors: [0, 1]")],
        [("cover: 2 d, follow: forecast", "cover: 2 d, follow: season")],
        [("follow: forecast, safety: 5", "follow: forecast, safety: 0")],
        [("cover: 2 d, follow: forecast, safety: 5, cap: 900", "level: 900, cap: 900")],
        [("min: 1 d, max: 2 d, follow: season", "min: 5, max: 9, cap: 9")],
        [("cards: auto, follow", "cards: formula, follow")],
        [("smoothing: 20 %", "smoothing: 1")],
        [("factor: 125 %", "factor: 1")],
        [("below: 50 %}", "below: 100 %}")],
        [("trend: -5 % / year", "trend: -100 % / year")],
        [("{up_to: 50, lead_time: 1 d}", "{up_to: 50, lead_time: 47 h}")],
        [("{up_to: 50, lead_time: 1 d}", "{below: 50, lead_time: 9 d}")],  # as before there was a second level
        [("error: {lognormal: {mean: 1, cv: 0.2}}", "error: {normal: {mean: 1, sd: 0.1}}")],
        [("error: {lognormal: {mean: 1, cv: 0.2}}", "error: 1.3")],
        [("capacity: 0}", "capacity: 0.9, chance: 0}")],
        [("    policy: {base_stock: {level: 50}}\n", "    policy: {conwip: {cards: 1, container: 1, through: oven}}\n"),
         ("from: [cast, spare]", "from: [spare]")],
    ],
    ids=lambda pairs: pairs[0][1],
)  # fmt: skip
def test_load__what_is_next_to_a_refusal_is_allowed(pairs: list[tuple[str, str]], tmp_path: Path) -> None:
    assert load(written(tmp_path, spoil(*pairs))).name == "Everything"


# What is refused

UNITS = "expected a level as a time of mean demand; write `cover: 3 d`, or leave `follow` out"
REFUSED = [
    # shelf life
    (("shelf_life: 20 h", "shelf_life: 7 h"), "pack.shelf_life", "from 1 to 10,000,000 periods (a period is 8 h)"),
    (("shelf_life: 20 h", "shelf_life: 7 h"), "pack.shelf_life", "`7 h`, which is 0.875 periods"),
    (("{kanban: {container: 10, cards: 9}}", "{push: {}}"), "pack.shelf_life", "`push` has no shelf life; leave"),
    # seasons and trends
    (("[0.8, 120 %]", "[0.8, -1]"), "shop.season.factors[1]", "at least 0 and at most 1e+12, found the number `-1`"),
    (("[0.8, 120 %]", "[]"), "shop.season.factors", "a list of factors such as `[0.8, 1.2]`, found an empty list"),
    (("[0.8, 120 %]", "0.8"), "shop.season.factors", "a list of factors such as `[0.8, 1.2]`, found the number `0.8`"),
    (("[0.8, 120 %]", "[0, 0 %]"), "shop.season.factors", "expected at least one factor above 0, found none"),
    (("every: 1 month", "every: 7 h"), "shop.season.every", "expected at least one period (a period is 8 h), found"),
    (("every: 1 month", "every: 7 h"), "shop.season.every", "`7 h`, which is 0.875 periods"),
    (("trend: -5 % / year", "trend: -101 % / year"), "chain.trend", "below 0 after 1,084 of 1,095 periods"),
    (("trend: -5 % / year", "trend: -101 % / year"), "chain.trend", "write a weaker trend, or shorten the horizon"),
    # forecasts
    (("every: 36 h", "every: 7 h"), "chain.forecast.every", "expected at least one period (a period is 8 h)"),
    (("{smoothing: 20 %}", "{smoothing: 20 %, every: 1 d}"), "bar.forecast.every", "leave `every`, which is of"),
    (("{smoothing: 20 %}", "{}"), "bar.forecast", "exactly one of `error`, `smoothing`, found none of them"),
    (("{smoothing: 20 %}", "{smoothing: 20 %, error: 1}"), "bar.forecast", "found `error`, `smoothing`"),
    (("{smoothing: 20 %}", "{smoothing: 0}"), "bar.forecast.smoothing", "above 0 and at most 1"),
    (("{lognormal: {mean: 1, cv: 0.2}}", "{normal: {mean: 1, sd: 0.3}}"), "chain.forecast.error", "not below 0"),
    (("{lognormal: {mean: 1, cv: 0.2}}", "{normal: {mean: 1, sd: 0.3}}"), "chain.forecast.error", "{lognormal: {"),
    (("{lognormal: {mean: 1, cv: 0.2}}", "-1"), "chain.forecast.error", "at least 0"),
    # levels that follow
    (("cover: 2 d, follow: forecast", "level: 20, follow: forecast"), "plan.policy.base_stock.level", UNITS),
    (("cover: 2 d, follow: forecast", "service: 0.9, follow: season"), "plan.policy.base_stock.service", UNITS),
    (("min: 1 d, max: 2 d", "min: 1, max: 2 d"), "range.policy.min_max.min", "write a duration such as `3 d`"),
    (("min: 1 d, max: 2 d", "min: 1 d, max: 2"), "range.policy.min_max.max", "write a duration such as `3 d`"),
    (("cards: auto", "cards: 3"), "cards.policy.kanban.follow", "write `cards: auto` or `cards: formula`, or leave"),
    (("cover: 2 d, follow: forecast", "cover: 2 d"), "plan.policy.base_stock.safety", "write `follow: season` or"),
    (("cover: 2 d, follow: forecast", "cover: 2 d, follow: past"), "plan.policy.base_stock.follow", "`past`"),
    (("auto, follow: season", "auto, follow: forecast"), "cards.policy.kanban.follow", "expected `season` (and trend)"),
    (("    forecast: {error: {lognormal: {mean: 1, cv: 0.2}}, every: 36 h}\n", ""), "plan.policy.base_stock.follow",
     "no customer whose demand reaches this stage has a `forecast` to follow"),
    (("    trend: -5 % / year\n", ""), "range.policy.min_max.follow", "has a `season` or a `trend` to follow"),
    (("    trend: 5 % / year\n", ""), "cards.policy.kanban.follow", "has a `season` or a `trend` to follow; give one"),
    # push, loops and caps
    (("{base_stock: {level: 50}}", "{push: {}}"), "spare.policy", "`inputs` allow, and this one has none"),
    (("through: pack", "through: pak"), "oven.policy.conwip.through", "unknown stage `pak`; did you mean `pack`?"),
    (("through: pack", "through: oven"), "oven.policy.conwip.through", "the stage itself; for cards of one stage"),
    (("through: pack", "through: plan"), "oven.policy.conwip.through", "`plan` is not downstream of `oven`"),
    (("through: pack", "through: cast"), "oven.policy.conwip.through", "`cast` is not downstream of `oven`"),
    (("inputs: {plan: 1}", "inputs: {plan: 1, cool: 1}"), "oven.policy.conwip.through",
     "the store of `cool` also supplies `range`, which is outside the loop to `pack`; end the loop at `cool`"),
    (("inputs: {cool: 1}", "inputs: {cool: 1, oven: 1}"), "oven.policy.conwip.through",
     "expected one path to `pack`, found two: `oven` supplies `cool` and `pack`"),
    (("inputs: {oven: 2}", "inputs: {oven: {quantity: 2, from: [oven, spare]}}"), "oven.policy.conwip.through",
     "the input `oven` of `cool`, a link of the loop, has 2 sources; give it one, or end the loop at `oven`"),
    (("cards: 20, container", "cards: auto, container"), "oven.policy.conwip.cards", "a whole number of cards"),
    (("through: pack", "through: pack, follow: season"), "oven.policy.conwip.follow", "do not follow the demand"),
    (("cover: 2 d, follow: forecast, safety: 5, cap: 900", "level: 900, cap: 899"), "plan.policy.base_stock.cap",
     "a cap of at least the order-up-to level, 900 units, found 899; raise `cap`, or lower the level"),
    (("min: 1 d, max: 2 d, follow: season", "min: 1 d, max: 9, cap: 8"), "range.policy.min_max.cap", "units, found 8"),
    (("container: 5, cards: auto", "cap: 9, container: 5, cards: auto"), "cards.policy.kanban.cap", "are the cap"),
    # overtime, standby sources and the second level
    (("factor: 125 %", "factor: 0.99"), "pack.overtime.factor", "at least 1 and at most 1e+12, found the number"),
    (("    capacity: 900 / d\n", ""), "pack.overtime", "multiplies the `capacity`, which the stage does not have"),
    (("of: cast", "of: spare"), "spare.standby.of", "expected another stage, found the stage itself"),
    (("of: cast", "of: cst"), "spare.standby.of", "unknown stage `cst`; did you mean `cast`?"),
    (("of: cast", "of: cool"), "spare.standby.of", "no hazard has an effect on the `capacity` of `cool`"),
    (("{capacity: 0}", "{arrivals: 0}"), "spare.standby.of", "as `hits: {cast: {capacity: 0}}`"),
    (("below: 50 %}", "below: 0}"), "spare.standby.below", "above 0 and at most 1"),
    (("below: 50 %}", "below: 101 %}"), "spare.standby.below", "above 0 and at most 1"),
    (("{up_to: 50, lead", "{up_to: 50, below: 9, lead"), "pack.expedite", "found `below`, `up_to`"),
    (("{up_to: 50, lead_time: 1 d}", "{up_to: 50, lead_time: 2 d}"), "pack.expedite.lead_time",
     "shorter than the ordinary one, 6 periods on average, found 6 periods"),
    (("{up_to: 50, lead_time: 1 d}", "{up_to: 50, lead_time: 1 d}\n    deliveries: in_order"), "pack.deliveries",
     "`in_order` does not go with `expedite`"),
]  # fmt: skip


@pytest.mark.parametrize(("pair", "key", "words"), REFUSED, ids=[f"{key}: {pair[1]}" for pair, key, _ in REFUSED])
def test_load__one_mistake_is_one_fault_with_its_line_and_key(
    pair: tuple[str, str], key: str, words: str, tmp_path: Path
) -> None:
    text = spoil(pair)
    file = written(tmp_path, text)
    fault = only_fault(file)
    member = key.split(".")[0]
    section = "customers" if member in ("shop", "chain", "bar") else "stages"
    assert fault.key == f"{section}.{key}"
    assert words in fault.message
    assert fault.file == str(file)
    # The line of the last key of the path that stands in the text below the member.
    field = key.split(".")[1]
    assert fault.line == line_of(text[text.index(f"\n  {member}:") :], f"    {field}:") + text.count(
        "\n", 0, text.index(f"\n  {member}:")
    )


def test_load__all_mistakes_are_found_at_once(tmp_path: Path) -> None:
    """One of every kind, in one model: of a value, within a mapping, and between stages, customers and hazards."""
    pairs = [
        ("shelf_life: 20 h", "shelf_life: 7 h"),
        ("factor: 125 %", "factor: 0.9"),
        ("of: cast", "of: cool"),
        ("below: 50 %}", "below: 0}"),
        ("through: pack", "through: plan"),
        ("{up_to: 50, lead_time: 1 d}", "{up_to: 50, lead_time: 2 d}"),
        ("cover: 2 d, follow: forecast, safety: 5, cap: 900", "level: 20, follow: forecast"),
        ("min: 1 d, max: 2 d, follow: season", "min: 3, max: 2, cap: 1, safety: 1"),
        ("cards: auto", "cards: 3"),
        ("[0.8, 120 %]", "[]"),
        ("every: 1 month", "every: 1 h"),
        ("trend: -5 % / year", "trend: -500 % / year"),
        ("every: 36 h", "every: 1 h"),
        ("smoothing: 20 %", "smoothing: 2"),
    ]
    file = written(tmp_path, spoil(*pairs))
    found = [(fault.key, fault.file) for fault in faults(file)]
    assert sorted(key for key, _ in found) == [
        "customers.bar.forecast.smoothing",
        "customers.chain.forecast.every",
        "customers.shop.season.every",
        "customers.shop.season.factors",
        "stages.cards.policy.kanban.follow",
        "stages.oven.policy.conwip.through",
        "stages.pack.expedite.lead_time",
        "stages.pack.overtime.factor",
        "stages.pack.shelf_life",
        "stages.plan.policy.base_stock.level",
        "stages.range.policy.min_max.max",
        "stages.range.policy.min_max.safety",
        "stages.spare.standby.below",
        "stages.spare.standby.of",
    ]
    assert {file for _, file in found} == {str(file)}


# Strategies, and other values at some keys


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stages.pack.shelf_life", "3 d"),
        ("stages.pack.overtime", {"below": 3, "factor": 2}),
        ("stages.pack.overtime_cost", 9),
        ("stages.pack.expire_cost", 9),
        ("stages.pack.expedite", {"up_to": 9, "lead_time": "8 h"}),
        ("stages.spare.standby", {"of": "cast", "after": "1 d"}),
        ("stages.cool.policy", {"conwip": {"cards": 3, "container": 1, "through": "pack"}}),
        ("stages.oven.policy", {"push": {}}),
        ("stages.plan.policy", {"base_stock": {"cover": "3 d", "follow": "season"}}),
        ("customers.shop.season", {"every": "1 week", "factors": [1, 3]}),
        ("customers.shop.trend", "7 % / year"),
        ("customers.shop.forecast", {"error": 1.1}),
        ("customers.bar.forecast", {"error": 1.1}),
    ],
)
def test_load__a_strategy_changes_every_new_key(key: str, value: Any, tmp_path: Path) -> None:
    section, member, field = key.split(".")
    patch = f"  base: {{}}\n  other: {{{section}: {{{member}: {{{field}: {format_flow(value)}}}}}}}\n"
    network = load(written(tmp_path, spoil(("  base: {}\n", patch))))
    base, other = (getattr(network.strategies[name], section) for name in ("base", "other"))
    same = network.patched({key: value})
    assert other[member] == getattr(same.strategies["base"], section)[member]
    assert other[member] != base[member]
    assert {name: one for name, one in other.items() if name != member} == {
        name: one for name, one in base.items() if name != member
    }


def format_flow(value: Any) -> str:
    """Return a value in the flow style of YAML, on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).replace("\n...", "").strip()


@pytest.mark.parametrize(
    ("patch", "key", "words"),
    [
        ("stages: {cool: {policy: {make_to_order: {}}}, pack: {shelf_life: 1 h}}", "stages.pack.shelf_life", "0.125"),
        ("stages: {pack: {policy: {push: {}}}}", "stages.pack", "`push` has no shelf life"),
        ("stages: {pack: {inputs: {oven: 1}}, cool: {inputs: {cast: 1}}}", "", ""),
        ("stages: {pack: {inputs: {cast: 1}}}", "stages", "`pack` is not downstream of `oven`"),
        ("stages: {oven: {policy: {conwip: {cards: 2, container: 1, through: plan}}}}",
         "stages.oven.policy.conwip.through", "`plan` is not downstream"),
        ("hazards: {fire: {hits: {pack: {capacity: 0}}}}", "", "no hazard has an effect on the `capacity` of `cast`"),
        ("customers: {chain: {trend: -500 % / year}}", "customers.chain.trend", "falls below 0 after 219"),
        ("customers: {chain: {stage: plan}}", "", "a `season` or a `trend` to follow"),
        ("stages: {plan: {policy: {base_stock: {level: 3, cap: 2}}}}", "stages.plan.policy.base_stock.cap", "3 units"),
        ("stages: {spare: {policy: {push: {}}}}", "stages.spare.policy", "starts whatever its `inputs` allow"),
    ],
    ids=lambda one: one,
)  # fmt: skip
def test_load__a_strategy_is_checked_as_its_own_complete_network(
    patch: str, key: str, words: str, tmp_path: Path
) -> None:
    text = spoil(("  base: {}\n", f"  base: {{}}\n  other: {{{patch}}}\n"))
    file = written(tmp_path, text)
    found = faults(file)
    if not words:
        assert found == ()
        return
    (fault,) = found
    assert fault.key == f"strategies.other.{key}".rstrip(".")
    assert words in fault.message
    assert (fault.file, fault.line) == (str(file), line_of(text, "  other: "))


def test_load__a_strategy_may_mend_what_another_one_needs(tmp_path: Path) -> None:
    """The loop is in one strategy and the branch in another: each is right alone."""
    text = spoil(
        ("{conwip: {cards: 20, container: 2, through: pack}}", "{kanban: {cards: 20, container: 2}}"),
        ("  base: {}\n", "  loop: {stages: {oven: {policy: {conwip: {cards: 9, container: 2, through: pack}}}}}\n"
         "  branch: {stages: {range: {inputs: {plan: 1, cool: 1}}}}\n"),
    )  # fmt: skip
    network = load(written(tmp_path, text))
    assert network.strategies["loop"].stages["oven"].policy.last_stage == "pack"
    assert network.strategies["branch"].stages["oven"].policy.last_stage == ""
