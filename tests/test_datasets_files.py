"""The outcome Dataset: units, provenance, files whole or not at all, exogenous paths in and out."""

import json
import os

import numpy as np
import pytest
import xarray as xr

import jitrisk as jr
from jitrisk import vocabulary
from jitrisk.errors import ExogenousError, JitriskError, ResultError

MODEL = {
    "name": "shop",
    "period": "1 d",
    "horizon": "60 d",
    "warm_up": "10 d",
    "currency": "EUR",
    "holding_rate": "20 % / year",
    "stages": {
        "part": {
            "lead_time": {"gamma": {"mean": "3 d", "cv": 0.4}},
            "value": 2,
            "policy": {"base_stock": {"level": 40}},
        },
        "kit": {"inputs": {"part": 2}, "value": 7, "policy": {"kanban": {"cards": 3, "container": 5}}},
    },
    "customers": {"clinic": {"stage": "kit", "demand": {"poisson": {"mean": 4}}, "unmet": "lost", "lost_cost": 5}},
    "hazards": {"strike": {"rate": "1 / 20 d", "duration": "3 d", "hits": {"part": {"arrivals": 0}}}},
    "strategies": {"jit": {}, "jic": {"stages": {"part": {"value": 3, "policy": {"base_stock": {"level": 90}}}}}},
}


@pytest.fixture(scope="module")
def outcomes():
    return jr.simulate(MODEL, paths=200, seed=11)


def test_save__every_variable_has_dims_dtype_units_and_a_long_name(outcomes):
    table = vocabulary.OUTCOMES | vocabulary.PRICES | vocabulary.OCCURRENCES
    assert set(outcomes.data_vars) == set(table)
    for name, variable in table.items():
        assert outcomes[name].dims == variable.dims
        assert outcomes[name].dtype == variable.dtype
        assert outcomes[name].attrs == variable.build_attrs("EUR")
    assert outcomes.sizes == {"strategy": 2, "path": 200, "stage": 2, "customer": 1, "hazard": 1}


def test_simulate__provenance_repeats_the_run(outcomes):
    attrs = outcomes.attrs
    assert (attrs["seed"], attrs["paths"], attrs["periods"]) == (11, 200, 50)
    again = jr.simulate(json.loads(attrs["model"]), paths=attrs["paths"], seed=attrs["seed"])
    xr.testing.assert_identical(again, outcomes)


def test_save__prices_are_those_of_each_strategy(outcomes):
    assert outcomes["value"].sel(stage="part").values.tolist() == [2, 3]
    np.testing.assert_allclose(outcomes["holding_rate"], 0.2 / 365)


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
def test_describe__a_file_read_back_gives_the_same_statistics(outcomes, tmp_path, name):
    jr.save(outcomes, tmp_path / name)
    back = jr.open(tmp_path / name)
    assert back.attrs == outcomes.attrs
    xr.testing.assert_equal(back, outcomes)
    xr.testing.assert_identical(back.risk.describe(), outcomes.risk.describe())
    xr.testing.assert_identical(back.risk.compare(), outcomes.risk.compare())
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
def test_save__a_file_is_replaced_whole(outcomes, tmp_path, name):
    jr.save(outcomes.isel(path=slice(10)), tmp_path / name)
    jr.save(outcomes, tmp_path / name)
    assert jr.open(tmp_path / name).sizes["path"] == 200
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
def test_save__a_failed_write_leaves_the_old_file_and_nothing_else(outcomes, tmp_path, name, monkeypatch):
    jr.save(outcomes.isel(path=slice(10)), tmp_path / name)

    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full_disk)
    monkeypatch.setattr(xr.Dataset, "to_zarr", full_disk)
    with pytest.raises(ResultError, match="No space left on device"):
        jr.save(outcomes, tmp_path / name)
    monkeypatch.undo()
    assert jr.open(tmp_path / name).sizes["path"] == 10
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(
    ("name", "message"),
    [("run.csv", "unknown kind of file"), ("none/run.nc", "there is no folder"), ("taken.nc", "is a folder")],
)
def test_save__a_target_that_cannot_be_written_is_refused(outcomes, tmp_path, name, message):
    (tmp_path / "taken.nc").mkdir()
    with pytest.raises(ResultError, match=message):
        jr.save(outcomes, tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"not a result", b"\x89HDF\r\n\x1a\n"])
