"""One module after the other."""

import numpy as np
import pytest

from minigrad import nn

MODULES = [nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)]
X = np.random.default_rng(0).standard_normal((4, 2)).astype(np.float32)


def test_modules_are_applied_in_order():
    a, b, c = MODULES
    np.testing.assert_array_equal(nn.Sequential(*MODULES)(X).data, c(b(a(X))).data)


def test_nothing_is_the_identity():
    assert nn.Sequential()(X) is X
    assert (len(nn.Sequential()), list(nn.Sequential())) == (0, [])


def test_a_sequence():
    net = nn.Sequential(*MODULES)
    assert len(net) == 3
    assert list(net) == MODULES
    assert [net[i] for i in (0, 1, 2, -1)] == [*MODULES, MODULES[2]]
    assert MODULES[1] in net
    for beyond in (3, -4):
        with pytest.raises(IndexError):
            net[beyond]


def test_names():
    a, b, c = MODULES
    net = nn.Sequential(a, b, head=c)
    assert list(net.named_children()) == [("0", a), ("1", b), ("head", c)]
    assert net.head is net[2] is c
    assert list(net.state_dict()) == ["0.weight", "0.bias", "head.weight", "head.bias"]


@pytest.mark.parametrize(
    ("part", "names"),
    [
        (slice(1, None), ["1", "head"]),
        (slice(-1), ["0", "1"]),
        (slice(None, None, 2), ["0", "head"]),
        (slice(0), []),
    ],
)
def test_a_slice_shares_the_modules_and_their_names(part, names):
    a, b, c = MODULES
    net = nn.Sequential(a, b, head=c)
    piece = net[part]
    assert type(piece) is nn.Sequential
    assert list(piece.named_children()) == [
        (name, dict(net.named_children())[name]) for name in names
    ]


def test_a_slice_computes_its_part():
    net = nn.Sequential(*MODULES)
    np.testing.assert_array_equal(net[1:](net[:1](X)).data, net(X).data)


def test_a_replaced_module_is_used():
    net = nn.Sequential(nn.Tanh(), nn.Tanh())
    setattr(net, "1", nn.Identity())
    np.testing.assert_array_equal(net(X), np.tanh(X))
    assert isinstance(net[1], nn.Identity)


def test_a_module_may_come_twice():
    dense = nn.Linear(2, 2)
    net = nn.Sequential(dense, dense)
    assert len(net) == 2
    assert list(net.state_dict()) == ["0.weight", "0.bias"]
    np.testing.assert_array_equal(net(X).data, dense(dense(X)).data)


@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [
        ((nn.Tanh(), np.tanh), {}, "got ufunc for '1'"),
        ((nn.Tanh,), {}, "got type for '0'"),
        (([nn.Tanh()],), {}, "got list for '0'"),
        ((), {"last": None}, "got NoneType for 'last'"),
    ],
)
def test_what_is_no_module(args, kwargs, told):
    with pytest.raises(TypeError, match=f"Sequential takes modules, {told}"):
        nn.Sequential(*args, **kwargs)


@pytest.mark.parametrize("name", ["forward", "parameters", "train", "training"])
def test_a_name_that_is_taken(name):
    with pytest.raises(ValueError, match=f"Sequential: '{name}' is the name of a method"):
        nn.Sequential(**{name: nn.Tanh()})
