"""A strategy written into the text of a model: the text around it stays, and the model is the one expected."""

import codecs
import copy
import json
import shutil

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from modelfile import GOOD
from networks import networks, policies

from jitrisk.errors import ModelError
from jitrisk.model import insert_strategy, list_examples, list_table_files, load
from jitrisk.model.text import read_yaml
from jitrisk.model.text.writing import write_block, write_flow

LEAN = """# a plant
name: Plant   # its name
period: 1 d
horizon: 10 d
stages:
  press: {policy: {base_stock: {level: 4}}}
  paint: {inputs: {press: 1}, policy: {kanban: {container: 1, cards: 3}}}
customers:
  shop: {stage: paint, demand: 1}
"""
PATCH = {"holding_rate": "10 % / year", "stages": {"press": {"policy": {"base_stock": {"level": 2.5}}}}}
BLOCK = """  plan:
    holding_rate: 10 % / year
    stages:
      press: {policy: {base_stock: {level: 2.5}}}
"""
FLOW = "plan: {holding_rate: 10 % / year, stages: {press: {policy: {base_stock: {level: 2.5}}}}}"


def inserted(folder, text, name="plan", patch=PATCH, encoding="utf-8"):
    """Return the text with a strategy inserted, after the checks that hold for every insertion."""
    source = folder / "plant.yaml"
    source.write_bytes(text.encode(encoding))
    result = insert_strategy(source, name, patch)
    network = load(source)
    before = json.loads(network.text).get("strategies") or {"base": {}}
    target = folder / "plan.yaml"
    target.write_bytes(result.encode())
    assert load(target) == network.patched({"strategies": {**before, name: patch}})
    assert insert_strategy(target, name, patch) == result
    if name not in network.strategies and "strategies: {}" not in text:
        assert_only_inserted(source.read_bytes(), target.read_bytes())
    return result


def assert_only_inserted(before, after):
    """Assert that bytes are others with one run of bytes inserted."""
    prefix = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    assert len(after) > len(before)
    assert after.endswith(before[prefix:])


# Examples


@pytest.mark.parametrize("name", sorted(list_examples()))
def test_insert_strategy__examples_differ_only_in_the_inserted_lines(name, tmp_path):
    file = list_examples()[name]
    network = load(name)
    stage = next(iter(network.stages))
    patch = {"stages": {stage: {"policy": {"base_stock": {"cover": "4.25 d"}}}}}
    text = insert_strategy(name, "optimized", patch)
    before = file.read_bytes()
    assert_only_inserted(before, text.encode())
    lines = text.splitlines()
    at = lines.index("  optimized:")
    assert lines[at : at + 3] == [
        "  optimized:",
        "    stages:",
        f"      {stage}: {{policy: {{base_stock: {{cover: 4.25 d}}}}}}",
    ]
    assert lines[:at] + lines[at + 3 :] == before.decode().splitlines()
    for table, path in list_table_files(name).items():
        shutil.copy(path, tmp_path / table)
    plan = tmp_path / "plan.yaml"
    plan.write_bytes(insert_strategy(name, "optimized", patch, plan).encode())
    assert list(load(plan).strategies) == [*network.strategies, "optimized"]
    assert insert_strategy(plan, "optimized", patch, plan) == text


# Places


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("  # about c\n", ""),
        ("    # about c\n  # and more\n", "\n# the end\n"),
        ("", "# the end\n"),
        ("", "\n\n"),
        ("", "hazards: {}\n"),
        ("", "...\n"),
        ("", "...\n# after the end\n"),
    ],
)
def test_insert_strategy__stands_after_the_last_strategy_and_its_comments(before, after, tmp_path):
    head = f"{LEAN}strategies:\n  a: {{}}\n\n  # about b\n  b: {{}}   # same\n{before}"
    assert inserted(tmp_path, head + after) == head + BLOCK + after


