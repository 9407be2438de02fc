"""Settings of flags: the one rule by which areas are flagged, served, shown, audited or simulated."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FlagRule = Literal["count", "rate", "density", "harm"]

_HIGHEST: dict[FlagRule, str] = {
    "count": "the highest expected count",
    "rate": "the highest expected count per resident",
    "density": "the highest expected count per square kilometre",
    "harm": "the highest expected harm",
}
_ROUNDING = 1e-9


class FlagSettings(BaseModel):
    """Which areas are flagged in a period, under ``[flags]``."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    rule: FlagRule = "count"
    """By expected count, by count per resident (rate) or per square kilometre (density), or by expected harm."""
    share: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.05
    """The share of the areas, by their number, that is flagged; rounded down to whole areas, at least one."""
    number: Annotated[int, Field(ge=1)] | None = None
    """So many areas are flagged; where it is given, ``share`` is not used."""

    def count_of(self, areas: int) -> int:
        """How many of so many areas are flagged.

        >>> FlagSettings(share=0.1).count_of(39), FlagSettings(number=50).count_of(39)
        (3, 39)
        """
        if self.number is not None:
            return min(self.number, areas)
        return max(int(self.share * areas + _ROUNDING), 1)

    @property
    def words(self) -> str:
        """The rule as a person reads it.

        >>> FlagSettings(rule="rate", number=20).words
        'the 20 areas with the highest expected count per resident; of equal areas, those whose code comes first'
        """
        if self.number is None:
            some = f"the {100 * self.share:g}% of the areas"
        else:
            some = f"the {self.number} areas" if self.number > 1 else "the one area"
        return f"{some} with {_HIGHEST[self.rule]}; of equal areas, those whose code comes first"
