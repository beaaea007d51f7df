"""The character corpus of the text examples, and what is known of it without a network."""

import importlib
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent.parent / "examples"
LENGTH = 464_970  # characters in Python 3.11.7, of which the known figures are


@pytest.fixture
def topics(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("topics")


def test_the_text_as_numbers(topics):
    text = topics.Topics()
    assert len(text.train) == (len(text.train) + len(text.test)) * 9 // 10
    assert text.decode(text.encode("The following ")) == "The following "
    codes, following = text.batch(3, 5, np.random.default_rng(0))
    assert codes.shape == following.shape == (3, 5)
    np.testing.assert_array_equal(codes[:, 1:], following[:, :-1])
    pieces = text.pieces(7)
    np.testing.assert_array_equal(pieces[1:, 0], pieces[:-1, -1])


def test_what_counting_knows(topics):
    """Log of the number of kinds without any counts; of pairs half of that."""
    text = topics.Topics()
    uniform = np.log(len(text.alphabet))
    assert 1.5 < text.bigrams() < uniform
    if len(text.train) + len(text.test) == LENGTH:  # another Python has another manual
        assert uniform == pytest.approx(4.635, abs=5e-4)
        assert text.bigrams() == pytest.approx(2.324, abs=5e-4)


def test_a_model_that_knows_nothing(topics):
    text = topics.Topics()
    kinds = len(text.alphabet)
    nats = topics.held_out(lambda codes: np.zeros((*codes.shape, kinds)), text, pieces=2)
    assert nats == pytest.approx(np.log(kinds))
    assert topics.drawn(np.eye(kinds)[3] * 1e3, np.random.default_rng(0)).tolist() == [3]
