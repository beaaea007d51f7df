"""Numbers that every implementation of these rules must reproduce, each with its source.

Trajectories on two valleys (measured with PyTorch 2.13 in float64), Reddi's counter-examples,
convex problems whose minimum is known, and the rates that theory predicts.
"""

import math

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import optim

# Two valleys: 2,000 steps, then the distance to the minimum.


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] * x[0]) ** 2


def beale(x):
    a, b = x[0], x[1]
    terms = (1.5 - a + a * b, 2.25 - a + a * b * b, 2.625 - a + a * b * b * b)
    return sum(term * term for term in terms)


VALLEYS = {
    "rosenbrock": (rosenbrock, (1.5, 1.5), (1.0, 1.0)),
    "beale": (beale, (1.0, 1.5), (3.0, 0.5)),
}
DISTANCES = {  # on Rosenbrock's and on Beale's function
    "SGD": (lambda p: optim.SGD(p, lr=1e-3), 0.3174, 0.3115),
    "Momentum": (lambda p: optim.Momentum(p, lr=1e-3), 1.915e-4, 7.339e-4),
    "Nesterov": (lambda p: optim.Nesterov(p, lr=1e-3), 1.679e-4, 7.473e-4),
    "AdaGrad": (lambda p: optim.AdaGrad(p, lr=0.1), 0.5861, 0.2891),
    "RMSProp": (lambda p: optim.RMSProp(p, lr=0.01, rho=0.99), 0.1367, 9.009e-3),
    "Adam": (lambda p: optim.Adam(p, lr=0.01), 0.4630, 0.09055),
    "AMSGrad": (lambda p: optim.conventions.torch.Adam(p, lr=0.01, amsgrad=True), 0.5790, 0.1836),
    "NAdam": (lambda p: optim.NAdam(p, lr=0.01), 0.4941, 0.1052),
}


