"""One set of flags on London's wards, under each rule: signed, served, audited, reported and simulated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import numpy as np
import pandas as pd
import pytest

from contracts import (
    CountDistribution,
    FlagSettings,
    Frequency,
    GateLimits,
    MissingThing,
    ReasonGroup,
    Settings,
    TrainedModel,
    Workspace,
    ordinals_of,
    sha256_of_folder,
)
from contracts.run_files import GATES_FILE
from contracts.settings.settings import HarmWeights
from features.geographies.geography import add_geography
from features.store.ingesting import ingest_mps
from features.views.as_of import ViewMode, load_door
from models.recipe.reasons import Reasons
from monitoring import GateFinding, GateReport, GateResult, Verification
from monitoring.audits.audit import audit
from service.board.champions import ModelRegistry
from service.board.decisions import approve
from service.board.people import person_named
from service.board.trained import enter_trained
from service.forecasts.issued import read_issued
from service.issuing.contents import open_sources
from service.issuing.issuing import issue
from service.ledger.ledger import open_ledger, sha256_of
from service.web.app import create_app
from service.web.watcher import SnapshotWatcher
from service.workspaces.setup import make_workspace
from training.backtests.auditing import flag_rule_of, material_of
from training.feedback import feedback_of_settings, make_world
from training.feedback.deployment import flag_rule_in

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

TARGET = "robbery"
TODAY = date(2025, 7, 10)
_PASSED = GateFinding("the city", "pass", "deviance over that of ewma", 0.9, 0.8, 0.95)
GATES = GateReport((GateResult("skill", (_PASSED,)),), GateLimits(), "0" * 64, horizons=(1, 2, 3, 4)).to_json()
"""What the gates say of the stand-in: made up, so that it can be approved."""
RULES = ("count", "rate", "density", "harm")
OFFENCES = {"personal_robbery": 365.0, "business_robbery": 30.0}


@pytest.fixture(scope="module")
def london(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Workspace:
    """London's wards and one publication."""
    workspace = make_workspace(tmp_path_factory.mktemp("flags") / "london", "london")
    shapes = real_data / "geography"
    add_geography(
        workspace,
        "ward_2022",
        boundaries=shapes / "london_wards_2022.geojson",
        code="ward22_code",
        area_name="ward22_name",
        parent="ltla24_code",
        attributes=shapes / "ward_2022_attributes.parquet",
        attributes_code="ward24_code",
    )
    newest = real_data / "london" / "mps_ward" / "recent_24_months_published_2025-07.csv"
    ingest_mps(workspace, [newest], source="mps-ward", published_on=TODAY)
    return workspace


class MeanOfAYear:
    """Stands for a saved model: the mean of the last twelve months."""

    def predict(self, panel: Any, geography: Any, horizons: tuple[int, ...]) -> CountDistribution:
        mean = np.nanmean(panel.of(TARGET)[:, -12:], axis=1) + 0.01
        return CountDistribution(np.tile(mean, (len(horizons), 1)), np.array(0.2), np.array(0.01))

    def explain(self, panel: Any, geography: Any, horizons: tuple[int, ...]) -> Reasons:
        return Reasons((ReasonGroup.USUAL_LEVEL,), self.predict(panel, geography, horizons).mean[:, :, None])


def settings_with(rule: str, settings: Settings) -> Settings:
    """London's settings with a rule, and made-up weights of harm for the target's two offences."""
    harm = {"mps": HarmWeights(source="Made up", weights=OFFENCES)}
    flags = FlagSettings(rule=cast(Any, rule))
    return settings.model_copy(update={"flags": flags, "harm": harm, "forecast": settings.forecast})


def issued_under(workspace: Workspace) -> tuple[Any, SnapshotWatcher]:
    """The signed forecast under the workspace's rule, and what serves it."""
    folder = workspace.root / "stand_in_model"
    folder.mkdir(exist_ok=True)
    (folder / "model.txt").write_text("The mean of the last twelve months")
    trained = TrainedModel(
        target=TARGET,
        version=1,
        run_id="run",
        sha256=sha256_of_folder(folder),
        report_sha256="f" * 64,
        gates_sha256=sha256_of(GATES),
        gates={"skill": "pass"},
        trained_by=None,
        as_of=str(TODAY),
        last_known="2025-06",
        geography="ward_2022",
        publications={},
        settings_sha256="0" * 64,
    )
    tags = {"report_sha256": trained.report_sha256, "gates_sha256": trained.gates_sha256}
    model = SimpleNamespace(target=TARGET, version=1, run_id="run", sha256=trained.sha256, folder=folder, tags=tags)
    registry = cast(
        ModelRegistry,
        SimpleNamespace(
            registered=lambda *given: model if given[1:] == (TARGET, "challenger") else None,
            version=lambda *_: model,
            set_champion=lambda *_: None,
            clear_champion=lambda *_: None,
            run_text=lambda *given: GATES if given[2] == GATES_FILE else None,
            finished_run=lambda *_: None,
            run_loss=lambda *_: None,
        ),
    )
    ledger = open_ledger(workspace)
    if not ledger.entries("approval"):
        enter_trained(ledger, trained)
        person = person_named(workspace.settings, "A. Member")
        told = {"by": person, "reason": "Only a test."}
        approve(workspace, ledger, registry, **told, target=TARGET)
    sources = replace(open_sources(workspace), registry=registry, load=lambda *_: cast(Any, MeanOfAYear()))
    issue(workspace, ledger, sources, today=TODAY, tell=lambda _: None)
    watcher = SnapshotWatcher(workspace, ledger)
    watcher.poll()
    return read_issued(workspace, ledger.entries("issue")[-1]), watcher


