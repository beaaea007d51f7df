"""The table of schedules is taken from their docstrings, and all are in it."""

import inspect

from minigrad.optim import schedules
from minigrad.optim.schedules import SCHEDULES, Schedule, table


def test_every_schedule_is_in_the_table():
    public = [getattr(schedules, name) for name in schedules.__all__]
    kinds = {a for a in public if inspect.isclass(a) and issubclass(a, Schedule)} - {Schedule}
    assert set(SCHEDULES.values()) == kinds
    assert [row.name for row in table()] == list(SCHEDULES)


def test_rows_say_everything():
    for row in table():
        assert row.kind is SCHEDULES[row.name]
        assert row.summary.endswith(".") and row.summary[0].isupper()
        assert row.formula.startswith(("lr(t) =", "lr <-", "betas(t) ="))
        assert row.source or row.name == "tuple"
        texts = [row.name, row.summary, row.arguments, row.source]
        assert not any("\n" in text or "  " in text for text in texts)
        assert all(line == line.strip() for line in row.formula.splitlines())


def test_a_row():
    row = next(row for row in table() if row.name == "cosine")
    assert row.arguments == "start, steps, end=0.0"
    assert row.formula == "lr(t) = end + (start - end) (1 + cos(pi min(1, (t - 1) / steps))) / 2"
    assert row.summary == ("Half a wave of the cosine from one value to another, which then stays.")
    assert row.source.startswith("Loshchilov & Hutter 2017, ")


def test_docstrings_name_every_argument():
    for row in table():
        described = inspect.getdoc(row.kind).partition("Args:")[2]
        assert all(f"\n    {name}: " in described for name in row.kind.__match_args__)
