"""The API over an issued forecast of a small city."""

from __future__ import annotations

import pytest

from service import schemas


@pytest.fixture
def client(issued_city, serve_city):
    return serve_city(issued_city)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/v1/summary", schemas.Summary),
        ("/v1/forecasts", schemas.Forecasts),
        ("/v1/forecasts?target=robbery&period=2025-09&limit=3", schemas.Forecasts),
        ("/v1/hotspots?share=0.1", schemas.Hotspots),
        ("/v1/areas", schemas.Boundaries),
        ("/v1/areas/C0203/forecast?target=violence", schemas.OneArea),
        ("/v1/areas/C0203/history?target=robbery", schemas.History),
        ("/healthz", schemas.Health),
        ("/readyz", schemas.Readiness),
    ],
)
def test_answers_keep_their_published_schema(client, path, schema):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    schema.model_validate_json(answer.content)
