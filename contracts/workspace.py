"""A workspace: one folder with ``wardcast.toml`` and the stores. Nothing is kept anywhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from contracts.settings.file import read_settings
from contracts.settings.settings import Settings

SETTINGS_FILE = "wardcast.toml"
DEFAULT_WORKSPACE = "wardcast-workspace"


@dataclass(frozen=True)
class Workspace:
    """Where everything of one city lies, and its settings.

    ``recorded_settings`` are those of the past that something is made again with; they stand for the file's.
    """

    root: Path
    recorded_settings: Settings | None = None

    @cached_property
    def settings(self) -> Settings:
        """Read once; raises ``MissingThing`` or ``BadInput``."""
        return self.recorded_settings or read_settings(self.root / SETTINGS_FILE)

    @property
    def publications(self) -> Path:
        """One folder a publication."""
        return self.root / "publications"

    @property
    def geographies(self) -> Path:
        """One folder a geography."""
        return self.root / "geographies"

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy address of the ledger's database."""
        return self.settings.ledger_url or sqlite_url(self.root.resolve() / "ledger.db")

    @property
    def tracking_url(self) -> str:
        """MLflow tracking and registry store; a PostgreSQL is reached through the driver that comes with Wardcast."""
        given = self.settings.tracking_url
        if given.startswith(("postgresql://", "postgres://")):
            return f"postgresql+psycopg://{given.partition('://')[2]}"
        return given or sqlite_url(self.root.resolve() / "mlflow.db")

    @property
    def keeps_tracking(self) -> bool:
        """Whether MLflow's store lies in the workspace; otherwise an address in the settings says where it is."""
        return not self.settings.tracking_url

    @property
    def has_tracking(self) -> bool:
        """Whether MLflow's store was made, as far as can be seen from here."""
        return not self.keeps_tracking or (self.root / "mlflow.db").exists()

    @property
    def artefacts(self) -> Path:
        """Where MLflow keeps the artefacts of runs in this workspace."""
        return self.root.resolve() / "artefacts"

    @property
    def runs(self) -> Path:
        """The sheet of each run, in a folder of its own: what the pages show of it."""
        return self.root / "runs"

    @property
    def forecasts(self) -> Path:
        """The tables of issued forecasts, one file an issue."""
        return self.root / "forecasts"

    @property
    def seal(self) -> Path:
        """The key that signs the ledger, and the signed head of the ledger."""
        return self.root / "seal"

    @property
    def can_be_written(self) -> bool:
        """False on a mount that is only read, or where the folder belongs to somebody else."""
        return os.access(self.root, os.W_OK)

    @property
    def locks(self) -> Path:
        """Lock files that keep two processes from writing one store at once."""
        return self.root / "locks"


def sqlite_url(path: Path) -> str:
    """The SQLAlchemy address of an SQLite file, whatever its folders are called.

    A ``?`` begins the options of an address and a ``%`` a code. Where there is one, everything is coded, slashes too:
    MLflow makes the folders that it reads from the address without decoding it, and finds none then.

    >>> sqlite_url(Path("/data/a b/ledger.db"))
    'sqlite:////data/a b/ledger.db'
    >>> sqlite_url(Path("/data/why?/ledger.db"))
    'sqlite:///%2Fdata%2Fwhy%3F%2Fledger.db'
    """
    text = str(path)
    return f"sqlite:///{quote(text, safe='') if set(text) & set('%?') else text}"