@pytest.mark.parametrize("after", ["", "\n# the end\n", "\n\n", "  # indented\n"])
def test_insert_strategy__a_model_without_strategies_gets_base_before_it(after, tmp_path):
    result = inserted(tmp_path, LEAN + after)
    assert result == LEAN + after + ("" if after.endswith("\n\n") else "\n") + "strategies:\n  base: {}\n" + BLOCK


def test_insert_strategy__the_section_stands_before_the_end_of_the_document(tmp_path):
    assert inserted(tmp_path, f"---\n{LEAN}...\n# x\n") == f"---\n{LEAN}\nstrategies:\n  base: {{}}\n{BLOCK}...\n# x\n"


def test_insert_strategy__takes_the_indentation_of_the_other_strategies(tmp_path):
    head = f"{LEAN}strategies:\n     a:\n              holding_rate: 1 % / year\n"
    assert inserted(tmp_path, head) == head + "".join(f"   {line}\n" for line in BLOCK.splitlines())
    indented = "".join(f"   {line}\n" for line in LEAN.splitlines())
    section = "".join(f"   {line}\n" for line in f"strategies:\n  base: {{}}\n{BLOCK}".splitlines())
    assert inserted(tmp_path, indented) == f"{indented}\n{section}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("strategies: {a: {}}\n", f"strategies: {{a: {{}}, {FLOW}}}\n"),
        ("strategies: {a: {} , }  # x\n", f"strategies: {{a: {{}}, {FLOW} , }}  # x\n"),
        (
            "strategies: {\n  a: {},\n  b: {}  # x\n  }\n",
            f"strategies: {{\n  a: {{}},\n  b: {{}},\n  {FLOW}  # x\n  }}\n",
        ),
        ("strategies: {}   # none\n", f"strategies:\n  base: {{}}\n{BLOCK[:-1]}   # none\n"),
        ("strategies: {plan: {}}\n", f"strategies: {{{FLOW}}}\n"),
        ("strategies:\n  plan: {} # x\n  a: {}\n", f"strategies:\n{BLOCK[:-1]} # x\n  a: {{}}\n"),
        ("strategies:\n  plan:  # x\n     holding_rate: 1\n  a: {}\n", None),
        ('strategies:\n  "plan"   :   {}\n', None),
    ],
)
def test_insert_strategy__text_between_braces_and_values_of_the_same_name(old, new, tmp_path):
    result = inserted(tmp_path, LEAN + old + "hazards: {}\n")
    assert result.endswith("hazards: {}\n")
    assert new is None or result == LEAN + new + "hazards: {}\n"
    assert "# x" in result or "# x" not in old


def test_insert_strategy__a_value_is_replaced_and_nothing_else(tmp_path):
    head = f"{LEAN}strategies:\n  plan:   # mine\n    "
    tail = "   # a lot\n\n  # about b\n  b: {}\n"
    result = inserted(tmp_path, f"{head}stages:\n      press: {{value: 3}}   # dear\n      paint: {{value: 4}}{tail}")
    body = "holding_rate: 10 % / year\n    stages:\n      press: {policy: {base_stock: {level: 2.5}}}"
    assert result == head + body + tail
    assert inserted(tmp_path, result, patch={}) == f"{head}{{}}{tail}"


# Texts of other kinds


