"""Faults planted in a simulated city's and in London's publications are refused by name; the sound ones are taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts import BadInput, Settings, Workspace, read_settings
from contracts.arrays import Booleans
from features.geographies.geography import areas_of_points, load_geography
from features.sources.checks import KnownAreas
from features.sources.incidents import IncidentColumns, read_incidents
from features.sources.mps_wide import read_mps_wide
from features.sources.source_counts import CodedCounts, SourceCounts
from features.store.common_totals import Districts
from features.store.ingesting import known_areas
from features.store.meaning import check_meaning
from features.store.publications import PublicationStore

Which = Callable[[SourceCounts], Booleans]
SEED = 7


def of(offence: str, first: int = 0, last: int = 0) -> Which:
    """The offence's counts, in the periods from the ``first``-th on and before the last ``last`` ones."""

    def which(counts: SourceCounts) -> Booleans:
        coded, periods = counts.counts, counts.periods
        chosen = periods[first : len(periods) - last]
        found: Booleans = (coded.offence == coded.offences.index(offence)) & np.isin(coded.period, chosen)
        return found

    return which


def in_areas(areas: set[str]) -> Which:
    def which(counts: SourceCounts) -> Booleans:
        return np.array([area in areas for area in counts.counts.areas])[counts.counts.area]

    return which


def thinned(counts: SourceCounts, which: Which, share: float) -> SourceCounts:
    """Each crime is kept with this probability."""
    drawn = np.random.default_rng(SEED).binomial(counts.counts.count, share)
    count = np.where(which(counts), drawn, counts.counts.count)
    return replace(counts, counts=replace(counts.counts, count=count), points=None)


def grown(counts: SourceCounts, which: Which, factor: float) -> SourceCounts:
    more = np.random.default_rng(SEED).binomial(counts.counts.count, factor - 1.0)
    count = counts.counts.count + np.where(which(counts), more, 0)
    return replace(counts, counts=replace(counts.counts, count=count), points=None)


def split(counts: SourceCounts, offence: str, into: str) -> SourceCounts:
    """A third of an offence is counted under another."""
    coded = counts.counts
    some = coded.offence == coded.offences.index(offence)
    moved = np.where(some, np.random.default_rng(SEED).binomial(coded.count, 1 / 3), 0)
    summed = CodedCounts.summed(
        areas=coded.areas,
        offences=coded.offences,
        area=np.concatenate([coded.area, coded.area[some]]),
        offence=np.concatenate([coded.offence, np.full(int(some.sum()), coded.offences.index(into))]),
        period=np.concatenate([coded.period, coded.period[some]]),
        count=np.concatenate([coded.count - moved, moved[some]]),
    )
    return replace(counts, counts=summed, points=None)


def swapped(counts: SourceCounts, one: str, other: str) -> SourceCounts:
    coded = counts.counts
    place = np.arange(len(coded.offences))
    place[[coded.offences.index(one), coded.offences.index(other)]] = [
        coded.offences.index(other),
        coded.offences.index(one),
    ]
    return replace(counts, counts=replace(coded, offence=place[coded.offence]), points=None)


@dataclass(frozen=True)
class City:
    """Publications by name, and a store that holds those named to ``stored``."""

    publications: Mapping[str, SourceCounts]
    settings: Settings
    districts: Districts
    folder: Path

    def store(self, *names: str) -> PublicationStore:
        root = self.folder / "-".join(("store", *names))
        store = PublicationStore(root)
        if not root.exists():
            for name in names:
                store.write(self.publications[name])
        return store

    def check(self, counts: SourceCounts, *stored: str) -> tuple[str, ...]:
        return check_meaning(counts, self.store(*stored), self.settings, districts=self.districts)

    def refusal(self, counts: SourceCounts, *stored: str) -> str:
        with pytest.raises(BadInput) as refused:
            self.check(counts, *stored)
        assert f'accepted_changes = ["{counts.provenance.label}"]' in refused.value.remedy
        return refused.value.message


