"""The score that even the true model would get: outcomes drawn from a reference forecast and scored against its mean.

What is left above it could be won by a better forecast; what is below it is chance. Two floors: ``negative_binomial``
with the reference's dispersion, and ``poisson``, the least chance that counts can have. The first takes the
reference's spread on trust: where that is too wide, the floor is too high.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from contracts import CountDistribution
from monitoring.scores import accuracy, hotspots

DRAWS = 20


@dataclass(frozen=True)
class Floor:
    """Expected scores of a perfect forecast, in the units of the scores themselves."""

    mean_poisson_deviance: float
    mae: float
    crps: float
    log_score: float
    pei_10: float | None


def floor_of(
    forecast: CountDistribution, known: npt.NDArray[np.bool_], *, areas: Sequence[str], seed: int, draws: int = DRAWS
) -> Floor:
    """The floor if outcomes came from ``forecast`` (N, A), scored where ``known``.

    CRPS is exact, ½ E|X − X'|; the others are means over ``draws`` simulated data sets. With a single area nothing
    can be ranked: ``pei_10`` is None.
    """
    outcomes = np.where(known, forecast.sample(draws, seed).astype(np.float64), np.nan)
    captures = [
        hotspots.concentration(drawn, forecast.mean, share=0.10, of="areas", areas=areas).pei for drawn in outcomes
    ]
    return Floor(
        mean_poisson_deviance=accuracy.mean_poisson_deviance(outcomes, forecast.mean),
        mae=accuracy.mae(outcomes, forecast.mean),
        crps=accuracy.expected_crps(forecast[known]),
        log_score=accuracy.log_score(outcomes, forecast),
        pei_10=_mean_of_finite(captures) if len(areas) > 1 else None,
    )


def _mean_of_finite(values: Sequence[float]) -> float | None:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else None


def noise_floor(
    forecast: CountDistribution, known: npt.NDArray[np.bool_], *, areas: Sequence[str], seed: int, draws: int = DRAWS
) -> dict[str, dict[str, float | None]]:
    """Both floors by name, each a score by name."""
    poisson = CountDistribution(forecast.mean, np.zeros_like(forecast.mean))
    return {
        name: asdict(floor_of(reference, known, areas=areas, seed=seed, draws=draws))
        for name, reference in (("negative_binomial", forecast), ("poisson", poisson))
    }
