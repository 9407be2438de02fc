"""Ed25519 keys of a workspace's ledger (RFC 8032): made, read, and used to sign and to check."""

from __future__ import annotations

import stat
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contracts import BadInput, MissingThing, RefusedAction
from contracts.files import write_file

_RESTORE = "Restore it from the backup of the workspace's folder 'seal'."


class SigningKey:
    """A private key. ``public`` is its public key, as 64 hexadecimal digits."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()

    @classmethod
    def new(cls) -> SigningKey:
        """A key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, path: Path) -> SigningKey:
        """The key in a PEM file.

        Raises ``MissingThing``, ``BadInput``, and ``RefusedAction`` where others have rights to it.
        """
        refuse_loose_rights(path, stat.S_IRWXG | stat.S_IRWXO)
        try:
            private = serialization.load_pem_private_key(_read(path, "private"), password=None)
        except (ValueError, TypeError) as error:
            raise BadInput(f"{path} holds no private key that can be read.", remedy=_RESTORE) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise BadInput(f"{path} holds a key of another kind than Ed25519.", remedy=_RESTORE)
        return cls(private)

    def write(self, path: Path) -> None:
        """Write the private key as PEM, whole and readable by its owner only."""
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_file(path, pem, private=True)

    def sign(self, purpose: str, text: str) -> str:
        """Signature of a text for a purpose, as 128 hexadecimal digits; it fits no other purpose."""
        return self._private.sign(_message(purpose, text)).hex()


@lru_cache(maxsize=50_000)
def fits(public: str, purpose: str, text: str, signature: str) -> bool:
    """Whether a signature is that of the public key for this purpose and text; False for what is no key at all.

    Answers are kept: a service checks the whole ledger again at each new entry.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), _message(purpose, text))
    except (InvalidSignature, ValueError):
        return False
    return True


def public_pem(public: str) -> bytes:
    """A public key as PEM."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public_key(path: Path) -> str:
    """The public key in a PEM file, as 64 hexadecimal digits; raises ``MissingThing`` or ``BadInput``."""
    try:
        key = serialization.load_pem_public_key(_read(path, "public"))
    except ValueError as error:
        raise BadInput(f"{path} holds no public key that can be read.", remedy=_RESTORE) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(f"{path} holds a key of another kind than Ed25519.", remedy=_RESTORE)
    return key.public_bytes_raw().hex()


def refuse_loose_rights(path: Path, loose: int) -> None:
    """Raise ``RefusedAction`` where a file or folder has one of the rights in ``loose``; what is absent has none."""
    if not path.exists():
        return
    rights = stat.S_IMODE(path.stat().st_mode)
    if rights & loose:
        raise RefusedAction(
            f"Others than its owner have rights to {path} (rights {rights:03o}) and could sign as this workspace, so "
            "nothing is signed.",
            remedy=f"Run 'chmod {rights & ~loose:03o} {path}'; if somebody may have used it, replace the key with: "
            "wardcast ledger rotate-key --by NAME --reason TEXT",
        )


def _read(path: Path, which: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingThing(f"The {which} key of the ledger, {path}, is missing.", remedy=_RESTORE) from error
    except OSError as error:
        raise BadInput(
            f"The {which} key of the ledger, {path}, cannot be read: {error.strerror}.",
            remedy="Run the command as the owner of the workspace.",
        ) from error


def _message(purpose: str, text: str) -> bytes:
    return f"wardcast {purpose}\n{text}".encode()
