"""A record as fields in sections, before it is Markdown or JSON: what is missing follows from the fields it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contracts import RecordsSettings
from monitoring.records.plain_text import clean, escaped, escaped_paragraph

PLACES_NOT_PEOPLE = (
    "It forecasts places and never people: no table of counts, features or forecasts holds a person, and no "
    "individual is scored, ranked or named."
)
NOTHING_MISSING = "Nothing is missing that only a person can give."


@dataclass(frozen=True)
class Given:
    """What only a person can say: a setting under ``[records]``."""

    setting: str

    @property
    def label(self) -> str:
        """The setting in words."""
        return self.setting.replace("_", " ").capitalize()

    def of(self, given: RecordsSettings) -> str | None:
        """What was given, on one line; None where nothing was."""
        return clean(getattr(given, self.setting)) or None

    @property
    def missing(self) -> str:
        """What stands in its place until it is given."""
        return f"MISSING: give records.{self.setting} in settings"


@dataclass(frozen=True)
class Link:
    """A link to a file that lies beside the record."""

    text: str
    path: str


Cell = str | int | float | None | Given | Link


@dataclass(frozen=True)
class Table:
    """Rows under columns. A number is told to three decimals in Markdown, and whole in JSON."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Field:
    """One field of a record: its number (empty for none), its name, paragraphs and tables."""

    number: str
    name: str
    text: tuple[str | Given | Link, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Section:
    """Fields under one heading; ``note`` stands under it."""

    title: str
    fields: tuple[Field, ...]
    note: str = ""


@dataclass(frozen=True)
class Record:
    """A whole record. Every text in it is plain: it is escaped when it is written, whoever it is from."""

    title: str
    introduction: tuple[str, ...]
    sections: tuple[Section, ...]


def missing_in(record: Record, given: RecordsSettings) -> tuple[Given, ...]:
    """What the record needs and was not given, each once, in the order of the record."""
    needed = dict.fromkeys(_needed(record))
    return tuple(one for one in needed if one.of(given) is None)


def missing_settings(given: RecordsSettings) -> tuple[str, ...]:
    """Every setting under ``[records]`` that is not given, in the order of the settings.

    >>> missing_settings(RecordsSettings(organisation="Test Police", team=" "))[:2]
    ('team', 'senior_responsible_owner')
    """
    return tuple(name for name in type(given).model_fields if Given(name).of(given) is None)


def _needed(record: Record) -> Iterator[Given]:
    for section in record.sections:
        for field in section.fields:
            yield from (part for part in field.text if isinstance(part, Given))
            for table in field.tables:
                yield from (cell for row in table.rows for cell in row if isinstance(cell, Given))


def as_markdown(record: Record, given: RecordsSettings) -> str:
    """The record with what is missing listed at the top."""
    lines = [f"# {escaped(record.title)}", "", *_paragraphs(record.introduction, given), *_missing(record, given)]
    for section in record.sections:
        lines += [f"## {escaped(section.title)}", "", *_paragraphs((section.note,) if section.note else (), given)]
        for field in section.fields:
            lines += [f"### {escaped(f'{field.number} {field.name}')}", "", *_paragraphs(field.text, given)]
            for table in field.tables:
                lines += [*_table(table, given), ""]
    return "\n".join(lines).rstrip() + "\n"


def _missing(record: Record, given: RecordsSettings) -> list[str]:
    missing = missing_in(record, given)
    if not missing:
        return [NOTHING_MISSING, ""]
    lines = [f"- {escaped(one.label)}: `{one.missing}`" for one in missing]
    return ["## Missing", "", "Only a person can give these:", "", *lines, ""]


def _paragraphs(text: tuple[str | Given | Link, ...], given: RecordsSettings) -> list[str]:
    return [line for part in text for line in (_shown(part, given, escaped_paragraph), "")]


def _table(table: Table, given: RecordsSettings) -> list[str]:
    rows = [" | ".join(_shown(cell, given) for cell in row) for row in (table.columns, *table.rows)]
    rule = " | ".join("---" for _ in table.columns)
    return [f"| {row} |" for row in (rows[0], rule, *rows[1:])]


def _shown(cell: Cell, given: RecordsSettings, escape: Callable[[str], str] = escaped) -> str:
    if isinstance(cell, Given):
        said = cell.of(given)
        return f"`{cell.missing}`" if said is None else escape(said)
    if isinstance(cell, Link):
        return f"[{escaped(cell.text)}]({cell.path})"
    if isinstance(cell, float):
        return f"{cell:,.3f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return "–" if cell is None else escape(cell)


def as_plain_values(record: Record, given: RecordsSettings) -> dict[str, object]:
    """The record as JSON takes it; figures are not rounded."""
    return {
        "title": clean(record.title),
        "introduction": [clean(part) for part in record.introduction],
        "missing": [one.setting for one in missing_in(record, given)],
        "sections": [
            {
                "title": clean(section.title),
                "note": clean(section.note),
                "fields": [_field_values(field, given) for field in section.fields],
            }
            for section in record.sections
        ],
    }


def _field_values(field: Field, given: RecordsSettings) -> dict[str, object]:
    return {
        "number": field.number,
        "name": clean(field.name),
        "text": [_value(part, given) for part in field.text],
        "tables": [
            [dict(zip(table.columns, (_value(cell, given) for cell in row), strict=True)) for row in table.rows]
            for table in field.tables
        ],
    }


def _value(cell: Cell, given: RecordsSettings) -> str | int | float | None:
    if isinstance(cell, Given):
        return cell.of(given) or cell.missing
    if isinstance(cell, Link):
        return cell.path
    return clean(cell) if isinstance(cell, str) else cell
