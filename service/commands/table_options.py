"""Options of ``wardcast ingest`` that say how a table is written and which of its rows are kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--separator``, ``--decimal-comma``, ``--encoding`` and ``--where``: the command's ``form`` is a
    ``TableForm``."""

    @click.option("--where", multiple=True, metavar="COL=VALUE", callback=_pairs, help=_WHERE)
    @click.option("--encoding", metavar="NAME", help="Such as cp1252; by default UTF-8, and others are recognised.")
    @click.option("--decimal-comma/--decimal-point", default=None, help="By default recognised in degrees.")
    @click.option("--separator", type=click.Choice(list(SEPARATORS)), help="Of a CSV; by default recognised.")
    @functools.wraps(command)
    def with_form(
        *arguments: Any,
        separator: str | None,
        decimal_comma: bool | None,
        encoding: str | None,
        where: tuple[tuple[str, str], ...],
        **options: Any,
    ) -> Any:
        from features.sources.table_files import TableForm

        form = TableForm(SEPARATORS[separator] if separator else None, encoding, decimal_comma, where)
        return command(*arguments, form=form, **options)

    return with_form


_WHERE = "Keep only rows with this value. Given again for a column: or this; for another column: and this."


def _pairs(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = [text.partition("=") for text in given]
    for column, sign, value in pairs:
        if not column or not sign:
            raise click.BadParameter(f"'{column}{sign}{value}' is not like COL=VALUE.")
    return tuple((column, value.strip()) for column, _, value in pairs)
