"""The networks of the command line: what they are made of, what they read, what they reach."""

import io

import numpy as np
import pytest

import minigrad as mg
from minigrad.train import ConfigError, RunConfig, resume, train
from minigrad.train.config import NETWORKS
from minigrad.train.experiment import Experiment
from minigrad.train.networks import network

READERS = [name for name in NETWORKS if name != "mlp"]


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_in_numbers_out(name):
    digits = mg.data.datasets.digits()
    model = network(name, digits, NETWORKS[name], rng())
    y = model(digits.x[:5])
    assert (y.shape, y.dtype) == ((5, 10), np.float32)
    y.sum().backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_learns_and_is_resumed_to_the_same_bits(name, tmp_path):
    config = RunConfig("digits", model=name, epochs=4, lr=0.003)
    whole = train(config, tmp_path / "whole", lines=io.StringIO())
    assert whole.metrics["test_accuracy"] > 0.8
    train(RunConfig("digits", model=name, epochs=2, lr=0.003), tmp_path / "a", lines=io.StringIO())
    again = resume(tmp_path / "a", {"epochs": 4}, lines=io.StringIO())
    assert again.metrics == whole.metrics
    models = [(tmp_path / run / "model.safetensors").read_bytes() for run in ("whole", "a")]
    assert models[0] == models[1]


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("data", ["iris", "wine", "moons"])
def test_what_is_no_image(name, data):
    with pytest.raises(ConfigError, match=f"{name} reads square images .* {data} has .*: take mlp"):
        Experiment(RunConfig(data, model=name))


def test_widths():
    digits = mg.data.datasets.digits()
    deep = network("cnn", digits, (4, 4, 4, 4), rng())  # from the third on there is one pixel left
    assert deep(digits.x[:2]).shape == (2, 10)
    assert network("cnn", digits, (), rng())(digits.x[:2]).shape == (2, 10)
    assert network("lstm", digits, (), rng())(digits.x[:2]).shape == (2, 10)
    assert network("lstm", digits, (5, 7), rng())(digits.x[:2]).shape == (2, 10)
    assert network("transformer", digits, (6, 6, 6), rng())(digits.x[:2]).shape == (2, 10)
    for widths in ((), (8, 16)):
        with pytest.raises(ConfigError, match="blocks of a transformer have one width"):
            Experiment(RunConfig("digits", model="transformer", hidden=widths))


def test_settings():
    assert RunConfig(model="cnn").hidden == (16, 32)
    assert RunConfig(model="cnn", hidden=(4,)).hidden == (4,)
    with pytest.raises(ConfigError, match="unknown model 'transfomer'.*transformer"):
        RunConfig(model="transfomer")
    with pytest.raises(ConfigError, match="expected text for model"):
        RunConfig(model=3)
    learnt = 9 * 16 + 2 * 16 + 16 * 9 * 32 + 2 * 32 + (32 * 2 * 2 + 1) * 10
    said = Experiment(RunConfig("digits", model="cnn")).describe()
    assert f"cnn of {learnt} parameters" in said
