"""Summaries: what they say, of modules of every kind, and that they leave no trace."""

import copy
from collections import deque
from html.parser import HTMLParser

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

HOSTILE = "<b>&\"'"


def linear(n, m, **options):
    return nn.Linear(n, m, rng=np.random.default_rng(0), **options)


class Embedding(nn.Module):
    def __init__(self):
        self.weight = mg.Parameter(np.ones((10, 4), np.float32))

    def forward(self, tokens):
        return self.weight[tokens]


class Attention(nn.Module):
    """Two inputs, a keyword, a dict as the result."""

    def __init__(self):
        self.q, self.k = linear(4, 4, bias=False), linear(4, 4, bias=False)

    def forward(self, x, memory, *, scale=1.0):
        weights = self.q(x) @ self.k(memory).mT * scale
        return {"out": weights @ memory, "weights": (weights, None)}


class Recurrent(nn.Module):
    def __init__(self):
        self.cell = linear(4, 4)

    def forward(self, x):
        h = x[:, 0] * 0
        for k in range(x.shape[1]):
            h = np.tanh(self.cell(h) + x[:, k])
        return h


class Model(nn.Module):
    """The last layer's weight is the embedding's; `again` is there already; `spare` rests."""

    def __init__(self):
        self.embedding = Embedding()
        self.attention = Attention()
        self.recurrent = Recurrent()
        self.spare = nn.Sequential(linear(2, 2))
        self.out = linear(4, 10, bias=False)
        self.out.weight = self.embedding.weight
        self.again = self.recurrent

    def forward(self, tokens):
        x = self.embedding(tokens)
        return self.out(self.recurrent(self.attention(x, x)["out"]))


TOKENS = np.arange(14).reshape(2, 7) % 10


def row(summary, path):
    (found,) = (r for r in summary.rows if r.path == path)
    return found


def test_the_table():
    net = nn.Sequential(linear(64, 16), nn.ReLU(), linear(16, 10)).freeze("2.weight")
    text = """\
layer    type        output shape        parameters  multiply-adds
(whole)  Sequential  (32, 10)                     0              0
0        Linear      (32, 16)                 1,040         32,768
1        ReLU        (32, 16)                     0              0
2        Linear      (32, 10)      170 (160 frozen)          5,120
1,210 parameters: 1,050 trainable, 160 frozen (4.84 kB); 37,888 multiply-adds for (32, 64)"""
    assert str(net.summary((32, 64))) == text
    assert repr(net.summary([32, 64])) == text


def test_layers_of_every_kind():
    net = Model()
    summary = net.summary(TOKENS)
    assert [r.path for r in summary.rows] == [path for path, _ in net.named_modules()]
    assert row(summary, "embedding").output_shapes == ((2, 7, 4),)
    assert row(summary, "attention").output_shapes == ((2, 7, 4), (2, 7, 7))
    assert row(summary, "attention").multiply_adds == 2 * (2 * 7 * 7 * 4)  # q k^T, and times v
    assert row(summary, "attention.q").multiply_adds == 2 * 7 * 4 * 4
    assert row(summary, "recurrent.cell").calls == 7
    assert row(summary, "recurrent.cell").multiply_adds == 7 * 2 * 4 * 4
    assert row(summary, "recurrent").multiply_adds == row(summary, "embedding").multiply_adds == 0
    assert row(summary, "out").output_shapes == ((2, 10),)
    assert row(summary, "").kind == "Model"
    assert "(2, 4), last of 7 calls" in str(summary)
    assert "not called" in str(summary)
    assert row(summary, "spare.0").calls == row(summary, "spare.0").multiply_adds == 0


