"""Tables of text: CSV and its relatives, one header row, one target column."""

from __future__ import annotations

import csv
import io
import math
import os
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minigrad.data.dataset import DataError, Dataset, Task
from minigrad.data.files import read_file
from minigrad.data.messages import did_you_mean, listing

_DELIMITERS = ",;\t"
_MOST_INTEGER_CLASSES = 20


@dataclass(frozen=True)
class _Table:
    path: str | os.PathLike[str]
    columns: list[str]
    rows: list[tuple[int, list[str]]]  # each with the line it ends on, counting from 1

    def cells(self, column: int) -> list[str]:
        return [cells[column] for _, cells in self.rows]

    def wrong_cell(self, row: int, column: int, expected: str) -> DataError:
        line, cells = self.rows[row]
        found = reprlib.repr(cells[column]) if cells[column] else "an empty cell"
        return DataError(
            f"{self.path}: line {line}, column {self.columns[column]!r}:"
            f" expected {expected}, found {found}"
        )


def from_csv(path: str | os.PathLike[str], target: str | int, task: Task | None = None) -> Dataset:
    r"""Read a table of numbers with one target column.

    The file is UTF-8 text with a header row; fields are separated by commas, semicolons or
    tabs, whichever splits the header into the most columns, and may be quoted. Blank lines
    are skipped. Every column but the target is a feature and holds finite numbers.

    When `task` is None, the target column decides: text means classification; whole numbers
    (1 or 1.0) mean classification if there are at most 20 different ones and at most half as
    many as rows; other numbers mean regression. A mixture of text and numbers is an error, for
    it is more likely a misprint than a class.

    Args:
        path: the file.
        target: the target column's name, or its position; negative counts from the end.
        task: overrides the rule above.

    Returns:
        The data set. Classes are the target's different values, sorted (numbers by value);
        regression targets have shape (N, 1).

    Raises:
        DataError: the file cannot be read or is not UTF-8 text; there is no header, no row or
            no feature; a row has too few or too many fields; a cell is empty, not a number
            where one is needed, or not finite; there is no such target; a single class.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from minigrad.data import datasets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "flowers.csv"
        ...     _ = path.write_text("width,length,species\n1,2.5,rose\n3,0.5,iris\n")
        ...     flowers = datasets.from_csv(path, target="species")
        >>> flowers, flowers.classes
        (Dataset('flowers.csv', classification, x (2, 2), 2 classes), ('iris', 'rose'))
    """
    table = _read(path)
    goal = _position(table, target)
    features = [column for column in range(len(table.columns)) if column != goal]
    if not features:
        raise DataError(f"{path}: expected a feature column beside {table.columns[goal]!r}")
    x = np.stack([_numbers(table, column) for column in features], axis=1)
    names = tuple(table.columns[column] for column in features)
    title = Path(path).name
    task = task or _guess(table, goal)
    if task == "regression":
        return Dataset(x, _numbers(table, goal), title, task, feature_names=names)
    y, classes = _encode(table, goal)
    return Dataset(x, y, title, task, classes, names)


def column_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    r"""Read the header of a table, to choose a target from.

    Args:
        path: a file as `from_csv` takes it.

    Returns:
        The columns' names, in order.

    Raises:
        DataError: as `from_csv`, as far as it concerns the file and its header.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from minigrad.data import datasets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "flowers.tsv"
        ...     _ = path.write_text("width\tspecies\n1\tiris\n")
        ...     datasets.column_names(path)
        ('width', 'species')
    """
    return tuple(_read(path).columns)


def _read(path: str | os.PathLike[str]) -> _Table:
    records = list(_records(path))
    if not records:
        raise DataError(f"{path}: expected a header and rows of data, found only blank lines")
    header_line, columns = records[0]
    _check_header(path, header_line, columns)
    for line, cells in records:
        if len(cells) != len(columns):
            raise DataError(
                f"{path}: line {line}: expected {len(columns)} fields, as in the header,"
                f" found {len(cells)}"
            )
    if len(records) == 1:
        raise DataError(f"{path}: expected rows of data, found only a header")
    return _Table(path, columns, records[1:])


