"""Events of one path in order of time: hazards, standby sources, expiry, shortages, overtime, downtime, stockouts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.inputs import Array
from jitrisk.units import HOURS_PER_DAY
from jitrisk.vocabulary import EVENT_KINDS, EVENTS, OUTCOMES

# Stretches are joined to episodes, with the breaks between them, until a stage or customer has at most so many.
_MOST_PER_NAME = 6
# So many episodes of all stores, stages or customers together have events of their own; one event sums up the others.
_MOST_PER_KIND = 12
# So many occurrences of a hazard have events of their own, those first during which something went wrong.
_MOST_OCCURRENCES = 4
_LEAST_DOWNTIME = 1e-6  # share of a period; less is rounding
_ORDER = {kind: number for number, kind in enumerate(EVENT_KINDS)}
# Of an episode: the kinds of its begin, of its end, and of all smaller episodes together.
_SHORTAGE = ("shortage_began", "shortage_ended", "shortage_others")
_DOWNTIME = ("downtime_began", "downtime_ended", "downtime_others")
_OVERTIME = ("overtime_began", "overtime_ended", "overtime_others")
_STANDBY = ("standby_opened", "standby_closed", "standby_others")
_NEEDED = (
    *("hazard", "begin", "end", "recovered", "effect"),
    *("shortage", "starved", "broken", "stockout", "expired", "overtime"),
)


@dataclass(frozen=True)
class _Event:
    """One event; see :data:`jitrisk.vocabulary.EVENTS`."""

    time: float
    kind: str
    subject: str = ""
    until: float = math.nan
    times: int = 1
    amount: float = math.nan
    unit: str = ""
    occurrence: int = -1
    customer_stage: str = ""


@dataclass(frozen=True)
class _Episode:
    """A stretch of periods, with breaks, of shortage, downtime, stockout, expiry, overtime or an open standby source.

    Attributes
    ----------
    place : place of the stage or customer along its dimension.
    begin, end : its first period, and the first one after it.
    times : uninterrupted stretches in it.
    amount : their total duration, in periods, or units.
    """

    place: int
    begin: int
    end: int
    times: int
    amount: float


def list_events(replay: xr.Dataset) -> xr.Dataset:
    """Return what happened on a replayed path, in order of time.

    Stretches of shortage and the like are joined where the breaks between them are shorter than a day, and
    over longer breaks until a stage or customer has few. Where there are still many of them, or many occurrences of a
    hazard, one event sums up the shorter ones.

    Parameters
    ----------
    replay : the replay of one path, as ``jr.replay`` returns it.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.EVENTS` with the dimension event. Times are in periods from the
        start, and what happens in a period is dated at its end; amounts of time are in hours, others in units.

    Raises
    ------
    ResultError
        When the Dataset is no replay.
    """
    _require(replay)
    hours, horizon = float(replay.attrs["period_hours"]), replay.sizes["time"]
    signals = _compute_signals(replay)
    shortages, downtimes, stockouts = (_find_episodes(signal, hours) for signal in signals)
    begun = np.array([begin for signal in signals for row in signal for begin, _ in _find_runs(row)], dtype=float)
    # A shortage that lasts as long as the stockout of the store's customer is part of the event of the stockout.
    covered = {(stage, one.begin, one.end) for one in stockouts if (stage := _find_customer_stage(replay, one.place))}
    stages = replay["stage"].values
    shortages = [one for one in shortages if (str(stages[one.place]), one.begin, one.end) not in covered]
    found = [
        *_list_hazard_events(replay, np.unique(begun), hours),
        *_list_episode_events(shortages, stages, _SHORTAGE, hours, horizon),
        *_list_episode_events(downtimes, stages, _DOWNTIME, hours, horizon),
        *_list_expiry_events(replay, hours),
        *_list_overtime_events(replay, hours),
        *_list_standby_events(replay, hours),
        *_list_customer_events(replay, stockouts, hours, horizon),
    ]
    if warm_up := int(replay.attrs["warm_up"]):
        found.append(_Event(warm_up, "warm_up_ended"))
    # Within a period causes come before effects, whatever the hour.
    found.sort(key=lambda event: (math.ceil(event.time), _ORDER[event.kind], event.time, event.subject))
    return _label_events(found, replay)


def _find_customer_stage(replay: xr.Dataset, customer: int) -> str:
    """Return the stage whose store a customer asks, empty where the replay does not say."""
    return str(replay["customer_stage"].values[customer]) if "customer_stage" in replay.coords else ""


def _require(replay: xr.Dataset) -> None:
    absent = [name for name in _NEEDED if name not in replay]
    if absent or "time" not in replay.dims or "path" in replay.dims:
        raise ResultError("the Dataset is not the replay of one path: use what jr.replay returned")


def _compute_signals(replay: xr.Dataset) -> tuple[Array, Array, Array]:
    """Return shortage, downtime and stockout in every period, each ``[stage | customer, time]``."""
    lost = _read_outcome(replay, "starved") + _read_outcome(replay, "broken")
    priced = np.asarray(replay["downtime_cost"].values) > 0 if "downtime_cost" in replay else np.zeros(1, dtype=bool)
    counts = np.broadcast_to(priced if priced.any() else True, len(lost))
    lost = np.where((lost > _LEAST_DOWNTIME) & counts[:, np.newaxis], lost, 0.0)
    return _read_outcome(replay, "shortage"), lost, _read_outcome(replay, "stockout")


def _read_outcome(replay: xr.Dataset, name: str) -> Array:
    dim = OUTCOMES[name].dims[-1]
    return np.asarray(replay[name].transpose(dim, "time").values, dtype=np.float64)


def _find_runs(signal: Array) -> list[tuple[int, int]]:
    """Return the uninterrupted stretches of a signal: first period, and first one after."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], signal > 0, [0]])))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _find_episodes(signals: Array, hours: float, amounts: Array | None = None) -> list[_Episode]:
    """Return the episodes of every row, joined over breaks of less than a day, and longer ones until few are left.

    Parameters
    ----------
    signals : what is above 0 in the periods of an episode, ``[row, time]``.
    hours : hours of a period.
    amounts : what is added up over an episode; by default the signals.
    """
    found, amounts = [], signals if amounts is None else amounts
    for place, signal in enumerate(signals):
        runs, least = _find_runs(signal), max(1.0, HOURS_PER_DAY / hours)
        joined = _join_runs(runs, least)
        while len(joined) > _MOST_PER_NAME:
            least *= 2
            joined = _join_runs(runs, least)
        for group in joined:
            begin, end = group[0][0], group[-1][1]
            found.append(_Episode(place, begin, end, len(group), float(amounts[place, begin:end].sum())))
    return found


def _join_runs(runs: Iterable[tuple[int, int]], least: float) -> list[list[tuple[int, int]]]:
    """Group stretches so that the break between two groups is no shorter than the least."""
    groups: list[list[tuple[int, int]]] = []
    for run in runs:
        if groups and run[0] - groups[-1][-1][1] < least:
            groups[-1].append(run)
        else:
            groups.append([run])
    return groups


def _select_largest(episodes: Sequence[_Episode]) -> tuple[list[_Episode], list[_Episode]]:
    """Return the largest episodes, which have events of their own, and the others."""
    ranked = sorted(episodes, key=lambda one: (-one.amount, one.begin, one.place))
    return ranked[:_MOST_PER_KIND], ranked[_MOST_PER_KIND:]


def _list_episode_events(
    episodes: Sequence[_Episode],
    names: npt.NDArray[Any],
    kinds: tuple[str, str, str],
    hours: float,
    horizon: int,
    unit: str = "h",
) -> Iterator[_Event]:
    """Yield the begin of every episode, the end of those longer than a day, and one event for all smaller ones."""
    kept, rest = _select_largest(episodes)
    began, ended, others = kinds
    for one in kept:
        name, until = str(names[one.place]), one.end + 1.0 if one.end < horizon else math.nan
        yield _Event(one.begin + 1.0, began, name, until, one.times, _convert_amount(one.amount, unit, hours), unit)
        if one.end < horizon and one.end - one.begin > max(1.0, HOURS_PER_DAY / hours):
            yield _Event(until, ended, name)
    yield from _list_remaining_event(rest, others, hours, unit)


def _list_remaining_event(rest: Sequence[_Episode], kind: str, hours: float, unit: str = "h") -> Iterator[_Event]:
    if rest:
        first, last = min(one.begin for one in rest), max(one.end for one in rest)
        times, amount = sum(one.times for one in rest), sum(one.amount for one in rest)
        yield _Event(first + 1.0, kind, "", last + 1.0, times, _convert_amount(amount, unit, hours), unit)


def _convert_amount(amount: float, unit: str, hours: float) -> float:
    """Return the amount of an episode in its unit: periods become hours, units stay."""
    return amount * hours if unit == "h" else amount


def _list_expiry_events(replay: xr.Dataset, hours: float) -> Iterator[_Event]:
    """Yield when stores threw units away; no state begins and ends with it, so that `until` is the last time."""
    kept, rest = _select_largest(_find_episodes(_read_outcome(replay, "expired"), hours))
    for one in kept:
        name = str(replay["stage"].values[one.place])
        yield _Event(one.begin + 1.0, "expired", name, float(one.end), one.times, one.amount, "unit")
    for event in _list_remaining_event(rest, "expired_others", hours, "unit"):
        yield replace(event, until=event.until - 1)


def _list_overtime_events(replay: xr.Dataset, hours: float) -> Iterator[_Event]:
    """Yield when stages started more than their regular capacity."""
    episodes = _find_episodes(_read_outcome(replay, "overtime"), hours)
    yield from _list_episode_events(
        episodes, replay["stage"].values, _OVERTIME, hours, replay.sizes["time"], unit="unit"
    )


def _list_standby_events(replay: xr.Dataset, hours: float) -> Iterator[_Event]:
    """Yield when standby sources were open, with the units that they started meanwhile."""
    if "open" not in replay or "standby_of" not in replay.coords:
        return
    stages = replay["stage"].values
    stands_by = replay["standby_of"].values != ""
    is_open = replay["open"].transpose("stage", "time").values * stands_by[:, np.newaxis]
    episodes = _find_episodes(is_open, hours, _read_outcome(replay, "started"))
    yield from _list_episode_events(episodes, stages, _STANDBY, hours, replay.sizes["time"], unit="unit")


def _list_customer_events(
    replay: xr.Dataset, episodes: Sequence[_Episode], hours: float, horizon: int
) -> Iterator[_Event]:
    names, backlog, lost = replay["customer"].values, _read_outcome(replay, "backlog"), _read_outcome(replay, "lost")
    kept, rest = _select_largest(episodes)
    for one in kept:
        name, waiting = str(names[one.place]), backlog[one.place, one.begin : one.end]
        missed = float(lost[one.place, one.begin : one.end].sum())
        until, length = one.end + 1.0 if one.end < horizon else math.nan, one.amount * hours
        stage = _find_customer_stage(replay, one.place)
        yield _Event(one.begin + 1.0, "stockout_began", name, until, one.times, length, "h", customer_stage=stage)
        has_backlog = bool(waiting.max() > 0)
        if has_backlog:
            peak = int(waiting.argmax())
            yield _Event(one.begin + peak + 1.0, "backlog_peaked", name, amount=float(waiting[peak]), unit="unit")
        if one.end < horizon:
            kind = "backlog_cleared" if has_backlog else "stockout_ended"
            yield _Event(until, kind, name, amount=missed, unit="unit")
    yield from _list_remaining_event(rest, "stockout_others", hours)


def _list_hazard_events(replay: xr.Dataset, begun: Array, hours: float) -> Iterator[_Event]:
    """Yield the occurrences of every hazard: some with events of their own, the others of each in one event.

    Parameters
    ----------
    replay : the replay.
    begun : periods in which a shortage, downtime or stockout began.
    hours : hours of a period.
    """
    hazards, begin, end, recovered = (replay[name].values for name in ("hazard", "begin", "end", "recovered"))
    # An occurrence acts at the earliest in the period it begins in, and at the latest in the one its recovery ends in.
    first, last = np.searchsorted(begun, np.floor(begin)), np.searchsorted(begun, np.ceil(recovered), side="right")
    ranked = sorted(range(len(begin)), key=lambda k: (first[k] == last[k], begin[k] - end[k], begin[k]))
    for name in dict.fromkeys(hazards.tolist()):
        occurrences = [k for k in ranked if hazards[k] == name]
        # One left out would take an event as well.
        kept = _MOST_OCCURRENCES if len(occurrences) > _MOST_OCCURRENCES + 1 else len(occurrences)
        for k in occurrences[:kept]:
            yield from _list_occurrence_events(replay, k, hours)
        if rest := occurrences[kept:]:
            length = float(sum(end[k] - begin[k] for k in rest)) * hours
            span = min(begin[k] for k in rest), max(end[k] for k in rest)
            yield _Event(span[0], "hazard_others", name, span[1], len(rest), length, "h")


def _list_occurrence_events(replay: xr.Dataset, k: int, hours: float) -> Iterator[_Event]:
    begin, end, recovered = (float(replay[name].values[k]) for name in ("begin", "end", "recovered"))
    name, horizon, length = str(replay["hazard"].values[k]), replay.sizes["time"], (end - begin) * hours
    if recovered - begin <= 1 and recovered < horizon:
        yield _Event(begin, "hazard_occurred", name, end, amount=length, unit="h", occurrence=k)
        return
    yield _Event(begin, "hazard_began", name, end, amount=length, unit="h", occurrence=k)
    if end < horizon:
        yield _Event(end, "hazard_ended", name, recovered)
    if end < recovered < horizon:
        yield _Event(recovered, "hazard_recovered", name)


def _label_events(found: Sequence[_Event], replay: xr.Dataset) -> xr.Dataset:
    columns = {field.name: [getattr(event, field.name) for event in found] for field in fields(_Event)}
    arrays = {
        name: xr.Variable(variable.dims, np.array(columns[name]).astype(variable.dtype), variable.build_attrs())
        for name, variable in EVENTS.items()
    }
    kept = ("name", "period_hours", "horizon", "warm_up", "periods", "currency", "seed", "jitrisk_version")
    attrs = {name: replay.attrs[name] for name in kept if name in replay.attrs}
    attrs |= {"strategy": str(replay["strategy"].item()), "path": int(replay["path"].item())}
    return xr.Dataset(arrays, attrs=attrs)
