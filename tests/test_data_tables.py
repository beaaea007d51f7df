import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigrad.data import DataError
from minigrad.data.datasets import column_names, from_csv

FLOWERS = "width,length,species\n1,2.5,rose\n3,-0.5e1,iris\n 4 , 0,rose\n"


@pytest.fixture
def table(tmp_path):
    def write(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refuses(path, message):
    return pytest.raises(DataError, match="^" + re.escape(f"{path}: {message}") + "$")


# Reading.


def test_a_table_with_text_classes(table):
    data = from_csv(table(FLOWERS), "species")
    assert data.x.dtype == np.float32 and data.y.dtype == np.int64
    np.testing.assert_array_equal(data.x, [[1, 2.5], [3, -5], [4, 0]])
    np.testing.assert_array_equal(data.y, [1, 0, 1])
    assert data.classes == ("iris", "rose") and data.feature_names == ("width", "length")
    assert (data.name, data.task) == ("t.csv", "classification")


@pytest.mark.parametrize(
    "content",
    [
        FLOWERS.replace("\n", "\r\n"),
        FLOWERS.replace("\n", "\r"),
        FLOWERS.replace(",", ";"),
        FLOWERS.replace(",", "\t"),
        FLOWERS.replace(",", ", "),
        FLOWERS.rstrip("\n"),
        FLOWERS + "\n\n  \n",
        "\n" + FLOWERS.replace("\n", "\n\n"),
        FLOWERS.encode("utf-8-sig"),
        FLOWERS.replace("rose", '"rose"').replace("2.5", '"2.5"').replace("width", '"width"'),
    ],
    ids=[
        "crlf",
        "cr",
        "semicolon",
        "tab",
        "space",
        "no-newline",
        "blank-end",
        "blank-lines",
        "bom",
        "quoted",
    ],
)
def test_dialects_read_alike(table, content):
    expected, data = from_csv(table(FLOWERS, "a.csv"), "species"), from_csv(table(content), -1)
    np.testing.assert_array_equal(data.x, expected.x)
    np.testing.assert_array_equal(data.y, expected.y)
    assert data.classes == expected.classes and data.feature_names == expected.feature_names


def test_quoted_fields_may_hold_delimiters_quotes_and_newlines(table):
    data = from_csv(table('"a, b";"say ""x""";c\n1;2;"p;q"\n3;4;"r\ns"\n'), "c")
    assert data.feature_names == ("a, b", 'say "x"')
    assert data.classes == ("p;q", "r\ns")


def test_names_may_be_any_text(table):
    data = from_csv(table("größe,类\n1,α\n2,β\n"), "类")
    assert data.feature_names == ("größe",) and data.classes == ("α", "β")


@pytest.mark.parametrize(("target", "rest"), [(0, "bc"), (1, "ac"), (-1, "ab"), (-3, "bc")])
def test_a_target_by_position(table, target, rest):
    data = from_csv(table("a,b,c\n1,2,4\n2,4,8\n"), target, task="regression")
    assert data.feature_names == tuple(rest)
    name = "abc"[target]
    np.testing.assert_array_equal(data.y, {"a": [[1], [2]], "b": [[2], [4]], "c": [[4], [8]]}[name])


def test_the_path_may_be_text(table):
    assert len(from_csv(str(table(FLOWERS)), "species")) == 3


def test_column_names(table):
    assert column_names(table(FLOWERS)) == ("width", "length", "species")


# Which task.


def targets(values):
    return "x,y\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values))


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["b", "a", "b"], "classification", ("a", "b")),
        (["True", "False"], "classification", ("False", "True")),
        ([0, 1, 1, 0], "classification", ("0", "1")),
        ([10, 9, 10, 9], "classification", ("9", "10")),
        (["1.0", "2", "1", "2.0"], "classification", ("1", "2")),
        ([-1, 1, -1, 1], "classification", ("-1", "1")),
        (list(range(20)) * 2, "classification", tuple(map(str, range(20)))),
        (list(range(21)) * 2, "regression", ()),
        ([0, 1, 2, 0, 1], "regression", ()),
        ([0.5, 1, 0.5, 1], "regression", ()),
        ([7, 7, 7.5, 7.5, 7, 7], "regression", ()),
    ],
)
def test_the_target_decides_the_task(table, values, task, classes):
    data = from_csv(table(targets(values)), "y")
    assert (data.task, data.classes) == (task, classes)
    if task == "regression":
        assert data.y.dtype == np.float32
        np.testing.assert_array_equal(data.y[:, 0], np.array(values, dtype=np.float32))
    else:
        assert data.y.dtype == np.int64


