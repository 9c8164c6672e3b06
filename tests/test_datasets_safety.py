"""A results file from a stranger: no code runs from it, nothing outside it is read, and its sizes are not believed."""

import json
import os
import pickle
import shutil
import tracemalloc

import h5py
import numpy as np
import pytest
import xarray as xr
from numcodecs import Zstd

import jitrisk as jr
from jitrisk.cli import main
from jitrisk.datasets import open_lazily
from jitrisk.datasets.storage import proportion
from jitrisk.datasets.storage.netcdf_footer import append_footer
from jitrisk.errors import ResultError

FEW = 2**25  # bytes that a refusal may take: the file's own words, not what it declares


@pytest.fixture(scope="module")
def outcomes():
    return jr.simulate("bicycles", 50, seed=2)


@pytest.fixture
def netcdf(outcomes, tmp_path):
    jr.save(outcomes, tmp_path / "run.nc")
    return tmp_path / "run.nc"


def refusal(path) -> str:
    """Return what is said of a file that is refused, at little cost."""
    tracemalloc.start()
    try:
        with pytest.raises(ResultError) as refused:
            jr.open(path)
        assert tracemalloc.get_traced_memory()[1] < FEW
    finally:
        tracemalloc.stop()
    assert str(refused.value).startswith(f"{path}: ")
    return str(refused.value)


def edit(path, change) -> None:
    """Change the JSON of an array or of the group."""
    found = json.loads((path / "zarr.json").read_text())
    change(found)
    (path / "zarr.json").write_text(json.dumps(found))


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def write_format_2(folder, marker, place) -> None:
    """Write a Zarr folder of format 2 whose one array is decoded by pickle."""
    (folder / "started").mkdir(parents=True)
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    (folder / ".zattrs").write_text('{"jitrisk_format": 3}')
    array = {
        "zarr_format": 2,
        "shape": [1],
        "chunks": [1],
        "dtype": "|O",
        "fill_value": None,
        "order": "C",
        "compressor": {"id": "pickle", "protocol": 5} if place == "compressor" else None,
        "filters": [{"id": "pickle", "protocol": 5}] if place == "filters" else [{"id": "vlen-utf8"}],
    }
    (folder / "started" / ".zarray").write_text(json.dumps(array))
    (folder / "started" / ".zattrs").write_text('{"_ARRAY_DIMENSIONS": ["path"]}')
    (folder / "started" / "0").write_bytes(pickle.dumps(Touch(marker)))


@pytest.mark.parametrize("place", ["filters", "compressor"])
def test_compare__format_2_of_zarr_runs_no_code(tmp_path, place, capsys):
    write_format_2(tmp_path / "run.zarr", tmp_path / "marker", place)
    assert "format 2, whose codecs can run code" in refusal(tmp_path / "run.zarr")
    for words in (["compare", "run.zarr"], ["compare", "bicycles", "--paths", "5", "--out", "run.zarr"]):
        with pytest.raises(SystemExit) as stop:
            main([*words[:-1], str(tmp_path / words[-1])])
        assert stop.value.code == 2
    assert "exists and is no result" in capsys.readouterr().err
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "codecs",
    [
        [{"name": "numcodecs.pickle"}],
        [{"name": "bytes"}, {"name": "numcodecs.pickle"}],
        [{"name": "bytes"}, {"name": "blosc"}],
        [{"name": "sharding_indexed"}],
        [{"name": "transpose"}, {"name": "bytes"}],
        [],
    ],
)
def test_open__a_codec_that_no_result_has_is_refused(folder, codecs):
    edit(folder / "started", lambda found: found.update(codecs=codecs))
    assert "'started' is coded as" in refusal(folder)


@pytest.mark.parametrize("dtype", ["complex128", "r8", {"name": "struct"}, "variable_length_bytes", None])
def test_open__a_dtype_that_no_result_has_is_refused(folder, dtype):
    edit(folder / "started", lambda found: found.update(data_type=dtype))
    assert "which no result has" in refusal(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": "many"},
        {"shape": [2, -1, 3]},
        {"shape": [True, 50, 3]},
        {"codecs": 3},
        {"chunk_grid": {"name": "rectangular"}},
        {"storage_transformers": [{"name": "other"}]},
        {"node_type": "group"},
    ],
)
def test_open__metadata_that_no_result_has_is_refused(folder, change):
    edit(folder / "started", lambda found: found.update(change))
    assert refusal(folder)


