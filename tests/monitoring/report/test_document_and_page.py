"""The report as data and as a page: no ratio without its interval, no verdict without its margin and its caveat."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
import pytest
import tinyhtml5

from contracts import BadInput, DisclosureSettings
from monitoring.audits.result import CAVEAT, AuditResult
from monitoring.report import Subject, earlier_findings, public_document, report_page
from monitoring.report.subject import ReportInput

NAMES = ("inside", "outside", "not enough evidence", "two targets", "worse than before")
TWO_DECIMALS = re.compile(r"(?<![\d.,])[−-]?\d+\.\d{2}(?!\d)")
WITH_INTERVAL = re.compile(r"[−-]?\d+\.\d{2} \([−-]?\d+\.\d{2} to [−-]?\d+\.\d{2}\)")
RATIO_NAMES = ("ratio", "vs_", "calibration", "exposure", "elasticity", "log_loss_vs")


@pytest.fixture(scope="module", params=NAMES)
def document(request: pytest.FixtureRequest, reports: dict[str, ReportInput]) -> dict[str, Any]:
    return public_document(reports[request.param])


@pytest.fixture(scope="module", params=NAMES)
def page(request: pytest.FixtureRequest, reports: dict[str, ReportInput]) -> Element:
    report = reports[request.param]
    return tinyhtml5.parse(report_page(public_document(report), report), namespace_html_elements=False)


def rows_of(content: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a JSON document, with where it lies."""
    if isinstance(content, dict):
        yield path, content
        for name, value in content.items():
            yield from rows_of(value, f"{path}/{name}")
    elif isinstance(content, list):
        for at, value in enumerate(content):
            yield from rows_of(value, f"{path}/{at}")


def ratios_without_interval(content: Any) -> list[str]:
    """Places of numbers that are ratios by their unit or their name and have no interval beside them."""
    found = []
    for path, row in rows_of(content):
        unit = row.get("unit")
        if isinstance(unit, str) and unit.startswith(("ratio", "elasticity")) and isinstance(row.get("value"), float):
            found += [path] if row.get("low") is None or row.get("high") is None else []
        for name, value in row.items():
            named = name.startswith(RATIO_NAMES) and not name.endswith(("_low", "_high", "_margin", "_red"))
            if named and isinstance(value, int | float) and not path.endswith("/margins"):
                found += [] if f"{name}_low" in row else [f"{path}/{name}"]
    return found


def verdicts_alone(content: Any) -> list[str]:
    """Places of verdicts without a margin or a caveat in the same object."""
    return [
        path
        for path, row in rows_of(content)
        if isinstance(row.get("verdict"), str) and not (row.get("margin") and row.get("caveat") == CAVEAT)
    ]


def test_no_ratio_of_the_json_lacks_its_interval(document: dict[str, Any]) -> None:
    assert ratios_without_interval(document) == []


def test_no_verdict_of_the_json_lacks_its_margin_or_its_caveat(document: dict[str, Any]) -> None:
    assert verdicts_alone(document) == []
    assert sum("verdict" in row for _, row in rows_of(document)) > 50


def test_a_planted_ratio_and_a_planted_verdict_would_be_found() -> None:
    planted = {"a": [{"unit": "ratio to the city", "value": 1.2}], "b": {"vs_ewma": 0.9}, "c": {"verdict": "inside"}}
    assert ratios_without_interval(planted) == ["/a/0", "/b/vs_ewma"]
    assert verdicts_alone(planted) == ["/c"]


def test_the_json_is_plain_and_says_what_it_is(document: dict[str, Any]) -> None:
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["caveat"] == CAVEAT
    assert {"summary", "subjects", "publications", "disclosure", "records"} <= set(document)


def test_no_figure_has_so_many_decimals_that_a_count_follows_from_it(document: dict[str, Any]) -> None:
    for path, row in rows_of(document["subjects"][0]["audits"]):
        for name, value in row.items():
            assert not isinstance(value, float) or value == round(value, 3), f"{path}/{name}"


def _blocks(page: Element) -> Iterator[tuple[Element, str]]:
    """The innermost elements that hold running words, with all their words."""
    for element in page.iter():
        if element.tag in (
            "p",
            "li",
            "td",
            "th",
            "caption",
            "figcaption",
            "dd",
            "text",
            "{http://www.w3.org/2000/svg}text",
        ):
            yield element, " ".join("".join(element.itertext()).split())


def _parents(page: Element) -> dict[Element, Element]:
    return {child: parent for parent in page.iter() for child in parent}


def _margin(element: Element, parents: dict[Element, Element]) -> bool:
    while True:
        if element.get("data-margin") is not None:
            return True
        if element not in parents:
            return False
        element = parents[element]


