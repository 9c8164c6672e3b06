"""Levels replaced without reading a model again: the same network as when it is read with them."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

import networks
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from modelfile import GOOD

import jitrisk as jr
from jitrisk.arguments import build_backend, parse_draws
from jitrisk.lower import compute_policy_levels, lower_all
from jitrisk.model import load, replace_levels
from jitrisk.model.examples import list_examples
from jitrisk.model.policies import Level
from jitrisk.run import engine
from jitrisk.studies.keeping import Keeping

NO_SHRINKING = (Phase.explicit, Phase.generate)  # a model takes long to read
OUTCOMES = ("on_hand", "wip", "filled", "lost")


def drawn_levels(draw: Any, policy: Any, period: float) -> tuple[dict[str, Any], dict[str, float | Level]]:
    """Levels of one policy twice: as they are written in a model, and as they are replaced."""
    kind = policy.kind
    if kind == "kanban":
        cards = draw(st.integers(1, 400))
        return {"cards": cards}, {"cards": cards}
    number = st.integers(1, 4000).map(lambda eighths: eighths / 8)  # no rounding on the way from days to periods
    if kind == "base_stock":
        name = "cover" if policy.followed else draw(st.sampled_from(["level", "cover"]))
        amount = draw(number)
        return {name: f"{amount!r} d" if name == "cover" else amount}, {
            name: amount * 24 / period if name == "cover" else amount
        }
    names = {"min_max": ("min", "max"), "reorder_point": ("point", "quantity")}.get(kind, ())
    written: dict[str, Any] = {}
    replaced: dict[str, float | Level] = {}
    in_days = policy.followed is not None or draw(
        st.booleans()
    )  # of both: a least level above the largest one is a fault
    amounts = sorted({draw(number), draw(number), 600.5})[:2]
    for name, amount in zip(names, amounts, strict=False):
        written[name] = f"{amount!r} d" if in_days else amount
        replaced[name] = Level(cover=amount * 24 / period) if in_days else Level(units=amount)
    return written, replaced


def replace_all_levels(network: jr.Network, levels: dict[str, dict[str, Any]]) -> jr.Network:
    """A network with other levels at some stages."""
    return network.replace_stages({name: replace_levels(network.stages[name], own) for name, own in levels.items()})


def replaced_twice(draw: Any, network: jr.Network) -> tuple[jr.Network, jr.Network]:
    """A network of one strategy with drawn levels: read again, and replaced."""
    period = network.period
    written_policies = {name: stage["policy"] for name, stage in json.loads(network.text)["stages"].items()}
    changes: dict[str, Any] = {}
    levels: dict[str, dict[str, float | Level]] = {}
    for name, stage in network.stages.items():
        written, values = drawn_levels(draw, stage.policy, period)
        if values:
            levels[name] = values
            kind = stage.policy.kind
            dropped = ["cards", "level", "cover", "service", "min", "max", "point", "quantity"]
            dropped += [] if stage.policy.followed else ["safety"]  # that of a card formula
            kept = {key: value for key, value in written_policies[name][kind].items() if key not in dropped}
            changes[f"stages.{name}.policy"] = {kind: {**kept, **written}}
    return network.patched(changes), replace_all_levels(network, levels)


def load_bare(source: Any) -> jr.Network:
    """The network of a model without its strategies."""
    network = load(source)
    return load(
        {key: value for key, value in json.loads(network.text).items() if key not in ("strategies", "decisions")}
    )


def simulate_one(network: jr.Network) -> xr.Dataset:
    """The outcomes of a network, which need not have a text, on a few paths."""
    draws = parse_draws(network, [network], 8, 3)
    job = draws.build_job(lower_all({"x": network}))
    keeping = Keeping(network, {"x": network}, job, None)
    engine.run_blocks(job, keeping.kept, build_backend(1))
    return keeping.label(job.paths)


def assert_alike(one: jr.Network, other: jr.Network) -> None:
    """Every field of the arrays of two networks has the same bits."""
    read, replaced = (lower_all({"x": network})["x"] for network in (one, other))
    assert_equal_fields(read, replaced)


def assert_equal_fields(read: Any, replaced: Any) -> None:
    for field in fields(read):
        left, right = getattr(read, field.name), getattr(replaced, field.name)
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right, err_msg=field.name)
        elif is_dataclass(left):
            assert_equal_fields(left, right)
        elif field.name == "places":
            assert {k: v.tolist() for k, v in left.items()} == {k: v.tolist() for k, v in right.items()}
        else:
            assert left == right, field.name


@pytest.mark.parametrize("example", list_examples())
@settings(phases=NO_SHRINKING, max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_replace_levels__gives_the_arrays_of_the_model_read_again(example: str, data: Any) -> None:
    assert_alike(*replaced_twice(data.draw, load_bare(example)))


@settings(phases=NO_SHRINKING, max_examples=60, deadline=None)
@given(data=st.data(), model=networks.networks(networks.HALVES))
def test_replace_levels__gives_the_arrays_of_random_networks_read_again(data: Any, model: dict[str, Any]) -> None:
    assert_alike(*replaced_twice(data.draw, load_bare(model)))


@settings(phases=NO_SHRINKING, max_examples=15, deadline=None)
@given(data=st.data(), model=networks.networks())
def test_replace_levels__gives_the_outcomes_of_the_network_read_again(data: Any, model: dict[str, Any]) -> None:
    for customer in model["customers"].values():
        customer["demand"] = {"poisson": {"mean": 3}}
    one, other = map(simulate_one, replaced_twice(data.draw, load_bare(model)))
    for name in OUTCOMES:
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


def test_replace_levels__of_a_stage_in_an_example_gives_its_outcomes() -> None:
    network = load_bare("bicycles")
    cards = {"kanban": {"container": 1, "cards": 11}}
    read = network.patched({"stages.frame.policy.base_stock.cover": "9 d", "stages.bike.policy": cards})
    replaced = replace_all_levels(network, {"frame": {"cover": 9.0}, "bike": {"cards": 11}})
    outcomes = [simulate_one(one) for one in (read, replaced)]
    assert float(outcomes[0]["filled"].sum()) > 0
    for name in OUTCOMES:
        np.testing.assert_array_equal(outcomes[0][name].values, outcomes[1][name].values)


def test_replace_levels__drops_what_says_the_level_in_another_way() -> None:
    network = load_bare(GOOD)
    replaced = replace_all_levels(network, {"steel": {"level": 77.0}, "pump": {"cards": 3}})
    assert (replaced.stages["steel"].policy.cover, replaced.stages["steel"].policy.level) == (None, 77.0)
    levels = compute_policy_levels(replaced)
    assert (levels["steel"].order_up_to, levels["pump"].order_up_to) == (77.0, 15.0)
    assert network.stages["steel"].policy.cover == 9.0  # the network itself is as it was
    assert replaced.stages["other"] is network.stages["other"]
