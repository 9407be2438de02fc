"""Whether the groups themselves can be trusted: nobody left out of an attribute, and shares instead of labels."""

from __future__ import annotations

import numpy as np

from monitoring.audits.groups import DEPRIVATION, DISTRICT, Groups
from monitoring.audits.material import Material
from monitoring.audits.result import CAVEAT, Description

COMPLETENESS = Description(
    audit="completeness of groups",
    question="are all residents in some group of an attribute, and does each area count by shares and not by a label?",
    formula="1 − Σ N·min(Σ_g s, 1) / Σ N",
    unit="share of residents",
    fairlearn="none: it judges what the other audits are given",
    source="measured before: a label by majority gave 3.08 where the share-weighted ratio was 1.51",
)
MOST_LEFT_OUT = 0.05
"""Share of the residents who may be in none of an attribute's groups."""


def completeness(material: Material, groups: Groups) -> dict[str, object]:
    """One row: residents in no group, and whether an attribute of residents is a label of areas."""
    left = groups.left_out(material.residents)
    of_residents = groups.attribute not in (DEPRIVATION, DISTRICT)
    labelled = of_residents and bool(np.isin(groups.shares, (0.0, 1.0)).all())
    return {
        "attribute": groups.attribute,
        "left_out": left,
        "labelled": labelled,
        "unknown_areas": groups.unknown,
        "margin": f"at most {MOST_LEFT_OUT:g} left out, and shares",
        "verdict": "outside" if left > MOST_LEFT_OUT or labelled else "inside",
        "caveat": CAVEAT,
    }
