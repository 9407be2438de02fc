"""The simulated city keeps to its parameters, and the same seed gives the same bytes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from contracts import Workspace
from features.geographies.geography import add_geography, areas_of_points
from features.geographies.points import polygons_of_points
from features.simulation import (
    SimulatedCity,
    SimulatedCityParameters,
    make_places,
    months_of,
    simulate_city,
    simulate_counts,
    small_city,
    write_city,
)

WRITE_SMALL_CITY = """
import sys
from pathlib import Path
from features.simulation import simulate_city, small_city, write_city
write_city(simulate_city(small_city(), int(sys.argv[2])), Path(sys.argv[1]))
"""
LATER, EARLIER = date(2025, 1, 10), date(2024, 7, 10)


@pytest.fixture(scope="module")
def city() -> SimulatedCity:
    return simulate_city(replace(small_city(), areas=120, districts=6), seed=11)


@pytest.fixture(scope="module")
def latest(city: SimulatedCity) -> pd.DataFrame:
    return city.published(LATER)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("here", "there", "other_seed")]
    for folder in folders:
        folder.mkdir()
    write_city(simulate_city(small_city(), 5), folders[0])
    for folder, seed in zip(folders[1:], ("5", "6"), strict=True):
        subprocess.run([sys.executable, "-c", WRITE_SMALL_CITY, str(folder), seed], check=True)
    here, there, other = (digests(folder) for folder in folders)
    assert here == there
    assert here.keys() == other.keys()
    assert [name for name in here if here[name] == other[name]] == ["README.txt"]


def test_the_map_is_a_partition_into_valid_areas(city: SimulatedCity) -> None:
    polygons = city.places.polygons
    assert len(polygons) == 120
    assert shapely.is_valid(polygons).all()
    whole = shapely.union_all(polygons)
    assert whole.area == pytest.approx(shapely.area(polygons).sum(), rel=1e-9)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    sizes = np.bincount(city.places.district)
    assert sizes.tolist() == [20] * 6
    assert city.places.names[6] == "Simulated area 0007"


def test_default_districts_have_fifteen_to_thirty_areas() -> None:
    places = make_places(SimulatedCityParameters(), seed=7)
    sizes = np.bincount(places.district)
    assert len(places.codes) == 600
    assert sizes.min() >= 15
    assert sizes.max() <= 30


def test_attributes_are_shares_and_go_with_deprivation(city: SimulatedCity) -> None:
    attributes = city.places.attributes
    shares = attributes.filter(like="share_").to_numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert (shares > 0).all()
    assert attributes["residents"].mean() == pytest.approx(12_000, rel=0.1)
    deprivation = city.places.deprivation
    assert np.corrcoef(attributes["deprivation_score"], deprivation)[0, 1] > 0.8
    assert np.corrcoef(attributes["income_deprivation"], deprivation)[0, 1] > 0.8
    assert np.corrcoef(attributes["share_group_b"], deprivation)[0, 1] > 0.2


def test_the_geography_can_be_added_and_points_fall_in_their_areas(city: SimulatedCity, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    files = write_city(city, source)
    geography = add_geography(
        Workspace(tmp_path / "workspace"),
        "sim_areas_1",
        boundaries=files.boundaries,
        code="code",
        area_name="name",
        parent="district",
        attributes=files.attributes,
        attributes_code="area_code",
    )
    assert geography.notes == ()
    assert geography.codes == city.places.codes
    assert geography.areas["area_km2"].mean() == pytest.approx(city.parameters.mean_area_km2, rel=0.1)
    table = pd.read_csv(files.publications[LATER], parse_dates=["incident_time"])
    found = areas_of_points(geography, table["longitude"].to_numpy(), table["latitude"].to_numpy())
    assert (found < 0).mean() < 1e-4
    settled = city.records.incident[np.isnat(city.records.cancelled)]
    drawn = np.bincount(city.incidents.area[settled], minlength=120)
    assert np.corrcoef(np.bincount(found[found >= 0], minlength=120), drawn)[0, 1] > 0.999


def test_every_true_incident_lies_in_its_area(city: SimulatedCity) -> None:
    some = np.random.default_rng(1).choice(len(city.incidents.time), 20_000, replace=False)
    points = city.incidents.points[some]
    found = polygons_of_points(city.places.polygons, points[:, 0], points[:, 1])
    assert (found == city.incidents.area[some]).mean() > 0.9999


def test_counts_scatter_around_the_true_intensity(city: SimulatedCity) -> None:
    counts = city.counts
    for drawn, expected in ((counts.true, counts.expected_true), (counts.recorded, counts.expected_recorded)):
        ratio = drawn.sum(axis=(1, 2)) / expected.sum(axis=(1, 2))
        np.testing.assert_allclose(ratio, 1.0, atol=0.04)
        by_month = drawn.sum(axis=(0, 1)) / expected.sum(axis=(0, 1))
        np.testing.assert_allclose(by_month, 1.0, atol=0.08)
    # Offspring make counts more scattered than Poisson, by no more than a branching process allows.
    scatter = (counts.true - counts.expected_true) ** 2 / counts.expected_true
    assert (scatter.mean(axis=(1, 2)) > 1.1).all()
    assert (scatter.mean(axis=(1, 2)) < 1 / (1 - 0.3) ** 2).all()


def test_the_counts_alone_have_the_same_expectation(city: SimulatedCity) -> None:
    alone = simulate_counts(city.parameters, seed=11)
    np.testing.assert_array_equal(alone.expected_recorded, city.counts.expected_recorded)
    ratio = alone.recorded.sum(axis=(1, 2)) / alone.expected_recorded.sum(axis=(1, 2))
    np.testing.assert_allclose(ratio, 1.0, atol=0.04)
    assert (alone.recorded <= alone.true).all()


def test_the_recorded_mean_is_what_was_asked_for() -> None:
    counts = simulate_counts(SimulatedCityParameters(), seed=7)
    means = counts.recorded.mean(axis=(1, 2))
    wanted = np.array([offence.recorded_mean for offence in counts.parameters.offences])
    np.testing.assert_allclose(means, wanted, rtol=0.15)
    assert 5.0 < means[0] < 7.0
    assert 20.0 < means.sum() < 30.0


def test_the_branching_ratio_is_recovered(city: SimulatedCity) -> None:
    incidents = city.incidents
    for number, offence in enumerate(city.parameters.offences):
        of_offence = incidents.offence == number
        # A little is lost over the city's edge and after its end.
        assert incidents.offspring[of_offence].mean() == pytest.approx(offence.branching_ratio, abs=0.02)


def test_near_repeats_cluster_in_space_and_time() -> None:
    """Pairs within 250 m and 10 days beyond what the same points with shuffled times have (a Knox test)."""
    parameters = replace(small_city(), drift_per_month=0.0, offence_drift_per_month=0.0, level_shock=0.0)
    ratios = {}
    for branching in (0.0, 0.3):
        offences = tuple(replace(offence, branching_ratio=branching) for offence in parameters.offences)
        drawn = simulate_city(replace(parameters, offences=offences, disruption_factor=1.0), seed=3)
        chosen = np.flatnonzero(drawn.incidents.offence == 2)[:6000]
        points = drawn.incidents.points[chosen] * [78_600.0, 111_195.0]
        days = drawn.incidents.time[chosen].astype(np.int64) / 86_400
        close = np.array(sorted(pairs_within(points, 250.0)))
        near = np.abs(days[close[:, 0]] - days[close[:, 1]]) < 10
        shuffled = np.random.default_rng(0).permutation(days)
        by_chance = np.abs(shuffled[close[:, 0]] - shuffled[close[:, 1]]) < 10
        ratios[branching] = near.mean() / by_chance.mean()
    assert ratios[0.0] == pytest.approx(1.0, abs=0.08)
    assert ratios[0.3] > 1.3


def pairs_within(points: np.ndarray, metres: float) -> set[tuple[int, int]]:
    from scipy.spatial import cKDTree

    return cKDTree(points).query_pairs(metres)


def test_season_weekday_and_hour_follow_their_parameters(city: SimulatedCity) -> None:
    parameters, incidents = city.parameters, city.incidents
    months = incidents.time.astype("datetime64[M]").astype(np.int64) % 12
    weekday = (incidents.time.astype("datetime64[D]").astype(np.int64) + 3) % 7
    for name in ("burglary", "vehicle_crime"):
        number = parameters.offence_index(name)
        of_offence = (incidents.offence == number) & (incidents.time >= np.datetime64("2022-01-01"))
        offence = parameters.offences[number]
        summer = np.isin(months[of_offence], (5, 6, 7)).sum() / np.isin(months[of_offence], (11, 0, 1)).sum()
        peak = 1 + offence.season_amplitude * 0.95
        trough = 1 - offence.season_amplitude * 0.95
        assert summer == pytest.approx(peak / trough, rel=0.15)
        weekend = (weekday[of_offence] >= 5).mean()
        expected = 2 * offence.weekend_ratio / (5 + 2 * offence.weekend_ratio)
        assert weekend == pytest.approx(expected, abs=0.02)
        hour = incidents.time[of_offence].astype("datetime64[h]").astype(np.int64) % 24
        angle = np.angle(np.exp(2j * np.pi * hour / 24).mean()) * 24 / (2 * np.pi) % 24
        away = abs(angle - offence.peak_hour)
        assert min(away, 24 - away) < 1.0


def test_night_time_centres_are_busy_on_weekend_nights(city: SimulatedCity) -> None:
    incidents = city.incidents
    assault = incidents.offence == 0
    hour = incidents.time.astype("datetime64[h]").astype(np.int64)
    evening = (hour // 24 + 3) % 7 + (hour % 24) / 24
    night = ((evening >= 4 + 21 / 24) & (evening < 5 + 4 / 24)) | ((evening >= 5 + 21 / 24) & (evening < 6 + 4 / 24))
    centre = city.places.night_life[incidents.area] > 0
    inside, outside = night[assault & centre].mean(), night[assault & ~centre].mean()
    assert inside > 3 * outside


def test_the_recording_break_is_a_step_of_its_size(city: SimulatedCity) -> None:
    counts, parameters = city.counts, city.parameters
    share = counts.recorded.sum(axis=1) / counts.true.sum(axis=1)
    before, after = slice(0, parameters.break_month), slice(parameters.break_month, None)
    broken = parameters.offence_index(parameters.break_offence)
    steps = share[:, after].mean(axis=1) / share[:, before].mean(axis=1)
    assert steps[broken] == pytest.approx(parameters.break_ratio, rel=0.03)
    np.testing.assert_allclose(np.delete(steps, broken), 1.0, atol=0.06)


def test_reporting_falls_and_detection_rises_with_deprivation(city: SimulatedCity) -> None:
    counts, parameters = city.counts, city.parameters
    share = counts.recorded.sum(axis=2) / counts.true.sum(axis=2)
    for name, expected in (
        ("theft", parameters.reporting_by_deprivation),
        ("drugs_possession", parameters.detection_by_deprivation),
    ):
        slope = np.polyfit(city.places.deprivation, share[parameters.offence_index(name)], 1)[0]
        assert slope == pytest.approx(expected, abs=0.03)


def test_a_later_publication_revises_the_earlier_one(city: SimulatedCity, latest: pd.DataFrame) -> None:
    parameters = city.parameters
    earlier = city.published(EARLIER)
    assert earlier["incident_time"].max() < pd.Timestamp("2024-07-01")
    assert latest["incident_time"].max() >= pd.Timestamp("2024-12-31")
    assert latest["incident_time"].min() >= pd.Timestamp("2022-01-01")
    last_month = [
        table[(table["incident_time"] >= "2024-06-01") & (table["incident_time"] < "2024-07-01")]
        for table in (earlier, latest)
    ]
    # Of the late tenth, with a mean delay of 120 days, some 83% are still missing after 10 to 40 days.
    missing = 1 - len(last_month[0]) / len(last_month[1])
    assert 0.4 * parameters.late_share < missing < 1.1 * parameters.late_share
    # Long ago hardly anything is missing, and what was cancelled since makes the later file the shorter one.
    old = [len(table[table["incident_time"] < "2022-07-01"]) for table in (earlier, latest)]
    assert abs(old[0] / old[1] - 1) < 0.01
    theft_as_robbery = [(table["category"] == "Robbery").mean() for table in last_month]
    assert theft_as_robbery[0] > theft_as_robbery[1]


def test_a_settled_publication_holds_the_settled_counts(city: SimulatedCity) -> None:
    settled = city.published(date(2040, 1, 1))
    assert len(settled) == city.counts.recorded.sum()
    by_category = settled["category"].value_counts()
    for number, offence in enumerate(city.parameters.offences):
        assert by_category[offence.wording] == city.counts.recorded[number].sum()


def test_the_truth_lies_beside_the_files(city: SimulatedCity, tmp_path: Path) -> None:
    files = write_city(city, tmp_path)
    intensity = pd.read_parquet(files.truth / "intensity.parquet")
    counts = pd.read_parquet(files.truth / "counts.parquet")
    assert len(intensity) == len(counts) == 8 * 120 * 36
    chosen = (intensity["area"] == "SIM00003") & (intensity["offence"] == "theft")
    theft = city.parameters.offence_index("theft")
    np.testing.assert_array_equal(intensity.loc[chosen, "expected_recorded"], city.counts.expected_recorded[theft, 2])
    np.testing.assert_array_equal(counts.loc[chosen, "true"], city.counts.true[theft, 2])
    np.testing.assert_array_equal(intensity.loc[chosen, "period"].to_numpy(), months_of(city.parameters))
    areas = pd.read_parquet(files.truth / "areas.parquet")
    np.testing.assert_allclose(areas["reporting"] * 0.98, city.counts.recording[theft, :, -1])
