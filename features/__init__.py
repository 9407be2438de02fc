"""Turns publications into what was knowable on a date, and that into features."""

from features.building.share_features import ShareFeatures, build_share_features
from features.geographies.geography import (
    Geography,
    add_geography,
    areas_of_points,
    grid_geography,
    list_geographies,
    load_geography,
)
from features.store.ingesting import ingest_counts, ingest_incidents, ingest_mps, ingest_police_uk, take_in
from features.store.publication_record import Publication
from features.store.publications import PublicationStore
from features.views.as_of import AsOfDoor, ViewMode, load_door
from features.views.panel import Panel

__all__ = [
    "AsOfDoor",
    "Geography",
    "Panel",
    "Publication",
    "PublicationStore",
    "ShareFeatures",
    "ViewMode",
    "add_geography",
    "areas_of_points",
    "build_share_features",
    "grid_geography",
    "ingest_counts",
    "ingest_incidents",
    "ingest_mps",
    "ingest_police_uk",
    "list_geographies",
    "load_door",
    "load_geography",
    "take_in",
]
