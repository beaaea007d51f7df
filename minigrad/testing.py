"""Checks of derivatives against finite differences, for whoever adds an operation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from .creation import tensor
from .tensor import Tensor, plain
from .transforms import grad

__all__ = ["assert_grads", "gradcheck"]

Array: TypeAlias = np.ndarray[Any, Any]
Outputs: TypeAlias = Callable[[Sequence[Tensor]], tuple[Any, ...]]
Scalar: TypeAlias = Callable[[Sequence[Tensor]], Any]


def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    order: int = 2,
    *,
    eps: float | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    rng: np.random.Generator | None = None,
) -> bool:
    """Check the derivatives of `f` with respect to all `inputs` against central differences.

    Each order is made a scalar by a random projection, and that scalar's gradient is compared:

        phi_1(x) = sum of  v . (y + y^2 / 2)  over the outputs y of f(x),           v random
        phi_k(x) = sum of  v . (d + d^2 / 2)  over the gradients d = d phi_(k-1) / dx_i
        d phi_k / dx_ij  ~  (phi_k(x + h e_ij) - phi_k(x - h e_ij)) / 2h,  h = eps max(1, |x_ij|)

    The square makes the cotangents depend on x. Were they constants, a rule that loses how its
    result depends on the cotangent would pass at every order.

    The differences cost two evaluations for each element, so keep the inputs small, and away from
    kinks: no element within `eps` of one.

    Args:
        f: a function of tensors which returns a tensor, or a tuple or list of tensors.
        inputs: its arguments, or the only one. Those of a floating dtype are converted to float64
            copies and checked; the others (integers, booleans, strings, None) are passed on as
            they are.
        order: the highest derivative to check, >= 1; the lower ones are checked first.
        eps: the relative step of the differences; the cube root of float64's resolution, 6e-6, if
            left out, where the error of the differences is least, about 1e-10.
        rtol: how far the two may differ, relative to the largest number in either gradient.
        atol: and absolutely.
        rng: where the projections come from; the same ones at every call if left out.

    Returns:
        True, so that it can stand in an `assert`.

    Raises:
        AssertionError: a gradient differs from the differences. It names
            the order, the input, the worst element, both values and both norms.
        ValueError: no input has a floating dtype, or `order` is less than 1.

    Example:
        >>> import numpy as np
        >>> from minigrad.testing import gradcheck
        >>> gradcheck(lambda x, y: x * np.sin(y), (np.array([[1.0], [2.0]]), np.array([0.5, 0.7])))
        True

    Source: Nocedal & Wright 2006, "Numerical optimization", section 8.1, equation 8.7 and the
    choice of eps after it.
    """
    arguments = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
    checked = _floating(arguments)
    if order < 1 or not checked:
        raise ValueError(
            f"gradcheck needs order >= 1 and an input of a floating dtype, got order={order} and "
            f"inputs {[type(a).__name__ for a in arguments]}"
        )
    rng = np.random.default_rng(0) if rng is None else rng
    eps = float(np.finfo(np.float64).eps) ** (1 / 3) if eps is None else eps
    point = [np.array(plain(arguments[i]), np.float64) for i in checked]

    def values(xs: Sequence[Tensor]) -> tuple[Any, ...]:
        given = list(arguments)
        for i, x in zip(checked, xs, strict=True):
            given[i] = x
        return _tuple(f(*given))

    outputs: Outputs = values
    for k in range(1, order + 1):
        scalar = _project(outputs, point, rng)
        outputs = _gradients(scalar)
        for i, x, g in zip(checked, point, outputs(_leaves(point)), strict=True):
            _compare(
                f"order {k}, input {i}", plain(g), _differences(scalar, point, x, eps), rtol, atol
            )
    return True


def assert_grads(
    f: Callable[..., Any],
    inputs: Any,
    expected: Any,
    *,
    rtol: float = 1e-7,
    atol: float = 0.0,
) -> None:
    """Assert what the gradients of the sum of all outputs of `f` are.

    Args:
        f: a function of tensors which returns a tensor, or a tuple or list of tensors.
        inputs: its arguments, or the only one; they keep their dtypes.
        expected: the gradient with respect to each input of a floating dtype, in order (or the
            only one), as anything that broadcasts to its shape.
        rtol: how far the two may differ, relative to the largest number in either gradient.
        atol: and absolutely.

    Raises:
        AssertionError: a gradient differs.
        ValueError: there are more or fewer expected gradients than inputs of a floating dtype.

    Example:
        >>> import numpy as np
        >>> from minigrad.testing import assert_grads
        >>> assert_grads(np.multiply, (np.array([1.0, 2.0]), np.array(3.0)), (3.0, 3.0))
    """
    arguments = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
    wanted = list(expected) if isinstance(expected, (tuple, list)) else [expected]
    checked = _floating(arguments)
    if len(wanted) != len(checked):
        raise ValueError(
            f"{len(checked)} inputs of a floating dtype need as many expected gradients, "
            f"got {len(wanted)}"
        )
    xs = _leaves([plain(arguments[i]) for i in checked])
    for i, x in zip(checked, xs, strict=True):
        arguments[i] = x
    total = sum(np.sum(y) for y in _tuple(f(*arguments)))
    for i, x, g, e in zip(checked, xs, _gradient(total, xs, False), wanted, strict=True):
        _compare(f"input {i}", plain(g), np.broadcast_to(plain(e), x.shape), rtol, atol)


def _floating(arguments: Sequence[Any]) -> list[int]:
    """The positions of the arguments with a floating dtype: arrays, tensors, NumPy's scalars."""
    dtypes = [getattr(a, "dtype", None) for a in arguments]
    return [i for i, dtype in enumerate(dtypes) if dtype is not None and dtype.kind == "f"]


