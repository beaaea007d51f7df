"""What went wrong in a call: the operation, what it received, the rule that was broken, the fix.

NumPy says what it noticed, at times deep inside and in terms of its own implementation. Here the
same kind of error is raised again with the name that was called, the shapes, and advice for the
mistakes that are made most often; for all others NumPy's words stand at the end.
"""

from __future__ import annotations

import math
import re
import reprlib
import sys
from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any, NoReturn

import numpy as np
from numpy.exceptions import AxisError
from numpy.linalg import LinAlgError

from . import vjps
from .vjps import Function, name_of

Shape = tuple[int, ...]
Advice = Callable[..., str | None]

# Raised again as the first kind that fits, so that whoever catches one catches it still.
KINDS = (AxisError, LinAlgError, IndexError, ValueError, TypeError)


def diagnosed(error: Exception, fn: Function, args: Any, params: Any) -> Exception:
    """The error of a call `fn(*args, **params)`, as one that names the call; to be raised.

    What a function inside has diagnosed is diagnosed anew under the name of the outer one. Errors
    of other libraries, and minigrad's own that say all of this already, are returned as they are.

    Returned and not raised here, because a frame of the traceback that holds the error would be a
    reference cycle, and keep the graph alive.
    """
    name = name_of(fn)
    said = getattr(error, "said", error)
    kind, reason = _kind_and_reason(said, fn, args, params)
    if kind is None or not _is_numpys(said) or (said is error and _says_all(error, name, args)):
        return error
    return _again(kind, f"{name}: {call_text(fn, args, params)}: {reason}", said, error)


def diagnosed_in_rule(error: Exception, fn: Function, i: int, args: Any, params: Any) -> Exception:
    """The error of the derivative rule of `fn` in argument `i`, as one that says whose it was."""
    kind = next((k for k in KINDS if isinstance(error, k)), None)
    if kind is None or not _is_numpys(error):
        return error
    call = call_text(fn, args, params)
    return _again(kind, f"{the_rule(fn, i)}, called with {call}: {error}", error, error)


def raise_without_rules(fn: Function) -> NoReturn:
    """Raise the error of a function that is in none of the tables."""
    raise TypeError(
        f"{name_of(fn)} has no derivative rule, so its result would lose the gradient; give it one "
        "with mg.defvjp (docs/add-an-operation.md), or compute on the array: t.data"
    )


def raise_no_rule(fn: Function, i: int) -> NoReturn:
    """Raise the error of a function that `defvjp` gave fewer rules than it has arguments."""
    raise TypeError(
        f"{name_of(fn)} has no derivative rule in argument {i}, but that requires a gradient; "
        "give defvjp one rule for each argument (None: no derivative)"
    )


def raise_lost_in_an_array() -> NoReturn:
    """Raise the error of `np.asarray(t)`: called by `Tensor.__array__`."""
    caller = sys._getframe(2).f_globals.get("__name__", "")
    functional = "; mg.functional has a softmax, log_softmax and logsumexp for tensors"
    raise TypeError(
        "turning a tensor that requires a gradient into an array would lose the gradient; "
        "say so with t.data or t.detach(), or join tensors with mg.stack([...])"
        + (functional if caller.startswith("scipy") else "")
    )


def the_rule(fn: Function, i: int) -> str:
    """What errors call a rule."""
    return f"the derivative rule of {name_of(fn)} in argument {i}"


def _is_numpys(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] in ("builtins", "numpy")


def _is_own(said: Exception, name: str) -> bool:
    """Whether minigrad chose the words; of NumPy's, only those of generalised ufuncs begin so."""
    begins = re.match(rf"{re.escape(name)}\b", str(said))
    return begins is not None and ": Input operand" not in str(said)


def _says_all(error: Exception, name: str, args: Any) -> bool:
    words = str(error)
    return _is_own(error, name) and all(str(shape) in words for shape in _shapes(args))


def _again(kind: type[Exception], message: str, said: Exception, error: Exception) -> Exception:
    explained = kind(message)
    explained.said = said  # type: ignore[attr-defined]  # for the function that called this one
    return explained.with_traceback(error.__traceback__)


# The call, as text.

_SYMBOLS = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.matmul: "@",
    np.power: "**", np.remainder: "%", np.floor_divide: "//", np.equal: "==", np.not_equal: "!=",
    np.less: "<", np.less_equal: "<=", np.greater: ">", np.greater_equal: ">=",
}  # fmt: skip


