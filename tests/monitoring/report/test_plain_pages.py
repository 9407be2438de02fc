"""The two pages in plain English: what they say in each situation, how hard they are to read, how long they are."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from contracts import MissingThing
from monitoring.audits.result import CAVEAT
from monitoring.report import Subject, pdf_of, plain_page, public_document
from monitoring.report.plain import OVER_EXPOSED, UNDER_PROTECTED, direction, judged
from monitoring.report.subject import ReportInput

REPORTS = ("inside", "outside", "not enough evidence", "two targets", "worse than before")
OLDEST_READER = 14.0
MOST_PAGES = 2


def spoken(document: dict[str, Any]) -> list[str]:
    """Every block of words on the plain pages: sentences, findings with their margin's words, headings, commands."""
    summary = document["summary"]
    blocks = [*summary["introduction"], summary["caveat"]]
    for section in summary["sections"]:
        blocks.append(section["question"])
        for part in section["parts"]:
            blocks += [*part["sentences"], *part["after"], *part.get("list", ()), *part.get("commands", ())]
            blocks += [item["text"] for item in part["items"]]
    return blocks


def reading_age(blocks: list[str]) -> float:
    """Age by the Automated Readability Index: 4.71·(characters / words) + 0.5·(words / sentences) − 21.43 is the grade
    of an American school, whose pupils are five years older than the grade (Senter & Smith 1967, AMRL-TR-66-220).

    Characters are letters and digits; a block ends a sentence, and so does a full stop, a question or exclamation mark.
    """
    words = [word for block in blocks for word in re.findall(r"[\w’'.,%−-]*\w[\w’'.,%−-]*", block)]
    characters = sum(letter.isalnum() for word in words for letter in word)
    sentences = sum(max(len(re.findall(r"[.?!](?=\s|$)", block)), 1) for block in blocks)
    grade = 4.71 * characters / len(words) + 0.5 * len(words) / sentences - 21.43
    return grade + 5.0


def test_the_index_of_a_sentence_that_was_worked_by_hand() -> None:
    """9 words of 35 letters in one sentence: 4.71 · 35 / 9 + 0.5 · 9 − 21.43 = 1.39."""
    assert reading_age(["The quick brown fox jumps over the lazy dog."]) == pytest.approx(6.39, abs=0.01)


def test_the_index_would_find_officialese() -> None:
    prose = (
        "Notwithstanding considerable heterogeneity across geographically disaggregated administrative units, the "
        "predictive instrumentation demonstrates commensurate calibration characteristics."
    )
    assert reading_age([prose]) > OLDEST_READER


@pytest.mark.parametrize("name", REPORTS)
def test_a_reader_of_fourteen_can_read_them(reports: dict[str, ReportInput], name: str) -> None:
    assert reading_age(spoken(public_document(reports[name]))) <= OLDEST_READER


@pytest.mark.parametrize("name", REPORTS)
def test_they_fill_at_most_two_pages_of_a4(reports: dict[str, ReportInput], name: str) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    page = plain_page(public_document(reports[name]), reports[name])
    assert 1 <= len(weasyprint.HTML(string=page).render().pages) <= MOST_PAGES


def test_four_targets_with_findings_still_fit(subjects: dict[str, Subject], reports: dict[str, ReportInput]) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    many = tuple(replace(subjects["outside"], target=f"t{at}", title=f"Some kind of violence {at}") for at in range(4))
    report = replace(reports["outside"], subjects=many)
    page = plain_page(public_document(report), report)
    assert len(weasyprint.HTML(string=page).render().pages) <= MOST_PAGES


def test_all_inside_says_so_and_what_is_not_known(reports: dict[str, ReportInput]) -> None:
    words = " ".join(spoken(public_document(reports["inside"])))
    assert "No result is shown to be outside a limit" in words
    assert "This is the first report." in words
    assert "We see only crimes that were recorded." in words
    assert "We have no figures by area for 7 of them." in words
    assert "We have no measure of need from outside the police." in words
    assert "Flags from a simple count of past crimes would hold" in words
    assert "With no forecast, no area is flagged" in words
    assert "wardcast reject --target violence --by NAME --reason TEXT" in words


def test_who_is_under_protected_is_named_with_figure_interval_and_limit(reports: dict[str, ReportInput]) -> None:
    document = public_document(reports["outside"])
    section = document["summary"]["sections"][0]
    assert section["id"] == "under-protected"
    items = section["parts"][0]["items"]
    worst = items[0]
    assert worst["text"].startswith("In the most deprived fifth of areas, the forecast was too low: 0.7")
    assert worst["verdict"] == "outside"
    assert worst["high"] < worst["margin"][0]
    assert all(item["caveat"] == CAVEAT for item in items)


def test_hardly_any_crime_is_told_as_not_enough_evidence(reports: dict[str, ReportInput]) -> None:
    document = public_document(reports["not enough evidence"])
    (row,) = document["summary"]["glance"]
    assert row["not_enough"] == row["checks"] > 0
    words = " ".join(spoken(document))
    assert f"{row['checks']} of {row['checks']} checks did not have enough evidence." in words


def test_what_changed_is_told(reports: dict[str, ReportInput]) -> None:
    document = public_document(reports["worse than before"])
    section = next(one for one in document["summary"]["sections"] if one["id"] == "changed")
    words = " ".join(section["parts"][0]["sentences"])
    assert "It is compared with May’s report." in words
    assert re.search(r"[1-9]\d* results? moved outside a limit", words)
    assert section["parts"][0]["items"][0]["verdict"] == "outside"


def test_every_result_outside_its_limit_has_words(reports: dict[str, ReportInput]) -> None:
    """A verdict that no sentence tells would be counted and never named."""
    for report in reports.values():
        for subject in public_document(report)["subjects"]:
            outside = [one for one in judged(subject) if one["verdict"] == "outside"]
            told = {(one["audit"], direction(one)) for one in outside}
            assert told <= set(UNDER_PROTECTED) | set(OVER_EXPOSED)


def test_without_pango_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingThing, match="Pango"):
        pdf_of("<p>words</p>")
