"""A data.police.uk archive: ``YYYY-MM/YYYY-MM-<force>-street.csv``, one row per crime, of one force or several.

Only the month, the LSOA and the type of crime are kept. What describes a case (its identifier, its outcome, where it
happened to a few metres) is dropped while reading. A month without a file is missing; a file with a header and no
rows is a month of zeros, and is told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from contracts import BadInput, Frequency, MissingThing, Period, PoliceForce, Settings
from features.sources import checks, text_files
from features.sources.source_counts import CodedCounts, Cover, Integers, Provenance, SetAside, SourceCounts

SOURCE = "police-uk"
TAXONOMY = "police_uk"
MONTH, AREA, OFFENCE = "Month", "LSOA code", "Crime type"

_STREET_FILE = re.compile(r"(\d{4}-\d{2})-(.+)-street\.csv")


@dataclass(frozen=True)
class _Street:
    """One street file: a force's month. ``areas`` and ``offences`` hold one text a crime, empty if unknown."""

    path: Path
    force: str
    month: Period
    sha256: str
    areas: tuple[str, ...]
    offences: tuple[str, ...]


def read_police_uk(
    folder: Path,
    *,
    settings: Settings,
    areas: checks.KnownAreas,
    published_on: date | None,
    today: date,
) -> SourceCounts:
    """Read an archive. Without ``published_on`` it is the first day of the second month after the last one, when
    data.police.uk publishes, and told.

    Raises ``BadInput`` in one line; sets aside crimes without an area, in unknown areas, or outside the force's own.
    """
    streets = [_read_street(path) for path in _street_files(folder)]
    last = max(street.month for street in streets)
    notes = list(_told(streets))
    if published_on is None:
        published_on = last.shift(2).start.date()
        notes.append(f"Published on {published_on} is assumed: data.police.uk publishes about two months in arrears.")
    checks.refuse_impossible_date(folder.name, published_on, last, today)
    covers = tuple(_cover(force, streets, areas, settings) for force in sorted({street.force for street in streets}))
    _refuse_stubs(folder, streets, settings)
    provenance = Provenance(
        SOURCE, TAXONOMY, areas.geography, Frequency.MONTH, published_on, folder.name, _sha256(streets)
    )
    counts, offence_of, set_aside = _counted(folder, streets, covers, areas, settings)
    return SourceCounts.by_wording(
        provenance,
        counts,
        offence_of,
        covers=covers,
        set_aside=set_aside,
        rows_read=sum(len(street.areas) for street in streets),
        notes=tuple(notes),
    )


def _street_files(folder: Path) -> list[Path]:
    if not folder.exists():
        raise MissingThing(f"There is no folder {folder}.", remedy="Check the path.")
    if not folder.is_dir():
        raise BadInput(f"{folder} is a file, not a data.police.uk archive.", remedy="Name the unpacked folder.")
    found = sorted(path for path in folder.rglob("*-street.csv") if _STREET_FILE.fullmatch(path.name))
    if not found:
        raise BadInput(
            f"{folder} holds no street file of data.police.uk (YYYY-MM/YYYY-MM-force-street.csv).",
            remedy="Name the unpacked folder of the archive.",
        )
    return found


def _read_street(path: Path) -> _Street:
    match = _STREET_FILE.fullmatch(path.name)
    if match is None:
        raise ValueError(f"{path} is not a street file")
    month = Period.parse(match[1], Frequency.MONTH)
    data = text_files.read_text_table(path)
    header = text_files.header_of(path, data)
    text_files.require_columns(path, header, (MONTH, AREA, OFFENCE))
    digest = text_files.sha256_of(data)
    if not data.strip(b"\r\n").count(b"\n"):
        return _Street(path, match[2], month, digest, (), ())
    table = text_files.string_table(path, data, only=(MONTH, AREA, OFFENCE))
    months = table.column(MONTH).to_pylist()
    if set(months) != {match[1]}:
        row = next(index for index, text in enumerate(months) if text != match[1])
        raise BadInput(
            f"{path}: row {text_files.row_number(row)} is of '{months[row]}', not of {match[1]}.",
            remedy="Download the archive again.",
        )
    stripped = (text.strip() for text in table.column(AREA).to_pylist())
    return _Street(path, match[2], month, digest, tuple(stripped), tuple(table.column(OFFENCE).to_pylist()))


def _told(streets: list[_Street]) -> Iterable[str]:
    for force in sorted({street.force for street in streets}):
        months = [street.month for street in streets if street.force == force]
        whole = range(min(months).ordinal, max(months).ordinal + 1)
        absent = [
            Period(Frequency.MONTH, ordinal) for ordinal in whole if Period(Frequency.MONTH, ordinal) not in months
        ]
        if absent:
            yield f"{force} has no file for {', '.join(map(str, absent))}: missing, not zero."
    for street in streets:
        if not street.areas:
            yield f"{street.path.name} has no row: {street.force} is counted as having had no crime in {street.month}."


