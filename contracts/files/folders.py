"""One hash for the files of a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from contracts.errors import BadInput, MissingThing


def sha256_of_files(files: Mapping[str, bytes]) -> str:
    """One SHA-256 over names and contents, in order of name.

    >>> sha256_of_files({"b": b"2", "a": b"1"}) == sha256_of_files({"a": b"1", "b": b"2"})
    True
    """
    return _digest({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})


def sha256_of_folder(folder: Path) -> str:
    """The same of the files of a folder; raises ``MissingThing``, and ``BadInput`` where it holds another folder."""
    if not folder.is_dir():
        raise MissingThing(f"There is no folder {folder}.", remedy="Restore it from a backup.")
    hashes = {}
    for path in folder.iterdir():
        if not path.is_file():
            raise BadInput(f"{path} is not a file, and does not belong there.", remedy="Move it elsewhere.")
        with path.open("rb") as file:
            hashes[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return _digest(hashes)


def _digest(hashes: Mapping[str, str]) -> str:
    lines = "".join(f"{name}\0{hashes[name]}\n" for name in sorted(hashes))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()
