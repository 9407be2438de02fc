"""Files and folders that are whole or not at all: what they keep, what they refuse, and what they tell."""

from __future__ import annotations

import multiprocessing
import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

import filelock
import numpy as np
import pandas as pd
import pytest

from contracts import BadInput, NotWritten
from contracts.files import unfinished
from contracts.files.locks import locked
from contracts.files.whole_files import (
    is_being_made,
    new_file,
    new_folder,
    recover_folder,
    remove_folder,
    remove_leftovers,
    replaced_folder,
    write_file,
    write_files,
)
from service.problems import problem_of

FORK = multiprocessing.get_context("fork")
ROUNDS = 40


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_older_file_passes_its_rights_on_and_a_new_one_has_the_usual(tmp_path: Path) -> None:
    older, new, usual = tmp_path / "older", tmp_path / "new", tmp_path / "usual"
    older.write_bytes(b"1")
    older.chmod(0o604)
    usual.touch()
    for path in (older, new):
        write_file(path, b"22")
        assert path.read_bytes() == b"22"
    assert (rights(older), rights(new)) == (0o604, rights(usual))


def test_nobody_but_its_owner_can_read_a_private_file_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"older")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        with new_file(path, private=True) as file:
            file.write(b"secret")
            file.flush()
            (made,) = tmp_path.glob(".unfinished-key-*")
            assert rights(made) == 0o600
    finally:
        os.umask(before)
    assert (path.read_bytes(), rights(path)) == (b"secret", 0o600)


def test_a_replaced_folder_keeps_its_rights(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    folder.mkdir(mode=0o750)
    (folder / "old.txt").touch()
    with replaced_folder(folder) as made:
        write_files(made, {"a/b.txt": b"new"})
    assert rights(folder) == 0o750
    assert [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*"))] == ["a", "a/b.txt"]
    assert names(tmp_path) == ["report"]


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    for name, target in (("file", "disk/file"), ("folder", "disk/folder"), ("new", "disk/new")):
        (tmp_path / name).symlink_to(target)
    (tmp_path / "disk" / "folder").mkdir()
    write_file(tmp_path / "file", b"1")
    with replaced_folder(tmp_path / "folder") as made:
        write_files(made, {"a": b"2"})
    with new_folder(tmp_path / "new") as made:
        write_files(made, {"a": b"3"})
    assert [(tmp_path / name).is_symlink() for name in ("file", "folder", "new")] == [True] * 3
    assert [(tmp_path / "disk" / name).read_bytes() for name in ("file", "folder/a", "new/a")] == [b"1", b"2", b"3"]


def test_a_name_of_255_bytes_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 127)
    write_file(path, b"1")
    write_file(path, b"2")
    assert path.read_bytes() == b"2"
    assert len(names(tmp_path)) == 1


def test_what_is_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"mine")
    for name in ("pipe", "folder"):
        with pytest.raises(NotWritten, match=f"{name} cannot be written: it is there and is no file"):
            write_file(tmp_path / name, b"1")
    for make in (new_folder, replaced_folder):
        with pytest.raises(NotWritten, match="it is there and is no folder"), make(tmp_path / "file"):
            pytest.fail("the block ran")
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert names(tmp_path) == ["file", "folder", "pipe"]


def test_a_new_folder_or_file_never_takes_the_place_of_something(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_bytes(b"mine")
    (tmp_path / "empty").mkdir()
    with (
        pytest.raises(NotWritten, match="not empty; what was there before is unchanged"),
        new_folder(tmp_path / "full"),
    ):
        pass
    with new_folder(tmp_path / "empty") as made:
        write_files(made, {"a": b"1"})
    with pytest.raises(NotWritten, match="File exists; what was there before is unchanged"):
        write_file(tmp_path / "full" / "mine.txt", b"theirs", replace=False)
    assert (tmp_path / "full" / "mine.txt").read_bytes() == b"mine"
    assert names(tmp_path) == ["empty", "full"]
    assert names(tmp_path / "full") == ["mine.txt"]


def test_where_the_system_cannot_rename_to_nothing_a_link_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "_renameat2", lambda source, target, flag: False)
    write_file(tmp_path / "a", b"1", replace=False)
    with pytest.raises(NotWritten, match="File exists"):
        write_file(tmp_path / "a", b"2", replace=False)
    assert ((tmp_path / "a").read_bytes(), names(tmp_path)) == (b"1", ["a"])


