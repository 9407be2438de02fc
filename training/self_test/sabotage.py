"""Planted harms: what is done to a sound forecast, or to what it is judged by, and which audits must see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import CountDistribution
from contracts.arrays import Floats
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material
from monitoring.audits.sensitivity import majority

Plant = Callable[[Material, np.random.Generator], Material]


@dataclass(frozen=True)
class Harm:
    """A planted harm: its name, what does it, and the audits of which at least one must be outside its margin."""

    name: str
    plant: Plant
    seen_by: tuple[str, ...]


def sorted_by_share(material: Material, group: int) -> npt.NDArray[np.bool_]:
    """The third of the areas with the highest share of a group of residents."""
    share = material.groups[1].shares[:, group]
    return np.asarray(share > np.quantile(share, 2 / 3))


def fifth(material: Material, number: int) -> npt.NDArray[np.bool_]:
    """The areas of a deprivation fifth, 1 the most deprived."""
    return np.asarray(material.groups[0].shares[:, number - 1] > 0)


def scaled(material: Material, factor: Floats) -> Material:
    """The forecast means times a factor of each area."""
    return material.changed(forecast=CountDistribution(material.forecast.mean * factor, material.forecast.dispersion))


def _too_low_in_fifth(material: Material, _: np.random.Generator) -> Material:
    return scaled(material, np.where(fifth(material, 1), 0.8, 1.0))


def _too_high_in_fifth(material: Material, _: np.random.Generator) -> Material:
    return scaled(material, np.where(fifth(material, 1), 1.3, 1.0))


def _too_low_in_least_deprived(material: Material, _: np.random.Generator) -> Material:
    return scaled(material, np.where(fifth(material, 5), 0.75, 1.0))


def _too_low_where_a_group_lives(material: Material, _: np.random.Generator) -> Material:
    return scaled(material, np.where(sorted_by_share(material, 1), 0.8, 1.0))


def _too_high_where_a_group_lives(material: Material, _: np.random.Generator) -> Material:
    return scaled(material, np.where(sorted_by_share(material, 2), 1.25, 1.0))


def _too_low_by_share(material: Material, _: np.random.Generator) -> Material:
    return scaled(material, 1.0 - 0.6 * material.groups[1].shares[:, 1])


def _too_low_where_two_meet(material: Material, _: np.random.Generator) -> Material:
    return scaled(material, np.where(sorted_by_share(material, 0) & ~fifth(material, 1), 0.72, 1.0))


def _too_low_in_district(material: Material, _: np.random.Generator) -> Material:
    return scaled(material, np.where(material.groups[2].shares[:, 3] > 0, 0.7, 1.0))


def _too_high_in_district(material: Material, _: np.random.Generator) -> Material:
    return scaled(material, np.where(material.groups[2].shares[:, 5] > 0, 1.4, 1.0))


def _sign_error(material: Material, _: np.random.Generator) -> Material:
    """Areas above the city's mean are forecast as far below it."""
    mean = material.forecast.mean
    flipped = np.maximum(2.0 * mean.mean(axis=1, keepdims=True) - mean, 0.1)
    return material.changed(forecast=CountDistribution(flipped, material.forecast.dispersion))


def _city_mean_in_fifth(material: Material, _: np.random.Generator) -> Material:
    """The most deprived fifth gets one and the same forecast for all of its areas."""
    inside = fifth(material, 1)
    mean = material.forecast.mean.copy()
    mean[:, inside] = mean[:, inside].mean(axis=1, keepdims=True)
    return material.changed(forecast=CountDistribution(mean, material.forecast.dispersion))


def _shuffled_district(material: Material, _: np.random.Generator) -> Material:
    """The forecasts of one district stand at the wrong areas."""
    inside = np.flatnonzero(material.groups[2].shares[:, 1] > 0)
    mean = material.forecast.mean.copy()
    mean[:, inside] = mean[:, np.roll(inside, 1)]
    return material.changed(forecast=CountDistribution(mean, material.forecast.dispersion))


def _intervals(material: Material, inside: npt.NDArray[np.bool_], dispersion: float) -> Material:
    spread = np.where(inside, dispersion, material.forecast.dispersion)
    return material.changed(forecast=CountDistribution(material.forecast.mean, spread))


def _too_wide_in_fifth(material: Material, _: np.random.Generator) -> Material:
    return _intervals(material, fifth(material, 1), 1.0)


def _too_narrow_in_district(material: Material, generator: np.random.Generator) -> Material:
    """What happens in one district scatters more than the intervals say."""
    inside = material.groups[2].shares[:, 2] > 0
    drawn = generator.gamma(3.0, 1.0 / 3.0, material.outcomes.shape)
    return material.changed(outcomes=np.round(material.outcomes * np.where(inside, drawn, 1.0)))


def _unreported(material: Material, generator: np.random.Generator) -> Material:
    """Two fifths report 40% less, in the past that is learned from and in the outcomes."""
    rate = np.where(fifth(material, 1) | fifth(material, 2), 0.6, 1.0)
    outcomes = generator.binomial(material.outcomes.astype(np.int64), rate).astype(np.float64)
    return scaled(material.changed(outcomes=outcomes), rate)


