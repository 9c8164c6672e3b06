"""Loading: strict YAML, files and mappings, tables, and every fault at once with its line."""

import errno
import json
import os
import pickle
import subprocess
import sys
import time
from datetime import date

import numpy as np
import pytest
import yaml
from modelfile import GOOD, MISSING, faults, line_of, only_fault, spoiled, written

from jitrisk.errors import ModelError
from jitrisk.model import describe, list_examples, load, read_model
from jitrisk.model.text.tree import DEEPEST
from jitrisk.sampling.distributions import build_constant, build_distribution

SMALL = """\
name: Small
period: 1 d
horizon: 100
stages:
  a: {policy: {make_to_order: {}}}
customers:
  c: {stage: a, demand: 5}
"""


def test_load__file_and_mapping_give_the_same_network(tmp_path):
    assert load(written(tmp_path, GOOD)) == load(str(written(tmp_path, GOOD))) == load(GOOD)


def test_load__text_of_a_network_loads_to_an_equal_network():
    network = load(GOOD)
    again = load(json.loads(network.text))
    assert again == network
    assert again.digest == network.digest
    assert len(network.digest) == 64
    assert load(spoiled("holding_rate", 0)).digest != network.digest


def test_load__network_can_be_pickled():
    network = load(GOOD)
    again = pickle.loads(pickle.dumps(network))
    assert again == network
    assert again.text == network.text


def test_load__order_of_the_file_is_kept(tmp_path):
    text = SMALL.replace("stages:\n", "stages:\n  z: {policy: {make_to_order: {}}}\n")
    assert list(load(written(tmp_path, text)).stages) == ["z", "a"]


def test_load__numpy_values_and_tuples_are_taken_in_a_mapping():
    model = spoiled("stages.pump.value", np.float32(3.5))
    model["horizon"] = np.int64(90)
    model["warm_up"] = 0
    model["customers"]["shop"]["demand"] = {"empirical": {"values": np.array([1.0, 2.0]), "weights": (1, 3)}}
    network = load(model)
    assert network.stages["pump"].value == 3.5
    assert network.horizon == 90
    assert network.customers["shop"].demand == build_distribution("empirical", values=[1, 2], weights=[1, 3])
    assert load(json.loads(network.text)) == network


# YAML


def test_load__words_that_older_yaml_takes_for_booleans_are_texts(tmp_path):
    network = load(written(tmp_path, SMALL.replace("  a:", "  NO:").replace("stage: a", "stage: NO")))
    assert list(network.stages) == ["NO"]
    assert network.customers["c"].stage == "NO"


def test_load__numbers_that_older_yaml_misreads_are_numbers(tmp_path):
    model = SMALL.replace("horizon: 100", "horizon: 1e2").replace("demand: 5", "demand: 010")
    network = load(written(tmp_path, model))
    assert network.horizon == 100
    assert network.customers["c"].demand == build_constant(10.0)


def test_load__time_of_day_is_not_a_number(tmp_path):
    fault = only_fault(written(tmp_path, SMALL.replace("period: 1 d", "period: 1:30")))
    assert fault.key == "period"
    assert fault.line == 2
    assert "the text `1:30`" in fault.message


def test_load__aliases_repeat_a_value_and_faults_in_them_point_to_the_alias(tmp_path):
    text = SMALL.replace("{policy: {make_to_order: {}}}", "&first {policy: {make_to_order: {}}}")
    text = text.replace("customers:", "  b: *first\ncustomers:")
    network = load(written(tmp_path, text))
    assert network.stages["a"] == network.stages["b"]
    found = faults(written(tmp_path, text.replace("{make_to_order: {}}", "{make_to_order: {lot: 1}}")))
    assert [(fault.key.split(".")[1], fault.line) for fault in found] == [("a", 5), ("b", 6)]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "an empty file"),
        ("# only a comment\n", 1, "an empty file"),
        ("---\n...\n", 1, "an empty file"),
        ("- a\n- b\n", 1, "found a list"),
        ("just words\n", 1, "the text `just words`"),
        ("name: a\nperiod: b: c\n", 2, "not valid YAML"),
        ("name: a\n\tperiod: 1 d\n", 2, "a tab indents this line; indent with spaces"),
        ("stages:\n \ta: 1\n", 2, "a tab indents this line; indent with spaces"),
        ("name: [a\n", 2, "not valid YAML"),
        ('name: "\x07"\n', 1, "U+0007"),
        ("!mine {name: a}\n", 1, "tag"),
        ("name: a\n---\nname: b\n", 2, "second document"),
        ("name: a\nperiod: *unknown\n", 2, "alias"),
        ("name: &a [*a]\n", 1, "alias"),
        ("é: ä\nname: \x07\n", 2, "U+0007"),
    ],
)
def test_load__text_that_is_no_model_is_refused_with_its_line(tmp_path, text, line, words):
    fault = only_fault(written(tmp_path, text))
    assert fault.file == str(tmp_path / "plant.yaml")
    assert fault.line == line
    assert words in fault.message


