"""What a reader finds in each class: the formula, all arguments, an example, the source, and little
code.
"""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import pytest

from minigrad import optim
from minigrad.optim.description import described

PAGE = (Path(__file__).parent.parent / "docs" / "optimizers.md").read_text()
EXPORTED = {name: getattr(optim, name) for name in optim.__all__}
OPTIMIZERS = {
    name: kind
    for name, kind in EXPORTED.items()
    if isinstance(kind, type) and issubclass(kind, optim.Optimizer) and kind is not optim.Optimizer
}
RULES = {name: kind for name, kind in OPTIMIZERS.items() if hasattr(kind, "update")}
PUBLISHED = {**OPTIMIZERS, "EMA": optim.EMA}
del PUBLISHED["Together"]  # nobody's idea


def lines_of(source):
    """Lines of code, without comments and docstrings."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            del node.body[0]
            node.body = node.body or [ast.Pass()]
    return ast.unparse(tree).splitlines()


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_docstring_says_everything(name):
    kind = PUBLISHED[name]
    row = described(name, kind)
    assert "<-" in (row.formula or row.summary)
    assert row.source
    paragraphs = inspect.getdoc(kind).split("\n\n")
    (example,) = (p for p in paragraphs if p.startswith("Example:"))
    assert f"{name}(" in example
    (arguments,) = (p for p in paragraphs if p.startswith("Args:"))
    taken = [
        parameter.name
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    for argument in taken:
        assert re.search(rf"\b{argument}\b", arguments), argument


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_short_and_its_update_is_the_formula(name):
    kind = RULES[name]
    assert len(lines_of(inspect.getsource(kind))) <= 30
    assert len(lines_of(inspect.getsource(kind.update))) <= 14


@pytest.mark.parametrize("name", [*OPTIMIZERS, "EMA", "clip_grad_norm", "clip_grad_value"])
def test_the_page_has_it(name):
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", [*OPTIMIZERS, "EMA"])
def test_the_page_says_what_it_does_in_two_sentences_when_and_what_to_beware_of(name):
    (row,) = (line for line in PAGE.splitlines() if re.match(rf"\|[^|]*`{name}`", line))
    _, _, does, when, beware, _ = row.split("|")
    assert len(re.findall(r"\.(?= |$)", does.strip())) == 2, does
    assert when.strip() and beware.strip()
