"""The least and the most that a model may hold: tiny numbers, hazards without a pause, interest, empty tables."""

import pytest
from modelfile import GOOD, faults, only_fault, spoiled

import jitrisk as jr
from jitrisk.model import load
from jitrisk.model.fields.measures import SMALLEST

TINY = 1e-39
"""Below the least normal number of float32."""


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("stages.pump.capacity", TINY, "0 or from 1e-12 to 1e+12"),
        ("stages.pump.capacity", "1e-39 / d", "0 or from 1e-12 to 1e+12"),
        ("stages.pump.lead_time", TINY, "0 or from 1e-12 to 1e+12"),
        ("stages.pump.lead_time", "1e-39 d", "0 or from 1e-12 to 1e+12"),
        ("stages.pump.lead_time", {"lognormal": {"mean": TINY, "cv": 1}}, "0 or from 1e-12 to 1e+12"),
        ("stages.pump.lead_time", {"gamma": {"shape": 1e-12, "scale": 1e-12}}, "0 or from 1e-12 to 1e+12, found 1e-24"),
        ("stages.pump.yield", TINY, "from 1e-12 to 1"),
        ("stages.pump.on_hand", TINY, "0 or from 1e-12"),
        ("stages.pump.value", TINY, "0 or from 1e-12"),
        ("stages.pump.downtime_cost", TINY, "0 or from 1e-12"),
        ("stages.pump.inputs.metal.quantity", TINY, "from 1e-12 to 1e+12"),
        ("stages.pump.inputs.metal.from.steel", TINY, "0 or from 1e-12 to 1,"),
        ("stages.pump.policy.kanban.container", TINY, "from 1e-12 to 1e+12"),
        ("stages.pump.policy.kanban.safety", TINY, "0 or from 1e-12"),
        ("stages.steel.policy", {"base_stock": {"level": TINY}}, "0 or from 1e-12"),
        ("stages.steel.policy", {"base_stock": {"service": TINY}}, "from 1e-12 to 1"),
        ("stages.steel.policy", {"reorder_point": {"point": 1, "quantity": TINY}}, "0 or from 1e-12"),
        ("customers.export.demand", TINY, "0 or from 1e-12"),
        ("customers.export.demand", {"gamma": {"mean": 8, "cv": TINY}}, "0 or from 1e-12"),
        ("customers.export.demand", {"negative_binomial": {"mean": 8, "size": TINY}}, "0 or from 1e-12"),
        ("customers.export.demand", {"empirical": {"values": [1, TINY]}}, "0 or from 1e-12"),
        ("hazards.strike.ramp", TINY, "0 or from 1e-12"),
        ("hazards.strike.duration", TINY, "from 1e-12 to 1e+12"),
        ("hazards.strike.rate", TINY, "from 1e-12 to 1e+12"),
        ("hazards.boom.chance", TINY, "0 or from 1e-12 to 1,"),
        ("hazards.boom.hits.pump.capacity", TINY, "0 or from 1e-12 to 1,"),
        ("hazards.boom.hits.shop.demand", TINY, "0 or from 1e-12"),
    ],
)
def test_load__a_number_too_small_for_float32_is_refused_with_its_key_and_the_allowed_range(path, value, allowed):
    fault = only_fault(spoiled(path, value))
    assert fault.key.startswith(path)
    assert allowed in fault.message
    assert "found" in fault.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("stages.pump.capacity", SMALLEST),
        ("stages.pump.capacity", 0),
        ("stages.pump.lead_time", 0),
        ("stages.pump.on_hand", 0),
        ("customers.export.demand", 0),
        ("customers.export.demand", {"empirical": {"values": [0, 1]}}),
        ("customers.export.demand", {"empirical": {"values": [1, 2], "weights": [1e-30, 3e-30]}}),
        ("hazards.boom.hits.pump.capacity", 0),
        ("hazards.boom.chance", 0),
    ],
)
def test_load__zero_the_least_number_and_small_weights_are_taken(path, value):
    assert not faults(spoiled(path, value))


