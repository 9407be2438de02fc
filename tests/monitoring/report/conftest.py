"""A made-up city of square areas whose report can be made in a second, in three situations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from contracts import AuditSettings, CountDistribution, DisclosureSettings, FlagSettings
from monitoring import Flags, checks_of, limits_sentence
from monitoring.audits.audit import audit
from monitoring.audits.groups import DISTRICT, deprivation_groups, labelled_groups, shares_of_residents
from monitoring.audits.material import Material
from monitoring.report import (
    Areas,
    Forecasts,
    ReportInput,
    Subject,
    alternatives,
    city_level,
    public_document,
)

PERIODS = 12
SITUATIONS = ("inside", "outside", "not enough evidence")
Maker = Callable[..., Subject]


def material_of(situation: str, *, side: int = 16, seed: int = 5) -> Material:
    """A forecast that is right everywhere, or a third too low where deprivation is highest, or of hardly any crime."""
    side = 5 if situation == "not enough evidence" else side
    generator = np.random.default_rng(seed)
    east, north = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    deprivation = generator.normal(size=side**2) + 0.05 * east
    level = generator.gamma(8.0, 8.0 if situation != "not enough evidence" else 0.05, side**2)
    mean = np.tile(level, (PERIODS, 1))
    outcomes = generator.poisson(mean).astype(float)
    low = deprivation >= np.quantile(deprivation, 0.8)
    forecast = np.where(low & (situation == "outside"), 0.66, 1.0) * mean
    one = np.clip(0.3 + 0.08 * generator.normal(size=side**2), 0.05, 0.9)
    return Material(
        forecast=CountDistribution(forecast, np.full(mean.shape, 0.001)),
        outcomes=outcomes,
        positions=np.column_stack([east, north]).astype(float),
        groups=(
            deprivation_groups(deprivation),
            shares_of_residents("ethnic group", pd.DataFrame({"Black": one, "White": 1.0 - one})),
            labelled_groups(DISTRICT, [f"District {1 + int(at >= side // 2)}" for at in east]),
        ),
        flag_rule=Flags(FlagSettings(share=0.2), tuple(f"{at:03d}" for at in range(side**2))),
        seed=seed,
        residents=generator.uniform(5000.0, 9000.0, side**2),
        baseline=mean * generator.lognormal(0.0, 0.3, side**2),
        deprivation=deprivation,
        margins=AuditSettings(replicates=1000),
    )


def subject_of(situation: str, *, target: str = "violence", title: str = "Violence with injury") -> Subject:
    """The subject of a situation."""
    material = material_of(situation)
    side = round(len(material.happened) ** 0.5)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
    squares = [corners + np.array([at % side, at // side]) for at in range(side**2)]
    result = audit(material)
    return Subject(
        target=target,
        title=title,
        run_id="0123456789abcdef0123456789abcdef",
        model="wardcast",
        horizon=1,
        first="2024-01",
        last="2024-12",
        frequency="month",
        audit=result,
        areas=Areas(
            codes=tuple(f"E{at:03d}" for at in range(side**2)),
            names=tuple(f"Area {at}" for at in range(side**2)),
            districts=tuple(f"District {1 + int(at % side >= side // 2)}" for at in range(side**2)),
            outlines=tuple((0.01 * square,) for square in squares),
            residents=material.residents,
        ),
        forecasts=Forecasts(
            mean=material.means.sum(axis=0),
            deviation=np.sqrt(material.forecast.variance.sum(axis=0)),
            outcomes=material.happened,
            flagged=material.flags.mean(axis=0),
        ),
        city_level=city_level(material),
        audit_sha256="ef" * 32,
        checks=tuple(one.to_dict() for one in checks_of(result, None)),
        limits=limits_sentence(None, result.margins),
        scores=(
            {
                "model": "wardcast",
                "horizon": 1,
                "level": "area",
                "mean_poisson_deviance": 1.0512,
                "crps": 2.2015,
                "coverage_90": 0.9012,
                "vs_ewma": 0.9312,
                "vs_ewma_low": 0.9012,
                "vs_ewma_high": 0.9612,
            },
        ),
        statement="1 of 2 models beat a constant rate.",
        alternatives=alternatives(material),
        publications=(
            {
                "id": "made-up-2025-01-10",
                "published_on": "2025-01-10",
                "first": "2020-01",
                "last": "2024-12",
                "content_sha256": "ab" * 32,
            },
        ),
        gates=({"gate": "skill", "verdict": "pass", "margin": "at most 1.0", "passed": 1, "parts": 1},),
        code={"wardcast": "0.1.0"},
        settings_sha256="cd" * 32,
    )


@pytest.fixture(scope="session")
def subjects() -> dict[str, Subject]:
    """The subject of each situation."""
    return {situation: subject_of(situation) for situation in SITUATIONS}


def report_of(*subjects: Subject) -> ReportInput:
    """A report of these subjects."""
    return ReportInput(
        city="Testham",
        simulated=True,
        made_on=date(2025, 2, 1),
        subjects=subjects,
        disclosure=DisclosureSettings(),
        records=(("Model card", "records/model_card.md"),),
    )


@pytest.fixture(scope="session")
def reports(subjects: dict[str, Subject]) -> dict[str, ReportInput]:
    """One report a situation, one of two targets, and one that is compared with an earlier one."""
    found = {situation: report_of(subject) for situation, subject in subjects.items()}
    robbery = replace(subjects["inside"], target="robbery", title="Robbery of personal property")
    found["two targets"] = report_of(subjects["outside"], robbery)
    earlier = public_document(found["inside"])["subjects"][0]
    findings = tuple(one for made in earlier["audits"] for part in made["attributes"] for one in part["findings"])
    worse = replace(
        subjects["outside"], earlier=findings, earlier_margins=earlier["margins"], earlier_name="May’s report"
    )
    found["worse than before"] = report_of(worse)
    return found
