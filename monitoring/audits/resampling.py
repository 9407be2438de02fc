"""Intervals that resample whole areas in spatial blocks, and a test for several groups that keeps their map's pattern.

Neighbouring areas resemble one another, in who lives there as in what is forecast wrongly, so single areas are not
independent draws. **Intervals**: the city is cut into few large blocks of neighbouring areas, which are drawn with
replacement (Künsch 1989; Lahiri 2003); the cuts are made again for every fifty replicates, so that no cut decides. With
few blocks a percentile interval is too narrow: its tails are moved out as those of Student's t (Bester, Conley & Hansen
2011 for few large blocks; Hesterberg 2015 for expanded percentiles). Its degrees of freedom are those of the variance
averaged over the cuts, which differs little from cut to cut where neighbours are alike and much where they are not
(Satterthwaite 1946). Where errors reach further than a block, blocks miss part of the variance: as larger blocks show
more of it than small ones, the tails move out by the ratio of the two variances, which was chosen on simulated cities.
**Tests**: a group's map is set against the map of what is audited after the signs of its components, from smooth to
rough, were drawn at random: the pattern's scales stay, the coincidence of the two maps does not (Moran spectral
randomisation, Wagner & Dray 2015). Few components carry a smooth pattern: what is drawn is widened by the deviation of
Student's t with as many degrees of freedom as effective components, as neighbouring ones are not quite independent. The
greatest |statistic| over the groups is judged, so that many groups do not raise false alarms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse, spatial, stats

from contracts.arrays import Floats
from monitoring.audits.groups import effective_number

Labels = npt.NDArray[np.int64]

BLOCKS = 10
"""Large blocks: few, because a block must be wider than the reach of the resemblance."""
PARTS_OF_A_BLOCK = 4
"""A large block is so many of the blocks that show whether errors reach further than a block."""
AREAS_IN_SMALL_BLOCK = 4
FEWEST_FOR_AN_INTERVAL = 2.0
"""Of no more blocks nothing can be said about how a figure varies."""
FEWEST_BLOCKS = 5.0
"""A group that lives in fewer large blocks than this is resampled in small ones."""
_REPLICATES_A_CUT = 50
_NEIGHBOURS = 6
_NEGLIGIBLE = 1e-12
"""Of the lengths of two maps: less than this is rounding."""
_LEVEL = 0.95


@dataclass(frozen=True)
class Blocks:
    """How often each replicate drew each area, (R, A), and which block each area lies in under each cut, (P, A)."""

    weights: Floats
    labels: Labels

    @property
    def number(self) -> float:
        """How many blocks each cut has."""
        return float(self.labels.max() + 1)

    def effective(self, shares: Floats) -> Floats:
        """Effective number of blocks in which each group lives, mean over the cuts; shape (G,)."""
        return np.asarray(np.mean([effective_number(cut) for cut in block_totals(shares, self.labels)], axis=0))


@dataclass(frozen=True)
class SpatialResampling:
    """Everything random that the audits of one city share: two sets of blocks and the components of its map.

    ``parts`` (P, A) are cuts into ``PARTS_OF_A_BLOCK`` times as many blocks as the large ones. ``components``
    (A, A − 1) are orthonormal patterns over the areas from smooth to rough, none of them constant; ``signs``
    (R, A − 1) are what the tests draw.
    """

    large: Blocks
    small: Blocks
    parts: Labels
    components: Floats
    signs: Floats

    def intervals(
        self, replicates: Callable[[Floats], Floats], shares: Floats, influence: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Ends of the 95% intervals and the number of blocks that each rests on, shapes (G,).

        ``replicates`` gives the figures (R, G) for weights (R, A); ``influence`` (A, G) is by how much a figure changes
        with the weight of an area. A group for which no replicate is defined has NaN.
        """
        if self.large.number <= FEWEST_FOR_AN_INTERVAL:
            undefined = np.full(shares.shape[1], np.nan)
            return undefined, undefined, np.full(shares.shape[1], self.large.number)
        local = self.large.effective(shares) < FEWEST_BLOCKS
        blocks = np.full(shares.shape[1], self.large.number)
        tails = self._tails_of(influence)
        drawn_for = replicates(self.large.weights)
        if local.any():
            blocks[local] = self.small.effective(shares)[local]
            drawn_for = np.where(local, replicates(self.small.weights), drawn_for)
        low, high = np.full(len(blocks), np.nan), np.full(len(blocks), np.nan)
        for group, number in enumerate(blocks):
            drawn = drawn_for[np.isfinite(drawn_for[:, group]), group]
            if drawn.size and number > FEWEST_FOR_AN_INTERVAL:
                tail = tail_of(number) if local[group] else tails[group]
                low[group], high[group] = np.quantile(drawn, (tail, 1.0 - tail))
        return low, high, blocks

    def _tails_of(self, influence: Floats) -> Floats:
        """Quantile levels at which the intervals of figures begin under the large blocks, (G,)."""
        by_cut = _variances(influence, self.large.labels)
        degrees = degrees_of_freedom(by_cut, self.large.number)
        fine = _variances(influence, self.parts).mean(axis=0)
        coarse = by_cut.mean(axis=0)
        wider = np.divide(coarse, fine, out=np.ones_like(coarse), where=fine > 0)
        return np.array(
            [tail_of(self.large.number, degree, max(by, 1.0)) for degree, by in zip(degrees, wider, strict=True)],
            dtype=np.float64,
        )

    def tails(self, replicates: Floats) -> tuple[float, float]:
        """Ends of the 95% interval of one figure from its replicates (R,) under the large blocks; NaN if undefined."""
        drawn = replicates[np.isfinite(replicates)]
        if not drawn.size or self.large.number <= FEWEST_FOR_AN_INTERVAL:
            return float("nan"), float("nan")
        tail = tail_of(self.large.number)
        return float(np.quantile(drawn, tail)), float(np.quantile(drawn, 1.0 - tail))

    def p_values(self, shares: Floats, residuals: Floats) -> tuple[Floats, float]:
        """Two-sided p of each group (G,), and of the greatest, that Σ s·u is 0; ``residuals`` u (A,) add up to 0.

        Groups whose share is the same everywhere, and residuals that are all 0, have p = 1.
        """
        product = (self.components.T @ shares) * (self.components.T @ residuals)[:, None]
        negligible = _NEGLIGIBLE * np.linalg.norm(shares, axis=0) * np.linalg.norm(residuals)
        product = np.where(np.abs(product) > negligible, product, 0.0)
        squares = (product**2).sum(axis=0)
        scale = np.where(squares > 0, np.sqrt(squares), np.inf)
        seen = np.abs(product.sum(axis=0)) / scale
        effective = effective_number(product**2)
        wider = np.sqrt(effective / np.maximum(effective - 2.0, 1e-9))
        drawn = np.abs(self.signs @ product) / scale * wider
        draws = len(self.signs) + 1.0
        each = (1.0 + (drawn >= seen - 1e-12).sum(axis=0)) / draws
        greatest = (1.0 + (drawn.max(axis=1) >= seen.max() - 1e-12).sum()) / draws
        return np.asarray(each), float(greatest)


