"""Everything that the README, the pages in docs/ and the docstrings show is run here.

In Markdown, the ```python blocks of a page run one after the other in one namespace and in an
empty folder. A ```text block right after one is what it prints. In ```sh blocks, `minigrad` and
`python` commands run; `make` and `pip` commands must name targets and extras that exist.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import pkgutil
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def blocks(page: Path) -> list[tuple[str, str, str | None]]:
    """(language, code, the text block that follows directly) of every fenced block."""
    text = page.read_text()
    found = list(BLOCK.finditer(text))
    result = []
    for block, after in zip(found, [*found, None][1:], strict=True):
        follows = after is not None and not text[block.end() : after.start()].strip()
        output = after[2] if after is not None and follows and after[1] == "text" else None
        result.append((block[1], block[2], output))
    return result


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_python_blocks(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for language, code, expected in blocks(page):
        if language == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, page.name, "exec"), namespace)
            if expected is not None:
                assert printed.getvalue() == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_text_blocks_are_outputs(page: Path) -> None:
    """A block in no language, or an output of nothing, would never be checked."""
    found = blocks(page)
    outputs = sum(output is not None for _, _, output in found)
    assert {language for language, _, _ in found} <= {"python", "text", "sh"}
    assert sum(language == "text" for language, _, _ in found) == outputs


def shell_commands() -> list[tuple[str, str]]:
    return [
        (page.name, line)
        for page in PAGES
        for language, code, _ in blocks(page)
        if language == "sh"
        for line in code.splitlines()
        if line and not line.startswith("#")
    ]


@pytest.mark.parametrize(("page", "line"), shell_commands())
def test_shell_commands(page: str, line: str, tmp_path: Path) -> None:
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        assert words[1] in TARGETS
    elif words[0] == "git":
        assert words[1] == "clone"
    elif "pip" in words:
        extras = re.findall(r"\[(.*?)\]", line)
        named = {e for group in extras for e in group.split(",")}
        assert named <= PROJECT["optional-dependencies"].keys()
    else:
        run_here(words, tmp_path)


def run_here(words: list[str], folder: Path) -> None:
    """A command of the package, with the few files that the pages speak of at hand."""
    (folder / "flowers.csv").write_text(
        "width,length,species\n" + "".join(f"{i % 7},{i % 5},{'ab'[i % 2]}\n" for i in range(40))
    )
    (folder / "examples").symlink_to(ROOT / "examples")
    rng = np.random.default_rng(0)
    np.savez(folder / "mine.npz", x=rng.normal(size=(40, 3)), y=rng.integers(0, 2, 40))
    program = {"minigrad": ["-m", "minigrad"], "python": []}[words[0]]
    done = subprocess.run(
        [sys.executable, *program, *words[1:]], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    prose = BLOCK.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def modules() -> list[str]:
    found = pkgutil.walk_packages(mg.__path__, "minigrad.")
    return sorted(["minigrad", *(m.name for m in found if not m.name.endswith("__main__"))])


@pytest.mark.parametrize("name", modules())
def test_docstrings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    outcome = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert outcome.failed == 0


def test_docstring_examples_are_found() -> None:
    """A guard against a walk that finds nothing."""
    finder = doctest.DocTestFinder()
    tests = [t for name in modules() for t in finder.find(importlib.import_module(name))]
    assert sum(len(t.examples) for t in tests) > 100
