"""A gallery of losses, small ones and whole networks, whose backward passes are looked at."""

import numpy as np

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

alive = []  # the graph does not keep its leaves' tensors


def kept(thing):
    """The same; it lives on with the loss that is looked at."""
    alive.append(thing)
    return thing


def leaf(data, name, dtype=np.float32):
    return named(kept(mg.tensor(np.array(data, dtype), requires_grad=True)), name)


def named(t, name):
    t.name = name
    return t


def drawn(shape, name, seed=0, dtype=np.float32):
    return leaf(np.random.default_rng(seed).normal(size=shape), name, dtype)


def neuron():
    x, w, b = leaf(2.0, "x"), leaf(-3.0, "w"), leaf(6.88, "b")
    return named(np.tanh(x * w + b), "y")


def two_inputs():
    x, w, b = leaf([2.0, 0.0], "x"), leaf([-3.0, 1.0], "w"), leaf(6.8813736, "b")
    return named(np.tanh(x @ w + b), "y")


def diamond():
    x = leaf(1.0, "x")
    a = x * 2.0
    return a + a * 3.0


def square():
    a = leaf(3.0, "a")
    return a * a


def many_uses():
    x = leaf([0.3, -0.7], "x", np.float64)
    y = x
    for _ in range(4):
        y = y * x + x
    return (y * x).sum()


def broadcast():
    a, b, c = drawn((4, 3), "a"), drawn((3,), "b", 1), drawn((4, 1), "c", 2)
    return ((a + b) * c / (b * b + 1.0)).mean()


def casts():
    a, b = drawn((3, 2), "a", 0, np.float64), drawn((2,), "b", 1)
    h = drawn((3, 2), "h", 2, np.float16)
    return (a * b + (h * b).astype(np.float64)).sum()


def indexed():
    table = drawn((5, 3), "table")
    rows = table[np.array([0, 2, 2, 4])]
    return (np.concatenate([rows, rows * 2.0], axis=1) ** 2).sum() + np.max(table)


def mlp():
    rng = np.random.default_rng(0)
    net = kept(mg.train.mlp([3, 5, 4, 2], rng))
    x, labels = rng.normal(size=(6, 3)).astype(np.float32), rng.integers(0, 2, 6)
    with mg.record_origins():
        return F.cross_entropy(net(x), labels)


def cnn():
    rng = np.random.default_rng(1)
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=rng), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 3, 2, rng=rng),
        nn.Flatten(), nn.Linear(3, 2, rng=rng),
    )  # fmt: skip
    images = rng.normal(size=(2, 1, 6, 6)).astype(np.float32)
    with mg.record_origins():
        return F.cross_entropy(kept(net)(images), np.array([0, 1]))


def windows():
    kernels = drawn((2, 3, 3), "kernels", 1)
    image = drawn((1, 5, 5), "image", 2)
    seen = np.lib.stride_tricks.sliding_window_view(image, (3, 3), axis=(1, 2))
    return (F.relu(np.einsum("nijkl,okl->noij", seen, kernels)) ** 2).mean()


class Recurrent(nn.Module):
    """h <- tanh(W x + U h), read out at the end."""

    def __init__(self, rng):
        self.inner = nn.Linear(2, 3, rng=rng)
        self.state = nn.Linear(3, 3, rng=rng)
        self.out = nn.Linear(3, 1, rng=rng)

    def forward(self, sequence):
        h = np.zeros((sequence.shape[1], 3), np.float32)
        for x in sequence:
            h = np.tanh(self.inner(x) + self.state(h))
        return self.out(h)


def recurrent():
    rng = np.random.default_rng(2)
    net = kept(Recurrent(rng))
    with mg.record_origins():
        return (net(rng.normal(size=(5, 2, 2)).astype(np.float32)) ** 2).mean()


def lstm():
    rng = np.random.default_rng(4)
    net = kept(nn.LSTM(2, 3, rng=rng))
    with mg.record_origins():
        h, _ = net(rng.normal(size=(5, 2, 2)).astype(np.float32))
        return (h[-1] ** 2).mean()


def attention():
    rng = np.random.default_rng(5)
    layer = kept(nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, rng=rng))
    with mg.record_origins():
        return (layer(rng.normal(size=(1, 3, 4)).astype(np.float32)) ** 2).mean()


def second_order():
    x, w = leaf(0.4, "x", np.float64), leaf([1.5, -0.5], "w", np.float64)
    y = np.tanh(x * w).sum() ** 2
    slope, *_ = mg.grad(y, [x], create_graph=True)
    return slope * slope


def third_order():
    x = leaf(0.7, "x", np.float64)
    y = np.sin(x) * x**3
    for _ in range(2):
        y = mg.grad(y, x, create_graph=True)
    return y


def hooked():
    x = drawn((3,), "x")
    y = x * 2.0
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: np.minimum(g, 15.0))
    return (y * x).sum()


def retained():
    x = drawn((2, 2), "x")
    y = np.exp(x)
    y.retain_grad()
    named(kept(y), "kept")
    return (y * y + y).sum()


GALLERY = {
    f.__name__: f
    for f in (
        neuron, two_inputs, diamond, square, many_uses, broadcast, casts, indexed, mlp, cnn,
        windows, recurrent, lstm, attention, second_order, third_order, hooked, retained,
    )
}  # fmt: skip


def chain_of(operations):
    """A network-like graph of about so many nodes: matrix products, sums and uses twice."""
    rng = np.random.default_rng(3)
    h = drawn((8, 16), "input")
    made = 0
    with mg.record_origins():
        while made < operations - 1:
            w = leaf(rng.normal(size=(16, 16)) * 0.2, f"w{made}")
            h = np.tanh(h @ w) + h
            made += 4
    return (h * h).mean()


def with_nan():
    x = leaf([4.0, 0.0, 1.0], "x")
    with np.errstate(all="ignore"):
        return (np.sqrt(x) * 2.0).sum()


def hostile():
    """Names which would break a page, or a drawing, that takes them for markup."""
    x = leaf(2.0, '</script><script>alert(1)</script>"&|{}\n<b>')
    w = leaf(3.0, "🦆 <!-- {\"a\": 'b'} \\ ]]> %s ${x} \u2028")
    return named(np.tanh(x * w), "L<&>\"'")
