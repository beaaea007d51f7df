"""Modules and parameters by path: finding them, applying functions to them, freezing them."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import paths

X = np.random.default_rng(7).standard_normal((4, 2)).astype(np.float32)


def linear():
    return nn.Linear(2, 2, rng=np.random.default_rng(0))


class Tied(nn.Module):
    """The decoder's weight is the encoder's; `again` is a module that is there already."""

    def __init__(self):
        self.encoder = nn.Sequential(linear(), nn.Tanh(), nn.Sequential(linear()))
        self.decoder = linear()
        self.decoder.weight = self.encoder[0].weight
        self.again = self.encoder[2]
        self.register_buffer("mean", np.zeros(2, np.float32))

    def forward(self, x):
        return self.again(self.decoder(self.encoder(x - self.mean)))


def frozen(net):
    return [name for name, p in net.named_parameters() if not p.requires_grad]


def deep(levels):
    net = nn.Tanh()
    for _ in range(levels):
        net = nn.Sequential(net)
    return net


# Lists.


def test_modules_children_and_buffers():
    net = Tied()
    assert list(net.modules()) == [m for _, m in net.named_modules()]
    assert list(net.children()) == [net.encoder, net.decoder, net.again]
    net.third = net.decoder
    assert list(net.children()) == [net.encoder, net.decoder, net.again]
    assert len(list(net.named_children())) == 4
    (mean,) = net.buffers()
    assert mean is net.mean
    assert list(nn.Module().modules()) != [] == list(nn.Module().children())


# By path.


def test_what_is_at_a_path():
    net = Tied()
    assert net.get_submodule("") is net
    assert net.get_submodule("encoder.2.0") is net.encoder[2][0] is net.get_submodule("again.0")
    assert net.get_parameter("decoder.weight") is net.encoder[0].weight
    assert net.get_parameter("again.0.bias") is net.encoder[2][0].bias
    assert net.get_buffer("mean") is net.mean
    for path, module in net.named_modules():
        assert net.get_submodule(path) is module


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("get_submodule", "encodr.0", "Tied has no module 'encodr.0'; did you mean 'encoder.0'?"),
        ("get_submodule", "encoder.0.weight", "no module 'encoder.0.weight'"),
        ("get_submodule", "forward", "no module 'forward'"),
        ("get_submodule", "encoder..0", "; did you mean 'encoder."),
        ("get_submodule", "zzz", "; there are encoder, encoder.0, encoder.1, encoder.2, "
                                 "encoder.2.0 and 1 more"),
        ("get_parameter", "decoder.wieght", "did you mean 'decoder.weight'?"),
        ("get_parameter", "mean", "no parameter 'mean'"),
        ("get_parameter", "", "no parameter ''; there are encoder.0.weight"),
        ("get_parameter", "xyz", "encoder.2.0.bias, decoder.weight and 1 more"),
        ("get_buffer", "decoder.bias", "no buffer 'decoder.bias'; there are mean"),
        ("get_buffer", "meen", "did you mean 'mean'?"),
    ],
)  # fmt: skip
def test_an_unknown_path(method, path, words):
    with pytest.raises(AttributeError) as error:
        getattr(Tied(), method)(path)
    assert words in str(error.value)


def test_a_module_without_anything_has_no_suggestions():
    with pytest.raises(AttributeError, match="Tanh has no module 'x'; it has none"):
        nn.Tanh().get_submodule("x")


@pytest.mark.parametrize("name", ["a.b", "", "."])
@pytest.mark.parametrize(
    "assign",
    [
        lambda m, name: setattr(m, name, nn.Tanh()),
        lambda m, name: setattr(m, name, mg.Parameter([1.0])),
        lambda m, name: m.register_buffer(name, np.ones(1)),
        lambda m, name: nn.Sequential(**{name: nn.Tanh()}),
    ],
    ids=["module", "parameter", "buffer", "Sequential"],
)
def test_names_that_are_no_part_of_a_path_are_refused(assign, name):
    module = nn.Module()
    with pytest.raises(ValueError, match="cannot be the name of a module, parameter or buffer"):
        assign(module, name)
    assert vars(module) == {}


# apply.


def test_apply_goes_from_the_leaves_up_and_comes_to_each_once():
    net, seen = Tied(), []
    assert net.apply(seen.append) is net
    names = {module: path for path, module in net.named_modules()}
    assert [names[m] for m in seen] == [
        "encoder.0", "encoder.1", "encoder.2.0", "encoder.2", "encoder", "decoder", "",
    ]  # fmt: skip


def test_apply_initialises():
    def ones(module):
        if isinstance(module, nn.Linear):
            module.weight.data[:] = 1

    net = Tied().apply(ones)
    assert all((p.data == 1).all() for n, p in net.named_parameters() if n.endswith("weight"))
    with pytest.raises(TypeError, match="apply takes a function of a module, got 3"):
        net.apply(3)


def test_hooks_that_apply_hangs_up_are_called_from_the_outside_in_and_back():
    net, seen = nn.Sequential(nn.Sequential(nn.Tanh(), nn.Flatten())), []

    def hang_up(module):
        kind = type(module).__name__
        module.register_forward_pre_hook(lambda m, args: seen.append(f"{kind} begins"))
        module.register_forward_hook(lambda m, args, y: seen.append(f"{kind} ends"))

    net.apply(hang_up)(X)
    assert seen == [
        "Sequential begins", "Sequential begins", "Tanh begins", "Tanh ends", "Flatten begins",
        "Flatten ends", "Sequential ends", "Sequential ends",
    ]  # fmt: skip


def test_deep_trees_do_not_recurse():
    net = deep(1100)
    assert len(list(net.modules())) == 1101
    kinds = []
    net.apply(lambda m: kinds.append(type(m)))
    assert kinds == [nn.Tanh] + [nn.Sequential] * 1100
    assert isinstance(net.get_submodule(".".join("0" * 1100)), nn.Tanh)
    assert repr(net).count("\n") == 1100
    assert net._repr_html_().count("<details") == 1100


def test_a_module_that_leads_back_to_itself():
    net = nn.Sequential(nn.Tanh())
    net[0].parent = net
    kinds = []
    net.apply(lambda m: kinds.append(type(m)))
    assert kinds == [nn.Tanh, nn.Sequential]
    assert repr(net) == ("Sequential: 0 parameters\n  0: Tanh\n    parent: Sequential = the whole")


# Freezing.


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((), ["encoder.0.weight", "encoder.0.bias", "encoder.2.0.weight", "encoder.2.0.bias",
              "decoder.bias"]),
        (("encoder.0",), ["encoder.0.weight", "encoder.0.bias"]),
        (("encoder.0.bias",), ["encoder.0.bias"]),
        (("*bias",), ["encoder.0.bias", "encoder.2.0.bias", "decoder.bias"]),
        (("enc*",), ["encoder.0.weight", "encoder.0.bias", "encoder.2.0.weight",
                     "encoder.2.0.bias"]),
        (("encoder.?",), ["encoder.0.weight", "encoder.0.bias", "encoder.2.0.weight",
                          "encoder.2.0.bias"]),
        (("decoder.weight",), ["encoder.0.weight"]),  # which it is
        (("again", "decoder.bias"), ["encoder.2.0.weight", "encoder.2.0.bias", "decoder.bias"]),
    ],
)  # fmt: skip
def test_what_is_frozen(patterns, expected):
    net = Tied()
    assert net.freeze(*patterns) is net
    assert frozen(net) == expected
    net.requires_grad_(True, *patterns)
    assert frozen(net) == []


@pytest.mark.parametrize("pattern", ["encodr", "mean", "encoder.1", "*.gamma"])
def test_a_pattern_that_meets_nothing(pattern):
    net = Tied()
    with pytest.raises(ValueError) as error:
        net.freeze("*bias", pattern)
    assert f"no parameter of Tied is called {pattern!r}; " in str(error.value)
    assert frozen(net) == []


def test_names_with_the_characters_of_patterns_are_meant_literally_first():
    net = nn.Sequential(**{"a[0]": linear(), "a0": linear()})
    net.freeze("a[0]")
    assert frozen(net) == ["a[0].weight", "a[0].bias"]
    net.freeze("a[0].*")  # a pattern
    assert frozen(net) == ["a[0].weight", "a[0].bias", "a0.weight", "a0.bias"]


def step(net, optimizer, x):
    loss = (net(x) ** 2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@pytest.mark.parametrize(
    ("rule", "hyper"),
    [(optim.Adam, {}), (optim.SGD, {"weight_decay": 0.1}), (optim.Muon, {}), (optim.LAMB, {})],
)
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_what_is_frozen_gets_no_gradient_and_no_step(rule, hyper, compiled):
    rng = np.random.default_rng(0)
    net = nn.Sequential(*(nn.Linear(2, 2, bias=False, rng=rng) for _ in range(3)))
    optimizer = rule(net.named_parameters(), lr=0.01, **hyper)
    carry_out = mg.compile(step) if compiled else step
    carry_out(net, optimizer, X)
    assert all(p.grad is not None for p in net.parameters())
    net.freeze("1")
    for k in range(4):
        before = net.state_dict()
        carry_out(net, optimizer, X)
        moved = [name for name, a in net.state_dict().items() if (a != before[name]).any()]
        assert moved == (["0.weight", "2.weight"] if k < 2 else [*before])
        assert (net[1].weight.grad is None) == (k < 2)
        if k == 1:
            net.requires_grad_(True, "1")


def test_a_gradient_from_before_is_forgotten():
    net = linear()
    optimizer = optim.SGD(net.parameters(), lr=1.0)
    net(X).sum().backward()
    net.bias.requires_grad = False
    assert net.bias.grad is None
    before = net.state_dict()
    optimizer.step()
    np.testing.assert_array_equal(net.bias.data, before["bias"])
    assert (net.weight.data != before["weight"]).any()


def test_an_optimizer_of_frozen_parameters_says_so():
    net = linear().freeze()
    optimizer = optim.SGD(net.parameters())
    with pytest.raises(RuntimeError, match="no gradient; all its parameters are frozen"):
        optimizer.step()
    net.requires_grad_()
    with pytest.raises(RuntimeError, match="call backward"):
        optimizer.step()
    with pytest.raises(RuntimeError, match="nothing that it was computed from requires a gradient"):
        net.freeze()(X).sum().backward()


def test_frozen_weights_pass_gradients_on():
    net = nn.Sequential(linear(), linear())
    net.freeze("1")
    net(X).sum().backward()
    expected = np.ones((4, 2), np.float32) @ net[1].weight.data
    np.testing.assert_allclose(net[0].bias.grad, expected.sum(axis=0), rtol=1e-6)


# Copies with hooks.


def double(module, args, y):
    return y * 2


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"]
)
def test_copies_keep_hooks_names_and_what_is_frozen(copied):
    net = Tied().freeze("decoder")
    net.decoder.register_forward_hook(double)
    twin = copied(net)
    np.testing.assert_array_equal(twin(X).data, net(X).data)
    assert [p.name for p in twin.parameters()] == [p.name for p in net.parameters()]
    assert twin.decoder.weight is twin.encoder[0].weight
    assert frozen(twin) == frozen(net) == ["encoder.0.weight", "decoder.bias"]
    assert [p.path for p in paths.parameter_places(twin)][4] == "decoder.weight"
    twin.decoder.register_forward_hook(double)
    assert (twin(X).data != net(X).data).any()
