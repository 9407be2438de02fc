"""The store: whole or absent, never overwritten, unchanged by what it refuses."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contracts import BadInput, Frequency, MissingThing
from contracts.tables import COUNTS, check
from features.store.publication_record import summary_of
from features.store.publications import PublicationStore
from features.store.revisions import revisions
from features.views.as_of import AsOfDoor


def test_what_is_written_is_read_back(tiny_city: Any) -> None:
    written = tiny_city.ingest(tiny_city.file(tiny_city.rows()))
    (read,) = tiny_city.store.list()
    assert read == written
    assert tiny_city.store.get(read.id) == read
    assert read.id == f"mps-ward-2024-01-10-{read.provenance.sha256[:8]}"
    assert (str(read.first), str(read.last), read.areas, read.crimes) == ("2023-01", "2023-12", 60, 60 * 12 * 7)
    counts = pd.read_parquet(read.parquet("counts.parquet")).astype({"area": object, "offence": object})
    check(counts.astype({"period": "datetime64[s]"}), COUNTS)
    assert counts.equals(counts.sort_values(["area", "offence", "period"], ignore_index=True))
    assert summary_of(read)["offences"] == ["robbery", "assault"]


def test_the_same_file_is_refused_and_the_store_is_unchanged(
    tiny_city: Any, tree_digest: Callable[[Path], dict[str, str]]
) -> None:
    path = tiny_city.file(tiny_city.rows())
    tiny_city.ingest(path)
    before = tree_digest(tiny_city.workspace.root)
    with pytest.raises(BadInput, match="already in the store"):
        tiny_city.ingest(path, date(2024, 2, 10))
    with pytest.raises(BadInput, match="another publication of mps-ward 2024-01-10"):
        tiny_city.ingest(tiny_city.file([*tiny_city.rows()[:1], *tiny_city.rows()[:0:-1]], "other.csv"))
    assert tree_digest(tiny_city.workspace.root) == before


def test_two_files_of_one_day_may_follow_each_other(tiny_city: Any) -> None:
    tiny_city.ingest(tiny_city.file(tiny_city.rows("2022-01"), "old.csv"))
    tiny_city.ingest(tiny_city.file(tiny_city.rows("2023-01"), "new.csv"))
    assert [str(one.first) for one in sorted(tiny_city.store.list(), key=lambda one: one.first)] == [
        "2022-01",
        "2023-01",
    ]


def test_one_file_may_be_counted_by_two_geographies(tiny_city: Any) -> None:
    counts = tiny_city.read(tiny_city.file(tiny_city.rows()))
    tiny_city.store.write(counts)
    other = replace(counts, provenance=replace(counts.provenance, geography="districts"))
    assert tiny_city.store.write(other).id.endswith("-mps-districts-month")
    assert len(tiny_city.store.list()) == 2


def test_leftovers_of_a_killed_ingest_are_ignored_and_removed(tiny_city: Any) -> None:
    tiny_city.ingest(tiny_city.file(tiny_city.rows()))
    leftover = tiny_city.store.root / ".incoming-mps-ward-2024-02-10-00000000-1"
    leftover.mkdir()
    (leftover / "counts.parquet").write_bytes(b"half")
    assert len(tiny_city.store.list()) == 1
    tiny_city.ingest(tiny_city.file(tiny_city.rows("2022-01"), "older.csv"), date(2023, 1, 10))
    assert not leftover.exists()
    assert len(tiny_city.store.list()) == 2


def test_a_damaged_record_and_an_unknown_name_are_told(tiny_city: Any) -> None:
    stored = tiny_city.ingest(tiny_city.file(tiny_city.rows()))
    with pytest.raises(MissingThing, match="no publication nowhere"):
        tiny_city.store.get("nowhere")
    (stored.folder / "publication.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match=r"publication\.json cannot be read"):
        tiny_city.store.list()


def test_an_empty_store_lists_nothing_and_is_not_made_by_reading(tmp_path: Path) -> None:
    assert PublicationStore(tmp_path / "publications").list() == ()
    assert not (tmp_path / "publications").exists()


def test_the_same_file_gives_the_same_bytes(tiny_city: Any, tmp_path: Path) -> None:
    counts = tiny_city.read(tiny_city.file(tiny_city.rows()))
    first = PublicationStore(tmp_path / "one").write(counts)
    second = PublicationStore(tmp_path / "two").write(counts)
    assert first.content_sha256 == second.content_sha256


def test_revisions_are_counted_by_hand(tiny_city: Any) -> None:
    tiny_city.ingest(tiny_city.file(tiny_city.rows(), "first.csv"))
    rows = tiny_city.rows("2023-06", 12)
    for row in rows[1:]:
        if row[3] in ("W000", "W001", "W002") and row[1] == "Violence with Injury":
            row[5] = "15"
    tiny_city.ingest(tiny_city.file(rows, "second.csv"), date(2024, 6, 10))
    found = {(one.target, one.period): one for one in revisions(tiny_city.store, tiny_city.workspace.settings)}
    assert len(found) == 2 * 7
    june = found["violence", "2023-06"]
    assert june.share_of_areas == pytest.approx(3 / 60)
    assert june.city_change == pytest.approx(30 / 300)
    assert found["violence", "2023-07"].share_of_areas == 0.0
    assert found["robbery", "2023-06"].city_change == 0.0


INGEST_IN_A_LOOP = """
import sys
from datetime import date
from pathlib import Path
from contracts import read_settings
from features.store.publications import PublicationStore
from features.sources.checks import KnownAreas
from features.sources.mps_wide import read_mps_wide

