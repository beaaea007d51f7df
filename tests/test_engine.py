"""The backward walk: sums, order, depth, memory, un-broadcasting, and rules that misbehave."""

import contextlib
import gc
import itertools
import time
import tracemalloc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import node as nodes


def leaf(data, dtype=np.float64):
    return mg.tensor(np.array(data, dtype), requires_grad=True)


def operation(forward, *rules):
    """A new operation with these derivative rules."""
    fn = mg.primitive(forward)
    mg.defvjp(fn, *rules)
    return fn


# Sums over every use.


def test_both_edges_of_one_operand_count():
    a = leaf(3.0)
    (a * a).backward()
    assert a.grad.item() == 6.0


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x + x + x, 3.0),
        (lambda x: x - x, 0.0),
        (lambda x: np.sin(x) * np.sin(x), 2 * np.sin(2.0) * np.cos(2.0)),
        (lambda x: (h := x * 3) * h + h, 9 * 2 * 2.0 + 3),
        (lambda x: np.sum(np.stack([x] * 10)), 10.0),
        (lambda x: x, 1.0),
    ],
)
@pytest.mark.parametrize("create_graph", [False, True])
def test_every_use_adds_to_the_gradient(f, expected, create_graph):
    x = leaf(2.0)
    f(x).backward(create_graph=create_graph)
    assert x.grad.item() == pytest.approx(expected, rel=1e-14)


def test_unused_branches_cost_nothing():
    @mg.primitive
    def never(x):
        return x + 0

    mg.defvjp(never, lambda g, y, x: pytest.fail("this branch is not part of the output"))
    x = leaf(2.0)
    h = x * x
    unused = [never(h), never(x) * h]
    (h * 3).backward()
    assert x.grad.item() == 12.0
    assert all(branch.requires_grad for branch in unused)


def test_a_rule_runs_once_for_each_use_after_its_sum_is_complete():
    seen = []
    probe = operation(lambda x: x * 1, lambda g, y, x: seen.append(float(g)) or g)
    h = probe(leaf(1.0))
    (h * 2 + np.sin(h * 0) + (h - h * 5)).backward()
    assert seen == [2 + 0 + 1 - 5]


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "join", [lambda y: (y + y) * 0.5, lambda y: y * 0.25 + y * 0.75, lambda y: np.maximum(y, y)]
)
def test_a_chain_of_diamonds_takes_linear_time(join, create_graph):
    """2^60 paths from the output to the leaf."""
    x = y = leaf(1.0)
    for _ in range(60):
        y = join(y)
    start = time.perf_counter()
    (g,) = mg.grad([y], [x], create_graph=create_graph)
    assert time.perf_counter() - start < 1
    assert g.item() == 1.0


def test_the_order_of_calls_decides_and_not_the_order_of_edges():
    """A node far from the output but newer than the nearer one must wait for nothing."""
    x = leaf(2.0)
    early = x * 2
    late = np.exp(early * 0.5) * early
    y = early + late
    y.backward()
    e = np.exp(2.0)
    assert x.grad.item() == pytest.approx(2 + 2 * e + 4 * e, rel=1e-14)


# Depth and width.

MILLION = 1_000_000


def chain(length):
    x = leaf(1.0)
    y = x
    for _ in range(length):
        y = y + 1.0
    return x, y


def test_a_chain_of_a_million_operations():
    x, y = chain(MILLION)
    assert y.item() == MILLION + 1
    y.backward()
    assert x.grad.item() == 1.0
    del y


def test_a_chain_of_a_million_operations_is_deleted_unwalked():
    _, y = chain(MILLION)
    alive = weakref.ref(y)
    saved = weakref.ref(y.node.args[0])
    del y
    assert alive() is None
    assert saved() is None


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_long_chain_with_retained_and_recorded_passes(create_graph):
    x, y = chain(20_000)
    y.backward(retain_graph=True, create_graph=create_graph)
    y.backward(create_graph=create_graph)
    assert x.grad.item() == 2.0
    x.grad = None
    del y


def test_a_leaf_that_is_used_at_every_depth():
    x = leaf(1.0)
    y = x * 0.0
    for _ in range(50_000):
        y = y + x
    y.backward()
    assert x.grad.item() == 50_000.0


