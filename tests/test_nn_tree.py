"""The tree as text and as HTML."""

from html.parser import HTMLParser

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

HOSTILE = "<script>alert('x & \"y\"')</script>"
VOID = {"br", "img"}


class Reader(HTMLParser):
    """Checks that tags are closed in order, and collects text and tags."""

    def __init__(self, html):
        super().__init__()
        self.stack, self.tags, self.text = [], [], []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


class Named(nn.Module):
    def extra_repr(self):
        return HOSTILE


class Tied(nn.Module):
    def __init__(self):
        self.body = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Tanh()))
        self.head = nn.Linear(2, 2)
        self.head.weight = self.body[0].weight
        self.again = self.body
        self.head.freeze("bias")


def read(module):
    return Reader(module._repr_html_())


def test_the_text_tells_what_is_shared_and_frozen():
    assert (
        repr(Tied())
        == """\
Tied: 8 parameters
  body: Sequential
    0: Linear(2, 2): weight (2, 2), bias (2,)
    1: Sequential
      0: Tanh
  head: Linear(2, 2): weight (2, 2) = body.0.weight, bias (2,) frozen
  again: Sequential = body"""
    )


def test_the_tree_can_be_folded():
    page = read(Tied())
    folded = [attrs for tag, attrs in page.tags if tag == "details"]
    assert folded == [{"open": None}, {"open": None}, {}]  # the outer levels are open
    text = "".join(page.text)
    for line in (
        "Tied 8 parameters", "body: Sequential 6 parameters",
        "0: Linear(2, 2) weight (2, 2), bias (2,)",
        "head: Linear(2, 2) weight (2, 2) = body.0.weight, bias (2,) frozen",
        "again: Sequential = body",
    ):  # fmt: skip
        assert line in text
    assert text.count("Tanh") == 1


def test_hostile_names_are_escaped():
    net = nn.Module()
    setattr(net, HOSTILE, mg.Parameter([1.0]))
    setattr(net, HOSTILE + "2", Named())
    getattr(net, HOSTILE + "2").register_buffer(HOSTILE, np.ones(1))
    net.again = getattr(net, HOSTILE + "2")
    kind = type(HOSTILE, (nn.Module,), {})
    net.kind = kind()
    page = read(net)
    assert {tag for tag, _ in page.tags} == {"div", "details", "summary", "b", "span"}
    assert "".join(page.text).count("<script>") == 7
    assert repr(net).count("<script>") == 7


def test_no_colours_of_our_own_but_the_grey_of_lines():
    html = Tied()._repr_html_()
    assert "color:" not in html and "background" not in html and "#" not in html


@pytest.mark.parametrize("module", [nn.Module(), nn.Tanh(), nn.Sequential(), nn.Linear(1, 1)])
def test_one_module_has_nothing_to_fold(module):
    page = read(module)
    assert "details" not in {tag for tag, _ in page.tags}
    assert type(module).__name__ in "".join(page.text)
    assert "parameters" in "".join(page.text)
