"""What an issue writes: the tables, the copies and the record of the champions' forecasts, as bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from contracts import BadInput, Period, Settings, StaleData, Workspace, horizons_text, next_period, settings_bytes
from contracts.tables import FORECASTS, REASONS, check
from service.board.champions import Champion, ModelRegistry, approved_model
from service.forecasts.flags import FLAG_RULE_FILE, FLAGS_FILE, flag_rows, flags_over, refuse_unaudited, rule_bytes
from service.forecasts.harm import HARM_FILE
from service.forecasts.issued import (
    AREAS_FILE,
    BOUNDARIES_FILE,
    FORECASTS_FILE,
    HISTORY_FILE,
    REASONS_FILE,
    RECORD_FILE,
    parquet_bytes,
)
from service.forecasts.larger_areas import LEVELS_FILE, NESTING_FILE, level_rows
from service.forecasts.ranks import COVERS_FILE, PEOPLE_FILE, RANKS_FILE
from service.forecasts.record import FROM_HORIZON_ONE, WITH_PATTERNS, WITH_RANKS, IssueRecord, TargetRecord
from service.issuing.baselines import BASELINES_FILE, COUNT, SUPERSEDED, counted, superseded_rows
from service.issuing.harm import MixOf, TargetHarm, mixes_of, target_harm
from service.issuing.horizons import (
    Steps,
    refuse_unjudged,
    steps_of,
    unjudged,
    unjudged_sentence,
)
from service.issuing.inputs import SETTINGS_COPY
from service.issuing.larger_areas import issue_hierarchy, nesting_rows
from service.issuing.patterns import TargetPatterns, pattern_files, target_patterns
from service.issuing.people import people_rows
from service.issuing.ranks import cover_rows, rank_rows
from service.issuing.tables import forecast_rows, history_rows, settled_periods

if TYPE_CHECKING:
    from features.geographies.geography import Geography
    from features.views import AsOfDoor, Hierarchy, Panel
    from models import SavedModel

PUBLICATION_PERIODS = 2
"""Periods that usually pass between the last known one and the next one, because counts are published in arrears."""


@dataclass(frozen=True)
class Sources:
    """Where an issue takes counts, areas and models from."""

    door: AsOfDoor
    geography: Geography
    registry: ModelRegistry
    load: Callable[[Path, str], SavedModel]
    harm_mix: MixOf


def open_sources(workspace: Workspace) -> Sources:
    """The workspace's counts, areas and models."""
    from features.geographies.geography import load_geography
    from features.views import load_door
    from models import load_saved_model, registry

    return Sources(
        door=load_door(workspace, with_points=True),
        geography=load_geography(workspace, workspace.settings.geography),
        registry=registry,
        load=load_saved_model,
        harm_mix=mixes_of(workspace),
    )


@dataclass(frozen=True)
class Occasion:
    """On which day's knowledge a forecast is issued, whether that is a replay of the past, and in which format."""

    as_of: date
    replay: bool
    issue_format: int = WITH_PATTERNS


def occasion_of(settings: Settings, door: AsOfDoor, *, today: date, on: date | None) -> Occasion:
    """The day whose knowledge is used: ``on``, else the replayed day of the settings, else today."""
    if on is not None and on > today:
        raise BadInput(f"{on} is after today, {today}.", remedy="Leave --on out, or name a day that has come.")
    if on is not None:
        return Occasion(on, replay=settings.forecast.replay or on != today)
    if settings.forecast.replay:
        return Occasion(door.newest_counts_published_on(today), replay=True)
    return Occasion(today, replay=False)


