"""The recipe: the city's total times each area's share of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts import CountDistribution, periods_per_year
from contracts.run_files import RECIPE
from features.building.near_repeat import without_surroundings
from features.building.share_features import smoothed_share
from features.geographies.geography import Geography
from features.views import Panel
from models.recipe.area_share import ShareModel, ShareSettings, fit_share_model
from models.recipe.city_total import city_pattern, forecast_city_total
from models.recipe.history import refuse_too_short
from models.recipe.reasons import CityChange, Reasons, group_of, reasons_of, usual_share
from models.recipe.tuning import Trial, tune_share


@dataclass(frozen=True)
class RecipeForecaster:
    """City total × boosted area share. ``country`` names the bank holidays the city's total may use."""

    country: str = ""
    share: ShareSettings = field(default_factory=ShareSettings)

    @property
    def name(self) -> str:
        return RECIPE

    def fit(self, panel: Panel, target: str, geography: Geography, horizons: Sequence[int]) -> FittedRecipe:
        """Raises ``UnusableForecaster`` where fewer periods are known than ``models.recipe.history`` asks for."""
        refuse_too_short(panel, target)
        trials = tune_share(panel, target, geography, horizons, self.share) if self.share.trials else ()
        settings = trials[0].settings if trials else self.share
        model = fit_share_model(panel, target, geography, horizons, settings)
        return FittedRecipe(target, geography, self.country, model, trials)


@dataclass(frozen=True)
class FittedRecipe:
    """A fitted share model; the city's total is forecast anew from each panel.

    ``trials`` are the settings that were tried before the fit, the best first; empty where none were.
    """

    target: str
    geography: Geography
    country: str
    share_model: ShareModel
    trials: tuple[Trial, ...] = ()

    def predict(self, panel: Panel, horizons: Sequence[int]) -> CountDistribution:
        city = forecast_city_total(panel, self.target, horizons, country=self.country)
        features = self.share_model.features(panel, self.target, self.geography)
        newest = len(features.ordinals) - 1
        factors = self.share_model.factors(panel.areas)
        forecasts = [
            self.share_model.dispersions[horizon].around_city(
                city.mean[i] * self.share_model.share(features, newest, horizon),
                log_sd=float(city.log_sd[i]),
                factors=factors,
            )
            for i, horizon in enumerate(horizons)
        ]
        return CountDistribution.stack(forecasts)

    def explain(self, panel: Panel, horizons: Sequence[int]) -> Reasons:
        """The reasons of what ``predict`` expects, which they add up to."""
        city = forecast_city_total(panel, self.target, horizons, country=self.country)
        pattern = city_pattern(panel, self.target, horizons, country=self.country)
        model = self.share_model
        features = model.features(panel, self.target, self.geography)
        newest = len(features.ordinals) - 1
        own_mixture = without_surroundings(model.mixture)
        alone = smoothed_share(panel, self.target, self.geography, own_mixture)[:, newest]
        return reasons_of(
            base_share=features.base_share[:, newest],
            alone=alone,
            usual=usual_share(features.share, alone, own_mixture, periods_per_year(panel.frequency)),
            groups=tuple(group_of(name, panel.targets) for name in features.names),
            contributions=[model.contributions(features, newest, horizon) for horizon in horizons],
            shares=[model.share(features, newest, horizon) for horizon in horizons],
            city=[
                CityChange(float(city.mean[i]), pattern.usual, float(pattern.season[i]), float(pattern.weekday[i]))
                for i in range(len(horizons))
            ],
        )
