"""The seal of a workspace: the folder with the key that signs its ledger and the signed head.

An entry is written to the database first and the head after it, so that a process killed in between leaves the head
one entry behind. The next writer mends that before it writes: the head is never further behind, and never ahead.
"""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from contracts import BadInput, MissingThing, NotWritten, RefusedAction, Workspace
from contracts.files import locked, move_whole, new_folder, write_file
from service.ledger.entries import GENESIS, KEY, Entry
from service.ledger.intruders import predecessor_of
from service.ledger.signed_head import SignedHead, read_head, sign_head, write_head
from service.ledger.signing_key import SigningKey, public_pem, read_public_key, refuse_loose_rights

PRIVATE_KEY_FILE = "private_key.pem"
NEXT_KEY_FILE = "next_private_key.pem"
PUBLIC_KEY_FILE = "public_key.pem"
HEAD_FILE = "head.json"
LOCK_SECONDS = 30.0
_VERIFY = "Run 'wardcast ledger verify', then restore the newest backup of the database and of the folder 'seal'."
_LOGGER = logging.getLogger(__name__)


class Seal:
    """Key and head of one workspace's ledger.

    ``public_key.pem`` is the first key of the ledger; the keys after it are introduced by entries.
    """

    def __init__(self, folder: Path, lock_file: Path) -> None:
        self.folder = folder
        self.head_file = folder / HEAD_FILE
        self._lock_file = lock_file

    def exists(self) -> bool:
        """Whether the workspace has a key."""
        return self.folder.exists()

    def first_key(self) -> str:
        """The public key of the first signed entry, hexadecimal; raises ``MissingThing`` or ``BadInput``."""
        return read_public_key(self.folder / PUBLIC_KEY_FILE)

    def head(self) -> SignedHead:
        """The head as it lies there, unchecked; raises ``MissingThing`` or ``BadInput``."""
        return read_head(self.head_file)

    def present_key(self) -> str:
        """The public key of the private one in the folder; raises as ``SigningKey.read`` does."""
        return self._private_key().public

    def make(self, last: Entry | None) -> None:
        """Make the key, with a head that seals every entry up to ``last``; nothing where the seal is made already.

        The folder appears whole or not at all.
        """
        with self._alone():
            if self.exists():
                return
            if last is not None and last.signature:
                raise MissingThing(
                    f"The ledger's entry {last.number} is signed, but this workspace has no key: {self.folder} is "
                    "missing.",
                    remedy="Restore the folder from a backup, or bring it from the workspace that made the entry.",
                )
            self._make(last)

    def _make(self, last: Entry | None) -> None:
        key = SigningKey.new()
        number, entry_hash = (0, GENESIS) if last is None else (last.number, last.hash)
        head = sign_head(key, number=number, entry_hash=entry_hash, signed_from=number + 1)
        with new_folder(self.folder) as made:
            made.chmod(stat.S_IRWXU)
            key.write(made / PRIVATE_KEY_FILE)
            write_file(made / PUBLIC_KEY_FILE, public_pem(key.public))
            write_head(made / HEAD_FILE, head)

    def key_after(self, last: Entry | None) -> SigningKey:
        """The key that signs the entry after ``last``, the newest in the database.

        Mends a head that is one entry behind. To be called while no other writer can run.
        Raises ``BadInput`` where head and database differ in any other way, ``MissingThing`` for a lost file.
        """
        if not self.exists():
            self.make(last)
            _tell_made(self.folder, last)
        with self._alone():
            head = self.head()
            if last is not None and last.kind == KEY and last.signed_by == head.signed_by and last.is_genuine():
                self._take_up(last)
            key = self._private_key()
            if last is not None and _is_one_behind(head, last, key):
                self._note(last, head, key)
            elif not head.is_genuine() or (head.number, head.hash) != _place(last):
                _refuse(head, last)
            elif head.signed_by != key.public:
                raise BadInput(
                    f"The key in {self.folder / PRIVATE_KEY_FILE} is not the one that signed the ledger's head.",
                    remedy="Restore the folder 'seal' from its newest backup.",
                )
        return key

    def key_after_loss(self, last: Entry | None) -> tuple[SigningKey, SignedHead]:
        """The key that signs the entry after ``last``, and the head that names an entry which was lost.

        Raises ``RefusedAction`` where nothing is missing after ``last``, ``BadInput`` where the key was introduced by
        an entry that was lost.
        """
        with self._alone():
            key, head = self._private_key(), self.head()
        number, entry_hash = _place(last)
        if not head.is_genuine() or head.number < number or (head.number, head.hash) == (number, entry_hash):
            raise RefusedAction("No entry is missing from the end of the ledger.", remedy=_VERIFY)
        if key.public != self._key_that_follows(last):
            raise BadInput("The key in the folder 'seal' was introduced by an entry that is lost.", remedy=_VERIFY)
        return key, head

    def _key_that_follows(self, last: Entry | None) -> str:
        if last is None or not last.signature:
            return self.first_key()
        return _present_key(last)

    def note(self, entry: Entry, *, after_loss: bool = False) -> None:
        """Let the head name ``entry``, unless another writer noted a newer one; ``after_loss`` even then.

        Raises ``MissingThing`` where the file cannot be written; the entry stands all the same.
        """
        try:
            with self._alone():
                if entry.kind == KEY:
                    self._take_up(entry)
                head = self.head()
                if after_loss or head.number < entry.number:
                    self._note(entry, head, self._private_key())
        except (OSError, NotWritten) as error:
            cause = error.__cause__ if isinstance(error, NotWritten) else error
            reason = cause.strerror if isinstance(cause, OSError) else error
            raise MissingThing(
                f"Entry {entry.number} is in the ledger, but {self.head_file} could not be written: {reason}.",
                remedy="Make the folder writable; the next entry, or 'wardcast ledger verify', mends the head.",
            ) from error

    def prepare_next_key(self) -> SigningKey:
        """A new key beside the present one. The entry that introduces it makes it the present one."""
        key = SigningKey.new()
        with self._alone():
            key.write(self.folder / NEXT_KEY_FILE)
        return key

    def _take_up(self, introduced: Entry) -> None:
        waiting = self.folder / NEXT_KEY_FILE
        if waiting.exists() and SigningKey.read(waiting).public == introduced.content["public_key"]:
            move_whole(waiting, self.folder / PRIVATE_KEY_FILE)

    def _note(self, entry: Entry, head: SignedHead, key: SigningKey) -> None:
        new = sign_head(key, number=entry.number, entry_hash=entry.hash, signed_from=head.signed_from)
        write_head(self.head_file, new)

    def _private_key(self) -> SigningKey:
        refuse_loose_rights(self.folder, stat.S_IWGRP | stat.S_IWOTH)
        return SigningKey.read(self.folder / PRIVATE_KEY_FILE)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with locked(self._lock_file, seconds=LOCK_SECONDS):
                yield
        except filelock.Timeout as error:
            raise RefusedAction(
                f"Another process has held {self._lock_file} for {LOCK_SECONDS:.0f} seconds.",
                remedy="Wait for it, or end it, and try again.",
            ) from error


