"""What a piece of work took."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import psutil

_MEGABYTE = 1024 * 1024
_SECONDS_BETWEEN_LOOKS = 0.02


class Measured:
    """Adds up the seconds spent inside its ``with`` blocks, and the peak resident memory of the process there.

    >>> work = Measured()
    >>> with work:
    ...     total = sum(range(1000))
    >>> work.seconds > 0
    True
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.peak_mb = 0.0
        self._process = psutil.Process()

    def __enter__(self) -> Measured:
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.seconds += time.perf_counter() - self._began
        self._stopped.set()
        self._watcher.join()

    def _watch(self) -> None:
        while True:
            self.peak_mb = max(self.peak_mb, self._process.memory_info().rss / _MEGABYTE)
            if self._stopped.wait(_SECONDS_BETWEEN_LOOKS):
                return
