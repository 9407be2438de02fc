"""The pages as the service writes them: names are never read as HTML, and what was issued without is left out."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from contracts import Workspace

HOSTILE = '<img src=x onerror="alert(1)">'
PATHS = ("/", "/?within=D1&area=C0203", "/areas/C0203", "/print", "/map.svg", "/models/violence")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, city_maker, serve_city):
    """A service of a city whose every name is an attack."""
    city = city_maker(tmp_path_factory.mktemp("pages") / "city", columns=12, rows=3)
    settings = city.workspace.root / "wardcast.toml"
    text = settings.read_text()
    settings.write_text(
        text.replace('city = "Simulated city"', f"city = '{HOSTILE}'").replace(
            "[forecast]", '[geographies.cells]\nresidents = "people"\n[geographies.cells.groups]\n'
            f"'{HOSTILE}' = \"group\"\n[forecast]"
        )
    )  # fmt: skip
    areas = city.sources.geography.areas.assign(name=HOSTILE)
    table = pd.DataFrame({"people": 100.0, "group": 0.5}, index=areas["area"])
    city.sources = replace(city.sources, geography=replace(city.sources.geography, areas=areas, attributes=table))
    city.workspace = Workspace(city.workspace.root)
    city.approve()
    city.issue()
    yield serve_city(city)
    city.ledger.close()


@pytest.mark.parametrize("path", PATHS)
def test_a_name_is_never_read_as_html(hostile, path):
    answer = hostile.get(path)
    assert answer.status_code == 200
    assert "<img src=x" not in answer.text
    assert (
        "onerror=" not in answer.text.replace("onerror=&#34;", "").replace("onerror=&quot;", "") or path == "/map.svg"
    )
    if path != "/models/violence":
        assert "&lt;img src=x onerror=" in answer.text


def test_who_lives_in_the_covered_areas_is_told(hostile):
    page = hostile.get("/?k=9").text
    assert "900 people live there, 25% of all." in page
    assert "50% there, 50% in the city." in page


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/?k=37", "37 cannot be covered"),
        ("/?area=C9999", "no area 'C9999'"),
        ("/areas/C9999", "no area 'C9999'"),
        ("/print?within=D9", "no district 'D9'"),
        ("/?period=2025-07", "had begun when this was issued"),
    ],
)
def test_what_is_not_there_is_told(hostile, path, words):
    answer = hostile.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert words in answer.text.replace("&#39;", "'")
    assert hostile.get(path).headers["content-type"] == "application/problem+json"
