"""The one shell of every page: Jinja2 templates in which text is always escaped, and a name that is missing fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.web.pages.files import address_of
from service.web.pages.words import FILTERS, day_words

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(FILTERS)
_TEMPLATES.globals["static"] = address_of


@dataclass(frozen=True)
class Shell:
    """What stands around every page: the city, what kind of forecast this is, and where else one can go."""

    city: str
    chips: Sequence[tuple[str, str]] = ()
    """What must be known of the forecast at a glance, and the same in a sentence."""
    links: Sequence[tuple[str, str]] = (
        *(("/", "Briefing"), ("/compare", "Compare"), ("/bench", "Bench"), ("/board", "Board")),
        ("/docs", "API"),
    )
    """Address and words of each page in the head."""


def shell_of(about: Mapping[str, Any]) -> Shell:
    """The shell of pages about an issued forecast, from its summary."""
    chips = list(shell_of_city(about["city"], simulated=about["simulated"]).chips)
    if about["replay"]:
        when = day_words(about["as_of"])
        chips.append((f"Replay of {when}", f"This is what would have been issued on {when}, not a forecast of today."))
    return Shell(about["city"], tuple(chips))


def shell_of_city(city: str, *, simulated: bool) -> Shell:
    """The shell of pages that are not about one forecast."""
    chip = ("Simulated city", "Its areas and crimes are made up, to show how this works.")
    return Shell(city, (chip,) if simulated else ())


def render(template: str, shell: Shell, **content: Any) -> str:
    """The page as HTML."""
    return _TEMPLATES.get_template(f"{template}.html").render(shell=shell, **content)
