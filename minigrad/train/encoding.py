"""Nested state as one JSON text and a flat set of named arrays, and back, bit for bit.

An array becomes `{"$array": name}`, where the name is its path: `state.optimizer.w.m`. What JSON
cannot say has a tag as well: `$tuple`; `$int`, for integers that other readers of JSON would
round; `$float`, for infinities and NaN. A key that begins with a dollar gets a second one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

_EXACT_IN_ANY_JSON = 2**53  # integers up to here are exact as doubles


def encode(state: Any) -> tuple[str, dict[str, Array]]:
    """Take nested state apart.

    Args:
        state: dicts with string keys, lists, tuples, arrays of the dtypes bool, int8 to int64,
            uint8 to uint64 and float16 to float64, and plain Python numbers, strings, booleans
            and None, of exactly these types.

    Returns:
        JSON (ASCII), and the arrays by the names under which it mentions them.

    Raises:
        TypeError: says where a value of another type was found.

    Example:
        >>> import numpy as np
        >>> from minigrad.train.encoding import encode
        >>> text, arrays = encode({"step": 3, "w.m": np.zeros(2)})
        >>> text
        '{"step": 3, "w.m": {"$array": "state.w%2Em"}}'
        >>> arrays
        {'state.w%2Em': array([0., 0.])}
    """
    arrays: dict[str, Array] = {}
    return json.dumps(_encode(state, "state", arrays), allow_nan=False), arrays


def decode(text: str, arrays: Mapping[str, Array]) -> Any:
    """Put together what `encode` took apart.

    Args:
        text, arrays: what `encode` returned.

    Returns:
        The state; its arrays are those given, not copies.

    Raises:
        ValueError: the text was not made by `encode`, or an array is missing.

    Example:
        >>> from minigrad.train.encoding import decode, encode
        >>> decode(*encode({"betas": (0.9, 0.999), "seed": 2**80}))
        {'betas': (0.9, 0.999), 'seed': 1208925819614629174706176}
    """
    tags: dict[str, Callable[[Any], Any]] = {
        "$array": arrays.__getitem__,
        "$tuple": tuple,
        "$int": lambda digits: int(digits, 16),
        "$float": float,
    }

    def untag(pairs: list[tuple[str, Any]]) -> Any:
        if len(pairs) == 1 and pairs[0][0] in tags:
            tag, content = pairs[0]
            return tags[tag](content)
        return {key.removeprefix("$"): value for key, value in pairs}

    try:
        return json.loads(text, object_pairs_hook=untag)
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no encoded state: {error!r}") from error


def _encode(value: Any, path: str, arrays: dict[str, Array]) -> Any:
    kind = type(value)
    if kind is dict:
        return {_key(key, path): _encode(v, _below(path, key), arrays) for key, v in value.items()}
    if kind is list or kind is tuple:
        items = [_encode(item, f"{path}.{i}", arrays) for i, item in enumerate(value)]
        return items if kind is list else {"$tuple": items}
    if kind is np.ndarray:
        arrays[path] = _storable(value, path)
        return {"$array": path}
    if kind is int and abs(value) > _EXACT_IN_ANY_JSON:
        return {"$int": hex(value)}
    if kind is float and not math.isfinite(value):
        return {"$float": repr(value)}
    if value is None or kind in (bool, int, float, str):
        return value
    raise TypeError(
        f"{path}: expected dicts, lists, tuples, arrays, numbers, strings, booleans or None,"
        f" found {kind.__name__}"
    )


def _key(key: Any, path: str) -> str:
    if type(key) is not str:
        raise TypeError(f"{path}: expected string keys, found {key!r}")
    return f"${key}" if key.startswith("$") else key


def _below(path: str, key: str) -> str:
    # Dots separate, so a key's own dots are escaped: different paths never get one name.
    return f"{path}.{quote(key, safe='', errors='surrogatepass').replace('.', '%2E')}"


def _storable(array: Array, path: str) -> Array:
    dtype = array.dtype
    if dtype.kind not in "biuf" or dtype.itemsize > 8 or not dtype.isnative:
        raise TypeError(
            f"{path}: expected an array of booleans, integers or floats of at most 64 bits in"
            f" native byte order, found {dtype}"
        )
    return np.array(array, order="C")  # safetensors reads memory and disregards strides
