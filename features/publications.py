"""The store of publications: Parquet files, one folder a publication, read through DuckDB. Nothing is overwritten.

A folder is ``<source>-<published_on>-<first 8 digits of the file's sha256>`` and holds ``counts.parquet`` (sorted,
nonzero), ``covers.parquet`` (which areas a cover holds), ``coverage.parquet`` (which periods it knows),
``set_aside.parquet`` and ``publication.json``. It is written beside, in a hidden folder, and renamed whole: a
reader sees all of it or nothing, whenever the writer is killed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from contracts import BadInput, Frequency, MissingThing, Period, starts_of
from features.sources.source_counts import Provenance, SourceCounts, Wording

COUNTS_FILE = "counts.parquet"
COVERS_FILE = "covers.parquet"
COVERAGE_FILE = "coverage.parquet"
SET_ASIDE_FILE = "set_aside.parquet"
RECORD_FILE = "publication.json"
_INCOMING = ".incoming-"
_LOCK_FILE = ".lock"


@dataclass(frozen=True)
class Publication:
    """What the store knows of one publication without reading its counts."""

    id: str
    folder: Path
    provenance: Provenance
    content_sha256: str
    first: Period
    last: Period
    areas: int
    periods: int
    wordings: tuple[Wording, ...]
    crimes: int
    rows_read: int
    rows_kept: int
    rows_set_aside: int
    notes: tuple[str, ...]
    wardcast: str

    @property
    def label(self) -> str:
        """As settings name it in ``accepted_changes``: source and date."""
        return self.provenance.label

    @property
    def published_on(self) -> date:
        """The day from which its counts were known."""
        return self.provenance.published_on

    @property
    def offences(self) -> tuple[str, ...]:
        """The offences that it carries."""
        return tuple(dict.fromkeys(wording.offence for wording in self.wordings))

    @property
    def family(self) -> tuple[str, str, str, str]:
        """Publications of one family follow each other: source, taxonomy, geography and frequency."""
        origin = self.provenance
        return (origin.source, origin.taxonomy, origin.geography, str(origin.frequency))

    def parquet(self, name: str) -> str:
        """Path of one of its Parquet files, as DuckDB takes it."""
        return str(self.folder / name)

    def set_aside(self) -> pd.DataFrame:
        """What was not counted, and why: columns ``reason``, ``what``, ``rows``, ``crimes``."""
        return pd.read_parquet(self.folder / SET_ASIDE_FILE)


class PublicationStore:
    """The publications of one workspace, in the folder ``root``, which is made by the first write."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def list(self) -> tuple[Publication, ...]:
        """Every whole publication, by the day it was published and then by its name."""
        if not self.root.is_dir():
            return ()
        folders = [path for path in self.root.iterdir() if path.is_dir() and not path.name.startswith(".")]
        return tuple(sorted(map(_read_record, folders), key=lambda found: (found.published_on, found.id)))

    def get(self, publication_id: str) -> Publication:
        """The publication of that name; raises ``MissingThing``."""
        for publication in self.list():
            if publication.id == publication_id:
                return publication
        raise MissingThing(
            f"There is no publication {publication_id} in {self.root}.", remedy="List them with: wardcast publications"
        )

    def lock(self) -> FileLock:
        """Held while one process checks and writes; the folder is made for it."""
        self.root.mkdir(parents=True, exist_ok=True)
        return FileLock(self.root / _LOCK_FILE, is_singleton=True)

    def refuse_duplicate(self, counts: SourceCounts) -> None:
        """Raise ``BadInput`` where the same file, or the same periods of the same day, are in the store already."""
        origin = counts.provenance
        for stored in self.list():
            if stored.provenance.sha256 == origin.sha256 and stored.family == _family(origin):
                raise BadInput(
                    f"{origin.file_name} is already in the store as {stored.id}.",
                    remedy="Nothing is to be done; see wardcast publications.",
                )
            same_day = stored.published_on == origin.published_on and stored.family == _family(origin)
            if same_day and _overlap(stored, counts):
                raise BadInput(
                    f"{origin.file_name}: the store holds another publication of {origin.label} with the same periods, "
                    f"{stored.id}.",
                    remedy="Give the day on which this file was published with --published-on.",
                )

    def write(self, counts: SourceCounts) -> Publication:
        """Put one publication into the store, whole or not at all; raises ``BadInput`` for a duplicate."""
        origin = counts.provenance
        name = f"{origin.source}-{origin.published_on}-{origin.sha256[:8]}"
        with self.lock():
            self._remove_leftovers()
            self.refuse_duplicate(counts)
            incoming = self.root / f"{_INCOMING}{name}-{os.getpid()}"
            incoming.mkdir()
            _write_tables(incoming, counts)
            _write_record(incoming, name, counts)
            _sync_folder(incoming)
            incoming.rename(self.root / name)
            _sync_folder(self.root)
        return _read_record(self.root / name)

    def _remove_leftovers(self) -> None:
        for leftover in self.root.glob(f"{_INCOMING}*"):
            shutil.rmtree(leftover)


def _family(origin: Provenance) -> tuple[str, str, str, str]:
    return (origin.source, origin.taxonomy, origin.geography, str(origin.frequency))


