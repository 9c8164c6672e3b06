"""Rules that a model could not say, levels and warnings: small models on which the product was once wrong.

The right values are known by hand, from an exact distribution, or from an independent loop, as each test says. The
models are those of the list of faults that came with the project's specification, inlined. Rows of that list whose
right value a test of their own subject holds are named at the end.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_faults import Model, level, plant, simulate

import jitrisk as jr
from jitrisk.cli import main

HERE = Path(__file__).parent


# Rules that a model could not say


def machines(share: float) -> Model:
    """Four machines, up 30 days and down 10, each of which takes a share of the capacity with it."""
    hazards = {
        f"m{k}": {
            "rate": "1 / 30 d",
            "duration": {"exponential": {"mean": "10 d"}},
            "hits": {"cell": {"capacity": 1 - share}},
        }
        for k in range(4)
    }
    stages = {"cell": {"capacity": "400 / d", "policy": level(2000)}}
    customers = {"shop": {"stage": "cell", "demand": "290 / d"}}
    return plant(stages, customers, hazards, period="1 h", horizon="400 d", warm_up="200 d")


def assert_mean(values: np.ndarray, answer: float) -> None:
    """The mean over paths lies within four standard errors of the answer."""
    assert abs(values.mean() - answer) < 4 * values.std(ddof=1) / np.sqrt(values.size)


def test_check__hazards_that_take_parts_of_a_capacity_multiply_and_are_warned_of() -> None:
    model = machines(0.25)
    assert [warning.name for warning in jr.check(model)] == ["partial-hazards"]
    late = jr.sample(model, paths=100, seed=1)["availability"][:, 4800:].mean(("time", "stage"))
    assert_mean(late.values, (1 - 0.25 * 0.25) ** 4)


def test_sample__machines_that_add_have_the_backlog_of_an_independent_loop() -> None:
    """Machines side by side can be handed in: the mean of four that stop altogether, availability 0.75."""
    paths, model = 300, machines(0.25)
    each = []
    for k in range(4):
        alone = machines(1) | {"hazards": {f"m{k}": machines(1)["hazards"][f"m{k}"]}}
        each.append(jr.sample(alone, paths=paths, seed=1)[["availability"]])
    bank = sum(each) / 4
    backlog = jr.simulate(model, exogenous=bank)["backlog"].values.ravel()
    waiting, found = np.zeros(paths), np.zeros((9600, paths))
    for t, share in enumerate(bank["availability"].values[:, :, 0].T):
        # What was asked for in this hour has not arrived; with a level of 2,000, what is outstanding beyond waits.
        found[t] = np.maximum(waiting + 290 / 24 - 2000, 0)
        waiting += 290 / 24
        waiting -= np.minimum(waiting, 400 / 24 * share)
    np.testing.assert_allclose(backlog, found[4800:].mean(axis=0), rtol=1e-3, atol=0.5)
    assert_mean(backlog, 1330)
    assert_mean(bank["availability"][:, 4800:].mean(("time", "stage")).values, 0.75)


def test_check__machines_written_as_the_warning_advises_have_nearly_the_backlog_of_machines_that_add() -> None:
    """A stage each, as sources of one input with shares; 1,330 is the backlog of a bank, well above 393 as written."""
    model = machines(1)
    stages = {f"m{k}": {"capacity": "100 / d", "policy": {"make_to_order": {}}} for k in range(4)}
    sources = {"machine": {"quantity": 1, "from": dict.fromkeys(stages, 0.25)}}
    model["stages"] = stages | {"cell": {"inputs": sources, "policy": level(2000)}}
    for k in range(4):
        model["hazards"][f"m{k}"]["hits"] = {f"m{k}": {"capacity": 0}}
    assert jr.check(model) == ()
    backlog = simulate(model, paths=400, seed=1)["backlog"].values.ravel()
    assert_mean(backlog, 1330)
    assert backlog.mean() > 393 + 4 * backlog.std(ddof=1) / np.sqrt(backlog.size)


@pytest.mark.parametrize(("rule", "spares", "built"), [({"customers": "first"}, 6, 2), ({}, 2, 6)], ids=["first", ""])
@pytest.mark.parametrize("turned", [False, True])
def test_faults__whether_spares_or_machines_come_first_is_the_user_s_choice(
    rule: Model, spares: int, built: int, turned: bool
) -> None:
    stages = {
        "pump": {"capacity": 8, "policy": level(20)} | rule,
        "machine": {"inputs": {"pump": 1}, "policy": level(6)},
    }
    customers = {
        "spares": {"stage": "pump", "demand": 6, "unmet": "lost"},
        "machines": {"stage": "machine", "demand": 6, "unmet": "lost"},
    }
    if turned:
        customers = dict(reversed(customers.items()))
    filled = simulate(plant(stages, customers, horizon=100, warm_up=20)).isel(path=0)["filled"] / 80
    assert filled.sel(customer="spares").item() == spares
    assert filled.sel(customer="machines").item() == built


@pytest.mark.parametrize(("deliveries", "units"), [("crossing", 260), ("in_order", 351)])
def test_faults__levels_of_random_lead_times_give_the_service_that_they_are_for(deliveries: str, units: int) -> None:
    """The level is the least one: with it 95 % of the periods see no shortage, with one unit less they do not."""
    store = {"lead_time": {"gamma": {"mean": "10 d", "cv": 0.3}}, "deliveries": deliveries}
    customers = {"shop": {"stage": "store", "demand": {"poisson": {"mean": 20}}}}

    def met(policy: Model) -> np.ndarray:
        model = plant({"store": store | {"policy": policy}}, customers, horizon=1400, warm_up=100)
        return 1 - simulate(model, paths=1000, seed=1)["stockout"].values.ravel() / 1300

    asked = met({"base_stock": {"service": 0.95}})
    np.testing.assert_array_equal(asked, met(level(units)))
    error = asked.std(ddof=1) / np.sqrt(asked.size)
    assert 0.95 - 4 * error < asked.mean() < 0.955
    assert met(level(units - 1)).mean() < 0.95 + 4 * error
    assert error < 1e-3


SEATS = """\
name: Seats
period: 8 h
horizon: 60 d
stages:
  fabric TR:
    lead_time: 21 d
    value: 22
    unit_cost: 22
    policy: {min_max: {min: 26 d, max: 40 d}}
  fabric PT:
    lead_time: 7 d
    value: 29
    unit_cost: 29
    policy: {base_stock: {cover: 10 d}}
  seat:
    inputs: {fabric: {quantity: 1, from: [fabric TR, fabric PT]}}
    capacity: 850
    value: 140
    policy: {kanban: {container: 10, cards: auto, safety: 0.2}}
