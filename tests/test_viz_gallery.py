"""The drawings of docs/gallery.md are those of tests/golden; see `gallery`."""

import gallery
import pytest

DRAWINGS = dict(gallery.drawings())


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_as_it_was(name):
    golden = gallery.GOLDEN / f"{name}.dot"
    assert DRAWINGS[name].dot == golden.read_text(encoding="utf-8")


def test_every_golden_file_and_every_picture_is_on_the_page():
    pictures = gallery.PAGE.parent / "images" / "gallery"
    assert {p.stem for p in gallery.GOLDEN.glob("*.dot")} == DRAWINGS.keys()
    assert {p.stem for p in pictures.iterdir()} == DRAWINGS.keys()


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_picture_has_everything_that_is_drawn(name):
    picture = gallery.PAGE.parent / "images" / "gallery" / f"{name}.svg"
    svg, sketch = picture.read_text(encoding="utf-8"), DRAWINGS[name].sketch
    drawn = svg.count('class="node"') - svg.count("<title>key")
    assert drawn == len(sketch.boxes)
    assert svg.count('class="edge"') >= len(sketch.arrows)
