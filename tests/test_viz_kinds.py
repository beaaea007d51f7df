"""Drawings of backward passes and of whole training steps."""

import functools

import numpy as np
import pytest
from drawn_models import leaf, ones, perceptron

import minigrad as mg
import minigrad.functional as F

draw = functools.partial(mg.draw, legend=False)


def texts(drawing):
    return [drawing.sketch.text_of(box) for box in drawing.sketch.boxes]


def edges(drawing, look=None):
    arrows = [a for a in drawing.sketch.arrows if look in (None, a.look)]
    return [(arrow.tail.title, arrow.head.title) for arrow in arrows]


def regions(drawing):
    return {f.title: f.kind for box in drawing.sketch.boxes for f in box.frame.chain[1:2]}


def named(tensor, name):
    tensor.name = name
    return tensor


# Backward.


def test_cotangents_and_rules():
    x = leaf(0.5, "x")
    loss = named(np.tanh(x), "L")
    drawing = draw(loss, kind="backward", values=True)
    assert texts(drawing) == [
        ["∂L/∂L", "1"],
        ["g * (1 - y * y)", "0.7864", "tanh, ∂/∂x", "1 * (1 - 0.4621 * 0.4621)"],
        ["∂L/∂x", "0.7864"],
    ]
    assert edges(drawing) == [("∂L/∂L", "g * (1 - y * y)"), ("g * (1 - y * y)", "∂L/∂x")]
    assert [box.is_output for box in drawing.sketch.boxes] == [False, False, True]


def test_a_square_has_two_rules_that_meet():
    a = leaf(3.0, "a")
    drawing = draw(named(a * a, "L"), kind="backward", values=True)
    assert edges(drawing) == [
        ("∂L/∂L", "g * b"),
        ("g * b", "∂L/∂a"),
        ("∂L/∂L", "g * a"),
        ("g * a", "∂L/∂a"),
    ]
    assert texts(drawing)[2] == ["∂L/∂a", "6"]


@pytest.mark.parametrize(
    ("shape", "title"),
    [((3,), "sum over axis 0"), ((4, 1), "sum over axis 1"), ((1, 1), "sum over axes 0, 1")],
)
def test_sums_over_broadcast_axes_are_boxes(shape, title):
    x, b = ones("x", 4, 3), ones("b", *shape)
    drawing = draw(named((x + b).sum(), "L"), kind="backward")
    (box,) = [box for box in drawing.sketch.boxes if box.look == "sum"]
    assert (box.title, box.kind) == (title, str(shape))
    assert (title, "∂L/∂b") in edges(drawing)


def test_a_change_of_dtype_is_a_box():
    x = ones("x", 3)
    drawing = draw(named((x * np.ones(3)).sum(), "L"), kind="backward")
    assert "to float32" in [box.title for box in drawing.sketch.boxes]


def test_the_numbers_are_the_engines():
    net = perceptron()
    x = np.random.default_rng(0).standard_normal((4, 2)).astype(np.float32)
    loss = named((net(x) ** 2).mean(), "L")
    drawing = draw(loss, kind="backward", values=True)
    loss.backward()
    shown = {text[0]: text[2] for text in texts(drawing) if text[0].startswith("∂L/∂2.bias")}
    assert shown == {"∂L/∂2.bias": f"[{net.get_parameter('2.bias').grad.data[0]:.4g}]"}


def test_drawing_leaves_the_graph_and_all_gradients_alone():
    x = leaf(2.0, "x")
    y = x * x
    draw(y, kind="backward")
    assert x.grad is None
    y.backward()
    assert x.grad.item() == 4


def test_modules_frame_their_rules_and_can_be_closed():
    drawing = draw(perceptron(), (4, 2), kind="backward", depth=1)
    assert [box.title for box in drawing.sketch.boxes] == [
        "2: Linear(8, 1)", "1: ReLU", "0: Linear(2, 8)",
    ]  # fmt: skip
    assert {box.look for box in drawing.sketch.boxes} == {"rules"}
    assert edges(drawing) == [("2: Linear(8, 1)", "1: ReLU"), ("1: ReLU", "0: Linear(2, 8)")]
    assert drawing.notes == ["the output is no scalar: its cotangent is all ones"]


