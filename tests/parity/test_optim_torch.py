"""The optimizers against PyTorch's, step by step in float64.

`minigrad.optim.conventions.torch` has PyTorch's names and arguments, so both sides are made with
the very same ones.
"""

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import nn
from minigrad.optim import conventions

TOLERANCE = 1e-12
STEPS = 60
SHAPES = {"scalar": (), "vector": (3,), "matrix": (4, 5), "stack": (2, 3, 4)}

SHARED = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1, "maximize": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.7, 0.9), "eps": 0.1}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1, "maximize": True}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1, "maximize": True}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "maximize": True}),
    ("AdamW", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.3}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "eps": 0.1}),
    ("Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 0.1, "weight_decay": 0.1, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.9, "eps": 0.1, "weight_decay": 0.1, "maximize": True}),
    ("RMSprop", {"lr": 0.1, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.1, "centered": True}),
    ("RMSprop", {"lr": 0.1, "centered": True, "momentum": 0.5, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.1, "centered": True, "momentum": 0.5, "maximize": True}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.1, "betas": (0.7, 0.9), "weight_decay": 0.1, "maximize": True}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.1, "momentum_decay": 0.1, "weight_decay": 0.1, "maximize": True}),
    ("NAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {}),
    ("RAdam", {"lr": 0.1, "betas": (0.7, 0.6), "weight_decay": 0.1, "maximize": True}),
    ("RAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": (0.3, 1.7), "step_sizes": (0.05, 0.4), "maximize": True}),
    ("ASGD", {}),
    ("ASGD", {"lr": 0.1, "lambd": 0.5, "alpha": 0.5, "t0": 10.0}),
    ("ASGD", {"lr": 0.1, "t0": 0.0, "weight_decay": 0.1, "maximize": True}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.3, "beta2_decay": -0.5, "d": 2.0, "weight_decay": 0.1}),
    ("Adafactor", {"lr": 0.3, "eps": (1e-2, 0.5), "maximize": True}),
]


@pytest.fixture(autouse=True)
def numbers_in_float64():
    """PyTorch keeps numbers such as NAdam's product of mu in its default dtype."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


by_configuration = pytest.mark.parametrize(
    ("name", "numbers"), SHARED, ids=[f"{name} {' '.join(a)}".strip() for name, a in SHARED]
)


class Pair:
    """The same parameters and gradients, for our optimizer and for PyTorch's."""

    def __init__(self, name, numbers, shapes=SHAPES, grouped=False):
        rng = np.random.default_rng(0)
        self.start = {n: np.asarray(rng.standard_normal(shape)) for n, shape in shapes.items()}
        self.ours = {n: mg.Parameter(a.copy()) for n, a in self.start.items()}
        self.theirs = {n: torch.tensor(a, requires_grad=True) for n, a in self.start.items()}
        self.own = [{}, {}] if grouped else [{}]
        if grouped:
            self.own[1] = {"lr": 0.02}
            if name != "Rprop":
                self.own[1]["weight_decay"] = 0.2
        self.make = lambda: getattr(conventions.torch, name)(self.groups(self.ours), **numbers)
        self.optimizer = self.make()
        plain = {} if name == "Muon" else {"foreach": False}
        named = [dict(g, params=[p for _, p in g["params"]]) for g in self.groups(self.theirs)]
        self.reference = getattr(torch.optim, name)(named, **numbers, **plain)
        self.gradients = np.random.default_rng(1)

    def groups(self, parameters):
        pairs = list(parameters.items())
        parts = [pairs] if len(self.own) == 1 else [pairs[:2], pairs[2:]]
        return [{"params": part, **own} for part, own in zip(parts, self.own, strict=True)]

    def step(self, i):
        """With gradients of different sizes; the vector has none in every seventh step."""
        for name, a in self.start.items():
            g = np.asarray(self.gradients.standard_normal(a.shape) * 10.0 ** (i % 3 - 1))
            has_none = name == "vector" and i % 7 == 3
            self.ours[name].grad = None if has_none else mg.tensor(g)
            self.theirs[name].grad = None if has_none else torch.tensor(g)
        self.optimizer.step()
        self.reference.step()
        for name, p in self.ours.items():
            difference = np.abs(p.data - self.theirs[name].detach().numpy()).max()
            assert difference <= TOLERANCE, (name, i)

    def resume(self):
        """Go on with a new optimizer from the state of the old one."""
        state, self.optimizer = self.optimizer.state_dict(), self.make()
        self.optimizer.load_state_dict(state)


