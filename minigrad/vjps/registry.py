"""Where functions get their derivative rules: the tables, and the ways to get into them.

`primitive` makes a function dispatch as NumPy's do; `defvjp` gives a function its rules,
`defvjp_each` one rule for any number of arguments, and `defvjp_sharing` rules that have a
computation in common; `defcomposite` defines a function by calls that have rules; `defconstant`
declares that it has no derivative, `defrefused` that tensors refuse it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial, wraps
from importlib import import_module
from inspect import Parameter, signature
from typing import Any

import numpy as np
from numpy import ndarray

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


class SharingRules(Sequence[Any]):
    """The rules of a function whose derivatives have a computation in common; `defvjp_sharing`."""

    def __init__(self, shared: Rule, rules: Sequence[Rule | None]) -> None:
        self.shared, self.rules = shared, rules

    def of_one_call(self) -> list[Rule | None]:
        """Rules for one cotangent of one call: the first that is asked computes what they share."""
        found: list[Any] = []

        def given_shared(rule: Rule) -> Rule:
            @wraps(self.shared)
            def run(g: Any, y: Any, *args: Any, **params: Any) -> Any:
                if not found:
                    found.append(self.shared(g, y, *args, **params))
                return rule(found[0], y, *args, **params)

            return run

        return [rule and given_shared(rule) for rule in self.rules]

    def __getitem__(self, i: Any) -> Any:
        return self.of_one_call()[i]

    def __len__(self) -> int:
        return len(self.rules)


VJPS: dict[Function, Sequence[Rule | None] | EachArgument] = {}
COMPOSITES: dict[Function, Function] = {}
CONSTANTS: set[Function] = set()
REFUSED: dict[Function, str] = {}  # and why
_VALUED: dict[Function, str] = {}  # constants, but for this argument
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


def defvjp_sharing(fn: Function, shared: Rule, *rules: Rule | None) -> None:
    """Give `fn` rules which have a computation in common, carried out once for all of them.

    Args:
        fn: as for `defvjp`.
        shared: `shared(g, y, *args, **params)`, what the rules have in common.
        rules: `rule(s, y, *args, **params)` for each argument, with s the result of `shared`; None
            where the function has no derivative.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad.vjps import defvjp_sharing
        >>> @mg.primitive
        ... def wave(x, phase):
        ...     return np.sin(x + phase)
        >>> def slope(g, y, x, phase):
        ...     return g * np.cos(x + phase)
        >>> defvjp_sharing(wave, slope, lambda s, y, x, phase: s, lambda s, y, x, phase: s)
        >>> x, phase = (mg.tensor(a, requires_grad=True) for a in (0.0, 0.0))
        >>> mg.grad(wave(x, phase), [x, phase])
        (tensor(1.), tensor(1.))
    """
    _check_dispatches(fn)
    _set_rules(fn, SharingRules(shared, rules))


def _set_rules(fn: Function, rules: Sequence[Rule | None] | EachArgument) -> None:
    VJPS[fn] = rules
    IMPLEMENTATIONS[fn] = getattr(fn, "_implementation", fn)


def defcomposite(fn: Function, definition: Function) -> None:
    """Define a function that arrives whole by calls that have rules; `definition` replaces it."""
    _check_dispatches(fn)
    COMPOSITES[fn] = definition


def defconstant(*fns: Function, derivative_in: str | None = None) -> None:
    """Declare functions which have no derivative at all: on tensors they return plain arrays.

    `derivative_in` names an argument in which they do have one (the weights of a histogram): a
    tensor that requires a gradient is refused there.
    """
    for fn in fns:
        _check_dispatches(fn)
        if derivative_in is not None:
            _VALUED[fn] = derivative_in
    CONSTANTS.update(fns)


def defrefused(why: str, *fns: Function) -> None:
    """Declare functions that tensors refuse, for another reason than that a rule is missing."""
    for fn in fns:
        _check_dispatches(fn)
        REFUSED[fn] = why


def _check_dispatches(fn: Function) -> None:
    if not callable(fn):
        raise TypeError(f"expected a function, got {fn!r}")
    owner = getattr(fn, "__self__", fn)  # np.add for np.add.reduce
    if not (isinstance(owner, np.ufunc) or hasattr(fn, "_implementation")):
        raise TypeError(
            f"{name_of(fn)} is neither a NumPy function nor a primitive, so a tensor never reaches "
            "its rule: mark it with @mg.primitive first"
        )


def find_rules(fn: Function) -> bool:
    """Whether `fn` has rules now that those of SciPy, which nobody may need, have been loaded."""
    if isinstance(fn, np.ufunc) and "scipy.special" in sys.modules:
        import_module(".special", __package__)
    return fn in VJPS


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
    elif fn in _VALUED:
        value = signature(fn).bind(*args, **params).arguments.get(_VALUED[fn])
        lost = getattr(value, "requires_grad", False)
        return f"the gradient of {_VALUED[fn]} would be lost; pass t.detach()" if lost else None
    else:
        return REFUSED.get(fn)
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
