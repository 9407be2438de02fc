"""A data.police.uk archive: ``YYYY-MM/YYYY-MM-<force>-street.csv``, one row per crime, of one force or several.

Only the month, the LSOA and the type of crime are kept. What describes a case (its identifier, its outcome, where it
happened to a few metres) is dropped while reading. A month without a file is missing; a file with a header and no
rows is a month of zeros, and is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Frequency, Period, PoliceForce, Settings
from contracts.arrays import Integers
from features.sources import checks, text_files
from features.sources.completeness import Delivery, joined, judge
from features.sources.source_counts import CodedCounts, Cover, Provenance, SetAside, SourceCounts
from features.sources.street_files import SOURCE, TAXONOMY, Street, read_street, street_files


def read_police_uk(
    folder: Path,
    *,
    settings: Settings,
    areas: checks.KnownAreas,
    published_on: date | None,
    today: date,
    silence_is_zero: bool = False,
) -> SourceCounts:
    """Read an archive. Without ``published_on`` it is the first day of the second month after the last one, when
    data.police.uk publishes, and told.

    Raises ``BadInput`` in one line; sets aside crimes without an area, in unknown areas, or outside the force's own. A
    force's month that was delivered in part, or too much of which lies in no area, is missing.
    """
    streets = [read_street(path, settings) for path in street_files(folder)]
    last = max(street.month for street in streets)
    notes = list(_told(streets))
    if published_on is None:
        published_on = last.shift(2).start.date()
        notes.append(f"Published on {published_on} is assumed: data.police.uk publishes about two months in arrears.")
    checks.refuse_impossible_date(folder.name, published_on, last, today)
    covers = tuple(_cover(force, streets, areas, settings) for force in sorted({street.force for street in streets}))
    provenance = Provenance(
        SOURCE, TAXONOMY, areas.geography, Frequency.MONTH, published_on, folder.name, _sha256(streets)
    )
    crimes = _Crimes.of(streets, covers, areas, settings)
    set_aside = crimes.set_aside(folder, areas, settings)
    judged = joined(
        [
            judge(crimes.delivery(number, folder, settings, silence_is_zero=silence_is_zero))
            for number in range(len(covers))
        ]
    )
    return SourceCounts.by_wording(
        provenance,
        judged.counts,
        crimes.offence_of,
        covers=judged.covers,
        set_aside=(*set_aside, *judged.set_aside),
        rows_read=sum(len(street.areas) for street in streets),
        notes=(*notes, *judged.notes),
    )


def _told(streets: list[Street]) -> Iterable[str]:
    for force in sorted({street.force for street in streets}):
        months = [street.month for street in streets if street.force == force]
        whole = range(min(months).ordinal, max(months).ordinal + 1)
        absent = [
            Period(Frequency.MONTH, ordinal) for ordinal in whole if Period(Frequency.MONTH, ordinal) not in months
        ]
        if absent:
            yield f"{force} has no file for {', '.join(map(str, absent))}: missing, not zero."
        repeats = sum(street.repeats for street in streets if street.force == force)
        if repeats:
            yield f"{force}: {repeats:,} rows repeat an identifier (a second outcome); they are counted as they stand."
    for street in streets:
        if not street.areas:
            yield f"{street.path.name} has no row: {street.force} is counted as having had no crime in {street.month}."


def _cover(force: str, streets: list[Street], areas: checks.KnownAreas, settings: Settings) -> Cover:
    if force not in settings.police_forces:
        raise BadInput(
            f"wardcast.toml does not say which areas '{force}' covers.",
            remedy=f"Add [police_forces.{force}] with parents, its boroughs' codes, or with nothing for every area.",
        )
    return Cover(
        name=force,
        areas=_areas_of(settings.police_forces[force], areas),
        periods=tuple(sorted(street.month.ordinal for street in streets if street.force == force)),
    )


def _areas_of(force: PoliceForce, areas: checks.KnownAreas) -> tuple[str, ...]:
    named = set(force.parents or force.all_but_parents)
    absent = sorted(named.difference(*areas.ancestors))
    if absent:
        raise BadInput(
            f"No area of {areas.geography} lies in {absent[0]}, which [police_forces] names.",
            remedy="Add the geography with --parent COLUMN OF BOROUGH CODES, or correct wardcast.toml.",
        )
    pairs = zip(areas.codes, areas.ancestors, strict=True)
    if force.parents:
        return tuple(code for code, ancestors in pairs if ancestors & named)
    return tuple(code for code, ancestors in pairs if not ancestors & named)


def _sha256(streets: list[Street]) -> str:
    digest = hashlib.sha256()
    for street in streets:
        digest.update(f"{street.path.name} {street.sha256}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Crimes:
    """Every row of an archive, coded: distinct area codes and wordings, each row's position in them, its month, the
    number of its force's cover, its position among the known areas (−1: none), and whether it is counted."""

    covers: tuple[Cover, ...]
    areas: tuple[str, ...]
    codes: tuple[str, ...]
    code: Integers
    wordings: tuple[str, ...]
    wording: Integers
    offence_of: dict[str, str]
    period: Integers
    cover: Integers
    position: Integers
    inside: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls, streets: list[Street], covers: tuple[Cover, ...], areas: checks.KnownAreas, settings: Settings
    ) -> _Crimes:
        codes, code = _encoded([text for street in streets for text in street.areas])
        wordings, wording = _encoded([text for street in streets for text in street.offences])
        sizes = [len(street.areas) for street in streets]
        cover = np.repeat([[one.name for one in covers].index(street.force) for street in streets], sizes)
        position = areas.positions(codes)[code]
        covered = np.zeros((len(covers), len(areas.codes)), dtype=bool)
        for index, one in enumerate(covers):
            covered[index, areas.positions(one.areas)] = True
        return cls(
            covers=covers,
            areas=areas.codes,
            codes=codes,
            code=code,
            wordings=wordings,
            wording=wording,
            offence_of=_offences(streets, settings),
            period=np.repeat([street.month.ordinal for street in streets], sizes),
            cover=cover,
            position=position,
            inside=(position >= 0) & covered[cover, position],
        )

    @property
    def named(self) -> npt.NDArray[np.bool_]:
        """Rows with an area code."""
        return np.array([bool(text) for text in self.codes], dtype=bool)[self.code]

    @property
    def reasons(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Why a row is not counted → the rows."""
        return {
            "no area": ~self.named,
            "unknown area": self.named & (self.position < 0),
            "outside the force's area": (self.position >= 0) & ~self.inside,
        }

    def set_aside(self, folder: Path, areas: checks.KnownAreas, settings: Settings) -> tuple[SetAside, ...]:
        """What is not counted: by code where it is unknown, else by force; raises ``BadInput`` beyond the share."""
        crimes = np.bincount(self.code, minlength=len(self.codes))
        known = [index for index, text in enumerate(self.codes) if text]
        unknown = checks.set_aside_unknown_areas(
            str(folder), [self.codes[index] for index in known], crimes[known], crimes[known], areas,
            settings.ingest.of(SOURCE),
        )  # fmt: skip
        by_force = [
            SetAside(reason, one.name, rows, rows)
            for reason in ("no area", "outside the force's area")
            for one, rows in _rows_by(self.covers, self.cover[self.reasons[reason]])
        ]
        return (*by_force, *unknown)

    def delivery(self, number: int, folder: Path, settings: Settings, *, silence_is_zero: bool) -> Delivery:
        """What one force delivered."""
        cover, own = self.covers[number], self.cover == number
        periods = np.array(cover.periods, dtype=np.int64)
        kept = own & self.inside
        lost = {
            reason: np.bincount(np.searchsorted(periods, self.period[own & rows]), minlength=len(periods))
            for reason, rows in self.reasons.items()
        }
        return Delivery(
            name=f"{folder} ({cover.name})",
            label=cover.name,
            source=SOURCE,
            frequency=Frequency.MONTH,
            limits=settings.ingest.of(SOURCE),
            cover=cover,
            counts=CodedCounts.summed(
                areas=self.areas,
                offences=self.wordings,
                area=self.position[kept],
                offence=self.wording[kept],
                period=self.period[kept],
                count=np.ones(int(kept.sum()), dtype=np.int64),
            ),
            offence_of=self.offence_of,
            lost=lost,
            silence_is_zero=silence_is_zero,
        )


def _offences(streets: list[Street], settings: Settings) -> dict[str, str]:
    found: dict[str, str] = {}
    for street in streets:
        wordings, first_rows = np.unique(np.array(street.offences, dtype=object), return_index=True)
        rows = [text_files.row_number(row) for row in first_rows.tolist()]
        found |= checks.offences_of_wordings(str(street.path), wordings.tolist(), rows, TAXONOMY, settings)
    return found


def _encoded(texts: list[str]) -> tuple[tuple[str, ...], Integers]:
    distinct, position = np.unique(np.array(texts, dtype=str), return_inverse=True)
    return tuple(distinct.tolist()), np.asarray(position, dtype=np.int64)


def _rows_by(covers: tuple[Cover, ...], cover: Integers) -> Iterable[tuple[Cover, int]]:
    counted = np.bincount(cover, minlength=len(covers)).tolist()
    return [(one, rows) for one, rows in zip(covers, counted, strict=True) if rows]
