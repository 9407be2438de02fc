"""Settings of the boosted share, tried on the past of a forecast and on nothing after it.

Optuna (its tree-structured Parzen estimator) proposes settings; each is judged by the newest year that was known, with
shares boosted on what was known before that year. The given settings are tried first, so that the chosen ones are never
worse than they there. The same seed tries the same settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from contracts import BadInput, periods_per_year
from features.building.share_features import build_share_features
from features.geographies.geography import Geography
from features.views import Panel
from models.recipe.area_share import ShareSettings, deviance_on_newest, split_origins
from models.recipe.share_mixture import fit_share_mixture

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Trial:
    """Settings that were tried and the mean Poisson deviance they had in the newest year."""

    settings: ShareSettings
    deviance: float

    def to_dict(self) -> dict[str, float]:
        """Flat, for the record of a run."""
        return {**asdict(self.settings), "deviance": self.deviance}


def tune_share(
    panel: Panel, target: str, geography: Geography, horizons: Sequence[int], start: ShareSettings
) -> tuple[Trial, ...]:
    """The settings that were tried, the best first: ``start`` and ``start.trials`` more, judged at the first horizon.

    Raises ``BadInput`` for a history that is too short to leave a year out.
    """
    import optuna

    horizon, year = min(horizons), periods_per_year(panel.frequency)
    if not split_origins(len(panel.periods) - year, horizon, year, start.years)[0]:
        raise BadInput(
            f"{len(panel.periods)} known periods are too few to try settings on the newest year.",
            remedy="Ingest a longer history, or leave --tune out.",
        )
    before = panel.until(panel.last.shift(-year))
    mixture = fit_share_mixture(before, target, geography, horizon)
    features = build_share_features(panel, target, geography, mixture=mixture)
    tried: list[Trial] = []

    def objective(proposal: optuna.Trial) -> float:
        settings = _proposed(proposal, start)
        tried.append(Trial(settings, deviance_on_newest(features, panel.of(target), horizon, settings)))
        return tried[-1].deviance

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=start.seed))
    study.enqueue_trial({name: getattr(start, name) for name in ("rounds", "learning_rate", "leaves", "smallest_leaf")})
    study.optimize(objective, n_trials=start.trials + 1)
    return tuple(sorted(tried, key=lambda trial: trial.deviance))


def _proposed(proposal: optuna.Trial, start: ShareSettings) -> ShareSettings:
    return replace(
        start,
        rounds=proposal.suggest_int("rounds", 20, 400, log=True),
        learning_rate=proposal.suggest_float("learning_rate", 0.02, 0.2, log=True),
        leaves=proposal.suggest_int("leaves", 4, 63, log=True),
        smallest_leaf=proposal.suggest_int("smallest_leaf", 20, 2000, log=True),
    )
