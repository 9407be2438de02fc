"""data.police.uk archives: forces, missing months, empty months, and what is dropped at the door."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts import BadInput, Frequency
from features.sources.checks import KnownAreas
from features.sources.police_uk import read_police_uk
from features.sources.source_counts import SourceCounts
from features.store.ingesting import take_in

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)


def _street(root: Path, month: str, force: str, rows: list[tuple[str, str]]) -> None:
    lines = [
        f"id{number},{month},P,P,-0.1,51.5,On or near X,{code},Name,{kind},Suspect charged,"
        for number, (code, kind) in enumerate(rows)
    ]
    path = root / month / f"{month}-{force}-street.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two forces: east covers W020 to W039, west all the others. East has no file in March and no crime in February."""
    root = tmp_path / "archive"
    east = [("W020", "Burglary"), ("W020", "Robbery"), ("W021", "Robbery")]
    for month in ("2023-01", "2023-04"):
        _street(root, month, "east", east)
    _street(root, "2023-02", "east", [])
    for month in ("2023-01", "2023-02", "2023-03", "2023-04"):
        _street(root, month, "west", [("W000", "Robbery")] * 99 + [("W059", "Burglary")])
    (root / "2023-01" / "2023-01-east-stop-and-search.csv").write_text(
        "Type,Gender\nPerson search,Male\n", encoding="utf-8"
    )
    return root


def _read(tiny_city: Any, archive: Path, published_on: date | None = None) -> SourceCounts:
    return read_police_uk(
        archive,
        settings=tiny_city.workspace.settings,
        areas=tiny_city.areas,
        published_on=published_on,
        today=date(2026, 1, 1),
    )


def test_a_missing_month_is_missing_and_an_empty_one_is_zero(tiny_city: Any, archive: Path) -> None:
    read = _read(tiny_city, archive)
    east, west = read.covers
    assert [Period % 12 + 1 for Period in east.periods] == [1, 2, 4]
    assert [Period % 12 + 1 for Period in west.periods] == [1, 2, 3, 4]
    assert east.areas == tuple(f"W{number:03d}" for number in range(20, 40))
    assert len(west.areas) == 40
    assert any("east has no file for 2023-03: missing, not zero" in note for note in read.notes)
    assert any("2023-02-east-street.csv has no row" in note for note in read.notes)
    frame = read.counts.frame(Frequency.MONTH)
    assert frame.groupby("area")["count"].sum().to_dict() == {"W000": 396, "W020": 4, "W021": 2, "W059": 4}
    assert read.provenance.published_on == date(2023, 6, 1)


def test_the_door_shows_missing_where_the_force_has_no_file(tiny_city: Any, archive: Path) -> None:
    from features.views.as_of import load_door

    take_in(tiny_city.workspace, _read(tiny_city, archive))
    robbery = load_door(tiny_city.workspace).outcomes().of("robbery")
    assert robbery[0].tolist() == [99.0] * 4
    assert robbery[20, [0, 1, 3]].tolist() == [1.0, 0.0, 1.0]
    assert pd.isna(robbery[20, 2])


def test_crimes_without_an_area_or_outside_the_force_are_set_aside(tiny_city: Any, archive: Path) -> None:
    _street(archive, "2023-03", "east", [("", "Robbery"), ("W000", "Robbery"), ("Z1", "Robbery"), ("W020", "Robbery")])
    read = _read(tiny_city, archive)
    assert {(part.reason, part.what, part.rows) for part in read.set_aside} == {
        ("no area", "east", 1),
        ("unknown area", "Z1", 1),
        ("outside the force's area", "east", 1),
    }
    assert read.rows_read - read.rows_kept == 3


def test_no_person_level_column_reaches_the_store(tiny_city: Any, archive: Path) -> None:
    stored = take_in(tiny_city.workspace, _read(tiny_city, archive))
    for path in stored.folder.iterdir():
        data = path.read_bytes()
        assert b"Suspect charged" not in data
        assert b"id0" not in data
        assert b"On or near" not in data


def test_what_is_no_archive_is_refused(tiny_city: Any, archive: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no street file"):
        _read(tiny_city, tmp_path / "workspace")
    _street(archive, "2023-04", "north", [("W000", "Robbery")])
    with pytest.raises(BadInput, match=r"does not say which areas 'north' covers"):
        _read(tiny_city, archive)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([*[("W000", "Robbery")] * 99, ("W000", "Piracy")], r"2023-04-west-street\.csv: row 101: the offence 'Piracy'"),
        ([("W000", "Robbery")] * 3, r"\(west\): the last month 2023-04 has 3 crimes"),
        ([("Z1", "Robbery")] * 100, r"1 of 5 area codes \(24\.\d% of the crimes\), such as 'Z1'"),
    ],
)
def test_bad_rows_are_refused(tiny_city: Any, archive: Path, rows: list[tuple[str, str]], expected: str) -> None:
    _street(archive, "2023-04", "west", rows)
    with pytest.raises(BadInput, match=expected):
        _read(tiny_city, archive)


