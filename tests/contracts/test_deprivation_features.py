"""A model may not learn from a deprivation index that contains crime."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contracts import GeographyMeaning


@pytest.mark.parametrize(
    "column",
    [
        "iod2025_IMD_score",
        "iod2025_IMD_rank",
        "imd2019_IMD_decile",
        "imd2019_Crime_decile",
        "iod2025_Crime_score",
        "IMDScore",
        "deprivation_score",
        "Index of Multiple Deprivation (rank)",
    ],
)
def test_the_composite_and_its_crime_domain_are_refused(column: str) -> None:
    with pytest.raises(ValidationError, match="contain the recorded crime that is forecast"):
        GeographyMeaning(deprivation_features=(column,))


@pytest.mark.parametrize(
    "column", ["iod2025_Income_score", "iod2025_Employment_rank", "hh_deprived_any_2021", "income_deprivation"]
)
def test_the_other_domains_are_allowed(column: str) -> None:
    assert GeographyMeaning(deprivation_features=(column,)).deprivation_features == (column,)


def test_what_groups_areas_is_no_feature() -> None:
    with pytest.raises(ValidationError, match="cannot be a deprivation feature"):
        GeographyMeaning(deprivation="town_score", deprivation_features=("town_score",))
