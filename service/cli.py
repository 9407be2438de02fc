"""The command line. Each command is loaded when it is called, so that ``--help`` answers at once."""

from __future__ import annotations

import atexit
import importlib
import io
import os
import sys

import click

from contracts.errors import WardcastError
from service.problems import USAGE_EXIT_CODE, of_the_system, problem_of

COMMANDS = {
    "demo": ("service.commands.demo", "A simulated city from ingest to a served page."),
    "init": ("service.commands.init", "Make a workspace with a commented wardcast.toml."),
    "geography": ("service.commands.geography", "Add, list and remove geographies."),
    "ingest": ("service.commands.ingest", "Put a publication into the store."),
    "publications": ("service.commands.publications", "What is in the store, set aside and revised."),
    "backtest": ("service.commands.backtest", "Compare forecasters on past periods."),
    "feedback": ("service.commands.feedback", "Simulate whether a forecast feeds on itself."),
    "train": ("service.commands.train", "Fit, backtest, audit and register a challenger."),
    "audit": ("service.commands.audit", "The oversight report of runs; or test the audits on planted harms."),
    "propose": ("service.commands.propose", "Put a draft to the board, with what its gates found."),
    "approve": ("service.commands.approve", "Make a model the champion, by name and with a reason."),
    "reject": ("service.commands.reject", "Reject a model that was proposed."),
    "withdraw": ("service.commands.withdraw", "Take a model out of use."),
    "history": ("service.commands.history", "Who decided what on a target's models, when and why."),
    "challenge": ("service.commands.challenge", "Dispute an area's forecast, answer, and decide."),
    "issue": ("service.commands.issue", "Write the champions' forecasts of the next periods to the ledger."),
    "reasons": ("service.commands.reasons", "Say why an area's forecast is what it is."),
    "explain": ("service.commands.explain", "Where an issued forecast comes from: run, data, code, approval."),
    "export": ("service.commands.export", "A bundle with which an outsider can make a forecast again."),
    "rebuild": ("service.commands.rebuild", "Make an issued forecast again and compare every byte."),
    "runs": ("service.commands.runs", "List backtests and trainings with their main scores."),
    "compare": ("service.commands.compare", "What two runs differ in, and which forecasts better."),
    "records": ("service.commands.records", "Write the records that are published with a run."),
    "ledger": ("service.commands.ledger", "Check and list the ledger."),
    "serve": ("service.commands.serve", "Serve the API and the pages."),
}


class LazyGroup(click.Group):
    """Imports a command's module only when the command is run or its own help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name][0]}.command is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="wardcast")
def wardcast() -> None:
    """Forecast crime demand and serious violence for every area of a city."""


def main() -> None:
    """Run the command line; every expected error ends in one line on standard error and its own exit code."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    _write_what_a_terminal_can()
    try:
        wardcast.main(prog_name="wardcast", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        sys.exit(USAGE_EXIT_CODE)
    except click.ClickException as error:
        sys.stderr.write(f"wardcast: {error.format_message()}{_help_hint(error)}\n")
        sys.exit(USAGE_EXIT_CODE)
    except WardcastError as error:
        sys.stderr.write(f"wardcast: {error}\n")
        sys.exit(problem_of(error).exit_code)
    except OSError as error:
        sys.stderr.write(f"wardcast: {of_the_system(error)}\n")
        sys.exit(problem_of(of_the_system(error)).exit_code)


def _write_what_a_terminal_can() -> None:
    """A character that the terminal's encoding lacks is written as a question mark, and ends nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def program() -> None:
    """``main`` as a process of its own, which ends before Python takes its own parts away.

    Arrow's threads may let go of Python objects late, and Python 3.11 to 3.13 then aborts a process that has done its
    work (apache/arrow issues 38352 and 50482). What others registered to run at the exit has run by then.
    """
    ending = _Ending()
    atexit.register(ending.leave)
    try:
        main()
        ending.exit_code = 0
    except SystemExit as end:
        ending.exit_code = end.code if isinstance(end.code, int) else 0
        raise


class _Ending:
    """How the process ends: 1 until it is known to be otherwise."""

    exit_code = 1

    def leave(self) -> None:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(self.exit_code)


def _help_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f" Try: {context.command_path} --help" if context is not None else ""
