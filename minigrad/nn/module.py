"""The base of all layers: a tree of named parameters and buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy.typing as npt

from .. import modes
from ..conversion import as_array
from ..modes import active_recorder, active_watcher, changed
from ..node import HookHandle
from ..parameter import Parameter
from ..tensor import Array
from . import hooks, paths, state, tree
from .failures import say_where
from .paths import join
from .precision import convert
from .state import LoadedKeys
from .summary import Summary, summarized


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
        try:
            if modes.observers and (watcher := self._announced()) is not None:
                with watcher.inside(self):
                    return hooks.called(self, self._hooks or hooks.Hooks(), args, kwargs)
            if self._hooks is not None:
                return hooks.called(self, self._hooks, args, kwargs)
            return self.forward(
                *args, **kwargs
            )  # at once: a recorder names results after variables
        except Exception as error:
            say_where(error, self)
            raise

    def _announced(self) -> Any:
        """Tell the recorder, if there is one, of the call; returns who else looks on."""
        if (recorder := active_recorder()) is not None:
            recorder.enter_module(self)
        return active_watcher()

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
            self._check_name(name)
            value.name = value.name or name
        elif isinstance(value, Module):
            self._check_name(name)
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

    def _check_name(self, name: str) -> None:
        if not name or "." in name:
            raise ValueError(
                f"{type(self).__name__}: {name!r} cannot be the name of a module, parameter or "
                "buffer: dots join names to paths"
            )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A weight that is made of parameters; see `weight_norm`. Asked for what is not there.

            Raises:
                AttributeError: there is no such weight either.
            """
            makers = vars(self).get("parametrizations")
            if makers is None or name not in vars(makers):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return vars(makers)[name]()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        changed()

    def register_buffer(self, name: str, value: Any) -> None:
        """Make an array which is not learnt part of the module's state."""
        self._check_name(name)
        if name not in self._buffer_names:
            self._buffer_names = (*self._buffer_names, name)
        setattr(self, name, value)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules assigned to this one, in order of assignment; a shared one at each name."""
        return ((name, m) for name, m in vars(self).items() if isinstance(m, Module))

    def children(self) -> Iterator[Module]:
        """The modules assigned to this one, in order of assignment, each once."""
        return iter(dict.fromkeys(module for _, module in self.named_children()))

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module (named "") and all modules below it, each once."""
        seen: set[Module] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if module not in seen:
                seen.add(module)
                yield path, module
                below = [(join(path, name), m) for name, m in module.named_children()]
                stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        """This module and all modules below it, each once, parents first."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """All parameters by path, in order of definition; a shared one once, by its first path."""
        seen: set[Parameter] = set()
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, Parameter) and value not in seen:
                    seen.add(value)
                    yield join(path, name), value

    def parameters(self) -> Iterator[Parameter]:
        """All parameters, in order of definition, each once."""
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Array]]:
        """All buffers by path, in order of definition."""
        return ((place.path, place.value) for place in paths.buffer_places(self))

    def buffers(self) -> Iterator[Array]:
        """All buffers, in order of definition."""
        return (buffer for _, buffer in self.named_buffers())

    def get_submodule(self, path: str) -> Module:
        """The module at a path; "" is this one.

        Raises:
            AttributeError: there is none. The error names the nearest path.

        Example:
            >>> from minigrad import nn
            >>> nn.Sequential(nn.Sequential(nn.Flatten(), nn.Tanh())).get_submodule("0.1")
            Tanh: 0 parameters
        """
        module = paths.module_at(self, path)
        if module is None:
            raise self._unknown("module", path, [p for p, _ in self.named_modules() if p])
        return module

    def get_parameter(self, path: str) -> Parameter:
        """The parameter at a path; a shared one is at each of its paths.

        Raises:
            AttributeError: there is none. The error names the nearest path.
        """
        place = paths.place_at(self, path)
        if place is None or not isinstance(place.value, Parameter):
            known = [p.path for p in paths.parameter_places(self)]
            raise self._unknown("parameter", path, known)
        return place.value

    def get_buffer(self, path: str) -> Array:
        """The buffer at a path.

        Raises:
            AttributeError: there is none. The error names the nearest path.
        """
        place = paths.place_at(self, path)
        if place is None or isinstance(place.value, Parameter):
            raise self._unknown("buffer", path, [p for p, _ in self.named_buffers()])
        buffer: Array = place.value
        return buffer

    def _unknown(self, kind: str, path: str, known: list[str]) -> AttributeError:
        words = f"{type(self).__name__} has no {kind} {path!r}{paths.nearest(path, known)}"
        return AttributeError(words)

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call a function with every module, each once: what is below a module before itself.

        Returns this module.

        Example:
            >>> from minigrad import nn
            >>> net = nn.Sequential(nn.Linear(1, 1), nn.Tanh())
            >>> _ = net.apply(lambda module: print(type(module).__name__))
            Linear
            Tanh
            Sequential
        """
        if not callable(fn):
            raise TypeError(f"apply takes a function of a module, got {fn!r}")
        for module in paths.children_first(self):
            fn(module)
        return self

    def requires_grad_(self, wanted: bool = True, *patterns: str) -> Self:
        """Let parameters be learnt, or not; returns this module.

        Args:
            wanted: False freezes: the parameters get no gradient, lose the one they have, and are
                left alone by optimizers, weight decay included. Buffers are not concerned: batch
                norm goes on counting while it trains.
            patterns: which parameters: paths of parameters or of modules with all below them, or
                patterns of paths, such as "encoder.*.bias". All if left out.

        Raises:
            ValueError: a pattern meets no parameter. Nothing has been changed then.
        """
        chosen = [p for pattern in patterns for p in paths.selected(self, pattern)]
        for parameter in chosen if patterns else self.parameters():
            parameter.requires_grad = wanted
        return self

    def freeze(self, *patterns: str) -> Self:
        """`requires_grad_(False, *patterns)`: parameters that are not to be learnt.

        Example:
            >>> from minigrad import nn
            >>> nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)).freeze("0", "*bias")
            Sequential: 33 parameters
              0: Linear(2, 8): weight (8, 2) frozen, bias (8,) frozen
              1: ReLU
              2: Linear(8, 1): weight (1, 8), bias (1,) frozen
        """
        return self.requires_grad_(False, *patterns)

    def astype(self, dtype: npt.DTypeLike) -> Self:
        """Convert all floating-point parameters and buffers, in place; returns this module.

        Parameters stay the objects that they are, shared ones shared, and their gradients are
        converted too. A graph from before cannot be differentiated any more, and an optimizer
        made before refuses its next step: its state is of the old dtype.

        Args:
            dtype: a floating-point dtype.

        Raises:
            TypeError: another dtype.

        Example:
            >>> import numpy as np
            >>> from minigrad import nn
            >>> layer = nn.Linear(3, 2).astype(np.float64)
            >>> layer(np.zeros(3)).dtype
            dtype('float64')
        """
        convert(self, dtype)
        return self

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def train(self, mode: bool = True) -> Self:
        """Switch this module and those below to training (or, with False, to evaluation)."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch this module and those below to evaluation: dropout off."""
        return self.train(False)

    def state_dict(self) -> dict[str, Array]:
        """Copies of each module's parameters, then of its buffers, by path.

        A shared parameter comes once, by its first path. (PyTorch's state dicts repeat it at each
        of its paths.)

        Example:
            >>> import minigrad as mg
            >>> list(mg.nn.Linear(2, 3).state_dict())
            ['weight', 'bias']
        """
        return {p.path: state.array_in(p).copy() for p in state.places(self).values()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadedKeys:
        """Copy values into the parameters and buffers of the same names.

        A shared parameter may come by any of its paths, or by several with the same values.

        Args:
            state_dict: arrays by path, as from `state_dict`.
            strict: False ignores names that only one side has. Shapes must fit always.

        Returns:
            A named tuple (missing_keys, unexpected_keys): the names that only one side has.

        Raises:
            ValueError: lists the missing and the unexpected names, and both shapes of those that
                do not fit; or a shared parameter has several values. Nothing has been changed then.

        Example:
            >>> from minigrad import nn
            >>> old, new = nn.Sequential(nn.Linear(2, 3)), nn.Sequential(nn.Linear(2, 3), nn.Tanh())
            >>> new.load_state_dict(old.state_dict() | {"head": 0.0}, strict=False)
            LoadedKeys(missing_keys=[], unexpected_keys=['head'])
        """
        return state.load(self, state_dict, strict)

    def summary(self, *inputs: Any, **options: Any) -> Summary:
        """Call the module once, and tell what each layer makes, holds and costs.

        The call is made in evaluation mode, and leaves no trace: modes, buffers, generators and
        all other attributes are put back. Hooks are called.

        Args:
            inputs: what `forward` takes: arrays; or for an array of real numbers its shape, such
                as (64, 3), with the batch's axis. Numbers are drawn for a shape.
            options: keyword arguments for `forward`.

        Returns:
            A `Summary`: `rows`, and the totals as attributes. Multiply-adds are counted in what is
            really called, inside layers of any kind: each multiplication in a product that is
            summed up (`np.matmul`, `np.dot`, `np.einsum`, ...), a sum by a product with ones
            included. Element-wise work is not counted.

        Raises:
            TypeError: a bare number; shapes are tuples.

        Example:
            >>> from minigrad import nn
            >>> net = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10)).freeze("0")
            >>> net.summary((32, 64))
            layer    type        output shape              parameters  multiply-adds
            (whole)  Sequential  (32, 10)                           0              0
            0        Linear      (32, 16)      1,040 (1,040 frozen)         32,768
            1        ReLU        (32, 16)                           0              0
            2        Linear      (32, 10)                         170          5,120
            1,210 parameters: 170 trainable, 1,040 frozen (4.84 kB); 37,888 multiply-adds for \
        (32, 64)
        """
        return summarized(self, inputs, options)

    def extra_repr(self) -> str:
        """What stands between the parentheses in the printed tree."""
        return ""

    def __repr__(self) -> str:
        return tree.text(self)

    def _repr_html_(self) -> str:
        return tree.html(self)
