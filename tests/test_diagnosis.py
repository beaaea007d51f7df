"""Errors name the operation, what it received and, for common mistakes, the fix."""

import contextlib
import gc
import re
import traceback
import warnings
import weakref

import numpy as np
import pytest
from numpy.exceptions import AxisError
from samples import SAMPLES, S

import minigrad as mg
import minigrad.functional as F
from minigrad import vjps
from minigrad.diagnosis import ADVICE, diagnosed
from minigrad.functional.activations import near_normal_distribution
from minigrad.vjps import name_of
from minigrad.vjps.elementwise import fraction

KINDS = (ValueError, IndexError, TypeError, ZeroDivisionError)  # weights that sum to zero

# The whole table. Broken calls are made of the samples: an operand of a shape that may not fit, an
# axis that does not exist, a string in place of an operand or of an option.

MISFITS = [np.ones((5, 7)), np.ones((5, 7, 11, 13)), np.ones(()), np.ones(0)]


def tensors(arrays):
    return [mg.tensor(a, requires_grad=True) for a in arrays]


def without_that_axis(sample):
    """The call with an axis that does not exist, if it names any."""
    if "axis" in sample.params:
        axis = sample.params["axis"]
        wrong = (9, *axis[1:]) if isinstance(axis, tuple) else 9
        yield S(*sample.args, **{**sample.params, "axis": wrong})


def with_text(sample):
    """The call with a string in place of each option that is a number or a tuple."""
    for k, a in enumerate(sample.args):
        if type(a) in (int, float, tuple):
            yield S(*sample.args[:k], "text", *sample.args[k + 1 :], **sample.params)
    for key, a in sample.params.items():
        if type(a) in (int, float, tuple):
            yield S(*sample.args, **{**sample.params, key: "text"})


def broken_calls(fn):
    """(sample, operands) of calls that may well be wrong."""
    for sample in SAMPLES[fn]:
        inputs = sample.inputs
        for broken in [*without_that_axis(sample), *with_text(sample)]:
            yield broken, tensors(inputs)
        for k in range(len(inputs)):
            for misfit in MISFITS:
                yield sample, tensors([*inputs[:k], misfit, *inputs[k + 1 :]])
            if k > 0:
                yield sample, [*tensors(inputs[:k]), "text", *tensors(inputs[k + 1 :])]


