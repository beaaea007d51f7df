"""The derivative rules of NumPy's functions, each written once, in plain NumPy calls.

A rule is a vector-Jacobian product (VJP). For `y = fn(a, b, ...)` the rule of one argument
maps `g`, the cotangent of `y` (dL/dy, of `y`'s shape), to that argument's cotangent:

    rule(g, y, a, b, ..., **params)

A rule may return an array of any shape that un-broadcasts to its argument's: the engine sums
the broadcast axes away. Because rules call nothing but functions which have rules themselves,
they run on plain arrays (an ordinary backward pass) and on tensors (derivatives of any order)
alike.

The file has two halves: four ways to give a function a place in the tables, then the rows.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial, wraps
from inspect import Parameter, signature
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = ["defcomposite", "defconstant", "defvjp", "defvjp_each", "name_of", "primitive"]

Function = Callable[..., Any]
Rule = Callable[..., Any]


class EachArgument:
    """The rules of a function of any number of arguments: `rule(i, g, y, ...)` for argument i."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, i: int) -> Rule:
        return partial(self.rule, i)

    def __iter__(self) -> Iterator[Rule]:
        yield self[0]

    def __len__(self) -> int:
        return sys.maxsize


VJPS: dict[Function, Sequence[Rule | None] | EachArgument] = {}
COMPOSITES: dict[Function, Function] = {}
CONSTANTS: set[Function] = set()
IMPLEMENTATIONS: dict[Function, Function] = {}  # what runs on arrays, past the dispatch


def primitive(fn: Function) -> Function:
    """Make a function on arrays dispatch like a NumPy function, so that it can have a rule.

    Called on arrays, the function simply runs. Called on anything that implements NumPy's
    `__array_function__` protocol (a `Tensor`), the call is handed over to it, with this function
    as the operation.

    Args:
        fn: a pure function; the differentiable arguments come first and are passed by position.

    Returns:
        The dispatching function; give it a rule with `defvjp`.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> @mg.primitive
        ... def cube(x):
        ...     return x * x * x
        >>> mg.defvjp(cube, lambda g, y, x: g * 3 * x * x)
        >>> x = mg.tensor([2.0], requires_grad=True)
        >>> cube(x).backward()
        >>> x.grad
        tensor([12.])

    Source: NumPy Enhancement Proposal 18, "A dispatch mechanism for NumPy's high level array
    functions"; only its first step is needed here: the first argument that claims the call gets it.
    """

    if not callable(fn):
        raise TypeError(f"primitive marks a function, got {fn!r}")

    @wraps(fn)
    def dispatch(*args: Any, **params: Any) -> Any:
        for a in args:
            if type(a) is not ndarray and hasattr(a, "__array_function__"):
                return a.__array_function__(dispatch, (type(a),), args, params)
        return fn(*args, **params)

    dispatch._implementation = fn  # type: ignore[attr-defined]  # what NumPy's own subclasses call
    return dispatch


def defvjp(fn: Function, *rules: Rule | None) -> None:
    """Give `fn` its derivative rules, one for each positional argument.

    Args:
        fn: a NumPy function, a ufunc, or a function marked `@primitive`.
        rules: `rule(g, y, *args, **params)` for each argument, in order; None where the function
            has no derivative in that argument.

    Raises:
        TypeError: `fn` or a rule is not callable, or `fn` does not dispatch to tensors.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> @mg.primitive
        ... def scale(x, factor):
        ...     return x * factor
        >>> mg.defvjp(scale, lambda g, y, x, factor: g * factor, None)
        >>> mg.grad(scale(w := mg.tensor(3.0, requires_grad=True), 5.0), w)
        tensor(5.)
    """
    _check_dispatches(fn)
    for rule in rules:
        if rule is not None and not callable(rule):
            raise TypeError(f"defvjp({name_of(fn)}): a rule must be callable or None, got {rule!r}")
    if all(rule is None for rule in rules):
        raise TypeError(f"defvjp({name_of(fn)}) needs at least one rule; see defconstant for none")
    _set_rules(fn, rules)


def defvjp_each(fn: Function, rule: Rule) -> None:
    """Give a function of any number of arrays one rule: `rule(i, g, y, *args, **params)`."""
    _check_dispatches(fn)
    _set_rules(fn, EachArgument(rule))


