"""Whatever is handed in, a model loads or is refused with a ModelError: nothing else escapes."""

import copy
import json
from functools import reduce

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from modelfile import GOOD

from jitrisk.errors import ModelError
from jitrisk.model import load

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["8 h", "900 / d", "20 % / year", "auto", "1:30", "1e400", "-1", "lost", "steel", "pump", "0"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)


def paths(node, path=()):
    """Yield the path of every key of a model."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*path, key)
            yield from paths(value, (*path, key))


PATHS = sorted(paths(GOOD))
PARTS = st.sampled_from([reduce(lambda node, key: node[key], path, GOOD) for path in PATHS])


@st.composite
def mutants(draw):
    """The good model with some values replaced, exchanged, renamed or taken away."""
    model = copy.deepcopy(GOOD)
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4)):
        node = reduce(lambda node, key: node.get(key) if isinstance(node, dict) else None, path[:-1], model)
        if not isinstance(node, dict):
            continue
        act = draw(st.sampled_from(["value", "part", "rename", "remove"]))
        if act in ("value", "part"):
            node[path[-1]] = draw(VALUES) if act == "value" else copy.deepcopy(draw(PARTS))
        else:
            value = node.pop(path[-1], None)
            if act == "rename":
                node[draw(st.sampled_from([path[-1][:-1], *(path[-1] for path in PATHS)]))] = value
    return model


def attempt(source):
    """Return the network of a model and None, or None and the faults it is refused with; nothing else may escape."""
    try:
        return load(source), None
    except ModelError as error:
        return None, error.faults


@settings(max_examples=300)
@given(mutants())
def test_load__spoiled_mappings_load_or_are_refused(model):
    network, faults = attempt(model)
    if network is None:
        assert faults
        assert all(fault.message and not fault.file and fault.line is None for fault in faults)
    else:
        assert load(json.loads(network.text)) == network


@settings(max_examples=150)
@given(mutants())
def test_load__spoiled_files_load_or_are_refused_with_lines(tmp_path_factory, model):
    path = tmp_path_factory.getbasetemp() / "plant.yaml"
    path.write_text(yaml.safe_dump(model, sort_keys=False), encoding="utf-8")
    network, faults = attempt(path)
    if network is None:
        assert faults
        assert all(fault.message and fault.line and fault.file == str(path) for fault in faults)
    else:
        assert network.strategies


@settings(max_examples=150)
@given(st.data())
def test_load__damaged_text_loads_or_is_refused(tmp_path_factory, data):
    text = yaml.safe_dump(GOOD, sort_keys=False, default_flow_style=data.draw(st.sampled_from([None, True, False])))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        junk = data.draw(
            st.one_of(
                st.text(max_size=3),
                st.sampled_from(["{", "[", "*a", "&a ", "!!x ", "\t", ": ", "- ", "<<: ", "? ", "\nstages: {"]),
            )
        )
        text = text[:start] + junk + text[start + data.draw(st.integers(0, 3)) :]
    path = tmp_path_factory.getbasetemp() / "plant.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    network, faults = attempt(path)
    if network is None:
        assert faults
        assert all(fault.message and fault.line and fault.file == str(path) for fault in faults)
    else:
        assert load(json.loads(network.text)) == network


@settings(max_examples=150)
@given(st.binary(max_size=60))
def test_load__any_bytes_are_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "plant.yaml"
    path.write_bytes(content)
    network, faults = attempt(path)
    assert network is None
    assert faults
    assert all(fault.line and fault.file == str(path) for fault in faults)


@given(VALUES)
def test_load__any_value_is_refused_as_a_model(value):
    network, faults = attempt(value)
    assert network is None
    assert faults
    assert all(fault.message for fault in faults)