def call_text(fn: Function, args: Any, params: Any) -> str:
    """The arguments of a call, arrays as their shapes: `(2, 3) + (3,)`, `(2, 3), axis=1`."""
    if fn in _SYMBOLS and len(args) == 2 and not params:
        return f"{_text(args[0])} {_SYMBOLS[fn]} {_text(args[1])}"
    if fn in (vjps.getitem, vjps.put):
        written = f" = {_text(args[2])}" if fn is vjps.put else ""
        return f"{_text(args[0])}[{_index_text(args[1])}]{written}"
    options = [f"{key}={_text(value)}" for key, value in params.items()]
    return ", ".join([*map(_text, args), *options])


def _text(a: Any) -> str:
    if hasattr(a, "shape"):
        return str(tuple(a.shape)) if _is_real(a) else f"{tuple(a.shape)} of {a.dtype}"
    if isinstance(a, (list, tuple)) and _shapes(a):
        return f"[{', '.join(map(_text, a))}]"
    return reprlib.repr(a)


def _index_text(index: Any) -> str:
    if isinstance(index, tuple):
        return ", ".join(map(_index_text, index)) or "()"
    if isinstance(index, slice):
        start, stop, step = (
            "" if e is None else str(e) for e in (index.start, index.stop, index.step)
        )
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "..." if index is ... else _text(index)


def _shapes(args: Any) -> list[Shape]:
    """The shapes of the arrays among the arguments, those in lists included."""
    found: list[Shape] = []
    for a in args:
        if hasattr(a, "shape"):
            found.append(tuple(a.shape))
        elif isinstance(a, (list, tuple)):
            found += _shapes(a)
    return found


# What went wrong.


def _kind_and_reason(
    said: Exception, fn: Function, args: Any, params: Any
) -> tuple[type[Exception] | None, str]:
    kind = next((k for k in KINDS if isinstance(said, k)), None)
    if _is_own(said, name := name_of(fn)):
        return kind, str(said).removeprefix(name).removeprefix(":").strip()
    if kind in (None, TypeError) and (foreign := _foreign_operand(said, fn, args)):
        return TypeError, f"operands must hold real numbers, got {foreign}"
    if kind in (AxisError, IndexError) and (reason := _axis_reason(said, fn, args, params)):
        return AxisError, reason
    advice = ADVICE.get(fn)
    reason = advice(args, params) if advice is not None and kind is ValueError else None
    if reason is None and "broadcast" in str(said):
        reason = _broadcasting(_shapes(args))
    return kind, reason or str(said)


def _is_real(a: Any) -> bool:
    return getattr(getattr(a, "dtype", None), "kind", "f") in "fiub"


def _foreign_operand(said: Exception, fn: Function, args: Any) -> str | None:
    """What among the operands is no array of real numbers. (A string may also be an option.)"""
    for a in args:
        if isinstance(a, (list, tuple)) and (found := _foreign_operand(said, fn, a)):
            return found
        if not _is_real(a):
            return str(a.dtype)
        name = type(a).__name__
        blamed = isinstance(fn, np.ufunc) or f"'{name}' object" in str(said)
        if isinstance(a, (str, bytes, complex)) and blamed:
            return name
    return None


def _axis_reason(said: Exception, fn: Function, args: Any, params: Any) -> str | None:
    """Which axis does not exist, and which do."""
    shapes = _shapes(args)
    axis, ndim = getattr(said, "axis", None), getattr(said, "ndim", None)
    if axis is None or ndim is None:
        axis, ndim = _argument("axis", fn, args, params), len(shapes[0]) if shapes else None
        if not isinstance(axis, int) or ndim is None or -ndim <= axis < ndim:
            return None
    if ndim == 0:
        return f"there is no axis {axis}: the array is a single number"
    return f"there is no axis {axis}: it must lie between {-ndim} and {ndim - 1}"


def _argument(name: str, fn: Function, args: Any, params: Any) -> Any:
    """The value of an argument that may have been passed by position."""
    try:
        return signature(fn).bind(*args, **params).arguments.get(name)
    except (TypeError, ValueError):  # a function in C
        return params.get(name)


# Advice, by function.


