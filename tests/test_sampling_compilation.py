"""How kernels are compiled: as wide as the processor allows, with the same values."""

from __future__ import annotations

import inspect

import numba
import numpy as np
import pytest

from jitrisk.sampling import derivation_kernels, draw_kernels, kernels
from jitrisk.sampling.compilation import OPTIONS, widen_vectors

WIDTH = '"prefer-vector-width"="512"'
FUNCTIONS = {
    name: value
    for module in (draw_kernels, kernels, derivation_kernels)
    for name, value in vars(module).items()
    if isinstance(value, numba.core.dispatcher.Dispatcher) and value.targetoptions.get("inline") != "always"
}
"""What becomes a function of machine code; the others are inlined in these."""


def double(row: np.ndarray) -> None:
    for i in range(row.shape[0]):
        row[i] = 2 * row[i]


def double_wide(row: np.ndarray) -> None:
    widen_vectors()
    for i in range(row.shape[0]):
        row[i] = 2 * row[i]


@pytest.mark.parametrize(("function", "is_wide"), [(double, False), (double_wide, True)])
def test_widen_vectors__is_an_attribute_of_the_function_that_calls_it(function, is_wide):
    compiled, row = numba.njit(**OPTIONS)(function), np.arange(40, dtype=np.float32)
    compiled(row)
    np.testing.assert_array_equal(row, 2 * np.arange(40, dtype=np.float32))
    (text,) = compiled.inspect_llvm().values()
    assert (WIDTH in text) == is_wide


@pytest.mark.parametrize("name", FUNCTIONS)
def test_widen_vectors__every_kernel_calls_it(name):
    assert "    widen_vectors()\n" in inspect.getsource(FUNCTIONS[name].py_func)


def test_widen_vectors__the_kernels_are_found():
    assert set(FUNCTIONS) > {"philox", "look_up", "fill", "derive"}