TOO_DEEP = f"nested more than {DEEPEST} deep"


@pytest.mark.parametrize("times", [DEEPEST + 1, 999, 1001, 100_000])
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[\n", "{\na:\n"])
def test_load__a_text_nested_too_deep_is_refused_with_its_line(tmp_path, opening, times):
    fault = only_fault(written(tmp_path, opening * times))
    assert fault.message == TOO_DEEP
    assert fault.line == 1 + DEEPEST * opening.count("\n")


@pytest.mark.parametrize("times", [DEEPEST + 1, 1001])
def test_load__a_text_indented_too_deep_is_refused_with_its_line(tmp_path, times):
    fault = only_fault(written(tmp_path, "".join(f"{' ' * n}a:\n" for n in range(times)) + " " * times + "b\n"))
    assert (fault.message, fault.line) == (TOO_DEEP, DEEPEST + 1)


class Shallow(yaml.SafeLoader):
    """A parser with a limit of its own, which it meets while it reads ahead."""

    def fetch_flow_collection_start(self, token):
        if self.flow_level > DEEPEST:
            raise yaml.scanner.ScannerError("while going deeper", self.get_mark(), "too much for me", self.get_mark())
        super().fetch_flow_collection_start(token)


def test_load__our_limit_speaks_before_that_of_the_parser(tmp_path, monkeypatch):
    monkeypatch.setattr("jitrisk.model.text.yaml_text.LOADER", Shallow)
    fault = only_fault(written(tmp_path, "name: a\nstages:\n  " + "[" * 100))
    assert (fault.message, fault.line) == (TOO_DEEP, 3)


def test_load__what_the_parser_refuses_below_our_limit_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("jitrisk.model.text.yaml_text.LOADER", Shallow)
    monkeypatch.setattr("jitrisk.model.text.yaml_text.DEEPEST", 1000)
    assert only_fault(written(tmp_path, "[" * 100)).message == "not valid YAML: too much for me"


@pytest.mark.parametrize(
    ("before", "after", "key", "line", "words"),
    [
        ("1 d", "!!python/object/apply:os.system [ls]", "period", 2, "the tag `!!python/object/apply:os.system`"),
        ("100", "!days {long: 100}", "horizon", 3, "the tag `!days`"),
        ("{make_to_order: {}}", "!order {lot: [1]}", "stages.a.policy", 5, "the tag `!order`"),
        ("stages:", "stages: !all", "stages", 4, "the tag `!all`"),
        ("stage: a", "!!str stage: a", "customers.c", 7, "the tag `!!str`"),
        ("stage: a", "<<: {stage: a}", "customers.c", 7, "merge keys"),
        ("stage: a", "<<: [{stage: a}, 5]", "customers.c", 7, "merge keys"),
        ("stage: a", "<<: {stage: b}, stage: a", "customers.c", 7, "merge keys"),
        ("horizon: 100", "horizon: 100\n? [1, {b: [c]}]\n: {d: {e: f}}", "", 4, "a key must be a plain text"),
        ("stage: a", "{x: y}: z, stage: a", "customers.c", 7, "a key must be a plain text"),
        ("stage: a", "&s stage: a", "customers.c", 7, "a key must be a plain text"),
        ("name: Small", "name: &s Small\n*s : 5", "", 2, "a key must be a plain text"),
    ],
)
def test_load__what_a_model_has_no_use_for_is_one_fault_and_hides_no_other(tmp_path, before, after, key, line, words):
    text = SMALL.replace(before, after)
    fault = only_fault(written(tmp_path, text))
    assert (fault.key, fault.line) == (key, line)
    assert words in fault.message
    found = faults(written(tmp_path, text.replace("demand: 5", "demand: -5") + "hazrds: {}\n"))
    assert len(found) == 3
    assert {"customers.c.demand", "hazrds"} < {fault.key for fault in found}


def test_load__merged_fields_are_checked_too(tmp_path):
    text = SMALL.replace("{policy: {make_to_order: {}}}", "&a {value: -1, policy: {make_to_order: {}}}\n  b: {<<: *a}")
    assert [fault.key for fault in faults(written(tmp_path, text))] == ["stages.a.value", "stages.b", "stages.b.value"]


def test_load__alias_bomb_is_refused_at_once(tmp_path):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))
    start = time.perf_counter()
    fault = only_fault(written(tmp_path, bomb))
    assert "aliases" in fault.message
    assert time.perf_counter() - start < 1.0