def errors_of(fn):
    """(error, operands) of those broken calls that raise one."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for sample, operands in broken_calls(fn):
            try:
                sample.call(fn, operands)
            except Exception as error:
                yield error, operands


def takes_anything(fn):
    """Functions of single elements: no array of real numbers is wrong."""
    return isinstance(fn, np.ufunc) and fn.nin == 1


UNBREAKABLE = {
    np.copy, np.ravel, np.astype, np.real, np.fix, np.sinc, np.i0, np.meshgrid,
    np.atleast_1d, np.atleast_2d, np.atleast_3d, fraction, vjps.astype, F.relu, F.sigmoid,
    F.softplus, F.erf, F.gradient_reversal, near_normal_distribution,
}  # fmt: skip
# Not to be tried: np.add.at of NumPy 2.4 ends the process if the values have too many axes. Only
# rules call this one, with values that x[index] has made.
FATAL = {vjps.scatter_add}
ALSO_CALLED = {"total_weight": "average"}  # of which it is a part
BREAKABLE = [fn for fn in SAMPLES if not (takes_anything(fn) or fn in UNBREAKABLE | FATAL)]


@pytest.mark.parametrize("fn", BREAKABLE, ids=name_of)
def test_an_error_names_the_operation_and_the_shapes(fn):
    found = list(errors_of(fn))
    assert found, "no broken call is known; if there is none, list the function as unbreakable"
    for error, operands in found:
        assert isinstance(error, KINDS), repr(error)
        assert str(error).startswith((name_of(fn), ALSO_CALLED.get(name_of(fn), "?"))), error
        for x in operands:
            assert isinstance(x, str) or str(x.shape) in str(error), error


@pytest.mark.parametrize("fn", sorted(UNBREAKABLE, key=name_of), ids=name_of)
def test_what_is_listed_as_unbreakable_is_that(fn):
    assert not list(errors_of(fn))


@pytest.mark.parametrize(
    "fn", [fn for fn in SAMPLES if any("axis" in s.params for s in SAMPLES[fn])], ids=name_of
)
def test_an_axis_that_does_not_exist_is_refused(fn):
    for sample in SAMPLES[fn]:
        for wrong in without_that_axis(sample):
            with pytest.raises(AxisError, match="axis 9"):
                wrong.call(fn, tensors(sample.inputs))


# The words.


def t(*shape):
    return mg.tensor(np.ones(shape), requires_grad=True)


def written(x, index, value):
    x[index] = value


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: t(32, 64) @ t(128, 10), ValueError,
            "matmul: (32, 64) @ (128, 10): the last axis of the left must equal the "
            "second-to-last of the right",
        ),
        (
            lambda: t(32, 64) @ t(10, 64), ValueError,
            "matmul: (32, 64) @ (10, 64): the last axis of the left must equal the "
            "second-to-last of the right; transpose the right: b.mT",
        ),
        (
            lambda: t(4, 2, 3) @ t(5, 3, 2), ValueError,
            "matmul: (4, 2, 3) @ (5, 3, 2): axis -1 has lengths 4 and 5, which must be equal or 1",
        ),
        (
            lambda: t(2, 3) @ 2.0, ValueError,
            "matmul: (2, 3) @ 2.0: both sides need at least one axis; multiply by a number with *",
        ),
        (
            lambda: t(2, 3) + t(2), ValueError,
            "add: (2, 3) + (2,): axis -1 has lengths 2 and 3, which must be equal or 1; index the "
            "one of shape (2,) with [..., None] to line it up with the first axes",
        ),
        (
            lambda: np.ones((2, 3)) * t(4), ValueError,
            "multiply: (2, 3) * (4,): axis -1 has lengths 3 and 4, which must be equal or 1",
        ),
        (
            lambda: t(2, 3).sum(axis=2), AxisError,
            "add.reduce: (2, 3), axis=2, keepdims=False: there is no axis 2: it must lie between "
            "-2 and 1",
        ),
        (
            lambda: np.mean(t(), axis=-2), AxisError,
            "mean: (), axis=-2: there is no axis -2: the array is a single number",
        ),
        (
            lambda: t(2, 3).reshape(4, -1), ValueError,
            "reshape: (2, 3), (4, -1): (2, 3) has 6 elements, but (4, -1) takes a multiple of 4",
        ),
        (
            lambda: t(2, 3).reshape(5), ValueError,
            "reshape: (2, 3), 5: (2, 3) has 6 elements, but (5,) takes 5",
        ),
        (
            lambda: t(6).reshape(-1, -1), ValueError,
            "reshape: (6,), (-1, -1): at most one length may be left open (-1)",
        ),
        (
            lambda: np.concatenate([t(2, 3), t(2, 4)]), ValueError,
            "concatenate: [(2, 3), (2, 4)]: all arrays must have the same shape, but for the axis "
            "along which they are joined",
        ),
        (
            lambda: np.stack([t(2), t(3)]), ValueError,
            "stack: [(2,), (3,)]: all arrays must have the same shape; np.broadcast_to or "
            "np.concatenate may be meant",
        ),
        (
            lambda: np.einsum("ij,jk->ik", t(2, 3), t(4, 5)), ValueError,
            "einsum: 'ij,jk->ik', (2, 3), (4, 5): the axes named 'j' are of lengths 3 and 4",
        ),
        (
            lambda: t(3, 2)[5, 1:], IndexError,
            "getitem: (3, 2)[5, 1:]: index 5 is out of bounds for axis 0 with size 3",
        ),
        (
            lambda: t(3)[..., 0, 0], IndexError,
            "getitem: (3,)[..., 0, 0]: too many indices for array: array is 1-dimensional, but 2 "
            "were indexed",
        ),
        (
            lambda: t(3)[np.zeros((2, 2), bool)], IndexError,
            "getitem: (3,)[(2, 2)]: too many indices for array: array is 1-dimensional, but 2 "
            "were indexed",
        ),
        (
            lambda: np.linalg.solve(t(3, 3), t(2, 2)), ValueError,
            "solve: (3, 3), (2, 2): the right side must have as many rows as the matrix, 3",
        ),
        (
            lambda: np.linalg.inv(t(2, 3)), np.linalg.LinAlgError,
            "inv: (2, 3): Last 2 dimensions of the array must be square",
        ),
        (
            lambda: np.argmax(t(2, 3), axis=2), AxisError,
            "argmax: (2, 3), axis=2: there is no axis 2: it must lie between -2 and 1",
        ),
        (
            lambda: t(2, 3) < t(4), ValueError,
            "less: (2, 3) < (4,): axis -1 has lengths 3 and 4, which must be equal or 1",
        ),
        (
            lambda: written(t(3, 2) * 1, 5, 1.0), IndexError,
            "put: (3, 2)[5] = 1.0: index 5 is out of bounds for axis 0 with size 3",
        ),
        (
            lambda: written(mg.tensor(np.ones((3, 2))), 0, [1.0, 2.0, 3.0]), ValueError,
            "put: (3, 2)[0] = [1.0, 2.0, 3.0]: the value must broadcast to the shape of the place "
            "that is written to, (2,)",
        ),
        (
            lambda: mg.tensor(np.ones(3)).__iadd__(np.ones(2)), ValueError,
            "add: (3,) + (2,): axis -1 has lengths 2 and 3, which must be equal or 1",
        ),
        (
            lambda: t(3) + "text", TypeError,
            "add: (3,) + 'text': operands must hold real numbers, got str",
        ),
        (
            lambda: t(3) * np.array([1j, 2, 3]), TypeError,
            "multiply: (3,) * (3,) of complex128: operands must hold real numbers, got complex128",
        ),
        (
            lambda: np.array([None, 1, 2]) - t(3), TypeError,
            "subtract: (3,) of object - (3,): operands must hold real numbers, got object",
        ),
    ],
)  # fmt: skip
def test_words(call, kind, message):
    with pytest.raises(kind) as raised:
        call()
    assert str(raised.value) == message


@pytest.mark.parametrize("index", [1.5, "a", (0, 1.5), slice("a", None)])
def test_an_index_of_another_kind(index):
    with pytest.raises((IndexError, TypeError), match=r"^getitem: \(3, 2\)\["):
        t(3, 2)[index]


@pytest.mark.parametrize("axis", ["a", 0.5, (0, 0)])
def test_an_axis_of_another_kind(axis):
    with pytest.raises((TypeError, ValueError), match=r"^max: \(2, 3\), axis="):
        np.max(t(2, 3), axis=axis)


def test_the_function_that_was_called_is_named_not_the_one_that_noticed():
    with pytest.raises(ValueError, match=r"^vstack: \[\(2,\), \(3,\)\]: ") as raised:
        np.vstack([t(2), t(3)])
    assert str(raised.value).count("(2,)") == 1


def test_the_traceback_still_leads_to_the_line_that_failed():
    @mg.primitive
    def halved(x):
        return x.reshape(2, -1)  # the line

    mg.defvjp(halved, lambda g, y, x: g.reshape(x.shape))
    with pytest.raises(ValueError, match=r"^halved: \(3,\): cannot reshape") as raised:
        halved(t(3))
    lines = traceback.format_exception(raised.value)
    assert any("# the line" in line for line in lines)
    assert not any("During handling" in line or "direct cause" in line for line in lines)


def test_the_error_makes_no_reference_cycle():
    gc.collect()
    gc.disable()
    try:
        x = t(2, 3)
        alive = weakref.ref(x)
        with contextlib.suppress(ValueError):
            x + t(4)
        with contextlib.suppress(ValueError):
            np.vstack([x, t(2, 4)])
        del x
        assert alive() is None
    finally:
        gc.enable()


ODD = [(), ("x",), (t(),), (t(2), None), ([],), (t(2), "x", [t(3), None]), (None, t(2), t(3, 4))]


@pytest.mark.parametrize(
    "fn", sorted(ADVICE.keys() - {vjps.put}, key=name_of), ids=name_of
)  # no user calls put
@pytest.mark.parametrize("args", ODD)
@pytest.mark.parametrize("params", [{}, {"axis": "x"}, {"shape": None}])
def test_no_call_is_too_odd_to_be_diagnosed(fn, args, params):
    for kind in (ValueError, IndexError, AxisError, TypeError, AttributeError, KeyError):
        error = diagnosed(kind("broadcast"), fn, args, params)
        assert "broadcast" in str(error) or str(error).startswith(f"{name_of(fn)}: ")


# What is left as it is.


class OwnError(ValueError):
    """Of a library that is not NumPy."""


@pytest.mark.parametrize(
    "error", [OwnError("mine"), RuntimeError("no"), ValueError("strict: (2,) is too small")]
)
def test_errors_which_say_enough_are_left_alone(error):
    @mg.primitive
    def strict(x):
        raise error

    mg.defvjp(strict, lambda g, y, x: g)
    with pytest.raises(type(error)) as raised:
        strict(t(2))
    assert raised.value is error


def test_own_words_without_the_shapes_are_given_them():
    @mg.primitive
    def strict(x):
        raise ValueError("strict wants more than this")

    mg.defvjp(strict, lambda g, y, x: g)
    with pytest.raises(ValueError, match=r"^strict: \(2,\): wants more than this$"):
        strict(t(2))


def test_a_longer_name_is_another_one():
    @mg.primitive
    def strict(x):
        raise ValueError("strictly no")

    mg.defvjp(strict, lambda g, y, x: g)
    with pytest.raises(ValueError, match=r"^strict: \(2,\): strictly no$"):
        strict(t(2))


def test_a_string_that_is_an_option_is_not_blamed():
    @mg.primitive
    def strict(x, mode):
        raise TypeError("no such mode")

    mg.defvjp(strict, lambda g, y, x, mode: g, None)
    with pytest.raises(TypeError, match=r"^strict: \(2,\), 'same': no such mode$"):
        strict(t(2), "same")


# In the backward pass.


def test_an_error_in_a_rule_says_whose_it_was():
    @mg.primitive
    def doubled(x):
        return x + x

    mg.defvjp(doubled, lambda g, y, x: g @ x)
    message = re.escape("the derivative rule of doubled in argument 0, called with (2, 3): matmul")
    for create_graph in (False, True):
        x = t(2, 3)
        with pytest.raises(ValueError, match=message):
            doubled(x).sum().backward(create_graph=create_graph)


def test_the_compiler_says_it_too():
    compiled = mg.compile(lambda x: mg.Tensor(x, requires_grad=True) @ np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"matmul: \(2, 3\) @ \(4, 2\)"):
        compiled(np.ones((2, 3)))
