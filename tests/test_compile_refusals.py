"""What a program could not repeat is refused, at the user's line, and nothing has changed then."""

import inspect
import itertools
import random
import types

import numpy as np
import pytest
from compiled_runs import Run, bits

import minigrad as mg
from minigrad import nn, optim
from minigrad.compiler import RecordingError

X = np.arange(6, dtype=np.float32).reshape(2, 3)
COUNTER = 0
HISTORY = []
LOADED = np.ones(3)
LEGACY = np.random.RandomState(0)
RNG = np.random.default_rng(0)
PYTHON = random.Random(0)
ITERATOR = iter([1.0, 2.0, 3.0])
OUTER = mg.tensor([1.0, 2.0, 3.0], requires_grad=True) * 2
BOX = types.SimpleNamespace(count=0, rng=np.random.PCG64(0))
SEEN = {"a"}


def assigns_a_global(x):
    global COUNTER
    COUNTER += 1
    return x


def makes_a_global(x):
    global NEW_NAME
    NEW_NAME = x
    return x


def assigns_nonlocal():
    count = 0

    def fn(x):
        nonlocal count
        count += 1
        return x * count

    return fn


def numbers():
    yield 1.0
    yield 2.0


GENERATOR = numbers()


def branches(x):
    t = mg.Tensor(x)
    if t.sum():
        return t
    return -t


def loops(x):
    while x.sum() > 0:
        x = x - 1
    return x


def draws_and_branches(x):
    return x if RNG.random() < 0.5 else -x


def writes_after_use(x):
    table = np.zeros(3, np.float32)
    y = x + table
    table[0] = 1
    return y + table


def assigns_element(x):
    out = np.zeros(3, np.float32)
    out[0] = x.sum()
    return out


def deletes_key(x):
    BOX.__dict__["other"] = 1
    return x


T = mg.Tensor
REFUSED = {
    "float": lambda x: float(T(x).sum()),
    "float of an array": lambda x: float(x.sum()),
    "int": lambda x: int(T(x).sum()),
    "bool": lambda x: bool(T(x).sum()),
    "if": branches,
    "while": loops,
    "and": lambda x: (x.sum() > 0 and x) or -x,
    "item": lambda x: T(x).sum().item(),
    "item of an array": lambda x: x.sum().item(),
    "tolist": lambda x: T(x).tolist(),
    "numpy": lambda x: T(x).numpy(),
    "asarray": lambda x: np.asarray(T(x)),
    "asarray of an array": lambda x: np.asarray(x),
    "asarray of a parameter": lambda x: np.asarray(LOADED) + x,
    "format": lambda x: f"{T(x).sum():.2f}",
    "in": lambda x: 1.0 in x,
    "in a tensor": lambda x: 1.0 in T(x),
    "max of Python": lambda x: max(T(x)[0]),
    "a mask": lambda x: x[x > 1],
    "a mask of a tensor": lambda x: T(x)[x > 1],
    "assigning by a mask": lambda x: x.__setitem__(x > 1, 0.0),
    "nonzero": lambda x: np.nonzero(x),
    "unique": lambda x: np.unique(x),
    "where": lambda x: np.where(x > 1),
    "argwhere of a tensor": lambda x: np.argwhere(T(x)),
    "repeat": lambda x: np.repeat(x, x[0].astype(np.int64), axis=1),
    "a slice": lambda x: x[: x[0, 0].astype(np.int64)],
    "a range": lambda x: range(np.argmax(x)),
    "a global": assigns_a_global,
    "a new global": makes_a_global,
    "a nonlocal": assigns_nonlocal(),
    "a list": lambda x: HISTORY.append(x.sum()),
    "a set": lambda x: SEEN.add("b"),
    "an attribute": lambda x: setattr(BOX, "count", BOX.count + 1),
    "a new attribute": deletes_key,
    "np.random": lambda x: x + np.random.rand(),
    "random": lambda x: x + random.random(),
    "RandomState": lambda x: x + LEGACY.rand(),
    "Random": lambda x: x + PYTHON.random(),
    "a bit generator": lambda x: x + np.random.Generator(BOX.rng).random(),
    "a random branch": draws_and_branches,
    "shuffle": lambda x: RNG.shuffle(x),
    "next": lambda x: x + next(ITERATOR),
    "iterating": lambda x: sum(a * x for a in ITERATOR),
    "a Python generator": lambda x: x + next(GENERATOR),
    "a graph from outside": lambda x: OUTER * x,
    "an array that is filled": assigns_element,
    "a table that changes": writes_after_use,
    "copyto": lambda x: np.copyto(LOADED, x[0]),
    "add.at": lambda x: np.add.at(LOADED, [0, 0], x[0, 0]),
    "fill_diagonal": lambda x: np.fill_diagonal(x, 1),
    "out=": lambda x: np.add(x, 1, out=np.empty((2, 3), np.float32)),
    "out= of a function": lambda x: np.clip(x, 0, 1, out=x),
    "returning an object": lambda x: types.SimpleNamespace(x=x),
    "returning an iterator": lambda x: iter([x]),
}


def lines_of(fn):
    lines, first = inspect.getsourcelines(fn)
    return range(first, first + len(lines))