def test_load__depth_counts_through_aliases(tmp_path):
    chain = "a0: &a0 1\n" + "".join(f"a{i}: &a{i} {{x: {{y: *a{i - 1}}}}}\n" for i in range(1, 30))
    assert only_fault(written(tmp_path, chain)).message == TOO_DEEP


def test_load__duplicate_keys_name_both_lines_and_hide_no_other_fault(tmp_path):
    text = SMALL.replace("horizon: 100", "horizon: 100\nperiod: 2 d") + "  c: {stage: a, demand: 6, demand: 7}\n"
    text = text.replace("demand: 5", "demand: -5")
    found = faults(written(tmp_path, text))
    assert [fault.key for fault in found] == ["period", "customers.c.demand", "customers.c", "customers.c.demand"]
    assert "line 2 and on line 4" in found[0].message
    assert [fault.line for fault in found] == [4, 8, 9, 9]
    assert "line 8 and on line 9" in found[2].message
    assert "it stands twice on line 9" in found[3].message


def test_load__faults_in_both_values_of_a_duplicate_key_are_found(tmp_path):
    text = SMALL.replace("demand: 5", "demand: {poisson: {mean: -1}}")
    text = text.replace("customers:", "  a: {value: -2, policy: {kanbn: {}}}\ncustomers:") + "horizon: 3 dayz\n"
    found = faults(written(tmp_path, text.replace("{make_to_order: {}}", "{make_to_order: {lot: 3}}")))
    assert [(fault.line, fault.key) for fault in found] == [
        (5, "stages.a.policy.make_to_order.lot"),
        (6, "stages.a"),
        (6, "stages.a.policy.kanbn"),
        (6, "stages.a.value"),
        (8, "customers.c.demand.poisson.mean"),
        (9, "horizon"),
        (9, "horizon"),
    ]


def test_load__section_in_two_halves_brings_no_unknown_names(tmp_path):
    text = SMALL + "  d: {stage: b, demand: 5}\nstages:\n  b: {inputs: {a: 1}, policy: {make_to_order: {}}}\n"
    assert "duplicate key `stages`; it stands on line 4 and on line 9" in only_fault(written(tmp_path, text)).message


def test_load__halves_of_a_section_never_hold_themselves(tmp_path):
    text = SMALL.replace("stages:", "stages: &s") + "stages:\n  b: *s\n  c: {<<: *s}\n"
    assert any("duplicate key `stages`" in fault.message for fault in faults(written(tmp_path, text)))
    text = SMALL + "stages: &s\n  b: {policy: {make_to_order: {}}}\nhazards: {h: *s}\n"
    assert any("duplicate key `stages`" in fault.message for fault in faults(written(tmp_path, text)))


def test_load__tag_on_the_second_value_hides_no_fault_in_the_first(tmp_path):
    found = faults(written(tmp_path, SMALL.replace("demand: 5", "demand: -5, demand: !x 5")))
    assert len(found) == 3
    assert any("at least 0" in fault.message for fault in found)


