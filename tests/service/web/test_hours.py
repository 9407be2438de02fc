"""Weekdays and hours add up, nights belong to the day before, and small counts of repeats stay hidden."""

from __future__ import annotations

import io
from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest

from service.web import schemas
from service.web.answers.week import NIGHTS, WEEKDAYS, Hours


@pytest.fixture
def client(issued_city, serve_city):
    return serve_city(issued_city)


def told(client, path, schema):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return schema.model_validate_json(answer.content)


def test_areas_add_up_to_the_week_however_it_is_cut(client):
    whole = told(client, "/v1/hours?target=violence", schemas.InHours)
    assert whole.hours == "Every day, all hours"
    crimes = {row.area: row.crimes for row in whole.areas}
    parts = dict.fromkeys(crimes, 0)
    for day in WEEKDAYS:
        for first in (0, 8, 16):
            query = f"target=violence&days={day}&from_hour={first}&to_hour={first + 8}"
            for row in told(client, f"/v1/hours?{query}", schemas.InHours).areas:
                parts[row.area] += row.crimes
    assert parts == crimes
    assert sorted(crimes.values(), reverse=True) == [row.crimes for row in whole.areas]


def test_a_night_belongs_to_the_day_before(client):
    answer = told(client, "/v1/areas/C0203/hours?target=violence", schemas.AreaHours)
    week = np.array([answer.crimes[day] for day in WEEKDAYS])
    rows = told(client, "/v1/hours?target=violence&days=sunday&from_hour=22&to_hour=3", schemas.InHours).areas
    (row,) = [one for one in rows if one.area == "C0203"]
    assert row.crimes == week[6, 22:].sum() + week[0, :3].sum()
    assert row.per_week == pytest.approx(row.crimes / answer.weeks, abs=1e-4)
    assert week[:, 22].sum() > 3 * week[:, 21].sum(), "a quarter happened at ten"


@pytest.mark.parametrize(
    ("hours", "number"), [(Hours((0,), 0, 24), 24), (Hours((0,), 0, 0), 24), (Hours((6,), 23, 1), 2), (NIGHTS, 16)]
)
def test_hours_are_counted_once(hours, number):
    assert hours.mask.sum() == number


@pytest.mark.parametrize(
    "query", ["days=someday", "from_hour=24", "to_hour=25", "from_hour=-1", "days=friday,,monday", "within=D9"]
)
def test_what_is_no_time_of_the_week_is_refused(client, query):
    assert client.get(f"/v1/hours?{query}").status_code in (404, 422)
    assert client.get(f"/hours?{query}").status_code in (404, 422)


def test_tables_hold_the_same_rows(client):
    query = "/v1/hours?target=violence&within=D1&days=friday"
    rows = [row.model_dump() for row in told(client, query, schemas.InHours).areas]
    table = pd.read_csv(io.BytesIO(client.get(f"{query}&format=csv").content))
    assert table["crimes"].tolist() == [row["crimes"] for row in rows]
    assert set(table["parent"]) == {"D1"}
    parquet = pd.read_parquet(io.BytesIO(client.get(f"{query}&format=parquet").content))
    assert parquet["area"].tolist() == [row["area"] for row in rows]
    features = client.get(f"{query}&format=geojson").json()["features"]
    assert [one["properties"]["crimes"] for one in features] == table["crimes"].tolist()


def test_the_page_says_what_is_chosen_and_keeps_it_in_its_controls(client):
    text = client.get("/hours?target=robbery&within=D1&days=monday,wednesday&from_hour=22&to_hour=3").text
    page = unescape(" ".join(text.split()))
    assert "Monday and Wednesday, 22:00 to 03:00: robbery in D1," in page
    assert 'value="monday,wednesday" selected' in page
    assert '<option value="22" selected>22:00' in page
    assert "this is no forecast" in page
    assert "Hours past midnight belong to the night of the day before." in page
    drawn = client.get("/hours.svg?target=robbery&within=D1&days=monday&from_hour=22&to_hour=3")
    assert drawn.text.count("<path") == 30, "every area of the district"


def test_an_area_says_when_and_how_often_again(client):
    page = unescape(" ".join(client.get("/areas/C0203?target=violence").text.split()))
    assert "of them on Friday and Saturday, 20:00 to 04:00, which is 10% of the week." in page
    assert "happened at a place where another had within 90 days" in page
    assert "fewer than 10 happened at a place" in page, "no two lie at one place"


def test_repeats_are_told_by_area_and_for_the_city(client):
    answer = told(client, "/v1/repeats?target=violence", schemas.Repeats)
    assert len(answer.near_repeat_table) == 16
    assert {row.repeats for row in answer.areas} == {None}
    assert any(row.incidents is not None and row.incidents % 5 == 0 for row in answer.areas)
    assert answer.repeats["hidden_under"] == 10


def test_without_incidents_it_is_told_that_nothing_is_known(city, serve_city):
    door = city.sources.door
    panel = replace(door.panel, points=None)
    city = replace(city, sources=replace(city.sources, door=replace(door, panel=panel)))
    city.approve()
    city.issue()
    client = serve_city(city)
    for path in ("/v1/hours", "/v1/areas/C0203/hours", "/v1/repeats", "/hours", "/hours.svg"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "no single incidents" in answer.json()["detail"]
    assert "When in the week" not in client.get("/areas/C0203").text
    assert "weekdays and hours" not in client.get("/").text