def test_numbers_as_classes_are_labelled_by_value(table):
    np.testing.assert_array_equal(from_csv(table(targets([10, 9, 10, 9])), "y").y, [1, 0, 1, 0])


def test_the_task_can_be_given(table):
    assert from_csv(table(targets([0, 1, 1, 0])), "y", "regression").y.shape == (4, 1)
    data = from_csv(table(targets([0.5, 1, 2])), "y", "classification")
    assert data.classes == ("0.5", "1", "2")
    data = from_csv(table(targets(["4", "3A", "10"])), "y", "classification")
    assert data.classes == ("10", "3A", "4")


def test_an_unknown_task(table):
    with pytest.raises(DataError, match="^t.csv: expected task 'classification' or 'regression'"):
        from_csv(table(FLOWERS), "species", task="ranking")


# What is refused.


@pytest.mark.parametrize("content", ["\n\n", " \r\n", b"\xef\xbb\xbf"])
def test_blank_file(table, content):
    path = table(content)
    with refuses(path, "expected a header and rows of data, found only blank lines"):
        from_csv(path, "y")


def test_missing_directory_and_empty_files_are_named(tmp_path, table):
    with refuses(tmp_path / "no.csv", "expected a file, found nothing there"):
        from_csv(tmp_path / "no.csv", "y")
    with refuses(tmp_path, "expected a file, found a directory"):
        from_csv(tmp_path, "y")
    path = table("")
    with refuses(path, "expected data, found an empty file"):
        from_csv(path, "y")


def test_header_only(table):
    path = table("x,y\n")
    with refuses(path, "expected rows of data, found only a header"):
        from_csv(path, "y")


def test_no_header(table):
    path = table("\n1,2\n3,4\n")
    with refuses(path, "line 2: expected a header of column names, found numbers"):
        from_csv(path, 1)


def test_a_column_without_a_name(table):
    path = table(",x,y\n0,1,2\n")
    with refuses(path, "line 1: expected a name for column 1"):
        from_csv(path, "y")


def test_duplicate_columns(table):
    path = table("a,b,a \n1,2,3\n")
    with refuses(path, "line 1: expected different column names, found 'a' in columns 1 and 3"):
        from_csv(path, "b")


@pytest.mark.parametrize(("row", "n"), [("1", 1), ("1,2,3", 3), (",,,", 4)])
def test_ragged_rows(table, row, n):
    path = table(f"x,y\n0,1\n\n{row}\n")
    with refuses(path, f"line 4: expected 2 fields, as in the header, found {n}"):
        from_csv(path, "y")


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("abc", "'abc'"),
        ("1_000", "'1_000'"),
        ('"1,5"', "'1,5'"),
        ("nan", "'nan'"),
        ("-inf", "'-inf'"),
        ("1e999", "'1e999'"),
        ("", "an empty cell"),
        ('"a\nb"', r"'a\nb'"),
        ("z" * 500, "'zzzzzzzzzzzz...zzzzzzzzzzzzz'"),
    ],
)
def test_a_feature_that_is_no_finite_number(table, cell, found):
    path = table(f"size,y\n1,a\n{cell},b\n")
    line = 3 + cell.count("\n")
    message = f"line {line}, column 'size': expected a finite number, found {found}"
    with refuses(path, message):
        from_csv(path, "y")
    path = table(f"x,size\n1,1.5\n2,{cell}\n")
    with refuses(path, message):
        from_csv(path, "size", task="regression")


