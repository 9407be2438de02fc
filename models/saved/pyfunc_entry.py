"""The MLflow model, written as models-from-code: MLflow stores this file and runs it on load; nothing is pickled.

Input: the feature rows of ``features.building.share_features`` as doubles, with ``base_share`` (the smoothed share),
``city_total`` (the city's expected crimes), ``dispersion_factor`` (the area's, see ``models.recipe.area_dispersion``)
and ``horizon``. Output: ``mean`` and ``dispersion`` of each area's count. The rows of one horizon must be a whole city:
shares are renormalised over them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from models.recipe import share_of_rows
from models.saved.saved_model import read_model


class WardcastModel(PythonModel):
    """The saved model behind MLflow's own interface."""

    def load_context(self, context: Any) -> None:
        """Read the saved model that was logged as the artefact ``saved_model``."""
        self.saved = read_model(Path(context.artifacts["saved_model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Mean and dispersion per row."""
        model = self.saved.share_model
        result = pd.DataFrame(index=model_input.index, columns=["mean", "dispersion"], dtype=float)
        for horizon in model_input["horizon"].astype(int).unique():
            rows = model_input[model_input["horizon"] == horizon]
            values = rows[list(model.feature_names)].to_numpy(np.float32)
            share = share_of_rows(model.boosters[horizon], values, rows["base_share"].to_numpy(float))
            mean = share * rows["city_total"].to_numpy(float)
            forecast = model.dispersions[horizon].around(mean, factors=rows["dispersion_factor"].to_numpy(float))
            result.loc[rows.index, "mean"] = forecast.mean
            result.loc[rows.index, "dispersion"] = forecast.dispersion
        return result


set_model(WardcastModel())