def _with_id(archive: Path, rows: list[int], identifier: str) -> None:
    """Give rows of west's April one identifier."""
    path = archive / "2023-04" / "2023-04-west-street.csv"
    text = path.read_text(encoding="utf-8")
    for row in rows:
        text = text.replace(f"\nid{row},", f"\n{identifier},")
    path.write_text(text, encoding="utf-8")


def test_a_crime_with_a_second_outcome_is_told(tiny_city: Any, archive: Path) -> None:
    _with_id(archive, [3, 4], "twice")
    read = _read(tiny_city, archive)
    assert "west: 1 rows repeat an identifier (a second outcome); they are counted as they stand." in read.notes
    assert read.counts.count.sum() == 406


def test_an_identifier_that_stands_in_many_rows_is_refused_by_name(tiny_city: Any, archive: Path) -> None:
    _with_id(archive, list(range(11)), "again")
    with pytest.raises(BadInput, match=r"2023-04-west-street\.csv: the Crime ID 'again' stands 11 times") as refused:
        _read(tiny_city, archive)
    assert "repeated_id_share = 1 under [ingest.sources.police-uk]" in refused.value.remedy
    tiny_city.configure(lambda text: f"{text}\n[ingest.sources.police-uk]\nrepeated_id_share = 1\n")
    assert _read(tiny_city, archive).counts.count.sum() == 406


def test_an_archive_without_identifiers_is_read(tiny_city: Any, archive: Path) -> None:
    for path in archive.rglob("*-street.csv"):
        rows = [line.partition(",")[2] for line in path.read_text(encoding="utf-8").splitlines()]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert _read(tiny_city, archive).counts.count.sum() == 406


def test_a_month_that_lies_in_two_folders_is_refused_by_name(tiny_city: Any, archive: Path) -> None:
    again = archive / "latest" / "2023-04" / "2023-04-west-street.csv"
    again.parent.mkdir(parents=True)
    again.write_bytes((archive / "2023-04" / again.name).read_bytes())
    with pytest.raises(BadInput, match=r"holds 2023-04-west-street\.csv twice"):
        _read(tiny_city, archive)


def test_a_row_of_another_month_is_refused(tiny_city: Any, archive: Path) -> None:
    path = archive / "2023-04" / "2023-04-west-street.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("id7,2023-04", "id7,2023-05"), encoding="utf-8")
    with pytest.raises(BadInput, match="row 9 is of '2023-05', not of 2023-04"):
        _read(tiny_city, archive)


def test_parents_that_no_area_lies_in_are_refused(tiny_city: Any, archive: Path) -> None:
    loose = KnownAreas("wards", tiny_city.areas.codes, (frozenset(),) * 60)
    with pytest.raises(BadInput, match="No area of wards lies in B1"):
        read_police_uk(
            archive, settings=tiny_city.workspace.settings, areas=loose, published_on=None, today=date(2026, 1, 1)
        )


@pytest.mark.real_data
def test_the_city_of_london_archive_counts_every_row_once(real_data: Path, repository: Path) -> None:
    from contracts import read_settings

    attributes = pd.read_parquet(real_data / "geography" / "lsoa_2021_attributes.parquet").sort_values("lsoa21_code")
    areas = KnownAreas(
        "lsoa_2021", tuple(attributes["lsoa21_code"]), tuple(frozenset({code}) for code in attributes["LAD22CD"])
    )
    root = real_data / "london" / "police_uk_archive"
    settings = read_settings(repository / "contracts" / "examples" / "london.toml")
    read = read_police_uk(root, settings=settings, areas=areas, published_on=None, today=date(2026, 1, 1))
    rows = pd.concat([pd.read_csv(path, usecols=["LSOA code"]) for path in root.rglob("*-street.csv")])["LSOA code"]
    inside = rows.isin(attributes.loc[attributes["LAD22CD"] == "E09000001", "lsoa21_code"])
    assert read.counts.count.sum() == inside.sum()
    assert read.rows_read == len(rows)
    assert len(read.periods) == 36
    assert len(read.covers[0].areas) == 6


def test_a_month_with_the_line_ends_of_old_macs_is_counted(tiny_city: Any, archive: Path) -> None:
    """It was taken as a file without a row, so as a month without a crime."""
    path = archive / "2023-03" / "2023-03-west-street.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r"))
    frame = _read(tiny_city, archive).counts.frame(Frequency.MONTH)
    assert frame[frame["period"] == "2023-03-01"].groupby("area")["count"].sum().to_dict() == {"W000": 99, "W059": 1}


def test_a_file_that_names_no_month_is_refused_by_name(tiny_city: Any, archive: Path) -> None:
    (archive / "2023-04" / "2023-04-west-street.csv").rename(archive / "2023-04" / "2023-13-west-street.csv")
    with pytest.raises(BadInput, match=r"2023-13-west-street\.csv names no month"):
        _read(tiny_city, archive)
