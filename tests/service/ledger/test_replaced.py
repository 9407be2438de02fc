"""A service that runs while the ledger under it is replaced, and one that is stopped without the ledger."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date

import pytest
from click.testing import CliRunner

from contracts import BadInput
from service.board.decisions import withdraw
from service.board.people import person_named
from service.cli import wardcast
from service.ledger import entries
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.signing_key import SigningKey
from service.proof.whole_record import verify_record
from service.web.stopping import STOP_FILE

FORECASTS = "/v1/forecasts?target=violence"


def take_out(city):
    """Withdraw by a process of its own, as a command does."""
    ledger = open_ledger(city.workspace)
    person = person_named(city.workspace.settings, "Ben Board")
    withdraw(city.workspace, ledger, city.registry, by=person, target="violence", reason="Its counts were wrong.")
    ledger.close()


@pytest.fixture
def database(issued_city):
    return issued_city.workspace.root / "ledger.db"


@pytest.fixture
def backup(issued_city, tmp_path):
    """What our own messages advise to restore: the newest backup of the database and of the folder 'seal'."""
    shutil.copy(issued_city.workspace.root / "ledger.db", tmp_path / "ledger.db")
    shutil.copytree(issued_city.workspace.seal, tmp_path / "seal")
    return tmp_path


def restore(city, backup):
    """Put the backup into place as `cp` or `rsync` do: a new file under the old name."""
    for path in (backup / "ledger.db", *(backup / "seal").iterdir()):
        where = city.workspace.root / path.relative_to(backup)
        shutil.copy(path, where.with_name(f"{where.name}.new"))
        where.with_name(f"{where.name}.new").chmod(0o600)
        where.with_name(f"{where.name}.new").replace(where)


def test_one_file_is_the_whole_ledger_once_a_command_has_ended(issued_city, database, tmp_path):
    assert not database.with_name("ledger.db-wal").exists()
    shutil.copy(database, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM ledger_entries").fetchone() == (5,)


def test_a_withdrawal_after_a_restored_backup_reaches_the_running_service(issued_city, serve_city, backup):
    client = serve_city(issued_city)
    restore(issued_city, backup)
    client.watcher.poll()
    assert client.get(FORECASTS).status_code == 200
    take_out(issued_city)
    client.watcher.poll()
    assert client.get(FORECASTS).status_code == 410
    assert client.get("/v1/forecasts?target=robbery").status_code == 200


def test_a_withdrawal_after_an_older_backup_reaches_it_too_and_the_loss_is_told(issued_city, serve_city, backup):
    issued_city.issue(today=date(2025, 8, 2))
    client = serve_city(issued_city)
    restore(issued_city, backup)
    client.watcher.poll()
    told = client.get("/readyz").json()
    assert told["status"] == "degraded"
    assert "gone from the end of the ledger" in told["refused"][0]
    take_out(issued_city)
    client.watcher.poll()
    assert client.get(FORECASTS).status_code == 410
    assert client.get("/v1/forecasts?target=robbery").status_code == 200


@pytest.mark.parametrize("way", ["replaced", "written in place"])
def test_nothing_is_served_while_a_withdrawal_may_be_hidden(issued_city, serve_city, database, backup, way):
    """An old copy of the database, such as a standby that stopped, under a signed head that goes on."""
    client = serve_city(issued_city)
    take_out(issued_city)
    if way == "replaced":
        shutil.copy(backup / "ledger.db", database.with_name("new.db"))
        database.with_name("new.db").replace(database)
    else:
        database.write_bytes((backup / "ledger.db").read_bytes())
    for _ in range(2):
        client.watcher.poll()
        for path in (FORECASTS, "/v1/forecasts?target=robbery", "/readyz"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "a withdrawal may be among the entries that are missing" in answer.json()["detail"]


def test_it_is_served_again_once_the_entries_are_back(issued_city, serve_city, database, backup):
    client = serve_city(issued_city)
    newer = issued_city.issue(today=date(2025, 8, 2)).forecast_id
    whole = database.read_bytes()
    database.write_bytes((backup / "ledger.db").read_bytes())
    client.watcher.poll()
    assert client.get("/readyz").status_code == 503
    database.write_bytes(whole)
    client.watcher.poll()
    assert client.get("/readyz").json() == {"status": "ready", "forecast_id": newer, "refused": []}


def test_a_withdrawal_counts_in_a_ledger_that_was_changed_elsewhere(issued_city, serve_city, change):
    client = serve_city(issued_city)
    take_out(issued_city)
    change(issued_city.workspace.ledger_url, "UPDATE ledger_entries SET actor = 'Mallory' WHERE number = 1")
    client.watcher.poll()
    assert client.get(FORECASTS).status_code == 410
    assert "The ledger was changed" in client.get("/readyz").json()["refused"][0]


def test_a_withdrawal_that_was_seen_stays_one_whatever_becomes_of_the_ledger(issued_city, serve_city, backup):
    client = serve_city(issued_city)
    take_out(issued_city)
    client.watcher.poll()
    restore(issued_city, backup)
    client.watcher.poll()
    assert client.get(FORECASTS).status_code == 410


@pytest.mark.parametrize("line", ["violence", "violence its counts were wrong", "  violence", "nothing\nviolence\n"])
def test_a_file_stops_a_target_without_the_ledger(issued_city, serve_city, line):
    client = serve_city(issued_city)
    stop = issued_city.workspace.root / STOP_FILE
    stop.write_text(line, encoding="utf-8")
    (issued_city.workspace.root / "ledger.db").unlink()
    client.watcher.poll()
    answer = client.get(FORECASTS)
    assert answer.status_code == 410
    assert f"'violence' was stopped by {STOP_FILE}" in answer.json()["detail"]
    assert client.get("/readyz").json()["status"] == "degraded"
    stop.unlink()
    client.watcher.poll()
    assert client.get(FORECASTS).status_code == 200


@pytest.mark.parametrize("content", [b"*", b"* all of it", b"\xff\xfe*"])
def test_a_file_stops_every_target_also_where_it_cannot_be_read(issued_city, serve_city, content):
    client = serve_city(issued_city)
    (issued_city.workspace.root / STOP_FILE).write_bytes(content)
    client.watcher.poll()
    for path in (FORECASTS, "/v1/forecasts?target=robbery", "/readyz"):
        assert client.get(path).status_code == 410


def found(city):
    return [finding.problem for finding in verify_record(city.workspace, open_ledger(city.workspace)).findings]


def test_a_ledger_that_was_deleted_with_its_seal_is_missed_where_forecasts_are_there(issued_city, database):
    database.unlink()
    shutil.rmtree(issued_city.workspace.seal)
    assert "was issued here: its entries are gone" in found(issued_city)[0]


def test_an_issue_that_was_interrupted_before_its_entry_is_told_and_accuses_nobody(city, monkeypatch):
    city.approve()
    with monkeypatch.context() as cut:
        cut.setattr(Ledger, "append", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            city.issue()
    (left,) = city.workspace.forecasts.iterdir()
    verification = verify_record(city.workspace, city.ledger)
    assert verification.findings == ()
    assert f"{left.name} has no entry, as an interrupted issue leaves it" in verification.notes[-1]
    city.issue()
    assert verify_record(city.workspace, city.ledger).notes == ()


@pytest.mark.parametrize("content", [None, b"{}", b"\xff", b"[]"])
def test_a_folder_without_entry_whose_approvals_nobody_knows_is_still_missed(city, monkeypatch, content):
    city.approve()
    with monkeypatch.context() as cut:
        cut.setattr(Ledger, "append", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            city.issue()
    (left,) = city.workspace.forecasts.iterdir()
    record = left / "issue.json"
    content = record.read_bytes().replace(b"Ada Example", b"Eve Example") if content is None else content
    record.write_bytes(content)
    assert "was issued here: its entries are gone" in found(city)[0]


def test_a_private_key_that_is_not_the_one_in_force_is_found(issued_city):
    SigningKey.new().write(issued_city.workspace.seal / "private_key.pem")
    assert found(issued_city) == ["the private key in the folder 'seal' is not the one that signs after it"]


def test_an_entry_dated_before_the_one_it_follows_is_found(issued_city, monkeypatch):
    set_back = entries.this_moment().replace(year=2019)
    monkeypatch.setattr(entries, "this_moment", lambda: set_back)
    issued_city.ledger.append("issue", "Ada", issued_city.ledger.entries("issue")[0].content)
    assert found(issued_city)[0].startswith("it is dated 2019-")


@pytest.mark.parametrize(("before", "after"), [("simulated = true", "simulated = false"), ('city = "', 'city = "New ')])
def test_settings_that_say_another_city_than_the_newest_forecast_are_found(issued_city, before, after):
    file = issued_city.workspace.root / "wardcast.toml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    workspace = type(issued_city.workspace)(issued_city.workspace.root)
    problems = [finding.problem for finding in verify_record(workspace, open_ledger(workspace)).findings]
    assert problems[0].startswith("it was issued with ")


def test_the_sound_record_has_no_finding(issued_city):
    assert found(issued_city) == []


def test_what_is_listed_says_which_rows_are_not_sound(issued_city, change):
    change(issued_city.workspace.ledger_url, "UPDATE ledger_entries SET payload = 'no JSON' WHERE number = 2")
    words = ["ledger", "list", "--workspace", str(issued_city.workspace.root)]
    told = CliRunner().invoke(wardcast, words, standalone_mode=False)
    assert told.exception is None
    assert "NOT SOUND" in told.stdout.splitlines()[1]
    assert "NOT SOUND" not in told.stdout.splitlines()[0]
    told = CliRunner().invoke(wardcast, [*words, "--json"], standalone_mode=False)
    assert '"payload": "no JSON"' in told.stdout
    with pytest.raises(BadInput):
        issued_city.ledger.entries()
