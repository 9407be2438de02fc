"""One verdict: for a run with planted findings no text passes what another finds outside, or what lacks evidence.

And what texts say of who did what when is in the ledger, or they say that it is not.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from contracts import AuditSettings, DisclosureSettings, GateLimits, TrainedModel, sha256_of_folder
from contracts.run_files import GATES_FILE
from monitoring import NOBODY_SEALED, GateReport, audit_gate, checks_of, limits_sentence
from monitoring.gates.limits import gate_limits
from monitoring.report import ReportInput, public_document, report_page
from service.board.decisions import approve, propose
from service.board.history import history_of
from service.board.people import person_named
from service.board.trained import enter_trained
from service.ledger.ledger import open_ledger, sha256_of
from service.web.pages.history import history_page
from service.workspaces.setup import make_workspace

SITUATIONS = ("outside", "inside", "not enough evidence")
LIMITS = (
    GateLimits(),
    GateLimits(audits=()),
    GateLimits(audits=("missed flags", "needless flags", "skill", "coverage")),
    GateLimits(exposure_ratio=1.05),
)
CLAIMS = re.compile(
    r"board (has )?set|before (there are|the|its|it had) results|fixed before|recorded before|beforehand|"
    r"from before the run|edits by hand",
    re.IGNORECASE,
)
"""Ways to say that somebody set limits at a time; no entry of the ledger records that yet."""


def told(subject, limits, root):
    """Every text of a run, by where it stands, the public document, the gates and the ledger's entries."""
    gates = GateReport((audit_gate(subject.audit, limits=limits),), limits, "0" * 64, (1,))
    result = gates.results[0]
    row = {"gate": "audit", "verdict": result.verdict, "margin": gate_limits(limits)["audit"]}
    row |= {"passed": sum(one.verdict == "pass" for one in result.findings), "parts": len(result.counted)}
    whole = replace(
        subject,
        gates=(row,),
        checks=tuple(one.to_dict() for one in checks_of(subject.audit, gates)),
        limits=limits_sentence(limits, subject.audit.margins),
    )
    report = ReportInput(
        city="Testham", simulated=True, made_on=date(2025, 1, 10), subjects=(whole,), disclosure=DisclosureSettings()
    )
    document = public_document(report)
    texts = {"report.json": json.dumps(document, ensure_ascii=False), "report.html": report_page(document, report)}
    texts |= {"gates.txt": gates.as_text(every_part=True), "gates.json": gates.to_json()}
    entries = decide(gates, root, texts)
    return texts, document, gates, entries


def decide(gates, root, texts):
    """Propose and approve the run's model in a real ledger; what that prints and shows joins the texts."""
    workspace = make_workspace(root, "simulated")
    text = gates.to_json()
    files = root / "model"
    files.mkdir()
    (files / "model.txt").write_text("tree", encoding="utf-8")
    trained = TrainedModel(
        target="violence",
        version=1,
        run_id="run",
        sha256=sha256_of_folder(files),
        report_sha256="f" * 64,
        gates_sha256=sha256_of(text),
        gates=gates.verdicts,
        trained_by="Tom Trainer",
        as_of="2025-01-10",
        last_known="2024-12",
        geography="sim_areas_1",
        publications={},
        settings_sha256="e" * 64,
    )
    model = SimpleNamespace(target="violence", version=1, run_id="run", sha256=trained.sha256, folder=files)
    model.tags = {"report_sha256": "f" * 64, "gates_sha256": sha256_of(text), "trained_by": "Tom Trainer"}
    registry = SimpleNamespace(
        registered=lambda *given: model if given[1:] == ("violence", "challenger") else None,
        version=lambda *_: model,
        set_champion=lambda *_: None,
        clear_champion=lambda *_: None,
        run_text=lambda *given: text if given[-1] == GATES_FILE else None,
        finished_run=lambda *_: None,
        run_loss=lambda *_: None,
    )
    ledger = open_ledger(workspace)
    enter_trained(ledger, trained)
    who = [person_named(workspace.settings, name) for name in ("Ann Analyst", "Ben Board")]
    (proposal,) = propose(workspace, ledger, registry, by=who[0], reason="Better.", target="violence")
    failed = [gate for gate, verdict in gates.verdicts.items() if verdict == "fail"]
    chosen = {"overrides": failed, "inconclusive": "To be watched."}
    done = approve(workspace, ledger, registry, by=who[1], reason="Read.", target="violence", **chosen)
    entries = ledger.entries()
    history = history_of(entries, "violence", "Violence with injury")
    texts["proposal"], texts["approval"] = "\n".join(proposal.notes), "\n".join(done.notes)
    texts["history"], texts["history.json"] = history.as_text(), json.dumps(history.to_dict(), ensure_ascii=False)
    texts["/models/violence"] = history_page(history, city="Testham", simulated=True, others={})
    ledger.close()
    return entries


