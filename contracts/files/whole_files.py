"""Files and folders that are written whole or not at all, and that a power cut does not take away again.

Each is made beside its place under a hidden name, flushed to the disk with everything in it, and put into its place in
one step. Whenever the process is killed, the older or the newer is there whole, and the next writer of the same place
removes what was left. A writer keeps a lock on what it is making, which ends with its process: what another one is
still making is never removed. An error of the disk becomes one ``NotWritten``, which says what stands.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from contracts.errors import NotWritten
from contracts.files.unfinished import (
    MOVED_ASIDE,
    UNFINISHED,
    discard,
    exchange,
    flush,
    hidden_name,
    hidden_names,
    if_left,
    is_being_made,
    make_file,
    make_folder,
    make_private_file,
    remove_leftovers,
    rename_to_nothing,
    unfinished,
)

__all__ = [
    "is_being_made",
    "move_whole",
    "new_file",
    "new_folder",
    "recover_folder",
    "remove_folder",
    "remove_leftovers",
    "replaced_folder",
    "telling",
    "write_file",
    "write_files",
]

_AGAIN = "then run the same again."
_REMEDIES = {
    errno.ENOSPC: f"Make room on its disk, {_AGAIN}",
    errno.EDQUOT: f"Make room in your quota of its disk, {_AGAIN}",
    errno.EROFS: "Its disk can only be read: name a place on another, or mount it to be written to.",
    errno.EACCES: "Give this account the right to write in {folder}, or name another place.",
    errno.EPERM: "Give this account the right to write in {folder}, or name another place.",
    errno.EMFILE: f"Raise the limit of open files (ulimit -n), {_AGAIN}",
    errno.ENFILE: f"Let other programs close files, {_AGAIN}",
    errno.EIO: f"Check its disk, {_AGAIN}",
    errno.ENOENT: "Make the folder {folder}, or name another place.",
    errno.ENOTDIR: "Name a place whose folders are folders.",
    errno.ENAMETOOLONG: "Give it a shorter name.",
    errno.EEXIST: "Move what is there away, or name another place.",
    errno.ENOTEMPTY: "Move what is there away, or name another place.",
    errno.EBUSY: "A disk is mounted there: name a folder inside it.",
    errno.EXDEV: "A disk is mounted there: name a folder inside it.",
}
_LOGGER = logging.getLogger(__name__)


@contextmanager
def new_file(path: Path, *, private: bool = False, replace: bool = True) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``path`` when the block ends well; its folder must be there.

    An older file passes its rights on; a ``private`` one can be read by its owner only. A link is followed. Without
    ``replace``, something that is there is left alone. Raises ``NotWritten``.
    """
    with _writing(path) as at:
        at.refuse_unless(stat.S_ISREG, "file")
        with unfinished(at.place, make_private_file if private else make_file) as (made, held):
            with os.fdopen(os.dup(held), "wb") as file:
                yield file
            if at.older is not None and not private:
                at.pass_rights_to(made)
            os.fsync(held)
            if replace:
                made.replace(at.place)
            else:
                rename_to_nothing(made, at.place)
            at.done()


def write_file(path: Path, content: bytes, *, private: bool = False, replace: bool = True) -> None:
    """``new_file`` of bytes that are at hand."""
    with new_file(path, private=private, replace=replace) as file:
        file.write(content)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which becomes ``path`` when the block ends well: nothing, or an empty folder, may be there.

    Folders above it are made. Raises ``NotWritten``.
    """
    with _filled(path, lambda at, made: made.rename(at.place)) as made:
        yield made


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which takes the place of ``path`` and all that is in it when the block ends well.

    Where the file system cannot exchange two folders in one step, a process that is killed between its two leaves
    ``path`` absent until ``recover_folder``, or the next writer, puts the older back. Raises ``NotWritten``.
    """
    recover_folder(path)
    with _filled(path, _put_in_place) as made:
        yield made


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, by their path within it, into a folder that one of the functions above gave."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def recover_folder(path: Path) -> None:
    """Put back what a killed ``replaced_folder`` moved aside; nothing where there is nothing to mend."""
    with _writing(path) as at:
        for aside in hidden_names(at.place, MOVED_ASIDE):
            with if_left(aside) as is_left:
                if is_left and not at.place.exists():
                    aside.rename(at.place)
                    at.done()
                    _LOGGER.warning("%s is back: an interrupted process had moved it aside.", path)
                elif is_left:
                    discard(aside)


