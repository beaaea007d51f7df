"""The allocator setting: made where it can be, left out where the user or the system says so."""

import ctypes
import os
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from minigrad.allocator import keep_freed_memory

VARIABLES = ["MINIGRAD_MALLOC", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"]
glibc_only = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")


@pytest.fixture
def calls(monkeypatch):
    """A Linux process in which nobody chose anything, and what mallopt was called with."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    received = {}

    def mallopt(parameter, value):
        received[parameter] = value
        return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(mallopt=mallopt))
    return received


def test_both_thresholds_are_raised(calls):
    assert keep_freed_memory() is True
    assert calls == {-3: 32 * 2**20, -1: 2**30}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD


@pytest.mark.parametrize(
    ("name", "value"),
    [("MINIGRAD_MALLOC", "system"), (VARIABLES[1], "1000"), (VARIABLES[2], "0")],
)
def test_the_users_choice_is_respected(calls, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert keep_freed_memory() is False
    assert calls == {}


def test_another_value_of_our_variable_changes_nothing(calls, monkeypatch):
    monkeypatch.setenv("MINIGRAD_MALLOC", "minigrad")
    assert keep_freed_memory() is True


@pytest.mark.parametrize("system", ["darwin", "win32", "emscripten"])
def test_other_systems_are_left_alone(calls, monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)
    assert keep_freed_memory() is False
    assert calls == {}


def test_a_c_library_without_mallopt(calls, monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    assert keep_freed_memory() is False


@pytest.mark.parametrize("refused", [-3, -1])
def test_a_refused_setting_is_reported(calls, monkeypatch, refused):
    library = SimpleNamespace(mallopt=lambda parameter, _: int(parameter != refused))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    assert keep_freed_memory() is False


FAULTS = """
import ctypes, resource
ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: no huge pages, so as to count
import minigrad, numpy as np
def step():
    temporaries = [np.ones(2**17) for _ in range(8)]  # 1 MiB each
step(), step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(**variables):
    """How often a fresh process gets its temporaries from the kernel anew."""
    environment = {k: v for k, v in os.environ.items() if k not in VARIABLES} | variables
    run = subprocess.run(
        [sys.executable, "-c", FAULTS], env=environment, capture_output=True, text=True, check=True
    )
    return int(run.stdout)


@glibc_only
def test_importing_the_package_keeps_freed_memory():
    assert page_faults() < 1000


@glibc_only
@pytest.mark.parametrize(
    ("name", "value"),
    [("MINIGRAD_MALLOC", "system"), (VARIABLES[1], "131072"), (VARIABLES[2], "131072")],
)
def test_importing_the_package_respects_the_environment(name, value):
    assert page_faults(**{name: value}) > 10_000