def test_open__a_file_that_is_no_result_is_refused(tmp_path, content):
    path = tmp_path / "run.nc"
    path.write_bytes(content)
    with pytest.raises(ResultError, match="is not a result of jitrisk"):
        jr.open(path)


def test_open__a_missing_file_a_foreign_file_and_those_of_other_versions_are_refused(outcomes, tmp_path):
    with pytest.raises(ResultError, match="there is no such file"):
        jr.open(tmp_path / "none.nc")
    xr.Dataset({"x": 1}).to_netcdf(tmp_path / "foreign.nc", engine="h5netcdf")
    with pytest.raises(ResultError, match="has no jitrisk_format"):
        jr.open(tmp_path / "foreign.nc")
    outcomes.assign_attrs(jitrisk_format=99).to_netcdf(tmp_path / "newer.nc", engine="h5netcdf")
    with pytest.raises(ResultError, match="newer jitrisk"):
        jr.open(tmp_path / "newer.nc")
    for suffix in (".nc", ".zarr"):
        jr.save(outcomes.assign_attrs(jitrisk_format=5), tmp_path / f"older{suffix}")
        with pytest.raises(ResultError, match=r"older jitrisk \(format 5, this one reads 6\): simulate it again"):
            jr.open(tmp_path / f"older{suffix}")


def test_sample__exogenous_paths_handed_in_give_the_same_bits(outcomes):
    paths = jr.sample(MODEL, paths=200, seed=11)
    again = jr.simulate(MODEL, seed=11, exogenous=paths)
    assert again.attrs.pop("exogenous") == '[["demand", "clinic"], ["lead_time", "part"], ["receiving", "part"]]'
    # What was handed in says nothing of its hazards.
    assert again["expected_occurrences"].isnull().all()
    known = list(vocabulary.OCCURRENCES)
    xr.testing.assert_identical(again.drop_vars(known), outcomes.drop_vars(known))


def test_simulate__what_is_not_handed_in_is_sampled(outcomes):
    paths = jr.sample(MODEL, paths=200, seed=11)[["demand"]]
    again = jr.simulate(MODEL, seed=11, exogenous=paths)
    assert again.attrs.pop("exogenous") == '[["demand", "clinic"]]'
    xr.testing.assert_identical(again, outcomes)


def test_sample__exogenous_paths_are_used_as_they_are():
    paths = jr.sample(MODEL, paths=5, seed=1)
    paths["demand"][:] = 2.0
    demand = jr.simulate(MODEL, exogenous=paths)["demand"]
    assert (demand == 2.0 * 50).all()


def test_sample__sampled_paths_hold_constants_for_what_is_not_random():
    paths = jr.sample(MODEL, paths=3)
    assert set(paths.data_vars) == set(vocabulary.EXOGENOUS)
    assert (paths["lead_time"].sel(stage="kit") == 1).all()
    assert (paths["availability"] == 1).all()
    assert paths["receiving"].sel(stage="part").min() == 0


PATCHED = MODEL | {
    "strategies": {
        "slow": {},
        "fast": {"stages": {"kit": {"lead_time": "2 d"}}},
        "scrap": {"stages": {"kit": {"yield": 0.5}}},
        "calm": {"hazards": {"strike": {"rate": "1 / 90 d"}}},
    }
}


def test_simulate__constants_handed_back_leave_each_strategy_its_own():
    names = ["slow", "fast", "scrap"]
    direct = jr.simulate(PATCHED, paths=20, seed=2, strategies=names)
    replayed = jr.simulate(PATCHED, seed=2, strategies=names, exogenous=jr.sample(PATCHED, paths=20, seed=2))
    assert replayed.attrs.pop("exogenous")
    known = list(vocabulary.OCCURRENCES)
    xr.testing.assert_identical(direct.drop_vars(known), replayed.drop_vars(known))


def test_sample__luck_that_a_strategy_patches_and_the_paths_replace_is_said():
    paths = jr.sample(PATCHED, paths=5)
    with pytest.warns(UserWarning, match="strategy calm patches receiving of part, but the paths handed in replace it"):
        outcomes = jr.simulate(PATCHED, exogenous=paths)
    np.testing.assert_array_equal(outcomes["lost"].sel(strategy="calm"), outcomes["lost"].sel(strategy="slow"))


