import sys

import pytest

from minigrad.train.threads import blas_threads_for

threadpoolctl = pytest.importorskip("threadpoolctl")


def threads():
    return [
        pool["num_threads"] for pool in threadpoolctl.threadpool_info() if "blas" in pool.values()
    ]


def test_small_products_get_one_thread_and_large_ones_all():
    before = threads()
    with blas_threads_for(64 * 64 * 128):
        assert set(threads()) <= {1}
    assert threads() == before
    with blas_threads_for(4096**3):
        assert threads() == before


def test_without_threadpoolctl_nothing_is_changed(monkeypatch):
    before = threads()
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with blas_threads_for(1):
        assert threads() == before