@pytest.fixture(scope="module")
def simulated(small_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> City:
    """The two publications of a simulated city: 2020-01 to 2024-06, and to 2024-12."""
    geography = load_geography(small_workspace, small_workspace.settings.geography)
    areas = known_areas(small_workspace, geography)
    columns = IncidentColumns("incident_time", "longitude", "latitude", "category")

    def locate(longitude: Any, latitude: Any, codes: Any = None) -> Any:
        return areas, areas_of_points(geography, longitude, latitude)

    def read(on: str) -> SourceCounts:
        return read_incidents(
            small_workspace.root / "simulated-source" / f"incidents_published_{on}.csv",
            columns=columns,
            settings=small_workspace.settings,
            frequency=small_workspace.settings.frequency,
            locate=locate,
            published_on=date.fromisoformat(on),
            today=date(2026, 1, 1),
        )

    return City(
        {"first": read("2024-07-10"), "second": read("2025-01-10")},
        small_workspace.settings,
        Districts(dict(zip(geography.areas["area"], geography.areas["parent"], strict=True)), geography.parent_names),
        tmp_path_factory.mktemp("simulated"),
    )


def test_the_simulated_publications_are_taken_in_both_orders(simulated: City) -> None:
    assert simulated.check(simulated.publications["first"]) == ()
    simulated.check(simulated.publications["second"], "first")
    simulated.check(simulated.publications["first"], "second")


SIMULATED_OFFENCES = ("assault_with_injury", "robbery", "burglary", "theft", "vehicle_crime", "criminal_damage")


@pytest.mark.parametrize("offence", SIMULATED_OFFENCES)
@pytest.mark.parametrize(
    "fault",
    [
        lambda counts, offence: thinned(counts, of(offence, 36, 2), 0.65),
        lambda counts, offence: thinned(counts, of(offence, 54), 0.5),
        lambda counts, offence: thinned(counts, of(offence), 0.0),
        lambda counts, offence: thinned(counts, of(offence, 54), 0.0),
        lambda counts, offence: split(counts, offence, "public_order"),
        lambda counts, offence: grown(counts, of(offence), 1.3),
    ],
    ids=["0.65 in 22 of 24", "halved in six new", "zero", "zero in six new", "split", "1.3"],
)
def test_faults_planted_in_the_simulated_city_are_refused(simulated: City, offence: str, fault: Any) -> None:
    assert f"'{offence}'" in simulated.refusal(fault(simulated.publications["second"], offence), "first")


def test_two_offences_swapped_in_the_simulated_city_are_refused(simulated: City) -> None:
    message = simulated.refusal(swapped(simulated.publications["second"], "robbery", "burglary"), "first")
    assert "'robbery'" in message
    assert "'burglary'" in message


def test_a_halved_district_of_the_simulated_city_is_refused_by_name(simulated: City) -> None:
    code = sorted(set(simulated.districts.of_area.values()))[0]
    members = {area for area, parent in simulated.districts.of_area.items() if parent == code}
    message = simulated.refusal(thinned(simulated.publications["second"], in_areas(members), 0.5), "first")
    assert f"({code})" in message


FILES = {
    "history": ("historical_published_2026-04.csv", date(2026, 4, 10)),
    "2023": ("recent_24_months_published_2023-12.csv", date(2023, 12, 10)),
    "2025": ("recent_24_months_published_2025-07.csv", date(2025, 7, 10)),
}


@pytest.fixture(scope="module")
def london(real_data: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> City:
    settings = read_settings(repository / "contracts" / "examples" / "london.toml")
    wards = json.loads((real_data / "geography" / "london_wards_2022.geojson").read_text(encoding="utf-8"))
    rows = sorted((ward["properties"] for ward in wards["features"]), key=lambda ward: ward["ward22_code"])
    codes = tuple(ward["ward22_code"] for ward in rows)
    boroughs = tuple(frozenset({ward["ltla24_code"]}) for ward in rows)
    read = {
        name: read_mps_wide(
            real_data / "london" / "mps_ward" / file,
            source="mps-ward",
            settings=settings,
            areas=KnownAreas("ward_2022", codes, boroughs),
            published_on=on,
            today=date(2026, 5, 1),
        )
        for name, (file, on) in FILES.items()
    }
    districts = Districts(
        {ward["ward22_code"]: ward["ltla24_code"] for ward in rows},
        {ward["ltla24_code"]: ward["ltla24_name"] for ward in rows},
    )
    return City(read, settings, districts, tmp_path_factory.mktemp("london"))


@pytest.mark.real_data
@pytest.mark.parametrize(
    "order", [("history", "2023", "2025"), ("2023", "2025", "history"), ("2025", "history", "2023")]
)
def test_londons_publications_are_taken_in_any_order(london: City, order: tuple[str, ...]) -> None:
    for number, name in enumerate(order):
        london.check(london.publications[name], *order[:number])


LONDON_OFFENCES = ("violence_with_injury", "personal_robbery", "residential_burglary", "shoplifting", "arson")


@pytest.mark.real_data
@pytest.mark.parametrize("stored", [("2023",), ("history", "2023")], ids=["one earlier", "and the back-file"])
@pytest.mark.parametrize("offence", LONDON_OFFENCES)
def test_faults_planted_in_london_are_refused(london: City, offence: str, stored: tuple[str, ...]) -> None:
    sound = london.publications["2025"]
    for faulty in (
        thinned(sound, of(offence, 0, 2), 0.65),
        thinned(sound, of(offence, 18), 0.5),
        thinned(sound, of(offence), 0.0),
        thinned(sound, of(offence, 18), 0.0),
        thinned(sound, of(offence, 1, 22), 0.65),
        grown(sound, of(offence), 1.3),
        split(sound, offence, "bicycle_theft"),
    ):
        assert f"'{offence}'" in london.refusal(faulty, *stored)


@pytest.mark.real_data
@pytest.mark.parametrize("stored", [("2023",), ("history", "2023")], ids=["one earlier", "and the back-file"])
def test_swapped_offences_and_a_halved_borough_of_london_are_refused(london: City, stored: tuple[str, ...]) -> None:
    sound = london.publications["2025"]
    assert "'theft_of_vehicle'" in london.refusal(swapped(sound, "theft_of_vehicle", "drug_possession"), *stored)
    lambeth = {area for area, borough in london.districts.of_area.items() if borough == "E09000022"}
    assert "in Lambeth (E09000022)" in london.refusal(thinned(sound, in_areas(lambeth), 0.5), *stored)
    newest = london.check(
        thinned(sound, lambda one: in_areas(lambeth)(one) & (one.counts.period >= one.periods[18]), 0.5), *stored
    )
    assert any("All recorded crime in Lambeth (E09000022)" in note for note in newest)


@pytest.mark.real_data
def test_the_spring_of_2020_in_london_is_told_and_taken(london: City) -> None:
    """A history that was published up to March, and the next ones, month by month to the autumn of 2020."""
    history = london.publications["history"]

    def cut(last: int) -> SourceCounts:
        coded = history.counts
        (cover,) = history.covers
        kept = tuple(period for period in cover.periods if period <= last)
        origin = replace(history.provenance, published_on=date(2026, 1, 1), sha256=f"{last:064d}")
        return replace(
            history,
            provenance=origin,
            counts=coded.only(coded.period <= last),
            covers=(replace(cover, periods=kept),),
        )

    march = (2020 - 1970) * 12 + 2
    store = PublicationStore(london.folder / "spring")
    store.write(cut(march))
    shares = []
    for month in range(march + 1, march + 7):
        published = cut(month)
        later = replace(published, provenance=replace(published.provenance, published_on=date(2026, 1, 2)))
        shares.append(check_meaning(later, store, london.settings, districts=london.districts))
    assert any("'theft_from_person' has" in note for note in shares[0])
