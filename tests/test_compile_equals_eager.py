"""Compiled equals eager, bit for bit, over 200 steps, for everything that the package exports."""

import inspect

import pytest
from compiled_runs import assert_equal_runs
from package_runs import (
    BRANCHING,
    FUNCTIONS,
    LAYERS,
    OPTIMIZERS,
    TARGETS,
    batches,
    changed_rates,
    function_run,
    layer_run,
    loss_run,
    normal,
    optimizer_run,
    rng,
    training,
)

import minigrad.functional as F
from minigrad import nn, optim


def classes(package, base):
    """The names of the classes that a package exports, without the base itself."""
    exported = {name: getattr(package, name) for name in package.__all__}
    return sorted(
        name
        for name, a in exported.items()
        if inspect.isclass(a) and issubclass(a, base) and a is not base
    )


def rules():
    """Wrappers, and what asks for the loss more than once, have tests of their own."""
    return [n for n in classes(optim, optim.Optimizer) if hasattr(getattr(optim, n), "update")]


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ({**LAYERS, **TARGETS}, classes(nn, nn.Module)),
        (OPTIMIZERS, rules()),
        (FUNCTIONS, sorted(F.__all__)),
    ],
    ids=["nn", "optim", "functional"],
)
def test_everything_has_an_entry(table, names):
    missing = [name for name in names if name not in table]
    assert not missing, f"add what {', '.join(missing)} is made or called with to a table here"
    assert sorted(table) == names, "the tables have entries for what is not exported"


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    assert_equal_runs(*layer_run(name))


@pytest.mark.parametrize("name", TARGETS)
def test_losses(name):
    build, target = loss_run(name)
    assert_equal_runs(build, batches(*target))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    build, target = optimizer_run(name)
    programs = 2 if name in BRANCHING else 1
    assert_equal_runs(build, batches(*target), programs, between=changed_rates)


@pytest.mark.parametrize("name", ["Adafactor", "AdamW", "LAMB", "NAdam", "SGD"])
def test_optimizers_with_schedules_and_groups(name):
    def model():
        return nn.Sequential(nn.Linear(3, 4, rng=rng()), nn.Tanh(), nn.Linear(4, 2, rng=rng()))

    hyper = {"lr": lambda t: 0.05 / t**0.5, "weight_decay": lambda t: 0.1 / t, "no_decay": "*bias"}
    if name == "NAdam":
        hyper["betas"] = lambda t: (0.9 - 0.4 / t, 0.99)
    build = training(model, F.mse_loss, getattr(optim, name), **hyper)
    assert_equal_runs(build, batches(normal(6, 2), steps=50))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_and_their_derivatives(name):
    assert_equal_runs(function_run(name), batches(steps=20))