# Sources


def test_describe__bundled_example_loads_by_name():
    for name, path in list_examples().items():
        assert load(name) == load(path)
        assert describe(path)
        assert not describe(path).startswith("#")


def test_load__a_file_comes_before_an_example_of_its_name_and_a_folder_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = next(iter(list_examples()))
    (tmp_path / name).mkdir()
    assert load(name) == load(list_examples()[name])
    (tmp_path / name).rmdir()
    written(tmp_path, SMALL, name)
    assert load(name).name == "Small"


def test_describe__describe_of_a_file_without_a_comment_is_empty(tmp_path):
    assert describe(written(tmp_path, SMALL)) == ""
    assert describe(written(tmp_path, "")) == ""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("brake-valve", "did you mean `brake-valves`?"),
        ("missing.yaml", "there is no file `missing.yaml`"),
        ("some/where", "there is no file `some/where`"),
        ("name: x\nperiod: 8 h", "there is no file"),
        ("x" * 5000, "there is no file"),
        ("a\0b", "there is no file"),
        (".", "folder"),
        (5, "expected a file"),
        (None, "expected a file"),
    ],
)
def test_load__source_that_is_not_there_is_one_fault(source, words):
    assert words in only_fault(source).message


@pytest.mark.parametrize(
    ("name", "file"), [("plant", "plant.yaml"), ("plant", "plant.yml"), ("plant.yml", "plant.yaml")]
)
def test_load__name_without_its_ending_finds_the_file(tmp_path, monkeypatch, name, file):
    written(tmp_path, SMALL, file)
    monkeypatch.chdir(tmp_path)
    assert only_fault(name).message == f"there is no file `{name}`; did you mean `{file}`?"
    assert f"did you mean `{file}`?" in only_fault(tmp_path / name).message


def test_load__file_that_is_not_text_is_refused_with_its_line(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"name: a\nplace: \xff\xfe\n")
    fault = only_fault(path)
    assert fault.line == 2
    assert "UTF-8" in fault.message


