"""The extension modules and their flags; everything else is in pyproject.toml."""

import os
import sys

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("JITRISK_DEBUG") == "1"

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


def extension(name: str, **more: object) -> Extension:
    """Return the extension of one source file of the package."""
    flags = ["/O2", "/fp:precise"] if sys.platform == "win32" else FLAGS
    return Extension(f"jitrisk.{name}", [f"jitrisk/{name}.pyx"], extra_compile_args=flags, **more)


setup(
    ext_modules=cythonize(
        [extension("_core"), extension("_core_double", define_macros=[("JR_DOUBLE", "1")])],
        compiler_directives={
            "language_level": 3,
            "boundscheck": DEBUG,
            "wraparound": False,
            "initializedcheck": DEBUG,
            "cdivision": True,
        },
    )
)