@pytest.mark.parametrize("join", [np.concatenate, np.stack])
def test_an_operation_with_many_operands(join):
    xs = [leaf([float(i)]) for i in range(1000)]
    (join(xs) * 2).sum().backward()
    assert all(x.grad.tolist() == [2.0] for x in xs)


def test_a_deep_graph_with_a_wide_fan_in():
    x = leaf([1.0, 2.0])
    y = x
    for _ in range(30):
        y = np.mean(np.stack([y * k for k in (0.5, 1.0, 1.5)] * 20), axis=0)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.data, [1.0, 1.0], rtol=1e-12)


# Un-broadcasting and dtypes.


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((), (2, 3)),
        ((1,), (2, 3)),
        ((3,), (2, 3)),
        ((1, 3), (2, 3)),
        ((2, 1), (2, 3)),
        ((1, 1), (2, 3)),
        ((2, 1, 3), (4, 1)),
        ((1,), ()),
        ((1, 1, 1), (1,)),
        ((), ()),
        ((0,), (1,)),
        ((1,), (2, 0)),
        ((), (0,)),
        ((0, 1), (1, 3)),
        ((3, 0, 1), (1, 2)),
    ],
)
@pytest.mark.parametrize("create_graph", [False, True])
def test_gradients_have_their_operands_shape(a, b, create_graph):
    x, y = leaf(np.full(a, 2.0)), leaf(np.full(b, 3.0))
    result = x * y
    gx, gy = mg.grad([result], [x, y], [np.ones(result.shape)], create_graph=create_graph)
    for g, operand, other in ((gx, x, 3.0), (gy, y, 2.0)):
        uses = result.size / operand.size if operand.size else 0
        assert type(g.data) is np.ndarray
        np.testing.assert_array_equal(g.data, np.full(operand.shape, other * uses), strict=True)


FLOATS = [np.float16, np.float32, np.float64, np.longdouble]


@pytest.mark.parametrize("b", FLOATS)
@pytest.mark.parametrize("a", FLOATS)
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "f", [lambda x, y: x * y + x, lambda x, y: x @ y, lambda x, y: np.concatenate([x, y])]
)
def test_gradients_have_their_operands_dtype(f, a, b, create_graph):
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]], a), leaf([[0.5, 0.5], [1.5, 1.0]], b)
    z = f(x, y)
    assert z.dtype == np.result_type(a, b)
    z.sum().backward(create_graph=create_graph)
    assert (x.grad.dtype, y.grad.dtype) == (np.dtype(a), np.dtype(b))


@pytest.mark.parametrize("other", [np.float64(2), np.int64(2), np.array([2, 3]), [2.0, 3.0], True])
def test_other_operands_do_not_change_a_gradients_dtype(other):
    x = leaf([1.0, 2.0], np.float32)
    for y in (x * other, other - x, np.hypot(x, other), np.where([True, False], x, other)):
        x.grad = None
        y.sum().backward()
        assert x.grad.dtype == np.float32


def test_a_byte_order_is_part_of_the_dtype():
    x = leaf([1.0, 2.0], ">f4")
    (x * x).sum().backward()
    assert x.grad.dtype == x.dtype
    assert x.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    "seed",
    [
        [1.0, 2.0],
        [1, 2],
        (1.0, 2.0),
        np.array([1.0, 2.0], np.float64),
        np.array([1, 2], np.int8),
        np.array([1.0, 2.0], np.float16),
        mg.tensor(np.array([1.0, 2.0])),
    ],
    ids=repr,
)
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_seed_is_cast_to_its_outputs_dtype(seed, create_graph):
    x = leaf([3.0, 4.0], np.float32)
    np.positive(x * 1).backward(seed, create_graph=create_graph)
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [1.0, 2.0]


# Whose array a gradient is.

PASSING_ON = {  # operations whose rules return g itself, a view of it, or a read-only array
    "leaf": lambda x: x,
    "add": lambda x: x + 0.0,
    "positive": lambda x: +x,
    "reshape": lambda x: x.reshape(3, 2).reshape(2, 3),
    "transpose": lambda x: x.T.T,
    "view": lambda x: x[...],
    "broadcast": lambda x: np.broadcast_to(x, (2, 3)),
    "copy": lambda x: x.copy(),
    "twice": lambda x: x + x,
    "own rule": operation(lambda x: x + 0.0, lambda g, y, x: np.broadcast_to(g, x.shape)),
}


