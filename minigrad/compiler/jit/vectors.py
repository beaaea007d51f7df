"""What the hand-made vector code of products and transpositions is made of."""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils
from numba.np.arrayobj import make_array

INT64 = ir.IntType(64)
INT32 = ir.IntType(32)
_BYTE_POINTER = ir.IntType(8).as_pointer()


def vector_bytes() -> int:
    """The length of this processor's vector registers; machine code is kept for each processor."""
    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 16


def int64(n: int) -> Any:
    return ir.Constant(INT64, n)


def filled(builder: Any, number: Any, width: int) -> Any:
    """A vector full of a number."""
    nothing = ir.Constant(ir.VectorType(number.type, width), ir.Undefined)
    one = builder.insert_element(nothing, number, ir.Constant(INT32, 0))
    return builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(INT32, width), None))


class Elements:
    """The elements of an array inside of an intrinsic, by their addresses."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = make_array(kind)(context, builder, value)
        self._builder = builder
        self._start = builder.bitcast(array.data, _BYTE_POINTER)
        self.element = context.get_data_type(kind.dtype)
        self.bytes = kind.dtype.bitwidth // 8
        self.width = vector_bytes() // self.bytes
        self.vector = ir.VectorType(self.element, self.width)
        self.shape = cgutils.unpack_tuple(builder, array.shape)
        self._strides = cgutils.unpack_tuple(builder, array.strides)

    def at(self, *index: Any, kind: Any = None) -> Any:
        """The address of an element; or of several, as one vector."""
        offset = int64(0)
        for i, stride in zip(index, self._strides, strict=True):
            offset = self._builder.add(offset, self._builder.mul(i, stride))
        address = self._builder.gep(self._start, [offset])
        return self._builder.bitcast(address, (kind or self.element).as_pointer())

    def load(self, *index: Any) -> Any:
        return self._builder.load(self.at(*index))

    def store(self, number: Any, *index: Any) -> None:
        self._builder.store(number, self.at(*index))

    def load_vector(self, *index: Any, mask: Any = None) -> Any:
        """Neighbouring elements along the last axis; 0 where the mask is not set."""
        address = self.at(*index, kind=self.vector)
        if mask is None:
            return self._builder.load(address, align=self.bytes)
        kinds = [address.type, INT32, mask.type, self.vector]
        nothing = ir.Constant(self.vector, None)
        load = self._masked("load", self.vector, kinds)
        return self._builder.call(load, [address, ir.Constant(INT32, self.bytes), mask, nothing])

    def store_vector(self, vector: Any, *index: Any, mask: Any = None) -> None:
        address = self.at(*index, kind=self.vector)
        if mask is None:
            self._builder.store(vector, address, align=self.bytes)
            return
        kinds = [self.vector, address.type, INT32, mask.type]
        store = self._masked("store", ir.VoidType(), kinds)
        self._builder.call(store, [vector, address, ir.Constant(INT32, self.bytes), mask])

    def first_lanes(self, n: Any) -> Any:
        """The mask of the first n elements of a vector."""
        lanes = ir.Constant(ir.VectorType(INT64, self.width), list(range(self.width)))
        return self._builder.icmp_signed("<", lanes, filled(self._builder, n, self.width))

    def _masked(self, what: str, result: Any, kinds: list[Any]) -> Any:
        name = f"llvm.masked.{what}.v{self.width}f{8 * self.bytes}.p0"
        kind = ir.FunctionType(result, kinds)
        return cgutils.get_or_insert_function(self._builder.module, kind, name)


def multiple(builder: Any, n: Any, step: int) -> Any:
    """The largest multiple of `step` that is at most n."""
    return builder.mul(builder.udiv(n, int64(step)), int64(step))
