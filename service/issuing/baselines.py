"""What is issued beside the champion's forecast for comparison: a simple count and the model before it.

Both are signed with the issue and never served as the forecast: nothing that answers reads this table.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from contracts import CountDistribution, WardcastError, Workspace
from service.board.champions import Champion, ModelRegistry
from service.issuing.tables import forecast_rows

if TYPE_CHECKING:
    from features.geographies.geography import Geography
    from features.views import Panel
    from models import SavedModel

BASELINES_FILE = "baselines.parquet"
COUNT = "ewma"
"""The simple count, as the leaderboard names it."""
SUPERSEDED = "superseded"
"""The model that was the champion before."""
Load = Callable[[Path, str], "SavedModel"]


def counted(panel: Panel, target: str, geography: Geography, horizons: tuple[int, ...]) -> CountDistribution:
    """Forecasts of the simple count, (horizons, areas)."""
    from models.baselines import counting_forecaster

    return counting_forecaster(COUNT).fit(panel, target, geography, horizons).predict(panel, horizons)


def superseded_rows(
    workspace: Workspace,
    registry: ModelRegistry,
    load: Load,
    champion: Champion,
    panel: Panel,
    geography: Geography,
    horizons: tuple[int, ...],
    tell: Callable[[str], None],
) -> pd.DataFrame | None:
    """Forecasts of the model before the champion as rows of ``contracts.tables.FORECASTS``.

    None where there is none, and where it is lost, damaged or did not learn all of the horizons: that is told, and
    stops no issue, because the forecast itself does not need it.
    """
    about = champion.superseded
    if about is None:
        return None
    try:
        model = load(registry.version(workspace, champion.target, about["version"]).folder, about["sha256"])
        forecast = model.predict(panel, geography, horizons)
    except WardcastError as error:
        tell(f"Version {about['version']} of '{champion.target}' is not forecast with for comparison. {error}")
        return None
    return forecast_rows(panel, champion.target, horizons, forecast, model=SUPERSEDED)
