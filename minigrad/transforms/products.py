"""Products with the Jacobian, from the left and from the right, and with the Hessian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from ..modes import enable_grad
from ..tensor import Tensor, needs_grad, seed_for
from .evaluation import Argnums, Evaluation, pulled_back, zeros_like
from .structures import matched, rebuilt


def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that computes f and its gradient.

        (f(x), df/dx)

    Args:
        f: a function of arrays or tensors, or of nested lists, tuples and dicts of them. Its
            result is a tensor of one element.
        argnums: the positional argument, or a tuple of them, to differentiate with respect to.
        has_aux: f returns a pair, the value and something else that is handed through.

    Returns:
        A function of the same arguments. It returns `(value, gradient)`, or
        `((value, aux), gradient)`; a gradient has the structure, the shapes and the dtypes of the
        argument, and for a tuple of arguments there is a tuple of gradients. Both are
        differentiable themselves where something outside requires a gradient: an argument, or a
        parameter that f uses. Under `mg.no_grad()` they are not.

    Raises:
        TypeError: (at a call) an argument is not floating-point; f returns no tensor.
        ValueError: (at a call) the value is not a scalar; `argnums` is out of range.

    Example:
        >>> import minigrad as mg
        >>> value, gradient = mg.value_and_grad(lambda w: (w["a"] * w["b"]).sum())(
        ...     {"a": np.array([1.0, 2.0]), "b": 3.0})
        >>> value.item(), gradient["a"].tolist(), gradient["b"].item()
        (9.0, [3.0, 3.0], 3.0)
    """

    @wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        run = Evaluation(f, args, argnums, kwargs, has_aux)
        y = _scalar(run)
        gradient = run.in_place_of_arguments(run.pull_back([y], [seed_for(y, None)], is_last=True))
        value = run.settled(run.value)
        return ((value, run.settled(run.aux)) if has_aux else value), gradient

    return value_and_gradient


def _scalar(run: Evaluation) -> Tensor:
    if len(run.outputs) == 1 and isinstance(run.value, Tensor) and run.value.size == 1:
        return run.value
    shapes = ", ".join(str(y.shape) for y in run.outputs)
    raise ValueError(
        f"the gradient is that of a function with one number as its result, but {run.name} "
        f"returned shape {shapes}: reduce it with .sum() or .mean(), or take mg.jacobian or mg.vjp"
    )


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The value of f, and the function that multiplies the Jacobian by a vector from the left.

        v -> v^T df/dx

    Args:
        f: a function of arrays or tensors, or of nested lists, tuples and dicts of them.
        args: its arguments, floating-point.

    Returns:
        `(value, pull_back)`. `pull_back(v)` takes a cotangent of the structure and shapes of the
        value, any number of times, and returns a tuple with a cotangent for each argument.

    Raises:
        TypeError: an argument is not floating-point; f returns no tensor.
        ValueError: (of `pull_back`) v has another structure or shape than the value.

    Example:
        >>> import minigrad as mg
        >>> value, pull_back = mg.vjp(np.multiply, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
        >>> value.tolist(), [g.tolist() for g in pull_back(np.array([1.0, 10.0]))]
        ([3.0, 8.0], [[3.0, 40.0], [1.0, 20.0]])
    """
    run = Evaluation(f, args, tuple(range(len(args))))

    def pull_back(cotangent: Any) -> Any:
        seeds = _vectors(run.value, cotangent, "the cotangent")
        return run.in_place_of_arguments(run.pull_back(run.outputs, seeds))

    return run.settled(run.value), pull_back


def jvp(f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of f, and its Jacobian multiplied by a vector from the right.

        df/dx v  =  d/du (u^T df/dx) v

    The pull-back is linear in the cotangent u, and its own pull-back is this product: so forward
    mode costs two backward passes, and needs no second table of rules.

    Args:
        f: a function of arrays or tensors, or of nested lists, tuples and dicts of them.
        args: its arguments, a tuple or list; floating-point.
        tangents: v, in the structure and the shapes of `args`.

    Returns:
        `(value, tangent)`, both in the structure of what f returns.

    Raises:
        TypeError: an argument is not floating-point; f returns no tensor.
        ValueError: the tangents have another structure or shape than the arguments.

    Example:
        >>> import minigrad as mg
        >>> value, tangent = mg.jvp(np.sin, (np.array([0.0, np.pi]),), (np.array([1.0, 10.0]),))
        >>> tangent.tolist()
        [1.0, -10.0]

    Source: Townsend 2017, "A new trick for calculating Jacobian vector products".
    """
    run = Evaluation(f, _argument_list(args, "jvp"), tuple(range(len(args))))
    vectors = _vectors(run.arguments, tangents, "tangents")
    moving = [y for y in run.outputs if needs_grad(y)]
    u = [Tensor(np.zeros(y.shape, y.dtype), requires_grad=True) for y in moving]
    with enable_grad():
        products = run.pull_back(moving, u)
    found = iter(pulled_back(products, vectors, u, run.has_graph, run.lifts(vectors)))
    tangent = [next(found) if needs_grad(y) else zeros_like(y) for y in run.outputs]
    return run.settled(run.value), rebuilt(run.value, tangent)


def hvp(f: Callable[..., Any], args: Sequence[Any], v: Sequence[Any]) -> Any:
    """The Hessian of f, multiplied by a vector; the Hessian itself is never made.

        d/dx (v^T df/dx)

    Args:
        f: a function of arrays or tensors, or of nested lists, tuples and dicts of them. Its
            result is a tensor of one element.
        args: its arguments, a tuple or list; floating-point.
        v: the vector, in the structure and the shapes of `args`.

    Returns:
        The product, a tuple in the structure of `args`.

    Raises:
        TypeError: an argument is not floating-point; f returns no tensor.
        ValueError: f's value is not a scalar; v has another structure or shape than the arguments.

    Example:
        >>> import minigrad as mg
        >>> (product,) = mg.hvp(lambda x: (x**3).sum(), (np.array([1.0, 2.0]),), (np.ones(2),))
        >>> product.tolist()
        [6.0, 12.0]

    Source: Pearlmutter 1994, "Fast exact multiplication by the Hessian". Deviation: reverse over
    reverse, not forward over reverse.
    """
    value_and_gradient = value_and_grad(f, tuple(range(len(args))))
    run = Evaluation(
        lambda *own: value_and_gradient(*own)[1],
        _argument_list(args, "hvp"),
        tuple(range(len(args))),
    )
    seeds = _vectors(run.value, v, "v")
    return run.in_place_of_arguments(run.pull_back(run.outputs, seeds, is_last=True))


def _argument_list(args: Any, name: str) -> list[Any]:
    if not isinstance(args, (tuple, list)):
        raise TypeError(
            f"{name} takes the arguments of f as a tuple, (x,) for one, got a {type(args).__name__}"
        )
    return list(args)


def _vectors(structure: Any, given: Any, what: str) -> list[Tensor]:
    """A tensor for each one of a structure of tensors, of its shape and dtype."""
    vectors = []
    for name, x, v in matched(structure, given, what):
        v = v if isinstance(v, Tensor) else Tensor(v)
        if v.shape != x.shape:
            raise ValueError(f"{name} must have shape {x.shape}, got {v.shape}")
        vectors.append(seed_for(x, v))
    return vectors