folder, settings = Path(sys.argv[1]), read_settings(Path(sys.argv[2]))
areas = KnownAreas("wards", tuple(f"W{number:03d}" for number in range(60)), (frozenset(),) * 60)
store = PublicationStore(folder)
print("ready", flush=True)
for day in range(1, 29):
    for month in range(1, 13):
        counts = read_mps_wide(Path(sys.argv[3]), source="mps-ward", settings=settings, areas=areas,
                               published_on=date(2024, month, day), today=date(2026, 1, 1))
        object.__setattr__(counts.provenance, "sha256", f"{month:04d}{day:04d}" + "0" * 56)
        store.write(counts)
"""


KILLS = 30
MOST_KILLS = 150
"""More are tried, later and later, only until one has fallen into a write: a busy machine is slow to begin one."""


@pytest.mark.slow
def test_a_store_whose_writer_is_killed_is_whole_or_without_the_publication(tiny_city: Any, tmp_path: Path) -> None:
    path = tiny_city.file(tiny_city.rows())
    generator = np.random.default_rng(11)
    torn = 0
    for attempt in range(MOST_KILLS):
        if attempt >= KILLS and torn:
            break
        root = tmp_path / f"store-{attempt}"
        writer = subprocess.Popen(
            [
                sys.executable,
                "-c",
                INGEST_IN_A_LOOP,
                str(root),
                str(tiny_city.workspace.root / "wardcast.toml"),
                str(path),
            ],
            stdout=subprocess.PIPE,
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(float(generator.uniform(0.0, 0.12 * (1 + attempt // KILLS))))
        writer.kill()
        writer.wait()
        writer.stdout.close()
        store = PublicationStore(root)
        torn += any(root.glob(".unfinished-*"))
        for publication in store.list():
            assert publication.crimes == 60 * 12 * 7
        if store.list():
            door = AsOfDoor(store, tiny_city.workspace.settings, geography="wards", frequency=Frequency.MONTH)
            assert door.outcomes().of("violence").sum() == 60 * 12 * 5
        left = len(store.list())
        store.write(tiny_city.read(path, date(2025, 12, 1)))
        assert len(store.list()) == left + 1
        assert not any(root.glob(".unfinished-*"))
    assert torn > 0
