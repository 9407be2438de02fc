"""Bombs: a few bytes that stand for more than a machine can hold are refused in one line; the sound file is read."""

from __future__ import annotations

import gzip
import resource
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts import BadInput
from features import unpacking
from features.sources import text_files
from features.unpacking import LONGEST_ROW, MOST_EXPANSION, SMALL_BYTES, read_limited, read_parquet

MEBIBYTE = 2**20


def one_line(error: pytest.ExceptionInfo[BadInput], path: Path) -> None:
    assert str(path) in error.value.message
    assert "\n" not in str(error.value)
    assert error.value.remedy


def peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_three_megabytes_that_unpack_to_three_gigabytes_are_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    member = gzip.compress(b"0" * (64 * MEBIBYTE), compresslevel=9)
    path.write_bytes(member * 48)
    assert path.stat().st_size < 4 * MEBIBYTE
    before = peak_mebibytes()
    with pytest.raises(BadInput, match=f"more than {MOST_EXPANSION} times") as caught:
        text_files.read_text_table(path)
    one_line(caught, path)
    assert peak_mebibytes() - before < 1024


def test_a_table_that_shrinks_well_is_read(tmp_path: Path) -> None:
    data = b"time,lon,lat\n" + b"2024-01-01 10:00:00,-0.1000,51.5000\n" * 100_000
    path = tmp_path / "month.csv.gz"
    path.write_bytes(gzip.compress(data))
    assert len(data) > MOST_EXPANSION * path.stat().st_size
    assert len(data) < SMALL_BYTES
    assert text_files.read_text_table(path) == data


def test_the_limit_is_on_what_is_unpacked(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    data = generator.integers(65, 91, 3 * MEBIBYTE, dtype=np.uint8).tobytes()
    plain, packed = tmp_path / "plain.csv", tmp_path / "packed.csv.gz"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    for path in (plain, packed):
        with pytest.raises(BadInput, match=r"larger than 2,097,152 bytes") as caught:
            read_limited(path, most=2 * MEBIBYTE)
        one_line(caught, path)
        assert read_limited(path, most=3 * MEBIBYTE) == data


@pytest.mark.parametrize("cut", [5, 20, -3])
def test_a_gzip_file_that_is_cut_is_told(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n" * 100)[:cut])
    with pytest.raises(BadInput, match="is not a whole gzip file"):
        text_files.read_text_table(path)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (b"a,b\n1," + b"x" * (3 * MEBIBYTE) + b"\n2,3\n", "row 2"),
        (b"a," + b"x" * (3 * MEBIBYTE) + b"\n2,3\n", "row 1"),
        (b"a,b\n1,2\n3," + b"x" * (LONGEST_ROW + 1), "row 3"),
    ],
    ids=["a row", "the header", "the last row"],
)
def test_one_endless_row_is_named(tmp_path: Path, text: bytes, row: str) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(text)
    with pytest.raises(BadInput, match=f"{row} is longer than") as caught:
        text_files.read_text_table(path)
    one_line(caught, path)


def test_rows_as_long_as_they_may_be_are_read(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_bytes(b"a,b\r\n" + b"1," + b"x" * (LONGEST_ROW - 10) + b"\r\n2,3\r\n")
    data = text_files.read_text_table(path)
    assert text_files.string_table(path, data).num_rows == 2


def test_a_quoted_text_without_end_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "quoted.csv"
    path.write_bytes(b'a,b\n1,"' + b"xy\n" * MEBIBYTE + b'"\n2,3\n')
    with pytest.raises(BadInput, match="is not a CSV table") as caught:
        text_files.string_table(path, text_files.read_text_table(path))
    one_line(caught, path)


def test_a_parquet_file_that_declares_a_billion_rows_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    million = pa.table({"count": pa.array(np.zeros(2**20, dtype=np.int64))})
    with pq.ParquetWriter(path, million.schema) as writer:
        for _ in range(unpacking.MOST_VALUES // 2**20 + 1):
            writer.write_table(million)
    assert path.stat().st_size < 2 * MEBIBYTE
    before = peak_mebibytes()
    with pytest.raises(BadInput, match="declares 269,484,032 rows") as caught:
        read_parquet(path)
    one_line(caught, path)
    assert peak_mebibytes() - before < 256


def test_a_long_text_in_every_row_is_measured_before_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    dictionary = pa.array(["x" * MEBIBYTE])
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, dtype=np.int32)), dictionary)
    pq.write_table(pa.table({"area": column.slice(0, 100_000)}), path, compression="zstd")
    assert path.stat().st_size < MEBIBYTE
    before = peak_mebibytes()
    with pytest.raises(BadInput, match="is refused") as caught:
        read_parquet(path)
    one_line(caught, path)
    assert peak_mebibytes() - before < 1024


def test_a_sound_parquet_file_is_read_as_it_is(tmp_path: Path) -> None:
    table = pa.table({"area": ["W1", "W2", None] * 1000, "count": list(range(3000)), "share": [0.5] * 3000})
    path = tmp_path / "sound.parquet"
    pq.write_table(table, path)
    assert read_parquet(path).equals(pq.read_table(path))
    assert read_parquet(path, columns=["count"]).equals(pq.read_table(path, columns=["count"]))
    pq.write_table(table.slice(0, 0), path)
    assert read_parquet(path).num_rows == 0