@pytest.mark.parametrize("grouped", [False, True], ids=["together", "groups"])
@by_configuration
def test_a_trajectory(name, numbers, grouped):
    """With random gradients, and a new optimizer from the state of the old one halfway."""
    pair = Pair(name, numbers, grouped=grouped)
    for i in range(STEPS):
        if i == STEPS // 2:
            pair.resume()
        pair.step(i)
    for key, start in pair.start.items():
        assert np.abs(pair.ours[key].data - start).max() > 1e-4


@pytest.mark.parametrize("numbers", [{}, {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.0}])
def test_muon(numbers, monkeypatch):
    """PyTorch orthogonalizes in bfloat16; here it is made to stay in float64."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    pair = Pair("Muon", numbers, {"wide": (4, 5), "tall": (6, 2), "square": (3, 3)})
    for i in range(STEPS):
        if i == STEPS // 2:
            pair.resume()
        pair.step(i)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("SGD", {"lr": 0.1, "momentum": 0.9}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
        ("AdamW", {"lr": 0.1}),
        ("NAdam", {"lr": 0.1}),
        ("RMSprop", {"lr": 0.1, "momentum": 0.9}),
    ],
)
def test_a_learning_rate_that_changes(name, numbers):
    """Set from outside in PyTorch, a schedule here."""
    pair = Pair(name, numbers)
    pair.optimizer.lr = lambda t: 0.1 / t**0.5
    for i in range(STEPS):
        for group in pair.reference.param_groups:
            group["lr"] = 0.1 / (i + 1) ** 0.5
        pair.step(i)


def test_the_mean_of_asgd():
    pair = Pair("ASGD", {"lr": 0.1, "t0": 10.0})
    for i in range(STEPS):
        pair.step(i)
    state = pair.optimizer.state_dict()["state"]
    for name, p in pair.theirs.items():
        theirs = pair.reference.state[p]["ax"].numpy()
        np.testing.assert_allclose(state[name]["average"], theirs, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(
    ("nesterov", "numbers"),
    [(True, {}), (True, {"momentum": 0.9, "dampening": 0.1})],
)
def test_nesterov_is_refused_where_torch_refuses_it(nesterov, numbers):
    for package, p in (conventions.torch, mg.Parameter([1.0])), (torch.optim, torch.ones(1)):
        with pytest.raises(ValueError, match="Nesterov momentum"):
            package.SGD([p], nesterov=nesterov, **numbers)


@pytest.mark.parametrize(
    ("name", "numbers"), [("SGD", {"lr": 0.05, "momentum": 0.9}), ("AdamW", {"lr": 0.01})]
)
def test_a_network_in_training(name, numbers):
    """With the gradients of each one's own backward pass."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((16, 3))
    y = np.sin(x.sum(axis=1, keepdims=True))
    weights = [rng.standard_normal(s) / 2 for s in [(8, 3), (8,), (1, 8), (1,)]]
    ours = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    for layer, pairs in (ours[0], weights[:2]), (ours[2], weights[2:]):
        layer.weight, layer.bias = map(mg.Parameter, pairs)
    theirs = [torch.tensor(w, requires_grad=True) for w in weights]
    optimizer = getattr(conventions.torch, name)(ours.named_parameters(), **numbers)
    reference = getattr(torch.optim, name)(theirs, **numbers)
    for _ in range(200):
        optimizer.zero_grad()
        ((ours(x) - y) ** 2).mean().backward()
        optimizer.step()
        reference.zero_grad()
        hidden = torch.tanh(torch.tensor(x) @ theirs[0].T + theirs[1])
        ((hidden @ theirs[2].T + theirs[3] - torch.tensor(y)) ** 2).mean().backward()
        reference.step()
    for p, q in zip(ours.parameters(), theirs, strict=True):
        assert np.abs(p.data - q.detach().numpy()).max() <= TOLERANCE
