import functools
import re

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.viz import render

draw = functools.partial(mg.draw, legend=False)

X, Y = np.ones((6, 3), np.float32), np.ones((6, 2), np.float32)


def compiled_step(optimizer):
    """A compiled training step that has been called."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))
    optimizer = optimizer(model.named_parameters(), lr=0.1)

    @mg.compile
    def train_step(x, y):
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    train_step(X, Y)
    return train_step


@pytest.fixture(scope="module")
def step():
    return compiled_step(mg.optim.Momentum)


def titles(drawing):
    """What each box is called, without how it is made."""
    return {box: re.split(" =|: ", box.title)[0] for box in drawing.sketch.boxes}


def box_of(drawing, title):
    (box,) = [box for box, t in titles(drawing).items() if t == title]
    return box


def edges(drawing, back=False):
    """The arrows of the calls, or those that lead back to the state."""
    called = titles(drawing)
    arrows = [a for a in drawing.sketch.arrows if (a.look == "next") == back]
    return [(called[a.tail], called[a.head]) for a in arrows]


def frames(drawing):
    """What is called how in each frame."""
    inside = {}
    for box, title in titles(drawing).items():
        if box.frame.kind != "picture":
            inside.setdefault(box.frame.title, []).append(title)
    return inside


def test_every_call_is_a_box_in_the_frame_of_its_section(step):
    inside = frames(draw(step))
    assert list(inside) == ["forward", "backward", "update"]
    for section, boxes in inside.items():
        calls = [i for i in step.program.instructions if i.section == section]
        assert len(boxes) == len(calls) == len(set(boxes))
    assert inside["forward"][-1] == "loss"
    assert {"d_layer0_weight", "d_layer2_bias"} <= set(inside["backward"])
    assert "d_theta" in inside["update"]


def test_an_arrow_for_each_argument(step):
    program = step.program
    arrows = edges(draw(step))
    assert len(arrows) == sum(len(i.reads) for i in program.instructions)
    assert ("theta", "layer0_weight") in arrows
    assert ("x", "h1") in arrows
    assert ("total", "loss") in arrows


def test_a_square_has_two_arrows():
    @mg.compile
    def square(x):
        return x * x

    square(X)
    assert [tail for tail, _ in edges(draw(square))] == ["x", "x"]


def test_new_state_leads_back_to_the_state(step):
    back = edges(draw(step), back=True)
    assert len(back) == len(step.program.writes) == 3
    assert [state for _, state in back] == ["theta", "v1", "steps"]
    assert ("t", "steps") in back


def test_kinds_look_different(step):
    drawing = draw(step)
    looks = {
        "x": "input",
        "theta": "parameter",
        "v1": "state",
        "lr": "state",
        "ones": "constant",
        "h1": "operation",
        "layer0_weight": "view",
        "t": "view",
        "loss": "operation",
    }
    assert {title: box_of(drawing, title).look for title in looks} == looks
    assert [b for b, t in titles(drawing).items() if b.is_output] == [box_of(drawing, "loss")]


def test_boxes_say_how_they_are_made(step):
    drawing = draw(step)
    texts = {tuple(drawing.sketch.text_of(box)) for box in drawing.sketch.boxes}
    assert {
        ("h3 = tanh", "(6, 4)"),
        ("loss = divide(·, 12)", "scalar"),
        ("layer0_weight_T", "(3, 4)"),
        ("steps", "number"),
    } <= texts


def test_unusual_arguments_and_dtypes():
    rng = np.random.default_rng(0)

    @mg.compile
    def drawn(x, start):
        noise = rng.random(3)
        part = x[start:, :2]
        return np.sum(part) + noise, x > 0

    drawn(X, 1)
    drawing = draw(drawn)
    assert drawing.sketch.text_of(box_of(drawing, "rng")) == ["rng", "Generator"]
    assert drawing.sketch.boxes[-1].kind == "(6, 3) bool"
    assert box_of(drawing, "part").title.startswith("part = getitem(·, (1:")


def test_a_program_is_drawn_as_its_function_is(step):
    assert draw(step.program).dot == draw(step).dot
    assert draw(step).dot == draw(compiled_step(mg.optim.Momentum)).dot


def test_parameters_without_an_optimizer():
    w, c = mg.tensor(np.ones(3), requires_grad=True), np.ones(3)
    w.name = "fc.weight"

    @mg.compile
    def gradients(x):
        loss = np.sum(w * x * c)
        loss.backward()
        return loss

    gradients(np.ones(3))
    drawing = draw(gradients)
    assert box_of(drawing, "fc_weight").look == "parameter"
    assert box_of(drawing, "fc_weight").kind == "(3,) float64"
    assert edges(drawing, back=True) == []


def test_a_large_program_is_one_box_a_section():
    step = compiled_step(mg.optim.Adam)
    drawing = draw(step, max_nodes=10)
    calls = [sum(i.section == s for i in step.program.instructions) for s in ("forward", "update")]
    assert box_of(drawing, "forward").title == f"forward: {calls[0]} calls"
    assert box_of(drawing, "update").title == f"update: {calls[1]} calls"
    assert "dot × 2" in box_of(drawing, "forward").lines
    assert frames(drawing) == {}
    arrows = edges(drawing)
    assert len(set(arrows)) == len(arrows)
    assert {("theta", "forward"), ("forward", "backward"), ("backward", "update")} <= set(arrows)
    assert ("update", "theta") in edges(drawing, back=True)
    assert draw(step, max_nodes=len(step.program.instructions)).dot == draw(step).dot


def test_many_states_of_a_large_program_are_one_box():
    tensors = [mg.tensor([1.0], requires_grad=True) for _ in range(20)]

    @mg.compile
    def total(x):
        y = x
        for t in tensors:
            y = np.tanh(y * t)
        loss = y.sum()
        loss.backward()
        return loss

    total(np.ones(1, np.float32))
    drawing = draw(total, max_nodes=5)
    assert box_of(drawing, "20 parameters").look == "parameter"
    assert len(drawing.sketch.boxes) <= 5
    assert len(draw(total).sketch.boxes) > 60


def test_what_cannot_be_drawn(step):
    @mg.compile
    def idle(x):
        return x

    with pytest.raises(RuntimeError, match="idle has not been called yet"):
        draw(idle)
    with pytest.raises(ValueError, match="a program has no values to show"):
        draw(step, values=True)
    with pytest.raises(ValueError, match="rankdir must be one of"):
        draw(step, rankdir="up")
    with pytest.raises(ValueError, match="norm has no backward pass to draw"):
        draw(without_backward(), kind="backward")
    with pytest.raises(TypeError, match="drawn as it was called last: draw it without example"):
        draw(step, X)


def test_it_can_be_rendered(step):
    svg = render(draw(step))
    assert svg.count(b'class="cluster"') == 3
    assert svg.count(b'class="node"') == len(draw(step).sketch.boxes)


def without_backward():
    @mg.compile
    def norm(x):
        return np.sqrt(np.sum(x * x))

    norm(X)
    return norm


@pytest.mark.parametrize("section", ["forward", "backward", "update"])
def test_a_section_alone(step, section):
    """An update has no `kind` of its own: it is drawn with the others."""
    if section == "update":
        assert draw(step, kind="step").dot == draw(step).dot
        return
    drawing = draw(step, kind=section)
    assert list(frames(drawing)) == [section]
    calls = [i for i in step.program.instructions if i.section == section]
    assert len(edges(drawing)) == sum(len(i.reads) for i in calls)


def test_memory_and_full_names(step):
    drawing = draw(step, memory=True, full_names=True, dtypes=True)
    h3, w = (drawing.sketch.text_of(box_of(drawing, t)) for t in ("h3", "layer0_weight_T"))
    assert h3 == ["h3 = np.tanh", "(6, 4) float32", "96 B"]
    assert w == ["layer0_weight_T", "(3, 4) float32", "a view"]
