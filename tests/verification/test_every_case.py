"""Every case of the six families is tested, or listed with the reason why the model cannot express it."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
import test_base_stock
import test_estimators
import test_kanban_lines
import test_lost_sales_and_lots
import test_newsvendor
import test_outages
from oracle import cases, flat, names_in

pytestmark = pytest.mark.verification

MODULES: dict[str, ModuleType] = {
    "a": test_base_stock,
    "b": test_lost_sales_and_lots,
    "c": test_newsvendor,
    "e": test_outages,
    "f": test_kanban_lines,
    "j": test_estimators,
}

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


def read(module: ModuleType, case: str) -> set[str]:
    setting = module.SETTINGS.get(case)
    quantities = [*(setting.readings if setting else ()), *module.READ_ELSEWHERE.get(case, ())]
    return {name for quantity in quantities for name in names_in(quantity)}


@pytest.mark.parametrize("case", cases())
def test_case_is_tested_or_listed(case: str) -> None:
    module = MODULES[case.split(".")[0]]
    tested = bool(read(module, case))
    listed = case in getattr(module, "NOT_EXPRESSIBLE", {})
    assert tested != listed


@pytest.mark.parametrize("case", cases())
def test_every_quantity_is_read_or_no_outcome(case: str) -> None:
    module = MODULES[case.split(".")[0]]
    if case in getattr(module, "NOT_EXPRESSIBLE", {}):
        return
    missing = set(flat(cases()[case]["expected"])) - read(module, case)
    missing = {name for name in missing if not any(re.search(p, f"{case}/{name}") for p in NOT_AN_OUTCOME)}
    assert not missing
