"""The schedules against torch.optim.lr_scheduler: step t is PyTorch's epoch t - 1."""

import math
import warnings

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler as theirs

import minigrad as mg
from minigrad.optim import schedules as ours

STEPS = 300
TOLERANCE = 1e-12
LR = 0.3


def sgd(lr=LR, **hyper):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr, **hyper)


def rates(scheduler, optimizer, steps=STEPS, key="lr"):
    """What PyTorch's optimizer has as its hyperparameter at each step."""
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0][key])
        optimizer.step()
        with warnings.catch_warnings():  # SequentialLR passes epochs on to its parts
            warnings.simplefilter("ignore", UserWarning)
            scheduler.step()
    return found


# Ours, and theirs made for an optimizer whose lr is LR.
PAIRS = {
    "constant": (
        ours.Constant(0.25 * LR).then(LR, after=40),
        lambda o: theirs.ConstantLR(o, factor=0.25, total_iters=40),
    ),
    "step": (ours.Step(LR, every=7, factor=0.9), lambda o: theirs.StepLR(o, 7, gamma=0.9)),
    "multi-step": (
        ours.MultiStep(LR, milestones=[1, 30, 31, 250], factor=0.5),
        lambda o: theirs.MultiStepLR(o, [1, 30, 31, 250], gamma=0.5),
    ),
    "exponential": (ours.Exponential(LR, factor=0.98), lambda o: theirs.ExponentialLR(o, 0.98)),
    "linear": (
        ours.Linear(0.1 * LR, 0.8 * LR, steps=99),
        lambda o: theirs.LinearLR(o, start_factor=0.1, end_factor=0.8, total_iters=99),
    ),
    "polynomial": (
        ours.Polynomial(LR, steps=250, power=2.5),
        lambda o: theirs.PolynomialLR(o, total_iters=250, power=2.5),
    ),
    "cosine": (
        ours.Cosine(LR, steps=STEPS, end=0.01),
        lambda o: theirs.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.01),
    ),
    "cosine, restarts": (
        ours.CosineRestarts(LR, steps=13, end=0.01),
        lambda o: theirs.CosineAnnealingWarmRestarts(o, T_0=13, eta_min=0.01),
    ),
    "cosine, growing restarts": (
        ours.CosineRestarts(LR, steps=10, growth=3),
        lambda o: theirs.CosineAnnealingWarmRestarts(o, T_0=10, T_mult=3),
    ),
    "triangular": (
        ours.Triangular(0.01, LR, up=7, down=12),
        lambda o: theirs.CyclicLR(o, 0.01, LR, step_size_up=7, step_size_down=12),
    ),
    "triangular2": (
        ours.Triangular2(0.01, LR, up=9),
        lambda o: theirs.CyclicLR(o, 0.01, LR, step_size_up=9, mode="triangular2"),
    ),
    "exponential range": (
        ours.ExponentialRange(0.01, LR, up=9, down=4, factor=0.99),
        lambda o: theirs.CyclicLR(o, 0.01, LR, 9, 4, mode="exp_range", gamma=0.99),
    ),
    "one cycle": (
        ours.OneCycle(LR, steps=STEPS),
        lambda o: theirs.OneCycleLR(o, LR, total_steps=STEPS),
    ),
    "one cycle, linear": (
        ours.OneCycle(LR, steps=STEPS, start=LR / 7, end=LR / 70, rise=0.41, shape="linear"),
        lambda o: theirs.OneCycleLR(
            o,
            LR,
            total_steps=STEPS,
            pct_start=0.41,
            anneal_strategy="linear",
            div_factor=7,
            final_div_factor=10,
        ),
    ),
    "one cycle, three phases": (
        ours.OneCycle(LR, steps=STEPS, rise=0.37, phases=3),
        lambda o: theirs.OneCycleLR(o, LR, total_steps=STEPS, pct_start=0.37, three_phase=True),
    ),
    "one cycle, three linear phases": (
        ours.OneCycle(LR, steps=STEPS, rise=0.5, phases=3, shape="linear"),
        lambda o: theirs.OneCycleLR(
            o, LR, total_steps=STEPS, pct_start=0.5, three_phase=True, anneal_strategy="linear"
        ),
    ),
    "joined": (
        ours.Join([LR / 4, ours.Exponential(LR, 0.97), ours.Step(LR, 9)], after=[20, 140]),
        lambda o: theirs.SequentialLR(
            o,
            [
                theirs.ConstantLR(o, factor=0.25, total_iters=1000),
                theirs.ExponentialLR(o, 0.97),
                theirs.StepLR(o, 9),
            ],
            milestones=[20, 140],
        ),
    ),
    "straight warm-up, then cosine": (
        ours.Linear(0.01 * LR, LR, steps=25).then(ours.Cosine(LR, steps=275), after=25),
        lambda o: theirs.SequentialLR(
            o,
            [
                theirs.LinearLR(o, start_factor=0.01, total_iters=25),
                theirs.CosineAnnealingLR(o, T_max=275),
            ],
            milestones=[25],
        ),
    ),
    "chained": (
        LR * ours.Linear(0.2, 1.0, steps=50) * ours.Exponential(1.0, factor=0.99),
        lambda o: theirs.ChainedScheduler(
            [
                theirs.LinearLR(o, start_factor=0.2, total_iters=50),
                theirs.ExponentialLR(o, 0.99),
            ]
        ),
    ),
    "lambda": (
        LR * ours.Lambda(lambda t: 1 / math.sqrt(t)),
        lambda o: theirs.LambdaLR(o, lambda epoch: 1 / math.sqrt(epoch + 1)),
    ),
    "noam": (
        ours.Noam(features=512, warmup=70, factor=2.0),
        lambda o: theirs.LambdaLR(
            o,
            lambda n: 2 / LR * 512**-0.5 * min((n + 1) ** -0.5, (n + 1) * 70**-1.5),
        ),
    ),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_same_rate_at_every_step(pair):
    schedule, make = pair
    optimizer = sgd()
    expected = rates(make(optimizer), optimizer)
    assert len(set(expected)) > 1
    np.testing.assert_allclose(schedule.values(STEPS), expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_after_the_cosine_it_stays_where_theirs_rises():
    optimizer = sgd()
    expected = rates(theirs.CosineAnnealingLR(optimizer, T_max=40), optimizer, 60)
    found = ours.Cosine(LR, steps=40).values(60)
    np.testing.assert_allclose(found[:41], expected[:41], atol=TOLERANCE)
    assert set(found[40:]) == {0.0} and min(expected[41:]) > 0


@pytest.mark.parametrize("phases", [2, 3])
def test_momentum_against_the_learning_rate_in_one_cycle(phases):
    optimizer = sgd(momentum=0.9)
    scheduler = theirs.OneCycleLR(optimizer, LR, total_steps=STEPS, three_phase=phases == 3)
    expected = rates(scheduler, optimizer, key="momentum")
    found = ours.OneCycle(0.85, steps=STEPS, start=0.95, end=0.95, phases=phases)
    np.testing.assert_allclose(found.values(STEPS), expected, rtol=TOLERANCE)


@pytest.mark.parametrize(
    ("kind", "mode"), [(ours.Triangular, "triangular"), (ours.Triangular2, "triangular2")]
)
def test_momentum_against_the_learning_rate_in_cycles(kind, mode):
    optimizer = sgd(momentum=0.9)
    scheduler = theirs.CyclicLR(
        optimizer, 0.01, LR, step_size_up=11, mode=mode, base_momentum=0.8, max_momentum=0.9
    )
    expected = rates(scheduler, optimizer, key="momentum")
    np.testing.assert_allclose(kind(0.9, 0.8, up=11).values(STEPS), expected, rtol=TOLERANCE)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"patience": 0, "factor": 0.5},
        {"patience": 2, "cooldown": 3, "threshold": 0.05},
        {"patience": 1, "factor": 0.2, "eps": 1e-3, "cooldown": 1},
    ],
)
@pytest.mark.parametrize("lowest", [0.0, 0.02])
def test_plateau(mode, threshold_mode, options, lowest):
    optimizer = sgd()
    rule = {"mode": mode, "threshold_mode": threshold_mode, **options}
    scheduler = theirs.ReduceLROnPlateau(optimizer, min_lr=lowest, **rule)
    schedule = ours.ReduceOnPlateau(LR, lowest=lowest, **rule)
    rng = np.random.default_rng(7)
    metrics = np.abs(np.cumsum(rng.normal(scale=0.1, size=STEPS)) + 1)
    metrics[[5, 80]] = math.nan
    seen = set()
    for t, metric in enumerate(metrics.tolist(), 1):
        scheduler.step(metric)
        schedule.observe(metric)
        assert schedule(t) == optimizer.param_groups[0]["lr"]
        seen.add(schedule(t))
    assert len(seen) > 1


