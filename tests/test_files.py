import errno
import os

import pytest

from minigrad.files import write_atomically


def failing(number):
    def fail(*args):
        raise OSError(number, os.strerror(number))

    return fail


def test_writes_new_and_replaces_old(tmp_path):
    path = tmp_path / "a.bin"
    write_atomically(path, b"first")
    write_atomically(str(path), b"")
    assert path.read_bytes() == b""
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_new_file_has_the_usual_permissions(tmp_path):
    write_atomically(tmp_path / "a", b"x")
    (tmp_path / "b").write_bytes(b"x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, call, number):
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, call, failing(number))
    with pytest.raises(OSError, match="could not be written") as caught:
        write_atomically(path, b"new")
    assert caught.value.errno == number
    assert caught.value.filename == str(path)
    assert os.strerror(number) in str(caught.value)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")

    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_the_file_is_on_the_disk_before_it_takes_the_name_and_the_folder_after(
    tmp_path, monkeypatch
):
    calls = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor):
        calls.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        fsync(descriptor)

    def noted_replace(source, target):
        calls.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_atomically(tmp_path / "a", b"x")
    if os.path.isdir("/proc/self/fd"):
        assert calls == ["file", "replace", "folder"]


@pytest.mark.parametrize("path", ["missing/a", "file/a"])
def test_an_impossible_folder(tmp_path, path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="could not be written"):
        write_atomically(tmp_path / path, b"x")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_really_full_device(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_atomically(path, b"old")
    real_open = open
    monkeypatch.setattr("builtins.open", lambda name, mode: real_open("/dev/full", "wb"))
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
