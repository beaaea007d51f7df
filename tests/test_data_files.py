import os

import pytest

from minigrad.data import DataError
from minigrad.data.files import read_file


def test_reads_all_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"\0abc\r\n")
    assert read_file(tmp_path / "a") == b"\0abc\r\n"
    assert read_file(str(tmp_path / "a")) == b"\0abc\r\n"


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: expected a file, found nothing there$"):
        read_file(tmp_path / "none.csv")


def test_directory(tmp_path):
    with pytest.raises(DataError, match="expected a file, found a directory$"):
        read_file(tmp_path)


def test_empty_file(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(DataError, match="a: expected data, found an empty file$"):
        read_file(tmp_path / "a")


@pytest.mark.skipif(os.name != "posix", reason="a path through a file is another error elsewhere")
def test_other_failures_name_the_reason(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(DataError, match="b: expected a readable file, found: Not a directory$"):
        read_file(tmp_path / "a" / "b")
