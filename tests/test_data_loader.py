import json
import re
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.data import DataError, DataLoader, Dataset


def generator(seed=0):
    return np.random.default_rng(seed)


def loader(n=10, batch_size=4, shuffle=True, seed=0, **options):
    rng = generator(seed) if shuffle else None
    data = np.arange(n), np.arange(n * 2.0).reshape(n, 2)
    return DataLoader(data, batch_size, shuffle=shuffle, rng=rng, **options)


def rows(batches):
    return [batch[0].tolist() for batch in batches]


# Batches.


@given(
    n=st.integers(1, 40),
    batch_size=st.integers(1, 50),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    seed=st.integers(0, 9),
)
def test_an_epoch_serves_every_row_once(n, batch_size, shuffle, drop_last, seed):
    if drop_last and batch_size > n:
        return
    batches = loader(n, batch_size, shuffle, seed, drop_last=drop_last)
    for _ in range(2):
        served = list(batches)
        assert len(served) == len(batches)
        assert all(len(batch[0]) == batch_size for batch in served[:-1])
        seen = np.concatenate([batch[0] for batch in served])
        left_out = n % batch_size if drop_last else 0
        assert len(set(seen.tolist())) == len(seen) == n - left_out
        assert shuffle or seen.tolist() == list(range(n - left_out))
        for first, second in served:
            np.testing.assert_array_equal(second[:, 0], 2.0 * first)


def test_a_dataset_is_served_as_x_and_y():
    data = Dataset(np.eye(5), np.array([0, 1, 0, 1, 1]), "toy", "classification")
    batches = list(DataLoader(data, batch_size=3))
    assert [len(batch) for batch in batches] == [2, 2]
    x, y = batches[1]
    assert x.dtype == np.float32 and y.dtype == np.int64
    np.testing.assert_array_equal(x, np.eye(5)[3:])
    np.testing.assert_array_equal(y, [1, 1])


@pytest.mark.parametrize("arity", [1, 2, 3])
def test_tuples_keep_their_arity(arity):
    (batch,) = DataLoader(tuple(np.arange(3) + i for i in range(arity)))
    assert type(batch) is tuple and len(batch) == arity


def test_one_array_is_served_as_a_tuple_of_one():
    assert [batch.tolist() for (batch,) in DataLoader(np.arange(3), 2)] == [[0, 1], [2]]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
def test_batches_are_contiguous_and_own_their_memory(shuffle, order):
    source = np.asarray(np.arange(24.0).reshape(6, 2, 2), order=order)
    before = source.copy()
    for (batch,) in DataLoader(source, 4, shuffle=shuffle, rng=generator()):
        assert type(batch) is np.ndarray and batch.flags.c_contiguous and batch.flags.writeable
        assert not np.shares_memory(batch, source)
        batch[:] = -1
    np.testing.assert_array_equal(source, before)


def test_each_epoch_has_another_order():
    batches = loader(50)
    assert rows(batches) != rows(batches)


def test_the_generator_determines_all_epochs():
    one, same, other = loader(20, seed=1), loader(20, seed=1), loader(20, seed=2)
    assert [rows(one) for _ in range(3)] == [rows(same) for _ in range(3)]
    assert rows(loader(20, seed=1)) != rows(other)


def test_one_permutation_is_drawn_an_epoch_at_its_start():
    batches, twin = loader(10), generator()
    iterator = iter(batches)
    order = twin.permutation(10)
    assert batches.rng.bit_generator.state == twin.bit_generator.state
    assert [row for batch in rows(iterator) for row in batch] == order.tolist()
    assert batches.rng.bit_generator.state == twin.bit_generator.state


def test_nothing_is_drawn_without_shuffling():
    rng, twin = generator(), generator()
    list(DataLoader(np.arange(5), rng=rng))
    assert rng.random() == twin.random()


# What is refused.


def refuses(error, message):
    return pytest.raises(error, match="^" + re.escape(message) + "$")


