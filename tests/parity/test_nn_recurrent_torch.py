"""Recurrent layers against PyTorch's, in float64: values, gradients, names, packed sequences."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from twins import as_torch, assert_twins, in_double, outputs, share_weights

import minigrad as mg
from minigrad import nn

rng = np.random.default_rng(0)
KINDS = ["RNN", "LSTM", "GRU"]
over_kinds = pytest.mark.parametrize("kind", KINDS)


def normal(*shape):
    return rng.standard_normal(shape)


def twins(kind, *args, **options):
    ours = in_double(lambda: getattr(nn, kind)(*args, **options))
    return ours, getattr(torch.nn, kind)(*args, **options)


OPTIONS = {
    "one layer": {},
    "no bias": {"bias": False},
    "batch first": {"batch_first": True},
    "layers": {"num_layers": 3},
    "both directions": {"bidirectional": True},
    "all": {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False},
}


@over_kinds
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("shape", [(5, 3, 4), (1, 1, 4), (5, 4)])
def test_values_gradients_and_files(kind, options, shape, tmp_path):
    assert_twins(*twins(kind, 4, 6, **options), tmp_path, normal(*shape))


def test_the_rectifier(tmp_path):
    pair = twins("RNN", 4, 6, nonlinearity="relu", num_layers=2)
    assert_twins(*pair, tmp_path, normal(5, 3, 4))
    assert_twins(*twins("RNNCell", 4, 6, nonlinearity="relu"), tmp_path, normal(3, 4))


class WithState:
    """A layer called with a state, so that gradients into the state are compared."""

    def __init__(self, layer):
        self.layer = layer

    def __getattr__(self, name):
        return getattr(self.layer, name)

    def double(self):
        self.layer = self.layer.double()
        return self

    def __call__(self, x, *state):
        return self.layer(x, state if len(state) > 1 else state[0])


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell"])
@pytest.mark.parametrize("lead", [(3,), ()])
def test_gradients_into_the_state(kind, lead, tmp_path):
    layered = kind in KINDS
    options = {"num_layers": 2, "bidirectional": True} if layered else {}
    state = (*((4,) if layered else ()), *lead, 6)
    states = [normal(*state) for _ in range(1 + kind.startswith("LSTM"))]
    x = normal(*((5,) if layered else ()), *lead, 4)
    ours, theirs = twins(kind, 4, 6, **options)
    assert_twins(WithState(ours), WithState(theirs), tmp_path, x, *states)


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [True, False])
def test_cells(kind, bias, tmp_path):
    assert_twins(*twins(kind, 4, 6, bias=bias), tmp_path, normal(3, 4))
    assert_twins(*twins(kind, 4, 6, bias=bias), tmp_path, normal(4))


@over_kinds
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("form", ["lengths", "mask"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_packed_sequences(kind, bidirectional, form, batch_first, tmp_path):
    """Outputs, states and gradients; what stands behind the end of a sequence does not matter."""
    options = {"num_layers": 2, "bidirectional": bidirectional, "batch_first": batch_first}
    ours, theirs = twins(kind, 4, 6, **options)
    theirs = theirs.double()
    share_weights(ours, theirs, tmp_path)
    steps, lengths = 5, np.array([2, 5, 1, 3])
    inside = np.arange(steps)[:, np.newaxis] < lengths
    inside = inside.T if batch_first else inside
    data = normal(*inside.shape, 4)
    data[~inside] = np.nan
    x, tx = mg.tensor(data, requires_grad=True), as_torch(np.nan_to_num(data), requires_grad=True)
    found = outputs(ours(x, **({"lengths": lengths} if form == "lengths" else {"mask": inside})))
    packed = pack_padded_sequence(tx, lengths, batch_first=batch_first, enforce_sorted=False)
    out, end = theirs(packed)
    wanted = outputs((pad_packed_sequence(out, batch_first=batch_first)[0], end))
    weights = [normal(*y.shape) for y in found]
    sum((y * w).sum() for y, w in zip(found, weights, strict=True)).backward()
    sum((t * as_torch(w)).sum() for t, w in zip(wanted, weights, strict=True)).backward()
    for y, t in zip(found, wanted, strict=True):
        np.testing.assert_allclose(y.data, t.numpy(force=True), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(x.grad.data, tx.grad.numpy(), rtol=1e-10, atol=1e-11)
    other = dict(theirs.named_parameters())
    for name, p in ours.named_parameters():
        np.testing.assert_allclose(
            p.grad.data, other[name].grad.numpy(), rtol=1e-10, atol=1e-11, err_msg=name
        )


@pytest.mark.parametrize("kind", [*KINDS, "RNNCell", "LSTMCell", "GRUCell"])
def test_the_default_distribution_is_theirs(kind):
    """Two samples of the same distribution: quantiles within sampling error."""
    torch.manual_seed(0)
    ours = getattr(nn, kind)(100, 100, rng=np.random.default_rng(0))
    theirs = getattr(torch.nn, kind)(100, 100)
    share = np.linspace(0, 1, 11)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(
            np.quantile(p.data, share),
            np.quantile(q.detach().numpy(), share),
            atol=4 * 0.1 / np.sqrt(p.size),
        )
