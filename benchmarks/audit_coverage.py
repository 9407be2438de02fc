"""Whether the audits' intervals and tests keep their word: ``python -m benchmarks.audit_coverage [cities]``.

Simulated cities of 676 areas in which who lives where, how much crime there is and what is forecast wrongly are smooth
over the map, each on its own, with the named correlation between neighbouring areas. The truth of a figure is the ratio
or gap of expectations over 1,500 more cities. Two cases: groups that differ (for the coverage of 95% intervals), and
groups that do not (for the size of each test at 5%).
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from contracts import AuditSettings, CountDistribution, FlagSettings
from contracts.arrays import Floats
from monitoring import Flags
from monitoring.audits.calibration import calibration_contrast, calibration_residuals
from monitoring.audits.contrasts import Contrast
from monitoring.audits.exposure import exposure_contrast, exposure_residuals
from monitoring.audits.flag_errors import flag_residuals, missed_contrast
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material
from monitoring.audits.resampling import spatial_resampling

SIDE = 26
PERIODS = 12
FLAGGED = 0.10
CITIES = 500
FIRST_CITY = 10_000
"""Seed of the first city: the rule for the tails was chosen on cities of smaller seeds."""
TRUTHS = 1500
SIZES_PER_CITY = 4
AUDITS = ("calibration", "exposure ratio", "missed-flag gap")
GROUPS = ("a", "b", "c", "d")
PROCESSES = 2
REACHES = (0.5, 1.0, 1.5)
"""Standard deviation, in widths of an area, of the kernel that smooths the maps."""


@dataclass(frozen=True)
class Case:
    """How the groups differ: bias of the forecast by group, and how far risk goes with their shares."""

    bias: tuple[float, ...]
    tilt: float


DIFFERENT = Case((-0.10, 0.0, 0.10, 0.0), 0.5)
EQUAL = Case((0.0, 0.0, 0.0, 0.0), 0.0)
MARGINS = AuditSettings(replicates=2000)
GRID = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"), axis=-1).reshape(-1, 2)
POSITIONS = GRID + np.random.default_rng(5).uniform(-0.3, 0.3, GRID.shape)


def smooth_maps(generator: np.random.Generator, reach: float, number: int) -> Floats:
    """Maps (number, areas) with mean 0 and variance 1 whose correlation falls as exp(−d² / 4·reach²)."""
    width = 2 * SIDE
    along = np.minimum(np.arange(width), width - np.arange(width))
    kernel = np.exp(-(along**2) / (2 * reach**2))
    kernel = np.outer(kernel, kernel)
    kernel /= np.sqrt((kernel**2).sum())
    white = generator.normal(size=(number, width, width))
    smooth = np.fft.irfft2(np.fft.rfft2(white) * np.fft.rfft2(kernel), s=(width, width))
    return np.asarray(smooth[:, :SIDE, :SIDE].reshape(number, -1))


def city(seed: int, reach: float, case: Case) -> Material:
    """A city, its forecast and a year of outcomes."""
    generator = np.random.default_rng(seed)
    maps = smooth_maps(generator, reach, 6)
    risk, areas = maps[0], SIDE * SIDE
    tilt = case.tilt * np.array([0.0, 0.6, 0.3, -0.2])[:, None] * risk
    weight = np.exp(np.array([1.2, 0.2, 0.0, -0.4])[:, None] + 0.7 * maps[1:5] + tilt)
    shares = (weight / weight.sum(axis=0)).T
    residents = 12_000.0 * np.exp(0.25 * generator.normal(size=areas))
    rate = 8.0 * np.exp(0.4 * risk + 0.35 * generator.normal(size=areas) - 0.15)
    error = np.exp(0.12 * maps[5] + 0.08 * generator.normal(size=areas) - (0.12**2 + 0.08**2) / 2)
    outcomes = generator.poisson(rate * error * generator.gamma(20.0, 0.05, (PERIODS, areas))).astype(np.float64)
    mean = np.tile(rate * (1.0 + shares @ np.array(case.bias)), (PERIODS, 1))
    return Material(
        forecast=CountDistribution(mean, np.full(mean.shape, 0.05)),
        outcomes=outcomes,
        positions=POSITIONS,
        groups=(Groups("group", GROUPS, shares),),
        flag_rule=Flags(FlagSettings(share=FLAGGED), tuple(f"{at:05d}" for at in range(areas))),
        seed=1,
        residents=residents,
        margins=MARGINS,
    )


def contrasts_of(material: Material) -> list[Contrast]:
    """The three contrasts in the order of ``AUDITS``."""
    groups = material.groups[0]
    return [contrast(material, groups) for contrast in (calibration_contrast, exposure_contrast, missed_contrast)]


def residuals_of(material: Material) -> list[Floats]:
    """What the tests of the three set against the map of the groups."""
    missed = flag_residuals(missed_contrast(material, material.groups[0]))
    return [calibration_residuals(material), exposure_residuals(material), missed]


def truths(reach: float, case: Case) -> Floats:
    """True figures (audits, groups): contrasts of mean sums over many cities."""
    sums = np.zeros((len(AUDITS), 4, len(GROUPS)))
    for seed in range(TRUTHS):
        for at, contrast in enumerate(contrasts_of(city(1_000_000 + seed, reach, case))):
            parts = (contrast.above, contrast.below, contrast.reference_above, contrast.reference_below)
            sums[at] += np.array([part.sum(axis=0) for part in parts])
    rates, references = sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]
    return np.vstack([rates[:2] / references[:2], 100.0 * (rates[2:] - references[2:])])


def study(reach: float, cities: int) -> list[str]:
    """Lines of the table: per audit the share of intervals that held the truth, and of tests that raised an alarm."""
    resampling = spatial_resampling(POSITIONS, seed=1, replicates=MARGINS.replicates)
    true = truths(reach, DIFFERENT)
    held: list[list[Floats]] = [[] for _ in AUDITS]
    raised: list[list[tuple[float, ...]]] = [[] for _ in AUDITS]
    for seed in range(FIRST_CITY, FIRST_CITY + cities):
        material = city(seed, reach, DIFFERENT)
        for at, contrast in enumerate(contrasts_of(material)):
            low, high, _ = resampling.intervals(contrast.estimate, material.groups[0].shares, contrast.influence())
            held[at].append((low <= true[at]) & (true[at] <= high))
    for seed in range(FIRST_CITY, FIRST_CITY + SIZES_PER_CITY * cities):
        material = city(seed, reach, EQUAL)
        for at, residuals in enumerate(residuals_of(material)):
            each, greatest = resampling.p_values(material.groups[0].shares, residuals)
            raised[at].append((greatest <= 0.05, *(each <= 0.05)))
    neighbours = np.exp(-1.0 / (4.0 * reach**2))
    return [
        f"| {neighbours:.2f} | {name} | {np.mean(held[at]):.1%} | {np.min(np.mean(held[at], axis=0)):.1%}–"
        f"{np.max(np.mean(held[at], axis=0)):.1%} | {np.mean([one[0] for one in raised[at]]):.1%} | "
        f"{np.mean([one[1:] for one in raised[at]]):.1%} |"
        for at, name in enumerate(AUDITS)
    ]


def main(cities: int) -> None:
    """Print the table that ``docs/audits.md`` shows."""
    print("| correlation of neighbours | audit | 95% intervals hold | by group | size, all groups | size, each group |")
    print("| --- | --- | --- | --- | --- | --- |")
    with ProcessPoolExecutor(PROCESSES) as pool:
        for lines in pool.map(study, REACHES, [cities] * len(REACHES)):
            print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CITIES)
