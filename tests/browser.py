"""A real browser for the tests of pages: Debian's chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil

PATH = next((p for n in ("chromium", "chromium-browser") if (p := shutil.which(n))), None)
IS_REQUIRED = os.environ.get("MINIGRAD_PROGRAMS") == "required"
LEFT_OUT = (
    "the tests of pages in a real browser were left out: there is no chromium here "
    "(apt install chromium)"
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run",
]  # fmt: skip
