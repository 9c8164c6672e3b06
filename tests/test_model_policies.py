"""The policies: each in a file of its own, and the four numbers of each against the table of the rules by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from jitrisk.model.fields.measures import POSITIVE_UNITS
from jitrisk.model.fields.readers import Clock
from jitrisk.model.policies import POLICIES, Levels, Policy, StoreDemand, build_policy_choice

DAILY = Clock(86_400.0)


@dataclass(frozen=True)
class SteadyDemand:
    """A demand of 20 units per period, a lead time of 3 periods, all units good."""

    mean: float = 20.0
    lead_time: float = 3.0
    mean_yield: float = 1.0
    burst: float = 0.0
    is_whole: bool = True

    def compute_service_level(self, service: float) -> float:
        return 1000.0 * service


def levels_of(policy: dict[str, object], demand: StoreDemand | None = None) -> Levels:
    (kind, fields), *_ = policy.items()
    return POLICIES[kind].model_validate(fields, context=DAILY).compute_levels(demand or SteadyDemand())


@pytest.mark.parametrize("kind", POLICIES)
def test_policies__every_policy_has_a_file_of_its_own_named_after_its_key(kind: str) -> None:
    assert POLICIES[kind].__module__ == f"jitrisk.model.policies.{kind}"


@pytest.mark.parametrize(
    ("policy", "reorder_point", "order_up_to", "lot", "demand_signal"),
    [
        ({"kanban": {"container": 50, "cards": 4}}, 150, 200, 50, False),
        ({"base_stock": {"level": 70}}, 70, 70, 0, True),
        ({"base_stock": {"cover": "3 d"}}, 60, 60, 0, True),
        ({"base_stock": {"service": 0.5}}, 500, 500, 0, True),
        ({"min_max": {"min": "1 d", "max": 90}}, 20, 90, 0, True),
        ({"reorder_point": {"point": "2 d", "quantity": 30}}, 40, 70, 30, True),
        ({"make_to_order": {}}, 0, 0, 0, True),
        ({"kanban": {"container": 50, "cards": "unlimited"}}, math.inf, math.inf, 0, False),
        ({"base_stock": {"level": "unlimited"}}, math.inf, math.inf, 0, False),
    ],
)
def test_policies__the_levels_of_a_policy_are_those_of_the_table_of_rules(
    policy: dict[str, object], reorder_point: float, order_up_to: float, lot: float, demand_signal: bool
) -> None:
    assert levels_of(policy) == Levels(reorder_point, order_up_to, lot, 1, demand_signal)


@pytest.mark.parametrize("container", [1, 7, 20, 45])
@pytest.mark.parametrize("review", [1, 4])
@pytest.mark.parametrize("mean_yield", [1.0, 0.5])
def test_policies__the_covering_cards_are_those_of_the_formula_in_exact_fractions(
    container: int, review: int, mean_yield: float
) -> None:
    demand = SteadyDemand(mean_yield=mean_yield, burst=11.0)
    found = levels_of({"kanban": {"container": container, "cards": "auto", "safety": 0.25, "review": review}}, demand)
    grain = 1 if mean_yield == 1.0 else 0
    covered = 20 * 3 * Fraction(5, 4) + 20 * (review - 1) + 11
    cards = math.ceil((covered + container - grain) / (Fraction(mean_yield) * container))
    assert found.order_up_to == cards * container


class TwoBin(Policy):
    """Two bins: the empty one is an order."""

    kind = "two_bin"
    summary = "orders a bin when the position is at or below one bin"
    example = "{bin: 50}"
    bin: Annotated[float, POSITIVE_UNITS] = Field(description="units in one bin")

    def compute_limited_levels(self, demand: StoreDemand) -> Levels:
        return Levels(self.bin, 2 * self.bin, self.bin, self.review_period, demand_signal=True)


def test_build_policy_choice__a_policy_that_is_one_class_and_one_row_is_read_advised_and_sized() -> None:
    choice = build_policy_choice({**POLICIES, "two_bin": TwoBin})
    policy = choice.model_validate({"two_bin": {"bin": 40, "review": "2 d"}}, context=DAILY).policy
    assert policy.compute_levels(SteadyDemand()) == Levels(40, 80, 40, 2, True)
    assert set(choice.model_json_schema()["properties"]) == {*POLICIES, "two_bin"}
    with pytest.raises(ValidationError, match="exactly one of"):
        choice.model_validate({"two_bin": {"bin": 40}, "make_to_order": {}}, context=DAILY)
    with pytest.raises(ValidationError, match=r"write `\{two_bin: \{bin: 50\}\}`"):
        choice.model_validate("two_bins", context=DAILY)
