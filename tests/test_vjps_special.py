"""SciPy's special functions: loaded when needed, exact to high orders, loud where they cannot."""

import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import assert_grads, gradcheck

special = pytest.importorskip("scipy.special")


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_rules_are_loaded_when_a_tensor_meets_one():
    code = """
import sys, minigrad as mg
print("scipy" in sys.modules)
from scipy import special
print("minigrad.vjps.special" in sys.modules)
x = mg.tensor([0.5], requires_grad=True)
special.erf(x).backward()
print("minigrad.vjps.special" in sys.modules, round(x.grad.item(), 4))
"""
    assert run(code) == ["False", "False", "True", "0.8788"]


def test_minigrad_works_where_scipy_is_missing():
    code = """
import sys
sys.modules["scipy"] = None  # so that importing it raises
import minigrad as mg, numpy as np
ours = np.frompyfunc(lambda x: x, 1, 1)
try:
    ours(mg.tensor([0.5], requires_grad=True))
except TypeError as error:
    print("has no derivative rule" in str(error))
"""
    assert run(code) == ["True"]


def test_a_compiled_function_may_meet_them_first():
    code = """
import minigrad as mg, numpy as np
from scipy import special
def slope(a):
    x = mg.Tensor(a, requires_grad=True)
    return mg.grad(special.gammaln(x).sum(), x)
a = np.array([1.0, 2.5])
print(np.array_equal(mg.compile(slope)(a).data, special.psi(a)))
"""
    assert run(code) == ["True"]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_polygamma_functions_are_the_derivatives_of_psi(order):
    x = mg.tensor([0.7, 1.0, 4.5], requires_grad=True, dtype=np.float64)
    y = special.psi(x)
    for _ in range(order):
        y = mg.grad(y.sum(), x, create_graph=True)
    np.testing.assert_allclose(y.data, special.polygamma(order, x.data), rtol=1e-13)


@pytest.mark.parametrize("fn", [special.gammaln, special.log_ndtr, special.expit, special.erfcx])
def test_fourth_derivative(fn):
    assert gradcheck(fn, np.array([0.6, 1.3, 2.9]), order=4, rtol=1e-3)


@pytest.mark.parametrize("fn", [special.gammaincc, special.gammainc, special.jv, special.iv])
def test_an_argument_without_a_closed_form_is_refused(fn):
    order, x = (mg.tensor([v], requires_grad=True) for v in (1.5, 0.5))
    y = fn(order, x)
    mg.grad(y.sum(), x, retain_graph=True)
    with pytest.raises(TypeError, match=rf"rule of {fn.__name__} in argument 0.*no closed form"):
        y.sum().backward()


@pytest.mark.parametrize(
    ("fn", "inputs", "slopes"),
    [
        (special.xlogy, (0.0, 0.0), (0.0, 0.0)),
        (special.xlogy, (0.0, 2.0), (np.log(2.0), 0.0)),
        (special.xlog1py, (0.0, -1.0), (0.0, 0.0)),
        (special.rel_entr, (1.0, 1.0), (1.0, -1.0)),
        (special.kl_div, (1.0, 1.0), (0.0, 0.0)),
    ],
)
def test_zero_times_a_logarithm(fn, inputs, slopes):
    assert_grads(fn, [np.array(x) for x in inputs], [np.array(s) for s in slopes])


@pytest.mark.parametrize("x", [-30.0, -3.0, 0.0, 3.0, 30.0])
def test_slopes_far_out(x):
    """Where the value is all but 0, the slope of its logarithm is not."""
    assert_grads(special.log_expit, np.array(x), special.expit(-x))
    expected = np.exp(-0.5 * x * x - special.log_ndtr(x)) / np.sqrt(2 * np.pi)
    assert_grads(special.log_ndtr, np.array(x), expected)


@pytest.mark.parametrize(
    "call",
    [
        special.softmax,
        special.log_softmax,
        special.logsumexp,
        lambda t: special.polygamma(1, t),
        lambda t: special.multigammaln(t, 2),
    ],
)
def test_functions_that_do_not_dispatch_are_loud(call):
    with pytest.raises(TypeError, match=r"lose the gradient.*mg\.functional"):
        call(mg.tensor([1.5, 2.5], requires_grad=True))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_functional_has_them(name):
    x = np.array([1.5, 2.5, -1.0])
    ours = getattr(F, name)(mg.tensor(x, requires_grad=True))
    np.testing.assert_allclose(ours.data, getattr(special, name)(x), rtol=1e-14)
