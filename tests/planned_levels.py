"""Levels of the plain twin: given in units, as cover of the mean demand, or as cover of the demand of each period.

Written from the rules of the model by plain recursion over the bill of materials, and on purpose not with the
functions of `jitrisk.lower`, which it is held against.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

NEARLY = 1e-9
"""What may be rounding of a number of periods, or, as a share, of a number of cards."""

Parts = Mapping[str, Any]
"""Units of a demand or of a level by the customer whom they are for."""


@dataclass(frozen=True)
class Levels:
    """The rule of all policies: reorder point s, order-up-to S, lot Q (0: no rounding), review period R, signal."""

    reorder_point: Any
    order_up_to: Any
    lot: Any
    review_period: int
    physical: bool

    @property
    def initial(self) -> Any:
        """The stock at the start: S, nothing where there is no limit."""
        return 0 if math.isinf(self.order_up_to) else self.order_up_to


def explicit_levels(policy: Any) -> Levels:
    """Return the levels of a policy that gives them in units, or that has none."""
    if policy.is_unlimited:
        return Levels(math.inf, math.inf, 0, 1, physical=True)
    if policy.kind in ("kanban", "conwip"):
        s, big_s, lot = (policy.cards - 1) * policy.container, policy.cards * policy.container, policy.container
    elif policy.kind == "base_stock":
        s, big_s, lot = policy.level, policy.level, 0
    elif policy.kind == "min_max":
        s, big_s, lot = policy.min.units, policy.max.units, 0
    elif policy.kind == "reorder_point":
        s, lot = policy.point.units, policy.quantity.units
        big_s = s + lot
    else:
        s, big_s, lot = 0, 0, 0
    physical = policy.kind in ("kanban", "conwip", "push")
    return Levels(s, big_s, lot, policy.review_period, physical)


def consumers(stages: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    """Every consumer of a store with `share * quantity`: the units it asks of the store for one unit started."""
    return [
        (consumer, share * given.quantity)
        for consumer, stage in stages.items()
        for given in stage.inputs.values()
        for source, share in given.sources
        if source == name
    ]


def profile(customer: Any, t: int) -> Any:
    """Return the factor of season and trend on the demand of a customer in period t."""
    factor = 1.0
    if customer.season is not None:
        factors = customer.season.factors
        factor = factors[math.floor(t / customer.season.every + NEARLY) % len(factors)]
    return factor * (1 + customer.trend * t)


def mean_draw(customer: Any) -> float:
    """Return the mean of one draw of the demand of a customer, season, trend and hazards left out."""
    return float(customer.demand.mean())


def mean_rate(customer: Any) -> float:
    """Return the mean demand per period over one cycle of the season, without trend."""
    factors = customer.season.factors if customer.season is not None else (1,)
    return mean_draw(customer) / customer.every * sum(factors) / len(factors)


class Plan:
    """What planners expect every store to be asked for in each period, and the levels that follow it.

    Demand without bursts is planned for: a store whose cards follow has no customer that asks less often than in every
    period, and no consumer with lots or with a longer review period.
    """

    def __init__(self, network: Any) -> None:
        self.stages, self.customers = network.stages, network.customers
        self.reach = functools.cache(self._reach)
        self.demand = functools.cache(self._demand)

    def _reach(self, name: str) -> Parts:
        """Units of a stage's item for one unit of each customer's demand."""
        units: Counter[str] = Counter({c: 1 for c, terms in self.customers.items() if terms.stage == name})
        for consumer, ratio in self._supplied(name):
            for customer, count in self.reach(consumer).items():
                units[customer] += ratio * count
        return units

    def _supplied(self, name: str) -> list[tuple[str, float]]:
        """The consumers with a share, and the units taken for one good unit of theirs."""
        pairs = consumers(self.stages, name)
        return [(v, per_unit / self.stages[v].yield_.mean()) for v, per_unit in pairs if per_unit]

    def mean(self, name: str) -> float:
        """Mean demand on a store over one cycle of the seasons, without trends, units per period."""
        return float(sum(units * mean_rate(self.customers[c]) for c, units in self.reach(name).items()))

    def _demand(self, name: str, t: int) -> Parts:
        """Planned demand on a store in period t, by customer, every forecast being right."""
        planned: Counter[str] = Counter()
        for customer, terms in self.customers.items():
            if terms.stage == name:
                planned[customer] += mean_draw(terms) / terms.every * profile(terms, t)
        for consumer, ratio in self._supplied(name):
            for customer, units in self._orders(consumer, t).items():
                planned[customer] += ratio * units
        return planned

    def _orders(self, name: str, t: int) -> Parts:
        """Planned orders of a stage in period t: the demand on it and the change of its level."""
        demand, policy = self.demand(name, t), self.stages[name].policy
        if policy.followed is None:
            return demand
        if policy.kind == "kanban":
            change = policy.container * (self.cards(name, t) - self.cards(name, t - 1))
            # In proportion to the demand of the period, or to the mean demand where that has no proportions.
            divisible = sum(demand.values()) > 0 and min(demand.values()) >= 0
            weights = demand if divisible else self._mean_parts(name)
            return {c: m + change * weights[c] / sum(weights.values()) for c, m in demand.items()}
        cover = _longest_cover(policy)
        now, before = self.ahead(name, t, cover), self.ahead(name, t - 1, cover)
        return {c: m + now[c] - before[c] for c, m in demand.items()}

    def _mean_parts(self, name: str) -> Parts:
        return {c: units * mean_rate(self.customers[c]) for c, units in self.reach(name).items()}

    def ahead(self, name: str, t: int, periods: float) -> Parts:
        """L_n(t), the planned demand of the n periods after t, by customer; a fraction of a period in part."""
        whole = math.floor(periods + NEARLY)
        total: Counter[str] = Counter(dict.fromkeys(self.reach(name), 0))
        for later in range(t + 1, t + whole + 1):
            for customer, units in self.demand(name, later).items():
                total[customer] += units
        if periods - whole > NEARLY:
            for customer, units in self.demand(name, t + whole + 1).items():
                total[customer] += (periods - whole) * units
        return total

    def cards(self, name: str, t: int) -> int:
        """K(t): the card formula, with the demand of the lead time from t on in place of the mean demand."""
        stage, policy = self.stages[name], self.stages[name].policy
        lead_time = _whole_lead_time(stage.lead_time)
        loop = sum(self.ahead(name, t, lead_time).values())
        if policy.cards == "formula":
            return _round_up(loop * (1 + policy.safety) / policy.container)
        reviewed = sum(self.ahead(name, t, lead_time + policy.review_period - 1).values())
        covered = loop * (1 + policy.safety) + reviewed - loop
        yield_ = stage.yield_.mean()
        reached = self.reach(name).items()
        whole = all(self.customers[c].demand.is_integer and units == int(units) for c, units in reached)
        grain = int(whole and yield_ == 1 and policy.container == int(policy.container))
        return _round_up((covered + policy.container - grain) / (yield_ * policy.container))

    def levels(self, name: str, t: int, phi: Mapping[str, Any], number: Callable[[Any], Any] = float) -> Levels:
        """The levels in force in period t, given the factor of every customer's forecast."""
        policy = self.stages[name].policy
        if policy.kind == "kanban":
            cards = self.cards(name, t)
            return Levels((cards - 1) * policy.container, cards * policy.container, policy.container, *_rest(policy))
        misjudged = phi if policy.followed == "forecast" else {}

        def level(periods: float) -> Any:
            parts = self.ahead(name, t, periods).items()
            return number(policy.safety) + sum(self._factor(c, misjudged, number) * number(w) for c, w in parts)

        shortest = policy.cover if policy.kind == "base_stock" else policy.min.cover
        return Levels(level(shortest), level(_longest_cover(policy)), 0, *_rest(policy))

    def _factor(self, customer: str, phi: Mapping[str, Any], number: Callable[[Any], Any]) -> Any:
        return number(phi.get(customer, 1) if self.customers[customer].forecast is not None else 1)

    def constant_levels(self, name: str) -> Levels:
        """The levels of a stage in units: those of its policy, cover being that of the mean demand.

        For a stage that follows these are only shown, and say which kind of levels it has.
        """
        policy = self.stages[name].policy
        if policy.kind == "kanban" and policy.followed:
            return self.levels(name, 0, {})
        if policy.kind == "base_stock" and policy.cover is not None:
            level = policy.cover * self.mean(name) + policy.safety
            return Levels(level, level, 0, *_rest(policy))
        if policy.kind == "min_max":
            low, high = (level.convert_to_units(self.mean(name)) + policy.safety for level in (policy.min, policy.max))
            return Levels(low, high, 0, *_rest(policy))
        return explicit_levels(policy)


