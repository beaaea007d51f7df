"""Whether drawings can be read: on white and on dark pages, and by colour-blind people."""

import itertools

import numpy as np
import pytest

from minigrad.viz.looks import EDGE, FRAME, FRAMES, GREY, INK, LOOKS, MEANINGS

PAGES = {"white": "#ffffff", "dark": "#12151a"}  # the second is the stepper's
LARGE_TEXT = SHAPES = 3.0  # the least contrast, by WCAG 2.2
TEXT = 4.5


def linear(colour):
    """Light of the three colours, from 0 to 1."""
    srgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return linear(colour) @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    darker, lighter = sorted([luminance(a), luminance(b)])
    return (lighter + 0.05) / (darker + 0.05)


def over(colour, page):
    """A colour with an alpha channel on a page."""
    alpha = int(colour[7:9], 16) / 255
    mixed = [
        round(alpha * int(colour[k : k + 2], 16) + (1 - alpha) * int(page[k : k + 2], 16))
        for k in (1, 3, 5)
    ]
    return "#" + "".join(f"{c:02x}" for c in mixed)


def test_every_look_has_a_meaning():
    assert LOOKS.keys() == MEANINGS.keys()


@pytest.mark.parametrize("look", LOOKS)
def test_text_in_boxes(look):
    assert contrast(INK, LOOKS[look]["fillcolor"]) >= 7


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("look", [look for look in LOOKS if look != "view"])
def test_outlines(look, page):
    assert contrast(LOOKS[look]["color"], PAGES[page]) >= SHAPES


@pytest.mark.parametrize("page", PAGES)
def test_titles_and_arrows_on_the_page_and_in_frames(page):
    ground = PAGES[page]
    assert contrast(EDGE["color"], ground) >= SHAPES
    for _ in range(4):  # frames inside each other
        ground = over(FRAME["fillcolor"], ground)
        assert contrast(GREY, ground) >= LARGE_TEXT
    assert FRAME["fontname"] == "Helvetica-Bold" and int(FRAME["fontsize"]) >= 14


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", ["forward", "backward", "update"])
def test_regions(kind, page):
    assert contrast(FRAMES[kind]["color"], PAGES[page]) >= SHAPES


# What dichromats see of light, in linear RGB: Viénot, Brettel & Mollon 1999, "Digital video
# colourmaps for checking the legibility of displays by dichromats".
DICHROMATS = {
    "protanope": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranope": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


@pytest.mark.parametrize("kind", DICHROMATS)
def test_looks_that_share_a_shape_differ_in_colour(kind):
    """Other pairs differ in their shapes."""
    seen = {
        look: np.array(DICHROMATS[kind]) @ linear(a["color"]) for look, a in LOOKS.items()
    }  # fmt: skip
    for a, b in itertools.combinations(LOOKS, 2):
        if shape(a) == shape(b):
            distance = np.abs(np.cbrt(seen[a].clip(0)) - np.cbrt(seen[b].clip(0))).max()
            assert distance > 0.06, (a, b)


def shape(look):
    attributes = LOOKS[look]
    return (attributes.get("shape"), attributes.get("style"), attributes.get("penwidth"))