def _set_rules(fn: Function, rules: Sequence[Rule | None] | EachArgument) -> None:
    VJPS[fn] = rules
    IMPLEMENTATIONS[fn] = getattr(fn, "_implementation", fn)


def defcomposite(fn: Function, definition: Function) -> None:
    """Define a function that arrives whole by calls that have rules; `definition` replaces it."""
    _check_dispatches(fn)
    COMPOSITES[fn] = definition


def defconstant(*fns: Function) -> None:
    """Declare functions which have no derivative at all: on tensors they return plain arrays."""
    for fn in fns:
        _check_dispatches(fn)
    CONSTANTS.update(fns)


def _check_dispatches(fn: Function) -> None:
    if not callable(fn):
        raise TypeError(f"expected a function, got {fn!r}")
    owner = getattr(fn, "__self__", fn)  # np.add for np.add.reduce
    if not (isinstance(owner, np.ufunc) or hasattr(fn, "_implementation")):
        raise TypeError(
            f"{name_of(fn)} is neither a NumPy function nor a primitive, so a tensor never reaches "
            "its rule: mark it with @mg.primitive first"
        )


@cache
def _accepted(definition: Function, skipped: int) -> tuple[frozenset[str], float]:
    """The names of a definition's arguments, and how many may be positional."""
    parameters = list(signature(definition).parameters.values())[skipped:]
    kinds = [p.kind for p in parameters]
    variadic = Parameter.VAR_POSITIONAL in kinds
    most = math.inf if variadic else sum(k is not Parameter.KEYWORD_ONLY for k in kinds)
    return frozenset(p.name for p in parameters), most


def rejected_arguments(fn: Function, args: Any, params: Any) -> str | None:
    """Why a call of `fn` cannot be recorded: an argument that its rules do not know. Else None."""
    if fn in COMPOSITES:
        names, most = _accepted(COMPOSITES[fn], 0)
    elif fn in VJPS:
        rule = next(rule for rule in VJPS[fn] if rule is not None)
        names, most = _accepted(rule, 2)  # after g and y
    else:
        return None
    unknown = [name for name in params if name not in names]
    if unknown:
        return f"the argument {unknown[0]}= is not supported"
    if len(args) > most:
        return f"takes at most {most} positional arguments, got {len(args)}"
    return None


def name_of(fn: Function) -> str:
    """The name a reader knows a function by: `tanh`, `add.reduce`."""
    owner = getattr(fn, "__self__", None)
    name = getattr(fn, "__name__", None) or repr(fn)
    return f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else str(name)


# Arithmetic.

