"""What a writer is making: hidden names, the lock that ends with its process, and what a killed one left."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import glob
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

UNFINISHED = ".unfinished-"
"""Begins the name of what is being made, or of what is being removed."""
MOVED_ASIDE = ".replaced-"
"""Begins the name of an older folder between the two steps of a replacement that could not be made in one."""
_OF_EARLIER_VERSIONS = ".incoming-"
_TAG = "[0-9a-f]" * 8
_LONGEST_NAME = 40
_HERE, _ONLY_NEW, _EXCHANGE = -100, 1, 2
_UNKNOWN_TO_THE_FILE_SYSTEM = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
_LOGGER = logging.getLogger(__name__)


@contextmanager
def unfinished(place: Path, make: Callable[[Path], int]) -> Iterator[tuple[Path, int]]:
    """A new file or folder beside ``place``, locked, and its descriptor; what is left under that name is removed.

    ``make`` makes and opens it. What killed writers of the same place left is removed first.
    """
    for path in hidden_names(place, UNFINISHED):
        with if_left(path) as is_left:
            if is_left:
                discard(path)
    made, held = _made_and_locked(place, make)
    try:
        yield made, held
    finally:
        os.close(held)  # first, as removing takes a descriptor, and it may be the lack of one that ends the block
        discard(made)


def _made_and_locked(place: Path, make: Callable[[Path], int]) -> tuple[Path, int]:
    """Made again, should another writer have taken it for a leftover before it was locked."""
    while True:
        made = hidden_name(place, UNFINISHED)
        held = make(made)
        _lock(held, fcntl.LOCK_EX)
        if made.exists():
            return made, held
        os.close(held)


def make_file(path: Path) -> int:
    """A new file, opened to be written."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)


def make_private_file(path: Path) -> int:
    """The same, which nobody but its owner can ever read."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def make_folder(path: Path) -> int:
    """A new folder, opened; made again, should another writer have taken it for a leftover before it was."""
    while True:
        path.mkdir()
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError:
            path.rmdir()
            raise


def hidden_name(place: Path, prefix: str) -> Path:
    """A name beside ``place`` that nobody else takes."""
    return place.with_name(f"{prefix}{place.name[:_LONGEST_NAME]}-{secrets.token_hex(4)}")


def hidden_names(place: Path, prefix: str) -> list[Path]:
    """What lies beside ``place`` under such a name."""
    return sorted(place.parent.glob(f"{prefix}{glob.escape(place.name[:_LONGEST_NAME])}-{_TAG}"))


@contextmanager
def if_left(path: Path) -> Iterator[bool]:
    """Whether no living process makes or moves ``path``, which it is kept from beginning while the block runs.

    False too where the file system knows no locks: nothing is removed on a guess.
    """
    try:
        held = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        yield _lock(held, fcntl.LOCK_EX | fcntl.LOCK_NB) is _Lock.TAKEN
    finally:
        os.close(held)


class _Lock(Enum):
    TAKEN = "taken"
    OF_ANOTHER = "of another process"
    UNKNOWN = "the file system knows no locks"


def _lock(held: int, how: int) -> _Lock:
    try:
        fcntl.flock(held, how)
    except BlockingIOError:
        return _Lock.OF_ANOTHER
    except OSError:
        return _Lock.UNKNOWN
    return _Lock.TAKEN


def remove_leftovers(folder: Path) -> tuple[str, ...]:
    """Remove what killed writers left in a folder that is the package's alone; returns what it was called."""
    removed = []
    for prefix in (UNFINISHED, _OF_EARLIER_VERSIONS):
        for path in sorted(folder.glob(f"{prefix}*")):
            with if_left(path) as is_left:
                if is_left:
                    discard(path)
                    removed.append(path.name)
    return tuple(removed)


def is_being_made(path: Path) -> bool:
    """Whether another process is making this file or folder now, as far as the file system can tell."""
    for one in hidden_names(Path(os.path.realpath(path)), UNFINISHED):
        try:
            held = os.open(one, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            if _lock(held, fcntl.LOCK_EX | fcntl.LOCK_NB) is _Lock.OF_ANOTHER:
                return True
        finally:
            os.close(held)
    return False


def discard(path: Path) -> None:
    """Remove a file or a folder, if it is there; what the disk does not let go of is told and tried again later."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _LOGGER.warning("%s could not be removed: %s. The next writer tries again.", path, error.strerror)
        return
    if path.exists():
        _LOGGER.warning("%s could not be removed whole. The next writer tries again.", path)


def flush(path: Path) -> None:
    """Flush a file, or a folder's list of files, to the disk."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders change places in one step; False where the system cannot, and nothing is changed."""
    return _renameat2(one, other, _EXCHANGE)


def rename_to_nothing(source: Path, target: Path) -> None:
    """Rename a file; raises ``FileExistsError`` where something is there, and never replaces it."""
    if not _renameat2(source, target, _ONLY_NEW):
        os.link(source, target)
        source.unlink()


def _renameat2(source: Path, target: Path, flag: int) -> bool:
    """Linux's renameat2(2), which Python has no function for."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return False
    paths = os.fsencode(source), os.fsencode(target)
    if function(_HERE, ctypes.c_char_p(paths[0]), _HERE, ctypes.c_char_p(paths[1]), ctypes.c_uint(flag)) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNKNOWN_TO_THE_FILE_SYSTEM:
        return False
    raise OSError(code, os.strerror(code), str(source), None, str(target))
