"""Everything that is printed, written and served of one model says of its gates what the signed ledger says.

And every sentence on who did what, and when, is an entry of it.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from contracts import Workspace
from service.cli import wardcast
from service.ledger.ledger import Entry, open_ledger
from service.web.app import create_app
from service.web.watcher import SnapshotWatcher
from training.runs.runs import list_runs

TRAINER, PROPOSER, BOARD = "T. Trainer", "P. Proposer", "O. Overrider"
PLANTED = """
[gates]
skill_ratio = 0.2
"""
"""A limit that no forecast keeps: skill fails, and small squares lack evidence for other gates."""
PASSED = r"\W{1,4}(?:is |was )?pass"
KINDS = {
    "trained": "trained",
    "proposed": "proposal",
    "approved": "approval",
    "overridden": "override",
    "withdrawn": "withdrawal",
    "rejected": "rejection",
    "issued": "issue",
}
WHO_DID = re.compile(rf"\b({'|'.join(KINDS)}) by ([A-Z]\. \w+)(?: on (\d{{4}}-\d{{2}}-\d{{2}}))?")
PATHS = (
    *("/v1/summary", "/v1/forecasts?target=theft", "/v1/levels?target=theft", "/v1/hotspots?target=theft"),
    *("/v1/flags?target=theft", "/v1/areas/A05/forecast", "/v1/models/theft", "/v1/models/violence", "/models/theft"),
    *("/models/violence", "/"),
)


@pytest.fixture(scope="module")
def told(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], tuple[Entry, ...]]]:
    """Where it stands → text, of a workspace with a model that failed a gate, and the entries of its ledger."""
    root = tmp_path_factory.mktemp("one_word") / "workspace"
    shutil.copytree(trained, root)
    settings = root / "wardcast.toml"
    settings.write_text(settings.read_text() + PLANTED)
    texts: dict[str, str] = {}

    def run(*words: str) -> None:
        done = CliRunner().invoke(wardcast, [*words, "--workspace", str(root)])
        assert done.exit_code == 0, (done.output, done.exception)
        texts[" ".join(words)] = done.stdout + done.stderr

    about = ("--target", "theft", "--reason", "Read and agreed.")
    run("train", "--target", "theft", "--by", TRAINER)
    run("propose", *about, "--by", PROPOSER)
    overridden = ("--override", "skill", "--override", "skill-by-group", "--inconclusive", "So few squares.")
    run("approve", *about, "--by", BOARD, *overridden)
    run("issue")
    run("audit", "--latest", "--out", str(root.parent / "report"))
    for one in list_runs(Workspace(root)):
        run("records", one.run_id, "--out", str(root.parent / f"records-{one.target}"))
    forecast = next(path.name for path in (root / "forecasts").iterdir() if not path.name.startswith("."))
    for words in (("explain", forecast), ("history", "theft"), ("history", "violence"), ("runs",)):
        run(*words)
        run(*words, "--json")
    for folder in ("report", "records-theft", "records-violence", "workspace/forecasts"):
        for path in (root.parent / folder).rglob("*"):
            if path.suffix in (".html", ".json", ".md", ".txt"):
                texts[str(path.relative_to(root.parent))] = path.read_text(encoding="utf-8")
            if path.suffix == ".pdf":
                pages = [page.extract_text() for page in PdfReader(path).pages]
                texts[str(path.relative_to(root.parent))] = " ".join(" ".join(pages).split())
    ledger = open_ledger(Workspace(root))
    watcher = SnapshotWatcher(Workspace(root), ledger)
    watcher.poll()
    texts |= asyncio.run(_served(watcher))
    yield {place: html.unescape(text) for place, text in texts.items()}, ledger.entries()
    ledger.close()


async def _served(watcher: SnapshotWatcher) -> dict[str, str]:
    transport = httpx.ASGITransport(app=create_app(watcher, today=lambda: date(2024, 1, 10)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        answers = {path: await client.get(path) for path in PATHS}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {path: answer.text for path, answer in answers.items()}


def verdicts_in(document: Any) -> Iterator[tuple[str, str]]:
    """Every gate and its verdict in a document, however it names them."""
    if isinstance(document, list):
        for one in document:
            yield from verdicts_in(one)
    if isinstance(document, dict):
        if isinstance(document.get("gate"), str) and isinstance(document.get("verdict"), str):
            yield document["gate"], document["verdict"]
        if isinstance(gates := document.get("gates"), dict):
            yield from ((gate, verdict) for gate, verdict in gates.items() if isinstance(verdict, str))
        for one in document.values():
            yield from verdicts_in(one)


def of_target(entries: tuple[Entry, ...], target: str) -> dict[str, str]:
    """Gate → verdict, as the training of a target's newest model entered them."""
    newest = [entry for entry in entries if entry.kind == "trained" and entry.content["target"] == target][-1]
    verdicts: dict[str, str] = newest.content["gates"]
    return verdicts


