"""Results files with valid checksums that say what no result says, and honest ones that must not be refused."""

import hashlib
import json
import shutil

import h5py
import numpy as np
import pytest
import xarray as xr
from test_datasets_safety import edit, refusal

import jitrisk as jr
from jitrisk.cli import main
from jitrisk.datasets import check_result_file
from jitrisk.datasets.storage.manifest import attach_manifest
from jitrisk.datasets.storage.netcdf_footer import append_footer
from jitrisk.datasets.storage.stored_array import compute_text_checksum
from jitrisk.errors import ResultError


@pytest.fixture(scope="module")
def outcomes():
    return jr.simulate("bicycles", 20, seed=2)


def rewrite_manifest(folder, change) -> None:
    """Change the manifest of a Zarr folder and give it the checksum of its new text."""

    def replace(found):
        content = json.loads(found["attributes"]["manifest"].partition(" ")[2])
        given = change(content)
        text = given if isinstance(given, str) else json.dumps(content)
        found["attributes"]["manifest"] = f"{compute_text_checksum(text)} {text}"

    edit(folder, replace)


@pytest.mark.parametrize(
    "content", ["[1]", "1", "null", '"text"', "{", "{}", "[" * 100_000, '{"a":' + "9" * 5000 + "}"]
)
def test_compute_text_checksum__json_that_is_no_manifest_is_refused(folder, content):
    rewrite_manifest(folder, lambda _: content)
    assert "its manifest is not as jitrisk writes one" in refusal(folder)


@pytest.mark.parametrize("block", [0, -1, 7.5, float("inf"), float("nan"), True, "many", None, [1]])
def test_compute_text_checksum__a_manifest_with_blocks_of_no_length_is_refused(folder, block):
    rewrite_manifest(folder, lambda found: found["variables"]["started"].update(block=block))
    assert "its manifest is not as jitrisk writes one" in refusal(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found["variables"]["started"].update(checksums={"a": 1}),
        lambda found: found["variables"]["started"].update(checksums="a"),
        lambda found: found["variables"].update(started=[]),
        lambda found: found.update(variables=list(found["variables"])),
        lambda found: found.update(coordinates=["no such"]),
        lambda found: found.update(attributes=None),
    ],
)
def test_compute_text_checksum__a_manifest_of_another_form_is_refused(folder, change):
    rewrite_manifest(folder, change)
    assert "its manifest is not as jitrisk writes one" in refusal(folder)


def set_values(name, value):
    return lambda found: found.assign({name: (found[name].dims, np.full(found[name].shape, value))})


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        ({"contents": [1, 2]}, "its contents is"),
        ({"exogenous": 5}, "its exogenous is"),
        ({"exogenous": "demand of shop"}, "its exogenous is"),
        ({"exogenous": '["demand"]'}, "its exogenous is"),
        ({"exogenous": '[["demand", 1]]'}, "its exogenous is"),
        ({"exogenous": '["ab"]'}, "its exogenous is"),
        ({"exogenous": '{"ab": 1}'}, "its exogenous is"),
        ({"exogenous": '[["demand", "x", "y"]]'}, "its exogenous is"),
        ({"exogenous": '[["demand", "shop"], ["demand", "shop"]]'}, "which has a pair twice"),
        ({"exogenous": '[["cost", "shop"]]'}, "its exogenous has 'cost', but exogenous series are demand, "),
        ({"exogenous": '[["demand", "nobody"]]'}, "its exogenous has demand of 'nobody', which is no customer of it"),
        ({"exogenous": '[["demand", "\\u202e"]]'}, "its exogenous contains"),
        ({"period_hours": 1e-300}, "number of hours from"),
        ({"period_hours": 1e300}, "number of hours from"),
        ({"repriced": "[]"}, "no JSON object of pairs of prices"),
        ({"repriced": '{"a": 1}'}, "no JSON object of pairs of prices"),
        ({"libraries": "1"}, "no JSON object"),
        ({"rare": "null"}, "no JSON list"),
        ({"model": "[]", "model_hash": hashlib.sha256(b"[]").hexdigest()}, "no JSON object"),
    ],
)
def test_save__attributes_that_no_result_has_are_refused(outcomes, tmp_path, attrs, message):
    jr.save(outcomes.assign_attrs(attrs), tmp_path / "run.zarr")
    assert message in refusal(tmp_path / "run.zarr")


