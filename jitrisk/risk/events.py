"""What happened on one path, as events in order of time: hazards, stores that ran dry, downtime, customers short."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from jitrisk.errors import ResultError
from jitrisk.risk.inputs import HOURS_PER_DAY, Array
from jitrisk.vocabulary import EVENT_KINDS, EVENTS, OUTCOMES

# A thing that comes and goes more often is told in episodes, with its breaks: so many at most of each thing...
_OF_ONE = 6
# ... and of all stores, stages or customers together; what is left out is told in one line.
_OF_ALL = 12
# Of a hazard that strikes often so many spells are told, those first during which something went wrong.
_SPELLS = 4
_DOWN = 1e-6  # share of a period that is no downtime but rounding
_ORDER = {kind: number for number, kind in enumerate(EVENT_KINDS)}
_NEEDED = (*("hazard", "begin", "end", "recovered", "effect"), *("shortage", "starved", "broken", "stockout"))


@dataclass(frozen=True)
class _Event:
    """One event; see :data:`jitrisk.vocabulary.EVENTS`."""

    time: float
    kind: str
    thing: str = ""
    until: float = math.nan
    times: int = 1
    amount: float = math.nan
    unit: str = ""
    detail: str = ""


@dataclass(frozen=True)
class _Episode:
    """A stretch of periods, with breaks, in which something was amiss with a thing.

    Attributes
    ----------
    thing : place of the stage or customer.
    begin, end : its first period, and the first one after it.
    times : unbroken stretches in it.
    amount : how much was amiss, in periods.
    """

    thing: int
    begin: int
    end: int
    times: int
    amount: float


def list_events(replay: xr.Dataset) -> xr.Dataset:
    """Return what happened on a replayed path, in order of time.

    Stretches in which a store is dry, a stage down or a customer short are joined where the breaks between them are
    short: less than a day, or as long as it takes until there are few. Where there are many things or spells, the
    shorter ones are told together in one event.

    Parameters
    ----------
    replay : the replay of one path, as ``jr.replay`` returns it.

    Returns
    -------
    xr.Dataset
        The variables of :data:`jitrisk.vocabulary.EVENTS` with the dimension event. Times are in periods from the
        start, and what happens in a period is dated at its end; amounts of time are in hours.

    Raises
    ------
    ResultError
        When the Dataset is no replay.
    """
    _require(replay)
    hours, horizon = float(replay.attrs["period_hours"]), replay.sizes["time"]
    signals = _compute_signals(replay)
    dry, down, short = (_find_episodes(signal, hours) for signal in signals)
    begun = np.array([begin for signal in signals for row in signal for begin, _ in _find_runs(row)], dtype=float)
    # A store that is dry while just its customer is short is told with the customer.
    told = {(stage, one.begin, one.end) for one in short if (stage := _find_supplying_stage(replay, one.thing))}
    dry = [one for one in dry if (str(replay["stage"].values[one.thing]), one.begin, one.end) not in told]
    found = [
        *_list_hazard_events(replay, np.unique(begun), hours),
        *_list_episode_events(
            dry, replay["stage"].values, ("store_short", "store_filled", "store_others"), hours, horizon
        ),
        *_list_episode_events(down, replay["stage"].values, ("stage_down", "stage_up", "stage_others"), hours, horizon),
        *_list_customer_events(replay, short, hours, horizon),
    ]
    if warm_up := int(replay.attrs["warm_up"]):
        found.append(_Event(warm_up, "measuring"))
    # Within a period causes come before effects, whatever the hour.
    found.sort(key=lambda event: (math.ceil(event.time), _ORDER[event.kind], event.time, event.thing))
    return _label_events(found, replay)


def _find_supplying_stage(replay: xr.Dataset, customer: int) -> str:
    """Return the stage whose store a customer asks, empty where the replay does not say."""
    return str(replay["customer_stage"].values[customer]) if "customer_stage" in replay.coords else ""


def _require(replay: xr.Dataset) -> None:
    absent = [name for name in _NEEDED if name not in replay]
    if absent or "time" not in replay.dims or "path" in replay.dims:
        raise ResultError("the Dataset is not the replay of one path: use what jr.replay returned")


def _compute_signals(replay: xr.Dataset) -> tuple[Array, Array, Array]:
    """Return where stores are dry, stages that count are down, and customers short: [thing, time], how much."""
    lost = _read_outcome(replay, "starved") + _read_outcome(replay, "broken")
    priced = np.asarray(replay["downtime_cost"].values) > 0 if "downtime_cost" in replay else np.zeros(1, dtype=bool)
    lost = np.where(lost > _DOWN, lost, 0.0) * np.broadcast_to(priced if priced.any() else True, len(lost))[:, None]
    return _read_outcome(replay, "shortage"), lost, _read_outcome(replay, "stockout")


def _read_outcome(replay: xr.Dataset, name: str) -> Array:
    thing = OUTCOMES[name].dims[-1]
    return np.asarray(replay[name].transpose(thing, "time").values, dtype=np.float64)


def _find_runs(signal: Array) -> list[tuple[int, int]]:
    """Return the unbroken stretches of a signal: first period, and first one after."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], signal > 0, [0]])))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _find_episodes(signals: Array, hours: float) -> list[_Episode]:
    """Return the episodes of every thing, joined over breaks of less than a day, and longer ones until few are left."""
    found = []
    for thing, signal in enumerate(signals):
        runs, least = _find_runs(signal), max(1.0, HOURS_PER_DAY / hours)
        joined = _join_runs(runs, least)
        while len(joined) > _OF_ONE:
            least *= 2
            joined = _join_runs(runs, least)
        for group in joined:
            begin, end = group[0][0], group[-1][1]
            found.append(_Episode(thing, begin, end, len(group), float(signal[begin:end].sum())))
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
    """Return the largest episodes, as many as are told, and the others."""
    ranked = sorted(episodes, key=lambda one: (-one.amount, one.begin, one.thing))
    return ranked[:_OF_ALL], ranked[_OF_ALL:]


