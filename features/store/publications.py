"""The store of publications: Parquet files, one folder a publication, read through DuckDB. Nothing is overwritten.

A folder is ``<source>-<published_on>-<first 8 digits of the file's sha256>`` (and what tells it apart,
where one file is counted by two geographies or frequencies) and holds ``counts.parquet`` (sorted,
nonzero), ``covers.parquet`` (which areas a cover holds), ``coverage.parquet`` (which periods it knows),
``set_aside.parquet``, ``publication.json`` and, where the file holds single incidents, ``points.parquet``. A reader
sees all of it or nothing, whenever the writer is killed.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contracts import BadInput, MissingThing, Period, starts_of
from contracts.files import locked, new_folder, remove_folder, remove_leftovers, write_files
from features.sources.incident_points import POINTS_FILE
from features.sources.source_counts import Provenance, SourceCounts
from features.store.publication_record import (
    COUNTS_FILE,
    COVERAGE_FILE,
    COVERS_FILE,
    RECORD_FILE,
    SET_ASIDE_FILE,
    Publication,
    read_record,
    record_text,
)

__all__ = ["Publication", "PublicationStore"]

_LOCK_FILE = ".lock"


class PublicationStore:
    """The publications of one workspace, in the folder ``root``, which is made by the first write."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def list(self) -> tuple[Publication, ...]:
        """Every whole publication, by the day it was published and then by its name."""
        if not self.root.is_dir():
            return ()
        folders = [path for path in self.root.iterdir() if path.is_dir() and not path.name.startswith(".")]
        return tuple(sorted(map(read_record, folders), key=lambda found: (found.published_on, found.id)))

    def get(self, publication_id: str) -> Publication:
        """The publication of that name; raises ``MissingThing``."""
        for publication in self.list():
            if publication.id == publication_id:
                return publication
        raise MissingThing(
            f"There is no publication {publication_id} in {self.root}.", remedy="List them with: wardcast publications"
        )

    def lock(self) -> AbstractContextManager[None]:
        """Held while one process checks and writes; the folder is made for it."""
        return locked(self.root / _LOCK_FILE)

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
        with self.lock():
            remove_leftovers(self.root)
            self.refuse_duplicate(counts)
            name = f"{origin.source}-{origin.published_on}-{origin.sha256[:8]}"
            if (self.root / name).exists():
                name = f"{name}-{origin.taxonomy}-{origin.geography}-{origin.frequency}"
            with new_folder(self.root / name) as folder:
                _write_tables(folder, counts)
                record = record_text(name, counts, _content_sha256(folder))
                write_files(folder, {RECORD_FILE: record.encode("utf-8")})
        return read_record(self.root / name)

    def drop(self, publication_id: str) -> None:
        """Take a publication out of the store in one step, then delete it; raises ``MissingThing``."""
        with self.lock():
            remove_folder(self.get(publication_id).folder)


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
    if counts.points is not None:
        counts.points.write(folder)


def _content_sha256(folder: Path) -> str:
    """One digest of the counts and what they cover: the lineage of every view that uses them."""
    digest = hashlib.sha256()
    for name in (COUNTS_FILE, COVERS_FILE, COVERAGE_FILE, POINTS_FILE):
        if (folder / name).exists():
            digest.update((folder / name).read_bytes())
    return digest.hexdigest()
