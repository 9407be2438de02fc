"""How long a full audit takes: ``python -m benchmarks.audit_speed``.

A simulated city of the size of London by ward (679 areas, 12 months, 12 groups in three attributes), with everything
that an audit can use, and 1,000 replicates.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from contracts import AuditSettings, CountDistribution, FlagSettings
from monitoring import Flags
from monitoring.audits.audit import audit
from monitoring.audits.groups import Groups, deprivation_groups
from monitoring.audits.material import Material, Signal
from training.backtests.resources import Measured

AREAS, PERIODS = 679, 12
GROUPS = {"ethnic group": 5, "age": 2}
FEATURES = 30


def material() -> Material:
    """A city in which a sound forecast is audited."""
    generator = np.random.default_rng(1)
    positions = generator.uniform(0.0, 40.0, (AREAS, 2))
    means = np.tile(generator.gamma(8.0, 1.5, AREAS), (PERIODS, 1))
    deprivation = generator.normal(size=AREAS)
    shared = [
        Groups(name, tuple(f"{name} {at}" for at in range(size)), generator.dirichlet(np.full(size, 0.5), AREAS))
        for name, size in GROUPS.items()
    ]
    return Material(
        forecast=CountDistribution(means, np.full(means.shape, 0.05)),
        outcomes=CountDistribution(means, np.array(0.05)).sample(1, 2)[0].astype(float),
        positions=positions,
        groups=(*shared, deprivation_groups(deprivation)),
        flag_rule=Flags(FlagSettings(share=0.1), tuple(f"{at:05d}" for at in range(AREAS))),
        seed=1,
        residents=generator.integers(5_000, 15_000, AREAS).astype(float),
        baseline=means * generator.lognormal(0.0, 0.2, means.shape),
        need=means[0],
        features=pd.DataFrame(generator.normal(size=(AREAS, FEATURES))).add_prefix("feature_"),
        signals={"all": Signal(2.0, means[0]), "part": Signal(1.0, means[0] * generator.lognormal(0.0, 0.2, AREAS))},
        recorded=means,
        enforcement=generator.poisson(means).astype(float),
        deprivation=deprivation,
        districts=tuple(np.floor(positions[:, 0] / 7.0).astype(int) * 6 + np.floor(positions[:, 1] / 7.0).astype(int)),
        margins=AuditSettings(replicates=1000),
    )


def main() -> None:
    """Print the time of one audit."""
    made = material()
    measured = Measured()
    with measured:
        result = audit(made)
    groups = sum(len(one.names) for one in made.groups)
    print(
        f"{len(result.findings)} findings on {AREAS} areas, {PERIODS} months, {groups} groups, "
        f"{made.margins.replicates:,} replicates: {measured.seconds:.1f} s, peak memory {measured.peak_mb:,.0f} MB"
    )


if __name__ == "__main__":
    main()