def declare_paths(folder, paths, chunk) -> None:
    """Declare so many paths in every array that has them."""

    def change(found):
        if "path" in found.get("dimension_names", []):
            axis = found["dimension_names"].index("path")
            found["shape"][axis] = paths
            found["chunk_grid"]["configuration"]["chunk_shape"][axis] = chunk

    for array in folder.iterdir():
        if array.is_dir():
            edit(array, change)


@pytest.mark.parametrize("chunk", [1, 50, 10**8, 10**12])
def test_open__paths_that_a_zarr_folder_declares_and_does_not_hold_are_refused(folder, chunk):
    declare_paths(folder, 10**8 if chunk < 10**12 else 10**12, chunk)
    assert "is damaged" in refusal(folder)


def test_open__a_block_that_declares_more_than_its_shape_is_refused(folder):
    block = next((folder / "started" / "c").rglob("0/0/0"), None) or next(iter((folder / "started").rglob("c/*/*/*")))
    head = b"\x28\xb5\x2f\xfd\xe0" + (10**12).to_bytes(8, "little")
    block.write_bytes(head + block.read_bytes())
    assert "has 1,000,000,000,000 bytes in place of" in refusal(folder)


def test_open__a_name_that_declares_many_texts_is_refused(folder):
    block = folder / "strategy" / "c" / "0"
    block.write_bytes(Zstd().encode((4 * 10**9).to_bytes(4, "little") + b"\0" * 30))
    assert "does not hold" in refusal(folder)


def test_open__what_is_stored_in_far_fewer_bytes_than_declared_is_refused(folder):
    zeros = Zstd(level=1).encode(bytes(8 * 3 * 10**7))

    def change(found):
        found["shape"] = found["chunk_grid"]["configuration"]["chunk_shape"] = [1, 10**7, 3]
        found["codecs"] = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd"}]

    edit(folder / "started", change)
    shutil.rmtree(folder / "started" / "c")
    (folder / "started" / "c" / "0" / "0").mkdir(parents=True)
    (folder / "started" / "c" / "0" / "0" / "0").write_bytes(zeros)
    assert "less than one byte in 1,000" in refusal(folder)


def test_save__what_we_write_is_never_refused_for_its_size(outcomes, tmp_path, monkeypatch):
    constant = outcomes.isel(path=[3] * 50).assign_coords(path=outcomes["path"])
    monkeypatch.setattr(proportion, "_ALLOWANCE", 0)
    monkeypatch.setattr(proportion, "_MOST", 1)
    jr.save(constant, tmp_path / "run.zarr")
    assert jr.open(tmp_path / "run.zarr").identical(constant)
    stored = sum(file.stat().st_size for file in (tmp_path / "run.zarr").rglob("*") if file.is_file())
    assert stored > constant.nbytes


@pytest.mark.parametrize("kind", ["link", "linked folder", "pipe", "link to a device"])
def test_open__a_zarr_folder_leads_nowhere_else(folder, kind):
    block = next(path for path in (folder / "started").rglob("*") if path.is_file() and path.name != "zarr.json")
    content = block.read_bytes()
    block.unlink()
    if kind == "link":
        (folder.parent / "elsewhere").write_bytes(content)
        block.symlink_to(folder.parent / "elsewhere")
    elif kind == "linked folder":
        block.write_bytes(content)
        shutil.move(folder / "started", folder.parent / "started")
        (folder / "started").symlink_to(folder.parent / "started")
    elif kind == "pipe":
        os.mkfifo(block)
    else:
        block.symlink_to("/dev/zero")
    message = refusal(folder)
    assert "no regular file" in message or "no array" in message


def test_open__a_pipe_is_no_result(tmp_path):
    os.mkfifo(tmp_path / "run.nc")
    assert "is a pipe" in refusal(tmp_path / "run.nc")


def test_open__a_link_in_a_circle_is_no_result(tmp_path):
    (tmp_path / "run.nc").symlink_to(tmp_path / "run.nc")
    assert "is a link that leads back to itself" in refusal(tmp_path / "run.nc")


def test_open__a_deep_json_is_refused(folder):
    (folder / "zarr.json").write_text("[" * 100_000 + "]" * 100_000)
    assert "is no JSON" in refusal(folder)