def distances(valley, make, steps=2000):
    """The distance to the minimum after each step."""
    f, start, minimum = VALLEYS[valley]
    x = mg.Parameter(np.array(start))
    optimizer = make([x])

    @mg.compile
    def step():
        loss = f(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    found = []
    for _ in range(steps):
        step()
        found.append(float(np.linalg.norm(x.data - minimum)))
    return found


@pytest.mark.parametrize("rule", DISTANCES)
@pytest.mark.parametrize("valley", VALLEYS)
def test_the_distance_after_2000_steps(rule, valley):
    make, *expected = DISTANCES[rule]
    target = expected[list(VALLEYS).index(valley)]
    found = distances(valley, make)
    if (rule, valley) == ("RMSProp", "beale"):
        # It ends in a swing between two points, and rounding decides which one comes last.
        assert min(found[-2:]) == pytest.approx(6.2e-3, rel=0.05)
        assert max(found[-2:]) == pytest.approx(target, rel=2e-3)
    else:
        assert found[-1] == pytest.approx(target, rel=6e-4)


# Reddi, Kale & Kumar 2018, "On the convergence of Adam and beyond": Adam may walk the wrong way.


def projected(rule, gradient, steps, start, **hyper):
    """x after each step on [-1, 1] with lr = 0.5 / sqrt(t), by the formula itself on numbers."""
    x, state = start, [0.0] * len(rule.slots)
    for t in range(1, steps + 1):
        x, *state = rule.update(x, gradient(t), *state, t=t, lr=0.5 / math.sqrt(t), **hyper)
        x = min(1.0, max(-1.0, float(x)))
        yield x


def test_reddis_theorem_1():
    """The sum of three slopes is 1, so the minimum is -1; Adam ends each cycle of three at +1."""
    path = projected(
        optim.UncorrectedAdam,
        lambda t: 3.0 if t % 3 == 1 else -1.0,
        30_000,
        1.0,
        betas=(0.0, 0.1),
        eps=0.0,
    )
    assert all(x == 1.0 for t, x in enumerate(path, start=1) if t % 3 == 0)


REDDI = {"betas": (0.9, 0.99), "eps": 1e-8}


def slope(t):
    return 1010.0 if t % 101 == 1 else -10.0


def test_reddis_synthetic_example_adam():
    *_, last = projected(optim.UncorrectedAdam, slope, 101_000, 0.0, **REDDI)
    assert last == pytest.approx(1.0, abs=1e-3)


def test_reddis_synthetic_example_amsgrad():
    path = projected(optim.AMSGrad, slope, 1_010_000, 0.0, **REDDI)
    found = {t: x for t, x in enumerate(path, start=1) if t in (10_100, 101_000, 1_010_000)}
    assert list(found.values()) == pytest.approx([-0.798, -0.978, -0.997], abs=6e-4)


# Convex problems: softmax regression, sum of the losses + |W|^2 / 2, bias free.

CONVEX = {"iris": 31.37877, "wine": 12.09034, "breast_cancer": 37.75895, "digits": 301.77515}
RATES = {
    "GD": 2e-3, "SGD": 2e-3, "Momentum": 4e-4, "Nesterov": 4e-4, "AdaGrad": 0.5, "Rprop": 0.01,
    "AdaDelta": 1.0, "ASGD": 2e-3, "HypergradientSGD": 1e-3, "HypergradientAdam": 1e-3,
    "Lion": 0.01, "MuonWithAdamW": 0.2,
}  # fmt: skip
# The digits' pixels are not standardised. Curvatures from 1 to some thousands are too much for
# gradient descent, and for what starts or ends with small steps, to get as near in 3,000 steps.
ON_DIGITS = {
    "GD": 4e-3, "SGD": 4e-3, "ASGD": 4e-3, "HypergradientSGD": 4e-3, "AdaGrad": 1.0,
    "Momentum": 1e-3, "Nesterov": 1e-3, "NesterovA": 1e-3,
}  # fmt: skip
NOT_AS_NEAR = {
    "GD", "SGD", "ASGD", "HypergradientSGD", "AdaGrad", "HypergradientAdam", "MuonWithAdamW",
    "RAdam",
}  # fmt: skip
CONSTANT = {"HypergradientSGD", "HypergradientAdam"}  # they adapt the rate themselves
OPTIONS = {"HypergradientSGD": {"hyper_lr": 1e-9}}  # sums of losses have large gradients
# Their weight decay is another thing than |W|^2 / 2, or stands elsewhere; so that is in the loss.
PENALISED = {"AdamW", "Lion", "LAMB", "Adafactor", "MuonWithAdamW"}
RULES = [
    name
    for name in optim.__all__
    if isinstance(rule := getattr(optim, name), type)
    and issubclass(rule, optim.Optimizer)
    and (hasattr(rule, "update") or name == "MuonWithAdamW")
    and rule is not optim.Muon  # of matrices only
]


def standardised(name):
    data = getattr(mg.data.datasets, name)()
    x = np.asarray(data.x, np.float64)
    return (x - x.mean(axis=0)) / x.std(axis=0), np.asarray(data.y)


def digits():
    """Pixels / 16, a quarter to test on, as scikit-learn draws it with seed 0."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    return train_test_split(x / 16, y, test_size=0.25, stratify=y, random_state=0)


def problem(name):
    """The sum of the losses as a function without arguments, and its parameters."""
    if name == "digits":
        x, _, y, _ = digits()
    else:
        x, y = standardised(name)
    return regression(x, y, 1 if name == "breast_cancer" else int(y.max()) + 1)


def regression(x, y, classes):
    """The sum of the losses as a function without arguments, and its parameters."""
    weight = mg.Parameter(np.zeros((classes, x.shape[1])))
    bias = mg.Parameter(np.zeros(classes))

    def losses():
        logits = F.linear(x, weight, bias)
        if classes == 1:
            return F.binary_cross_entropy_with_logits(
                logits[:, 0], y.astype(float), reduction="sum"
            )
        return F.cross_entropy(logits, y, reduction="sum")

    return losses, weight, bias


def minimized(losses, weight, bias, rule, rate, steps):
    """The objective after so many steps of a rate that falls to 0."""

    def lr(t):
        return rate * 0.5 * (1 + math.cos(math.pi * t / steps)) + 1e-12

    is_penalised = rule in PENALISED
    optimizer = getattr(optim, rule)(
        [("weight", weight), ("bias", bias)],
        lr=rate if rule in CONSTANT else lr,
        weight_decay=0.0 if is_penalised else 1.0,
        no_decay="bias",
        **OPTIONS.get(rule, {}),
    )

    @mg.compile
    def step():
        loss = losses()
        if is_penalised:
            loss = loss + 0.5 * (weight * weight).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for _ in range(steps):
        step()
    return losses().item() + 0.5 * float((weight.data**2).sum())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", CONVEX)
def test_the_minimum_of_a_convex_problem(name, rule):
    rate, steps, near = RATES.get(rule, 0.05), 6_000, 1e-4
    if name == "digits":
        rate, steps = ON_DIGITS.get(rule, rate), 3_000
        near = 3e-3 if rule in NOT_AS_NEAR else near
    found = minimized(*problem(name), rule, rate, steps)
    assert found == pytest.approx(CONVEX[name], rel=near)


def by_lbfgs(losses, weight, bias):
    optimizer = optim.LBFGS([weight, bias], max_iter=300)

    def closure():
        optimizer.zero_grad()
        objective = losses() + 0.5 * (weight * weight).sum()
        objective.backward()
        return objective

    optimizer.step(closure)
    return closure().item()


@pytest.mark.parametrize("name", CONVEX)
def test_lbfgs_finds_the_minimum_to_all_digits(name):
    assert by_lbfgs(*problem(name)) == pytest.approx(CONVEX[name], abs=1e-5)


def test_the_accuracy_on_digits():
    _, x_test, _, y_test = digits()
    losses, weight, bias = problem("digits")
    by_lbfgs(losses, weight, bias)
    labels = (x_test @ weight.data.T + bias.data).argmax(axis=1)
    assert (labels == y_test).mean() == pytest.approx(0.9689, abs=5e-5)


# The rates that theory predicts, on least squares.


def least_squares():
    x, y = standardised("diabetes")
    y = y.reshape(-1).astype(float)
    y = y - y.mean()
    return x, y, x.T @ x / len(x)


def test_ordinary_least_squares_on_diabetes():
    x, y, h = least_squares()
    w = np.linalg.solve(h, x.T @ y / len(x))
    mse = np.mean((x @ w - y) ** 2)
    assert mse == pytest.approx(2859.6963, abs=1e-4)
    assert 1 - mse / y.var() == pytest.approx(0.517748, abs=1e-6)
    assert np.linalg.cond(h) == pytest.approx(470.1, abs=0.05)


def contraction(make, steps):
    """The factor by which the error shrinks in each step, measured late in the run."""
    x, y, h = least_squares()
    solution = np.linalg.solve(h, x.T @ y / len(x))
    w = mg.Parameter(np.zeros(x.shape[1]))
    optimizer = make([w])

    @mg.compile
    def step():
        loss = 0.5 * ((x @ w - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    errors = []
    for _ in range(steps):
        step()
        errors.append(np.linalg.norm(w.data - solution))
    half = steps // 2
    return (errors[-1] / errors[half]) ** (1 / (steps - 1 - half))


def test_the_rate_of_gradient_descent():
    """(kappa - 1) / (kappa + 1) at lr = 2 / (L + mu); Nesterov 2004, theorem 2.1.15."""
    least, *_, largest = np.linalg.eigvalsh(least_squares()[2])
    rate = contraction(lambda p: optim.GD(p, lr=2 / (largest + least)), 3000)
    assert rate == pytest.approx(0.9958, abs=1e-4)


def test_the_rate_of_the_heavy_ball():
    """(sqrt(kappa) - 1) / (sqrt(kappa) + 1); Polyak 1964, theorem 9."""
    least, *_, largest = np.linalg.eigvalsh(least_squares()[2])
    a, b = math.sqrt(largest), math.sqrt(least)
    lr, momentum = 4 / (a + b) ** 2, ((a - b) / (a + b)) ** 2
    rate = contraction(lambda p: optim.Momentum(p, lr=lr, momentum=momentum), 240)
    assert rate == pytest.approx(0.9118, abs=6e-3)
