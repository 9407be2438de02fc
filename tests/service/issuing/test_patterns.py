"""When in the week crime happened and where it is repeated stand in the signed forecast, and in no older one."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from contracts.tables import HOURS, NEAR_REPEATS, REPEATS, check
from service.board.champions import current_champions
from service.forecasts.issued import read_issued
from service.forecasts.patterns import HOURS_FILE, NEAR_REPEATS_FILE, REPEATS_FILE
from service.issuing.contents import Occasion, issue_contents

FILES = {HOURS_FILE, REPEATS_FILE, NEAR_REPEATS_FILE}


def contents_of(city, *, issue_format=4, door=None):
    sources = city.sources if door is None else replace(city.sources, door=door)
    occasion = Occasion(date(2025, 7, 10), replay=False, issue_format=issue_format)
    champions = current_champions(city.ledger)
    return issue_contents(city.workspace, sources, champions, occasion, lambda _: None)


def test_hours_are_those_of_the_incidents(issued_city):
    entry = issued_city.ledger.entries("issue")[0]
    issued = read_issued(issued_city.workspace, entry)
    hours = check(issued.patterns.hours, HOURS)
    (about, _) = issued.record.targets
    week = about.patterns["week"]
    assert (week["first_day"], week["last_day"], week["weeks"]) == ("2023-07-04", "2025-06-30", 104)
    points = issued_city.sources.door.panel.points
    inside = points.in_target[0] & (points.moment >= pd.Timestamp("2023-07-04").to_datetime64())
    assert hours[hours["target"] == "violence"]["crimes"].sum() == inside.sum()
    at_ten = points.moment[inside].astype("datetime64[h]").astype(int) % 24 == 22
    found = hours[(hours["target"] == "violence") & (hours["hour"] == 22)]
    assert found["crimes"].sum() == at_ten.sum()
    assert set(hours["target"]) == {"violence", "robbery"}


def test_a_list_of_places_is_no_part_of_it_and_small_counts_are_hidden(issued_city):
    entry = issued_city.ledger.entries("issue")[0]
    issued = read_issued(issued_city.workspace, entry)
    repeats = check(issued.patterns.repeats, REPEATS)
    assert repeats["incidents"].isna().any()
    known = repeats["incidents"].dropna()
    assert (known >= 10).all()
    assert (known % 5 == 0).all()
    near = check(issued.patterns.near_repeats, NEAR_REPEATS)
    assert not {"longitude", "latitude", "place"} & {*repeats, *near, *issued.patterns.hours}


@pytest.mark.parametrize("issue_format", [1, 2, 3])
def test_older_formats_are_made_without_them(issued_city, issue_format):
    contents = contents_of(issued_city, issue_format=issue_format)
    assert not FILES & contents.keys()
    assert b"patterns" not in contents["issue.json"]


def test_counts_without_incidents_have_no_patterns(issued_city):
    door = issued_city.sources.door
    contents = contents_of(issued_city, door=replace(door, panel=replace(door.panel, points=None)))
    assert not FILES & contents.keys()
    assert b'"week": null' in contents["issue.json"]


def test_the_same_inputs_give_the_same_bytes(issued_city):
    first = contents_of(issued_city)
    again = contents_of(issued_city)
    assert {name: first[name] for name in FILES} == {name: again[name] for name in FILES}
    assert not pd.read_parquet(io.BytesIO(first[HOURS_FILE])).empty
