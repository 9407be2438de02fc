"""Locks between processes: files that the system lets go of when a process ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from contracts.files.whole_files import telling


@contextmanager
def locked(path: Path, *, seconds: float = -1.0) -> Iterator[None]:
    """Hold the lock file ``path`` during the block, in which the same thread may take it again.

    Another process is waited for, for ever or for ``seconds``. Raises ``filelock.Timeout`` after them, and
    ``NotWritten`` where the file cannot be made.
    """
    lock = filelock.FileLock(path, timeout=seconds, is_singleton=True)
    waited_in_vain = _acquired(lock, path)
    if waited_in_vain is not None:
        raise waited_in_vain
    try:
        yield
    finally:
        lock.release()


def _acquired(lock: filelock.BaseFileLock, path: Path) -> filelock.Timeout | None:
    """A time-out is an ``OSError`` too, and none of the disk's."""
    with telling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except filelock.Timeout as timeout:
            return timeout
    return None
