"""Column names change: known ones are read, others are refused with the line that makes them known."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contracts import BadInput


def _renamed(tiny_city: Any, **headings: str) -> Any:
    rows = tiny_city.rows(number=12)
    rows[0] = [headings.get(name, name) for name in rows[0]]
    return tiny_city.file(rows)


def _add_the_line(tiny_city: Any, remedy: str) -> None:
    found = re.fullmatch(r".*under (\[[^\]]+\]): (.+)\.", remedy)
    assert found is not None, remedy
    lines = "\n".join(found[2].split(" and "))
    tiny_city.configure(lambda text: f"{text}\n{found[1]}\n{lines}\n")


def test_the_headings_of_2026_are_read(tiny_city: Any) -> None:
    read = tiny_city.read(_renamed(tiny_city, MajorText="Group", MinorText="SubGroup"))
    assert read.counts.count.sum() == 60 * 12 * 7


def test_capitals_do_not_matter(tiny_city: Any) -> None:
    assert tiny_city.read(_renamed(tiny_city, WardCode="WARDCODE ")).counts.count.sum() == 60 * 12 * 7


@pytest.mark.parametrize(
    ("headings", "line"),
    [
        ({"MinorText": "Crime Subgroup"}, 'offence = ["Crime Subgroup"]'),
        ({"WardCode": "ward24cd"}, 'area = ["ward24cd"]'),
        ({"WardCode": "ward24cd", "MinorText": "Kind"}, 'area = ["ward24cd"] and offence = ["Kind"]'),
    ],
)
def test_another_heading_is_refused_with_the_line_to_add_and_read_with_it(
    tiny_city: Any, headings: dict[str, str], line: str
) -> None:
    path = _renamed(tiny_city, **headings)
    with pytest.raises(BadInput, match="has no column") as refused:
        tiny_city.read(path)
    assert refused.value.remedy == f"Add to wardcast.toml, under [ingest.sources.mps-ward.columns]: {line}."
    _add_the_line(tiny_city, refused.value.remedy)
    assert tiny_city.read(path).counts.count.sum() == 60 * 12 * 7


def test_a_column_that_is_not_there_at_all_is_no_matter_of_headings(tiny_city: Any) -> None:
    rows = [[*row[:1], *row[2:]] for row in tiny_city.rows()]
    with pytest.raises(BadInput, match=r"no column 'MinorText' \(the offence\)") as refused:
        tiny_city.read(tiny_city.file(rows))
    assert refused.value.remedy.startswith("Check that it is the right kind of file")
