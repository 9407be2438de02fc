"""Files that are written whole or not at all, locks, and hashes of folders."""

from contracts.files.locks import locked
from contracts.files.unfinished import discard
from contracts.files.whole_files import (
    is_being_made,
    move_whole,
    new_file,
    new_folder,
    recover_folder,
    remove_folder,
    remove_leftovers,
    replaced_folder,
    telling,
    write_file,
    write_files,
)

__all__ = [
    "discard",
    "is_being_made",
    "locked",
    "move_whole",
    "new_file",
    "new_folder",
    "recover_folder",
    "remove_folder",
    "remove_leftovers",
    "replaced_folder",
    "telling",
    "write_file",
    "write_files",
]
