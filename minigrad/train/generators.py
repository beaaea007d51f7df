"""One seed, and from it a tree of independent generators: one for each purpose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Generators(NamedTuple):
    """The generators of a run; drawing more from one never changes what another draws.

    Args:
        data: draws the points of synthetic sets.
        split: draws which rows are held out for testing.
        init: draws the first weights.
        shuffle: draws the order of the rows in each epoch.
        dropout: draws the masks of dropout.
        validation: draws which of the other rows are held out for validation.

    Example:
        >>> from minigrad.train.generators import Generators
        >>> a, b = Generators.from_seed(0), Generators.from_seed(0)
        >>> a.data.random() == b.data.random(), a.init.random() == a.split.random()
        (True, False)

    Source: NumPy's `SeedSequence.spawn`. Its children depend on their place in the row only: a
    purpose added at the end changes no older run.
    """

    data: np.random.Generator
    split: np.random.Generator
    init: np.random.Generator
    shuffle: np.random.Generator
    dropout: np.random.Generator
    validation: np.random.Generator

    @classmethod
    def from_seed(cls, seed: int) -> Generators:
        """Split one seed."""
        children = np.random.SeedSequence(seed).spawn(len(cls._fields))
        return cls(*map(np.random.default_rng, children))
