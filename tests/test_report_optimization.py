"""An optimization in tables, sentences and JSON: every figure against the numbers of studies made by hand."""

import io
import json
import math

import numpy as np
import pytest
from handmade import result
from optimizations import build_minimal, build_study, build_unmet, build_wide, interval
from rich.console import Console

from jitrisk.errors import ResultError
from jitrisk.report import build_optimization_document, build_optimization_tables
from jitrisk.report.optimization.sentences import _format_probability, _format_rounded_up

PER_YEAR = 0.5  # of ATTRS


def table(study, title):
    """The one table whose title begins so."""
    (found,) = [one for one in build_optimization_tables(study).tables if one.title.startswith(title)]
    return found


def cells(found, label):
    (row,) = [row for row in found.rows if row.label == label]
    return dict(zip(found.columns, map(str, row.cells), strict=True))


def printed(study, width):
    console = Console(width=width, highlight=False, markup=False, emoji=False, file=io.StringIO())
    console.print(build_optimization_tables(study))
    return console.file.getvalue()


def answer(study):
    return " ".join(build_optimization_tables(study).answer)


def test_tables__the_plan_is_one_sentence_per_kind_with_what_was_and_the_bound():
    assert build_optimization_tables(build_study()).plan == (
        "On cards: valve 12 cards (was 8); spare (was base stock).",
        "Holding stock: casting 3.5 d (was 2 d), its lower bound.",
        "Taken: second_source.",
    )


def test_tables__levels_of_a_policy_that_is_not_chosen_are_no_part_of_the_plan():
    study = build_study()
    keys = study["decision"].values.astype(object)
    keys[1] = "stages.spare.policy.base_stock.cover"
    study = study.assign_coords(decision=keys.astype(str))
    study["decision_stage"][1] = "spare"
    assert "3.5 d" not in " ".join(build_optimization_tables(study).plan)


def test_tables__money_is_per_year_in_one_scale_with_half_its_interval():
    found = cells(table(build_study(), "The strategies"), "cost per year, M EUR")
    half = 1.96 * 2.0e4 * PER_YEAR / 1e6
    assert found == {
        name: f"{value * PER_YEAR / 1e6:.3f} ± {half:.3f}"
        for name, value in {"jit": 4.2e6, "jic": 5.1e6, "optimized": 3.6e6}.items()
    }


def test_tables__differences_are_the_plan_less_the_strategy_and_none_to_itself():
    found = cells(table(build_study(), "The strategies"), "difference, M EUR")
    assert found == {"jit": "-0.300 ± 0.015", "jic": "-0.750 ± 0.015", "optimized": "-"}


def test_tables__a_strategy_that_misses_a_constraint_is_marked():
    found = table(build_study(), "The strategies")
    assert cells(found, "fill_rate.mean >= 98%") == {
        "jit": "97.00! ± 0.20",
        "jic": "99.90 ± 0.20",
        "optimized": "98.40 ± 0.20",
    }
    assert "!: misses the constraint." in found.notes


def test_tables__every_decision_has_what_was_and_what_is_to_be():
    found = table(build_study(), "What to change")
    assert cells(found, "valve: cards") == {"was": "8 cards", "is to be": "12 cards", "at its bound": ""}
    assert cells(found, "casting: cover")["at its bound"] == "lower"
    assert cells(found, "second_source")["is to be"] == "taken"
    assert found.notes == ("4 of 4 stages and investments change; was: in jit.",)


def test_tables__one_step_less_and_one_more_have_a_sign_an_interval_and_a_mark():
    found = table(build_study(), "What one step costs, k EUR per year")
    assert cells(found, "valve: cards") == {"step": "1 card", "one less": "+2! ± 5", "one more": "+16 ± 5"}
    assert cells(found, "casting: cover") == {"step": "0.25 d", "one less": "-", "one more": "+45 ± 5"}


def test_tables__other_choices_are_there_with_what_they_cost():
    found = table(build_study(), "What another choice costs")
    assert cells(found, "second_source not taken") == {"more than the plan": "+350 ± 5"}


def test_tables__plans_alike_show_only_what_differs_and_the_least_stock():
    found = table(build_study(), "Plans that cannot be told")
    assert [row.label for row in found.rows] == ["more, EUR", "stock, k EUR", "valve: cards", "casting: cover"]
    assert cells(found, "more, EUR")["plan 2"] == "-500 ± 2,900"
    assert "Least stock: plan 1." in found.notes


