"""What a dimension and a variable of a Dataset have: name, dims, dtype, unit and one sentence.

Units use three placeholders, filled by :meth:`Variable.build_attrs`: ``{unit}`` a unit of the stage's item,
``{period}`` one period, and ``{currency}`` the model's money.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal[
    "exogenous",
    "sampling",
    "outcome",
    "occurrence",
    "trace",
    "replay",
    "link",
    "price",
    "cost",
    "metric",
    "outline",
    "study",
]
Tail = Literal["upper", "lower"]


@dataclass(frozen=True)
class Dimension:
    """One dimension of the Datasets.

    Attributes
    ----------
    name : the dimension's name, singular.
    sentence : what one step along it is.
    """

    name: str
    sentence: str


@dataclass(frozen=True)
class Variable:
    """One variable of a Dataset.

    Attributes
    ----------
    name : the variable's name.
    dims : its dimensions, in order.
    dtype : numpy dtype name.
    unit : unit, with placeholders.
    role : which table the variable belongs to.
    sentence : what it is, used as ``long_name`` and in the documentation.
    total : whether it adds up over the horizon, so that a yearly figure scales it; outcomes, costs and metrics only.
    bad_tail : which end of its distribution is the bad one; outcomes, costs and metrics only.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    unit: str
    role: Role
    sentence: str
    total: bool = False
    bad_tail: Tail = "upper"

    def build_attrs(self, currency: str = "money") -> dict[str, str]:
        """Return the xarray attributes ``units`` and ``long_name``."""
        unit = self.unit.format(unit="unit", period="period", currency=currency)
        return {"units": unit, "long_name": self.sentence}
