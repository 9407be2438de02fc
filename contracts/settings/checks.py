"""What the types of the settings cannot say: names that can be told apart, things that exist, parts that agree."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.settings.settings import Settings
from contracts.targets import wording_key

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SLUG_REMEDY = "Use letters, digits, '_' and '-' (at most 64), beginning with a letter or a digit."
_WEB = re.compile(r"https?://[^\s/]+\S*")
_STORE = re.compile(r"(https?|sqlite|postgres|(postgresql|mysql|mssql)(\+[a-z0-9_]+)?)://\S+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True)
class Fault:
    """One value that cannot be used: the field it stands in, what is wrong with it, and what to write instead."""

    field: str
    reason: str
    remedy: str


def first_fault(settings: Settings) -> Fault | None:
    """The first fault of settings whose types are right, or None."""
    return next((fault for check in _CHECKS for fault in check(settings)), None)


def _names(settings: Settings) -> Iterator[Fault]:
    """Targets and geographies become names of files, addresses and options."""
    if not _SLUG.fullmatch(settings.geography):
        yield Fault("geography", f"'{settings.geography}' cannot be the name of a geography", _SLUG_REMEDY)
    for table, names in (("targets", settings.targets), ("geographies", settings.geographies)):
        for name in names:
            if not _SLUG.fullmatch(name):
                yield Fault(table, f"'{name}' cannot be a name here", _SLUG_REMEDY)
    if not settings.targets:
        yield Fault("targets", "there is none", "Define what is forecast under [targets.NAME].")


def _told_apart(settings: Settings) -> Iterator[Fault]:
    """Names that differ in case alone are one name to a person, and to some file systems."""
    tables: dict[str, Iterable[str]] = {
        "targets": settings.targets,
        "geographies": settings.geographies,
        "police_forces": settings.police_forces,
        "offences": settings.offences,
        "harm": settings.harm,
    }
    for name, meaning in settings.geographies.items():
        tables[f"geographies.{name}.groups"] = meaning.groups
        tables[f"geographies.{name}.shares"] = meaning.shares
        tables |= {f"geographies.{name}.shares.{attribute}": groups for attribute, groups in meaning.shares.items()}
    for table, names in tables.items():
        by_key: dict[str, str] = {}
        for name in names:
            other = by_key.setdefault(_key(name), name)
            if other != name:
                yield Fault(table, f"'{other}' and '{name}' differ in case or spaces alone", "Keep one of them.")


def _words(settings: Settings) -> Iterator[Fault]:
    """Names and titles that people read are not blank and stay on one line."""
    shown = {"city": settings.city}
    shown |= {f"targets.{name}.title": target.title for name, target in settings.targets.items()}
    shown |= {f"harm.{taxonomy}.source": harm.source for taxonomy, harm in settings.harm.items()}
    shown |= {f"harm.{taxonomy}.unit": harm.unit for taxonomy, harm in settings.harm.items()}
    keys: dict[str, Iterable[str]] = {
        "people": settings.people,
        "police_forces": settings.police_forces,
        "offences": settings.offences,
    }
    keys |= {f"offences.{taxonomy}": offences for taxonomy, offences in settings.offences.items()}
    for field, text in [*shown.items(), *((field, name) for field, names in keys.items() for name in names)]:
        if not text.strip():
            yield Fault(field, f"{text!r} is blank", "Write a name that people can read.")
        elif any(unicodedata.category(character) == "Cc" for character in text):
            yield Fault(field, f"{text!r} holds a line break or another control character", "Write it on one line.")


def _wordings(settings: Settings) -> Iterator[Fault]:
    """An offence's own name is a wording of it, so it cannot be a wording of another one."""
    for taxonomy, offences in settings.offences.items():
        field, own = f"offences.{taxonomy}", dict[str, str]()
        for offence in offences:
            other = own.setdefault(wording_key(offence), offence)
            if other != offence:
                yield Fault(field, f"'{other}' and '{offence}' are one name", "Keep one, with all wordings.")
        for offence, wordings in offences.items():
            for wording in wordings:
                key = wording_key(wording)
                if not key:
                    yield Fault(f"{field}.{offence}", f"the wording {wording!r} holds no letter", "Remove it.")
                elif own.get(key, offence) != offence:
                    told = f"the wording '{wording}' is the name of another offence, '{own[key]}'"
                    yield Fault(f"{field}.{offence}", told, "Keep it at one of the two.")


