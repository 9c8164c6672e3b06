"""The generated tables of the documents: they stand there as they are generated, and say what the loader does."""

from __future__ import annotations

import importlib.util
from copy import deepcopy
from types import ModuleType

import pytest
from documents import ROOT

import jitrisk as jr
from jitrisk import vocabulary
from jitrisk.model import build_model_schema


def load_tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tables = load_tables()
PARTS = {"model": build_model_schema(), **{f"{name}": part for name, part in build_model_schema()["$defs"].items()}}
MODEL = {
    "name": "Pump",
    "period": "8 h",
    "horizon": "30 d",
    "stages": {"pump": {"capacity": "900 / d", "policy": {"kanban": {"container": 5, "cards": 3}}}},
    "customers": {"shop": {"stage": "pump", "demand": 5}},
    "hazards": {"strike": {"rate": "1 / year", "duration": "2 d", "hits": {"pump": {"capacity": 0}}}},
}
PLACES = {
    "model": (),
    "Stage": ("stages", "pump"),
    "Kanban": ("stages", "pump", "policy", "kanban"),
    "Customer": ("customers", "shop"),
    "Hazard": ("hazards", "strike"),
}


def rows_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in tables.TABLES[table]().splitlines()[2:]]


@pytest.mark.parametrize("document", tables.DOCUMENTS, ids=lambda document: document.name)
def test_document__has_its_tables_as_they_are_generated(document):
    text = document.read_text(encoding="utf-8")
    assert tables.with_tables(text) == text, "make documents writes the new tables"


def test_documents__show_every_table_once():
    texts = [document.read_text(encoding="utf-8") for document in tables.DOCUMENTS]
    assert sorted(name for text in texts for name in tables.BEGIN.findall(text)) == sorted(tables.TABLES)


@pytest.mark.parametrize("part", PLACES)
def test_default__is_what_the_loader_takes_where_the_key_is_absent(part: str):
    model = deepcopy(MODEL)
    place = model
    for key in PLACES[part]:
        place = place[key]
    defaults = {key: field["default"] for key, field in PARTS[part]["properties"].items() if "default" in field}
    assert defaults
    assert not defaults.keys() & place.keys()
    place |= defaults
    assert jr.load(model).strategies["base"].model_dump() == jr.load(MODEL).strategies["base"].model_dump()


def test_key__has_a_sentence_in_every_table():
    keys = [name for name in tables.TABLES if name.startswith("keys of")]
    assert len(keys) >= 7
    rows = [row for name in keys for row in rows_of(name)] + rows_of("policies")
    assert all(len(row[-1].split()) > 1 for row in rows)
    assert all(row[0] or row[1] for row in rows)


def test_required_key__is_refused_where_it_is_absent():
    for key in [row[0].strip("`") for row in rows_of("keys of the model") if row[2] == "required"]:
        with pytest.raises(jr.ModelError, match=f"missing key `{key}`"):
            jr.load({name: value for name, value in MODEL.items() if name != key})


def test_variable__has_dims_dtype_and_unit():
    outcomes = jr.simulate("bicycles", paths=4)
    rows = {row[0].strip("`"): row[1:] for row in rows_of("vocabulary OUTCOMES")}
    assert set(rows) == set(vocabulary.OUTCOMES)
    for name, (dims, dtype, unit, meaning) in rows.items():
        variable = outcomes[name]
        assert dims.split(", ") == list(variable.dims)
        assert dtype == variable.dtype.name
        assert unit.split(",")[0] == variable.attrs["units"]
        assert meaning == variable.attrs["long_name"]
