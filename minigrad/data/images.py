"""Images as network inputs: bytes become numbers from 0 to 1, and pixels one row."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray


def image_features(images: NDArray[Any], flatten: bool) -> NDArray[Any]:
    """Scale byte images to the unit interval, and lay each one out as a row if asked to.

    x = images / 255 for uint8; other dtypes keep their values.

    Args:
        images: shape (N, ...).
        flatten: whether to join all axes but the first.

    Returns:
        Shape (N, features) or (N, ...); float32 where the images were uint8.

    Example:
        >>> import numpy as np
        >>> from minigrad.data.images import image_features
        >>> image_features(np.array([[[0, 255], [51, 0]]], dtype=np.uint8), flatten=True)
        array([[0. , 1. , 0.2, 0. ]], dtype=float32)
    """
    if images.dtype == np.uint8:
        images = images / np.float32(255)
    if flatten and images.ndim > 2:
        # Not reshape(N, -1), which has no answer for N = 0.
        images = images.reshape(len(images), prod(images.shape[1:]))
    return images
