"""Pickles are refused wherever models are read: whoever loads one runs the code that it holds."""

from __future__ import annotations

from pathlib import Path

from contracts import BadInput

SUFFIXES = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle", ".pt", ".pth"})
_PROTOCOL = 0x80
_PROTOCOLS = range(2, 8)
_STOP = ord(".")


def refuse_pickles(folder: Path) -> None:
    """Raise ``BadInput`` that names the first file below ``folder`` that is a pickle, by its name or by its bytes."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and is_pickle(path):
            raise BadInput(
                f"{path} is a pickle, and no pickle is ever loaded: it could run any code.",
                remedy="Find out who put it there; restore the recorded files, or train and approve again.",
            )


def is_pickle(path: Path) -> bool:
    """Whether a file has a pickle's name, or begins and ends as one of protocol 2 or later does."""
    if path.suffix.lower() in SUFFIXES:
        return True
    size = path.stat().st_size
    if size < len("\x80\x02."):
        return False
    with path.open("rb") as file:
        first, second = file.read(2)
        file.seek(size - 1)
        last = file.read(1)[0]
    return first == _PROTOCOL and second in _PROTOCOLS and last == _STOP
