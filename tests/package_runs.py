"""What the package exports, made and called: runs for everything in `nn`, `functional` and `optim`.

What is added there has to be added to a table here; `test_compile_equals_eager.py` looks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from compiled_runs import Run

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim

STEPS = 200


def rng():
    return np.random.default_rng(5)


def normal(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def labels(n, classes, seed=2):
    return np.random.default_rng(seed).integers(classes, size=n)


def numbers(*shape):
    """What draws new numbers of a shape."""
    return lambda generator: generator.standard_normal(shape).astype(np.float32)


rows = numbers(6, 3)


@dataclass(frozen=True)
class Alone:
    """A model that is trained by itself, where a layer does not take rows of numbers.

    Attributes:
        model: makes it; it returns one tensor.
        draw: makes its input, of a generator; new numbers of the same shape in each step.
    """

    model: Callable[[], nn.Module]
    draw: Callable[[np.random.Generator], Any]


def after_dense_layer(layer):
    """Without a bias: batch norm takes it away, and Adam would scale the rounding left of it."""
    return nn.Sequential(nn.Linear(3, 3, bias=False, rng=rng()), layer)


class Attending(nn.MultiheadAttention):
    """Attention to what came before, without the weights."""

    def forward(self, x):
        return super().forward(x, is_causal=True)[0]


class Remembering(nn.Module):
    """A decoder that looks at its own input, backwards, as at what an encoder made."""

    def __init__(self, decoder):
        self.decoder = decoder

    def forward(self, x):
        return self.decoder(x, np.flip(x, 1), tgt_is_causal=True)


def block(layer):
    """Without biases: that of the keys has a gradient of 0, of which Adam would learn the noise."""
    options = {"batch_first": True, "norm_first": True, "bias": False}
    return layer(8, 2, 6, 0.2, "gelu", **options, rng=rng())


def decoder():
    return nn.TransformerDecoder([block(nn.TransformerDecoderLayer)], nn.LayerNorm(8))


def sequences(generator):
    return generator.standard_normal((2, 4, 8)).astype(np.float32)


class Summed(nn.Module):
    """The sum of what the modules in a container make of the same input."""

    def __init__(self, container):
        self.container = container

    def forward(self, x):
        named = isinstance(self.container, nn.ModuleDict)
        return sum(f(x) for f in (self.container.values() if named else self.container))


class Joined(nn.Module):
    """All results of a layer, one behind the other: of an RNN the outputs and the state."""

    def __init__(self, layer, **options):
        self.layer, self.options = layer, options

    def forward(self, x):
        return np.concatenate([np.reshape(y, -1) for y in leaves(self.layer(x, **self.options))])


def leaves(results):
    return [y for r in results for y in leaves(r)] if isinstance(results, tuple) else [results]


class Cosine(nn.Module):
    """The similarity of two dense layers' outputs.

    Through a softplus: of vectors that happen to be short, directions and their derivatives are
    rounded more than other numbers.
    """

    def __init__(self):
        self.first, self.second = nn.Linear(3, 3, rng=rng()), nn.Linear(3, 3, bias=False, rng=rng())
        self.similarity = nn.CosineSimilarity()

    def forward(self, x):
        return self.similarity(F.softplus(self.first(x)), F.softplus(self.second(x)))


# The tables: what each class or function is made or called with.
# Of a layer: the layer itself, to stand between two dense layers of 3 features; or `Alone`.

EPS = 0.1  # three numbers that happen to be nearly equal are blown up, rounding included

LAYERS = {
    "AdaptiveAvgPool1d": Alone(
        lambda: nn.Sequential(nn.Conv1d(2, 3, 2, rng=rng()), nn.AdaptiveAvgPool1d(2)),
        numbers(4, 2, 6),
    ),
    "AdaptiveAvgPool2d": Alone(
        lambda: nn.Sequential(nn.Conv2d(2, 3, 2, rng=rng()), nn.AdaptiveAvgPool2d((2, 3))),
        numbers(4, 2, 6, 7),
    ),
    "AvgPool1d": Alone(
        lambda: nn.Sequential(nn.Conv1d(2, 3, 2, rng=rng()), nn.AvgPool1d(2)), numbers(4, 2, 6)
    ),
    "AvgPool2d": Alone(
        lambda: nn.Sequential(nn.Conv2d(2, 3, 2, rng=rng()), nn.AvgPool2d(3, 2, 1, False)),
        numbers(4, 2, 6, 7),
    ),
    "Conv1d": Alone(lambda: nn.Conv1d(2, 3, 3, padding="same", rng=rng()), numbers(4, 2, 6)),
    "Conv2d": Alone(
        lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1, rng=rng()),
            nn.ReLU(),
            nn.Conv2d(4, 2, (2, 3), stride=2, dilation=(1, 2), groups=2, rng=rng()),
        ),
        numbers(4, 2, 6, 7),
    ),
    "ConvTranspose2d": Alone(
        lambda: nn.ConvTranspose2d(2, 3, 3, 2, 1, output_padding=1, rng=rng()), numbers(4, 2, 3, 4)
    ),
    "BatchNorm1d": Alone(lambda: after_dense_layer(nn.BatchNorm1d(3, EPS)), rows),
    "BatchNorm2d": Alone(lambda: nn.BatchNorm2d(3, EPS, None), numbers(4, 3, 5, 5)),
    "CosineSimilarity": Alone(Cosine, rows),
    "Dropout": lambda: nn.Dropout(0.4, rng=rng()),
    "ELU": lambda: nn.ELU(0.5),
    "Embedding": Alone(
        lambda: nn.Embedding(5, 3, padding_idx=1, rng=rng()),
        lambda generator: generator.integers(5, size=(2, 4)),
    ),
    "Flatten": lambda: nn.Flatten(),
    "GELU": lambda: nn.GELU(),
    "GlobalAvgPool": Alone(
        lambda: nn.Sequential(nn.Conv2d(2, 3, 2, rng=rng()), nn.GlobalAvgPool()),
        numbers(4, 2, 5, 5),
    ),
    "GradientReversal": lambda: nn.GradientReversal(0.5),
    "GroupNorm": Alone(lambda: nn.GroupNorm(3, 6, EPS), numbers(4, 6, 5)),
    "GRU": Alone(
        lambda: Joined(nn.GRU(3, 4, batch_first=True, bidirectional=True, rng=rng())),
        numbers(2, 3, 3),
    ),
    "GRUCell": lambda: nn.GRUCell(3, 3, rng=rng()),
    "Identity": lambda: nn.Identity(),
    "LSTM": Alone(lambda: Joined(nn.LSTM(3, 4, 2, dropout=0.2, rng=rng())), numbers(3, 2, 3)),
    "LSTMCell": Alone(lambda: Joined(nn.LSTMCell(3, 4, rng=rng())), rows),
    "LayerNorm": lambda: nn.LayerNorm(3, EPS),
    "LeakyReLU": lambda: nn.LeakyReLU(0.1),
    "LearnedPositions": lambda: nn.LearnedPositions(6, 3, rng=rng()),
    "Linear": lambda: nn.Linear(3, 3, rng=rng()),
    "LogSigmoid": lambda: nn.LogSigmoid(),
    "LogSoftmax": lambda: nn.LogSoftmax(),
    "MaxPool1d": Alone(
        lambda: nn.Sequential(nn.Conv1d(2, 3, 2, rng=rng()), nn.ReLU(), nn.MaxPool1d(2)),
        numbers(4, 2, 6),
    ),
    "MaxPool2d": Alone(
        lambda: nn.Sequential(nn.Conv2d(2, 3, 2, rng=rng()), nn.ReLU(), nn.MaxPool2d(3, 2, 1)),
        numbers(4, 2, 6, 7),
    ),
    "Mish": lambda: nn.Mish(),
    "ModuleDict": lambda: Summed(nn.ModuleDict({"a": nn.Linear(3, 3, rng=rng()), "b": nn.Tanh()})),
    "ModuleList": lambda: Summed(nn.ModuleList([nn.Linear(3, 3, rng=rng()), nn.Tanh()])),
    "PReLU": lambda: nn.PReLU(3),
    "RMSNorm": lambda: nn.RMSNorm(3, EPS),
    "MultiheadAttention": Alone(
        lambda: Attending(8, 2, 0.2, False, batch_first=True, rng=rng()), sequences
    ),
    "RNN": Alone(
        lambda: Joined(nn.RNN(3, 4, nonlinearity="relu", rng=rng()), lengths=[4, 2]),
        numbers(4, 2, 3),
    ),
    "RNNCell": lambda: nn.RNNCell(3, 3, rng=rng()),
    "ReLU": lambda: nn.ReLU(),
    "RotaryPositions": Alone(
        lambda: Attending(8, 2, batch_first=True, rotary=nn.RotaryPositions(), rng=rng()), sequences
    ),
    "Residual": lambda: nn.Residual(nn.Tanh(), nn.Linear(3, 3, rng=rng())),
    "Sequential": lambda: nn.Sequential(nn.Linear(3, 3, rng=rng()), nn.Tanh()),
    "SiLU": lambda: nn.SiLU(),
    "Sigmoid": lambda: nn.Sigmoid(),
    "SinusoidalPositions": lambda: nn.SinusoidalPositions(3),
    "Softmax": lambda: nn.Softmax(),
    "Softplus": lambda: nn.Softplus(),
    "SwiGLU": lambda: nn.SwiGLU(3, 4, rng=rng()),
    "Tanh": lambda: nn.Tanh(),
    "Unflatten": lambda: nn.Sequential(nn.Unflatten(-1, (3, 1)), nn.Flatten()),
    "Upsample": Alone(
        lambda: nn.Sequential(
            nn.Conv2d(2, 3, 2, rng=rng()),
            nn.Upsample(scale_factor=2),
            nn.Upsample((7, 5), mode="bilinear"),
        ),
        numbers(4, 2, 4, 4),
    ),
    "TransformerDecoder": Alone(lambda: Remembering(decoder()), sequences),
    "TransformerDecoderLayer": Alone(
        lambda: Remembering(block(nn.TransformerDecoderLayer)), sequences
    ),
    "TransformerEncoder": Alone(
        lambda: nn.TransformerEncoder([block(nn.TransformerEncoderLayer)], nn.LayerNorm(8)),
        sequences,
    ),
    "TransformerEncoderLayer": Alone(lambda: block(nn.TransformerEncoderLayer), sequences),
}

SIGNS = np.sign(normal(6, 2, seed=3))
TARGETS = {  # what a loss takes after the prediction; a tuple, if it is more than one thing
    "BCEWithLogitsLoss": (SIGNS + 1) / 2,
    "CosineEmbeddingLoss": (normal(6, 2), SIGNS[:, 0]),
    "CrossEntropyLoss": labels(6, 2),
    "GaussianNLLLoss": (normal(6, 2), 0.5 + normal(6, 2, seed=4) ** 2),
    "HingeLoss": SIGNS,
    "HuberLoss": normal(6, 2),
    "InfoNCELoss": normal(6, 2),
    "KLDivLoss": F.softmax(normal(6, 2)),
    "L1Loss": normal(6, 2),
    "MSELoss": normal(6, 2),
    "NLLLoss": labels(6, 2),
    "TripletMarginLoss": (normal(6, 2), normal(6, 2, seed=4)),
}

OPTIMIZERS = {
    "AMSGrad": {"lr": 0.01},
    "ASGD": {"lr": 0.1, "t0": 20.0},
    "AdaDelta": {},
    "AdaGrad": {"lr": 0.1, "s0": 0.1},
    "Adafactor": {"lr": 0.01, "weight_decay": 0.01},
    "Adam": {"lr": 0.01, "betas": (0.8, 0.99)},
    "AdamW": {"lr": 0.01, "weight_decay": 0.1},
    "Adamax": {"lr": 0.01},
    "CenteredRMSProp": {"lr": 0.01},
    "CenteredRMSPropMomentum": {"lr": 0.001},
    "CenteredRMSPropNesterov": {"lr": 0.001},
    "DampenedMomentum": {"lr": 0.05, "dampening": 0.5},
    "GD": {"lr": 0.1},
    "HypergradientAdam": {"lr": 0.01},
    "HypergradientSGD": {"lr": 0.01},
    "LAMB": {"lr": 0.01, "weight_decay": 0.01},
    "Lion": {"lr": 0.001, "weight_decay": 0.1},
    "Momentum": {"lr": 0.05, "momentum": 0.8},
    "MomentumA": {"lr": 0.05},
    "Muon": {"lr": 0.02},
    "NAdam": {"lr": 0.01},
    "Nesterov": {"lr": 0.05},
    "NesterovA": {"lr": 0.05},
    "RAdam": {"lr": 0.01},
    "RMSProp": {"lr": 0.01},
    "RMSPropMomentum": {"lr": 0.001},
    "RMSPropNesterov": {"lr": 0.001, "eps_root": 1e-6},
    "Rprop": {"lr": 0.01},
    "SGD": {"lr": 0.1},
    "UncorrectedAdam": {"lr": 0.01},
}
BRANCHING = {"ASGD", "DampenedMomentum", "RAdam"}  # on the number of the step

X, T, Y = normal(6, 3, seed=4), normal(6, 3, seed=5), labels(6, 3)


def as_signals(x):
    return x.reshape(3, 2, 3)


def as_images(x):
    return x.reshape(1, 2, 3, 3)


FUNCTIONS = {
    "adaptive_avg_pool1d": lambda x: F.adaptive_avg_pool1d(as_signals(x), 2),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(as_images(x), (1, 2)),
    "avg_pool1d": lambda x: F.avg_pool1d(as_signals(x), 2),
    "avg_pool2d": lambda x: F.avg_pool2d(as_images(x), 2, 1, 1, False),
    "binary_cross_entropy_with_logits": lambda x: F.binary_cross_entropy_with_logits(
        x, T > 0, weight=T * T, pos_weight=3.0
    ),
    "conv1d": lambda x: F.conv1d(as_signals(x), T[:4, :2, None], T[:4, 2], padding=1),
    "conv2d": lambda x: F.conv2d(as_images(x), T[:4, :2].reshape(2, 1, 2, 2), groups=2),
    "conv_transpose1d": lambda x: F.conv_transpose1d(as_signals(x), T[:2, None], stride=2),
    "conv_transpose2d": lambda x: F.conv_transpose2d(
        as_images(x), T[:4].reshape(2, 1, 2, 3), T[0, :1], padding=1
    ),
    "attention_weights": lambda x: F.attention_weights(x, T, T @ T.T > -1),
    "causal_mask": lambda x: x * np.exp(F.causal_mask(6, 3)),
    "cosine_embedding_loss": lambda x: F.cosine_embedding_loss(x, T, np.sign(T[:, 0]), 0.2),
    "cosine_similarity": lambda x: F.cosine_similarity(x, T, axis=0),
    "cross_entropy": lambda x: F.cross_entropy(
        x, Y, weight=[0.5, 1.0, 2.0], ignore_index=1, label_smoothing=0.1
    ),
    "dropout": None,  # needs a generator for each run
    "elu": F.elu,
    "embedding": lambda x: F.embedding(Y, x, padding_idx=-1),
    "erf": F.erf,
    "gaussian_nll_loss": lambda x: F.gaussian_nll_loss(x, T, x[:, :1] ** 2, True, 0.1),
    "gelu": lambda x: F.gelu(x, "tanh"),
    "global_avg_pool": lambda x: F.global_avg_pool(as_images(x)),
    "gradient_reversal": lambda x: F.gradient_reversal(x, 0.5),
    "hinge_loss": lambda x: F.hinge_loss(x, np.sign(T), margin=0.7),
    "huber_loss": lambda x: F.huber_loss(x, T, delta=0.5, reduction="none"),
    "info_nce": lambda x: F.info_nce(x, T, symmetric=True),
    "interpolate": lambda x: F.interpolate(as_images(x), (4, 2), mode="bilinear"),
    "kl_div": lambda x: F.kl_div(F.log_softmax(x), F.softmax(T), "batchmean"),
    "l1_loss": lambda x: F.l1_loss(x, T, reduction="sum"),
    "leaky_relu": F.leaky_relu,
    "linear": lambda x: F.linear(x, T[:2], T[0, :2]),
    "log_sigmoid": F.log_sigmoid,
    "log_softmax": lambda x: F.log_softmax(x, axis=0),
    "logsumexp": lambda x: F.logsumexp(x, keepdims=True),
    "max_pool1d": lambda x: F.max_pool1d(as_signals(x), 2),
    "max_pool2d": lambda x: F.max_pool2d(as_images(x), 2, 1, 1),
    "mish": F.mish,
    "mse_loss": lambda x: F.mse_loss(x, T),
    "nll_loss": lambda x: F.nll_loss(F.log_softmax(x), Y, reduction="none"),
    "one_hot": lambda x: x * F.one_hot(Y, 3),
    "prelu": lambda x: F.prelu(x, T[0]),
    "relu": F.relu,
    "rms_normalize": lambda x: F.rms_normalize(x, eps=EPS),
    "rotary": lambda x: F.rotary(x.T, offset=2),
    "scaled_dot_product_attention": lambda x: F.scaled_dot_product_attention(
        x, T, x, is_causal=True
    ),
    "sigmoid": F.sigmoid,
    "silu": F.silu,
    "sinusoidal_positions": lambda x: x * F.sinusoidal_positions(6, 3),
    "softmax": F.softmax,
    "softplus": F.softplus,
    "standardize": lambda x: F.standardize(x, axis=0, eps=EPS),
    "triplet_margin_loss": lambda x: F.triplet_margin_loss(x, T, T[::-1], 2.0, swap=True),
}


def training(model, loss, optimizer, **hyper):
    """A run that trains a model."""

    def build():
        net = model()
        made = optimizer(net.named_parameters(), **hyper)

        def step(x, y):
            value = loss(net(x), *(y if isinstance(y, tuple) else (y,)))
            made.zero_grad()
            value.backward()
            made.step()
            return value

        return Run(step, [net], [made])

    return build


def batches(*target, steps=STEPS, draw=rows):
    """The same shapes with other numbers in each step."""
    draws = rng()
    return [(draw(draws), *target) for _ in range(steps)]


def between_dense_layers(name):
    layers = nn.Linear(3, 3, rng=rng()), LAYERS[name](), nn.Linear(3, 2, rng=rng())
    return nn.Sequential(*layers)


def layer_run(name, steps=STEPS):
    """Training a small network with the layer inside: the run, and its calls."""
    entry = LAYERS[name]
    if not isinstance(entry, Alone):
        entry = Alone(lambda: between_dense_layers(name), rows)
    target = normal(*entry.model()(entry.draw(rng())).shape)
    build = training(entry.model, F.mse_loss, optim.Adam, lr=0.01)
    return build, batches(target, steps=steps, draw=entry.draw)


def loss_run(name):
    """Training a linear model with the loss."""

    def model():
        after = (nn.Softplus(),) if name == "CosineEmbeddingLoss" else ()  # see `Cosine`
        return nn.Sequential(nn.Linear(3, 2, rng=rng()), *after)

    build = training(model, getattr(nn, name)(), optim.SGD, lr=0.1)
    return build, (TARGETS[name],)


def optimizer_run(name):
    """Training a small network with the optimizer."""

    def model():
        bias = name != "Muon"  # which takes matrices only
        layers = nn.Linear(3, 4, bias, rng=rng()), nn.Tanh(), nn.Linear(4, 2, bias, rng=rng())
        return nn.Sequential(*layers)

    return training(model, F.mse_loss, getattr(optim, name), **OPTIMIZERS[name]), (normal(6, 2),)


def changed_rates(k, run):
    """Between two calls: the rate is set once, and falls from call 100 on."""
    if k == 50:
        run.optimizers[0].lr = 0.005
    if k > 100:
        run.optimizers[0].lr *= 0.99


def function_run(name):
    """The function, its gradient, and a gradient of that."""

    def build():
        generator = rng()
        fn = FUNCTIONS[name] or (lambda x: F.dropout(x, 0.3, rng=generator))

        def step(x):
            t = mg.Tensor(x, requires_grad=True)
            y = fn(t)
            slope = mg.grad((y * y).sum(), t, create_graph=True)
            return fn(x), y, slope, mg.grad((slope * slope).sum(), t)

        return Run(step, generators=[generator])

    return build
