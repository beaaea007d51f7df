"""Hooks of modules: before and after the forward pass, and in the backward pass."""

from __future__ import annotations

import copy
import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.node import HookHandle

X = np.array([[1.0, -2.0, 3.0]], np.float32)


class Mix(nn.Module):
    """Several inputs and results, and a keyword."""

    def forward(self, a, b, text, *, scale=1.0):
        return [a * b * scale, text, (a * 2).sum()]


def linear():
    return nn.Linear(3, 2, rng=np.random.default_rng(0))


def leaf(data):
    return mg.tensor(np.array(data, float), requires_grad=True)


def test_hooks_see_what_goes_through():
    layer, seen = linear(), []
    before = layer.register_forward_pre_hook(lambda m, args: seen.append((m, args)))
    after = layer.register_forward_hook(lambda m, args, y: seen.append((m, args, y)))
    assert isinstance(before, HookHandle)
    y = layer(X)
    assert seen[0] == (layer, (X,)) and seen[1][:2] == (layer, (X,))
    assert seen[1][2] is y
    before.remove()
    before.remove()
    layer(X)
    assert len(seen) == 3
    after.remove()
    layer(X)
    assert len(seen) == 3
    assert "_hooks" not in vars(layer)  # as before


def test_hooks_may_change_what_goes_through():
    layer = linear()
    expected = layer(2 * X + 1).data * 3
    layer.register_forward_pre_hook(lambda m, args: args[0] * 2)
    layer.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    layer.register_forward_hook(lambda m, args, y: y * 3)
    np.testing.assert_array_equal(layer(X).data, expected)


def test_the_same_hook_twice_counts_twice():
    layer, seen = linear(), []
    hook = lambda m, args: seen.append(1)
    handles = [layer.register_forward_pre_hook(hook) for _ in range(2)]
    layer(X)
    handles[0].remove()
    layer(X)
    assert len(seen) == 3


def test_a_hook_is_called_within_other_modules():
    net, seen = nn.Sequential(linear(), nn.Tanh()), []
    net[1].register_forward_hook(lambda m, args, y: seen.append(y))
    assert net(X) is seen[0]


@pytest.mark.parametrize("needs_grad", [True, False])
def test_gradients_of_inputs_and_outputs(needs_grad):
    layer, seen = linear(), []
    layer.register_full_backward_hook(lambda m, gi, go: seen.append((m, gi, go)))
    x = mg.tensor(X, requires_grad=needs_grad)
    y = layer(x)
    (y * np.array([[2.0, 3.0]], np.float32)).sum().backward()
    ((module, (grad_input,), (grad_output,)),) = seen
    assert module is layer
    assert grad_output.tolist() == [[2.0, 3.0]]
    assert layer.weight.grad.tolist() == (np.array([[2.0], [3.0]]) @ X).tolist()
    if needs_grad:
        np.testing.assert_array_equal(grad_input.data, x.grad.data)
        np.testing.assert_allclose(x.grad.data, [[2.0, 3.0]] @ layer.weight.data)
    else:
        assert grad_input is None


def test_several_inputs_and_results():
    module, seen = Mix(), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    a, b = leaf([1.0, 2.0]), mg.tensor([3.0], requires_grad=True)
    result = module(a, b, "text", scale=10.0)
    assert type(result) is list
    product, text, total = result
    assert text == "text"
    assert (product.dtype, b.dtype) == (np.float64, np.float32)
    (product * np.array([1.0, -1.0])).sum().backward(retain_graph=True)
    ((da, db, none), (dproduct, nothing, dtotal)) = seen.pop()
    assert (none, nothing) == (None, None)
    assert (dproduct.tolist(), dtotal.item()) == ([1.0, -1.0], 0.0)
    assert da.tolist() == a.grad.tolist() == [30.0, -30.0]
    assert db.tolist() == b.grad.tolist() == [-10.0]
    assert b.grad.dtype == np.float32
    total.backward()
    assert seen[0][0][0].tolist() == [2.0, 2.0]


