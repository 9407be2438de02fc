"""Signal swap: whose exposure would be another if the recipe learned from what is reported, or what is found, alone."""

from __future__ import annotations

import numpy as np

from contracts import CountDistribution
from contracts.arrays import Floats
from monitoring.audits.contrasts import judged
from monitoring.audits.exposure import exposure
from monitoring.audits.groups import Groups
from monitoring.audits.material import Material, jaccard
from monitoring.audits.result import Description, figure, figure_of

SIGNAL_SWAP = Description(
    audit="signal swap",
    question="whose exposure depends on what officers find rather than on what is reported to them?",
    formula="exposure by the recipe learned from each signal alone; flags in common with those of all that is recorded",
    unit="ratio to other residents",
    fairlearn="as of exposure",
    source="Lum & Isaac 2016",
)


def signal_swap(material: Material, groups: Groups) -> list[dict[str, object]]:
    """One row a signal and group: its part of the counts, exposure by it, and how many flags stay (Jaccard).

    The first signal is the target as it is recorded. Raises ``ValueError`` where no signals are given.
    """
    if not material.signals:
        raise ValueError("no signals are given")
    materials = {name: _flagged_by(material, signal.means) for name, signal in material.signals.items()}
    recorded, first = next(iter(material.signals.values())), next(iter(materials.values()))
    return [
        {
            "signal": name,
            "share_of_counts": figure(material.signals[name].count / recorded.count),
            **figure_of(one),
            "flags_kept": jaccard(first.flags, swapped.flags),
        }
        for name, swapped in materials.items()
        for one in judged(swapped, [exposure(swapped, groups)])[0]
    ]


def _flagged_by(material: Material, means: Floats) -> Material:
    """The same areas and outcomes under one forecast (A,) in every period."""
    everywhere = np.broadcast_to(means, material.outcomes.shape)
    return material.changed(forecast=CountDistribution(np.array(everywhere), np.zeros(everywhere.shape)))
