import re
import sys
from xml.etree import ElementTree

import pytest

matplotlib = pytest.importorskip("matplotlib")
from minigrad.viz import save_curves  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


def metrics(epochs, *quantities):
    return [
        {
            "epoch": e,
            **{f"train_{q}": 1 / e for q in quantities},
            **{f"test_{q}": 2 / e for q in quantities},
        }
        for e in range(1, epochs + 1)
    ]


def drawn(rows, tmp_path):
    save_curves(rows, tmp_path / "curves.svg")
    content = (tmp_path / "curves.svg").read_text()
    return content, ElementTree.fromstring(content)


def panels(root):
    return [g for g in root.iter(f"{SVG}g") if g.get("id", "").startswith("axes_")]


def texts(content):
    """Matplotlib draws text as outlines and says in a comment what it reads."""
    return [line.strip()[5:-4] for line in content.splitlines() if line.strip().startswith("<!-- ")]


@pytest.mark.parametrize(
    ("quantities", "labels"),
    [
        (["loss"], ["loss"]),
        (["loss", "accuracy"], ["loss", "accuracy"]),
        (["loss", "r2"], ["loss", "R²"]),
        (["accuracy"], ["accuracy"]),
    ],
)
def test_one_panel_for_each_quantity(tmp_path, quantities, labels):
    content, root = drawn(metrics(5, *quantities), tmp_path)
    assert len(panels(root)) == len(labels)
    written = texts(content)
    assert [text for text in written if text in ("loss", "accuracy", "R²")] == labels
    assert written.count("epoch") == len(labels)
    assert written.count("train") == written.count("test") == len(labels)


def test_the_curves_show_the_numbers(tmp_path):
    """Twice the height in the data is twice the height on the page."""
    rows = [{"train_loss": y} for y in (0.0, 1.0, 2.0, 1.0)]
    _, root = drawn(rows, tmp_path)
    (curve,) = [
        p for p in root.iter(f"{SVG}path") if "#0072b2" in p.get("style", "") and p.get("clip-path")
    ]
    numbers = [float(n) for n in curve.get("d").replace("M", "").replace("L", "").split()]
    x, y = numbers[::2], numbers[1::2]
    assert y[2] < y[1] < y[0]
    assert y[1] == pytest.approx(y[3])
    assert y[0] - y[2] == pytest.approx(2 * (y[0] - y[1]))
    assert x[1] - x[0] == pytest.approx(x[3] - x[2])


def test_the_curves_of_one_epoch_are_points(tmp_path):
    content, root = drawn(metrics(1, "loss"), tmp_path)
    assert len(list(root.iter(f"{SVG}use"))) > 2
    assert [text for text in texts(content) if text.replace(".", "").isdigit()].count("1") == 1


def test_missing_keys_and_unknown_ones(tmp_path):
    rows = [{"train_loss": 1.0, "seconds": 3.0}, {"train_loss": 0.5, "test_loss": 0.6}, {}]
    content, root = drawn(rows, tmp_path)
    assert len(panels(root)) == 1
    assert {"train", "test"} <= set(texts(content))


def test_a_split_that_was_not_measured_has_no_legend(tmp_path):
    content, _ = drawn([{"train_loss": 1.0}, {"train_loss": 0.5}], tmp_path)
    assert "test" not in texts(content)


def test_losses_that_are_not_finite_leave_a_gap(tmp_path):
    rows = [{"train_loss": y} for y in (1.0, float("nan"), 0.5, float("inf"), 0.2)]
    _, root = drawn(rows, tmp_path)
    assert len(panels(root)) == 1


def test_the_same_metrics_give_the_same_file(tmp_path):
    first, _ = drawn(metrics(40, "loss", "accuracy"), tmp_path)
    drawn(metrics(3, "loss"), tmp_path)
    second, _ = drawn(metrics(40, "loss", "accuracy"), tmp_path)
    assert first == second
    assert "<dc:date>" not in first


def test_the_style_of_the_reader_neither_matters_nor_changes(tmp_path):
    expected, _ = drawn(metrics(3, "loss"), tmp_path)
    with matplotlib.rc_context(
        {"axes.facecolor": "black", "font.size": 30, "svg.hashsalt": "mine"}
    ):
        before = dict(matplotlib.rcParams)
        found, _ = drawn(metrics(3, "loss"), tmp_path)
        assert dict(matplotlib.rcParams) == before
    assert found == expected


def test_pyplot_is_not_touched(tmp_path):
    drawn(metrics(3, "loss"), tmp_path)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_colours_and_dashes_differ(tmp_path):
    rows = [{**row, "valid_loss": 0.5} for row in metrics(3, "loss")]
    _, root = drawn(rows, tmp_path)
    styles = [p.get("style") for p in root.iter(f"{SVG}path") if p.get("clip-path")]
    train, valid, test = ([s for s in styles if c in s] for c in ("#0072b2", "#009e73", "#d55e00"))
    assert [len(lines) for lines in (train, valid, test)] == [1, 1, 1]
    assert "dash" not in train[0]
    dashes = {re.search("stroke-dasharray: [^;]*", lines[0])[0] for lines in (valid, test)}
    assert len(dashes) == 2


def test_nothing_to_draw(tmp_path):
    path = tmp_path / "curves.svg"
    with pytest.raises(
        ValueError,
        match="^there is no curve to draw: none of 2 epochs has one of train_loss, valid_loss, "
        "test_loss, train_accuracy, valid_accuracy, test_accuracy, train_r2, valid_r2, test_r2$",
    ):
        save_curves([{"epoch": 1}, {"epoch": 2, "loss": 1.0}], path)
    with pytest.raises(ValueError, match="^there is no curve to draw: none of 0 epochs"):
        save_curves([], path)
    assert not path.exists()


@pytest.mark.parametrize("name", ["curves.png", "curves"])
def test_another_suffix(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name}: the suffix of a file of curves must be .svg$"):
        save_curves(metrics(2, "loss"), tmp_path / name)


def test_the_older_file_is_replaced_and_nothing_left_beside(tmp_path):
    (tmp_path / "curves.svg").write_text("older")
    drawn(metrics(2, "loss"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["curves.svg"]


def test_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        ImportError, match=r'^drawing curves needs matplotlib: pip install "minigrad\[viz\]"$'
    ):
        save_curves(metrics(2, "loss"), tmp_path / "curves.svg")