@pytest.mark.parametrize("model", [None, 3])
def test_attach_manifest__a_hash_of_a_model_that_is_not_there_is_refused(outcomes, folder, model):
    attrs = {name: value for name, value in outcomes.attrs.items() if name != "model"}
    attrs |= {} if model is None else {"model": model}
    forged = outcomes.copy()
    forged.attrs = attrs
    attrs = attach_manifest(forged).attrs
    edit(folder, lambda found: found.update(attributes=attrs))
    assert "has a model_hash and no model" in refusal(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_values("started", "text"), "started is of type"),
        (set_values("occurrences", "text"), "occurrences is of type"),
        (set_values("price", "text"), "price is of type"),
        (set_values("customer_stage", 0.0), "customer_stage is of type"),
        (lambda found: found.assign_coords(path=found["path"] / 2), "path is of type float64"),
        (lambda found: found.isel(stage=[]), "holds no stage"),
    ],
)
def test_save__variables_of_types_that_no_result_has_are_refused(outcomes, tmp_path, change, message):
    jr.save(change(outcomes), tmp_path / "run.zarr")
    assert message in refusal(tmp_path / "run.zarr")


def test_open__no_warning_of_a_library_quotes_a_file(folder, outcomes):
    """A warning would be an error here; on a terminal it would list all the numbers."""
    edit(folder / "started", lambda found: found["attributes"].update(missing_value=list(range(-100_000, 0))))
    assert jr.open(folder).identical(outcomes)


def test_save__one_repeated_name_among_many_is_found_in_no_time(outcomes, tmp_path):
    names = [f"{number}" for number in range(200_000)]
    hazards = xr.Dataset(coords={"hazard": np.array([*names, names[-1]])}, attrs=outcomes.attrs)
    jr.save(hazards, tmp_path / "run.zarr")
    with pytest.raises(ResultError, match="the hazard '199999' twice"):
        jr.open(tmp_path / "run.zarr")


def test_attach_manifest__a_long_name_does_not_widen_all_others(outcomes, tmp_path):
    """Names of fixed width would take 40 GB here: one of them is long, 10,000 are short."""
    names = np.array(["x" * 1_000_000, *map(str, range(10_000))], dtype=object)
    whole = attach_manifest(xr.Dataset(coords={"hazard": names}, attrs=outcomes.attrs))
    whole.to_zarr(tmp_path / "run.zarr", consolidated=False, zarr_format=3)
    assert "more than 1,000 characters" in refusal(tmp_path / "run.zarr")