def test_the_planted_findings_are_there(told: tuple[dict[str, str], tuple[Entry, ...]]) -> None:
    verdicts = of_target(told[1], "theft")
    assert (verdicts["skill"], verdicts["skill-by-group"]) == ("fail", "fail")
    assert "not enough evidence" in verdicts.values()
    assert "pass" in verdicts.values()


def test_no_text_says_of_a_gate_what_the_ledger_does_not(told: tuple[dict[str, str], tuple[Entry, ...]]) -> None:
    texts, entries = told
    ledger = {target: of_target(entries, target) for target in ("violence", "theft")}
    seen = set()
    for place, text in texts.items():
        if text.startswith(("{", "[")):
            for gate, verdict in verdicts_in(json.loads(text)):
                assert verdict in {known[gate] for known in ledger.values()}, f"{place}: {gate} {verdict}"
                seen.add((gate, verdict))
        for gate in ledger["theft"]:
            if "pass" not in {known[gate] for known in ledger.values()}:
                assert not re.search(rf"\b{gate}\b{PASSED}", text), f"{place}: {gate}"
    assert seen == {pair for known in ledger.values() for pair in known.items()}


def test_the_pdf_says_what_the_report_says(told: tuple[dict[str, str], tuple[Entry, ...]]) -> None:
    texts, _ = told
    (pdf,) = (text for place, text in texts.items() if place.endswith(".pdf"))
    rows = re.findall(r'<tr><th scope="row">([\w -]+)</th><td class="words">([\w ]+)</td>', texts["report/report.html"])
    assert {("skill", "fail"), ("skill", "not enough evidence"), ("freshness", "pass")} <= set(rows)
    for check, found in rows:
        assert f" {check} {found} " in pdf


def test_who_did_what_and_when_is_an_entry_of_the_ledger(told: tuple[dict[str, str], tuple[Entry, ...]]) -> None:
    texts, entries = told
    followed = set()
    for place, text in texts.items():
        for what, who, day in WHO_DID.findall(text):
            found = [entry for entry in entries if (entry.kind, entry.actor) == (KINDS[what], who)]
            assert any(entry.recorded_at.startswith(day) for entry in found), f"{place}: {what} by {who} {day}"
            followed.add((what, who))
        for number in re.findall(r"[Ee]ntry (\d+)\b", text):
            assert int(number) in {entry.number for entry in entries}, f"{place}: entry {number}"
    assert {("approved", BOARD), ("trained", TRAINER), ("proposed", PROPOSER), ("overridden", BOARD)} <= followed


def test_what_is_published_names_nobody(told: tuple[dict[str, str], tuple[Entry, ...]]) -> None:
    for place, text in told[0].items():
        if place.startswith(("report/", "records-")):
            for name in (TRAINER, PROPOSER, BOARD, "B. Member"):
                assert name not in text, place