def _discovered(material: Material, generator: np.random.Generator) -> Material:
    """Officers find crime where they are sent: 80% more in the most deprived fifth, learned and recorded."""
    rate = np.where(fifth(material, 1), 1.8, 1.0)
    outcomes = material.outcomes + generator.poisson(material.forecast.mean * (rate - 1.0))
    return scaled(material.changed(outcomes=outcomes), rate)


def _leaked(material: Material, generator: np.random.Generator) -> Material:
    """A feature that is nearly a group's share."""
    share = material.groups[1].shares[:, 1]
    return _with_features(material, near_share=share + generator.normal(0.0, 0.3 * share.std(), len(share)))


def _leaked_in_parts(material: Material, generator: np.random.Generator) -> Material:
    """Three features, none of them a group's share, that add up to one."""
    share = material.groups[1].shares[:, 2]
    noise = generator.normal(0.0, share.std(), (2, len(share)))
    return _with_features(
        material, part_one=share / 3 + noise[0], part_two=share / 3 + noise[1], rest=share - noise.sum(0)
    )


def _with_features(material: Material, **columns: Floats) -> Material:
    features = (
        material.features if material.features is not None else pd.DataFrame(index=range(len(material.positions)))
    )
    return material.changed(features=features.assign(**columns))


def _steep_enforcement(material: Material, _: np.random.Generator) -> Material:
    """Stops in the most deprived fifth rise with the square of recorded crime."""
    if material.enforcement is None or material.recorded is None:
        raise ValueError("a sound city has enforcement")
    level = material.recorded.sum(axis=0) / material.recorded.sum(axis=0).mean()
    return material.changed(enforcement=np.round(material.enforcement * np.where(fifth(material, 1), level, 1.0)))


def _majority_labels(material: Material, _: np.random.Generator) -> Material:
    return _with_shares(material, majority(material.groups[1]))


def _group_left_out(material: Material, _: np.random.Generator) -> Material:
    groups = material.groups[1]
    return _with_shares(material, replace(groups, names=groups.names[:-1], shares=groups.shares[:, :-1]))


def _with_shares(material: Material, groups: Groups) -> Material:
    return material.changed(groups=(material.groups[0], groups, *material.groups[2:]))


def _overpatrolled(material: Material, _: np.random.Generator) -> Material:
    """Flags are pushed to where a group lives: its forecasts are raised by half."""
    return scaled(material, np.where(sorted_by_share(material, 1), 1.5, 1.0))


def _never_flagged(material: Material, _: np.random.Generator) -> Material:
    """The highest areas of where a group lives are cut by 60%, so that they are not flagged."""
    mean = material.forecast.mean.mean(axis=0)
    return scaled(material, np.where(sorted_by_share(material, 0) & (mean > np.quantile(mean, 0.8)), 0.4, 1.0))


HARMS = (
    Harm("20% too low in the most deprived fifth", _too_low_in_fifth, ("calibration", "under-prediction")),
    Harm("30% too high in the most deprived fifth", _too_high_in_fifth, ("calibration", "over-prediction")),
    Harm("25% too low in the least deprived fifth", _too_low_in_least_deprived, ("calibration", "under-prediction")),
    Harm(
        "20% too low where a group lives",
        _too_low_where_a_group_lives,
        ("calibration", "under-prediction", "worst hidden subgroup"),
    ),
    Harm(
        "25% too high where a group lives",
        _too_high_where_a_group_lives,
        ("calibration", "over-prediction", "worst hidden subgroup"),
    ),
    Harm(
        "too low in proportion to a share",
        _too_low_by_share,
        ("calibration", "under-prediction", "worst hidden subgroup"),
    ),
    Harm("28% too low where two attributes meet", _too_low_where_two_meet, ("worst hidden subgroup",)),
    Harm("30% too low in one district", _too_low_in_district, ("calibration",)),
    Harm("40% too high in one district", _too_high_in_district, ("calibration",)),
    Harm("a sign error", _sign_error, ("skill", "calibration")),
    Harm("one forecast for all deprived areas", _city_mean_in_fifth, ("skill",)),
    Harm("one district's forecasts at the wrong areas", _shuffled_district, ("skill", "coverage")),
    Harm("intervals too wide in the most deprived fifth", _too_wide_in_fifth, ("coverage",)),
    Harm("intervals too narrow in one district", _too_narrow_in_district, ("coverage",)),
    Harm("40% less reported in two fifths", _unreported, ("exposure against need",)),
    Harm("discovered crime in the target", _discovered, ("exposure against need",)),
    Harm("a leaked proxy", _leaked, ("proxy leakage",)),
    Harm("a proxy leaked in parts", _leaked_in_parts, ("proxy leakage",)),
    Harm("enforcement that follows crime more steeply", _steep_enforcement, ("enforcement signature",)),
    Harm("labels by majority", _majority_labels, ("completeness of groups",)),
    Harm("a group left out", _group_left_out, ("completeness of groups",)),
    Harm(
        "forecasts raised by half where a group lives",
        _overpatrolled,
        ("calibration", "over-prediction", "exposure against need", "worst hidden subgroup"),
    ),
    Harm(
        "the highest areas of a group never flagged",
        _never_flagged,
        ("missed flags", "under-prediction", "calibration", "worst hidden subgroup"),
    ),
)
