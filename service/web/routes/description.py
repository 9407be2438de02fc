"""The OpenAPI document, held to what the service does: which texts a parameter takes, and in what errors are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from contracts import Frequency
from service.web.answers.nearest import LONGEST_VALUE
from service.web.answers.page import page_of
from service.web.routes.problems import MEDIA_TYPE
from service.web.snapshot import Snapshot

Json = dict[str, Any]
_UNUSABLE = r",\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd"
TEXT = rf"^[^\s{_UNUSABLE}]([^{_UNUSABLE}]*[^\s{_UNUSABLE}])?$"
"""What every name in a question is: printable, without a comma, and without a space at an end."""


CURSOR = rf"^[^\s{_UNUSABLE}]([^{_UNUSABLE}]*[^\s{_UNUSABLE}])?\.\d{{1,9}}$"
"""The id of a forecast and a rank."""
_DEGREES = r"-?(3[0-5]\d|[12]\d\d|\d{1,2})(\.\d{1,9})?"
BOX = f"^{_DEGREES}(,{_DEGREES}){{3}}$"
"""West, south, east and north."""
_DAY = r"(19|20|21)\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
PERIODS: Mapping[Frequency, str] = {
    Frequency.MONTH: r"^(19|20|21)\d{2}-(0[1-9]|1[0-2])$",
    Frequency.WEEK: r"^(19|20|21)\d{2}-W(0[1-9]|[1-4]\d|5[0-3])$",
    Frequency.DAY: f"^{_DAY}$",
    Frequency.SHIFT: f"^{_DAY}T([01]\\d|2[0-3])$",
}
"""How a period of each length is written."""


def describe(document: Json, frequency: Frequency, examples: Mapping[str, Json]) -> Json:
    """The document with plain parameters, their limits, and problem documents under their own media type.

    ``examples`` maps paths to an answer of each.
    """
    for path, operations in document["paths"].items():
        for about in operations["get"].get("parameters", ()):
            about["schema"] = _plain(about["schema"])
            _limit(about, frequency)
        for status, response in operations["get"]["responses"].items():
            response["content"] = dict(_contents(status, response.get("content", {})))
            if status == "200" and path in examples:
                response["content"]["application/json"]["example"] = examples[path]
    return document


def examples_of(served: Snapshot | None) -> dict[str, Json]:
    """Answers of what is served, as they are but with one area where there are many; none where nothing is served."""
    if served is None:
        return {}
    name = next((name for name in served.targets if name not in served.refused_targets), None)
    if name is None:
        return {}
    shown = served.of(name).of(None)
    code = shown.ranked()[0]["area"]
    answers = {
        "/v1/summary": served.summary,
        "/v1/forecasts": page_of(shown, 1, 0).answer(),
        "/v1/areas/{code}/forecast": served.area_forecast(code, name, None),
    }
    return {path: orjson.loads(answer.plain) for path, answer in answers.items()}


def _plain(schema: Json) -> Json:
    """Without null: a parameter that is not given is left out."""
    others = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(others) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **others[0]}


def _limit(about: Json, frequency: Frequency) -> None:
    schema = about["schema"]
    if schema.get("type") == "array":
        about.update(style="form", explode=False)
        schema.update(minItems=1, uniqueItems=True)
    one = schema.get("items", schema)
    if one.get("type") == "string" and "enum" not in one:
        pattern = {"period": PERIODS[frequency], "bbox": BOX, "cursor": CURSOR}.get(about["name"], TEXT)
        one.update(minLength=1, maxLength=LONGEST_VALUE, pattern=pattern)


def _contents(status: str, content: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for media_type, about in content.items():
        schema = about.get("schema", {})
        if {"$ref", "anyOf"} & schema.keys():
            schema.pop("type", None)
        yield (MEDIA_TYPE if status >= "4" else media_type), about
