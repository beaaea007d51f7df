"""The first nan or infinity is found, and its origin named."""

import re
import warnings

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import modes, nn


def leaf(*values):
    return mg.tensor(np.array(values), requires_grad=True)


def message_of(run, **options):
    with mg.detect_anomaly(**options), pytest.raises(FloatingPointError) as caught:
        run()
    return str(caught.value)


def line(text):
    """The number of the first line of this file with that text."""
    with open(__file__) as file:
        return next(n for n, row in enumerate(file, 1) if text in row and "line(" not in row)


def log_of_a_negative_number():
    np.log(leaf(1.0, -2.0))  # here: forward


def test_forward():
    message = message_of(log_of_a_negative_number)
    assert message.startswith("log made nan at index (1,): arguments of shapes (2,) (called in ")
    assert message.endswith(f"{__file__}, line {line('# here: forward')})")


def test_an_infinity_in_a_constant_function():
    assert message_of(lambda: np.exp(leaf(1000.0))).startswith("exp made inf at index (0,)")


def test_infinities_can_be_allowed():
    mask = np.array([0.0, -np.inf])
    with mg.detect_anomaly(infinities=False):
        (leaf(1.0, 2.0) + mask).sum()
    assert "made nan" in message_of(lambda: leaf(1.0) * np.nan, infinities=False)


def root_of_zero(create_graph=False):
    x = leaf(4.0, 0.0)
    y = np.sqrt(x)  # here: root
    y.sum().backward(create_graph=create_graph)


def test_backward():
    message = message_of(root_of_zero)
    assert "the derivative rule of sqrt in argument 0 made inf at index (1,)" in message
    assert "cotangent of shape (2,), arguments of shapes (2,)" in message
    assert f"line {line('# here: root')})" in message


def test_inside_a_rule_that_is_itself_recorded():
    message = message_of(lambda: root_of_zero(create_graph=True))
    assert message.startswith("divide made inf")
    assert "inside the derivative rule of sqrt in argument 0, called in" in message
    assert f"line {line('# here: root')})" in message


def test_double_backward():
    def run():
        x = leaf(0.0)
        (g,) = mg.grad([(x**1.5).sum()], [x], create_graph=True)
        g.sum().backward()

    message = message_of(run)
    assert re.search(r"made inf at index \(0,\)", message)
    assert "power" in message


def test_the_module_is_named():
    class Net(nn.Module):
        def __init__(self):
            self.body = nn.Sequential(nn.Linear(2, 2), Log())

        def forward(self, x):
            return self.body(x)

    class Log(nn.Module):
        def forward(self, x):
            return np.log(x - 100.0)

    message = message_of(lambda: Net()(np.ones((1, 2), np.float32)))
    assert message.startswith("log made nan")
    assert "called in Net.body.1, " in message


def test_a_whole_training_step_passes_and_is_the_same():
    x, y = np.eye(3, dtype=np.float32), np.array([0, 1, 2])

    def losses():
        model = nn.Linear(3, 3, rng=np.random.default_rng(0))
        optimizer = mg.optim.Adam(model.parameters(), lr=0.1)
        for _ in range(3):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item()

    expected = list(losses())
    with mg.detect_anomaly():
        assert list(losses()) == expected


def test_a_compiled_function_is_run_as_it_is_written():
    logarithm = mg.compile(lambda x: np.log(x * 2))
    assert logarithm(np.ones(1))[0] == np.log(2)
    assert message_of(lambda: logarithm(leaf(-1.0))).startswith("log made nan")


def test_outside_nothing_is_looked_at():
    before = modes.observers
    with mg.detect_anomaly():
        pass
    assert modes.observers == before
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(np.log(leaf(-1.0)).data).all()


def test_a_graph_from_before_is_walked_too():
    y = np.sqrt(leaf(0.0))
    message = message_of(lambda: y.sum().backward())
    assert "called outside detect_anomaly" in message


def test_nothing_is_kept_of_values_that_are_gone():
    with mg.detect_anomaly() as search:
        x = leaf(1.0)
        for _ in range(5):
            (x * 2).sum().backward()
        assert len(search._origins) <= 1
