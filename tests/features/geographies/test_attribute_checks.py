"""Attributes that contradict themselves, each refused by column and area or told; the sound table beside is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import BadInput, GeographyMeaning, Workspace
from features.geographies.attribute_checks import check_attributes, check_meaning
from features.geographies.attributes import read_attributes, read_table
from features.geographies.parent_names import parent_names

AREAS = [f"A{number:02d}" for number in range(25)]
FILE = Path("attributes.csv")


def table(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns, index=pd.Index(AREAS, name="area"), dtype=np.float64)


def rising(low: float, high: float) -> np.ndarray:
    return np.linspace(low, high, len(AREAS))


def changed(values: object, area: int, value: float) -> np.ndarray:
    other = np.array(values, dtype=np.float64)
    other[area] = value
    return other


PEOPLE = rising(1000, 2000)
WHITE, BLACK = rising(0.2, 0.8), rising(0.8, 0.2)


def test_a_sound_table_is_taken_without_a_word() -> None:
    sound = table(
        residents=PEOPLE, eth_white=WHITE, eth_black=BLACK, imd_score=rising(5, 60), income_score=rising(0, 1)
    )
    assert check_attributes(FILE, sound) == []
    meaning = GeographyMeaning(
        residents="residents", deprivation="imd_score", groups={"White": "eth_white", "Black": "eth_black"}
    )
    assert check_attributes(FILE, sound, meaning) == []
    check_meaning(sound, meaning, "wards")


@pytest.mark.parametrize(
    "column", ["residents", "total_residents", "population_2021", "people", "pop_2021", "Residents"]
)
def test_fewer_people_than_none_are_refused_and_none_are_told(column: str) -> None:
    with pytest.raises(BadInput, match=f"'{column}' of area A03 is -9: a number of people is 0 or more"):
        check_attributes(FILE, table(**{column: changed(PEOPLE, 3, -9)}))
    (note,) = check_attributes(FILE, table(**{column: changed(PEOPLE, 3, 0)}))
    assert note == f"'{column}' is 0 in 1 areas: A03"
    assert check_attributes(FILE, table(**{column: PEOPLE})) == []


def test_people_by_the_settings_and_changes_that_may_be_below_zero() -> None:
    with pytest.raises(BadInput, match="'there' of area A01 is -1"):
        check_attributes(FILE, table(there=changed(PEOPLE, 1, -1)), GeographyMeaning(workday="there"))
    assert check_attributes(FILE, table(population_change=rising(-5, 5), people_per_km2=PEOPLE)) == []
    with pytest.raises(BadInput, match="'residents' is above 0 in no area"):
        check_attributes(FILE, table(residents=0))


def test_numbers_that_are_not_known_are_told_by_column() -> None:
    notes = check_attributes(FILE, table(residents=changed(PEOPLE, 4, np.nan), area=1))
    assert notes == ["'residents' is not known for 1 of 25 areas: A04"]


@pytest.mark.parametrize("wrong", [-0.1, 1.2, 23.0])
def test_a_share_lies_between_zero_and_one(wrong: float) -> None:
    sound = table(eth_white=WHITE, eth_black=BLACK)
    planted = sound.assign(eth_white=changed(WHITE, 7, wrong))
    message = f"'eth_white' of area A07 is {wrong:g}: a share lies between 0 and 1"
    with pytest.raises(BadInput, match=message):
        check_attributes(FILE, planted)
    meaning = GeographyMeaning(groups={"White": "eth_white"})
    with pytest.raises(BadInput, match=message):
        check_attributes(FILE, planted[["eth_white"]], meaning)
    with pytest.raises(BadInput, match=r"\[geographies\.wards\]: 'eth_white' of area A07"):
        check_meaning(planted, meaning, "wards")
    with pytest.raises(BadInput, match="'share_65' of area A07"):
        check_attributes(FILE, table(share_65=changed(WHITE, 7, wrong)))
    assert check_attributes(FILE, table(share_65=WHITE)) == []


def test_shares_of_one_attribute_add_up_to_one_at_most() -> None:
    planted = table(eth_white=changed(WHITE, 7, 0.9), eth_black=BLACK)
    with pytest.raises(BadInput, match=r"the shares of area A07 add up to 1\.52 \(1 areas\): eth_white, eth_black"):
        check_attributes(FILE, planted)
    columns = {"Under 16": "young", "65 and over": "old"}
    with pytest.raises(BadInput, match=r"area A00 add up to 1\.4 \(25 areas\): young, old"):
        check_attributes(FILE, table(young=0.7, old=0.7), GeographyMeaning(shares={"age": columns}))
    assert check_attributes(FILE, table(young=0.2, old=0.2), GeographyMeaning(shares={"age": columns})) == []


def test_rounded_shares_and_shares_that_overlap_are_taken() -> None:
    assert check_attributes(FILE, table(eth_a=0.34, eth_b=0.33, eth_c=0.34)) == []
    assert check_attributes(FILE, table(share_renting=rising(0.1, 0.9), share_without_car=rising(0.1, 0.9))) == []


def test_percent_is_told_and_refused_where_the_settings_take_it_for_shares() -> None:
    percent = table(eth_white=100 * WHITE, eth_black=100 * BLACK)
    (note,) = check_attributes(FILE, percent)
    assert note == "'eth_white' and 1 more of its kind add up to 100: the settings take shares of 0 to 1 and no percent"
    with pytest.raises(BadInput, match=r"'eth_white' of area A00 is 20.*25 areas.*Divide percent by 100"):
        check_attributes(FILE, percent, GeographyMeaning(groups={"White": "eth_white"}))


def test_groups_beyond_their_total_are_refused() -> None:
    women, men = PEOPLE * 0.5, PEOPLE * 0.5
    with pytest.raises(BadInput, match=r"'residents' of area A02 is 1083\.33: its groups .* add up to more"):
        check_attributes(FILE, table(residents=PEOPLE, sex_women=changed(women, 2, 900), sex_men=men))
    assert check_attributes(FILE, table(residents=PEOPLE, sex_women=women, sex_men=men)) == []


def test_one_group_beyond_its_total_is_refused_and_overlapping_groups_are_told() -> None:
    old, older = PEOPLE * 0.3, PEOPLE * 0.1
    planted = table(residents=PEOPLE, residents_65=changed(old, 2, 1200), residents_75=older)
    with pytest.raises(BadInput, match=r"'residents' of area A02 is 1083\.33: one of its groups .* is larger"):
        check_attributes(FILE, planted)
    assert check_attributes(FILE, table(residents=PEOPLE, residents_65=old, residents_75=older)) == []
    (note,) = check_attributes(FILE, table(residents=PEOPLE, residents_16=PEOPLE * 0.9, residents_18=PEOPLE * 0.85))
    assert note.startswith("'residents' is less than the sum of residents_16, residents_18 in 25 areas: A00,")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"dep": rising(1, 30), "income_score": rising(0.1, 0.6)}, False),
        ({"dep": rising(30, 1), "income_score": rising(0.1, 0.6)}, True),
        ({"dep": rising(1, 30), "median_income": rising(60_000, 20_000)}, False),
        ({"dep": rising(1, 30), "median_income": rising(20_000, 60_000)}, True),
        ({"imd_score": rising(1, 30), "income_deprivation": rising(0.6, 0.1)}, True),
        ({"imd_decile": rising(10, 1), "income_score": rising(0.1, 0.6)}, False),
        ({"imd_decile": rising(1, 10), "income_score": rising(0.1, 0.6)}, True),
        ({"imd_rank": rising(1, 9), "income_rank": rising(1, 9)}, False),
        (
            {"dep": np.tile([1.0, 2.0, 3.0, 4.0, 5.0], 5), "income_score": np.repeat([0.1, 0.2, 0.3, 0.4, 0.5], 5)},
            False,
        ),
    ],
)
def test_deprivation_that_runs_against_income_is_told(columns: dict[str, np.ndarray], told: bool) -> None:
    notes = check_attributes(FILE, table(**columns))
    assert bool(notes) is told
    assert all("says the opposite of" in note for note in notes)


def test_a_decile_that_the_settings_take_for_deprivation_is_told() -> None:
    given = table(imd_decile=rising(1, 10), other=1)
    (note,) = check_attributes(FILE, given, GeographyMeaning(deprivation="imd_decile"))
    assert "read as more deprived where it is higher" in note
    assert check_attributes(FILE, given, GeographyMeaning(deprivation="other")) == []


def test_columns_of_the_settings_that_are_not_there_are_told() -> None:
    (note,) = check_attributes(FILE, table(other=1), GeographyMeaning(residents="residents", need="hospital"))
    assert note == "wardcast.toml names columns that the attributes do not have as numbers: residents, hospital"


ODD = ("NA", "None", "nan", "null", "N/A", "NULL", "NaN", "1E5", "00123", "TRUE", "2021-01", "1.0", "inf", "-1", "0x1F")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_codes_that_look_like_something_else_join(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"attributes.{suffix}"
    frame = pd.DataFrame({"code": ODD, "residents": range(1, 16), "d": [f"0{n % 2}" for n in range(15)]})
    frame["dn"] = frame["d"].map({"00": "NA", "01": "North"})
    frame.to_parquet(path) if suffix == "parquet" else frame.to_csv(path, index=False)
    read = read_attributes(path, sorted(ODD), code="code", parent="d")
    assert read.numbers["residents"].sum() == 120
    assert read.numbers.loc["NA", "residents"] == 1
    assert read.numbers.loc["00123", "residents"] == 9
    assert set(read.parents) == {"00", "01"}
    assert read.notes == ("columns that are no numbers were left out: dn",)
    names = parent_names(read_table(path, text=("d", "dn")), path, parent="d", name="dn")
    assert names == {"00": "NA", "01": "North"}


def test_fields_that_are_not_known_are_missing_and_not_text(tmp_path: Path) -> None:
    path = tmp_path / "attributes.csv"
    path.write_text("code,residents,rented,word\nNA,1,true,a\nB,NA,FALSE,NA\nC,3,n/a,c\n", encoding="utf-8")
    read = read_attributes(path, ["B", "C", "NA"], code="code")
    assert read.numbers["residents"].to_list()[1:] == [3.0, 1.0]
    assert np.isnan(read.numbers.loc["B", "residents"])
    assert read.numbers["rented"].to_list()[::2] == [0.0, 1.0]
    assert "'residents' is not known for 1 of 3 areas: B" in read.notes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code,a,a\nA,1,2\n", "the column 'a' stands twice in the header"),
        ("code,a\nA,1,2\nB,1,2\n", "rows with more fields than its header"),
        ("code,a\nA," + "x" * 2**20 + "\n", "row 2 is longer than"),
        ("PK\x03\x04", "is a zip file or a workbook"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "attributes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=told) as caught:
        read_attributes(path, ["A", "B"], code="code")
    assert "\n" not in str(caught.value)


@pytest.mark.real_data
def test_londons_attributes_are_sound(real_data: Path) -> None:
    for name, code in (("ward_2022", "ward24_code"), ("lsoa_2021", "lsoa21_code")):
        path = real_data / "geography" / f"{name}_attributes.parquet"
        codes = sorted(read_table(path)[code])
        (note,) = read_attributes(path, codes, code=code).notes
        assert note.startswith("columns that are no numbers were left out")


def test_what_is_told_stays_with_the_geography(tmp_path: Path) -> None:
    from features.geographies.geography import add_geography, load_geography

    boundaries = tmp_path / "areas.geojson"
    boundaries.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"A00","n":"a"},"geometry":'
        '{"type":"Polygon","coordinates":[[[0,51],[0.01,51],[0.01,51.01],[0,51.01],[0,51]]]}}]}',
        encoding="utf-8",
    )
    attributes = tmp_path / "attributes.csv"
    attributes.write_text("code,residents,workers_people\nA00,5,0.0\n", encoding="utf-8")
    workspace = Workspace(tmp_path / "workspace")
    with pytest.raises(BadInput, match="'workers_people' is above 0 in no area"):
        add_geography(workspace, "areas_1", boundaries=boundaries, code="code", area_name="n", attributes=attributes)
    attributes.write_text("code,residents,income\nA00,5,\n", encoding="utf-8")
    add_geography(workspace, "areas_1", boundaries=boundaries, code="code", area_name="n", attributes=attributes)
    assert "'income' is not known for 1 of 1 areas: A00" in load_geography(workspace, "areas_1").notes
