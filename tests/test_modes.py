"""no_grad and enable_grad: nesting, exceptions, decorators, threads and async tasks."""

import asyncio
import threading

import pytest

import minigrad as mg

W = mg.tensor([1.0, 2.0], requires_grad=True)


def records():
    recorded = (W * W).requires_grad
    assert recorded == mg.is_grad_enabled()
    return recorded


def test_operations_are_recorded_unless_told_otherwise():
    assert records()
    with mg.no_grad():
        assert not records()
    assert records()


def test_nothing_that_was_recorded_before_is_lost():
    y = W * 3
    with mg.no_grad():
        assert y.requires_grad
        assert not (y * 2).requires_grad
        (g,) = mg.grad([y], [W], [[1.0, 1.0]])
    assert g.tolist() == [3.0, 3.0]


def test_leaves_can_be_made_under_no_grad():
    with mg.no_grad():
        w = mg.tensor(2.0, requires_grad=True)
        assert w.requires_grad
    (w * w).backward()
    assert w.grad.item() == 4.0


def test_modes_nest():
    seen = []
    with mg.no_grad():
        with mg.no_grad():
            seen.append(records())
        seen.append(records())
        with mg.enable_grad():
            seen.append(records())
            with mg.no_grad():
                seen.append(records())
            seen.append(records())
        seen.append(records())
    assert seen == [False, False, True, False, True, False]
    assert records()


def test_an_exception_restores_the_mode():
    with pytest.raises(KeyError), mg.no_grad():
        raise KeyError
    assert records()
    with mg.no_grad():
        with pytest.raises(KeyError), mg.enable_grad():
            raise KeyError
        assert not records()
    assert records()


def test_as_decorators():
    @mg.no_grad()
    def predict(scale, *, shift=0.0):
        """Documented."""
        assert not records()
        return with_gradient(scale) + shift

    @mg.enable_grad()
    def with_gradient(scale):
        assert records()
        return W * scale

    y = predict(2.0, shift=1.0)
    assert y.tolist() == [3.0, 5.0]
    assert not y.requires_grad  # the sum was made under no_grad
    assert (predict.__name__, predict.__doc__) == ("predict", "Documented.")
    assert predict(3.0).tolist() == [3.0, 6.0]  # a second call
    assert records()


def test_a_decorated_function_which_raises_restores_the_mode():
    @mg.no_grad()
    def fail():
        raise KeyError("inside")

    for _ in range(2):
        with pytest.raises(KeyError, match="inside"):
            fail()
        assert records()


def test_a_decorated_function_may_call_itself():
    @mg.no_grad()
    def countdown(n):
        assert not records()
        return countdown(n - 1) if n else records()

    assert countdown(5) is False
    assert records()


def in_thread(fn):
    results = []
    thread = threading.Thread(target=lambda: results.append(fn()))
    thread.start()
    thread.join(10)
    return results[0]


def test_a_thread_has_its_own_mode():
    entered, checked = threading.Event(), threading.Event()

    def worker():
        with mg.no_grad():
            entered.set()
            checked.wait(10)
            return records()

    results = []
    thread = threading.Thread(target=lambda: results.append(worker()))
    thread.start()
    assert entered.wait(10)
    assert records()  # while the other thread is under no_grad
    with mg.no_grad(), mg.enable_grad():
        checked.set()
        thread.join(10)
    assert results == [False]
    with mg.no_grad():
        assert in_thread(lambda: mg.enable_grad()(records)())
        assert not records()


