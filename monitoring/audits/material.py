"""What the audits look at: forecasts and outcomes of areas, who lives there, and what follows from both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import AuditSettings, CountDistribution
from contracts.arrays import Floats
from monitoring.audits.groups import Groups, fifths_of
from monitoring.audits.resampling import SpatialResampling, spatial_resampling
from monitoring.audits.shortfall import expected_shortfall
from monitoring.flags import Flags


@dataclass(frozen=True)
class Signal:
    """One part of what is recorded: how many crimes it is, and the means (A,) of the recipe that learned from it."""

    count: float
    means: Floats


@dataclass(frozen=True)
class Material:
    """Forecasts of one model at one horizon beside what happened; A areas, N periods.

    ``forecast`` and ``outcomes`` (N, A), NaN unknown; ``positions`` (A, 2) of the areas' centres, such as km;
    ``flag_rule`` says which areas are flagged.
    Optional: ``residents`` (A,) people; ``baseline`` (N, A), the means of a simple count; ``need`` (A,), a measure of
    need that does not come from the police, per area and not per resident; ``features`` (A rows) that the model learns
    from, and ``means_without``, which gives the means (A,) of the model fitted without the features that it is told;
    ``signals``, the parts of what is recorded by name, all of it first; ``recorded`` and ``enforcement`` (N', A),
    recorded crimes and stops by period; ``deprivation`` (A,) a score; ``workday`` (A,) people there on a working day;
    ``districts``, the label of each area. What is None is not audited, and the result says so.
    Raises ``ValueError`` for shapes that do not fit.
    """

    forecast: CountDistribution
    outcomes: Floats
    positions: Floats
    groups: tuple[Groups, ...]
    flag_rule: Flags
    seed: int
    residents: Floats | None = None
    baseline: Floats | None = None
    need: Floats | None = None
    features: pd.DataFrame | None = None
    means_without: Callable[[Sequence[str]], Floats] | None = None
    signals: Mapping[str, Signal] | None = None
    workday: Floats | None = None
    districts: tuple[object, ...] | None = None
    recorded: Floats | None = None
    enforcement: Floats | None = None
    deprivation: Floats | None = None
    margins: AuditSettings = field(default_factory=AuditSettings)

    def __post_init__(self) -> None:
        shape, areas = self.outcomes.shape, self.outcomes.shape[1]
        if self.forecast.mean.shape != shape:
            raise ValueError(f"forecasts {self.forecast.mean.shape} do not fit outcomes {shape}")
        if self.baseline is not None and self.baseline.shape != shape:
            raise ValueError(f"baseline {self.baseline.shape} does not fit outcomes {shape}")
        lengths: dict[str, Sized | None] = {"positions": self.positions, "residents": self.residents, "need": self.need}
        lengths |= {"the rule of flags": self.flag_rule.areas}
        lengths |= {"deprivation": self.deprivation, "workday": self.workday, "districts": self.districts}
        lengths |= {f"the signal '{name}'": signal.means for name, signal in (self.signals or {}).items()}
        lengths |= {f"'{groups.attribute}'": groups.shares for groups in self.groups}
        for name, values in lengths.items():
            if values is not None and len(values) != areas:
                raise ValueError(f"{name} has {len(values)} areas, the outcomes {areas}")
        for name, counts in (("recorded", self.recorded), ("enforcement", self.enforcement)):
            if counts is not None and counts.shape[1] != areas:
                raise ValueError(f"{name} has {counts.shape[1]} areas, the outcomes {areas}")
        if self.features is not None and len(self.features) != areas:
            raise ValueError(f"features have {len(self.features)} areas, the outcomes {areas}")
        if self.residents is not None and not (self.residents >= 0).all():
            raise ValueError("residents are negative or unknown in some area")

    def changed(self, **changes: Any) -> Material:
        """The same areas with other forecasts, outcomes or attributes; blocks and draws are the same too."""
        other = replace(self, **changes)
        other.__dict__["resampling"] = self.resampling
        return other

    @cached_property
    def known(self) -> npt.NDArray[np.bool_]:
        """Where the outcome is known, (N, A)."""
        return ~np.isnan(self.outcomes)

    @cached_property
    def counts(self) -> Floats:
        """Outcomes, 0 where unknown, (N, A)."""
        return np.where(self.known, self.outcomes, 0.0)

    @cached_property
    def means(self) -> Floats:
        """Forecast means, 0 where the outcome is unknown, (N, A)."""
        return np.where(self.known, self.forecast.mean, 0.0)

    @cached_property
    def happened(self) -> Floats:
        """Crimes of each area, (A,)."""
        return np.asarray(self.counts.sum(axis=0))

    @cached_property
    def shortfall(self) -> Floats:
        """E(Y − μ)₊ under the forecast, in crimes, (N, A)."""
        return expected_shortfall(self.forecast)

    @cached_property
    def flags(self) -> Floats:
        """1.0 for the areas flagged in each period, (N, A)."""
        return self.flags_by(self.forecast.mean)

    @property
    def newest_flagged(self) -> tuple[str, ...]:
        """The areas flagged in the newest period, in order of their code."""
        return self.flag_rule.codes(self.forecast.mean[-1])

    @cached_property
    def flags_and_tops(self) -> tuple[Floats, Floats]:
        """Areas flagged by the forecast, and those with the most crimes, over spans of ``top_periods``; (spans, A).

        The areas on top are those that the rule would flag had it known what happened. Periods that do not fill a
        span are left out, as are spans with an unknown outcome.
        """
        length = min(self.margins.top_periods, len(self.outcomes))
        spans = len(self.outcomes) // length
        shape = (spans, length, self.outcomes.shape[1])
        whole = self.known[: spans * length].reshape(shape).all(axis=(1, 2))
        forecast = self.forecast.mean[: spans * length].reshape(shape).sum(axis=1)[whole]
        outcome = self.counts[: spans * length].reshape(shape).sum(axis=1)[whole]
        return self.flags_by(forecast), self.flags_by(outcome)

    @cached_property
    def demand_fifth(self) -> npt.NDArray[np.int64]:
        """Fifth of each area by its crimes, 1 the most, (A,)."""
        return fifths_of(-self.happened)

    @cached_property
    def resampling(self) -> SpatialResampling:
        """The blocks and the tests' draws that all audits share."""
        return spatial_resampling(self.positions, seed=self.seed, replicates=self.margins.replicates)

    @property
    def known_need(self) -> Floats:
        """The independent measure of need of each area, (A,), or where none is given the crimes that happened."""
        return self.happened if self.need is None else self.need

    @property
    def population(self) -> Floats:
        """Residents of each area, (A,); raises ``ValueError`` where they are not given."""
        if self.residents is None:
            raise ValueError("residents are not given")
        return self.residents

    def people(self, groups: Groups) -> Floats:
        """Residents of each group in each area, (A, G); raises ``ValueError`` where residents are not given."""
        return groups.shares * self.population[:, None]

    @property
    def flagged_share(self) -> float:
        """The share of the areas that is flagged in each period."""
        areas = int(self.outcomes.shape[1])
        return self.flag_rule.settings.count_of(areas) / areas

    def flags_by(self, values: Floats) -> Floats:
        """1.0 for the areas that the rule flags by the crimes of each row, else 0.0; (n, A)."""
        return self.flag_rule.of(values)


def jaccard(one: Floats, other: Floats) -> float:
    """Flags in common over flags in either, 0…1; 1 where neither has any."""
    either = float(np.maximum(one, other).sum())
    return float(np.minimum(one, other).sum()) / either if either > 0 else 1.0
