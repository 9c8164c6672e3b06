"""How functions are compiled by Numba: flags, inlining, and the cache on disk; bit casts between float32 and int32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import types
from numba.extending import intrinsic

from jitrisk.sampling.kernel_cache import keep_compiled

Function = TypeVar("Function", bound=Callable[..., Any])

# Kernels allocate nothing, so they need none of Numba's reference counts, which cost more than a row of lanes.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}


def compile_entry(function: Function, **more: Any) -> Function:
    """Compile on first call, or load what an earlier process compiled."""
    return cast(Function, keep_compiled(numba.njit(**OPTIONS, **more)(function)))


def compile_inner(function: Function) -> Function:
    """Compile for other kernels only: reading arguments from Python takes longer to compile than the loops do."""
    return compile_entry(function, no_cpython_wrapper=True)


def compile_inline(function: Function) -> Function:
    """Inline a function where it is called: for those called once, or LLVM would optimize them many times."""
    return compile_entry(function, inline="always")


def _build_bitcast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))


def _cast_to_bits(context: Any, value: Any) -> Any:
    """Return the bits of a float32 as an int32."""
    return types.int32(types.float32), _build_bitcast


def _cast_to_float(context: Any, value: Any) -> Any:
    """Return the float32 that has the bits of an int32."""
    return types.float32(types.int32), _build_bitcast


def _add_width(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    # llvmlite lists the attributes that it knows, which are those without a value.
    set.add(builder.function.attributes, '"prefer-vector-width"="512"')
    return context.get_dummy_value()


def _widen_vectors(context: Any) -> Any:
    """Let LLVM use vectors of 512 bits in a kernel; on most Intel processors that have them it takes half of one."""
    return types.void(), _add_width


widen_vectors: Any = intrinsic(_widen_vectors)
pattern_of: Any = intrinsic(_cast_to_bits)
float_of: Any = intrinsic(_cast_to_float)
