"""Matrix products as vector code, for matrices that fit into the processor's caches.

A library such as OpenBLAS takes about a microsecond to begin with; a product of a hundred rows of
sixteen takes a quarter of that. Here eight rows of the result are kept in vector registers, while
the loop goes over the inner axis: at each turn, two vectors of `b` are multiplied by one number of
each of eight rows of `a` (after Goto and van de Geijn, 2008, Anatomy of High-Performance Matrix
Multiplication, whose micro-kernel this is; all else there is about matrices that exceed a cache).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from .decorators import FREEDOMS
from .transposition import transpose
from .vectors import INT64, Elements, filled, int64, multiple, vector_bytes

_ROWS = (8, 4, 1)  # rows of the result at a time: as many eights as there are, then a four, ones
_BLOCK_ROWS, _BLOCK_COLUMNS = 64, 256  # of the result, which a thread takes at a time
_FAR = 2048  # bytes between neighbours, from which on few sets of the first cache hold them all
_VECTORS = (2, 1) if vector_bytes() == 64 else (1,)  # columns at a time: registers are 32, or 16


@intrinsic
def product(typing_context: Any, a: Any, b: Any, out: Any) -> Any:
    """Write a @ b into out; the rows of b and out have no gaps, a may have any strides."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, y, z = _elements(context, builder, signature, args)
        _Product(builder, x, y, z, row=None).write()
        return context.get_dummy_value()

    return types.void(a, b, out), generate


@intrinsic
def product_plus(typing_context: Any, a: Any, b: Any, row: Any, out: Any) -> Any:
    """Write a @ b + row into out."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, y, r, z = _elements(context, builder, signature, args)
        _Product(builder, x, y, z, row=r).write()
        return context.get_dummy_value()

    return types.void(a, b, row, out), generate


@njit(fastmath=FREEDOMS, parallel=True)
def threaded_product(a: Any, b: Any, out: Any) -> None:
    """As `product`, the blocks of the result divided among threads.

    Of a transposed matrix whose rows are scattered widely each block is copied, row by row.
    """
    n, m = out.shape
    down = -(-n // _BLOCK_ROWS)
    for k in prange(down * -(-m // _BLOCK_COLUMNS)):
        row, column = k % down * _BLOCK_ROWS, k // down * _BLOCK_COLUMNS
        rows = slice(row, min(row + _BLOCK_ROWS, n))
        columns = slice(column, min(column + _BLOCK_COLUMNS, m))
        if a.strides[0] == a.itemsize and a.strides[1] >= _FAR:
            block = np.empty((rows.stop - row, a.shape[1]), a.dtype)
            transpose(a[rows].T, block)
            product(block, b[:, columns], out[rows, columns])
        else:
            product(a[rows], b[:, columns], out[rows, columns])


def _products(a: Any, b: Any, out: Any) -> None:
    """Each of a stack of products, over the two axes in front."""
    n, m = out.shape[:2]
    for k in prange(n * m):
        i, j = k // m, k % m
        product(a[i, j], b[i, j], out[i, j])


def _products_by_columns(a: Any, b_T: Any, out: Any) -> None:  # noqa: N803
    """The same of second factors whose columns have no gaps: they are transposed one by one."""
    n, m = out.shape[:2]
    for k in prange(n * m):
        i, j = k // m, k % m
        b = np.empty((b_T.shape[3], b_T.shape[2]), b_T.dtype)
        transpose(b_T[i, j], b)
        product(a[i, j], b, out[i, j])


products = njit(_products, fastmath=FREEDOMS)
threaded_products = njit(_products, fastmath=FREEDOMS, parallel=True)
products_by_columns = njit(_products_by_columns, fastmath=FREEDOMS)
threaded_products_by_columns = njit(_products_by_columns, fastmath=FREEDOMS, parallel=True)


def _elements(context: Any, builder: Any, signature: Any, args: Any) -> list[Elements]:
    return [Elements(context, builder, *x) for x in zip(signature.args, args, strict=True)]


class _Product:
    def __init__(
        self, builder: Any, a: Elements, b: Elements, out: Elements, row: Elements | None
    ) -> None:
        self.builder = builder
        self.a, self.b, self.out, self.row = a, b, out, row

    def write(self) -> None:
        """Some columns after the other, so that the part of b that they take stays in the cache."""
        builder, m, first = self.builder, self.out.shape[1], int64(0)
        for vectors in _VECTORS:
            width = vectors * self.out.width
            last = multiple(builder, m, width)
            with cgutils.for_range_slice(builder, first, last, int64(width), INT64) as (j, _):
                self._write_columns(j, vectors, None)
            first = last
        with builder.if_then(builder.icmp_unsigned("<", first, m)):
            self._write_columns(first, 1, self.out.first_lanes(builder.sub(m, first)))

    def _write_columns(self, j: Any, vectors: int, mask: Any) -> None:
        n, first = self.out.shape[0], int64(0)
        for rows in _ROWS:
            last = multiple(self.builder, n, rows)
            with cgutils.for_range_slice(self.builder, first, last, int64(rows), INT64) as (i, _):
                self._tile(i, j, rows, vectors, mask)
            first = last

    def _tile(self, i: Any, j: Any, rows: int, vectors: int, mask: Any) -> None:
        """Some rows of the result, from (i, j) on, one or two vectors wide."""
        builder = self.builder
        columns = [builder.add(j, int64(v * self.out.width)) for v in range(vectors)]
        sums = [
            [cgutils.alloca_once(builder, self.out.vector) for _ in columns] for _ in range(rows)
        ]
        for v, column in enumerate(columns):
            start = self._start(column, mask)
            for row in sums:
                builder.store(start, row[v])
        with cgutils.for_range(builder, self.a.shape[1]) as loop:
            b = [self.b.load_vector(loop.index, column, mask=mask) for column in columns]
            for r, row in enumerate(sums):
                number = self.a.load(builder.add(i, int64(r)), loop.index)
                a = filled(builder, number, self.out.width)
                for s, x in zip(row, b, strict=True):
                    term = builder.fmul(a, x, flags=("contract",))
                    builder.store(builder.fadd(builder.load(s), term, flags=("contract",)), s)
        for r, row in enumerate(sums):
            for s, column in zip(row, columns, strict=True):
                place = builder.add(i, int64(r)), column
                self.out.store_vector(builder.load(s), *place, mask=mask)

    def _start(self, column: Any, mask: Any) -> Any:
        """What the sums begin with."""
        if self.row is None:
            return ir.Constant(self.out.vector, None)
        return self.row.load_vector(column, mask=mask)
