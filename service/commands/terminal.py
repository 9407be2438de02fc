"""What commands print on standard output: text within the terminal's width, tables as text, CSV or JSON."""

from __future__ import annotations

import csv
import functools
import io
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import click

from contracts.text_tables import aligned

Command = TypeVar("Command", bound=Callable[..., Any])
Form = Literal["text", "csv", "json"]
FORMS: tuple[Form, ...] = ("text", "csv", "json")
_INDENT = "    "
"""Of what a line goes on with where it did not fit."""


def room() -> int | None:
    """Characters that a line of the terminal holds; None where standard output is none: what is piped is not folded."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def say(text: str) -> None:
    """Print text; a line that is too long for the terminal goes on below, indented."""
    width = room()
    click.echo(text if width is None else "\n".join(_folded(line, width) for line in text.split("\n")))


def format_option(command: Command) -> Command:
    """``--format text|csv|json`` and ``--json``: the command's ``form`` argument."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document; the same as --format json.")
    @click.option("--format", "form", type=click.Choice(FORMS), help="How the table is printed.  [default: text]")
    @functools.wraps(command)
    def with_form(*given: Any, as_json: bool, form: Form | None, **named: Any) -> Any:
        if as_json and form not in (None, "json"):
            raise click.UsageError(f"--json and --format {form} ask for two forms.")
        return command(*given, form="json" if as_json else form or "text", **named)

    return with_form  # type: ignore[return-value]


def show_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as CSV under the names of their fields; lists and documents in a cell are JSON."""
    if not rows:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    click.echo(text.getvalue(), nl=False)


def show_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """Print a table, with as many columns as there is room for."""
    say(aligned(heads, rows, left=left, room=room()))


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list, tuple)) else value


def _folded(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=indent + _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
