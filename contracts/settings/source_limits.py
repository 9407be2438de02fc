"""What may be said for one source alone: its limits and the headings of its columns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]

SOURCES = ("mps-ward", "mps-lsoa", "police-uk", "counts", "incidents")
"""The sources that ``wardcast ingest`` reads."""
COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "mps-ward": {
        "area": ("WardCode",),
        "offence": ("MinorText", "SubGroup"),
        "borough": ("LookUp_BoroughName",),
    },
    "mps-lsoa": {
        "area": ("LSOA Code",),
        "offence": ("Minor Category", "MinorText", "SubGroup"),
        "borough": ("Borough", "LookUp_BoroughName"),
    },
    "police-uk": {
        "id": ("Crime ID",),
        "month": ("Month",),
        "area": ("LSOA code",),
        "offence": ("Crime type",),
    },
}
"""The headings under which each source has published its columns, the usual one first. Settings add others."""


class SourceLimits(BaseModel):
    """Limits of ``[ingest]`` that are different for one source, and further headings of its columns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unknown_area_share: Share | None = None
    absent_area_share: Share | None = None
    lost_share: Share | None = None
    repeated_id_share: Share | None = None
    repeated_row_share: Share | None = None
    lone_dates: Literal["refuse", "set_aside"] | None = None
    implausible_below: Share | None = None
    revision_share: Share | None = None
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column of the source → further headings that it may have."""


class WithSources(BaseModel):
    """What ``[ingest]`` is beside its limits: ``[ingest.sources.NAME]``, which stand before them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: dict[str, SourceLimits] = Field(default_factory=dict)
    """Source → limits that differ for it."""

    @model_validator(mode="after")
    def _sources_and_columns_exist(self) -> WithSources:
        for source, limits in self.sources.items():
            if source not in SOURCES:
                raise ValueError(f"[ingest.sources] names '{source}'; the sources are {', '.join(SOURCES)}")
            known = COLUMNS.get(source, {})
            unknown = sorted(set(limits.columns) - set(known))
            if unknown:
                named = f"its columns are {', '.join(known)}" if known else "its columns are options of the command"
                raise ValueError(f"[ingest.sources.{source}.columns] names '{unknown[0]}'; {named}")
        return self

    def headings(self, source: str) -> dict[str, tuple[str, ...]]:
        """Column of a source → every heading that it may have, the usual ones first."""
        further = self.sources[source].columns if source in self.sources else {}
        return {column: (*usual, *further.get(column, ())) for column, usual in COLUMNS[source].items()}