def _rest(policy: Any) -> tuple[int, bool]:
    return policy.review_period, policy.kind == "kanban"


def _longest_cover(policy: Any) -> float:
    """The cover of the order-up-to level, periods."""
    return float(policy.cover if policy.kind == "base_stock" else policy.max.cover)


def _whole_lead_time(law: Any) -> float:
    """The mean lead time in whole periods: one that is drawn is taken to be in whole periods already."""
    return round_up_periods(law.mean()) if law.family == "constant" else float(law.mean())


def round_up_periods(periods: float) -> int:
    """Return a time as whole periods: rounded up, but for what is rounding."""
    return math.ceil(periods - NEARLY)


def _round_up(cards: float) -> int:
    return max(1, math.ceil(cards * (1 - 1e-6)))


def loop_factors(stages: Mapping[str, Any], first: str, last: str) -> dict[str, Any]:
    """The stages from the first of a loop to its last, each with the units of the first item in one of its own."""
    if first == last:
        return {last: 1}
    for consumer, per_unit in consumers(stages, first):
        beyond = loop_factors(stages, consumer, last)
        if beyond:
            return {first: 1} | {name: per_unit * units for name, units in beyond.items()}
    return {}


def update_estimate(customer: Any, t: int, estimate: Any, demand: Any) -> Any:
    """E(t) of a forecast by smoothing from E(t - 1) and the demand of period t."""
    factor = profile(customer, t)
    if t % customer.every or not factor:
        return estimate
    return estimate + customer.forecast.smoothing * (demand / factor - estimate)


