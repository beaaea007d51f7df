"""The base of all layers: a tree of named parameters and buffers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar

import numpy as np

from .. import modes
from ..conversion import as_array
from ..frames import users_line
from ..modes import active_recorder, active_watcher, changed
from ..node import HookHandle
from ..parameter import Parameter
from ..tensor import Array
from ..writes import record_write
from . import hooks


class Module:
    """A function with parameters.

    Subclasses assign parameters, buffers and other modules to attributes, and define `forward`.
    Everything keeps the order in which it was assigned. Names are paths: `fc1.weight`.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad import nn
        >>> class Net(nn.Module):
        ...     def __init__(self, rng):
        ...         self.hidden = nn.Linear(2, 8, rng=rng)
        ...         self.out = nn.Linear(8, 1, rng=rng)
        ...     def forward(self, x):
        ...         return self.out(np.tanh(self.hidden(x)))
        >>> net = Net(np.random.default_rng(0))
        >>> net
        Net: 33 parameters
          hidden: Linear(2, 8): weight (8, 2), bias (8,)
          out: Linear(8, 1): weight (1, 8), bias (1,)
        >>> net(np.zeros((5, 2), np.float32)).shape
        (5, 1)
    """

    training: bool = True
    _buffer_names: tuple[str, ...] = ()
    _hooks: hooks.Hooks | None = None
    told_to_programs: ClassVar[None] = None  # all attributes; see `compiler.captures`

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} must define forward()")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if modes.observers:
            return self._observed(args, kwargs)
        if self._hooks is not None:
            return hooks.called(self, self._hooks, args, kwargs)
        return self.forward(*args, **kwargs)

    def _observed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The same, while a recorder or a watcher is told."""
        if (recorder := active_recorder()) is not None:
            recorder.enter_module(self)
        watcher = active_watcher()
        with nullcontext() if watcher is None else watcher.inside(self):
            return hooks.called(self, self._hooks or hooks.Hooks(), args, kwargs)

    def register_forward_pre_hook(self, hook: hooks.Hook) -> HookHandle:
        """Call `hook(module, args)` before `forward`; it may return other arguments.

        Returns a handle whose `remove()` takes the hook away.

        Example:
            >>> import numpy as np
            >>> from minigrad import nn
            >>> layer = nn.Flatten()
            >>> handle = layer.register_forward_pre_hook(lambda module, args: print(args[0].shape))
            >>> y = layer(np.zeros((2, 3, 4)))
            (2, 3, 4)
        """
        return hooks.register(self, "before", hook)

    def register_forward_hook(self, hook: hooks.Hook) -> HookHandle:
        """Call `hook(module, args, result)` after `forward`; it may return another result.

        Returns a handle whose `remove()` takes the hook away.

        Example:
            >>> import numpy as np
            >>> from minigrad import nn
            >>> layer = nn.Flatten()
            >>> handle = layer.register_forward_hook(lambda module, args, y: print(y.shape))
            >>> y = layer(np.zeros((2, 3, 4)))
            (2, 12)
            >>> handle.remove()
        """
        return hooks.register(self, "after", hook)

    def register_full_backward_hook(self, hook: hooks.Hook) -> HookHandle:
        """Call `hook(module, grad_inputs, grad_outputs)` in a backward pass.

        Both are tuples of dL/d(positional argument) and of dL/d(result), with None for what
        requires no gradient. The hook is called when the gradients of all inputs are complete (if
        no input requires one: those of the results), and may return other `grad_inputs`.

        Returns a handle whose `remove()` takes the hook away.

        Example:
            >>> import numpy as np
            >>> from minigrad import nn
            >>> layer = nn.Linear(3, 2)
            >>> handle = layer.register_full_backward_hook(
            ...     lambda module, grad_inputs, grad_outputs: print(grad_outputs[0].shape))
            >>> layer(np.zeros((4, 3), np.float32)).sum().backward()
            (4, 2)
        """
        return hooks.register(self, "backward", hook)

    def __setattr__(self, name: str, value: Any) -> None:
        """Tell parameters the name by which errors and drawings shall call them."""
        if isinstance(value, Parameter):
            value.name = value.name or name
        elif isinstance(value, Module):
            for path, parameter in value.named_parameters():
                parameter.name = f"{name}.{path}"
        elif name in self._buffer_names:
            value = as_array(value, copy=False)  # arithmetic on a 0-d array gives a scalar
        elif isinstance(value, (list, tuple, dict)):
            members = value.values() if isinstance(value, dict) else value
            if any(isinstance(m, (Module, Parameter)) for m in members):
                raise TypeError(
                    f"{type(self).__name__}.{name}: modules and parameters inside a "
                    f"{type(value).__name__} would not be found; use nn.Sequential, or an "
                    "attribute for each"
                )
        object.__setattr__(self, name, value)
        changed()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        changed()

    def register_buffer(self, name: str, value: Any) -> None:
        """Make an array which is not learnt part of the module's state."""
        if name not in self._buffer_names:
            self._buffer_names = (*self._buffer_names, name)
        setattr(self, name, value)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules assigned to this one, in order of assignment."""
        return ((name, m) for name, m in vars(self).items() if isinstance(m, Module))

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module (named "") and all modules below it, each once."""
        seen: set[Module] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if module not in seen:
                seen.add(module)
                yield path, module
                below = [(_join(path, name), m) for name, m in module.named_children()]
                stack.extend(reversed(below))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """All parameters by path, in order of definition; a shared one once, by its first path."""
        seen: set[Parameter] = set()
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Parameter) and value not in seen:
                    seen.add(value)
                    yield _join(path, name), value

    def parameters(self) -> Iterator[Parameter]:
        """All parameters, in order of definition, each once."""
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Array]]:
        """All buffers by path, in order of definition."""
        for path, module in self.named_modules():
            for name in module._buffer_names:
                yield _join(path, name), getattr(module, name)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def train(self, mode: bool = True) -> Module:
        """Switch this module and those below to training (or, with False, to evaluation)."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Switch this module and those below to evaluation: dropout off."""
        return self.train(False)

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and buffers, by path.

        Example:
            >>> import minigrad as mg
            >>> list(mg.nn.Linear(2, 3).state_dict())
            ['weight', 'bias']
        """
        return {name: array.copy() for name, array in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> None:
        """Copy values into the parameters and buffers of the same names.

        Args:
            state: arrays by path, as from `state_dict`.
            strict: False ignores names that only one side has. Shapes must fit always.

        Raises:
            ValueError: lists the missing, the unexpected and the mis-shaped names. Nothing has
                been changed then.
        """
        own = self._state()
        missing = [name for name in own if name not in state] if strict else []
        unexpected = [name for name in state if name not in own] if strict else []
        shared = [name for name in own if name in state]
        misshaped = [
            f"{name} (expected {own[name].shape}, got {np.shape(state[name])})"
            for name in shared
            if np.shape(state[name]) != own[name].shape
        ]
        faults = {"missing": missing, "unexpected": unexpected, "mis-shaped": misshaped}
        if any(faults.values()):
            told = [f"{kind}: {', '.join(names)}" for kind, names in faults.items() if names]
            raise ValueError(f"the state does not fit {type(self).__name__}: {'; '.join(told)}")
        values = {name: np.asarray(state[name], own[name].dtype) for name in shared}
        for name, value in values.items():
            own[name][...] = value
            record_write(own[name], users_line())

    def _state(self) -> dict[str, Array]:
        parameters = {name: p.data for name, p in self.named_parameters()}
        return {**parameters, **dict(self.named_buffers())}

    def extra_repr(self) -> str:
        """What stands between the parentheses in the printed tree."""
        return ""

    def __repr__(self) -> str:
        size = sum(p.size for p in self.parameters())
        lines = [f"{_headline(self)}: {size:,} parameters{_own(self)}"]
        for path, module in self.named_modules():
            if path:
                depth, name = path.count("."), path.rpartition(".")[2]
                lines.append("  " * (depth + 1) + f"{name}: {_headline(module)}{_own(module)}")
        return "\n".join(lines)


def _headline(module: Module) -> str:
    details = module.extra_repr()
    return f"{type(module).__name__}({details})" if details else type(module).__name__


def _own(module: Module) -> str:
    """`: weight (8, 2), bias (8,)`: the module's own parameters and buffers."""
    arrays = {n: p.shape for n, p in vars(module).items() if isinstance(p, Parameter)}
    arrays |= {n: getattr(module, n).shape for n in module._buffer_names}
    return ": " + ", ".join(f"{n} {shape}" for n, shape in arrays.items()) if arrays else ""


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
