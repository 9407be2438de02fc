"""The answers of one target and period of an issued forecast, encoded ahead; filters make the same of fewer areas."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import orjson

from contracts import MissingThing
from contracts.arrays import Floats
from service.web.answers.answer import Answer, Json, with_rows
from service.web.answers.areas import DECIMALS
from service.web.answers.levels import DECIMALS_OF
from service.web.answers.nearest import unknown
from service.web.answers.reasons import PeriodReasons
from service.web.answers.risk import densest


@dataclass(frozen=True)
class PeriodAnswers:
    """One target and period. ``rows`` are encoded area rows from the highest expected count to the lowest."""

    envelope: Json
    head: bytes
    rows: tuple[bytes, ...]
    row_of: Mapping[str, Json]
    everything: Answer
    codes: tuple[str, ...]
    districts: frozenset[str]
    """Codes of the districts that hold the areas of the whole city."""
    means: Floats
    area_km2: Floats
    larger: Answer | None
    larger_of: Mapping[str, Json]
    """Code → the row of each district, and of the city under ``CITY``; empty where issued without."""
    cover: Mapping[str, Floats] | None
    """Columns of ``contracts.tables.COVERS``, a row for each number of areas from 1; None where issued without."""
    rule: Json | None
    """By which rule areas are flagged; None where the forecast was issued without flags."""
    reasons: PeriodReasons | None

    def levels(self) -> Answer:
        """Districts and the city; raises ``MissingThing`` where the forecast was issued without them."""
        if self.larger is None:
            raise MissingThing(
                "This forecast was issued without districts and the city.", remedy="Issue again with: wardcast issue"
            )
        return self.larger

    def only(self, codes: Iterable[str]) -> PeriodAnswers:
        """The same with the rows of these areas alone; their ranks stay those of the whole city."""
        kept = sorted((self.row_of[code] for code in codes), key=lambda row: int(row["rank"]))
        rows = tuple(self.rows[row["rank"] - 1] for row in kept)
        row_of = {row["area"]: row for row in kept}
        return replace(self, rows=rows, row_of=row_of, everything=Answer(with_rows(self.head, rows)))

    def where(
        self,
        *,
        within: Sequence[str] | None = None,
        bands: Sequence[str] | None = None,
        flagged: bool | None = None,
        codes: Collection[str] | None = None,
    ) -> PeriodAnswers:
        """The same with the areas alone that lie in these districts, bands and codes, flagged or not; None takes all.

        Raises ``MissingThing`` for a district that holds no area of the forecast, and for flags that were not issued.
        """
        if within is None and bands is None and flagged is None and codes is None:
            return self
        for name in within or ():
            if name not in self.districts:
                remedy = f"Ask for one of the {len(self.districts)} districts that the areas' 'parent' names."
                raise unknown(f"There is no district '{name}' with areas here.", name, self.districts, remedy=remedy)
        if flagged is not None:
            self.flag_rule()
        return self.only(
            code
            for code, row in self.row_of.items()
            if (within is None or row["parent"] in within)
            and (bands is None or row["band"] in bands)
            and (flagged is None or row["flagged"] is flagged)
            and (codes is None or code in codes)
        )

    def flag_rule(self) -> Json:
        """The rule of flags; raises ``MissingThing`` where the forecast was issued without flags."""
        if self.rule is None:
            raise MissingThing("This forecast was issued without flags.", remedy="Issue again with: wardcast issue")
        return self.rule

    def ranked(self) -> list[Json]:
        """The rows of areas from the highest expected count to the lowest."""
        return sorted(self.row_of.values(), key=lambda row: int(row["rank"]))

    def reasons_of(self, code: str) -> list[Json] | None:
        """What an area's expected count is made of; None where the forecast was issued without reasons."""
        return None if self.reasons is None else self.reasons.of(code, self.row_of[code]["mean"], DECIMALS_OF["mean"])

    def flags(self) -> Answer:
        """The flagged areas; raises ``MissingThing`` where the forecast was issued without flags."""
        rule = self.flag_rule()
        rows = sorted((row for row in self.row_of.values() if row["flagged"]), key=lambda row: int(row["rank"]))
        expected = sum(row["mean"] for row in rows) / self.means.sum()
        found = {"flags": rule, "chosen_by": rule["words"], "expected_share": _rounded(expected)}
        return Answer(orjson.dumps({**self.envelope, **found, "areas": rows}))

    def hotspots(self, share: float) -> Answer:
        """The areas of highest expected count per square kilometre within a share of the land; no flags."""
        chosen = densest(self.means, self.area_km2, share)
        rows = sorted((self.row_of[self.codes[index]] for index in np.flatnonzero(chosen)), key=lambda row: row["rank"])
        found = {
            "share": share,
            "chosen_by": "highest expected crimes per square kilometre, until the share of the land is filled: by "
            "land, so these are not the flags, which are audited: see /v1/flags",
            "land_share": _rounded(self.area_km2[chosen].sum() / self.area_km2.sum()),
            "expected_share": _rounded(self.means[chosen].sum() / self.means.sum()),
        }
        return Answer(orjson.dumps({**self.envelope, **found, "areas": rows}))


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS)