def test_a_backward_hook_may_change_the_gradients_of_the_inputs():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 0 + 7,))
    layer.register_full_backward_hook(lambda m, gi, go: gi[0] + 1)
    x = leaf([1.0, 2.0])
    layer(x).sum().backward()
    assert x.grad.tolist() == [8.0, 8.0]
    module = Mix()
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2, gi[1] * 3, None))
    a, b = leaf([1.0, 2.0]), leaf(3.0)
    module(a, b, "")[0].sum().backward()
    assert (a.grad.tolist(), b.grad.item()) == ([6.0, 6.0], 9.0)


def test_derivatives_of_any_order():
    layer = nn.Tanh()
    f = lambda x: layer(x * x).sum()
    x = np.array([0.3, -0.7])
    expected = mg.hessian(f)(x).data
    handle = layer.register_full_backward_hook(lambda m, gi, go: None)
    np.testing.assert_array_equal(mg.hessian(f)(x).data, expected)
    handle.remove()
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    assert mg.hessian(f)(x).shape == (2, 2)


def test_without_recording_there_is_no_backward():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda m, gi, go: pytest.fail("called"))
    with mg.no_grad():
        assert not layer(leaf([1.0])).requires_grad
    assert type(layer(np.ones(2))) is np.ndarray


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        (lambda m, gi, go: (), "a gradient for each of the 1 inputs"),
        (lambda m, gi, go: (None,), "a gradient for each of the 1 inputs"),
        (lambda m, gi, go: (np.ones(3),), r"shape \(1,\), got \(3,\)"),
    ],
)
def test_errors(hook, words):
    layer = nn.Tanh()
    layer.register_full_backward_hook(hook)
    with pytest.raises(ValueError, match=words):
        layer(leaf([1.0])).sum().backward()
    with pytest.raises(TypeError, match="callable"):
        layer.register_forward_hook("text")


def test_a_copy_has_the_hooks_and_the_state_has_not():
    layer, seen = linear(), []
    layer.register_forward_hook(lambda m, args, y: seen.append(m))
    other = copy.deepcopy(layer)
    other(X)
    assert seen == [other]
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert "hook" not in repr(layer)


# Compiled programs.


def test_hooks_are_recorded_and_a_change_of_hooks_makes_another_program():
    layer = linear()

    @mg.compile
    def step(x):
        return mg.value_and_grad(lambda x: (layer(x) ** 2).sum())(x)

    def check():
        for k in range(2):
            for a, b in zip(step(X + k), step.__wrapped__(X + k), strict=True):
                np.testing.assert_array_equal(a.data, b.data)

    check()
    handles = [
        layer.register_forward_pre_hook(lambda m, args: args[0] * 2),
        layer.register_forward_hook(lambda m, args, y: y + 1),
        layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * go[0].sum(),)),
    ]
    check()
    assert step.cache_info().misses == 2
    for handle in handles:
        handle.remove()
        check()
    assert step.cache_info().misses == 4  # the last one is the first program
    assert step.cache_info().currsize == 4


def test_a_hook_with_an_effect_is_refused():
    layer, seen = linear(), []
    layer.register_forward_hook(lambda m, args, y: seen.append(y))
    with pytest.raises(TypeError, match="seen"):
        mg.compile(layer)(X)
    adding = linear()
    with pytest.raises(TypeError, match="_hooks"):
        mg.compile(lambda x: adding.register_forward_hook(lambda m, a, y: y) and adding(x))(X)


def test_the_graph_is_freed_by_reference_counts():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda m, gi, go: None)
    gc.disable()
    try:
        for create_graph in (False, True):
            x = leaf([1.0])
            y = layer(x).sum()
            alive = weakref.ref(y)
            g = mg.grad(y, x, create_graph=create_graph)
            del x, y, g
            assert alive() is None
    finally:
        gc.enable()