@pytest.mark.parametrize("limits", LIMITS, ids=["own", "none named", "several named", "exposure"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_text_passes_what_another_finds_outside_or_unproven(subjects, situation, limits, tmp_path):
    subject = subjects[situation]
    texts, document, gates, _ = told(subject, limits, tmp_path / "workspace")
    found = {one["verdict"] for part in document["subjects"][0]["audits"] for one in every_finding(part)}
    verdict = gates.verdicts["audit"]
    if "outside" in found:
        assert verdict != "pass"
        for place, text in texts.items():
            assert not re.search(r"\baudit\W{1,4}(is |was )?pass", text), place
    counted = [one for one in gates.results[0].findings if one.verdict not in ("shown", "outside but not counted")]
    if any(one.verdict == "not enough evidence" for one in counted):
        assert verdict in ("fail", "not enough evidence")
    for place in ("gates.txt", "gates.json", "proposal", "approval", "history", "history.json", "/models/violence"):
        assert verdict in texts[place], f"{place} does not say what the gate found"
    assert [row["verdict"] for row in document["subjects"][0]["gates"]] == [verdict]


@pytest.mark.parametrize("audit", ["exposure", "needless flags", "under-prediction"])
def test_what_lies_outside_and_does_not_count_never_reads_as_passed(subjects, audit, tmp_path):
    """All that counts is inside; one figure that does not count is planted outside its margin."""
    sound = subjects["inside"].audit
    counted = [one for one in sound.findings if one.audit == "calibration" and one.stratum is None]
    planted = next(one for one in sound.findings if one.audit == audit)
    findings = (*(replace(one, verdict="inside") for one in counted), replace(planted, verdict="outside"))
    changed = replace(subjects["inside"], audit=replace(sound, findings=findings, tables={}))
    texts, document, gates, entries = told(changed, GateLimits(audits=()), tmp_path / "workspace")
    assert gates.verdicts == {"audit": "outside but not counted"}
    assert document["summary"]["glance"][0]["outside"] == 1
    assert entries[-1].content["gates"] == {"audit": "outside but not counted"}
    assert "inconclusive" not in entries[-1].content
    for place, text in texts.items():
        assert not re.search(r"\baudit\W{1,4}(is |was )?pass", text), place
    assert f"{audit}, {planted.attribute}: {planted.group}" in texts["approval"]


def test_no_two_parts_of_the_gate_of_audits_read_alike(subjects):
    """Every row that has a verdict is planted outside, which is how such rows are told."""
    sound = subjects["inside"].audit
    tables = {
        name: [{**row, "verdict": "outside"} for row in rows if "verdict" in row] for name, rows in sound.tables.items()
    }
    findings = audit_gate(replace(sound, tables=tables), limits=GateLimits()).findings
    parts = [one.part for one in findings]
    assert len(parts) == len(set(parts))
    assert any(part.endswith(", 10% fewer reported") for part in parts)
    assert any(part.endswith(", of exposure, attached by majority") for part in parts)


def every_finding(audit):
    """The findings of one audit of a report, the whole city's and those of its parts."""
    return [one for part in audit["attributes"] for one in part["findings"]] + audit["strata"]


def test_the_planted_findings_are_there_and_read_as_they_are(subjects, tmp_path):
    """Calibration fails where harm was planted; in a sound city exposure may lie outside and does not count."""
    assert told(subjects["outside"], GateLimits(), tmp_path / "a")[2].verdicts == {"audit": "fail"}
    few = told(subjects["not enough evidence"], GateLimits(), tmp_path / "b")
    assert few[2].verdicts == {"audit": "not enough evidence"}
    assert "Not enough evidence for audit; Ben Board approved all the same: To be watched." in few[0]["history"]


@pytest.mark.parametrize("limits", LIMITS, ids=["own", "none named", "several named", "exposure"])
def test_each_check_says_whether_it_counts_and_that_nobody_sealed_that(subjects, limits, tmp_path):
    subject = subjects["outside"]
    texts, document, gates, _ = told(subject, limits, tmp_path / "workspace")
    rows = {row["check"]: row for row in document["subjects"][0]["checks"]}
    assert {one.audit for one in subject.audit.findings} <= rows.keys()
    assert rows["calibration"]["counts"]
    assert rows["exposure"]["counts"] == (limits.exposure_ratio is not None)
    for name in {"missed flags", "needless flags", "skill", "coverage"} & rows.keys():
        assert rows[name]["counts"] == (name in limits.audits)
    for row in rows.values():
        assert NOBODY_SEALED in row["decided_by"]
        assert row["decided_by"] in texts["report.html"].replace("&#39;", "'")
    judged = {one.part.split(",")[0] for one in gates.results[0].counted}
    assert judged <= {name for name, row in rows.items() if row["counts"]}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_said_of_who_set_the_limits_is_in_the_ledger_or_said_not_to_be(subjects, situation, tmp_path):
    texts, document, _, entries = told(subjects[situation], GateLimits(), tmp_path / "workspace")
    assert not [entry for entry in entries if "limit" in entry.kind], "limits can be sealed: follow the sentence there"
    for place, text in texts.items():
        plain = re.sub(r"no entry of the ledger says that anybody sealed them before its results", "", text)
        assert not CLAIMS.search(plain), f"{place}: {CLAIMS.search(plain)}"
    assert any(NOBODY_SEALED in words for words in document["summary"]["introduction"])
    for place in ("report.html", "/models/violence"):
        assert "no entry of the ledger says that anybody sealed them" in texts[place], place


def test_every_event_of_a_history_is_an_entry_by_whom_and_when_it_says(subjects, tmp_path):
    _, _, _, entries = told(subjects["outside"], GateLimits(), tmp_path / "workspace")
    history = history_of(entries, "violence", "Violence with injury")
    assert [event.entry for event in history.events] == [entry.number for entry in reversed(entries)]
    of = {entry.number: entry for entry in entries}
    for event in history.events:
        entry = of[event.entry]
        assert (event.by, event.at, event.reason) == (entry.actor, entry.recorded_at, entry.content.get("reason"))
        assert entry.actor in event.what
    approval = of[history.events[0].entry]
    assert history.standing.startswith(
        f"In use: version 1, approved by {approval.actor} on {approval.recorded_at[:10]}."
    )


@pytest.mark.parametrize(
    "name", ["README.md", "docs/walkthrough-london.md", "docs/audits.md", "docs/oversight-report.md"]
)
def test_no_page_of_the_documentation_says_that_limits_were_set_before(repository, name):
    text = " ".join((repository / name).read_text(encoding="utf-8").split())
    assert not CLAIMS.search(text), CLAIMS.search(text)


def test_changed_settings_are_not_called_the_packages_own():
    own, changed = AuditSettings(), AuditSettings(gap_margin=5.0)
    assert limits_sentence(GateLimits(), own) == f"The limits are the package's own; {NOBODY_SEALED}."
    assert limits_sentence(GateLimits(), changed) == f"The limits are those of the settings; {NOBODY_SEALED}."
    assert limits_sentence(GateLimits(skill_ratio=0.9), own).startswith("The limits are those of the settings")
    assert limits_sentence(None, own) == limits_sentence(GateLimits(), own)
