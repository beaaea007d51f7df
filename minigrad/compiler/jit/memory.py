"""Arrays on memory that is there already, for use inside of compiled functions.

A compiled function receives the addresses of all the memory that it works in, in one array: taking
twenty arrays apart at each call would take longer than the loops over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

_POINTER = ir.IntType(8).as_pointer()
_LENGTH = ir.IntType(64)


@intrinsic
def array_at(typing_context: Any, address: Any, shape: Any, dtype: Any) -> Any:
    """The array of a shape, without gaps, that begins at an address.

    No other array may overlap with it, so that the compiler may keep elements in registers.
    """
    array = types.Array(dtype.dtype, len(shape), "C")

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], _POINTER)
        separate = builder.call(_separate(builder.module), [pointer])
        builder.call(_shared(builder.module), [separate])
        shape = cgutils.unpack_tuple(builder, args[1])
        return _array(context, builder, array, separate, shape, _row_by_row(builder, shape))

    return array(address, shape, dtype), generate


@intrinsic
def part(typing_context: Any, array: Any, start: Any, shape: Any) -> Any:
    """Elements of an array from number `start` on, without gaps, in a shape."""
    view = types.Array(array.dtype, len(shape), "C")

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _element(context, builder, array, args[0], args[1])
        shape = cgutils.unpack_tuple(builder, args[2])
        return _array(context, builder, view, pointer, shape, _row_by_row(builder, shape))

    return view(array, start, shape), generate


@intrinsic
def strided(typing_context: Any, array: Any, start: Any, shape: Any, strides: Any) -> Any:
    """Elements of an array from number `start` on, in steps of `strides` elements."""
    view = types.Array(array.dtype, len(shape), "A")

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _element(context, builder, array, args[0], args[1])
        shape, strides = (cgutils.unpack_tuple(builder, a) for a in args[2:])
        return _array(context, builder, view, pointer, shape, strides)

    return view(array, start, shape, strides), generate


def _element(context: Any, builder: Any, array: Any, value: Any, start: Any) -> Any:
    data = make_array(array)(context, builder, value).data
    return builder.bitcast(builder.gep(data, [start]), _POINTER)


def _row_by_row(builder: Any, shape: Sequence[Any]) -> list[Any]:
    strides = [ir.Constant(_LENGTH, 1)]
    for n in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], n))
    return strides[: len(shape)]


def _array(
    context: Any, builder: Any, kind: Any, pointer: Any, shape: Sequence[Any], strides: Any
) -> Any:
    array = make_array(kind)(context, builder)
    size = context.get_constant(
        types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype))
    )
    populate_array(
        array,
        data=builder.bitcast(pointer, array.data.type),
        shape=shape,
        strides=[builder.mul(s, size) for s in strides],
        itemsize=size,
        meminfo=None,
    )
    return array._getvalue()


def _separate(module: Any) -> Any:
    """A function that returns its argument, and promises that no other pointer leads there.

    LLVM believes it, since the function can be replaced when the code is linked (`weak`).
    """
    function = _function(module, "minigrad_separate", _POINTER)
    function.return_value.add_attribute("noalias")
    if function.is_declaration:
        builder = ir.IRBuilder(function.append_basic_block())
        builder.ret(function.args[0])
    return function


def _shared(module: Any) -> Any:
    """A function that might keep its argument: what is written there is read by others later."""
    function = _function(module, "minigrad_shared", ir.VoidType())
    if function.is_declaration:
        ir.IRBuilder(function.append_basic_block()).ret_void()
    return function


def _function(module: Any, name: str, result: Any) -> Any:
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(result, [_POINTER]), name)
    function.linkage = "weak"
    for attribute in ("noinline", "optnone", "nounwind"):
        function.attributes.add(attribute)
    return function
