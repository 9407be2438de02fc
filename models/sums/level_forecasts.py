"""Forecasts of nested levels whose means add up and whose spreads agree with one another.

Areas of one district move together more than areas of different districts, and all move with the city. Each level has
a factor of mean 1 per group; two areas share the factors of every group that holds both. How much is shared within
the groups of a level follows from that level's own forecasts, which know how far its totals have been missed:

    second moment of a group = Σ second moments of its parts + shared · ((Σ means)² − Σ means²)

is solved for ``shared``, pooled over the groups of a level. The finest areas keep their own dispersion exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from contracts import CountDistribution, group_sums
from contracts.arrays import Floats
from contracts.sums import Counts, Indices
from features.views import Hierarchy
from models.sums.reconciliation import CHOSEN, reconcile


@dataclass(frozen=True)
class LevelForecasts:
    """``levels`` are the distributions of each level, (rows, areas of the level), the finest first.

    ``shared`` (levels after the finest, rows) is the expected product of two areas' factors whose smallest common
    group is of that level: 1 where they are independent; never smaller at a finer level than at a coarser one.
    """

    hierarchy: Hierarchy
    levels: tuple[CountDistribution, ...]
    shared: Floats

    def draws(self, number: int, seed: int) -> Counts:
        """Random counts of the finest areas, (number, rows, areas); a group's draw is the sum of its areas' draws."""
        generator = np.random.default_rng(seed)
        finest = self.levels[0]
        factor = np.ones((number, *finest.mean.shape))
        coarser = np.ones(self.shared.shape[1])
        for level, shared in reversed(list(zip(self.hierarchy.levels[1:], self.shared, strict=True))):
            log_variance = np.log(shared / coarser)[:, None]
            shock = generator.standard_normal((number, len(shared), len(level.geography.codes)))
            factor *= np.exp(np.sqrt(log_variance) * shock - log_variance / 2.0)[..., level.groups]
            coarser = shared
        own = np.maximum((1.0 + finest.dispersion) / coarser[:, None] - 1.0, 1e-9)
        return generator.negative_binomial(1.0 / own, 1.0 / (1.0 + own * finest.mean * factor))


def reconciled(hierarchy: Hierarchy, own: Sequence[CountDistribution], method: str = CHOSEN) -> LevelForecasts:
    """Each level's own forecasts, (rows, areas) and the finest first, made to add up."""
    means = reconcile(hierarchy, [one.mean for one in own], [one.variance for one in own], method)
    finest = replace(own[0], mean=means[0])
    shared = _shared(hierarchy, means, [finest, *own[1:]])
    moments = [(1.0 + finest.dispersion) * finest.mean**2]
    for position, within in enumerate(shared, start=1):
        parts, pairs = _within(hierarchy, means, moments[-1], position)
        moments.append(parts + within[:, None] * pairs)
    upper = [
        CountDistribution(mean, np.maximum(moment / mean**2 - 1.0, 0.0), (shared[-1] - 1.0)[:, None])
        for mean, moment in zip(means[1:], moments[1:], strict=True)
    ]
    return LevelForecasts(hierarchy, (finest, *upper), shared)


def _shared(hierarchy: Hierarchy, means: Sequence[Floats], own: Sequence[CountDistribution]) -> Floats:
    """What is shared within the groups of each level after the finest, (levels, rows)."""
    moments = (1.0 + own[0].dispersion) * means[0] ** 2
    found = []
    for position in range(1, len(means)):
        parts, pairs = _within(hierarchy, means, moments, position)
        wanted = (1.0 + own[position].dispersion) * means[position] ** 2
        some = np.maximum(pairs.sum(axis=1), 1e-12)
        within = np.maximum((wanted - parts).sum(axis=1) / some, 1.0)
        found.append(within)
        moments = parts + within[:, None] * pairs
    known = np.asarray(own[0].shared).mean(axis=1)
    found[-1] = np.where(known > 0, 1.0 + known, found[-1])
    # The finest areas keep their dispersion, so nothing can share more than the least of them has.
    found[-1] = np.minimum(found[-1], 1.0 + own[0].dispersion.min(axis=1))
    for position in reversed(range(len(found) - 1)):
        found[position] = np.clip(found[position], found[position + 1], 1.0 + own[0].dispersion.min(axis=1))
    return np.stack(found)


def _within(hierarchy: Hierarchy, means: Sequence[Floats], moments: Floats, position: int) -> tuple[Floats, Floats]:
    """For the groups of a level: sums of the second moments of their parts, and of the products of two parts' means."""
    size = means[position].shape[1]
    inside = _parents(hierarchy, position)
    parts = group_sums(moments, inside, size)
    squares = group_sums(means[position - 1] ** 2, inside, size)
    return parts, np.maximum(means[position] ** 2 - squares, 0.0)


def _parents(hierarchy: Hierarchy, position: int) -> Indices:
    """For each area of the level before ``position``, its group at that level."""
    before, after = hierarchy.levels[position - 1], hierarchy.levels[position]
    parents = np.empty(len(before.geography.codes), dtype=np.int64)
    parents[before.groups] = after.groups
    return parents
