"""What policies with an order-up-to level in units or as cover share: following the demand, safety stock, and a cap."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from jitrisk.model.faults import build_refusal
from jitrisk.model.fields.choices import FOLLOWED
from jitrisk.model.fields.measures import POSITIVE_UNITS, UNITS
from jitrisk.model.fields.readers import Clock
from jitrisk.model.policies.base import TOLERANCE, UNLIMITED, LevelError, Policy

CAP: Any = Field(
    default=None,
    description="units that stock on hand, work in process and open orders may reach by an order, at least the level: "
    "the cards of an extended kanban system",
)
"""The field `cap`, which is read after the level that it is compared with."""

Cap = Annotated[float, POSITIVE_UNITS] | None


def refuse_followed_units(info: ValidationInfo[Clock], remedy: str) -> None:
    """Refuse a level that is no time of mean demand where the policy follows the demand.

    Parameters
    ----------
    info : the fields read so far, `follow` among them.
    remedy : what to write.
    """
    if follow := info.data.get("follow"):
        raise build_refusal(
            f"with `follow: {follow}`, expected a level as a time of mean demand; {remedy}, or leave `follow` out"
        )


class LeveledPolicy(Policy):
    """A policy whose level may follow the demand, and whose orders may be capped."""

    follow: Annotated[Literal["season", "forecast"] | None, FOLLOWED] = Field(
        default=None,
        description="what the level follows in every period: `season`, the season and trend of the customers; "
        "`forecast`, these times their forecast; the level is then given as a time of mean demand",
    )
    safety: Annotated[float, UNITS] = Field(default=0.0, description="units added to a level that follows the demand")
    if TYPE_CHECKING:
        cap: Cap

    @field_validator("safety")
    @classmethod
    def _check_safety(cls, safety: float, info: ValidationInfo[Clock]) -> float:
        if safety and info.data.get("follow", "") is None:
            raise build_refusal(
                "`safety` is added to a level that follows the demand; write `follow: season` or `follow: forecast`, "
                "or raise the level itself"
            )
        return safety

    @field_validator("cap", check_fields=False)
    @classmethod
    def _check_cap(cls, cap: float | None, info: ValidationInfo[Clock]) -> float | None:
        level = cls._find_units(info.data)
        if cap is not None and level is not None and level > cap:
            raise build_refusal(_explain_cap(cap, level))
        return cap

    @classmethod
    def _find_units(cls, fields: Mapping[str, Any]) -> float | None:
        """Return the order-up-to level among the fields read so far, None where it is not given in units."""
        raise NotImplementedError

    def require_cap(self, level: float) -> None:
        """Refuse a constant order-up-to level above the cap.

        Parameters
        ----------
        level : the level, units.

        Raises
        ------
        LevelError
            Where the cap is below it.
        """
        if self.follow is None and self.order_cap < level * (1.0 - TOLERANCE):
            raise LevelError(_explain_cap(self.order_cap, level), "cap")

    @property
    def followed(self) -> Literal["season", "forecast"] | None:
        """What its levels follow in every period; None where they are constant."""
        return self.follow

    @property
    def safety_stock(self) -> float:
        """Units added to levels that follow the demand."""
        return self.safety

    @property
    def order_cap(self) -> float:
        """Units that stock on hand, work in process and open orders may reach by an order; infinite without a cap."""
        return math.inf if self.cap is None else self.cap


def _explain_cap(cap: float, level: float) -> str:
    least = UNLIMITED if math.isinf(level) else f"{level:g} units"
    return f"expected a cap of at least the order-up-to level, {least}, found {cap:g}; raise `cap`, or lower the level"
