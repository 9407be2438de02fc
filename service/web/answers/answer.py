"""One answer as it is sent: its bytes, the same compressed, and what tells one content from another."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import zstandard

Json = dict[str, Any]


ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": zstandard.compress,
    "gzip": lambda plain: gzip.compress(plain, compresslevel=6, mtime=0),
}
"""Names under which HTTP knows them → how an answer is compressed; the first is given where a client takes all."""


@dataclass(frozen=True)
class Answer:
    """A document; ``kept`` holds it compressed, where that was done ahead because it is asked for often."""

    plain: bytes
    kept: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def tag(self) -> str:
        """What changes with its content: the start of its hash."""
        return hashlib.blake2b(self.plain, digest_size=16).hexdigest()

    def encoded(self, encoding: str) -> bytes:
        """The document compressed in one of ``ENCODINGS``."""
        return self.kept[encoding] if encoding in self.kept else ENCODINGS[encoding](self.plain)


def with_rows(head: bytes, rows: tuple[bytes, ...]) -> bytes:
    """An envelope and encoded rows of areas as one document."""
    return b"".join([head[:-1], b',"areas":[', b",".join(rows), b"]}"])


def answer_ahead(plain: bytes) -> Answer:
    """An answer that is compressed already."""
    return Answer(plain, {name: compress(plain) for name, compress in ENCODINGS.items()})
