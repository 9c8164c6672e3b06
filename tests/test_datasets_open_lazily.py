"""A result can be used while it stays in its file: the same numbers, and little of it in memory."""

import pytest
import xarray as xr

import jitrisk as jr
from jitrisk.datasets import open_lazily
from jitrisk.errors import ResultError
from jitrisk.risk import costs, metrics


@pytest.fixture(params=["run.nc", "run.zarr"])
def kept(request, tmp_path):
    outcomes = jr.simulate("brake-valves", 50, seed=2)
    jr.save(outcomes, tmp_path / request.param)
    return outcomes, tmp_path / request.param


def test_costs__what_is_computed_from_the_file_is_what_the_run_gives(kept):
    outcomes, path = kept
    with open_lazily(path) as stored:
        assert metrics(stored).identical(metrics(outcomes))
        assert costs(stored, resolved=True).identical(costs(outcomes, resolved=True))
        assert stored.load().identical(jr.open(path))


def test_open_lazily__nothing_read_is_kept(kept):
    with open_lazily(kept[1]) as stored:
        metrics(stored)
        assert not [name for name, array in stored.data_vars.items() if array.variable._in_memory]


def test_open_lazily__an_error_of_the_reader_is_its_own(kept):
    with pytest.raises(ZeroDivisionError), open_lazily(kept[1]):
        _ = 1 / 0


def test_compute_lost_time__what_is_no_result_is_refused(tmp_path):
    (tmp_path / "text.nc").write_text("text")
    xr.Dataset({"a": 1}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    for name, message in (("text.nc", "is not a result"), ("other.nc", "no jitrisk_format"), ("no.nc", "no such file")):
        with pytest.raises(ResultError, match=message), open_lazily(tmp_path / name):
            pass


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
@pytest.mark.parametrize("dims", [("strategy", "path", "stage"), ("path", "stage", "strategy"), ("stage", "path")])
def test_open_lazily__parts_of_several_blocks_are_the_parts_of_what_was_kept(tmp_path, monkeypatch, name, dims):
    monkeypatch.setattr("jitrisk.datasets.storage.manifest._BLOCK_PATHS", 7)
    monkeypatch.setattr("jitrisk.datasets.storage.stored_array._PIECE", 40)
    outcomes = jr.simulate("brake-valves", 50, seed=2)
    outcomes["more"] = outcomes["started"].isel(strategy=0) if len(dims) == 2 else outcomes["started"]
    outcomes["more"] = outcomes["more"].transpose(*dims)
    jr.save(outcomes, tmp_path / name)
    with open_lazily(tmp_path / name) as stored:
        for paths in (slice(None), slice(3, 5), slice(6, 8), slice(40, 2, -9), 13, 49, [3, 20, 11], slice(9, 9)):
            part = stored["more"].isel(path=paths, stage=slice(1, 3)).load()
            assert part.identical(outcomes["more"].isel(path=paths, stage=slice(1, 3)))


def test_open_lazily__values_of_our_own_netcdf_files_are_read_past_the_library(tmp_path, monkeypatch):
    outcomes = jr.simulate("brake-valves", 50, seed=2)
    jr.save(outcomes, tmp_path / "run.nc")
    with open_lazily(tmp_path / "run.nc") as stored:
        monkeypatch.setattr("xarray.Variable.isel", lambda *_, **__: pytest.fail("read by the library"))
        values = stored["started"].values
    assert (values == outcomes["started"].values).all()
