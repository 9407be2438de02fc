"""Files of forecasts: written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from contracts import BadInput
from contracts.files import new_file


def refuse_absent_folder(path: Path) -> None:
    """Raise ``BadInput`` where the folder of ``path`` is not there: better before a backtest than after."""
    if not path.parent.is_dir():
        raise BadInput(f"There is no folder {path.parent}.", remedy="Make it, or name another file.")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet; another file of that name is replaced only once the new one is whole."""
    with new_file(path) as file:
        table.to_parquet(file, index=False)
