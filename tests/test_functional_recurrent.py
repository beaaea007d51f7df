"""The recurrence over a whole sequence against its cells, step by step; and its derivative."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.functional.cells import GRU, LSTM, RELU, TANH
from minigrad.functional.recurrent import part_of, recurrence, reversed_sequence, sequence
from minigrad.testing import gradcheck

CELLS = {"tanh": TANH, "relu": RELU, "LSTM": LSTM, "GRU": GRU}
over_cells = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
INSIDE = np.array([[1, 1, 1], [1, 0, 1], [1, 0, 0], [0, 1, 0]], bool)[..., np.newaxis]
masked = pytest.mark.parametrize("mask", [None, INSIDE], ids=["full", "masked"])


def drawn(cell, inputs=3, hidden=2, seed=0, dtype=np.float64):
    """x, the parameters and the state, for 4 steps and 3 sequences."""
    rng = np.random.default_rng(seed)
    rows = cell.gates * hidden
    shapes = [(4, 3, inputs), (rows, inputs), (rows, hidden), (rows,), (rows,)]
    shapes += [(3, hidden)] * cell.states
    return [0.7 * rng.standard_normal(shape).astype(dtype) for shape in shapes]


def by_sequence(cell, mask):
    def run(x, weight_ih, weight_hh, bias_ih, bias_hh, *state):
        parameters = weight_ih, weight_hh, bias_ih, bias_hh
        out, after = sequence(cell, x, state, parameters, mask)
        return [out, *after]

    return run


def step_by_step(cell, mask):
    """The plain composition: the cell's formula on tensors, one recorded call for each of its."""

    def run(x, weight_ih, weight_hh, bias_ih, bias_hh, *state):
        outs = []
        for t in range(len(x)):
            inputs = x[t] @ weight_ih.T + bias_ih
            _, after = cell.forward(inputs, weight_hh.T, bias_hh, *state)
            if mask is not None:
                after = [np.where(mask[t], *pair) for pair in zip(after, state, strict=True)]
            outs.append(after[0] if mask is None else after[0] * mask[t])
            state = after
        return [np.stack(outs), *state]

    return run


def projection(ys):
    rng = np.random.default_rng(9)
    return sum((y * rng.standard_normal(y.shape)).sum() for y in ys)


@over_cells
@masked
def test_one_recurrence_is_its_plain_composition(cell, mask):
    """Values, first derivatives, and derivatives of these."""
    arrays = drawn(cell)
    results = []
    for run in (by_sequence(cell, mask), step_by_step(cell, mask)):
        xs = [mg.tensor(a, requires_grad=True) for a in arrays]
        ys = run(*xs)
        first = mg.grad(projection(ys), xs, create_graph=True)
        second = mg.grad(projection(first), xs)
        results.append([a.data for a in (*ys, *first, *second)])
    assert len(results[0]) == len(results[1])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


@over_cells
@masked
def test_derivatives_numerically(cell, mask):
    assert gradcheck(by_sequence(cell, mask), drawn(cell), order=2)


@over_cells
def test_the_parts_of_a_recurrence(cell):
    x, weight, bias = (np.ones(s) for s in [(4, 3, 2 * cell.gates), (2 * cell.gates, 2), 1])
    y = recurrence(x, weight, bias, *np.zeros((cell.states, 3, 2)), cell=cell)
    count = len(cell.saved) + cell.states
    parts = [part_of(y, k, x, cell) for k in range(count)]
    assert [p.shape for p in parts] == [(4, 3, 2 * n) for n in (*cell.saved, *[1] * cell.states)]
    np.testing.assert_array_equal(np.concatenate([p.reshape(-1) for p in parts]), y)


@over_cells
def test_where_the_mask_is_false_the_state_stays(cell):
    x, *parameters = drawn(cell)[:5]
    state = drawn(cell)[5:]
    for run in (sequence, reversed_sequence):
        out, after = run(cell, x, state, parameters, INSIDE)
        assert (out[~INSIDE[..., 0]] == 0).all()
        assert (out[INSIDE[..., 0]] != 0).any(axis=-1).all()
        # Sequence 0 is the first three steps alone, whichever end is the first.
        alone, end = run(cell, x[:3, :1], [s[:1] for s in state], parameters)
        np.testing.assert_allclose(out[:3, :1], alone, rtol=1e-13)
        for a, b in zip(after, end, strict=True):
            np.testing.assert_allclose(a[:1], b, rtol=1e-13)
        nothing = np.zeros_like(INSIDE)
        for a, b in zip(run(cell, x, state, parameters, nothing)[1], state, strict=True):
            np.testing.assert_array_equal(a, b)


@over_cells
def test_far_out_everything_is_finite(cell):
    """Without a warning either; gates end at 0 and 1."""
    x, *parameters = drawn(cell, dtype=np.float32)[:5]
    for scale in (1e4, 1e30) if cell is not RELU else (1e4,):
        t = mg.tensor(x * scale, requires_grad=True, dtype=np.float32)
        out, after = sequence(cell, t, None, parameters)
        (slope,) = mg.grad([out.sum() + after[-1].sum()], [t])
        assert np.isfinite(out.data).all()
        assert np.isfinite(slope.data).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_sigmoids_of_gates(dtype):
    """Against 1 / (1 + exp(-z)), to a few units in the last place of 1."""
    z = np.linspace(-30, 30, 601).astype(dtype)
    x = np.repeat(z[:, np.newaxis], 4, axis=1)
    (a,), _ = LSTM.forward(x, np.zeros((1, 4), dtype), None, *np.zeros((2, 601, 1), dtype))
    s = 1 / (1 + np.exp(-z.astype(np.float64)))
    expected = np.stack([s, s, np.tanh(z.astype(np.float64)), s], axis=1)
    assert a.dtype == dtype
    np.testing.assert_allclose(a, expected, rtol=0, atol=3 * np.finfo(dtype).eps)


def test_backpropagation_runs_once_for_all_gradients():
    calls = []
    backward = LSTM.backward

    def counted(*args):
        calls.append(None)
        return backward(*args)

    cell = LSTM._replace(backward=counted)
    xs = [mg.tensor(a, requires_grad=True) for a in drawn(cell)]
    ys = by_sequence(cell, None)(*xs)
    mg.grad(projection(ys), xs)
    assert len(calls) == 4  # steps
