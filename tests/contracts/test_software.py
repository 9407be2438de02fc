"""What is recorded of code, libraries, folders and settings is what is read again."""

from __future__ import annotations

import doctest
import hashlib
from pathlib import Path

import pytest

from contracts import (
    BadInput,
    CodeVersion,
    MissingThing,
    Settings,
    Workspace,
    code_version,
    code_version_of,
    library_versions,
    settings_bytes,
    settings_of,
    sha256_of_files,
    sha256_of_folder,
    software,
)
from contracts.files import folders

SETTINGS = Settings.model_validate(
    {
        "city": "Testham",
        "geography": "cells",
        "ledger_url": "postgresql://someone:secret@host/ledger",
        "offences": {"simulated": {"b": [], "a": []}},
        "targets": {
            "b": {"title": "B", "offences": {"simulated": ["b"]}},
            "a": {"title": "A", "offences": {"simulated": "all"}},
        },
    }
)


@pytest.mark.parametrize("module", [folders, software])
def test_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("code", [code_version(), CodeVersion("1.0", None, None), CodeVersion("1.0", "c0", False)])
def test_tags_say_what_the_code_was(code: CodeVersion) -> None:
    assert code_version_of(code.tags()) == code
    assert code_version_of({"city": "Testham"}) is None
    assert "numpy" in library_versions()


def test_a_folders_hash_is_that_of_its_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"1")
    lines = "".join(f"{name}\0{hashlib.sha256(held).hexdigest()}\n" for name, held in (("a", b"1"), ("b", b"2")))
    assert sha256_of_folder(tmp_path) == hashlib.sha256(lines.encode()).hexdigest()
    assert sha256_of_folder(tmp_path) == sha256_of_files({"a": b"1", "b": b"2"})
    assert sha256_of_files({"a": b"12"}) != sha256_of_files({"a": b"1", "b": b"2"})
    with pytest.raises(MissingThing, match="no folder"):
        sha256_of_folder(tmp_path / "nowhere")
    (tmp_path / "deep").mkdir()
    with pytest.raises(BadInput, match="is not a file"):
        sha256_of_folder(tmp_path)


def test_settings_come_back_in_order_and_without_addresses(tmp_path: Path) -> None:
    content = settings_bytes(SETTINGS)
    assert b"secret" not in content
    again = settings_of(content)
    assert again == SETTINGS.model_copy(update={"ledger_url": ""})
    assert list(again.targets) == ["b", "a"]
    assert Workspace(tmp_path, again).settings is again
    with pytest.raises(BadInput, match="cannot be used by this version: novel"):
        settings_of(content.replace(b'"seed"', b'"novel"'))
