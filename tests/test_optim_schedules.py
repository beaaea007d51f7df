"""The schedules: formulas on plain numbers, properties, joins, arguments."""

import math
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.optim import schedules
from minigrad.optim.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    CosineRestarts,
    Exponential,
    ExponentialRange,
    ExponentialWarmup,
    InverseSqrt,
    Join,
    Lambda,
    Linear,
    MultiStep,
    Noam,
    OneCycle,
    PerEpoch,
    Polynomial,
    Product,
    ReduceOnPlateau,
    Schedule,
    Step,
    Triangular,
    Triangular2,
    Tuple,
    Warmup,
    WarmupStableDecay,
    as_schedule,
)


def reciprocal(t):
    return 1 / t


def cosine(way):
    return (1 + math.cos(math.pi * way)) / 2


def one_cycle(t):
    if t - 1 <= 4:
        return 0.04 + 0.96 * (1 - cosine((t - 1) / 4))
    return 4e-6 + (1 - 4e-6) * cosine(min(1, (t - 5) / 15))


# Each schedule, and its formula written down once more.
FORMULAS = {
    Constant(0.3): lambda t: 0.3,
    Step(2, every=3, factor=0.5): lambda t: 2 * 0.5 ** ((t - 1) // 3),
    MultiStep(2, [4, 7], 0.5): lambda t: 2 if t <= 4 else 1 if t <= 7 else 0.5,
    Exponential(2, 0.9): lambda t: 2 * 0.9 ** (t - 1),
    Linear(2, 1, steps=8): lambda t: max(1, 2 - (t - 1) / 8),
    Polynomial(2, steps=8, power=3, end=1): lambda t: 1 + max(0, 1 - (t - 1) / 8) ** 3,
    Cosine(2, steps=8, end=1): lambda t: 1 + cosine(min(1, (t - 1) / 8)),
    CosineRestarts(2, steps=8, end=1): lambda t: 1 + cosine((t - 1) % 8 / 8),
    Triangular(1, 2, up=3, down=2): lambda t: 1 + [0, 1 / 3, 2 / 3, 1, 0.5][(t - 1) % 5],
    Triangular2(1, 2, up=2): lambda t: 1 + [0, 0.5, 1, 0.5][(t - 1) % 4] / 2 ** ((t - 1) // 4),
    ExponentialRange(1, 2, up=2, factor=0.9): (
        lambda t: 1 + [0, 0.5, 1, 0.5][(t - 1) % 4] * 0.9 ** (t - 1)
    ),
    OneCycle(1, steps=20, rise=0.25): one_cycle,
    InverseSqrt(0.5): lambda t: 0.5 / math.sqrt(t),
    InverseSqrt(2, warmup=9): lambda t: 2 * t / 9 if t < 9 else 2 * 3 / math.sqrt(t),
    Noam(16, warmup=9, factor=2): lambda t: 0.5 * min(1 / math.sqrt(t), t / 27),
    WarmupStableDecay(2, 4, 3, 6): lambda t: 2 * min(1, t / 4, max(0, 1 - (t - 8) / 6)),
    WarmupStableDecay(1, 0, 2, 9, shape="sqrt"): (
        lambda t: 1 - math.sqrt(min(1, max(0, t - 3) / 9))
    ),
    WarmupStableDecay(1, 0, 2, 9, shape="cosine"): lambda t: cosine(min(1, max(0, t - 3) / 9)),
    Warmup(2, steps=6): lambda t: 2 * min(1, t / 6),
    Warmup(Exponential(2, 0.9), steps=6, start=0.5): (
        lambda t: 1 + t / 6 if t <= 6 else 2 * 0.9 ** (t - 7)
    ),
    ExponentialWarmup(Linear(2, 0, 9), steps=6, start=0.25): (
        lambda t: 2 * 0.25 ** (1 - t / 6) if t <= 6 else max(0, 2 - 2 * (t - 7) / 9)
    ),
    Join([1, Exponential(2, 0.9), reciprocal], after=[3, 10]): (
        lambda t: 1 if t <= 3 else 2 * 0.9 ** (t - 4) if t <= 10 else 1 / (t - 10)
    ),
    Product([Exponential(2, 0.9), 3, reciprocal]): lambda t: 6 * 0.9 ** (t - 1) / t,
    PerEpoch(Exponential(2, 0.9), 7): lambda t: 2 * 0.9 ** ((t - 1) // 7),
    Lambda(reciprocal): lambda t: 1 / t,
}
by_schedule = pytest.mark.parametrize("schedule", FORMULAS, ids=repr)
VARIANTS = [*FORMULAS, Tuple([0.9, Linear(0.99, 0.999, 10)]), ReduceOnPlateau(1)]
by_variant = pytest.mark.parametrize("schedule", VARIANTS, ids=repr)

steps = st.integers(1, 200)
values = st.floats(0, 10)


def test_every_schedule_is_here():
    assert {type(schedule) for schedule in VARIANTS} == set(SCHEDULES.values())


@by_schedule
def test_formula(schedule):
    expected = [FORMULAS[schedule](t) for t in range(1, 61)]
    np.testing.assert_allclose(schedule.values(60), expected, rtol=1e-14, atol=1e-15)


@by_variant
def test_repr_evaluates_to_the_schedule(schedule):
    again = eval(repr(schedule), {**vars(schedules), "reciprocal": reciprocal})
    assert type(again) is type(schedule)
    assert [again(t) for t in (1, 5, 50)] == [schedule(t) for t in (1, 5, 50)]
    if not isinstance(schedule, ReduceOnPlateau):
        assert again == schedule and hash(again) == hash(schedule) and len({again, schedule}) == 1


@by_variant
def test_pickled_it_is_the_same(schedule):
    again = pickle.loads(pickle.dumps(schedule))
    assert [again(t) for t in range(1, 99)] == [schedule(t) for t in range(1, 99)]
    assert isinstance(schedule, ReduceOnPlateau) or again == schedule


@by_variant
def test_the_value_follows_from_t_alone(schedule):
    """In any order, any number of times; also very late."""
    forwards = [schedule(t) for t in range(1, 80)]
    backwards = [schedule(t) for t in range(79, 0, -1)]
    assert forwards == backwards[::-1]
    late = schedule(10**7)
    assert late == schedule(10**7)
    assert all(map(math.isfinite, late if isinstance(late, tuple) else (late,)))


@by_variant
def test_values_are_python_floats(schedule):
    for t in (1, 2, 4, 100, np.int64(3)):
        value = schedule(t)
        assert {type(a) for a in (value if isinstance(value, tuple) else (value,))} == {float}


def test_numbers_of_numpy_become_pythons():
    schedule = Cosine(np.float32(0.5), steps=np.int64(10), end=np.float64(0.25))
    assert repr(schedule) == "Cosine(start=0.5, steps=10, end=0.25)"
    assert type(schedule.steps) is int
    assert repr(MultiStep(1, np.array([2, 3]))) == (
        "MultiStep(start=1.0, milestones=(2, 3), factor=0.1)"
    )


def test_compared_by_kind_and_arguments():
    assert Constant(1) == Constant(1.0) != Constant(2)
    assert Triangular(0, 1, up=2) != Triangular2(0, 1, up=2)
    assert Join([1, 2], [3]) == Constant(1).then(2, after=3)
    assert ReduceOnPlateau(1) != ReduceOnPlateau(1)


@by_schedule
def test_immutable(schedule):
    field = next(iter(vars(schedule)))
    with pytest.raises(FrozenInstanceError):
        setattr(schedule, field, 1)


@pytest.mark.parametrize("t", [0, -1, np.int64(0)])
def test_steps_are_numbered_from_one(t):
    with pytest.raises(ValueError, match=f"numbered from 1, got {t}"):
        Constant(1)(t)


@pytest.mark.parametrize("t", [1.0, "1", None])
def test_the_number_of_a_step_is_an_integer(t):
    with pytest.raises(TypeError, match="is an integer, got"):
        Constant(1)(t)


def test_values():
    found = Linear(1, 0, 4).values(3)
    assert found.dtype == np.float64 and found.tolist() == [1, 0.75, 0.5]
    assert Tuple([1, Linear(1, 0, 4)]).values(3).tolist() == [[1, 1], [1, 0.75], [1, 0.5]]
    with pytest.raises(ValueError, match="at least 1 step, got 0"):
        Constant(1).values(0)


def test_a_schedule_of_ones_own_needs_a_formula():
    with pytest.raises(NotImplementedError, match=r"needs a formula\(self, t\)"):
        Schedule()(1)


ways = st.one_of(
    st.builds(Linear, values, values, steps),
    st.builds(Cosine, values, steps, values),
    st.builds(Polynomial, values, steps, st.floats(0.1, 5), values),
)


@given(ways, st.integers(1, 400))
def test_ways_are_exact_at_both_ends_and_monotonic_between(way, t):
    start, end, length = way.start, way.end, way.steps
    assert way(1) == start
    assert way(length + 1) == way(length + 5000) == end
    slack = 1e-14 * max(start, end)
    assert min(start, end) - slack <= way(t) <= max(start, end) + slack
    assert (way(t + 1) - way(t)) * math.copysign(1, end - start) >= -slack


@given(ways, ways, st.integers(1, 300), st.integers(1, 600))
def test_joined_parts_count_anew(a, b, after, t):
    assert a.then(b, after=after)(t) == (a(t) if t <= after else b(t - after))


@given(values, values, steps, steps, values)
def test_a_way_joined_where_it_ends_is_continuous(start, middle, first, second, end):
    joined = Linear(start, middle, first).then(Cosine(middle, second, end), after=first)
    assert joined(first + 1) == middle
    largest = abs(middle - start) / first + abs(end - middle) * math.pi / 2 / second
    jumps = np.abs(np.diff(joined.values(first + second + 2)))
    assert jumps.max() <= largest * (1 + 1e-9) + 1e-14


@given(st.lists(ways, min_size=3, max_size=3), st.integers(1, 50), st.integers(1, 50))
def test_then_goes_on_counting_the_whole_run(parts, first, more):
    a, b, c = parts
    joined = a.then(b, after=first).then(c, after=first + more)
    assert joined == Join([a, b, c], after=[first, first + more])


@given(ways, steps, st.floats(0.01, 0.99), st.sampled_from([Warmup, ExponentialWarmup]))
def test_a_warm_up_rises_to_the_schedule_which_then_begins(way, length, start, kind):
    warm = kind(way, steps=length, start=start)
    rise = warm.values(length)
    assert (np.diff(rise) >= 0).all()
    assert start * way(1) * (1 - 1e-14) <= rise[0]
    assert rise[-1] == way(1) == warm(length + 1)
    assert [warm(length + t) for t in (1, 2, 50)] == [way(t) for t in (1, 2, 50)]


@given(values, values, st.integers(1, 20), st.integers(1, 4), st.integers(0, 5))
def test_restarts_begin_at_the_start_and_cycles_grow(start, end, length, growth, cycle):
    schedule = CosineRestarts(start, length, growth, end)
    before = sum(length * growth**i for i in range(cycle))
    once = Cosine(start, length * growth**cycle, end)
    begin, stop = before + 1, before + length * growth**cycle
    assert schedule(begin) == schedule(stop + 1) == start
    assert [schedule(t) for t in (begin, (begin + stop) // 2, stop)] == [
        once(t - before) for t in (begin, (begin + stop) // 2, stop)
    ]


@given(values, values, st.integers(1, 30), st.integers(1, 30), st.integers(0, 6))
def test_triangles_have_their_corners_at_start_and_peak(start, peak, up, down, cycle):
    begin = cycle * (up + down) + 1
    whole = Triangular(start, peak, up, down)
    assert (whole(begin), whole(begin + up)) == (start, peak)
    halved = Triangular2(start, peak, up, down)
    assert halved(begin) == start
    assert halved(begin + up) == pytest.approx(start + (peak - start) / 2**cycle)
    lowest, highest = sorted((start, peak))
    found = halved.values(4 * (up + down))
    assert (found >= lowest - 1e-14).all() and (found <= highest + 1e-14).all()


@given(
    st.integers(10, 300),
    st.floats(0.15, 0.5),
    st.sampled_from(["cosine", "linear"]),
    st.sampled_from([2, 3]),
)
def test_one_cycle_goes_from_the_start_over_the_peak_to_the_end(length, rise, shape, phases):
    schedule = OneCycle(2, length, 0.5, 0.125, rise, shape, phases)
    found = schedule.values(length + 3)
    assert found[0] == 0.5
    assert set(found[length - 1 :]) == {0.125}
    assert found.max() <= 2 and found.min() == 0.125
    top = int(found.argmax())
    assert abs(top - (rise * length - 1)) <= 1
    assert (np.diff(found[: top + 1]) >= 0).all() and (np.diff(found[top:]) <= 0).all()


@given(values, st.integers(0, 50), st.integers(0, 50), steps, values)
def test_warm_up_stable_decay_has_three_parts(peak, warmup, stable, decay, end):
    schedule = WarmupStableDecay(peak, warmup, stable, decay, end)
    parts = Constant(peak).then(Linear(peak, end, decay), after=stable) if stable else None
    parts = parts or Linear(peak, end, decay)
    whole = Warmup(parts, steps=warmup) if warmup else parts
    length = warmup + stable + decay + 5
    np.testing.assert_allclose(schedule.values(length), whole.values(length), rtol=1e-14)


@given(ways, ways, values, st.integers(1, 300))
def test_products(a, b, factor, t):
    assert (a * b)(t) == a(t) * b(t)
    assert (factor * a)(t) == factor * a(t) == (a * factor)(t)


@given(ways, st.integers(1, 30), st.integers(1, 300))
def test_epochs(way, length, t):
    by_epoch = way.per_epoch(length)
    assert by_epoch == PerEpoch(way, length)
    assert by_epoch(t) == way(math.ceil(t / length))


def test_numbers_and_functions_stand_for_schedules():
    assert as_schedule(2) == Constant(2.0)
    assert as_schedule(np.float32(0.5)) == Constant(0.5)
    assert as_schedule(reciprocal) == Lambda(reciprocal)
    line = Linear(1, 0, 2)
    assert as_schedule(line) is line
    for wrong in ("0.1", None, Cosine, [1, 2]):
        with pytest.raises(TypeError, match="expected a schedule, a number or a function of t"):
            as_schedule(wrong)


def test_tuples():
    betas = Tuple([Linear(0.5, 1, 2), 0.999])
    assert betas(2) == (0.75, 0.999)
    assert betas.per_epoch(2)(3) == (0.75, 0.999)
    assert betas.then(Lambda(lambda t: [0, 1]), after=1)(2) == (0.0, 1.0)
    for needs_a_number in (0.5 * betas, Warmup(betas, steps=2), Tuple([betas])):
        with pytest.raises(TypeError, match=r"one number is needed at step 1, got \(0.5, 0.999\)"):
            needs_a_number(1)


def test_what_a_function_returns_must_be_a_number():
    assert Lambda(lambda t: np.float32(0.5))(1) == 0.5
    with pytest.raises(TypeError):
        Lambda(lambda t: None)(1)


def test_building_one_never_touches_an_optimizer():
    optimizer = mg.optim.SGD([mg.Parameter([1.0])], lr=0.7)
    for schedule in VARIANTS:
        schedule(5)
    assert optimizer.lr == 0.7


WRONG = [
    (lambda: Constant(-1), ValueError, "Constant: value must be finite and at least 0, got -1"),
    (lambda: Constant(math.nan), ValueError, "finite"),
    (lambda: Constant(math.inf), ValueError, "finite"),
    (lambda: Constant("1"), TypeError, "Constant: value must be a number, got '1'"),
    (lambda: Constant(True), TypeError, "must be a number, got True"),
    (lambda: Step(-1, 2), ValueError, "start"),
    (lambda: Step(1, 0), ValueError, "Step: every must be an integer of at least 1, got 0"),
    (lambda: Step(1, 2.0), TypeError, "Step: every must be an integer, got 2.0"),
    (lambda: Step(1, True), TypeError, "must be an integer, got True"),
    (lambda: Step(1, 2, 0), ValueError, "factor must be finite and more than 0"),
    (lambda: MultiStep(-1, [2]), ValueError, "start"),
    (lambda: MultiStep(1, [3, 2]), ValueError, r"milestones must increase, got \[3, 2\]"),
    (lambda: MultiStep(1, [2, 2]), ValueError, "milestones must increase"),
    (lambda: MultiStep(1, [0, 2]), ValueError, "at least 1, got 0"),
    (lambda: MultiStep(1, [1.5]), TypeError, "must be an integer, got 1.5"),
    (lambda: MultiStep(1, 5), TypeError, "milestones must be several integers, got 5"),
    (lambda: MultiStep(1, [2], -1), ValueError, "factor"),
    (lambda: Exponential(-1, 0.5), ValueError, "start"),
    (lambda: Exponential(1, -0.5), ValueError, "factor"),
    (lambda: Linear(-1, 1, 1), ValueError, "start"),
    (lambda: Linear(1, -1, 1), ValueError, "end"),
    (lambda: Linear(1, 1, 0), ValueError, "steps"),
    (lambda: Polynomial(-1, 1), ValueError, "start"),
    (lambda: Polynomial(1, 0), ValueError, "steps"),
    (lambda: Polynomial(1, 1, 0), ValueError, "power"),
    (lambda: Polynomial(1, 1, 1, -1), ValueError, "end"),
    (lambda: Cosine(-1, 1), ValueError, "start"),
    (lambda: Cosine(1, -1), ValueError, "steps"),
    (lambda: Cosine(1, 1, -1), ValueError, "end"),
    (lambda: CosineRestarts(-1, 1), ValueError, "start"),
    (lambda: CosineRestarts(1, 0), ValueError, "steps"),
    (lambda: CosineRestarts(1, 1, 0), ValueError, "growth"),
    (lambda: CosineRestarts(1, 1, 1.5), TypeError, "growth must be an integer"),
    (lambda: CosineRestarts(1, 1, 1, -1), ValueError, "end"),
    (lambda: Triangular(-1, 1, 1), ValueError, "start"),
    (lambda: Triangular(1, -1, 1), ValueError, "peak"),
    (lambda: Triangular(1, 1, 0), ValueError, "up"),
    (lambda: Triangular2(1, 1, 1, 0), ValueError, "Triangular2: down"),
    (lambda: ExponentialRange(1, 1, 1, factor=0), ValueError, "factor"),
    (lambda: ExponentialRange(-1, 1, 1, factor=1), ValueError, "start"),
    (lambda: OneCycle(-1, 10), ValueError, "peak"),
    (lambda: OneCycle(1, 0), ValueError, "steps"),
    (lambda: OneCycle(1, 10, -1), ValueError, "start"),
    (lambda: OneCycle(1, 10, 1, -1), ValueError, "end"),
    (lambda: OneCycle(1, 10, rise=1), ValueError, r"rise must be finite and in \(0, 1\)"),
    (lambda: OneCycle(1, 3), ValueError, r"rise \* steps must be more than 1, got 0.3 \* 3"),
    (lambda: OneCycle(1, 10, shape="cos"), ValueError, "one of 'cosine', 'linear', got 'cos'"),
    (lambda: OneCycle(1, 10, phases=4), ValueError, "phases must be one of 2, 3, got 4"),
    (lambda: OneCycle(1, 10, rise=0.6, phases=3), ValueError, "rise is at most 0.5, got 0.6"),
    (lambda: Warmup(1, 0), ValueError, "steps"),
    (lambda: Warmup(1, 1, 2), ValueError, r"start must be finite and in \[0, 1\]"),
    (lambda: Warmup("x", 1), TypeError, "expected a schedule"),
    (lambda: ExponentialWarmup(1, 1, 0), ValueError, r"in \(0, 1\)"),
    (lambda: InverseSqrt(-1), ValueError, "peak"),
    (lambda: InverseSqrt(1, 0), ValueError, "warmup"),
    (lambda: Noam(0), ValueError, "features"),
    (lambda: Noam(1, 0), ValueError, "warmup"),
    (lambda: Noam(1, 1, 0), ValueError, "factor"),
    (lambda: WarmupStableDecay(-1, 1, 1, 1), ValueError, "peak"),
    (lambda: WarmupStableDecay(1, -1, 1, 1), ValueError, "warmup"),
    (lambda: WarmupStableDecay(1, 1, -1, 1), ValueError, "stable"),
    (lambda: WarmupStableDecay(1, 1, 1, 0), ValueError, "decay"),
    (lambda: WarmupStableDecay(1, 1, 1, 1, -1), ValueError, "end"),
    (lambda: WarmupStableDecay(1, 1, 1, 1, shape="x"), ValueError, "'linear', 'sqrt', 'cosine'"),
    (lambda: Join([], []), TypeError, "schedules must be a list"),
    (lambda: Join(1, []), TypeError, "schedules must be a list"),
    (lambda: Join([1, 2], []), ValueError, r"2 schedules need 1 numbers in after, got \[\]"),
    (lambda: Join([1, 2, 3], [5, 4]), ValueError, "after must increase"),
    (lambda: Constant(1).then(2, after=0), ValueError, "at least 1, got 0"),
    (lambda: Constant(1).then(2, 5).then(3, after=5), ValueError, "after must increase"),
    (lambda: Product([]), TypeError, "factors must be a list"),
    (lambda: Constant(1) * "x", TypeError, "expected a schedule"),
    (lambda: -1 * Constant(1), ValueError, "at least 0, got -1"),
    (lambda: Tuple([]), TypeError, "members must be a list"),
    (lambda: Constant(1).per_epoch(0), ValueError, "steps_per_epoch"),
    (lambda: Lambda(1), TypeError, "function must be callable, got 1"),
]


@pytest.mark.parametrize(("build", "error", "message"), WRONG)
def test_wrong_arguments(build, error, message):
    with pytest.raises(error, match=message):
        build()