@pytest.mark.parametrize("name", REFUSED)
def test_refused_at_the_users_line(name):
    before = bits([X, LOADED, HISTORY, COUNTER, sorted(SEEN), vars(BOX).keys(), BOX.count])
    states = np.random.get_state()[1].copy(), random.getstate(), PYTHON.getstate()
    fn = REFUSED[name]
    compiled = mg.compile(fn)
    for _ in range(2):
        with pytest.raises(RecordingError) as caught:
            compiled(X.copy())
    file, _, rest = str(caught.value).partition(", line ")
    assert file == __file__
    assert int(rest.partition(":")[0]) in lines_of(fn)
    assert compiled.cache_info().currsize == 0

    assert bits([X, LOADED, HISTORY, COUNTER, sorted(SEEN), vars(BOX).keys(), BOX.count]) == before
    assert "NEW_NAME" not in globals()
    assert np.array_equal(np.random.get_state()[1], states[0])
    assert (random.getstate(), PYTHON.getstate()) == states[1:]


def test_iterators_were_not_advanced():
    assert next(ITERATOR) == 1.0
    assert next(GENERATOR) == 1.0


class Net(nn.Module):
    """Whatever there is to change."""

    def __init__(self):
        self.fc = nn.Linear(3, 3, rng=np.random.default_rng(0))
        self.dropout = nn.Dropout(0.5, rng=np.random.default_rng(0))
        self.register_buffer("mean", np.zeros(3, np.float32))
        self.calls = 0
        self.numbers = itertools.count()
        self.history = []

    def forward(self, x):
        h = self.dropout(self.fc(x))
        self.mean = 0.9 * self.mean + 0.1 * h.data.mean(axis=0)
        return h


def training():
    net = Net()
    optimizer = optim.Adam(net.named_parameters())
    generator = np.random.default_rng(1)
    table = np.zeros(3)
    counts = [0]

    def step(x, fault=None):
        loss = (net(x) ** 2).mean() + generator.random()
        table[...] += 1
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if fault is not None:
            fault(loss, net, counts)
        return loss

    return Run(step, [net], [optimizer], arrays=[table], generators=[generator])


def mean_of_another_dtype(loss, net, counts):
    net.mean = net.mean.astype(np.float64)


FAULTS = {
    "float": lambda loss, net, counts: float(loss),
    "a counter": lambda loss, net, counts: setattr(net, "calls", net.calls + 1),
    "a new attribute": lambda loss, net, counts: setattr(net, "last", loss),
    "an attribute less": lambda loss, net, counts: delattr(net, "calls"),
    "a list": lambda loss, net, counts: net.history.append(loss),
    "a list around": lambda loss, net, counts: counts.append(1),
    "a buffer's dtype": mean_of_another_dtype,
    "an iterator": lambda loss, net, counts: next(net.numbers),
    "training mode": lambda loss, net, counts: net.eval(),
    "data of another shape": lambda loss, net, counts: setattr(
        net.fc.bias, "data", np.zeros((1, 3), np.float32)
    ),
    "an error of its own": lambda loss, net, counts: 1 / 0,
}


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_has_changed(fault, trained):
    run = training()
    compiled = mg.compile(run.step)
    if trained:
        compiled(X)
        compiled(X)
    net = run.modules[0]
    before, attributes = bits(run.state()), dict(vars(net))
    error = ZeroDivisionError if fault == "an error of its own" else RecordingError
    with pytest.raises(error):
        compiled(X, FAULTS[fault])
    assert bits(run.state()) == before
    assert vars(net) == attributes
    assert net.history == [] and net.calls == 0
    assert all(type(p.data) is np.ndarray for p in net.parameters())

    eager = training()  # goes on as if nothing had been
    for _ in range(2 * trained):
        eager.step(X)
    for _ in range(3):
        assert bits(compiled(X)) == bits(eager.step(X))
        assert bits(run.state()) == bits(eager.state())


def test_a_stand_in_that_was_kept():
    kept = []

    class Keeper:
        def __setattr__(self, name, value):
            kept.append(value)

    keeper = Keeper()

    def fn(x):
        keeper.last = x
        return x

    with pytest.raises(RecordingError):
        mg.compile(fn)(X)
    for a in kept:
        with pytest.raises(RecordingError, match="kept after"):
            a + 1


def test_writing_between_forward_and_backward_is_seen():
    w = nn.Parameter(np.ones(3))
    optimizer = optim.SGD([w], lr=0.1)

    def step():
        loss = (w * w).sum()
        loss.backward(retain_graph=True)
        optimizer.step()
        loss.backward()

    for fn in (step, mg.compile(step)):
        w.grad = None
        with pytest.raises(RuntimeError, match="changed in place"):
            fn()


def test_a_read_only_argument_that_is_written_to():
    def fn(x):
        x += 1
        return x

    compiled = mg.compile(fn)
    x = np.zeros(3)
    compiled(x)
    compiled(x)
    assert x.tolist() == [2, 2, 2]
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        compiled(x)
    assert x.tolist() == [2, 2, 2]


def test_writing_numbers_of_another_kind():
    def fn(x):
        x += 0.5
        return x

    for f in (fn, mg.compile(fn)):
        with pytest.raises(TypeError, match="cannot|Cannot"):
            f(np.zeros(3, np.int64))


def test_a_function_without_a_rule():
    def fn(x):
        return np.spacing(mg.Tensor(x, requires_grad=True))

    for f in (fn, mg.compile(fn)):
        with pytest.raises(TypeError, match="no derivative rule"):
            f(X)