def _cover(force: str, streets: list[_Street], areas: checks.KnownAreas, settings: Settings) -> Cover:
    if force not in settings.police_forces:
        raise BadInput(
            f"wardcast.toml does not say which areas '{force}' covers.",
            remedy=f"Add [police_forces.{force}] with parents, its boroughs' codes, or with nothing for every area.",
        )
    return Cover(
        name=force,
        areas=_areas_of(settings.police_forces[force], areas),
        periods=tuple(sorted(street.month.ordinal for street in streets if street.force == force)),
    )


def _areas_of(force: PoliceForce, areas: checks.KnownAreas) -> tuple[str, ...]:
    named = set(force.parents or force.all_but_parents)
    absent = sorted(named.difference(*areas.ancestors))
    if absent:
        raise BadInput(
            f"No area of {areas.geography} lies in {absent[0]}, which [police_forces] names.",
            remedy="Add the geography with --parent COLUMN OF BOROUGH CODES, or correct wardcast.toml.",
        )
    pairs = zip(areas.codes, areas.ancestors, strict=True)
    if force.parents:
        return tuple(code for code, ancestors in pairs if ancestors & named)
    return tuple(code for code, ancestors in pairs if not ancestors & named)


def _refuse_stubs(folder: Path, streets: list[_Street], settings: Settings) -> None:
    """A force's last month that is not empty and far under its median month is a stub."""
    for force in sorted({street.force for street in streets}):
        own = sorted(
            (street for street in streets if street.force == force and street.areas), key=lambda one: one.month
        )
        if own:
            checks.refuse_last_stub(
                f"{folder} ({force})", own[-1].month, [len(one.areas) for one in own], settings.ingest.stub_share
            )


def _sha256(streets: list[_Street]) -> str:
    digest = hashlib.sha256()
    for street in streets:
        digest.update(f"{street.path.name} {street.sha256}\n".encode())
    return digest.hexdigest()


def _counted(
    folder: Path, streets: list[_Street], covers: tuple[Cover, ...], areas: checks.KnownAreas, settings: Settings
) -> tuple[CodedCounts, dict[str, str], tuple[SetAside, ...]]:
    codes, code = _encoded([text for street in streets for text in street.areas])
    wordings, wording = _encoded([text for street in streets for text in street.offences])
    sizes = [len(street.areas) for street in streets]
    period = np.repeat([street.month.ordinal for street in streets], sizes)
    cover = np.repeat([[one.name for one in covers].index(street.force) for street in streets], sizes)
    offence_of = _offences(streets, settings)
    per_code = np.bincount(code, minlength=len(codes))
    named = np.array([bool(text) for text in codes], dtype=bool)
    set_aside = [SetAside("no area", force.name, rows, rows) for force, rows in _rows_by(covers, cover[~named[code]])]
    set_aside += checks.set_aside_unknown_areas(
        str(folder), [text for text in codes if text], per_code[named], per_code[named], areas, settings
    )
    position = areas.positions(codes)[code]
    covered = np.zeros((len(covers), len(areas.codes)), dtype=bool)
    for index, one in enumerate(covers):
        covered[index, areas.positions(one.areas)] = True
    inside = (position >= 0) & covered[cover, position]
    outside = (position >= 0) & ~inside
    set_aside += [
        SetAside("outside the force's area", one.name, rows, rows) for one, rows in _rows_by(covers, cover[outside])
    ]
    counts = CodedCounts.summed(
        areas=areas.codes,
        offences=wordings,
        area=position[inside],
        offence=wording[inside],
        period=period[inside],
        count=np.ones(int(inside.sum()), dtype=np.int64),
    )
    return counts, offence_of, tuple(set_aside)


def _offences(streets: list[_Street], settings: Settings) -> dict[str, str]:
    found: dict[str, str] = {}
    for street in streets:
        wordings, first_rows = np.unique(np.array(street.offences, dtype=object), return_index=True)
        rows = [text_files.row_number(row) for row in first_rows.tolist()]
        found |= checks.offences_of_wordings(str(street.path), wordings.tolist(), rows, TAXONOMY, settings)
    return found


def _encoded(texts: list[str]) -> tuple[tuple[str, ...], Integers]:
    distinct, position = np.unique(np.array(texts, dtype=str), return_inverse=True)
    return tuple(distinct.tolist()), np.asarray(position, dtype=np.int64)


def _rows_by(covers: tuple[Cover, ...], cover: Integers) -> Iterable[tuple[Cover, int]]:
    counted = np.bincount(cover, minlength=len(covers)).tolist()
    return [(one, rows) for one, rows in zip(covers, counted, strict=True) if rows]
