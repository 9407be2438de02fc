"""What would change if groups were attached to areas in another way, or if crimes were reported unequally.

A label by majority overstates differences, because it forgets whoever else lives there; it stands beside the
share-weighted figure only to show by how much. Unequal reporting is stressed over rates that are plausible, not
measured: victims in more deprived areas report less (Akpinar, De-Arteaga & Chouldechova 2021; Buil-Gil, Moretti &
Langton 2021).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from contracts import CountDistribution, group_sums, sum_over
from contracts.arrays import Floats
from monitoring.audits.calibration import calibration
from monitoring.audits.contrasts import judged
from monitoring.audits.exposure import exposure
from monitoring.audits.flag_errors import flag_errors
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material, jaccard
from monitoring.audits.result import Description, Finding, figure_of

ATTACHMENT = Description(
    audit="sensitivity to attachment",
    question="does a verdict flip when areas count wholly for one group, are joined, or count who works there?",
    formula="calibration, exposure, missed flags with s replaced by a label, areas by districts, N by a working day's",
    unit="as of each audit",
    fairlearn="as of each audit",
    source="measured before: a label by majority gave 3.08 where the share-weighted ratio was 1.51",
)
REPORTING = Description(
    audit="sensitivity to reporting",
    question="whose exposure changes if deprived areas report fewer of their crimes?",
    formula="flags by μ / r, r falling in a line from 1 in the least to 1 − δ in the most deprived area",
    unit="ratio to other residents",
    fairlearn="as of exposure",
    source="Akpinar, De-Arteaga & Chouldechova 2021",
)
GAPS = (0.1, 0.2, 0.3)
HEADLINE = "share"
"""The attachment that every other audit uses."""


def majority(groups: Groups) -> Groups:
    """Every area wholly of the group with its largest share."""
    return replace(groups, shares=np.eye(len(groups.names))[groups.shares.argmax(axis=1)])


def concentrated(groups: Groups, residents: Floats) -> Groups:
    """Every area of the groups whose share there is more than twice their share in the city."""
    city = residents @ groups.shares / residents.sum()
    return replace(groups, shares=(groups.shares > 2.0 * city).astype(np.float64))


def attachment(material: Material, groups: Groups) -> list[dict[str, object]]:
    """One row an audit, group and attachment: value, interval, verdict, and whether it differs from the headline's.

    Areas are also labelled, joined into districts, and counted by who is there on a working day, as far as these are
    given; shares of groups on a working day are not known, and those of residents stand for them.
    """
    ways = {
        HEADLINE: (material, groups),
        "majority": (material, majority(groups)),
        "above twice the city's share": (material, concentrated(groups, material.population)),
    }
    if material.districts is not None:
        ways["share, by district"] = by_district(material, groups)
    if material.workday is not None:
        ways["share, of who is there on a working day"] = (material.changed(residents=material.workday), groups)
    found: dict[str, list[Finding]] = {}
    for way, (looked_at, attached) in ways.items():
        audits = [calibration(looked_at, attached), exposure(looked_at, attached), flag_errors(looked_at, attached)[0]]
        found[way] = judged(looked_at, audits)[0]
    return [
        {
            "audit": one.audit,
            "attached_by": way,
            **figure_of(one),
            "flips": one.verdict != headline.verdict,
        }
        for way, findings in found.items()
        for one, headline in zip(findings, found[HEADLINE], strict=True)
    ]


def by_district(material: Material, groups: Groups) -> tuple[Material, Groups]:
    """The same forecasts, outcomes and residents with areas joined into districts; areas without one are left out.

    Raises ``ValueError`` where districts are not given.
    """
    if material.districts is None:
        raise ValueError("districts are not given")
    codes, names = pd.factorize(np.asarray(material.districts, dtype=object))
    inside, size = codes >= 0, len(names)
    district = codes[inside].astype(np.int64)

    def joined(values: Floats) -> Floats:
        return group_sums(values[..., inside], district, size)

    people = joined(material.population)
    whole = Material(
        forecast=sum_over(material.forecast[:, inside], district, size),
        outcomes=joined(material.outcomes),
        positions=(joined(material.positions.T) / np.bincount(district, minlength=size)).T,
        groups=(),
        flag_rule=material.flag_rule.joined([str(name) for name in names], codes, material.means.sum(axis=0)),
        seed=material.seed,
        residents=people,
        margins=material.margins,
    )
    shares = joined(material.people(groups).T).T / np.maximum(people, 1.0)[:, None]
    return whole, replace(groups, shares=np.minimum(shares, 1.0))


def reporting(material: Material, groups: Groups) -> list[dict[str, object]]:
    """One row a reporting gap and group: exposure as flagged and as it would be, and how many flags stay (Jaccard).

    Raises ``ValueError`` where deprivation is not given.
    """
    if material.deprivation is None:
        raise ValueError("deprivation is not given")
    rank = pd.Series(material.deprivation).rank(pct=True).fillna(0.5).to_numpy(np.float64)
    before = judged(material, [exposure(material, groups)])[0]
    rows: list[dict[str, object]] = []
    for gap in GAPS:
        stressed = _reported_less(material, np.asarray(1.0 - gap * rank))
        kept = jaccard(material.flags, stressed.flags)
        after = judged(stressed, [exposure(stressed, groups)])[0]
        rows += [
            {
                "gap": gap,
                "exposure": then.value,
                **figure_of(now),
                "flags_kept": kept,
            }
            for then, now in zip(before, after, strict=True)
        ]
    return rows


def _reported_less(material: Material, rate: Floats) -> Material:
    forecast = CountDistribution(material.forecast.mean / rate, material.forecast.dispersion)
    return material.changed(forecast=forecast)