def _lists(settings: Settings) -> Iterator[Fault]:
    """What stands twice in a list would count twice."""
    lists: dict[str, Iterable[object]] = {
        "forecast.levels": settings.forecast.levels,
        "gates.coverage_levels": settings.gates.coverage_levels,
        "gates.audits": settings.gates.audits,
    }
    lists |= {f"people.{name}": roles for name, roles in settings.people.items()}
    for name, force in settings.police_forces.items():
        lists[f"police_forces.{name}.parents"] = force.parents
        lists[f"police_forces.{name}.all_but_parents"] = force.all_but_parents
        if force.parents and force.all_but_parents:
            told = "parents and all_but_parents are both given, and say two things of one force"
            yield Fault(f"police_forces.{name}", told, "Keep one of the two lists.")
    for name, target in settings.targets.items():
        lists |= {
            f"targets.{name}.offences.{taxonomy}": some for taxonomy, some in target.offences.items() if some != "all"
        }
    for field, values in lists.items():
        twice = [value for value, times in Counter(values).items() if times > 1]
        if twice:
            yield Fault(field, f"'{twice[0]}' stands more than once", "Keep it once.")
    if not settings.gates.coverage_levels:
        yield Fault("gates.coverage_levels", "the list is empty", "Give one probability or more, such as 0.9.")


def _levels(settings: Settings) -> Iterator[Fault]:
    levels = settings.forecast.levels
    for level in levels:
        if not _SLUG.fullmatch(level) or level == settings.geography:
            told = f"'{level}' is no larger area than those of '{settings.geography}'"
            yield Fault("forecast.levels", told, 'Name larger geographies, "parents" or "city".')
    if "city" in levels[:-1]:
        yield Fault("forecast.levels", "'city' is not the last", "Name the finest first and the city last.")


def _columns(settings: Settings) -> Iterator[Fault]:
    """One column has one meaning."""
    for name, meaning in settings.geographies.items():
        table = f"geographies.{name}"
        single = {field: getattr(meaning, field) for field in ("residents", "deprivation", "need", "workday")}
        yield from _used_once(table, {field: column for field, column in single.items() if column is not None})
        for attribute, groups in ({"groups": meaning.groups} | dict(meaning.shares)).items():
            yield from _used_once(f"{table}.{attribute}", groups)


def _used_once(field: str, columns: Mapping[str, str]) -> Iterator[Fault]:
    users: dict[str, str] = {}
    for user, column in columns.items():
        if not column.strip():
            yield Fault(
                f"{field}.{user}", "the column's name is blank", "Name a column of the attributes, or remove it."
            )
        other = users.setdefault(column, user)
        if other != user:
            yield Fault(field, f"{other} and {user} name one column, '{column}'", "Name the column that each means.")


def _holidays(settings: Settings) -> Iterator[Fault]:
    if not settings.holidays:
        return
    import holidays

    country, dash, subdivision = settings.holidays.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        remedy = (
            'Write the two letters of ISO 3166, and a subdivision after "-" where it has its own, such as "GB-ENG".'
        )
        yield Fault("holidays", f"there is no country '{country}' whose bank holidays are known", remedy)
        return
    try:
        sound = bool(subdivision) == bool(dash)
        holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        sound = False
    if not sound:
        there = ", ".join(known[country]) or "none: write the country alone"
        yield Fault("holidays", f"'{country}' has no subdivision '{subdivision}'", f"Its subdivisions are {there}.")


def _addresses(settings: Settings) -> Iterator[Fault]:
    if settings.tracking_url and not _STORE.fullmatch(settings.tracking_url):
        remedy = "Write http://HOST:PORT of an MLflow server, or postgresql://USER@HOST/NAME."
        yield Fault("tracking_url", "it is no address of a server or a database", remedy)
    website = settings.records.website
    if website and _SCHEME.match(website) and not _WEB.fullmatch(website):
        yield Fault("records.website", f"{website!r} is no address of a page", "Write it like https://www.example.org.")


def _weights(settings: Settings) -> Iterator[Fault]:
    for taxonomy, harm in settings.harm.items():
        if not harm.weights:
            remedy = f"Give each offence its weight, or remove [harm.{taxonomy}]."
            yield Fault(f"harm.{taxonomy}.weights", "it is empty", remedy)


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


_CHECKS: tuple[Callable[[Any], Iterator[Fault]], ...] = (
    _names,
    _told_apart,
    _words,
    _wordings,
    _lists,
    _levels,
    _columns,
    _holidays,
    _addresses,
    _weights,
)
