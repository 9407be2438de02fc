"""A small grid with points, for forecasters that draw maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contracts import Workspace
from features.geographies.geography import Geography, grid_geography


@pytest.fixture
def square_city(tmp_path: Path) -> Geography:
    """About 4 km by 4 km in cells of 500 m, around 41.8 degrees north."""
    corners = np.array([[-87.70, 41.80], [-87.652, 41.836]])
    return grid_geography(
        Workspace(tmp_path / "workspace"),
        "grid_500m",
        longitude=corners[:, 0],
        latitude=corners[:, 1],
        cell_metres=500,
    )