@pytest.mark.parametrize("size", [0, -1, 2.0, "4", None, True])
def test_bad_batch_size(size):
    with refuses(ValueError, f"expected a positive integer batch_size, found {size!r}"):
        DataLoader(np.arange(5), batch_size=size)


def test_numpy_integers_are_batch_sizes():
    batches = DataLoader(np.arange(5), batch_size=np.int64(2))
    assert type(batches.batch_size) is int and len(batches) == 3


def test_shuffling_without_a_generator():
    with refuses(
        ValueError, "shuffle=True needs a generator: pass rng=np.random.default_rng(seed)"
    ):
        DataLoader(np.arange(5), shuffle=True)


def test_a_seed_instead_of_a_generator():
    with refuses(TypeError, "expected rng=np.random.default_rng(seed), found int 0"):
        DataLoader(np.arange(5), shuffle=True, rng=0)


@pytest.mark.parametrize("data", [np.empty((0, 3)), (np.empty(0), np.empty(0))])
def test_no_rows(data):
    with pytest.raises(DataError, match=r"^expected at least one row, found shapes \[\(0,"):
        DataLoader(data)


@pytest.mark.parametrize("data", [(np.ones(3), np.ones(4)), (np.array(1.0),), ()])
def test_unequal_lengths_and_missing_axes(data):
    shapes = [array.shape for array in data]
    with refuses(DataError, f"expected arrays with the same number of rows, found shapes {shapes}"):
        DataLoader(data)


@pytest.mark.parametrize("data", [[np.ones(3), np.ones(3)], [1, 2], ([1, 2], [3, 4]), None])
def test_other_kinds_of_data(data):
    with refuses(
        TypeError,
        "expected a Dataset, an array or a tuple of arrays, found"
        f" {type(data).__name__}: convert with np.asarray",
    ):
        DataLoader(data)


def test_drop_last_that_leaves_nothing():
    with refuses(DataError, "drop_last=True leaves no batch: expected at least 32 rows, found 5"):
        DataLoader(np.arange(5), drop_last=True)


# Resuming.


def epochs(batches, n):
    return [rows(batches) for _ in range(n)]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("epoch", [0, 1, 2])
@pytest.mark.parametrize("served", [0, 1, 2, 3, 4])
def test_a_cut_anywhere_resumes_bit_for_bit(shuffle, drop_last, epoch, served):
    uncut = loader(14, 4, shuffle, drop_last=drop_last)
    if served > len(uncut):
        return
    whole = epochs(uncut, 5)

    cut = loader(14, 4, shuffle, drop_last=drop_last)
    epochs(cut, epoch)
    iterator = iter(cut)
    assert rows(islice(iterator, served)) == whole[epoch][:served]
    saved = json.loads(json.dumps(cut.state_dict()))

    resumed = loader(14, 4, shuffle, seed=99, drop_last=drop_last)
    resumed.load_state_dict(saved)
    assert rows(resumed) == whole[epoch][served:]
    assert epochs(resumed, 4 - epoch) == whole[epoch + 1 :]
    # Saving has not disturbed the one that was saved.
    assert rows(iterator) == whole[epoch][served:]
    assert epochs(cut, 4 - epoch) == whole[epoch + 1 :]


@pytest.mark.parametrize("shuffle", [True, False])
def test_between_epochs_the_position_is_the_next_start(shuffle):
    whole = epochs(loader(shuffle=shuffle), 4)
    cut, resumed = loader(shuffle=shuffle), loader(shuffle=shuffle, seed=99)
    epochs(cut, 2)
    assert cut.state_dict()["served"] == 0
    resumed.load_state_dict(cut.state_dict())
    assert epochs(resumed, 2) == whole[2:]


def test_a_loader_can_be_cut_again_while_resuming():
    whole = epochs(loader(14), 3)
    first = loader(14)
    list(islice(iter(first), 1))
    second = loader(14, seed=8)
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    assert rows(islice(iter(second), 2)) == whole[0][1:3]
    third = loader(14, seed=9)
    third.load_state_dict(second.state_dict())
    assert [rows(third), *epochs(third, 2)] == [whole[0][3:], *whole[1:]]


