import signal
import threading

import pytest

from minigrad.train.stop import stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_remembered_and_the_second_acts_as_before(number):
    caught = []
    earlier = signal.signal(number, lambda number, frame: caught.append(number))
    try:
        with stop_on_signals() as stop:
            assert not stop.requested
            signal.raise_signal(number)
            assert stop.signal == number
            assert caught == []
            signal.raise_signal(number)
            assert caught == [number]
    finally:
        signal.signal(number, earlier)


def test_a_second_ctrl_c_interrupts_at_once():
    with stop_on_signals(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_the_handlers_are_put_back():
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    with stop_on_signals():
        pass
    with pytest.raises(ZeroDivisionError), stop_on_signals():
        raise ZeroDivisionError
    with stop_on_signals():
        signal.raise_signal(signal.SIGINT)
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


def test_in_another_thread_nothing_is_changed():
    outcome = []

    def body():
        with stop_on_signals() as stop:
            outcome.append((stop.requested, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert outcome == [(False, signal.getsignal(signal.SIGINT))]