customers:
  maker: {stage: seat, demand: 650 / d, price: 185}
"""


def test_check__plausible_nonsense_of_a_first_model_is_warned_of_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "seats.yaml"
    file.write_text(SEATS)
    found = [(warning.file, warning.line, warning.name, warning.key) for warning in jr.check(file)]
    assert sorted(found) == [
        (str(file), 14, "empty-fallback", "stages.fabric PT.policy.base_stock.cover"),
        (str(file), 17, "number-per-period", "stages.seat.capacity"),
        (str(file), 18, "value-above-cost", "stages.seat.value"),
    ]


@pytest.mark.parametrize("verb", ["validate", "compare", "show"])
def test_validate__weights_that_are_all_zero_are_refused_with_exit_code_2(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zero.csv").write_text("days,n\n1,0\n2,0\n")
    file = tmp_path / "zero.yaml"
    file.write_text(
        "name: zero\nperiod: 1 d\nhorizon: 30 d\ncustomers: {c: {stage: s, demand: 5}}\nstages:\n"
        "  s:\n    policy: {base_stock: {level: 100}}\n"
        "    lead_time: {empirical: {file: zero.csv, column: days, weights: n, unit: d}}\n"
    )
    with pytest.raises(SystemExit) as stop:
        main([verb, str(file)])
    assert stop.value.code == 2
    assert f"{file}:8: stages.s.lead_time.empirical: " in capsys.readouterr().err


def test_faults__no_document_loads_a_model_by_a_reader_that_guesses() -> None:
    root = HERE.parent
    documents = [root / "README.md", *(root / "docs").rglob("*.md"), *(root / "notebooks").glob("*.py")]
    assert len(documents) > 10
    assert [
        path.name for path in documents if "yaml.safe_load" in path.read_text() or "yaml.load" in path.read_text()
    ] == []


# Rows whose right value a test of their own subject holds

ELSEWHERE = {
    "test_cli.py": [
        "test_compare__until_does_not_call_known_what_was_never_seen",  # what was never seen is not called known
    ],
    "test_studies_until.py": [
        # its mean is known with rare hazards sampled often
        "test_simulate_until__a_rare_hazard_sampled_more_often_is_known_soon",
    ],
    "verification/test_rare_coverage.py": [
        "test_read_design__no_side_of_an_interval_misses_too_often",  # intervals where strikes are few
    ],
    "test_report_conclusion.py": [
        "test_render_conclusion__prices_count_and_not_what_happened_to_be_paid",  # prices, not what was paid
    ],
    "verification/test_difference_coverage.py": [
        "test_compare_tails__differences_of_means_that_are_equal_miss_no_side_too_often",  # differences of equal means
        "test_compare_tails__differences_of_independent_tails_miss_no_side_too_often",  # differences of tails
    ],
    "test_risk_evidence.py": [
        "test_exceedance__what_is_exceeded_once_in_20_years_does_not_depend_on_the_horizon",  # return periods
    ],
    "test_lower_service_level.py": [
        "test_compute_policy_levels__levels_of_skewed_demand_are_within_half_a_percent",  # levels of skewed demand
        "test_compute_policy_levels__the_example_of_deliveries_that_overtake",  # levels of random lead times
        "test_compute_policy_levels__a_review_interval_adds_its_periods_less_one",  # what a service covers
    ],
    "test_lower_cards.py": [
        "test_simulate__a_steady_line_is_always_filled",  # cards of a steady line
    ],
    "test_model_text_limits.py": [
        "test_load__a_table_whose_weights_are_all_zero_is_a_fault_with_its_line",  # weights that are all zero
        "test_load__a_holding_rate_of_a_textbook_is_taken",  # holding rates of a textbook
    ],
    "test_model_loading.py": [
        "test_load__numbers_that_older_yaml_misreads_are_numbers",  # numbers that YAML misreads
    ],
    "test_model_pointers.py": [
        "test_load__a_demand_written_as_in_another_tool_is_answered_with_what_to_write",  # words of other tools
    ],
    "test_model_warnings.py": [
        "test_check__the_mean_of_a_clipped_normal_is_said_and_is_the_one_drawn",  # clipped means
    ],
    "test_lower_arrays.py": [
        "test_compute_policy_levels__levels_count_a_yield_above_one_as_one",  # clipped yields
    ],
    "test_report_numbers.py": [
        "test_round_estimate__an_interval_that_leaves_out_0_does_not_look_as_if_it_held_it",  # digits of a claim
    ],
    "test_model_prices.py": [
        "test_costs__units_under_way_on_order_are_the_difference_that_ownership_makes",  # who owns goods under way
    ],
}


@pytest.mark.parametrize("file", ELSEWHERE)
def test_faults__rows_held_elsewhere_still_have_their_test(file: str) -> None:
    code = (HERE / file).read_text()
    assert [name for name in ELSEWHERE[file] if f"def {name}(" not in code] == []
