"""Two targets, periods or issued forecasts side by side."""

from __future__ import annotations

from datetime import date

import pytest

LATER = date(2025, 8, 10)


@pytest.fixture
def two(issued_city):
    issued_city.issue(today=LATER)
    return issued_city, [entry.content["forecast_id"] for entry in issued_city.ledger.entries("issue")]


def rows(client, question):
    return {row["area"]: row for row in client.get(f"/v1/forecasts?{question}").json()["areas"]}


def test_two_targets_are_set_side_by_side(issued_city, serve_city):
    client = serve_city(issued_city)
    page = client.get("/compare?target=violence&other_target=robbery").text
    left, right = rows(client, "target=violence"), rows(client, "target=robbery")
    apart = max(left, key=lambda code: abs(left[code]["mean"] - right[code]["mean"]))
    table = page.partition('id="differences"')[2]
    assert f'href="/areas/{apart}"' in table.partition("</tr>")[2].partition("</tr>")[0]
    assert f"{left[apart]['rank']} → {right[apart]['rank']}" in table
    both = {code for code, row in left.items() if row["flagged"]} & {
        code for code, row in right.items() if row["flagged"]
    }
    assert f"{len(both)} areas are flagged in both" in page
    maps = [part.partition('"')[0].replace("&amp;", "&") for part in page.split('class="side-map" src="')[1:]]
    assert ["target=violence" in maps[0], "target=robbery" in maps[1]] == [True, True]
    drawn = [client.get(address).content for address in maps]
    assert drawn[0] != drawn[1]


def test_two_issues_are_set_side_by_side(two, serve_city):
    city, (first, second) = two
    client = serve_city(city, today=LATER)
    page = client.get(f"/compare?other_issue={first}&period=2025-10").text
    assert f"{first}, issued on" in page
    assert f"{second}, issued on" in page
    assert page.count('<option value="2025-10" selected') == 2


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("other_issue=2020-01-00000000", 404),
        ("other_target=arson", 404),
        ("other_period=2025-13", 422),
        ("other=1", 422),
    ],
)
def test_what_cannot_be_compared_is_told(issued_city, serve_city, question, status):
    assert serve_city(issued_city).get(f"/compare?{question}").status_code == status


def test_names_of_targets_are_kept_on_the_right_where_they_are_not_named(issued_city, serve_city):
    page = serve_city(issued_city).get("/compare?target=robbery").text
    assert page.count('<option value="robbery" selected') == 2