def seal_of(workspace: Workspace) -> Seal:
    """The workspace's seal, which may not be made yet."""
    return Seal(workspace.seal, workspace.locks / "seal.lock")


def _tell_made(folder: Path, last: Entry | None) -> None:
    before = (
        ""
        if last is None
        else f" Entries up to number {last.number} were made without one and carry no signature; the signed head seals "
        "them from now on."
    )
    _LOGGER.warning("This workspace had no key for its ledger and has one now, in %s.%s", folder, before)


def _place(last: Entry | None) -> tuple[int, str]:
    return (0, GENESIS) if last is None else (last.number, last.hash)


def _is_one_behind(head: SignedHead, last: Entry, key: SigningKey) -> bool:
    """Whether ``last`` was written by a process that ended before it could note the head."""
    before = predecessor_of(last) or (last.number - 1, last.previous_hash)
    if not head.is_genuine() or (head.number, head.hash) != before:
        return False
    return last.is_genuine() and last.signed_by == head.signed_by and _present_key(last) == key.public


def _present_key(last: Entry) -> str:
    """The public key that signs after an entry."""
    return str(last.content["public_key"]) if last.kind == KEY else last.signed_by


def _refuse(head: SignedHead, last: Entry | None) -> None:
    number = 0 if last is None else last.number
    if not head.is_genuine():
        raise BadInput("The ledger's signed head was edited: its signature does not fit.", remedy=_VERIFY)
    if head.number > number:
        raise BadInput(
            f"The ledger ends at entry {number}, but its signed head names entry {head.number}: entries are gone from "
            "its end, or an old copy of the database was put back.",
            remedy=_VERIFY,
        )
    if last is not None and head.number < number:
        raise BadInput(
            f"The ledger's row {number} is no continuation of entry {head.number}, which its signed head names.",
            remedy="See what it is with 'wardcast ledger verify'; if nobody of yours made it, go on with: "
            "wardcast ledger set-aside --by NAME --reason TEXT",
        )
    raise BadInput(f"The ledger's entry {number} is not the one that its signed head names.", remedy=_VERIFY)