def test_threads_differentiate_side_by_side():
    def work(i):
        w = mg.tensor(float(i), requires_grad=True)
        for _ in range(200):
            w.grad = None
            y = w
            for _ in range(5):
                y = y * w
            with mg.no_grad():
                assert not (w * w).requires_grad
            y.backward()
            results[i] = w.grad.item()

    results = {}
    threads = [threading.Thread(target=work, args=(i,)) for i in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == {i: 6.0 * i**5 for i in range(1, 5)}


def test_async_tasks_have_their_own_mode():
    async def task(mode, turns):
        seen = []
        with mode():
            for _ in range(turns):
                await asyncio.sleep(0)
                seen.append(records())
        await asyncio.sleep(0)
        return seen, records()

    async def main():
        return await asyncio.gather(task(mg.no_grad, 4), task(mg.enable_grad, 6))

    (without, after_without), (with_grad, after_with) = asyncio.run(main())
    assert (without, with_grad) == ([False] * 4, [True] * 6)
    assert after_without and after_with
    with mg.no_grad():  # a task begins in the mode of whoever starts it
        assert asyncio.run(task(mg.enable_grad, 1)) == ([True], False)
    assert records()


@pytest.mark.parametrize("mode", [mg.no_grad, mg.enable_grad])
def test_a_mode_without_its_parentheses_is_refused(mode):
    with pytest.raises(TypeError):
        mode(lambda: None)
    with pytest.raises(TypeError), mode:
        pass


async def coroutine():
    await asyncio.sleep(0)
    return [records()]


def generator():
    yield records()


async def async_generator():
    yield records()


async def collected(items):
    return [item async for item in items]


@pytest.mark.parametrize(
    ("fn", "run"),
    [
        (coroutine, asyncio.run),
        (generator, list),
        (async_generator, lambda items: asyncio.run(collected(items))),
    ],
)
def test_what_runs_later_is_refused_or_runs_in_the_mode(fn, run):
    """Decorated, its body runs after the call has returned: that must not drop the mode."""
    assert run(fn()) == [True]
    try:
        decorated = mg.no_grad()(fn)
    except TypeError:
        return
    assert run(decorated()) == [False]


def test_eight_threads_toggle_ten_thousand_times():
    """Each in a rhythm of its own; none ever sees the mode of another."""

    def toggle(i):
        wrong = 0
        barrier.wait(10)
        for k in range(10_000):
            mode = mg.no_grad if (k + i) % (i + 2) else mg.enable_grad
            with mode():
                wrong += mg.is_grad_enabled() != (mode is mg.enable_grad)
                with mg.enable_grad():
                    wrong += not mg.is_grad_enabled()
                wrong += mg.is_grad_enabled() != (mode is mg.enable_grad)
            wrong += not mg.is_grad_enabled()
        results[i] = wrong

    results, barrier = {}, threading.Barrier(8)
    threads = [threading.Thread(target=toggle, args=(i,)) for i in range(8)]
    with mg.no_grad():  # a new thread begins in the default mode
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not records()
    assert results == dict.fromkeys(range(8), 0)
    assert records()


def test_many_tasks_toggle_by_turns():
    async def toggle(i):
        mode = (mg.no_grad, mg.enable_grad)[i % 2]
        for _ in range(100):
            with mode():
                await asyncio.sleep(0)
                assert mg.is_grad_enabled() == (mode is mg.enable_grad)
                await asyncio.create_task(inner(mode is mg.enable_grad))
            assert mg.is_grad_enabled()

    async def inner(inherited):
        assert mg.is_grad_enabled() == inherited  # a task begins in the mode of its maker
        with mg.no_grad():
            await asyncio.sleep(0)
            assert not mg.is_grad_enabled()

    async def main():
        await asyncio.gather(*map(toggle, range(20)))

    asyncio.run(main())
    assert records()


def test_the_mode_of_a_generator_lasts_while_it_runs_its_block():
    """A generator shares the context of who runs it: its block ends where it is closed."""

    def values():
        with mg.no_grad():
            yield mg.is_grad_enabled()
        yield mg.is_grad_enabled()

    assert list(values()) == [False, True]
    assert records()
    running = values()
    assert next(running) is False
    running.close()
    assert records()
    for inside in values():
        with mg.enable_grad():
            assert records()
        assert mg.is_grad_enabled() == inside
    assert records()


def test_generators_that_run_by_turns_leave_nothing_behind():
    """The first to begin is the first to end: what it found must not come back with the second."""

    def values(mode, n):
        with mode():
            for _ in range(n):
                yield mg.is_grad_enabled()

    first, second = values(mg.no_grad, 2), values(mg.no_grad, 3)
    assert [next(first), next(second), next(first)] == [False] * 3
    assert list(first) == []
    assert not mg.is_grad_enabled()  # the second one's block is open
    assert list(second) == [False, False]
    assert records()
    outer, inner = values(mg.no_grad, 1), values(mg.enable_grad, 1)
    assert (next(outer), next(inner)) == (False, True)
    outer.close()
    assert records()
    inner.close()
    assert records()


def test_a_block_may_end_in_another_context():
    """As of an asynchronous generator that is closed by another task."""

    async def values():
        with mg.no_grad():
            yield mg.is_grad_enabled()

    async def main():
        running = values()
        assert await anext(running) is False
        await asyncio.create_task(running.aclose())
        return mg.is_grad_enabled()

    asyncio.run(main())
    assert records()


def test_one_object_may_be_used_again_inside_itself():
    off = mg.no_grad()
    for _ in range(2):
        with off, off:
            assert not records()
        assert records()
