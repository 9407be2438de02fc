"""Names of the larger areas that areas nest in, such as boroughs, from a column beside their codes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from contracts import BadInput
from features.geographies.codes import texts_of


def parent_names(table: pd.DataFrame, path: Path, *, parent: str, name: str) -> dict[str, str]:
    """Code of each parent → its name, from the rows of ``table``; a parent without a name is left out.

    Raises ``BadInput`` for a column that ``path`` does not have and for a code with two names.
    """
    if name not in table.columns:
        there = ", ".join(str(column) for column in table.columns)
        raise BadInput(f"{path} has no column '{name}' beside '{parent}'.", remedy=f"Name one of its columns: {there}.")
    pairs = pd.DataFrame({column: texts_of(table[column]) for column in (parent, name)}, dtype=object)
    pairs = pairs.dropna().drop_duplicates()
    twice = pairs[parent].duplicated(keep=False)
    if twice.any():
        code, (first, second) = pairs.loc[twice, parent].iloc[0], pairs.loc[twice, name].iloc[:2]
        raise BadInput(f"{path} gives the parent {code} two names: {first} and {second}.", remedy="Keep one.")
    return dict(sorted(pairs.itertuples(index=False, name=None)))
