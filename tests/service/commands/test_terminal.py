"""What commands print fits the terminal, and a table can be had as CSV."""

from __future__ import annotations

import csv
import io
import json

import click
import pytest
from click.testing import CliRunner

from contracts.text_tables import aligned
from service.commands import terminal
from service.commands.terminal import format_option, say, show_csv

HEADS = ("publication", "crimes", "published")
ROWS = (("mps-ward-2023-12-10", "1,234,567", "2023-12-10"), ("x", "1", "2025-07-10"))


@pytest.mark.parametrize("room", [None, 80, 60, 42, 41, 32, 20, 5])
def test_a_table_has_as_many_columns_as_there_is_room_for(room):
    *lines, last = aligned(HEADS, ROWS, room=room).split("\n")
    shown = sum(head in lines[0] for head in HEADS)
    assert shown == (3 if room is None or room >= 42 else 2 if room >= 30 else 1)
    if shown < 3:
        assert last == f"No room for: {', '.join(HEADS[shown:])}. A wider terminal or --format csv has all."
        assert room < 21 or all(len(line) <= room for line in lines)


@pytest.fixture
def narrow(monkeypatch, capsys):
    """Standard output as a terminal of forty columns."""
    monkeypatch.setattr(terminal, "room", lambda: 40)
    return capsys


def test_a_long_line_goes_on_below_indented(narrow):
    say("    Gates: audit: outside but not counted; calibration: not enough evidence\nshort\n\nend")
    lines = narrow.readouterr().out.split("\n")
    assert lines[0].startswith("    Gates")
    assert lines[1].startswith("        ")
    assert all(len(line) <= 40 for line in lines)
    assert " ".join(" ".join(lines[:2]).split()).startswith("Gates: audit: outside but not counted;")
    assert lines[-4:] == ["short", "", "end", ""]


def test_what_is_piped_is_not_folded(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    say("word " * 60)
    assert capsys.readouterr().out == "word " * 60 + "\n"


def test_a_word_that_does_not_fit_stays_whole(narrow):
    say(f"SHA-256: {'f' * 64}")
    assert "f" * 64 in narrow.readouterr().out


def test_csv_has_a_heading_and_documents_as_json(capsys):
    show_csv([{"id": "a,b", "notes": ["x"], "count": 3}, {"id": 'c"', "notes": [], "count": None}])
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["id"] for row in rows] == ["a,b", 'c"']
    assert json.loads(rows[0]["notes"]) == ["x"]
    assert (rows[0]["count"], rows[1]["count"]) == ("3", "")


@click.command()
@format_option
def told(form):
    click.echo(form)


@pytest.mark.parametrize(
    ("words", "form"),
    [([], "text"), (["--json"], "json"), (["--format", "json"], "json"), (["--format", "csv"], "csv"),
     (["--json", "--format", "json"], "json")],
)  # fmt: skip
def test_the_form_is_what_was_asked_for(words, form):
    assert CliRunner().invoke(told, words).output.strip() == form


def test_two_forms_are_refused():
    result = CliRunner().invoke(told, ["--json", "--format", "csv"])
    assert result.exit_code == 2
    assert "two forms" in result.output
