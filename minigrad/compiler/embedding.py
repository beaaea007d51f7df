"""The source of functions that are not NumPy's, so that a printed program runs on its own."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType
from typing import Any


def embedded(functions: Iterable[Callable[..., Any]]) -> tuple[dict[str, str], dict[str, Any]]:
    """The definitions of functions and of everything they use.

    Args:
        functions: Python functions, primitives among them.

    Returns:
        By name the definitions, in an order in which they can be executed, and the objects which
        have no source (made at a prompt, or in another language) and must be handed over.
    """
    texts: dict[str, str] = {}
    objects: dict[str, Any] = {}
    for fn in sorted(functions, key=lambda f: f.__name__):
        _embed(fn.__name__, fn, texts, objects)
    return texts, objects


def _embed(name: str, a: Any, texts: dict[str, str], objects: dict[str, Any]) -> None:
    if name in texts or name in objects or name == "np":
        return
    a = inspect.unwrap(a) if isinstance(a, FunctionType) else a
    if isinstance(a, ModuleType):
        texts[name] = f"import {a.__name__} as {name}"
        return
    if isinstance(a, (int, float, str, tuple, bool, type(None))):
        texts[name] = f"{name} = {a!r}"
        return
    if not isinstance(a, FunctionType) or a.__closure__ or a.__name__ != name:
        objects[name] = a
        return
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(a)))
    except (OSError, SyntaxError):
        objects[name] = a
        return
    texts[name] = ""  # reserves the place: a function may call itself
    _strip(tree)
    needed = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} & a.__globals__.keys()
    for other in sorted(needed - {"Any"}):
        _embed(other, a.__globals__[other], texts, objects)
    del texts[name]
    texts[name] = ast.unparse(tree)


def _strip(tree: ast.AST) -> None:
    """Take away what only readers and type checkers need."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list, node.returns = [], None
            for a in [*node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]:
                if a is not None:
                    a.annotation = None
            if ast.get_docstring(node) and len(node.body) > 1:
                del node.body[0]
