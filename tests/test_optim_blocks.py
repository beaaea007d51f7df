"""Parameters in one buffer, updated block by block: however it is cut, the numbers are the same."""

import tracemalloc

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.compiler import BLOCK, UpdateRule
from minigrad.optim.blocks import Buffer

RULES = [optim.SGD, optim.Momentum, optim.Adam]
by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)


def unsplit(rule, theta, gradients, **hyper):
    """The update of the whole array at once, step after step."""
    hyper = {**rule([mg.Parameter([0.0])]).defaults, **hyper}
    del hyper["weight_decay"], hyper["maximize"]
    state = [np.zeros_like(theta) for _ in rule.slots]
    for t, g in enumerate(gradients, start=1):
        if g is not None:
            theta, *state = rule.update(theta, g, *state, t=t, **hyper)
    return theta, state


SIZES = {
    "one": [(1,)],
    "0-d": [(), (), ()],
    "empty": [(0, 3)],
    "empty first, between and last": [(0,), (3,), (2, 0), (), (0,)],
    "empty after a large one": [(BLOCK + 1,), (0,), (2,)],
    "empty after a full block": [(BLOCK,), (0,), (2,)],
    "a full block": [(BLOCK,)],
    "one too many": [(BLOCK + 1,)],
    "several blocks": [(3, BLOCK)],
    "several and a rest": [(2 * BLOCK + 5,)],
    "large between small": [(7,), (2, BLOCK - 3), (5, 5), ()],
    "fills a block together": [(BLOCK - 4,), (2, 2), (3,)],
    "overflows together": [(BLOCK - 4,), (5,), (BLOCK - 6,), (2,)],
    "many small ones": [(i % 5, 3) for i in range(400)],
}


