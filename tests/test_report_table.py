"""Tables at any width, on any encoding, with any number of strategies."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from handmade import of_cost, random_result, result
from rarely import UNTIL_RARE, burning
from rich.console import Console

import jitrisk as jr
from jitrisk.errors import ResultError
from jitrisk.report import build_comparison_table, build_cost_table, build_ownership_table, build_profit_table


def printed(sheet, width: int = 80, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    Console(file=file, width=width).print(sheet)
    file.flush()
    return raw.getvalue().decode(encoding)


def plant(strategies: int = 2, paths: int = 300):
    rng = np.random.default_rng(3)
    names = ["jit", "jic", "hybrid", "dual sourcing", "kanban 12", "kanban 14", "kanban 16", "make to order"]
    shape = (strategies, paths, 1)
    luck = rng.lognormal(size=(1, paths, 1)) * np.arange(1, strategies + 1)[:, np.newaxis, np.newaxis]
    return result(
        names[:strategies],
        paths,
        ("line",),
        ("shop",),
        started=1e6 * luck,
        unit_cost=30.0,
        on_hand=1e4,
        value=100.0,
        starved=0.1 * luck,
        stockout=(rng.random(shape) < 0.3) * 1.0,
        demand=100.0,
        filled=99.0,
    )


def rows(text: str) -> dict[str, str]:
    lines = [line.split("  ", 1) for line in text.splitlines() if "  " in line.strip()]
    return {label.strip(): " ".join(cells.split()) for label, cells in lines if label.strip()}


def test_build_comparison_table__rows_are_what_a_director_asks():
    found = rows(printed(build_comparison_table(plant())))
    assert list(found) == [
        "cost per year, bn EUR",
        "difference to jit, bn EUR",
        "CVaR 95 over 5 d, bn EUR",
        "working capital, M EUR",
        "inventory turns per year",
        "downtime per year, hours",
        "stockouts per year, days",
        "fill rate, %",
        "cheapest on, % of paths",
    ]
    assert found["fill rate, %"] == "99 99"
    assert found["working capital, M EUR"] == "1 1"
    assert found["difference to jit, bn EUR"].startswith("- 3.")
    assert found["cheapest on, % of paths"] == "> 98 < 2"


@pytest.mark.parametrize("width", [20, 60, 80, 200])
@pytest.mark.parametrize("strategies", [1, 2, 8])
def test_build_comparison_table__no_line_is_wider_than_the_console(width, strategies):
    lines = printed(build_comparison_table(plant(strategies)), width).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width


def test_build_comparison_table__eight_strategies_stand_side_by_side_where_they_fit_and_in_even_blocks_where_not():
    heads = [
        line.split("  ")
        for line in printed(build_comparison_table(plant(8)), 200).splitlines()
        if "make to order" in line
    ]
    assert "jit" in " ".join(heads[0])
    narrow = printed(build_comparison_table(plant(8)), 80)
    assert narrow.count("fill rate, %") == 3
    assert all(name in narrow for name in ("jit", "kanban 14", "make to order"))


def test_build_comparison_table__a_pipe_without_unicode_gets_plain_ascii():
    outcomes = plant().assign_coords(strategy=["jît", "jic"])
    text = printed(build_comparison_table(outcomes), encoding="ascii")
    assert "+-" in text
    assert r"j\xeet" in text
    assert "---" in text
    assert "\x1b" not in text


def test_build_comparison_table__plus_and_minus_stand_below_each_other_in_ascii_and_fit():
    for encoding, sign in (("utf-8", "±"), ("ascii", "+-")):
        lines = printed(build_comparison_table(plant(3)), 80, encoding).splitlines()
        table = [line for line in lines[2:12] if sign in line]
        assert len(table) >= 3
        assert len({line.rindex(sign) for line in table}) == 1


def test_build_comparison_table__an_encoding_that_has_the_sign_keeps_it():
    assert "±" in printed(build_comparison_table(plant()), encoding="latin-1")


def test_build_comparison_table__names_that_look_like_markup_are_printed_as_they_are():
    outcomes = plant().assign_coords(strategy=["[red]jit[/red]", "jic"])
    assert "[red]jit[/red]" in printed(build_comparison_table(outcomes))


def test_build_comparison_table__one_strategy_is_not_compared():
    text = printed(build_comparison_table(plant(1)))
    assert "difference" not in text
    assert "cheapest" not in text


def test_build_comparison_table__profit_has_a_row_where_prices_are_given():
    assert "profit per year" not in printed(build_comparison_table(plant()))
    assert "profit per year, bn EUR" in printed(build_comparison_table(plant().assign(price=1.0)))


def test_build_comparison_table__model_without_prices_shows_service_alone():
    text = printed(build_comparison_table(result(paths=5)))
    assert "cost per year" not in text
    assert "CVaR" not in text
    assert rows(text)["fill rate, %"] == "100 100"


def test_build_comparison_table__notes_say_what_was_counted_and_how_it_was_scaled():
    text = " ".join(printed(build_comparison_table(plant(), level=0.9)).split())
    assert "CVaR 90: the mean cost in 5 d over the worst 10 % of paths." in text
    assert "300 paths, the same for every strategy; 5 days of each; means are scaled to a year." in text
    assert "summed over line; stockouts: over shop." in text
    assert "all pairs" not in text
    assert "all pairs" in printed(build_comparison_table(plant(3)))


def test_build_comparison_table__the_days_of_a_long_horizon_are_written_out():
    text = printed(build_comparison_table(result(paths=5, periods=73_000)), 120)
    assert "36,500 days of each; means are scaled to a year." in text


def test_build_comparison_table__few_paths_show_question_marks_and_say_why():
    text = printed(build_comparison_table(of_cost([[1.0, 2.0], [3.0, 5.0]])), 120)
    assert "± ?" in text
    assert "; ?: not supported by" in text
    assert "?" not in printed(build_comparison_table(plant()))


def test_build_comparison_table__another_base_turns_the_differences():
    found = rows(printed(build_comparison_table(plant(), base="jic")))
    assert found["difference to jic, bn EUR"].startswith("-3.")
    with pytest.raises(ResultError, match="no strategy 'jjj'"):
        build_comparison_table(plant(), base="jjj")


def test_build_cost_table__cost_table_lists_what_is_paid_and_the_total():
    text = printed(build_cost_table(random_result()), 120)
    assert "By hand: mean cost per year, " in text
    found = rows(text)
    assert list(found)[-1] == "total"
    assert {"downtime starved", "downtime broken"} < set(found)
    assert "lost sales" in found
    assert "working capital" not in found
    assert list(rows(printed(build_cost_table(plant())))) == ["purchase", "total"]


def test_build_profit_table__profit_table_leads_from_revenue_to_profit_where_there_is_a_price():
    sold = plant().assign(price=200.0).assign(shipped=plant()["demand"])
    found = build_profit_table(sold)
    assert found is not None
    assert list(rows(printed(found))) == ["revenue", "cost of goods", "gross profit", "profit"]
    # 100 units at 200 in 5 days, 73 times a year.
    assert rows(printed(found))["revenue"].startswith("1.46")
    assert build_profit_table(plant()) is None


def test_build_comparison_table__ratios_of_money_have_rows_where_they_are_defined():
    sold = plant().assign(price=200.0, days_payable=30.0, days_receivable=10.0).assign(shipped=plant()["demand"])
    found = rows(printed(build_comparison_table(sold)))
    capital, yearly = 1e4 * 100.0, 100.0 * 100.0 * 73
    assert found["gross margin, %"] == "50 50"
    assert found["inventory turns per year"] == f"{yearly / capital:.2g} {yearly / capital:.2g}"
    assert found["days of inventory"] == "500 500"
    assert found["cash cycle, days"] == "480 480"
    assert "Margin, turns and days are those of every path, averaged." in printed(build_comparison_table(sold))
    unsold = sold.assign(price=plant()["price"])
    assert "Turns and days are those of every path, averaged." in printed(build_comparison_table(unsold))
    assert "averaged" not in printed(build_comparison_table(of_cost([[1.0, 2.0]])))


def test_build_profit_table__profit_table_explains_profit_above_gross_profit_and_only_then():
    sold = {"price": 9.0, "shipped": 6.0, "value": [3.0, 7.0], "started": 5.0}
    spent, free, dear = (
        " ".join(printed(build_profit_table(result(**sold, unit_cost=cost)), 120).split()) for cost in (1.0, 0.0, 7.0)
    )
    reason = "Profit exceeds gross profit: cost of goods is the value of the units shipped, and "
    assert reason + "total cost counts the unit_cost of the units started." in spent
    assert reason + "no stage has a unit_cost." in free
    assert "exceeds" not in dear
    assert "exceeds" not in printed(build_profit_table(result(**{**sold, "value": 0.0})), 120)


def test_build_cost_table__cost_table_names_what_unmet_demand_costs():
    found = rows(printed(build_cost_table(result(demand=9.0, filled=6.0, shortage_cost=5.0))))
    assert list(found) == ["unmet demand", "total"]
    assert found["unmet demand"] == found["total"]


def test_build_ownership_table__ownership_table_lists_who_bears_the_cost_dearest_first_and_the_total():
    costly = result(
        ("jit", "jic"),
        50,
        ("press", "path", "free"),
        started=[[[20.0, 300.0, 1.0]], [[10.0, 100.0, 1.0]]],
        unit_cost=[1.0, 1.0, 0.0],
        lost=[40.0],
        lost_cost=1.0,
    )
    found = rows(printed(build_ownership_table(costly)))
    assert list(found) == ["path", "shop", "press", "total"]
    assert found["path"] == "21.9 7.3"
    assert found["total"] == "26.28 10.95"
    assert "by stage and customer, k EUR" in printed(build_ownership_table(costly))


def test_build_cost_table__the_fixed_cost_is_a_row_where_a_strategy_has_one():
    paid = result(("jit", "jic"), 50, started=20.0, unit_cost=1.0, fixed_cost=[0.0, 4.0])
    found = rows(printed(build_cost_table(paid)))
    assert list(found) == ["purchase", "fixed", "total"]
    assert found["fixed"].split() == ["0", "2,920"]
    assert list(rows(printed(build_cost_table(paid.assign(fixed_cost=0.0))))) == ["purchase", "total"]


def test_build_ownership_table__the_fixed_cost_has_a_row_beside_a_stage_of_the_same_name():
    paid = result(("jit", "jic"), 50, ("plan as a whole",), started=20.0, unit_cost=1.0, fixed_cost=[0.0, 4.0])
    lines = printed(build_ownership_table(paid)).splitlines()
    found = [line.removeprefix("plan as a whole").split() for line in lines if line.startswith("plan as a whole")]
    assert found == [["0", "2,920"], ["1,460", "1,460"]]
    assert rows("\n".join(lines))["total"] == "1,460 4,380"


@pytest.mark.parametrize("width", [40, 80])
def test_build_ownership_table__ownership_table_of_many_stages_and_long_names_stays_readable(width):
    names = [f"{'a stage with a very long name ' * 2}{k}" for k in range(60)]
    text = printed(build_ownership_table(result(paths=5, stages=names, started=np.arange(60.0), unit_cost=1.0)), width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    assert "39 more bear less; the total is of all." in text
    assert len([label for label in rows(text) if label.endswith("...")]) <= 20


def test_build_comparison_table__hazards_are_told_with_how_often_they_were_expected():
    text = " ".join(printed(build_comparison_table(jr.simulate(UNTIL_RARE, 3000, seed=1)), 120).split())
    assert "Occurrences of hazards, seen (expected): fire 0 (0.3)." in text
    assert "weighted" not in text
    assert (
        rows(printed(build_comparison_table(jr.simulate(UNTIL_RARE, 3000, seed=1)), 120))["cost per year, EUR"]
        == "365 ± ?"
    )
    text = " ".join(printed(build_comparison_table(jr.simulate(UNTIL_RARE, 3000, seed=1, rare=True)), 120).split())
    assert "Rare hazards were sampled more often than they occur, and paths are weighted accordingly." in text
    assert "fire 1,500 (0.3)." in text


def test_build_comparison_table__strategies_with_other_rates_have_their_own_counts():
    patches = {
        name: {"hazards": {"fire": {"rate": rate}}} for name, rate in (("a", "1 / 9 years"), ("b", "1 / 4 years"))
    }
    outcomes = jr.simulate(UNTIL_RARE | {"strategies": patches}, 1000, seed=1)
    text = " ".join(printed(build_comparison_table(outcomes), 200).split())
    seen = outcomes["occurrences"].isel(hazard=0).sum("path").values
    # The renewal functions: 111 less what burns at once, and 250.
    found = re.search(r"fire (\d+) \(([\d.]+)\) under a, (\d+) \(([\d.]+)\) under b", text)
    assert [int(found[1]), int(found[3])] == seen.tolist()
    assert float(found[2]) == pytest.approx(110, rel=0.02)
    assert float(found[4]) == pytest.approx(240, rel=0.04)


def test_build_comparison_table__a_model_without_hazards_has_no_line_about_them():
    assert "Occurrences" not in printed(build_comparison_table(jr.simulate(UNTIL_RARE | {"hazards": {}}, 50)), 120)


def test_build_comparison_table__the_tail_of_a_short_horizon_is_not_one_of_a_year():
    table = build_comparison_table(jr.simulate(burning("30 d"), 2000, seed=1))
    labels = [row.label for row in table.rows]
    assert "CVaR 95 over 30 d, k EUR" in labels
    assert not [label for label in labels if "CVaR" in label and "a year" in label]
    assert "the mean cost in 30 d over the worst 5 % of paths" in " ".join(table.notes)
    # The mean of the worst 5 % of 30 days: a fire of probability 0.8 %, which costs less near the end.
    (cvar,) = [row.cells[0] for row in table.rows if row.label.startswith("CVaR")]
    assert 60 < float(cvar.value) < 240
    yearly = [row.label for row in build_comparison_table(jr.simulate(burning("1 year"), 200, seed=1)).rows]
    assert not [label for label in yearly if " in " in label]


def test_build_comparison_table__units_expired_and_in_overtime_have_rows_where_the_model_has_the_feature():
    amounts = {"expired": [3.0, 1.5], "overtime": [20.0, 0.0]}
    found = rows(printed(build_comparison_table(result(**amounts, features=("shelf_life", "overtime")))))
    # Five days are measured.
    assert found["units expired per year"] == f"{4.5 * 73:.1f} {4.5 * 73:.1f}"
    assert found["units in overtime per year"] == "1,460 1,460"
    # A feature of which nothing was seen is shown, and what a model cannot have is not.
    assert rows(printed(build_comparison_table(result(features=("shelf_life",)))))["units expired per year"] == "0 0"
    assert not [label for label in rows(printed(build_comparison_table(result(**amounts)))) if "units" in label]


def test_build_cost_table__expiry_and_overtime_have_rows_of_what_is_paid_for_them():
    outcomes = result(expired=[3.0, 1.5], expire_cost=[[2.0, 4.0], [0.0, 0.0]], overtime=[20.0, 0.0], overtime_cost=0.5)
    found = rows(printed(build_cost_table(outcomes)))
    assert found["expiry"] == f"{12 * 73} 0"
    assert found["overtime"] == f"{10 * 73} {10 * 73}"
    assert "expiry" not in rows(printed(build_cost_table(outcomes.assign(expire_cost=0 * outcomes["expire_cost"]))))
    by_stage = rows(printed(build_ownership_table(outcomes)))
    assert by_stage["press"] == f"{(3 * 2 + 10) * 73:,} {10 * 73}"
    assert by_stage["line"] == f"{1.5 * 4 * 73:.0f} 0"
