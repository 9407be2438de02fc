"""Settings as they are recorded with a run and an issued forecast, and read again later."""

from __future__ import annotations

import json

from pydantic import ValidationError

from contracts.errors import BadInput
from contracts.settings.retired import without_retired
from contracts.settings.settings import Settings

ADDRESSES = {"ledger_url", "tracking_url"}
"""Settings that say where stores are, not what is forecast; they may hold a password and are left out."""
TOLD_BY_PEOPLE = {"records"}
"""Settings that say who answers for a forecast and how it is used; they decide none, and may be given after a run."""


def settings_bytes(settings: Settings) -> bytes:
    """The settings that decide a forecast, as JSON in the order of ``wardcast.toml``."""
    kept = settings.model_dump(mode="json", exclude=ADDRESSES | TOLD_BY_PEOPLE)
    return (json.dumps(kept, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def settings_of(content: bytes) -> Settings:
    """The settings that ``settings_bytes`` wrote, perhaps in an earlier version.

    Raises ``BadInput`` where this version does not know them.
    """
    try:
        given, _ = without_retired(json.loads(content))
        return Settings.model_validate_json(json.dumps(given))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "settings"
        raise BadInput(
            f"The recorded settings cannot be used by this version: {field}: {first['msg']}.",
            remedy="Use the version of the code that was recorded with them.",
        ) from error
