"""No question is answered that was not asked: unknown, repeated and unusable parameters and formats are refused."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from fastapi.routing import iter_route_contexts
from starlette.responses import JSONResponse
from starlette.routing import Route

from service.web import schemas
from service.web.routes.formats import encoding_of, takes_an_encoding, takes_any
from service.web.routes.questions import questions_of

NAMES = {
    "code": "C0203",
    "target": "violence",
    "file": "page.css",
    "name": "issue.json",
    "path": "report.html",
    "number": "1",
    "collection": "violence-2025-08",
    "feature": "C0203",
}
VALUES = {
    "target": ("violence", "robbery"),
    "period": ("2025-08", "2025-09"),
    "areas": ("C0203", "C0001"),
    "limit": ("3", "4"),
    "share": ("0.1", "0.2"),
    "within": ("D1", "D2"),
    "band": ("average", "below"),
    "flagged": ("false", "true"),
    "format": ("csv", "json"),
    "area": ("C0203", "C0001"),
    "view": ("expected", "km2"),
    "k": ("3", "4"),
    "before": ("3", "4"),
    "offset": ("3", "4"),
    "bbox": ("0,50,1,52", "0,50,2,52"),
    "days": ("friday", "saturday"),
    "from_hour": ("3", "4"),
    "to_hour": ("3", "4"),
    "other_target": ("violence", "robbery"),
    "other_period": ("2025-08", "2025-09"),
}
RANGES = {
    "before": "from 1 to 1000000000000",
    "limit": "from 1 to 10000",
    "offset": "from 0 to 10000000",
    "share": "above 0",
    "k": "from 1 to 1000000",
    "from_hour": "from 0 to 23",
    "to_hour": "from 0 to 24",
}
UNUSABLE = (
    "",
    " violence",
    "violence ",
    "\x00",
    "vio\x00lence",
    "x" * 201,
    "\ufffd",
    "a\nb",
    "\u2028",
    ",",
    "a,,b",
)
NUMBERS = ("1e9", "nan", "-nan", "inf", "-0", "0", "-1", "1_0", "\u0663", "0x1", "many", "1,2", "1;2", "--1", "1e999")


@pytest.fixture(scope="module")
def client(tmp_path_factory, city_maker, serve_city, train_with_report):
    city = city_maker(tmp_path_factory.mktemp("questions") / "city")
    NAMES["run_id"] = train_with_report(city)
    city.approve()
    city.issue()
    yield serve_city(city)
    city.ledger.close()


def routes_of(app):
    """A path of every route there is, and its question."""
    asked = [(question.path, question) for question in questions_of(app)]
    walked = [str(route.path) for route in iter_route_contexts(app.routes)]
    assert [path for path, _ in asked] == walked
    served = app.state.watcher.standing.snapshot
    names = {**NAMES, "forecast_id": served.forecast_id, "digest": served.outlines.tag}
    return [(path.replace(":path", "").format(**names), question) for path, question in asked]


def values_of(app, name):
    """Two values that a parameter takes; the second only has to be another text."""
    forecast_id = app.state.watcher.standing.snapshot.forecast_id
    return {
        **VALUES,
        **dict.fromkeys(("issue", "other_issue"), (forecast_id, "other")),
        "cursor": (f"{forecast_id}.3", "other"),
    }[name]


def refused(answer, parameter):
    assert answer.status_code == (400 if answer.url.path.startswith("/ogc") else 422), (answer.url, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = schemas.ProblemDocument.model_validate_json(answer.content)
    assert problem.parameter == parameter
    assert problem.remedy
    return problem


def test_every_route_refuses_a_parameter_that_it_does_not_know(client):
    paths = routes_of(client.app)
    assert len(paths) == 49
    for path, question in paths:
        assert client.get(path).status_code == 200
        for name in ("nosuch", "fromat", "", "Target", "target[]", "x" * 5000, "\x00"):
            answer = client.get(f"{path}?{quote(name)}=violence")
            refused(answer, answer.json()["parameter"])
            assert len(answer.content) < 800
            assert client.request("HEAD", f"{path}?{quote(name)}=violence").status_code == answer.status_code
        assert client.get(f"{path}?nosuch").status_code in (400, 422)
        if question.query:
            good = f"{path}?{'&'.join(f'{name}={values_of(client.app, name)[0]}' for name in question.query)}"
            assert client.get(good).status_code == 200
            assert client.get(f"{good}&nosuch=1").status_code in (400, 422)


def test_every_parameter_is_refused_where_it_is_given_twice(client):
    seen = set()
    for path, question in routes_of(client.app):
        for name in question.query:
            first, second = values_of(client.app, name)
            for again in (first, second, ""):
                problem = refused(client.get(f"{path}?{name}={first}&{name}={again}"), name)
                assert "given 2 times" in problem.detail
                assert ("separated by commas" in problem.remedy) == question.query[name].several
            seen.add(name)
    assert seen == {*VALUES, "issue", "other_issue", "cursor"}


@pytest.mark.parametrize("value", UNUSABLE)
def test_every_parameter_refuses_a_value_that_cannot_be_used(client, value):
    for path, question in routes_of(client.app):
        for name, about in question.query.items():
            if "," in value and about.kind == "text" and not about.several:
                answer = client.get(f"{path}?{name}={quote(value)}")
                assert answer.status_code in (400, 404, 422), "there is no such name, choice or box"
            else:
                refused(client.get(f"{path}?{name}={quote(value)}"), name)


@pytest.mark.parametrize("value", NUMBERS)
def test_every_number_refuses_what_is_no_number_of_its_range(client, value):
    asked = 0
    for path, question in routes_of(client.app):
        for name, about in question.query.items():
            if about.kind != "text" and not (name in ("offset", "from_hour", "to_hour") and value in ("0", "-0")):
                problem = refused(client.get(f"{path}?{name}={quote(value)}"), name)
                assert RANGES[name] in problem.remedy
                asked += 1
    assert asked == (8 if value in ("0", "-0") else 15)


@pytest.mark.parametrize("value", ["%00", "%20C0203", "C0203%20", "x" * 201, "C02%0A03", "%ff"])
def test_every_part_of_a_path_refuses_what_cannot_be_used(client, value):
    asked = 0
    for question in questions_of(client.app):
        for name in question.pattern.groupindex:
            answer = client.get(re.sub(rf"{{{name}(:path)?}}", value, question.path))
            asked += 1
            if name not in ("file", "path") or value != "C02%0A03":
                refused(answer, name)
            assert answer.status_code in (400, 404, 422)
    assert asked == 22


def test_the_nearest_right_one_is_named(client):
    for path, words in (
        (
            "/v1/forecasts?perido=2025-03",
            "Did you mean 'period'? /v1/forecasts takes target, period, areas, within, band, flagged, bbox, limit, "
            "cursor, format, issue.",
        ),
        ("/v1/hotspots?Share=0.1", "Did you mean 'share'?"),
        ("/v1/areas/C0203/history?period=2025-08", "/v1/areas/{code}/history takes target, issue."),
        ("/v1/ledger?target=violence", "/v1/ledger takes before."),
        ("/v1/issues?target=violence", "Leave it out: /v1/issues takes none."),
        ("/?perido=2025-08", "Did you mean 'period'? / takes target, period, within, area, view, k."),
        ("/?view=expcted", "Did you mean expected?"),
        ("/?within=d1", "It is written 'D1'."),
        ("/v1/flags?format=csv", "It answers in application/json alone."),
        ("/v1/areas?format=csv", "It answers in application/geo+json alone."),
        ("/v1/forecasts?target=violense", "Did you mean violence?"),
        ("/v1/forecasts?target=Violence", "It is written 'violence'."),
        ("/v1/areas/c0203/forecast", "It is written 'C0203'."),
        ("/v1/models/Robbery", "It is written 'robbery'."),
        ("/models/ROBBERY", "It is written 'robbery'."),
        ("/v1/forcasts", "Did you mean /v1/forecasts?"),
        ("/v1/forecasts/", "Did you mean /v1/forecasts?"),
        ("/V1/Forecasts", "Did you mean /v1/forecasts?"),
        ("/v1/areas/C0203/forecst", "Did you mean /v1/areas/{code}/forecast?"),
    ):
        assert words in client.get(path).json()["remedy"], path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/forecasts?target=Violence", 422),
        ("/v1/areas/c0203/forecast", 422),
        ("/v1/areas/c0203/history", 422),
        ("/v1/forecasts?areas=c0203", 422),
        ("/v1/models/Robbery", 422),
        ("/models/ROBBERY", 422),
        ("/v1/forecasts?period=2025-8", 422),
        ("/v1/forecasts?period=2025-13", 422),
        ("/v1/forecasts?period=2025-08,2024-01", 404),
        ("/v1/forecasts?target=violence,arson", 404),
        ("/v1/forecasts?areas=C0203,C9999", 404),
    ],
)
def test_a_name_that_is_not_there_is_told_and_one_in_another_case_is_refused(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_several_targets_and_periods_are_the_answers_to_each(client):
    for path in ("/v1/forecasts", "/v1/levels", "/v1/hotspots", "/v1/areas/C0203/forecast"):
        if client.get(path).status_code == 404:
            continue
        answer = client.get(f"{path}?target=robbery,violence&period=2025-10,2025-08")
        assert answer.status_code == 200, path
        pairs = [(target, period) for target in ("robbery", "violence") for period in ("2025-10", "2025-08")]
        assert answer.json()["answers"] == [
            client.get(f"{path}?target={target}&period={period}").json() for target, period in pairs
        ]
    histories = client.get("/v1/areas/C0203/history?target=violence%2Crobbery").json()["answers"]
    assert [one["target"] for one in histories] == ["violence", "robbery"]
    schemas.Several[schemas.Forecasts].model_validate(client.get("/v1/forecasts?target=violence,robbery").json())


def test_some_areas_are_the_rows_that_the_whole_answer_gives_them(client):
    whole = client.get("/v1/forecasts?target=robbery").json()
    some = client.get("/v1/forecasts?target=robbery&areas=C0001,C0203,C0405").json()
    assert some == {**whole, "areas": [row for row in whole["areas"] if row["area"] in ("C0001", "C0203", "C0405")]}
    assert len(some["areas"]) == 3
    first = client.get("/v1/forecasts?target=robbery&areas=C0001,C0203,C0405&limit=1").json()["areas"]
    assert first == some["areas"][:1]
    assert client.get("/v1/forecasts?areas=C0001,C0001").status_code == 422
    assert "twice" in client.get("/v1/forecasts?target=violence,violence").json()["detail"]


def test_the_description_says_what_is_separated_by_commas(client):
    paths = client.get("/openapi.json").json()["paths"]
    for _, question in routes_of(client.app):
        described = paths.get(question.path, {"get": {}})["get"].get("parameters", [])
        told = {about["name"]: about for about in described if about["in"] == "query"}
        assert question.path not in paths or told.keys() == question.query.keys()
        for name, about in told.items():
            assert (about.get("explode") is False) == question.query[name].several == ("commas" in about["description"])
    assert set(paths["/v1/areas"]["get"]["responses"]["200"]["content"]) == {"application/geo+json"}


def test_every_route_refuses_a_format_that_it_cannot_give(client):
    for path, question in routes_of(client.app):
        media_type = client.get(path).headers["content-type"].partition(";")[0]
        assert media_type in question.formats_of(path)
        for accept in ("application/x-nothing", "image/webp", f"{media_type};q=0", "nonsense", "*/*;q=0"):
            problem = refused(client.get(path, headers={"Accept": accept}), "Accept")
            assert media_type in problem.remedy
        kind = media_type.partition("/")[0]
        for accept in (media_type, f"{kind}/*", "*/*", "", "text/x-a, */*;q=0.1", media_type.upper()):
            assert client.get(path, headers={"Accept": accept}).status_code == 200, (path, accept)
        assert client.get(path, headers={"Accept-Encoding": "br, identity;q=0"}).status_code in (400, 422)


def test_head_has_the_headers_of_get_and_options_say_what_is_allowed(client):
    for path, _ in [*routes_of(client.app), ("/nowhere", None), ("/v1/forecasts?target=arson", None)]:
        got, head, options = (client.request(method, path) for method in ("GET", "HEAD", "OPTIONS"))
        assert (head.status_code, head.headers) == (got.status_code, got.headers)
        assert head.content == b""
        if got.status_code == 200:
            assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
            assert options.content == b""
            posted = client.request("POST", path)
            assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
            assert posted.headers["content-type"] == "application/problem+json"
        else:
            assert (options.status_code, options.content) == (got.status_code, got.content)


def test_a_slash_too_many_leads_nowhere(client):
    for path, _ in routes_of(client.app):
        for asked in (f"{path}/", f"/{path}", f"//elsewhere.example{path}/", f"/\\elsewhere.example{path}/"):
            answer = client.get(f"http://127.0.0.1:8000{asked}")
            assert "location" not in answer.headers
            assert answer.status_code == 404 or path == "/" or path.startswith("/static/")


def test_a_route_that_is_added_is_held_too(issued_city, serve_city):
    client = serve_city(issued_city)

    async def added(length: int = 1) -> dict[str, int]:
        return {"length": length}

    client.app.add_api_route("/v1/added", added)
    assert client.get("/v1/added?length=2").json() == {"length": 2}
    refused(client.get("/v1/added?lenght=2"), "lenght")
    refused(client.get("/v1/added?length=2&length=3"), "length")
    refused(client.get("/v1/added?length=1_0"), "length")
    refused(client.get("/v1/added", headers={"Accept": "text/csv"}), "Accept")


def test_a_route_whose_parameters_cannot_be_read_stops_the_start(issued_city, serve_city):
    client = serve_city(issued_city)
    client.app.router.routes.append(Route("/dodge", lambda _: JSONResponse({})))
    with pytest.raises(TypeError, match="/dodge cannot be read"):
        questions_of(client.app)
    assert client.get("/dodge").status_code == 500


def test_a_new_form_of_accept_is_read_as_the_standard_says():
    assert takes_any("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ("application/json",))
    assert takes_any("application/json", ("application/geo+json",))
    assert not takes_any("application/json;q=0, */*", ("application/json",))
    assert not takes_any("application/geo+json", ("application/json",))
    assert not takes_any("text/*;q=1, application/json;q=0.0", ("application/json",))
    assert not takes_any("application/json;q=high", ("application/json",))
    offered = ("zstd", "gzip")
    assert encoding_of("gzip, deflate, br, zstd", offered) == "zstd"
    assert encoding_of("br;q=1.0, gzip;q=0.8, *;q=0.1", offered) == "gzip"
    assert encoding_of("zstd;q=0.5, gzip;q=0.8", offered) == "gzip"
    assert encoding_of("identity;q=0, *;q=0.5", offered) == "zstd"
    assert encoding_of("gzip;q=0", offered) is None
    assert encoding_of("identity", offered) is None
    assert takes_an_encoding("br", offered)
    assert not takes_an_encoding("br, *;q=0", offered)


def test_gzip_that_is_refused_by_weight_is_not_given(client):
    answer = client.get("/v1/forecasts", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in answer.headers
    assert json.loads(answer.content)["target"] == "violence"
