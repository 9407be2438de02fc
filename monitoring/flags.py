"""Flags: the one rule that says which areas are flagged. What is issued, shown, audited and simulated comes from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contracts import FlagSettings, MissingThing, group_sums
from contracts.arrays import Floats, Ordinals


@dataclass(frozen=True)
class Flags:
    """A rule, and what it needs to know of A areas.

    ``worth`` (A,) is what one crime of an area counts, its harm, and ``size`` (A,) what its crimes are spread over:
    residents or square kilometres; None is 1 everywhere. An area of size 0 comes last. Raises ``ValueError`` for
    lengths that do not fit.
    """

    settings: FlagSettings
    areas: tuple[str, ...]
    worth: Floats | None = None
    size: Floats | None = None

    def __post_init__(self) -> None:
        for name in ("worth", "size"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.areas):
                raise ValueError(f"{name} has {len(values)} areas, the flags {len(self.areas)}")

    def of(self, expected: Floats) -> Floats:
        """1.0 for the flagged areas of each row of expected counts (N, A), else 0.0; of the same shape.

        >>> Flags(FlagSettings(share=0.5), ("b", "c", "a", "d")).of(np.array([[3.0, 9.0, 3.0, 1.0]]))
        array([[0., 1., 1., 0.]])
        """
        flags = np.zeros(expected.shape)
        np.put_along_axis(flags, self.order(expected)[:, : self.settings.count_of(len(self.areas))], 1.0, axis=1)
        return flags

    def order(self, expected: Floats) -> npt.NDArray[np.int64]:
        """Positions of the areas of each row of expected counts (N, A) in the order in which they are flagged.

        >>> Flags(FlagSettings(share=0.5), ("b", "c", "a", "d")).order(np.array([[3.0, 9.0, 3.0, 1.0]]))
        array([[1, 2, 0, 3]])
        """
        by_code = np.argsort(np.asarray(self.areas, dtype=str), kind="stable")
        return np.asarray(by_code[np.argsort(-self.values(expected)[:, by_code], axis=1, kind="stable")])

    def codes(self, expected: Floats) -> tuple[str, ...]:
        """The flagged areas of one period's expected counts (A,), in order of their code."""
        chosen = np.flatnonzero(self.of(expected[None])[0])
        return tuple(sorted(self.areas[at] for at in chosen))

    def joined(self, names: Sequence[str], groups: Ordinals, expected: Floats) -> Flags:
        """The same rule over groups of areas: ``groups`` (A,) is each area's position in ``names``, −1 for none.

        A crime of a group counts what those of its areas do on average, by the ``expected`` counts (A,).
        """
        inside, number = groups >= 0, len(names)

        def summed(values: Floats) -> Floats:
            return np.asarray(group_sums(values[inside], groups[inside], number))

        worth = None
        if self.worth is not None:
            worth = summed(self.worth * expected) / np.maximum(summed(expected), np.finfo(float).tiny)
        size = None if self.size is None else summed(self.size)
        return Flags(self._settings_for(number), tuple(names), worth, size)

    def _settings_for(self, groups: int) -> FlagSettings:
        """The rule over so many groups: a number of areas becomes as large a part of the groups."""
        if self.settings.number is None:
            return self.settings
        part = self.settings.count_of(len(self.areas)) / len(self.areas)
        return self.settings.model_copy(update={"number": max(int(part * groups), 1)})

    def values(self, expected: Floats) -> Floats:
        """What areas are put in order by, of the shape of expected counts (N, A)."""
        values = expected if self.worth is None else expected * self.worth
        if self.size is None:
            return values
        return np.where(self.size > 0, values / np.where(self.size > 0, self.size, 1.0), -np.inf)


def flags_of(
    settings: FlagSettings,
    areas: Sequence[str],
    *,
    residents: Floats | None = None,
    area_km2: Floats | None = None,
    harm_per_crime: Floats | None = None,
) -> Flags:
    """The flags of a rule from what is known of the areas, arrays (A,).

    Raises ``MissingThing`` where what the rule needs is not known.
    """
    needed = {
        "rate": (residents, "the number of residents", "Name its column as residents under [geographies.NAME]"),
        "density": (area_km2, "the land of each area", "Add the geography again"),
        "harm": (harm_per_crime, "the harm of every offence", "Give it under [harm.TAXONOMY], with its source"),
    }
    if settings.rule == "count":
        return Flags(settings, tuple(areas))
    values, what, remedy = needed[settings.rule]
    if values is None:
        raise MissingThing(
            f"flags.rule is '{settings.rule}', which needs {what}; it is not known.",
            remedy=f"{remedy}, or choose another rule under [flags].",
        )
    given = np.nan_to_num(np.asarray(values, dtype=np.float64))
    if settings.rule == "harm":
        return Flags(settings, tuple(areas), worth=given)
    return Flags(settings, tuple(areas), size=given)
