"""The page docs/gallery.md: runs its blocks; `python tests/gallery.py` draws its pictures anew.

The DOT source of each picture is in tests/golden, where `git diff` shows what has changed.
"""

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "gallery.md"
GOLDEN = Path(__file__).parent / "golden"
BLOCK = re.compile(
    r"^```python\n(.*?)^```$(?:\n+!\[[^\]]+\]\((images/gallery/(\w+)\.svg)\))?", re.M | re.S
)


def drawings():
    """The drawing that each block with a picture below it makes: (name, drawing)."""
    namespace = {}
    for code, _, name in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        exec(compile(code, PAGE.name, "exec"), namespace)
        if name:
            yield name, namespace["drawing"]


if __name__ == "__main__":
    (PAGE.parent / "images" / "gallery").mkdir(exist_ok=True)
    for name, drawing in drawings():
        drawing.save(GOLDEN / f"{name}.dot")
        drawing.save(PAGE.parent / "images" / "gallery" / f"{name}.svg")
