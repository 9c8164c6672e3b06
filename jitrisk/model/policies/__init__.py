"""The policies that refill a store, one file per kind, and the register of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model

from jitrisk.model.faults import find_nearest
from jitrisk.model.parts.part import Part
from jitrisk.model.policies.base import Level, LevelError, Levels, Policy, StoreDemand
from jitrisk.model.policies.base_stock import BaseStock
from jitrisk.model.policies.kanban import Kanban
from jitrisk.model.policies.make_to_order import MakeToOrder
from jitrisk.model.policies.min_max import MinMax
from jitrisk.model.policies.reorder_point import ReorderPoint

__all__ = [
    "POLICIES",
    "BaseStock",
    "Kanban",
    "Level",
    "LevelError",
    "Levels",
    "MakeToOrder",
    "MinMax",
    "Policy",
    "PolicyChoice",
    "ReorderPoint",
    "StoreDemand",
]

POLICIES: dict[str, type[Policy]] = {
    policy.kind: policy for policy in (Kanban, BaseStock, MinMax, ReorderPoint, MakeToOrder)
}
"""Every policy by its key in the model file; a new policy is a file of this package and a row here."""


class _PolicyChoice(Part):
    """The one policy of a stage, under its kind."""

    choices = (tuple(POLICIES),)

    @classmethod
    def _build_hint(cls, source: Any) -> str:
        kind = find_nearest(source, POLICIES) if isinstance(source, str) else None
        return f"; write `{{{kind}: {POLICIES[kind].example}}}`" if kind else ""

    @property
    def policy(self) -> Policy:
        """The policy that is given."""
        given: list[Policy] = [getattr(self, kind) for kind in POLICIES if getattr(self, kind) is not None]
        return given[0]


if TYPE_CHECKING:
    PolicyChoice = _PolicyChoice
else:
    # One key per row of the register, each optional; `choices` requires exactly one.
    PolicyChoice = create_model(
        "PolicyChoice",
        __base__=_PolicyChoice,
        __module__=__name__,
        **{kind: (policy | None, Field(default=None, description=policy.summary)) for kind, policy in POLICIES.items()},
    )
    PolicyChoice.__doc__ = _PolicyChoice.__doc__