def _tuple(outputs: Any) -> tuple[Any, ...]:
    return tuple(outputs) if isinstance(outputs, (tuple, list)) else (outputs,)


def _leaves(point: Sequence[Array]) -> list[Tensor]:
    return [tensor(x, requires_grad=True) for x in point]


def _project(outputs: Outputs, point: Sequence[Array], rng: np.random.Generator) -> Scalar:
    """x -> sum of v . (y + y^2 / 2) over the outputs, for random v."""
    cotangents = [rng.standard_normal(np.shape(y)) for y in outputs(_leaves(point))]

    def scalar(xs: Sequence[Tensor]) -> Any:
        pairs = zip(outputs(xs), cotangents, strict=True)
        return sum(np.sum(v * (y + 0.5 * y * y)) for y, v in pairs)

    return scalar


def _gradients(scalar: Scalar) -> Outputs:
    return lambda xs: _gradient(scalar(xs), xs, True)


def _gradient(value: Any, xs: Sequence[Tensor], create_graph: bool) -> tuple[Any, ...]:
    """d value / dx for each x; zeros where value does not depend on x."""
    if not (isinstance(value, Tensor) and value.requires_grad):
        return tuple(tensor(np.zeros_like(x)) for x in xs)
    found = grad(value, xs, create_graph=create_graph, allow_unused=True)
    return tuple(
        tensor(np.zeros_like(x)) if g is None else g for x, g in zip(xs, found, strict=True)
    )


def _differences(scalar: Scalar, point: Sequence[Array], x: Array, eps: float) -> Array:
    """The central differences of `scalar` in each element of `x`, which is one of `point`."""
    slopes = np.empty(x.shape)
    for j in np.ndindex(x.shape):
        centre, h = float(x[j]), eps * max(1.0, abs(float(x[j])))
        x[j] = centre + h
        above, upper = x[j], float(plain(scalar(_leaves(point))))
        x[j] = centre - h
        below, lower = x[j], float(plain(scalar(_leaves(point))))
        x[j] = centre
        slopes[j] = (upper - lower) / (above - below)  # what h became when it was rounded
    return slopes


def _compare(where: str, analytic: Array, expected: Array, rtol: float, atol: float) -> None:
    if analytic.size == 0:
        return
    error = np.abs(np.asarray(analytic, np.float64) - expected)
    scale = max(float(np.max(np.abs(analytic))), float(np.max(np.abs(expected))))
    if np.all(error <= atol + rtol * scale):  # False for nan
        return
    worst = np.unravel_index(int(np.argmax(error)), error.shape)
    norms = [math.sqrt(float(np.sum(np.square(a)))) for a in (analytic, expected)]
    raise AssertionError(
        f"{where}: the gradient is {analytic[worst]} at element {tuple(map(int, worst))}, but "
        f"{expected[worst]} was expected (norm of the gradient {norms[0]:.6g}, of the expected "
        f"one {norms[1]:.6g}; the largest error allowed {atol + rtol * scale:.3g})"
    )
