"""Products are linear in each factor: their gradients must be the adjoints of that."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg

quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)
sizes = st.integers(0, 3)


def assert_adjoint(product, shapes):
    """<g, product(.., d, ..)> = <gradient, d> for each factor replaced by any d."""
    rng = np.random.default_rng(sum(map(sum, shapes)))
    arrays = [rng.standard_normal(shape) for shape in shapes]
    xs = [mg.tensor(a, requires_grad=True) for a in arrays]
    y = product(*xs)
    value = product(*arrays)
    assert y.shape == np.shape(value)
    assert y.data.tobytes() == np.asarray(value).tobytes()
    g = rng.standard_normal(y.shape)
    for i, gradient in enumerate(mg.grad([y], xs, [g])):
        d = rng.standard_normal(shapes[i])
        replaced = product(*arrays[:i], d, *arrays[i + 1 :])
        np.testing.assert_allclose(
            np.sum(g * replaced), np.sum(gradient.data * d), rtol=1e-9, atol=1e-9
        )


@st.composite
def contractions(draw):
    """Subscripts with repeated labels, sums, spreads; and the shapes that they fit."""
    lengths = {letter: draw(sizes) for letter in "abC"}
    labels = draw(st.lists(st.text("abC", max_size=4), min_size=1, max_size=3))
    used = sorted(set("".join(labels)))
    output = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
    spec = ",".join(labels) + draw(st.sampled_from(["", "->" + "".join(output)]))
    return spec, [tuple(lengths[letter] for letter in s) for s in labels]


@quick
@given(contractions(), st.booleans())
def test_einsum(contraction, in_lists):
    spec, shapes = contraction
    if not in_lists:
        assert_adjoint(lambda *arrays: np.einsum(spec, *arrays), shapes)
        return
    inputs, arrow, output = spec.partition("->")
    numbers = [["Cab".index(letter) for letter in s] for s in inputs.split(",")]
    last = [["Cab".index(letter) for letter in output]] if arrow else []

    def product(*arrays):
        pairs = [part for pair in zip(arrays, numbers, strict=True) for part in pair]
        return np.einsum(*pairs, *last)

    assert_adjoint(product, shapes)


@st.composite
def stacks(draw):
    """Shapes of two arrays of up to 4 axes, and a common length."""
    lead = st.lists(sizes, max_size=3).map(tuple)
    return draw(lead), draw(lead), draw(sizes), draw(sizes)


@quick
@given(stacks())
def test_dot_inner_and_tensordot(shapes):
    a, b, n, m = shapes
    assert_adjoint(np.dot, [(*a, n), (*b, n, m)])
    assert_adjoint(np.dot, [(*a, n), (n,)])
    assert_adjoint(np.inner, [(*a, n), (*b, n)])
    assert_adjoint(lambda x, y: np.tensordot(x, y, (-1, 0)), [(*a, n), (n, *b)])


@quick
@given(hnp.array_shapes(min_dims=0, min_side=0, max_side=3, max_dims=3), st.data())
def test_kron_and_outer(shape, data):
    other = data.draw(hnp.array_shapes(min_dims=0, min_side=0, max_side=3, max_dims=3))
    assert_adjoint(np.kron, [shape, other])
    assert_adjoint(np.outer, [shape, other])


@quick
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3))
@pytest.mark.parametrize("signature", ["vecdot", "matvec", "vecmat", "matmul", "cross"])
def test_products_of_the_last_axes(signature, broadcast):
    if not hasattr(np, signature):
        pytest.skip("since NumPy 2.2")
    ends = {
        "vecdot": [(2,), (2,)],
        "matvec": [(3, 2), (2,)],
        "vecmat": [(2,), (2, 3)],
        "matmul": [(3, 2), (2, 1)],
        "cross": [(3,), (3,)],
    }[signature]
    shapes = [lead + end for lead, end in zip(broadcast.input_shapes, ends, strict=True)]
    assert_adjoint(getattr(np, signature), shapes)
