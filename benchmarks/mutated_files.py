"""Mutated files through every adapter: ``python -m benchmarks.mutated_files`` tries 2,000 for each.

A sound file of 25 areas, two offences and 14 months is damaged, or written otherwise, by up to five mutations of its
rows, fields and bytes. What it then says is read by other means than the adapter's. What is right: it is taken, and the
store holds that in all areas and months that the publication says it covers, and whatever else the file has is counted
as set aside; or it is refused in one line that names the file, and the store stays as it was. A mutation that changes
nothing of what a file says may not be refused.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.mutated_sources import AREAS, SOURCES, Said, Source, Taken, Unreadable, make_city, read_rows
from benchmarks.mutations import Generator, Mutation, Table, mutate_bytes, mutate_table, written
from contracts import WardcastError

FILES = 2000
SEED = 9
LONGEST_LINE = 1500


@dataclass(frozen=True)
class Outcome:
    """How one file ended: ``error`` is the one line, ``fault`` what must not be, either None."""

    words: str
    error: WardcastError | None = None
    fault: str | None = None


class Bench:
    """A city whose store holds no publication between two files, and a folder for the files."""

    def __init__(self, root: Path) -> None:
        self.city = make_city(root)
        self.workspace = self.city.workspace
        self.scratch = root.parent / "files"
        self.scratch.mkdir()
        for name in SOURCES:
            outcome = tried(self, name, -1)
            if outcome.error is not None or outcome.fault is not None:
                raise ValueError(f"the sound file of {name}: {outcome.error or outcome.fault}")
        self.before = self.state()

    before: str = ""

    def state(self) -> str:
        """A digest of every file of the workspace; the store's own lock aside."""
        digest = hashlib.sha256()
        for path in sorted(self.workspace.root.rglob("*")):
            digest.update(f"{path.relative_to(self.workspace.root)}\n".encode())
            digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()

    def clear(self) -> None:
        """Take out what was ingested."""
        for path in self.workspace.publications.iterdir():
            if path.is_dir():
                shutil.rmtree(path)


def tried(bench: Bench, name: str, number: int) -> Outcome:
    """Mutate, ingest and compare one file; number −1 is the sound one."""
    source = SOURCES[name]
    path, mutations = write_mutated(bench, name, number)
    words = f"{name} {number}: {', '.join(mutation.name for mutation in mutations)}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            taken = source.ingest(bench.city, path)
    except WardcastError as error:
        return Outcome(words, error, _fault_of_refusal(bench, error, path, mutations))
    except Exception:  # noqa: BLE001  # every other error is what is looked for
        return Outcome(words, fault=traceback.format_exc())
    try:
        fault = fault_of_taking(taken, _said(source, path))
    except Unreadable as unreadable:
        fault = f"taken, and says nothing: {unreadable}"
    finally:
        bench.clear()
    return Outcome(words, fault=fault)


def write_mutated(bench: Bench, name: str, number: int) -> tuple[Path, tuple[Mutation, ...]]:
    """Write the file of that number, and say how it was mutated; the same numbers make the same file."""
    generator = np.random.default_rng([SEED, list(SOURCES).index(name), number + 1])
    return _mutated(generator, SOURCES[name], bench.scratch, sound=number < 0)


def _mutated(generator: Generator, source: Source, folder: Path, *, sound: bool) -> tuple[Path, tuple[Mutation, ...]]:
    """Write one file (or archive) and say how it was mutated."""
    shutil.rmtree(folder)
    folder.mkdir()
    table = source.table(generator)
    if source.name == "police-uk":
        return _archive(generator, table, folder / "archive", sound=sound)
    table, rows = (table, ()) if sound else mutate_table(generator, table)
    path = folder / f"delivery{'.csv' if source.suffix == '.gz' else ''}{source.suffix}"
    data = _parquet(generator, table) if source.suffix == ".parquet" else written(generator, table)
    packed = source.suffix == ".gz"
    after = packed and generator.random() < 0.2
    data = gzip.compress(data, mtime=0) if after else data
    raw = () if sound else (Mutation("Parquet"),) if source.suffix == ".parquet" and generator.random() < 0.7 else None
    if raw is None:
        data, raw = mutate_bytes(generator, data, certainly=not rows)
        if after or source.suffix == ".parquet":
            raw = tuple(Mutation(mutation.name) for mutation in raw)
    path.write_bytes(gzip.compress(data, mtime=0) if packed and not after else data)
    return path, (*rows, *raw)


