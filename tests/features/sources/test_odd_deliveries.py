"""Odd deliveries of every shape end in covers that hold all counts, or in one line."""

from __future__ import annotations

import numpy as np
import pytest

from contracts import BadInput, Frequency, IngestLimits
from features.sources.completeness import Delivery, Judged, judge
from features.sources.source_counts import CodedCounts, Cover


def _delivery(counts: np.ndarray, source: str = "counts", frequency: Frequency = Frequency.MONTH) -> Delivery:
    """Counts (areas, offences, periods) that claim to cover all of their areas and periods."""
    areas = tuple(f"A{number:03d}" for number in range(counts.shape[0]))
    offences = tuple(f"o{number}" for number in range(counts.shape[1]))
    area, offence, period = np.nonzero(counts)
    return Delivery(
        name="file.csv",
        source=source,
        frequency=frequency,
        limits=IngestLimits(),
        cover=Cover("all", areas, tuple(range(600, 600 + counts.shape[2]))),
        counts=CodedCounts.summed(
            areas=areas,
            offences=offences,
            area=area,
            offence=offence,
            period=period + 600,
            count=counts[area, offence, period],
        ),
        offence_of={offence: offence for offence in offences},
    )


def _refuse_a_wrong_account(judged: Judged, counts: np.ndarray) -> None:
    """No area is in two covers, none is empty, every count is in one, and what is left out is told."""
    covered = [area for cover in judged.covers for area in cover.areas]
    assert len(covered) == len(set(covered))
    assert all(cover.areas and cover.periods for cover in judged.covers)
    known = {(area, period) for cover in judged.covers for area in cover.areas for period in cover.periods}
    rows = zip(judged.counts.area.tolist(), judged.counts.period.tolist(), strict=True)
    assert all((judged.counts.areas[area], period) in known for area, period in rows)
    assert judged.counts.count.sum() + sum(part.crimes for part in judged.set_aside) == counts.sum()
    if len(known) < counts.shape[0] * counts.shape[2]:
        assert judged.notes or judged.set_aside


@pytest.mark.parametrize("seed", range(60))
def test_an_odd_panel_is_accounted_for(seed: int) -> None:
    generator = np.random.default_rng(seed)
    shape = tuple(generator.integers(1, [13, 4, 40]))
    counts = generator.poisson(generator.choice([0, 0.1, 1, 5, 50, 1000]), shape)
    for fault in generator.integers(0, 5, size=3):
        area, period = int(generator.integers(shape[0])), int(generator.integers(shape[2]))
        if fault == 0:
            counts[:, :, period] = 0
        elif fault == 1:
            counts[area, :, period:] = 0
        elif fault == 2:
            counts[area, :, :period] = 0
        elif fault == 3:
            counts[:, :, period] //= 30
        else:
            counts[:, 0, period] = 0
    frequency = list(Frequency)[seed % 4]
    source = ("counts", "incidents")[seed % 2]
    try:
        judged = judge(_delivery(counts, source, frequency))
    except BadInput as error:
        said = f"{error.message} {error.remedy}"
    else:
        said = "taken"
        _refuse_a_wrong_account(judged, counts)
    assert "\n" not in said


@pytest.mark.parametrize("level", [0.3, 2.0, 8.0, 40.0])
@pytest.mark.parametrize("frequency", [Frequency.MONTH, Frequency.WEEK, Frequency.DAY])
def test_areas_that_differ_and_drift_are_taken_whole(level: float, frequency: Frequency) -> None:
    """Unequal areas whose levels walk, a season, months that are high or low everywhere, overdispersion."""
    generator = np.random.default_rng(int(level * 10))
    areas = generator.lognormal(0.0, 1.0, (60, 1, 1))
    walks = np.exp(np.cumsum(generator.normal(0.0, 0.08, (60, 1, 120)), axis=2))
    city = np.exp(generator.normal(0.0, 0.15, 120) + 0.2 * np.sin(np.arange(120) * 2 * np.pi / 12))
    counts = generator.poisson(level * areas * walks * city * generator.gamma(4.0, 0.25, (60, 2, 120)))
    judged = judge(_delivery(counts, "counts", frequency))
    assert (len(judged.covers), judged.set_aside, judged.notes) == (1, (), ())
    assert judged.counts.count.sum() == counts.sum()