def test_a_number_that_overflows_in_float32(table):
    with pytest.raises(DataError, match=r"^t\.csv: .* found x\[1, 0\] = 1e\+200$"):
        from_csv(table("x,y\n1,a\n1e200,b\n"), "y")


@pytest.mark.parametrize(
    ("values", "row", "found"),
    [
        ([1, 2, "3x", 4], 2, "'3x'"),
        ([1, 2, "", 4], 2, "an empty cell"),
        (["a", "b", "nan", "a"], 2, "'nan'"),
        (["a", 7, "b"], 1, "'7'"),
        ([1, "a"], 1, "'a'"),
    ],
)
def test_a_target_that_mixes_text_and_numbers(table, values, row, found):
    path = table(targets(values))
    with refuses(
        path,
        f"line {row + 2}, column 'y': expected text or numbers throughout"
        f" (unless task is given), found {found}",
    ):
        from_csv(path, "y")


@pytest.mark.parametrize("task", [None, "classification"])
def test_an_empty_class(table, task):
    path = table(targets(["a", "", "b"]))
    with refuses(path, "line 3, column 'y': expected a class, found an empty cell"):
        from_csv(path, "y", task)


@pytest.mark.parametrize("values", [["a", "nan", "b"], [1, "nan", 2]])
def test_a_class_that_is_not_finite(table, values):
    path = table(targets(values))
    with refuses(path, "line 3, column 'y': expected a class, found 'nan'"):
        from_csv(path, "y", "classification")


def test_a_number_target_that_is_not_finite(table):
    path = table(targets([1, "inf", 2]))
    with refuses(path, "line 3, column 'y': expected a finite number, found 'inf'"):
        from_csv(path, "y")


@pytest.mark.parametrize(("values", "only"), [(["a", "a"], "a"), ([7, 7, 7], "7")])
def test_a_single_class(table, values, only):
    path = table(targets(values))
    with refuses(path, f"column 'y': expected at least two classes, found only {only!r}"):
        from_csv(path, "y")


def test_no_feature(table):
    path = table("y\na\nb\n")
    with refuses(path, "expected a feature column beside 'y'"):
        from_csv(path, "y")


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("specis", "'specis' (did you mean 'species'?)"),
        ("zzz", "'zzz'"),
        (3, "3"),
        (-4, "-4"),
        (None, "None"),
    ],
)
def test_no_such_target(table, target, shown):
    path = table(FLOWERS)
    with refuses(path, f"no target column {shown}; the columns are width, length, species"):
        from_csv(path, target)


def test_other_encodings(table):
    path = table("größe,y\n1,a\n2,ü\n".encode("latin-1"))
    with refuses(path, "line 1: expected UTF-8 text, found byte 0xf6"):
        from_csv(path, "y")
    path = table(b"x,y\n1,a\n2,\xff\n")
    with refuses(path, "line 3: expected UTF-8 text, found byte 0xff"):
        from_csv(path, "y")
    path = table("x,y\n1,a\n".encode("utf-16"))
    with refuses(path, "line 1: expected UTF-8 text, found byte 0xff"):
        from_csv(path, "y")


def test_binary_files(table):
    path = table(b"x,y\n1,\0\n")
    with refuses(path, "line 2: expected text, found a NUL byte: a binary file?"):
        from_csv(path, "y")


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ('x,y\n1,a\n2,"b\n3,c\n', 4, "unexpected end of data"),
        ('x,y\n1,"a"b\n', 2, "',' expected after '\"'"),
        ("x" * 200_000 + ",y\n1,a\n", 1, "field larger than field limit (131072)"),
    ],
)
def test_text_that_is_not_csv(table, content, line, reason):
    path = table(content)
    with refuses(path, f"line {line}: expected CSV, found: {reason}"):
        from_csv(path, "y")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(alphabet='xy,;\t "\n\r01.-aé\0', max_size=40) | st.binary(max_size=40))
def test_whatever_a_file_holds_the_answer_is_data_or_one_line(table, content):
    path = table(content)
    try:
        data = from_csv(path, -1)
    except DataError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert np.isfinite(data.x).all()
