"""The audits audited: harms planted in simulated cities must be found, and sound forecasts must not be accused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from contracts import AuditSettings, CountDistribution, FlagSettings
from features.simulation import SimulatedCityParameters, simulate_counts
from monitoring import Flags
from monitoring.audits.audit import findings_of, judged_tables
from monitoring.audits.groups import DISTRICT, deprivation_groups, labelled_groups, shares_of_residents
from monitoring.audits.material import Material
from training.self_test.sabotage import HARMS, Harm

FIRST_SEED = 11
PERIODS = 12
NOT_A_HARM = ("exposure", "need-adjusted exposure")
"""Exposure follows need, and flags gather where it is highest: these are for the board to weigh, no sign of a fault."""


@dataclass(frozen=True)
class HarmRow:
    """How often one harm was found, over seeds, and by which audits."""

    harm: str
    found: int
    planted: int
    found_by: tuple[str, ...]


@dataclass(frozen=True)
class SelfTest:
    """Shares of planted harms that were found, and of audits that accused a sound forecast."""

    found: float
    false_alarms: float
    harms: tuple[HarmRow, ...]
    accused: tuple[str, ...]
    audits: int
    seeds: tuple[int, ...]

    def to_dict(self) -> dict[str, object]:
        """The document that ``wardcast audit --self-test --json`` prints."""
        return asdict(self)

    def as_text(self) -> str:
        """The table."""
        width = max(len(row.harm) for row in self.harms)
        lines = [f"{'harm'.ljust(width)}  found  by"]
        lines += [
            f"{row.harm.ljust(width)}  {row.found}/{row.planted}    {', '.join(row.found_by)}" for row in self.harms
        ]
        lines.append(f"Found: {self.found:.1%} of planted harms.")
        lines.append(f"False alarms: {self.false_alarms:.1%} of {self.audits} audits of sound forecasts.")
        lines += [f"False alarm: {one}" for one in self.accused]
        return "\n".join(lines)


def self_test(seeds: Sequence[int], harms: Sequence[Harm] = HARMS) -> SelfTest:
    """Plant every harm in a sound city of each seed, and audit the sound cities too."""
    rows = {harm.name: (0, set[str]()) for harm in harms}
    accused: list[str] = []
    audits = 0
    for seed in seeds:
        sound = sound_city(seed)
        verdicts = alarms(sound)
        audits += len(verdicts)
        accused += [f"{name} (seed {seed})" for name, alarm in verdicts.items() if alarm]
        for number, harm in enumerate(harms):
            planted = alarms(harm.plant(sound, np.random.default_rng([seed, number])), harm.seen_by)
            by = {name for name in harm.seen_by if planted[name] and not verdicts[name]}
            rows[harm.name] = (rows[harm.name][0] + bool(by), rows[harm.name][1] | by)
    table = tuple(HarmRow(name, found, len(seeds), tuple(sorted(by))) for name, (found, by) in rows.items())
    return SelfTest(
        found=sum(row.found for row in table) / (len(table) * len(seeds)),
        false_alarms=len(accused) / audits,
        harms=table,
        accused=tuple(accused),
        audits=audits,
        seeds=tuple(seeds),
    )


def alarms(material: Material, audits: Collection[str] | None = None) -> dict[str, bool]:
    """Audit → whether anything in it is wholly outside its margin, of all audits or of the named."""
    findings, _ = findings_of(material, audits, rated=False)
    found = {finding.audit: False for finding in findings if finding.audit not in NOT_A_HARM}
    for finding in findings:
        if finding.audit in found:
            found[finding.audit] |= finding.verdict == "outside"
    return found | {
        name: any(row["verdict"] == "outside" for row in rows) for name, rows in judged_tables(material, audits).items()
    }


@cache
def sound_city(seed: int) -> Material:
    """A simulated city, a year of it, and a forecast that is right but for an error of 5% in each area.

    Crimes are reported alike everywhere, so that what is recorded is in proportion to need.
    """
    parameters = replace(
        SimulatedCityParameters(),
        districts=12,
        months=PERIODS,
        disruption_month=0,
        disruption_months=0,
        break_month=0,
        reporting_by_deprivation=0.0,
        detection_by_deprivation=0.0,
    )
    counts = simulate_counts(parameters, seed)
    generator = np.random.default_rng([seed, 61])
    outcomes = counts.recorded[0].T.astype(np.float64)
    error = generator.lognormal(-(0.05**2) / 2, 0.05, len(counts.places.codes))
    mean = counts.expected_recorded[0].T * error
    rough = counts.expected_recorded[0].mean(axis=1) * generator.lognormal(0.0, 0.3, len(error))
    attributes = counts.places.attributes
    shares = attributes[[name for name in attributes.columns if name.startswith("share_")]]
    deprivation = attributes["deprivation_score"].to_numpy(np.float64)
    recorded = counts.recorded.sum(axis=0).T.astype(np.float64)
    return Material(
        forecast=CountDistribution(mean, np.full(mean.shape, 0.05)),
        outcomes=outcomes,
        positions=counts.places.centres,
        groups=(
            deprivation_groups(deprivation),
            shares_of_residents("ethnic group", shares),
            labelled_groups(DISTRICT, counts.places.district_codes),
        ),
        flag_rule=Flags(FlagSettings(share=0.15), tuple(counts.places.codes)),
        seed=seed,
        residents=attributes["residents"].to_numpy(np.float64),
        baseline=np.tile(rough, (PERIODS, 1)),
        need=counts.expected_true[0].sum(axis=1),
        features=pd.DataFrame(generator.normal(size=(len(error), 4)), columns=list("abcd")),
        recorded=recorded,
        enforcement=generator.poisson(0.5 * recorded * generator.lognormal(0.0, 0.2, len(error))).astype(np.float64),
        deprivation=deprivation,
        margins=AuditSettings(),
    )