def test_no_ratio_of_the_page_lacks_its_interval(page: Element) -> None:
    """A ratio is the only number with two decimals; those of a margin, of an axis and of a legend are limits."""
    alone = []
    for element, words in _blocks(page):
        if (
            {"data-margin", "data-formula"} & set(element.attrib)
            or element.get("class") == "note"
            or "average" in words
        ):
            continue
        limits = " ".join("".join(one.itertext()) for one in element.iter() if "data-margin" in one.attrib)
        left = WITH_INTERVAL.sub("", words)
        for limit in TWO_DECIMALS.findall(limits):
            left = left.replace(limit, "", 1)
        alone += [words] if TWO_DECIMALS.search(left) else []
    assert alone == []


def test_ratios_stand_on_the_page_at_all(page: Element) -> None:
    assert any(WITH_INTERVAL.search(words) for _, words in _blocks(page))


def test_no_verdict_of_the_page_lacks_its_margin_or_its_caveat(page: Element) -> None:
    parents = _parents(page)
    judged = [element for element in page.iter() if "data-verdict" in element.attrib]
    assert len(judged) > 50
    for element in judged:
        row = parents[element] if element.tag == "td" else element
        assert any("data-margin" in one.attrib for one in row.iter()), "".join(row.itertext())
        around = element
        while around.tag not in ("table", "section"):
            around = parents[around]
        assert CAVEAT in " ".join("".join(around.itertext()).split())


def test_no_verdict_stands_outside_of_what_was_checked(page: Element) -> None:
    """Every cell that reads like a verdict is marked as one."""
    for element in page.iter("td"):
        words = "".join(element.itertext()).strip()
        if words in ("inside", "outside", "not enough evidence", "pass", "fail"):
            assert "data-verdict" in element.attrib


def test_every_picture_has_a_text_alternative_a_caption_and_a_table_beneath(page: Element) -> None:
    parents = _parents(page)
    svg = "{http://www.w3.org/2000/svg}svg"
    pictures = [one for one in page.iter() if one.tag in ("svg", svg) and one.get("role") == "img"]
    assert len(pictures) >= 3
    for picture in pictures:
        names = picture.get("aria-labelledby", "").split()
        texts = {one.get("id"): "".join(one.itertext()) for one in picture.iter() if one.get("id")}
        assert [len(texts[name]) > 10 for name in names] == [True, True]
        figure = parents[picture]
        assert figure.tag == "figure"
        assert figure.find("figcaption") is not None
        block = figure
        while next(block.iter("table"), None) is None:
            block = parents[block]
        assert block.tag in ("div", "section")


def test_the_page_asks_for_nothing_from_outside_and_runs_nothing(page: Element) -> None:
    assert page.get("lang") == "en-GB"
    assert [one.tag for one in page.iter() if one.tag in ("script", "link", "iframe", "img", "object", "embed")] == []
    for element in page.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on"), name
            if name in ("href", "src", "action", "{http://www.w3.org/1999/xlink}href"):
                assert "://" not in value
                assert not value.startswith("//")
    for style in page.iter("style"):
        assert "url(" not in (style.text or "")
        assert "@import" not in (style.text or "")


def test_headings_make_an_outline_and_names_are_unique(page: Element) -> None:
    levels = [int(one.tag[1]) for one in page.iter() if re.fullmatch(r"h[1-6]", str(one.tag))]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    identities = [one.get("id") for one in page.iter() if one.get("id")]
    assert len(identities) == len(set(identities))
    targets = {one.get("href", "")[1:] for one in page.iter("a") if one.get("href", "").startswith("#")}
    assert targets <= set(identities)


def test_tables_scroll_by_keyboard_and_have_a_name(page: Element) -> None:
    boxes = [one for one in page.iter("div") if one.get("class") == "scroll"]
    assert boxes
    assert all((one.get("tabindex"), one.get("role")) == ("0", "region") and one.get("aria-label") for one in boxes)
    names = [one.get("aria-label") for one in boxes]
    assert len(names) == len(set(names))


def test_names_of_places_cannot_change_the_page(subjects: dict[str, Subject], reports: dict[str, ReportInput]) -> None:
    bad = '<script>alert("x")</script>'
    subject = replace(
        subjects["outside"],
        title=bad,
        areas=replace(subjects["outside"].areas, districts=tuple(bad for _ in subjects["outside"].areas.codes)),
    )
    report = replace(reports["outside"], city=bad, subjects=(subject,))
    assert "<script>" not in report_page(public_document(report), report)


