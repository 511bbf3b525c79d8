"""Source ``file``: downloads one by one in BigQuery's columns, or counted already."""

from __future__ import annotations

import datetime as dt
import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from . import download_log, table_files
from .base import CostEstimate, InvalidFile, NoData, Scope

COUNT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "day": ("day", "date"),
    "dimension": ("dimension",),
    "package": ("package", "project"),
    "category": ("category",),
    "downloads": ("downloads", "count"),
}
"""The columns of counts, and the names that each may have."""


@dataclass(frozen=True)
class FileLayout:
    """How the columns of a file are called, and whether its rows are counts."""

    names: Mapping[str, str]
    is_counted: bool

    @property
    def day(self) -> str:
        """Our name for the column that tells the day."""
        return "day" if self.is_counted else "timestamp"


def detect_layout(path: Path, columns: Sequence[str]) -> FileLayout:
    """Recognize a file by its columns; raises ``InvalidFile`` that names what is missing."""
    counted = _matching_columns(COUNT_COLUMNS, columns)
    if len(counted) == len(COUNT_COLUMNS):
        return FileLayout(counted, True)
    single = _matching_columns(download_log.COLUMNS, columns)
    if missing := [name for name in download_log.REQUIRED if name not in single]:
        wanted = ", ".join(COUNT_COLUMNS)
        lacking = [download_log.COLUMNS[name][0] for name in missing]
        raise InvalidFile(
            f"{path}: its columns are neither those of counts ({wanted}) nor those of BigQuery's "
            f"file_downloads (no {', no '.join(lacking)}); "
            f"there are: {', '.join(columns) or 'none'}"
        )
    return FileLayout(single, False)


class FileSource:
    """Files on this machine. ``pattern`` may hold ``{day}`` and the wildcards ``*`` and ``?``."""

    name = "file"
    scope: Scope = "full"
    remainders: tuple[str, ...] = ()

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.grouped = True
        """Until a file of single downloads is met."""

    def paths(self, day: dt.date) -> list[Path]:
        """The files of a day; raises ``NoData`` where there is none."""
        pattern = self._pattern.replace("{day}", day.isoformat())
        # Not Path.glob: a pattern may be absolute.
        found = [pattern] if Path(pattern).is_file() else sorted(glob.glob(pattern))  # noqa: PTH207
        paths = [path for path in map(Path, found) if path.is_file()]
        if not paths:
            raise NoData(f"{pattern}: there is no such file for {day}")
        return paths

    def estimate(self, day: dt.date) -> CostEstimate:
        """Costs nothing; the columns are looked at."""
        paths = self.paths(day)
        for path in paths:
            detect_layout(path, table_files.column_names(path))
        size = sum(path.stat().st_size for path in paths)
        word = "file" if len(paths) == 1 else "files"
        return CostEstimate(
            0, f"{size:,} bytes to read from {len(paths)} {word}, nothing is billed"
        )

    def read(self, day: dt.date) -> Iterator[pa.Table]:
        """The counts of a day; rows of other days are passed over."""
        paths = self.paths(day)
        shapes = [(path, detect_layout(path, table_files.column_names(path))) for path in paths]
        self.grouped = len(paths) == 1 and shapes[0][1].is_counted
        found = 0
        for path, shape in shapes:
            for piece in table_files.read_columns(path, list(dict.fromkeys(shape.names.values()))):
                with table_files.file_errors(path):
                    rows = _of_day(_rename_columns(piece, shape), shape.day, day, path)
                found += rows.num_rows
                if rows.num_rows:
                    yield from [rows] if shape.is_counted else download_log.count_downloads(rows)
        if not found:
            raise NoData(f"{', '.join(map(str, paths))}: no row is of {day}")


def _matching_columns(
    known: Mapping[str, tuple[str, ...]], columns: Sequence[str]
) -> dict[str, str]:
    """The columns that are there, by our name."""
    pairs = (
        (name, [spelled for spelled in names if spelled in columns])
        for name, names in known.items()
    )
    return {name: spelled[0] for name, spelled in pairs if spelled}


def _rename_columns(piece: pa.Table, shape: FileLayout) -> pa.Table:
    """Our columns: texts, but for the day's column and the whole numbers of downloads."""
    columns = {}
    for name, spelled in shape.names.items():
        column = piece[spelled]
        columns[name] = column if name == shape.day else _text(column)
    counts = columns.pop("downloads", None)
    return pa.table({**columns, "downloads": _counts(counts, piece.num_rows)})


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def _counts(column: pa.ChunkedArray | None, rows: int) -> pa.Array | pa.ChunkedArray:
    return (
        pa.repeat(pa.scalar(1, pa.int64()), rows) if column is None else pc.cast(column, pa.int64())
    )


def _of_day(rows: pa.Table, column: str, day: dt.date, path: Path) -> pa.Table:
    days = rows[column]
    if pa.types.is_integer(days.type) or pa.types.is_floating(days.type):
        raise InvalidFile(f"{path}: its {column} holds numbers; dates or timestamps are needed")
    if pa.types.is_string(days.type) or pa.types.is_large_string(days.type):
        same = pc.equal(pc.utf8_slice_codeunits(days, 0, 10), day.isoformat())
    else:
        if pa.types.is_timestamp(days.type) and days.type.tz:
            days = pc.cast(days, pa.timestamp(days.type.unit, "UTC"))
        same = pc.equal(pc.cast(days, pa.date32(), safe=False), pa.scalar(day, pa.date32()))
    return rows.filter(same).drop_columns([column])
