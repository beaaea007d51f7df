"""Weight normalisation."""

import copy
import pickle

import numpy as np
import pytest
from compiled_runs import assert_equal_runs
from package_runs import batches, normal, rng, training

import minigrad.functional as F
from minigrad import nn, optim
from minigrad.testing import gradcheck


def dense():
    return nn.Linear(3, 4, rng=rng())


@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_the_weight_is_what_it_was(axis):
    plain, x = dense(), normal(5, 3)
    normed = nn.weight_norm(copy.deepcopy(plain), axis=axis)
    np.testing.assert_allclose(normed.weight.data, plain.weight.data, rtol=1e-6)
    np.testing.assert_allclose(normed(x).data, plain(x).data, rtol=1e-5, atol=1e-6)


def test_lengths_and_directions():
    layer = nn.weight_norm(dense())
    g, v = layer.parametrizations.weight.original0, layer.parametrizations.weight.original1
    np.testing.assert_allclose(g.data[:, 0], np.linalg.norm(v.data, axis=1), rtol=1e-6)
    before = layer.weight.data
    v.data = v.data * np.array([[1], [2], [3], [4]])
    np.testing.assert_allclose(layer.weight.data, before, rtol=1e-5)
    g.data = 5 * g.data
    np.testing.assert_allclose(layer.weight.data, 5 * before, rtol=1e-5)


def test_names():
    layer = nn.weight_norm(dense())
    expected = ["bias", "parametrizations.weight.original0", "parametrizations.weight.original1"]
    assert list(layer.state_dict()) == [n for n, _ in layer.named_parameters()] == expected
    assert [p.name for p in layer.parameters()] == expected
    assert layer.parametrizations.weight.original0.shape == (4, 1)
    assert isinstance(layer, nn.Linear)


def test_derivatives():
    maker = nn.weight_norm(dense()).parametrizations.weight

    def call(g, v):
        for name, p in (("original0", g), ("original1", v)):
            object.__setattr__(maker, name, p)
        return maker()

    data = np.random.default_rng(0)
    assert gradcheck(call, [data.standard_normal((4, 1)), data.standard_normal((4, 3))], order=2)


def test_two_weights_of_one_module():
    module = nn.Module()
    module.a, module.b = (nn.Parameter(normal(2, 3, seed=k)) for k in range(2))
    nn.weight_norm(nn.weight_norm(module, "a"), "b", axis=1)
    shapes = {name: a.shape for name, a in module.state_dict().items()}
    assert shapes == {
        "parametrizations.a.original0": (2, 1),
        "parametrizations.a.original1": (2, 3),
        "parametrizations.b.original0": (1, 3),
        "parametrizations.b.original1": (2, 3),
    }
    a = module.a.data
    nn.remove_weight_norm(module, "a")
    np.testing.assert_array_equal(module.a.data, a)
    assert list(module.state_dict()) == ["a", *list(shapes)[2:]]
    assert "parametrizations" not in vars(nn.remove_weight_norm(module, "b"))
    assert sorted(module.state_dict()) == ["a", "b"]
    assert module.a.is_leaf


def test_what_is_frozen_stays_frozen():
    layer = dense()
    layer.weight.requires_grad = False
    assert not any(p.requires_grad for p in nn.weight_norm(layer).parametrizations.parameters())
    assert not nn.remove_weight_norm(layer).weight.requires_grad


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies(again):
    layer = nn.weight_norm(dense())
    other = again(layer)
    np.testing.assert_array_equal(other.weight.data, layer.weight.data)
    other.parametrizations.weight.original0.data *= 2
    np.testing.assert_allclose(other.weight.data, 2 * layer.weight.data, rtol=1e-6)


def test_compiled_equals_eager():
    def model():
        return nn.Sequential(
            nn.weight_norm(dense()), nn.Tanh(), nn.weight_norm(nn.Linear(4, 2, rng=rng()))
        )

    build = training(model, F.mse_loss, optim.Adam, lr=0.01)
    assert_equal_runs(build, batches(normal(6, 2), steps=50))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: nn.weight_norm(m, "w"), "Linear has no parameter 'w' .* it has weight, bias"),
        (lambda m: nn.weight_norm(nn.ReLU()), "ReLU has no parameter 'weight' .* it has none"),
        (lambda m: nn.weight_norm(nn.weight_norm(m)), "no parameter 'weight' .* it has bias"),
        (lambda m: nn.weight_norm(m, axis=2), r"shape \(4, 3\) has no axis 2"),
        (lambda m: nn.weight_norm(m, "bias", axis=-2), r"shape \(4,\) has no axis -2"),
        (lambda m: nn.remove_weight_norm(m), "'weight' of Linear is not made by weight_norm"),
        (lambda m: nn.remove_weight_norm(nn.weight_norm(m), "bias"), "'bias' of Linear is not"),
    ],
)
def test_what_cannot_be_done(change, message):
    with pytest.raises(ValueError, match=message):
        change(dense())


def test_a_vector_of_zeros():
    layer = dense()
    layer.weight.data[1] = 0
    with pytest.raises(ValueError, match=r"vector of zeros in a weight of shape \(4, 3\)"):
        nn.weight_norm(layer)
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_an_attribute_that_is_nowhere():
    for layer in (dense(), nn.weight_norm(dense())):
        with pytest.raises(AttributeError, match="'Linear' object has no attribute 'wieght'"):
            getattr(layer, "wieght")  # noqa: B009, what a person writes is layer.wieght
