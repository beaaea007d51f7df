"""Errors inside layers name the layer, keep their type, and are raised once."""

import pickle
import traceback

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

X = np.ones((4, 2), np.float32)


class Failing(nn.Module):
    """Raises what it was given."""

    def __init__(self, error):
        self.error = error

    def forward(self, x):
        raise self.error


class Net(nn.Module):
    def __init__(self, last):
        self.first = nn.Linear(2, 3)
        self.body = nn.Sequential(nn.Tanh(), nn.Sequential(nn.Identity(), last))

    def forward(self, x):
        return self.body(self.first(x))


def raised(call, *args):
    with pytest.raises(Exception) as info:
        call(*args)
    return info.value


def test_the_layer_is_named():
    error = raised(Net(nn.Linear(5, 1)), X)
    assert type(error) is ValueError
    assert str(error).startswith("body.1.1 (Linear): body.1.1.weight of shape (1, 5) takes inputs")
    assert str(error).count("(Linear)") == 1


@pytest.mark.parametrize(
    "error",
    [ValueError("v"), TypeError("t"), IndexError("i"), RuntimeError("r"), FloatingPointError("f"),
     np.linalg.LinAlgError("l"), AssertionError("a"), AttributeError("x"), ValueError("")],
    ids=lambda e: type(e).__name__,
)  # fmt: skip
def test_the_error_stays_what_it_is(error):
    words = str(error)
    found = raised(Net(Failing(error)), X)
    assert found is error
    assert found.args == (f"body.1.1 (Failing): {words}",)
    assert str(found) == f"body.1.1 (Failing): {words}"
    assert found.__cause__ is None and found.__context__ is None
    shown = "".join(traceback.format_exception(found))
    assert "another exception" not in shown and "say_where" not in shown
    assert str(pickle.loads(pickle.dumps(found))) == str(found)


class CodedError(ValueError):
    def __init__(self, code, text):
        super().__init__(code, text)
        self.code = code

    def __str__(self):
        return f"code {self.code}"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError("name"), "'name'"),
        (CodedError(3, "bad"), "code 3"),
        (OSError(2, "no file", "x"), "[Errno 2] no file: 'x'"),
        (StopIteration(), ""),
        (ValueError(7), "7"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_what_is_more_than_words_gets_a_note(error, words):
    args = error.args
    found = raised(Net(Failing(error)), X)
    assert found is error
    assert (found.args, str(found)) == (args, words)
    assert found.__notes__ == ["in body.1.1 (Failing)"]


def test_an_axis_that_does_not_exist():
    error = raised(Net(nn.Softmax(axis=5)), X)
    assert type(error) is np.exceptions.AxisError
    assert str(error).startswith("body.1.1 (Softmax): ")
    assert "5" in str(error)


def test_the_module_that_was_called_itself_is_not_named():
    assert str(raised(Failing(ValueError("plain")), X)) == "plain"
    error = raised(Net(nn.Identity()), np.ones((4, 9), np.float32))
    assert str(error).startswith("first (Linear): first.weight of shape (3, 2)")
    part = Net(Failing(ValueError("v")))
    assert str(raised(part.body, X)) == "1.1 (Failing): v"


def test_what_is_caught_on_the_way_is_named_as_far_as_that():
    class Careful(nn.Module):
        def __init__(self):
            self.inner = nn.Sequential(Failing(ValueError("v")))

        def forward(self, x):
            try:
                return self.inner(x)
            except ValueError as error:
                self.said = str(error)
                return x

    net = nn.Sequential(Careful())
    assert net(X) is X
    assert net[0].said == "0.inner.0 (Failing): v"


def test_a_shared_module_is_named_by_its_first_path_and_a_strange_one_by_its_type():
    shared = Failing(ValueError("v"))
    net = nn.Sequential(a=nn.Sequential(shared), b=shared)
    assert str(raised(net, X)) == "a.0 (Failing): v"

    class Borrowing(nn.Module):
        def forward(self, x):
            return Failing(ValueError("v"))(x)

    assert str(raised(nn.Sequential(Borrowing()), X)) == "0.Failing (Failing): v"


def test_errors_in_hooks():
    net = nn.Sequential(nn.Tanh(), nn.Flatten())

    def hook(module, args):
        raise ValueError("in a hook")

    net[1].register_forward_pre_hook(hook)
    assert str(raised(net, X)) == "1 (Flatten): in a hook"


def test_the_same_error_again_keeps_its_place():
    error = ValueError("v")
    net = Net(Failing(error))
    for _ in range(2):
        raised(net, X)
    assert str(error) == "body.1.1 (Failing): v"


def test_interrupts_are_left_alone():
    error = KeyboardInterrupt("now")
    with pytest.raises(KeyboardInterrupt):
        Net(Failing(error))(X)
    assert str(error) == "now"


def test_compiled():
    net = Net(nn.Linear(5, 1))
    assert str(raised(mg.compile(net), X)).startswith("body.1.1 (Linear): body.1.1.weight")


def test_nothing_is_held_by_the_error():
    """No module, no frame but those of its traceback."""
    error = raised(Net(Failing(ValueError("v"))), X)
    assert vars(error) == {"is_located": True}
