"""A harm at one issued horizon only is found by that horizon's audit, stops the gate, and stands in the report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contracts import CountDistribution, DisclosureSettings, Frequency, GateLimits, Period, issued_horizons
from features.views.as_of import ViewMode
from monitoring import Verification, audit_gate
from monitoring.audits import material as module
from monitoring.audits.result import AuditResult
from monitoring.report import Areas, Forecasts, ReportInput, Subject, city_level, public_document
from training.backtests.auditing import audit_backtest
from training.backtests.rolling_origin import Backtest, Plan
from training.self_test.self_test import sound_city

HORIZONS = (1, 2, 3, 4)
LIMITS = GateLimits()


@pytest.fixture(scope="module")
def material() -> Any:
    return sound_city(11)


def audited(material: Any, monkeypatch: pytest.MonkeyPatch, harmed: int | None) -> AuditResult:
    """The audits of a backtest whose forecast at one horizon is a third too low in the most deprived fifth."""
    low = material.groups[0].shares[:, 0] > 0
    names = tuple(f"A{number:04d}" for number in range(len(low)))
    verifications = []
    for horizon in HORIZONS:
        factor = np.where(low & (horizon == harmed), 0.66, 1.0)
        forecast = CountDistribution(material.forecast.mean * factor, material.forecast.dispersion)
        base = CountDistribution(material.baseline, np.array(0.05))
        periods = np.arange(600, 600 + len(material.outcomes))
        for model, one in (("wardcast", forecast), ("ewma", base)):
            verifications.append(Verification(model, "violence", horizon, names, periods, one, material.outcomes))
    first = Period(Frequency.MONTH, 600)
    plan = Plan("violence", first, first.shift(11), HORIZONS, ("ewma", "wardcast"), ViewMode.AS_OF, 11)
    geography = SimpleNamespace(codes=names)
    monkeypatch.setattr(
        "training.backtests.auditing.material_of",
        lambda _settings, _geography, one, baseline, *, flags, seed: material.changed(
            forecast=one.forecast, outcomes=one.outcomes, baseline=baseline.forecast.mean, features=None
        ),
    )
    monkeypatch.setattr("training.backtests.auditing.flag_rule_of", lambda *_: material.flag_rule)
    monkeypatch.setattr("training.backtests.auditing.newest_day", lambda _: date(2025, 1, 10))
    backtest = Backtest(plan, geography, tuple(verifications), pd.DataFrame(), 0.0, ())
    return audit_backtest(SimpleNamespace(settings=None), backtest)


def failed(result: AuditResult) -> set[str]:
    return {one.part for one in audit_gate(result, limits=LIMITS).findings if one.verdict == "fail"}


@pytest.fixture(scope="module")
def by_harm(material: Any) -> dict[int | None, AuditResult]:
    with pytest.MonkeyPatch.context() as patch:
        return {harmed: audited(material, patch, harmed) for harmed in (None, 1, 3, 4)}


def test_a_sound_forecast_is_accused_at_no_horizon(by_harm: dict[int | None, AuditResult]) -> None:
    sound = by_harm[None]
    assert [one.horizon for one in sound.by_horizon] == [1, 2, 3, 4]
    assert failed(sound) == set()


@pytest.mark.parametrize("harmed", [1, 3, 4])
def test_a_harm_at_one_horizon_is_found_there_and_stops_the_gate(
    by_harm: dict[int | None, AuditResult], harmed: int
) -> None:
    result = by_harm[harmed]
    found = failed(result)
    assert f"calibration, deprivation fifth: 1 (most deprived), horizon {harmed}" in found
    assert {part.rsplit(" ", 1)[1] for part in found} == {str(harmed)}, "no other horizon is accused"
    assert audit_gate(result, limits=LIMITS).verdict == "fail"


def test_the_audits_of_every_horizon_are_written_and_read_back(by_harm: dict[int | None, AuditResult]) -> None:
    result = by_harm[3]
    assert AuditResult.from_json(result.to_json()) == AuditResult.from_json(
        AuditResult.from_json(result.to_json()).to_json()
    )
    back = AuditResult.from_json(result.to_json())
    assert [one.horizon for one in back.by_horizon] == [1, 2, 3, 4]
    assert back.others[1].findings == result.others[1].findings
    text = result.as_text()
    assert all(f"Horizon {horizon}: " in text for horizon in HORIZONS)


def test_an_audit_from_before_horizons_were_told_is_of_horizon_1(by_harm: dict[int | None, AuditResult]) -> None:
    older = json.loads(replace(by_harm[None], others=()).to_json())
    del older["horizon"], older["others"]
    back = AuditResult.from_json(json.dumps(older))
    assert (back.horizon, back.others) == (1, ())


def test_all_horizons_share_blocks_and_draws(material: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(*arguments: Any, **choice: Any) -> Any:
        made.append(arguments)
        return original(*arguments, **choice)

    original = module.spatial_resampling
    monkeypatch.setattr(module, "spatial_resampling", counted)
    fresh = replace(material)
    audited(fresh, monkeypatch, None)
    assert len(made) == 1


def test_the_report_tells_of_every_horizon(by_harm: dict[int | None, AuditResult], subject_maker: Any) -> None:
    report = subject_maker(by_harm[3])
    row = public_document(report)["subjects"][0]
    assert [one["horizon"] for one in row["other_horizons"]] == [2, 3, 4]
    beyond = {
        one["horizon"]
        for one in row["other_horizons"]
        for found in one["findings"]
        if (found["audit"], found["verdict"]) == ("calibration", "outside")
    }
    assert beyond == {3}
    glance = public_document(report)["summary"]["glance"][0]["elsewhere"]
    assert "Outside the limit: " in glance
    assert "at horizon 3" in glance


@pytest.fixture
def subject_maker(material: Any) -> Any:
    def make(result: AuditResult) -> ReportInput:
        size = len(material.happened)
        codes = tuple(f"A{number:04d}" for number in range(size))
        areas = Areas(codes, codes, (None,) * size, ((),) * size, material.residents)
        forecasts = Forecasts(
            mean=material.means.sum(axis=0),
            deviation=np.sqrt(material.forecast.variance.sum(axis=0)),
            outcomes=material.happened,
            flagged=material.flags.mean(axis=0),
        )
        subject = Subject(
            target="violence",
            title="Violence",
            run_id="0" * 32,
            model="wardcast",
            horizon=1,
            first="2020-01",
            last="2020-12",
            frequency="month",
            audit=result,
            areas=areas,
            forecasts=forecasts,
            city_level=city_level(material),
            audit_sha256="f" * 64,
        )
        return ReportInput("Testham", True, date(2025, 1, 1), (subject,), DisclosureSettings())

    return make


def test_training_judges_what_issuing_issues() -> None:
    """One function says both: three periods ahead, from counts to June, known on 10 July."""
    june = Period.parse("2025-06", Frequency.MONTH)
    assert issued_horizons(june, date(2025, 7, 10), 3) == (1, 2, 3, 4)
    assert issued_horizons(june, date(2025, 8, 1), 3) == (1, 2, 3, 4, 5)
    assert issued_horizons(june, date(2025, 6, 30), 3) == (1, 2, 3)
    week = Period.parse("2025-W20", Frequency.WEEK)
    assert issued_horizons(week, date(2025, 5, 20), 1) == (1, 2)