def test_totals():
    net = Model().freeze("attention.q")
    summary = net.summary(TOKENS)
    assert summary.parameters == sum(p.size for p in net.parameters())
    assert (row(summary, "embedding").parameters, row(summary, "out").parameters) == (40, 0)
    assert (summary.frozen, summary.trainable) == (16, summary.parameters - 16)
    assert row(summary, "attention.q").frozen == 16
    assert summary.parameter_bytes == 4 * summary.parameters
    assert summary.buffer_bytes == 0
    assert summary.multiply_adds == sum(r.multiply_adds for r in summary.rows) > 0
    assert summary.input_shapes == ((2, 7),)
    net.register_buffer("mean", np.ones(3))
    assert net.summary(TOKENS).buffer_bytes == 24
    assert "buffers 24 B" in str(net.summary(TOKENS))


def test_several_inputs_and_keywords():
    summary = Attention().summary((2, 3, 4), (2, 5, 4), scale=0.5)
    assert summary.input_shapes == ((2, 3, 4), (2, 5, 4))
    assert row(summary, "").output_shapes == ((2, 3, 4), (2, 3, 5))
    x = np.ones((2, 3, 4), np.float32)
    assert str(Attention().summary(x, mg.tensor(x[:, :2]))) == str(
        Attention().summary((2, 3, 4), (2, 2, 4))
    )
    assert Attention().summary((2, 3, 4), memory=x).input_shapes == ((2, 3, 4), (2, 3, 4))


def test_numbers_for_a_shape_are_of_the_parameters_dtype():
    net, seen = linear(3, 2).astype(np.float64), []
    net.register_forward_hook(lambda m, args, y: seen.append((args[0], y)))
    net.summary((5, 3))
    ((x, y),) = seen
    assert x.dtype == y.dtype == np.float64
    assert x.shape == (5, 3) and len(set(x.ravel().tolist())) == 15
    assert nn.Tanh().summary(()).input_shapes == ((),)


def test_modules_of_nothing():
    summary = nn.Tanh().summary((2, 3))
    assert (summary.parameters, summary.multiply_adds, len(summary.rows)) == (0, 0, 1)
    assert str(summary).endswith("(0 B); 0 multiply-adds for (2, 3)")


@pytest.mark.parametrize(
    ("count", "words"), [(3, "12 B"), (1500, "6 kB"), (10**6, "4 MB"), (123456, "493.8 kB")]
)
def test_memory(count, words):
    module = nn.Module()
    module.w = mg.Parameter(np.zeros(count, np.float32))
    module.forward = lambda: None
    assert f"({words}); 0 multiply-adds for no arrays" in str(module.summary())


# No trace.


class Counting(nn.Module):
    """Changes all that a module can hold, in evaluation mode too."""

    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.register_buffer("count", np.zeros(2))
        self.plain = np.zeros(2)
        self.log, self.table, self.recent = [], {"inside": [np.zeros(1)]}, deque(maxlen=2)
        self.kinds = {"a"}
        self.steps = 0
        self.last = None
        self.layer = linear(3, 3)

    def forward(self, x):
        self.count += 1
        self.plain = self.plain + 1
        self.log.append(x)
        self.table["inside"][0][:] = 5
        self.table["new"] = 1
        self.recent.append(1)
        self.kinds.add("b")
        self.steps += 1
        self.fresh = 1
        self.last = self.layer(x) + self.rng.standard_normal(3)
        return self.last


NOTED_BY_THEMSELVES = (np.ndarray, nn.Module, mg.Tensor, np.random.Generator)


def traces(net):
    attributes = [
        {k: a for k, a in vars(m).items() if not isinstance(a, NOTED_BY_THEMSELVES)}
        for m in net.modules()
    ]
    return copy.deepcopy(
        [
            attributes, net.state_dict(), net.plain, net.rng.bit_generator.state,
            [p.grad for p in net.parameters()],
        ]
    )  # fmt: skip


