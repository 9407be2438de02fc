"""Removing what nothing refers to: a geography or a publication, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

from contracts import RefusedAction, Workspace
from contracts.files import locked, remove_folder
from features.geographies.folder import geographies_lock
from features.geographies.geography import list_geographies, load_geography
from features.store import PublicationStore
from service.ledger import Entry

SHOWN = 3
"""How many of the things that refer to it a refusal names."""


def remove_geography(workspace: Workspace, name: str, entries: Sequence[Entry], runs: Iterable[str]) -> int:
    """Remove a geography and return how many areas it had.

    ``entries`` are those of the ledger, ``runs`` the runs made on it. Raises ``RefusedAction`` that names what refers
    to it, ``MissingThing`` where there is none of that name.
    """
    with _nothing_issued(workspace), geographies_lock(workspace):
        areas = len(load_geography(workspace, name).codes)
        found = [
            *_settings_naming_geography(workspace, name),
            *(f"the publication {one.id}" for one in _store(workspace).list() if one.provenance.geography == name),
            *(f"the geography '{other}', whose parents it holds" for other in _children(workspace, name)),
            *_issues(entry for entry in entries if _geography_of(entry) == name),
            *_runs(runs),
        ]
        _refuse_referred(f"The geography '{name}'", found)
        remove_folder(workspace.geographies / name)
    return areas


def remove_publication(workspace: Workspace, publication_id: str, entries: Sequence[Entry], runs: Iterable[str]) -> int:
    """Remove a publication and return how many crimes it counted.

    ``entries`` are those of the ledger, ``runs`` the runs that it was used in. Raises ``RefusedAction`` that names what
    refers to it, ``MissingThing`` where there is none of that name.
    """
    store = _store(workspace)
    with _nothing_issued(workspace):
        publication = store.get(publication_id)
        found = [
            *(
                f"accepted_changes of [targets.{target}] in wardcast.toml"
                for target, chosen in workspace.settings.targets.items()
                if publication.label in chosen.accepted_changes
            ),
            *_issues(entry for entry in entries if publication_id in _publications_of(entry)),
            *_runs(runs),
        ]
        _refuse_referred(f"The publication {publication_id}", found)
        store.drop(publication_id)
    return publication.crimes


def _nothing_issued(workspace: Workspace) -> AbstractContextManager[None]:
    """Held while a forecast is issued, so that none is made of what is being removed."""
    return locked(workspace.locks / "issue.lock")


def _store(workspace: Workspace) -> PublicationStore:
    return PublicationStore(workspace.publications)


def _settings_naming_geography(workspace: Workspace, name: str) -> list[str]:
    settings = workspace.settings
    named = {
        "geography": settings.geography == name,
        "levels of [forecast]": name in settings.forecast.levels,
        f"[geographies.{name}]": name in settings.geographies,
    }
    return [f"{where} in wardcast.toml" for where, is_there in named.items() if is_there]


def _children(workspace: Workspace, name: str) -> list[str]:
    codes = set(load_geography(workspace, name).codes)
    others = [one.name for one in list_geographies(workspace) if one.name != name]
    return [other for other in others if codes & set(load_geography(workspace, other).areas["parent"].dropna())]


def _geography_of(entry: Entry) -> str | None:
    return str(entry.content["geography"]) if entry.kind == "issue" else None


def _publications_of(entry: Entry) -> set[str]:
    """Every publication that was in the store when a forecast was issued: making it again needs them all."""
    if entry.kind != "issue":
        return set()
    stored = entry.content.get("inputs", {}).get("publications", ())
    return {str(one["id"]) for one in (*entry.content["publications"], *stored)}


def _issues(entries: Iterable[Entry]) -> list[str]:
    return [f"the issued forecast {entry.content['forecast_id']} (ledger entry {entry.number})" for entry in entries]


def _runs(runs: Iterable[str]) -> list[str]:
    return [f"the run {run}" for run in runs]


def _refuse_referred(what: str, found: Sequence[str]) -> None:
    if not found:
        return
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise RefusedAction(
        f"{what} is not removed, because it is referred to by {'; '.join(found[:SHOWN])}{more}.",
        remedy="Correct the settings and remove unused publications first; what was issued or run keeps what it was "
        "made from.",
    )
