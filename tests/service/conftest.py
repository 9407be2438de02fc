"""A small city with a real store, geography and ledger, and a fake registry of models: nothing is trained here.

Besides: the ledger in a real PostgreSQL and in SQLite.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pandas as pd
import psycopg
import pytest
import sqlalchemy as sa
from scipy import sparse

from contracts import (
    CountDistribution,
    Frequency,
    GateLimits,
    MissingThing,
    Period,
    ReasonGroup,
    TrainedModel,
    Workspace,
    sha256_of_folder,
)
from features.geographies.geography import Geography
from features.geographies.points import Points, points_in_order
from features.views.panel import Panel
from models.recipe.reasons import Reasons
from models.sums.harm import HarmMix, harm_weights
from monitoring import GateFinding, GateReport, GateResult
from service.board.decisions import approve
from service.board.people import person_named
from service.board.trained import enter_trained
from service.issuing.contents import Sources
from service.issuing.harm import MixOf
from service.issuing.issuing import Issue, issue
from service.ledger.database import open_database, writing
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.seal import Seal
from service.web.app import create_app
from service.web.watcher import SnapshotWatcher

TODAY = date(2025, 7, 10)
TARGETS = ("violence", "robbery")
SETTINGS = """
city = "Testham"
geography = "cells"
time_zone = "UTC"
simulated = true
[forecast]
replay = {replay}
[offences.simulated]
violence = []
robbery = []
{harm}[targets.violence]
title = "Violence with injury"
offences = {{ simulated = ["violence"] }}
[targets.robbery]
title = "Robbery"
offences = {{ simulated = ["robbery"] }}
"""


_PASSED = GateFinding("the city", "pass", "deviance over that of ewma", 0.9, 0.8, 0.95)
PASSED_GATES = GateReport(
    (GateResult("skill", (_PASSED,)),), GateLimits(), "0" * 64, horizons=tuple(range(1, 13))
).to_json()
"""What the gates found of a model, as a run keeps it, unless a test says otherwise."""


@dataclass(frozen=True)
class FakeModel:
    """Stands for ``models.saved.registry.RegisteredModel``."""

    target: str
    version: int
    run_id: str
    sha256: str
    folder: Path
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FakeRegistry:
    """Stands for the module ``models.saved.registry``; ``aliases`` maps (target, alias) to a version.

    ``texts`` maps (run, path) to an artefact, ``runs`` a run to its kind and target, ``lost`` a deleted run to what
    is said of it. What is added is entered into ``ledger`` as training does, where there is one.
    """

    ledger: Ledger | None = None

    versions: dict[tuple[str, int], FakeModel] = field(default_factory=dict)
    aliases: dict[tuple[str, str], int] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    runs: dict[str, tuple[str, str]] = field(default_factory=dict)
    lost: dict[str, MissingThing] = field(default_factory=dict)

    def add(
        self, target: str, folder: Path, *, gates: str | None = PASSED_GATES, trained_by: str | None = None
    ) -> FakeModel:
        number = 1 + sum(1 for known, _ in self.versions if known == target)
        home = folder / str(number) / target
        home.mkdir(parents=True, exist_ok=True)
        (home / "model.txt").write_text(f"{target} {number}")
        sha256 = sha256_of_folder(home)
        run_id, tags = f"run-{target}-{number}", {"report_sha256": "f" * 64}
        if gates is not None:
            self.texts[run_id, "gates/gates.json"] = gates
            tags["gates_sha256"] = hashlib.sha256(gates.encode()).hexdigest()
        if trained_by is not None:
            tags["trained_by"] = trained_by
        model = FakeModel(target, number, run_id, sha256, home, tags)
        self.versions[target, number] = model
        self.aliases[target, "challenger"] = number
        if self.ledger is not None:
            enter_trained(self.ledger, trained_of(model, gates))
        return model

    def registered(self, workspace: Workspace, target: str, alias: str) -> FakeModel | None:
        number = self.aliases.get((target, alias))
        return None if number is None else self.versions[target, number]

    def version(self, workspace: Workspace, target: str, number: int) -> FakeModel:
        if (target, number) not in self.versions:
            raise MissingThing(f"There is no version {number} of a model of '{target}'.", remedy="Train one.")
        return self.versions[target, number]

    def set_champion(self, workspace: Workspace, model: FakeModel) -> None:
        self.aliases[model.target, "champion"] = model.version

    def clear_champion(self, workspace: Workspace, target: str) -> None:
        del self.aliases[target, "champion"]

    def run_text(self, workspace: Workspace, run_id: str, path: str) -> str | None:
        return self.texts.get((run_id, path))

    def run_loss(self, workspace: Workspace, run_id: str) -> MissingThing | None:
        return self.lost.get(run_id)

    def finished_run(self, workspace: Workspace, run_id: str) -> tuple[str, str] | None:
        return self.runs.get(run_id)

    def add_backtest(self, run_id: str, target: str = "violence") -> None:
        """A finished backtest with a leaderboard."""
        self.runs[run_id] = ("backtest", target)
        self.texts[run_id, "leaderboard.json"] = json.dumps({"statement": f"Of {run_id}."})


def trained_of(model: FakeModel, gates: str | None) -> TrainedModel:
    """What a training says of such a model; a run without gates is none of ours, and its hash is empty."""
    verdicts = {one["gate"]: one["verdict"] for one in json.loads(gates)["gates"]} if gates else {}
    return TrainedModel(
        target=model.target,
        version=model.version,
        run_id=model.run_id,
        sha256=model.sha256,
        report_sha256=model.tags["report_sha256"],
        gates_sha256=model.tags.get("gates_sha256"),
        gates=verdicts,
        trained_by=model.tags.get("trained_by"),
        as_of=str(TODAY),
        last_known="2025-06",
        geography="cells",
        publications={"simulated-2025-07-10-aaaaaaaa": "a" * 64},
        settings_sha256="0" * 64,
    )


class FakeSavedModel:
    """Predicts each area's mean of the last 12 periods."""

    def __init__(self, target: str) -> None:
        self.target = target

    def predict(self, panel: Panel, geography: Geography, horizons: Sequence[int]) -> CountDistribution:
        mean = np.nanmean(panel.of(self.target)[:, -12:], axis=1)
        return CountDistribution(np.tile(mean, (len(horizons), 1)), np.array(0.2), np.array(0.01))

    def explain(self, panel: Panel, geography: Geography, horizons: Sequence[int]) -> Reasons:
        mean = self.predict(panel, geography, horizons).mean
        trend = 0.12345 * mean * np.array(horizons)[:, None]
        season = np.full(mean.shape, -0.54321)
        groups = (ReasonGroup.USUAL_LEVEL, ReasonGroup.RECENT_TREND, ReasonGroup.SEASON)
        return Reasons(groups, np.stack([mean - trend - season, trend, season], axis=2))


