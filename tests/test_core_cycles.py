"""Replenishment cycles: how many are short, and the stock that a receipt finds."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

import jitrisk as jr
from jitrisk.cli import main


def store(policy: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One store with Poisson demand of 10 a day."""
    stage = {"lead_time": "4 d", "policy": policy}
    return {
        "name": "one store",
        "period": "1 d",
        "horizon": "420 d",
        "warm_up": "20 d",
        "stages": {"store": stage},
        "customers": {"shop": {"stage": "store", "demand": {"poisson": {"mean": 10}}} | more},
    }


def test_metrics__cycles_of_periodic_review_are_short_where_demand_exceeds_the_level() -> None:
    """From the period after an order to the last before the next one arrives are R + L - 1 periods."""
    review, lead_time, level = 5, 4, 92
    run = jr.simulate(store({"base_stock": {"level": level, "review": "5 d"}}), paths=4000, seed=1)
    metrics = run.risk.metrics().isel(strategy=0)
    asked = stats.poisson(10 * (review + lead_time - 1))
    service = metrics["cycle_service_level"].values
    assert service.mean() == pytest.approx(asked.cdf(level), abs=4 * service.std() / 4000**0.5)
    units = np.arange(level + 1)
    stock, exact = metrics["stock_at_receipt"].values, float(((level - units) * asked.pmf(units)).sum())
    assert stock.mean() == pytest.approx(exact, abs=4 * stock.std() / 4000**0.5)
    assert (run["receipts"] == 80).all()


def test_simulate__cycles_are_counted_where_a_policy_orders_now_and_then() -> None:
    lots = {"reorder_point": {"point": 50, "quantity": 100}}
    for policy in (lots, {"min_max": {"min": 50, "max": 150}}, {"kanban": {"cards": 2, "container": 80, "review": 2}}):
        assert "receipts" in jr.simulate(store(policy), paths=2)
    for policy in ({"kanban": {"cards": 2, "container": 80}}, {"base_stock": {"level": 50}}, {"make_to_order": {}}):
        run = jr.simulate(store(policy), paths=2)
        assert "receipts" not in run
        assert "cycle_service_level" not in run.risk.metrics()


def test_simulate__an_order_that_a_capacity_spreads_over_periods_is_one_receipt() -> None:
    model = store({"reorder_point": {"point": 70, "quantity": 100}})
    model["stages"]["store"]["capacity"] = 25
    run = jr.simulate(model, paths=500, seed=1).isel(strategy=0, stage=0)
    whole = jr.simulate(store({"reorder_point": {"point": 70, "quantity": 100}}), paths=500, seed=1)
    assert abs(run["receipts"] - run["orders"]).max() <= 1
    assert run["receipts"].mean().item() == pytest.approx(whole["receipts"].mean().item(), rel=0.01)


def test_metrics__a_path_without_a_receipt_has_no_cycle_service_level() -> None:
    assert (
        "cycle_service_level"
        not in jr.simulate(store({"reorder_point": {"point": 1, "quantity": 10}}, demand=0), paths=2).risk.metrics()
    )


def test_simulate__cycles_of_a_warm_up_are_not_counted() -> None:
    policy = {"reorder_point": {"point": 50, "quantity": 100}}
    whole = jr.simulate(store(policy) | {"warm_up": 0}, paths=5, seed=1)
    first = jr.simulate(store(policy) | {"warm_up": 0, "horizon": "20 d"}, paths=5, seed=1)
    rest = jr.simulate(store(policy), paths=5, seed=1)
    for name in ("receipts", "short_cycles", "stock_at_receipts"):
        np.testing.assert_array_equal(whole[name] - first[name], rest[name], name)


def test_simulate__cycles_have_the_same_bits_for_any_blocks_and_threads() -> None:
    model = store({"reorder_point": {"point": 50, "quantity": 100}})
    one, other = jr.simulate(model, paths=700, threads=1), jr.simulate(model, paths=700, threads=2)
    part = jr.simulate(model, paths=range(300, 700))
    for name in ("receipts", "short_cycles", "stock_at_receipts"):
        np.testing.assert_array_equal(one[name], other[name])
        np.testing.assert_array_equal(one[name].isel(path=slice(300, None)), part[name])


def test_simulate__tables_and_documents_show_cycles_where_there_are_any(tmp_path, capsys) -> None:
    file = tmp_path / "lots.json"
    file.write_text(json.dumps(store({"reorder_point": {"point": 50, "quantity": 100}})))

    def printed(*words: str) -> str:
        with pytest.raises(SystemExit) as stop:
            main([*words, "--quiet"])
        assert stop.value.code == 0
        return capsys.readouterr().out

    table = printed("compare", str(file), "--paths", "200")
    assert "cycle service level, %" in table
    assert "stock at a receipt, units" in table
    document = json.loads(printed("compare", str(file), "--paths", "200", "--json"))
    assert document["metrics"]["cycle_service_level"]["bad_tail"] == "lower"
    assert "cycle service level, %" in printed("replay", str(file), "--strategy", "base", "--path", "3")
