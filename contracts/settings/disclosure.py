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
    """Every other count is rounded down to a multiple of this; ``threshold`` is one of them."""

    @model_validator(mode="after")
    def _threshold_is_a_multiple(self) -> DisclosureSettings:
        if self.threshold % self.rounding:
            raise ValueError("threshold must be a multiple of rounding, or the first number shown would tell too much")
        return self
