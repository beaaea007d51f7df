"""Operations whose forward and backward are written by hand, in a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import numpy as np

from ..tensor import Tensor, apply
from ..vjps import defvjp_each
from .together import Together

Place = int | None  # of a saved array: an argument's; None is the output


class Context:
    """What `Function.forward` leaves for `Function.backward`.

    Attributes of any name may be set: shapes, axes, options. Arrays of floating-point numbers must
    be saved instead, as they may have derivatives.

    Attributes:
        saved_tensors: what was saved; in a backward pass that is recorded, tensors.
    """

    def __init__(self) -> None:
        vars(self).update(saved_tensors=(), _saved=(), _name="", _together=Together())

    def __setattr__(self, name: str, value: Any) -> None:
        dtype = getattr(value, "dtype", None)
        if name != "saved_tensors" and dtype is not None and np.dtype(dtype).kind == "f":
            raise TypeError(
                f"ctx.{name} = an array of {dtype}: its derivative would be lost; use "
                "ctx.save_for_backward"
            )
        object.__setattr__(self, name, value)

    def save_for_backward(self, *arrays: Any) -> None:
        """Keep arrays for `backward`, where `saved_tensors` has them in the same order.

        Save arguments and the output where that is possible. Through anything else there is no
        second derivative: asking for it raises.
        """
        vars(self)["_saved"] = arrays


class Function:
    """An operation with a backward pass written by hand.

    Subclasses define two static methods, and are used by `apply`:

        forward(ctx, *args)    the value, one array, computed from plain arrays
        backward(ctx, g)       from dL/d(value), of the value's shape, dL/d(arg) for each argument:
                               a tuple, or just the gradient for a single argument; None for
                               those that have no derivative, such as options

    `backward` is written in NumPy calls. It gets tensors if a second derivative is wanted, and so
    differentiates in turn. Arguments may be anything; gradients are un-broadcast by the engine.

    Raises:
        TypeError: (in the backward pass) the number of gradients is not that of the arguments; or
            a second derivative goes through an intermediate result that was saved.
        ValueError: (in the backward pass) a gradient does not have its argument's shape.

    Example:
        >>> import minigrad as mg
        >>> class Cube(mg.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x**3
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         (x,) = ctx.saved_tensors
        ...         return g * 3 * x**2
        >>> mg.hessian(Cube.apply)(np.array(2.0)).item()
        12.0

    Source: the interface is that of `torch.autograd.Function`. Deviations: one output; `backward`
    sees no tensors in an ordinary backward pass, but arrays.
    """

    told_to_programs: ClassVar[None] = None  # compiled programs look into the methods
    _operation: ClassVar[Callable[..., Any]]

    def __init_subclass__(cls) -> None:
        """Give each class a function of its own in the table of rules."""

        def operation(*args: Any, ctx: Context) -> Any:
            return _forward(cls, ctx, args)

        operation.__name__ = operation.__qualname__ = cls.__name__
        operation._implementation = operation  # type: ignore[attr-defined]
        defvjp_each(
            operation,
            lambda i, g, y, *args, ctx: ctx._together.take(
                i, g, lambda: _backward(cls, ctx, g, y, args)
            ),
        )
        cls._operation = staticmethod(operation)

    @staticmethod
    def forward(ctx: Context, *args: Any) -> Any:
        """The value; subclasses define it."""
        raise NotImplementedError("a mg.Function must define the static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx: Context, g: Any) -> Any:
        """The gradients of the arguments; subclasses define it."""
        raise NotImplementedError("a mg.Function must define the static method backward(ctx, g)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """The value at these arguments: a tensor if one of them is, else what `forward` returns."""
        if any(isinstance(a, Tensor) for a in args):
            return apply(cls._operation, *args, ctx=Context())
        return cls._operation(*args, ctx=Context())


def _forward(cls: type[Function], ctx: Context, args: Any) -> Any:
    y = cls.forward(ctx, *args)
    saved = vars(ctx)["_saved"]
    vars(ctx)["_saved"] = tuple(_place(a, args, y) for a in saved)
    return y


def _place(saved: Any, args: Any, y: Any) -> Any:
    """Where a saved array stands in the recorded call; a list of the array itself if nowhere."""
    if saved is y:
        return None
    return next((i for i, a in enumerate(args) if a is saved), [saved])


def _backward(cls: type[Function], ctx: Context, g: Any, y: Any, args: Any) -> dict[int, Any]:
    """The gradients of the arguments by their places."""
    lifted = isinstance(g, Tensor) or isinstance(y, Tensor)
    ctx.saved_tensors = tuple(_found(cls, p, y, args, lifted) for p in vars(ctx)["_saved"])
    try:
        gradients = cls.backward(ctx, g)
    finally:
        ctx.saved_tensors = ()
    gradients = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
    if len(gradients) != len(args):
        raise TypeError(
            f"{cls.__name__}.backward returned {len(gradients)} gradients, but forward takes "
            f"{len(args)} arguments: return one for each, None for those without a derivative"
        )
    return {i: gradient for i, gradient in enumerate(gradients) if gradient is not None}


def _found(cls: type[Function], place: Any, y: Any, args: Any, lifted: bool) -> Any:
    if not isinstance(place, list):
        return y if place is None else args[place]
    return apply(_intermediate, *args, saved=place[0], of=cls.__name__) if lifted else place[0]


def _intermediate(*args: Any, saved: Any, of: str) -> Any:
    """An intermediate result of `forward`: how it depends on the arguments is not known."""
    return saved


def _raise_no_derivative(*args: Any, saved: Any, of: str) -> NoReturn:
    raise TypeError(
        f"{of} saved an intermediate result, which has no derivative of its own: for second "
        "derivatives save arguments or the output only, and compute it again in backward"
    )


_intermediate._implementation = _intermediate  # type: ignore[attr-defined]
defvjp_each(_intermediate, _raise_no_derivative)