def derive_forecast(customer: Any, demand: list[Any]) -> list[Any]:
    """The factor phi of every period that smoothing makes of the demand of a path; 1 without smoothing."""
    if customer.forecast is None or customer.forecast.smoothing is None:
        return [1] * len(demand)
    mean = estimate = mean_draw(customer)
    factors = []
    for t, units in enumerate(demand):
        estimate = update_estimate(customer, t, estimate, units)
        factors.append(estimate / mean)
    return factors


def derive_open(standby: Any, availability: list[Any]) -> list[int]:
    """In which periods a standby source is open, from the availability of the stage that it stands by for."""
    needed = round_up_periods(standby.after) + 1
    down = [value < standby.below for value in availability]
    return [int(t + 1 >= needed and all(down[t + 1 - needed : t + 1])) for t in range(len(down))]


def derive_missing(network: Any, path: Mapping[str, Mapping[str, list[Any]]]) -> dict[str, Mapping[str, list[Any]]]:
    """Return a path with the variables that follow from others, where it has them not: `open`, `forecast` by smoothing.

    A forecast whose error is drawn must be in the path already.
    """
    stages, customers = network.stages.items(), network.customers.items()
    derived: dict[str, Mapping[str, list[Any]]] = {
        "forecast": {name: derive_forecast(customer, path["demand"][name]) for name, customer in customers},
        "open": {
            name: derive_open(stage.standby, path["availability"][stage.standby.of])
            for name, stage in stages
            if stage.standby is not None
        },
    }
    return derived | dict(path)