defvjp(np.add, lambda g, y, a, b: g, lambda g, y, a, b: g)
defvjp(np.subtract, lambda g, y, a, b: g, lambda g, y, a, b: -g)
defvjp(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
defvjp(np.divide, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b)
defvjp(np.negative, lambda g, y, x: -g)
defvjp(np.positive, lambda g, y, x: g)
defvjp(np.reciprocal, lambda g, y, x: -g * y * y)
defvjp(np.square, lambda g, y, x: g * 2 * x)
defvjp(np.sqrt, lambda g, y, x: g * 0.5 / y)
defvjp(np.cbrt, lambda g, y, x: g / (3 * y * y))


def _power_base(g: Any, y: Any, a: Any, b: Any) -> Any:
    """g b a^(b-1), and 0 where b = 0, also at a = 0."""
    if isinstance(b, (int, float)):  # stays weak: np.where would make it float64
        return g * b * a ** (b - 1) if b else np.zeros_like(g)
    return g * b * a ** np.where(np.equal(b, 0), np.ones_like(b), b - 1)


def _power_exponent(g: Any, y: Any, a: Any, b: Any) -> Any:
    """g y log(a), with 0 log(0) = 0; nan where a < 0: no real derivative exists."""
    if isinstance(a, (int, float)):
        return g * y * math.log(a) if a > 0 else np.where(a == 0, np.zeros_like(g), g * math.nan)
    return g * y * np.log(np.where(np.equal(a, 0), np.ones_like(a), a))


defvjp(np.power, _power_base, _power_exponent)
defvjp(
    np.remainder,
    lambda g, y, a, b: g,
    lambda g, y, a, b: -g * np.floor_divide(a, b),
)
defvjp(np.hypot, lambda g, y, a, b: g * a / y, lambda g, y, a, b: g * b / y)

# Exponentials and logarithms.

defvjp(np.exp, lambda g, y, x: g * y)
defvjp(np.exp2, lambda g, y, x: g * y * math.log(2))
defvjp(np.expm1, lambda g, y, x: g * (y + 1))
defvjp(np.log, lambda g, y, x: g / x)
defvjp(np.log2, lambda g, y, x: g / (x * math.log(2)))
defvjp(np.log10, lambda g, y, x: g / (x * math.log(10)))
defvjp(np.log1p, lambda g, y, x: g / (x + 1))
defvjp(
    np.logaddexp,
    lambda g, y, a, b: g * np.exp(a - y),
    lambda g, y, a, b: g * np.exp(b - y),
)

# Trigonometric and hyperbolic functions.

defvjp(np.sin, lambda g, y, x: g * np.cos(x))
defvjp(np.cos, lambda g, y, x: -g * np.sin(x))
defvjp(np.tan, lambda g, y, x: g * (1 + y * y))
defvjp(np.arcsin, lambda g, y, x: g / np.sqrt(1 - x * x))
defvjp(np.arccos, lambda g, y, x: -g / np.sqrt(1 - x * x))
defvjp(np.arctan, lambda g, y, x: g / (1 + x * x))
defvjp(
    np.arctan2,
    lambda g, y, a, b: g * b / (a * a + b * b),
    lambda g, y, a, b: -g * a / (a * a + b * b),
)
defvjp(np.sinh, lambda g, y, x: g * np.cosh(x))
defvjp(np.cosh, lambda g, y, x: g * np.sinh(x))
defvjp(np.tanh, lambda g, y, x: g * (1 - y * y))
defvjp(np.arcsinh, lambda g, y, x: g / np.sqrt(x * x + 1))
defvjp(np.arccosh, lambda g, y, x: g / np.sqrt(x * x - 1))
defvjp(np.arctanh, lambda g, y, x: g / (1 - x * x))

# Piecewise functions. Conventions: |x|' = 0 at 0; ties of a maximum or minimum share equally;
# at the bounds of a clip the value itself gets the whole gradient.

defvjp(np.absolute, lambda g, y, x: g * np.sign(x))
defvjp(np.fabs, lambda g, y, x: g * np.sign(x))
for _step in (np.sign, np.floor, np.ceil, np.rint, np.trunc):
    defvjp(_step, lambda g, y, x: np.zeros_like(g))
defvjp(
    np.floor_divide,
    lambda g, y, a, b: np.zeros_like(g),
    lambda g, y, a, b: np.zeros_like(g),
)
defvjp(np.round, lambda g, y, x, decimals=0: np.zeros_like(g))


def _share(g: Any, wins: Any, ties: Any) -> Any:
    return g * wins + g * 0.5 * ties


defvjp(
    np.maximum,
    lambda g, y, a, b: _share(g, np.greater(a, b), np.equal(a, b)),
    lambda g, y, a, b: _share(g, np.greater(b, a), np.equal(a, b)),
)
defvjp(
    np.minimum,
    lambda g, y, a, b: _share(g, np.less(a, b), np.equal(a, b)),
    lambda g, y, a, b: _share(g, np.less(b, a), np.equal(a, b)),
)
defvjp(
    np.fmax,
    lambda g, y, a, b: _share(g, np.greater(a, b) | np.isnan(b), np.equal(a, b)),
    lambda g, y, a, b: _share(g, np.greater(b, a) | np.isnan(a), np.equal(a, b)),
)
defvjp(
    np.fmin,
    lambda g, y, a, b: _share(g, np.less(a, b) | np.isnan(b), np.equal(a, b)),
    lambda g, y, a, b: _share(g, np.less(b, a) | np.isnan(a), np.equal(a, b)),
)
defvjp(
    np.where,
    None,
    lambda g, y, condition, a, b: np.where(condition, g, 0),
    lambda g, y, condition, a, b: np.where(condition, 0, g),
)


@primitive
def clip(x: Any, low: Any, high: Any) -> Any:
    """min(max(x, low), high); a bound may be None."""
    return np.clip(x, low, high)


def _clipped(x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Where x lies below the lower bound and above the upper one (which wins if they cross)."""
    above = False if high is None else np.greater(x if low is None else np.maximum(x, low), high)
    below = False if low is None else np.less(x, low) & np.logical_not(above)
    return below, above


def _clip_x(g: Any, y: Any, x: Any, low: Any, high: Any) -> Any:
    below, above = _clipped(x, low, high)
    return g * np.logical_not(np.logical_or(below, above))


defvjp(
    clip,
    _clip_x,
    lambda g, y, x, low, high: g * _clipped(x, low, high)[0],
    lambda g, y, x, low, high: g * _clipped(x, low, high)[1],
)


def _np_clip(
    x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Any:
    return clip(x, min if a_min is None else a_min, max if a_max is None else a_max)


defcomposite(np.clip, _np_clip)

# Reductions.


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    """`axis` (None, int or tuple, perhaps negative) as a tuple of positions."""
    if axis is None or np.ndim(x) == 0:  # NumPy lets some reductions take axis 0 of a number
        return tuple(range(np.ndim(x)))
    return tuple(a % np.ndim(x) for a in (axis if isinstance(axis, tuple) else (axis,)))


def _kept_shape(x: Any, axis: Any) -> tuple[int, ...]:
    """The shape of a reduction of x over `axis` with keepdims=True."""
    reduced = _axes(x, axis)
    return tuple(1 if i in reduced else n for i, n in enumerate(np.shape(x)))


def _keep(r: Any, x: Any, axis: Any) -> Any:
    """A reduction of x over `axis`, with the reduced axes back as length 1."""
    return r if axis is None else r.reshape(_kept_shape(x, axis))


def _count(x: Any, axis: Any) -> int:
    """The number of elements that each result of a reduction over `axis` is made of."""
    return x.size if axis is None else math.prod(x.shape[a] for a in _axes(x, axis))


@primitive
def spread(g: Any, shape: tuple[int, ...]) -> Any:
    """g broadcast to `shape`; on small arrays filling is four times as quick as a view."""
    filled = np.empty(shape, g.dtype)
    filled[...] = g
    return filled


defvjp(spread, lambda g, y, x, shape: g)
defvjp(
    np.add.reduce,
    lambda g, y, x, axis=0, *, keepdims=False: spread(_keep(g, x, axis), x.shape),
)
defcomposite(
    np.sum,
    lambda x, axis=None, *, keepdims=False: np.add.reduce(x, axis=axis, keepdims=keepdims),
)


@primitive
def mean(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """`np.mean` without its layers of Python: the sum divided by the count."""
    wide: Any = np.float32 if x.dtype == np.float16 else None  # a sum of halves soon overflows
    total = np.add.reduce(x, axis=axis, dtype=wide, keepdims=keepdims)
    if wide is None:
        return total / _count(x, axis)
    return (total / _count(x, axis)).astype(x.dtype)


defvjp(
    mean,
    lambda g, y, x, axis=None, keepdims=False: spread(_keep(g, x, axis) / _count(x, axis), x.shape),
)
defcomposite(
    np.mean,
    lambda x, axis=None, *, keepdims=False: mean(x, axis=axis, keepdims=keepdims),
)


def _var_rule(
    g: Any, y: Any, x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False
) -> Any:
    """2 g (x - mean) / (n - ddof)."""
    deviation = x - np.mean(x, axis=axis, keepdims=True)
    return _keep(g, x, axis) * (2 / (_count(x, axis) - ddof)) * deviation


def _std_rule(
    g: Any, y: Any, x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False
) -> Any:
    """g (x - mean) / ((n - ddof) y), and 0 where the deviation is 0."""
    nonzero = np.where(np.equal(y, 0), np.ones_like(y), y)
    return _var_rule(g * 0.5 / nonzero, y, x, axis, ddof=ddof)


defvjp(np.var, _var_rule)
defvjp(np.std, _std_rule)


def _extremum_rule(g: Any, y: Any, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The elements that attain the extremum share its gradient equally."""
    winners = np.equal(x, _keep(y, x, axis))
    ties = np.add.reduce(winners, axis=axis, keepdims=True, dtype=x.dtype)
    return _keep(g, x, axis) * winners / ties


for _extremum in (np.max, np.min, np.amax, np.amin):
    defvjp(_extremum, _extremum_rule)


@primitive
def product_of_others(x: Any, axis: Any = None) -> Any:
    """For each element the product of the others over `axis`: y / x, unless an element is 0."""
    if np.all(np.not_equal(x, 0)):
        return _keep(np.prod(x, axis=axis), x, axis) / x
    return _without_each(x, axis)[1]


def _without_each(x: Any, axis: Any) -> tuple[Any, Any]:
    """The n factors in n rows, row i with 1 for element i: (..., n, n); and the rows' products."""
    axes, n = _axes(x, axis), _count(x, axis)
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    lead = moved.shape[: x.ndim - len(axes)]
    rows = np.where(np.eye(n, dtype=bool), 1, np.reshape(moved, (*lead, 1, n)))
    products = np.reshape(np.prod(rows, axis=-1), moved.shape)
    return rows, np.moveaxis(products, last, axes)


def _product_of_others_rule(g: Any, y: Any, x: Any, axis: Any = None) -> Any:
    """The derivative of the product of row i, for all elements of the row but the i-th."""
    axes, n = _axes(x, axis), _count(x, axis)
    last = tuple(range(-len(axes), 0))
    rows, _ = _without_each(x, axis)
    moved = np.moveaxis(g, axes, last)
    each = np.reshape(moved, (*rows.shape[:-1], 1)) * product_of_others(rows, axis=-1)
    sums = np.add.reduce(np.where(np.eye(n, dtype=bool), 0, each), axis=-2)
    return np.moveaxis(np.reshape(sums, moved.shape), last, axes)


defvjp(product_of_others, _product_of_others_rule)


def _prod_rule(g: Any, y: Any, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """g times the product of the other elements."""
    return _keep(g, x, axis) * product_of_others(x, axis=axis)


defvjp(np.prod, _prod_rule)


def _norm_rule(g: Any, y: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """g x / y: the Euclidean (Frobenius) norm; 0 where the norm is 0."""
    nonzero = np.where(np.equal(y, 0), np.ones_like(y), y)
    return _keep(g / nonzero, x, axis) * x


defvjp(np.linalg.norm, _norm_rule)


def _cumsum_rule(g: Any, y: Any, x: Any, axis: Any = None) -> Any:
    """The sum of the cotangents from each place to the end."""
    along = 0 if axis is None else axis
    return np.reshape(np.flip(np.cumsum(np.flip(g, along), along), along), np.shape(x))


defvjp(np.cumsum, _cumsum_rule)

# Products of vectors and matrices.


def _matmul_a(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if a.ndim == 1:
        return np.squeeze(b @ np.expand_dims(g, -1), -1)
    return g @ b.mT


def _matmul_b(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if b.ndim == 1:
        return np.squeeze(a.mT @ np.expand_dims(g, -1), -1)
    if a.ndim == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    return a.mT @ g


defvjp(np.matmul, _matmul_a, _matmul_b)


def _as_array(a: Any) -> Any:
    """Numbers and lists become arrays; arrays and tensors are passed on."""
    return a if hasattr(a, "shape") else np.asarray(a)


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Move the contracted axes together, flatten, and multiply as matrices."""
    a, b = _as_array(a), _as_array(b)
    if isinstance(axes, int):
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    summed_a, summed_b = (
        [i % t.ndim for i in ([ax] if isinstance(ax, int) else ax)]
        for ax, t in zip(axes, (a, b), strict=True)
    )
    free_a = [i for i in range(a.ndim) if i not in summed_a]
    free_b = [i for i in range(b.ndim) if i not in summed_b]
    n = math.prod(a.shape[i] for i in summed_a)
    rows, columns = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    left = np.reshape(np.transpose(a, free_a + summed_a), (math.prod(rows), n))
    right = np.reshape(np.transpose(b, summed_b + free_b), (n, math.prod(columns)))
    return np.reshape(left @ right, (*rows, *columns))


def _dot(a: Any, b: Any) -> Any:
    a, b = _as_array(a), _as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return a @ b if b.ndim <= 2 else np.tensordot(a, b, axes=(-1, -2))


defcomposite(np.tensordot, _tensordot)
defcomposite(np.dot, _dot)
defcomposite(np.outer, lambda a, b: np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1)))


@primitive
def contract(spec: str, *operands: Any, optimize: Any = False) -> Any:
    """`np.einsum` in explicit form: every axis lettered, no label twice in one operand."""
    return np.einsum(spec, *operands, optimize=optimize)


def _contract_rule(i: int, g: Any, y: Any, spec: str, *operands: Any, optimize: Any = False) -> Any:
    """Swap the operand with the result; axes that only this operand has are spread over ones."""
    inputs, output = spec.split("->")
    labels = inputs.split(",")
    others = [(s, t) for k, (s, t) in enumerate(zip(labels, operands, strict=True), 1) if k != i]
    target, x = labels[i - 1], operands[i - 1]
    known = {pair for s, t in [(output, g), *others] for pair in zip(s, t.shape, strict=True)}
    alone = [(a, n) for a, n in zip(target, x.shape, strict=True) if (a, n) not in known]
    ones = np.ones([n for _, n in alone], dtype=x.dtype)
    sources = [(output, g), *others, ("".join(a for a, _ in alone), ones)]
    swapped = ",".join(s for s, _ in sources) + "->" + target
    return np.einsum(swapped, *(t for _, t in sources), optimize=optimize)


defvjp_each(contract, _contract_rule)


def _einsum(spec: Any, *operands: Any, optimize: Any = False) -> Any:
    """Spell out the ellipsis and the implicit output, then contract."""
    if not isinstance(spec, str):
        raise TypeError("einsum on tensors: give the subscripts as a string, as in 'ij,jk->ik'")
    inputs, arrow, output = spec.replace(" ", "").partition("->")
    labels = inputs.split(",")
    if len(labels) != len(operands):
        raise ValueError(f"einsum {spec!r}: {len(labels)} operands named, {len(operands)} given")
    if not arrow:
        letters = inputs.replace(",", "").replace("...", "")
        once = "".join(sorted(a for a in set(letters) if letters.count(a) == 1))
        output = ("..." if "..." in inputs else "") + once
    spare = [a for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if a not in spec]
    hidden = [np.ndim(t) - len(s.replace("...", "")) for s, t in zip(labels, operands, strict=True)]
    most = max((n for s, n in zip(labels, hidden, strict=True) if "..." in s), default=0)
    dots = "".join(spare[:most])
    for k, (label, n) in enumerate(zip(labels, hidden, strict=True)):
        labels[k] = label.replace("...", dots[most - n :] if n > 0 else "")
        if len(set(labels[k])) != len(labels[k]):
            raise TypeError(
                f"einsum {spec!r}: a label twice in one operand has no derivative rule; "
                "take the diagonal first"
            )
    explicit = ",".join(labels) + "->" + output.replace("...", dots)
    return contract(explicit, *map(_as_array, operands), optimize=optimize)


defcomposite(np.einsum, _einsum)

# Shape.


@primitive
def astype(x: Any, dtype: Any) -> Any:
    """x as another floating-point type."""
    return x.astype(dtype)


defvjp(astype, lambda g, y, x, dtype: astype(g, x.dtype))
defvjp(np.copy, lambda g, y, x: g)


def _reshape_rule(g: Any, y: Any, x: Any, shape: Any, order: Any = "C") -> Any:
    if order == "C":
        return g.reshape(x.shape)
    if order == "F":
        return np.reshape(g, x.shape, order)
    raise TypeError(f"reshape on tensors: the order must be 'C' or 'F', got {order!r}")


defvjp(np.reshape, _reshape_rule)
defcomposite(np.ravel, lambda x: np.reshape(x, -1))
defvjp(np.expand_dims, lambda g, y, x, axis: g.reshape(x.shape))
defvjp(np.squeeze, lambda g, y, x, axis=None: g.reshape(x.shape))
defvjp(np.broadcast_to, lambda g, y, x, shape: g)
defvjp(
    np.transpose,
    lambda g, y, x, axes=None: np.transpose(g, None if axes is None else _inverse(axes, x.ndim)),
)
defvjp(np.swapaxes, lambda g, y, x, axis1, axis2: np.swapaxes(g, axis1, axis2))
defcomposite(np.matrix_transpose, lambda x: np.swapaxes(x, -1, -2))
defvjp(
    np.moveaxis,
    lambda g, y, x, source, destination: np.moveaxis(g, destination, source),
)
defvjp(np.flip, lambda g, y, x, axis=None: np.flip(g, axis))
defvjp(np.tril, lambda g, y, x, k=0: np.tril(g, k))
defvjp(np.triu, lambda g, y, x, k=0: np.triu(g, k))


def _roll_rule(g: Any, y: Any, x: Any, shift: Any, axis: Any = None) -> Any:
    back = tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift
    return np.roll(g, back, axis)


defvjp(np.roll, _roll_rule)


def _inverse(axes: Sequence[int], ndim: int) -> tuple[int, ...]:
    """The permutation that undoes `axes`."""
    inverse = [0] * ndim
    for i, a in enumerate(axes):
        inverse[a] = i
    return tuple(inverse)


# Joining and splitting. The list of arrays is unpacked, so that each array is an argument.


@primitive
def concat(*arrays: Any, axis: int = 0) -> Any:
    """`np.concatenate` of its arguments."""
    return np.concatenate(arrays, axis=axis)


def _concat_rule(i: int, g: Any, y: Any, *arrays: Any, axis: int = 0) -> Any:
    start = sum(a.shape[axis] for a in arrays[:i])
    part = slice(start, start + arrays[i].shape[axis])
    return getitem(g, (slice(None),) * (axis % y.ndim) + (part,))


defvjp_each(concat, _concat_rule)


def _concatenate(arrays: Any, axis: int | None = 0) -> Any:
    if axis is None:
        return concat(*(np.reshape(a, -1) for a in arrays))
    return concat(*map(_as_array, arrays), axis=axis)


def _hstack(arrays: Any) -> Any:
    arrays = [a if np.ndim(a) else np.reshape(a, 1) for a in arrays]
    return np.concatenate(arrays, 0 if np.ndim(arrays[0]) == 1 else 1)


def _split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Let NumPy split the positions, then index."""
    places = np.arange(x.shape[axis])
    lead = (slice(None),) * (axis % x.ndim)
    ends = np.cumsum([len(p) for p in np.split(places, indices_or_sections)]).tolist()
    return [x[(*lead, slice(a, b))] for a, b in zip([0, *ends], ends, strict=False)]


defcomposite(np.concatenate, _concatenate)
defcomposite(
    np.stack,
    lambda arrays, axis=0: np.concatenate([np.expand_dims(a, axis) for a in arrays], axis),
)
defcomposite(np.vstack, lambda arrays: np.concatenate([_at_least_2d(a) for a in arrays], 0))
defcomposite(np.hstack, _hstack)
defcomposite(np.split, _split)


def _at_least_2d(a: Any) -> Any:
    return a if np.ndim(a) >= 2 else np.reshape(a, (1, -1))


# Indexing.


@primitive
def getitem(x: Any, index: Any) -> Any:
    """x[index], basic or advanced."""
    return x[index]


@primitive
def scatter_add(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with g added at `index`; repeated places accumulate."""
    zeros = np.zeros(shape, dtype=g.dtype)
    if _is_basic(index):
        zeros[index] = g
    else:
        np.add.at(zeros, index, g)
    return zeros


def _is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None or p is ... or (isinstance(p, (slice, int, np.integer)) and type(p) is not bool)
        for p in parts
    )


defvjp(getitem, lambda g, y, x, index: scatter_add(g, index, x.shape), None)
defvjp(scatter_add, lambda g, y, x, index, shape: getitem(g, index), None, None)


def _take(x: Any, indices: Any, axis: int | None = None) -> Any:
    if axis is None:
        return getitem(np.reshape(x, -1), _as_array(indices))
    return getitem(x, (slice(None),) * (axis % x.ndim) + (_as_array(indices),))


def _take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Let NumPy take the positions, then index."""
    places = np.arange(x.size).reshape(x.shape)
    return getitem(np.reshape(x, -1), np.take_along_axis(places, indices, axis))


def _repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    n = math.prod(x.shape) if axis is None else x.shape[axis]
    return np.take(x, np.repeat(np.arange(n), repeats), axis=axis)


defcomposite(np.take, _take)
defcomposite(np.take_along_axis, _take_along_axis)
defcomposite(np.repeat, _repeat)

# Functions without a derivative: on tensors they return plain arrays.

defconstant(
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.isnan, np.isinf, np.isfinite, np.signbit, np.isclose, np.allclose, np.array_equal,
    np.logical_not, np.logical_and, np.logical_or, np.logical_xor, np.any, np.all,
    np.argmax, np.argmin, np.argsort, np.searchsorted, np.unique, np.digitize,
    np.nonzero, np.count_nonzero, np.flatnonzero, np.argwhere, np.bincount,
    np.shape, np.ndim, np.size, np.result_type, np.shares_memory, np.may_share_memory,
    np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.array2string,
)  # fmt: skip
