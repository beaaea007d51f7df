"""Drawn schedules: curves, legends, files."""

import sys

import pytest

from minigrad.optim import schedules
from minigrad.optim.schedules import Constant, Linear, Tuple

pytest.importorskip("matplotlib")


def curves(figure):
    return {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].lines}


def test_a_curve_goes_through_the_values():
    figure = Linear(1, 0, steps=2).plot(4)
    assert curves(figure) == {"Linear": [[1, 1], [2, 0.5], [3, 0], [4, 0]]}
    assert figure.axes[0].get_title(loc="left") == "Linear"


def test_several_have_a_legend_and_look_different():
    figure = schedules.plot({f"c{i}": Constant(i) for i in range(8)}, steps=2)
    lines = figure.axes[0].lines
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 8
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(curves(figure))


def test_a_tuple_has_a_curve_for_each_member():
    assert curves(Tuple([0.5, Linear(1, 0, 1)]).plot(2)) == {
        "Tuple[0]": [[1, 0.5], [2, 0.5]],
        "Tuple[1]": [[1, 1], [2, 0]],
    }


@pytest.mark.parametrize(
    ("form", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("PDF", b"%PDF")]
)
def test_files(form, begins, tmp_path):
    path = tmp_path / f"schedule.{form}"
    Linear(1, 0, steps=2).plot(4, path)
    assert path.read_bytes().startswith(begins)


def test_the_same_schedule_gives_the_same_file(tmp_path):
    for name in ("a.svg", "b.svg"):
        Linear(1, 0, steps=2).plot(4, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_errors(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="no schedules to draw"):
        schedules.plot({}, 5)
    with pytest.raises(ValueError, match="at least 1 step"):
        Constant(1).plot(0)
    with pytest.raises(ValueError, match="doc"):
        Constant(1).plot(2, tmp_path / "a.doc")
    assert not list(tmp_path.iterdir())
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "minigrad\[viz\]"'):
        Constant(1).plot(2)
