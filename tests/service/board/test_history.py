"""The history of a target's models: complete, in plain words, with overrides and withdrawals wherever they matter."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from contracts import GateLimits
from monitoring import GateFinding, GateReport, GateResult
from service.board.decisions import propose, withdraw
from service.board.history import history_of
from service.board.people import person_named
from service.web import schemas

REASON = "Known, <b>and</b> watched."


@pytest.fixture
def overridden_city(city):
    """A city whose model of violence failed a gate, was proposed, approved with an override, and issued."""
    found = GateResult("coverage", (GateFinding("the city", "fail", "share", 0.5, 0.4, 0.6),))
    report = GateReport((found,), GateLimits(), "0" * 64, (1, 2, 3, 4)).to_json()
    city.registry.add("violence", city.workspace.root / "violence", gates=report)
    ann = person_named(city.workspace.settings, "Ann Analyst")
    propose(city.workspace, city.ledger, city.registry, by=ann, reason="Better.", target="violence")
    city.approve(target="violence", overrides=["coverage"], reason=REASON)
    city.approve(target="robbery")
    city.issue()
    return city


class Links(HTMLParser):
    """Collects what a page refers to, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.words: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data):
        self.words.append(data)


def read(page):
    parser = Links()
    parser.feed(page)
    return parser, re.sub(r"\s+", " ", "".join(parser.words))


def test_the_page_tells_the_whole_story_in_words(overridden_city, serve_city):
    answer = serve_city(overridden_city).get("/models/violence")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    parser, words = read(answer.text)
    for phrase in (
        "Violence with injury",
        "In use: version 2, approved by Ada Example",
        "Version 2 was proposed to the board by Ann Analyst.",
        "Version 2 was approved and put into use by Ada Example.",
        "The failed gate 'coverage' was overridden by Ada Example: Known, <b>and</b> watched.",
        "was issued from version 2",
        "Gates: coverage: fail.",
        "Nobody has disputed a forecast. Anyone may.",
        "Simulated city",
    ):
        assert phrase in words, phrase
    assert "b" not in parser.tags, "a reason was read as HTML"
    assert all(re.match(r"/(?!/)|#", link) for link in parser.links)
    assert not parser.tags & {"script", "form", "iframe"}


def test_the_newest_comes_first_and_every_entry_of_the_target_is_there(overridden_city):
    history = history_of(overridden_city.ledger.entries(), "violence", "Violence with injury")
    assert [event.entry for event in history.events] == [8, 6, 5, 4, 3, 1]
    assert [(one.version, one.state) for one in history.versions] == [(2, "approved")]
    assert "Reason: Better." in history.as_text()


def test_the_override_is_shown_wherever_the_model_is(overridden_city, serve_city):
    overridden = {"gate": "coverage", "by": "Ada Example", "reason": REASON, "entry": 5}
    record = overridden_city.ledger.entries("issue")[0].content
    assert next(about for about in record["targets"] if about["target"] == "violence")["overrides"] == [overridden]
    client = serve_city(overridden_city)
    assert client.get("/v1/forecasts?target=violence").json()["gate_overrides"] == [overridden]
    assert client.get("/v1/forecasts?target=robbery").json()["gate_overrides"] == []
    about = {one["target"]: one for one in client.get("/v1/summary").json()["targets"]}
    assert about["violence"]["overrides"] == [overridden]
    assert about["violence"]["gates"] == {"coverage": "fail"}
    assert client.get("/v1/models/violence").json()["versions"][0]["overrides"] == [overridden]
    assert any("overridden by Ada Example" in note for note in overridden_city.issue().notes)


def test_the_api_and_the_page_say_the_same_and_keep_the_schema(overridden_city, serve_city):
    client = serve_city(overridden_city)
    history = schemas.ModelHistory.model_validate_json(client.get("/v1/models/violence").content)
    _, words = read(client.get("/models/violence").text)
    assert all(event.what in words for event in history.events)
    assert history.standing in words


def test_a_withdrawal_is_told_on_the_page_within_the_next_look(overridden_city, serve_city):
    client = serve_city(overridden_city)
    ben = person_named(overridden_city.workspace.settings, "Ben Board")
    withdraw(
        overridden_city.workspace,
        overridden_city.ledger,
        overridden_city.registry,
        by=ben,
        reason="Its counts were wrong.",
        target="violence",
    )
    client.watcher.poll()
    _, words = read(client.get("/models/violence").text)
    assert "None in use. The model of 'violence', version 2, was withdrawn by Ben Board" in words
    assert "Version 2: withdrawn: its forecasts are not shown any more" in words


def test_there_is_a_page_before_anything_was_decided_and_none_of_an_unknown_target(city, serve_city):
    client = serve_city(city)
    _, words = read(client.get("/models/violence").text)
    assert "None in use: no model of this target is approved" in words
    for path in ("/models/arson", "/v1/models/arson"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "violence, robbery" in answer.json()["remedy"]


def test_a_change_without_effect_is_told_as_such(overridden_city):
    content = overridden_city.ledger.entries("approval")[0].content
    overridden_city.ledger.append("approval", "Ann Analyst", content)
    history = history_of(overridden_city.ledger.entries(), "violence", "Violence with injury")
    assert any("This had no effect" in detail for detail in history.events[0].details)
    assert "In use: version 2, approved by Ada Example" in history.standing
