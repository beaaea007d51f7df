import csv
import json

import pytest
from test_train_callbacks import X, Y, loader, trainer_of

from minigrad.train import callbacks, metrics


@pytest.mark.parametrize("valid", [None, (X, Y)])
def test_logs_are_the_history(tmp_path, valid):
    table, lines = tmp_path / "log.csv", tmp_path / "log.jsonl"
    trainer = trainer_of(callbacks.CSVLog(table), callbacks.JSONLog(lines), metrics=[metrics.R2()])
    history = trainer.fit(loader(), valid, epochs=3)
    assert len(history) == 3
    with open(table, newline="") as file:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    assert rows == history  # every digit
    assert [json.loads(line) for line in lines.read_text().splitlines()] == history


@pytest.mark.parametrize("kind", [callbacks.CSVLog, callbacks.JSONLog])
def test_a_resumed_log_mends_what_a_crash_left(tmp_path, kind):
    def train(name, epochs, resume=None):
        log = kind(tmp_path / name)
        save = callbacks.Checkpoints(tmp_path / f"of {name}")
        trainer_of(log, save).fit(loader(), (X, Y), epochs=epochs, resume=resume)
        return (tmp_path / name).read_bytes()

    expected = train("unbroken", 4)
    train("broken", 2)
    with open(tmp_path / "broken", "ab") as file:
        file.write(b"3,0.5\n4,0.")
    assert train("broken", 4, tmp_path / "of broken" / "last.safetensors") == expected


def test_a_new_column_comes_into_the_header(tmp_path):
    trainer = trainer_of(callbacks.CSVLog(tmp_path / "log.csv"))
    trainer.fit(loader(), epochs=1)
    trainer.fit(loader(), (X, Y), epochs=2)
    first, *rows = (tmp_path / "log.csv").read_text().splitlines()
    assert first == "epoch,train_loss,valid_loss"
    assert rows[0].endswith(",")
    assert [len(row.split(",")) for row in rows] == [3, 3]
