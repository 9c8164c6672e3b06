"""Types of fields that several parts share: each is a Python type with the reader of its text."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, JsonValue, ValidationInfo

from jitrisk.model.faults import build_refusal
from jitrisk.model.fields.measures import DURATION, INTEREST, MONEY, MONEY_PER_TIME, SHARE
from jitrisk.model.fields.readers import TEXT, Clock
from jitrisk.units import YEAR

# Textbooks charge as much as the value of a unit per period, so the limit is far above what a store costs.
_MOST_INTEREST = 1000.0

NOT_EMPTY: dict[str, JsonValue] = {"minProperties": 1}
"""Addition to the JSON Schema of a mapping that has at least one member."""

Text = Annotated[str, TEXT]
Money = Annotated[float, MONEY]
MoneyPerTime = Annotated[float, MONEY_PER_TIME]
Duration = Annotated[float, DURATION]
Share = Annotated[float, SHARE]


def _check_interest(rate: float, info: ValidationInfo[Clock]) -> float:
    """Refuse a holding rate so high that a yearly one was given for a period."""
    yearly = rate * YEAR / info.context.seconds
    if yearly > _MOST_INTEREST and info.context.known:
        most, found = (f"{share * 100:,.6g} % per year" for share in (_MOST_INTEREST, yearly))
        raise build_refusal(f"expected at most {most}, found {found}; give it per year, as `20 % / year`")
    return rate


Interest = Annotated[float, INTEREST, AfterValidator(_check_interest)]