def _broadcasting(shapes: Sequence[Shape]) -> str | None:
    most = max(map(len, shapes), default=0)
    for axis in range(-1, -most - 1, -1):
        lengths = sorted({s[axis] for s in shapes if len(s) >= -axis} - {1})
        if len(lengths) > 1:
            reason = (
                f"axis {axis} has lengths {lengths[0]} and {lengths[1]}, which must be equal or 1"
            )
            return reason + _column_hint(shapes)
    return None


def _column_hint(shapes: Sequence[Shape]) -> str:
    """Where the shorter shape is how the longer one begins, it was meant as columns."""
    if len(shapes) != 2:
        return ""
    short, long = sorted(shapes, key=len)
    if not 0 < len(short) < len(long) or long[: len(short)] != short:
        return ""
    news = ", None" * (len(long) - len(short))
    return f"; index the one of shape {short} with [...{news}] to line it up with the first axes"


def _product(args: Any, params: Any) -> str | None:
    a, b = _shapes(args)[:2] if len(_shapes(args)) >= 2 else ((), ())
    if not a or not b:
        return "both sides need at least one axis; multiply by a number with *"
    rows = b[-2] if len(b) > 1 else b[0]
    if a[-1] == rows:
        return _broadcasting([a[:-2], b[:-2]])
    other = "second-to-last" if len(b) > 1 else "only axis"
    reason = f"the last axis of the left must equal the {other} of the right"
    return f"{reason}; transpose the right: b.mT" if len(b) > 1 and a[-1] == b[-1] else reason


def _contracting(args: Any, params: Any) -> str:
    return "the axes that are summed over must have equal lengths in both arrays"


def _joining(args: Any, params: Any) -> str:
    shapes = _shapes(args)
    if len({len(s) for s in shapes}) > 1:
        return "all arrays must have equally many axes; reshape or np.expand_dims first"
    return "all arrays must have the same shape, but for the axis along which they are joined"


def _writing(args: Any, params: Any) -> str | None:
    x, index, _ = args
    try:
        place = np.broadcast_to(False, x.shape)[index].shape
    except IndexError:  # NumPy looks at the value first
        return None
    return f"the value must broadcast to the shape of the place that is written to, {place}"


def _stacking(args: Any, params: Any) -> str:
    return "all arrays must have the same shape; np.broadcast_to or np.concatenate may be meant"


def _reshaping(args: Any, params: Any) -> str | None:
    shape, *_ = _shapes(args) or [()]
    count = math.prod(shape)
    target = args[1] if len(args) > 1 else params.get("shape", params.get("newshape"))
    wanted = target if isinstance(target, tuple) else (target,)
    if not all(isinstance(n, (int, np.integer)) for n in wanted):
        return None
    if list(wanted).count(-1) > 1:
        return "at most one length may be left open (-1)"
    fixed = math.prod(n for n in wanted if n != -1)
    what = f"a multiple of {fixed}" if -1 in wanted else str(fixed)
    return f"{shape} has {count} elements, but {tuple(wanted)} takes {what}"


def _square(args: Any, params: Any) -> str | None:
    a, *others = _shapes(args) or [()]
    if len(a) < 2 or a[-1] != a[-2]:
        return "the last two axes must be of equal length: a square matrix, or a stack of them"
    if others:
        return f"the right side must have as many rows as the matrix, {a[-1]}"
    return None


def _subscripts(args: Any, params: Any) -> str | None:
    spec, *operands = args or [None]
    if not isinstance(spec, str) or "..." in spec:
        return None
    lengths: dict[str, int] = {}
    labels = spec.replace(" ", "").partition("->")[0].split(",")
    for label, operand in zip(labels, operands, strict=False):
        shape = np.shape(operand)
        if len(label) != len(shape):
            return f"{label!r} names {len(label)} axes, but its operand has {len(shape)}"
        for letter, n in zip(label, shape, strict=True):
            if lengths.setdefault(letter, n) != n:
                return f"the axes named {letter!r} are of lengths {lengths[letter]} and {n}"
    return None


ADVICE: dict[Any, Advice] = {
    np.matmul: _product, np.dot: _product, np.tensordot: _contracting,
    np.concatenate: _joining, vjps.concat: _joining, np.hstack: _joining, np.vstack: _joining,
    np.stack: _stacking, vjps.put: _writing, np.reshape: _reshaping,
    np.einsum: _subscripts, vjps.contract: _subscripts,
    np.linalg.inv: _square, np.linalg.det: _square, np.linalg.solve: _square,
    np.linalg.slogdet: _square, np.linalg.cholesky: _square,
}  # fmt: skip
