"""What a feedback simulation found, as data and as text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from contracts.arrays import Floats
from monitoring.scores.feedback import MARGIN, CriticalUplift, Estimate
from training.feedback.countermeasures import Countermeasures
from training.feedback.deployment import Schedule

CAVEAT = (
    "This is a simulation: it shows what a forecast can do to itself under the assumptions of docs/feedback.md, not "
    "what happened anywhere."
)


@dataclass(frozen=True)
class Amplified:
    """Of one group at one uplift: ``factor`` is RR over RR without uplift, ``over_need`` RR over RR_need."""

    factor: Estimate
    over_need: Estimate


@dataclass(frozen=True)
class ArmReport:
    """Of one way to deploy.

    ``amplified`` is by group (the areas flagged first come first) and uplift; ``captured`` the share of true crime in
    patrolled areas; ``kept`` that share over that of the arm without countermeasures; ``paths`` (weeks, 2) the
    exposures of the areas flagged first and of the rest.
    """

    name: str
    title: str
    measures: Countermeasures
    amplified: dict[str, dict[float, Amplified]]
    critical: CriticalUplift
    captured: dict[float, float]
    kept: dict[float, Estimate]
    uplift_estimated: dict[float, float]
    paths: dict[float, Floats]

    def to_dict(self) -> dict[str, Any]:
        """Numbers only; what cannot be told is None."""
        return {
            "name": self.name,
            "title": self.title,
            "countermeasures": asdict(self.measures),
            "critical_uplift": asdict(self.critical),
            "groups": [
                {"group": group, "uplift": uplift}
                | {"amplification": _numbers(one.factor), "exposure_over_need": _numbers(one.over_need)}
                for group, by_uplift in self.amplified.items()
                for uplift, one in by_uplift.items()
            ],
            "capture": [
                {
                    "uplift": uplift,
                    "captured": captured,
                    "kept": _numbers(self.kept[uplift]) if uplift in self.kept else None,
                    "uplift_estimated": self.uplift_estimated.get(uplift),
                }
                for uplift, captured in self.captured.items()
            ],
        }


@dataclass(frozen=True)
class FeedbackReport:
    """Everything a study found."""

    seed: int
    cities: int
    areas: int
    schedule: Schedule
    arms: tuple[ArmReport, ...]

    def arm(self, name: str) -> ArmReport:
        """The arm of that name."""
        return next(arm for arm in self.arms if arm.name == name)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        schedule = self.schedule.to_dict()
        del schedule["reported_too"]
        return {
            "simulated": True,
            "caveat": CAVEAT,
            "seed": self.seed,
            "cities": self.cities,
            "areas": self.areas,
            "margin": MARGIN,
            "schedule": schedule,
            "arms": [arm.to_dict() for arm in self.arms],
        }

    def as_text(self) -> str:
        """Tables for the terminal, Markdown as in the documentation."""
        return "\n\n".join(
            [
                f"Feedback in {self.cities} simulated cities of {self.areas} areas, {self.schedule.weeks} weeks, "
                f"seed {self.seed}. Flagged in each week: {self.schedule.flags.words}. {CAVEAT}",
                self._amplification_table(),
                self._critical_table(),
                self._capture_table(),
                *(self._group_table(arm) for arm in self.arms),
            ]
        )

    def _amplification_table(self) -> str:
        rows = [
            "| areas flagged first: target | uplift | amplification (95%) | exposure over need (95%) |",
            "| --- " * 4 + "|",
        ]
        for arm in self.arms:
            group = next(iter(arm.amplified))
            rows += [
                f"| {arm.title} | {uplift:g} | {one.factor.as_text()} | {one.over_need.as_text()} |"
                for uplift, one in arm.amplified[group].items()
            ]
        return "\n".join(rows)

    def _critical_table(self) -> str:
        rows = [f"| target | uplift at which amplification passes {MARGIN:g} (95%) |", "| --- " * 2 + "|"]
        return "\n".join([*rows, *(f"| {arm.title} | {arm.critical.as_text()} |" for arm in self.arms)])

    def _capture_table(self) -> str:
        rows = ["| target | uplift | crime captured | kept of the unconstrained (95%) |", "| --- " * 4 + "|"]
        for arm in self.arms:
            for uplift, captured in arm.captured.items():
                kept = arm.kept[uplift].as_text() if uplift in arm.kept else "–"
                rows.append(f"| {arm.title} | {uplift:g} | {captured:.1%} | {kept} |")
        return "\n".join(rows)

    def _group_table(self, arm: ArmReport) -> str:
        rows = [f"| {arm.title}: group | uplift | amplification (95%) | exposure over need (95%) |", "| --- " * 4 + "|"]
        largest = max(arm.captured)
        for group, by_uplift in list(arm.amplified.items())[1:]:
            one = by_uplift[largest]
            rows.append(f"| {group} | {largest:g} | {one.factor.as_text()} | {one.over_need.as_text()} |")
        return "\n".join(rows)


def _numbers(estimate: Estimate) -> dict[str, float | None]:
    """A ratio is not told without its interval."""
    numbers = asdict(estimate)
    return dict.fromkeys(numbers) if np.isnan(list(numbers.values())).any() else numbers