def _parquet(generator: Generator, table: Table) -> bytes:
    """With numbers, times or categories where all texts of a column are such."""
    width = max(len(row) for row in table)
    names = [name or f"column {at}" for at, name in enumerate(table[0])]
    names += [f"column {at}" for at in range(len(names), width)]
    names = [name if names.index(name) == at else f"{name} {at}" for at, name in enumerate(names)]
    frame = pd.DataFrame([row + [None] * (width - len(row)) for row in table[1:]], columns=names, dtype=object)
    for name in frame.columns:
        kind = generator.choice(("text", "number", "time", "zoned", "category"))
        texts = frame[name]
        if kind == "number" and texts.str.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", na=False).any():
            frame[name] = pd.to_numeric(texts, errors="coerce")
        elif kind in ("time", "zoned") and texts.str.match(r"\d{4}-\d{2}", na=False).all():
            times = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
            frame[name] = times if kind == "time" else _in_london(times)
        elif kind == "category":
            frame[name] = texts.astype("category")
    data = io.BytesIO()
    frame.to_parquet(data, index=False)
    return data.getvalue()


def _in_london(times: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    return times.dt.tz_localize("Europe/London", ambiguous="NaT", nonexistent="NaT")


def _archive(generator: Generator, table: Table, folder: Path, *, sound: bool) -> tuple[Path, tuple[Mutation, ...]]:
    """One month's file is mutated, the others are sound."""
    months = sorted({row[1] for row in table[1:]})
    chosen = months[int(generator.integers(len(months)))]
    mutations: tuple[Mutation, ...] = ()
    for month in months:
        rows = [table[0], *(row for row in table[1:] if row[1] == month)]
        path = folder / month / f"{month}-north-street.csv"
        path.parent.mkdir(parents=True)
        if month != chosen or sound:
            path.write_bytes(written(generator, rows))
            continue
        rows, of_rows = mutate_table(generator, rows)
        data, of_bytes = mutate_bytes(generator, written(generator, rows), certainly=not of_rows)
        path.write_bytes(data)
        mutations = (*of_rows, *of_bytes)
    return folder, mutations


def _said(source: Source, path: Path) -> Said:
    if not path.is_dir():
        return source.said(read_rows(source, path))
    parts = []
    for file in sorted(path.rglob("*.csv")):
        rows = read_rows(source, file)
        parts.append(source.said(rows))
        if any(cell[2] != file.name[:7] for cell in parts[-1].cells):
            raise Unreadable("a row of another month")
    return Said(sum((part.cells for part in parts), Counter()), sum(part.crimes for part in parts))


def _fault_of_refusal(bench: Bench, error: WardcastError, path: Path, mutations: tuple[Mutation, ...]) -> str | None:
    text = str(error)
    if len(text.splitlines()) != 1 or len(text) > LONGEST_LINE or not text.isprintable():
        return f"not one line: {text[:LONGEST_LINE]!r}"
    if path.name not in text:
        return f"names no file: {text}"
    if "column" in text and re.search(r"row 0\b", text):
        return f"names no row: {text}"
    if all(mutation.harmless for mutation in mutations):
        return f"refused, and says what it said: {text}"
    return None if bench.before in ("", bench.state()) else f"left something in the store: {text}"


def fault_of_taking(taken: Taken, said: Said) -> str | None:
    """What was taken against what the file says."""
    if taken.cells.total() + taken.told != said.crimes:
        return f"{taken.cells.total()} counted and {taken.told} set aside of {said.crimes}"
    if said.unsure:
        return None
    right = {cell: count for cell, count in said.cells.items() if (cell[0], cell[2]) in taken.known}
    if taken.cells != right:
        return f"taken otherwise than the file says: {sorted({*taken.cells.items()} ^ {*right.items()})[:4]}"
    unknown = {area for area, _ in taken.known} - set(AREAS)
    return f"covers unknown areas {unknown}" if unknown else None


def main(files: int, names: list[str]) -> None:
    """Print how many files of each adapter were taken and refused; end with 1 if one ended otherwise."""
    faults = 0
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch) / "city")
        for name in names:
            began, ends, reasons = time.process_time(), Counter[str](), Counter[str]()
            for number in range(files):
                outcome = tried(bench, name, number)
                ends["faults" if outcome.fault else "refused" if outcome.error else "taken"] += 1
                if outcome.fault:
                    print(f"{outcome.words}\n{outcome.fault}", flush=True)
                elif outcome.error:
                    reasons[re.sub(r"'[^']*'|[\d.,]+%?|/\S+", "…", outcome.error.message)] += 1
            seconds = time.process_time() - began
            told = ", ".join(f"{ends[end]} {end}" for end in ("taken", "refused", "faults"))
            print(f"{name}: {files} files in {seconds:.0f} s of a processor: {told}", flush=True)
            for reason, times in reasons.most_common():
                print(f"{times:6d}  {reason[:160]}")
            faults += ends["faults"]
    if faults:
        sys.exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else FILES, sys.argv[2:] or list(SOURCES))
