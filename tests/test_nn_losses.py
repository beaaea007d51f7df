"""Losses as modules: each passes its options on to its function."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

rng = np.random.default_rng(0)
SCORES = rng.standard_normal((4, 3))
REAL = rng.standard_normal((4, 3))
BITS = (rng.random((4, 3)) < 0.5).astype(float)
LABELS = np.array([0, 2, 1, 2])
WEIGHT = np.array([1.0, 2.0, 0.5])

LOSSES = {
    nn.CrossEntropyLoss: (
        F.cross_entropy,
        LABELS,
        [{"weight": WEIGHT}, {"ignore_index": 2}, {"label_smoothing": 0.1}],
    ),
    nn.NLLLoss: (F.nll_loss, LABELS, [{"weight": WEIGHT}, {"ignore_index": 2}]),
    nn.MSELoss: (F.mse_loss, REAL, []),
    nn.L1Loss: (F.l1_loss, REAL, []),
    nn.HuberLoss: (F.huber_loss, REAL, [{"delta": 0.3}]),
    nn.BCEWithLogitsLoss: (
        F.binary_cross_entropy_with_logits,
        BITS,
        [{"weight": WEIGHT}, {"pos_weight": WEIGHT}],
    ),
    nn.HingeLoss: (F.hinge_loss, 2 * BITS - 1, [{"margin": 0.2}]),
    nn.KLDivLoss: (F.kl_div, F.softmax(REAL), [{"reduction": "batchmean"}, {"log_target": True}]),
    nn.GaussianNLLLoss: (F.gaussian_nll_loss, (REAL, REAL**2), [{"full": True}, {"eps": 0.5}]),
    nn.CosineEmbeddingLoss: (
        F.cosine_embedding_loss,
        (REAL, np.array([1, -1, -1, 1])),
        [{"margin": -0.9}],
    ),
    nn.TripletMarginLoss: (
        F.triplet_margin_loss,
        (REAL, np.flip(REAL)),
        [{"margin": 2.0}, {"p": 3.0}, {"eps": 0.1}, {"swap": True}],
    ),
    nn.InfoNCELoss: (F.info_nce, REAL, [{"temperature": 0.5}, {"symmetric": True}]),
}

CASES = [
    (module, function, target, options)
    for module, (function, target, special) in LOSSES.items()
    for options in [{}, {"reduction": "sum"}, {"reduction": "none"}, *special]
]


def listed(target):
    return target if isinstance(target, tuple) else (target,)


@pytest.mark.parametrize(
    ("module", "function", "target", "options"),
    CASES,
    ids=[f"{m.__name__} {' '.join(o)} {o.get('reduction', '')}".strip() for m, _, _, o in CASES],
)
def test_a_module_is_its_function(module, function, target, options):
    results = []
    for f in (module(**options), lambda *args: function(*args, **options)):
        x = mg.tensor(SCORES, requires_grad=True)
        loss = f(x, *listed(target))
        loss.sum().backward()
        results.append((loss.data, x.grad.data))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(found, expected)
    if options:
        assert not np.array_equal(results[0][0], module()(SCORES, *listed(target)))


def test_every_loss_is_in_the_table():
    assert {m.__name__ for m in LOSSES} == {n for n in nn.__all__ if n.endswith("Loss")}


@pytest.mark.parametrize("module", LOSSES, ids=lambda m: m.__name__)
def test_an_unknown_option(module):
    with pytest.raises(TypeError, match="reduce"):
        module(reduce="mean")(SCORES, *listed(LOSSES[module][1]))
