"""The same bits on every processor: tables, levels and outcomes where NumPy and the C library use fewer instructions.

With JITRISK_FUZZ_SECONDS set, also where Numba compiles for a processor without vector instructions of its own.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import same_bits
from fuzzing import LONGER

SCRIPT = Path(same_bits.__file__)
# Of all tables of a family: they change only with what is drawn, which the changelog then has to say.
PINNED = {
    "constant": "070c0c1bf57883ad",
    "normal": "2c47c2179e3cdf49",
    "lognormal": "178e8db1c61c72da",
    "gamma": "3712907c78be4b2b",
    "exponential": "d73341a48f6d170e",
    "weibull": "30aa731a7669c14b",
    "uniform": "6a8329165bf6ab3b",
    "triangular": "471ca9b6f0f60b02",
    "poisson": "10f6c02ca0944138",
    "negative_binomial": "3875b844babb9725",
    "binomial": "0cfcb2df8d6f8b1d",
    "geometric": "fa2c82549e4eca8e",
    "empirical": "2f7a7bbdf9d85832",
    "lower parts": "f80988611f53a54f",
}
# Names of both spellings that the C library has had; it passes over those that it does not know.
LOWER_LIBRARY = ",".join(
    f"-{name}{end}" for name in ("AVX512F", "AVX2", "AVX", "FMA", "FMA4") for end in ("", "_Usable")
)


def dispatched():
    """Return what NumPy would use on this processor beyond its baseline; it refuses to disable other names."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))


LOWERED = {
    "NumPy": {"NPY_DISABLE_CPU_FEATURES": dispatched()},
    "C library": {"GLIBC_TUNABLES": f"glibc.cpu.hwcaps={LOWER_LIBRARY}"},
}


@cache
def elsewhere(parts, lowered):
    added = {} if lowered is None else LOWERED[lowered]
    done = subprocess.run(
        [sys.executable, SCRIPT, parts], env={**os.environ, **added}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@cache
def here():
    found = {"tables": same_bits.tables_of_families(), "levels": same_bits.levels(), "outcomes": same_bits.outcomes()}
    return {**found, "mathematics": same_bits.mathematics()}


def test_bits__tables_of_every_family_have_their_pinned_hashes():
    assert same_bits.tables_of_families() == PINNED


@pytest.mark.parametrize("lowered", LOWERED)
def test_bits__tables_levels_and_outcomes_have_the_same_bits_with_fewer_instructions(lowered):
    found = elsewhere("tables,levels,outcomes,mathematics", lowered)
    for part in ("tables", "levels", "outcomes"):
        assert found[part] == here()[part]


def test_bits__fewer_instructions_change_what_numpy_and_the_c_library_compute():
    """Otherwise the test above would show nothing: it is skipped on processors and libraries without variants."""
    from numpy._core._multiarray_umath import __cpu_features__

    if sys.platform != "linux" or not (__cpu_features__.get("FMA3") and __cpu_features__.get("AVX512_SKX")):
        pytest.skip("this processor has one variant of these functions")
    found = {name: elsewhere("tables,levels,outcomes,mathematics", name)["mathematics"] for name in LOWERED}
    usual = here()["mathematics"]
    assert found["NumPy"]["NumPy"] != usual["NumPy"]
    assert found["C library"]["C library"] != usual["C library"]


@pytest.mark.skipif(not LONGER, reason="compiles all draw_kernels anew, half a minute")
def test_bits__outcomes_have_the_same_bits_compiled_for_a_plain_processor(tmp_path):
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, SCRIPT, "outcomes"], env={**os.environ, **plain}, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["outcomes"] == here()["outcomes"]


def test_compile_table__all_families_and_all_shapes_of_tables_are_hashed():
    from jitrisk.sampling import FAMILIES, quantile_tables
    from jitrisk.sampling.draw_kernels import CONSTANT, LINES, ROUNDED, STAIRS

    compiled = [quantile_tables.compile_table(distribution) for distribution in same_bits.distributions()]
    assert {distribution.family for distribution in same_bits.distributions()} == set(FAMILIES)
    assert {table.shape for table in compiled} == {
        CONSTANT,
        LINES,
        ROUNDED,
        STAIRS,
    }
    assert all(np.isfinite(table.cells.view(np.float32)).all() for table in compiled if table.shape == LINES)