def test_loading_into_the_loader_itself_rewinds():
    batches = loader(14)
    start = batches.state_dict()
    whole = epochs(batches, 2)
    batches.load_state_dict(start)
    assert epochs(batches, 2) == whole


def test_after_a_break_a_new_loop_is_a_new_epoch():
    whole = epochs(loader(14), 2)
    batches = loader(14)
    for _ in batches:
        break
    assert batches.state_dict()["served"] == 1
    assert rows(batches) == whole[1]


def test_a_stale_iterator_does_not_move_the_position():
    batches = loader(14)
    stale = iter(batches)
    newest = iter(batches)
    next(newest)
    saved = batches.state_dict()
    list(stale)
    assert batches.state_dict() == saved


def test_between_epochs_draws_by_others_are_part_of_the_state():
    shared, twin = loader(10), loader(10, seed=5)
    rows(shared)
    shared.rng.random()
    twin.load_state_dict(shared.state_dict())
    assert rows(twin) == rows(shared)


def test_the_state_is_a_snapshot():
    batches = loader(14)
    iterator = iter(batches)
    saved = batches.state_dict()
    frozen = json.dumps(saved)
    list(iterator)
    assert json.dumps(saved) == frozen
    saved["rng"]["state"]["state"] = 0
    assert batches.rng.bit_generator.state["state"]["state"] != 0


@pytest.mark.parametrize("name", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_the_state_of_every_generator_is_json(name):
    def make(seed):
        rng = np.random.Generator(getattr(np.random, name)(seed))
        return DataLoader(np.arange(20), 6, shuffle=True, rng=rng)

    whole = epochs(make(1), 3)
    cut, resumed = make(1), make(2)
    list(islice(iter(cut), 2))
    resumed.load_state_dict(json.loads(json.dumps(cut.state_dict())))
    assert [rows(resumed), *epochs(resumed, 2)] == [whole[0][2:], *whole[1:]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": 11}, "the state is another loader's: expected rows 10, found 11"),
        ({"batch_size": 3}, "the state is another loader's: expected batch_size 4, found 3"),
        ({"shuffle": False}, "the state is another loader's: expected shuffle True, found False"),
        (
            {"drop_last": True},
            "the state is another loader's: expected drop_last False, found True",
        ),
        ({"served": 4}, "expected 0 to 3 batches served, found 4"),
        ({"served": -1}, "expected 0 to 3 batches served, found -1"),
        ({"served": 1.0}, "expected 0 to 3 batches served, found 1.0"),
        ({"served": True}, "expected 0 to 3 batches served, found True"),
        ({"rng": None}, None),
        ({"rng": {}}, None),
        ({"rng": np.random.Generator(np.random.SFC64(0)).bit_generator.state}, None),
        ({"rng": {"bit_generator": "PCG64", "state": {"state": -1, "inc": 1}}}, None),
        ({"rng": {"bit_generator": "PCG64", "state": {"state": 1 << 300, "inc": 1}}}, None),
        ({"rng": {"bit_generator": "PCG64", "state": {"state": 1, "inc": "a"}}}, None),
    ],
)
def test_a_foreign_state_is_refused_and_changes_nothing(change, message):
    batches, twin = loader(), loader()
    rows(batches), rows(twin)
    pattern = "^" + re.escape(message) + "$" if message else "^expected the state of a PCG64 gen"
    with pytest.raises(ValueError, match=pattern):
        batches.load_state_dict({**batches.state_dict(), **change})
    assert batches.state_dict() == twin.state_dict()
    assert epochs(batches, 2) == epochs(twin, 2)


def test_a_state_that_lacks_keys():
    with refuses(ValueError, "the loader's state lacks rng, rows"):
        state = loader().state_dict()
        del state["rng"], state["rows"]
        loader().load_state_dict(state)
