"""One answer as it is sent: its bytes, the same compressed, and what tells one content from another."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A document; ``kept`` is it compressed, where that was done ahead because it is asked for often."""

    plain: bytes
    kept: bytes | None = None

    @cached_property
    def tag(self) -> str:
        """What changes with its content: the start of its hash."""
        return hashlib.blake2b(self.plain, digest_size=16).hexdigest()

    @property
    def zipped(self) -> bytes:
        """The document compressed."""
        return _compressed(self.plain) if self.kept is None else self.kept


def with_rows(head: bytes, rows: tuple[bytes, ...]) -> bytes:
    """An envelope and encoded rows of areas as one document."""
    return b"".join([head[:-1], b',"areas":[', b",".join(rows), b"]}"])


def answer_ahead(plain: bytes) -> Answer:
    """An answer that is compressed already."""
    return Answer(plain, _compressed(plain))


def _compressed(plain: bytes) -> bytes:
    return gzip.compress(plain, compresslevel=6, mtime=0)
