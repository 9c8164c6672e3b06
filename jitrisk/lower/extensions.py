"""The arrays of features that are off unless a stage asks for them: shelf life, loops, levels that follow, levers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from jitrisk.lower.followed_levels import FollowedLevels
from jitrisk.lower.loops import Loops

if TYPE_CHECKING:
    from jitrisk.lower.rounding import Rounding
    from jitrisk.model import Network, Stage

_FAR = 1e30  # more than any number of units

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class ExtensionArrays:
    """The features of one strategy's network that most networks do without, `n` stages in sweep order.

    Attributes
    ----------
    extension : place of each stage among those that have rows of extensions, -1 for none, (n,).
    shelf_life : periods in which a unit received can be used, 0 where it never expires, (n,).
    age_slot : first row of what was received in each of the last periods, (n,).
    in_steps : whether the start is made in steps, because capacity or orders depend on the state, (n,).
    pushes : whether the stage starts what its inputs allow, (n,).
    counts_owed : whether what the store owes is computed, (n,).
    order_cap : units that stock, work in process and open orders may reach by an order, (n,).
    overtime_below, overtime_capacity : stock below which there is overtime, units, and the capacity then, units per
        period; 0 and the regular capacity where there is none, (n,).
    open_ : series of whether a standby source is open, (n,).
    expedite_up_to : level up to which starts are expedited, units, -1 for none, (n,).
    loop_start : loops that stage i belongs to are loop_start[i]:loop_start[i + 1], (n + 1,).
    loop_first, loop_units : first stage of each of these loops, and its units in one unit of the stage.
    loop_returns : whether what leaves the stage's store returns cards.
    loop_keeps : whether what the stage starts keeps them, because all that leaves the store before returns them.
    follow : place of each stage among those whose levels follow the demand, -1 for none, (n,).
    initial_level : order-up-to level at t = 0 as every forecast is exact, units, (n,).
    level_base : the part of the order-up-to level that no forecast multiplies, units, (followers, periods).
    period_reorder_gap : least gap that is ordered, units, (followers, periods).
    forecast_start : forecasts that follower f reads are forecast_start[f]:forecast_start[f + 1], (followers + 1,).
    forecast : series of each of these forecasts.
    level_weight : what it multiplies in the level, units, (forecasts, periods).
    spread_base, spread_weight : the same for the distance of order-up-to level and reorder point.
    by_lane : whether the least gap that is ordered, or the cap, depends on a forecast, (n,).
    """

    extension: np.ndarray
    shelf_life: np.ndarray
    age_slot: np.ndarray
    in_steps: np.ndarray
    pushes: np.ndarray
    counts_owed: np.ndarray
    order_cap: np.ndarray
    overtime_below: np.ndarray
    overtime_capacity: np.ndarray
    open_: np.ndarray
    expedite_up_to: np.ndarray
    loop_start: np.ndarray
    loop_first: np.ndarray
    loop_units: np.ndarray
    loop_returns: np.ndarray
    loop_keeps: np.ndarray
    follow: np.ndarray
    initial_level: np.ndarray
    level_base: np.ndarray
    period_reorder_gap: np.ndarray
    forecast_start: np.ndarray
    forecast: np.ndarray
    level_weight: np.ndarray
    spread_base: np.ndarray
    spread_weight: np.ndarray
    by_lane: np.ndarray


def convert_arrays(arrays: Any, float_type: type[np.floating[Any]]) -> None:
    """Convert the floats of a frozen dataclass of arrays to one type, and make all of its arrays read-only."""
    for field in fields(arrays):
        value = getattr(arrays, field.name)
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "f":
                value = np.ascontiguousarray(value, dtype=float_type)
                object.__setattr__(arrays, field.name, value)
            value.flags.writeable = False


def expedites_up_to(stage: Stage) -> bool:
    """Return whether a stage expedites up to a level."""
    return stage.expedite is not None and stage.expedite.up_to is not None


def lower_extensions(
    network: Network,
    order: list[str],
    place: Mapping[tuple[str, str], int],
    arrays: Mapping[str, np.ndarray],
    followed: Mapping[str, FollowedLevels],
    loops: Loops,
    rounding: Rounding,
) -> ExtensionArrays:
    """Return the arrays of these features.

    Parameters
    ----------
    network : one strategy's network.
    order : its stages, consumers before their suppliers.
    place : place of each exogenous series, by (kind, stage or customer).
    arrays : the other arrays of the network, as far as they are known.
    followed : the levels that follow the demand, by stage.
    loops : the loops that cards limit, by their first stages.
    rounding : how flows are rounded.
    """
    stages = [network.stages[name] for name in order]
    shelf_life = _ints([_lower_shelf_life(stage, network.horizon) for stage in stages])
    ages = np.maximum(shelf_life - 1, 0)
    levels = _lower_levels(order, place, arrays, followed, rounding)
    members = _lower_loops(loops, order, arrays, shelf_life)
    steps = _lower_steps(stages, arrays, rounding)
    pointed = np.array([name in followed and followed[name].point_base is not None for name in order])
    capped = steps["order_cap"] < _FAR
    by_lane = _find_forecast_readers(order, followed) & (pointed | capped)
    # An opening handed in for a stage that stands in for none is that of another strategy.
    stands_in = [stage.standby is not None for stage in stages]
    open_ = _ints([place.get(("open", name), -1) if one else -1 for name, one in zip(order, stands_in, strict=True)])
    has_overtime = steps["overtime_below"] > 0
    in_steps = capped | has_overtime | (open_ >= 0) | (steps["pushes"] > 0) | by_lane
    has_rows = (shelf_life > 0) | has_overtime | (np.diff(members["loop_start"]) > 0)
    has_rows |= _find_forecast_readers(order, followed)
    return ExtensionArrays(
        extension=np.where(has_rows, np.cumsum(has_rows) - 1, -1).astype(np.int32),
        shelf_life=shelf_life,
        age_slot=(np.cumsum(ages) - ages).astype(np.int32),
        in_steps=_flags(in_steps),
        by_lane=_flags(by_lane),
        open_=open_,
        **steps,
        **members,
        **levels,
    )


def _ints(values: Any) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def _flags(values: Any) -> np.ndarray:
    return np.array(values, dtype=np.uint8)


def _lower_shelf_life(stage: Stage, horizon: int) -> int:
    """Return the shelf life in periods, 0 where nothing can expire within the horizon."""
    return stage.shelf_life if stage.shelf_life is not None and stage.shelf_life <= horizon else 0


def _lower_steps(stages: list[Stage], arrays: Mapping[str, np.ndarray], rounding: Rounding) -> Arrays:
    """Lower what capacity and orders depend on."""
    caps = np.array([stage.policy.order_cap for stage in stages])
    below = np.array([0.0 if stage.overtime is None else stage.overtime.below for stage in stages])
    factor = np.array([1.0 if stage.overtime is None else stage.overtime.factor for stage in stages])
    up_to = np.array([stage.expedite.up_to if expedites_up_to(stage) and stage.expedite else -1.0 for stage in stages])
    capacity = arrays["capacity"]
    return {
        "pushes": _flags([stage.policy.pushes for stage in stages]),
        "counts_owed": _flags((arrays["demand_signal"] > 0) | (up_to >= 0)),
        "order_cap": np.where(
            np.isfinite(caps), rounding.round_to_grains(np.where(np.isfinite(caps), caps, 0.0)), _FAR
        ),
        "overtime_below": np.maximum(below - rounding.tolerance, 0.0),
        "overtime_capacity": np.where(factor > 1, rounding.round_to_grains(capacity * factor), capacity),
        "expedite_up_to": np.where(up_to >= 0, rounding.round_to_grains(up_to), -1.0),
    }


def _lower_loops(loops: Loops, order: list[str], arrays: Mapping[str, np.ndarray], shelf_life: np.ndarray) -> Arrays:
    """Lower the loops that cards limit: what returns the cards, and what keeps them."""
    index = {name: i for i, name in enumerate(order)}
    served = np.diff(arrays["customer_start"]) > 0
    leaks = (arrays["yield_"] >= 0) | (shelf_life > 0) | served
    members: list[list[tuple[int, float, bool, bool]]] = [[] for _ in order]
    for name in order:
        if name in loops:
            for member, row in _list_members(loops[name], index, leaks):
                members[member].append(row)
    rows = [row for of_stage in members for row in of_stage]
    return {
        "loop_start": _ints(np.cumsum([0, *map(len, members)])),
        "loop_first": _ints([row[0] for row in rows]),
        "loop_units": np.array([row[1] for row in rows], dtype=np.float64),
        "loop_returns": _flags([row[2] for row in rows]),
        "loop_keeps": _flags([row[3] for row in rows]),
    }


def _list_members(
    loop: list[tuple[str, float]], index: Mapping[str, int], leaks: np.ndarray
) -> Iterator[tuple[int, tuple[int, float, bool, bool]]]:
    """Yield every stage of a loop but the first, with the row of its part in it.

    Where all that leaves a store is taken by the next stage of the loop, no card returns, and nothing is counted. The
    gap of the first stage counts what leaves its own store anyway, so the second stage always keeps cards.
    """
    first, last = index[loop[0][0]], index[loop[-1][0]]
    before = True
    for name, units in loop[1:]:
        i = index[name]
        returns = bool(leaks[i]) or i == last
        yield i, (first, units, returns, before)
        before = returns


def _find_forecast_readers(order: list[str], followed: Mapping[str, FollowedLevels]) -> np.ndarray:
    return np.array([name in followed and bool(followed[name].weights) for name in order])


def _lower_levels(
    order: list[str],
    place: Mapping[tuple[str, str], int],
    arrays: Mapping[str, np.ndarray],
    followed: Mapping[str, FollowedLevels],
    rounding: Rounding,
) -> Arrays:
    """Lower the levels that follow the demand, period by period."""
    followers = [name for name in order if name in followed]
    where = np.array([i for i, name in enumerate(order) if name in followed], dtype=np.int64)
    periods = len(next(iter(followed.values())).base) if followed else 0
    rows = [(name, customer) for name in followers for customer in followed[name].weights]

    def stack(values: list[np.ndarray]) -> np.ndarray:
        return np.array(values, dtype=np.float64).reshape(len(values), periods)

    base = stack([followed[name].base for name in followers])
    spread = stack([_compute_spread(followed[name].base, followed[name].point_base) for name in followers])
    grain, tolerance = rounding.grain[where, np.newaxis], rounding.tolerance[where, np.newaxis]
    exact = np.array([not followed[name].weights for name in followers], dtype=np.bool_)
    base[exact] = np.rint(base[exact] / grain[exact]) * grain[exact]
    gap = np.maximum(np.rint(spread / grain) * grain - tolerance, arrays["least_gap"][where, np.newaxis])
    follow = np.full(len(order), -1, dtype=np.int32)
    follow[where] = np.arange(len(followers))
    return {
        "follow": follow,
        "initial_level": arrays["order_up_to"].copy(),
        "level_base": base,
        "period_reorder_gap": gap,
        "forecast_start": _ints(np.cumsum([0, *(len(followed[name].weights) for name in followers)])),
        "forecast": _ints([place.get(("forecast", customer), -1) for _, customer in rows]),
        "level_weight": stack([followed[name].weights[customer] for name, customer in rows]),
        "spread_base": spread,
        "spread_weight": stack([_compute_spread_weight(followed[name], customer) for name, customer in rows]),
    }


def _compute_spread(up_to: np.ndarray, point: np.ndarray | None) -> np.ndarray:
    """Return the distance of order-up-to level and reorder point in every period; 0 where they are one."""
    return np.zeros_like(up_to) if point is None else up_to - point


def _compute_spread_weight(levels: FollowedLevels, customer: str) -> np.ndarray:
    points = levels.point_weights
    return _compute_spread(levels.weights[customer], None if points is None else points[customer])
