import json
import pickle

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from test_train_encoding import STATES, assert_same

from minigrad import nn
from minigrad.train import (
    CheckpointError,
    load_checkpoint,
    load_model,
    save_checkpoint,
    save_model,
)


@settings(max_examples=60, deadline=None)
@given(STATES)
def test_round_trip(tmp_path_factory, state):
    path = tmp_path_factory.getbasetemp() / "state.safetensors"
    save_checkpoint(path, state)
    assert_same(load_checkpoint(path), state)


def test_arrays_are_tensors_that_other_tools_read(tmp_path):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, {"m": {"0.weight": np.arange(6.0).reshape(2, 3).T}, "t": 3})
    tensors = safetensors.numpy.load_file(path)
    assert list(tensors) == ["state.m.0%2Eweight"]
    np.testing.assert_array_equal(tensors["state.m.0%2Eweight"], np.arange(6.0).reshape(2, 3).T)


def test_a_key_may_have_the_name_of_the_metadata(tmp_path):
    state = {"__metadata__": np.ones(2)}
    save_checkpoint(tmp_path / "a", state)
    assert_same(load_checkpoint(tmp_path / "a"), state)


def test_the_same_state_gives_the_same_bytes(tmp_path):
    state = {"b": np.ones(3, np.float32), "a": [np.zeros((2, 2)), 2**70], "n": float("nan")}
    contents = set()
    for _ in range(5):
        save_checkpoint(tmp_path / "a", state)
        contents.add((tmp_path / "a").read_bytes())
    assert len(contents) == 1


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, {"w": np.arange(100, dtype=np.float32), "steps": [1, 2, 3]})
    return path


def test_every_truncation_is_one_clear_error(checkpoint):
    content = checkpoint.read_bytes()
    for length in range(len(content)):
        checkpoint.write_bytes(content[:length])
        with pytest.raises(CheckpointError) as caught:
            load_checkpoint(checkpoint)
        assert str(checkpoint) in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_damage_to_the_header_gets_through_as_another_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    save_checkpoint(path, {"w": np.arange(3, dtype=np.float32), "n": float("inf"), "i": 2**60})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 13))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        load_checkpoint(path)
    except CheckpointError as error:
        assert str(path) in str(error)


def test_foreign_files(tmp_path):
    path = tmp_path / "a"
    for content in (b"", b"hello", pickle.dumps({"w": 1}), b"PK\x03\x04" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="expected a safetensors file, found"):
            load_checkpoint(path)
    safetensors.numpy.save_file({"w": np.ones(2)}, path, {"format": "np"})
    with pytest.raises(CheckpointError, match="found safetensors of something else$"):
        load_checkpoint(path)
    safetensors.numpy.save_file({}, path, {"minigrad": '{"w": {"$array": "state.w"}}'})
    with pytest.raises(CheckpointError, match="expected a checkpoint, found no encoded state"):
        load_checkpoint(path)


def test_tensors_that_numpy_lacks(tmp_path):
    header = json.dumps({"w": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    path = tmp_path / "a"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")
    with pytest.raises(CheckpointError, match="expected NumPy's dtypes, found 'BF16'"):
        load_checkpoint(path)


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    path = tmp_path / "a"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "none")


def network(seed):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.ReLU(), nn.Linear(4, 2, rng=rng))


def test_a_model_has_flat_names_and_comes_back(tmp_path):
    path = tmp_path / "model.safetensors"
    model, other = network(0), network(1)
    save_model(model, path)
    tensors = safetensors.numpy.load_file(path)
    assert sorted(tensors) == ["0.bias", "0.weight", "2.bias", "2.weight"]
    assert tensors["0.weight"].dtype == np.float32
    load_model(other, path)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(tensors[name], array)
        np.testing.assert_array_equal(other.state_dict()[name], array)


def test_a_model_of_another_shape_says_so_and_is_left_alone(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)), path)
    model = network(0)
    before = model.state_dict()
    with pytest.raises(CheckpointError, match=r"0\.weight: expected \(4, 3\), got \(5, 3\)"):
        load_model(model, path)
    assert_same(model.state_dict(), before)
    path.write_bytes(b"junk")
    with pytest.raises(CheckpointError, match="expected a safetensors file"):
        load_model(model, path)