def _overlap(stored: Publication, counts: SourceCounts) -> bool:
    """Whether some cover of the new publication knows an area and a period that the stored one knows."""
    frequency = counts.provenance.frequency
    known = pd.read_parquet(stored.folder / COVERAGE_FILE)
    areas = pd.read_parquet(stored.folder / COVERS_FILE)
    for name, part in known.groupby("cover"):
        theirs = set(areas.loc[areas["cover"] == name, "area"])
        moments = set(part["period"])
        for cover in counts.covers:
            ours = {pd.Timestamp(Period(frequency, period).start) for period in cover.periods}
            if ours & moments and theirs & set(cover.areas):
                return True
    return False


def _write_tables(folder: Path, counts: SourceCounts) -> None:
    coded = counts.counts
    frequency = counts.provenance.frequency
    table = pa.table(
        {
            "area": pa.DictionaryArray.from_arrays(
                pa.array(coded.area, pa.int32()), pa.array(coded.areas, pa.string())
            ),
            "offence": pa.DictionaryArray.from_arrays(
                pa.array(coded.offence, pa.int32()), pa.array(coded.offences, pa.string())
            ),
            "period": pa.array(starts_of(coded.period, frequency), pa.timestamp("s")),
            "count": pa.array(coded.count, pa.int64()),
        }
    )
    pq.write_table(table, folder / COUNTS_FILE, compression="zstd")
    for name, frame in (
        (COVERS_FILE, counts.covers_frame()),
        (COVERAGE_FILE, counts.coverage_frame()),
        (SET_ASIDE_FILE, counts.set_aside_frame()),
    ):
        frame.to_parquet(folder / name, index=False)
    for path in folder.iterdir():
        _sync(path)


def _write_record(folder: Path, name: str, counts: SourceCounts) -> None:
    origin = counts.provenance
    record = {
        "id": name,
        "source": origin.source,
        "taxonomy": origin.taxonomy,
        "geography": origin.geography,
        "frequency": str(origin.frequency),
        "published_on": origin.published_on.isoformat(),
        "file_name": origin.file_name,
        "sha256": origin.sha256,
        "content_sha256": _content_sha256(folder),
        "first": str(counts.first),
        "last": str(counts.last),
        "areas": len({area for cover in counts.covers for area in cover.areas}),
        "periods": len(counts.periods),
        "wordings": [
            {part.name: getattr(wording, part.name) for part in fields(Wording)} for wording in counts.wordings
        ],
        "crimes": int(counts.counts.count.sum()),
        "rows_read": counts.rows_read,
        "rows_kept": counts.rows_kept,
        "rows_set_aside": sum(part.rows for part in counts.set_aside),
        "notes": list(counts.notes),
        "wardcast": importlib.metadata.version("wardcast"),
    }
    path = folder / RECORD_FILE
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _sync(path)


def _content_sha256(folder: Path) -> str:
    """One digest of the counts and what they cover: the lineage of every view that uses them."""
    digest = hashlib.sha256()
    for name in (COUNTS_FILE, COVERS_FILE, COVERAGE_FILE):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def _read_record(folder: Path) -> Publication:
    path = folder / RECORD_FILE
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return _publication(folder, record)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{path} cannot be read: {type(error).__name__}: {error}.",
            remedy="Restore the folder from a backup, or move it out of the store and ingest its file again.",
        ) from error


def _publication(folder: Path, record: dict[str, Any]) -> Publication:
    frequency = Frequency(record["frequency"])
    return Publication(
        id=record["id"],
        folder=folder,
        provenance=Provenance(
            source=record["source"],
            taxonomy=record["taxonomy"],
            geography=record["geography"],
            frequency=frequency,
            published_on=date.fromisoformat(record["published_on"]),
            file_name=record["file_name"],
            sha256=record["sha256"],
        ),
        content_sha256=record["content_sha256"],
        first=Period.parse(record["first"], frequency),
        last=Period.parse(record["last"], frequency),
        areas=record["areas"],
        periods=record["periods"],
        wordings=tuple(Wording(**wording) for wording in record["wordings"]),
        crimes=record["crimes"],
        rows_read=record["rows_read"],
        rows_kept=record["rows_kept"],
        rows_set_aside=record["rows_set_aside"],
        notes=tuple(record["notes"]),
        wardcast=record["wardcast"],
    )


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def summary_of(publication: Publication) -> dict[str, Any]:
    """What a person wants to see of a publication, as plain JSON values."""
    origin = publication.provenance
    return {
        "id": publication.id,
        "source": origin.source,
        "taxonomy": origin.taxonomy,
        "geography": origin.geography,
        "frequency": str(origin.frequency),
        "published_on": origin.published_on.isoformat(),
        "file_name": origin.file_name,
        "sha256": origin.sha256,
        "first": str(publication.first),
        "last": str(publication.last),
        "periods": publication.periods,
        "areas": publication.areas,
        "crimes": publication.crimes,
        "offences": list(publication.offences),
        "rows_read": publication.rows_read,
        "rows_kept": publication.rows_kept,
        "rows_set_aside": publication.rows_set_aside,
        "set_aside": publication.set_aside().to_dict("records"),
        "notes": list(publication.notes),
    }
