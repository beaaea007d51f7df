"""The examples reach what they promise: in their short mode, and in full with `-m full`.

`make examples` runs the latter, over three seeds, which takes a while, and prints a table.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples"
NAMES = sorted(p.stem for p in FOLDER.glob("*.py") if "\ndef main(" in p.read_text())
SEEDS = (0, 1, 2)
LONGEST = 120  # lines
PNG = b"\x89PNG\r\n"

every_example = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def examples_are_importable(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)


def check_picture(out, name):
    assert (out / f"{name}.png").read_bytes().startswith(PNG)


@every_example
def test_short_mode(name, tmp_path):
    module = importlib.import_module(name)
    value = module.main(seed=0, quick=True, out=tmp_path)
    assert module.GOAL.is_met(value, quick=True), value
    check_picture(tmp_path, name)


@pytest.mark.full
@every_example
def test_full_mode(name, tmp_path, record_property):
    module = importlib.import_module(name)
    start = time.perf_counter()
    values = [module.main(seed=seed, out=tmp_path) for seed in SEEDS]
    seconds = (time.perf_counter() - start) / len(SEEDS)
    goal = module.GOAL
    row = (name, goal.metric, f"{goal.relation} {goal.threshold:g}", *values, f"{seconds:.1f}")
    record_property("example", row)
    assert all(goal.is_met(value) for value in values), values
    check_picture(tmp_path, name)


@every_example
def test_an_example_says_what_it_does(name):
    """What it reaches, how long it takes, and the command."""
    module = importlib.import_module(name)
    prose = " ".join(module.__doc__.split())
    assert f"Expected: {module.GOAL}" in prose
    assert re.search(r"\b(second|minute)s?\b", prose)
    assert f"\n    python examples/{name}.py\n" in module.__doc__


@every_example
def test_an_example_is_short(name):
    assert (FOLDER / f"{name}.py").read_text().count("\n") <= LONGEST


@every_example
def test_an_example_is_shown(name):
    goal = importlib.import_module(name).GOAL
    page = (ROOT / "docs/examples.md").read_text()
    assert f"| {name} | {goal.metric} | {goal.relation} {goal.threshold:g} |" in page
    assert f"(../examples/{name}.py)" in page
    assert f"](images/examples/{name}.png)" in page


def test_pictures_in_the_docs_are_small():
    pictures = list((ROOT / "docs/images/examples").iterdir())
    assert sum(p.stat().st_size for p in pictures) < 1_500_000


def test_command_line(tmp_path):
    """A seed gives the same numbers in another process."""
    options = ["--quick", "--seed", "3", "--out", tmp_path / "there"]
    command = [sys.executable, "examples/micrograd_moons.py", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    module = importlib.import_module("micrograd_moons")
    here = module.main(seed=3, quick=True, out=tmp_path / "here")
    assert f"accuracy: {here:.6g} (goal: >= {module.GOAL.quick:g})" in done.stdout
    check_picture(tmp_path / "there", "micrograd_moons")


@pytest.mark.parametrize(("options", "status"), [([], 1), (["--quick"], 0)])
def test_status(monkeypatch, capsys, options, status):
    example = importlib.import_module("example")
    monkeypatch.setattr(sys, "argv", ["x.py", *options])
    with pytest.raises(SystemExit) as end:
        example.run(lambda seed, quick, out: 0.5, example.Goal("accuracy", ">=", 0.9, quick=0.4))
    assert end.value.code == status
    assert "accuracy: 0.5 (goal" in capsys.readouterr().out


def test_a_goal():
    """A number that is none never reaches it."""
    example = importlib.import_module("example")
    most = example.Goal("error", "<=", 0.5, quick=1.0)
    assert str(most) == "error <= 0.5"
    assert [most.is_met(v) for v in (0.4, 0.5, 0.6, float("nan"))] == [True, True, False, False]
    assert [most.is_met(v, quick=True) for v in (0.6, 1.1)] == [True, False]
    assert example.Goal("accuracy", ">=", 0.5, quick=0.1).is_met(0.6)
