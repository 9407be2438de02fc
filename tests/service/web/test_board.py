"""The board's reading room says what waits, for whom and by when; every entry of the ledger can be read."""

from __future__ import annotations

import json
from datetime import date
from html import unescape
from itertools import pairwise

import pytest

from service.board.challenges import open_challenge
from service.board.decisions import propose
from service.board.people import person_named
from service.ledger.entries import canonical_json, sha256_of
from service.web.pages.board import days_left, page_of_entries
from service.web.pages.files import address_of

OPENED = date(2025, 7, 20)


@pytest.fixture
def busy(issued_city):
    """A city with a forecast, a proposal that lacks evidence, and a dispute."""
    gates = json.loads(next(iter(issued_city.registry.texts.values())))
    gates["gates"][0]["verdict"] = "not enough evidence"
    gates["verdicts"] = {one["gate"]: one["verdict"] for one in gates["gates"]} if "verdicts" in gates else None
    gates = {name: value for name, value in gates.items() if value is not None}
    folder = issued_city.workspace.root.parent / "newer"
    issued_city.registry.add("violence", folder, gates=json.dumps(gates), trained_by="Tom Trainer")
    ann = person_named(issued_city.workspace.settings, "Ann Analyst")
    about = (issued_city.workspace, issued_city.ledger)
    propose(*about, issued_city.registry, by=ann, reason="<b>Better</b>.", target="violence")
    forecast_id = issued_city.ledger.entries("issue")[0].content["forecast_id"]
    rosa = person_named(issued_city.workspace.settings, "Rosa Resident")
    told = {"forecast_id": forecast_id, "area": "C0203", "target": "violence", "today": OPENED}
    open_challenge(*about, by=rosa, reason="The centre closed.", **told)
    return issued_city


def read(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<b>Better" not in answer.text
    return " ".join(unescape(answer.text).split())


def test_what_waits_is_told_with_what_its_gates_found_and_how_to_decide(busy, serve_city):
    words = read(serve_city(busy), "/board")
    assert "Violence with injury, version 2" in words
    assert "Proposed by Ann Analyst" in words
    assert "<b>Better</b>." in words
    gate = json.loads(next(iter(busy.registry.texts.values())))["gates"][0]["gate"]
    assert f"Other than the model in use: {gate}: not enough evidence (pass in use)." in words
    assert "wardcast approve --target violence --version 2 --by NAME --reason TEXT --inconclusive REASON" in words
    assert "1 without a reply; the first is due by 2025-08-09" in words
    assert "In use: version 1, approved by" in words
    assert f"{len(busy.ledger.entries())} entries; every hash, link and signature was as recorded" in words


def test_a_decided_proposal_does_not_wait(issued_city, serve_city):
    words = read(serve_city(issued_city), "/board")
    assert "Nothing was proposed." in words
    assert "None waits for a reply." in words


def test_a_dispute_is_told_with_its_deadline(busy, serve_city):
    words = read(serve_city(busy), "/challenges")
    for phrase in ("Rosa Resident disputed", "The centre closed.", "due by 2025-08-09", "C0203, violence, open"):
        assert phrase in words
    assert days_left("2025-08-09", OPENED) == "20 days left"


def test_every_entry_is_listed_and_can_be_read(busy, serve_city):
    client = serve_city(busy)
    listed = read(client, "/ledger")
    for entry in busy.ledger.entries():
        assert f'<a href="/ledger/{entry.number}">' in listed
        words = read(client, f"/ledger/{entry.number}")
        assert entry.hash in words
        assert entry.signed_by in words
        assert " ".join(json.dumps(entry.content, indent=2, ensure_ascii=False).split()) in words
    last = busy.ledger.entries()[-1].number
    missing = client.get(f"/ledger/{last + 1}")
    assert missing.status_code == 404
    assert f"1 to {last}" in missing.json()["remedy"]
    assert client.get("/ledger/one").status_code == 422


def test_the_api_gives_every_entry_with_hashes_that_can_be_reckoned(busy, serve_city):
    client = serve_city(busy)
    entries = client.get("/v1/ledger").json()["entries"]
    assert [one["hash"] for one in entries] == [one.hash for one in reversed(busy.ledger.entries())]
    for newer, older in pairwise(entries):
        assert newer["previous_hash"] == older["hash"]
        assert newer["payload_sha256"] == sha256_of(canonical_json(newer["payload"]))
    assert [one["is_served"] for one in client.get("/v1/issues").json()["issues"]] == [True]
    (dispute,) = client.get("/v1/challenges").json()["challenges"]
    assert (dispute["area"], dispute["state"], dispute["reply_by"]) == ("C0203", "open", "2025-08-09")


def test_a_long_ledger_is_told_page_by_page(busy):
    entries = busy.ledger.entries() * 40
    numbered = [type(one)(**{**vars(one), "number": number}) for number, one in enumerate(entries, start=1)]
    seen, before = [], None
    while True:
        shown, before = page_of_entries(numbered, before)
        seen += [entry.number for entry in shown]
        if before is None:
            break
    assert seen == list(range(len(numbered), 0, -1))


def test_the_description_of_the_api_needs_no_other_host(busy, serve_city):
    client = serve_city(busy)
    page = read(client, "/docs")
    for name in ("docs/swagger-ui-bundle.js", "docs/swagger-ui.css", "docs.js"):
        address = address_of(name)
        assert address in page
        assert client.get(address).status_code == 200
    assert "http" not in page
