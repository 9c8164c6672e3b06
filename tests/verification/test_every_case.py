"""Every case of the six families is tested, or listed with the reason why the model cannot express it."""

from __future__ import annotations

import re

import pytest
import test_base_stock
import test_continuous_time
import test_estimators
import test_kanban_lines
import test_lost_sales_and_lots
import test_newsvendor
import test_outages
from oracle import cases, flat, names_in

pytestmark = pytest.mark.verification

MODULES = (
    test_base_stock,
    test_lost_sales_and_lots,
    test_newsvendor,
    test_outages,
    test_kanban_lines,
    test_continuous_time,
    test_estimators,
)

NOT_AN_OUTCOME = {
    r"/(states|kanban/tail_mass_at_cut|truncation_mass)$": "how the answer was computed, not what it is",
    r"^a\.kanban.*/kanban/p_on_hand_positive_end$": "no outcome counts the periods that end with stock",
    r"^b\.lost.*/p_zero_stock_end$": "no outcome counts the periods that end without stock",
    r"^e\.(bsd\.ex9_3|tomlin.*)/S_star$": "the level at which the costs are read; its neighbors are not in the case",
    r"^e\.eoqd\.ex9_1/Q_star$": "the quantity at which the cost is read; its neighbors are not in the case",
    r"^f\.geo.*demand-produce.backorder/p_backorders_end$": "seen after the machine, which the model delivers later",
    r"^f\.geo.*produce-demand.*/p_stock_zero_or_less_end$": "no outcome counts the periods that end without stock",
    r"^f\.line_lost_dt.*/p_no_finished_stock_end$": "no outcome counts the periods that end without stock",
    r"^f\.line_(sat|lost)_dt.*/wip_in_stage/0$": "a queue that the model leaves in the store before the machine",
    r"^j\.coverage.*/(wald|clopper_pearson)$": "the interval of a probability is Wilson's",
}
"""Published quantities that no outcome of the model holds, by a pattern over `case/quantity`, and why."""


def read(case: str) -> set[str]:
    """The quantities of a case that a test holds against the product."""
    quantities: list[str] = []
    for module in MODULES:
        if case in getattr(module, "SETTINGS", {}):
            quantities.extend(module.SETTINGS[case].readings)
        quantities.extend(getattr(module, "READ_ELSEWHERE", {}).get(case, ()))
    return {name for quantity in quantities for name in names_in(quantity)}


@pytest.mark.parametrize("case", cases())
def test_simulate__case_is_tested_or_listed(case: str) -> None:
    assert bool(read(case)) != (case in test_kanban_lines.NOT_EXPRESSIBLE)


@pytest.mark.parametrize("case", sorted(set(cases()) - set(test_kanban_lines.NOT_EXPRESSIBLE)))
def test_simulate__every_quantity_is_read_or_no_outcome(case: str) -> None:
    missing = set(flat(cases()[case]["expected"])) - read(case)
    assert not {name for name in missing if not any(re.search(p, f"{case}/{name}") for p in NOT_AN_OUTCOME)}
