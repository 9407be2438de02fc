"""What is written down of a publication beside its counts: ``publication.json``, and what a person sees of it."""

from __future__ import annotations

import glob
import importlib.metadata
import json
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from contracts import BadInput, Frequency, Period
from features.sources.source_counts import Provenance, SourceCounts, Wording

COUNTS_FILE = "counts.parquet"
COVERS_FILE = "covers.parquet"
COVERAGE_FILE = "coverage.parquet"
SET_ASIDE_FILE = "set_aside.parquet"
RECORD_FILE = "publication.json"


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
        """Path of one of its Parquet files, as DuckDB takes it: a star in a folder's name is no pattern."""
        return glob.escape(str(self.folder / name))

    def set_aside(self) -> pd.DataFrame:
        """What was not counted, and why: columns ``reason``, ``what``, ``rows``, ``crimes``."""
        return pd.read_parquet(self.folder / SET_ASIDE_FILE)


def record_text(name: str, counts: SourceCounts, content_sha256: str) -> str:
    """The text of ``publication.json``."""
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
        "content_sha256": content_sha256,
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
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def read_record(folder: Path) -> Publication:
    """The publication in a folder of the store; raises ``BadInput`` where its record is damaged."""
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
