"""Forecasts as analysts' tools read them (CSV, GeoJSON, GeoPackage, Parquet, Arrow), filtered and in pages."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest


def read_geopackage(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "forecasts.gpkg"
        path.write_bytes(content)
        return geopandas.read_file(path, layer="forecasts")


READERS = {
    "csv": lambda content: pd.read_csv(io.BytesIO(content)),
    "parquet": lambda content: pd.read_parquet(io.BytesIO(content)),
    "arrow": lambda content: pa.ipc.open_stream(content).read_pandas(),
    "geojson": lambda content: geopandas.read_file(io.BytesIO(content)),
    "gpkg": read_geopackage,
}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory, city_maker, serve_city):
    city = city_maker(tmp_path_factory.mktemp("tables") / "city", columns=12, rows=3, weights="violence = 10.0")
    city.approve()
    city.issue()
    yield serve_city(city)
    city.ledger.close()


@pytest.mark.parametrize("name", READERS)
def test_a_table_holds_what_the_json_holds(client, name):
    answer = client.get(f"/v1/forecasts?target=violence&period=2025-09&format={name}")
    assert answer.headers["content-type"] == MEDIA_TYPES[name]
    document = client.get("/v1/forecasts?target=violence&period=2025-09").json()
    assert answer.headers["content-disposition"] == f'attachment; filename="{document["forecast_id"]}.{name}"'
    table = READERS[name](answer.content)
    assert len(table) == len(document["areas"]) == 36
    for column in ("area", "name", "mean", "q10", "q90", "rank", "rank_low", "rank_high", "flagged", "per_km2", "band"):
        assert table[column].tolist() == [row[column] for row in document["areas"]], column
    assert table["harm_mean"].tolist() == [row["harm"]["mean"] for row in document["areas"]]
    assert set(table["horizon"]) == {3}
    assert [str(value)[:10] for value in (table["first_day"].iloc[0], table["last_day"].iloc[0])] == [
        "2025-09-01",
        "2025-09-30",
    ]
    assert table["per_1000_residents"].isna().all(), "no column is named for residents"


def test_the_header_accept_asks_for_a_table_too(client):
    for name, media_type in MEDIA_TYPES.items():
        answer = client.get("/v1/forecasts", headers={"Accept": f"{media_type.partition(';')[0]}, */*;q=0.1"})
        assert answer.headers["content-type"] == media_type
        assert len(READERS[name](answer.content)) == 36
    for accept in ("*/*", "application/json", "text/html,application/xhtml+xml,*/*;q=0.8", ""):
        assert client.get("/v1/forecasts", headers={"Accept": accept}).headers["content-type"] == "application/json"
    both = client.get("/v1/forecasts?format=csv", headers={"Accept": "application/json"})
    assert both.headers["content-type"] == MEDIA_TYPES["csv"]


def test_several_targets_and_periods_are_one_table(client):
    asked = "/v1/forecasts?target=violence,robbery&period=2025-08,2025-10&limit=2&format=csv"
    table = READERS["csv"](client.get(asked).content)
    assert len(table) == 8
    assert set(zip(table["target"], table["period"], strict=True)) == {
        (target, period) for target in ("violence", "robbery") for period in ("2025-08", "2025-10")
    }


@pytest.mark.parametrize("name", ["geojson", "gpkg"])
def test_the_features_have_the_boundaries_of_the_areas(client, name):
    features = READERS[name](client.get(f"/v1/forecasts?limit=5&format={name}").content)
    boundaries = geopandas.read_file(io.BytesIO(client.get("/v1/areas").content)).set_index("code")
    assert features.crs.to_epsg() == 4326
    for row in features.itertuples():
        assert row.geometry.normalize().equals(boundaries.loc[row.area].geometry)


def test_filters_keep_areas_with_their_ranks_in_the_whole_city(client):
    every = client.get("/v1/forecasts").json()["areas"]

    def kept(question):
        return client.get(f"/v1/forecasts?{question}").json()["areas"]

    assert kept("within=D1,D2") == [row for row in every if row["parent"] in ("D1", "D2")]
    assert kept("band=average") == [row for row in every if row["band"] == "average"]
    assert kept("flagged=true") == [row for row in every if row["flagged"]]
    assert (
        kept("flagged=false&within=D1&limit=2")
        == [row for row in every if not row["flagged"] and row["parent"] == "D1"][:2]
    )
    assert [row["area"] for row in kept("flagged=true")] == [
        row["area"] for row in client.get("/v1/flags").json()["areas"]
    ]
    table = READERS["csv"](client.get("/v1/forecasts?within=D1&format=csv").content)
    assert table["area"].tolist() == [row["area"] for row in kept("within=D1")]


def test_a_box_keeps_the_areas_that_meet_it(client):
    every = client.get("/v1/forecasts").json()["areas"]
    west = client.get("/v1/forecasts?bbox=-0.2,51.4,-0.171,51.5").json()["areas"]
    assert west == [row for row in every if int(row["area"][3:]) <= 2]
    assert client.get("/v1/forecasts?bbox=-0.2,51.5,-0.171,51.4").json()["areas"] == west, "any two opposite corners"
    assert client.get("/v1/forecasts?bbox=10,10,11,11").json()["areas"] == []
    assert client.get("/v1/forecasts?bbox=-0.2,51.4,-0.171,51.5&within=D2").json()["areas"] == []


@pytest.mark.parametrize("question", ["target=violence", "within=D1", "flagged=false", "bbox=-0.2,51.4,-0.12,51.41"])
def test_a_cursor_leads_through_all_areas(client, question):
    every = client.get(f"/v1/forecasts?{question}").json()
    assert "next" not in every
    found, cursor = [], None
    while True:
        page = client.get(f"/v1/forecasts?{question}&limit=5{f'&cursor={cursor}' if cursor else ''}").json()
        found += page["areas"]
        assert len(page["areas"]) <= 5
        cursor = page["next"]
        if cursor is None:
            break
    assert found == every["areas"]


def test_a_table_leads_on_in_its_header(client):
    found, path = [], "/v1/forecasts?target=robbery&format=csv&limit=10"
    while path:
        answer = client.get(path)
        found += READERS["csv"](answer.content)["area"].tolist()
        link = answer.headers.get("link")
        assert link is None or link.endswith('>; rel="next"')
        path = link.partition("<")[2].partition(">")[0].removeprefix("http://127.0.0.1:8000") if link else None
    assert found == [row["area"] for row in client.get("/v1/forecasts?target=robbery").json()["areas"]]


@pytest.mark.parametrize(
    ("question", "status", "words"),
    [
        ("bbox=1,2,3", 422, "bbox=west,south,east,north"),
        ("cursor=20", 422, "'next'"),
        ("cursor=2020-01-00000000.20", 404, "issue=2020-01-00000000"),
        ("cursor=2020-01-00000000.20&target=violence,robbery", 422, "one target"),
        ("within=D99", 404, "districts"),
        ("within=d1", 422, "It is written 'D1'."),
        ("band=highest", 422, "band=one,two"),
        ("format=xlsx", 422, "format=csv"),
        ("flagged=perhaps", 422, "flagged=true"),
    ],
)
def test_a_filter_that_cannot_be_used_is_refused(client, question, status, words):
    answer = client.get(f"/v1/forecasts?{question}")
    assert answer.status_code == status
    assert words in answer.json()["remedy"]


def test_no_area_is_an_answer_too(client):
    question = "within=D1&flagged=true&band=well_below"
    assert client.get(f"/v1/forecasts?{question}").json()["areas"] == []
    for name in ("parquet", "arrow", "geojson", "gpkg"):
        assert len(READERS[name](client.get(f"/v1/forecasts?{question}&format={name}").content)) == 0


def test_a_year_before_is_the_count_that_was_known(client):
    rows = client.get("/v1/forecasts?target=violence").json()["areas"]
    for row in rows[:5]:
        known = client.get(f"/v1/areas/{row['area']}/history?target=violence").json()["history"]
        assert row["a_year_before"] == next(one["count"] for one in known if one["period"] == "2024-08")


def test_an_area_is_as_dense_as_its_count_and_land_say(client):
    land = {row["area"]: row["per_km2"] / row["mean"] for row in client.get("/v1/forecasts").json()["areas"]}
    assert np.allclose(list(land.values()), next(iter(land.values())), rtol=1e-3), "the cells are alike"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_what_a_client_has_already_is_not_sent_again(client, encoding):
    paths = (
        *(
            "/v1/summary",
            "/v1/forecasts",
            "/v1/forecasts?limit=3",
            "/v1/forecasts?format=csv",
            "/v1/areas",
            "/v1/flags",
        ),
        *("/v1/levels", "/v1/hotspots", "/v1/areas/C0203/forecast", "/v1/areas/C0203/history", "/v1/models/violence"),
    )
    for path in paths:
        first = client.get(path, headers={"Accept-Encoding": encoding})
        tag = first.headers["etag"]
        assert tag.startswith('"'), "a strong tag"
        for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            again = client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
        other = client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": '"other"'})
        assert (other.status_code, other.content) == (200, first.content)


def test_other_content_and_another_encoding_have_another_tag(client):
    tags = [
        client.get(path, headers={"Accept-Encoding": encoding}).headers["etag"]
        for path in ("/v1/forecasts", "/v1/forecasts?target=robbery", "/v1/forecasts?format=csv")
        for encoding in ("gzip", "identity")
    ]
    assert len(set(tags)) == 6