@by_rule
@pytest.mark.parametrize("shapes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_cut_does_not_show(rule, shapes, dtype):
    rng = np.random.default_rng(0)

    def draw():
        return [rng.standard_normal(s).astype(dtype) for s in shapes]

    start, gradients = draw(), [draw() for _ in range(3)]
    parameters = [mg.Parameter(a) for a in start]
    optimizer = rule(parameters, lr=0.1)
    for step in gradients:
        for p, g in zip(parameters, step, strict=True):
            p.grad = mg.tensor(g)
        optimizer.step()
    entries = optimizer.state_dict()["state"].values()
    for p, a, gs, entry in zip(
        parameters, start, zip(*gradients, strict=True), entries, strict=True
    ):
        theta, state = unsplit(rule, a, gs, lr=0.1)
        assert (p.shape, p.dtype) == (a.shape, dtype)
        np.testing.assert_array_equal(p.data, theta)
        for slot, expected in zip(rule.slots, state, strict=True):
            np.testing.assert_array_equal(entry[slot], expected)
            assert (entry[slot].shape, entry[slot].dtype) == (a.shape, dtype)


@by_rule
def test_a_large_parameter_that_rests(rule):
    """Steps are counted, and the blocks are cut anew, around those that have no gradient."""
    rng = np.random.default_rng(0)
    shapes = [(3,), (BLOCK + 7,), (0,), (2, 2)]
    when = [(1, 1, 1, 1), (1, 0, 1, 1), (0, 1, 0, 0), (1, 1, 0, 1), (0, 0, 0, 1)]
    start = [rng.standard_normal(s) for s in shapes]
    parameters = [mg.Parameter(a) for a in start]
    gradients = [
        [rng.standard_normal(s) if on else None for s, on in zip(shapes, step, strict=True)]
        for step in when
    ]
    optimizer = rule(parameters, lr=0.1)
    for step in gradients:
        for p, g in zip(parameters, step, strict=True):
            p.grad = None if g is None else mg.tensor(g)
        optimizer.step()
    for p, a, gs in zip(parameters, start, zip(*gradients, strict=True), strict=True):
        theta, _ = unsplit(rule, a, [g for g in gs if g is not None], lr=0.1)
        np.testing.assert_array_equal(p.data, theta)
    assert [e["t"] for e in optimizer.state_dict()["state"].values()] == [3, 3, 2, 4]


@by_rule
def test_dtypes_are_kept_apart(rule):
    dtypes = [np.float64, np.float32, np.float16, np.float64, np.float32]
    parameters = [mg.Parameter(np.array([1.0, -2.0], d)) for d in dtypes]
    optimizer = rule(parameters, lr=0.125)
    for p in parameters:
        p.grad = mg.tensor(np.array([0.5, 3.0], p.dtype))
    optimizer.step()
    for p, dtype in zip(parameters, dtypes, strict=True):
        theta, state = unsplit(
            rule, np.array([1.0, -2.0], dtype), [np.array([0.5, 3.0], dtype)], lr=0.125
        )
        assert p.dtype == theta.dtype == dtype
        np.testing.assert_array_equal(p.data, theta)
    state = optimizer.state_dict()
    assert state["groups"][0]["params"] == [f"param{i}" for i in range(5)]
    for i, dtype in enumerate(dtypes):
        assert {state["state"][f"param{i}"][slot].dtype for slot in rule.slots} <= {np.dtype(dtype)}


def test_data_are_views_of_one_contiguous_buffer():
    shapes = [(2, 3), (), (0,), (4,)]
    arrays = [np.random.default_rng(0).standard_normal(s).astype(np.float32) for s in shapes]
    parameters = [mg.Parameter(a) for a in arrays]
    optimizer = optim.SGD(parameters)
    (buffer,) = optimizer.groups[0].units
    assert buffer.theta.shape == (11,)
    np.testing.assert_array_equal(buffer.theta, np.concatenate([a.ravel() for a in arrays]))
    buffer.theta[:] = np.arange(11)
    np.testing.assert_array_equal(parameters[0].data, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(parameters[1].data, 6)
    np.testing.assert_array_equal(parameters[3].data, [7, 8, 9, 10])
    for p in parameters:
        p.grad = mg.tensor(np.ones(p.shape, np.float32))
    optimizer.step()
    assert all(np.shares_memory(p.data, buffer.theta) or p.size == 0 for p in parameters)


def test_a_step_is_seen_by_whoever_holds_the_array():
    p = mg.Parameter([1.0, 2.0])
    optimizer = optim.SGD([p], lr=1.0)
    held = p.data
    p.grad = mg.tensor([1.0, 1.0])
    optimizer.step()
    np.testing.assert_array_equal(held, [0, 1])
    assert p.data is held


@pytest.mark.parametrize(
    "new",
    [np.array([5.0, 6.0]), np.array([5, 6]), np.array([5.0, 6.0], np.float32), [5.0, 6.0]],
    ids=["float64", "int64", "float32", "list"],
)
def test_replaced_data_are_honoured_and_not_written_to(new):
    p, other = mg.Parameter([1.0, 2.0]), mg.Parameter([3.0])
    optimizer = optim.Momentum([p, other], lr=1.0, momentum=0.5)
    for q in (p, other):
        q.grad = mg.tensor(np.ones(q.shape, np.float32))
    optimizer.step()
    p.data = new
    optimizer.step()
    np.testing.assert_array_equal(p.data, [3.5, 4.5])  # 5 - (0.5 + 1)
    assert p.dtype == np.float32
    assert other.item() == 0.5
    np.testing.assert_array_equal(new, [5, 6])


def test_replacing_data_is_a_write_that_an_older_graph_notices():
    """The buffer's memory, which the graph holds, gets the new values, though p makes no step."""
    p, q = mg.Parameter([1.0]), mg.Parameter([1.0])
    optimizer = optim.SGD([{"params": [p]}, {"params": [q]}])
    loss = (p * p).sum()
    p.data = np.array([5.0])
    q.grad = mg.tensor([1.0])
    optimizer.step()
    with pytest.raises(RuntimeError, match="multiply: .* was changed in place"):
        loss.backward()


@pytest.mark.parametrize(
    "new", [np.ones(1), np.array(1.0), np.ones((3, 2)), np.ones(4)], ids=lambda a: str(a.shape)
)
def test_replaced_data_of_another_shape_are_refused(new):
    p = mg.Parameter([1.0, 2.0])
    optimizer = optim.SGD([("w", p)])
    p.grad = mg.tensor([1.0, 1.0])
    p.data = new
    with pytest.raises(ValueError) as error:
        optimizer.step()
    assert str(error.value).startswith(
        "the data of parameter 'w' were of shape (2,) and float32, "
        f"and now are of shape {new.shape}"
    )


def test_parameters_that_rest_can_be_changed_too():
    """A step of some copies the new data of the others into the buffer as well."""
    p, q = mg.Parameter([1.0]), mg.Parameter([2.0])
    optimizer = optim.SGD([p, q], lr=1.0)
    q.data = np.array([7.0])
    p.grad = mg.tensor([1.0])
    optimizer.step()
    assert (p.item(), q.item()) == (0, 7)
    assert np.shares_memory(q.data, optimizer.groups[0].units[0].theta)


def test_data_that_are_not_contiguous():
    p = mg.Parameter([[1.0, 2.0], [3.0, 4.0]])
    p.data = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32).T
    optimizer = optim.SGD([p], lr=1.0)
    p.grad = mg.tensor(np.array([[0.0, 1.0], [2.0, 3.0]], np.float32).T)
    optimizer.step()
    np.testing.assert_array_equal(p.data, [[1, 1], [1, 1]])


@pytest.mark.parametrize(
    ("sizes", "blocks"),
    [
        ([3, 4, 5], 1),
        ([BLOCK], 1),
        ([BLOCK + 1], 2),
        ([3, 2 * BLOCK, 4], 4),
        ([BLOCK - 1, 1, 1], 2),
        ([1] * 1000, 1),
        ([0, 0], 0),
    ],
)
def test_how_many_blocks_a_step_takes(sizes, blocks):
    parameters = [mg.Parameter(np.zeros(n)) for n in sizes]
    rule = UpdateRule(lambda theta, g, t: (theta - g,), ())
    buffer = Buffer([str(i) for i in range(len(sizes))], parameters, rule, [])
    for p in parameters:
        p.grad = mg.tensor(np.ones(p.shape))
    assert buffer.step({}) == len(sizes)
    assert sum(len(run.blocks) for run in buffer.runs) == blocks
    np.testing.assert_array_equal(buffer.theta, np.full(sum(sizes), -1.0))


BY_ITSELF = {optim.Muon, optim.Adafactor, optim.LAMB}  # look at a parameter as a whole
# These look at the gradients of all parameters beside the update, decayed ones in memory anew.
UNDECAYED = {optim.HypergradientSGD, optim.HypergradientAdam}
ELEMENTWISE = [
    kind
    for name in optim.__all__
    if isinstance(kind := getattr(optim, name), type)
    and issubclass(kind, optim.Optimizer)
    and hasattr(kind, "update")
    and kind not in BY_ITSELF
]


@pytest.mark.parametrize("rule", ELEMENTWISE, ids=lambda rule: rule.__name__)
def test_a_step_takes_no_memory_beyond_the_state(rule):
    """After the first ones, which set the scratch memory for a block up."""
    p = mg.Parameter(np.ones(20 * BLOCK, np.float32))
    optimizer = rule([p], lr=1e-9, weight_decay=0.0 if rule in UNDECAYED else 0.1)
    p.grad = mg.tensor(np.full(20 * BLOCK, 1e-3, np.float32))
    for _ in range(10):
        optimizer.step()
    tracemalloc.start()  # it sees NumPy's arrays too
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for _ in range(3):
            optimizer.step()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < BLOCK * p.data.itemsize / 2
