"""Series that follow from another series of the same path: what planners expect of a demand, and when a source opens.

They are values, as the series that are drawn: equal series are the same series.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import ClassVar, Self, TypeAlias

from jitrisk.sampling.profiles import Profile
from jitrisk.sampling.series import ExogenousSeries, SeriesKind

SeriesKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class DerivedSeries:
    """A series computed from another one, period after period.

    Attributes
    ----------
    stage_or_customer : its name.
    source : what it is computed from: a series that is drawn, the key of one that is handed in, or None where the
        source is constant.
    """

    kind: ClassVar[SeriesKind]
    source_kind: ClassVar[SeriesKind]

    stage_or_customer: str
    source: ExogenousSeries | SeriesKey | None

    @property
    def key(self) -> SeriesKey:
        """Kind of series, and name of the stage or customer."""
        return self.kind, self.stage_or_customer

    @property
    def source_key(self) -> SeriesKey:
        """Key of the source."""
        return self.source_kind, self.stage_or_customer

    def replace_source(self, given: Container[SeriesKey], read: Container[SeriesKey]) -> Self:
        """Return the series with what is handed in as its source, where its source is handed in.

        Parameters
        ----------
        given : the keys of the series that are handed in.
        read : those of them that are not constant 1.
        """
        if self.source_key in read:
            return replace(self, source=self.source_key)
        return replace(self, source=None) if self.source_key in given else self


@dataclass(frozen=True)
class SmoothedForecast(DerivedSeries):
    """The factor by which planners misjudge a demand that they forecast by exponential smoothing.

    With E(-1) = mean, ``E(t) = E(t-1) + smoothing * (D(t) / f(t) - E(t-1))`` in the periods of a draw in which the
    known factor f is above 0, and the forecast is E(t) / mean (Brown 1959, Statistical Forecasting for Inventory
    Control).

    Attributes
    ----------
    mean : mean of a draw of the demand, units; the forecast is 1 where it is 0.
    smoothing : weight of the newest demand.
    every : periods between draws of the demand.
    profile : known factors on the demand; None for none.
    """

    kind: ClassVar[SeriesKind] = "forecast"
    source_kind: ClassVar[SeriesKind] = "demand"

    mean: float
    smoothing: float
    every: int = 1
    profile: Profile | None = None


@dataclass(frozen=True)
class StandbyOpening(DerivedSeries):
    """Whether a standby source is open: while another stage has failed for more than some periods.

    It is 1 in the periods t in which the availability of the other stage was below a value in each of ``t - after``
    to t, and 0 in the others; before period 0 nothing has failed. Without a source it is always 0.

    Attributes
    ----------
    of : the other stage.
    after : whole periods between the first one failed and the opening.
    below : availability below which the other stage counts as failed.
    """

    kind: ClassVar[SeriesKind] = "open"
    source_kind: ClassVar[SeriesKind] = "availability"

    of: str
    after: int
    below: float

    @property
    def source_key(self) -> SeriesKey:
        """Key of the source."""
        return self.source_kind, self.of


Series: TypeAlias = ExogenousSeries | DerivedSeries
"""A series that a network reads."""