def move_whole(source: Path, target: Path) -> None:
    """Give a file or folder another name in its folder; a file of that name is replaced. Raises ``NotWritten``."""
    with _writing(target) as at:
        source.replace(at.place)
        at.done()


def remove_folder(path: Path) -> None:
    """Remove a folder: it is there with all that it holds, or it is not there. Raises ``NotWritten``."""
    with _writing(path) as at:
        going = hidden_name(at.place, UNFINISHED)
        at.place.rename(going)
        at.done("it is gone from its place, which a power cut may undo")
        discard(going)


@contextmanager
def telling(path: Path, stands: str = "nothing was written") -> Iterator[None]:
    """Let an error of the disk in the block be told as ``NotWritten`` of ``path``."""
    try:
        yield
    except OSError as error:
        raise _not_written(path, error, stands) from error


@dataclass
class _Place:
    """Where a write goes (links followed), what is there already, and what stands there should it fail now."""

    path: Path
    place: Path
    older: os.stat_result | None = None
    stands: str = "nothing was written"

    def look(self) -> None:
        """See what is there."""
        if self.place.exists():
            self.older = self.place.stat()
            self.stands = "what was there before is unchanged"

    def done(self, stands: str = "the new one is in its place, which a power cut may undo") -> None:
        """It is in its place: flush the folder that says so."""
        self.stands = stands
        flush(self.place.parent)

    def refuse_unless(self, kind: Callable[[int], bool], name: str) -> None:
        """Raise ``NotWritten`` where something of another kind is there: a folder, a device, a file."""
        if self.older is not None and not kind(self.older.st_mode):
            raise NotWritten(
                f"{self.path} cannot be written: it is there and is no {name}; it is unchanged.",
                remedy=f"Name another {name}.",
            )

    def pass_rights_to(self, made: Path) -> None:
        """Give what was made the rights of what is there."""
        if self.older is not None and stat.S_IMODE(self.older.st_mode) != stat.S_IMODE(made.stat().st_mode):
            made.chmod(stat.S_IMODE(self.older.st_mode))


@contextmanager
def _writing(path: Path) -> Iterator[_Place]:
    """Errors of the disk in the block, also those of writes into what is being made, are told of the path named."""
    at = _Place(path, Path(os.path.realpath(path)))
    try:
        at.look()
        yield at
    except NotWritten as error:
        if not isinstance(error.__cause__, OSError) or UNFINISHED not in error.message:
            raise
        raise _not_written(path, error.__cause__, at.stands) from error.__cause__
    except OSError as error:
        raise _not_written(path, error, at.stands) from error


def _not_written(path: Path, error: OSError, stands: str) -> NotWritten:
    reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split())
    remedy = _REMEDIES.get(error.errno or 0, f"Mend that, {_AGAIN}").format(folder=path.parent)
    return NotWritten(f"{path} cannot be written: {reason}; {stands}.", remedy=remedy)


@contextmanager
def _filled(path: Path, put: Callable[[_Place, Path], object]) -> Iterator[Path]:
    with _writing(path) as at:
        at.refuse_unless(stat.S_ISDIR, "folder")
        _make_folders(at.place.parent)
        with unfinished(at.place, make_folder) as (made, _):
            yield made
            for one in (*made.rglob("*"), made):
                if not one.is_symlink():
                    flush(one)
            put(at, made)
            at.done()


def _make_folders(folder: Path) -> None:
    if not folder.is_dir():
        if folder.exists():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        _make_folders(folder.parent)
        folder.mkdir(exist_ok=True)
        flush(folder.parent)


def _put_in_place(at: _Place, made: Path) -> None:
    """In one step where the system can; else in two, of which ``recover_folder`` undoes the first."""
    if _put_where_nothing_is(at.place, made):
        return
    at.look()
    at.pass_rights_to(made)
    if exchange(made, at.place):
        return
    aside = hidden_name(at.place, MOVED_ASIDE)
    with if_left(at.place):
        at.place.rename(aside)
        try:
            made.rename(at.place)
        except OSError:
            aside.rename(at.place)
            raise
        at.done()
        discard(aside)


def _put_where_nothing_is(place: Path, made: Path) -> bool:
    """False where something is, perhaps only now: two writers may begin with nothing and both end."""
    if place.exists():
        return False
    try:
        made.rename(place)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True
