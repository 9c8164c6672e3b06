"""The extension module and its flags; everything else is in pyproject.toml."""

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

setup(
    ext_modules=cythonize(
        [
            Extension(
                "jitrisk._core",
                ["jitrisk/_core.pyx"],
                extra_compile_args=["/O2", "/fp:precise"] if sys.platform == "win32" else FLAGS,
            )
        ],
        compiler_directives={
            "language_level": 3,
            "boundscheck": DEBUG,
            "wraparound": False,
            "initializedcheck": DEBUG,
            "cdivision": True,
        },
    )
)
