import re

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.viz import draw, render

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


def lines_of(drawing):
    """The DOT source of each box, by its name in DOT."""
    return dict(re.findall(r"^\t+(n\d+) (\[label=.*\])$", drawing.source, re.M))


def titles(drawing):
    """The first line of each box's label: what it is called, without how it is made."""
    pattern = r'label="?(.*?)(?: =|\\n|"|: )'
    return {box: re.search(pattern, line)[1] for box, line in lines_of(drawing).items()}


def line_of(drawing, title):
    (box,) = [box for box, t in titles(drawing).items() if t == title]
    return lines_of(drawing)[box]


def edges(drawing, back=False):
    """The arrows of the calls, or those that lead back to the state."""
    called = titles(drawing)
    found = re.findall(r"^\t(n\d+) -> (n\d+)(.*)$", drawing.source, re.M)
    return [(called[a], called[b]) for a, b, rest in found if ("constraint=false" in rest) == back]


def frames(drawing):
    """The titles of the boxes inside each frame."""
    called = titles(drawing)
    found = re.findall(r"^\tsubgraph cluster_\d+ {\n(.*?)^\t}", drawing.source, re.M | re.S)
    return {
        re.search(r"label=(\w+)", frame)[1]: [called[b] for b in re.findall(r"\t(n\d+) ", frame)]
        for frame in found
    }


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
        "input": line_of(drawing, "x"),
        "parameters": line_of(drawing, "theta"),
        "state": line_of(drawing, "v1"),
        "constant": line_of(drawing, "ones"),
        "call": line_of(drawing, "h1"),
        "view": line_of(drawing, "layer0_weight"),
        "output": line_of(drawing, "loss"),
    }
    ways = {re.sub(r'label="?.*?"? (?=color|font)', "", line) for line in looks.values()}
    assert len(ways) == len(looks)
    assert "peripheries=2" in looks["output"]
    assert "shape=ellipse" in looks["parameters"]
    assert "shape=cylinder" in line_of(drawing, "lr")
    assert line_of(drawing, "t").replace("t = add(·, 1)", "") == re.sub(
        r"layer0_weight\\n\(4, 3\)", "", looks["view"]
    )


def test_boxes_say_how_they_are_made(step):
    drawing = draw(step)
    assert r'"h3 = tanh\n(6, 4)"' in line_of(drawing, "h3")
    assert r'"loss = divide(·, 12)\nscalar"' in line_of(drawing, "loss")
    assert r'"layer0_weight_T\n(3, 4)"' in line_of(drawing, "layer0_weight_T")
    assert r'"steps\nnumber"' in line_of(drawing, "steps")


def test_unusual_arguments_and_dtypes():
    rng = np.random.default_rng(0)

    @mg.compile
    def drawn(x, start):
        noise = rng.random(3)
        part = x[start:, :2]
        return np.sum(part) + noise, x > 0

    drawn(X, 1)
    drawing = draw(drawn)
    assert r'"rng\nGenerator"' in line_of(drawing, "rng")
    assert "(6, 3) bool" in lines_of(drawing).popitem()[1]
    assert r'"part = getitem(·, (·:, :2))' in drawing.source or "part = getitem(·" in drawing.source


def test_a_program_is_drawn_as_its_function_is(step):
    assert draw(step.program).source == draw(step).source
    assert draw(step).source == draw(compiled_step(mg.optim.Momentum)).source


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
    assert "shape=ellipse" in line_of(drawing, "fc_weight")
    assert r"(3,) float64" in line_of(drawing, "fc_weight")
    assert edges(drawing, back=True) == []


def test_a_large_program_is_one_box_a_section():
    step = compiled_step(mg.optim.Adam)
    drawing = draw(step, max_nodes=10)
    calls = [sum(i.section == s for i in step.program.instructions) for s in ("forward", "update")]
    assert f'"forward: {calls[0]} calls\\n' in line_of(drawing, "forward")
    assert f'"update: {calls[1]} calls\\n' in line_of(drawing, "update")
    assert "dot x 2" in line_of(drawing, "forward")
    assert frames(drawing) == {}
    arrows = edges(drawing)
    assert len(set(arrows)) == len(arrows)
    assert {("theta", "forward"), ("forward", "backward"), ("backward", "update")} <= set(arrows)
    assert ("update", "theta") in edges(drawing, back=True)
    assert draw(step, max_nodes=len(step.program.instructions)).source == draw(step).source


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
    assert "20 parameters" in drawing.source
    assert len(lines_of(drawing)) <= 5
    assert len(lines_of(draw(total))) > 60


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
    with pytest.raises(TypeError, match="draw expects tensors, got int"):
        draw([3])


def test_it_can_be_rendered(step):
    svg = render(draw(step))
    assert svg.count(b'class="cluster"') == 3
    assert svg.count(b'class="node"') == len(lines_of(draw(step)))
