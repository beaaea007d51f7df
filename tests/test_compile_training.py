"""Compiled equals eager, bit for bit, for ways of training that people write by hand."""

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim

STEPS = 200


def rng():
    return np.random.default_rng(5)


def normal(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def batches(steps=STEPS):
    draws = rng()
    return [(draws.standard_normal((6, 3)).astype(np.float32), normal(6, 2)) for _ in range(steps)]


def network():
    return nn.Sequential(nn.Linear(3, 4, rng=rng()), nn.Tanh(), nn.Linear(4, 2, rng=rng()))


class RunningNorm(nn.Module):
    """Batch normalisation with running statistics, by rebinding and by writing in place."""

    def __init__(self, in_place):
        self.scale = nn.Parameter(np.ones(4, np.float32))
        self.in_place = in_place
        self.register_buffer("mean", np.zeros(4, np.float32))
        self.register_buffer("var", np.ones(4, np.float32))
        self.register_buffer("batches", np.array(0))

    def forward(self, x):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            if self.in_place:
                self.mean *= 0.9
                self.mean += 0.1 * mean.detach().data
                self.var[...] = 0.9 * self.var + 0.1 * var.data
                self.batches[...] += 1
            else:
                self.mean = 0.9 * self.mean + 0.1 * mean.data
                self.var = (0.9 * self.var + 0.1 * var.data).astype(np.float32)
                self.batches = self.batches + 1
        return (x - mean) / np.sqrt(var + 1e-5) * self.scale


@pytest.mark.parametrize("in_place", [False, True])
def test_buffers(in_place):
    def build():
        net = nn.Sequential(
            nn.Linear(3, 4, rng=rng()),
            RunningNorm(in_place),
            nn.Dropout(0.3, rng=rng()),
            nn.Linear(4, 2, rng=rng()),
        )
        optimizer = optim.Adam(net.named_parameters())

        def step(x, y):
            loss = F.mse_loss(net(x), y)
            if net.training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            return loss

        return Run(step, [net], [optimizer])

    def between(k, run):
        run.modules[0].train(k % 10 != 9)

    assert_equal_runs(build, batches(), programs=2, between=between)


def test_a_parameter_in_two_layers():
    def build():
        one, two = nn.Linear(3, 3, rng=rng()), nn.Linear(3, 3, rng=rng())
        two.weight = one.weight
        net = nn.Sequential(one, nn.Tanh(), two, nn.Linear(3, 2, rng=rng()))
        optimizer = optim.Momentum(net.named_parameters())

        def step(x, y):
            loss = F.mse_loss(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return Run(step, [net], [optimizer])

    assert_equal_runs(build, batches())


def test_two_optimizers_in_one_step():
    def build():
        generator, critic = nn.Linear(3, 2, rng=rng()), nn.Linear(2, 1, rng=rng())
        first = optim.Adam(generator.named_parameters(), lr=0.01)
        second = optim.RMSProp(critic.named_parameters(), lr=0.01)

        def step(x, real):
            fake = generator(x)
            second.zero_grad()
            critic_loss = F.softplus(-critic(real)).mean()
            critic_loss = critic_loss + F.softplus(critic(fake.detach())).mean()
            critic_loss.backward()
            second.step()
            first.zero_grad()
            generator_loss = F.softplus(-critic(fake)).mean()
            generator_loss.backward()
            first.step()
            return {"critic": critic_loss, "generator": generator_loss}

        return Run(step, [generator, critic], [first, second])

    assert_equal_runs(build, batches())


def test_accumulation_over_micro_batches():
    """Two compiled functions: one adds to the gradients, one updates."""

    def build_with(wrap):
        def build():
            net = network()
            optimizer = optim.Adam(net.named_parameters(), lr=0.01)

            def accumulate(x, y):
                loss = F.mse_loss(net(x), y) / 4
                loss.backward()
                return loss

            def update():
                optimizer.step()
                optimizer.zero_grad()

            accumulate, update = wrap(accumulate), wrap(update)

            def step(k, x, y):
                loss = accumulate(x, y)
                if k % 4 == 3:
                    update()
                return loss

            run = Run(step, [net], [optimizer])
            run.accumulate, run.update = accumulate, update
            return run

        return build

    eager, compiled = build_with(lambda fn: fn)(), build_with(mg.compile)()
    for k, (x, y) in enumerate(batches()):
        assert eager.step(k, x, y).item() == compiled.step(k, x, y).item()
        for a, b in zip(eager.state().values(), compiled.state().values(), strict=True):
            np.testing.assert_equal(a, b)
    assert compiled.accumulate.cache_info().misses == 2  # whether there are gradients to add to
    assert compiled.update.cache_info().misses == 1


def test_accumulation_inside_one_step():
    def build():
        net = network()
        optimizer = optim.SGD(net.named_parameters(), lr=0.1)

        def step(x, y):
            optimizer.zero_grad()
            total = 0.0
            for k in range(0, 6, 2):
                loss = F.mse_loss(net(x[k : k + 2]), y[k : k + 2]) / 3
                loss.backward()
                total = total + loss.detach()
            optimizer.step()
            return total

        return Run(step, [net], [optimizer])

    assert_equal_runs(build, batches())


def test_a_gradient_penalty():
    """Second order: the loss contains a gradient."""

    def build():
        net = network()
        optimizer = optim.Adam(net.named_parameters(), lr=0.01)

        def step(x, y):
            x = mg.Tensor(x, requires_grad=True)
            loss = F.mse_loss(net(x), y)
            slope = mg.grad(loss, x, create_graph=True)
            loss = loss + 0.1 * (np.sqrt((slope * slope).sum(axis=1)) - 1).sum() ** 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss, slope

        return Run(step, [net], [optimizer])

    assert_equal_runs(build, batches())


def test_clipping_penalty_and_moving_average_by_hand():
    def build():
        net, average = network(), network()
        optimizer = optim.Adam(net.named_parameters(), lr=0.01)

        def step(x, y):
            loss = F.mse_loss(net(x), y) + 1e-3 * sum((p * p).sum() for p in net.parameters())
            optimizer.zero_grad()
            loss.backward()
            grads = [p.grad.data for p in net.parameters()]
            norm = np.sqrt(sum(np.sum(g * g) for g in grads))
            scale = np.minimum(1.0, 0.5 / (norm + 1e-6)).astype(np.float32)
            for p in net.parameters():
                p.grad.data *= scale
            optimizer.step()
            with mg.no_grad():
                for slow, fast in zip(average.parameters(), net.parameters(), strict=True):
                    slow.data[...] = 0.9 * slow.data + 0.1 * fast.data
            return loss, norm

        return Run(step, [net, average], [optimizer])

    assert_equal_runs(build, batches())


@pytest.mark.parametrize("way", ["data", "tensor", "rebinding"])
def test_an_update_by_hand(way):
    def build():
        net = network()
        rate = 0.1

        def step(x, y):
            loss = F.mse_loss(net(x), y)
            net.zero_grad()
            loss.backward()
            with mg.no_grad():
                for p in net.parameters():
                    if way == "data":
                        p.data -= rate * p.grad.data
                    elif way == "tensor":
                        p -= rate * p.grad
                    else:
                        p.data = p.data - rate * p.grad.data
            return loss

        return Run(step, [net])

    assert_equal_runs(build, batches())


def test_hooks_and_retained_gradients():
    def build():
        net = network()
        net[0].weight.register_hook(lambda g: g * 0.5)
        optimizer = optim.SGD(net.named_parameters(), lr=0.1)

        def step(x, y):
            hidden = net[1](net[0](x))
            hidden.retain_grad()
            hidden.register_hook(lambda g: np.clip(g, -0.01, 0.01))
            loss = F.mse_loss(net[2](hidden), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss, hidden.grad

        return Run(step, [net], [optimizer])

    assert_equal_runs(build, batches())


class Rectified(optim.Optimizer):
    """A rule of one's own, with a branch on t, a switch and a tuple."""

    slots = ("m",)

    def __init__(self, params, lr=0.1, betas=(0.9, 0.99), nesterov=False):
        super().__init__(params, lr=lr, betas=betas, nesterov=nesterov)

    @staticmethod
    def update(theta, g, m, *, t, lr, betas, nesterov):
        m = betas[0] * m + (1 - betas[0]) * g
        step = betas[0] * m + (1 - betas[0]) * g if nesterov else m
        if t > 5:
            return theta - lr * (1 - betas[1] ** t) ** 0.5 * step, m
        return theta - lr * 0.1 * step, m


@pytest.mark.parametrize("nesterov", [False, True])
def test_an_update_rule_with_branches(nesterov):
    def build():
        net = network()
        optimizer = Rectified(net.named_parameters(), nesterov=nesterov)

        def step(x, y):
            loss = F.mse_loss(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return Run(step, [net], [optimizer])

    def between(k, run):
        if k == 100:
            run.optimizers[0].groups[0].hyper["nesterov"] = not nesterov

    # Before t = 5 and after; the switch.
    assert_equal_runs(build, batches(), programs=3, between=between)


def test_groups_and_frozen_layers():
    def build():
        net = network()
        groups = [
            {"params": net[0].named_parameters(), "lr": 0.1},
            {"params": net[2].parameters(), "lr": 0.01},
        ]
        optimizer = optim.Momentum(groups)

        def step(x, y):
            loss = F.mse_loss(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return Run(step, [net], [optimizer])

    def between(k, run):
        net = run.modules[0]
        if k == 50:
            net[0].weight.requires_grad = False
        if k == 100:
            net[0].weight.requires_grad = True
        if k == 120:
            run.optimizers[0].groups[1].hyper["lr"] = 0.02

    assert_equal_runs(build, batches(), programs=3, between=between)


def test_noise_and_random_labels():
    """Draws of several kinds from generators around the function."""

    def build():
        net = network()
        generator = rng()
        optimizer = optim.SGD(net.named_parameters(), lr=0.1)

        def step(x, y):
            noise = generator.normal(0, 0.1, x.shape).astype(np.float32)
            rows = generator.permutation(len(x))
            mixed = generator.random()
            loss = F.mse_loss(net((x + noise)[rows]), y[rows]) * mixed
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss, rows, mixed, generator.integers(10, size=3)

        return Run(step, [net], [optimizer], generators=[generator])

    assert_equal_runs(build, batches())


def test_float64_and_mixed_parameters():
    def build():
        net = nn.Sequential(nn.Linear(3, 4, rng=rng()), nn.Tanh(), nn.Linear(4, 2, rng=rng()))
        net[0].weight.data = net[0].weight.data.astype(np.float32)
        extra = nn.Parameter(np.ones((1, 2)), dtype=np.float64)
        optimizer = optim.Adam([*net.named_parameters(), ("extra", extra)], lr=0.01)

        def step(x, y):
            loss = F.mse_loss(net(x) * extra, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return Run(step, [net], [optimizer], [extra])

    assert_equal_runs(build, batches())


def test_a_condition_on_numbers_beside_a_call_with_an_effect():
    """The test of the condition is a program of its own, of numbers only."""
    w = mg.Parameter(np.ones((2, 3)))

    class Waiting(optim.SGD):
        @staticmethod
        def update(theta, g, *, t, lr):
            return (theta - lr * g if t > 2 else theta,)

    optimizer = Waiting([w], lr=0.5)

    @mg.compile
    def step(x, labels):
        loss = F.cross_entropy(x @ w, labels)  # which counts the labels, and may raise
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    x, labels = np.ones((4, 2)), np.array([0, 1, 2, 0])
    before = w.data.copy()
    for _ in range(2):
        step(x, labels)
        np.testing.assert_array_equal(w.data, before)
    step(x, labels)
    assert not np.array_equal(w.data, before)
