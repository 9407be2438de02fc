"""A small city of forecasts and outcomes with a known truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from contracts import CountDistribution
from monitoring import Verification

PERIODS, AREAS = 12, 40
Maker = Callable[..., Verification]


@pytest.fixture
def truth() -> CountDistribution:
    """The distribution that the outcomes are drawn from, shape (12, 40)."""
    generator = np.random.default_rng(11)
    level = generator.gamma(2.0, 4.0, AREAS)
    season = 1.0 + 0.1 * np.sin(np.arange(PERIODS))
    return CountDistribution(season[:, None] * level[None, :], np.array(0.15))


@pytest.fixture
def outcomes(truth: CountDistribution) -> np.ndarray:
    """Counts drawn from the truth; one area is unknown in one period, and one in all."""
    drawn = truth.sample(1, seed=5)[0].astype(float)
    drawn[3, 7] = np.nan
    drawn[:, 20] = np.nan
    return drawn


@pytest.fixture
def area_km2() -> np.ndarray:
    """Land of the areas."""
    return np.random.default_rng(3).gamma(2.0, 1.5, AREAS) + 0.1


@pytest.fixture
def make(truth: CountDistribution, outcomes: np.ndarray) -> Maker:
    """Makes verifications of forecasts that are the truth times a factor."""

    def verification(model: str = "ewma", factor: float = 1.0, horizon: int = 1, **changes: object) -> Verification:
        fields = {
            "model": model,
            "target": "violence",
            "horizon": horizon,
            "areas": tuple(f"E{number:03d}" for number in range(AREAS)),
            "periods": np.arange(600, 600 + PERIODS),
            "forecast": CountDistribution(truth.mean * factor, truth.dispersion),
            "outcomes": outcomes,
            "seconds": 1.5,
            "peak_mb": 80.0,
        }
        return Verification(**{**fields, **changes})

    return verification
