"""The attached form: it changes nothing when it is built, and resumes exactly."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim.schedules import Attached, Constant, Cosine, Exponential, ReduceOnPlateau


def optimizer_with(*lrs):
    groups = [{"params": [mg.Parameter([1.0])], "lr": lr} for lr in lrs]
    return mg.optim.Adam(groups)


def rates(optimizer):
    return [group.hyper["lr"] for group in optimizer.groups]


def test_building_it_changes_nothing():
    optimizer = optimizer_with(0.5)
    before = optimizer.state_dict()
    attached = Attached(optimizer, Cosine(0.5, steps=10))
    assert optimizer.state_dict()["groups"] == before["groups"]
    assert attached.get_last_lr() == [0.5]


def test_another_rate_is_an_error_not_overwritten():
    optimizer = optimizer_with(0.3)
    with pytest.raises(ValueError, match=r"lr of group 0 is 0.3, .* at step 1 is 0.5; make the op"):
        Attached(optimizer, Cosine(0.5, steps=10))
    assert rates(optimizer) == [0.3]
    with pytest.raises(ValueError, match=r"group 1 is 0.25, .* is 0.5"):
        Attached(optimizer_with(0.5, 0.25), Constant(0.5))
    with pytest.raises(TypeError, match="expected a schedule"):
        Attached(optimizer, "cosine")


def test_in_step_n_the_optimizer_has_the_schedules_rate():
    schedule = Cosine(0.5, steps=10)
    optimizer = optimizer_with(schedule(1))
    attached = Attached(optimizer, schedule)
    for t in range(1, 15):
        assert attached.t == t
        assert rates(optimizer) == attached.get_last_lr() == [schedule(t)]
        attached.step()


def test_one_schedule_for_all_groups_or_one_for_each():
    optimizer = optimizer_with(0.5, 0.5)
    Attached(optimizer, Exponential(0.5, 0.5)).step()
    assert rates(optimizer) == [0.25, 0.25]
    optimizer = optimizer_with(0.5, 1.0)
    Attached(optimizer, [Exponential(0.5, 0.5), 1.0]).step()
    assert rates(optimizer) == [0.25, 1.0]
    with pytest.raises(ValueError, match="has 2 groups, got 1 schedules"):
        Attached(optimizer, [Constant(1)])


def trained(optimizer, w, attached, steps):
    for _ in range(steps):
        loss = (w**2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        attached.step()


@pytest.mark.parametrize("cut", [0, 1, 7, 19])
@pytest.mark.parametrize("attached_first", [True, False])
def test_a_resumed_run_is_bit_equal(cut, attached_first):
    schedule = Cosine(0.5, steps=20)

    def made(start):
        w = mg.Parameter(start)
        optimizer = mg.optim.Adam([w], lr=schedule(1))
        return optimizer, w, Attached(optimizer, schedule)

    start = np.array([1.0, -3.0])
    whole = made(start.copy())
    trained(*whole, 20)
    optimizer, w, attached = made(start.copy())
    trained(optimizer, w, attached, cut)
    new_optimizer, new_w, new_attached = made(w.data.copy())
    loads = [
        lambda: new_optimizer.load_state_dict(optimizer.state_dict()),
        lambda: new_attached.load_state_dict(attached.state_dict()),
    ]
    for load in loads[::-1] if attached_first else loads:
        load()
    assert rates(new_optimizer) == rates(optimizer) == [schedule(cut + 1)]
    trained(new_optimizer, new_w, new_attached, 20 - cut)
    assert new_w.data.tobytes() == whole[1].data.tobytes()


def test_compiled_steps_have_its_rates():
    """To the same bits as with the schedule in the optimizer."""
    schedule = Cosine(0.5, steps=20)

    def made():
        w = mg.Parameter(np.array([1.0, -3.0]))
        optimizer = mg.optim.Adam([w], lr=schedule(1))

        @mg.compile
        def step(x):
            loss = ((w * x) ** 2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return w, optimizer, step

    x = np.array([0.5, 2.0])
    w, optimizer, step = made()
    attached = Attached(optimizer, schedule)
    other_w, other, other_step = made()
    other.lr = schedule
    for _ in range(15):
        step(x)
        attached.step()
        other_step(x)
        assert w.data.tobytes() == other_w.data.tobytes()


def test_attached_to_an_optimizer_that_was_resumed():
    schedule = Exponential(0.5, 0.5)
    optimizer = optimizer_with(schedule(3))
    with pytest.raises(ValueError, match="say by t= which step is the next"):
        Attached(optimizer, schedule)
    attached = Attached(optimizer, schedule, t=3)
    attached.step()
    assert rates(optimizer) == [schedule(4)]


def test_with_a_plateau_metrics_are_observed_and_steps_are_steps():
    plateau = ReduceOnPlateau(0.5, factor=0.5, patience=0)
    optimizer = optimizer_with(0.5)
    attached = Attached(optimizer, plateau)
    for _ in range(2):
        plateau.observe(1.0)
        attached.step()
    assert rates(optimizer) == [0.25]
    with pytest.raises(TypeError):
        attached.step(1.0)
    again = Attached(optimizer_with(0.5), ReduceOnPlateau(0.5, factor=0.5, patience=0))
    again.load_state_dict(attached.state_dict())
    assert rates(again.optimizer) == [0.25] and again.t == 3


def test_a_rate_out_of_range_is_an_error():
    attached = Attached(optimizer_with(0.5), lambda t: 1 - t / 2)
    attached.step()
    with pytest.raises(ValueError, match="Adam: lr must lie in"):
        attached.step()


def test_state_of_other_schedules():
    attached = Attached(optimizer_with(0.5), 0.5)
    with pytest.raises(ValueError, match="the state is of 2 schedules, this object has 1"):
        attached.load_state_dict({"t": 5, "schedules": [{}, {}]})
    with pytest.raises(ValueError, match="got the state of"):
        attached.load_state_dict({"t": 5, "schedules": [{"0": {}}]})
    assert attached.t == 1
