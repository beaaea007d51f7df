"""The transposition of a matrix in blocks that fit into vector registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .vectors import INT32, INT64, Elements, int64, multiple


@intrinsic
def transpose(typing_context: Any, a: Any, out: Any) -> Any:
    """Write a.T into out; the rows of both have no gaps."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, y = (Elements(context, builder, *z) for z in zip(signature.args, args, strict=True))
        _write(builder, x, y)
        return context.get_dummy_value()

    return types.void(a, out), generate


def _write(builder: Any, a: Elements, out: Elements) -> None:
    """Whole blocks first, then the columns that are left of them, then the rows below."""
    n, m = a.shape
    last_row, last_column = multiple(builder, n, a.width), multiple(builder, m, a.width)
    width = int64(a.width)
    with (
        cgutils.for_range_slice(builder, int64(0), last_column, width, INT64) as (j, _),
        cgutils.for_range_slice(builder, int64(0), last_row, width, INT64) as (i, _),
    ):
        _write_block(builder, a, out, i, j)
    _write_singly(builder, a, out, (int64(0), last_row), (last_column, m))
    _write_singly(builder, a, out, (last_row, n), (int64(0), m))


def _write_block(builder: Any, a: Elements, out: Elements, i: Any, j: Any) -> None:
    """Exchange halves of the block across its diagonal, then halves of these, and so on."""
    width = a.width
    rows = [a.load_vector(builder.add(i, int64(r)), j) for r in range(width)]
    half = width // 2
    while half:
        for r in range(width):
            if not r & half:
                upper, lower = rows[r], rows[r + half]
                lanes = range(width)
                first = [k + width - half if k & half else k for k in lanes]
                second = [k + width if k & half else k + half for k in lanes]
                rows[r] = builder.shuffle_vector(upper, lower, _lanes(first))
                rows[r + half] = builder.shuffle_vector(upper, lower, _lanes(second))
        half //= 2
    for c, column in enumerate(rows):
        out.store_vector(column, builder.add(j, int64(c)), i)


def _lanes(numbers: list[int]) -> Any:
    return ir.Constant(ir.VectorType(INT32, len(numbers)), numbers)


def _write_singly(
    builder: Any, a: Elements, out: Elements, rows: tuple[Any, Any], columns: tuple[Any, Any]
) -> None:
    with (
        cgutils.for_range_slice(builder, *rows, int64(1), INT64) as (i, _),
        cgutils.for_range_slice(builder, *columns, int64(1), INT64) as (j, _),
    ):
        out.store(a.load(i, j), j, i)
