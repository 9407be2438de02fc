"""What people read in a terminal of 80 columns fits, of every command that prints something, and every help text."""

from __future__ import annotations

import csv
import io
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.cli import COMMANDS

pytestmark = pytest.mark.slow
CALLS = (
    ("publications",),
    ("publications", "--all"),
    ("runs",),
    ("geography", "list"),
    ("ledger", "list"),
    ("ledger", "verify"),
    ("history", "violence"),
    ("challenge", "list"),
    ("reasons", "--area", "A03"),
    ("backtest", "--target", "theft", "--from", "2023-10", "--to", "2023-12", "--models", "ewma,mean_12"),
)
TABLES = ("publications", "runs", "geography list", "ledger list")


PROGRAM = (sys.executable, "-c", "from service.cli import program; program()")


def told(*words: str) -> str:
    """What a command prints on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80"}
    with subprocess.Popen([*PROGRAM, *words], stdout=theirs, stderr=subprocess.DEVNULL, env=environment) as process:
        os.close(theirs)
        text = b"".join(_read(ours))
    os.close(ours)
    assert process.returncode == 0
    return text.decode("utf-8").replace("\r\n", "\n")


def _read(terminal: int) -> Iterator[bytes]:
    """What comes until the other end is closed, which Linux tells as an error of input."""
    while True:
        try:
            yield os.read(terminal, 65_536)
        except OSError:
            return


def piped(*words: str) -> str:
    """What a command prints into a pipe."""
    return subprocess.run([*PROGRAM, *words], capture_output=True, text=True, check=True).stdout


def too_long(text: str) -> list[str]:
    """Lines of more than 80 characters that are more than one word, such as a hash or a path."""
    return [line for line in text.split("\n") if len(line) > 80 and len(line.split()) > 1]


@pytest.fixture(scope="module")
def copy(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workspace: some of the commands write."""
    root = tmp_path_factory.mktemp("columns") / "workspace"
    shutil.copytree(trained, root)
    return root


@pytest.mark.parametrize("words", CALLS, ids=" ".join)
def test_what_a_command_prints_fits(copy: Path, words: tuple[str, ...]) -> None:
    assert too_long(told(*words, "--workspace", str(copy))) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_fits(name: str) -> None:
    text = told(name, "--help")
    assert text.startswith("Usage:")
    assert too_long(text) == []


@pytest.mark.parametrize("words", TABLES)
def test_a_table_can_be_had_as_csv(trained: Path, words: str) -> None:
    rows = list(csv.DictReader(io.StringIO(piped(*words.split(), "--format", "csv", "--workspace", str(trained)))))
    assert rows
    assert all(None not in row for row in rows), "every row has the cells of the heading"


def test_the_shell_completes_targets_runs_and_forecasts(trained: Path) -> None:
    def completed(*words: str) -> set[str]:
        line = ["wardcast", words[0], "--workspace", str(trained), *words[1:]]
        environment = {
            **os.environ,
            "_WARDCAST_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(line),
            "COMP_CWORD": str(len(line) - 1),
        }
        done = subprocess.run(PROGRAM, capture_output=True, text=True, check=False, env=environment)
        return {row.partition(",")[2] for row in done.stdout.splitlines() if row}

    assert completed("history", "") == {"violence", "theft"}
    assert completed("history", "th") == {"theft"}
    assert completed("train", "--target", "v") == {"violence"}
    (forecast,) = completed("explain", "")
    assert (trained / "forecasts" / forecast).is_dir()
    runs = completed("audit", "")
    assert runs
    assert all((trained / "runs" / run).is_dir() for run in runs)
    assert completed("rebuild", "no") == set()