def test_append_footer__a_footer_that_names_places_far_away_is_refused(outcomes, tmp_path, monkeypatch):
    jr.save(outcomes, tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as stored:
        stored.load().to_netcdf(tmp_path / "forged.nc", engine="h5netcdf")
    monkeypatch.setattr(
        "jitrisk.datasets.storage.netcdf_footer.find_value_ranges", lambda _: {"x": (10**18, 10**18 + 1)}
    )
    monkeypatch.setattr("jitrisk.datasets.storage.netcdf_footer._compute_checksum", lambda *_: "0" * 16)
    append_footer(tmp_path / "forged.nc")
    monkeypatch.undo()
    assert "names places that it does not have" in refusal(tmp_path / "forged.nc")


def test_open__very_many_variables_are_refused(outcomes, folder, tmp_path):
    with h5py.File(tmp_path / "run.nc", "w") as file:
        for number in range(2_000):
            file.create_dataset(f"v{number}", data=0)
    assert "holds 2,000 variables" in refusal(tmp_path / "run.nc")
    for number in range(2_000):
        (folder / f"v{number}").mkdir()
    assert "variables, of which no result has 500" in refusal(folder)


def test_open__very_many_attributes_are_refused(tmp_path):
    with h5py.File(tmp_path / "run.nc", "w", track_order=True) as file:
        for number in range(2_000):
            file.attrs[f"a{number}"] = 0
    assert "has 2,000 attributes" in refusal(tmp_path / "run.nc")


def test_open__metadata_of_many_bytes_is_not_read(folder):
    with (folder / "zarr.json").open("r+b") as file:
        file.truncate(2**40)  # nothing of it is stored
    assert "has 1,099,511,627,776 bytes" in refusal(folder)


@pytest.mark.parametrize("depth", ["c", "c/0"])
def test_open__no_folder_of_blocks_lies_elsewhere(folder, depth):
    inside, outside = folder / "started" / depth, folder.parent / "elsewhere"
    count = sum(one.is_file() for one in inside.rglob("*"))
    shutil.move(inside, outside)
    inside.symlink_to(outside)
    if depth != "c":  # as many files as there should be
        (folder / "started" / "c" / "more").mkdir()
        for number in range(count):
            (folder / "started" / "c" / "more" / str(number)).write_bytes(b"")
    assert "is a link" in refusal(folder)


def test_save__what_cannot_be_opened_again_does_not_replace_a_result(outcomes, tmp_path):
    jr.save(outcomes, tmp_path / "run.nc")
    with pytest.raises(ResultError, match="holds several texts"):
        jr.save(outcomes.assign_attrs(notes=["one", "two"]), tmp_path / "run.nc")
    assert jr.open(tmp_path / "run.nc").identical(outcomes)


def test_check_result_file__a_damaged_target_is_not_handed_to_the_library(outcomes, tmp_path, monkeypatch):
    jr.save(outcomes, tmp_path / "run.nc")
    content = bytearray((tmp_path / "run.nc").read_bytes())
    content[60] ^= 255
    (tmp_path / "run.nc").write_bytes(content)
    monkeypatch.setattr(h5py, "File", lambda *_: pytest.fail("opened"))
    assert check_result_file(tmp_path / "run.nc") == tmp_path / "run.nc"


HONEST = {
    "one path": lambda: jr.simulate("bicycles", 1),
    "rare": lambda: jr.simulate("tohoku", 20, rare=True),
    "sample": lambda: jr.sample("tohoku", 2, rare=True),
    "trace": lambda: jr.trace("bicycles", 2),
    "replay": lambda: jr.replay("bicycles", path=0, strategy="jit"),
    "no customers": lambda: jr.simulate("bicycles", 5).isel(customer=[]),
    "no hazards": lambda: jr.simulate("bicycles", 5).isel(hazard=[]),
    "zeros": lambda: jr.simulate("bicycles", 5).map(np.zeros_like),
    "turned": lambda: jr.simulate("bicycles", 5).transpose("path", "strategy", ...),
    "lists": lambda: jr.simulate("bicycles", 5).assign_attrs(one=[3], several=[1, 2], array=np.arange(3.0)),
    "scalars": lambda: jr.simulate("bicycles", 5).assign_attrs(seed=np.int64(0), period_hours=np.float32(24)),
    "long text": lambda: jr.simulate("bicycles", 5).assign_attrs(notes="x" * 10_000_000),
}


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
@pytest.mark.parametrize("what", HONEST)
def test_save__what_is_saved_is_opened_again(what, suffix, tmp_path):
    result = HONEST[what]()
    jr.save(result, tmp_path / f"run{suffix}")
    found = jr.open(tmp_path / f"run{suffix}")
    xr.testing.assert_equal(found, result)
    assert {name: one.dims for name, one in found.variables.items()} == {
        name: one.dims for name, one in result.variables.items()
    }
    assert found.attrs.keys() == result.attrs.keys()


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_compare__a_weighted_result_is_compared_from_its_file(tmp_path, suffix, capsys):
    jr.save(jr.simulate("tohoku", 20, rare=True), tmp_path / f"run{suffix}")
    with pytest.raises(SystemExit) as stop:
        main(["compare", str(tmp_path / f"run{suffix}")])
    assert stop.value.code == 0
    assert "weighted" in capsys.readouterr().out
