"""What of a delivery is whole: periods and areas that were not delivered are missing and told, never zero."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from contracts import BadInput, Period
from contracts.arrays import Booleans, Integers
from features.sources.completeness.chances import binomial_at_least, poisson_at_least
from features.sources.completeness.delivery import (
    BY_CHANCE,
    Delivery,
    Judged,
    refuse_absent_areas,
    refuse_unknown_areas,
)
from features.sources.completeness.faults import Fault, Outcome, answer
from features.sources.completeness.levels import Runs, Series, low_periods, usual_scale
from features.sources.completeness.wording import some, spans
from features.sources.source_counts import STUB, Cover, SetAside

BUSY = 2.0
"""Areas with so many crimes a period should be heard of in every one."""
SILENT_TOGETHER = 3.0
"""Areas are silent together (a holiday, a cold month): so many times as many as chance alone gives are nothing odd."""
SHORT_GAP = 3
"""Periods: a category that is silent for longer has changed its meaning, which other checks tell."""
SPARSE = 4.0
"""An area with fewer crimes a period (a week, where periods are shorter) has zeros as a matter of course."""
NO_RUNS = Runs(*(np.zeros(0, dtype=np.int64),) * 3)
FEWEST_OF_AREA = 3
"""Periods beside a silence of an area that can say what is usual there."""


def judge(delivery: Delivery) -> Judged:
    """Keep what was delivered. Periods and areas that were not are left out of the covers and told, never zero; raises
    ``BadInput``, in one line that names the setting, where a part cannot be told from the whole."""
    refuse_unknown_areas(delivery)
    refuse_absent_areas(delivery)
    judging = _Judging(delivery)
    judging.leave_out_lost()
    judging.leave_out_silent_days()
    judging.leave_out_empty()
    judging.leave_out_lacking_categories()
    if delivery.silence_is_zero or judging.out.all():
        return judging.judged(NO_RUNS)
    series = judging.by_area()
    runs = judging.silent_areas(series)
    judging.leave_out_lacking_areas(series, runs)
    return judging.judged(runs)


class _Judging:
    """The periods that are out so far, and what is to be told of them."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.periods = delivery.periods
        first = int(self.periods[0])
        place = np.full(int(self.periods[-1]) - first + 1, -1, dtype=np.int64)
        place[self.periods - first] = np.arange(len(self.periods))
        self.place = place[delivery.counts.period - first]
        self.totals = self._by_period(delivery.counts.count)
        self.out = np.zeros(len(self.periods), dtype=bool)
        self.notes: list[str] = []

    def leave_out_lost(self) -> None:
        """Periods of which too large a share could be counted in no area."""
        limit = self.delivery.limits.lost_share
        lost = sum(self.delivery.lost.values(), np.zeros(len(self.periods), dtype=np.int64))
        every = lost + self.totals
        beyond = (lost > limit * every) & (binomial_at_least(lost, np.maximum(every, 1), limit) < BY_CHANCE)
        if not beyond.any():
            return
        worst = int(np.argmax(np.where(beyond, lost / np.maximum(every, 1), 0.0)))
        reasons = ", ".join(
            f"{reason}: {int(crimes[beyond].sum()):,}"
            for reason, crimes in self.delivery.lost.items()
            if crimes[beyond].any()
        )
        said = (
            f"{int(lost[beyond].sum()):,} of {int(every[beyond].sum()):,} crimes of {self._spans(beyond)} lie in no "
            f"area ({reasons}; {lost[worst] / every[worst]:.0%} in {self._named(worst)}), more than {limit:.0%}"
        )
        if 2 * int(beyond.sum()) > int((every > 0).sum()):
            raise BadInput(
                f"{self.delivery.name}: {said}.",
                remedy=f"Check the geography and the columns, or raise lost_share under "
                f"[ingest.sources.{self.delivery.source}].",
            )
        self._leave_out(beyond, f"{said}: missing there, never zero (lost_share).")

    def leave_out_silent_days(self) -> None:
        """Periods with too many days on which nothing was delivered."""
        silent = self.delivery.silent_days
        if silent is None or self.delivery.silence_is_zero:
            return
        beyond = (silent > self.delivery.limits.lost_share) & ~self.out
        some = (silent > 0) & ~beyond & ~self.out
        if some.any():
            self.notes.append(f"{self._spans(some)}: some days have no row, few enough to be counted (lost_share).")
        self._leave_out(beyond, f"{self._spans(beyond)}: too many days have no row: missing, never zero (lost_share).")

    def leave_out_empty(self) -> None:
        """Periods with nothing, or next to nothing, among others that have much: first ones are set aside as stubs, a
        last one is refused or set aside, one in the middle is missing."""
        empty = self._empty()
        if not empty.any():
            return
        here = np.flatnonzero(~self.out)
        inner = empty[here]
        if inner[-1] and self._refuses_last:
            raise self._last_in_part(int(here[-1]))
        first_whole = int(np.flatnonzero(~inner)[0]) if (~inner).any() else len(inner)
        middle = np.zeros(len(self.periods), dtype=bool)
        middle[here[first_whole:][inner[first_whole:]]] = True
        if middle.any():
            self.notes.append(
                f"{self._spans(middle)}: {int(self.totals[middle].sum()):,} crimes where about "
                f"{self._usual():,.0f} a {self.delivery.frequency} are usual: missing, never zero (implausible_below)."
            )
        self.out |= empty

    def _empty(self) -> Booleans:
        """Silent and nearly empty periods among those that are not out yet."""
        here = np.flatnonzero(~self.out)
        below = self.delivery.limits.implausible_below
        empty = np.zeros(len(self.periods), dtype=bool)
        if not len(here):
            return empty
        totals = self.totals[here]
        empty[here[low_periods(totals, self.delivery.frequency, below)]] = True
        if not self.delivery.silence_is_zero:
            whole = np.flatnonzero(totals > 0)
            series = Series.of(np.zeros_like(whole), whole, totals[whole], len(here), self.delivery.frequency)
            for _, first, last in _each(series.silent_runs(below, fewest=1)):
                empty[here[first : last + 1]] = True
        return empty

    def leave_out_lacking_categories(self) -> None:
        """Periods in the middle without a category that the periods around them have: a part was not delivered."""
        if self.delivery.silence_is_zero or self.out.all():
            return
        offences = tuple(dict.fromkeys(self.delivery.offence_of.values()))
        offence = np.array([offences.index(self.delivery.offence_of[one]) for one in self.delivery.counts.offences])
        kept, column, here = self._kept_rows()
        series = Series.of(
            offence[self.delivery.counts.offence[kept]], column, self.delivery.counts.count[kept], len(here),
            self.delivery.frequency, usual_scale(self.totals[here]),
        )  # fmt: skip
        for number, first, last in _each(series.silent_runs(self.delivery.limits.implausible_below, fewest=1)):
            if first > 0 and last < len(here) - 1 and last - first < SHORT_GAP:
                lacking = np.zeros(len(self.periods), dtype=bool)
                lacking[here[first : last + 1]] = True
                self._leave_out(
                    lacking,
                    f"{self._spans(lacking)}: no '{offences[number]}' at all, which the periods around have: delivered "
                    "in part, so missing (implausible_below).",
                )

    def by_area(self) -> Series:
        """Crimes by area and period that is not out."""
        kept, column, here = self._kept_rows()
        return Series.of(
            self.delivery.counts.area[kept], column, self.delivery.counts.count[kept], len(here),
            self.delivery.frequency, usual_scale(self.totals[here]),
        )  # fmt: skip

    def silent_areas(self, series: Series) -> Runs:
        """Silences of areas that are no zeros, as positions in all the periods."""
        runs = series.silent_runs(self.delivery.limits.implausible_below, fewest=FEWEST_OF_AREA, least=SPARSE)
        here = np.flatnonzero(~self.out)
        return Runs(runs.series, here[runs.first], here[runs.last])

    def leave_out_lacking_areas(self, series: Series, runs: Runs) -> None:
        """Periods in which far more busy areas are silent than chance allows: a part was not delivered."""
        here = np.flatnonzero(~self.out)
        area, column = np.divmod(series.key, series.length)
        mean = np.bincount(area, weights=series.count, minlength=len(self.delivery.counts.areas)) / len(here)
        busy = mean >= BUSY
        busy[runs.series] = False
        silent = int(busy.sum()) - np.bincount(column[busy[area]], minlength=len(here))
        scale = series.scale
        usual = np.median(silent)
        by_chance = np.array([np.exp(-mean[busy] * one).sum() for one in scale])
        limit = self.delivery.limits.implausible_below
        beyond = poisson_at_least(silent, SILENT_TOGETHER * np.maximum(by_chance, usual) + 0.05) < limit
        lacking = np.zeros(len(self.periods), dtype=bool)
        lacking[here[beyond]] = True
        if lacking[here[-1]] and self._refuses_last:
            raise self._last_in_part(int(here[-1]))
        self._leave_out(
            lacking,
            f"{self._spans(lacking)}: {int(silent[beyond].max(initial=0))} of {int(busy.sum())} busy areas have no "
            "crime: delivered in part, so missing (implausible_below).",
        )

    def judged(self, runs: Runs) -> Judged:
        """The covers, the counts inside them, and what is told."""
        delivery = self.delivery
        if self.out.all():
            raise BadInput(
                f"{delivery.name} covers no whole {delivery.frequency}.",
                remedy="Give a longer file, or one that is whole.",
            )
        rows = np.bincount(self.place, minlength=len(self.periods))
        first = int(np.flatnonzero(~self.out)[0])
        set_aside = tuple(
            SetAside(STUB, self._named(position), int(rows[position]), int(self.totals[position]))
            for position in np.flatnonzero(self.out & ((self.totals > 0) | (np.arange(len(self.out)) < first))).tolist()
        )
        kept, _, _ = self._kept_rows()
        covers, notes = self._covers(runs)
        return Judged(covers, delivery.counts.only(kept), set_aside, (*self.notes, *notes))

    def _covers(self, runs: Runs) -> tuple[tuple[Cover, ...], tuple[str, ...]]:
        """Areas with the same periods together; the first cover is of those that lack none."""
        cover, known = self.delivery.cover, ~self.out
        silences: dict[int, list[tuple[int, int]]] = {}
        for area, first, last in _each(runs):
            silences.setdefault(area, []).append((first, last))
        groups: dict[tuple[tuple[int, int], ...], list[str]] = {}
        for area, silence_spans in silences.items():
            groups.setdefault(tuple(silence_spans), []).append(self.delivery.counts.areas[area])
        lacking = {code for codes in groups.values() for code in codes}
        whole = tuple(code for code in cover.areas if code not in lacking)
        covers = [Cover(cover.name, whole, tuple(self.periods[known].tolist()))] if whole else []
        notes = []
        for number, (silence, codes) in enumerate(sorted(groups.items()), start=2 if whole else 1):
            there = known.copy()
            absent = np.zeros_like(known)
            for first, last in silence:
                absent[first : last + 1] = True
            there &= ~absent
            name = f"{cover.name} {number}" if number > 1 else cover.name
            covers.append(Cover(name, tuple(sorted(codes)), tuple(self.periods[there].tolist())))
            when = spans(self.periods[absent & known].tolist(), self.delivery.frequency)
            notes.append(
                f"{some(sorted(codes))} {'has' if len(codes) == 1 else 'have'} no row in "
                f"{when}, which the level around makes implausible: missing there, never zero "
                "(implausible_below; --silence-is-zero where these are real zeros)."
            )
        return tuple(covers), tuple(notes)

    def _kept_rows(self) -> tuple[Booleans, Integers, Integers]:
        """Rows in periods that are not out, the position of each among those periods, and their positions in all."""
        here = np.flatnonzero(~self.out)
        column = np.full(len(self.periods), -1, dtype=np.int64)
        column[here] = np.arange(len(here))
        place = column[self.place]
        return place >= 0, place[place >= 0], here

    def _by_period(self, count: Integers) -> Integers:
        return np.bincount(self.place, weights=count, minlength=len(self.periods)).astype(np.int64)

    def _leave_out(self, periods: Booleans, note: str) -> None:
        if periods.any():
            self.out |= periods
            self.notes.append(note)

    @property
    def _refuses_last(self) -> bool:
        return answer(self.delivery.source, Fault.LAST_IN_PART) is Outcome.REFUSED

    def _usual(self) -> float:
        return float(np.median(self.totals[~self.out & (self.totals > 0)]))

    def _last_in_part(self, position: int) -> BadInput:
        frequency = self.delivery.frequency
        return BadInput(
            f"{self.delivery.name}: the last {frequency} {Period(frequency, int(self.periods[position]))} has "
            f"{self.totals[position]:,} crimes where about {self._usual():,.0f} are usual: it is a stub.",
            remedy="Wait for the whole publication; a part of it is never learned. If it was really so quiet, lower "
            f"implausible_below under [ingest.sources.{self.delivery.source}].",
        )

    def _named(self, position: int) -> str:
        period = str(Period(self.delivery.frequency, int(self.periods[position])))
        return f"{self.delivery.label} {period}".strip()

    def _spans(self, chosen: Booleans) -> str:
        return f"{self.delivery.label} {spans(self.periods[chosen].tolist(), self.delivery.frequency)}".strip()


def _each(runs: Runs) -> Iterable[tuple[int, int, int]]:
    return zip(runs.series.tolist(), runs.first.tolist(), runs.last.tolist(), strict=True)
