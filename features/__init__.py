"""Turns publications into what was knowable on a date, and that into features."""

from features.as_of import AsOfDoor, ViewMode, load_door
from features.geography import (
    Geography,
    add_geography,
    areas_of_points,
    grid_geography,
    list_geographies,
    load_geography,
)
from features.ingesting import ingest_counts, ingest_incidents, ingest_mps, ingest_police_uk, take_in
from features.panel import Panel
from features.publications import Publication, PublicationStore
from features.recipe import ShareFeatures, build_share_features

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
