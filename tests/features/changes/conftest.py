"""Publications made by hand: totals of offences spread over four areas in two districts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from contracts import BadInput, Frequency, Period, Settings, read_settings
from features.sources.source_counts import CodedCounts, Cover, Provenance, SourceCounts
from features.store.common_totals import Districts
from features.store.meaning import check_meaning
from features.store.publications import PublicationStore

AREAS = ("W1", "W2", "W3", "W4")
DISTRICTS = Districts({"W1": "D1", "W2": "D1", "W3": "D2", "W4": "D2"}, {"D1": "North"})
OFFENCES = ("assault", "burglary", "damage", "drugs", "robbery", "theft")
TARGETS = {"demand": '"all"', "violence": '["assault"]', "serious": '["assault", "robbery"]', "thefts": '["theft"]'}
Numbers = npt.NDArray[np.int64]


def settings_text(accepted: Mapping[str, str] | None = None, more: str = "") -> str:
    """Settings of the city; ``accepted`` holds the lines that a remedy printed, by target."""
    lines = ['city = "Tiny"', 'geography = "wards"', "[offences.hand]"]
    lines += [f'{offence} = ["{offence}"]' for offence in OFFENCES]
    for name, offences in TARGETS.items():
        lines += [f"[targets.{name}]", f'title = "{name}"', f"offences = {{ hand = {offences} }}"]
        lines += [(accepted or {}).get(name, "")]
    return "\n".join([*lines, more, ""])


@dataclass
class City:
    """A store and settings; ``take`` checks a publication and stores it."""

    folder: Path
    settings: Settings

    @property
    def store(self) -> PublicationStore:
        return PublicationStore(self.folder / "publications")

    def configure(self, text: str) -> None:
        path = self.folder / "wardcast.toml"
        path.write_text(text, encoding="utf-8")
        self.settings = read_settings(path)

    def take(self, counts: SourceCounts, districts: Districts | None = None) -> tuple[str, ...]:
        notes = check_meaning(counts, self.store, self.settings, districts=districts)
        self.store.write(replace(counts, notes=notes))
        return notes

    def refusal(self, counts: SourceCounts, districts: Districts | None = None) -> BadInput:
        with pytest.raises(BadInput) as refused:
            check_meaning(counts, self.store, self.settings, districts=districts)
        return refused.value

    def follow(self, remedy: str) -> None:
        """Do what a remedy says: put its lines into the settings."""
        lines = dict(part.strip(". ").split("] ", 1) for part in remedy.split("accept it: ")[1].split("; "))
        self.configure(settings_text({name.removeprefix("[targets."): line for name, line in lines.items()}))


@pytest.fixture
def city(tmp_path: Path) -> City:
    (tmp_path / "wardcast.toml").write_text(settings_text(), encoding="utf-8")
    return City(tmp_path, read_settings(tmp_path / "wardcast.toml"))


@pytest.fixture
def published() -> Callable[..., SourceCounts]:
    """Makes a publication: ``published(date, "2023-01", 12, changed={"assault": {3: 60}})`` has 40 crimes of every
    offence in each of the four areas but for the changed months, in which each area has the number given."""

    def make(
        published_on: date,
        first: str,
        months: int,
        changed: Mapping[str, Mapping[int, int]] | None = None,
        *,
        in_areas: Sequence[int] = range(len(AREAS)),
        level: int = 40,
        known: Mapping[str, Sequence[int]] | None = None,
    ) -> SourceCounts:
        start = Period.parse(first, Frequency.MONTH).ordinal
        counts: Numbers = np.full((len(AREAS), len(OFFENCES), months), level, dtype=np.int64)
        for offence, by_month in (changed or {}).items():
            for month, number in by_month.items():
                counts[list(in_areas), OFFENCES.index(offence), month] = number
        chosen = known or dict.fromkeys(AREAS, range(months))
        cells = np.zeros((len(AREAS), 1, months), dtype=bool)
        for area, periods in chosen.items():
            cells[AREAS.index(area), 0, list(periods)] = True
        area, offence, period = (np.asarray(one, dtype=np.int64) for one in np.nonzero((counts > 0) & cells))
        origin = Provenance(
            "hand", "hand", "wards", Frequency.MONTH, published_on, f"{published_on}.csv", str(published_on) * 4
        )
        coded = CodedCounts.summed(
            areas=AREAS,
            offences=OFFENCES,
            area=area,
            offence=offence,
            period=period + start,
            count=counts[area, offence, period],
        )
        covers = tuple(
            Cover(code, (code,), tuple(start + month for month in periods)) for code, periods in chosen.items()
        )
        return SourceCounts.by_wording(
            origin,
            coded,
            {offence: offence for offence in OFFENCES},
            covers=covers,
            set_aside=(),
            rows_read=len(area),
        )

    return make