WEIGHTS = """[harm.simulated]
source = "Tiny list"
unit = "days"
weights = {{ {weights} }}
"""


def _mixes_of(workspace: Workspace) -> MixOf:
    """Each target is one offence, so each of its crimes stands for that offence's weight."""

    def mix_of(target: str, as_of: date, areas: Sequence[str]) -> HarmMix:
        given = harm_weights(workspace.settings, "simulated", [target])
        weights = np.array([given.weights[target]])
        return HarmMix((target,), weights, np.ones((len(areas), 1)), given.source, given.unit)

    return mix_of


@dataclass(frozen=True)
class FakePublication:
    """What issuing asks of a publication."""

    id: str
    published_on: date
    last: Period
    provenance: Any


@dataclass(frozen=True)
class FakeDoor:
    """Counts of a made-up city, known to June 2025 and published on 10 July."""

    panel: Panel
    publications: tuple[FakePublication, ...]
    geography: str = "cells"

    def view(self, as_of: date) -> Panel:
        return replace(self.panel, as_of=as_of)

    def newest_counts_published_on(self, today: date) -> date:
        return self.publications[0].published_on


def _square(column: int, row: int) -> list[list[float]]:
    west, south, step = -0.2 + column * 0.01, 51.4 + row * 0.006, (0.01, 0.006)
    east, north = west + step[0], south + step[1]
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _geography(folder: Path, columns: int, rows: int) -> Geography:
    cells = [(f"C{row:02d}{column:02d}", column, row) for row in range(rows) for column in range(columns)]
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": f"Cell {row + 1}/{column + 1}", "parent": f"D{column // 6 + 1}"},
            "geometry": {"type": "Polygon", "coordinates": [_square(column, row)]},
        }
        for code, column, row in cells
    ]
    folder.mkdir(parents=True)
    boundaries = folder / "boundaries.geojson"
    boundaries.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    areas = pd.DataFrame(
        {
            "area": [code for code, _, _ in cells],
            "name": [f"Cell {row + 1}/{column + 1}" for _, column, row in cells],
            "parent": [f"D{column // 6 + 1}" for _, column, _ in cells],
            "area_km2": 0.46,
            "longitude": [-0.195 + column * 0.01 for _, column, _ in cells],
            "latitude": [51.403 + row * 0.006 for _, _, row in cells],
        }
    )
    size = len(areas)
    adjacency = sparse.csr_array((size, size))
    nearest = np.zeros((size, 1), dtype=np.int64)
    return Geography("cells", areas, pd.DataFrame(index=areas["area"]), adjacency, nearest, boundaries)


