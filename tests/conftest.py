"""Settings for every test; standing here, it also puts this folder on the import path of the folders below."""

import pytest
from hypothesis import settings

import jitrisk as jr

settings.register_profile("jitrisk", deadline=None, derandomize=True)
settings.load_profile("jitrisk")


@pytest.fixture
def folder(outcomes, tmp_path):
    """The `outcomes` of a test module, saved as a Zarr folder."""
    jr.save(outcomes, tmp_path / "run.zarr")
    return tmp_path / "run.zarr"
