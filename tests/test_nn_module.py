"""The tree of parameters and buffers: names, state, printing, copies."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim


class Norm(nn.Module):
    """Parameters, a child and buffers; not in alphabetical order."""

    def __init__(self):
        self.scale = mg.Parameter([1.0, 1.0])
        self.inner = nn.Linear(2, 2, rng=np.random.default_rng(0))
        self.offset = mg.Parameter(0.5)
        self.register_buffer("steps", np.array(0))
        self.register_buffer("mean", np.zeros(2, np.float32))

    def forward(self, x):
        return self.inner(x - self.mean) * self.scale + self.offset


class Net(nn.Module):
    """The head's weight is that of `out`; `again` is a module that is there already."""

    def __init__(self, seed=1):
        rng = np.random.default_rng(seed)
        self.out = nn.Linear(2, 2, rng=rng)
        self.body = nn.Sequential(nn.Linear(2, 2, rng=rng), nn.Tanh(), Norm())
        self.again = self.body[0]
        self.head = nn.Linear(2, 2, rng=rng)
        self.head.weight = self.out.weight

    def forward(self, x):
        return self.head(self.again(self.body(self.out(x))))


PARAMETERS = {
    "out.weight": (2, 2),
    "out.bias": (2,),
    "body.0.weight": (2, 2),
    "body.0.bias": (2,),
    "body.2.scale": (2,),
    "body.2.offset": (),
    "body.2.inner.weight": (2, 2),
    "body.2.inner.bias": (2,),
    "head.bias": (2,),
}
BUFFERS = {"body.2.steps": (), "body.2.mean": (2,)}
MODULES = ["", "out", "body", "body.0", "body.1", "body.2", "body.2.inner", "head"]
X = np.random.default_rng(7).standard_normal((4, 2)).astype(np.float32)


def losses(net, optimizer, steps=3):
    """Train in place."""
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (net(X) ** 2).mean()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def assert_same_state(found, expected):
    assert list(found) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


# What is in the tree, and what it is called.


def test_parameters_are_listed_by_path_in_order_of_definition_each_once():
    net = Net()
    assert [(name, p.shape) for name, p in net.named_parameters()] == list(PARAMETERS.items())
    named = dict(net.named_parameters())
    assert [id(p) for p in net.parameters()] == [id(p) for p in named.values()]
    assert named["out.weight"] is net.head.weight


def test_buffers_are_listed_by_path_and_are_not_parameters():
    net = Net()
    assert {name: np.shape(b) for name, b in net.named_buffers()} == BUFFERS
    assert dict(net.named_buffers())["body.2.mean"] is net.body[2].mean


def test_modules_are_listed_each_once_parents_first():
    net = Net()
    named = dict(net.named_modules())
    assert list(named) == MODULES
    assert named[""] is net
    assert named["body.2.inner"] is net.body[2].inner
    assert [name for name, _ in net.named_children()] == ["out", "body", "again", "head"]
    assert [path for path, _ in net.body.named_modules("x")] == [
        "x",
        *map("x.{}".format, (0, 1, 2)),
        "x.2.inner",
    ]


def test_what_is_assigned_later_takes_the_place_or_comes_last():
    net = nn.Sequential(nn.Linear(2, 2))
    net.extra = mg.Parameter([1.0])
    setattr(net, "0", nn.Linear(2, 3, bias=False))
    assert [(n, p.shape) for n, p in net.named_parameters()] == [
        ("extra", (1,)),
        ("0.weight", (3, 2)),
    ]
    del net.extra
    assert [n for n, _ in net.named_parameters()] == ["0.weight"]


def test_parameters_are_told_their_paths():
    net = Net()
    outer = nn.Sequential(net)
    named = dict(outer.named_parameters())
    assert list(named) == [f"0.{name}" for name in PARAMETERS]
    assert {name: p.name for name, p in named.items()} == {name: name for name in named}
    mine = nn.Module()
    mine.w = mg.Parameter([1.0])
    assert mine.w.name == "w"


def test_errors_call_a_parameter_by_its_path():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 3)))
    with pytest.raises(
        ValueError, match=r"0\.0\.weight of shape \(3, 2\) takes .*\(\.\.\., 2\), got \(4, 5\)"
    ):
        net(np.ones((4, 5), np.float32))
    y = net(X).sum()
    with mg.no_grad():
        net[0][0].weight *= 2
    with pytest.raises(RuntimeError, match=r"linear: parameter '0\.0\.weight' was changed"):
        y.backward()


@pytest.mark.parametrize(
    "members",
    [[nn.Tanh()], (nn.Tanh(),), {"a": nn.Tanh()}, [1, mg.Parameter([1.0])]],
    ids=["list", "tuple", "dict", "parameter"],
)
def test_modules_hidden_in_a_collection_are_refused(members):
    net = nn.Module()
    kind = type(members).__name__
    with pytest.raises(TypeError, match=f"Module.layers: .* inside a {kind} .* nn.Sequential"):
        net.layers = members
    assert not hasattr(net, "layers")
    net.sizes = [2, 3]
    assert net.sizes == [2, 3]


