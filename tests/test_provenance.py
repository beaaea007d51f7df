"""Where operations come from: modules, lines, rules; and that it is forgotten again."""

import gc
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, provenance
from minigrad.node import reached

X = np.ones((2, 3), np.float32)


class Net(nn.Module):
    def __init__(self):
        self.cell = nn.Linear(3, 3)
        self.layers = nn.Sequential(nn.Tanh(), nn.Linear(3, 1))

    def forward(self, x):
        for _ in range(2):
            x = self.cell(x)
        return self.layers(x) * 2.0


def operations(y):
    found = reached([y.node], lambda node: not node.is_leaf)
    return sorted(found, key=lambda node: node.number)


def test_modules_and_how_often_they_were_called():
    with mg.record_origins():
        y = Net()(X)
    told = [
        (node.name, [(c.name, c.title, c.index) for c in mg.origin_of(node).calls])
        for node in operations(y)
    ]
    net, layers = ("Net", "Net()", 0), ("layers", "Sequential()", 0)
    assert told == [
        ("linear", [net, ("cell", "Linear(3, 3)", 0)]),
        ("linear", [net, ("cell", "Linear(3, 3)", 1)]),
        ("tanh", [net, layers, ("0", "Tanh()", 0)]),
        ("linear", [net, layers, ("1", "Linear(3, 1)", 0)]),
        ("multiply", [net]),
    ]
    assert mg.origin_of(operations(y)[3]).module == "Net.layers.1"


def test_a_second_call_at_the_top_is_another_one():
    net = nn.Tanh()
    x = mg.tensor([1.0], requires_grad=True)
    with mg.record_origins():
        a, b = net(x), net(x)
    assert [mg.origin_of(t).calls[0].index for t in (a, b)] == [0, 1]


def test_the_line_of_the_user():
    x = mg.tensor([1.0], requires_grad=True)
    with mg.record_origins():
        y = np.tanh(x)  # here
        z = nn.Tanh()(x)  # and not in the package
    assert mg.origin_of(y).source == "y = np.tanh(x)  # here"
    assert mg.origin_of(z).source == "z = nn.Tanh()(x)  # and not in the package"
    assert mg.origin_of(y).where.startswith(f"{__file__}, line ")
    assert mg.origin_of(y).module == ""


def test_a_function_that_returns_what_it_received():
    @mg.primitive
    def same(x):
        return x

    mg.defvjp(same, lambda g, y, x: g)
    x = mg.tensor([1.0], requires_grad=True)
    with mg.record_origins():
        y = nn.Tanh()(x)
        z = same(y)
    assert (mg.origin_of(y).module, mg.origin_of(z).module) == ("Tanh", "")


def test_a_backward_pass_that_is_recorded():
    x = mg.tensor(0.5, requires_grad=True)
    with mg.record_origins():
        y = nn.Tanh()(x)
        (slope,) = mg.grad([y], [x], create_graph=True)
    origins = [mg.origin_of(node) for node in operations(slope)]
    assert [(o.module, o.rule) for o in origins] == [
        ("Tanh", ""), *[("Tanh", "tanh, argument 0")] * (len(origins) - 1)
    ]  # fmt: skip


def test_outside_of_a_block_nothing_is_known():
    x = mg.tensor([1.0], requires_grad=True)
    y = x * 2.0
    with mg.record_origins():
        pass
    z = y * 2.0
    assert mg.origin_of(x) is mg.origin_of(y) is mg.origin_of(z) is None
    assert mg.origin_of(mg.tensor(1.0)) is None


def test_a_module_that_raises_is_left():
    class Bad(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    x = mg.tensor([1.0], requires_grad=True)
    with mg.record_origins():
        with pytest.raises(ValueError, match="no"):
            Bad()(x)
        y = x * 2.0
    assert mg.origin_of(y).calls == ()


def test_what_is_freed_is_forgotten():
    gc.collect()
    before = len(provenance._origins)
    with mg.record_origins():
        y = Net()(X).sum()
    assert len(provenance._origins) > before
    y.backward()
    del y
    gc.collect()
    assert len(provenance._origins) == before


def test_other_threads_are_not_watched():
    x = mg.tensor([1.0], requires_grad=True)
    made = []
    with mg.record_origins():
        thread = threading.Thread(target=lambda: made.append(x * 2.0))
        thread.start()
        thread.join()
    assert mg.origin_of(made[0]) is None


def test_beside_another_watcher():
    x = mg.tensor([0.0], requires_grad=True)
    with mg.record_origins(), mg.detect_anomaly():
        y = np.sqrt(x)
        with pytest.raises(FloatingPointError, match="the derivative rule of sqrt"):
            y.sum().backward()
    assert mg.origin_of(y).source == "y = np.sqrt(x)"


def test_compiled_functions_run_as_they_are_written():
    @mg.compile
    def f(x):
        return np.tanh(x)

    x = mg.tensor([1.0], requires_grad=True)
    with mg.record_origins():
        y = f(x)
    assert mg.origin_of(y).source == "return np.tanh(x)"


def test_names_of_results():
    x = mg.tensor([1.0], requires_grad=True)
    y = x * 2.0
    x.name, y.name = "x", "y"
    z = y + 1.0
    assert [provenance.label_of(t.node) for t in (x, y, z)] == ["x", "y", None]
    before = len(provenance._names)
    del y, z
    assert len(provenance._names) == before - 1