def test_load__byte_order_mark_is_no_part_of_the_model(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load(path).name == "Small"


def test_load__too_large_a_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("jitrisk.model.loading.MOST_BYTES", 100)
    assert "larger than 100 bytes" in only_fault(written(tmp_path, SMALL + "#" * 100)).message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_load__unreadable_file_says_why(tmp_path):
    path = written(tmp_path, SMALL)
    path.chmod(0)
    assert os.strerror(errno.EACCES) in only_fault(path).message


@pytest.mark.parametrize("value", [object(), date(2024, 1, 1), b"x", {1, 2}, 3 + 4j])
def test_load__values_no_file_could_hold_are_faults(value):
    fault = only_fault(spoiled("stages.pump.value", value))
    assert fault.key == "stages.pump.value"
    assert fault.line is None
    assert not fault.file


def test_load__keys_of_a_mapping_must_be_texts():
    fault = only_fault({**GOOD, 7: 1})
    assert "a key must be a text, found the number `7`" in fault.message


def test_load__mapping_that_holds_itself_is_refused():
    model = dict(GOOD)
    model["stages"] = model
    assert only_fault(model).message == TOO_DEEP


def test_load__huge_integers_are_refused_like_other_numbers():
    assert "at most" in only_fault(spoiled("stages.pump.value", 10**5000)).message


# Models as mappings


def test_read_model__of_an_example_loads_to_the_same_network():
    for name, path in list_examples().items():
        assert load(read_model(path)) == load(read_model(name)) == load(path)


def test_read_model__means_what_load_means(tmp_path):
    text = "name: NO\nperiod: 1:30\nhorizon: 017\nstages: {on: {value: 1e1, policy: {kanban: {cards: 0x1F}}}}\n"
    stages = {"on": {"value": 10.0, "policy": {"kanban": {"cards": "0x1F"}}}}
    expected = {"name": "NO", "period": "1:30", "horizon": 17, "stages": stages}
    assert read_model(written(tmp_path, text)) == expected


def test_read_model__takes_a_part_of_a_model_and_leaves_its_keys_to_load(tmp_path):
    assert read_model(written(tmp_path, "hazrds: {fire: {rate: often}}\n")) == {"hazrds": {"fire": {"rate": "often"}}}


@pytest.mark.parametrize(
    ("text", "key", "line", "words"),
    [
        (SMALL + "period: 2 d\n", "period", 8, "duplicate key `period`; it stands on line 2 and on line 8"),
        (SMALL.replace("demand: 5", "demand: !!int 5"), "customers.c.demand", 7, "the tag `!!int`"),
        (SMALL.replace("stage: a", "<<: {stage: a}"), "customers.c", 7, "merge keys"),
        (SMALL + "5: [\n", "", 9, "not valid YAML"),
        ("- a\n", "", 1, "found a list"),
        ("", "", 1, "an empty file"),
        ("[" * 100, "", 1, TOO_DEEP),
    ],
)
def test_read_model__refuses_what_load_refuses_of_a_text(tmp_path, text, key, line, words):
    path = written(tmp_path, text)
    with pytest.raises(ModelError) as caught:
        read_model(path)
    (fault,) = caught.value.faults
    assert (fault.file, fault.key, fault.line) == (str(path), key, line)
    assert words in fault.message
    assert fault in faults(path)


def test_read_model__shares_no_part_that_an_alias_repeats(tmp_path):
    text = SMALL.replace("{policy: {make_to_order: {}}}", "&first {policy: {make_to_order: {}}}")
    model = read_model(written(tmp_path, text.replace("customers:", "  b: *first\ncustomers:")))
    model["stages"]["b"]["policy"] = {}
    assert model["stages"]["a"] == {"policy": {"make_to_order": {}}}


def test_read_model__of_a_mapping_is_a_copy():
    model = read_model(GOOD)
    assert model == GOOD
    model["stages"].clear()
    assert GOOD["stages"]


def test_read_model__brings_the_values_of_tables(tmp_path, monkeypatch):
    path = with_table(tmp_path, TABLE, weights="lines")
    network, model = load(path), read_model(path)
    (tmp_path / "delays.csv").unlink()
    monkeypatch.chdir(tmp_path)
    assert load(model) == network
    assert model["stages"]["steel"]["lead_time"]["empirical"] == {"values": [1.5, 3], "weights": [1, 15], "unit": "d"}


def test_read_model__names_faulty_cells_with_their_line_in_the_table(tmp_path):
    with pytest.raises(ModelError) as caught:
        read_model(with_table(tmp_path, "days\n3\nlate\n"))
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == (str(tmp_path / "delays.csv"), 3)


def test_read_model__of_a_file_that_is_not_there_names_it():
    with pytest.raises(ModelError, match=r"there is no file `missing\.yaml`"):
        read_model("missing.yaml")


# Faults


def test_load__every_fault_is_reported_at_once_in_the_order_of_the_file(tmp_path):
    text = """\
name: Many faults
period: 8 h
horizon: 1 year
warm_up: 1 year
holding_rate: 20 %
hazrds: {}
stages:
  steel: {lead_time: 900 / d, capacty: 5, policy: {base_stock: {cover: 3 d, level: 5}}}
  pump:
    inputs: {steal: 1, metal: {quantity: 0, from: {steel: 0.5, pump: 0.4}}}
    yield: 1.2
    value: .nan
    policy: {kanbn: {}}
customers:
  shop: {stage: pomp, demand: {every: 5 h, poisson: {mean: -1}}}
  pump: {stage: pump}
hazards:
  fire: {rate: 1 d, duration: {lognorml: {mean: 1}}, hits: {pump: {demand: 2}, nobody: {capacity: 3}}}
strategies:
  jit: {period: 1 d, stages: {pumps: {value: 1}}}
"""
    expected = [
        (4, "warm_up", "shorter than the horizon"),
        (5, "holding_rate", "a percentage `20 %`"),
        (6, "hazrds", "did you mean `hazards`?"),
        (8, "stages.steel.capacty", "did you mean `capacity`?"),
        (8, "stages.steel.lead_time", "a rate `900 / d`"),
        (8, "stages.steel.policy.base_stock", "exactly one of"),
        (10, "stages.pump.inputs.metal.quantity", "above 0"),
        (10, "stages.pump.inputs.metal.from", "add up to 1"),
        (10, "stages.pump.inputs.steal", "did you mean `steel`?"),
        (10, "stages.pump.inputs", "cycle: pump -> pump"),
        (11, "stages.pump.yield", "at most 1"),
        (12, "stages.pump.value", "finite"),
        (13, "stages.pump.policy.kanbn", "did you mean `kanban`?"),
        (15, "customers.shop.stage", "did you mean `pump`?"),
        (15, "customers.shop.demand.every", "whole number of periods"),
        (15, "customers.shop.demand.poisson.mean", "at least 0"),
        (16, "customers.pump", "missing key `demand`"),
        (16, "customers.pump", "unique across stages and customers"),
        (18, "hazards.fire.rate", "a duration `1 d`"),
        (18, "hazards.fire.duration", "did you mean `lognormal`?"),
        (18, "hazards.fire.hits.pump.demand", "does not act on a stage"),
        (18, "hazards.fire.hits.nobody.capacity", "at most 1"),
        (18, "hazards.fire.hits.nobody", "unknown stage or customer"),
        (20, "strategies.jit.period", "the same under every strategy"),
        (20, "strategies.jit.stages.pumps", "did you mean `pump`?"),
    ]
    found = faults(written(tmp_path, text))
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)
    for line, key, words in expected:
        assert [f for f in found if f.line == line and f.key == key and words in f.message], (line, key, words)
    assert len(found) == len(expected), [str(fault) for fault in found if fault.key not in {k for _, k, _ in expected}]