@pytest.mark.parametrize("f", PASSING_ON.values(), ids=PASSING_ON)
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_is_nobody_elses_array(f, create_graph):
    x, other = leaf(np.arange(6.0).reshape(2, 3)), leaf(np.ones((2, 3)))
    seed = mg.tensor(np.ones((2, 3)))
    h = f(x)
    y = h + other
    saved = [a for t in (h, y) if not t.is_leaf for a in (*t.node.args, t.node.value)]
    found = mg.grad([y], [x, other, h], [seed], create_graph=create_graph)[: 2 + (h is not x)]
    for g in found:
        assert type(g.data) is np.ndarray
        assert g.data.flags.writeable
    held = [seed.data, x.data, other.data, *(a for a in saved if isinstance(a, np.ndarray))]
    for a, b in [*itertools.combinations([g.data for g in found], 2)] + [
        (g.data, b) for g in found for b in held
    ]:
        assert not np.shares_memory(a, b)
    assert seed.tolist() == np.ones((2, 3)).tolist()


@pytest.mark.parametrize("f", PASSING_ON.values(), ids=PASSING_ON)
@pytest.mark.parametrize("create_graph", [False, True])
def test_the_seed_of_backward_is_not_kept(f, create_graph):
    x = leaf(np.ones((2, 3)))
    seed = mg.tensor(np.ones((2, 3)))
    f(x).backward(seed, create_graph=create_graph)
    gradient = x.grad.tolist()
    assert x.grad is not seed
    seed += 5
    assert x.grad.tolist() == gradient


def read_only(g, kept):
    return np.broadcast_to(np.float64(1), g.shape)


def view(g, kept):
    return g[...]


def constant(g, kept):
    return kept


HANDED_OUT = pytest.mark.parametrize("returned", [read_only, view, constant])


@HANDED_OUT
@pytest.mark.parametrize("uses", [1, 2, 3])
def test_what_a_rule_hands_out_is_not_written_to(returned, uses):
    """A rule may return an array that it does not own; here all of them hold ones."""
    kept = np.ones(2)
    same = operation(lambda x: x * 1.0, lambda g, y, x: returned(g, kept))
    x = leaf(np.ones(2))
    h = x * 1.0
    outputs = [same(h) for _ in range(uses)]
    total = sum(outputs[1:], outputs[0])
    seed = np.ones(2)
    (gh,) = mg.grad([total], [h], [seed], retain_graph=True)
    (gx,) = mg.grad([total], [x], [seed])
    assert gh.tolist() == gx.tolist() == [uses, uses]
    for a in (kept, seed, h.data, *(y.data for y in outputs)):
        assert a.tolist() == [1.0, 1.0]
        assert not any(np.shares_memory(g.data, a) for g in (gh, gx))


@HANDED_OUT
def test_one_array_as_the_cotangent_of_two_arguments(returned):
    kept = np.ones(2)
    both = operation(lambda a, b: a + b, *[lambda g, y, a, b: returned(g, kept) for _ in range(2)])
    a, b = leaf([1.0, 1.0]), leaf([1.0, 1.0])
    h = a * 1.0
    k = b * 1.0
    (both(h, k) + both(h, h)).backward(np.ones(2))
    assert a.grad.tolist() == [3.0, 3.0]
    assert b.grad.tolist() == [1.0, 1.0]
    assert not np.shares_memory(a.grad.data, b.grad.data)


@pytest.mark.parametrize("shape", [(), (1,), (2,)])
def test_earlier_gradients_stay_what_they_were(shape):
    x = leaf(np.ones(shape))
    (x * 2).sum().backward()
    first, array = x.grad, x.grad.data
    (x * 3).sum().backward()
    assert x.grad is not first
    assert first.data is array
    np.testing.assert_array_equal(array, np.full(shape, 2.0))
    np.testing.assert_array_equal(x.grad.data, np.full(shape, 5.0))


