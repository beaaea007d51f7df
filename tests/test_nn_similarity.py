"""CosineSimilarity is its function."""

import numpy as np

import minigrad.functional as F
from minigrad import nn

rng = np.random.default_rng(0)


def test_it_is_its_function():
    a, b = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    np.testing.assert_array_equal(nn.CosineSimilarity()(a, b), F.cosine_similarity(a, b))
    np.testing.assert_array_equal(nn.CosineSimilarity(0)(a, b), F.cosine_similarity(a, b, axis=0))
    found = nn.CosineSimilarity(eps=10.0)(a, b)
    np.testing.assert_array_equal(found, F.cosine_similarity(a, b, eps=10.0))
    assert repr(nn.CosineSimilarity(-1)) == "CosineSimilarity(-1): 0 parameters"
