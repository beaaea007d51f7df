"""Drawings of modules and functions: frames, depth, repetitions, limits."""

import functools

import numpy as np
import pytest
from drawn_models import Block, Reader, leaf, perceptron

import minigrad as mg
from minigrad import nn

draw = functools.partial(mg.draw, legend=False)


def titles(drawing):
    return [box.title for box in drawing.sketch.boxes]


def edges(drawing):
    return [(arrow.tail.title, arrow.head.title) for arrow in drawing.sketch.arrows]


def frames(drawing):
    """The titles of the frames around each box, by the box's title."""
    return {b.title: [f.title for f in b.frame.chain[1:]] for b in drawing.sketch.boxes}


# Calls with example inputs.


def test_a_modules_operations_stand_in_its_frames():
    inside = frames(draw(perceptron(), (32, 2)))
    assert inside == {
        "x": [],
        "0.weight": ["Sequential", "0: Linear(2, 8)"],
        "0.bias": ["Sequential", "0: Linear(2, 8)"],
        "relu": ["Sequential", "1: ReLU"],
        "2.weight": ["Sequential", "2: Linear(8, 1)"],
        "2.bias": ["Sequential", "2: Linear(8, 1)"],
        "linear": ["Sequential", "2: Linear(8, 1)"],
    }


def test_frames_are_nested_clusters_in_dot():
    lines = [line.strip("\t") for line in draw(perceptron(), (32, 2)).dot.splitlines()]
    depth, deepest = 0, 0
    for line in lines:
        depth += line.startswith("subgraph") - (line == "}")
        deepest = max(deepest, depth)
    assert deepest == 2 and depth == -1  # the last one closes the whole graph


def test_inputs_are_named_as_the_function_names_them():
    def loss(prediction, target):
        return ((prediction - target) ** 2).sum()

    drawing = draw(loss, np.ones(3, np.float32), mg.zeros(3))
    looks = {box.title: box.look for box in drawing.sketch.boxes}
    assert looks["prediction"] == looks["target"] == "input"


def test_a_tensors_own_name_is_kept():
    t = leaf(2.0, "weight")
    assert titles(draw(lambda x: x * 2, t))[0] == "weight"
    assert t.grad is None and t.requires_grad


def test_any_number_of_inputs():
    assert titles(draw(lambda *xs: xs[0] * xs[1], 1.0, 2.0))[:2] == ["xs0", "xs1"]


def test_integers_are_inputs_without_a_gradient():
    drawing = draw(nn.Embedding(10, 4), np.array([1, 2]))
    looks = {box.title: box.look for box in drawing.sketch.boxes}
    assert looks == {"weight": "parameter", "indices": "input", "getitem": "operation"}


def test_drawing_a_module_leaves_it_as_it_was():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5, rng=np.random.default_rng(0)))
    before = net.state_dict()
    state = net.get_submodule("1").rng.bit_generator.state
    draw(net, (8, 3))
    draw(net, np.ones((8, 3), np.float32), kind="backward")
    assert all(np.array_equal(before[k], v) for k, v in net.state_dict().items())
    assert net.get_submodule("1").rng.bit_generator.state == state
    assert net.training


def test_a_module_without_parameters_is_drawn():
    assert titles(draw(nn.ReLU(), (3,))) == ["x", "relu"]


def test_several_results_in_any_structure():
    drawing = draw(lambda x: {"sin": np.sin(x), "rest": (np.cos(x), [x * 2])}, 1.0)
    assert sum(box.is_output for box in drawing.sketch.boxes) == 3


@pytest.mark.parametrize(
    ("subject", "examples", "error", "message"),
    [
        (lambda: 3, (), TypeError, "^there is nothing to draw: <lambda> returned a int without"),
        (leaf(1.0), (2.0,), TypeError, "^a tensor's graph is drawn as it is: example inputs go"),
        (nn.ReLU(), (3,), TypeError, r"^example inputs are arrays, or shapes .* \(3,\), got 3"),
        (nn.Linear(2, 3), ((4, 5),), ValueError, r"got \(4, 5\)"),
    ],
)
def test_what_cannot_be_called(subject, examples, error, message):
    with pytest.raises(error, match=message):
        draw(subject, *examples)


def test_what_was_watched_stands_in_frames_too():
    net = perceptron()
    with mg.record_origins():
        loss = (net(np.ones((4, 2), np.float32)) ** 2).mean()
    inside = frames(draw(loss))
    assert inside["relu"] == ["Sequential", "1: ReLU"]
    assert inside["mean"] == []
    assert titles(draw(loss, depth=0)) == ["Sequential", "square", "mean"]


# Depth.


def test_depth_1_draws_the_layers():
    drawing = draw(perceptron(), (32, 2), depth=1)
    assert edges(drawing) == [
        ("x", "0: Linear(2, 8)"),
        ("0: Linear(2, 8)", "1: ReLU"),
        ("1: ReLU", "2: Linear(8, 1)"),
    ]
    first, last = drawing.sketch.boxes[1], drawing.sketch.boxes[-1]
    assert (first.kind, first.lines) == ("(32, 8)", ("24 parameters",))
    assert last.is_output and not first.is_output