def asked(watcher: SnapshotWatcher) -> Callable[[str], Any]:
    """Sends a question straight into the application."""

    async def send(path: str) -> Any:
        transport = httpx.ASGITransport(app=create_app(watcher, today=lambda: TODAY))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return (await client.get(path)).json()

    return lambda path: asyncio.run(send(path))


def audited(workspace: Workspace, issued: Any, table: pd.DataFrame) -> set[str]:
    """What an audit of the issued forecast flags and writes down, by the rule as training makes it."""
    geography = open_sources(workspace).geography.only(tuple(table["area"]))
    settings, ordered = workspace.settings, table.set_index("area").loc[list(geography.codes)]
    day = date.fromisoformat(issued.record.as_of)
    rule = flag_rule_of(workspace, settings, geography, TARGET, day, ViewMode.AS_OF)
    forecast = CountDistribution(*(ordered[[name]].to_numpy(float).T for name in ("mean", "dispersion", "shared")))
    known = Verification(
        model="wardcast",
        target=TARGET,
        horizon=int(table["horizon"].iloc[0]),
        areas=geography.codes,
        periods=ordinals_of(table["period"].to_numpy()[:1], Frequency.MONTH),
        forecast=forecast,
        outcomes=np.round(forecast.mean),
    )
    material = material_of(settings, geography, known, None, flags=rule, seed=7).changed(groups=())
    written = json.loads(audit(material).to_json())
    assert written["flags_in_words"] == settings.flags.words
    return set(written["flagged"])


@pytest.mark.parametrize("rule", RULES)
def test_page_api_report_simulation_and_signed_forecast_flag_the_same_wards(london: Workspace, rule: str) -> None:
    workspace = Workspace(london.root, settings_with(rule, london.settings))
    issued, watcher = issued_under(workspace)
    ask = asked(watcher)
    assert ask("/v1/summary")["flags"]["words"] == workspace.settings.flags.words
    for step in issued.record.targets[0].periods:
        signed = issued.flags.areas(TARGET, step.horizon)
        table = issued.forecasts[issued.forecasts["horizon"] == step.horizon]
        assert len(signed) == int(0.05 * len(table))
        rows = ask(f"/v1/forecasts?target={TARGET}&period={step.period}")["areas"]
        assert {row["area"] for row in rows if row["flagged"]} == signed
        answer = ask(f"/v1/flags?target={TARGET}&period={step.period}")
        assert {row["area"] for row in answer["areas"]} == signed
        assert audited(workspace, issued, table) == signed


def test_the_rules_ask_four_questions_of_london(london: Workspace) -> None:
    found = []
    for rule in RULES:
        issued, _ = issued_under(Workspace(london.root, settings_with(rule, london.settings)))
        found.append(issued.flags.areas(TARGET, issued.record.targets[0].periods[0].horizon))
    assert len(set(found)) == 4
    assert load_door(london).targets


@pytest.mark.parametrize("rule", RULES[:3])
def test_the_simulation_flags_by_the_rule_of_the_workspace(london: Workspace, rule: str) -> None:
    settings = settings_with(rule, london.settings)
    study = feedback_of_settings(settings, cities=1, quick=True)
    small = replace(study.parameters, areas=40, districts=4, months=6, disruption_month=1, break_month=3)
    world = make_world(small, 7)
    flags = flag_rule_in(world, study.schedule)
    assert flags.settings == settings.flags
    land = world.geography.areas["area_km2"].to_numpy(float)
    size = {"count": np.ones(40), "rate": world.residents, "density": land}[rule]
    expected = world.expected_reported[:, 0]
    best = sorted(range(40), key=lambda at: (-expected[at] / size[at], flags.areas[at]))[:2]
    assert set(flags.codes(expected)) == {flags.areas[at] for at in best}


def test_the_simulation_by_harm_needs_weights_for_what_it_simulates(london: Workspace) -> None:
    settings = settings_with("harm", london.settings)
    with pytest.raises(MissingThing, match="no harm weights for the offences of a simulated city"):
        feedback_of_settings(settings)
    names = feedback_of_settings(settings_with("count", london.settings)).parameters.offence_names
    weights = HarmWeights(source="Made up", weights={name: 1.0 + at for at, name in enumerate(names)})
    study = feedback_of_settings(settings.model_copy(update={"harm": {"simulated": weights}}))
    assert study.schedule.harm == weights.weights
