"""Finding modules, parameters and buffers by their paths, such as `encoder.0.weight`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from ..parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

_SHOWN = 5  # names, where none is similar


class Place(NamedTuple):
    """Where a parameter or buffer lives: the attribute `name` of a module, at a path."""

    path: str
    owner: Module
    name: str

    @property
    def value(self) -> Any:
        return vars(self.owner)[self.name]

    @property
    def key(self) -> Any:
        """The same for all places of what is shared."""
        value = self.value
        return value if isinstance(value, Parameter) else (self.owner, self.name)


def join(path: str, name: str) -> str:
    """The path of what a module at `path` calls `name`."""
    return f"{path}.{name}" if path else name


def parameter_places(root: Module) -> Iterator[Place]:
    """The places of all parameters, a shared one's each; modules by their first paths."""
    return (p for path, module in root.named_modules() for p in _parameters_of(path, module))


def buffer_places(root: Module) -> Iterator[Place]:
    """The places of all buffers."""
    return (p for path, module in root.named_modules() for p in _buffers_of(path, module))


def state_places(root: Module) -> Iterator[Place]:
    """The places of all parameters and buffers: one module after the other, as in PyTorch."""
    for path, module in root.named_modules():
        yield from _parameters_of(path, module)
        yield from _buffers_of(path, module)


def _parameters_of(path: str, module: Module) -> Iterator[Place]:
    for name, value in vars(module).items():
        if isinstance(value, Parameter):
            yield Place(join(path, name), module, name)


def _buffers_of(path: str, module: Module) -> Iterator[Place]:
    return (Place(join(path, name), module, name) for name in module._buffer_names)


def children_first(root: Module) -> Iterator[Module]:
    """A module and all below it, each once, after those below it."""
    seen: set[Module] = set()
    stack = [(root, False)]
    while stack:
        module, are_children_done = stack.pop()
        if are_children_done:
            yield module
        elif module not in seen:
            seen.add(module)
            stack.append((module, True))
            stack.extend((child, False) for child in reversed(list(module.children())))


def module_at(root: Module, path: str) -> Module | None:
    """The module that attributes lead to, one after the other; None if there is none."""
    module: Any = root
    for name in path.split(".") if path else ():
        module = vars(module).get(name)
        if not hasattr(type(module), "named_modules"):
            return None
    return module  # type: ignore[no-any-return]


def place_at(root: Module, path: str) -> Place | None:
    """The place of the parameter or buffer that attributes lead to; None if there is none."""
    above, _, name = path.rpartition(".")
    owner = module_at(root, above)
    if owner is None or name not in vars(owner):
        return None
    is_known = name in owner._buffer_names or isinstance(vars(owner)[name], Parameter)
    return Place(path, owner, name) if is_known else None


def selected(root: Module, pattern: str) -> list[Parameter]:
    """The parameters that are meant by a path, or by a pattern of paths.

    Raises:
        ValueError: there are none.
    """
    module, place = module_at(root, pattern), place_at(root, pattern)
    if module is not None:
        found = list(module.parameters())
    elif place is not None:
        found = [place.value] if isinstance(place.value, Parameter) else []
    else:
        patterns = pattern, f"{pattern}.*"
        places = parameter_places(root)
        found = [p.value for p in places if any(fnmatchcase(p.path, each) for each in patterns)]
    if not found:
        names = [path for path, _ in root.named_modules() if path]
        names += [p.path for p in parameter_places(root)]
        raise ValueError(
            f"no parameter of {type(root).__name__} is called {pattern!r}{nearest(pattern, names)}"
        )
    return found


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of an error about an unknown name: what may be meant, or what there is."""
    known = list(names)
    if close := get_close_matches(name, known, n=1):
        return f"; did you mean {close[0]!r}?"
    if not known:
        return "; it has none"
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"; there are {', '.join(known[:_SHOWN])}{more}"
