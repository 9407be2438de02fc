"""Checks that every adapter makes: offences and areas are known, periods are whole, dates are possible."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from contracts import BadInput, Frequency, Ordinals, Period, Settings, offence_by_wording, wording_key
from features.sources.source_counts import Integers, SetAside

SMALLEST_STUB_MEDIAN = 20.0
"""Periods are only taken for stubs where the median period has at least so many crimes: small counts vary by chance."""


@dataclass(frozen=True)
class KnownAreas:
    """The areas of the geography that a source is matched to: codes, and the codes of all that each one lies in."""

    geography: str
    codes: tuple[str, ...]
    ancestors: tuple[frozenset[str], ...]

    def positions(self, codes: Sequence[str]) -> Integers:
        """Where each code stands among the known ones, −1 where it does not."""
        where = {code: position for position, code in enumerate(self.codes)}
        return np.fromiter((where.get(code, -1) for code in codes), dtype=np.int64, count=len(codes))


def refuse_impossible_date(name: str, published_on: date, last: Period, today: date) -> None:
    """Raise ``BadInput`` where the publication is of the future, or older than the end of its last period."""
    if published_on > today:
        raise BadInput(
            f"{name}: --published-on {published_on} is in the future.", remedy="Give the day on which it was published."
        )
    if published_on < last.end.date():
        raise BadInput(
            f"{name}: --published-on {published_on} is before the end of its last {last.frequency}, {last}.",
            remedy="Give the day on which it was published.",
        )


def offences_of_wordings(
    name: str, wordings: Sequence[str], rows: Sequence[int], taxonomy: str, settings: Settings
) -> dict[str, str]:
    """The offence of each wording; raises ``BadInput`` that names the row (as a person counts) of an unknown one."""
    if taxonomy not in settings.offences:
        raise BadInput(
            f"wardcast.toml has no offences of the taxonomy '{taxonomy}'.",
            remedy=f"Add [offences.{taxonomy}] with the wordings of {name}.",
        )
    by_key = offence_by_wording(settings.offences[taxonomy])
    found = {}
    for wording, row in zip(wordings, rows, strict=True):
        offence = by_key.get(wording_key(wording))
        if offence is None:
            raise BadInput(
                f"{name}: row {row}: the offence '{wording}' is not in [offences.{taxonomy}].",
                remedy=f"Add it in wardcast.toml to the wordings of the offence it belongs to, or as a new one: "
                f'name = ["{wording}"].',
            )
        found[wording] = offence
    return found


def set_aside_unknown_areas(
    name: str, codes: Sequence[str], crimes: Integers, rows: Integers, areas: KnownAreas, settings: Settings
) -> tuple[SetAside, ...]:
    """What lies in areas that the geography does not have, by code; raises ``BadInput`` beyond the stated share.

    ``codes`` are distinct; ``crimes`` and ``rows`` count what each has.
    """
    unknown = areas.positions(codes) < 0
    limit = settings.ingest.unknown_area_share
    share = float(crimes[unknown].sum()) / max(float(crimes.sum()), 1.0)
    if share > limit:
        example = next(code for code, wrong in zip(codes, unknown, strict=True) if wrong)
        raise BadInput(
            f"{name}: {unknown.sum()} of {len(codes)} area codes ({share:.1%} of the crimes), such as '{example}', "
            f"are not in the geography {areas.geography}; at most {limit:.0%} may be set aside.",
            remedy="Use the geography of the file's year, or raise [ingest] unknown_area_share.",
        )
    return tuple(
        SetAside("unknown area", code, int(rows[position]), int(crimes[position]))
        for position, code in enumerate(codes)
        if unknown[position]
    )


def refuse_gaps(name: str, periods: Sequence[int], frequency: Frequency, *, what: str) -> None:
    """Raise ``BadInput`` that names the first period missing between the first and the last one."""
    present = sorted(periods)
    for earlier, later in itertools.pairwise(present):
        if later != earlier + 1:
            raise BadInput(
                f"{name}: {what} of {Period(frequency, earlier + 1)} is missing between "
                f"{Period(frequency, earlier)} and {Period(frequency, later)}.",
                remedy="Download the file again, or ask its publisher for the missing part.",
            )


def leading_stubs(totals: npt.NDArray[np.int64], limit_share: float) -> int:
    """How many of the first periods are stubs: totals under ``limit_share`` of the median."""
    median = float(np.median(totals))
    if median < SMALLEST_STUB_MEDIAN:
        return 0
    whole = np.flatnonzero(totals >= limit_share * median)
    return int(whole[0])


def refuse_last_stub(name: str, last: Period, totals: Sequence[int], limit_share: float) -> None:
    """Raise ``BadInput`` where the last of a source's totals is a stub's, whatever comes before it."""
    median = float(np.median(totals))
    if median >= SMALLEST_STUB_MEDIAN and totals[-1] < limit_share * median:
        raise _stub(name, "last", last, totals[-1], median, limit_share)


def refuse_later_stubs(
    name: str, periods: Ordinals, totals: npt.NDArray[np.int64], frequency: Frequency, limit_share: float
) -> None:
    """Raise ``BadInput`` where the last period, or one in the middle, is a stub. Leading stubs are cut off before."""
    median = float(np.median(totals))
    if median < SMALLEST_STUB_MEDIAN:
        return
    for ordinal, total in zip(periods.tolist(), totals.tolist(), strict=True):
        if total < limit_share * median:
            kind = "last" if ordinal == periods[-1] else "middle"
            raise _stub(name, kind, Period(frequency, ordinal), total, median, limit_share)


def _stub(name: str, kind: str, period: Period, total: int, median: float, limit_share: float) -> BadInput:
    return BadInput(
        f"{name}: the {kind} {period.frequency} {period} has {total} crimes, under {limit_share:.0%} of the median "
        f"{period.frequency}'s {median:.0f}: it is a stub.",
        remedy="Wait for the whole publication; a part of it is never learned.",
    )
