"""The files of a data.police.uk archive: which they are, and what is kept of a force's month."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts import BadInput, Frequency, IngestLimits, MissingThing, Period, Settings
from contracts.errors import shown
from features.sources import headings, text_files

SOURCE = "police-uk"
TAXONOMY = "police_uk"
MOST_ROWS_OF_AN_ID = 10
"""A crime with two outcomes stands in two rows, now and then in seven; one that stands in more is no single crime."""

_STREET_FILE = re.compile(r"(\d{4}-\d{2})-(.+)-street\.csv")


@dataclass(frozen=True)
class Street:
    """One street file: a force's month. ``areas`` and ``offences`` hold one text a crime, empty if unknown;
    ``repeats`` counts rows whose identifier stands in an earlier row."""

    path: Path
    force: str
    month: Period
    sha256: str
    areas: tuple[str, ...]
    offences: tuple[str, ...]
    repeats: int = 0


def street_files(folder: Path) -> list[Path]:
    """The street files of an archive, each month of a force once; raises ``BadInput`` for one that lies twice."""
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
    for earlier, later in itertools.pairwise(sorted(found, key=lambda path: path.name)):
        if earlier.name == later.name:
            raise BadInput(
                f"{folder} holds {later.name} twice, in {earlier.parent} and in {later.parent}.",
                remedy="Remove one of the two.",
            )
    return found


def read_street(path: Path, settings: Settings) -> Street:
    """Read one street file; raises ``BadInput`` in one line."""
    match = _STREET_FILE.fullmatch(path.name)
    if match is None:
        raise ValueError(f"{path} is not a street file")
    month = _month(path, match[1])
    data = text_files.read_text_table(path)
    digest = text_files.sha256_of(data)
    header = pa.table({name: pa.array([], pa.string()) for name in text_files.header_of(path, data)})
    looks = {"offence": headings.like_offences(TAXONOMY, settings)}
    empty = not text_files.has_rows(data)
    table = header if empty else text_files.string_table(path, data)
    wanted = ("month", "area", "offence")
    columns = headings.find_columns(path, table, SOURCE, wanted, looks, settings, optional=("id",))
    if empty:
        return Street(path, match[2], month, digest, (), ())
    months = table.column(columns["month"]).to_pylist()
    if set(months) != {match[1]}:
        row = next(index for index, text in enumerate(months) if text != match[1])
        raise BadInput(
            f"{path}: row {text_files.row_number(row)} is of '{shown(months[row])}', not of {match[1]}.",
            remedy="Download the archive again.",
        )
    ids = table.column(columns["id"]).combine_chunks() if "id" in columns else pa.array([], pa.string())
    repeats = _repeats(path, ids, settings.ingest.of(SOURCE))
    stripped = (text.strip() for text in table.column(columns["area"]).to_pylist())
    offences = tuple(table.column(columns["offence"]).to_pylist())
    return Street(path, match[2], month, digest, tuple(stripped), offences, repeats)


def _month(path: Path, text: str) -> Period:
    try:
        return Period.parse(text, Frequency.MONTH)
    except BadInput as error:
        raise BadInput(f"{path} names no month: {error.message}", remedy="Correct the file's name.") from error


def _repeats(path: Path, ids: pa.StringArray, limits: IngestLimits) -> int:
    """Rows whose identifier stands in an earlier row; raises ``BadInput`` where that is no crime's second outcome."""
    counted = pc.value_counts(ids.filter(pc.not_equal(ids, "")))
    times = np.asarray(counted.field("counts").to_numpy(zero_copy_only=False), dtype=np.int64)
    repeats, most = int((times - 1).sum()), int(times.max(initial=0))
    limit = limits.repeated_id_share
    if limit < 1.0 and (most > MOST_ROWS_OF_AN_ID or repeats > max(limit * len(ids), MOST_ROWS_OF_AN_ID)):
        worst = counted.field("values")[int(np.argmax(times))].as_py()
        raise BadInput(
            f"{path}: the Crime ID '{worst}' stands {most} times, and {repeats:,} of {len(ids):,} rows repeat an "
            f"identifier; at most {limit:.0%} may, and no identifier more than "
            f"{MOST_ROWS_OF_AN_ID} times.",
            remedy="Download the month again, or take its rows as they stand: repeated_id_share = 1 under "
            "[ingest.sources.police-uk].",
        )
    return repeats
