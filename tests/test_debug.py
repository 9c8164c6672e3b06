"""Which build of the core is under test: `make debug` runs the tests of the dynamics with bounds checks."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import pytest

from jitrisk import _core, _core_double

# The message of Cython's bounds checks, which the compiler leaves out where there are none.
CHECK = b"Out of bounds on buffer access (axis %d)"
DEBUG = os.environ.get("JITRISK_DEBUG") == "1"


@pytest.mark.parametrize("core", [_core, _core_double], ids=["float32", "float64"])
def test_core__checks_bounds_in_a_debug_build_alone(core: ModuleType):
    assert core.__file__ is not None
    library = Path(core.__file__)
    assert (CHECK in library.read_bytes()) == DEBUG
    assert (library.parents[2].name == "debug") == DEBUG
