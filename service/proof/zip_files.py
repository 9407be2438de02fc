"""Files in one zip: the same bytes for the same files, and nothing taken out of one that could do harm."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from contracts import BadInput, MissingThing
from contracts.files import new_file

MOST_BYTES = 4 * 2**30
"""Unpacked size above which a zip is refused."""
MOST_MEMBERS = 10_000
"""Number of files above which a zip is refused."""
MOST_EXPANSION = 100
"""A zip that unpacks to more than so many times its own size is refused."""
SMALL_BYTES = 64 * 2**20
"""Up to this size a zip may expand as it likes."""
_MOMENT = (1980, 1, 1, 0, 0, 0)
_RIGHTS = 0o100644 << 16
_UNIX = 3
_FILE_TYPE = 0o170000
_REGULAR_OR_NONE = (0, 0o100000)
_FORBIDDEN = frozenset('\\:*?"<>|')


def write_zip(files: Mapping[str, bytes], out: Path) -> None:
    """Write the files in order of name, with no moment and no owner; ``out`` is replaced once the new one is whole.

    Raises ``NotWritten`` where the folder does not exist or cannot be written to.
    """
    with new_file(out) as file, zipfile.ZipFile(file, "w") as archive:
        for name in sorted(files):
            archive.writestr(_member(name), files[name], zipfile.ZIP_DEFLATED, 6)


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _MOMENT)
    info.create_system = _UNIX
    info.external_attr = _RIGHTS
    fault = _fault_of(info)
    if fault is not None:
        raise BadInput(f"{name!a} cannot go into a bundle: it {fault}.", remedy="Rename it.")
    return info


def read_zip(path: Path) -> dict[str, bytes]:
    """Name → bytes of every file, each checked against its checksum.

    Raises ``MissingThing`` for no file, ``BadInput`` for one that is no whole zip, is too large, or holds a name that
    leads out of a folder, comes twice, or is no plain file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_harm(path, members)
            _refuse_bomb(path, members)
            return {member.filename: archive.read(member) for member in members}
    except FileNotFoundError as error:
        raise MissingThing(f"There is no file {path}.", remedy="Give the bundle's path.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise BadInput(f"{path} is not a whole zip: {error}.", remedy="Get the bundle again.") from error


def _refuse_harm(path: Path, members: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for member in members:
        fault = _fault_of(member)
        if fault is None and member.filename.casefold() in seen:
            fault = "comes twice"
        if fault is not None:
            raise BadInput(
                f"{path} is refused: its member {member.filename!a} {fault}.",
                remedy="Do not unpack it; get the bundle from whoever exported it.",
            )
        seen.add(member.filename.casefold())


def _refuse_bomb(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """What a member declares is never read past, so that the sum of what they declare is a limit."""
    size, packed = sum(member.file_size for member in members), path.stat().st_size
    if size > min(MOST_BYTES, max(SMALL_BYTES, MOST_EXPANSION * packed)):
        told = f"it would unpack to {size:,} bytes from {packed:,}"
    elif len(members) > MOST_MEMBERS:
        told = f"it holds {len(members):,} files"
    else:
        return
    raise BadInput(f"{path} is refused: {told}.", remedy="Get the bundle again.")


def _fault_of(member: zipfile.ZipInfo) -> str | None:
    """What is wrong with a member, or None."""
    name = member.filename
    if any(part in ("", ".", "..") for part in name.split("/")) or PurePosixPath(name).is_absolute():
        return "leads out of the folder it would be unpacked to, or is a folder"
    if _FORBIDDEN & set(name) or not name.isprintable() or member.orig_filename != name:
        return "has a name that no file should have"
    if (member.external_attr >> 16) & _FILE_TYPE not in _REGULAR_OR_NONE:
        return "is not a plain file"
    if member.flag_bits & 1:
        return "is encrypted"
    return None
