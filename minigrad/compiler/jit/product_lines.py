"""Matrix products as source: as vector code, or for large ones as calls of the library."""

from __future__ import annotations

from dataclasses import replace

from ..program import Value
from .arrays import Arrays, unused
from .layouts import Layout, row_by_row
from .schedule import SMALL_PRODUCT, multiplications
from .statements import Product

LARGE_PRODUCT = 1 << 27  # multiplications, from which on the library's product is faster
_FEWEST_ROWS = 32  # to divide among threads


class Products:
    """Prints matrix products.

    Args:
        layouts: where each value lies; what is copied to have its rows without gaps is added.
        names: the names of values; the same.
    """

    def __init__(self, layouts: dict[Value, Layout], names: dict[Value, str]) -> None:
        self._layouts, self._names = layouts, names

    def lines(self, product: Product, arrays: Arrays) -> list[str]:
        n, m = product.a.shape[-2], product.b.shape[-1]
        shape = (*product.a.shape[:-2], n, m)
        out = Layout(product.out, 0, shape, row_by_row(shape))
        work = multiplications(product)
        if product.is_stack:
            return self._stack(product, out, arrays)
        if work >= LARGE_PRODUCT:
            return self._by_the_library(product, out, arrays)
        b, lines = product.b, list[str]()
        if m > 1 and b.strides[1] != 1:
            b, lines = self._with_rows(b, arrays)
        rest = [arrays.name(b), arrays.name(out)]
        if product.row is not None:
            row = Layout(product.row.root, product.row.offset, (m,), (1,))
            rest.insert(1, arrays.name(row))
            return [*lines, f"product_plus({', '.join([arrays.name(product.a), *rest])})"]
        if work > SMALL_PRODUCT and n >= _FEWEST_ROWS:
            a = arrays.name(product.a, is_strided=True)  # one kind, so one function to compile
            return [*lines, f"threaded_product({', '.join([a, *rest])})"]
        return [*lines, f"product({', '.join([arrays.name(product.a), *rest])})"]

    def _stack(self, product: Product, out: Layout, arrays: Arrays) -> list[str]:
        b, kind = product.b, "products"
        if b.strides[-1] != 1 and b.shape[-1] != 1:
            kind = "products_by_columns"
            shape, strides = ((*x[:-2], x[-1], x[-2]) for x in (b.shape, b.strides))
            b = replace(b, shape=shape, strides=strides)
        kind = f"threaded_{kind}" if multiplications(product) > SMALL_PRODUCT else kind
        names = [arrays.name(x, is_strided=True) for x in (product.a, b)]
        return [f"{kind}({', '.join([*names, arrays.name(out)])})"]

    def _by_the_library(self, product: Product, out: Layout, arrays: Arrays) -> list[str]:
        lines, operands = list[str](), list[str]()
        for x in (product.a, product.b):
            transposed = replace(x, shape=x.shape[::-1], strides=x.strides[::-1])
            if x.is_contiguous:
                operands.append(arrays.name(x))
            elif transposed.is_contiguous:
                operands.append(f"{arrays.name(transposed)}.T")
            else:
                x, copying = self._with_rows(x, arrays)
                lines += copying
                operands.append(arrays.name(x))
        return [*lines, f"np.dot({', '.join([*operands, arrays.name(out)])})"]

    def _with_rows(self, x: Layout, arrays: Arrays) -> tuple[Layout, list[str]]:
        """A matrix copied so that its rows have no gaps, and the lines that do it."""
        copy = Value(x.root.dtype, x.shape)
        layout = Layout(copy, 0, x.shape, row_by_row(x.shape))
        self._layouts[copy] = layout
        self._names[copy] = unused(f"{arrays.name(x)}_rows", set(self._names.values()))
        transposed = replace(x, shape=x.shape[::-1], strides=x.strides[::-1])
        if transposed.strides[1] == 1:
            return layout, [f"transpose({arrays.name(transposed)}, {arrays.name(layout)})"]
        lines = [
            f"for i in range({x.shape[0]}):",
            f"    for j in range({x.shape[1]}):",
            f"        {arrays.name(layout)}[i, j] = {arrays.name(x)}[i, j]",
        ]
        return layout, lines
