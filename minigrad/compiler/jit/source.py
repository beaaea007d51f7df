"""A program printed as loops for Numba.

The source defines a function for every stretch of the program between two calls that only NumPy
can carry out, and several for a long one; most programs are one function. `make` ties them
together: it receives the memory and returns the function that is called at each step.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..blocking import numbers_first
from ..embedding import embedded
from ..forms import expression, is_numpy, statements, writes_into
from ..names import named
from ..program import Program, Value, values_in, written_call
from .arrays import Arrays, unused
from .fallbacks import reason
from .layouts import Layout
from .loops import INDENT, INDICES, LoopPrinter
from .places import Places
from .product_lines import Products
from .schedule import Schedule
from .sharing import shared
from .statements import Call, Nest, Product, Statement, values_read
from .threads import BlockArrays, arguments_of, is_threaded, written

_HELPERS = {
    "decorators": ("compiled", "threaded"),
    "elementary": (
        "exp32", "exp64", "larger", "log32", "maximum", "minimum", "quotient", "smaller", "square",
        "tanh32", "tanh64",
    ),
    "memory": ("array_at", "part", "strided"),
    "products": (
        "product", "product_plus", "products", "products_by_columns", "threaded_product",
        "threaded_products", "threaded_products_by_columns",
    ),
    "transposition": ("transpose",),
}  # fmt: skip
_RESERVED = {"at", "n", "start", "prange", *INDICES}.union(*_HELPERS.values())


@dataclass(frozen=True)
class NumbaSource:
    """What is printed, and what running it needs.

    Attributes:
        text: the module's source.
        objects: by name, functions that could not be printed.
        fixed: the arrays and generators that persist and come from outside.
        arguments: the arrays and numbers that the step receives at each call, in order.
        results: what a call returns, in order: the outputs, then the new values of numbers.
        constants: the arrays among `fixed` that are not state.
        table: the values whose addresses the compiled functions receive, in order.
        made: what `make` receives after the table, in order; `objects` follow, by name.
        over, inside: values that lie in the memory of others, as of `Places`, or to share it.
        shared: those of `inside` that only share it, at another time.
        layouts: where the elements of each array lie.
        kernels: the compiled functions, with the values that they receive after the table.
        fallbacks: the calls that NumPy carries out, and why.
    """

    text: str
    objects: dict[str, Any]
    fixed: list[Value]
    arguments: list[Value]
    results: list[Value]
    constants: dict[Value, Any]
    table: list[Value]
    made: list[Value]
    over: dict[Value, Value]
    inside: dict[Value, tuple[Value, int]]
    shared: set[Value]
    layouts: dict[Value, Layout]
    kernels: dict[str, list[Value]]
    fallbacks: list[str] = field(default_factory=list)


def printed(program: Program) -> NumbaSource:
    """Print a program as loops."""
    return _Printer(numbers_first(program)).source()


class _Printer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.schedule = Schedule(program)
        self.places = Places(self.schedule)
        self.shared = shared(self.places)
        self.inside = self.places.inside | {v: (owner, 0) for v, owner in self.shared.items()}
        self.layouts = self.schedule.layouts
        self.calls = [s.instruction for s in self.schedule.statements if isinstance(s, Call)]
        functions = {
            i.fn
            for i in self.calls
            if not is_numpy(i.fn) and not (writes_into(i) and i.out.is_array)
        }
        self.helpers, self.objects = embedded(functions)
        reserved = {program.name, *_RESERVED, *self.helpers, *self.objects}
        self.names = named(program, functions=reserved)
        self._name_the_rest()
        self.arguments = [*program.inputs, *(v for v in program.state if v.is_number)]
        self.fixed = [v for v in [*program.state, *program.constants] if not v.is_number]
        self.loops = LoopPrinter(self.places, self.names, program.constants)
        self.products = Products(self.layouts, self.names)
        self.table: list[Value] = []
        self.kernels: dict[str, list[Value]] = {}
        self.threaded: list[str] = []

    def _name_the_rest(self) -> None:
        """New states that are copies."""
        taken = {*self.names.values(), *_RESERVED}
        for v in self.schedule.new_states.values():
            if v not in self.names:
                self.names[v] = unused(f"new_{v.name or 'state'}", taken)
                taken.add(self.names[v])

    def source(self) -> NumbaSource:
        kernels: list[str] = []
        driver: list[str] = []
        for segment in self.places.segments:
            if isinstance(segment[0], Call):
                driver += self._call(segment[0])
            else:
                lines, call = self._kernel(segment, len(self.kernels))
                if lines:
                    kernels.append("\n".join(lines))
                    driver.append(call)
        made, step = self._make(driver)
        body = "\n\n\n".join([*self.threaded, *kernels, step])
        return NumbaSource(
            text=f"{self._imports(body)}\n\n\n{body}\n",
            objects=self.objects,
            fixed=self.fixed,
            arguments=self.arguments,
            results=self._results(),
            constants=self.program.constants,
            table=self.table,
            made=made,
            over=self.places.over,
            inside=self.inside,
            shared=set(self.shared),
            layouts=self.layouts,
            kernels=self.kernels,
            fallbacks=[f"{written_call(i, self.names)}: {reason(i)}" for i in self.calls],
        )

    def _imports(self, body: str) -> str:
        used = set(re.findall(r"\w+", body))
        lines = ["import numpy as np", *(["from numba import prange"] if self.threaded else []), ""]
        for module, helpers in _HELPERS.items():
            names = [h for h in helpers if h in used]
            if names:
                lines.append(f"from minigrad.compiler.jit.{module} import {', '.join(names)}")
        return "\n".join(lines).strip()

    # The compiled functions.

    def _kernel(self, segment: list[Statement], k: int) -> tuple[list[str], str]:
        name = f"{self.program.name}_loops{k + 1 if k else ''}"
        received = self._received(segment)
        arrays = Arrays(self.layouts, self.names, _Sources(self), self._elsewhere())
        body: list[str] = []
        section = None
        for s in segment:
            lines = self._statement(s, arrays)
            if lines and (now := _section(s)) != section:
                section = now
                body.append(f"# {section}")
            body += lines
        body += self._final_copies(arrays) if segment is self._last_kernel() else []
        if not body:  # a copy whose original was put in its place
            return [], ""
        returned = self._returned(segment)
        names = "".join(f", {self.names[v]}" for v in received)
        if returned:
            body.append(f"return {_tuple(self.names[v] for v in returned)}")
        self.kernels[name] = received
        lines = [
            "@compiled",
            f"def {name}(at{names}):",
            *(INDENT + line for line in [*arrays.lines, *body]),
        ]
        call = f"{name}(at{names})"
        return lines, f"{_tuple(self.names[v] for v in returned)} = {call}" if returned else call

    def _last_kernel(self) -> list[Statement] | None:
        kernels = [s for s in self.places.segments if not isinstance(s[0], Call)]
        return kernels[-1] if kernels else None

    def _statement(self, s: Statement, arrays: Arrays) -> list[str]:
        if isinstance(s, Nest):
            if is_threaded(s, self.loops):
                return [self._threaded(s)]
            return self.loops.lines(s, arrays)
        assert isinstance(s, Product)
        return self.products.lines(s, arrays)

    def _threaded(self, nest: Nest) -> str:
        """The call of a function that carries a long loop out."""
        arguments = arguments_of(nest, self.places, self.program.inputs)
        arrays = BlockArrays(self.layouts, self.names, _Sources(self), self._elsewhere())
        name = f"{self.program.name}_threaded{len(self.threaded) + 1}"
        names = [self.names[v] for v in arguments]
        text, call = written(name, nest, self.loops, arrays, names)
        self.threaded.append(text)
        return call

    def _elsewhere(self) -> dict[Value, tuple[Value, int]]:
        in_states = {v: (s, 0) for v, s in self.places.over.items()}
        return {**self.inside, **in_states}

    def address(self, root: Value) -> str:
        if root not in self.table:
            self.table.append(root)
        return f"at[{self.table.index(root)}]"

    def _received(self, segment: list[Statement]) -> list[Value]:
        """The arguments of the step, and numbers of earlier segments, which a segment reads."""
        made = {m.out for s in segment if isinstance(s, Nest) for m in s.members}
        read = {v for s in segment if isinstance(s, Nest) for v in values_read(s.members)}
        read |= {x.root for s in segment if isinstance(s, Product) for x in s.layouts}
        written = {self.places.over.get(v) for v in self.places.stored}
        read |= {v for v in self.program.inputs if v in written or v in self._copied()}
        arguments = [v for v in self.arguments if v in read]
        earlier = [
            i.out
            for i in self.program.instructions
            if i.out.is_number and i.out in read and i.out not in made
        ]
        return arguments + earlier

    def _returned(self, segment: list[Statement]) -> list[Value]:
        """The numbers that are needed later."""
        made = [m.out for s in segment if isinstance(s, Nest) for m in s.members if m.out.is_number]
        needed = {v for i in self.calls for v in i.reads} | set(self._results())
        for other in self.places.segments:
            if other is not segment and not isinstance(other[0], Call):
                for s in other:
                    needed.update(values_read(s.members) if isinstance(s, Nest) else ())
        return [v for v in made if v in needed]

    def _copied(self) -> dict[Value, Value]:
        """The states that are not written in place, and their new values."""
        return {s: v for s, v in self.schedule.new_states.items() if v not in self.places.over}

    def _final_copies(self, arrays: Arrays) -> list[str]:
        lines = []
        for state, v in self._copied().items():
            shape = self.layouts[state].shape
            out, new = (
                arrays.name(Layout(x, 0, shape, self.layouts[x].strides)) for x in (state, v)
            )
            indices = ", ".join(INDICES[: len(shape)]) or "()"
            lines += _nested(shape, f"{out}[{indices}] = {new}[{indices}]")
        return lines

    # The function that is called.

    def _call(self, call: Call) -> list[str]:
        i = call.instruction
        name = self.names[i.out]
        if not i.out.is_array:
            lines = [f"{name} = {expression(i, self.names)}"]
        elif writes_into(i):
            lines = statements(i, name, self.names)
        else:
            lines = [f"{name}[...] = {expression(i, self.names)}"]
        if i.errstate:
            settings = ", ".join(f"{key}={e!r}" for key, e in i.errstate.items())
            return [f"with np.errstate({settings}):", *(INDENT + line for line in lines)]
        return lines

    def _make(self, driver: list[str]) -> tuple[list[Value], str]:
        """What ties the functions together. Helpers stand inside it, where they see the objects."""
        results = self._results()
        seen = [*(v for i in self.calls for v in (*i.reads, i.out)), *results, *self.program.kept]
        views = self._views(seen)
        roots = {self.layouts[v].root for v in seen if v.is_array}
        generators = [v for v in self.fixed if not v.is_array]
        made = [v for v in self.names if v in roots and v not in self.program.inputs] + generators
        moving = set(self.program.inputs)
        fixed_views: list[str] = []
        moving_views: list[str] = []
        for i in views:
            line = f"{self.names[i.out]} = {expression(i, self.names)}"
            root = self.layouts[i.out].root
            (moving_views if root in moving else fixed_views).append(line)
        kept = _tuple(self.names[v] for v in self.program.kept)
        returned = [f"{self.names[v]}.copy()" if v.is_array else self.names[v] for v in results]
        lines = [
            f"def make({', '.join(['at', *(self.names[v] for v in made), *self.objects])}):",
            *(textwrap.indent(f"{helper.strip()}\n", INDENT) for helper in self.helpers.values()),
            *(INDENT + line for line in fixed_views),
            f"{INDENT}def {self.program.name}({', '.join(self.names[v] for v in self.arguments)}):",
            *(2 * INDENT + line for line in [*moving_views, *driver]),
            f"{2 * INDENT}return {_tuple(returned)}",
            "",
            f"{INDENT}return {self.program.name}, {kept}",
        ]
        return made, "\n".join(lines)

    def _views(self, values: Iterable[Value]) -> list[Any]:
        """The calls that make views which NumPy or the caller sees."""
        makers = self.program.makers()
        needed: set[Value] = set()
        stack = [v for v in values if v.is_array]
        while stack:
            v = stack.pop()
            if self.layouts[v].root is not v and v not in needed:
                needed.add(v)
                stack += [u for u in makers[v].reads if u.is_array]
        return [i for i in self.program.instructions if i.out in needed]

    def _results(self) -> list[Value]:
        numbers = [v for s, v in self.program.writes.items() if not s.is_array]
        return [*values_in(self.program.outputs), *numbers]


class _Sources(dict[Value, str]):
    """Where a compiled function finds the memory of a value."""

    def __init__(self, printer: _Printer) -> None:
        super().__init__({v: printer.names[v] for v in printer.arguments})
        self._printer = printer

    def __missing__(self, root: Value) -> str:
        self[root] = self._printer.address(root)
        return self[root]


def _section(s: Statement) -> str:
    if isinstance(s, Nest):
        return s.members[0].instruction.section
    return s.instruction.section


def _nested(shape: tuple[int, ...], line: str) -> list[str]:
    lines = [line]
    for n, index in reversed(list(zip(shape, INDICES, strict=False))):
        lines = [f"for {index} in range({n}):", *(INDENT + x for x in lines)]
    return lines


def _tuple(names: Iterable[str]) -> str:
    listed = list(names)
    return f"({listed[0]},)" if len(listed) == 1 else f"({', '.join(listed)})"
