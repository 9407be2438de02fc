"""Reading ``wardcast.toml``: no larger or deeper than settings are, every mistake told by file, field and value."""

from __future__ import annotations

import difflib
import logging
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contracts.errors import BadInput, MissingThing
from contracts.settings.checks import Fault, first_fault
from contracts.settings.retired import without_retired
from contracts.settings.settings import Settings

MOST_BYTES = 2**20
"""Size above which a file is no settings."""
DEEPEST_KEY = 32
"""Most parts that a dotted key may have: a longer one takes the parser hours."""
_WORD = r"[\w\-\"']++"
_DEEP_KEY = re.compile(rf"(?<![\w\-\"']){_WORD}(?:[ \t]*\.[ \t]*{_WORD}){{{DEEPEST_KEY},}}+[ \t]*[=\]]".encode())
_LONGEST_SHOWN = 60
_LOGGER = logging.getLogger(__name__)


def read_settings(path: Path) -> Settings:
    """Read and check a ``wardcast.toml``; raises ``BadInput`` that names the file, the field and the value."""
    raw, retired = without_retired(_parsed(path))
    for sentence in retired:
        _LOGGER.warning("%s: %s", path, sentence)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        told, remedy = _told(error.errors()[0])
        raise BadInput(f"{path}: {told}.", remedy=remedy) from error
    fault = _fault_of_kind(raw, settings, "") or first_fault(settings)
    if fault is not None:
        raise BadInput(f"{path}: {fault.field}: {fault.reason}.", remedy=f"Correct it. {fault.remedy}")
    return settings


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        _refuse_giant(path, data)
        return tomllib.loads(data.decode("utf-8"))
    except FileNotFoundError as error:
        raise MissingThing(
            f"There is no workspace at {path.parent}: it has no {path.name}.",
            remedy="Make one with: wardcast init --workspace DIR",
        ) from error
    except RecursionError as error:
        raise BadInput(f"{path} is nested too deep for settings.", remedy="Correct the file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not valid TOML: {error}.", remedy="Correct the file.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", remedy="Correct its rights or its path.") from error


def _refuse_giant(path: Path, data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise BadInput(
            f"{path} is larger than {MOST_BYTES:,} bytes.", remedy="Settings are a few pages; correct the file."
        )
    deep = _DEEP_KEY.search(data)
    if deep is not None:
        line = data.count(b"\n", 0, deep.start()) + 1
        raise BadInput(
            f"{path}: the key in line {line} is nested too deep: it has more than {DEEPEST_KEY} parts.",
            remedy="Correct the file.",
        )


def _told(error: ErrorDetails) -> tuple[str, str]:
    """One line on the first error of the types, and its remedy."""
    field = ".".join(str(part) for part in error["loc"]) or "settings"
    reason = error["msg"].removeprefix("Value error, ")
    remedy = "Correct wardcast.toml and try again."
    if error["type"] == "extra_forbidden":
        *above, last = error["loc"]
        near = difflib.get_close_matches(str(last), _known_names(above), n=1)
        remedy = f"Correct it: the nearest setting is '{near[0]}'." if near else "Correct the name, or remove it."
        return f"{field}: {reason}", remedy
    given = error["input"]
    if isinstance(given, str | int | float) and error["type"] != "value_error":
        reason += f", and not {_short(given)}"
    return f"{field}: {reason}", remedy


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _known_names(location: list[int | str]) -> list[str]:
    """The settings that a table may hold; a table whose name the user chose is passed over."""
    model: type[BaseModel] = Settings
    for part in location:
        field = model.model_fields.get(str(part))
        found = [] if field is None else _models_in(field.annotation)
        model = found[0] if found else model
    return list(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _fault_of_kind(raw: object, read: object, field: str) -> Fault | None:
    """A value that was understood although it is of another kind: ``"yes"`` for true, ``true`` for 1, ``"3"`` for 3."""
    if isinstance(raw, Mapping):
        for name, value in raw.items():
            below = read.get(name) if isinstance(read, Mapping) else getattr(read, name, None)
            fault = _fault_of_kind(value, below, f"{field}.{name}" if field else str(name))
            if fault is not None:
                return fault
    elif isinstance(raw, list) and isinstance(read, tuple):
        pairs = enumerate(zip(raw, read, strict=True))
        return next(filter(None, (_fault_of_kind(*pair, f"{field}.{index}") for index, pair in pairs)), None)
    elif isinstance(raw, bool) != isinstance(read, bool):
        wanted = "true or false" if isinstance(read, bool) else "a number"
        return Fault(field, f"{_short(raw)} is not {wanted}", f"Write {wanted}, without quotes.")
    elif isinstance(raw, str) and not isinstance(read, str):
        return Fault(field, f"{_short(raw)} is text and not a number", "Write the number without quotes.")
    return None
