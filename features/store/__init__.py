"""Publications as they were published, never overwritten, and what one revised of another."""

from features.store.ingesting import ingest_counts, ingest_incidents, ingest_mps, ingest_police_uk
from features.store.publication_counts import TargetCounts, load_target_counts, target_offences
from features.store.publication_record import Publication, summary_of
from features.store.publications import PublicationStore
from features.store.refusing_changes import CityIntervals
from features.store.revisions import Revision, revisions

__all__ = [
    "CityIntervals",
    "Publication",
    "PublicationStore",
    "Revision",
    "TargetCounts",
    "ingest_counts",
    "ingest_incidents",
    "ingest_mps",
    "ingest_police_uk",
    "load_target_counts",
    "revisions",
    "summary_of",
    "target_offences",
]
