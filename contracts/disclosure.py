"""Settings of disclosure control: which counts are too small to be published."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class DisclosureSettings(BaseModel):
    """What is hidden and rounded in the tables of a report that anyone may read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Annotated[int, Field(ge=2)] = 10
    """A count under this is hidden, and so is what would give it away."""
    rounding: Annotated[int, Field(ge=1)] = 5
    """Every other count is rounded to a multiple of this."""

    @model_validator(mode="after")
    def _rounding_is_finer(self) -> DisclosureSettings:
        if self.rounding > self.threshold:
            raise ValueError("rounding must be no larger than threshold, or small counts would be shown as larger ones")
        return self
