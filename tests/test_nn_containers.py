"""ModuleList and ModuleDict."""

import copy
import pickle

import numpy as np
import pytest

from minigrad import nn


def dense(k=0):
    return nn.Linear(2, 2, rng=np.random.default_rng(k))


A, B, C, D = (dense(k) for k in range(4))


def names_of(container):
    return [name for name, _ in container.named_children()]


def test_a_list_changes_as_lists_do():
    ours, theirs = nn.ModuleList([A, B]), [A, B]
    changes = [
        lambda m: m.append(C),
        lambda m: m.extend([D, A]),
        lambda m: m.insert(0, D),
        lambda m: m.insert(-1, B),
        lambda m: m.insert(100, C),
        lambda m: m.__setitem__(1, C),
        lambda m: m.__setitem__(-1, A),
        lambda m: m.__delitem__(0),
        lambda m: m.__delitem__(slice(1, 3)),
        lambda m: m.pop(),
        lambda m: m.pop(0),
    ]
    for change in changes:
        change(ours)
        change(theirs)
        assert list(ours) == theirs
        assert len(ours) == len(theirs)
        assert names_of(ours) == [str(i) for i in range(len(theirs))]
        assert all(ours[i] is module for i, module in enumerate(theirs))


def test_what_changing_a_list_returns():
    layers = nn.ModuleList()
    assert layers.append(A) is layers.extend([B, C]) is layers
    assert layers.pop() is C
    assert len(nn.ModuleList()) == 0
    assert A in layers
    assert C not in layers


def test_parts_of_a_list():
    layers = nn.ModuleList([A, B, C])
    part = layers[1:]
    assert type(part) is nn.ModuleList
    assert list(part) == [B, C]
    assert layers[-1] is C
    for index in (3, -4):
        with pytest.raises(IndexError):
            layers[index]
        with pytest.raises(IndexError):
            layers[index] = A
        with pytest.raises(IndexError):
            del layers[index]


class Net(nn.Module):
    def __init__(self):
        self.layers = nn.ModuleList(dense(k) for k in range(2))
        self.heads = nn.ModuleDict({"x": dense(2), "y": dense(3)})

    def forward(self, x):
        for layer in self.layers:
            x = np.tanh(layer(x))
        return {name: head(x) for name, head in self.heads.items()}


def test_parameters_are_found_and_named():
    net = Net()
    paths = [name for name, _ in net.named_parameters()]
    assert paths[::2] == ["layers.0.weight", "layers.1.weight", "heads.x.weight", "heads.y.weight"]
    assert [p.name for p in net.parameters()] == paths == list(net.state_dict())
    values = net(np.ones((1, 2), np.float32))
    (values["x"] + values["y"]).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_names_move_with_the_modules():
    net = Net()
    net.layers.insert(0, dense(5))
    assert [n for n, _ in net.layers.named_parameters()][::2] == [
        "0.weight",
        "1.weight",
        "2.weight",
    ]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies(again):
    net = Net()
    other = again(net)
    assert list(other.state_dict()) == list(net.state_dict())
    assert other.layers[0] is not net.layers[0]
    assert list(other.heads) == ["x", "y"]


def test_a_dict_changes_as_dicts_do():
    ours, theirs = nn.ModuleDict({"a": A, "b": B}), {"a": A, "b": B}
    changes = [
        lambda m: m.__setitem__("c", C),
        lambda m: m.__setitem__("a", D),
        lambda m: m.update({"d": A, "b": C}),
        lambda m: m.__delitem__("c"),
        lambda m: m.pop("a"),
    ]
    for change in changes:
        change(ours)
        change(theirs)
        assert list(ours.items()) == list(theirs.items())
        assert list(ours) == list(ours.keys()) == list(theirs)
        assert list(ours.values()) == list(theirs.values())
        assert len(ours) == len(theirs)
        assert all(name in ours and ours[name] is module for name, module in theirs.items())
    assert "c" not in ours
    assert ours.pop("d") is A


def test_a_name_that_is_not_there():
    heads = nn.ModuleDict({"a": A})
    for use in (heads.__getitem__, heads.__delitem__, heads.pop):
        with pytest.raises(KeyError, match="b"):
            use("b")
    with pytest.raises(KeyError, match="training"):
        heads["training"]


@pytest.mark.parametrize("name", ["keys", "forward", "training"])
def test_a_name_that_is_taken(name):
    with pytest.raises(KeyError, match=f"'{name}' is an attribute of every ModuleDict; rename it"):
        nn.ModuleDict({name: A})


def test_a_name_with_a_dot():
    with pytest.raises(ValueError, match=r"'a\.b' cannot be the name"):
        nn.ModuleDict({"a.b": A})


@pytest.mark.parametrize(
    "hold",
    [
        lambda m: nn.ModuleList([A, m]),
        lambda m: nn.ModuleList().append(m),
        lambda m: nn.ModuleList([A]).insert(0, m),
        lambda m: nn.ModuleList([A]).__setitem__(0, m),
        lambda m: nn.ModuleDict({"a": m}),
        lambda m: nn.ModuleDict().__setitem__("a", m),
    ],
)
@pytest.mark.parametrize("other", [np.tanh, None, [A]])
def test_only_modules(hold, other):
    with pytest.raises(TypeError, match=f"a Module.* holds modules, got {type(other).__name__}"):
        hold(other)


def test_a_failed_change_changes_nothing():
    layers = nn.ModuleList([A])
    with pytest.raises(TypeError):
        layers.extend([B, 3])
    assert list(layers) == [A]


@pytest.mark.parametrize("container", [nn.ModuleList([A]), nn.ModuleDict({"a": A})])
def test_containers_are_not_called(container):
    with pytest.raises(TypeError, match="is not called itself: call the modules in it"):
        container(np.ones((1, 2)))
