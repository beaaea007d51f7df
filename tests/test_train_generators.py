import numpy as np

from minigrad.train.generators import Generators


def test_the_same_seed_gives_the_same_tree_and_no_two_branches_are_alike():
    draws = [[rng.random(4).tolist() for rng in Generators.from_seed(seed)] for seed in (0, 0, 1)]
    assert draws[0] == draws[1]
    different = {tuple(numbers) for numbers in draws[0] + draws[2]}
    assert len(different) == 2 * len(Generators._fields)


def test_a_branch_depends_on_its_place_only():
    """So a purpose that is added at the end leaves older runs as they were."""
    older = [np.random.default_rng(s) for s in np.random.SeedSequence(5).spawn(4)]
    newer = Generators.from_seed(5)
    assert newer._fields[:4] == ("data", "split", "init", "shuffle")
    for old, new in zip(older, newer, strict=False):
        assert old.random() == new.random()


def test_drawing_from_one_changes_no_other():
    a, b = Generators.from_seed(0), Generators.from_seed(0)
    a.init.random(1000)
    a.dropout.random(7)
    assert a.shuffle.permutation(9).tolist() == b.shuffle.permutation(9).tolist()