def replace_started(path, how, elsewhere) -> None:
    """Put something else in the place of a variable of a NetCDF file."""
    with h5py.File(path, "a") as file:
        shape = file["started"].shape
        del file["started"]
        if how == "soft link":
            file["started"] = h5py.SoftLink("/scrapped")
        elif how == "external link":
            file["started"] = h5py.ExternalLink(str(elsewhere), "/started")
        elif how == "external storage":
            file.create_dataset("started", shape, "f8", external=[(str(elsewhere), 0, h5py.h5f.UNLIMITED)])
        elif how == "virtual":
            layout = h5py.VirtualLayout(shape, "f8")
            layout[:] = h5py.VirtualSource(str(elsewhere), "started", shape)
            file.create_virtual_dataset("started", layout)
        elif how == "group":
            file.create_group("started")
        elif how == "compound":
            file.create_dataset("started", shape, [("a", "f8"), ("b", "f8")])
        elif how == "not stored":
            file.create_dataset("started", (3, 10**8, 3), "f8", chunks=(1, 10**6, 1))
        elif how == "filter":
            file.create_dataset("started", data=np.zeros(shape), chunks=shape, compression="lzf")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("soft link", "is a link to elsewhere"),
        ("external link", "is a link to elsewhere"),
        ("external storage", "lies in another file"),
        ("virtual", "lies in another file"),
        ("group", "is no variable"),
        ("compound", "which no result has"),
        ("not stored", "is not stored"),
        ("filter", "is coded by the filter"),
    ],
)
def test_append_footer__a_netcdf_file_leads_nowhere_else_and_holds_what_it_declares(netcdf, tmp_path, how, message):
    shutil.copy(netcdf, tmp_path / "elsewhere.nc")
    replace_started(netcdf, how, tmp_path / "elsewhere.nc")
    append_footer(netcdf)
    assert message in refusal(netcdf)


def test_open__texts_longer_than_their_file_are_refused(netcdf, monkeypatch):
    """References of HDF5 can let many names be one long text of the file."""
    with h5py.File(netcdf, "a") as file:
        file["strategy"][...] = ["x" * 10_000] * 3
    monkeypatch.setattr("pathlib.Path.stat", _half_of(netcdf.stat()))
    assert "are longer than the file" in refusal(netcdf)


def _half_of(real):
    """Return a `Path.stat` that says a file is as long as two of the texts in it."""
    return lambda path, **options: os.stat_result((*real[:6], 20_000, *real[7:]))


def test_open__a_damaged_result_may_be_replaced(outcomes, netcdf):
    content = bytearray(netcdf.read_bytes())
    content[100:3000] = bytes(2900)
    netcdf.write_bytes(content)
    assert "what describes its content is not as it was written" in refusal(netcdf)
    jr.save(outcomes, netcdf)
    assert jr.open(netcdf).identical(outcomes)


def test_open__an_attribute_of_many_texts_is_refused(netcdf):
    with h5py.File(netcdf, "a") as file:
        file.attrs["name"] = ["a"] * 10
    assert "holds several texts" in refusal(netcdf)


def test_open__a_compressed_netcdf_file_is_read(outcomes, tmp_path, netcdf):
    with xr.open_dataset(netcdf, engine="h5netcdf") as stored:
        packed = {"zlib": True, "complevel": 4, "chunksizes": stored["started"].shape}
        stored.load().to_netcdf(tmp_path / "packed.nc", engine="h5netcdf", encoding={"started": packed})
    assert jr.open(tmp_path / "packed.nc").identical(outcomes)


def test_show__show_does_not_read_outcomes(folder, capsys):
    block = next(path for path in (folder / "started" / "c").rglob("*") if path.is_file())
    content = bytearray(block.read_bytes())
    content[-3] ^= 1
    block.write_bytes(content)
    with pytest.raises(SystemExit) as stop:
        main(["show", str(folder)])
    assert stop.value.code == 0
    assert "Bicycles" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["compare", str(folder)])
    assert stop.value.code == 2
    assert "is damaged: 'started'" in capsys.readouterr().err


def test_open_lazily__a_result_larger_than_memory_is_not_loaded(folder, monkeypatch):
    monkeypatch.setattr("jitrisk.datasets.storage.files.measure_free_memory", lambda: 1000)
    with pytest.raises(jr.CapacityError, match=r"jitrisk\.datasets\.open_lazily"):
        jr.open(folder)
    with open_lazily(folder) as stored:
        assert stored["started"].isel(path=0).values.size
