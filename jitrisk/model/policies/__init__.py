"""The policies that refill a store, one file per kind, and the register of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, create_model

from jitrisk.model.faults import find_nearest
from jitrisk.model.parts.part import Part
from jitrisk.model.policies.base import Level, LevelError, Levels, Policy, StoreDemand
from jitrisk.model.policies.base_stock import BaseStock
from jitrisk.model.policies.conwip import Conwip
from jitrisk.model.policies.kanban import Kanban
from jitrisk.model.policies.make_to_order import MakeToOrder
from jitrisk.model.policies.min_max import MinMax
from jitrisk.model.policies.push import Push
from jitrisk.model.policies.reorder_point import ReorderPoint

__all__ = [
    "POLICIES",
    "BaseStock",
    "Conwip",
    "Kanban",
    "Level",
    "LevelError",
    "Levels",
    "MakeToOrder",
    "MinMax",
    "Policy",
    "PolicyChoice",
    "Push",
    "ReorderPoint",
    "StoreDemand",
    "build_policy_choice",
]

POLICIES: dict[str, type[Policy]] = {
    policy.kind: policy for policy in (Kanban, BaseStock, MinMax, ReorderPoint, MakeToOrder, Conwip, Push)
}
"""Every policy by its key in the model file; a new policy is a file of this package and a row here."""


class _PolicyChoice(Part):
    """The one policy of a stage, under its kind."""

    policies: ClassVar[dict[str, type[Policy]]] = {}

    @classmethod
    def _build_hint(cls, source: Any) -> str:
        kind = find_nearest(source, cls.policies) if isinstance(source, str) else None
        return f"; write `{{{kind}: {cls.policies[kind].example}}}`" if kind else ""

    @property
    def policy(self) -> Policy:
        """The policy that is given."""
        given: Iterator[Policy | None] = (getattr(self, kind) for kind in self.policies)
        return next(policy for policy in given if policy is not None)


def build_policy_choice(policies: Mapping[str, type[Policy]]) -> type[_PolicyChoice]:
    """Return the class of a choice between policies: one optional key for each, of which exactly one is given.

    Parameters
    ----------
    policies : the policies by their key in the model file.
    """
    fields: dict[str, Any] = {
        kind: (policy | None, Field(default=None, description=policy.summary)) for kind, policy in policies.items()
    }
    choice = create_model("PolicyChoice", __base__=_PolicyChoice, __module__=__name__, **fields)
    choice.__doc__ = _PolicyChoice.__doc__
    choice.policies, choice.choices = dict(policies), (tuple(policies),)
    return choice


if TYPE_CHECKING:
    PolicyChoice = _PolicyChoice
else:
    PolicyChoice = build_policy_choice(POLICIES)