def _panel(areas: tuple[str, ...], columns: int, rows: int) -> Panel:
    generator = np.random.default_rng(7)
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    distance = np.hypot((column - columns * 0.55) / columns, (row - rows * 0.45) / rows)
    centre = np.hypot((column - columns * 0.2) / columns, (row - rows * 0.8) / rows)
    level = (1.2 + 22 * np.exp(-((distance / 0.13) ** 2)) + 9 * np.exp(-((centre / 0.09) ** 2))).ravel()
    level = level * generator.gamma(6.0, 1 / 6.0, level.shape)
    season = 1 + 0.15 * np.sin(np.arange(48) * 2 * np.pi / 12)
    means = np.stack([level, 0.3 * level])[:, :, None] * season
    counts, first = generator.poisson(means), Period.parse("2021-07", Frequency.MONTH)
    return Panel(
        as_of=TODAY,
        geography="cells",
        frequency=Frequency.MONTH,
        targets=TARGETS,
        areas=areas,
        first=first,
        counts=counts.astype(float),
        settled=np.zeros((2, 48), dtype=bool),
        publications=("simulated-2025-07-10-aaaaaaaa",),
        points=_points(counts, first, columns),
    )


def _points(counts: npt.NDArray[np.int64], first: Period, columns: int) -> Points:
    """An incident for each crime, anywhere in its area and month; a quarter at ten in the evening."""
    generator = np.random.default_rng(8)
    target, area, month = (np.repeat(index, counts.ravel()) for index in np.indices(counts.shape).reshape(3, -1))
    starts = np.array([first.shift(at).start for at in range(counts.shape[2] + 1)], dtype="datetime64[s]")
    length = (starts[month + 1] - starts[month]).astype(np.int64)
    moment = starts[month] + (generator.random(len(month)) * length).astype("timedelta64[s]")
    late = generator.random(len(month)) < 0.25
    moment[late] = moment[late].astype("datetime64[D]") + np.timedelta64(22 * 3600 + 60, "s")
    parts = [
        Points(
            moment[chosen], -0.2 + 0.01 * (area[chosen] % columns + generator.random(chosen.sum())),
            51.4 + 0.006 * (area[chosen] // columns + generator.random(chosen.sum())), area[chosen],
            np.repeat(np.eye(2, dtype=bool)[:, [which]], chosen.sum(), axis=1),
        )
        for which in range(2)
        if (chosen := target == which).any()
    ]  # fmt: skip
    return points_in_order(parts, 2)


@dataclass
class City:
    """A workspace with a challenger for each target, and everything an issue needs."""

    workspace: Workspace
    registry: FakeRegistry
    sources: Sources
    ledger: Ledger
    told: list[str] = field(default_factory=list)

    def approve(self, by: str = "Ada Example", **choice: Any) -> None:
        person = person_named(self.workspace.settings, by)
        chosen = {"by": person, "reason": "Skill and audit are in order.", **choice}
        approve(self.workspace, self.ledger, self.registry, **chosen)

    def issue(self, *, today: date = TODAY, **choice: Any) -> Issue:
        return issue(self.workspace, self.ledger, self.sources, today=today, tell=self.told.append, **choice)


def make_city(
    root: Path, *, columns: int = 6, rows: int = 5, replay: bool = False, weights: str = "", ledger_url: str = ""
) -> City:
    """A city of ``columns × rows`` square cells in a new workspace; ``weights`` are those of harm, as in TOML."""
    root.mkdir(parents=True, exist_ok=True)
    harm = WEIGHTS.format(weights=weights) if weights else ""
    settings = SETTINGS.format(replay=str(replay).lower(), harm=harm)
    (root / "wardcast.toml").write_text(f'ledger_url = "{ledger_url}"\n{settings}')
    workspace = Workspace(root)
    ledger = open_ledger(workspace)
    registry = FakeRegistry(ledger)
    for target in TARGETS:
        registry.add(target, root / target)
    folder = workspace.geographies / "cells"
    geography = _geography(folder, columns, rows) if not folder.exists() else None
    if geography is None:
        raise ValueError(f"{root} holds a city already")
    panel = _panel(geography.codes, columns, rows)
    publication = FakePublication(
        panel.publications[0], TODAY, panel.last, SimpleNamespace(sha256=hashlib.sha256(b"counts").hexdigest())
    )
    stored = workspace.publications / publication.id
    stored.mkdir(parents=True)
    (stored / "counts.parquet").write_bytes(b"counts")
    sources = Sources(
        door=FakeDoor(panel, (publication,)),
        geography=geography,
        registry=registry,
        load=lambda folder, sha256: FakeSavedModel(folder.name),
        harm_mix=_mixes_of(workspace),
    )
    return City(workspace, registry, sources, ledger)


@dataclass(frozen=True)
class Client:
    """Sends requests straight into the application, without a network."""

    app: Any
    watcher: SnapshotWatcher

    def get(self, path: str, **choice: Any) -> httpx.Response:
        return self.request("GET", path, **choice)

    def request(self, method: str, path: str, **choice: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                return await client.request(method, path, **choice)

        return asyncio.run(send())


def client_of(city: City, *, today: date = TODAY) -> Client:
    """A client of the city's service on a day."""
    watcher = SnapshotWatcher(city.workspace, city.ledger)
    watcher.poll()
    return Client(create_app(watcher, today=lambda: today), watcher)


@pytest.fixture(scope="session")
def serve_city() -> Callable[..., Client]:
    """Makes a client of a city's service."""
    return client_of


CityMaker = Callable[..., City]


@pytest.fixture(scope="session")
def city_maker() -> CityMaker:
    """Makes a city in a folder."""
    return make_city


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A city of 30 areas with two challengers and nothing approved."""
    return make_city(tmp_path / "workspace")


@pytest.fixture
def issued_city(city: City) -> City:
    """The same with both models approved and one forecast issued."""
    city.approve()
    city.issue()
    return city


@pytest.fixture
def postgres(postgres_server: Any) -> str:
    """Address of a PostgreSQL without a ledger."""
    address: str = postgres_server.get_uri()
    with psycopg.connect(address) as connection:
        connection.execute("DROP TABLE IF EXISTS ledger_entries, alembic_version")
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database without a ledger, once of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    address: str = request.getfixturevalue("postgres")
    return address


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    """A seal that is not made yet."""
    return Seal(tmp_path / "seal", tmp_path / "locks" / "seal.lock")


@pytest.fixture
def ledger(url: str, seal: Seal) -> Iterator[Ledger]:
    """A signed ledger without entries, once in either kind of database."""
    seal.make(None)
    ledger = Ledger(open_database(url), seal)
    yield ledger
    ledger.close()


DISARMED = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS ledger_entries_{what}" for what in ("no_update", "no_delete", "no_replace", "continue")
    ],
    "postgresql": ["ALTER TABLE ledger_entries DISABLE TRIGGER USER"],
}


def change_as_owner(url: str, *statements: str) -> None:
    """Run statements on a ledger as the owner of its table, who can lift the refusal of changes."""
    engine = open_database(url)
    try:
        with writing(engine) as connection:
            for statement in (*DISARMED[engine.dialect.name], *statements):
                connection.execute(sa.text(statement))
    finally:
        engine.dispose()


@pytest.fixture
def change() -> Callable[..., None]:
    """Runs statements on a ledger past the triggers."""
    return change_as_owner
