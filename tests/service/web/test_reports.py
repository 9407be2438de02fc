"""The board reads the report that a training wrote, and none that nobody vouches for."""

from __future__ import annotations

import hashlib
from html import unescape

import pytest

from contracts.run_sheets import REPORT_DOCUMENT, REPORT_FOLDER, REPORT_PAGE, write_sheet
from service.board.decisions import propose
from service.board.people import person_named
from service.web import schemas

RECORD = "records/violence/model-card.md"


@pytest.fixture
def reported(city, train_with_report):
    """A city with a model of violence whose training wrote a report, and its run."""
    return city, train_with_report(city)


def test_the_report_is_listed_and_read_as_it_was_written(reported, serve_city, report_of_training):
    city, run_id = reported
    client = serve_city(city)
    (told,) = schemas.Reports.model_validate_json(client.get("/v1/reports").content).reports
    assert (told.run_id, told.target) == (run_id, "violence")
    assert told.files == {path: hashlib.sha256(content).hexdigest() for path, content in report_of_training.items()}
    assert client.get(f"/v1/reports/{run_id}").content == report_of_training[REPORT_DOCUMENT]
    page = client.get(told.address)
    assert page.content == report_of_training[REPORT_PAGE]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert client.get(f"/reports/{run_id}/{RECORD}").content == report_of_training[RECORD]
    assert f'href="{told.address}"' in client.get(f"/bench/{run_id}").text


@pytest.mark.parametrize("path", ["report.pdf", "../sheet.json", "..%2Fsheet.json", "records", ""])
def test_nothing_else_of_the_folder_is_given(reported, serve_city, path):
    city, run_id = reported
    assert serve_city(city).get(f"/reports/{run_id}/{path}").status_code == 404


def test_a_report_that_was_changed_or_lost_is_refused_by_name(reported, serve_city):
    city, run_id = reported
    place = city.workspace.runs / run_id / REPORT_FOLDER / REPORT_DOCUMENT
    place.write_bytes(b"{}")
    client = serve_city(city)
    answer = client.get(f"/v1/reports/{run_id}")
    assert answer.status_code == 422
    assert "is not what the training wrote" in answer.json()["detail"]
    place.unlink()
    answer = client.get(f"/v1/reports/{run_id}")
    assert answer.status_code == 404
    assert "wardcast audit" in answer.json()["remedy"]


def test_a_report_that_nobody_vouches_for_is_not_shown(reported, serve_city, make_sheet, report_of_training):
    city, run_id = reported
    write_sheet(city.workspace, make_sheet(city, run_id, title="Better"), report_of_training)
    client = serve_city(city)
    assert client.get("/v1/reports").json() == {"reports": []}
    assert client.get(f"/reports/{run_id}/{REPORT_PAGE}").status_code == 404


def propose_newest(city):
    ann = person_named(city.workspace.settings, "Ann Analyst")
    propose(city.workspace, city.ledger, city.registry, by=ann, reason="Better.", target="violence")


def test_the_board_reads_the_plain_part_and_one_table_of_checks(reported, serve_city):
    city, run_id = reported
    propose_newest(city)
    text = serve_city(city).get("/board").text
    page = unescape(" ".join(text.split()))
    for words in (
        "This tool forecasts.",
        "Who is over-exposed?",
        "One result is outside.",
        "Half as often.",
        "We see only recorded crimes.",
        "The table is of horizon 1.",
        f"/reports/{run_id}/report.html",
        '<th scope="row" class="text">scan</th><td class="text">2 outside</td><td class="text">no</td>',
    ):
        assert words in page
    assert "Violence &lt;i&gt;" in text


def test_without_a_report_the_board_reads_the_gates_of_the_ledger_and_how_to_make_one(city, serve_city):
    propose_newest(city)
    page = unescape(serve_city(city).get("/board").text)
    assert "wardcast audit" in page
    assert "as its training entered them" in page