@pytest.mark.parametrize("name", ["measure.nc", "measure.zarr"])
def test_save__only_what_can_be_read_back_is_kept(outcomes, tmp_path, name):
    with pytest.raises(ResultError, match="no jitrisk_format"):
        jr.save(xr.Dataset({"x": 1}), tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_save__a_zarr_folder_comes_back_when_its_replacement_cannot_be_put_in_place(outcomes, tmp_path, monkeypatch):
    jr.save(outcomes.isel(path=slice(10)), tmp_path / "run.zarr")
    replace = os.replace

    def fail_at_the_last_step(source, target):
        if str(target).endswith("run.zarr") and not str(source).endswith("old"):
            raise OSError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr("jitrisk.files.atomic_files._exchange", lambda one, other: False)
    monkeypatch.setattr(os, "replace", fail_at_the_last_step)
    with pytest.raises(ResultError, match="Permission denied"):
        jr.save(outcomes, tmp_path / "run.zarr")
    monkeypatch.undo()
    assert jr.open(tmp_path / "run.zarr").sizes["path"] == 10


def test_sample__lost_sales_are_exact_at_large_demand():
    stages = {"a": {"policy": {"base_stock": {"level": 1_003_000}}}}
    customers = {"c": {"stage": "a", "demand": {"poisson": {"mean": 1_000_000}}, "unmet": "lost"}}
    model = {"name": "large", "period": "1 d", "horizon": "365 d", "stages": stages, "customers": customers}
    demand = jr.sample(model, paths=50)["demand"].astype(float)
    truth = (demand - 1_003_000).clip(min=0).sum(["time", "customer"])
    lost = jr.simulate(model, paths=50)["lost"].isel(strategy=0, customer=0)
    np.testing.assert_allclose(lost, truth, rtol=2e-3, atol=1.5)


def test_simulate__a_selection_of_paths_is_not_given_other_numbers():
    paths = jr.sample(MODEL, paths=40, seed=1)
    with pytest.raises(ExogenousError, match="consecutive"):
        jr.simulate(MODEL, exogenous=paths.isel(path=[7, 30]))
    one = jr.simulate(MODEL, seed=1, exogenous=paths[["demand"]].isel(path=[30]))
    whole = jr.simulate(MODEL, paths=40, seed=1)
    xr.testing.assert_equal(one.drop_attrs(), whole.sel(path=[30]).drop_attrs())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.rename(demand="orders"), "unknown exogenous variable 'orders'"),
        (lambda p: p[[]], "no exogenous variable"),
        (lambda p: p.isel(time=slice(10)), "covers 10 periods: the horizon of the model is 60"),
        (lambda p: p.assign_coords(customer=["nobody"]), "unknown customer 'nobody'"),
        (lambda p: p.drop_vars("stage"), "does not say which stage"),
        (lambda p: p.rename(path="run"), "demand has dims"),
        (lambda p: p.assign(demand=p["demand"] * np.nan), "not finite"),
        (lambda p: p.assign(demand=p["demand"].astype(float) * 1e40), "not finite"),
        (lambda p: p.isel(time=slice(None, None, -1)).assign_coords(time=p["time"].values[::-1]), "do not count"),
        (lambda p: p.isel(customer=[0, 0]), "names a customer twice"),
        (lambda p: p.assign(demand=p["demand"] - 100), "allowed is 0 to inf"),
        (lambda p: p.assign(availability=p["availability"] * 2), "allowed is 0 to 1"),
        (lambda p: p.assign(lead_time=p["lead_time"] + 0.5), "not in whole periods"),
    ],
)
def test_simulate__exogenous_paths_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ExogenousError, match=message):
        jr.simulate(MODEL, exogenous=change(jr.sample(MODEL, paths=2)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strategies": ["jjit"]}, "did you mean 'jit'"),
        ({"strategies": []}, "no strategy chosen"),
        ({"paths": 0}, "at least 1"),
        ({"paths": range(0, 10, 2)}, "range of path numbers"),
        ({"paths": 1.7}, "paths is 1.7"),
        ({"paths": True}, "paths is True"),
        ({"paths": "10"}, "paths is '10'"),
        ({"paths": range(2**63, 2**63 + 2)}, "range of path numbers"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": True}, "seed is True"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": -1}, "threads is -1"),
    ],
)
def test_simulate__bad_arguments_are_named(arguments, message):
    with pytest.raises(JitriskError, match=message):
        jr.simulate(MODEL, **arguments)