def test_a_leaf_alone():
    assert texts(draw(leaf(1.0, "x"), kind="backward")) == [["∂x/∂x", "scalar"]]


# Steps.


def step(depth=None, optimizer=mg.optim.SGD, **options):
    net = perceptron()
    x, y = mg.zeros((4, 2)), mg.zeros((4, 1))
    optimizer = optimizer(net.named_parameters(), lr=0.1)
    before = net.state_dict()
    drawing = draw(
        lambda x, y: F.mse_loss(net(x), y), x, y, kind="step", optimizer=optimizer, depth=depth,
        **options,
    )  # fmt: skip
    assert all(np.array_equal(before[k], v) for k, v in net.state_dict().items())
    return drawing


def test_a_step_has_three_regions():
    drawing = step()
    assert regions(drawing) == {
        "forward: y = M(x), L": "forward",
        "backward: ∂L/∂θ": "backward",
        "update of θ: SGD": "update",
    }


def test_updates_come_from_gradients_and_lead_back_to_parameters():
    drawing = step()
    update = "0.weight ← θ - 0.1 * g"
    assert ("∂L/∂0.weight", update) in edges(drawing, "back")
    assert (update, "0.weight") in edges(drawing, "next")
    assert len(edges(drawing, "next")) == 4
    (seed,) = edges(drawing, "seed")
    assert seed[0] == "mean" and seed[1].startswith("∂L/∂mean")


def test_rules_read_saved_values():
    saved = edges(step(), "saved")
    assert ("relu", "g * (y > 0)") in saved
    assert ("2.weight", "g @ weight") in saved
    assert ("relu", "g.T @ x") in saved
    assert edges(step(depth=1), "saved").count(("2: Linear(8, 1)", "2: Linear(8, 1)")) == 1


def test_a_long_update_is_called_by_its_name():
    drawing = step(optimizer=mg.optim.Adam)
    (box,) = [b for b in drawing.sketch.boxes if b.title.startswith("0.weight ←")]
    assert box.title == "0.weight ← Adam"
    assert box.lines == ("state: m, v",)


def test_a_step_can_be_rendered():
    svg = step().svg()
    assert svg.count('class="edge"') >= len(step().sketch.arrows)


# Gradients of gradients.


def test_what_a_recorded_backward_pass_computed_has_a_frame_of_its_own():
    def slope(x):
        return mg.grad(np.sin(x) * x, x, create_graph=True)

    drawing = draw(slope, 2.0)
    around = {box.title: box.frame.kind for box in drawing.sketch.boxes}
    assert around == {
        "x": "picture", "sin": "picture", "multiply(1, ·)": "backward", "cos": "backward",
        "multiply": "backward", "add": "backward",
    }  # fmt: skip


def test_a_sum_over_broadcast_axes_in_a_recorded_backward_pass():
    def gradient(x):
        return mg.grad((x * mg.ones((4, 3))).sum() ** 2, x, create_graph=True)

    drawing = draw(gradient, np.ones(3, np.float32))
    (total,) = [box for box in drawing.sketch.boxes if box.title.startswith("add.reduce(axis=(0,)")]
    assert total.frame.kind == "backward"


# What is refused.


@pytest.mark.parametrize(
    ("subject", "options", "error", "message"),
    [
        ([leaf(1.0), leaf(2.0)], {"kind": "backward"}, ValueError, "needs one output, .* are 2$"),
        (leaf(1.0), {"kind": "step"}, TypeError, 'kind="step" needs optimizer='),
        (leaf(1.0), {"optimizer": 3}, TypeError, 'kind="step" needs optimizer='),
        (mg.tensor(1.0), {"kind": "backward"}, RuntimeError, "has no graph"),
        (leaf(1.0), {"kind": "step", "optimizer": 3}, TypeError, "must be an optimizer, got int"),
    ],
)
def test_what_cannot_be_drawn(subject, options, error, message):
    with pytest.raises(error, match=message):
        draw(subject, **options)