def test_attached_is_stepped_as_theirs_is():
    """Two groups, each with its own schedule, over a loop in PyTorch's order."""
    a, b = (torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64)) for _ in range(2))
    optimizer = torch.optim.SGD([{"params": [a], "lr": 0.2}, {"params": [b], "lr": 0.1}])
    scheduler = theirs.LambdaLR(optimizer, [lambda n: 0.99**n, lambda n: 1 / (1 + n)])
    ours_a, ours_b = (mg.Parameter(np.array([1.0, -2.0])) for _ in range(2))
    pair = [ours.Exponential(0.2, factor=0.99), ours.Lambda(lambda t: 0.1 / t)]
    groups = [{"params": [ours_a], "lr": pair[0](1)}, {"params": [ours_b], "lr": pair[1](1)}]
    our_optimizer = mg.optim.SGD(groups, lr=0.0)
    attached = ours.Attached(our_optimizer, pair)
    for _ in range(50):
        for optimize, p, q in ((optimizer, a, b), (our_optimizer, ours_a, ours_b)):
            optimize.zero_grad()
            ((p**2).sum() + (q**2).sum()).backward()
            optimize.step()
        scheduler.step()
        attached.step()
        np.testing.assert_allclose(attached.get_last_lr(), scheduler.get_last_lr(), rtol=TOLERANCE)
        np.testing.assert_allclose(ours_a.data, a.detach().numpy(), rtol=TOLERANCE)
        np.testing.assert_allclose(ours_b.data, b.detach().numpy(), rtol=TOLERANCE)