def test_small_groups_keep_their_verdict_and_nothing_else(subjects: dict[str, Subject]) -> None:
    subject = subjects["inside"]
    few = tuple(
        replace(one, events=7.0) if (one.attribute, one.group) == ("ethnic group", "Black") else one
        for one in subject.audit.findings
    )
    report = ReportInput(
        "Testham",
        True,
        date(2025, 1, 1),
        (replace(subject, audit=replace(subject.audit, findings=few)),),
        DisclosureSettings(),
    )
    told = public_document(report)["subjects"][0]
    rows = [row for _, row in rows_of(told["audits"]) if row.get("group") == "Black" and "verdict" in row]
    assert rows
    for row in rows:
        assert row["verdict"] == "not enough evidence"
        assert {row[name] for name in ("value", "low", "high", "rate", "reference", "events")} == {None}
    partner = [row for _, row in rows_of(told["audits"]) if row.get("group") == "White" and "verdict" in row]
    assert {row["events"] for row in partner} == {None}
    assert {row["reference"] for row in partner} == {None}
    assert all(row["group"] != "Black" for row in told["tables"]["sensitivity to attachment"])
    assert all(one["group"] != "Black" for rule in told["alternatives"] for one in rule["findings"])


def test_areas_are_told_in_bands_and_never_where_crimes_are_few(reports: dict[str, ReportInput]) -> None:
    told = public_document(reports["not enough evidence"])["subjects"][0]
    outcomes = reports["not enough evidence"].subjects[0].forecasts.outcomes
    assert (outcomes < 10).any()
    for row, crimes in zip(told["areas"], outcomes, strict=True):
        assert set(row) == {"area", "name", "district", "level", "flagged", "against_forecast"}
        assert all(value is None or isinstance(value, str) for value in row.values())
        assert (row["against_forecast"] is None) == (crimes < 10)


def test_counts_of_districts_are_rounded_and_add_up_to_the_city_within_rounding(
    reports: dict[str, ReportInput],
) -> None:
    subject = reports["inside"].subjects[0]
    told = public_document(reports["inside"])["subjects"][0]["districts"]
    assert [row["recorded"] % 5 for row in told["rows"]] == [0, 0]
    assert abs(told["city"]["recorded"] - subject.forecasts.outcomes.sum()) < 5
    assert sum(row["areas"] for row in told["rows"]) == told["city"]["areas"]


def test_changes_are_those_of_verdicts_and_of_intervals_that_do_not_meet(reports: dict[str, ReportInput]) -> None:
    subject = public_document(reports["worse than before"])["subjects"][0]
    kinds = {row["kind"] for row in subject["changes"]}
    assert "now outside the limit" in kinds
    for row in subject["changes"]:
        ends = (row["earlier"]["low"], row["earlier"]["high"], row["now"]["low"], row["now"]["high"])
        if row["verdict"] == row["earlier_verdict"]:
            assert None not in ends
            assert ends[1] < ends[2] or ends[3] < ends[0]
    assert subject["changed_margins"] == []


def test_the_same_report_twice_changes_nothing(subjects: dict[str, Subject], reports: dict[str, ReportInput]) -> None:
    document = public_document(reports["outside"])
    earlier = earlier_findings(json.loads(json.dumps(document)), "violence")
    assert earlier is not None
    again = replace(subjects["outside"], earlier=earlier[0], earlier_margins=earlier[1], earlier_name="the last")
    told = public_document(replace(reports["outside"], subjects=(again,)))["subjects"][0]
    assert told["changes"] == []
    assert earlier_findings(document, "robbery") is None


def test_a_changed_margin_is_told(subjects: dict[str, Subject], reports: dict[str, ReportInput]) -> None:
    document = public_document(reports["inside"])
    earlier = earlier_findings(document, "violence")
    assert earlier is not None
    before = {**earlier[1], "ratio_margin": [0.5, 2.0]}
    again = replace(subjects["inside"], earlier=earlier[0], earlier_margins=before, earlier_name="the last")
    told = public_document(replace(reports["inside"], subjects=(again,)))
    assert [row["setting"] for row in told["subjects"][0]["changed_margins"]] == ["ratio_margin"]
    words = " ".join(told["summary"]["sections"][2]["parts"][0]["sentences"])
    assert "Some limits were changed since then." in words


def test_something_else_is_no_earlier_report() -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        earlier_findings({"findings": []}, "violence")


def test_an_audit_is_read_back_as_it_was_written(subjects: dict[str, Subject]) -> None:
    result = subjects["outside"].audit
    again = AuditResult.from_json(result.to_json())
    assert again.to_json() == result.to_json()
    assert (again.findings, again.tests, again.margins) == (result.findings, result.tests, result.margins)
    with pytest.raises(KeyError):
        AuditResult.from_json("{}")


def test_the_same_input_gives_the_same_page(reports: dict[str, ReportInput]) -> None:
    report = reports["two targets"]
    assert report_page(public_document(report), report) == report_page(public_document(report), report)


def test_areas_of_another_length_are_refused(subjects: dict[str, Subject]) -> None:
    with pytest.raises(ValueError, match="same areas"):
        replace(subjects["inside"].areas, residents=np.ones(3))
