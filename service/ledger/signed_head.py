"""The signed head: number and hash of the newest entry, kept outside the database.

Whoever shortens the ledger, or puts an old copy of its database back, cannot shorten a head that is kept elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from contracts import BadInput, MissingThing, this_moment
from contracts.files import write_file
from service.ledger.entries import canonical_json
from service.ledger.signing_key import SigningKey, fits

_PURPOSE = "ledger head"


@dataclass(frozen=True)
class SignedHead:
    """``number`` and ``hash`` of the newest entry (0 and ``GENESIS`` for none) and a signature over all fields.

    ``signed_from`` is the number of the first entry that must carry a signature.
    """

    number: int
    hash: str
    signed_from: int
    noted_at: str
    signed_by: str
    signature: str = ""

    def is_genuine(self) -> bool:
        """Whether the signature is that of the key the head names; whose key that is, the ledger must tell."""
        return fits(self.signed_by, _PURPOSE, _sealed_text(self), self.signature)

    def as_text(self) -> str:
        """The head as a JSON document."""
        return json.dumps(asdict(self), indent=2) + "\n"


def sign_head(key: SigningKey, *, number: int, entry_hash: str, signed_from: int) -> SignedHead:
    """The head of a ledger whose newest entry is ``number``, signed now."""
    noted_at = this_moment().isoformat(timespec="microseconds")
    head = SignedHead(number, entry_hash, signed_from, noted_at, key.public)
    return replace(head, signature=key.sign(_PURPOSE, _sealed_text(head)))


def read_head(path: Path) -> SignedHead:
    """The head in a file, its signature unchecked; raises ``MissingThing`` or ``BadInput``."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        head = SignedHead(**fields)
        if any(type(value) is not type(fields[name]) for name, value in _EXAMPLE.items()):
            raise ValueError("a field of another type")
    except FileNotFoundError as error:
        raise MissingThing(f"The signed head {path} is missing.", remedy="Restore it from a backup.") from error
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path} is no signed head of a ledger.", remedy="Restore it from a backup.") from error
    except OSError as error:
        raise BadInput(
            f"The signed head {path} cannot be read: {error.strerror}.", remedy="Run the command as the file's owner."
        ) from error
    return head


def write_head(path: Path, head: SignedHead) -> None:
    """Put the head in the file's place, whole; raises ``NotWritten``."""
    write_file(path, head.as_text().encode("utf-8"))


_EXAMPLE = asdict(SignedHead(0, "", 1, "", "", ""))


def _sealed_text(head: SignedHead) -> str:
    return canonical_json({name: value for name, value in asdict(head).items() if name != "signature"})
