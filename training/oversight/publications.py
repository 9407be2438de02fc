"""What the records say of the publications that a run knew: from the store, held against what the run recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from contracts import BadInput, Settings, Workspace
from features.geographies.geography import load_geography
from features.store import Publication, PublicationStore, Revision, revisions
from monitoring.records.facts import PublicationFacts, RevisionFacts, SetAsideFacts, WordingFacts


def publication_facts(
    workspace: Workspace, settings: Settings, target: str, recorded: Sequence[Mapping[str, str]]
) -> tuple[PublicationFacts, ...]:
    """Of the publications that a run recorded, oldest first.

    Raises ``MissingThing`` where one is not in the store any more, ``BadInput`` where its counts are not those that
    the run recorded.
    """
    store = PublicationStore(workspace.publications)
    known = [_as_recorded(store.get(one["id"]), one) for one in recorded]
    areas = {name: len(load_geography(workspace, name).codes) for name in {one.provenance.geography for one in known}}
    revised = _revised(store, settings, target, {one.id for one in known}) if len(known) > 1 else {}
    return tuple(
        _facts(one, settings, target, areas[one.provenance.geography], revised.get(one.id, ()))
        for one in sorted(known, key=lambda each: (each.published_on, each.id))
    )


def _as_recorded(publication: Publication, recorded: Mapping[str, str]) -> Publication:
    if publication.content_sha256 != recorded["content_sha256"]:
        raise BadInput(
            f"The publication {publication.id} in the store is not the one that the run recorded: the hash of its "
            "counts differs.",
            remedy="Restore the store from a backup, or run again.",
        )
    return publication


def _facts(
    one: Publication, settings: Settings, target: str, geography_areas: int, revised: tuple[RevisionFacts, ...]
) -> PublicationFacts:
    origin = one.provenance
    summed = settings.target(target).offences.get(origin.taxonomy, ())
    return PublicationFacts(
        id=one.id,
        source=origin.source,
        taxonomy=origin.taxonomy,
        geography=origin.geography,
        frequency=str(origin.frequency),
        published_on=origin.published_on.isoformat(),
        file_name=origin.file_name,
        sha256=origin.sha256,
        content_sha256=one.content_sha256,
        first=str(one.first),
        last=str(one.last),
        periods=one.periods,
        span=one.last - one.first + 1,
        areas=one.areas,
        geography_areas=geography_areas,
        crimes=one.crimes,
        rows_read=one.rows_read,
        rows_kept=one.rows_kept,
        rows_set_aside=one.rows_set_aside,
        set_aside=_set_aside(one),
        wordings=tuple(
            WordingFacts(each.wording, each.offence, each.first, each.last, each.crimes)
            for each in one.wordings
            if each.offence in summed
        ),
        revisions=revised,
        notes=one.notes,
    )


def _set_aside(one: Publication) -> tuple[SetAsideFacts, ...]:
    by_reason = one.set_aside().groupby("reason", sort=True)[["rows", "crimes"]].sum()
    return tuple(
        SetAsideFacts(str(reason), int(row["rows"]), int(row["crimes"])) for reason, row in by_reason.iterrows()
    )


def _revised(
    store: PublicationStore, settings: Settings, target: str, known: set[str]
) -> dict[str, tuple[RevisionFacts, ...]]:
    """Newer publication → what it revised in each older one, of those that the run knew."""
    pairs: dict[tuple[str, str], list[Revision]] = defaultdict(list)
    for one in revisions(store, settings):
        if one.target == target and {one.older, one.newer} <= known:
            pairs[one.newer, one.older].append(one)
    found: dict[str, tuple[RevisionFacts, ...]] = {}
    for (newer, older), rows in pairs.items():
        found[newer] = (*found.get(newer, ()), _summary(older, rows))
    return found


def _summary(older: str, rows: Sequence[Revision]) -> RevisionFacts:
    changed = [(one.city_change, one.period) for one in rows if one.city_change is not None]
    greatest, period = max(changed, key=lambda one: abs(one[0])) if changed else (None, None)
    share = sum(one.share_of_areas for one in rows) / len(rows)
    return RevisionFacts(older, len(rows), share, greatest, period)