def test_forward_must_be_defined():
    class Half(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r"Half must define forward\(\)"):
        Half()(X)


def test_call_passes_everything_to_forward():
    class Join(nn.Module):
        def forward(self, a, *rest, scale, **more):
            return (a, rest, scale, more)

    assert Join()(1, 2, 3, scale=4, shift=5) == (1, (2, 3), 4, {"shift": 5})


@pytest.mark.parametrize(
    "switch",
    [lambda m, on: m.train(on), lambda m, on: m.train() if on else m.eval()],
    ids=["train(mode)", "eval()"],
)
def test_training_mode_reaches_every_module(switch):
    net = Net()
    for on in (False, True):
        assert switch(net, on) is net
        assert {m.training for _, m in net.named_modules()} == {on}
    net.body.eval()
    assert [path for path, m in net.named_modules() if not m.training] == [
        p for p in MODULES if p.startswith("body")
    ]
    assert Net().training


def test_zero_grad_forgets_every_gradient():
    net = Net()
    net(X).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


# Buffers.


def test_a_buffer_stays_an_array_whatever_is_assigned():
    norm = Norm()
    norm.steps = norm.steps + 1  # NumPy makes this a scalar
    norm.mean = [3.0, 4.0]
    assert type(norm.steps) is np.ndarray
    other = Norm()
    other.load_state_dict(norm.state_dict())
    assert other.steps == 1
    np.testing.assert_array_equal(other.mean, [3, 4])
    with pytest.raises(TypeError, match="would lose the gradient"):
        norm.mean = norm.scale * 2


def test_a_buffer_that_is_registered_again_is_replaced():
    norm = Norm()
    norm.register_buffer("mean", np.ones(3))
    assert [(n, b.shape) for n, b in norm.named_buffers()] == [("steps", ()), ("mean", (3,))]
    assert list(Norm().named_buffers())[1][1].shape == (2,)


# State.


def test_state_holds_the_parameters_of_each_module_then_its_buffers():
    net = Net()
    state = net.state_dict()
    assert {name: array.shape for name, array in state.items()} == PARAMETERS | BUFFERS
    names = list(PARAMETERS)
    inner = names.index("body.2.inner.weight")
    assert list(state) == [*names[:inner], *BUFFERS, *names[inner:]]
    assert all(type(array) is np.ndarray for array in state.values())
    np.testing.assert_array_equal(state["body.0.weight"], net.body[0].weight.data)


def test_a_state_is_a_copy():
    net = Net()
    before = net.state_dict()
    for array in net.state_dict().values():
        array += 1
    assert_same_state(net.state_dict(), before)
    net.load_state_dict(state := {name: array + 1 for name, array in before.items()})
    for array in state.values():
        array *= 0
    assert_same_state(net.state_dict(), {name: array + 1 for name, array in before.items()})


def test_a_state_carries_over():
    one, two = Net(1), Net(2)
    assert not np.array_equal(one(X).data, two(X).data)
    places = {name: p.data for name, p in two.named_parameters()}
    assert two.load_state_dict(one.state_dict()) == ([], [])
    np.testing.assert_array_equal(two(X).data, one(X).data)
    assert all(p.data is places[name] for name, p in two.named_parameters())


def test_a_state_that_does_not_fit_is_refused_as_a_whole():
    net = Net()
    before = net.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    del state["out.bias"], state["body.2.mean"]
    state |= {"head.bias": np.zeros(3), "body.2.offset": np.zeros((1,)), "x": 1.0, "body.9.w": 2.0}
    with pytest.raises(ValueError) as error:
        net.load_state_dict(state)
    assert str(error.value) == (
        "the state does not fit Net: missing: out.bias, body.2.mean; unexpected: x, body.9.w; "
        "body.2.offset: expected (), got (1,); head.bias: expected (2,), got (3,)"
    )
    with pytest.raises(
        ValueError, match=r"the state does not fit Net: body.2.offset: expected \(\)"
    ):
        net.load_state_dict(state, strict=False)
    with pytest.raises(ValueError, match="could not convert"):
        net.load_state_dict(
            {**before, "out.weight": before["out.weight"] + 1, "head.bias": ["a", "b"]}
        )
    assert_same_state(net.state_dict(), before)


def test_not_strict_loads_what_both_sides_have():
    net = Net()
    expected = net.state_dict()
    found = net.load_state_dict({"out.bias": [8.0, 9.0], "elsewhere": 1.0}, strict=False)
    assert found.missing_keys == [n for n in expected if n != "out.bias"]
    assert found.unexpected_keys == ["elsewhere"]
    expected["out.bias"][:] = 8, 9
    assert_same_state(net.state_dict(), expected)


