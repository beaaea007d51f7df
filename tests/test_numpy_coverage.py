"""docs/numpy-coverage.md says what the tables say now."""

import numpy as np
import pytest

pytest.importorskip("scipy")
from numpy_coverage import PAGE, REFUSED, page, said


def test_the_page_is_up_to_date():
    written = PAGE.read_text()
    numpy = ".".join(np.__version__.split(".")[:2])
    if f"(NumPy {numpy})" not in written:
        pytest.skip("the page was made with another version of NumPy")
    assert page() == written, "run: python tests/numpy_coverage.py"


@pytest.mark.parametrize("call", [call for call, _ in REFUSED])
def test_what_the_page_calls_refused_is_refused(call):
    assert said(call)