# Rules that misbehave.


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("returned", "described"),
    [
        (lambda g: g[:2], r"\(2,\)"),
        (lambda g: g.sum(), r"\(\)"),
        (lambda g: g.reshape(3, 1), r"\(3, 1\)"),
        (lambda g: np.stack([g, g], -1), r"\(3, 2\)"),
    ],
)
def test_a_rule_of_another_shape_is_named_with_its_argument(returned, described, create_graph):
    scaled = operation(
        lambda a, b: a * b, lambda g, y, a, b: g * b, lambda g, y, a, b: returned(g * a)
    )
    scaled.__name__ = "scaled"
    y = scaled(leaf([1.0, 2.0, 3.0]), leaf([4.0, 5.0, 6.0]))
    message = rf"rule of scaled in argument 1 returned shape {described}.*shape \(3,\)"
    with pytest.raises(ValueError, match=message):
        y.sum().backward(create_graph=create_graph)


@pytest.mark.parametrize(
    "rule",
    [lambda g, y, x: None, lambda g, y, x: 1.0, lambda g, y, x: [1.0, 1.0], lambda g, y, x: "g"],
    ids=["None", "number", "list", "text"],
)
def test_a_rule_that_returns_no_array_is_named(rule):
    @mg.primitive
    def scaled(x):
        return x * 1.0

    mg.defvjp(scaled, rule)
    with pytest.raises((TypeError, ValueError), match="rule of scaled in argument 0"):
        scaled(leaf([1.0, 2.0])).sum().backward()


def test_a_rule_may_return_a_numpy_scalar():
    x = leaf(2.0)
    same = operation(lambda x: x * 1.0, lambda g, y, x: np.float64(3.0))
    same(x).backward()
    assert type(x.grad.data) is np.ndarray
    assert x.grad.item() == 3.0


def test_an_exception_in_a_rule_passes_through():
    def rule(g, y, x):
        raise LookupError("inside the rule")

    faulty = operation(lambda x: x * 1.0, rule)
    x = leaf(2.0)
    with pytest.raises(LookupError, match="inside the rule"):
        (faulty(x) * 2).backward()
    assert x.grad is None
    (x * x).backward()  # the engine is as good as new
    assert x.grad.item() == 4.0


def test_an_operand_that_the_rules_leave_out_is_not_silently_dropped():
    scaled = operation(lambda x, k: x * k, lambda g, y, x, k: g * k)
    x, k = leaf(2.0), leaf(3.0)
    assert mg.grad(scaled(x, 3.0), x).item() == 3.0
    with pytest.raises(TypeError, match="<lambda>.*argument 1"):
        scaled(x, k).backward()


def test_none_says_that_an_argument_has_no_derivative():
    scaled = operation(lambda x, k: x * k, lambda g, y, x, k: g * k, None)
    x, k = leaf(2.0), leaf(3.0)
    scaled(x, k).backward()
    assert (x.grad.item(), k.grad) == (3.0, None)


@pytest.mark.parametrize("count", [2, 3])
def test_several_results_of_an_operation_are_refused(count):
    @mg.primitive
    def parts(x):
        return (x,) * count

    mg.defvjp(parts, lambda g, y, x: g)
    with pytest.raises(TypeError, match=f"parts returned {count} results"):
        parts(leaf(1.0))


@pytest.mark.parametrize(
    "define",
    [
        lambda fn: mg.primitive(3),
        lambda fn: mg.primitive(None),
        lambda fn: mg.defvjp(fn),
        lambda fn: mg.defvjp(fn, None),
        lambda fn: mg.defvjp(fn, lambda g, y, x: g, 3),
        lambda fn: mg.defvjp(fn, np.ones(2)),
        lambda fn: mg.defvjp(len, lambda g, y, x: g),
        lambda fn: mg.defvjp(lambda x: x, lambda g, y, x: g),
        lambda fn: mg.defvjp("tanh", lambda g, y, x: g),
    ],
    ids=[
        "primitive of a number",
        "primitive of None",
        "no rule",
        "no rule but None",
        "a rule that is a number",
        "a rule that is an array",
        "of a builtin",
        "of a plain function",
        "of a name",
    ],
)
def test_a_definition_that_cannot_work_is_refused(define):
    with pytest.raises(TypeError):
        define(mg.primitive(lambda x: x * 1.0))


