"""Functions that a person hangs on a module, to look at what goes through it or to change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..modes import is_grad_enabled
from ..node import HookHandle
from ..tensor import Tensor, needs_grad
from ..transforms.packing import packed, unpacked
from ..transforms.structures import leaves, rebuilt

if TYPE_CHECKING:
    from .module import Module

Hook = Callable[..., Any]


class Hooks(NamedTuple):
    """The hooks of a module. A tuple is replaced, not changed, so compiled programs notice.

    Attributes:
        before: `hook(module, args)`, may return other arguments.
        after: `hook(module, args, result)`, may return another result.
        backward: `hook(module, grad_inputs, grad_outputs)`, may return other `grad_inputs`.
    """

    before: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = ()
    backward: tuple[Hook, ...] = ()


class ModuleHookHandle(HookHandle):
    """What the `register_..._hook` methods return: `remove()` takes the hook away again."""

    def __init__(self, module: Module, kind: str, hook: Hook) -> None:
        self._module, self._kind, self._hook = module, kind, hook

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        hooks = list(getattr(self._module._hooks, self._kind, ()))
        if self._hook in hooks:
            hooks.remove(self._hook)
            _replace(self._module, self._kind, tuple(hooks))


def register(module: Module, kind: str, hook: Hook) -> HookHandle:
    """Add a hook after those that a module has."""
    if not callable(hook):
        raise TypeError(f"a hook must be callable, got {hook!r}")
    _replace(module, kind, (*getattr(module._hooks or Hooks(), kind), hook))
    return ModuleHookHandle(module, kind, hook)


def _replace(module: Module, kind: str, hooks: tuple[Hook, ...]) -> None:
    module._hooks = (module._hooks or Hooks())._replace(**{kind: hooks})
    if not any(module._hooks):
        del module._hooks  # as if there had never been one


def called(module: Module, hooks: Hooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a module with hooks computes."""
    for hook in hooks.before:
        new = hook(module, args)
        if new is not None:
            args = new if isinstance(new, tuple) else (new,)
    backward = _Backward(module, hooks.backward) if hooks.backward and is_grad_enabled() else None
    inside = backward.watched_inputs(args) if backward else args
    result = module.forward(*inside, **kwargs)
    for hook in hooks.after:
        new = hook(module, args, result)
        result = result if new is None else new
    return backward.watched_outputs(result) if backward else result


class _Backward:
    """Calls the backward hooks of one call of a module.

    All inputs that need a gradient go through one node (as do the outputs): once that node's
    cotangent is complete, so are the gradients of all of them.
    """

    def __init__(self, module: Module, hooks: tuple[Hook, ...]) -> None:
        self._module, self._hooks = module, hooks
        self._grad_outputs: tuple[Any, ...] = ()

    def watched_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self._args_moving = tuple(map(needs_grad, args))
        return _watched(args, self._on_inputs)

    def watched_outputs(self, result: Any) -> Any:
        return rebuilt(result, _watched(tuple(leaves(result)), self._on_outputs))

    def _on_outputs(self, gradients: tuple[Any, ...]) -> None:
        self._grad_outputs = gradients
        if not any(self._args_moving):
            self._on_inputs((None,) * len(self._args_moving))

    def _on_inputs(self, gradients: tuple[Any, ...]) -> Any:
        grad_outputs, self._grad_outputs = self._grad_outputs, ()
        for hook in self._hooks:
            new = hook(self._module, gradients, grad_outputs)
            if new is not None:
                gradients = _checked(new, gradients)
        return gradients


def _checked(new: Any, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
    returned: tuple[Any, ...] = tuple(new) if isinstance(new, (tuple, list)) else (new,)
    if [g is None for g in returned] != [g is None for g in gradients]:
        raise ValueError(
            f"a backward hook must return a gradient for each of the {len(gradients)} inputs "
            "that had one, and None for the others"
        )
    return returned


def _watched(things: tuple[Any, ...], hook: Callable[[tuple[Any, ...]], Any]) -> tuple[Any, ...]:
    """The same things; `hook` receives the gradients of the tensors among them, all at once."""
    tensors = [t for t in things if needs_grad(t)]
    if not tensors:
        return things
    like = [t.detach() for t in tensors]  # shapes and dtypes, and no graph

    def on_cotangent(g: Tensor) -> Any:
        parts = iter(unpacked(g, like))
        new = hook(tuple(next(parts) if moving else None for moving in places))
        return new and packed([g for g in new if g is not None])

    places = [needs_grad(t) for t in things]
    whole = packed(tensors).copy()
    whole.register_hook(on_cotangent)
    parts = iter(unpacked(whole, like))
    return tuple(next(parts) if moving else t for t, moving in zip(things, places, strict=True))