@pytest.mark.parametrize("tail", ["", "strategies: {}\n", "strategies:\n  a: {}\n", "strategies: {a: {}}\n"])
@pytest.mark.parametrize(("old", "new"), [("\n", "\r\n"), ("\n", "\n")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", ""])
def test_insert_strategy__breaks_mark_and_end_of_the_file_are_kept(tail, old, new, encoding, end, tmp_path):
    text = (LEAN.replace("Plant ", "Wörk 𝔘 ") + tail).removesuffix("\n") + end
    result = inserted(tmp_path, text.replace(old, new), encoding=encoding)
    assert result.startswith("\ufeff") == (encoding == "utf-8-sig")
    assert result.encode().startswith(codecs.BOM_UTF8) == (encoding == "utf-8-sig")
    assert result.count("\r") == (result.count("\n") if new == "\r\n" else 0)
    assert result.endswith("\n") == bool(end)


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("strategies", [None, {}, {"a": {}}, {"a": {}, "plan": {"holding_rate": 0}, "b": {}}])
def test_insert_strategy__json_stays_json(indent, ascii_only, strategies, tmp_path):
    model = {**read_yaml(LEAN).data, "name": "𝔘 and 𝔘, ü"} | ({} if strategies is None else {"strategies": strategies})
    model["stages"] = {"𝔘": {"policy": {"make_to_order": {}}}, **model["stages"]}
    patch = {"stages": {"𝔘": {"value": 2}, "press": {"value": 1e-5}}}
    result = inserted(tmp_path, json.dumps(model, indent=indent, ensure_ascii=ascii_only), patch=patch)
    assert json.loads(result) == {**model, "strategies": {**(strategies or {"base": {}}), "plan": patch}}


def test_insert_strategy__a_mapping_is_written_as_yaml_or_json(tmp_path):
    patch = {"stages": {"steel": {"policy": {"base_stock": {"level": 3}}}}}
    expected = load(GOOD).patched({"strategies": {**GOOD["strategies"], "plan": patch}})
    for target in (None, tmp_path / "plan.yaml", tmp_path / "plan.json"):
        text = insert_strategy(GOOD, "plan", patch, target)
        assert load(read_yaml(text).data) == expected
    assert json.loads(text)["strategies"]["plan"] == patch


@pytest.mark.parametrize(
    "name",
    [
        "NO",
        "on",
        "12",
        "0x1",
        "1e3",
        "a.b",
        "a. b",
        "plan 2",
        "null",
        "~",
        "été",
        "𝔘",
        "2001-01-01",
        "a,b",
        "a'b",
    ],
)
@pytest.mark.parametrize("tail", ["strategies:\n  a: {}\n", "strategies: {a: {}}\n"])
def test_insert_strategy__names_read_back_as_they_are(name, tail, tmp_path):
    if name == "~":
        with pytest.raises(ModelError, match="expected a name"):
            inserted(tmp_path, LEAN + tail, name=name)
        return
    result = inserted(tmp_path, LEAN + tail, name=name)
    assert name in yaml.safe_load(result)["strategies"]  # for readers of YAML 1.1, too


@pytest.mark.parametrize("name", ["1:30", "a#b", "a: b", "", " a", "a\n", "{a}"])
def test_insert_strategy__names_that_no_strategy_may_have_are_refused(name, tmp_path):
    with pytest.raises(ModelError, match="expected a name"):
        inserted(tmp_path, LEAN, name=name)


# What is refused


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        ("strategies: &all\n  a: {}\n", "`strategies` has the anchor `&all`"),
        ("strategies: &all {a: {}}\n", "`strategies` has the anchor `&all`"),
        ("strategies:\n  plan: &p {holding_rate: 0}\n  a: *p\n", "has the anchor `&p`"),
        ("strategies:\n  plan: {stages: &p {press: {value: 1}}}\n  a: {stages: *p}\n", "has the anchor `&p`"),
    ],
)
def test_insert_strategy__what_an_alias_repeats_is_not_changed(tail, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        inserted(tmp_path, LEAN + tail)


def test_insert_strategy__strategies_that_are_an_alias_are_refused(tmp_path):
    text = LEAN.replace("{stage: paint", "&s {stage: paint") + "hazards: &h {}\nstrategies: *h\n"
    with pytest.raises(ModelError, match="`strategies` is an alias; write the patches themselves there"):
        inserted(tmp_path, text)


def test_insert_strategy__anchors_and_aliases_elsewhere_stay(tmp_path):
    text = LEAN + "strategies:\n  a: &p {holding_rate: 0}\n  b: *p\n  plan: *p\n  c: *p\n"
    result = inserted(tmp_path, text)
    assert result == text.replace("  plan: *p\n", BLOCK)
    assert inserted(tmp_path, text, name="new") == text + BLOCK.replace("plan", "new")


def test_insert_strategy__faults_of_the_patch_are_those_of_a_strategy(tmp_path):
    with pytest.raises(ModelError, match=r"strategies\.plan\.stages\.pres: unknown stage `pres`; did you mean `press`"):
        inserted(tmp_path, LEAN, patch={"stages": {"pres": {"value": 3}}})


# Tables


TABLED = LEAN.replace("press: {", "press: {lead_time: {empirical: {file: data/days.csv, column: days}}, ")


def test_insert_strategy__tables_are_found_from_the_folder_of_the_target(tmp_path):
    models = tmp_path / "models"
    (models / "data").mkdir(parents=True)
    (models / "data" / "days.csv").write_text("days\n1\n2\n")
    source = models / "plant.yaml"
    source.write_text(TABLED)
    assert insert_strategy(source, "plan", PATCH, models / "plan.yaml").startswith(TABLED)
    target = tmp_path / "plan.yaml"
    target.write_text(insert_strategy(source, "plan", PATCH, target))
    assert target.read_text().startswith(TABLED.replace("data/days.csv", '"models/data/days.csv"'))
    assert load(target).stages == load(source).stages
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    with pytest.raises(ModelError, match=r"the table `data/days\.csv` must lie in the folder of the new"):
        insert_strategy(source, "plan", PATCH, elsewhere / "plan.yaml")
    shutil.copytree(models / "data", elsewhere / "data")
    assert insert_strategy(source, "plan", PATCH, elsewhere / "plan.yaml").startswith(TABLED)
    (elsewhere / "data" / "days.csv").write_text("days\n3\n")
    with pytest.raises(ModelError, match="must lie in the folder of the new file"):
        insert_strategy(source, "plan", PATCH, elsewhere / "plan.yaml")
    assert list_table_files(source) == {"data/days.csv": models / "data" / "days.csv"}


# Drawn models

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(
        ["NO", "1:30", "3.5 d", "1 / 20 years", "20 % / year", "a: b", "a #b", "- a", "", "=", "<<", "*x"]
    )
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(["NO", "1:30", "a.b", "1"])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
@example({"a\u2028b": "c\x85d", "\x00": "\x7f", "𝔘": "\U0001f600\U000e0001"}, 1)
def test_write_block__reads_back_equal(mapping, levels):
    for text in ("\n".join(write_block(mapping, "  ", levels)), write_flow(mapping), write_flow(mapping, as_json=True)):
        tree = read_yaml(text)
        assert (tree.data, tree.findings) == (mapping, [])
    assert json.loads(write_flow(mapping, as_json=True)) == mapping


@st.composite
def texts(draw):
    """A drawn model as text of some form, and a patch of it."""
    model = draw(networks())
    for _ in range(draw(st.integers(0, 2))):
        stage = draw(st.sampled_from(sorted(model["stages"])))
        name = draw(st.sampled_from(["a", "b c", "1.30"]))
        model.setdefault("strategies", {})[name] = {"stages": {stage: {"value": draw(st.integers(0, 9))}}}
    model = {key: model[key] for key in draw(st.permutations(sorted(model)))}
    patch = {"stages": {stage: {"policy": draw(policies())} for stage in model["stages"]}}
    style = draw(st.sampled_from([False, None, True]))
    text = yaml.safe_dump(model, default_flow_style=style, sort_keys=False, width=60, allow_unicode=True)
    text = json.dumps(model, indent=draw(st.sampled_from([None, 2]))) if draw(st.integers(0, 3)) == 0 else text
    return draw(st.sampled_from(["", "# first\n", "---\n"])) * (text[0] != "{") + text, patch


@given(texts(), st.sampled_from(["plan", "a"]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_insert_strategy__drawn_models_are_those_expected(tmp_path_factory, drawn, name, windows):
    text, patch = drawn
    inserted(
        tmp_path_factory.mktemp("drawn"), text.replace("\n", "\r\n") if windows else text, name, copy.deepcopy(patch)
    )