def test_nothing_is_left():
    net = Counting()
    net.layer.eval()  # a mode of its own
    inside, arrays = net.table["inside"], [p._data for p in net.parameters()]
    before, attributes = traces(net), [dict(vars(m)) for m in net.modules()]
    net.summary((2, 3))
    assert repr(traces(net)) == repr(before)
    for module, was in zip(net.modules(), attributes, strict=True):
        assert vars(module).keys() == was.keys()
        assert all(vars(module)[name] is value for name, value in was.items())
    assert net.table["inside"] is inside and inside[0].tolist() == [0]
    assert all(p._data is a for p, a in zip(net.parameters(), arrays, strict=True))
    assert "_hooks" not in vars(net) and net.training and not net.layer.training
    net(np.ones((2, 3)))  # it does leave traces otherwise
    assert repr(traces(net)) != repr(before)


def test_nothing_is_left_after_an_error():
    net = nn.Sequential(Counting(), linear(5, 2))
    before = repr(traces(net[0]))
    with pytest.raises(ValueError, match=r"1 \(Linear\): 1.weight of shape \(2, 5\) takes"):
        net.summary((2, 3))
    assert repr(traces(net[0])) == before
    assert not mg.modes.observers


def test_hooks_are_called_and_stay():
    net, seen = nn.Sequential(linear(3, 3), nn.Tanh()), []
    net[0].register_forward_pre_hook(lambda m, args: args[0] * 2)
    net[0].register_forward_hook(lambda m, args, y: y.reshape(-1))
    handle = net[1].register_forward_hook(lambda m, args, y: seen.append(y.shape))
    summary = net.summary((2, 3))
    assert row(summary, "0").output_shapes == ((6,),)
    assert seen == [(6,)]
    handle.remove()
    net(np.ones((2, 3), np.float32))
    assert seen == [(6,)]


def test_an_error_that_is_caught():
    class Careful(nn.Module):
        def __init__(self):
            self.broken, self.sound = nn.Sequential(linear(5, 1)), linear(3, 1)

        def forward(self, x):
            try:
                return self.broken(x)
            except ValueError:
                return self.sound(x) @ np.ones((1, 1), np.float32)

    summary = nn.Sequential(Careful()).summary((2, 3))
    assert row(summary, "0").multiply_adds == 2
    assert row(summary, "0.sound").multiply_adds == 6
    assert row(summary, "0.broken").output_shapes == ()


def test_compiled_parts_are_looked_into_and_stay_compiled():
    net = nn.Sequential(linear(3, 4), nn.Tanh())
    forward = mg.compile(lambda x: net(x).detach())

    class Outer(nn.Module):
        def __init__(self):
            self.net = net

        def forward(self, x):
            return forward(x)

    x = np.ones((2, 3), np.float32)
    forward(x)
    assert Outer().summary(x).multiply_adds == 24
    forward(x)
    assert forward.cache_info()[:2] == (1, 1)
    with pytest.raises(TypeError, match="the summary of a module cannot be compiled"):
        mg.compile(lambda: net.summary((2, 3)))()


def test_derivatives_inside_forward():
    class Slope(nn.Module):
        def __init__(self):
            self.net = linear(3, 1)

        def forward(self, x):
            return mg.grad(self.net(mg.tensor(x.data, requires_grad=True)).sum(), self.net.weight)

    summary = Slope().summary((2, 3))
    assert row(summary, "").output_shapes == ((1, 3),)
    assert row(summary, "").multiply_adds == 6  # the derivative in the weight
    assert row(summary, "net").multiply_adds == 6


def test_a_bare_number_is_no_shape():
    with pytest.raises(TypeError, match=r"shapes with the batch's axis: \(64,\), got 64"):
        nn.Tanh().summary(64)


class Reader(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def test_html():
    net = nn.Sequential(nn.Tanh())
    setattr(net, HOSTILE, type(HOSTILE, (nn.Module,), {})())
    page = Reader(net.summary((2, 3))._repr_html_())
    assert page.tags.count("tr") == 1 + 3
    assert set(page.tags) == {"table", "tr", "th", "td", "div"}
    assert page.text.count(HOSTILE) == 2
    assert page.text[-1].endswith("0 multiply-adds for (2, 3)")
