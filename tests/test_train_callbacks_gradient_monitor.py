import re
import warnings

import numpy as np
import pytest
from test_train_callbacks import X, Y

import minigrad.functional as F
from minigrad import nn, optim
from minigrad.data import DataLoader
from minigrad.train import Trainer, callbacks

LAYERS = ["0", "2", "4"]


def network(scale=1.0):
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Linear(3, 6, rng=rng), nn.ReLU(), nn.Linear(6, 6, rng=rng), nn.Tanh(),
        nn.Linear(6, 1, rng=rng),
    )  # fmt: skip
    for name, parameter in model.named_parameters():
        if name.endswith("weight"):
            parameter.data = (parameter.data * scale).astype(np.float32)
    return model


def watched(model, lr=0.01, epochs=1, compile=False, y=Y, **options):
    monitor = callbacks.GradientMonitor(**{"every": 1, "dead_share": 1.0, **options})
    optimizer = optim.SGD(model.named_parameters(), lr=lr)
    trainer = Trainer(model, F.mse_loss, optimizer, callbacks=[monitor], compile=compile)
    trainer.fit(DataLoader((X, y), 4), epochs=epochs)
    return monitor


def norm(arrays):
    return np.sqrt(sum(np.square(a.astype(np.float64)).sum() for a in arrays))


@pytest.mark.parametrize("compile", [False, True])
def test_the_numbers_are_those_of_the_definition(compile):
    monitor = watched(network(), compile=compile)
    model = network()
    optimizer = optim.SGD(model.named_parameters(), lr=0.01)
    gradients, ratios = {layer: [] for layer in LAYERS}, {layer: [] for layer in LAYERS}
    for x, y in DataLoader((X, Y), 4):
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        before = model.state_dict()
        optimizer.step()
        for layer in LAYERS:
            pair = [f"{layer}.weight", f"{layer}.bias"]
            parameters = dict(model.named_parameters())
            gradients[layer].append(norm(parameters[name].grad.data for name in pair))
            moved = norm(parameters[name].data - before[name] for name in pair)
            ratios[layer].append(moved / norm(before[name] for name in pair))
    assert list(monitor.report) == LAYERS
    for layer, report in monitor.report.items():
        assert report.gradient == pytest.approx(np.mean(gradients[layer]), rel=1e-12)
        assert report.ratio == pytest.approx(np.mean(ratios[layer]), rel=1e-12)
        assert report.steps == 3
    printed = str(monitor).splitlines()
    assert printed[0].split() == ["layer", "gradient", "update/weight", "dead", "units"]
    assert printed[1].startswith(f"0         {monitor.report['0'].gradient:.2e} ")


def test_every_nth_step():
    assert watched(network(), every=2, epochs=1).report["0"].steps == 1  # of 3
    assert watched(network(), every=2, epochs=2).report["0"].steps == 2  # steps 4 and 6
    assert watched(network(), every=4, epochs=1).report == {}


def test_dead_units():
    model = network()
    model[0].bias.data = np.array([-99, 0.1, -99, 0.1, -99, -99], np.float32)
    with pytest.warns(
        callbacks.GradientWarning, match="layer 0, epoch 1: 4 of 6 units are dead: no gradient"
    ):
        monitor = watched(model, dead_share=0.5, epochs=2)
    assert [(r.dead, r.units) for r in monitor.report.values()] == [(4, 6), (0, 6), (0, 1)]


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (network(1e-5), {"lr": 0.0}, "layer 0, epoch 1: gradients vanish: their norm is .*e-1"),
        (network(), {"y": Y * 1e6}, "layer 4, epoch 1: gradients explode: .*; clip_norm=1.0"),
        (network(), {"lr": 3.0}, r"layer 4, epoch 1: a step changes the weights by \d+% of"),
    ],
)
def test_warnings_in_words(model, options, message):
    with pytest.warns(callbacks.GradientWarning) as caught:
        watched(model, **options)
    assert any(re.search(message, str(warning.message)) for warning in caught)


def test_a_warning_is_given_once():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        watched(network(1e-5), lr=0.0, epochs=3)
    told = [str(warning.message).partition(",")[0] for warning in caught]
    assert told == ["layer 0"]


def test_a_healthy_network_is_not_warned_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watched(network(), epochs=3)


def test_layers_that_do_not_learn_are_left_out():
    model = network()
    for parameter in model[0].parameters():
        parameter.requires_grad = False
    assert list(watched(model).report) == ["2", "4"]


def test_a_model_that_is_one_layer():
    assert list(watched(nn.Linear(3, 1, rng=np.random.default_rng(0))).report) == ["model"]


def test_arguments():
    with pytest.raises(ValueError, match="every to be at least 1 step, found 0"):
        callbacks.GradientMonitor(0)