def test_depth_0_draws_the_network_as_one_box():
    drawing = draw(perceptron(), (32, 2), depth=0)
    assert edges(drawing) == [("x", "Sequential")]
    assert drawing.sketch.boxes[1].lines == ("33 parameters",)


def test_depth_beyond_the_deepest_changes_nothing():
    assert draw(perceptron(), (32, 2), depth=9).dot == draw(perceptron(), (32, 2)).dot


def test_parallel_edges_stay_parallel_beside_closed_modules():
    net = perceptron()
    assert edges(draw(lambda x: (h := net(x)) * h, (np.ones((4, 2), np.float32)), depth=0)) == [
        ("x", "Sequential"),
        ("Sequential", "multiply"),
        ("Sequential", "multiply"),
    ]


# Repetitions.


def test_equal_blocks_are_drawn_once():
    net = nn.Sequential(*(Block(8) for _ in range(12)), nn.Linear(8, 2))
    drawing = draw(net, (4, 8), depth=1)
    assert titles(drawing) == ["x", "0 … 11: Block × 12", "12: Linear(8, 2)"]
    assert drawing.sketch.boxes[1].lines == (f"{12 * (16 + 288 + 264):,} parameters",)
    open_blocks = draw(net, (4, 8))
    assert "i.up.weight" in titles(open_blocks)
    loops = [a for a in open_blocks.sketch.arrows if a.look == "loop"]
    assert [a.tail.title for a in loops] == ["add"] * len(loops) and loops


def test_blocks_that_differ_are_drawn_each():
    net = nn.Sequential(*(nn.Linear(n, n + 1) for n in range(2, 6)))
    assert len(titles(draw(net, (4, 2), depth=1))) == 5


def test_two_blocks_are_not_rolled_up():
    net = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    assert titles(draw(net, (4, 8), depth=1)) == ["x", "0: Linear(8, 8)", "1: Linear(8, 8)"]


def test_blocks_of_several_layers():
    pairs = [layer for _ in range(5) for layer in (nn.Linear(8, 8), nn.Tanh())]
    drawing = draw(nn.Sequential(*pairs), (4, 8), depth=1)
    assert titles(drawing) == ["x", "0: Linear(8, 8)", "1: Tanh"]
    assert frames(drawing)["1: Tanh"] == ["Sequential", "0 … 9 × 5"]


def test_parallel_branches_are_one_with_no_loop():
    class Branches(nn.Module):
        def __init__(self):
            self.a, self.b, self.c = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x):
            return np.concatenate([self.a(x), self.b(x), self.c(x)], -1)

    drawing = draw(Branches(), (2, 3), depth=1)
    assert "a … c: Linear(3, 3) × 3" in titles(drawing)
    assert not [a for a in drawing.sketch.arrows if a.look == "loop"]


def test_the_steps_of_a_loop_are_folded():
    drawing = draw(Reader(), (8, 5, 3))
    inside = frames(drawing)
    assert inside["getitem(·, (:, t))"] == ["Reader", "t = 0 … 4"]
    assert inside["tanh"] == ["Reader", "t = 0 … 4", "cell: Cell"]
    assert inside["cell.h.weight"][:3] == ["Reader", "t = 0 … 4", "cell: Cell"]
    assert inside["constant"] == ["Reader"]  # the first state comes from outside
    loops = {(a.tail.title, a.head.title) for a in drawing.sketch.arrows if a.look == "loop"}
    assert loops == {("multiply", "linear(·, ·, None)"), ("add", "multiply")}
    assert len(drawing.sketch.boxes) == len(draw(Reader(), (8, 50, 3)).sketch.boxes)
    assert "style=dashed" in drawing.dot


def test_amounts_of_repetitions_are_added_up():
    net = nn.Sequential(*(nn.Linear(8, 8) for _ in range(4)))
    whole = draw(net, (4, 8), depth=0).sketch.boxes[1]
    assert whole.amounts.operations == 4
    assert whole.amounts.numbers == 4 * 72


# Limits.


def test_modules_are_closed_until_the_drawing_fits():
    net = nn.Sequential(*(nn.Sequential(nn.Linear(n, n + 1), nn.Tanh()) for n in range(2, 40)))
    drawing = draw(net, (4, 2), max_nodes=60)
    assert titles(drawing) == ["x", *(f"{k}: Sequential" for k in range(38))]
    assert drawing.notes == ["modules below depth 1 closed: more than 60 boxes"]
    assert drawing.notes[0] in drawing.svg().replace("\xa0", " ").replace("&#160;", " ")


def test_nothing_is_closed_that_fits():
    assert draw(perceptron(), (32, 2), max_nodes=8).notes == []
    assert draw(perceptron(), (32, 2), max_nodes=7).notes != []


def test_a_limit_of_one():
    drawing = draw(perceptron(), (32, 2), max_nodes=1)
    assert len(drawing.sketch.boxes) == 1
    assert drawing.svg()