def test_a_primitive_without_a_rule_says_so():
    @mg.primitive
    def cube(x):
        return x**3

    assert cube(2) == 8
    np.testing.assert_array_equal(cube(np.array([1.0, 2.0])), [1.0, 8.0])
    with pytest.raises(TypeError, match=r"cube has no derivative rule.*mg\.defvjp"):
        cube(leaf(2.0))


@pytest.mark.parametrize("call", [lambda f, x: f(x, k=x), lambda f, x: f(x=x), lambda f, x: f([x])])
def test_a_tensor_where_a_primitive_does_not_look_for_it(call):
    def forward(x, k=1.0):
        return np.asarray(x) * k

    fn = operation(forward, lambda g, y, x, k=1.0: g * k)
    with pytest.raises(TypeError):
        call(fn, leaf([2.0]))


# Errors of use.


@pytest.mark.parametrize("again", [lambda y: y.backward(), lambda y: (y * 2).backward()])
def test_a_second_backward_needs_retain_graph(again):
    x = leaf(2.0)
    y = np.sin(x)
    y.backward()
    message = r"backward through sin: its saved values were freed.*retain_graph=True"
    with pytest.raises(RuntimeError, match=message):
        again(y)
    assert x.grad.item() == np.cos(2.0)


def test_a_shared_part_that_was_freed():
    x = leaf(2.0)
    h = np.exp(x)
    a, b = h * 2, h * 3
    a.backward()
    with pytest.raises(RuntimeError, match="backward through exp: its saved values were freed"):
        b.backward()


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_retained_graph_can_be_walked_again(create_graph):
    x = leaf(2.0)
    y = x**3
    for k in range(1, 4):
        y.backward(retain_graph=True, create_graph=create_graph)
        assert x.grad.item() == 12.0 * k
    y.backward()
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


def test_a_leaf_that_died_needs_no_gradient():
    x = leaf(2.0)
    y = leaf(3.0) * x
    y.backward()
    assert x.grad.item() == 3.0


# Memory: reference counting frees every graph.