def _records(path: str | os.PathLike[str]) -> Iterator[tuple[int, list[str]]]:
    text = _text(path)
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=_delimiter(text), skipinitialspace=True, strict=True)
    try:
        for fields in reader:
            cells = [field.strip() for field in fields]
            if cells not in ([], [""]):
                yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: expected CSV, found: {error}") from error


def _text(path: str | os.PathLike[str]) -> str:
    content = read_file(path)
    try:
        text = content.decode("utf-8-sig")  # spreadsheets put a byte order mark first
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}: line {line}: expected UTF-8 text, found byte 0x{content[error.start]:02x}"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}: line {line}: expected text, found a NUL byte: a binary file?")
    return text


def _delimiter(text: str) -> str:
    header = next((line for line in io.StringIO(text, newline="") if line.strip()), "")

    def columns(delimiter: str) -> int:
        try:
            return len(next(csv.reader([header], delimiter=delimiter, skipinitialspace=True), []))
        except csv.Error:
            return 0  # reading the table will fail in the same way, and can name the line

    return max(_DELIMITERS, key=columns)


def _check_header(path: str | os.PathLike[str], line: int, names: list[str]) -> None:
    if all(_number(name) is not None for name in names):
        raise DataError(f"{path}: line {line}: expected a header of column names, found numbers")
    for position, name in enumerate(names):
        first = names.index(name)
        if not name:
            raise DataError(f"{path}: line {line}: expected a name for column {position + 1}")
        if first != position:
            raise DataError(
                f"{path}: line {line}: expected different column names,"
                f" found {name!r} in columns {first + 1} and {position + 1}"
            )


def _position(table: _Table, target: str | int) -> int:
    columns = table.columns
    if isinstance(target, int) and -len(columns) <= target < len(columns):
        return target % len(columns)
    if isinstance(target, str) and target in columns:
        return columns.index(target)
    raise DataError(
        f"{table.path}: no target column {target!r}{did_you_mean(str(target), columns)};"
        f" the columns are {listing(columns)}"
    )


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return None if "_" in cell else value  # Python reads 1_000 as a number; tables do not


def _numbers(table: _Table, column: int) -> NDArray[np.float64]:
    values = np.empty(len(table.rows))
    for row, cell in enumerate(table.cells(column)):
        value = _number(cell)
        if value is None or not math.isfinite(value):
            raise table.wrong_cell(row, column, "a finite number")
        values[row] = value
    return values


def _guess(table: _Table, goal: int) -> Task:
    numeric = [_number(cell) is not None for cell in table.cells(goal)]
    if not any(numeric):
        return "classification"
    if not all(numeric):
        odd_one = numeric.index(2 * sum(numeric) < len(numeric))
        raise table.wrong_cell(odd_one, goal, "text or numbers throughout (unless task is given)")
    values = _numbers(table, goal)
    distinct = len(np.unique(values))
    few = distinct <= _MOST_INTEGER_CLASSES and 2 * distinct <= len(values)
    return "classification" if few and (values == np.round(values)).all() else "regression"


def _encode(table: _Table, goal: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    cells = _class_cells(table, goal)
    if any(_number(cell) is None for cell in cells):
        texts, y = np.unique(np.array(cells), return_inverse=True)
        classes = tuple(map(str, texts))
    else:
        values, y = np.unique(_numbers(table, goal), return_inverse=True)
        classes = tuple(f"{value:.15g}" for value in values)
    if len(classes) < 2:
        raise DataError(
            f"{table.path}: column {table.columns[goal]!r}: expected at least two classes,"
            f" found only {classes[0]!r}"
        )
    return y.astype(np.int64), classes


def _class_cells(table: _Table, goal: int) -> list[str]:
    cells = table.cells(goal)
    for row, cell in enumerate(cells):
        value = _number(cell)
        if not cell or (value is not None and not math.isfinite(value)):
            raise table.wrong_cell(row, goal, "a class")
    return cells