def test_load__a_tiny_number_in_a_file_is_refused_with_its_line(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(
        "name: tiny\nperiod: 1 d\nhorizon: 30 d\nstages:\n  s:\n    capacity: 1e-39\n"
        "    policy: {base_stock: {level: 9}}\ncustomers: {c: {stage: s, demand: 1}}\n"
    )
    with pytest.raises(jr.ModelError) as refused:
        load(path)
    (fault,) = refused.value.faults
    assert (fault.line, fault.key) == (6, "stages.s.capacity")


@pytest.mark.parametrize("duration", ["1 s", "2 min", "1 d", {"exponential": {"mean": "5 d"}}])
@pytest.mark.parametrize(
    "time_between",
    [{"rate": "1e9 / d"}, {"time_between": "1e-9 d"}, {"time_between": {"gamma": {"mean": "1e-9 d", "cv": 1}}}],
)
def test_load__a_hazard_that_comes_a_billion_times_a_day_is_refused_whatever_its_duration(time_between, duration):
    fault = only_fault(
        spoiled("hazards.strike", {**time_between, "duration": duration, "hits": {"pump": {"capacity": 0}}})
    )
    assert fault.key == f"hazards.strike.{next(iter(time_between))}"
    assert "at most 10,000 occurrences per period of time between" in fault.message


def test_load__a_hazard_whose_mean_quiet_time_is_long_but_nearly_always_short_is_refused_in_the_model():
    # Both means are 3 periods, but half of the times of such a distribution are below 1e-1000 of it.
    distribution = {"gamma": {"mean": "1 d", "cv": 100}}
    fault = only_fault(
        spoiled(
            "hazards.strike",
            {"time_between": distribution, "duration": distribution, "hits": {"pump": {"capacity": 0}}},
        )
    )
    assert fault.key == "hazards.strike.duration"
    assert "at most 1,000 occurrences per period" in fault.message


@pytest.mark.parametrize("rate", ["900 / h", "1 / 5 min"])
def test_load__a_hazard_that_comes_often_but_not_without_a_pause_is_taken(rate):
    model = spoiled("hazards.strike", {"rate": rate, "duration": "1 h", "hits": {"pump": {"capacity": 0}}})
    assert load(model).hazards["strike"].rate


@pytest.mark.parametrize("rate", ["1 / month", "1 / week", "1000 / year"])
def test_load__a_holding_rate_of_a_textbook_is_taken(rate):
    year = {"1 / month": 12, "1 / week": 365 / 7, "1000 / year": 1000}[rate]
    assert load(spoiled("holding_rate", rate)).holding_rate == pytest.approx(year / (365 * 3))


def test_load__a_holding_rate_above_100_000_percent_a_year_is_refused():
    fault = only_fault(spoiled("holding_rate", "1001 / year"))
    assert "at most 100,000 % per year, found 100,100 % per year" in fault.message


def test_load__a_table_whose_weights_are_all_zero_is_a_fault_with_its_line(tmp_path):
    (tmp_path / "zero.csv").write_text("days,n\n1,0\n2,0\n")
    model = tmp_path / "zero.yaml"
    model.write_text(
        "name: zero weights\nperiod: 1 d\nhorizon: 30 d\nstages:\n"
        "  s: {lead_time: {empirical: {file: zero.csv, column: days, weights: n, unit: d}},\n"
        "      policy: {base_stock: {level: 100}}}\ncustomers:\n  c: {stage: s, demand: 5}\n"
    )
    with pytest.raises(jr.ModelError) as refused:
        load(model)
    (fault,) = refused.value.faults
    assert (fault.file, fault.line, fault.key) == (str(model), 5, "stages.s.lead_time.empirical")
    assert "at least one must be positive" in fault.message


def test_load__zero_weights_written_in_the_model_with_a_unit_are_a_fault_too():
    distribution = {"empirical": {"values": [1, 2], "weights": [0, 0], "unit": "d"}}
    assert "at least one must be positive" in only_fault(spoiled("stages.pump.lead_time", distribution)).message
    assert not faults(GOOD)
