"""Expected harm beside the expected count: each crime weighted by how much harm its offence stands for.

A target sums offences. What one crime of it stands for in an area follows from the area's mix of offences, shrunk to
the city's by empirical Bayes (Dirichlet-multinomial; the strength is the likeliest). Harm is then a compound sum: a
random count of crimes, each of a random offence. The weights are opinions of a named source, never of this project.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy import special

from contracts import (
    CountDistribution,
    Frequency,
    MissingThing,
    Settings,
    Workspace,
    coherent_draws,
    group_sums,
    periods_per_year,
)
from contracts.arrays import Floats
from contracts.settings.settings import HarmWeights
from contracts.sums import Indices
from features.views import Panel, ViewMode, offence_panel

MIX_YEARS = 3
"""The newest years whose crimes make an area's mix."""
STRENGTHS = np.geomspace(1.0, 1e5, 31)
"""Candidate strengths of the city's mix, in crimes: an area with as many crimes of its own is drawn half way to it."""
DRAWS = 1000
INTERVAL = 0.8


@dataclass(frozen=True)
class HarmMix:
    """``shares`` (areas, offences) of each area's crimes, sum 1, and the harm ``weights`` (offences,) of one crime."""

    offences: tuple[str, ...]
    weights: Floats
    shares: Floats
    source: str
    unit: str

    @property
    def harm_per_crime(self) -> Floats:
        """Expected harm of one crime of the target in each area, (areas,)."""
        return np.asarray(self.shares @ self.weights)


@dataclass(frozen=True)
class HarmForecast:
    """Expected harm and its central 80% interval, shape of the forecast: ``low`` and ``high`` end it.

    A rare offence of great weight can lift ``mean`` above ``high``: most periods go without it.
    """

    mean: Floats
    low: Floats
    high: Floats
    unit: str
    source: str


def harm_weights(settings: Settings, taxonomy: str, offences: Sequence[str]) -> HarmWeights:
    """The weights of a taxonomy; raises ``MissingThing`` where there are none, or none for one of ``offences``."""
    if taxonomy not in settings.harm:
        raise MissingThing(
            f"wardcast.toml has no harm weights for the offences of '{taxonomy}'.",
            remedy=f"Add [harm.{taxonomy}] with source and weights.",
        )
    found = settings.harm[taxonomy]
    lacking = [offence for offence in offences if offence not in found.weights]
    if lacking:
        raise MissingThing(
            f"[harm.{taxonomy}] has no weight for {', '.join(lacking)}.", remedy="Add it, with its source."
        )
    return found


def fit_harm_mix(offences: Panel, harm: HarmWeights) -> HarmMix:
    """The mix of each area of ``offences`` (a panel with one target an offence) over its last three years."""
    recent = np.nansum(offences.counts[:, :, -MIX_YEARS * periods_per_year(offences.frequency) :], axis=2).T
    return HarmMix(
        offences=offences.targets,
        weights=np.array([harm.weights[name] for name in offences.targets]),
        shares=shrunken_shares(recent),
        source=harm.source,
        unit=harm.unit,
    )


def load_harm_mix(
    workspace: Workspace,
    target: str,
    as_of: date,
    areas: Sequence[str],
    *,
    geography: str | None = None,
    frequency: Frequency | None = None,
    source: str | None = None,
    mode: ViewMode = ViewMode.AS_OF,
) -> HarmMix:
    """The mix of a target's offences in these areas, as known on a day, with the weights of the settings.

    Raises ``MissingThing`` where a weight or the target is missing.
    """
    taxonomy, offences = offence_panel(
        workspace, target, as_of, geography=geography, frequency=frequency, source=source, mode=mode
    )
    return fit_harm_mix(offences.only(areas), harm_weights(workspace.settings, taxonomy, offences.targets))


