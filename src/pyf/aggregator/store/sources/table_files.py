"""Files with tables, read in pieces: Parquet, CSV and lines of JSON, the last two packed or not."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from .base import BATCH, InvalidFile

BLOCK_BYTES = 1 << 24
"""Bytes of a CSV file that are parsed at once."""
PEEK = 1000
"""Lines of JSON that are looked at for the names of columns."""
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
FILE_FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}


def file_format(path: Path) -> str:
    """``parquet``, ``csv`` or ``json`` by the file's name; raises ``InvalidFile`` for another."""
    suffixes = [suffix for suffix in path.suffixes if suffix not in COMPRESSIONS]
    kind = FILE_FORMATS.get(suffixes[-1] if suffixes else "")
    if kind is None:
        raise InvalidFile(f"{path}: its name ends with none of {', '.join(FILE_FORMATS)}")
    return kind


def column_names(path: Path) -> list[str]:
    """The names of a file's columns; those of a record as ``record.field``."""
    with file_errors(path):
        kind = file_format(path)
        if kind == "parquet":
            with pq.ParquetFile(path) as file:
                return [name for field in file.schema_arrow for name in _names(field)]
        with _open_stream(path) as stream:
            return _header(stream) if kind == "csv" else _all_keys(path, stream)


def read_columns(path: Path, wanted: Sequence[str]) -> Iterator[pa.Table]:
    """The columns ``wanted`` of a file, in pieces; values of text files are texts or whole numbers.

    Raises ``InvalidFile`` for one that is cut off or is not what its name says.
    """
    with file_errors(path):
        yield from {"parquet": _parquet, "csv": _csv, "json": _json}[file_format(path)](
            path, wanted
        )


def _parquet(path: Path, wanted: Sequence[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        there = set(file.schema_arrow.names)
        # A name with a dot is a field of a record, unless a column is really called so.
        chosen = {name if name in there else name.partition(".")[0] for name in wanted}
        for batch in file.iter_batches(batch_size=BATCH, columns=sorted(chosen)):
            table = _flat(pa.Table.from_batches([batch]))
            yield table.select(list(wanted))


def _flat(table: pa.Table) -> pa.Table:
    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
    return table


def _names(field: pa.Field, before: str = "") -> Iterator[str]:
    if pa.types.is_struct(field.type):
        for inner in field.type:
            yield from _names(inner, f"{before}{field.name}.")
    else:
        yield before + field.name


def _csv(path: Path, wanted: Sequence[str]) -> Iterator[pa.Table]:
    with _open_stream(path) as stream:
        names = _header(stream)
    # Texts only: what a column looks like at its beginning says nothing of its end.
    options = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        null_values=[""],
        include_columns=list(wanted),
    )
    with _open_stream(path) as stream:
        reading = pa_csv.ReadOptions(block_size=BLOCK_BYTES)
        for batch in pa_csv.open_csv(stream, read_options=reading, convert_options=options):
            yield pa.Table.from_batches([batch])


def _header(stream: pa.NativeFile) -> list[str]:
    first = io.TextIOWrapper(stream, "utf-8-sig").readline()
    return next(csv.reader([first]), [])


def _json(path: Path, wanted: Sequence[str]) -> Iterator[pa.Table]:
    paths = [tuple(name.split(".")) for name in wanted]
    with _open_stream(path) as stream:
        lines = enumerate(io.BufferedReader(stream), 1)
        while piece := list(itertools.islice(lines, BATCH // 10)):
            rows = [_parse_line(path, number, line) for number, line in piece if line.strip()]
            yield pa.table(
                {
                    name: pa.array([_text(_value(row, way)) for row in rows], pa.string())
                    for name, way in zip(wanted, paths, strict=True)
                }
            )


def _all_keys(path: Path, stream: pa.NativeFile) -> list[str]:
    """The keys of the first rows together: a record may be null in some of them."""
    lines = itertools.islice(enumerate(io.BufferedReader(stream), 1), PEEK)
    rows = (_parse_line(path, number, line) for number, line in lines if line.strip())
    return list(dict.fromkeys(key for row in rows for key in _keys(row)))


def _parse_line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise InvalidFile(f"{path}: line {number} is no JSON object; the file may be cut off")
    return row


def _keys(row: dict[str, Any], before: str = "") -> list[str]:
    names: list[str] = []
    for name, value in row.items():
        inner = _keys(value, f"{before}{name}.") if isinstance(value, dict) else [before + name]
        names += inner
    return names


def _value(row: Any, way: tuple[str, ...]) -> Any:
    if (whole := ".".join(way)) in row:
        return row[whole]
    for name in way:
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


@contextmanager
def _open_stream(path: Path) -> Iterator[pa.NativeFile]:
    with pa.input_stream(str(path), compression=COMPRESSIONS.get(path.suffix)) as stream:
        yield stream


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Say in one sentence what is wrong with a file."""
    try:
        yield
    except FileNotFoundError:
        raise InvalidFile(f"{path}: there is no such file") from None
    except PermissionError:
        raise InvalidFile(f"{path} cannot be read: permission denied") from None
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InvalidFile(f"{path} cannot be read, it may be cut off: {reason}") from None