def test_tables__of_many_plans_the_one_with_the_least_stock_is_shown():
    few, count = build_study(), 30
    several = few.isel(plan=[0] + [1] * (count - 1)).assign_attrs(least_stock_plan=count - 1)
    found = table(several, "Plans that cannot be told")
    assert found.columns[-1] == f"plan {count - 1}"
    assert f"{count - len(found.columns)} more plans cannot be told from it; --json lists them." in found.notes


def test_tables__what_the_paths_do_not_support_is_a_question_mark():
    study = build_study()
    study["neighbor_difference_lower"][1] = np.nan
    found = table(study, "What one step costs")
    assert cells(found, "valve: cards")["one more"].endswith("± ?")
    assert any("?: not supported by these paths" in note for note in found.notes)


def test_tables__a_study_without_neighbors_other_plans_and_constraints_has_two_tables():
    found = build_optimization_tables(build_minimal())
    assert [one.title for one in found.tables] == ["The strategies on fresh paths", "What to change"]
    assert cells(found.tables[0], "1 - fill_rate.mean, %")["base"] == "7.210 ± 0.020"
    assert "not known whether a neighboring plan is better" in " ".join(found.answer)


@pytest.mark.parametrize("width", [80, 200])
def test_tables__fit_the_terminal_with_a_hundred_stages(width):
    text = printed(build_wide(), width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    # Each stage has one row in each of two tables: none is cut, and no row is folded.
    for k in range(100):
        assert sum(line.startswith(f"station_{k:03}: cards ") for line in lines) == 2
    assert "and 94 more, see the table." in " ".join(text.split())


@pytest.mark.parametrize("build", [build_study, build_minimal, build_unmet])
def test_tables__fit_80_columns(build):
    assert max(map(len, printed(build(), 80).splitlines())) <= 80


def test_answer__names_the_best_strategy_that_meets_the_constraints():
    assert answer(build_study()).startswith(
        "optimized costs 1.800 ± 0.020 M EUR per year on fresh paths: 0.750 ± 0.015 M EUR less than jic, the best of "
        "those given that meet the constraints. It meets fill_rate.mean >= 98%: 98.40 ± 0.20 %."
    )


def test_answer__claims_no_difference_that_the_interval_does_not_show():
    study = build_study()
    for name, values in interval("difference", [-6.0e5, -1.0e4, 0.0], 1.5e4).items():
        study[name][:] = values
    assert "these paths show no difference to jic" in answer(study)
    assert "less than" not in answer(study)


def test_answer__a_plan_that_is_worse_is_said_to_be():
    study = build_study()
    for name, values in interval("difference", [-6.0e5, 1.0e5, 0.0], 1.5e4).items():
        study[name][:] = values
    assert "0.050 ± 0.015 M EUR more than jic" in answer(study)


@pytest.mark.parametrize(("value", "words"), [(-3.6e6, "optimized earns 1.800"), (3.6e6, "optimized loses 1.800")])
def test_answer__the_negative_of_a_profit_is_shown_as_profit(value, words):
    study = build_study(objective="-profit.mean")
    objective = interval("objective", [value + 6.0e5, value + 1.5e6, value], 2.0e4)
    for name, values in objective.items():
        study[name][:] = values
    assert words in answer(study)
    # The plan's profit is higher: more is earned, or less is lost.
    assert f"0.750 ± 0.015 M EUR {'more' if value < 0 else 'less'} than jic" in answer(study)
    shown = cells(table(study, "The strategies"), "profit per year, M EUR")["optimized"]
    assert shown == f"{-value * PER_YEAR / 1e6:.3f} ± 0.020"
    assert cells(table(study, "The strategies"), "difference, M EUR")["jic"] == "+0.750 ± 0.015"


def test_answer__unmet_names_what_limits_the_plan():
    text = answer(build_unmet())
    assert text.startswith(
        "No plan that was simulated meets every constraint: this one comes nearest, limited by fill_rate.mean >= 98%."
    )
    assert "It misses fill_rate.mean >= 98%: 97.20 ± 0.20 %." in text
    assert "none of which meets the constraints" in text


@pytest.mark.parametrize(
    ("stopped", "words"),
    [
        ("converged", "The search ended where no neighboring plan was better by more than that."),
        ("time", "The time limit ended the search: a longer one may find a better plan."),
        ("budget", "The budget of path-periods ended the search"),
        ("interrupted", "The search was interrupted: this is the best plan known by then."),
        ("paths", "The search ended at the most paths allowed"),
    ],
)
def test_answer__says_how_the_search_ended(stopped, words):
    assert words in answer(build_study(stopped=stopped))


def test_answer__a_constraint_within_its_interval_is_not_met_for_sure():
    study = build_study()
    for name, value in {"": 0.981, "_lower": 0.979, "_upper": 0.983}.items():
        study[f"constraint_value{name}"][0, 2] = value
    assert "It meets, but not for sure, fill_rate.mean >= 98%" in answer(study)
    study["constraint_value"][0, 2] = 0.9795
    assert "It misses, as far as these paths can tell, fill_rate.mean >= 98%" in answer(study)


def test_answer__a_bound_from_above_is_read_as_one():
    study = build_study().assign_coords(constraint=["cost.mean <= 4 M"])
    study["constraint_value"][:] = [[4.2e6, 5.1e6, 3.6e6]]
    study["constraint_value_lower"][:] = [[4.1e6, 5.0e6, 3.5e6]]
    study["constraint_value_upper"][:] = [[4.3e6, 5.2e6, 3.7e6]]
    study["constraint_bound"][:] = [4e6]
    assert "It meets cost.mean <= 4 M: 3.60 ± 0.10 M EUR." in answer(study)


@pytest.mark.parametrize("probability", [0.2, 0.5, 0.97, 0.9712, 0.99, 0.9949999, 0.9995, 0.99999, 1.0])
def test_answer__a_probability_that_is_a_lower_bound_is_rounded_down(probability):
    shown = float(_format_probability(probability))
    assert shown <= 100 * probability
    assert 100 - shown <= 2.0001 * max(100 - 100 * probability, 0.01)


@pytest.mark.parametrize("value", [0.00123, 0.5, 1.0, 12.0, 12.01, 999.0, 12_345.6])
def test_answer__an_amount_that_is_an_upper_bound_is_rounded_up(value):
    shown = float(_format_rounded_up(value).replace(",", ""))
    assert value <= shown * (1 + 1e-12)
    assert shown <= 1.1 * value


def test_answer__the_indifference_is_per_year():
    text = answer(build_study(indifference=24_100.0))
    # 24,100 over two years are 12,050 a year, rounded up.
    assert "better by more than 13 k EUR per year" in text


def test_answer__says_what_the_search_took():
    assert (
        "The search simulated 312 plans on up to 1,600 paths each, 420 M path-periods; the figures are from 10,000 "
        "paths that it did not use."
    ) in answer(build_study())


def test_document__holds_every_figure_and_survives_json():
    study = build_study()
    document = json.loads(json.dumps(build_optimization_document(study), allow_nan=False))
    assert (document["schema"], document["schema_version"]) == ("jitrisk.optimization", 1)
    assert document["strategies"]["jic"]["objective"] == 5.1e6
    assert document["strategies"]["jit"]["constraints"]["fill_rate.mean >= 98%"]["constraint_value"] == 0.97
    assert document["decisions"]["stages.valve.policy.kanban.cards"]["chosen_value"] == "12"
    assert document["decisions"]["stages.spare.policy"]["step_size"] is None
    assert document["neighbors"][0]["neighbor_meets"] is False
    assert document["plans"][1]["values"]["stages.valve.policy.kanban.cards"] == "11"
    assert document["plan"]["stages"]["valve"]["policy"]["kanban"]["cards"] == 12
    assert document["arguments"]["paths"] == 10_000
    assert [step["step_plans"] for step in document["steps"]] == [20, 150, 312]
    assert document["conclusion"] == answer(study)


@pytest.mark.parametrize("build", [build_study, build_minimal, build_unmet, build_wide])
def test_document__every_variable_is_in_it(build):
    study, text = build(), json.dumps(build_optimization_document(build()))
    for name, array in study.data_vars.items():
        if array.size:
            assert f'"{"values" if name == "plan_value" else name}"' in text


def test_document__what_is_unknown_is_none():
    assert build_optimization_document(build_minimal())["local_probability"] is None
    assert math.isnan(build_minimal().attrs["local_probability"])


@pytest.mark.parametrize("show", [build_optimization_tables, build_optimization_document])
def test_tables__another_dataset_is_refused(show):
    with pytest.raises(ResultError, match=r"use what jr\.optimize returned"):
        show(result())
