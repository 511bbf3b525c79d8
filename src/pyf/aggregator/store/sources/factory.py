"""The source that an option or a setting names."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import UsageError
from ...settings import Settings
from .base import SOURCE_NAMES, DownloadSource
from .bigquery import BigQuerySource
from .clickhouse import ClickHouseSource
from .file import FileSource
from .pypistats import PypistatsSource


def open_source(
    settings: Settings,
    name: str | None = None,
    *,
    file: str | None = None,
    max_bytes: int | None = None,
    packages: Sequence[str] = (),
) -> DownloadSource:
    """The source of this name, else STATS_SOURCE; what is not given comes from the settings.

    ``packages`` are those that ``pypistats`` is asked for. Raises ``UsageError`` where the source
    needs something that neither gives.
    """
    name = name or settings.stats_source
    if name == "file":
        if not (pattern := file or settings.stats_file):
            raise UsageError("the source file needs --file or STATS_FILE")
        return FileSource(pattern)
    if name == "bigquery":
        return BigQuerySource(settings, max_bytes or settings.stats_max_bytes)
    if name == "clickhouse":
        return ClickHouseSource(settings)
    if name == "pypistats":
        return PypistatsSource(settings, packages)
    raise UsageError(f"unknown source {name!r}; there are: {', '.join(SOURCE_NAMES)}")