def issue_contents(
    workspace: Workspace,
    sources: Sources,
    champions: dict[str, Champion],
    occasion: Occasion,
    tell: Callable[[str], None],
) -> dict[str, bytes]:
    """File name → bytes of the folder of a forecast; the same inputs give the same bytes."""
    settings = workspace.settings
    view = sources.door.view(occasion.as_of)
    first = next_period(occasion.as_of, settings.frequency)
    geography = sources.geography
    if geography.codes != view.areas:
        geography = geography.only(view.areas)
    hierarchy = issue_hierarchy(workspace, geography, tell)
    place = _Place(workspace, sources, geography, hierarchy, occasion)
    parts = [
        _parts_of(place, champions[name], view.for_target(name), tell) for name in settings.targets if name in champions
    ]
    forecasts = check(pd.concat([one.forecasts for one in parts], ignore_index=True), FORECASTS)
    nesting = nesting_rows(hierarchy, settings.city)
    harm_rows = [one.harm for one in parts if one.harm is not None]
    baselines = [rows for one in parts for rows in one.baselines]
    return {
        FORECASTS_FILE: parquet_bytes(forecasts),
        **({BASELINES_FILE: _forecast_bytes(baselines)} if baselines else {}),
        LEVELS_FILE: parquet_bytes(level_rows(forecasts, nesting)),
        NESTING_FILE: parquet_bytes(nesting),
        **({HARM_FILE: parquet_bytes(pd.concat(harm_rows, ignore_index=True))} if harm_rows else {}),
        FLAGS_FILE: parquet_bytes(pd.concat([one.flags for one in parts], ignore_index=True)),
        FLAG_RULE_FILE: rule_bytes(settings.flags),
        **(_rank_files(settings, geography, parts) if occasion.issue_format >= WITH_RANKS else {}),
        **pattern_files([one.patterns for one in parts if one.patterns is not None]),
        REASONS_FILE: parquet_bytes(check(pd.concat([one.reasons for one in parts], ignore_index=True), REASONS)),
        HISTORY_FILE: parquet_bytes(pd.concat([one.history for one in parts], ignore_index=True)),
        AREAS_FILE: parquet_bytes(geography.areas),
        BOUNDARIES_FILE: geography.boundaries.read_bytes(),
        SETTINGS_COPY: settings_bytes(settings),
        RECORD_FILE: _record(
            settings, view, occasion, first, _publications(sources.door, view), tuple(one.about for one in parts)
        ).to_bytes(),
    }


@dataclass(frozen=True)
class _Place:
    """Where and on what occasion every target is forecast."""

    workspace: Workspace
    sources: Sources
    geography: Geography
    hierarchy: Hierarchy
    occasion: Occasion


@dataclass(frozen=True)
class _TargetParts:
    """What an issue holds of one target."""

    forecasts: pd.DataFrame
    baselines: tuple[pd.DataFrame, ...]
    reasons: pd.DataFrame
    history: pd.DataFrame
    flags: pd.DataFrame
    ranks: tuple[pd.DataFrame, ...]
    """How sure ranks are, and what covering the first areas holds; empty in a format before there were such."""
    harm: pd.DataFrame | None
    patterns: TargetPatterns | None
    """None in a format before there were such."""
    about: TargetRecord


def _parts_of(place: _Place, champion: Champion, panel: Panel, tell: Callable[[str], None]) -> _TargetParts:
    workspace, sources, target = place.workspace, place.sources, champion.target
    settings, last = workspace.settings, panel.last
    steps = steps_of(settings, last, place.occasion.as_of, place.occasion.issue_format)
    horizons, first = steps.every, next_period(place.occasion.as_of, settings.frequency)
    _refuse_old_counts(settings, place.occasion, target, first, last)
    refuse_unjudged(champion, steps)
    refuse_unaudited(settings, target, champion.flags)
    tell(
        f"Forecasting {target}: the next period, {first}, and every other from {last.shift(horizons[0])} to "
        f"{last.shift(horizons[-1])}, horizons {horizons_text(horizons)} from counts to {last}."
    )
    saved = sources.load(approved_model(workspace, sources.registry, champion).folder, champion.sha256)
    areas = place.geography.only(panel.areas)
    distribution = saved.predict(panel, areas, horizons)
    harm = target_harm(workspace, sources.harm_mix, place.hierarchy, panel, target, horizons, distribution, tell)
    flags = flags_over(settings, areas, None if harm is None else harm.per_crime)
    about = _target_record(settings, champion, steps, harm)
    baselines: tuple[pd.DataFrame, ...] = ()
    ranks: tuple[pd.DataFrame, ...] = ()
    if place.occasion.issue_format >= FROM_HORIZON_ONE:
        before = superseded_rows(workspace, sources.registry, sources.load, champion, panel, areas, horizons, tell)
        count = counted(panel, target, areas, horizons)
        count_rows = forecast_rows(panel, target, horizons, count, model=COUNT)
        baselines = (count_rows, *(() if before is None else (before,)))
        about = _beside(about, champion, steps, has_superseded=before is not None)
        about = replace(about, settled=settled_periods(panel, target))
        if place.occasion.issue_format >= WITH_RANKS:
            drawn = (flags, panel, target, horizons, distribution)
            ranks = rank_rows(*drawn, settings.seed), cover_rows(*drawn, count.mean, settings.seed)
    patterns = None
    if place.occasion.issue_format >= WITH_PATTERNS:
        patterns = target_patterns(settings, panel, target)
        about = replace(about, patterns=patterns.about)
    return _TargetParts(
        forecasts=forecast_rows(panel, target, horizons, distribution),
        baselines=baselines,
        reasons=saved.explain(panel, areas, horizons).rows(panel, target, horizons, distribution.mean),
        history=history_rows(panel, target),
        flags=flag_rows(flags, panel, target, horizons, distribution.mean),
        ranks=ranks,
        harm=None if harm is None else harm.rows,
        patterns=patterns,
        about=about,
    )


