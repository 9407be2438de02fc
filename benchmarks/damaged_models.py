"""Ways in which a saved model may be damaged, for tests and benchmarks: each changes the files of a folder in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from models.saved.saved_model import MODEL_FILE


def booster_of(folder: Path) -> Path:
    """The first of a model's LightGBM text files."""
    return next(path for path in sorted(folder.iterdir()) if path.suffix == ".txt")


def cut_short(folder: Path, kept: float = 0.6) -> None:
    """Keep the first part of a booster only, as a full disk would."""
    booster = booster_of(folder)
    text = booster.read_text(encoding="utf-8")
    booster.write_text(text[: int(kept * len(text))], encoding="utf-8")


def flip_a_digit(folder: Path) -> None:
    """Change one digit of a leaf: LightGBM reads it without a word, so only the recorded sha256 tells."""
    booster = booster_of(folder)
    before, leaf, after = booster.read_text(encoding="utf-8").partition("\nleaf_value=")
    place = next(index for index, letter in enumerate(after) if letter in "123456789")
    digit = "2" if after[place] == "1" else "1"
    booster.write_text(before + leaf + after[:place] + digit + after[place + 1 :], encoding="utf-8")


def make_leaves_nan(folder: Path) -> None:
    """Write nan into every leaf of a booster."""
    change_leaves(booster_of(folder), lambda _: "nan")


def name_another_feature(folder: Path) -> None:
    """Let the description name a feature that the boosters do not have."""
    description = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))
    description["feature_names"][0] = "something_else"
    (folder / MODEL_FILE).write_text(json.dumps(description), encoding="utf-8")


def change_leaves(booster: Path, changed: Callable[[str], str]) -> None:
    """Write every leaf of a booster anew. The sizes of its trees go, by which LightGBM would find them no more."""
    key = "leaf_value="
    lines = [
        key + " ".join(changed(leaf) for leaf in line.removeprefix(key).split()) if line.startswith(key) else line
        for line in booster.read_text(encoding="utf-8").splitlines()
        if not line.startswith("tree_sizes=")
    ]
    booster.write_text("\n".join(lines) + "\n", encoding="utf-8")


DAMAGES: Mapping[str, Callable[[Path], None]] = {
    "cut short": cut_short,
    "one digit flipped": flip_a_digit,
    "leaves that are not numbers": make_leaves_nan,
    "another schema": name_another_feature,
}
