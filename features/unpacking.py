"""Reading files of which a few bytes may stand for more than a machine can hold: limits are on what is unpacked."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts import BadInput

MOST_BYTES = 2 * 2**30
"""Size of a file, unpacked, above which it is refused."""
MOST_EXPANSION = 100
"""A file that unpacks to more than so many times its own size is refused; tables unpack to five or ten times theirs."""
SMALL_BYTES = 64 * 2**20
"""Up to this size a file may expand as it likes."""
LONGEST_ROW = 2**19
"""A text table with a longer row is refused, for the reader takes rows in blocks of a mebibyte."""
MOST_VALUES = 2**28
"""A Parquet file that declares more values than this in the columns that are read is refused."""
_AT_ONCE = 2**20
_SPLIT = "Split it by period and ingest the parts, or correct the file."


def read_limited(path: Path, most: int = MOST_BYTES, *, whatever_its_name: bool = False) -> bytes:
    """The bytes of a file, unpacked where its name ends in ``.gz``, or where it begins as gzip ``whatever_its_name``.

    Raises ``BadInput`` for one that is no whole gzip file, larger than ``most`` when unpacked, or expands like a bomb.
    """
    packed = path.stat().st_size
    if path.suffix.lower() != ".gz" and not (whatever_its_name and _begins_as_gzip(path)):
        if packed > most:
            raise _too_large(path, most)
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            return _unpacked(path, file, most, packed)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInput(f"{path} is not a whole gzip file: {error}.", remedy="Download it again.") from error


def _begins_as_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def refuse_expansion(path: Path, packed: int, unpacked: int, most: int = MOST_BYTES) -> None:
    """Raise ``BadInput`` where ``packed`` bytes stand for more than is allowed."""
    if unpacked > most:
        raise _too_large(path, most)
    if unpacked > max(SMALL_BYTES, MOST_EXPANSION * packed):
        raise BadInput(
            f"{path} is refused: {packed:,} bytes unpack to more than {MOST_EXPANSION} times as many.",
            remedy="Get the file again from its source; if it is right, unpack it yourself.",
        )


def _unpacked(path: Path, file: gzip.GzipFile, most: int, packed: int) -> bytes:
    kept = io.BytesIO()
    while block := file.read(_AT_ONCE):
        kept.write(block)
        refuse_expansion(path, packed, kept.tell(), most)
    return kept.getvalue()


def refuse_long_rows(path: Path, data: bytes) -> None:
    """Raise ``BadInput`` that names the first row of a text table which is longer than a row can be."""
    start = 0
    while len(data) - start > LONGEST_ROW:
        end = max(data.rfind(mark, start, start + LONGEST_ROW) for mark in (b"\n", b"\r"))
        if end < start:
            row = data.count(b"\n", 0, start) + 1
            raise BadInput(
                f"{path}: row {row} is longer than {LONGEST_ROW:,} bytes.",
                remedy="The file is damaged or no table; get it again from its source.",
            )
        start = end + 1


def parquet_columns(path: Path) -> tuple[str, ...]:
    """The names of a Parquet file's columns; raises ``BadInput`` for a damaged file."""
    with _telling(path):
        return tuple(pq.read_schema(path).names)


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole Parquet table, or ``columns`` of it.

    A text that stands in each of a million rows takes no room in the file and a terabyte in memory, so texts are read
    as they are packed, and measured, first. Raises ``BadInput`` for a damaged file and for one that holds too much.
    """
    with _telling(path):
        return _read_parquet(path, columns)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise BadInput(f"{path} is not a whole Parquet file: {reason}.", remedy="Download it again.") from error


def _read_parquet(path: Path, columns: Sequence[str] | None) -> pa.Table:
    _refuse_giant_parquet(path, columns)
    texts = [field.name for field in pq.read_schema(path) if _is_text(field.type)]
    file = pq.ParquetFile(path, read_dictionary=texts)
    batches, held = [], 0
    for batch in file.iter_batches(columns=None if columns is None else list(columns)):
        batches.append(batch)
        held += sum(_size_of(column) for column in batch.columns)
        if held > MOST_BYTES:
            raise _too_large(path, MOST_BYTES)
    table = pa.Table.from_batches(batches, schema=None if batches else file.schema_arrow)
    for index, field in enumerate(table.schema):
        if field.name in texts:
            table = table.set_column(index, field.name, table.column(index).cast(pa.string()))
    return table


def _refuse_giant_parquet(path: Path, columns: Sequence[str] | None) -> None:
    """Raise ``BadInput`` where a Parquet file declares more than can be held, in ``columns`` or in all of them."""
    declared = pq.ParquetFile(path).metadata
    names = [declared.schema.column(index).path for index in range(declared.num_columns)]
    read = [index for index, name in enumerate(names) if columns is None or name.partition(".")[0] in columns]
    groups = [declared.row_group(index) for index in range(declared.num_row_groups)]
    unpacked = sum(group.column(index).total_uncompressed_size for group in groups for index in read)
    if max(declared.num_rows, 0) * len(read) > MOST_VALUES or unpacked > MOST_BYTES:
        raise BadInput(
            f"{path} is refused: it declares {declared.num_rows:,} rows, {unpacked:,} bytes unpacked.",
            remedy=_SPLIT,
        )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _size_of(column: pa.Array) -> int:
    """Bytes of a column once each row holds its own value."""
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    return int(pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0)


def _too_large(path: Path, most: int) -> BadInput:
    return BadInput(f"{path} is refused: unpacked it is larger than {most:,} bytes.", remedy=_SPLIT)