def _refuse_old_counts(settings: Settings, occasion: Occasion, target: str, first: Period, last: Period) -> None:
    furthest = settings.forecast.stale_after_periods + PUBLICATION_PERIODS
    if not occasion.replay and first - last > furthest:
        raise StaleData(
            f"The counts of '{target}' end in {last}, {first - last} periods before the next one, {first}; at most "
            f"{furthest} are allowed.",
            remedy="Ingest a newer publication, or set replay = true under [forecast] where the data are of the past.",
        )


def _target_record(settings: Settings, champion: Champion, steps: Steps, harm: TargetHarm | None) -> TargetRecord:
    return TargetRecord(
        target=champion.target,
        title=settings.targets[champion.target].title,
        last_known_period=str(steps.last_known),
        periods=steps.named(steps.ahead),
        model_version=champion.version,
        run_id=champion.run_id,
        sha256=champion.sha256,
        report_sha256=champion.report_sha256,
        approved_by=champion.approved_by,
        approved_at=champion.approved_at,
        approval_reason=champion.reason,
        approval_entry=champion.entry,
        harm=None if harm is None else harm.about,
        proposed_by=champion.proposed_by,
        gates=champion.gates,
        overrides=tuple(champion.overrides),
        inconclusive=champion.inconclusive,
    )


def _beside(about: TargetRecord, champion: Champion, steps: Steps, *, has_superseded: bool) -> TargetRecord:
    """What the record says besides of an issue from horizon 1: earlier periods, judged horizons, and baselines."""
    missing = unjudged(champion, steps)
    return replace(
        about,
        earlier_periods=steps.named(steps.earlier),
        judged_horizons=tuple(champion.judged_horizons),
        notes=(unjudged_sentence(missing),) if missing else (),
        baselines=(COUNT, SUPERSEDED) if has_superseded else (COUNT,),
        superseded=champion.superseded if has_superseded else None,
    )


def _rank_files(settings: Settings, geography: Geography, parts: Sequence[_TargetParts]) -> dict[str, bytes]:
    ranks, covers = (pd.concat(tables, ignore_index=True) for tables in zip(*(one.ranks for one in parts), strict=True))
    people = people_rows(settings, geography)
    files = {RANKS_FILE: parquet_bytes(ranks), COVERS_FILE: parquet_bytes(covers)}
    return files if people is None else {**files, PEOPLE_FILE: parquet_bytes(people)}


def _forecast_bytes(tables: Sequence[pd.DataFrame]) -> bytes:
    return parquet_bytes(check(pd.concat(tables, ignore_index=True), FORECASTS))


def _publications(door: AsOfDoor, view: Panel) -> list[dict[str, str]]:
    return [
        {"id": found.id, "published_on": str(found.published_on), "sha256": found.provenance.sha256}
        for found in door.publications
        if found.id in view.publications
    ]


def _record(
    settings: Settings,
    view: Panel,
    occasion: Occasion,
    first: Period,
    publications: Sequence[dict[str, str]],
    targets: tuple[TargetRecord, ...],
) -> IssueRecord:
    return IssueRecord(
        city=settings.city,
        geography=view.geography,
        frequency=str(settings.frequency),
        simulated=settings.simulated,
        replay=occasion.replay,
        as_of=str(occasion.as_of),
        next_period=str(first),
        stale_after_periods=settings.forecast.stale_after_periods,
        hotspot_share=settings.forecast.hotspot_share,
        publications=tuple(publications),
        targets=targets,
        format=occasion.issue_format,
    )
