"""What was known on a day: the only door to counts, and the arrays behind it."""

from features.views.as_of import AsOfDoor, ViewMode, load_door
from features.views.hierarchy import CITY, PARENTS, Hierarchy, Level, hierarchy_over, load_hierarchy
from features.views.offence_mix import offence_panel
from features.views.panel import Panel
from features.views.raster import Raster, raster_of

__all__ = [
    "CITY",
    "PARENTS",
    "AsOfDoor",
    "Hierarchy",
    "Level",
    "Panel",
    "Raster",
    "ViewMode",
    "hierarchy_over",
    "load_door",
    "load_hierarchy",
    "offence_panel",
    "raster_of",
]
