"""Stopping what is served without the ledger: a file in the workspace names targets that are not served.

For the hour in which the ledger cannot be written: whoever may write the workspace can stop a target there with an
editor, and the service refuses it at its next look. A line is the name of a target, or ``*`` for all of them, and
after it, if you like, the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from contracts import Workspace

STOP_FILE = "stop-serving.txt"
ALL = "*"


def stops_of(workspace: Workspace, targets: Iterable[str]) -> Mapping[str, str]:
    """Target → why it is not served, of those that the file of the workspace stops; empty where there is no file.

    A file that is there and cannot be read stops every target: whoever wrote it wanted something stopped.
    """
    path = workspace.root / STOP_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        return dict.fromkeys(targets, f"{path} is there and cannot be read ({error}), so nothing is served.")
    return _named(path, lines, tuple(targets))


def _named(path: Path, lines: Iterable[str], targets: tuple[str, ...]) -> dict[str, str]:
    stops = {}
    for line in lines:
        name, _, reason = line.strip().partition(" ")
        for target in targets if name == ALL else (name,):
            why = f": {reason.strip()}" if reason.strip() else ""
            stops[target] = f"'{target}' was stopped by {path.name} in the workspace{why}"
    return {target: stops[target] for target in targets if target in stops}
