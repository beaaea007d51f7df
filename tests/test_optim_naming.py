"""The names of parameters, whatever they come in."""

import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim.naming import named


def test_what_parameters_may_come_in():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    pairs = list(net.named_parameters())
    optimizer = optim.SGD([{"params": pairs[:1]}, {"params": pairs[1:]}], lr=0.1)
    for given in (net, pairs, iter(pairs), net.parameters(), optimizer, optim.SAM(optimizer)):
        assert [(name, id(p)) for name, p in named(given)] == [(n, id(p)) for n, p in pairs]
    assert named(pairs[0][1]) == pairs[:1]


def test_what_has_no_name_is_called_after_its_place():
    a, b, c = (mg.Parameter([1.0]) for _ in range(3))
    assert [name for name, _ in named([a, ("param1", b), c])] == ["param0", "param1", "param2"]


def test_what_is_refused():
    a = mg.Parameter([1.0])
    with pytest.raises(TypeError, match="Parameters, got Tensor"):
        named([mg.tensor([1.0])])
    with pytest.raises(ValueError, match="given twice"):
        named([a, a])
    with pytest.raises(ValueError, match="without parameters"):
        named([])
