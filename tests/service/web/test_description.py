"""The OpenAPI document says what the service does."""

from __future__ import annotations

import re
from datetime import date

import pytest

from contracts import Frequency, Period
from service.web.routes.description import PERIODS, TEXT


@pytest.fixture(scope="module")
def document(tmp_path_factory, city_maker, serve_city):
    city = city_maker(tmp_path_factory.mktemp("description") / "city")
    yield serve_city(city).get("/openapi.json").json()
    city.ledger.close()


def test_errors_are_described_as_problem_documents(document):
    for path, operations in document["paths"].items():
        for status, response in operations["get"]["responses"].items():
            if status >= "4" and path not in ("/healthz",):
                assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_a_parameter_is_described_without_null_and_several_as_a_list_with_commas(document):
    seen = set()
    for operations in document["paths"].values():
        for about in operations["get"].get("parameters", ()):
            schema = about["schema"]
            assert schema["type"] in ("string", "array", "integer", "number", "boolean"), about
            if schema["type"] == "array":
                assert (about["style"], about["explode"], schema["uniqueItems"]) == ("form", False, True)
            seen.add((about["name"], schema["type"]))
    assert {("target", "array"), ("period", "array"), ("limit", "integer"), ("flagged", "boolean")} <= seen


def test_operations_have_short_names(document):
    names = [operations["get"]["operationId"] for operations in document["paths"].values()]
    assert len(set(names)) == len(names)
    assert {"summary", "forecasts", "area_forecast"} <= set(names)


@pytest.mark.parametrize("frequency", list(Frequency))
def test_every_period_is_written_as_described(frequency):
    first = Period.containing(date(2024, 2, 29), frequency)
    for shift in range(400):
        assert re.fullmatch(PERIODS[frequency], str(first.shift(shift)))
    for other in ("", "2024", "2024-13", "24-01", "2024-1"):
        assert not re.fullmatch(PERIODS[frequency], other)


@pytest.mark.parametrize("text", ["C0203", "E05013806", "St James's", "a", "Ærø 1"])
def test_a_name_is_as_described(text):
    assert re.match(TEXT, text)


@pytest.mark.parametrize("text", ["", " a", "a ", "a,b", "\x00", "a\nb", "\ufffd"])
def test_what_cannot_be_used_is_not_as_described(text):
    assert not re.match(TEXT, text)


def test_the_examples_are_answers_of_this_service(issued_city, serve_city):
    client = serve_city(issued_city)
    paths = client.get("/openapi.json").json()["paths"]
    examples = {
        path: about["get"]["responses"]["200"]["content"]["application/json"].get("example")
        for path, about in paths.items()
        if "application/json" in about["get"]["responses"]["200"]["content"]
    }
    assert examples["/v1/summary"] == client.get("/v1/summary").json()
    assert examples["/v1/forecasts"] == client.get("/v1/forecasts?limit=1").json()
    area = examples["/v1/forecasts"]["areas"][0]["area"]
    assert examples["/v1/areas/{code}/forecast"] == client.get(f"/v1/areas/{area}/forecast").json()