def spatial_resampling(positions: Floats, *, seed: int, replicates: int) -> SpatialResampling:
    """Blocks and components of a map: ``positions`` (A, 2), in any unit that is the same in both directions."""
    generator = np.random.default_rng([seed, 41])
    areas = len(positions)
    components = _components(positions)
    return SpatialResampling(
        large=_blocks(positions, min(BLOCKS, areas), replicates, generator),
        small=_blocks(positions, max(areas // AREAS_IN_SMALL_BLOCK, 1), replicates, generator),
        parts=_cuts(positions, min(BLOCKS * PARTS_OF_A_BLOCK, areas), replicates, generator),
        components=components,
        signs=generator.choice([-1.0, 1.0], size=(replicates, components.shape[1])),
    )


def tail_of(blocks: float, degrees: float | None = None, wider: float = 1.0) -> float:
    """Quantile level at which an expanded 95% percentile interval from so many blocks begins (Hesterberg 2015).

    ``degrees`` of freedom are one less than blocks where none are given; the interval is ``wider`` by a factor.

    >>> round(tail_of(10), 4), round(tail_of(1e6), 4), round(tail_of(10, 20.0), 4)
    (0.0086, 0.025, 0.0139)
    """
    student = stats.t.ppf((1.0 - _LEVEL) / 2.0, degrees or blocks - 1.0) * np.sqrt(blocks / (blocks - 1.0))
    return float(stats.norm.cdf(wider * student))


def degrees_of_freedom(by_cut: Floats, blocks: float) -> Floats:
    """Degrees of freedom of variances (P, G) averaged over P cuts into so many blocks, (G,).

    One cut's variance has ``blocks`` − 1. How far the cuts' variances lie apart tells how much two cuts have in common:
    cuts that agree have no more degrees of freedom than one, cuts that have nothing in common P times as many.

    >>> degrees_of_freedom(np.full((40, 1), 2.0), 10.0)
    array([9.])
    """
    mean, single = by_cut.mean(axis=0), blocks - 1.0
    apart = by_cut.var(axis=0, ddof=1) if len(by_cut) > 1 else np.zeros_like(mean)
    expected = np.where(mean > 0, 2.0 * mean**2 / single, 1.0)
    common = np.clip(1.0 - apart / expected, 0.0, 1.0)
    return np.asarray(single / (common + (1.0 - common) / len(by_cut)))


def block_totals(values: Floats, labels: Labels) -> Floats:
    """Sums of values (A, G) over the blocks of each cut (P, A), shape (P, blocks, G).

    >>> block_totals(np.array([[1.0], [2.0], [4.0]]), np.array([[0, 0, 1]]))[0].ravel()
    array([3., 4.])
    """
    cuts, areas = labels.shape
    number = int(labels.max()) + 1
    rows = labels + number * np.arange(cuts)[:, None]
    columns = np.tile(np.arange(areas), cuts)
    member = sparse.csr_array((np.ones(rows.size), (rows.ravel(), columns)), shape=(cuts * number, areas))
    return np.asarray(member @ values).reshape(cuts, number, -1)


def benjamini_hochberg(p: Floats) -> Floats:
    """p adjusted for the false discovery rate over a family (Benjamini & Hochberg 1995); NaN stays and is not counted.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, np.nan])).round(3)
    array([0.03, 0.04, 0.04,  nan])
    """
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def _variances(influence: Floats, labels: Labels) -> Floats:
    """Variance of figures from the totals of their influence over the blocks of each cut, (P, G)."""
    number = float(labels.max() + 1)
    return np.asarray((block_totals(influence, labels) ** 2).sum(axis=1) * number / max(number - 1.0, 1.0))


def _blocks(positions: Floats, number: int, replicates: int, generator: np.random.Generator) -> Blocks:
    labels = _cuts(positions, number, replicates, generator)
    drawn = generator.multinomial(number, np.full(number, 1.0 / number), size=(len(labels), _REPLICATES_A_CUT))
    weights = np.concatenate([part[:, label] for part, label in zip(drawn, labels, strict=True)])
    return Blocks(weights[:replicates].astype(np.float64), labels)


def _cuts(positions: Floats, number: int, replicates: int, generator: np.random.Generator) -> Labels:
    """As many cuts as replicates need, (P, A)."""
    return np.array([_cut(positions, number, generator) for _ in range(-(-replicates // _REPLICATES_A_CUT))])


def _cut(positions: Floats, number: int, generator: np.random.Generator) -> Labels:
    """Label of the block of each area: halves of halves, each cut in a direction at random."""
    labels = np.zeros(len(positions), dtype=np.int64)
    waiting = [(np.arange(len(positions)), number)]
    done = 0
    while waiting:
        areas, parts = waiting.pop()
        if parts == 1:
            labels[areas] = done
            done += 1
            continue
        angle = generator.uniform(0.0, np.pi)
        along = positions[areas] @ np.array([np.cos(angle), np.sin(angle)])
        ordered = areas[np.argsort(along, kind="stable")]
        first = parts // 2
        middle = round(len(areas) * first / parts)
        waiting += [(ordered[:middle], first), (ordered[middle:], parts - first)]
    return labels


def _components(positions: Floats) -> Floats:
    """Eigenvectors of the Laplacian of the graph that joins each area to its nearest, the constant one left out.

    Adding a constant to every element moves the eigenvalue of the constant pattern above all others, which are at most
    twice the largest number of neighbours.
    """
    areas = len(positions)
    neighbours = min(_NEIGHBOURS, areas - 1)
    _, nearest = spatial.cKDTree(positions).query(positions, k=neighbours + 1)
    joined = np.zeros((areas, areas))
    joined[np.arange(areas)[:, None], nearest] = 1.0
    joined = np.maximum(joined, joined.T)
    np.fill_diagonal(joined, 0.0)
    laplacian = np.diag(joined.sum(axis=1)) - joined
    constant = 2.0 * areas
    _, vectors = np.linalg.eigh(laplacian + constant / areas)
    return np.asarray(vectors[:, :-1])
