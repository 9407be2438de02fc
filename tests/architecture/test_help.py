"""The command line's help is complete and answers at once, and a mistake in a command is told in one line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from service.cli import COMMANDS, wardcast

HEAVY = {"mlflow", "lightgbm", "statsforecast", "pandas", "geopandas", "scipy.stats", "sklearn", "matplotlib"}
SECONDS_FOR_HELP = 5.0
"""Measured at under 0.6 s on two idle cores; a heavy import costs several seconds."""

SHORTEST_HELP = 15


def every_command(
    command: click.Command = wardcast, path: tuple[str, ...] = ("wardcast",)
) -> Iterator[tuple[str, click.Command]]:
    """The command and each one below it, with the words that call it."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, name
            yield from every_command(below, (*path, name))


def _python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def _wardcast(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from service.cli import program; program()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def _modules_after(words: list[str]) -> set[str]:
    program = (
        "import contextlib, io, json, sys\n"
        "from service.cli import wardcast\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    wardcast.main({words!r}, standalone_mode=False)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = _python(program)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_help_imports_nothing_heavy_and_answers_at_once() -> None:
    started = time.perf_counter()
    loaded = _modules_after(["--help"])
    assert time.perf_counter() - started < SECONDS_FOR_HELP
    assert loaded & HEAVY == set()
    assert not any(name.startswith("service.commands.") for name in loaded)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_imports_nothing_heavy(name: str) -> None:
    assert _modules_after([name, "--help"]) & HEAVY == set()


def test_every_command_and_subcommand_says_what_it_does() -> None:
    short = [path for path, command in every_command() if len(command.help or "") < SHORTEST_HELP]
    assert short == []


def test_every_option_says_what_it_does() -> None:
    silent = [
        f"{path} {option.opts[0]}"
        for path, command in every_command()
        for option in command.params
        if isinstance(option, click.Option) and len(option.help or "") < SHORTEST_HELP
    ]
    assert silent == []


def test_the_list_of_commands_says_what_each_command_says_of_itself() -> None:
    """The list is written apart from the commands, so that it needs no import."""
    context = click.Context(wardcast)
    for name, (_, summary) in COMMANDS.items():
        command = wardcast.get_command(context, name)
        assert command is not None
        assert summary.endswith("."), name
        assert command.name in (name, "command"), name


def test_every_command_with_results_to_print_can_print_json() -> None:
    printing = {"backtest", "train", "publications", "approve", "issue", "reasons", "ledger verify", "ledger list"}
    can = {
        path.removeprefix("wardcast ")
        for path, command in every_command()
        if any(isinstance(option, click.Option) and "--json" in option.opts for option in command.params)
    }
    assert printing <= can


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
        (["backtest", "--nonsense"], "--nonsense"),
        (["backtest"], "--target"),
        (["ledger", "nonsense"], "nonsense"),
        (["backtest", "--target", "violence", "--from", "2023-03", "--to", "2023-04", "--view", "best"], "--view"),
        (["ingest", "mps-ward", "counts.csv", "--published-on", "soon"], "soon"),
        (["init", "--seed", "3"], "--seed"),
        (["serve", "--port", "http"], "--port"),
        (["publications", "--workspace", "a_file"], "a_file"),
        (["geography", "add", "wards", "--boundaries", "a_folder", "--code", "a", "--name", "b"], "a_folder"),
    ],
)
def test_a_wrong_option_or_path_is_told_in_one_line(tmp_path: Path, words: list[str], told: str) -> None:
    (tmp_path / "a_file").touch()
    (tmp_path / "a_folder").mkdir()
    done = _wardcast(*words, folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("wardcast: ")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["publications"], 6),
        (["train", "--workspace", "nowhere"], 6),
        (["serve", "--host", "0.0.0.0"], 5),
        (["serve", "--host", "my computer"], 3),
    ],
)
def test_an_expected_error_is_told_in_one_line_with_its_own_exit_code(
    tmp_path: Path, words: list[str], exit_code: int
) -> None:
    done = _wardcast(*words, folder=tmp_path)
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert done.stderr.startswith("wardcast: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
