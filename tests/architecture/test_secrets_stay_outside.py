"""Neither the image nor git takes a workspace, a key or a password."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from service.workspaces.setup import make_workspace

SECRETS = (
    ".env",
    ".env.production",
    "london/wardcast.toml",
    "london/seal/private_key.pem",
    "london/seal/next_private_key.pem",
    "london/seal/head.json",
    "london/ledger.db",
    "london/ledger.db-wal",
    "london/mlflow.db",
    "london/publications/x/counts.parquet",
    "head-2026-11-23.json",
    "bundle.zip",
    "service/.env",
    "service/london/seal/private_key.pem",
    "service/london/ledger.db",
)


def test_git_ignores_what_a_workspace_is_made_of(repository, tmp_path):
    ignored = _ignored(tmp_path, (repository / ".gitignore").read_text(encoding="utf-8"), SECRETS)
    assert ignored == set(SECRETS)


def test_git_ignores_nothing_of_the_project(repository):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout == ""


def test_a_workspace_of_any_name_ignores_itself(tmp_path):
    make_workspace(tmp_path / "croydon", "london")
    files = [path.relative_to(tmp_path).as_posix() for path in (tmp_path / "croydon").rglob("*") if path.is_file()]
    assert "croydon/seal/private_key.pem" in files
    assert _ignored(tmp_path, "", files) == set(files)


def _ignored(folder: Path, rules: str, files) -> set[str]:
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    (folder / ".gitignore").write_text(rules, encoding="utf-8")
    checked = subprocess.run(["git", "check-ignore", *files], cwd=folder, capture_output=True, text=True, check=False)
    return set(checked.stdout.split("\n")) - {""}


def test_the_image_is_built_from_a_list_of_what_may_be_in_it(repository):
    rules = _docker_rules(repository)
    assert rules[0] == "*", "everything is left out first"
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert allowed == {
        *("Makefile", "README.md", "LICENSE", "pyproject.toml", "requirements.lock"),
        *("contracts", "features", "models", "monitoring", "service", "training"),
    }
    assert all((repository / name).exists() for name in allowed)


@pytest.mark.parametrize("secret", SECRETS)
def test_the_image_takes_no_secret(repository, secret):
    assert not _is_sent(_docker_rules(repository), secret)


@pytest.mark.parametrize(
    "needed", ["Makefile", "service/cli.py", "contracts/examples/london.toml", "contracts/py.typed"]
)
def test_the_image_takes_what_it_is_built_from(repository, needed):
    assert (repository / needed).exists()
    assert _is_sent(_docker_rules(repository), needed)


def _docker_rules(repository: Path) -> list[str]:
    lines = (repository / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _is_sent(rules: list[str], path: str) -> bool:
    """Docker's rule: the last pattern that matches a path or a folder above it decides."""
    places = [Path(path), *Path(path).parents][:-1]
    sent = True
    for rule in rules:
        pattern = rule.removeprefix("!")
        if any(_matches(place, pattern) for place in places):
            sent = rule.startswith("!")
    return sent


def _matches(place: Path, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return Path(place.name).match(pattern.removeprefix("**/"))
    return len(place.parts) == 1 and place.match(pattern)
