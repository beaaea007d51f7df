"""The checker of derivatives must itself be caught out by nothing."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import assert_grads, gradcheck


def with_rule(rule, fn=lambda x: x * x * x):
    """A new operation x^3 with this rule, right or wrong."""

    @mg.primitive
    def cube(x):
        return fn(x)

    mg.defvjp(cube, rule)
    return cube


X = np.array([[0.5, -1.5, 2.0]])


def constant(a):
    """What a careless rule does: it leaves the graph."""
    return a.data if isinstance(a, mg.Tensor) else a


right_slope_wrong_curvature = with_rule(lambda g, y, x: g * 6 * constant(x), lambda x: 3 * x * x)
right = with_rule(lambda g, y, x: g * 3 * x * x)


# What it accepts.


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_right_derivatives_pass(order):
    assert gradcheck(right, X, order) is True


@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        (lambda x, y: x * y, (np.ones((2, 1)), np.ones(3))),
        (lambda x: x * x, np.array(3.0)),
        (lambda x: x * x, np.zeros((0, 2))),
        (lambda x, y: (x * y, np.sin(x), x.sum()), (X, X)),
        (lambda x: [x, x * x], X),
        (lambda x, y: x * x, (X, np.ones(2))),
        (lambda x: np.ones(3), X),
        (lambda x: (np.argmax(x.data), x * x), X),
        (lambda x, i, how, none: x[i] if (how, none) == ("at", None) else 0, (X, 0, "at", None)),
        (lambda x, mask, i: x[mask] * x[0, i], (X, X > 0, np.array([0, 2]))),
        (lambda x: x.astype(np.float64) * x, mg.tensor([1.0, 2.0])),
        (lambda x: x * x, X.astype(np.float32)),
        (lambda x, y: x * y, [X, mg.tensor(2.0, requires_grad=True)]),
    ],
    ids=[
        "broadcast", "0-d", "empty", "tuple of outputs", "list of outputs", "unused input",
        "constant output", "integer output", "other arguments", "masks and integers", "tensor",
        "float32", "parameter",
    ],
)  # fmt: skip
def test_it_handles(f, inputs):
    assert gradcheck(f, inputs, order=3)


def test_it_computes_in_float64_copies_and_leaves_the_inputs_alone():
    seen = set()
    x, t = X.astype(np.float32), mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    before = x.tobytes(), t.data.tobytes()

    def f(x, t):
        seen.update((x.dtype, t.dtype))
        return x * t

    gradcheck(f, (x, t))
    assert seen == {np.dtype(np.float64)}
    assert (x.tobytes(), t.data.tobytes()) == before
    assert t.grad is None


def test_the_same_projections_at_every_call_unless_given():
    wrong = with_rule(lambda g, y, x: g * x)

    def message(**options):
        with pytest.raises(AssertionError) as caught:
            gradcheck(wrong, X, **options)
        return str(caught.value)

    assert message() == message()
    assert message() != message(rng=np.random.default_rng(5))


def test_the_step_can_be_chosen():
    kinked = np.array([1e-3])
    assert gradcheck(np.absolute, kinked, order=1)
    with pytest.raises(AssertionError):
        gradcheck(np.absolute, kinked, order=1, eps=1e-2)


# What it catches.


@pytest.mark.parametrize(
    ("rule", "order"),
    [
        (lambda g, y, x: g * 2 * x * x, 1),
        (lambda g, y, x: -g * 3 * x * x, 1),
        (lambda g, y, x: g * 3 * x * x * (1 + 1e-4), 1),
        (lambda g, y, x: np.full(x.shape, np.nan), 1),
        (lambda g, y, x: g * 3 * np.square(constant(x)), 2),
        (lambda g, y, x: g * 3 * constant(x) * x, 2),
        (lambda g, y, x: constant(g) * 3 * x * x, 2),
        (lambda g, y, x: g * right_slope_wrong_curvature(x), 3),
    ],
    ids=["factor", "sign", "near", "nan", "reads .data", "detaches x", "detaches g", "inner"],
)  # fmt: skip
def test_a_wrong_rule_is_caught_at_its_order(rule, order):
    wrong = with_rule(rule)
    if order > 1:
        assert gradcheck(wrong, X, order - 1)
    with pytest.raises(AssertionError, match=rf"^order {order}, input 0"):
        gradcheck(wrong, X, order)


def test_a_dropped_broadcast_is_caught():
    @mg.primitive
    def shift(x, b):
        return x + b

    mg.defvjp(shift, lambda g, y, x, b: g, lambda g, y, x, b: np.mean(g, axis=0))
    with pytest.raises(AssertionError, match="^order 1, input 1"):
        gradcheck(shift, (np.ones((4, 3)), np.ones(3)))


def test_a_rule_of_another_shape_is_caught():
    with pytest.raises(ValueError, match=r"cube in argument 0 returned shape \(\)"):
        gradcheck(with_rule(lambda g, y, x: np.sum(g)), X)


def test_a_lost_gradient_is_caught():
    with pytest.raises(AssertionError, match="^order 1, input 0: the gradient is 0"):
        gradcheck(lambda x: x.data * 2.0, X)
    with pytest.raises(AssertionError, match="^order 1, input 1"):
        gradcheck(lambda x, y: x * y.detach(), (X, X))


def test_one_wrong_element_is_named_with_both_values_and_norms():
    def rule(g, y, x):
        return g * 3 * x * x * np.array([[1.0, 1.0, 3.0]])

    with pytest.raises(AssertionError) as caught:
        gradcheck(lambda n, x: with_rule(rule)(x) * n, (2, X), rng=np.random.default_rng(1))
    found = re.fullmatch(
        r"order 1, input 1: the gradient is (\S+) at element \(0, 2\), but (\S+) was expected "
        r"\(norm of the gradient (\S+), of the expected one (\S+); the largest error .*\)",
        str(caught.value),
    )
    analytic, numeric, norm, expected_norm = map(float, found.groups())
    assert analytic == pytest.approx(3 * numeric, rel=1e-6)
    gradient = np.random.default_rng(1).standard_normal(X.shape) * (1 + 2 * X**3) * 6 * X**2
    assert numeric == pytest.approx(gradient[0, 2], rel=1e-6)
    assert expected_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-5)
    assert norm == pytest.approx(np.linalg.norm(gradient * [[1, 1, 3]]), rel=1e-5)


@pytest.mark.parametrize(("inputs", "order"), [((1, "a"), 2), (np.arange(3), 1), (X, 0), ((), 1)])
def test_nothing_to_check_is_refused(inputs, order):
    with pytest.raises(ValueError, match="order >= 1 and an input of a floating dtype"):
        gradcheck(lambda *xs: xs, inputs, order)


# assert_grads.


@pytest.mark.parametrize(
    ("f", "inputs", "expected"),
    [
        (right, X, 3 * X**2),
        (lambda x: (x, 2 * x), X, 3.0),
        (lambda x, n: x * n, (X.astype(np.float32), 2), np.float32(2)),
        (lambda x, y: x * 1.0, (X, np.ones(2)), (1.0, 0.0)),
        (lambda x: np.ones(2), X, 0.0),
        (lambda x: x * x, np.zeros((0, 3)), 0.0),
    ],
)
def test_expected_gradients(f, inputs, expected):
    assert_grads(f, inputs, expected)


@pytest.mark.parametrize("expected", [3.0, (1.0, 2.5), np.nan])
def test_other_gradients_are_refused(expected):
    with pytest.raises(
        (AssertionError, ValueError), match="input 0: the gradient is 2.0|2 expect|got 2"
    ):
        assert_grads(lambda x: x * 2, X, expected)


def test_assert_grads_names_the_input_and_the_element():
    with pytest.raises(
        AssertionError, match=r"^input 1: .* at element \(2,\), but 7.0 was expected"
    ):
        assert_grads(np.multiply, (np.ones(3), np.ones(3)), (1.0, np.array([1.0, 1.0, 7.0])))


def test_an_expected_gradient_must_fit():
    with pytest.raises(ValueError, match="broadcast"):
        assert_grads(lambda x: x * 2, X, np.ones(2))