def _fail_in_a_file(folder: Path) -> None:
    with new_file(folder / "file") as file:
        file.write(b"half")
        raise ValueError("mine")


def _fail_in_a_folder(folder: Path) -> None:
    with replaced_folder(folder / "folder") as made:
        write_files(made, {"a": b"half"})
        raise ValueError("mine")


def test_a_block_that_fails_leaves_the_older_and_its_own_error(tmp_path: Path) -> None:
    write_file(tmp_path / "file", b"older")
    for fail in (_fail_in_a_file, _fail_in_a_folder):
        with pytest.raises(ValueError, match="mine"):
            fail(tmp_path)
    assert (names(tmp_path), (tmp_path / "file").read_bytes()) == (["file"], b"older")


def test_a_folder_that_is_not_there_is_named_with_what_can_be_done(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "bundle.zip"
    with pytest.raises(NotWritten) as told:
        write_file(path, b"1")
    assert told.value.message == f"{path} cannot be written: No such file or directory; nothing was written."
    assert told.value.remedy == f"Make the folder {path.parent}, or name another place."
    assert problem_of(told.value) is problem_of(BadInput("", remedy=""))
    (tmp_path / "file").touch()
    with pytest.raises(NotWritten, match="Not a directory; nothing was written"), new_folder(tmp_path / "file" / "a"):
        pytest.fail("the block ran")


def test_an_error_after_the_new_one_is_in_place_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(tmp_path / "file", b"older")
    flushing = os.fsync

    def of_folders_fails(opened: int) -> None:
        if stat.S_ISDIR(os.fstat(opened).st_mode):
            raise OSError(5, "Input/output error")
        flushing(opened)

    monkeypatch.setattr(os, "fsync", of_folders_fails)
    with pytest.raises(NotWritten, match="the new one is in its place, which a power cut may undo") as told:
        write_file(tmp_path / "file", b"newer")
    assert told.value.remedy == "Check its disk, then run the same again."
    assert (tmp_path / "file").read_bytes() == b"newer"


def test_an_error_in_what_is_being_made_is_told_of_the_whole(tmp_path: Path) -> None:
    with pytest.raises(NotWritten) as told, new_folder(tmp_path / "city") as made:
        write_file(made / "seal" / "head.json", b"1")
    assert (
        told.value.message == f"{tmp_path / 'city'} cannot be written: No such file or directory; nothing was written."
    )
    assert names(tmp_path) == []


def _in_a_process_with(limit: int, value: int, write: Callable[[], object]) -> str:
    """What a process told that may use so much of something."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        told = "nothing"
        try:
            resource.setrlimit(limit, (value, value))
            write()
        except NotWritten as error:
            told = str(error)
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def test_a_real_limit_of_the_disk_is_told_whoever_writes(tmp_path: Path) -> None:
    """By Python, and by a library that opens and writes its file by itself."""
    table = pd.DataFrame({"a": np.random.default_rng(1).normal(size=20_000)})

    def by_a_library() -> None:
        with new_folder(tmp_path / "folder") as made:
            table.to_parquet(made / "a.parquet")

    for write in (lambda: write_file(tmp_path / "file", b"1" * 200_000), by_a_library):
        told = _in_a_process_with(resource.RLIMIT_FSIZE, 50_000, write)
        assert "cannot be written: File too large; nothing was written." in told
        assert names(tmp_path) == []


def _leave_descriptors(free: int) -> None:
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        for one in taken[:free]:
            os.close(one)


def test_too_few_descriptors_are_told_and_leave_nothing(tmp_path: Path) -> None:
    write_file(tmp_path / "file", b"older")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_bytes(b"older")

    def with_so_many(free: int) -> Callable[[], None]:
        def both() -> None:
            _leave_descriptors(free)
            with replaced_folder(tmp_path / "folder") as made:
                write_files(made, {"a": b"newer"})
            write_file(tmp_path / "file", b"newer")

        return both

    told = [_in_a_process_with(resource.RLIMIT_NOFILE, 200, with_so_many(free)) for free in range(8)]
    assert names(tmp_path) == ["file", "folder"]
    assert (tmp_path / "file").read_bytes() == (tmp_path / "folder" / "a").read_bytes() == b"newer"
    assert (len(set(told)), told[-1]) == (2, "nothing")
    assert all(one == "nothing" or "Raise the limit of open files (ulimit -n), then run" in one for one in told)


def test_what_a_living_writer_makes_is_never_removed(tmp_path: Path) -> None:
    with new_file(tmp_path / "file") as file, new_folder(tmp_path / "folder") as made:
        file.write(b"first")
        write_files(made, {"a": b"first"})
        assert is_being_made(tmp_path / "folder")
        assert remove_leftovers(tmp_path) == ()
        write_file(tmp_path / "file", b"second")
    assert not is_being_made(tmp_path / "folder")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert names(tmp_path) == ["file", "folder"]


def test_where_the_file_system_knows_no_locks_nothing_is_removed_and_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(held: int, how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(unfinished.fcntl, "flock", no_locks)
    (tmp_path / ".unfinished-folder-0123abcd").mkdir()
    assert not is_being_made(tmp_path / "folder")
    with new_folder(tmp_path / "folder") as made:
        write_files(made, {"a": b"1"})
    assert names(tmp_path) == [".unfinished-folder-0123abcd", "folder"]


def test_a_writer_removes_the_leftovers_of_its_own_place_only(tmp_path: Path) -> None:
    for name in (".unfinished-file-0123abcd", ".unfinished-other-0123abcd", ".unfinished-file-notes"):
        (tmp_path / name).write_bytes(b"half")
    write_file(tmp_path / "file", b"1")
    assert names(tmp_path) == [".unfinished-file-notes", ".unfinished-other-0123abcd", "file"]
    assert remove_leftovers(tmp_path) == (".unfinished-file-notes", ".unfinished-other-0123abcd")
    assert names(tmp_path) == ["file"]


def _again_and_again(folder: Path, mark: bytes) -> None:
    for _ in range(ROUNDS):
        with replaced_folder(folder / "report") as made:
            write_files(made, {"a": mark, "b": mark})
        write_file(folder / "file", mark * 1000)


def test_writers_of_one_place_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    writers = [FORK.Process(target=_again_and_again, args=(tmp_path, mark)) for mark in (b"1", b"2", b"3")]
    for one in writers:
        one.start()
    while any(one.is_alive() for one in writers):
        if (tmp_path / "file").exists():
            assert len(set((tmp_path / "file").read_bytes())) == 1
    for one in writers:
        one.join()
    assert [one.exitcode for one in writers] == [0, 0, 0]
    assert names(tmp_path) == ["file", "report"]
    assert (tmp_path / "report" / "a").read_bytes() == (tmp_path / "report" / "b").read_bytes()


def test_a_folder_that_was_moved_aside_is_put_back_once_nobody_replaces_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    aside = tmp_path / ".replaced-report-0123abcd"
    aside.mkdir()
    (aside / "a").write_bytes(b"older")
    with unfinished.if_left(aside) as is_left:
        assert is_left
        recover_folder(tmp_path / "report")
        assert names(tmp_path) == [aside.name]
    recover_folder(tmp_path / "report")
    assert "report is back: an interrupted process had moved it aside." in caplog.text
    assert (tmp_path / "report" / "a").read_bytes() == b"older"
    aside.mkdir()
    recover_folder(tmp_path / "report")
    assert names(tmp_path) == ["report"]


def test_a_folder_is_removed_whole(tmp_path: Path) -> None:
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "a").write_bytes(b"1")
    remove_folder(tmp_path / "folder")
    assert names(tmp_path) == []
    with pytest.raises(NotWritten, match="No such file"):
        remove_folder(tmp_path / "folder")


def _hold(path: Path, held: multiprocessing.synchronize.Event, let_go: multiprocessing.synchronize.Event) -> None:
    with locked(path):
        held.set()
        let_go.wait(60)


def test_a_lock_is_waited_for_and_taken_again_by_the_same_thread(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "one.lock"
    with locked(path, seconds=0.1), locked(path, seconds=0.1):
        assert path.exists()
    held, let_go = FORK.Event(), FORK.Event()
    other = FORK.Process(target=_hold, args=(path, held, let_go))
    other.start()
    assert held.wait(60)
    with pytest.raises(filelock.Timeout), locked(path, seconds=0.1):
        pytest.fail("two had the lock")
    let_go.set()
    other.join()


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "locks").write_bytes(b"a file")
    with (
        pytest.raises(NotWritten, match=r"one\.lock cannot be written: .*nothing was written"),
        locked(tmp_path / "locks" / "one.lock"),
    ):
        pytest.fail("the block ran")
