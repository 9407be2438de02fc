"""Checks that every adapter makes: offences and areas are known, periods are whole, dates are possible."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from contracts import BadInput, Frequency, IngestLimits, Period, Settings, offence_by_wording, wording_key
from contracts.arrays import Integers
from contracts.errors import shown
from features.sources.source_counts import SetAside

NO_AREA = ("", "nan", "None")
"""What stands in a column of codes where there is none, unless the geography has such a code."""


@dataclass(frozen=True)
class KnownAreas:
    """The areas of the geography that a source is matched to: codes, and the codes of all that each one lies in.

    ``drawn``: cells, or areas drawn around incidents, of which many may be empty.
    """

    geography: str
    codes: tuple[str, ...]
    ancestors: tuple[frozenset[str], ...]
    drawn: bool = False

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
                f"{name}: row {row}: the offence '{shown(wording)}' is not in [offences.{taxonomy}].",
                remedy=f"Add it in wardcast.toml to the wordings of the offence it belongs to, or as a new one: "
                f'name = ["{shown(wording)}"].',
            )
        found[wording] = offence
    return found


def set_aside_unknown_areas(
    name: str, codes: Sequence[str], crimes: Integers, rows: Integers, areas: KnownAreas, limits: IngestLimits
) -> tuple[SetAside, ...]:
    """What has no code, or one that the geography does not have, by code; raises ``BadInput`` where the latter are
    beyond the stated share.

    ``codes`` are distinct; ``crimes`` and ``rows`` count what each has.
    """
    strange = areas.positions(codes) < 0
    nameless = strange & np.array([code in NO_AREA for code in codes], dtype=bool)
    unknown = strange & ~nameless
    limit = limits.unknown_area_share
    share = float(crimes[unknown].sum()) / max(float(crimes[~nameless].sum()), 1.0)
    if share > limit:
        example = next(code for code, wrong in zip(codes, unknown, strict=True) if wrong)
        raise BadInput(
            f"{name}: {unknown.sum()} of {(~nameless).sum()} area codes ({share:.1%} of the crimes), such as "
            f"'{example}', are not in the geography {areas.geography}; at most {limit:.0%} may be set aside.",
            remedy="Use the geography of the file's year, or raise [ingest] unknown_area_share.",
        )
    return tuple(
        SetAside("no area", f"column without a code: '{code}'", int(rows[position]), int(crimes[position]))
        if nameless[position]
        else SetAside("unknown area", code, int(rows[position]), int(crimes[position]))
        for position, code in enumerate(codes)
        if strange[position]
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