def test_load__a_fault_prints_as_file_line_key_message(tmp_path):
    path = written(tmp_path, SMALL.replace("demand: 5", "demand: fast"))
    with pytest.raises(ModelError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:7: customers.c.demand: expected ")


def test_load__faulty_period_brings_no_faults_that_follow_from_it():
    model = spoiled("period", "8 parsecs")
    model["customers"]["shop"]["demand"]["every"] = "36 h"
    model["horizon"] = "20 min"
    assert only_fault(model).key == "period"


@pytest.mark.parametrize("key", ["name", "period", "horizon", "stages", "customers"])
def test_load__missing_keys_at_the_top_point_to_the_first_line(tmp_path, key):
    found = faults(written(tmp_path, spoiled(key, MISSING)))
    assert [fault.message for fault in found if fault.message.startswith(f"missing key `{key}`")]
    assert found[0].line == 1


def test_load__control_characters_never_reach_the_terminal():
    model = {**GOOD, "na\x1b[2Jme\n": 1}
    model["stages"] = {**GOOD["stages"], "a\x07": {"polcy\x1b": 1}}
    with pytest.raises(ModelError) as caught:
        load(model)
    assert all(line.isprintable() for line in str(caught.value).split("\n"))


# Tables

TABLE = "site,days,lines\nx,3,10\ny,1.5,1\n\nz,3,5\n"


def tabled(**body):
    empirical = {"file": "delays.csv", "column": "days", "unit": "d"} | body
    return spoiled("stages.steel.lead_time", {"empirical": {k: v for k, v in empirical.items() if v is not MISSING}})


def with_table(folder, table, **body):
    (folder / "delays.csv").write_text(table, encoding="utf-8")
    return written(folder, tabled(**body))


def test_load__table_becomes_values_counted_together(tmp_path):
    network = load(with_table(tmp_path, TABLE))
    assert network.stages["steel"].lead_time == build_distribution("empirical", values=[4.5, 9.0], weights=[1, 2])


def test_load__weights_are_a_column_of_the_table(tmp_path):
    network = load(with_table(tmp_path, TABLE, weights="lines"))
    assert network.stages["steel"].lead_time == build_distribution("empirical", values=[4.5, 9.0], weights=[1, 15])


def test_load__bare_cells_are_periods_and_cells_may_carry_units(tmp_path):
    path = with_table(tmp_path, "days\n2\n1 d\nPT12H\n", unit=MISSING)
    expected = build_distribution("empirical", values=[2.0, 3.0, 1.5], weights=[1, 1, 1])
    lead_time = load(path).stages["steel"].lead_time
    assert lead_time.mean() == pytest.approx(expected.mean())
    assert (lead_time.lowest, lead_time.highest) == (1.5, 3.0)


def test_load__text_of_a_model_with_a_table_needs_no_file(tmp_path, monkeypatch):
    network = load(with_table(tmp_path, TABLE, weights="lines"))
    (tmp_path / "delays.csv").unlink()
    monkeypatch.chdir(tmp_path)
    assert load(json.loads(network.text)) == network
    assert "delays.csv" not in network.text


def test_load__table_of_a_mapping_lies_in_the_working_folder(tmp_path, monkeypatch):
    path = with_table(tmp_path, TABLE)
    monkeypatch.chdir(tmp_path)
    assert load(tabled()) == load(path)


def test_load__table_in_a_strategy_is_read_too(tmp_path):
    (tmp_path / "demand.csv").write_text("units\n4\n6\n", encoding="utf-8")
    patch = {"customers": {"shop": {"demand": {"empirical": {"file": "demand.csv", "column": "units"}}}}}
    network = load(written(tmp_path, spoiled("strategies.lean", patch)))
    assert network.strategies["lean"].customers["shop"].demand.mean() == 5.0


def test_load__faulty_cells_are_named_with_their_line_in_the_table(tmp_path):
    found = faults(with_table(tmp_path, 'days\n3\nlate\n-2\n\nnan\n1e99\n""\n'))
    assert [fault.line for fault in found] == [3, 4, 6, 7, 8]
    assert {fault.file for fault in found} == {str(tmp_path / "delays.csv")}
    assert {fault.key for fault in found} == {"stages.steel.lead_time.empirical.column"}
    assert "the text `late`" in found[0].message
    assert "from 0 to" in found[1].message


@pytest.mark.parametrize(
    ("table", "line", "words"),
    [
        ("days\n2\n1,5\n", 3, "expected 1 cell as in the header, found 2 cells; write decimals with a point"),
        ("site,days\nx,1,5\n", 2, "expected 2 cells as in the header, found 3 cells"),
        ("site,days\n\nx\n", 3, "expected 2 cells as in the header, found 1 cell"),
        ("site,days\nx;2\n", 2, "found 1 cell; the cells are separated by semicolons, expected commas"),
        ("site,days\nx\t2\n", 2, "found 1 cell; the cells are separated by tabs, expected commas"),
        ("site;days\nx;1,5\n", 1, "the cells are separated by semicolons; expected commas"),
        ("site\tdays\nx\t1\n", 1, "the cells are separated by tabs; expected commas"),
    ],
)
def test_load__row_that_does_not_fit_the_header_is_named_with_its_line(tmp_path, table, line, words):
    fault = only_fault(with_table(tmp_path, table))
    assert (fault.file, fault.line) == (str(tmp_path / "delays.csv"), line)
    assert words in fault.message


def test_load__quoted_cells_may_hold_commas_and_lines(tmp_path):
    network = load(with_table(tmp_path, 'site,days\n"x, y",1.5\n"z\nz;",3\n'))
    assert network.stages["steel"].lead_time == build_distribution("empirical", values=[4.5, 9.0], weights=[1, 1])


def test_load__of_many_faulty_cells_the_rest_are_counted(tmp_path):
    found = faults(with_table(tmp_path, "days\n" + "x\n" * 1000))
    assert len(found) == 11
    assert any("990 more faults" in fault.message for fault in found)


@pytest.mark.parametrize(
    ("table", "body", "key", "words"),
    [
        (TABLE, {"column": "day"}, "column", "did you mean `days`?"),
        (TABLE, {"column": MISSING}, "", "missing key `column`"),
        (TABLE, {"column": 2}, "column", "expected a text"),
        (TABLE, {"weights": "line"}, "weights", "did you mean `lines`?"),
        (TABLE, {"weights": "site"}, "weights", "the text `x`"),
        (TABLE, {"values": [1]}, "values", "unknown key `values`"),
        (TABLE, {"unit": "parsec"}, "unit", "unknown unit of time"),
        ("a,days,days\n1,2,3\n", {}, "column", "more than once"),
        ("days\n", {}, "file", "found 0 rows"),
        ("", {}, "file", "found 0 rows"),
        (TABLE, {"file": "delay.csv"}, "file", "did you mean `delays.csv`?"),
        (TABLE, {"file": "../delays.csv"}, "file", "in the folder of the model"),
        (TABLE, {"file": "/etc/hostname"}, "file", "in the folder of the model"),
        (TABLE, {"file": "C:\\delays.csv"}, "file", "in the folder of the model"),
        (TABLE, {"file": "..\\delays.csv"}, "file", "in the folder of the model"),
        (TABLE, {"file": "a\0b"}, "file", "cannot be read"),
    ],
)
def test_load__table_that_cannot_be_used_is_a_fault_of_its_key(tmp_path, table, body, key, words):
    found = faults(with_table(tmp_path, table, **body))
    assert words in found[0].message
    assert found[0].key == ".".join(filter(None, ["stages.steel.lead_time.empirical", key]))
    assert found[0].line


def test_load__link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "outside.csv").write_text(TABLE, encoding="utf-8")
    folder = tmp_path / "model"
    folder.mkdir()
    path = with_table(folder, TABLE)
    (folder / "delays.csv").unlink()
    (folder / "delays.csv").symlink_to(tmp_path / "outside.csv")
    assert "in the folder of the model" in only_fault(path).message


