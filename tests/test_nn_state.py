"""State of modules that share parameters, and loading of a part."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import minigrad as mg
from minigrad import nn, optim
from minigrad.train import CheckpointError, load_model, save_model

X = np.random.default_rng(7).standard_normal((4, 2)).astype(np.float32)


class Tied(nn.Module):
    """Two layers of one weight; `again` is a module that is there already, with a buffer."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.encoder = nn.Linear(2, 2, rng=rng)
        self.decoder = nn.Linear(2, 2, rng=rng)
        self.decoder.weight = self.encoder.weight
        self.body = nn.Sequential(nn.Linear(2, 2, rng=rng))
        self.body[0].register_buffer("mean", np.zeros(2, np.float32))
        self.again = self.body[0]

    def forward(self, x):
        return self.again(self.decoder(np.tanh(self.encoder(x))))


NAMES = [
    "encoder.weight", "encoder.bias", "decoder.bias", "body.0.weight", "body.0.bias", "body.0.mean",
]  # fmt: skip


def renamed(state, names):
    return {names.get(name, name): array for name, array in state.items()}


def test_what_is_shared_is_counted_and_named_once():
    net = Tied()
    assert list(net.state_dict()) == NAMES
    assert sum(p.size for p in net.parameters()) == 4 + 2 + 2 + 4 + 2
    assert repr(net).startswith("Tied: 14 parameters")
    assert "decoder: Linear(2, 2): weight (2, 2) = encoder.weight, bias (2,)" in repr(net)


def test_it_is_stored_once_in_a_file(tmp_path):
    net, other = Tied(0), Tied(1)
    save_model(net, tmp_path / "net.safetensors")
    assert sorted(load_file(tmp_path / "net.safetensors")) == sorted(NAMES)
    load_model(other, tmp_path / "net.safetensors")
    np.testing.assert_array_equal(other(X).data, net(X).data)
    assert other.decoder.weight is other.encoder.weight


@pytest.mark.parametrize(
    "names",
    [
        {"encoder.weight": "decoder.weight"},
        {"body.0.weight": "again.weight", "body.0.mean": "again.mean"},
        {"encoder.weight": "decoder.weight", "body.0.bias": "again.bias"},
    ],
)
def test_any_of_its_names_will_do(names, tmp_path):
    net, other = Tied(0), Tied(1)
    state = renamed(net.state_dict(), names)
    assert other.load_state_dict(state) == ([], [])
    np.testing.assert_array_equal(other(X).data, net(X).data)
    save_file(state, tmp_path / "renamed.safetensors")
    third = Tied(2)
    load_model(third, tmp_path / "renamed.safetensors")
    np.testing.assert_array_equal(third(X).data, net(X).data)


def test_several_names_have_to_agree():
    net = Tied()
    state = net.state_dict()
    repeated = state | {
        "decoder.weight": state["encoder.weight"],
        "again.bias": state["body.0.bias"].astype(np.float64),
    }
    assert Tied(1).load_state_dict(repeated) == ([], [])
    words = "encoder.weight and decoder.weight are one parameter here, but differ in the state"
    for strict in (True, False):
        with pytest.raises(ValueError, match=words):
            net.load_state_dict(state | {"decoder.weight": state["encoder.weight"] + 1}, strict)
    nans = np.full((2, 2), np.nan, np.float32)
    net.load_state_dict(state | {"encoder.weight": nans, "decoder.weight": nans.copy()})
    assert np.isnan(net.encoder.weight.data).all()
    with pytest.raises(ValueError, match=r"decoder.weight: expected \(2, 2\), got \(1, 2\)$"):
        net.load_state_dict(state | {"decoder.weight": nans[:1]})


def test_a_shared_weight_is_trained_by_both_of_its_uses():
    net = Tied()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    net(X).sum().backward()
    before = net.encoder.weight.data.copy()
    optimizer.step()
    assert net.decoder.weight is net.encoder.weight
    assert (net.encoder.weight.data != before).all()
    apart = Tied()
    apart.decoder.weight = mg.Parameter(apart.encoder.weight.data)
    apart(X).sum().backward()
    total = apart.encoder.weight.grad + apart.decoder.weight.grad
    np.testing.assert_allclose(net.encoder.weight.grad, total.data, rtol=1e-6)


def test_what_only_one_side_has_is_reported():
    net = Tied(0)
    state = Tied(1).state_dict()
    state["head.weight"] = state.pop("body.0.weight")
    state["decoder.weight"] = state.pop("encoder.weight")
    found = net.load_state_dict(state, strict=False)
    assert found == (["body.0.weight"], ["head.weight"])
    assert found.missing_keys == ["body.0.weight"]
    assert found.unexpected_keys == ["head.weight"]
    np.testing.assert_array_equal(net.decoder.weight.data, state["decoder.weight"])
    with pytest.raises(ValueError) as error:
        net.load_state_dict(state)
    assert str(error.value) == (
        "the state does not fit Tied: missing: body.0.weight; unexpected: head.weight"
    )


@pytest.mark.parametrize("name", ["", ".", "encoder", "encoder.", "encoder.forward", "x.y.z"])
def test_names_of_nothing_are_unexpected(name):
    net = Tied()
    state = net.state_dict() | {name: np.zeros(2)}
    assert net.load_state_dict(state, strict=False) == ([], [name])


def test_both_shapes_and_the_path_are_told(tmp_path):
    net = nn.Sequential(encoder=nn.Sequential(nn.Sequential(linear1=nn.Linear(64, 256))))
    narrow = {"encoder.0.linear1.weight": np.zeros((128, 64)), "encoder.0.linear1.bias": 3.0}
    words = (
        r"the state does not fit Sequential: encoder.0.linear1.weight: expected \(256, 64\), got "
        r"\(128, 64\); encoder.0.linear1.bias: expected \(256,\), got \(\)$"
    )
    for strict in (True, False):
        with pytest.raises(ValueError, match=words):
            net.load_state_dict(narrow, strict)
    save_file({name: np.asarray(a) for name, a in narrow.items()}, tmp_path / "narrow.safetensors")
    with pytest.raises(CheckpointError, match=rf"narrow.safetensors: {words}"):
        load_model(net, tmp_path / "narrow.safetensors")


def test_a_part_of_a_state_under_other_names():
    """As docs/layers.md recommends: names are changed where the state is made."""
    net = Tied(0)
    whole = {f"model.{name}": a for name, a in Tied(1).state_dict().items()}
    part = {
        n.removeprefix("model.body."): a for n, a in whole.items() if n.startswith("model.body")
    }
    assert net.body.load_state_dict(part) == ([], [])
    np.testing.assert_array_equal(net.again.weight.data, whole["model.body.0.weight"])


def test_a_state_of_nothing():
    assert nn.Tanh().state_dict() == {}
    assert nn.Tanh().load_state_dict({}) == ([], [])
    assert Tied().load_state_dict({}, strict=False).missing_keys == NAMES