@pytest.mark.parametrize("source", [np.float64, np.float32, np.float16, np.int64])
def test_loading_keeps_the_dtype(source):
    layer = nn.Linear(1, 2)
    layer.load_state_dict({"weight": np.array([[2], [3]], source), "bias": [0, 1]})
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    np.testing.assert_array_equal(layer.weight.data, [[2], [3]])


def test_loading_is_a_write_that_an_older_graph_notices():
    layer = nn.Linear(2, 2)
    y = layer(mg.tensor(X, requires_grad=True)).sum()
    layer.load_state_dict(layer.state_dict())
    with pytest.raises(RuntimeError, match="parameter 'weight' was changed in place"):
        y.backward()


def test_loading_into_parameters_that_an_optimizer_holds():
    """The optimizer goes on from the loaded values, and the module sees its steps."""
    one, two = Net(1), Net(2)
    held = optim.Momentum(two.named_parameters(), lr=0.1)
    start = one.state_dict()
    two.load_state_dict(start)
    expected = losses(one, optim.Momentum(one.named_parameters(), lr=0.1))
    assert losses(two, held) == expected
    assert expected[2] < expected[0]
    two.load_state_dict(start)
    assert (two(X) ** 2).mean().item() == expected[0]


# Copies.

COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda m: pickle.loads(pickle.dumps(m))}
by_every_copy = pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)


@by_every_copy
def test_a_copy_has_the_same_tree(copied):
    net = Net().eval()
    twin = copied(net)
    assert repr(twin) == repr(net)
    assert_same_state(twin.state_dict(), net.state_dict())
    assert twin.head.weight is twin.out.weight
    assert twin.again is twin.body[0]
    assert [p.name for p in twin.parameters()] == [p.name for p in net.parameters()]
    assert not twin.body[2].training


@by_every_copy
def test_a_copy_trains_on_alone(copied):
    net = Net()
    optimizer = optim.Adam(net.named_parameters(), lr=0.01)
    losses(net, optimizer)
    twin = copied(net)
    before = net.state_dict()
    mine, memory = list(twin.parameters()), [p.data for p in net.parameters()]
    assert not any(np.shares_memory(p.data, a) for p in mine for a in memory)
    np.testing.assert_array_equal(mine[0].grad, net.out.weight.grad)
    further = losses(twin, optim.SGD(mine, lr=0.1))
    assert_same_state(net.state_dict(), before)
    assert losses(net, optim.SGD(net.parameters(), lr=0.1)) == further


def test_a_shallow_copy_shares_the_parameters():
    net = Net()
    twin = copy.copy(net)
    assert all(p is q for p, q in zip(twin.parameters(), net.parameters(), strict=True))
    twin.out = nn.Linear(2, 2)
    assert net.out is not twin.out


@by_every_copy
def test_a_frozen_parameter_stays_frozen(copied):
    layer = nn.Linear(2, 2)
    layer.bias.requires_grad = False
    twin = copied(layer)
    twin(X).sum().backward()
    assert (twin.weight.requires_grad, twin.bias.requires_grad) == (True, False)
    assert twin.weight.grad is not None
    assert twin.bias.grad is None


# Printing.


def test_the_tree_is_printed():
    assert (
        repr(Net())
        == """\
Net: 23 parameters
  out: Linear(2, 2): weight (2, 2), bias (2,)
  body: Sequential
    0: Linear(2, 2): weight (2, 2), bias (2,)
    1: Tanh
    2: Norm: scale (2,), offset (), steps (), mean (2,)
      inner: Linear(2, 2): weight (2, 2), bias (2,)
  again: Linear(2, 2) = body.0
  head: Linear(2, 2): weight (2, 2) = out.weight, bias (2,)"""
    )


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.Module(), "Module: 0 parameters"),
        (nn.Linear(100, 50), "Linear(100, 50): 5,050 parameters: weight (50, 100), bias (50,)"),
        (nn.Linear(1, 2, bias=False), "Linear(1, 2, bias=False): 2 parameters: weight (2, 1)"),
        (
            Norm(),
            "Norm: 9 parameters: scale (2,), offset (), steps (), mean (2,)\n"
            "  inner: Linear(2, 2): weight (2, 2), bias (2,)",
        ),
        (nn.Dropout(0.25), "Dropout(0.25): 0 parameters"),
        (nn.LeakyReLU(0.2), "LeakyReLU(0.2): 0 parameters"),
        (nn.GELU(), "GELU: 0 parameters"),
        (nn.GELU("tanh"), "GELU('tanh'): 0 parameters"),
        (
            nn.HuberLoss(delta=2.0, reduction="sum"),
            "HuberLoss(delta=2.0, reduction='sum'): 0 parameters",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_one_module_is_printed(module, text):
    assert repr(module) == text