def test_load__table_that_is_not_text_or_too_large_is_refused(tmp_path, monkeypatch):
    path = with_table(tmp_path, TABLE)
    (tmp_path / "delays.csv").write_bytes(b"days\n\xff\n")
    assert "not UTF-8" in only_fault(path).message
    monkeypatch.setattr("jitrisk.model.tables.MOST_BYTES", 5)
    assert "larger than 5 bytes" in only_fault(path).message
    monkeypatch.setattr("jitrisk.model.tables.MOST_BYTES", 2_500_000)
    (tmp_path / "delays.csv").write_bytes(b"1" * 2_500_001)
    assert "larger than 2.5 MB" in only_fault(path).message
    monkeypatch.undo()
    monkeypatch.setattr("jitrisk.model.tables.MOST_ROWS", 2)
    assert "1 to 2 rows, found 3 rows" in only_fault(with_table(tmp_path, TABLE)).message


def test_load__unit_is_for_durations_alone(tmp_path):
    model = spoiled("customers.shop.demand", {"empirical": {"values": [1, 2], "unit": "d"}})
    assert "durations alone" in only_fault(model).message


# Speed


def test_load__large_network_loads_in_linear_time(tmp_path):
    def plant(stages):
        chain = "".join(
            f"  s{i}:\n    inputs: {{s{i - 1}: 1}}\n    lead_time: 2 d\n    capacity: 400 / d\n"
            f"    policy: {{kanban: {{container: 10, cards: auto}}}}\n"
            for i in range(1, stages)
        )
        return (
            SMALL.replace("  a:", "  s0:").replace("customers:", chain + "customers:").replace("stage: a", "stage: s1")
        )

    def seconds(stages):
        path = written(tmp_path, plant(stages))
        start = time.process_time()
        load(path)
        return time.process_time() - start

    assert seconds(2000) < 12 * max(min(seconds(500) for _ in range(2)), 0.02)
    assert len(load(written(tmp_path, plant(2000))).stages) == 2000


def test_load__loading_imports_nothing_heavy():
    code = (
        "import sys, jitrisk.model; jitrisk.model.load('bicycles');"
        "print([m for m in ('numba', 'xarray', 'scipy.stats', 'click', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_load__lines_of_faults_deep_in_a_block_are_their_own(tmp_path):
    text = yaml.safe_dump(spoiled("hazards.boom.hits.pump.capacity", 7), sort_keys=False)
    assert only_fault(written(tmp_path, text)).line == line_of(text, "capacity: 7")
