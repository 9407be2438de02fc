"""The command line's shell: plain help where nothing was asked, one line where nothing can be done."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from service.cli import main


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command in this process; returns its exit code and both outputs."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["wardcast", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", os.environ.get("MLFLOW_DISABLE_TELEMETRY", "true"))
    return run


@pytest.mark.parametrize("words", [(), ("ingest",), ("ledger",), ("geography",)])
def test_a_group_without_a_command_prints_its_plain_help(run, words):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith(f"Usage: wardcast{''.join(f' {word}' for word in words)} [OPTIONS] COMMAND")
    assert "Commands:" in err
    assert "wardcast:" not in err
    assert "Try:" not in err


@pytest.mark.parametrize("options", [(), ("--simulated",)])
@pytest.mark.parametrize("folder", ["/proc/nope/x", "/dev/null/x", f"/{'x' * 300}"])
def test_a_workspace_that_cannot_be_made_is_told_in_one_line(run, options, folder):
    code, out, err = run("init", *options, "--workspace", folder)
    assert (code, out) == (3, "")
    assert err.startswith(f"wardcast: The workspace {folder} cannot be made: ")
    assert err.endswith("Name another folder with --workspace.\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "exit_code"), [(("--version",), 0), (("demo", "--help"), 0), ((), 2), (("no-such-command",), 2)]
)
def test_the_process_ends_with_its_own_exit_code(words, exit_code):
    program = (
        "import threading\n"
        "from service.cli import program\n"
        "def main():\n"
        "    threading.Thread(target=lambda: print('a thread was waited for')).start()\n"
        "    program()\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == exit_code
    assert "a thread was waited for" in done.stdout


def test_an_unexpected_error_keeps_its_traceback_and_exit_code():
    program = (
        "import atexit, service.cli\n"
        "def fail():\n"
        "    atexit.register(print, 'what was registered ran')\n"
        "    raise RuntimeError('unexpected')\n"
        "service.cli.main = fail\n"
        "service.cli.program()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == "what was registered ran\n"
    assert "RuntimeError: unexpected" in done.stderr


def test_a_terminal_that_lacks_a_character_gets_a_question_mark():
    """As a name with an emoji meets a terminal in Latin-1, on both outputs."""
    program = (
        "import click, contracts, service.cli\n"
        "def told():\n"
        "    click.echo('Area \\U0001f33c of Kraków')\n"
        "    raise contracts.BadInput('There is no Łódź.', remedy='Name another.')\n"
        "service.cli.wardcast.main = lambda **_: told()\n"
        "service.cli.main()\n"
    )
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, check=False)
    assert done.stdout == "Area ? of Kraków\n".encode("latin-1")
    assert (done.returncode, done.stderr) == (3, b"wardcast: There is no ?\xf3d?. Name another.\n")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/x.parquet"),
            "/data/x.parquet cannot be used: No space",
        ),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "A file, or the output cannot be used: Input/output error."),
    ],
)
def test_an_error_of_the_system_that_nobody_told_of_is_one_line(run, monkeypatch, error, told):
    def fail(**_):
        raise error

    monkeypatch.setattr("service.cli.wardcast.main", fail)
    code, out, err = run("publications")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert err.startswith(f"wardcast: {told}")
    assert "what is in the ledger stands" in err
