"""Family f in continuous time: exponential machines, reached from short periods.

The model's own chain is solved exactly (by the plain twin) for three lengths of the period and extrapolated to none,
which gives the published answers; the product is held against the same chain at one length of the period. A part
that waits before a machine stands in a stage without a capacity limit (`kit`), as the cases' parts in hand do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from lines import exact, in_hand, kanban, line, lost_share, luck, on_hand, queue, throughput, unfilled_share, value_of
from oracle import Network, Rates, Reading, assert_mean, expected, family, run

pytestmark = pytest.mark.verification


@dataclass(frozen=True)
class Limit:
    """A case in continuous time: stages, rates by machine and of demand, and what is read from a period's length."""

    stages: Network
    machines: dict[str, float]
    demand: float | None
    readings: Callable[[float], dict[str, Reading]]
    unmet: str = "lost"
    most_backlog: float | None = None
    horizon: int = 6_000

    def chances(self, period: float) -> tuple[dict[str, float], float | None]:
        demand = None if self.demand is None else self.demand * period
        return {machine: rate * period for machine, rate in self.machines.items()}, demand

    def network(self, period: float) -> Network:
        machines, demand = self.chances(period)
        return line(self.stages, machines, next(reversed(self.stages)), demand, self.horizon, self.unmet)

    def exact_rates(self, periods: Sequence[float]) -> list[Callable[[str, str], float]]:
        """Long-run means per period of the model's own chain, for each length of the period."""
        chain = exact(self.network(periods[0]), *self.chances(periods[0]), self.most_backlog)
        means = [chain.reweighted(luck(*self.chances(period))).stationary() for period in periods]
        return [lambda variable, thing, mean=mean: mean[variable, thing] for mean in means]


def limit_line(model: Network, unmet: str = "lost") -> Limit:
    cards, rates, demand = model["K"], model["mu"], model.get("lam")
    stages: Network = {"machine1": kanban(cards[0], capacity=1)}
    for number in range(2, len(cards) + 1):
        stages[f"kit{number}"] = queue(f"machine{number - 1}")
        stages[f"machine{number}"] = kanban(cards[number - 1], capacity=1, inputs={f"kit{number}": 1})
    machines = {f"machine{number}": rate for number, rate in enumerate(rates, start=1)}

    def readings(period: float) -> dict[str, Reading]:
        read: dict[str, Reading] = {"throughput": lambda r: throughput(r) / period}
        for number in range(1, len(cards) + 1):
            read[f"store/{number - 1}"] = on_hand(f"machine{number}")
        read["wip_in_stage/0"] = lambda r: cards[0] - r("on_hand", "machine1")
        for number in range(2, len(cards) + 1):
            read[f"wip_in_stage/{number - 1}"] = in_hand(f"kit{number}")
        if demand is not None:
            read["p_no_finished_stock"] = unfilled_share
        if unmet == "backorder":
            read["mean_backorders"] = lambda r: r("backlog", "buyer")
        return read

    return Limit(stages, machines, demand, readings, unmet, most_backlog=25 if unmet == "backorder" else None)


def limit_assembly(model: Network) -> Limit:
    stages = {
        "machineA": kanban(model["KA"], capacity=1),
        "machineB": kanban(model["KB"], capacity=1),
        "kit": queue("machineA", "machineB"),
        "assembly": kanban(model["K3"], capacity=1, inputs={"kit": 1}),
    }

    def readings(period: float) -> dict[str, Reading]:
        read: dict[str, Reading] = {
            "throughput": lambda r: throughput(r) / period,
            "store_A": on_hand("machineA"),
            "store_B": on_hand("machineB"),
            "wip_assembly": in_hand("kit"),
        }
        if model["lam"]:
            read |= {"finished": on_hand("assembly"), "p_no_finished_stock": lost_share}
        return read

    machines = {"machineA": model["muA"], "machineB": model["muB"], "assembly": model["mu3"]}
    return Limit(stages, machines, model["lam"], readings)


def limit_loop(model: Network, unmet: str) -> Limit:
    def readings(_: float) -> dict[str, Reading]:
        read: dict[str, Reading] = {f"{unmet}/mean_on_hand": on_hand("machine")}
        if unmet == "lost":
            return read | {"lost/p_lost": lost_share}
        return read | {
            "backorder/p_no_stock": unfilled_share,
            "backorder/mean_backorders": lambda r: r("backlog", "buyer"),
        }

    stages = {"machine": kanban(model["K"], capacity=1)}
    most = 150 if unmet == "backorder" else None
    return Limit(stages, {"machine": 1.0}, model["rho"], readings, unmet, most, horizon=40_000)


LIMITS = [
    *((case, limit_line(model)) for case, model in family("f.line_sat_ct").items()),
    *((case, limit_line(model)) for case, model in family("f.line_lost_ct").items()),
    *((case, limit_line(model, "backorder")) for case, model in family("f.line_backorder_ct").items()),
    *((case, limit_assembly(model)) for case, model in family("f.assembly_ct").items()),
    *((case, limit_loop(model, unmet)) for case, model in family("f.mm1").items() for unmet in ("lost", "backorder")),
]
READ_ELSEWHERE: dict[str, list[str]] = {}
for _case, _limit in LIMITS:
    READ_ELSEWHERE.setdefault(_case, []).extend(_limit.readings(1.0))


@pytest.mark.parametrize(("case", "limit"), LIMITS, ids=[f"{case}-{limit.unmet}" for case, limit in LIMITS])
def test_simulate__continuous_time_in_the_limit_of_short_periods(case: str, limit: Limit) -> None:
    periods = (0.2, 0.1, 0.05)
    exact_rates = limit.exact_rates(periods)
    product = Rates(run(limit.network(periods[0]), paths=1_000))
    for quantity in limit.readings(1.0):
        coarse, middle, fine = (
            value_of(limit.readings(period)[quantity](rates))
            for period, rates in zip(periods, exact_rates, strict=True)
        )
        # Richardson: the errors of first and of second order in the period's length cancel.
        limiting = (8 * fine - 6 * middle + coarse) / 3
        assert limiting == pytest.approx(expected(case, quantity), rel=1e-3, abs=1e-3), quantity
        assert_mean(limit.readings(periods[0])[quantity](product), coarse, f"{case}: {quantity}")