def _list_episode_events(
    episodes: Sequence[_Episode], names: npt.NDArray[Any], kinds: tuple[str, str, str], hours: float, horizon: int
) -> Iterator[_Event]:
    """Yield the begin of every episode, the end of those longer than a day, and what is left out."""
    began, over, others = kinds
    kept, rest = _select_largest(episodes)
    for one in kept:
        name, until = str(names[one.thing]), one.end + 1.0 if one.end < horizon else math.nan
        yield _Event(one.begin + 1.0, began, name, until, one.times, one.amount * hours, "h")
        if one.end < horizon and one.end - one.begin > max(1.0, HOURS_PER_DAY / hours):
            yield _Event(until, over, name)
    yield from _list_remaining_event(rest, others, hours)


def _list_remaining_event(rest: Sequence[_Episode], kind: str, hours: float) -> Iterator[_Event]:
    if rest:
        first, last = min(one.begin for one in rest), max(one.end for one in rest)
        times, amount = sum(one.times for one in rest), sum(one.amount for one in rest)
        yield _Event(first + 1.0, kind, "", last + 1.0, times, amount * hours, "h")


def _list_customer_events(
    replay: xr.Dataset, episodes: Sequence[_Episode], hours: float, horizon: int
) -> Iterator[_Event]:
    names, backlog, lost = replay["customer"].values, _read_outcome(replay, "backlog"), _read_outcome(replay, "lost")
    kept, rest = _select_largest(episodes)
    for one in kept:
        name, waiting = str(names[one.thing]), backlog[one.thing, one.begin : one.end]
        missed = float(lost[one.thing, one.begin : one.end].sum())
        until, length = one.end + 1.0 if one.end < horizon else math.nan, one.amount * hours
        detail = _find_supplying_stage(replay, one.thing)
        yield _Event(one.begin + 1.0, "customer_short", name, until, one.times, length, "h", detail)
        waits = bool(waiting.max() > 0)
        if waits:
            worst = int(waiting.argmax())
            yield _Event(one.begin + worst + 1.0, "backlog_worst", name, amount=float(waiting[worst]), unit="unit")
        if one.end < horizon:
            yield _Event(until, "backlog_gone" if waits else "customer_served", name, amount=missed, unit="unit")
    yield from _list_remaining_event(rest, "customer_others", hours)


def _list_hazard_events(replay: xr.Dataset, begun: Array, hours: float) -> Iterator[_Event]:
    """Yield the spells of every hazard: those told, and the others of each in one event.

    Parameters
    ----------
    replay : the replay.
    begun : periods in which something began to be short or down.
    hours : hours of a period.
    """
    hazards, begin, end, recovered = (replay[name].values for name in ("hazard", "begin", "end", "recovered"))
    # A spell acts at the earliest in the period it begins in, and at the latest in the one its recovery ends in.
    first, last = np.searchsorted(begun, np.floor(begin)), np.searchsorted(begun, np.ceil(recovered), side="right")
    telling = sorted(range(len(begin)), key=lambda k: (first[k] == last[k], begin[k] - end[k], begin[k]))
    for name in dict.fromkeys(hazards.tolist()):
        spells = [k for k in telling if hazards[k] == name]
        # One left out would take a line as well.
        cut = _SPELLS if len(spells) > _SPELLS + 1 else len(spells)
        for k in spells[:cut]:
            yield from _list_occurrence_events(replay, k, hours)
        if rest := spells[cut:]:
            length = float(sum(end[k] - begin[k] for k in rest)) * hours
            span = min(begin[k] for k in rest), max(end[k] for k in rest)
            yield _Event(span[0], "hazard_others", name, span[1], len(rest), length, "h")


def _list_occurrence_events(replay: xr.Dataset, k: int, hours: float) -> Iterator[_Event]:
    begin, end, recovered = (float(replay[name].values[k]) for name in ("begin", "end", "recovered"))
    name, horizon, length = str(replay["hazard"].values[k]), replay.sizes["time"], (end - begin) * hours
    struck = zip(replay["target"].values, replay["effect"].values[k], strict=True)
    detail = "; ".join(f"{target}: {effect}" for target, effect in struck if effect)
    if recovered - begin <= 1 and recovered < horizon:
        yield _Event(begin, "hazard_struck", name, end, amount=length, unit="h", detail=detail)
        return
    yield _Event(begin, "hazard_began", name, end, amount=length, unit="h", detail=detail)
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
