"""The files that the tests begin with are there."""

from __future__ import annotations

from pathlib import Path

import tests.conftest


def test_every_named_file_is_there(repository: Path) -> None:
    names = tests.conftest.LONGEST_FIRST
    assert [name for name in names if not (repository / "tests" / name).is_file()] == []
    assert len(set(names)) == len(names)
