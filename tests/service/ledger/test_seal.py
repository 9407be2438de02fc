"""The key and the signed head of a workspace's ledger: made whole, one entry behind at the most, and mended."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from contracts import BadInput, MissingThing, RefusedAction
from service.ledger.database import open_database
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.seal import NEXT_KEY_FILE, PRIVATE_KEY_FILE, PUBLIC_KEY_FILE, Seal, seal_of
from service.ledger.signed_head import read_head, write_head
from service.ledger.signing_key import SigningKey, fits, public_pem, read_public_key
from service.workspaces.setup import make_workspace

RFC_8032_SECRET = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
RFC_8032_PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
RFC_8032_SIGNATURE = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
    "655141438e7a100b"
)
KILLS = 12


@pytest.fixture
def sqlite(tmp_path):
    return f"sqlite:///{tmp_path / 'ledger.db'}"


def note(number):
    return {"forecast_id": f"f{number}"}


def test_the_keys_are_those_of_rfc_8032():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(RFC_8032_SECRET))
    assert SigningKey(private).public == RFC_8032_PUBLIC
    assert private.sign(b"").hex() == RFC_8032_SIGNATURE
    signature = SigningKey(private).sign("ledger entry", "a")
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(RFC_8032_PUBLIC)).verify(
        bytes.fromhex(signature), b"wardcast ledger entry\na"
    )


def test_a_signature_fits_its_key_purpose_and_text_only():
    key, other = SigningKey.new(), SigningKey.new()
    signature = key.sign("ledger entry", "a")
    assert fits(key.public, "ledger entry", "a", signature)
    assert not fits(other.public, "ledger entry", "a", signature)
    assert not fits(key.public, "ledger head", "a", signature)
    assert not fits(key.public, "ledger entry", "b", signature)
    for nothing in ("", "zz", "00", signature[:-2]):
        assert not fits(key.public, "ledger entry", "a", nothing)
        assert not fits(nothing, "ledger entry", "a", signature)


def test_init_makes_a_key_that_only_its_owner_can_read(tmp_path):
    workspace = make_workspace(tmp_path / "workspace", "london")
    private = workspace.seal / PRIVATE_KEY_FILE
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert read_public_key(workspace.seal / PUBLIC_KEY_FILE) == SigningKey.read(private).public
    head = read_head(workspace.seal / "head.json")
    assert (head.number, head.signed_from, head.is_genuine()) == (0, 1, True)
    ledger = open_ledger(workspace)
    entry = ledger.append("issue", "Ada", note(1))
    assert entry.signed_by == head.signed_by
    assert entry.is_genuine()
    assert ledger.verify().notes == ()
    ledger.close()


def test_two_workspaces_have_two_keys(tmp_path):
    keys = {seal_of(make_workspace(tmp_path / name, "london")).first_key() for name in ("a", "b")}
    assert len(keys) == 2


def test_no_key_is_in_the_repository():
    repository = Path(__file__).resolve().parents[3]
    tracked = subprocess.run(
        ["git", "grep", "-lE", "BEGIN (ENCRYPTED |EC |RSA )?PRIVATE KEY"],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    if tracked.returncode > 1:
        pytest.skip("this is no clone of the repository")
    assert set(tracked.stdout.split()) <= {"tests/service/ledger/test_seal.py"}


def test_a_ledger_made_before_keys_is_sealed_by_its_next_entry(url, seal, change, caplog):
    before = Ledger(open_database(url))
    for number in (1, 2):
        before.append("issue", "Ada", note(number))
    assert "no key yet" in before.verify().notes[0]
    before.close()
    ledger = Ledger(open_database(url), seal)
    assert "no key yet" in ledger.verify().notes[0]
    ledger.append("issue", "Ada", note(3))
    assert "had no key for its ledger" in caplog.text
    assert "Entries up to number 2 were made without one" in caplog.text
    verification = ledger.verify()
    assert (verification.findings, verification.notes) == ((), ())
    assert read_head(seal.head_file).signed_from == 3
    change(url, f"UPDATE ledger_entries SET signature = '{'a' * 128}' WHERE number = 1")
    assert [(one.number, "was added" in one.problem) for one in ledger.verify().findings] == [(1, True)]
    ledger.close()


@pytest.mark.parametrize("mend", ["append", "mend_head"])
def test_a_head_one_behind_is_told_and_mended(ledger, seal, mend):
    ledger.append("issue", "Ada", note(1))
    behind = read_head(seal.head_file)
    ledger.append("issue", "Ada", note(2))
    write_head(seal.head_file, behind)
    verification = ledger.verify()
    assert (verification.findings, verification.is_behind) == ((), True)
    assert "one entry behind" in verification.notes[0]
    if mend == "append":
        ledger.append("issue", "Ada", note(3))
    else:
        ledger.mend_head()
    verification = ledger.verify()
    assert (verification.findings, verification.is_behind, verification.notes) == ((), False, ())
    assert read_head(seal.head_file).number == verification.entries


def test_a_head_never_goes_back(ledger, seal):
    first = ledger.append("issue", "Ada", note(1))
    ledger.append("issue", "Ada", note(2))
    seal.note(first)
    assert read_head(seal.head_file).number == 2


def test_keys_follow_one_another_through_entries(ledger, seal):
    ledger.append("issue", "Ada", note(1))
    old = SigningKey.read(seal.folder / PRIVATE_KEY_FILE).public
    for _ in range(2):
        entry = ledger.rotate_key("Ada", "a year has passed")
        assert entry.kind == "key"
        ledger.append("issue", "Ada", note(entry.number + 1))
    new = SigningKey.read(seal.folder / PRIVATE_KEY_FILE)
    signers = [entry.signed_by for entry in ledger.entries()]
    assert signers[0] == signers[1] == old
    assert signers[2] == signers[3] == ledger.entries("key")[0].content["public_key"]
    assert signers[4] == new.public == ledger.entries("key")[1].content["public_key"]
    assert seal.first_key() == old
    assert ledger.verify().findings == ()
    assert stat.S_IMODE((seal.folder / PRIVATE_KEY_FILE).stat().st_mode) == 0o600
    with pytest.raises(RefusedAction, match="reason"):
        ledger.rotate_key("Ada", " ")


@pytest.mark.parametrize("step", ["before the keys changed places", "before the head was noted"])
def test_an_interrupted_rotation_is_finished_by_the_next_entry(ledger, seal, monkeypatch, step):
    ledger.append("issue", "Ada", note(1))
    with monkeypatch.context() as interrupted:

        def stop(self, entry):
            if step == "before the head was noted":
                self._take_up(entry)
            raise KeyboardInterrupt

        interrupted.setattr(Seal, "note", stop)
        with pytest.raises(KeyboardInterrupt):
            ledger.rotate_key("Ada", "a year has passed")
    assert ledger.verify().is_behind
    assert ledger.verify().findings == ()
    entry = ledger.append("issue", "Ada", note(3))
    assert entry.signed_by == ledger.entries("key")[0].content["public_key"]
    assert ledger.verify().findings == ()
    assert not (seal.folder / NEXT_KEY_FILE).exists()


def test_a_key_that_cannot_be_used_is_told_and_nothing_is_entered(ledger, seal):
    private = seal.folder / PRIVATE_KEY_FILE
    whole = private.read_bytes()
    private.write_bytes(whole[:60])
    with pytest.raises(BadInput, match="no private key that can be read"):
        ledger.append("issue", "Ada", note(1))
    private.write_bytes(public_pem(RFC_8032_PUBLIC))
    with pytest.raises(BadInput, match="no private key that can be read"):
        ledger.append("issue", "Ada", note(1))
    private.unlink()
    with pytest.raises(MissingThing, match=r"The private key .* is missing"):
        ledger.append("issue", "Ada", note(1))
    assert ledger.entries() == ()
    private.write_bytes(whole)
    private.chmod(0o600)
    ledger.append("issue", "Ada", note(1))
    assert ledger.verify().findings == ()


@pytest.mark.parametrize("rights", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_a_key_that_others_may_read_or_write_signs_nothing(ledger, seal, rights):
    private = seal.folder / PRIVATE_KEY_FILE
    private.chmod(rights)
    with pytest.raises(RefusedAction, match=f"rights {rights:03o}") as refused:
        ledger.append("issue", "Ada", note(1))
    assert ledger.entries() == ()
    command = refused.value.remedy.split("'")[1]
    subprocess.run(command.split(), check=True)
    assert ledger.append("issue", "Ada", note(1)).number == 1


@pytest.mark.parametrize("rights", [0o770, 0o707, 0o777])
def test_a_folder_of_the_key_that_others_may_write_signs_nothing(ledger, seal, rights):
    seal.folder.chmod(rights)
    with pytest.raises(RefusedAction, match=f"rights {rights:03o}") as refused:
        ledger.append("issue", "Ada", note(1))
    subprocess.run(refused.value.remedy.split("'")[1].split(), check=True)
    assert ledger.append("issue", "Ada", note(1)).number == 1


def test_a_new_key_is_its_owners_alone(ledger, seal):
    assert stat.S_IMODE(seal.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((seal.folder / PRIVATE_KEY_FILE).stat().st_mode) == 0o600


def test_a_head_that_cannot_be_written_is_told_and_the_entry_stands(ledger, seal, monkeypatch):
    def full_disk(path, head):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("service.ledger.seal.write_head", full_disk)
        with pytest.raises(MissingThing, match=r"Entry 1 is in the ledger, but .* No space left"):
            ledger.append("issue", "Ada", note(1))
    assert ledger.verify().is_behind
    assert ledger.append("issue", "Ada", note(2)).number == 2
    assert ledger.verify().findings == ()


def _append_for_ever(url, seal, started):
    ledger = Ledger(open_database(url), seal)
    started.set()
    for number in range(100_000):
        ledger.append("issue", "Ada", note(number))
        if number % 5 == 4:
            ledger.rotate_key("Ada", "often")


def test_a_writer_killed_at_any_moment_leaves_a_ledger_that_goes_on(sqlite, seal):
    generator = random.Random(7)
    context = multiprocessing.get_context("fork")
    for _ in range(KILLS):
        started = context.Event()
        writer = context.Process(target=_append_for_ever, args=(sqlite, seal, started))
        writer.start()
        assert started.wait(300)
        time.sleep(generator.uniform(0.0, 0.2))
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        ledger = Ledger(open_database(sqlite), seal)
        assert ledger.verify().findings == ()
        ledger.append("issue", "Ben", note(0))
        verification = ledger.verify()
        assert (verification.findings, verification.is_behind) == ((), False)
        ledger.close()


def test_a_workspace_needs_no_private_key_to_be_read(tmp_path):
    workspace = make_workspace(tmp_path / "workspace", "london")
    ledger = open_ledger(workspace)
    ledger.append("issue", "Ada", note(1))
    (workspace.seal / PRIVATE_KEY_FILE).unlink()
    assert len(ledger.entries()) == 1
    ledger.close()


def test_a_loss_that_is_accepted_becomes_an_entry(ledger, seal, url, change):
    for number in (1, 2, 3, 4):
        ledger.append("issue", "Ada", note(number))
    noted = read_head(seal.head_file)
    with pytest.raises(RefusedAction, match="No entry is missing"):
        ledger.accept_loss("Ada", "none")
    change(url, "DELETE FROM ledger_entries WHERE number > 2")
    with pytest.raises(BadInput, match="names entry 4"):
        ledger.append("issue", "Ada", note(3))
    with pytest.raises(RefusedAction, match="reason"):
        ledger.accept_loss("Ada", "")
    entry = ledger.accept_loss("Ada", "the disk broke, and the backup is of Sunday")
    assert (entry.number, entry.kind) == (3, "loss")
    assert entry.content["lost_head"] == {"number": 4, "hash": noted.hash}
    ledger.append("issue", "Ada", note(4))
    assert ledger.verify().findings == ()
    assert "written anew" in ledger.verify(noted).findings[0].problem


def test_a_loss_is_not_accepted_over_a_change(ledger, seal, url, change):
    for number in (1, 2, 3):
        ledger.append("issue", "Ada", note(number))
    change(
        url,
        "DELETE FROM ledger_entries WHERE number = 3",
        "UPDATE ledger_entries SET actor = 'Mallory' WHERE number = 1",
    )
    with pytest.raises(BadInput, match="entry 1: its fields were edited"):
        ledger.accept_loss("Ada", "the disk broke")
    assert len(ledger.rows()) == 2


def test_a_key_whose_entry_was_lost_signs_nothing(ledger, seal, url, change):
    ledger.append("issue", "Ada", note(1))
    ledger.rotate_key("Ada", "a year has passed")
    change(url, "DELETE FROM ledger_entries WHERE number = 2")
    with pytest.raises(BadInput, match="was introduced by an entry that is lost"):
        ledger.accept_loss("Ada", "the disk broke")
