import io
import sys
import types
from typing import ClassVar

import numpy as np
import pytest

from minigrad import nn, optim
from minigrad.data import DataLoader, Dataset
from minigrad.train import OBJECTIVES, Progress, Session, fit


class Terminal(io.StringIO):
    def isatty(self):
        return True


def train(task, lines=None, epochs=3):
    rng = np.random.default_rng(0)
    data = Dataset(rng.standard_normal((10, 2)), np.arange(10) % 2, "toy", task)
    model = nn.Linear(2, 2 if task == "classification" else 1, rng=rng)
    optimizer = optim.SGD(model.named_parameters())
    session = Session(model, optimizer, DataLoader(data, 4), [Progress(lines)])
    fit(session, OBJECTIVES[task], {"test": data}, epochs)
    return session


@pytest.mark.parametrize(("task", "score"), [("classification", "accuracy"), ("regression", "R2")])
def test_plain_lines_where_there_is_no_terminal(capsys, task, score):
    session = train(task)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith(f"epoch 3/3: train loss {session.history[2]['train_loss']:.4f}, ")
    assert f"test {score} " in lines[2]
    assert err == ""
    assert out.isascii()


def test_lines_go_where_they_are_told(capsys):
    lines = io.StringIO()
    train("classification", lines)
    assert lines.getvalue().count("\n") == 3
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("task", "score"), [("classification", "accuracy"), ("regression", "R2")])
def test_a_bar_on_a_terminal_and_no_lines(monkeypatch, capsys, task, score):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    train(task)
    assert capsys.readouterr().out == ""
    shown = terminal.getvalue()
    assert "9/9" in shown
    assert "epoch 3/3: loss 0." in shown or "epoch 3/3: loss 1." in shown
    assert f", {score} " in shown


def test_without_standard_error(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    train("classification")
    assert capsys.readouterr().out.count("\n") == 3


class Notebook:
    """What IPython looks like inside a notebook's kernel."""

    config: ClassVar = {"IPKernelApp": {}}

    @classmethod
    def get_ipython(cls):
        return cls


class Widget:
    made: ClassVar = []

    def __init__(self, total, initial):
        self.made.append(self)
        self.total, self.n, self.closed = total, initial, False

    def set_description_str(self, text, refresh):
        self.text = text

    def update(self):
        self.n += 1

    def close(self):
        self.closed = True


def test_a_widget_in_a_notebook(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "IPython", Notebook)
    monkeypatch.setitem(sys.modules, "tqdm.notebook", types.SimpleNamespace(tqdm=Widget))
    train("classification")
    (bar,) = Widget.made
    assert (bar.n, bar.total, bar.closed) == (9, 9, True)
    assert bar.text.startswith("epoch 3/3: loss ")
    assert capsys.readouterr() == ("", "")


def test_lines_in_a_notebook_without_widgets(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "IPython", Notebook)
    monkeypatch.setitem(sys.modules, "tqdm.notebook", None)
    train("classification")
    assert capsys.readouterr().out.count("\n") == 3
