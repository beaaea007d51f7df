"""docs/layers.md says what the docstrings say now."""

import re

import pytest
from layers_page import HEADING, PAGE, function_of, layers, page, said_by

import minigrad.functional as F


def test_the_page_is_up_to_date():
    assert page() == PAGE.read_text(), "run: python tests/layers_page.py"


def test_every_module_has_a_row_and_every_initialiser():
    _, _, tables = PAGE.read_text().partition(HEADING)
    names = re.findall(r"^\| `(\w+)` \|", tables, re.M)
    assert len(set(names)) == len(names)
    assert {"Linear", "Sequential", "MSELoss", "he_normal"} <= set(names)
    assert set(layers()) <= set(names)


@pytest.mark.parametrize("name", layers())
def test_every_row_says_something(name):
    _, _, tables = PAGE.read_text().partition(HEADING)
    (row,) = re.findall(rf"^\| `{name}` \|(.*)\|$", tables, re.M)
    what, shapes, *_ = re.split(r"(?<!\\)\|", row)
    assert what.strip()
    assert "→" in shapes or (shapes.strip() == "not called itself" and name.startswith("Module"))


def test_a_docstring_in_parts():
    def fn(x, y):
        """One sentence,
        on two lines; see `functional.relu`.

            y = x
            z = y

        Args:
            x, y: shape (N, C);
                for instance.
            z: 3.

        Returns:
            Shape (N,).

        Source: somebody
        2000.
        """

    said = said_by(fn)
    assert said.summary == "One sentence, on two lines; see `functional.relu`."
    assert said.formula == ["y = x", "z = y"]
    assert said.arguments == dict.fromkeys("xy", "shape (N, C); for instance.") | {"z": "3."}
    assert (said.returns, said.source) == ("Shape (N,).", "somebody 2000.")
    assert function_of(said) is F.relu
