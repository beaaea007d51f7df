"""One seed, and from it an independent generator for each purpose."""

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

    Example:
        >>> from minigrad.train.generators import Generators
        >>> a, b = Generators.from_seed(0), Generators.from_seed(0)
        >>> a.data.random() == b.data.random(), a.init.random() == a.split.random()
        (True, False)
    """

    data: np.random.Generator
    split: np.random.Generator
    init: np.random.Generator
    shuffle: np.random.Generator

    @classmethod
    def from_seed(cls, seed: int) -> Generators:
        """Split one seed; see NumPy's `SeedSequence.spawn`."""
        children = np.random.SeedSequence(seed).spawn(len(cls._fields))
        return cls(*map(np.random.default_rng, children))
