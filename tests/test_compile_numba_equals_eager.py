"""Compiled by Numba equals eager to 1e-5, over 200 steps, for all that the package exports."""

import pytest
from compiled_runs import assert_close_runs
from package_runs import (
    FUNCTIONS,
    LAYERS,
    OPTIMIZERS,
    TARGETS,
    batches,
    changed_rates,
    function_run,
    layer_run,
    loss_run,
    optimizer_run,
)

RELATIVE = 1e-5


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    assert_close_runs(*layer_run(name), RELATIVE, backend="numba")


@pytest.mark.parametrize("name", TARGETS)
def test_losses(name):
    build, target = loss_run(name)
    assert_close_runs(build, batches(*target), RELATIVE, backend="numba")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    build, target = optimizer_run(name)
    assert_close_runs(build, batches(*target), RELATIVE, changed_rates, backend="numba")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_and_their_derivatives(name):
    assert_close_runs(function_run(name), batches(steps=20), RELATIVE, backend="numba")