def shrunken_shares(counts: Floats) -> Floats:
    """Shares of each row of ``counts`` (areas, offences), shrunk to the shares of all rows together.

    Posterior means (c + strength · p) / (n + strength) of a Dirichlet-multinomial with the likeliest strength. Raises
    ``MissingThing`` where nothing was counted.
    """
    total = counts.sum()
    if total <= 0:
        raise MissingThing("No crime is known, so there is no mix of offences.", remedy="Ingest a publication.")
    city = counts.sum(axis=0) / total
    seen = city > 0
    strength = max(STRENGTHS, key=lambda candidate: _log_likelihood(counts[:, seen], candidate * city[seen]))
    return np.asarray((counts + strength * city) / (counts.sum(axis=1, keepdims=True) + strength))


def _log_likelihood(counts: Floats, prior: Floats) -> float:
    """Logarithm of the Dirichlet-multinomial's probability of the rows, up to what no prior changes."""
    whole = special.gammaln(prior.sum()) - special.gammaln(counts.sum(axis=1) + prior.sum())
    return float(whole.sum() + (special.gammaln(counts + prior) - special.gammaln(prior)).sum())


def expected_harm(forecast: CountDistribution, mix: HarmMix, *, seed: int, draws: int = DRAWS) -> HarmForecast:
    """Harm of each area, of the forecast's shape (…, areas): the mean exactly, the interval from coherent draws."""
    drawn = harm_draws(forecast, mix, seed=seed, draws=draws)
    low, high = _limits(drawn)
    return HarmForecast(forecast.mean * mix.harm_per_crime, low, high, mix.unit, mix.source)


def harm_of_levels(
    forecast: CountDistribution, mix: HarmMix, groups: Sequence[Indices], *, seed: int, draws: int = DRAWS
) -> list[HarmForecast]:
    """Harm of several levels, each (rows, areas of the level), from a forecast (rows, areas).

    ``groups`` holds, per level, the position of the area of the level in which each finest area lies. All levels come
    from the same draws, so a sum's interval keeps what the areas share, and the means of parts add up to the whole's.
    """
    sizes = [int(group.max()) + 1 for group in groups]
    means = [group_sums(forecast.mean * mix.harm_per_crime, *level) for level in zip(groups, sizes, strict=True)]
    limits = []
    for row in range(len(forecast.mean)):
        drawn = harm_draws(forecast[row], mix, seed=seed + row, draws=draws)
        limits.append([_limits(group_sums(drawn, *level)) for level in zip(groups, sizes, strict=True)])
    ends = [np.stack(one, axis=1) for one in zip(*limits, strict=True)]
    return [HarmForecast(mean, low, high, mix.unit, mix.source) for mean, (low, high) in zip(means, ends, strict=True)]


def _limits(drawn: Floats) -> Floats:
    """The ends of the central interval, (2, *shape of a draw)."""
    return np.asarray(np.quantile(drawn, [(1.0 - INTERVAL) / 2.0, (1.0 + INTERVAL) / 2.0], axis=0))


def harm_draws(forecast: CountDistribution, mix: HarmMix, *, seed: int, draws: int = DRAWS) -> Floats:
    """Random harm, shape (draws, *shape of the forecast); sums over areas keep the factor that they share."""
    counts: npt.NDArray[np.int64] = coherent_draws(forecast, draws, seed)
    generator = np.random.default_rng([seed, 1])
    harm = np.zeros(counts.size)
    remaining = np.ones(len(mix.shares))
    some = np.flatnonzero(counts)
    left, areas = counts.ravel()[some], some % len(remaining)
    # The commonest offence first, and only where a crime is left: most draws are then done after one or two offences.
    for offence in np.argsort(-mix.shares.mean(axis=0), kind="stable"):
        share = mix.shares[:, offence]
        chance = np.clip(np.divide(share, remaining, out=np.ones_like(share), where=remaining > 1e-12), 0.0, 1.0)
        taken = generator.binomial(left, chance[areas])
        harm[some] += mix.weights[offence] * taken
        left, remaining = left - taken, remaining - share
        some, left, areas = some[left > 0], left[left > 0], areas[left > 0]
    return harm.reshape(counts.shape)
