"""A pickle among the files of a model is refused before anything reads it, by its name or by its bytes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from contracts import BadInput, sha256_of_folder
from models import load_saved_model
from models.saved.no_pickle import is_pickle, refuse_pickles

HARM = "ran"


class _Harmful:
    """Leaves a mark in the folder where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("name", ["model.pkl", "model.PICKLE", "model.joblib", "model.pt"])
def test_a_name_of_a_pickle_is_refused_whatever_it_holds(tmp_path: Path, name: str) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / name).write_text("harmless")
    with pytest.raises(BadInput, match=rf"{name} is a pickle, and no pickle is ever loaded"):
        refuse_pickles(tmp_path)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_the_bytes_of_a_pickle_are_refused_under_any_name(tmp_path: Path, protocol: int) -> None:
    planted = tmp_path / "booster_horizon_1.txt"
    planted.write_bytes(pickle.dumps({"a": 1}, protocol=protocol))
    assert is_pickle(planted)


@pytest.mark.parametrize("content", [b"", b"\x80", b"tree\nend of parameters\n", '{"a": "€"}\n'.encode(), b"\x89PNG."])
def test_other_files_are_not_taken_for_pickles(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert not is_pickle(file)


@pytest.mark.parametrize("name", ["extra.pkl", "booster_horizon_1.txt", "model.json"])
def test_a_planted_pickle_is_refused_on_loading_and_never_run(tmp_path: Path, name: str) -> None:
    """Also where the recorded hash was made of the folder with the pickle in it."""
    folder = tmp_path / "saved_model"
    folder.mkdir()
    (folder / "model.json").write_text("{}")
    mark = tmp_path / HARM
    (folder / name).write_bytes(pickle.dumps(_Harmful(mark)))
    with pytest.raises(BadInput, match=rf"{name} is a pickle"):
        load_saved_model(folder, sha256_of_folder(folder))
    assert not mark.exists()
