"""The extension modules and their flags; everything else is in pyproject.toml."""

import os
import runpy
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

# Bounds checks in the core: `make debug`.
DEBUG = os.environ.get("JITRISK_DEBUG") == "1"

# A debug build keeps its C files, objects and libraries apart: make and Cython compare only times, and would take those
# of one build for the other.
BUILD = "build/debug" if DEBUG else "build"

# No contraction to fused multiply-add, so that every instruction set gives the same bits; without errno and
# traps GCC turns floor() and the selects into vector instructions; loops are not to be torn apart.
FLAGS = [
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-tree-loop-distribution",
    "-fno-tree-loop-distribute-patterns",
    "-g0",
]

# What the sources of both extensions include; the first is written here, from the tables of the package.
ROWS = Path("jitrisk/_rows.pxi")
ACTS = ("_acts", "_acts_start", "_acts_inputs", "_acts_transit", "_acts_steps", "_acts_extensions")
BLOCK = ("_constants", "_state", "_totals", "_extensions", "_starts")
INCLUDED = [str(ROWS), *(f"jitrisk/{name}.pxi" for name in ("_lanes", *ACTS, *BLOCK))]

# One binary for every Python from 3.11 on, the first whose stable ABI has the buffer protocol of typed memoryviews.
STABLE_ABI = ("Py_LIMITED_API", "0x030B0000")


def write_rows() -> None:
    """Write the numbers of the core's rows as constants for the compiler, where they have changed."""
    text = runpy.run_path("jitrisk/core_tables.py")["render_rows"]()
    if not ROWS.exists() or ROWS.read_text() != text:
        ROWS.write_text(text)


def extension(name: str, *macros: tuple[str, str]) -> Extension:
    """Return the extension of one source file of the package."""
    return Extension(
        f"jitrisk.{name}",
        [f"jitrisk/{name}.pyx"],
        depends=["jitrisk/_core.pyx", *INCLUDED],
        extra_compile_args=["/O2", "/fp:precise"] if sys.platform == "win32" else FLAGS,
        define_macros=[STABLE_ABI, *macros],
        py_limited_api=True,
    )


write_rows()
setup(
    ext_modules=cythonize(
        [extension("_core"), extension("_core_double", ("JR_DOUBLE", "1"))],
        build_dir=BUILD if DEBUG else None,
        compiler_directives={
            "language_level": 3,
            "boundscheck": DEBUG,
            "wraparound": False,
            "initializedcheck": DEBUG,
            "cdivision": True,
        },
    ),
    options={"bdist_wheel": {"py_limited_api": "cp311"}, "build": {"build_base": BUILD}},
)
