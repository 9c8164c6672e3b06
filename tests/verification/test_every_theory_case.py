"""Every published value of shelf life, seasons, pull and levers is held against a chain and against the product."""

from __future__ import annotations

import pytest
import test_levers
import test_perishables
import test_pull_and_push
from theory import theory

pytestmark = pytest.mark.verification

TESTED = {
    *test_perishables.CASES,
    *test_perishables.HENDRIX,
    *(f"b.season levels, E[{quantity}]" for quantity in "BI"),
    "b.bullwhip exponential smoothing a=.3 L=2",
    *(f"c.conwip deterministic, 4 machines, w={cards}" for cards in test_pull_and_push.BEST_CASE),
    *test_pull_and_push.LOOPS,
    *(f"{case} E[B] (backlog at most 6)" for case in test_pull_and_push.CAPPED),
    *(f"{case} E[I]" for case in test_pull_and_push.CAPPED),
    *(f"{case}: {quantity}" for case in test_levers.OVERTIME for quantity in ("units", "E[B]")),
    *test_levers.STANDBYS,
    *(f"{case}: {quantity}" for case in test_levers.DUAL for quantity in ("expedited", "E[B]")),
}


def test_simulate__every_published_value_is_tested() -> None:
    assert set(theory()) == TESTED