@contextlib.contextmanager
def without_collector():
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Graph:
    """A small network with weak references to everything that its graph saved."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.x = leaf(rng.normal(size=(3, 4)))
        self.w = leaf(rng.normal(size=(4, 2)))
        h = np.tanh(self.x @ self.w)
        self.y = (np.concatenate([h, h * h]).T[0] ** 3).mean()
        self.saved = self.saved_by(self.y)

    def saved_by(self, y):
        stack, seen, arrays = [y.node], set(), []
        while stack:
            node = stack.pop()
            if node in seen or node.is_leaf:
                continue
            seen.add(node)
            arrays += [a for a in (*node.args, node.value) if isinstance(a, np.ndarray)]
            stack += [p for p in node.parents if p is not None]
        mine = (self.x.data, self.w.data)
        return [weakref.ref(a) for a in arrays if not any(a is m for m in mine)]

    @property
    def alive(self):
        return sum(ref() is not None for ref in self.saved)


def test_a_graph_is_freed_by_backward_although_its_output_lives():
    with without_collector():
        graph = Graph()
        assert graph.alive == len(graph.saved) > 10
        graph.y.backward()
        assert graph.alive <= 1  # the output's own array
        assert gc.collect() == 0


@pytest.mark.parametrize(
    "use",
    [
        lambda g: None,
        lambda g: g.y.backward(),
        lambda g: g.y.backward(retain_graph=True),
        lambda g: mg.grad(g.y, [g.x, g.w]),
        lambda g: g.y.retain_grad(),
        lambda g: g.y.register_hook(lambda v: v * 2),
        lambda g: (g.y.register_hook(lambda v: v * 2), g.y.backward()),
        lambda g: (g.y.retain_grad(), g.y.backward()),
        lambda g: mg.grad(mg.grad(g.y, g.x, create_graph=True).sum(), g.w),
        lambda g: (g.x.register_hook(lambda v: None), g.y.backward(create_graph=True)),
        lambda g: g.y.detach().sum(),
        lambda g: repr(g.y) + g.y._repr_html_(),
    ],
    ids=[
        "nothing",
        "backward",
        "retain",
        "grad",
        "retain_grad",
        "hook",
        "hook and backward",
        "retain_grad and backward",
        "second order",
        "create_graph with a hook",
        "detach",
        "printing",
    ],
)
def test_a_graph_is_freed_with_its_output(use):
    with without_collector():
        graph = Graph()
        use(graph)
        graph.x.grad = graph.w.grad = None
        del graph.y
        assert graph.alive == 0
        assert gc.collect() == 0


def test_a_graph_of_gradients_is_freed_with_them():
    with without_collector():
        graph = Graph()
        graph.y.backward(create_graph=True)
        saved = graph.saved_by(graph.x.grad)
        del graph.y
        assert any(ref() is not None for ref in saved)  # the gradients hold it
        graph.x.grad = graph.w.grad = None
        assert [ref for ref in saved if ref() is not None] == []
        assert gc.collect() == 0


def test_leaves_with_recorded_gradients_are_no_cycle():
    with without_collector():
        graph = Graph()
        graph.y.backward(create_graph=True)
        x = weakref.ref(graph.x)
        del graph.y, graph.x, graph.w
        assert x() is None
        assert graph.alive == 0
        assert gc.collect() == 0


def test_a_leaf_whose_data_were_replaced_is_no_cycle():
    with without_collector():
        w = leaf([1.0, 2.0])
        handle = weakref.ref(w)
        w.data = np.ones(2)
        (w * w).sum().backward()
        del w
        assert handle() is None
        assert gc.collect() == 0


def test_a_graph_is_freed_after_an_exception_in_the_forward_pass():
    def forward(kept):
        graph = Graph()
        kept += [graph.saved, weakref.ref(graph.y)]
        return graph.y * np.concatenate([graph.x, leaf(np.ones((2, 2)))])

    with without_collector():
        kept = []
        try:
            forward(kept)
        except ValueError as error:
            assert "concatenate" in str(error)
        else:
            pytest.fail("the shapes do not fit")
        saved, output = kept
        assert output() is None
        assert [ref for ref in saved if ref() is not None] == []
        assert gc.collect() == 0


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("place", ["rule", "hook"])
def test_a_graph_is_freed_after_an_exception_in_the_backward_pass(place, create_graph):
    def fail(*args):
        raise LookupError("on purpose")

    faulty = operation(lambda x: x * 1.0, fail)
    with without_collector():
        graph = Graph()
        y = faulty(graph.y) * 2 if place == "rule" else graph.y * 2
        if place == "hook":
            graph.y.register_hook(fail)
        try:
            y.backward(create_graph=create_graph)
        except LookupError:
            pass
        else:
            pytest.fail("the rule raises")
        del y, graph.y
        assert graph.alive == 0
        assert gc.collect() == 0


def test_a_small_part_of_a_result_does_not_keep_what_was_freed():
    x = leaf(np.ones(1000))
    with without_collector():
        h = np.exp(x)
        big = weakref.ref(h.data)
        y = h.sum()
        del h
        y.backward()
        assert big() is None


def train(parameters, x, t, steps):
    w1, b1, w2 = parameters
    for _ in range(steps):
        loss = ((np.tanh(x @ w1 + b1) @ w2 - t) ** 2).mean()
        loss.backward()
        with mg.no_grad():
            for p in parameters:
                p -= 0.01 * p.grad
                p.grad = None
    return loss.item()


def test_memory_stays_flat_over_20_000_training_steps():
    rng = np.random.default_rng(0)
    parameters = [leaf(rng.normal(size=s), np.float32) for s in ((2, 4), (4,), (4, 1))]
    x, t = rng.normal(size=(8, 2)).astype(np.float32), np.ones((8, 1), np.float32)
    with without_collector():
        tracemalloc.start()  # it sees NumPy's arrays too
        try:
            first = train(parameters, x, t, 1000)
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            last = train(parameters, x, t, 20_000)
            after, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert gc.collect() == 0
    assert last < first
    assert abs(after - before) < 10_000  # bytes
    assert peak - before < 100_000


def test_the_numbers_of_nodes_rise():
    """Newer than its parents: the order in which the backward walk visits the nodes."""
    x = leaf(1.0)
    y = np.sin(x) * x
    sine = y.node.parents[0]
    assert x.node.number < sine.number < y.node.number < nodes.next_number()
    assert (sine.name, y.node.name, x.node.name) == ("sin", "multiply", "leaf of shape ()")
    assert list(sine.parents) == [x.node]
    assert y.node.args[1] is x.data
