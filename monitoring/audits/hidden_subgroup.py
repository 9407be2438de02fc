"""The worst hidden subgroup: the combination of attributes whose areas the forecast misses most, found by a scan.

A forecast may be right for every group on its own and wrong where two meet. The Poisson subset scan looks among all
sets of areas that one or two attributes describe, by thirds, for the one whose crimes exceed the forecast by the
largest likelihood ratio F = C·ln(C/B) − C + B, C crimes and B forecast crimes of the set, both divided by the variance
ratio so that a lasting error of one area weighs as chance. What is wrong for all areas of about the same forecast is
nobody's harm and taken out. The p-value is by Monte Carlo: the same scan over maps of errors whose components had
their signs drawn at random, so that errors which neighbours share raise no false alarm. The same search below B finds
over-prediction. Sources: Kulldorff 1997, Zhang & Neill 2016 (identifying bias by subset scanning), Wagner & Dray 2015.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from contracts.arrays import Floats
from monitoring.audits.groups import fifths_of
from monitoring.audits.material import Material
from monitoring.audits.result import CAVEAT, Description, figure

Values = npt.NDArray[np.int64]

HIDDEN_SUBGROUP = Description(
    audit="worst hidden subgroup",
    question="is there a combination of attributes whose areas are forecast wrongly beyond chance, and which?",
    formula="F = max over subgroups of C·ln(C/B) − C + B, C = Σ y, B = Σ μ; p by Monte Carlo over maps of the errors",
    unit="log likelihood ratio",
    fairlearn="none: the subgroup is searched for, not given",
    source="Zhang & Neill 2016",
)
DRAWS = 999
_LABELS = ("lowest third", "middle third", "highest third")
_SUBSETS = ((0,), (1,), (2,), (0, 1), (1, 2))
FEWEST_AREAS = 5
"""A subgroup of fewer areas is not looked at."""
_AT_ONCE = 100


def thirds(values: Floats) -> Values:
    """Third of each area by number of areas, 0 the lowest; ties and unknown values go to the middle.

    >>> thirds(np.array([1.0, 2.0, 3.0])).tolist()
    [0, 1, 2]
    """
    known = ~np.isnan(values)
    if not known.any() or np.nanmin(values) == np.nanmax(values):
        return np.ones(len(values), dtype=np.int64)
    low, high = np.nanquantile(values, (1 / 3, 2 / 3))
    return np.where(known, (values > low).astype(np.int64) + (values > high), 1)


def attributes_of(material: Material) -> dict[str, Values]:
    """Thirds of the areas by each group's share, and deprivation by thirds where it is given."""
    found = {
        f"{groups.attribute}: {name}": thirds(groups.shares[:, at])
        for groups in material.groups
        for at, name in enumerate(groups.names)
        if len(np.unique(groups.shares[:, at])) > 3
    }
    if material.deprivation is not None:
        found["deprivation"] = thirds(material.deprivation)
    return found


def hidden_subgroup(material: Material, draws: int = DRAWS) -> list[dict[str, object]]:
    """The worst subgroup in either direction: which areas, crimes over forecast there, F and its Monte Carlo p.

    Nothing where no attribute, or no two, describe ``FEWEST_AREAS`` areas or more.
    """
    names, members = subgroups(attributes_of(material))
    if not names:
        return []
    expected = material.means.sum(axis=0)
    base = np.maximum(expected * _level_of(material, expected), 1e-9)
    ratio = _variance_ratio(material, base)
    error = (material.happened - base) / np.sqrt(base * ratio)
    components, signs = material.resampling.components, material.resampling.signs[:draws]
    maps = (signs * (components.T @ error)) @ components.T
    drawn = np.maximum(base + maps * np.sqrt(base * ratio), 0.0) / ratio
    crimes, forecast = material.happened / ratio, base / ratio
    rows: list[dict[str, object]] = []
    for direction, sign in (("forecast too low", 1.0), ("forecast too high", -1.0)):
        scores = _scores(crimes[None, :], forecast, members, sign)[0]
        worst = int(scores.argmax())
        parts = [drawn[start : start + _AT_ONCE] for start in range(0, len(drawn), _AT_ONCE)]
        greatest = np.concatenate([_scores(part, forecast, members, sign).max(axis=1) for part in parts])
        p = float((1.0 + (greatest >= scores[worst]).sum()) / (len(drawn) + 1.0))
        rows.append(_row(material, direction, names[worst], members[:, worst] > 0, float(scores[worst]), p))
    return rows


def subgroups(attributes: dict[str, Values]) -> tuple[list[str], Floats]:
    """Every subgroup that one or two attributes describe: in words, and its areas as a column of 0 and 1, (A, S)."""
    single = [
        (name, f"{name} in the {' or '.join(_LABELS[value] for value in subset)}", np.isin(values, subset))
        for name, values in attributes.items()
        for subset in _SUBSETS
    ]
    found = [(words, inside) for _, words, inside in single]
    found += [(f"{a[1]}; {b[1]}", a[2] & b[2]) for a, b in combinations(single, 2) if a[0] != b[0]]
    kept = [one for one in found if FEWEST_AREAS <= one[1].sum() < len(one[1])]
    return [words for words, _ in kept], np.array([inside for _, inside in kept], dtype=np.float64).T


def _level_of(material: Material, expected: Floats) -> Floats:
    """Crimes over forecast of the areas of about the same forecast."""
    level = np.ones(len(expected))
    fifth = fifths_of(expected)
    for number in range(1, 6):
        inside = fifth == number
        if expected[inside].sum() > 0:
            level[inside] = material.happened[inside].sum() / expected[inside].sum()
    return level


def _variance_ratio(material: Material, base: Floats) -> Floats:
    """Variance over mean of the areas' sums: at least that of the forecast, and as large as lasting errors show."""
    own = np.where(material.known, material.forecast.variance, 0.0).sum(axis=0)
    lasting = float(((material.happened - base) ** 2 - base).sum() / (base**2).sum())
    return np.asarray(np.maximum(np.maximum(own, base + max(lasting, 0.0) * base**2) / base, 1.0))


def _scores(crimes: Floats, forecast: Floats, members: Floats, sign: float) -> Floats:
    """F of every subgroup (columns of ``members``) for every row of ``crimes``; 0 where the error is the other way."""
    count, base = crimes @ members, forecast @ members
    score = count * np.log(np.maximum(count, 1e-9) / np.maximum(base, 1e-9)) - count + base
    return np.where(sign * (count - base) > 0, score, 0.0)


def _row(
    material: Material,
    direction: str,
    words: str,
    inside: npt.NDArray[np.bool_],
    score: float,
    p: float,
) -> dict[str, object]:
    limit = material.margins.scan_significance / 2.0
    crimes = float(material.happened[inside].sum())
    return {
        "direction": direction,
        "subgroup": words,
        "areas": int(inside.sum()),
        "crimes": crimes,
        "score": figure(score),
        "p": p,
        "verdict": "outside" if p <= limit else "inside",
        "margin": f"p above {limit:g} in either direction",
        "caveat": CAVEAT,
    }
