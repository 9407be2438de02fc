"""Which code and which libraries made something: recorded with every run and every issued forecast."""

from __future__ import annotations

import functools
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("duckdb", "holidays", "lightgbm", "numpy", "pandas", "pyarrow", "scipy", "shapely")
"""Those whose version can change a forecast's figures or the bytes of its files."""

_VERSION, _COMMIT, _TREE_CLEAN = "wardcast.version", "wardcast.commit", "wardcast.tree_clean"


@dataclass(frozen=True)
class CodeVersion:
    """The package's version and, in a checkout, the commit and whether the tree was clean; None outside of one."""

    version: str
    commit: str | None
    tree_clean: bool | None

    def tags(self) -> dict[str, str]:
        """As tags of a run or of a registered model; what is not known has none."""
        tags = {_VERSION: self.version}
        if self.commit is not None:
            tags[_COMMIT] = self.commit
        if self.tree_clean is not None:
            tags[_TREE_CLEAN] = str(self.tree_clean).lower()
        return tags


def code_version_of(tags: Mapping[str, str]) -> CodeVersion | None:
    """What ``CodeVersion.tags`` wrote; None where it wrote nothing.

    >>> code_version_of({"wardcast.version": "1.0", "wardcast.commit": "c0ffee", "wardcast.tree_clean": "true"})
    CodeVersion(version='1.0', commit='c0ffee', tree_clean=True)
    """
    if _VERSION not in tags:
        return None
    clean = tags.get(_TREE_CLEAN)
    return CodeVersion(tags[_VERSION], tags.get(_COMMIT), None if clean is None else clean == "true")


@functools.cache
def code_version() -> CodeVersion:
    """Of the code that runs, read once in a process."""
    checkout = Path(__file__).resolve().parent.parent
    commit = _git(checkout, "rev-parse", "HEAD") if (checkout / ".git").exists() else None
    changed = _git(checkout, "status", "--porcelain") if commit is not None else None
    return CodeVersion(version("wardcast"), commit, None if changed is None else changed == "")


def library_versions() -> dict[str, str]:
    """Python's version and that of each of ``LIBRARIES``."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def _git(checkout: Path, *arguments: str) -> str | None:
    """What git says, or None where there is no git, or it will not speak of this folder."""
    try:
        done = subprocess.run(["git", "-C", str(checkout), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
